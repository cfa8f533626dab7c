"""How warm a film is at the end of a current pulse, from its resistance then against the square of the current."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labctl.analysis.heating import straight

FLOOR = 1e-7
"""Part of the resistance that a mean is never better known than: what a noise-free station would make of it is none."""


@dataclass(frozen=True, slots=True)
class Warmth:
    """Resistance R = R0 + s I^2 at the end of pulses, and the temperature that follows.

    Attributes:
        coefficient: s / (R0 alpha) in K/A2: how much a pulse warms.
        uncertainty: Its standard uncertainty; that of alpha is not in it.
        zero: R0 in ohm, extrapolated.
        largest: Largest current in A that was read.
        currents: A, rising.
        resistances: Mean at each, ohm.
        sigmas: Standard uncertainty of each, ohm.
    """

    coefficient: float
    uncertainty: float
    zero: float
    largest: float
    currents: tuple[float, ...]
    resistances: tuple[float, ...]
    sigmas: tuple[float, ...]

    def rise(self, current: float) -> tuple[float, float]:
        """Return by how many K a current in A warms, and the standard uncertainty of that."""
        return self.coefficient * current**2, self.uncertainty * current**2


def warmth(currents: Sequence[float], resistances: Sequence[float], alpha: float) -> Warmth | str:
    """Tell the heat from readings at the end of pulses.

    Either sign of a height counts the same, so that what is odd in the current (an error of its zero, a thermal
    voltage) cancels: the readings of both signs are averaged before those of a sign.

    Args:
        currents: Of each pulse, A, with its sign.
        resistances: At its end, ohm; NaN where none was read.
        alpha: Temperature coefficient of the resistance at the bath's temperature, 1/K.

    Returns:
        What came out; a sentence where it cannot be told.
    """
    height, sign = np.abs(np.array(currents)), np.sign(np.array(currents))
    read = np.array(resistances, dtype=float)
    kept: list[tuple[float, float, float]] = []
    for current in sorted(set(height.tolist())):
        sides = [read[(height == current) & (sign == side) & np.isfinite(read)] for side in (1, -1)]
        if min(map(len, sides)) >= 2:
            mean = float(np.mean([side.mean() for side in sides]))
            spread = math.hypot(*(float(side.std(ddof=1)) / math.sqrt(len(side)) for side in sides)) / 2.0
            kept.append((float(current), mean, max(spread, FLOOR * abs(mean))))
    if len(kept) < 3:
        return "fewer than three heights were read twice with either sign during a pulse"
    heights, means, sigmas = (tuple(column) for column in zip(*kept, strict=True))
    line = straight(heights, means, sigmas)
    if isinstance(line, str):
        return line
    scale = line.zero[0] * alpha
    left = [mean - line.at(each)[0] for each, mean in zip(heights, means, strict=True)]
    square = sum((off / sigma) ** 2 for off, sigma in zip(left, sigmas, strict=True)) / (len(kept) - 2)
    error = abs(line.slope[1] / scale) * math.sqrt(max(1.0, square))
    return Warmth(line.slope[0] / scale, error, line.zero[0], max(heights), heights, means, sigmas)
