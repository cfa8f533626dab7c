"""A film as many independent droplets, each with two states, a barrier and a thermal clock.

Droplet i holds until the hazard that it has suffered (see `hazard`) reaches its clock, which is drawn from the unit
exponential distribution once for each residence in a state: that is thermal activation at the rate
f0 exp(-B_i/(|D| k (T + T0))), exactly. T0 stands for what still reverses a droplet at 0 K. Nothing is stepped: the
moments at which droplets reverse are solved for, once for a stretch of time in which the temperature is constant and
the drive linear, and then read off. Looking costs a search in a sorted list, and changes nothing.

With a propagation drive P_i, a droplet next to one that has reversed already needs no nucleus of its own: while the
film is in a mixed state, droplets reverse at |D| > P_i as well. With P_i below the nucleation drive the first nucleus
takes the film with it (square, binary loops); without it they reverse one by one.

A drive that alternates too fast to be followed acts by its rates both ways, averaged over a cycle (see `stir`).

Not in it: interactions, the time that a wall takes to travel, and reversal against the drive.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from itertools import accumulate, islice

import numpy as np
from numpy.typing import NDArray

from instruments.errors import BadValue
from simulators.physics.constants import BOLTZMANN
from simulators.physics.ramp import Calm, Ramp, Stretch
from simulators.physics.stir import Alternation, Stir

MEMORY = 10.0
"""s; for how long before the running stretch the state is remembered."""

_AHEAD = 100.0  # s; for how long beyond what was asked for it is seen whether a ramp stays calm
_SHORTEST_CLOCK = 1e-200  # what rounding leaves of a clock that has run out stays positive


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

    def append_each(self, times: list[float], increments: list[int]) -> None:
        """Add steps of +1 or -1 each, at times that are in order and later than what there is."""
        self._times.extend(times)
        self._values.extend(islice(accumulate(increments, initial=self._values[-1]), 1, None))

    def forget_after(self, time: float) -> None:
        """Drop steps later than a time."""
        self.keep(bisect_right(self._times, time))

    def keep(self, count: int) -> None:
        """Drop all but the first steps."""
        del self._times[count:], self._values[count + 1 :]

    def __len__(self) -> int:
        return len(self._times)

    def forget_before(self, time: float) -> None:
        """Drop steps before a time; nothing before it can be asked for from now on.

        They are dropped when half of all is gone: moving what stays for every pulse would cost more than the pulse.
        """
        self._since = max(self._since, time)
        gone = bisect_left(self._times, time)
        if 2 * gone > len(self._times):
            del self._times[:gone], self._values[:gone]


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
        pinned_at: Temperature in K for which that is given; a wall leaves its pinning by heat as a nucleus forms by it,
            so that P_i goes with 1/(T + T0). None where it is the same at all temperatures.
        state: +1 or -1, the state of all droplets at the beginning.
        start: Lab time in s of the beginning.

    Attributes:
        count: How many droplets there are.

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
        pinned_at: float | None = None,
        state: int = 1,
        start: float = 0.0,
    ) -> None:
        if barriers.size == 0 or not bool(np.all(barriers > 0.0)):
            raise BadValue("droplets need barriers, at least one, and all of them positive")
        self._barriers = np.ascontiguousarray(barriers, dtype=float)
        self._weakest = float(self._barriers.min())
        self.count = barriers.size
        self._attempts = attempt_rate
        self._athermal = athermal_temperature
        self._source = clocks
        self._propagation = propagation
        self._freest = math.inf if propagation is None else float(propagation.min())
        self._pinned_at = pinned_at
        self._state = np.full(barriers.size, state, dtype=np.int8)
        self._clock = self._draw(barriers.size)
        self._shortest: float | None = None  # smallest clock; None when clocks have changed since somebody looked
        self._up = barriers.size if state > 0 else 0
        self._steps = Steps(start, self._up)
        self._stretch: Stretch | Alternation | None = None
        self._ramp: Ramp | Calm | Stir | None = None
        self._planned = -math.inf  # lab s up to which it is known what happens in the running stretch
        self._known = 0  # steps from before the running stretch

    # ---- looking

    @property
    def states(self) -> NDArray[np.int8]:
        """A copy of the states (+1 or -1) as they were at the beginning of the running stretch."""
        return self._state.copy()

    def magnetisation(self, time: float) -> float:
        """Mean state, between -1 and 1, at a lab time in s up to the end of the running stretch."""
        if time > self._planned:
            self._plan(time)
        return 2.0 * self._steps.at(time) / self.count - 1.0

    def mean_magnetisation(self, start: float, end: float) -> float:
        """Return the mean state, averaged exactly over a time (lab s).

        The time may begin up to `MEMORY` before the running stretch and ends within it.

        Raises:
            BadValue: It begins earlier.
        """
        if end > self._planned:
            self._plan(end)
        return 2.0 * self._steps.mean(start, end) / self.count - 1.0

    # ---- moving

    def begin(self, stretch: Stretch | Alternation) -> None:
        """Enter a stretch, which drives one way only (see `Stretch.one_signed`), or a fast alternation."""
        if self._ramp is not None and not self._ramp.continued_by(stretch):
            if not isinstance(self._ramp, Calm):
                self._charge(self._ramp)
            self._ramp = None
        self._stretch, self._planned = stretch, -math.inf
        self._steps.forget_before(stretch.start - MEMORY)

    def finish(self, time: float) -> None:
        """Leave the running stretch at a lab time in s: what was planned for later does not happen."""
        stretch = self._stretch
        if stretch is None:
            return
        if time > stretch.start:
            last = min(time, stretch.end)
            if last > self._planned:
                self._plan(last, ends=True)
            self._steps.forget_after(time)
            if isinstance(self._ramp, Calm):
                self._ramp.end = time
            elif self._ramp is not None:
                self._reverse(self._ramp.live(time))
        elif self._planned > -math.inf:
            self._steps.keep(self._known)  # a stretch of no length never was, whether somebody looked or not
        self._stretch = None

    def _draw(self, count: int) -> NDArray[np.float64]:
        return np.ones(count) if self._source is None else self._source.standard_exponential(count)

    def _plan(self, until: float, *, ends: bool = False) -> None:
        """Find what is going to happen in the running stretch, at least until a lab time in s.

        Args:
            until: Lab time in s for which it is asked.
            ends: Whether the stretch ends there, so that what comes later does not matter.
        """
        stretch = self._stretch
        if stretch is None:
            return
        self._known = len(self._steps)
        if (calm := self._calm(stretch)) is not None:
            if self._shortest is None:
                self._shortest = float(self._clock.min())
            for time in (min(stretch.end, until + _AHEAD), until):
                if calm.lasts(time, self._shortest):
                    self._planned = time
                    return
        self._planned = math.inf
        horizon = until if ends else stretch.end
        if isinstance(stretch, Alternation):
            stir = self._ramp if isinstance(self._ramp, Stir) else self._stirred(stretch)
            self._ramp = stir
            self._steps.append_each(*stir.due(horizon))
            return
        ramp = self._ramp if isinstance(self._ramp, Ramp) else self._oppose(stretch)
        self._ramp = ramp
        if ramp is not None:
            self._steps.append(ramp.due(horizon), ramp.direction)

    def _calm(self, stretch: Stretch | Alternation) -> Calm | None:
        """Return the ramp that nobody has noticed so far, begun with this stretch where none runs; None for others."""
        calm = self._ramp
        if calm is None and isinstance(stretch, Stretch) and self._opposes(stretch.direction):
            walls = 0 < self._up < self.count
            calm = self._ramp = Calm(
                stretch,
                (self._weakest - stretch.softening) / (BOLTZMANN * (stretch.temperature + self._athermal)),
                self._attempts,
                self._freest * self._loosened(stretch.temperature) if walls else math.inf,
            )
        return calm if isinstance(calm, Calm) else None

    def _opposes(self, direction: int) -> bool:
        """Whether a drive in this direction opposes anybody."""
        return direction != 0 and self._up != (self.count if direction > 0 else 0)

    def _stirred(self, alternation: Alternation) -> Stir:
        """Begin a fast alternation, in which every droplet may reverse."""
        return Stir(
            alternation, self._state, self._barriers - alternation.softening, self._clock,
            self._attempts, (BOLTZMANN, self._athermal), self._propagation, self._loosened,
        )  # fmt: skip

    def _oppose(self, stretch: Stretch) -> Ramp | None:
        """Begin a ramp with the droplets that it opposes, with the calm before it; None where it opposes nobody."""
        calm = self._ramp if isinstance(self._ramp, Calm) else None
        first = stretch if calm is None else calm.first
        direction = first.direction
        if not self._opposes(direction):
            return None
        opposed = np.flatnonzero(self._state == -direction)
        ramp = Ramp(
            first,
            opposed,
            (self._barriers[opposed] - first.softening) / (BOLTZMANN * (first.temperature + self._athermal)),
            self._clock[opposed],
            self._attempts,
            None if self._propagation is None else self._propagation[opposed] * self._loosened(first.temperature),
            mixed=0 < self._up < self.count,
        )
        if calm is not None:
            ramp.end = calm.end
        return ramp

    def _loosened(self, temperature: float) -> float:
        """Return the propagation drive at a temperature in K over the one that was given."""
        given = self._pinned_at
        return 1.0 if given is None else (given + self._athermal) / (temperature + self._athermal)

    def _reverse(self, droplets: NDArray[np.intp]) -> None:
        if droplets.size:
            states = -self._state[droplets]
            self._state[droplets] = states
            self._clock[droplets] = self._draw(droplets.size)
            self._shortest = None
            self._up += int(states.sum(dtype=int))

    def _charge(self, ramp: Ramp | Stir) -> None:
        """Take from the clocks of droplets that were opposed and held what they have suffered."""
        droplets, hazard = ramp.suffered()
        self._clock[droplets] = np.maximum(self._clock[droplets] - hazard, _SHORTEST_CLOCK)
        self._shortest = None
