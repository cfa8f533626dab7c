"""The temperature of a cryostat in time: what the controller ramps, what the block has, what the sample has.

The controller moves an internal set point S(t) along straight lines. The block B, whose thermometer is reported,
follows it with a short lag, the sample X follows the block with a long one:

    dB/dt = (S - B) / tau_c,    dX/dt = (B - X) / tau_s.

The lags depend on temperature; each stretch of the set point is cut where it leaves a narrow range of temperature, so
that they are constants there and both equations have a closed form. After a long ramp at rate r the block lags by
r tau_c behind the set point and the sample by r tau_s behind the block.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from dataclasses import dataclass
from enum import IntEnum

from simulators.environment import GRID_TEMPERATURE
from simulators.machines import ThermalData

LAG_RANGE = 1.05
"""Ratio of the temperatures between which the lags count as constant."""

TAIL = 60.0
"""So many lags after the end of a ramp nothing of it is left in a number of 53 bits."""


class TemperatureState(IntEnum):
    """What the temperature control does, with the codes of the Model 6000's status word."""

    UNKNOWN = 0
    STABLE = 1
    TRACKING = 2
    NEAR = 5
    CHASING = 6
    STANDBY = 10


class TemperatureApproach(IntEnum):
    """How a temperature is approached, with the codes of the TEMP command."""

    FAST_SETTLE = 0
    NO_OVERSHOOT = 1


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A stretch of time in which the set point is straight and the lags are constant.

    With u the time in s since `start`: S = setpoint + rate u, B = S - rate tau_c + block exp(-u/tau_c),
    X = S - rate (tau_c + tau_s) + fast exp(-u/tau_c) + slow exp(-u/tau_s).
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

    def setpoint_at(self, time: float) -> float:
        return self.setpoint + self.rate * (time - self.start)

    def block_at(self, time: float) -> float:
        u = time - self.start
        return self.setpoint + self.rate * (u - self.control_lag) + self.block * math.exp(-u / self.control_lag)

    def sample_after(self, u: float) -> float:
        fast = self.fast * math.exp(-u / self.control_lag)
        slow = self.slow * math.exp(-u / self.sample_lag)
        return self.setpoint + self.rate * (u - self.control_lag - self.sample_lag) + fast + slow

    def slope_after(self, u: float) -> float:
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


