"""Damage that a sample's currents do to it, from the first to the one that ends it.

Damage is a number from 0 to 1. It grows at a rate that follows from what flows and from the temperature, both constant
from one change to the next: where currents change, where the trajectory's temperature leaves a cell of the grid, and
where the lagging warmth of substrate and chip goes on by a step. So it is a broken line whose corners depend on what
was done and never on who asked when, and the moment at which it reaches 1 is known exactly.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from simulators.environment import Environment
from simulators.physics.heating import SlowWarming
from simulators.physics.hysterons import MEMORY


class Flowing(Protocol):
    """What flows from a lab time in s on."""

    @property
    def time(self) -> float:
        """Lab time in s."""
        ...

    @property
    def slow(self) -> SlowWarming:
        """What substrate and chip do meanwhile."""
        ...


E = TypeVar("E", bound=Flowing)


class Wear(Generic[E]):
    """The damage of one sample.

    Args:
        harms: Returns whether what flows does any damage, at whatever temperature.
        rate: Returns the growth of the damage in 1/s for what flows, at a temperature in K of what is around it: the
            cell of the trajectory with what lags.
        environment: Temperature.
        first: What flows at the beginning; it does no damage.
        start: Lab time in s of that.

    Attributes:
        broken: Lab time in s at which the damage reached 1, infinite while it has not.
        harming: Whether what flows does damage.
    """

    def __init__(
        self, harms: Callable[[E], bool], rate: Callable[[E, float], float], environment: Environment, first: E,
        start: float,
    ) -> None:  # fmt: skip
        self.broken = math.inf
        self._harms = harms
        self._rate_of = rate
        self.harming = False
        self._environment = environment
        self._flowing = first
        self._times = [start]
        self._damages = [0.0]
        self._rates = [0.0]
        self._end = math.inf
        self._revision = environment.revision

    def damage(self, time: float) -> float:
        """Return the damage at a lab time in s, which is now or past."""
        self.reach(time)
        return self._present(time)

    def _present(self, time: float) -> float:
        place = -1 if time >= self._times[-1] else max(bisect_right(self._times, time) - 1, 0)
        return min(self._damages[place] + self._rates[place] * max(time - self._times[place], 0.0), 1.0)

    def reach(self, time: float) -> float:
        """Go on to a lab time in s; return when it broke, infinite where it has not until then."""
        while self.harming:
            if self._environment.revision != self._revision:
                self._look()
            rate = self._rates[-1]
            breaks = self._times[-1] + (1.0 - self._damages[-1]) / rate if rate else math.inf
            if min(breaks, self._end) > time or time <= self._times[-1]:
                break  # what was only tried, at one moment, has flowed for no time
            if breaks <= self._end:
                self.broken = breaks
                self._mark(breaks, 1.0)
                self._rates[-1], self.harming = 0.0, False
                break
            self._mark(self._end, self._damages[-1] + rate * (self._end - self._times[-1]))
            self._look()
        return self.broken if self.broken <= time else math.inf

    def follow(self, entry: E) -> None:
        """Let other currents flow from their time on."""
        self.reach(entry.time)
        self._flowing = entry
        before, self.harming = self.harming, self.broken == math.inf and self._harms(entry)
        if not (before or self.harming) or self.broken < math.inf:
            return
        self._mark(entry.time, self._present(entry.time))
        if self.harming:
            self._look()
        else:
            self._rates[-1] = 0.0

    def strike(self, time: float, damage: float) -> None:
        """Add what happened all at once at a lab time in s, now."""
        self.reach(time)
        if self.broken < math.inf:
            return
        total = self._present(time) + damage
        self._mark(time, min(total, 1.0))
        if total >= 1.0:
            self.broken = time
            self._rates[-1], self.harming = 0.0, False
        elif self.harming:
            self._look()

    def _mark(self, time: float, damage: float) -> None:
        """Put a corner into the broken line."""
        if len(self._times) > 1000 and self._times[500] < time - MEMORY:
            del self._times[:500], self._damages[:500], self._rates[:500]
        if self._times[-1] == time:
            self._damages[-1] = damage
        else:
            self._times.append(time)
            self._damages.append(damage)
            self._rates.append(0.0)

    def _look(self) -> None:
        """Take the rate from the latest corner on, and until when it holds."""
        self._revision = self._environment.revision
        temperature, self._end = self._around(self._times[-1])
        self._rates[-1] = self._rate_of(self._flowing, temperature)

    def _around(self, time: float) -> tuple[float, float]:
        """Temperature in K of what is around the sample at a lab time in s, and until when (s) that is constant."""
        piece = self._environment.piece(time)
        lag, until = self._flowing.slow.step(time)
        return piece.temperature + lag, min(piece.end, until)
