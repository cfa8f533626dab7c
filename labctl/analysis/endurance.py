"""Endurance: the window between both saturated states against the number of cycles that the film has gone through.

A cycle is a pulse of either sign. The window is read at counts that are spaced by their logarithm, 1-2-5 in each
decade. It is less than at the beginning where it has lost more than five standard deviations, which the states scatter
from one time to the next, and more than the warmth that a row of pulses leaves could do; a loss that later windows do
not have was none. It is told between which two counts it came, since no more is known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

FIRST = 10
"""Cycles after which the window is read first."""
SERIES = (1, 2, 5)
"""Counts of a decade."""
NEAR = 1.5
"""Factor by which the last of them stays below the end."""
LOST = 5.0
"""Standard deviations of a loss."""
LEAST = 2e-3
"""Part of the window that is no loss in any case: the chip is warm for some seconds after a row of pulses."""


@dataclass(frozen=True, slots=True)
class Window:
    """The window after a number of cycles.

    Attributes:
        cycles: How many the film has gone through.
        swing: Signed difference of both saturated states, ohm.
        uncertainty: Standard uncertainty of it, ohm.
        resistance: Longitudinal resistance, ohm; NaN where it was not read.
    """

    cycles: int
    swing: float
    uncertainty: float
    resistance: float


@dataclass(frozen=True, slots=True)
class Endurance:
    """The windows of a run.

    Attributes:
        first: Before all cycles.
        windows: Of the counts, rising.
    """

    first: Window
    windows: Sequence[Window]

    def change(self, window: Window) -> tuple[float, float]:
        """Return the change of a window, as part of that of the beginning, with its standard uncertainty."""
        part = window.swing / self.first.swing
        error = math.hypot(window.uncertainty, part * self.first.uncertainty) / abs(self.first.swing)
        return part - 1.0, error

    def is_less(self, window: Window) -> bool:
        """Whether a window has lost something beyond noise."""
        change, error = self.change(window)
        return -change > max(LOST * error, LEAST)

    def loss(self) -> tuple[int, int] | None:
        """Return the last count before a loss that stays, and the first one with it; None where there is none."""
        before, found = 0, None
        for window in self.windows:
            if not self.is_less(window):
                found = None
            elif found is None:
                found = before, window.cycles
            before = window.cycles
        return found


def counts(cycles: int) -> list[int]:
    """Return after how many cycles the window is read, up to the last of them; from `FIRST` on, rising."""
    found: list[int] = []
    decade = FIRST
    while decade * NEAR <= cycles:
        found += [decade * place for place in SERIES if decade * place * NEAR <= cycles]
        decade *= 10
    return [*found, cycles]
