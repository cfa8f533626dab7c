"""How a state holds: its drift over the logarithm of time, and by the second.

What relaxes over many barriers goes with the logarithm of time, a warming sample or a drifting amplifier with time
itself. Both slopes are told, each from its own straight line; a state is stable where its last readings differ from its
first ones by no more than the noise of both.

A layer relaxes grain by grain, and a grain that has reversed stays so: what the state differs from its line by at one
time it keeps until the next. Such steps make a slope much more uncertain than as much noise of the readings would.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

WITHIN = 3.0
"""Standard errors by which the last state may differ from the first one."""
REACH = 10.0
"""Times the observed time, beyond which nothing should be said of a state."""
FEWEST = 3
"""States that a straight line is drawn through."""


@dataclass(frozen=True, slots=True)
class Slope:
    """A slope and its standard uncertainty, both in ohm per decade or per second."""

    value: float
    uncertainty: float


@dataclass(frozen=True)
class Retention:
    """States of one preparation over time.

    Attributes:
        times: s since the pulse that made it, rising.
        hall: Hall resistance, ohm.
        noise: Standard error of each, ohm.
    """

    times: Array
    hall: Array
    noise: float

    @property
    def change(self) -> float:
        """Last state less the first one, ohm."""
        return float(self.hall[-1] - self.hall[0])

    @property
    def change_uncertainty(self) -> float:
        """Standard uncertainty of `change`, ohm."""
        return math.sqrt(2.0) * self.noise

    @property
    def stable(self) -> bool:
        """Whether the last state is the first one, within three standard errors."""
        return abs(self.change) <= WITHIN * self.change_uncertainty

    @property
    def duration(self) -> float:
        """How long it was watched, s."""
        return float(self.times[-1] - self.times[0])

    def per_decade(self) -> Slope | None:
        """Return the slope in ohm per decade of time since the pulse; None of less than three states."""
        return _slope(np.log10(self.times), self.hall, self.noise)

    def per_second(self) -> Slope | None:
        """Return the slope in ohm per second; None of less than three states."""
        return _slope(self.times, self.hall, self.noise)


def _slope(along: Array, hall: Array, noise: float) -> Slope | None:
    """Return the slope of a straight line and its uncertainty.

    That is of readings which scatter independently, by the noise or about the line, or of steps that stay, whichever is
    larger. The slope is sum(c d) over the steps d from reading to reading, with the weights c that a straight line
    gives them. Steps that stay are independent of each other, so that its variance is sum(c^2 d^2) less what the noise
    has in it, d counted from the line; c is largest in the middle.
    """
    if len(along) < FEWEST or float(np.ptp(along)) == 0.0:
        return None
    away = along - along.mean()
    square = float(np.sum(away**2))
    slope = float(np.sum(away * hall)) / square
    rest = hall - hall.mean() - slope * away
    scatter = math.sqrt(float(np.sum(rest**2)) / (len(along) - 2))
    weights = np.cumsum(away[::-1])[::-1][1:] / square
    staying = float(np.sum(weights**2 * (np.diff(rest) ** 2 - 2.0 * noise**2)))
    stepped = math.sqrt(noise**2 / square + max(0.0, staying))
    return Slope(slope, max(scatter / math.sqrt(square), stepped))


def read_times(first: float, last: float, per_decade: int) -> list[float]:
    """Return the times in s at which a state is looked at: so many a decade, both ends among them.

    Args:
        first: s since the pulse, above zero.
        last: s since the pulse; not before the first.
        per_decade: How many in a decade.
    """
    if last <= first:
        return [first]
    count = max(1, math.ceil(per_decade * math.log10(last / first) - 1e-9))
    return [first * (last / first) ** (place / count) for place in range(count + 1)]


def changes_agree(watched: Sequence[Retention], controls: Sequence[Retention]) -> tuple[float, float]:
    """Return by how much more states changed that were read often than those read twice, and its uncertainty, ohm.

    Args:
        watched: Read all the time.
        controls: The same states, read only first and last, in the same order.
    """
    apart = [one.change - other.change for one, other in zip(watched, controls, strict=True)]
    errors = [
        math.hypot(one.change_uncertainty, other.change_uncertainty)
        for one, other in zip(watched, controls, strict=True)
    ]
    return math.fsum(apart) / len(apart), math.hypot(*errors) / len(errors)
