"""The results that the checks before and after a run come to, and what they are in one line."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from instruments.units import format_quantity
from labctl.analysis.health import (
    END,
    MEND,
    TWO,
    WARN,
    Change,
    Check,
    Coefficient,
    checks_of,
    compared,
    first_start,
    percent,
    shown,
)  # fmt: skip
from labctl.analysis.health_doubt import too_vague
from labctl.analysis.result import HEALTH_UNITS, Result, Results, missing

NO_CHECK = "there is no check in the run's events"
KEPT_VOLTAGE = "it was read by a source of voltage, which reaches no compliance where a lead is open"


def results_of(events: Iterable[Mapping[str, Any]], coefficient: Coefficient) -> Results:
    """Return what the checks come to, under names that every run has; what is not known says why."""
    checks = checks_of(events)
    start = first_start(checks)
    ends = [check for check in checks if check.when == END]
    end = ends[-1] if ends else None
    no_end = (start.why if start is not None else "") or "the run did not come to its end"
    return Results(
        {
            "health_resistance_start": _given(start, NO_CHECK),
            "health_resistance_end": _given(end, no_end if start else NO_CHECK),
            "health_drift": _drift(start, end, coefficient),
            "health_drift_before": _drift_before(start, coefficient),
            **_two_wire(end if end is not None and end.current else start),
        }
    )


def _given(check: Check | None, absent: str) -> Result:
    if check is None or check.resistance is None:
        return missing("ohm", absent if check is None else check.why, "this check")
    if check.nothing:
        return missing("ohm", check.nothing, "this check")
    at = "" if check.temperature is None else f", at {check.temperature:.1f} K"
    note = f"{check.wires}, between {check.between}{at}; the instruments' calibration is not in the uncertainty"
    return Result(check.resistance, check.uncertainty, "ohm", "this check", note=note)


def _drift(start: Check | None, end: Check | None, coefficient: Coefficient) -> Result:
    if start is None or end is None:
        why = "the run did not come to its end" if start is not None and not start.why else ""
        return missing("1", why or (start.why if start else NO_CHECK), "this run")
    reference = start.as_reference("that at the start of this run")
    if reference is None:
        why = start.incomparable or start.why or too_vague(start) or "the source was in compliance"
        return missing("1", why, "this run")
    return _change_result(compared(end, reference, coefficient), end, "this run")


def _drift_before(start: Check | None, coefficient: Coefficient) -> Result:
    if start is None or start.since is None:
        why = NO_CHECK if start is None else start.incomparable or start.why or start.nothing
        return missing("1", why or "there is no earlier check to compare with", "before this run")
    return _change_result(compared(start, start.since, coefficient), start, "before this run")


def _change_result(change: Change | None, check: Check, of: str) -> Result:
    if change is None:
        return missing("1", check.why or "there is no resistance to compare", of)
    if check.nothing:
        return missing("1", check.nothing, of)
    if math.isinf(change.uncertainty):
        return missing("1", change.why_blind(), of)
    note = f"against {change.said}"
    if change.blind:
        note += f"; whether it changed by {percent(WARN)} cannot be told: {change.why_blind()}"
    return Result(change.value, change.uncertainty, "1", of, note=note)


def _two_wire(check: Check | None) -> dict[str, Result]:
    of, unit = "current leads and sample", HEALTH_UNITS["health_two_wire_resistance"]
    names = ("health_two_wire_resistance", "health_two_wire_bound")
    if check is None or check.current is None:
        why = NO_CHECK if check is None else check.why or KEPT_VOLTAGE
        return {name: missing(unit, why, of) for name in names}
    at = f"at {format_quantity(check.current, 'A')}"
    if check.clamped:
        why = f"the source reached its compliance of {format_quantity(check.compliance or 0.0, 'V')} {at}"
        return {name: missing(unit, why, of) for name in names}
    assert check.bound is not None
    drove = f"the source drove its current {at} without reaching {format_quantity(check.compliance or 0.0, 'V')}"
    bound = Result(check.bound, None, unit, of, why="it is a bound from above", note=drove)
    if check.wires == TWO and check.resistance is not None and not check.nothing:
        read = Result(check.resistance, check.uncertainty, unit, of, note=at)
    else:
        below = format_quantity(check.bound, "ohm")
        read = missing(unit, f"no meter is on the current leads; it is below {below}, since {drove}", of)
    return dict(zip(names, (read, bound), strict=True))


def summary(results: Mapping[str, Result]) -> str:
    """Return all of it in one line for people; empty where the results know nothing of checks."""
    start, end = results.get("health_resistance_start"), results.get("health_resistance_end")
    if start is None or end is None:
        return ""
    leads = _leads(results)
    if start.value is None:
        return f"health: no resistance was checked, since {start.why}{leads}"
    text = f"health: {shown(float(start.value), start.uncertainty)} before"
    if end.value is None:
        return f"{text}, unknown after, since {end.why}{leads}"
    text += f", {shown(float(end.value), end.uncertainty)} after"
    drift = results.get("health_drift")
    if drift is None or drift.value is None or drift.uncertainty is None:
        return f"{text}, not compared, since {'nothing is known' if drift is None else drift.why}{leads}"
    change = Change(float(drift.value), drift.uncertainty, 0.0, 0.0, "")
    if change.blind:
        mend = f" ({MEND})" if MEND in (drift.note or "") else ""
        return f"{text}; a change of {percent(WARN)} cannot be told, {change.text()}{mend}{leads}"
    return f"{text}, {change.text()}{leads}"


def _leads(results: Mapping[str, Result]) -> str:
    two, bound = results.get("health_two_wire_resistance"), results.get("health_two_wire_bound")
    if two is not None and two.value is not None:
        return "; that is with the current leads"
    if bound is not None and bound.value is not None:
        return f"; two wires < {format_quantity(float(bound.value), 'ohm')}"
    return ""
