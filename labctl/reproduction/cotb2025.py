"""What is run for the paper on a freestanding Pt/CoTb film, and how its claims follow from the finished runs."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from labctl.analysis.states import noise_of, states_of
from labctl.reproduction.measured import (
    MICRO,
    MILLI,
    Measure,
    Measured,
    rounded,
    set_to,
    sign_of,
    significance,
    width_of_channel,
)
from labctl.reproduction.planned import Evidence, Planned, Runs
from labctl.reproduction.tilting_field import ALONG, IN_PLANE, LOOP

__all__ = ["CHOSEN", "MEASURES", "plan"]

FREE, GROWN = "cotb2025", "cotb2025-as-grown"
HALL, HALL_GROWN = "hall", "hall-as-grown"
OVER_TEMPERATURE, OVER_TEMPERATURE_GROWN = "hall-over-temperature", "hall-over-temperature-as-grown"
ALIGN, LOOPS = "align", "sot"
PER_SQUARE_CENTIMETRE = 1e-4
SATURATED = 0.5
"""Part of the largest field beyond which the film is saturated for sure."""

CHOSEN = (
    "Before the current loops `align` finds the angle of the rotator at which the film lies in the field.",
    "Pulses are 10 ms wide and follow each other in steps of 0.5 mA; each loop is measured three times.",
    "Loops over temperature run from 300 K to 240 K in steps of 10 K, with two more near the compensation temperature.",
    "The sample as grown differs from the freestanding one by its thermal resistance only.",
)
"""What of the runs the paper does not state."""


def plan() -> list[Planned]:
    """Return all runs; pulse width and step of the paper are not stated, those here are labctl's own."""
    probe = {"probe_current": "100 uA"}
    loops = {
        **probe, "in_plane_field": "-25 mT", "order": "+ -", "saturation": "500 mT", "pulse_max": "20 mA",
        "pulse_width": "10 ms", "pulse_step": "0.5 mA",
    }  # fmt: skip
    return [
        Planned(ALIGN, "align", FREE),
        Planned(OVER_TEMPERATURE, "ahe-temperature", FREE, probe),
        Planned(OVER_TEMPERATURE_GROWN, "ahe-temperature", GROWN, probe),
        Planned(
            LOOPS, "sot-switching", FREE, loops, (ALIGN,),
            lambda runs: {"angle": f"{runs[ALIGN].number('in_plane_angle')[0]:.3f} deg"},
        ),
        Planned(HALL, "ahe", FREE, {**probe, "temperature": "300 K"}),
        Planned(HALL_GROWN, "ahe", GROWN, {**probe, "temperature": "300 K"}),
    ]  # fmt: skip


# ---- Hall loops


def _amplitude(runs: Runs) -> Measured:
    found = runs[HALL].number("anomalous_hall_resistance")
    return Measured(*found, "amplitude, half of the swing, extrapolated to zero field; the swing is twice as much")


def _squareness(runs: Runs) -> Measured:
    return Measured(*runs[HALL].number("remanence_ratio"), "remanent over saturated Hall resistance of the odd part")


def _compensation(runs: Runs) -> Measured:
    run = runs[OVER_TEMPERATURE]
    bracket = run.result("compensation_temperature_bracket").text()
    why = f"where the inverse coercive field with the loop's sign is zero; the loop turns over at {bracket}"
    return Measured(*run.number("compensation_temperature"), why)


def _same_hall(runs: Runs) -> Measured:
    (one, error), (other, further) = (runs[name].number("anomalous_hall_resistance") for name in (HALL, HALL_GROWN))
    ratio = one / other
    spread = abs(ratio) * math.hypot(error / one, further / other)
    return Measured(ratio - 1.0, spread, f"{MILLI * one:.3f} over {MILLI * other:.3f} mohm")


def _same_compensation(runs: Runs) -> Measured:
    names = (OVER_TEMPERATURE, OVER_TEMPERATURE_GROWN)
    (one, error), (other, further) = (runs[name].number("compensation_temperature") for name in names)
    return Measured(one - other, math.hypot(error, further), f"{one:.2f} K less {other:.2f} K")


def _signal(runs: Runs) -> Measured:
    run = runs[HALL]
    amplitude, error = run.number("anomalous_hall_resistance")
    current = float(np.median(np.abs(run.column("Current 1 (A)"))))
    noise = current * _noise(run)
    signal = current * amplitude
    why = (
        f"amplitude times {MICRO * current:.0f} uA; the noise of one reading, three conversions, is "
        f"{1e9 * noise:.0f} nV"
    )
    return Measured(
        MICRO * signal, MICRO * current * error, why, {"signal over the noise of one reading": signal / noise}
    )


def _noise(run: Evidence) -> float:
    """Standard deviation of one reading in ohm, beside straight lines through the saturated parts of both branches."""
    field, hall = run.column("Field (T)"), run.column("Hall resistance (ohm)")
    rising = np.asarray(run.rows["Branch"] == "up", dtype=bool)
    squares, free = 0.0, 0
    for branch in (rising, ~rising):
        for sign in (1.0, -1.0):
            far = branch & (sign * field > SATURATED * float(np.max(np.abs(field))))
            beside = hall[far] - np.polyval(np.polyfit(field[far], hall[far], 1), field[far])
            squares, free = squares + float(beside @ beside), free + int(far.sum()) - 2
    return math.sqrt(squares / free)


