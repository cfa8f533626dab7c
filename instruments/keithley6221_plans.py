"""What Delta, Pulse Delta and Differential Conductance of a 6221 are asked for: checked first, then spelled out.

Source: 6220/6221 reference manual, chapters on Delta, Pulse Delta and Differential Conductance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypedDict

from instruments.errors import BadValue, LimitExceeded
from instruments.forms import exact, finite, flag, of_kind, outside, whole, within
from instruments.keithley6221_core import COMPLIANCE, CURRENT, LARGEST_CURRENT
from instruments.keithley6221_measuring import BUFFER, Plan
from instruments.keithley6221_readings import Averaging
from instruments.keithley6221_relay import DEFAULT_METER, MeterSettings
from instruments.keithley6221_sweeps import EXAMPLE, Sweep, check_range

OVERHEAD = 3.6e-3
"""Seconds that a delta conversion takes beyond delay and aperture: 47 readings a second at 1 PLC of 60 Hz and 1 ms."""

ANALOG_FILTER = 0.125
"""Seconds by which the meter's analog filter makes a conversion longer."""

SHORTEST_WINDOW = 34e-6
"""Seconds of a pulse that its measurement needs: the manual's longest sense delay ends this long before its pulse."""

SLOWER_LINE = 50.0
"""Hz; durations are predicted for the slower line frequency, since the source has not been asked yet."""

_COUNT = whole("count", 1, BUFFER)
_ENDLESS_COUNT = whole("count", 1, BUFFER, infinite=True)
_DELAY = within("delay", 1e-3, 9999.999, "s")
_WIDTH = within("width", 50e-6, 12e-3, "s")
_SENSE_DELAY = within("sense_delay", 16e-6, 11.966e-3, "s")
_INTERVAL = whole("interval", 5, 999999)
_LOWS = whole("low_measurements", 1, 2)


class MeasuringOptions(TypedDict, total=False):
    """What all measuring modes may be told.

    Attributes:
        meter: How the nanovoltmeter measures; 1 PLC on its 100 mV range unless given.
        averaging: The filter of the source; none unless given, which is best for a mean of many readings.
        source_range: A; the one that holds the largest level unless given.
    """

    meter: MeterSettings
    averaging: Averaging | None
    source_range: float | None


class DeltaOptions(MeasuringOptions, total=False):
    """What Delta may be told besides.

    Attributes:
        delay: From level to conversion in s, 0.001 to 9999.999; 0.002 unless given.
        cold_switch: Whether it goes through 0 A between the levels.
        compliance_abort: Whether the run ends when the source is in compliance; it does unless told otherwise.
    """

    delay: float
    cold_switch: bool
    compliance_abort: bool


class PulseDeltaOptions(MeasuringOptions, total=False):
    """What Pulse Delta may be told besides.

    Attributes:
        sense_delay: From the pulse's edge to its measurement in s, 16e-6 to 11.966e-3, the former unless given; at
            least 34 us of the pulse must be left.
        interval: From pulse to pulse in power line cycles, 5 to 999,999, the former unless given; a sweep has its own
            delays instead.
        low_measurements: 2 (unless given) for one before and one after each pulse; 1 only for the one before it,
            which is not disturbed by what the pulse has warmed up.
    """

    sense_delay: float
    interval: int
    low_measurements: int


class ConductanceOptions(TypedDict, total=False):
    """What Differential Conductance may be told.

    Attributes:
        delay: As in Delta.
        meter: As in Delta.
        repeat: Readings in the repeating filter (2 to 300), the only one that this mode has; none unless given. The
            step is divided by it, and there may be one reading less than without it.
        compliance_abort: As in Delta.
        source_range: As in Delta.
    """

    delay: float
    meter: MeterSettings
    repeat: int | None
    compliance_abort: bool
    source_range: float | None


