"""What procedures that measure loops against a field have in common: saturate, run to the opposite field and back."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from labctl import facing
from labctl.procedure import Procedure
from labctl.waiting import settle_field

OFF_NORMAL = 2.0
"""deg between field and film normal from which a loop's field is not what it is taken for."""

FIELD_PER_COERCIVE = 2.0
"""Largest field of a loop over the coercive field that is expected: room for the last grains, and for a fifth of the
loop behind them in which it can be seen to be saturated."""
SMALLEST_FIELD = 0.2
"""T to which a loop goes at least, however small its coercive field: background and plateaus need some length."""

Branch = Callable[[float, float], Iterator[dict[str, Any]]]
"""Reads along one branch, from one field in T to the other; one row a reading."""


def hall_loop(
    procedure: Procedure, first: float, branch: Branch, *, along_normal: bool = True
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Saturate at a field, then measure the branch to the opposite field and the one back.

    Args:
        procedure: Whose instruments.
        first: T; its sign is that of the saturation from which the loop begins.
        branch: How a branch is measured.
        along_normal: Whether the field should be along the film's normal; where a rotator holds it elsewhere, it is
            said.

    Yields:
        Name of the branch, `down` or `up`, and a row.
    """
    position = settle_field(procedure, first).position
    if along_normal:
        _look_at_angle(procedure, position)
    directions = ("down", "up") if first > 0 else ("up", "down")
    for name, end in procedure.track("branch", list(zip(directions, (-first, first), strict=True))):
        for reading in branch(-end, end):
            yield name, reading


def _look_at_angle(procedure: Procedure, position: float | None) -> None:
    """Say so where the rotator, at so many deg, holds the film at another angle than across the field."""
    mounting = procedure.sample.mounting
    if position is None or not facing.tips(mounting):
        return
    *_, along_normal = facing.direction(mounting, position)
    leaning = math.degrees(math.acos(min(1.0, abs(along_normal))))
    if leaning > OFF_NORMAL:
        wanted = facing.angle_along_normal(facing.angle_in_plane(mounting) or 0.0)
        procedure.run.remark(
            f"the rotator stands at {position:.4g} deg, where the field is {leaning:.3g} deg from the film's normal by "
            f"the record's mounting: the loop's field is not along it; for a loop along the normal turn it to "
            f"{wanted:g} deg first"
        )


def swept_branch(
    procedure: Procedure, begin: float, end: float, *, window: tuple[float, float] | None, outside: float, inside: float
) -> Iterator[dict[str, Any]]:
    """Sweep from one field in T to the other, at two rates if there is a window.

    Args:
        procedure: Whose instruments.
        begin: T, where the magnet stands.
        end: T.
        window: Lowest and highest field in T of the part that is swept at another rate; None for no such part.
        outside: Field rate in T/s outside the window.
        inside: Field rate in T/s inside it.
    """
    yield from windowed_branch(procedure, begin, end, () if window is None else (window,), outside, inside)


def windowed_branch(
    procedure: Procedure,
    begin: float,
    end: float,
    windows: Sequence[tuple[float, float]],
    outside: float,
    inside: float,
) -> Iterator[dict[str, Any]]:
    """Sweep from one field in T to the other, at another rate within windows.

    Arguments as for `swept_branch`; windows are the lowest and highest field in T of each, which may overlap, and reach
    beyond the ends.
    """
    for target, rate in legs(begin, end, windows, outside, inside):
        yield from procedure.sweep(field=target, rate=rate)


def legs(
    begin: float, end: float, windows: Sequence[tuple[float, float]], outside: float, inside: float
) -> list[tuple[float, float]]:
    """Return where to sweep to in T, and how fast in T/s, one after the other; arguments as for `windowed_branch`."""
    low, high = min(begin, end), max(begin, end)
    edges = sorted({low, high, *(edge for window in windows for edge in window if low < edge < high)})
    parts = list(itertools.pairwise(edges))
    ways: list[tuple[float, bool]] = []
    for lower, upper in parts if end > begin else parts[::-1]:
        slow = any(first <= lower and upper <= last for first, last in windows)
        if ways and ways[-1][1] == slow:
            ways.pop()
        ways.append((upper if end > begin else lower, slow))
    return [(target, inside if slow else outside) for target, slow in ways]
