"""How claims of the paper on ferrimagnetic junctions follow from I-V curves, dI/dV, turned fields and the moment."""

from __future__ import annotations

import math
from collections.abc import Mapping

from labctl.analysis.result import Results
from labctl.reproduction.fimtj2026_plan import ANGLES, CURVE_RUNS, CURVES, MOMENT, SLOPES, angles, curve
from labctl.reproduction.measured import (
    OERSTED,
    SURE,
    Curve,
    Measure,
    Measured,
    Point,
    in_order,
    number_text,
    significance,
    spread_of,
)
from labctl.reproduction.planned import Evidence, NotFoundError, Runs
from labctl.reproduction.values import NO, YES

PERCENT = 100.0
TURNED = 60.0
"""deg, at which switching fields are compared with those along the normal."""


# ---- I-V


def _bends(runs: Runs) -> Measured:
    found = {at: runs[curve(at)].number("cubic_coefficient") for at in CURVES}
    sure = min(significance(*each) for each in found.values())
    growth = [runs[curve(at)].number("superlinearity")[0] for at in CURVES]
    row = ", ".join(f"{value:.3f} at {at} K" for value, at in zip(growth, CURVES, strict=True))
    why = f"I(2V) over 2 I(V) is {row}; the cubic coefficient is {sure:.3g} times its uncertainty or more"
    holds = sure > SURE and min(growth) > 1.0
    return Measured(YES if holds else NO, spread_of(sure), why)


def _parabola(runs: Runs) -> Measured:
    run = runs[SLOPES]
    height, thickness = run.results["barrier_height"], run.results["barrier_thickness"]
    barrier = f"which finds a barrier of {height.text()} and {thickness.text()}"
    if height.value is None:
        barrier = f"from which no barrier follows: {height.why}"
    good = run.results.get("chi_square")
    said = "" if good is None or good.note is None else f"; chi-square of {good.text()} with {good.note}"
    why = f"of the fit, {barrier}{said}"
    return Measured(run.number("r_square")[0], 0.0, why)


def _weakly(runs: Runs) -> Measured:
    (cold, error), (warm, further) = (runs[curve(at)].number("conductance_zero_bias") for at in CURVES)
    ratio = warm / cold
    spread = ratio * math.hypot(error / cold, further / warm)
    state = "at zero bias, in the state in which the junction was found"
    return Measured(ratio - 1.0, spread, state)


# ---- the field's angle


def _whole(run: Evidence) -> list[Results]:
    """Rows of the table over angles of loops that have a TMR, without the way back at the end."""
    found: list[Results] = []
    for row in run.results.table:
        angle = row.number("field_angle")
        if angle is None or row.number("tmr") is None or (found and angle <= (found[-1].number("field_angle") or 0.0)):
            continue
        found.append(row)
    if len(found) < 2:
        raise NotFoundError(f"{run.name} has fewer than two angles with a TMR")
    return found


def _falls(at: int) -> Measure:
    def how(runs: Runs) -> Measured:
        run = runs[angles(at)]
        points = [
            Point(float(row.number("field_angle") or 0.0), abs(PERCENT * float(row.number("tmr") or 0.0)),
                  PERCENT * (row["tmr"].uncertainty or 0.0))
            for row in _whole(run)
        ]  # fmt: skip
        measured = in_order(Curve("angle from the normal (deg)", "magnitude of the TMR (%)", points), "%", rising=False)
        rest = [row for row in run.results.table if row.number("tmr") is None]
        beyond = ", ".join(f"{row.number('field_angle'):g}" for row in rest)
        why = measured.why + (
            f"; no TMR is given at {beyond} deg, where a layer does not switch any more" if rest else ""
        )
        return Measured(measured.value, measured.uncertainty, why, {}, measured.curve)

    return Measure((angles(at),), how)


def _grows(runs: Runs) -> Measured:
    found: list[tuple[float, float]] = []
    for at in ANGLES:
        rows = {round(float(row.number("field_angle") or 0.0)): row for row in _whole(runs[angles(at)])}
        if not {0, round(TURNED)} <= set(rows):
            raise NotFoundError(f"{angles(at)} has no loop with a TMR at 0 deg and {TURNED:g} deg")
        for layer in ("soft", "hard"):
            one, other = (rows[turn][f"switching_field_{layer}"] for turn in (0, round(TURNED)))
            ratio = float(other.value or 0.0) / float(one.value or 1.0)
            error = ratio * math.hypot(*((each.uncertainty or 0.0) / float(each.value or 1.0) for each in (one, other)))
            found.append((ratio, error))
    mean = math.fsum(value for value, _ in found) / len(found)
    error = math.sqrt(math.fsum(each**2 for _, each in found)) / len(found)
    row = ", ".join(number_text(*each) for each in found)
    at = " and ".join(f"{temperature} K" for temperature in ANGLES)
    return Measured(mean, error, f"mean of {row}: NiCo2O4 and CoGd at {at}")


# ---- the moment


def _steps(runs: Runs) -> Measured:
    run = runs[MOMENT]
    count, _ = run.number("steps")
    fields = [
        f"{OERSTED * float(found.value):.0f} Oe"
        for name, found in run.results.items()
        if name.startswith("step_") and name.endswith("_field_up") and found.value is not None
    ]
    shares = [
        found.text() for name, found in run.results.items() if name.startswith("step_") and name.endswith("_share")
    ]
    why = f"at {', '.join(fields)}, rising, with {', '.join(shares)} of the whole; {run.result('steps').note}"
    return Measured(count, 0.0, why)


MEASURES: Mapping[str, Measure] = {
    "fimtj2026-18": _falls(ANGLES[0]),
    "fimtj2026-19": _falls(ANGLES[1]),
    "fimtj2026-20": Measure(tuple(angles(at) for at in ANGLES), _grows),
    "fimtj2026-24": Measure(CURVE_RUNS, _bends),
    "fimtj2026-25": Measure((SLOPES,), _parabola),
    "fimtj2026-26": Measure(CURVE_RUNS, _weakly),
    "fimtj2026-35": Measure((MOMENT,), _steps),
}
