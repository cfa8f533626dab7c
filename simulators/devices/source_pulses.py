"""Pulse Delta of a 6221 as it runs: a low, a pulse, a low, each on a zero crossing of the power line.

Each pulse goes out when the one before it has been read: without a meter that answers on the Trigger Link there is not
even one.

Source: 6220/6221 reference manual, chapter on Pulse Delta (timing, sweeps, power) and page I-9.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from simulators.devices.source_arithmetic import OVERFLOW, Sample, pulse_voltage
from simulators.devices.source_measuring import MeasuringSource
from simulators.devices.source_runs import Averaging, MeasuringRun
from simulators.timeline import Event

_CROSSING = 1e-9
"""Of a line cycle: a crossing that is so little ago is now."""


class PulsePlan(NamedTuple):
    """What is put out.

    Attributes:
        low: Level between pulses, in A.
        highs: Levels of the pulses, one after the other and over again, in A.
        ranges: Index of the range of each.
        cycles: Interval from pulse to pulse, in power line cycles, of each.
        compliances: V, of each; None where that of the DC source holds.
        width: Of a pulse, in s.
        delay: From a pulse's edge to its conversion, in s.
        lows: How many lows are measured, 1 or 2.
    """

    low: float
    highs: tuple[float, ...]
    ranges: tuple[int, ...]
    cycles: tuple[int, ...]
    compliances: tuple[float, ...] | None
    width: float
    delay: float
    lows: int


class PulseRun(MeasuringRun):
    """Pulse Delta."""

    name = "PDELta"
    kind = "PULS"

    def __init__(
        self, device: MeasuringSource, plan: PulsePlan, readings: float, averaging: Averaging, *, abort: bool
    ) -> None:
        super().__init__(device, plan.ranges[0], readings, averaging, abort=abort)
        self._plan = plan
        self._frequency = device.line_frequency
        self._cycle = 0
        self._pulse = 0
        self._phase = 0
        self._high = 0.0
        self._on = 0.0
        self._clamped = False
        self._fall: Event | None = None
        self._samples: list[float] = []
        self._left = 0.0

    def _first(self) -> None:
        """The low level first, for a line cycle at least (assumed)."""
        self._pulse, self._samples, self._fall = 0, [], None
        self._left = self._averaging.needed(self._readings)
        self._cycle = math.ceil(self._ready * self._frequency - _CROSSING) + 1
        self._begin_interval()

    def _end(self) -> None:
        super()._end()
        if self._fall is not None:
            self._fall.cancel()
            self._fall = None

    # ---- an interval

    def _begin_interval(self) -> None:
        """The base between pulses, on the range of the pulse that comes."""
        plan = self._plan
        self._index = plan.ranges[self._pulse % len(plan.ranges)]
        if plan.compliances is not None:
            self._compliance = plan.compliances[self._pulse % len(plan.compliances)]
        self._put(self._plan.low)
        self._clamped = False
        self._phase = 0
        self._at_crossing(self._cycle)

    def _at_crossing(self, cycle: int) -> None:
        """Go on at the beginning of a line cycle, or at the next one if that has passed."""
        now = self._device.timeline.now
        self._event = self._device.timeline.schedule(
            max(cycle, math.ceil(now * self._frequency - _CROSSING)) / self._frequency, self._crossing
        )

    def _crossing(self) -> None:
        """Low, high, low: each begins here and is converted when the source delay is over."""
        timeline, plan = self._device.timeline, self._plan
        if self._phase == 0:
            self._cycle = round(timeline.now * self._frequency)
        if self._phase == 1:
            self._high = plan.highs[self._pulse % len(plan.highs)]
            self._put(self._high)
            self._high, self._on = (
                self.level,
                plan.width * self._frequency / plan.cycles[self._pulse % len(plan.cycles)],
            )
            self._fall = timeline.schedule(timeline.now + plan.width, self._fallen)
        self._event = timeline.schedule(timeline.now + plan.delay, self._trigger)

    def _fallen(self) -> None:
        """The end of the pulse; a current that was clamped only now counts for the reading that is on its way."""
        self._fall = None
        start = self._device.timeline.now - self._plan.width
        self._clamped = self._device.clamped_since(start) or self._clamped
        self._put(self._plan.low)

    def sample_done(self) -> None:
        """The meter is done with a conversion; see `MeasuringProgram`."""
        if self._asked:
            self._asked = False
            self._done(self._clamped)

    def _go_on(self) -> None:
        """On to the next phase, to the next interval, or to the end."""
        self._phase += 1
        plan = self._plan
        if self._phase < 1 + plan.lows:
            self._at_crossing(self._cycle + self._phase)
            return
        self._cycle += plan.cycles[self._pulse % len(plan.cycles)]
        self._pulse += 1
        self._left -= 1
        if self._left > 0:
            self._begin_interval()

    def _take(self, volts: float, time: float, clamped: bool) -> None:
        self._samples.append(volts)
        if len(self._samples) < 1 + self._plan.lows:
            return
        low, high, *after = self._samples
        self._samples = []
        difference = self._high - self._plan.low
        sample = Sample(pulse_voltage(low, high, after[0] if after else None), OVERFLOW, self._high)
        duty = self._on if self._power == "AVER" else 1.0
        if not self._give(sample, time, difference, duty, clamped) and self._left <= 0:
            self._left += 1  # readings have fallen out of the filter's window
            self._begin_interval()
