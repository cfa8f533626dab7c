"""What a cooldown's rows tell of its ends, of a jump, and of the gas that the sample was in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from instruments.units import format_quantity
from labctl.analysis.jumps import Step, at_rest
from labctl.analysis.result import Result, missing
from labctl.waiting import RELATIVE_TOLERANCE, TOLERANCE, time_constant
from procedures import chamber

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

RESISTANCE, TIME, TEMPERATURE = "Resistance (ohm)", "Time (s)", "Temperature (K)"
STEP, CHAMBER = "Step", "Chamber state"
BEGIN = "begin"
"""Word in the column `Step` of what was read before the ramp."""
AT_END = 90.0
"""s of readings at the end that its resistance is told from."""


def sound(data: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that have a resistance, read with the whole current, in the order in which they were read."""
    good = [not clamped for clamped in data["Compliance"].tolist()]
    rows = data.loc[good]
    return rows.loc[rows[RESISTANCE].notna()].sort_values(TIME, kind="stable")


def stopped(data: pd.DataFrame, steps: Sequence[Step]) -> tuple[float, str] | None:
    """Return where a run ended early: the block's temperature in K, and what the rows say of why; None at its end.

    Args:
        data: All rows.
        steps: From each reading to the next.
    """
    rows = data.loc[data[TEMPERATURE].notna()].sort_values(TIME, kind="stable")
    if rows.empty:
        return None
    last = rows.iloc[-1]
    here, goal = float(last[TEMPERATURE]), float(last["Set temperature (K)"])
    if last[STEP] != BEGIN and abs(here - goal) <= _arrived(goal):
        return None
    if bool(last["Compliance"]):
        return here, "the source reached its compliance"
    if math.isnan(float(last[RESISTANCE])):
        return here, "the voltage went beyond the voltmeter's range"
    if steps and steps[-1].is_jump:
        return here, f"the resistance jumped by {100 * steps[-1].excess:+.3g} %"
    goes = "before the ramp" if last[STEP] == BEGIN else f"on the way to {goal:g} K"
    return here, f"the run ended {goes}"


def _arrived(end: float) -> float:
    """K from `end` within which the block is there."""
    return max(TOLERANCE, 5.0 * RELATIVE_TOLERANCE * end)


def jump_sentence(step: Step) -> str:
    """Say that the resistance has jumped."""
    (before, was), (after, resistance) = step.before, step.after
    shown = [format_quantity(value, "ohm", digits=5) for value in (was, resistance)]
    return (
        f"the resistance jumped from {shown[0]} at {before:.2f} K to {shown[1]} at {after:.2f} K, "
        f"{100 * step.excess:+.3g} % beyond what the temperature explains, where {100 * step.threshold:.3g} % are let "
        "pass: a contact, a wire or the film is giving way, unless it is a transition"
    )


def ends_of(rows: pd.DataFrame, end: float) -> dict[str, Result]:
    """Resistance at both ends, and the ratio of that at the higher temperature to that at the lower.

    Args:
        rows: What was read.
        end: Temperature in K that it was to go to.
    """
    names = {"resistance_at_begin": "ohm", "resistance_at_end": "ohm", "residual_resistance_ratio": "1"}
    if rows.empty:
        return {name: missing(unit, "no resistance was read", "this run") for name, unit in names.items()}
    first = rows.loc[rows[STEP] == BEGIN]
    first = rows.iloc[:1] if first.empty else first
    last = rows.loc[rows[TIME] >= rows[TIME].iloc[-1] - AT_END]
    ends: list[tuple[float, Result]] = []
    for part in (first, last):
        block = float(part[TEMPERATURE].mean())
        value, error = at_rest(part[TIME].to_numpy(float), part[RESISTANCE].to_numpy(float), time_constant(block))
        of = f"{rows['Wires'].iloc[0]}, block at {block:.4g} K"
        ends.append((block, Result(value, error, "ohm", of)))
    stopped_at = float(rows[TEMPERATURE].iloc[-1])
    if abs(stopped_at - end) > _arrived(end):
        why = f"it ended at {stopped_at:.1f} K, on the way to {end:g} K"
        return {
            "resistance_at_begin": ends[0][1],
            **{name: missing(unit, why, "this run") for name, unit in names.items() if name != "resistance_at_begin"},
        }
    (_, below), (_, above) = sorted(ends, key=lambda end: end[0])
    ratio = missing("1", "one of the resistances is zero", "this run")
    if below.value and above.value:
        value = float(above.value) / float(below.value)
        relative = math.hypot(*((end.uncertainty or 0.0) / float(end.value or 1.0) for end in (above, below)))
        temperatures = sorted(block for block, _ in ends)
        of = f"R({temperatures[1]:.4g} K)/R({temperatures[0]:.4g} K)"
        ratio = Result(value, abs(value) * relative, "1", of)
    return {"resistance_at_begin": ends[0][1], "resistance_at_end": ends[1][1], "residual_resistance_ratio": ratio}


def gas_of(data: pd.DataFrame) -> dict[str, Result]:
    """Whether there is gas that takes the sample's heat, by what the chamber says."""
    states = list(dict.fromkeys(data[CHAMBER].tolist()))
    known = {chamber.gas_of(state) for state in states}
    said = "its controller calls the chamber " + ", then ".join(states)
    if known in ({True}, {False}):
        return {"exchange_gas": Result(known.pop(), None, "1", "chamber", note=said)}
    return {"exchange_gas": missing("1", f"{said}, which does not tell it for the whole time", "chamber")}
