"""How fast the field moved at the switch, and whether a slow window around the switch was wide enough for it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from labctl.analysis.branches import Branch, Loop
from labctl.analysis.fits import local_lines
from labctl.analysis.readings import FloatArray
from labctl.analysis.result import THIS_LOOP, Result, missing
from labctl.analysis.switching import Crossing

RATE_ROWS = 5
"""Readings before and after the switch from which the field's rate is taken."""
TWO_RATES = 1.5
"""Ratio of the fastest to the slowest rate of a branch from which it was swept at two."""
SMALLEST_WINDOW = 0.02
"""Part of the branch's span that a slow stretch covers; a pause covers none."""
EXACT = 1e-9
"""Part of a rate below which its scatter is that of the arithmetic: field and time are written as they should be."""
UNBROKEN = 0.8
"""Part of its readings in which the field moves slowly; the slow steps of a noisy field lie between quick ones."""


def rate_at(
    loop: Loop, both: tuple[Crossing, Crossing], of: Callable[[Branch, int], tuple[float, float] | str]
) -> Result:
    """Mean |dH/dt| of both branches at the switch."""
    rates: list[tuple[float, float]] = []
    for branch, crossing in zip((loop.down, loop.up), both, strict=True):
        rate = of(branch, crossing.row)
        if isinstance(rate, str):
            return missing("T/s", rate)
        rates.append(rate)
    (down, down_error), (up, up_error) = rates
    rate, error = (down + up) / 2, float(np.hypot(down_error, up_error)) / 2
    return Result(rate, error if error > EXACT * rate else None, "T/s", THIS_LOOP)


def _near(rows: FloatArray, row: int) -> slice:
    return slice(max(0, row - RATE_ROWS), min(len(rows), row + RATE_ROWS + 1))


def reading_rate(branch: Branch, row: int) -> tuple[float, float] | str:
    """|dH/dt| while the readings were taken; zero where the field stood still for them."""
    if branch.rows.rate is None:
        return "no field read-backs with stamps: a swept field cannot be told from a stepped one"
    rates = branch.rows.rate[_near(branch.rows.field, row)]
    rates = rates[np.isfinite(rates)]
    if len(rates) < 2:
        return "fewer than two field read-backs with stamps near the switch"
    return abs(float(np.mean(rates))), float(np.std(rates, ddof=1) / np.sqrt(len(rates)))


def effective_rate(branch: Branch, row: int) -> tuple[float, float] | str:
    """|dH/dt| from reading to reading, whatever the field did in between: what a stepped loop is to be compared by."""
    if not branch.rows.timed:
        return "the table has no time"
    near = _near(branch.rows.field, row)
    time, field = branch.rows.time[near], branch.rows.field[near]
    if len(time) < 3 or float(np.ptp(time)) == 0:
        return "fewer than three readings at different times near the switch"
    centred = time - np.mean(time)
    power = float(centred @ centred)
    rate = float(centred @ field) / power
    residual = field - np.mean(field) - rate * centred
    return abs(rate), float(np.sqrt(residual @ residual / (len(time) - 2) / power))


def outside_window(branch: Branch, crossing: Crossing, width: float) -> str | None:
    """Warn of a switch that did not take place inside the stretch of the branch in which the field moved slowly.

    Such a switch belongs to two rates, or to the fast one: its field is then no better than that of a loop without a
    window. A branch that was swept at one rate, or stepped, has no window.

    Args:
        branch: The raw branch.
        crossing: Its 50 % crossing.
        width: T, 10-90 % width of the switching.
    """
    return outside_window_at(branch, crossing.field, width)


def outside_window_at(branch: Branch, field: float, width: float) -> str | None:
    """The same of a switch at a field in T."""
    stretch = _slow_stretch(branch)
    if stretch is None:
        return None
    low, high, slow, fast = stretch
    if low <= field - width / 2 and field + width / 2 <= high:
        return None
    where = "is cut by the edge of" if low < field < high else "lies outside"
    edges = " to ".join(f"{edge:.0f}" if abs(edge) >= 10 else f"{edge:.2g}" for edge in (1e3 * low, 1e3 * high))
    return (
        f"the switch {where} the slow window from {edges} mT "
        f"({1e3 * slow:.2g} mT/s inside, {1e3 * fast:.2g} mT/s outside): widen it"
    )


def _slow_stretch(branch: Branch) -> tuple[float, float, float, float] | None:
    """Fields between which the branch was swept slowly (T), the slow and the fast rate (T/s); None without a window."""
    field, time = branch.rows.field, branch.rows.time
    if not branch.rows.timed or len(field) < 4 * RATE_ROWS or not np.all(np.diff(time) > 0):
        return None
    steps = np.diff(local_lines(time, field, 2)) / np.diff(time) * (1 if branch.direction == "up" else -1)
    # At the ends of a branch the field may stand still; there is no window there.
    inside = np.abs(field - (branch.low + branch.high) / 2) < 0.45 * (branch.high - branch.low)
    use = inside[1:] & inside[:-1]
    if not np.any(use):
        return None
    fast = float(np.percentile(steps[use], 98))
    slowly = steps < fast / TWO_RATES
    rows = np.flatnonzero(use & slowly)
    if not len(rows):
        return None
    places = np.concatenate([field[rows], field[rows + 1]])
    low, high = float(np.min(places)), float(np.max(places))
    between = (np.minimum(field[1:], field[:-1]) >= low) & (np.maximum(field[1:], field[:-1]) <= high)
    if high - low < SMALLEST_WINDOW * (branch.high - branch.low) or np.mean(slowly[between]) < UNBROKEN:
        return None
    return low, high, float(np.median(steps[rows])), fast
