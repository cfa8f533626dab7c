"""Branches of a loop: the stretches on which the field falls or rises from one end to the other, and their pairs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from labctl.analysis.dwells import without_dwells, without_excess
from labctl.analysis.fits import local_lines, white_noise
from labctl.analysis.readings import FloatArray, Readings
from labctl.analysis.result import short_text

FULL_BRANCH = 0.6
"""Part of the whole span of the field that a stretch must cover to be a branch: a virgin curve covers half."""
WHOLE = 0.95
"""Part of the whole span that a branch covers which goes from one end of the field to the other."""
PARTIAL = 0.9
"""Part of the whole span below which the first branch began on its way, where whole ones follow it."""
TURN = 0.1
"""Part of the span by which the field must come back before it counts as a turn: smaller steps back are noise."""
BACKWARD = 0.02
"""Part of the steps between readings that may go the wrong way before the field counts as noisy."""
MANY = 40
"""Rows from which a loop in the order of measurement has steps much smaller than its span."""
FEWEST_POINTS = 5
"""Points a branch needs: two for each plateau and one between."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One stretch of falling ("down") or rising ("up") field, rows in the order of measurement.

    `field_error` is the standard error (T) of a field that had to be smoothed because its readings went back and forth;
    `reached` are then the farthest fields (T) read up to each row, and None otherwise.
    """

    direction: str
    rows: Readings
    field_error: float = 0.0
    reached: FloatArray | None = None

    @property
    def low(self) -> float:
        """Lowest field, T."""
        return float(np.min(self.rows.field))

    @property
    def high(self) -> float:
        """Highest field, T."""
        return float(np.max(self.rows.field))


@dataclass(frozen=True, slots=True)
class Loop:
    """A falling and a rising branch that belong together; with what was left out before or after it, in a sentence."""

    down: Branch
    up: Branch
    left_out: str | None = None

    @property
    def in_time(self) -> tuple[Branch, Branch]:
        """The branches in the order in which they were measured."""
        return (self.down, self.up) if self.down.rows.time[0] <= self.up.rows.time[0] else (self.up, self.down)

    @property
    def low(self) -> float:
        """Lowest field that both branches reach, T."""
        return max(self.down.low, self.up.low)

    @property
    def high(self) -> float:
        """Highest field that both branches reach, T."""
        return min(self.down.high, self.up.high)


def find_loops(readings: Readings) -> tuple[list[Loop], str | None]:
    """Loops in the order of measurement, and a sentence when there is none."""
    if _jumps_about(readings):
        return [], "no loop: the field jumps about from row to row, so the rows are not in the order of measurement"
    readings = without_excess(without_dwells(readings))
    recorded = _recorded_branches(readings) if readings.branch is not None else []
    branches = _long_enough(recorded)
    loops = _pair(branches)
    if not loops:  # nothing recorded, or not what it says
        branches = _without_partial_first(_long_enough(_branches_by_direction(readings)), readings)
        loops = _said_what_is_left(_pair(branches), readings)
    return loops, None if loops else _why_no_loop(readings, branches)


def _jumps_about(readings: Readings) -> bool:
    """Whether the field goes a tenth of its span from one row to the next, as in a table that was sorted otherwise."""
    field = readings.field
    return len(field) >= MANY and float(np.median(np.abs(np.diff(field)))) > TURN * float(np.ptp(field))


def _long_enough(branches: list[Branch]) -> list[Branch]:
    return [steadied(branch) for branch in branches if len(branch.rows.field) >= FEWEST_POINTS]


def steadied(branch: Branch) -> Branch:
    """The branch with its field smoothed where the readings go back and forth; otherwise the branch itself.

    A magnet hardly jitters from reading to reading, its read-back does (see `jitter` for what is left open). Sorted by
    a noisy field the readings before and after a switch mix, and a fit against a noisy field is pulled; a straight line
    through the neighbours in time is not. Only the inner part of the branch is judged: at the ends the field may stand
    still.
    """
    field, time = branch.rows.field, branch.rows.time
    inside = np.abs(field - (branch.high + branch.low) / 2) < 0.4 * (branch.high - branch.low)
    steps = np.diff(field)[inside[1:] & inside[:-1]] * (1 if branch.direction == "up" else -1)
    if len(steps) < FEWEST_POINTS or np.mean(steps < 0) < BACKWARD or not np.all(np.diff(time) > 0):
        return branch
    noise = white_noise(time, field)
    step = max(float(np.mean(steps)), 1e-3 * noise)
    half = int(min(max(2, np.ceil(12 * (noise / step) ** 2)), len(field) // 12))
    if half < 2:
        return branch
    rows = replace(branch.rows, field=local_lines(time, field, half))
    farthest = np.maximum.accumulate(field) if branch.direction == "up" else np.minimum.accumulate(field)
    return Branch(branch.direction, rows, noise / float(np.sqrt(2 * half + 1)), farthest)


def _why_no_loop(readings: Readings, branches: list[Branch]) -> str:
    count = len(readings.field)
    if count < 2 * FEWEST_POINTS:
        few = f"only {count} valid points, a loop needs at least {2 * FEWEST_POINTS}"
        out = readings.left_out
        return few if out is None else out if out.startswith("all ") else f"{few}; {out}"
    if float(np.ptp(readings.field)) == 0:
        return "the field does not change"
    found = " and ".join(sorted({branch.direction for branch in branches})) or "no"
    needed = f"no loop: {found} branch of at least {FEWEST_POINTS} points found, a falling and a rising one are needed"
    sorted_rows = bool(np.all(np.diff(readings.field) >= 0))
    return f"{needed}; if the rows were sorted by field, give them as they were measured" if sorted_rows else needed


def _recorded_branches(readings: Readings) -> list[Branch]:
    assert readings.branch is not None
    words = readings.branch
    loop = np.zeros(len(words)) if readings.loop is None else np.nan_to_num(readings.loop)
    change = np.flatnonzero((words[1:] != words[:-1]) | (loop[1:] != loop[:-1])) + 1
    edges = [0, *change.tolist(), len(words)]
    return [_branch(readings, start, end, str(words[start])) for start, end in pairwise(edges) if end > start]


def _branch(readings: Readings, start: int, end: int, direction: str) -> Branch:
    return Branch(direction, readings.select(np.arange(start, end)))


def _branches_by_direction(readings: Readings) -> list[Branch]:
    field = readings.field
    if len(field) < 2:
        return []
    span = float(np.ptp(field))
    branches: list[Branch] = []
    for start, end in pairwise(turning_points(field.tolist(), TURN * span)):
        if abs(field[end] - field[start]) >= FULL_BRANCH * span:
            # Neighbouring branches share the turning point, as they do in the sample.
            direction = "up" if field[end] > field[start] else "down"
            branches.append(_branch(readings, start, end + 1, direction))
    return branches


def turning_points(field: list[float], threshold: float) -> list[int]:
    """Rows at which the field turns, first and last row included; steps back below the threshold are passed over."""
    points = [0]
    low = high = 0  # rows of the extremes since the last turn
    heading = 0
    for row, value in enumerate(field):
        if value > field[high]:
            high = row
        if value < field[low]:
            low = row
        if heading >= 0 and field[high] - value > threshold:
            _turn(points, high if heading else 0)  # where the field began is no turn, whatever the noise did there
            heading, low, high = -1, row, row
        elif heading <= 0 and value - field[low] > threshold:
            _turn(points, low if heading else 0)
            heading, low, high = 1, row, row
    last = (high if heading > 0 else low) if heading else len(field) - 1
    _turn(points, last)
    return points


def _turn(points: list[int], row: int) -> None:
    if row > points[-1]:
        points.append(row)


def _without_partial_first(branches: list[Branch], readings: Readings) -> list[Branch]:
    """The branches but for a first one that began on its way, where a whole loop follows it.

    Together with the next one it would be a loop that ends where the measurement happened to begin.
    """
    span = float(np.ptp(readings.field)) if len(readings.field) else 0.0
    parts = [(branch.high - branch.low) / span for branch in branches[:3]] if span else []
    if len(parts) < 3 or parts[0] >= PARTIAL or min(parts[1:]) < WHOLE:
        return branches
    return branches[1:] if branches[1].direction != branches[2].direction else branches


def _said_what_is_left(loops: list[Loop], readings: Readings) -> list[Loop]:
    """The loops, the first with a sentence on the readings before and after all of them if the field moved there."""
    if not loops:
        return loops
    field, time = readings.field, readings.time
    begin = float(np.min(loops[0].in_time[0].rows.time))
    end = float(np.max(loops[-1].in_time[1].rows.time))
    said: list[str] = []
    for when, rows in (("before", np.flatnonzero(time < begin)), ("after", np.flatnonzero(time > end))):
        if len(rows) and float(np.ptp(field[rows])) > TURN * float(np.ptp(field)):
            low, high = (_signed(float(extreme(field[rows])), "T") for extreme in (np.min, np.max))
            what = f"what was read {when} the loop, between {low} and {high}"
            said.append(f"{what}, is no loop over the whole field and was left out")
    return [replace(loops[0], left_out="; ".join(said) or None), *loops[1:]]


def _signed(value: float, unit: str) -> str:
    return f"{'-' if value < 0 else ''}{short_text(abs(value), unit)}"


def _pair(branches: list[Branch]) -> list[Loop]:
    """Each branch with the opposite one that follows; a branch without partner is left out."""
    loops: list[Loop] = []
    waiting: Branch | None = None
    for branch in branches:
        if waiting is None or waiting.direction == branch.direction:
            waiting = branch
            continue
        down, up = (waiting, branch) if waiting.direction == "down" else (branch, waiting)
        loops.append(Loop(down, up))
        waiting = None
    return loops
