"""A film as many independent droplets, each with two states, a barrier and a thermal clock.

Droplet i holds until the hazard that it has suffered (see `hazard`) reaches its clock, which is drawn from the unit
exponential distribution once for each residence in a state: that is thermal activation at the rate
f0 exp(-B_i/(|D| k (T + T0))), exactly. T0 stands for what still reverses a droplet at 0 K. Nothing is stepped: the
moments at which droplets reverse are solved for, once for a stretch of time in which the temperature is constant and
the drive linear, and then read off. Looking costs a search in a sorted list, and changes nothing.

With a propagation drive P_i, a droplet next to one that has reversed already needs no nucleus of its own: while the
film is in a mixed state, droplets reverse at |D| > P_i as well. With P_i below the nucleation drive the first nucleus
takes the film with it (square, binary loops); without it they reverse one by one.

Not in it: interactions, the time that a wall takes to travel, and reversal against the drive.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from instruments.errors import BadValue
from simulators.physics.constants import BOLTZMANN
from simulators.physics.hazard import first_passage, suffered

MEMORY = 10.0
"""s; for how long before the running stretch the state is remembered."""

_NEGLIGIBLE = 1e-18  # hazard that no clock notices: the smallest of 1e4 clocks is near 1e-4, and doubles have 16 digits
_SHORTEST_CLOCK = 1e-200  # what rounding leaves of a clock that has run out stays positive
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
    """

    start: float
    end: float
    temperature: float
    drive: float
    rate: float

    def one_signed(self) -> list[Stretch]:
        """Cut it where the drive passes through zero, so that each part drives one way."""
        if self.drive * self.rate >= 0.0:
            return [self]
        zero = self.start - self.drive / self.rate
        if not self.start < zero < self.end:
            return [self]
        return [replace(self, end=zero), replace(self, start=zero, drive=0.0)]


class Steps:
    """A whole number against time that changes in steps: looked up, and averaged exactly."""

    def __init__(self, start: float, value: int) -> None:
        self._since = start
        self._times: list[float] = []
        self._values = [value]

    def at(self, time: float) -> int:
        """Return the value at a time; a step counts from its own moment on."""
        return self._values[bisect_right(self._times, time)]

    def mean(self, start: float, end: float) -> float:
        """Return the mean from `start` to `end`.

        Raises:
            BadValue: The window begins before what is remembered, or ends before it begins.
        """
        if start < self._since or end < start:
            raise BadValue(
                f"the state from {start} s to {end} s was asked for; it is remembered from {self._since} s on, and a "
                "window ends after it begins"
            )
        times, values = self._times, self._values
        i, j = bisect_right(times, start), bisect_left(times, end)
        if i >= j:
            return float(values[i])
        area = values[i] * (times[i] - start) + values[j] * (end - times[j - 1])
        for k in range(i + 1, j):
            area += values[k] * (times[k] - times[k - 1])
        return area / (end - start)

    def append(self, times: list[float], increment: int) -> None:
        """Add equal steps at times that are in order and later than what there is."""
        value = self._values[-1]
        self._times.extend(times)
        self._values.extend(range(value + increment, value + increment * (len(times) + 1), increment))

    def forget_after(self, time: float) -> None:
        """Drop steps later than a time."""
        self.keep(bisect_right(self._times, time))

    def keep(self, count: int) -> None:
        """Drop all but the first steps."""
        del self._times[count:], self._values[count + 1 :]

    def __len__(self) -> int:
        return len(self._times)

    def forget_before(self, time: float) -> None:
        """Drop steps before a time; nothing before it can be asked for from now on."""
        gone = bisect_left(self._times, time)
        del self._times[:gone], self._values[:gone]
        self._since = max(self._since, time)


