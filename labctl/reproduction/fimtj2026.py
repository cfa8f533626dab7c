"""How the claims on perpendicular compensated ferrimagnetic tunnel junctions follow from Hall loops and TMR loops."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

from labctl.analysis.polarisation import nominal_polarisation
from labctl.analysis.result import Results
from labctl.reproduction import fimtj2026_bits as bits
from labctl.reproduction import fimtj2026_curves as curves
from labctl.reproduction.fimtj2026_plan import (
    ABOVE,
    BELOW,
    CHOSEN,
    COLD,
    DEVICE_LOOPS,
    HALL_FIELDS,
    HALL_LOOPS,
    NCO_LOOP,
    NEAR_LOOPS,
    OVER_TEMPERATURE,
    SIZE_LOOPS,
    SIZES,
    WARM,
    hall_loop,
    plan,
)
from labctl.reproduction.measured import (
    MILLI,
    OERSTED,
    SURE,
    Curve,
    Measure,
    Measured,
    Point,
    in_order,
    number_text,
    rounded,
    sign_of,
    significance,
    spread_of,
)
from labctl.reproduction.planned import Evidence, NotFoundError, Runs, valued
from labctl.reproduction.values import NO, YES
from labctl.sample import Junction, SampleRecord

__all__ = ["CHOSEN", "MEASURES", "plan"]

PERCENT = 100.0
HALF_METAL = -1.0
"""Polarisation of NiCo2O4 that the paper assumes."""
FAR = 3.0
"""K from compensation beyond which Hall loops are square."""
COMPENSATION = 27.0
"""K, about which the temperatures of the runs were chosen."""


# ---- Hall loops


def _amplitudes(runs: Runs, at: Sequence[int]) -> list[tuple[float, float]]:
    return [runs[hall_loop(temperature)].number("anomalous_hall_resistance") for temperature in at]


def _turns_over(runs: Runs) -> Measured:
    below, above = _amplitudes(runs, BELOW), _amplitudes(runs, ABOVE)
    product = below[0][0] * above[0][0]
    sure = min(abs(significance(*found)) for found in (*below, *above))
    same = all(one[0] * below[0][0] > 0 for one in below) and all(one[0] * above[0][0] > 0 for one in above)
    row = ", ".join(f"{MILLI * value:+.3f}" for value, _ in (*below, *above))
    why = f"{row} mohm at {', '.join(f'{t}' for t in (*BELOW, *ABOVE))} K"
    return sign_of(product if same else 0.0, sure, why)


def _square(runs: Runs) -> Measured:
    far = [name for name, at in zip(HALL_LOOPS, HALL_FIELDS, strict=True) if abs(at - COMPENSATION) > FAR]
    found = [runs[name].number("remanence_ratio") for name in far]
    worst = max(found, key=lambda one: abs(one[0] - 1.0))
    return Measured(*worst, f"the farthest from 1 of {len(found)} temperatures more than {FAR:g} K from compensation")


def _square_oxide(runs: Runs) -> Measured:
    return Measured(*runs[NCO_LOOP].number("remanence_ratio"), "at 20 K")


def _coercive(run: Evidence) -> tuple[float, float]:
    up, down = (run.number(f"coercive_field_{branch}") for branch in ("up", "down"))
    return OERSTED * 0.5 * (up[0] - down[0]), OERSTED * 0.5 * math.hypot(up[1], down[1])


def _rises_to_compensation(runs: Runs) -> Measured:
    found = {at: _coercive(runs[hall_loop(at)]) for at in (*BELOW, *ABOVE)}
    points = [Point(float(at), *found[at]) for at in (*BELOW, *ABOVE)]
    steps = [(one, other) for one, other in itertools.pairwise(BELOW)] + [
        (other, one) for one, other in itertools.pairwise(ABOVE)
    ]
    sure = min(
        significance(found[high][0] - found[low][0], math.hypot(found[low][1], found[high][1])) for low, high in steps
    )
    row = ", ".join(number_text(point.value, point.uncertainty) for point in points)
    why = f"{row} Oe at {', '.join(f'{point.at:g}' for point in points)} K"
    return Measured(
        YES if sure > SURE else NO, spread_of(sure), why, {}, Curve("temperature (K)", "coercive field (Oe)", points)
    )


# ---- loops over temperature


def _rows(runs: Runs) -> list[Results]:
    """Rows of the table over temperature, of loops that are whole."""
    return [row for row in runs[OVER_TEMPERATURE].results.table if row.number("tmr") is not None]


def _kelvin(row: Results) -> float:
    return float(row.number("temperature") or 0.0)


def _between(runs: Runs, low: float, high: float) -> list[Results]:
    found = [row for row in _rows(runs) if low - 0.5 <= _kelvin(row) <= high + 0.5]
    if not found:
        raise NotFoundError(f"{OVER_TEMPERATURE} has no whole loop from {low:g} K to {high:g} K")
    return found


def _compensation(runs: Runs) -> Measured:
    run = runs[OVER_TEMPERATURE]
    bracket = run.result("compensation_temperature_bracket").text()
    why = f"where the hard layer's inverse switching field, signed as the TMR, is zero; that turns over at {bracket}"
    return Measured(*run.number("compensation_temperature"), why)


def _mean_tmr(runs: Runs, low: float, high: float) -> Measured:
    found = _between(runs, low, high)
    values = [PERCENT * float(row.number("tmr") or 0.0) for row in found]
    mean = math.fsum(values) / len(values)
    spread = max(abs(value - mean) for value in values)
    row = ", ".join(f"{value:.1f}" for value in values)
    at = ", ".join(f"{_kelvin(one):.3g}" for one in found)
    why = f"mean of {row} % at {at} K, which differ from it by up to {spread:.1f} %"
    errors = [PERCENT * (valued(one, "tmr", OVER_TEMPERATURE).uncertainty or 0.0) for one in found]
    return Measured(mean, math.sqrt(math.fsum(error**2 for error in errors)) / len(errors), why)


def _sign_changes(runs: Runs) -> Measured:
    below, above = _between(runs, 10.0, 25.0), _between(runs, 30.0, 40.0)
    signs = [[math.copysign(1.0, float(row.number("tmr") or 0.0)) for row in rows] for rows in (below, above)]
    sure = min(
        abs(significance(float(row.number("tmr") or 0.0), valued(row, "tmr", OVER_TEMPERATURE).uncertainty or 0.0))
        for row in (*below, *above)
    )
    alike = all(len(set(part)) == 1 for part in signs)
    why = f"{len(below)} loops up to 25 K, {len(above)} from 30 K on, those of a side all of one sign"
    return sign_of(signs[0][0] * signs[1][0] if alike else 0.0, sure, why)


def _switching(rows: Sequence[Results], layer: str, why: str) -> Measured:
    found = [valued(row, f"switching_field_{layer}", OVER_TEMPERATURE) for row in rows]
    values = [OERSTED * float(one.value or 0.0) for one in found]
    error = OERSTED * max(one.uncertainty or 0.0 for one in found)
    mean = math.fsum(values) / len(values)
    row = f"{', '.join(f'{value:.0f}' for value in values)} Oe; " if len(values) > 1 else ""
    return Measured(mean, error, row + why)


def _soft(runs: Runs) -> Measured:
    rows = _between(runs, 10.0, 40.0)
    return _switching(rows, "soft", f"mean over {len(rows)} temperatures of half the distance of both switching fields")


def _hard(runs: Runs, at: float) -> Measured:
    return _switching(
        _between(runs, at, at), "hard", "half the distance of both switching fields, both read on the way"
    )


def _largest_field(runs: Runs) -> Measured:
    found: list[tuple[float, float, str]] = []
    for name in NEAR_LOOPS:
        run = runs[name]
        up, down = (run.number(f"switching_field_hard_{branch}") for branch in ("up", "down"))
        error = OERSTED * 0.5 * math.hypot(up[1], down[1])
        found.append((OERSTED * 0.5 * (up[0] - down[0]), error, name.removeprefix("tmr-")))
    value, error, _ = max(found)
    row = " and ".join(f"{each:.0f} Oe at {at}" for each, _, at in found)
    return Measured(value, error, f"{row}; nearer to compensation the film is mixed")


# ---- the smallest junction


def _tmr(run: Evidence) -> tuple[float, float]:
    value, error = run.number("tmr")
    return PERCENT * value, PERCENT * error


def _of_smallest(name: str) -> Measure:
    why = "levels of one loop: the model's smallest junction has no leak"
    return Measure((name,), lambda runs: Measured(*_tmr(runs[name]), why))


def _polarised(name: str) -> Measure:
    def how(runs: Runs) -> Measured:
        found = nominal_polarisation(runs[name].result("tmr"), HALF_METAL)
        if found.value is None:
            raise NotFoundError(f"{name} gives no polarisation: {found.why}")
        return Measured(float(found.value), found.uncertainty or 0.0, found.note or "")

    return Measure((name,), how)


# ---- settings, sizes and devices


def _bias(runs: Runs) -> Measured:
    run = runs[OVER_TEMPERATURE]
    why = "as the runs recorded it, by the record's resistance; across the device it goes with its state"
    return Measured(rounded(MILLI * float(run.setting("bias"))), 0.0, why)


def _area(size: str) -> Measure:
    name = SIZE_LOOPS[list(SIZES).index(size)]

    def how(runs: Runs) -> Measured:
        why = "by the diameter in the record that the run was made with; lithography is not measured"
        return Measured(rounded(_square_micrometres(runs[name])), 0.0, why)

    return Measure((name,), how)


def _square_micrometres(run: Evidence) -> float:
    """Area of a run's junction in um2, by the record of its sample."""
    geometry = SampleRecord.model_validate(run.asked["sample"]).geometry
    if not isinstance(geometry, Junction):
        raise NotFoundError(f"the sample of {run.name} is no junction")
    return 1e12 * geometry.area()