@dataclass(frozen=True, slots=True)
class Delta:
    """A Delta measurement; see `DeltaModes.delta`."""

    high: float
    low: float | None
    count: float
    compliance: float
    delay: float = 2e-3
    meter: MeterSettings = DEFAULT_METER
    averaging: Averaging | None = None
    cold_switch: bool = False
    compliance_abort: bool = True
    source_range: float | None = None

    @property
    def lower(self) -> float:
        """The low level in A."""
        return -self.high if self.low is None else self.low

    def plan(self) -> Plan:
        """Check it and spell it out.

        Raises:
            BadValue: A value is none that it can be.
            LimitExceeded: A value is out of range.
        """
        upper = float(within("high", 0.0, LARGEST_CURRENT, "A")(self.high))
        lower = float(within("low", -LARGEST_CURRENT, 0.0, "A")(self.lower))
        if upper == lower:
            raise BadValue("high and low are both 0 A, which leaves no difference to measure; nothing was sent")
        # HIGH also sets LOW to its opposite, and so goes first.
        commands = (
            f":SOUR:DELT:HIGH {exact(upper)}",
            f":SOUR:DELT:LOW {exact(lower + 0.0)}",
            f":SOUR:DELT:DEL {_DELAY(self.delay)};:SOUR:DELT:COUN {_ENDLESS_COUNT(self.count)}",
            f":SOUR:DELT:CAB {flag('compliance_abort')(self.compliance_abort)}",
            f":SOUR:DELT:CSW {flag('cold_switch')(self.cold_switch)}",
        )
        largest = max(upper, -lower)
        _check_setup(self.compliance, self.meter, self.averaging, self.source_range, largest)
        period = _conversion_time(self.delay * (2 if self.cold_switch else 1), self.meter) * _stack(self.averaging)
        return Plan(
            "DELT",
            commands,
            largest,
            self.count,
            period,
            self.compliance,
            self.meter,
            self.averaging,
            self.source_range,
        )


@dataclass(frozen=True, slots=True)
class PulseDelta:
    """A Pulse Delta measurement; see `DeltaModes.pulse_delta`."""

    high: float | None
    low: float
    width: float
    count: int | None
    sweep: Sweep | None
    compliance: float
    sense_delay: float = 16e-6
    interval: int = 5
    low_measurements: int = 2
    meter: MeterSettings = DEFAULT_METER
    averaging: Averaging | None = None
    source_range: float | None = None

    def plan(self) -> Plan:
        """Check it and spell it out; see `Delta.plan`."""
        base = float(CURRENT(finite("low", self.low, "A")))
        self._check_window()
        around = _LOWS(self.low_measurements)
        commands, largest, pulses, period = self._swept(base) if self.sweep is not None else self._repeated(base)
        _check_setup(self.compliance, self.meter, self.averaging, self.source_range, largest)
        every = (
            f":SOUR:PDEL:LOW {exact(base)}",
            f":SOUR:PDEL:WIDT {exact(self.width)}",
            f":SOUR:PDEL:SDEL {exact(self.sense_delay)}",
            f":SOUR:PDEL:LME {around};:SOUR:PDEL:COUN {pulses}",
            *commands,
        )
        return Plan(
            "PDEL", every, largest, pulses, period * _stack(self.averaging), self.compliance, self.meter,
            self.averaging, self.source_range,
        )  # fmt: skip

    def _check_window(self) -> None:
        width, delay = float(_WIDTH(self.width)), float(_SENSE_DELAY(self.sense_delay))
        if width - delay < SHORTEST_WINDOW * (1.0 - 1e-9):
            raise LimitExceeded(
                f"sense_delay of {delay:g} s leaves {width - delay:.3g} s of a pulse of {width:g} s, less than the "
                f"{SHORTEST_WINDOW:g} s that the meter needs; nothing was sent: make the pulse longer or the delay "
                "shorter"
            )

    def _repeated(self, base: float) -> tuple[list[str], float, int, float]:
        """Return commands, largest current in A, number of pulses, and their distance in s."""
        if self.high is None or self.count is None:
            raise BadValue("pulse_delta takes either high and count, or a sweep; nothing was sent")
        top, pulses, cycles = float(CURRENT(finite("high", self.high, "A"))), int(_COUNT(self.count)), self.interval
        if top == base:
            raise BadValue("high and low are the same, which leaves no difference to measure; nothing was sent")
        commands = [f":SOUR:PDEL:HIGH {exact(top)}", f":SOUR:PDEL:INT {_INTERVAL(cycles)}", ":SOUR:PDEL:SWE 0"]
        return commands, max(abs(top), abs(base)), pulses, cycles / SLOWER_LINE

    def _swept(self, base: float) -> tuple[list[str], float, int, float]:
        """Return the same for a sweep."""
        if self.sweep is None or self.high is not None or self.count is not None:
            raise BadValue("pulse_delta takes either high and count, or a sweep; nothing was sent")
        of_kind("sweep", self.sweep, Sweep, EXAMPLE)
        heights, delays = self.sweep.points()
        if min(delays) < 5 / SLOWER_LINE:
            raise outside(
                "delay of a pulse sweep", exact(min(delays)), "five power line cycles, 0.1", "999999.999", "s"
            )
        largest = max(abs(base), *map(abs, heights))
        commands = [*self.sweep.spelled(self.compliance), ":SOUR:SWE:COUN 1", ":SOUR:PDEL:SWE 1"]
        return commands, largest, len(heights), max(delays)