class _Plan:
    """When the droplets that a stretch opposes are going to reverse."""

    __slots__ = ("b", "direction", "opposed", "order", "times")

    def __init__(self, direction: int, opposed: NDArray[np.intp], b: NDArray[np.float64]) -> None:
        self.direction = direction
        self.opposed = opposed  # droplets that the drive opposes
        self.b = b  # their B/(k (T + T0)) in J/m3
        self.order: NDArray[np.intp] = np.empty(0, dtype=np.intp)  # which of them reverse, in order of time
        self.times: list[float] = []  # lab s, in the same order


class Hysterons:
    """N droplets and their history.

    Used as `begin(stretch)`, then any number of looks at times within it, then `finish(time)` at its end or at the
    moment at which something unforeseen ends it, then `begin` again.

    Args:
        barriers: B_i, one for each droplet, in J x J/m3: barrier times drive, positive.
        attempt_rate: f0 in 1/s.
        athermal_temperature: T0 in K.
        clocks: Where clocks are drawn from; without it all are 1 for ever, which makes reversal deterministic.
        propagation: P_i in J/m3, or None where walls do not propagate.
        state: +1 or -1, the state of all droplets at the beginning.
        start: Lab time in s of the beginning.

    Raises:
        BadValue: There is no droplet, or a barrier is not positive.
    """

    def __init__(
        self,
        barriers: NDArray[np.float64],
        *,
        attempt_rate: float,
        athermal_temperature: float,
        clocks: np.random.Generator | None,
        propagation: NDArray[np.float64] | None = None,
        state: int = 1,
        start: float = 0.0,
    ) -> None:
        if barriers.size == 0 or not bool(np.all(barriers > 0.0)):
            raise BadValue("droplets need barriers, at least one, and all of them positive")
        self._barriers = np.ascontiguousarray(barriers, dtype=float)
        self._attempts = attempt_rate
        self._athermal = athermal_temperature
        self._source = clocks
        self._propagation = propagation
        self._state = np.full(barriers.size, state, dtype=np.int8)
        self._clock = self._draw(barriers.size)
        self._up = barriers.size if state > 0 else 0
        self._steps = Steps(start, self._up)
        self._stretch: Stretch | None = None
        self._plan: _Plan | None = None
        self._planned = False
        self._known = 0  # steps from before the running stretch

    # ---- looking

    @property
    def count(self) -> int:
        """How many droplets there are."""
        return self._barriers.size

    @property
    def states(self) -> NDArray[np.int8]:
        """A copy of the states (+1 or -1) as they were at the beginning of the running stretch."""
        return self._state.copy()

    def magnetisation(self, time: float) -> float:
        """Mean state, between -1 and 1, at a lab time in s up to the end of the running stretch."""
        self._ensure_plan()
        return 2.0 * self._steps.at(time) / self.count - 1.0

    def mean_magnetisation(self, start: float, end: float) -> float:
        """Return the mean state, averaged exactly over a time (lab s).

        The time may begin up to `MEMORY` before the running stretch and ends within it.

        Raises:
            BadValue: It begins earlier.
        """
        self._ensure_plan()
        return 2.0 * self._steps.mean(start, end) / self.count - 1.0

    # ---- moving

    def begin(self, stretch: Stretch) -> None:
        """Enter a stretch, which drives one way only (see `Stretch.one_signed`)."""
        self._stretch, self._plan, self._planned = stretch, None, False
        self._steps.forget_before(stretch.start - MEMORY)

    def finish(self, time: float) -> None:
        """Leave the running stretch at a lab time in s: what was planned for later does not happen."""
        stretch = self._stretch
        if stretch is None:
            return
        if time > stretch.start:
            self._commit(stretch, self._ensure_plan(), time)
        elif self._planned:
            self._steps.keep(self._known)  # a stretch of no length never was, whether somebody looked or not
        self._stretch = None

    def _draw(self, count: int) -> NDArray[np.float64]:
        return np.ones(count) if self._source is None else self._source.standard_exponential(count)

    def _ensure_plan(self) -> _Plan | None:
        if not self._planned and self._stretch is not None:
            self._planned = True
            self._known = len(self._steps)
            self._plan = self._solve(self._stretch)
            if self._plan is not None:
                self._steps.append(self._plan.times, self._plan.direction)
        return self._plan

    def _solve(self, stretch: Stretch) -> _Plan | None:
        """Find who reverses when; None where the drive opposes nobody."""
        leaning = stretch.drive or stretch.rate
        if leaning == 0.0:
            return None
        direction = 1 if leaning > 0.0 else -1
        if self._up == (self.count if direction > 0 else 0):
            return None
        opposed = np.flatnonzero(self._state == -direction)
        b = self._barriers[opposed] / (BOLTZMANN * (stretch.temperature + self._athermal))
        plan = _Plan(direction, opposed, b)
        times = self._nucleation(stretch, plan)
        if self._propagation is not None:
            times = self._spread(stretch, plan, times)
        due = np.flatnonzero(times <= stretch.end)
        plan.order = due[np.argsort(times[due], kind="stable")]
        plan.times = times[plan.order].tolist()
        return plan

    def _nucleation(self, stretch: Stretch, plan: _Plan) -> NDArray[np.float64]:
        """Lab time in s at which each opposed droplet reverses by itself, infinite where not within the stretch."""
        drive, rate = abs(stretch.drive), stretch.rate * plan.direction
        duration = stretch.end - stretch.start
        highest = drive + rate * duration if rate > 0.0 else drive
        clock = self._clock[plan.opposed]
        times = np.full(plan.b.shape, np.inf)
        if highest <= 0.0:
            return times
        limit = np.log(self._attempts * duration / clock) + _MARGIN
        possible = np.flatnonzero(plan.b <= limit * highest)
        if possible.size:
            delay = first_passage(plan.b[possible], clock[possible], drive, rate, self._attempts)
            times[possible] = stretch.start + delay
        return times

    def _spread(self, stretch: Stretch, plan: _Plan, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Let walls reverse droplets too, from the moment on from which the film is in a mixed state."""
        assert self._propagation is not None
        onset = stretch.start if 0 < self._up < self.count else float(times.min())
        if not onset <= stretch.end:
            return times
        drive, rate = abs(stretch.drive), stretch.rate * plan.direction
        needed = self._propagation[plan.opposed]
        reached = np.where(drive + rate * (onset - stretch.start) > needed, onset, np.inf)
        if rate > 0.0:
            reached = np.maximum(onset, stretch.start + (needed - drive) / rate)
        return np.minimum(times, reached)

    def _commit(self, stretch: Stretch, plan: _Plan | None, time: float) -> None:
        """Make real what happened until a time within the stretch, and charge the others' clocks."""
        if plan is None:
            return
        reversed_ = plan.order[: bisect_right(plan.times, time)]
        self._steps.forget_after(time)
        waiting = np.ones(plan.opposed.size, dtype=bool)
        waiting[reversed_] = False
        self._charge(stretch, plan, np.flatnonzero(waiting), time - stretch.start)
        if reversed_.size:
            droplets = plan.opposed[reversed_]
            self._state[droplets] = plan.direction
            self._clock[droplets] = self._draw(droplets.size)
            self._up += plan.direction * droplets.size

    def _charge(self, stretch: Stretch, plan: _Plan, waiting: NDArray[np.intp], duration: float) -> None:
        """Take from the clocks of droplets that were opposed and held what they have suffered."""
        drive, rate = abs(stretch.drive), stretch.rate * plan.direction
        highest = max(drive, drive + rate * duration)
        limit = math.log(self._attempts * duration / _NEGLIGIBLE)
        touched = waiting[plan.b[waiting] <= limit * highest]
        if touched.size:
            droplets = plan.opposed[touched]
            left = self._clock[droplets] - suffered(plan.b[touched], duration, drive, rate, self._attempts)
            self._clock[droplets] = np.maximum(left, _SHORTEST_CLOCK)
