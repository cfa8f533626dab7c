"""The droplets that one steady ramp of the drive opposes: when each is going to reverse, and what the others suffer.

A ramp is a time in which the temperature is constant and the drive linear, however many stretches it is taken in. It
is solved from its first moment, so that neither cutting it nor looking at it changes anything, and as far ahead as was
asked for; whoever goes on asking in small steps finds it solved ahead.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulators.physics.hazard import first_passage, suffered

_SAME = 1e-9  # relative difference below which two ramps are one
_NEGLIGIBLE = 1e-18  # hazard that no clock notices: the smallest of 1e4 clocks is near 1e-4, and doubles have 16 digits
_MARGIN = 1e-6  # by which the quick test for droplets that cannot reverse errs on the safe side


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which the temperature is constant and the drive linear.

    Attributes:
        start: Lab time in s.
        end: Lab time in s; may be infinite.
        temperature: K.
        drive: Signed energy density D in J/m3 at `start`; D > 0 favours the state +1.
        rate: dD/dt in J/m3/s.
        softening: By how much all barriers are lower than without a field in the film plane, in J x J/m3.
    """

    start: float
    end: float
    temperature: float
    drive: float
    rate: float
    softening: float = 0.0

    @property
    def direction(self) -> int:
        """State that the drive favours, +1 or -1; 0 where there is no drive."""
        leaning = self.drive or self.rate
        return 0 if leaning == 0.0 else 1 if leaning > 0.0 else -1

    def one_signed(self) -> list[Stretch]:
        """Cut it where the drive passes through zero, so that each part drives one way."""
        if self.drive * self.rate >= 0.0:
            return [self]
        zero = self.start - self.drive / self.rate
        if not self.start < zero < self.end:
            return [self]
        return [replace(self, end=zero), replace(self, start=zero, drive=0.0)]


class Line:
    """Stretches one behind the other, all on the line of the first.

    Args:
        stretch: The first.

    Attributes:
        first: The first.
        direction: State that it favours, +1 or -1.
        end: Lab time in s up to which it was lived through.
    """

    def __init__(self, stretch: Stretch) -> None:
        self.first = stretch
        self.direction = stretch.direction
        self.end = stretch.start
        self._drive, self._rate = abs(stretch.drive), stretch.rate * self.direction

    def continued_by(self, stretch: object) -> bool:
        """Whether a stretch goes on where this line ended."""
        first = self.first
        if not isinstance(stretch, Stretch) or stretch.start != self.end:
            return False
        if stretch.temperature != first.temperature or stretch.softening != first.softening:
            return False
        reached = first.drive + first.rate * (stretch.start - first.start)
        return (
            stretch.direction == self.direction
            and abs(stretch.rate - first.rate) <= _SAME * abs(first.rate)
            and abs(stretch.drive - reached) <= _SAME * max(self._drive, abs(reached))
        )

    def highest(self, duration: float) -> float:
        """Return the largest drive in J/m3, without its sign, in so many s from the beginning on."""
        return max(self._drive, self._drive + self._rate * duration) if self._rate > 0.0 else self._drive


class Calm(Line):
    """A ramp too weak for any droplet to notice it, so that none of them is looked at.

    It stands for a `Ramp` that reverses nobody and takes nothing from anybody's clock, for as long as `lasts` says so;
    whoever goes on for longer makes a `Ramp` of the same first stretch.

    Args:
        stretch: The first stretch.
        weakest: Smallest B/(k (T + T0)) of all droplets in J/m3.
        attempts: Attempt rate f0 in 1/s.
        freest: Drive in J/m3 at which a wall takes the first droplet with it; infinite where there is no wall.
    """

    def __init__(self, stretch: Stretch, weakest: float, attempts: float, freest: float) -> None:
        super().__init__(stretch)
        self._weakest, self._attempts, self._freest = weakest, attempts, freest

    def lasts(self, until: float, shortest: float) -> bool:
        """Whether nobody notices anything until a lab time in s.

        Args:
            until: Not before the beginning.
            shortest: Smallest clock of all droplets; one below what counts as no hazard could run out unseen.
        """
        duration = until - self.first.start
        highest = self.highest(duration)
        if highest >= self._freest or shortest < _NEGLIGIBLE or duration == math.inf:
            return False
        limit = math.log(self._attempts * duration / _NEGLIGIBLE) + _MARGIN if duration > 0.0 else 0.0
        return limit * highest < self._weakest