# ---- current loops: settings


def _largest_pulse(runs: Runs) -> Measured:
    largest = float(np.max(np.abs(runs[LOOPS].column("Pulse current (A)"))))
    return Measured(rounded(MILLI * largest), 0.0, "as the source was set")


def _density(runs: Runs) -> Measured:
    run = runs[LOOPS]
    currents = [abs(run.number(f"switching_current_{branch}")[0]) for branch in ("up", "down")]
    area = 0.5 * sum(currents) / run.number("switching_current_density")[0]
    largest = float(np.max(np.abs(run.column("Pulse current (A)"))))
    why = (
        f"{MILLI * largest:.0f} mA through the {1e12 * area:.3f} um2 of the run's own current densities, platinum alone"
    )
    return Measured(rounded(PER_SQUARE_CENTIMETRE * largest / area), 0.0, why)


def _field(runs: Runs) -> Measured:
    run = runs[LOOPS]
    means = [MILLI * float(run.column(ALONG, LOOP, turn).mean()) for turn in (1, 2)]
    why = (
        f"magnitude, read back in {' and '.join(f'{mean:.3f}' for mean in means)} mT; the magnet may hold 2 mT besides"
    )
    return set_to(np.abs(run.column(ALONG, LOOP)), MILLI, why)


def _first_field(runs: Runs) -> Measured:
    why = (
        "as the run recorded it; it goes on only where the magnet reports that field as reached, and keeps no read-back"
    )
    return Measured(rounded(MILLI * float(runs[LOOPS].setting("saturation"))), 0.0, why)


def _probe(runs: Runs) -> Measured:
    why = "magnitude of the current in every reading, as the source was set; both signs are read"
    return set_to(np.abs(runs[LOOPS].column("Current 1 (A)")), MICRO, why)


# ---- current loops: what they show


def _ratio(runs: Runs) -> Measured:
    run = runs[LOOPS]
    why = (
        "swing by pulses over that between the states that a field along the normal made, read at zero field; "
        f"{run.result('switching_ratio_in_plane').text()} where these are read in the field of the loops as well"
    )
    return Measured(*run.number("switching_ratio"), why)


def _senses(runs: Runs) -> Measured:
    run = runs[LOOPS]
    why = "the state that a positive current leaves, in -25 mT and in 25 mT; three loops in each, all alike"
    return sign_of(run.number("sense_product")[0], significance(*run.number("hall_swing_current")), why)


def _symmetric(runs: Runs) -> Measured:
    """Middle of the outermost states of the first field's loops, from that of the states by field."""
    run = runs[LOOPS]
    states = states_of(run.rows, ("Turn",))
    loops = [state for state in states if state.step == LOOP and int(state.more["Turn"]) == 1]
    largest = max(abs(state.current) for state in loops)
    outer = [[state.hall for state in loops if state.current == sign * largest] for sign in (1.0, -1.0)]
    field = [[state.hall] for state in states if state.step == IN_PLANE]
    pulsed, by_field = (0.5 * sum(math.fsum(part) / len(part) for part in pair) for pair in (outer, field))
    noise = noise_of(states)
    error = 0.5 * noise * math.sqrt(sum(1.0 / len(part) for part in (*outer, *field)))
    count, _ = run.number("levels")
    why = (
        f"in -25 mT; the arms' offset is {MILLI * by_field:.2f} mohm, from the states that a field made; {count:.0f} "
        "states of a branch come back from loop to loop"
    )
    return Measured(pulsed - by_field, error, why, {"states that come back": count})


MEASURES: Mapping[str, Measure] = {
    "cotb2025-01": Measure((HALL,), _amplitude),
    "cotb2025-02": Measure((HALL,), _squareness),
    "cotb2025-03": Measure((OVER_TEMPERATURE,), _compensation),
    "cotb2025-04": Measure((HALL, HALL_GROWN), _same_hall),
    "cotb2025-05": Measure((OVER_TEMPERATURE, OVER_TEMPERATURE_GROWN), _same_compensation),
    "cotb2025-06": Measure((LOOPS,), _largest_pulse),
    "cotb2025-07": Measure((LOOPS,), _density),
    "cotb2025-08": Measure((LOOPS,), _field),
    "cotb2025-09": Measure((LOOPS,), _first_field),
    "cotb2025-10": Measure((LOOPS,), _probe),
    "cotb2025-11": Measure((LOOPS,), _ratio),
    "cotb2025-12": Measure((LOOPS,), _senses),
    "cotb2025-13": Measure((LOOPS,), _symmetric),
    "cotb2025-25": Measure((HALL,), _signal),
    "cotb2025-27": Measure((LOOPS,), lambda runs: width_of_channel(runs[LOOPS])),
}
