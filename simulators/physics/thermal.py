"""The temperature of a cryostat in time: what the controller ramps, what the block has, what the sample has.

The controller moves an internal set point S(t) along straight lines. The block B, whose thermometer is reported,
follows it with a short lag, the sample X follows the block with a long one:

    dB/dt = (S - B) / tau_c,    dX/dt = (B - X) / tau_s.

The lags depend on temperature; each stretch of the set point is cut where it leaves a narrow range of temperature, so
that they are constants there and both equations have a closed form. After a long ramp at rate r the block lags by
r tau_c behind the set point and the sample by r tau_s behind the block.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from enum import IntEnum

from simulators.machine_parts import PotData
from simulators.machines import ThermalData
from simulators.physics.thermal_path import Journey, Leg
from simulators.physics.thermal_stretch import Stretch, cell_of

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
    POT_OPERATION = 7
    STANDBY = 10
    DISABLED = 13
    IMPEDANCE = 14
    FAILURE = 15


class TemperatureApproach(IntEnum):
    """How a temperature is approached, with the codes of the TEMP command."""

    FAST_SETTLE = 0
    NO_OVERSHOOT = 1


BACK = 600.0
"""s in which a block that nobody controls gets back to where it was before something warmed it. Assumed."""


class ThermalTrajectory:
    """Set point, block and sample temperature of one cryostat, from its first moment on.

    Args:
        data: The temperature control.
        start: Lab time in s.
        temperature: In K, of everything.
        pot: What has to be waited for on the way down.
    """

    def __init__(self, data: ThermalData, start: float, temperature: float, pot: PotData | None = None) -> None:
        self._data = data
        self._pot = pot or PotData()
        self._filling = (-math.inf, -math.inf)  # lab s between which the pot fills
        self._decoupling = self._slowness = self._sluggishness = 1.0
        self._fault: TemperatureState | None = None
        lag = self.lag(temperature)
        first = Stretch(start, math.inf, temperature, 0.0, lag * data.control_lag, lag, 0.0, 0.0, 0.0)
        self._stretches = [first]
        self._starts = [start]
        self._cell_starts = [-math.inf]
        self._cells = [cell_of(temperature)]
        self._cells_known = 1  # stretches whose cells are in the list
        self._target = temperature
        self._order = (data.rate_maximum, TemperatureApproach.FAST_SETTLE)
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
        if stretch.rests:
            return stretch.setpoint
        return stretch.sample_after(max(0.0, time - stretch.start))

    def state(self, time: float) -> TemperatureState:
        """State that is shown at a lab time in s, not before the latest command."""
        if self._fault is not None:
            return self._fault
        if time < self._dead_until:
            return self._old_state
        if self._standby:
            return TemperatureState.STANDBY
        return TemperatureState.STABLE if time >= self._stable_from else self._controlling(time)

    def _controlling(self, time: float) -> TemperatureState:
        """State of a control that has not arrived for good."""
        if self._filling[0] <= time < self._filling[1]:
            return TemperatureState.POT_OPERATION
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
        self._standby, self._order = False, (rate, approach)
        here = self.setpoint(time)
        left = self._filling[1] - time - self._data.dead_time
        self._cut(time)
        self._dead_until = self._go(self._data.dead_time, here)
        self._lay(here, target, left)

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

    # what goes wrong

    @property
    def broken(self) -> bool:
        """Whether it has failed, and nobody has mended it."""
        return self._fault is not None

    @property
    def decoupling(self) -> float:
        """How many times longer than in gas the sample lags."""
        return self._decoupling

    def fail(self, time: float, state: TemperatureState) -> None:
        """Lose control: from now on this state is shown, and the set point stays where it is."""
        self.stand_by(time)
        self._fault = state

    def mend(self, time: float) -> None:
        """Be in order again: standing by after a failure, as quick as it should be."""
        self._slowness = self._sluggishness = 1.0
        if self._fault is not None:
            self._fault = None
            self._dead_until = time

    def hinder(self, slowness: float, sluggishness: float) -> None:
        """Have the next commands ramp at a fraction of their rate, and dwell so many times longer."""
        self._slowness, self._sluggishness = slowness, sluggishness

    def disturb(self, time: float, rise: float, duration: float) -> None:
        """Warm the block by `rise` K in `duration` s; the controller brings it back."""
        here, target = self.setpoint(time), self._target
        left = self._filling[1] - time - duration
        self._cut(time)
        self._go(duration, here + rise)
        if self._standby:
            self._go(BACK, target)
            self._rest(target)
            return
        self._dead_until = time
        self._lay(here + rise, target, left)

    def decouple(self, time: float, factor: float) -> None:
        """Let the sample lag `factor` times longer behind the block from now on; the set point goes on as it was."""
        legs: list[Leg] = []
        for stretch in self._stretches[:-2]:
            end = stretch.start + stretch.length
            if end > time:
                legs.append((end - max(time, stretch.start), stretch.setpoint_at(end)))
        rest = self._stretches[-1].setpoint
        self._cut(time)
        self._decoupling = factor
        for duration, setpoint in legs:
            self._go(duration, setpoint)
        self._rest(rest)

    def follow(self, time: float, legs: Sequence[Leg]) -> None:
        """Move a block that has arrived a little: its thermometer is wrong in another way than before.

        A block that is on its way, or that nobody controls, goes on as it was.
        """
        if time < self._arrival or self._standby:
            return
        self._cut(time)
        for duration, setpoint in legs:
            self._go(duration, setpoint)
        self._target = legs[-1][1]
        self._rest(self._target)

    def _lay(self, here: float, target: float, left: float) -> None:
        """Plan the way to a target in K as it was ordered, from the end of what is planned.

        Args:
            here: Set point in K at which it begins.
            target: K.
            left: Time in s for which the pot has still to fill, if the way begins there.
        """
        rate, approach = self._order
        self._target = target
        self._arrival = self._now
        here = self._fill(here, target, rate, left)
        journey = Journey(self._data, here, target, rate, self._slowness)
        control_lag = self.lag(target) * self._data.control_lag
        ramp, final = journey.legs(control_lag, gently=approach is TemperatureApproach.NO_OVERSHOOT)
        for duration, setpoint in ramp:
            self._arrival = self._go(duration, setpoint)
        end = self._arrival
        for duration, setpoint in final:
            end = self._go(duration, setpoint)
        self._stable_from = self._near_from(end) + self._data.dwell * self._sluggishness
        self._rest(target)

    def _fill(self, here: float, target: float, rate: float, left: float) -> float:
        """Go down to where the pot has to fill first, if the way leads there; return where it goes on (K)."""
        pot, self._filling = self._pot, (-math.inf, -math.inf)
        if pot.temperature is None or not target < pot.temperature <= here:
            return here
        wait = left if here == pot.temperature else (here - pot.temperature) * pot.time_per_kelvin
        wait = min(wait, pot.time_maximum)
        if wait <= 0.0:
            return here
        for duration, setpoint in Journey(self._data, here, pot.temperature, rate, self._slowness).ramp()[0]:
            self._go(duration, setpoint)
        begin = self._now
        self._arrival = self._go(wait, pot.temperature)
        self._filling = (begin, self._arrival)
        return pot.temperature

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

    def _at(self, time: float) -> Stretch:
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
        control_lag = self.lag(temperature) * self._data.control_lag
        sample_lag = self.lag(temperature) * self._decoupling
        block = self._block - self._setpoint + rate * control_lag
        fast = block * control_lag / (control_lag - sample_lag)
        slow = self._sample - self._setpoint + rate * (control_lag + sample_lag) - fast
        stretch = Stretch(
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
        lag = self.lag(setpoint) * self._decoupling
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