class ThermalTrajectory:
    """Set point, block and sample temperature of one cryostat, from its first moment on."""

    def __init__(self, data: ThermalData, start: float, temperature: float) -> None:
        self._data = data
        lag = self.lag(temperature)
        first = _Stretch(start, math.inf, temperature, 0.0, lag * data.control_lag, lag, 0.0, 0.0, 0.0)
        self._stretches = [first]
        self._starts = [start]
        self._cell_starts = [-math.inf]
        self._cells = [cell_of(temperature)]
        self._cells_known = 1  # stretches whose cells are in the list
        self._target = temperature
        self._old_state = TemperatureState.STABLE
        self._dead_until = self._arrival = self._stable_from = start
        self._standby = False
        # where the path that is being laid has got to
        self._now, self._setpoint, self._block, self._sample = start, temperature, temperature, temperature
        self._fresh = False  # whether a command begins here

    def lag(self, temperature: float) -> float:
        """Lag of the sample behind the block in s at a temperature in K."""
        data = self._data
        return min(data.lag_maximum, data.sample_lag * (temperature / data.lag_temperature) ** data.lag_exponent)

    def setpoint(self, time: float) -> float:
        """Internal set point of the ramp in K at a lab time in s."""
        return self._at(time).setpoint_at(max(time, self._starts[0]))

    def block(self, time: float) -> float:
        """Temperature of the block in K at a lab time in s, without the noise of its reading."""
        return self._at(time).block_at(max(time, self._starts[0]))

    def sample(self, time: float) -> float:
        """Temperature of the sample in K at a lab time in s."""
        stretch = self._stretches[-1] if time >= self._starts[-1] else self._at(time)
        if stretch.rate == 0.0 and stretch.fast == 0.0 and stretch.slow == 0.0:
            return stretch.setpoint
        return stretch.sample_after(max(0.0, time - stretch.start))

    def state(self, time: float) -> TemperatureState:
        """State that is shown at a lab time in s, not before the latest command."""
        if time < self._dead_until:
            return self._old_state
        if self._standby:
            return TemperatureState.STANDBY
        if time >= self._stable_from:
            return TemperatureState.STABLE
        ramping = time < self._arrival
        goal = self.setpoint(time) if ramping else self._target
        if abs(self.block(time) - goal) > self.tolerance(goal):
            return TemperatureState.CHASING
        return TemperatureState.TRACKING if ramping else TemperatureState.NEAR

    def tolerance(self, temperature: float) -> float:
        """Half-width in K of the band that counts as near a temperature in K."""
        return max(self._data.tolerance_minimum, self._data.tolerance * temperature)

    @property
    def stable_from(self) -> float:
        """Lab time in s from which on the state is stable."""
        return self._stable_from

    def command(self, time: float, target: float, rate: float, approach: TemperatureApproach) -> None:
        """Go to a temperature from where the set point is; whatever the controller was doing ends here.

        Args:
            time: Lab time in s, not before the latest command.
            target: Temperature in K to go to.
            rate: K/s, above zero; the hardware may be slower.
            approach: How to arrive.
        """
        self._old_state = self.state(time)
        self._standby, self._target = False, target
        here = self.setpoint(time)
        self._cut(time)
        self._dead_until = self._go(self._data.dead_time, here)
        ramp, final = self._path(here, target, rate, approach)
        self._arrival = self._dead_until
        for duration, setpoint in ramp:
            self._arrival = self._go(duration, setpoint)
        end = self._arrival
        for duration, setpoint in final:
            end = self._go(duration, setpoint)
        self._stable_from = self._near_from(end) + self._data.dwell
        self._rest(target)

    def stand_by(self, time: float) -> None:
        """Stop controlling: the set point stays where it is and the temperature with it.

        The slow drift of a cryostat that is left alone is not modelled.
        """
        self._old_state = self.state(time)
        self._target = self.setpoint(time)
        self._cut(time)
        self._dead_until = self._arrival = self._stable_from = self._go(self._data.dead_time, self._target)
        self._standby = True
        self._rest(self._target)

    def cells(self, beyond: float) -> tuple[list[float], list[int]]:
        """Grid cells of the sample's temperature: when (lab s) each is entered, and its number.

        A command enters its cell anew, even when it is the same.

        Args:
            beyond: Lab time in s; the entry that follows it is known too, if one is planned.

        Returns:
            Two lists of the same length that belong to this object; the first time is minus infinity.
        """
        entered, starts = self._cell_starts, self._starts
        while self._cells_known < len(starts) and (starts[self._cells_known] <= beyond or entered[-1] <= beyond):
            self._list_cells(self._cells_known)
            self._cells_known += 1
        return entered, self._cells

    def _at(self, time: float) -> _Stretch:
        return self._stretches[max(0, bisect_right(self._starts, time) - 1)]

    def _list_cells(self, index: int) -> None:
        """Find the cells of a stretch, always of the whole stretch, so that a later command changes no past."""
        stretch = self._stretches[index]
        end = self._starts[index + 1] if index + 1 < len(self._starts) else math.inf
        cell = cell_of(stretch.sample_after(0.0))
        entered = [(stretch.start, cell)] if stretch.commanded or cell != self._cells[-1] else []
        if stretch.length < math.inf:
            entered += stretch.crossings()
        for time, number in entered:
            if time < end:
                self._cell_starts.append(time)
                self._cells.append(number)

    def _cut(self, time: float) -> None:
        """Forget the future; what is past stays, whoever has asked for it or not."""
        index = max(0, bisect_right(self._starts, time) - 1)
        stretch = self._stretches[index]
        block, sample = stretch.block_at(time), stretch.sample_after(time - stretch.start)
        keep = index + 1 if time > stretch.start else max(index, 1)
        del self._stretches[keep:], self._starts[keep:]
        self._cells_known = min(self._cells_known, keep)
        known = max(1, bisect_right(self._cell_starts, math.nextafter(time, -math.inf)))
        del self._cell_starts[known:], self._cells[known:]
        self._now, self._setpoint, self._block, self._sample = time, stretch.setpoint_at(time), block, sample
        self._fresh = True

    def _go(self, duration: float, setpoint: float) -> float:
        """Move the set point in a straight line; return when that ends (lab s)."""
        step = setpoint - self._setpoint
        start, here, begin = self._now, self._setpoint, self._now
        for edge in (*self._edges(here, setpoint), setpoint):
            end = start + duration * ((edge - here) / step if step else 1.0)
            if end > begin:
                self._stretch(end - begin, edge, math.sqrt(max(self._setpoint, 1e-3) * max(edge, 1e-3)))
                begin = self._now = end
        return self._now

    def _edges(self, here: float, there: float) -> list[float]:
        """Temperatures in K on the way at which the lags change."""
        data = self._data
        low, high = min(here, there), max(here, there)
        constant_above = data.lag_temperature * (data.lag_maximum / data.sample_lag) ** (1 / data.lag_exponent)
        high = min(high, constant_above * LAG_RANGE)
        if not 0 < low < high:
            return []
        first, last = (math.log(temperature) / math.log(LAG_RANGE) for temperature in (low, high))
        edges = [LAG_RANGE**number for number in range(math.floor(first) + 1, math.ceil(last))]
        return edges if there > here else edges[::-1]

    def _stretch(self, length: float, setpoint: float, temperature: float) -> None:
        """Append a stretch over which the set point moves to `setpoint` K, with the lags at `temperature` K."""
        rate = (setpoint - self._setpoint) / length if length < math.inf else 0.0
        sample_lag = self.lag(temperature)
        control_lag = sample_lag * self._data.control_lag
        block = self._block - self._setpoint + rate * control_lag
        fast = block * control_lag / (control_lag - sample_lag)
        slow = self._sample - self._setpoint + rate * (control_lag + sample_lag) - fast
        stretch = _Stretch(
            self._now, length, self._setpoint, rate, control_lag, sample_lag, block, fast, slow, self._fresh
        )
        self._fresh = False
        self._stretches.append(stretch)
        self._starts.append(self._now)
        self._setpoint = setpoint
        if length < math.inf:
            self._block = stretch.block_at(self._now + length)
            self._sample = stretch.sample_after(length)

    def _rest(self, setpoint: float) -> None:
        """Relax to the set point, and stay there."""
        self._setpoint = setpoint
        lag = self.lag(setpoint)
        self._stretch(TAIL * lag, setpoint, setpoint)
        self._now += TAIL * lag
        self._block = self._sample = setpoint
        self._stretch(math.inf, setpoint, setpoint)

    def _near_from(self, end: float) -> float:
        """When (lab s) the block is inside the tolerance for good; the set point rests from `end` on."""
        control_lag = self.lag(self._target) * self._data.control_lag
        return end + control_lag * max(0.0, math.log(self._away() / self.tolerance(self._target)))

    def _away(self) -> float:
        return max(abs(self._block - self._target), 1e-300)

    def _path(
        self, here: float, target: float, rate: float, approach: TemperatureApproach
    ) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
        """Straight stretches (duration in s, set point in K at its end): until the target is reached, and after."""
        data = self._data
        ramp: list[tuple[float, float]] = []
        step, place, rate_at_end = target - here, here, rate
        for edge, hardware in self._rates(here, target):
            rate_at_end = min(rate, hardware)
            ramp.append((abs(edge - place) / rate_at_end, edge))
            place = edge
        if not ramp:
            return [], []
        slope = math.copysign(rate_at_end, step)
        control_lag = self.lag(target) * data.control_lag
        if approach is TemperatureApproach.NO_OVERSHOOT:
            return _tapered(ramp, target, slope, min(2 * control_lag, abs(step) / rate_at_end / 2))
        # with this excess of the set point, the block overshoots by the rate times `overshoot_time` after a long ramp
        excess = data.overshoot_time * (target / 2.0) ** data.overshoot_exponent + control_lag * math.log(2)
        excess = min(excess, 0.1 * abs(step) / rate_at_end)
        return ramp, [(excess, target + slope * excess), (excess, target)]

    def _rates(self, here: float, target: float) -> list[tuple[float, float]]:
        """What the hardware manages on the way: (set point in K up to which, rate in K/s)."""
        if target == here:
            return []
        table = self._data.warming_rates if target > here else self._data.cooling_rates
        low, high = min(here, target), max(here, target)
        steps: list[tuple[float, float]] = []
        bottom = 0.0
        for top, rate in table:
            if bottom < high and top > low:
                steps.append((min(top, high) if target > here else max(bottom, low), rate))
            bottom = top
        return steps if target > here else steps[::-1]


def _tapered(
    ramp: list[tuple[float, float]], target: float, slope: float, taper: float
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Replace the end of a ramp by an exponential approach in straight stretches, halving rate and distance.

    Args:
        ramp: (duration in s, set point in K at its end).
        target: K.
        slope: Signed rate at the ramp's end, in K/s.
        taper: Time in s that the ramp would still have taken.
    """
    duration, _ = ramp[-1]
    taper = min(taper, duration)
    distance = slope * taper
    final = [(taper, target - distance / 2**halving) for halving in range(1, 9)]
    return [*ramp[:-1], (duration - taper, target - distance)], [*final, (taper, target)]