@dataclass(frozen=True, slots=True)
class Conductance:
    """A Differential Conductance measurement; see `DeltaModes.differential_conductance`."""

    start: float
    stop: float
    step: float
    delta: float
    compliance: float
    delay: float = 2e-3
    meter: MeterSettings = DEFAULT_METER
    repeat: int | None = None
    compliance_abort: bool = True
    source_range: float | None = None

    @property
    def averaging(self) -> Averaging | None:
        """The filter of the source."""
        return None if self.repeat is None else Averaging("repeat", self.repeat)

    def plan(self) -> Plan:
        """Check it and spell it out; see `Delta.plan`."""
        first, last = float(CURRENT(finite("start", self.start, "A"))), float(CURRENT(finite("stop", self.stop, "A")))
        step = float(within("step", 0.0, LARGEST_CURRENT, "A")(self.step))
        swing = float(within("delta", 0.0, LARGEST_CURRENT, "A")(self.delta))
        points = _staircase(first, last, step, swing)
        largest = max(abs(first), abs(last)) + step + swing
        if largest > LARGEST_CURRENT:
            raise outside("start or stop, step and delta together", exact(largest), "0", f"{LARGEST_CURRENT:g}", "A")
        abort = flag("compliance_abort")(self.compliance_abort)
        commands = (
            f":SOUR:DCON:STAR {exact(first)}",
            f":SOUR:DCON:STOP {exact(last)}",
            f":SOUR:DCON:STEP {exact(step)};:SOUR:DCON:DELT {exact(swing)}",
            f":SOUR:DCON:DEL {_DELAY(self.delay)};:SOUR:DCON:CAB {abort}",
        )
        _check_setup(self.compliance, self.meter, self.averaging, self.source_range, largest)
        period = _conversion_time(self.delay, self.meter) * _stack(self.averaging)
        return Plan(
            "DCON", commands, largest, points, period, self.compliance, self.meter, self.averaging, self.source_range,
            average_voltage=True,
        )  # fmt: skip


def _conversion_time(delay: float, meter: MeterSettings) -> float:
    """Seconds from one conversion to the next, as long as nothing makes it longer."""
    return delay + meter.nplc / SLOWER_LINE + OVERHEAD + (ANALOG_FILTER if meter.analog_filter else 0.0)


def _stack(averaging: Averaging | None) -> int:
    """How many unfiltered readings one filtered one takes."""
    return averaging.count if averaging is not None and averaging.kind == "repeat" else 1


def _check_setup(
    compliance: float, meter: MeterSettings, averaging: Averaging | None, source_range: float | None, largest: float
) -> None:
    """Check what all modes have in common."""
    COMPLIANCE(compliance)
    of_kind("meter", meter, MeterSettings, "MeterSettings(nplc=1)")
    meter.spelled()
    if averaging is not None:
        of_kind("averaging", averaging, Averaging, 'Averaging("moving", 10)')
        averaging.spelled()
    if source_range is not None:
        check_range(source_range, largest)


def _staircase(start: float, stop: float, step: float, swing: float) -> int:
    """Return how many readings a staircase has."""
    if step == 0.0 or swing == 0.0 or start == stop:
        raise BadValue("step and delta are above 0 A, and start is not stop; nothing was sent")
    width = abs(stop - start)
    if step > width * (1.0 + 1e-9):
        raise BadValue(
            f"a step of {step:g} A is longer than the way from {start:g} A to {stop:g} A; the source would make 100 "
            "steps of it by itself; nothing was sent"
        )
    points = math.floor(width / step * (1.0 + 1e-9)) + 1
    if points > BUFFER:
        raise outside("number of points", str(points), "2", str(BUFFER))
    return points