def _over_size(runs: Runs) -> Measured:
    found = [_tmr(runs[name]) for name in SIZE_LOOPS]
    areas = [_square_micrometres(runs[name]) for name in SIZE_LOOPS]
    points = [Point(area, *each) for area, each in zip(areas, found, strict=True)]
    measured = in_order(Curve("area (um2)", "TMR (%)", points), "%")
    why = (
        f"{measured.why}; that of the largest is apparent, since four wires on strips read less than a junction has "
        "whose resistance is not ten times that of a square of its electrode"
    )
    return Measured(measured.value, measured.uncertainty, why, measured.also, measured.curve)


def _devices(runs: Runs) -> Measured:
    found = [_tmr(runs[name]) for name in DEVICE_LOOPS]
    values = [value for value, _ in found]
    mean = math.fsum(values) / len(values)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))
    row = ", ".join(number_text(*each) for each in found)
    why = f"TMR at 15 K {row} %: {spread:.2f} % from device to device, which is not the uncertainty of any"
    return Measured(float(len(values)), 0.0, why)


MEASURES: Mapping[str, Measure] = {
    "fimtj2026-01": Measure((OVER_TEMPERATURE,), _compensation),
    "fimtj2026-02": Measure(HALL_LOOPS, _turns_over),
    "fimtj2026-03": Measure(HALL_LOOPS, _square),
    "fimtj2026-04": Measure((NCO_LOOP,), _square_oxide),
    "fimtj2026-05": Measure((OVER_TEMPERATURE,), _soft),
    "fimtj2026-06": Measure((OVER_TEMPERATURE,), lambda runs: _hard(runs, 10.0)),
    "fimtj2026-07": Measure(NEAR_LOOPS, _largest_field),
    "fimtj2026-08": Measure((OVER_TEMPERATURE,), lambda runs: _hard(runs, 40.0)),
    "fimtj2026-09": Measure(HALL_LOOPS, _rises_to_compensation),
    "fimtj2026-10": Measure((OVER_TEMPERATURE,), lambda runs: _mean_tmr(runs, 10.0, 20.0)),
    "fimtj2026-11": Measure((OVER_TEMPERATURE,), lambda runs: _mean_tmr(runs, 30.0, 40.0)),
    "fimtj2026-12": _of_smallest(COLD),
    "fimtj2026-13": _of_smallest(WARM),
    "fimtj2026-14": _polarised(COLD),
    "fimtj2026-15": _polarised(WARM),
    "fimtj2026-16": Measure((OVER_TEMPERATURE,), _sign_changes),
    "fimtj2026-17": Measure((OVER_TEMPERATURE,), _bias),
    "fimtj2026-21": Measure(SIZE_LOOPS, _over_size),
    "fimtj2026-22": _area("2 um"),
    "fimtj2026-23": _area("56 um"),
    "fimtj2026-41": Measure(DEVICE_LOOPS, _devices),
    **curves.MEASURES,
    **bits.MEASURES,
}