class Ramp(Line):
    """What a ramp does to the droplets that it opposes.

    Args:
        stretch: Its first stretch.
        opposed: Which droplets it opposes.
        b: Their B/(k (T + T0)) in J/m3.
        clocks: The hazard that each of them has still to suffer.
        attempts: Attempt rate f0 in 1/s.
        propagation: Their P_i in J/m3, or None where walls do not propagate.
        mixed: Whether the film is in a mixed state at the beginning, so that there are walls.
    """

    def __init__(
        self, stretch: Stretch, opposed: NDArray[np.intp], b: NDArray[np.float64], clocks: NDArray[np.float64],
        attempts: float, propagation: NDArray[np.float64] | None, *, mixed: bool,
    ) -> None:  # fmt: skip
        super().__init__(stretch)
        self._opposed, self._b, self._clocks = opposed, b, clocks
        self._attempts = attempts
        self._propagation = propagation
        self._walls = stretch.start if mixed else math.inf  # lab s from which on there are walls
        self._horizon = -math.inf
        self._order: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        self._times: list[float] = []
        self._taken = 0
        self._reversed = np.zeros(opposed.size, dtype=bool)

    def due(self, until: float) -> list[float]:
        """Return the lab times in s, in order, at which droplets reverse that have not yet, up to a time."""
        if until > self._horizon:
            start = self.first.start
            self._solve(max(until, start + 2.0 * (self.end - start)))
        return self._times[self._taken : bisect_right(self._times, until)]

    def live(self, until: float) -> NDArray[np.intp]:
        """Go on to a lab time in s up to which `due` was asked; return who reversed, in order of time."""
        last = bisect_right(self._times, until)
        gone = self._order[self._taken : last]
        self._taken = last
        self._reversed[gone] = True
        self.end = until
        return self._opposed[gone]

    def suffered(self) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the droplets that held until the ramp's end, but for those that noticed nothing, and their hazard."""
        duration = self.end - self.first.start
        if duration <= 0.0:
            return np.empty(0, dtype=np.intp), np.empty(0)
        highest = max(self._drive, self._drive + self._rate * duration)
        limit = math.log(self._attempts * duration / _NEGLIGIBLE)
        touched = np.flatnonzero((self._b <= limit * highest) & ~self._reversed)
        hazard = suffered(self._b[touched], duration, self._drive, self._rate, self._attempts)
        return self._opposed[touched], hazard

    def _solve(self, horizon: float) -> None:
        """Find who reverses when, up to a lab time in s, of those that have not reversed yet."""
        self._horizon = horizon
        times = self._nucleation(horizon)
        times[self._reversed] = np.inf
        if self._propagation is not None:
            self._spread(times, self._propagation)
        due = np.flatnonzero(times <= horizon)
        self._order = due[np.argsort(times[due], kind="stable")]
        self._times = times[self._order].tolist()
        self._taken = 0

    def _nucleation(self, horizon: float) -> NDArray[np.float64]:
        """Lab time in s at which each droplet reverses by itself, infinite where not up to the horizon."""
        duration = horizon - self.first.start
        highest = self._drive + self._rate * duration if self._rate > 0.0 else self._drive
        times = np.full(self._b.shape, np.inf)
        if highest <= 0.0 or duration <= 0.0:
            return times
        limit = np.log(self._attempts * duration / self._clocks) + _MARGIN
        possible = np.flatnonzero(self._b <= limit * highest)
        if possible.size:
            b, clocks = self._b[possible], self._clocks[possible]
            delay = first_passage(b, clocks, self._drive, self._rate, self._attempts)
            times[possible] = self.first.start + delay
        return times

    def _spread(self, times: NDArray[np.float64], needed: NDArray[np.float64]) -> None:
        """Let walls reverse droplets too, from the moment on from which the film is in a mixed state."""
        self._walls = min(self._walls, float(times.min()))
        onset = self._walls
        if onset == math.inf or onset > self._horizon:
            return
        start, drive, rate = self.first.start, self._drive, self._rate
        reached = np.where(drive + rate * (onset - start) > needed, onset, np.inf)
        if rate > 0.0:
            reached = np.maximum(onset, start + (needed - drive) / rate)
        reached[self._reversed] = np.inf
        np.minimum(times, reached, out=times)
