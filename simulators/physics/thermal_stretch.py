"""A stretch of a cryostat's temperature in closed form, and where it crosses the lines of the temperature grid.

The set point S is straight, block B and sample X follow it with constant lags:

    dB/dt = (S - B) / tau_c,    dX/dt = (B - X) / tau_s.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

from simulators.environment import GRID_TEMPERATURE


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time in which the set point is straight and the lags are constant.

    With u the time in s since `start`: S = setpoint + rate u, B = S - rate tau_c + block exp(-u/tau_c),
    X = S - rate (tau_c + tau_s) + fast exp(-u/tau_c) + slow exp(-u/tau_s).

    Attributes:
        rests: Whether the sample's temperature is the set point all the time.
    """

    start: float
    length: float
    setpoint: float
    rate: float
    control_lag: float
    sample_lag: float
    block: float
    fast: float
    slow: float
    commanded: bool = False  # whether it begins with a command
    rests: bool = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rests", self.rate == 0.0 and self.fast == 0.0 and self.slow == 0.0)

    def setpoint_at(self, time: float) -> float:
        """Set point in K at a lab time in s."""
        return self.setpoint + self.rate * (time - self.start)

    def block_at(self, time: float) -> float:
        """Temperature of the block in K at a lab time in s."""
        u = time - self.start
        return self.setpoint + self.rate * (u - self.control_lag) + self.block * math.exp(-u / self.control_lag)

    def sample_after(self, u: float) -> float:
        """Temperature of the sample in K, u s after the start."""
        fast = self.fast * math.exp(-u / self.control_lag)
        slow = self.slow * math.exp(-u / self.sample_lag)
        return self.setpoint + self.rate * (u - self.control_lag - self.sample_lag) + fast + slow

    def slope_after(self, u: float) -> float:
        """Rate of the sample's temperature in K/s, u s after the start."""
        fast = self.fast / self.control_lag * math.exp(-u / self.control_lag)
        return self.rate - fast - self.slow / self.sample_lag * math.exp(-u / self.sample_lag)

    def turns(self) -> list[float]:
        """Where (u in s) the sample's temperature turns round, in order; there are two such places at most.

        Its slope has one extremum, where the curvature vanishes, and is monotone on either side of it.
        """
        bend = math.inf
        ratio = -self.fast * self.sample_lag**2 / (self.slow * self.control_lag**2) if self.slow else 0.0
        if ratio > 0:
            bend = math.log(ratio) / (1 / self.control_lag - 1 / self.sample_lag)
        places = [0.0, bend, self.length] if 0 < bend < self.length else [0.0, self.length]
        slopes = [self.slope_after(place) for place in places]
        return [
            self._turn(places[side], places[side + 1])
            for side in range(len(places) - 1)
            if slopes[side] * slopes[side + 1] < 0
        ]

    def _turn(self, low: float, high: float) -> float:
        sign = self.slope_after(low)
        for _ in range(60):
            middle = (low + high) / 2
            if self.slope_after(middle) * sign > 0:
                low = middle
            else:
                high = middle
        return (low + high) / 2

    def crossing(self, line: float, low: float, high: float) -> float:
        """Where (u in s) the sample passes a temperature in K between two places where it lies on either side.

        Newton's method, kept inside the bracket by halving it.
        """
        rising = self.sample_after(high) > self.sample_after(low)
        u = low
        for _ in range(100):
            excess, slope = self.sample_after(u) - line, self.slope_after(u)
            if (excess > 0) == rising:
                high = u
            else:
                low = u
            guess = u - excess / slope if slope else low
            if not low < guess < high:
                guess = (low + high) / 2
            if abs(guess - u) < 1e-9:
                return guess
            u = guess
        return u

    def crossings(self) -> list[tuple[float, int]]:
        """All (lab time in s, number of the cell entered) along this stretch."""
        found: list[tuple[float, int]] = []
        places = [0.0, *self.turns(), self.length]
        cell = cell_of(self.sample_after(0.0))
        for low, high in itertools.pairwise(places):
            last = cell_of(self.sample_after(high))
            step = 1 if last > cell else -1
            u = low
            while cell != last:
                u = self.crossing((cell + 0.5 * step) * GRID_TEMPERATURE, u, high)
                cell += step
                found.append((self.start + u, cell))
        return found


def cell_of(temperature: float) -> int:
    """Number of the grid cell that a temperature in K lies in; cell n reaches half a cell to either side of n cells."""
    return math.floor(temperature / GRID_TEMPERATURE + 0.5)
