"""Delta and Differential Conductance of a 6221 as they run: levels, triggers, samples that come back, readings.

Levels and conversions follow each other hand in hand over the Trigger Link: the source has settled and triggers the
meter, the meter is done and the source goes on. The samples come in over RS-232 meanwhile, one behind.

Source: 6220/6221 reference manual, chapters on Delta and Differential Conductance and appendix I.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import deque
from typing import NamedTuple

from simulators.devices.source_arithmetic import (
    OVERFLOW,
    ReadingFilter,
    Sample,
    average_voltage,
    conductance_level,
    delta_voltage,
    in_unit,
)  # fmt: skip
from simulators.devices.source_measuring import MeasuringSource
from simulators.timeline import Event

MOST_OUTSTANDING = 8
"""Samples that may be on their way over RS-232; with more of them the source waits (assumed)."""


class Averaging(NamedTuple):
    """How SENSe:AVERage is set, as a run takes it.

    Attributes:
        size: Readings in the stack; 1 where the filter is off.
        window: Half width in V; inf for none.
        moving: Whether the stack slides on.
    """

    size: int = 1
    window: float = math.inf
    moving: bool = False

    def needed(self, readings: float) -> float:
        """Return how many unfiltered readings it takes for so many filtered ones, if none falls out of the window."""
        return readings + self.size if self.moving else readings * self.size


class MeasuringRun(ABC):
    """What every measurement does: samples are awaited, readings made of them, filtered, counted.

    Args:
        device: The source.
        index: Index of the range of the source.
        readings: How many readings are wanted; inf for no end.
        averaging: The filter.
        abort: Whether it ends when the source is in compliance.
    """

    name: str
    kind: str

    def __init__(
        self, device: MeasuringSource, index: int, readings: float, averaging: Averaging, *, abort: bool
    ) -> None:
        self._device = device
        self._index = index
        self._compliance: float | None = None
        self._readings = readings
        self._averaging = averaging
        self._abort = abort
        self._filter: ReadingFilter | None = None
        self._event: Event | None = None
        self._running = False
        self._given = 0
        self._outstanding: deque[tuple[float, bool]] = deque()
        self._waiting = False
        self._asked = False
        self._heard = 0.0
        self._watch: Event | None = None
        self._ready = 0.0
        self._unit, self._power = "V", "AVER"
        self.level = 0.0

    @property
    def readings(self) -> float:
        """How many readings it gives."""
        return self._readings

    def begin(self) -> None:
        """Run from now on; see `Program.begin`."""
        size, window, moving = self._averaging
        self._filter = ReadingFilter(size, window, moving=moving) if size > 1 else None
        self._running, self._given = True, 0
        self._waiting = self._asked = False
        self._outstanding.clear()
        self._unit, self._power = str(self._device.value("UNIT")), str(self._device.value("UNIT:POW"))
        self._ready = self._device.test_begins(self)
        self._first()

    def stop(self) -> None:
        """Stop; see `Program.stop`."""
        if self._running:
            self._end()
            self._device.test_stopped()

    def running(self) -> bool:
        """Whether it has begun and not ended."""
        return self._running

    def ends_at(self) -> float | None:
        """Nobody knows: the meter sets the pace."""
        return None

    def _end(self) -> None:
        self._running = False
        for event in (self._event, self._watch):
            if event is not None:
                event.cancel()
        self._event = self._watch = None

    def _put(self, level: float) -> None:
        """Go to a level in A."""
        self.level = self._device.source(level, self._index, self._compliance)

    def _trigger(self) -> None:
        """The source has settled: have the meter convert."""
        self._event = None
        self._asked = True
        device = self._device
        self._heard = device.timeline.now
        if self._watch is None and device.sample_patience < math.inf:
            self._watch = device.timeline.schedule(self._heard + device.sample_patience, self._look)
        device.trigger_meter()

    def _look(self) -> None:
        """See whether the sample that was asked for is overdue; nobody looks again before the next trigger."""
        self._watch = None
        if not self._asked and not self._outstanding:
            return
        timeline = self._device.timeline
        due = self._heard + self._device.sample_patience
        if timeline.now < due:
            self._watch = timeline.schedule(due, self._look)
        else:
            self._device.samples_missing()

    # ---- samples

    @abstractmethod
    def _first(self) -> None:
        """Begin with the first level."""

    @abstractmethod
    def _go_on(self) -> None:
        """A conversion is done, and there is room for its sample."""

    @abstractmethod
    def _take(self, volts: float, time: float, clamped: bool) -> None:
        """Deal with a sample: its voltage, when its conversion was done, whether the source was in compliance."""

    @abstractmethod
    def sample_done(self) -> None:
        """The meter is done with a conversion; see `MeasuringProgram`."""

    def _done(self, clamped: bool) -> None:
        """A conversion is done; its sample is on its way."""
        self._outstanding.append((self._device.timeline.now, clamped))
        if clamped and self._abort:
            self._device.abort()
        elif len(self._outstanding) > MOST_OUTSTANDING:
            self._waiting = True
            self._device.samples_missing()
        else:
            self._go_on()

    def sample_came(self, text: str) -> None:
        """The meter has sent a sample; see `MeasuringProgram`."""
        if not self._outstanding:
            return
        time, clamped = self._outstanding.popleft()
        self._heard = self._device.timeline.now
        try:
            volts = float(text)
        except ValueError:
            volts = OVERFLOW
            self._device.samples_missing()
        self._take(volts, time, clamped)
        if self._waiting and self._running:
            self._waiting = False
            self._go_on()

    def _give(self, sample: Sample, time: float, current: float, duty: float, clamped: bool) -> bool:
        """Deal with a reading before the filter; return whether it was the last one.

        Args:
            sample: The reading.
            time: Lab time in s at which it was complete.
            current: Differential current in A.
            duty: Part of the time in which its power flows; 0 where power goes by averages of voltage and current.
            clamped: Whether the source was in compliance.
        """
        device = self._device
        if self._filter is not None:
            filtered = self._filter.add(sample)
            if filtered is None:
                return False
            sample = filtered
            device.filter_settled()
        volts, average, source = sample
        value = volts
        if self._unit != "V":
            powered = (current * duty, volts) if duty else (source, average)
            value = in_unit(self._unit, volts, current, *powered)
        device.take_reading(value, time, source, average, clamped)
        self._given += 1
        if self._given < self._readings:
            return False
        self._end()
        device.test_ends(self._index)
        return True


class SteppedRun(MeasuringRun):
    """Conversion by conversion, each at its level, each three of them a reading.

    Args:
        device: The source.
        index: Index of the range of the source.
        readings: How many readings are wanted; inf for no end.
        averaging: The filter.
        abort: Whether it ends when the source is in compliance.
        delay: From level to trigger in s.
    """

    def __init__(
        self, device: MeasuringSource, index: int, readings: float, averaging: Averaging, *, abort: bool, delay: float
    ) -> None:
        super().__init__(device, index, readings, averaging, abort=abort)
        self._delay = delay
        self._conversions = 0.0
        self._number = 0
        self._taken = 0
        self._since = 0.0
        self._before, self._middle = 0.0, 0.0
        self._clamps = (False, False)

    @abstractmethod
    def _level_of(self, number: int) -> float:
        """Return the level in A of a conversion, from 0."""

    @abstractmethod
    def _read(self, after: float, index: int, time: float, clamped: bool) -> bool:
        """Make reading number `index` (from 1) of the last two samples and the one after; whether it was the last."""

    def _first(self) -> None:
        self._number = self._taken = 0
        self._conversions = self._averaging.needed(self._readings) + 2
        self._next_level()

    def _next_level(self) -> None:
        """Go to the next level, and trigger the meter when it has settled."""
        self._put(self._level_of(self._number))
        self._since = self._device.timeline.now
        if self._delay < math.inf:
            settled = max(self._since, self._ready) + self._delay
            self._event = self._device.timeline.schedule(settled, self._trigger)

    def sample_done(self) -> None:
        """The meter is done with a conversion; see `MeasuringProgram`."""
        if self._asked:
            self._asked = False
            self._done(self._device.clamped_since(self._since))

    def _go_on(self) -> None:
        """On to the next level, as long as conversions are wanting."""
        self._number += 1
        if self._number < self._conversions:
            self._next_level()

    def _take(self, volts: float, time: float, clamped: bool) -> None:
        number, self._taken = self._taken, self._taken + 1
        if number >= 2 and self._read(volts, number - 1, time, clamped or True in self._clamps):
            return
        self._before, self._middle = self._middle, volts
        self._clamps = (self._clamps[1], clamped)
        if self._taken >= self._conversions:  # readings have fallen out of the filter's window
            self._conversions += 1
            self._next_level()


class DeltaRun(SteppedRun):
    """Delta: high, low, high, low ..."""

    name = "DELTa"
    kind = "DELT"

    def __init__(
        self, device: MeasuringSource, index: int, readings: float, averaging: Averaging, *, abort: bool,
        delay: float, levels: tuple[float, float], cold: bool,
    ) -> None:  # fmt: skip
        super().__init__(device, index, readings, averaging, abort=abort, delay=delay)
        self._levels = levels
        self._current = (levels[0] - levels[1]) / 2.0
        self._cold = cold

    def _level_of(self, number: int) -> float:
        return self._levels[number % 2]

    def _next_level(self) -> None:
        """Cold switching rests at 0 A for as long as a level takes to settle (assumed), between the polarities."""
        if not self._cold or self._number == 0 or self._delay == math.inf:
            super()._next_level()
            return
        self._put(0.0)
        self._event = self._device.timeline.schedule(self._device.timeline.now + self._delay, super()._next_level)

    def _read(self, after: float, index: int, time: float, clamped: bool) -> bool:
        volts = delta_voltage(self._before, self._middle, after, index)
        return self._give(Sample(volts, OVERFLOW, self._levels[0]), time, self._current, 1.0, clamped)


class ConductanceRun(SteppedRun):
    """Differential Conductance: a staircase with an alternating step on it.

    Args:
        device: The source.
        index: Index of the range of the source.
        readings: How many readings are wanted.
        averaging: The filter, which repeats; its count divides the step.
        abort: Whether it ends when the source is in compliance.
        delay: From level to trigger in s.
        start: Middle current of the first reading in A.
        step: From one reading before the filter to the next, in A, with its sign.
        delta: Size of the alternating step in A.
        zero: What the meter reads of nothing with its front autozero off, in V.
    """

    name = "DCONductance"
    kind = "DCON"

    def __init__(  # noqa: PLR0913
        self, device: MeasuringSource, index: int, readings: float, averaging: Averaging, *, abort: bool,
        delay: float, start: float, step: float, delta: float, zero: float,
    ) -> None:  # fmt: skip
        super().__init__(device, index, readings, averaging, abort=abort, delay=delay)
        self._start, self._step, self._delta, self._zero = start, step, delta, zero

    def _level_of(self, number: int) -> float:
        return conductance_level(self._start, self._step, self._delta, number)

    def _read(self, after: float, index: int, time: float, clamped: bool) -> bool:
        volts = delta_voltage(self._before, self._middle, after, index)
        average = average_voltage(self._before, self._middle, after)
        if average != OVERFLOW:
            average -= self._zero
        source = self._start + (index - 1) * self._step
        return self._give(Sample(volts, average, source), time, self._delta, 0.0, clamped)
