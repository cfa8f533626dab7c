"""The ends of a loop, where it is expected to be saturated, and whether its two branches agree there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from labctl.analysis.branches import Branch, Loop
from labctl.analysis.fits import linear_fit, persistence
from labctl.analysis.readings import FloatArray
from labctl.analysis.result import quantity_text

SIGNIFICANT = 5.0
"""Standard errors by which something must stand out to be believed."""
AGREE = 3.0
"""Standard errors within which two branches agree at an end; what is left of a switch pulls the amplitude by less.

One good loop in a hundred fails so by chance over its wide ends, and passes over narrower ones.
"""
FEWEST = 2
"""Points of one branch at one end that a line needs."""


@dataclass(frozen=True, slots=True)
class End:
    """Readings of one branch at one end of the field."""

    sign: int
    branch: Branch
    rows: np.ndarray[tuple[int], np.dtype[np.intp]]

    @property
    def leaving(self) -> bool:
        """Where the branch begins: it comes from the largest field, and nothing is left to switch."""
        return (self.branch.direction == "down") == (self.sign > 0)

    @property
    def field(self) -> FloatArray:
        """Field of the readings, T."""
        return self.branch.rows.field[self.rows]

    @property
    def hall(self) -> FloatArray:
        """Hall resistance of the readings, ohm."""
        return self.branch.rows.hall[self.rows]

    @property
    def time(self) -> FloatArray:
        """Time of the readings, s."""
        return self.branch.rows.time[self.rows]


def enough(ends: Iterable[End], arriving: int = FEWEST) -> bool:
    """Whether every end has the points that a line needs, those of arriving branches as many as wanted."""
    return all(len(end.rows) >= (FEWEST if end.leaving else arriving) for end in ends)


def inner_fields(loop: Loop, part: float) -> tuple[float, float]:
    """Fields (low, high) at which the outer part of the half span begins, T."""
    low, high = loop.low, loop.high
    reach = part * (high - low) / 2
    return low + reach, high - reach


def ends_of(loop: Loop, leaving: float, arriving: float) -> tuple[End, ...]:
    """Low and high end of the falling, then of the rising branch, each as wide as the branch leaves or arrives."""
    slack = 1e-9 * (loop.high - loop.low)  # set points like 0.8 x 0.5 T are not exact
    ends: list[End] = []
    left, arrived = inner_fields(loop, leaving), inner_fields(loop, arriving)
    for branch in (loop.down, loop.up):
        falling, field = branch.direction == "down", branch.rows.field
        low = (arrived if falling else left)[0]
        high = (left if falling else arrived)[1]
        ends.append(End(-1, branch, np.flatnonzero(field <= low + slack)))
        ends.append(End(+1, branch, np.flatnonzero(field >= high - slack)))
    return tuple(ends)


def closing(loop: Loop, ends: Iterable[End], slope: float, noise: float) -> tuple[float, float]:
    """Hall resistance at the loop's last end less that at its first, at the same field, and its uncertainty, ohm."""
    first, last = loop.in_time
    sign = 1 if first.direction == "down" else -1
    both = tuple(ends)
    start, end = (next(e for e in both if e.sign == sign and e.branch is branch) for branch in (first, last))
    error = noise * float(np.sqrt(wander(both) * (1 / len(start.rows) + 1 / len(end.rows))))
    return float(np.mean(end.hall - slope * end.field) - np.mean(start.hall - slope * start.field)), error


def wander(ends: Iterable[End]) -> float:
    """How much more the means of the ends vary than their point-to-point noise says, told from the leaving branches.

    What has not switched yet makes an arriving branch wander too, and must not excuse itself.
    """
    straight: list[FloatArray] = []
    for end in ends:
        if end.leaving and len(end.rows) > 2:
            design = np.stack([np.ones(len(end.rows)), end.field], axis=1)
            straight.append(linear_fit(design, end.hall).residual)
    return persistence(np.concatenate(straight)) if straight else 1.0


def why_open(ends: tuple[End, ...], residuals: list[FloatArray], sigma: float, agree: float = AGREE) -> str | None:
    """Why the ends of the two branches do not agree; None when they do within so many standard errors."""
    for low_or_high, name in ((0, "lower"), (1, "upper")):
        down, up = low_or_high, 2 + low_or_high
        for test, what in ((_difference, "differ by"), (_change, "come together by")):
            gap, error = test(ends[down], residuals[down], ends[up], residuals[up], sigma)
            if abs(gap) > agree * error:
                by = quantity_text(abs(gap), error, "ohm")
                return f"not saturated: the ends do not agree between the branches, which {what} {by} at the {name} end"
    return None


def _difference(
    down: End, down_residual: FloatArray, up: End, up_residual: FloatArray, sigma: float
) -> tuple[float, float]:
    error = sigma * np.sqrt(1 / len(down.rows) + 1 / len(up.rows))
    return float(np.mean(up_residual) - np.mean(down_residual)), float(error)


def _change(
    down: End, down_residual: FloatArray, up: End, up_residual: FloatArray, sigma: float
) -> tuple[float, float]:
    """Change of the distance between the branches over the end, ohm; zero with an endless error for two points."""
    total, square = 0.0, 0.0
    for sign, end, residual in ((-1, down, down_residual), (1, up, up_residual)):
        field = end.field - np.mean(end.field)
        power = float(field @ field)
        if len(field) < 3 or power == 0:
            return 0.0, float("inf")
        width = float(np.ptp(end.field))
        total += sign * float(field @ residual) / power * width
        square += sigma**2 / power * width**2
    return total, float(np.sqrt(square))
