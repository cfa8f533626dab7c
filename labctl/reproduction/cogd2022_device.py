"""How the claims on synapse and neuron, the [Co/Gd]6 film under 2 nm of oxide, follow from finished runs."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from labctl.analysis.neurons import RESET, SET, TRIAL, Outputs, outputs_of
from labctl.analysis.states import states_of
from labctl.reproduction.cogd2022_plan import (
    DEMAGNETISE,
    MINOR_LOOPS,
    NEURON,
    OTHER_FIELD,
    OTHER_SHAPE,
    STDP,
)
from labctl.reproduction.measured import (
    MILLI,
    Curve,
    Measure,
    Measured,
    Point,
    rounded,
    set_to,
    sigmas_text,
    sign_of,
    significance,
    yes_or_no,
)
from labctl.reproduction.planned import Evidence, NotFoundError, Runs, valued

PULSE = "Pulse current (A)"
THRESHOLD = 0.1
"""Part of the change that counts as the threshold."""
GRID = 1.0 / math.sqrt(12.0)
"""Standard deviation of a number that is known to lie anywhere within one step."""


# ---- threshold and neuron


def _outputs(run: Evidence) -> Outputs:
    """Outputs of all single trials.

    Raises:
        NotFoundError: No trial is complete.
    """
    found = outputs_of(states_of(run.rows, (TRIAL,)), float(run.column(PULSE, RESET)[0]))
    if found is None:
        raise NotFoundError(f"{run.name} gives no outputs: no trial is complete")
    return found


def _threshold(runs: Runs) -> Measured:
    levels = _outputs(runs[NEURON]).levels()
    currents = np.array(sorted(levels))
    means = np.array([levels[current][0] for current in currents.tolist()])
    errors = np.array([levels[c][1] / math.sqrt(levels[c][2]) for c in currents.tolist()])
    above = int(np.argmax(means >= THRESHOLD))
    if above == 0:
        raise NotFoundError(f"{runs[NEURON].name} gives no threshold: no input is below it, or none above")
    low, high = means[above - 1], means[above]
    part = (THRESHOLD - low) / (high - low)
    step = currents[above] - currents[above - 1]
    threshold = float(currents[above - 1] + part * step)
    error = float(step * max(errors[above - 1], errors[above]) / (high - low))
    below = np.abs(currents) <= 0.5 * threshold
    most = float(np.max(np.abs(means[below])))
    sure = significance(threshold, error)
    why = (
        f"single pulses from the RESET state change 10 % at {MILLI * threshold:.2f} ± {MILLI * error:.2f} mA, "
        f"{sigmas_text(sure)} from zero, and at most {most:.1e} of all up to half of that"
    )
    points = [Point(MILLI * c, m, e) for c, m, e in zip(currents, means, errors, strict=True)]
    curve = Curve("pulse current (mA)", "output", points)
    found = yes_or_no(sure > 3.0, sure, why, {"part of the change up to half of the threshold": most})
    return Measured(found.value, found.uncertainty, why, found.also, curve)


def _inputs(runs: Runs) -> Measured:
    heights = runs[NEURON].column(PULSE, SET)
    ends = (rounded(MILLI * float(heights.min())), rounded(MILLI * float(heights.max())))
    return Measured(ends, 0.0, "lowest and highest pulse of all trials, as the source was set")


def _residual(runs: Runs) -> Measured:
    run = runs[NEURON]
    value, _ = run.number("residual_rms")
    free = len(_outputs(run).levels()) - 2
    middle, slope = run.result("middle_current"), run.result("slope_current")
    why = (
        f"of the means of {free + 2} inputs, beside the sigmoid with its middle at {middle.text()} and slope "
        f"{slope.text()}"
    )
    return Measured(value, value / math.sqrt(2.0 * free), why)


def _reset_needed(runs: Runs) -> Measured:
    run = runs[NEURON]
    area, error = run.number("hysteresis_area")
    sure = significance(area, error)
    why = (
        f"without RESET the outputs on the way up and on the way down enclose {MILLI * area:.3f} ± {MILLI * error:.3f} "
        f"mA, {sigmas_text(sure)} from none"
    )
    return yes_or_no(bool(run.result("reset_needed").value), sure, why)


# ---- demagnetising and minor loops


def _first_pulse(runs: Runs) -> Measured:
    sent = runs[DEMAGNETISE].column(PULSE, "demagnetise")
    return set_to(sent, MILLI, "largest pulse of every train, as it was sent")


def _step(runs: Runs) -> Measured:
    run = runs[DEMAGNETISE]
    count, _ = run.number("train_pulses")
    note = run.result("train_pulses").note
    why = f"as the run recorded it; {count:.0f} pulses a train {note}"
    also = {f"pulses of the train, {which}": count for which in ("at least", "at most")}
    return Measured(rounded(MILLI * float(run.setting("demag_step"))), 0.0, why, also)


def _demagnetised(runs: Runs) -> Measured:
    run = runs[DEMAGNETISE]
    found, largest = run.result("magnetisation"), run.number("largest_magnetisation")[0]
    first, asymmetry = run.number("first_trains_enough")[0], run.number("current_asymmetry")[0]
    scatter = "" if found.scatter is None else f"scatter {found.scatter:.3f}, "
    why = (
        f"{found.of}: {scatter}largest {largest:.3f}; one train was enough in {first:.0f}; positive pulses needed "
        f"{MILLI * asymmetry:+.2f} mA more than negative ones, by what the field leans"
    )
    return Measured(*run.number("magnetisation"), why)


def _minor_loops(runs: Runs) -> Measured:
    run = runs[MINOR_LOOPS]
    rising, stable = (bool(run.result(name).value) for name in ("monotonic", "stable"))
    moved = [
        significance(abs(float(change.value or 0.0)), change.uncertainty or 0.0)
        for row in run.results.table
        for change in [valued(row, "change_in_hold", run.name)]
    ]
    sure = significance(*run.number("remanence_range"))
    hold = float(run.setting("hold_time"))
    why = (
        f"what is left {'grows' if rising else 'does not grow'} with the largest current, over "
        f"{run.result('remanence_range').text()} of the swing; {len(moved)} states were watched for {hold:.0f} s and "
        f"{'stay' if stable else 'do not all stay'}, the largest change is {sigmas_text(max(moved))}"
    )
    points = [
        Point(
            MILLI * float(valued(row, "i_max", run.name).value or 0.0),
            float(left.value or 0.0),
            left.uncertainty or 0.0,
        )
        for row in run.results.table
        for left in [valued(row, "remanent_part", run.name)]
    ]
    curve = Curve("largest current (mA)", "what is left, part of the swing", points)
    found = yes_or_no(rising and stable, sure, why, {"time for which the states were watched": hold})
    return Measured(found.value, found.uncertainty, why, found.also, curve)


def _saturation(runs: Runs) -> Measured:
    sent = runs[MINOR_LOOPS].column(PULSE, "saturate")
    return set_to(sent, MILLI, "pulse before every minor loop, as the source was set")


# ---- spike timing


def _window(runs: Runs) -> Measured:
    run = runs[STDP]
    found = run.result("window")
    delays = sorted(float(delay) for delay in run.setting("delays"))
    place = min(range(len(delays)), key=lambda index: abs(delays[index] - float(found.value or 0.0)))
    step = delays[place] - delays[place - 1] if place else delays[0]
    why = f"{found.note}; spikes of 1 ms with a linear tail of 13 ms, which are labctl's own"
    return Measured(rounded(MILLI * float(found.value or 0.0)), MILLI * step * GRID, why)


def _falls(runs: Runs) -> Measured:
    run = runs[STDP]
    rank = run.number("rank_correlation")[0]
    count = 2 * len(run.setting("delays"))
    sure = abs(rank) * math.sqrt(count - 1.0)  # without any relation a rank correlation scatters by 1/sqrt(n - 1)
    why = (
        f"rank correlation of the change's size with that of the delay {rank:.3f} over {count} delays, "
        f"{sigmas_text(sure)}"
    )
    return yes_or_no(rank < 0.0 and sure > 3.0, sure, why, {"rank correlation": rank})


def _opposite(run: Evidence) -> tuple[float, float, str]:
    """Product of the signs at positive and at negative delay, its significance, and both changes."""
    sides = [run.number(f"amplitude_{side}") for side in ("positive", "negative")]
    sure = min(abs(significance(*side)) for side in sides)
    said = " and ".join(f"{value:+.2f} ± {error:.2f}" for value, error in sides)
    return math.copysign(1.0, sides[0][0] * sides[1][0]), sure, said


def _signs(runs: Runs) -> Measured:
    product, sure, said = _opposite(runs[STDP])
    test = runs[STDP].result("odd_chi_square").note
    why = (
        f"changes at no delay, extrapolated: {said} of the swing; whether the sizes are alike as well: chi square "
        f"{test}"
    )
    return sign_of(product, sure, why)


def _shape_and_symmetry(runs: Runs) -> Measured:
    constants = [runs[name].number("time_constant_positive") for name in (STDP, OTHER_SHAPE)]
    one, other = constants
    apart = significance(abs(one[0] - other[0]), math.hypot(one[1], other[1]))
    products = [_opposite(runs[name]) for name in (STDP, OTHER_FIELD)]
    alike = products[0][0] == products[1][0] and min(product[1] for product in products) > 3.0
    field = 1e4 * float(runs[OTHER_FIELD].setting("in_plane_field"))
    why = (
        f"time constant {MILLI * one[0]:.2f} ± {MILLI * one[1]:.2f} ms with a linear tail, {MILLI * other[0]:.2f} ± "
        f"{MILLI * other[1]:.2f} ms with an exponential one, {sigmas_text(apart)} apart; in {field:.0f} Oe the signs "
        f"at positive and negative delay are {'as' if alike else 'not as'} in -500 Oe"
    )
    relative = abs(one[0] - other[0]) / max(one[0], other[0])
    also = {"difference of the time constants over the larger one": relative}
    return yes_or_no(apart > 3.0 and alike, apart, why, also)


MEASURES: Mapping[str, Measure] = {
    "cogd2022-16": Measure((NEURON,), _threshold),
    "cogd2022-17": Measure((DEMAGNETISE,), _first_pulse),
    "cogd2022-18": Measure((DEMAGNETISE,), _step),
    "cogd2022-19": Measure((DEMAGNETISE,), _demagnetised),
    "cogd2022-20": Measure((STDP,), _window),
    "cogd2022-21": Measure((STDP,), _falls),
    "cogd2022-22": Measure((STDP,), _signs),
    "cogd2022-23": Measure((STDP, OTHER_SHAPE, OTHER_FIELD), _shape_and_symmetry),
    "cogd2022-24": Measure((MINOR_LOOPS,), _minor_loops),
    "cogd2022-25": Measure((MINOR_LOOPS,), _saturation),
    "cogd2022-26": Measure((NEURON,), _inputs),
    "cogd2022-27": Measure((NEURON,), _residual),
    "cogd2022-28": Measure((NEURON,), _reset_needed),
}
