"""The output of a 6221: level, range, compliance, relay, interlock, and what really flows.

Sources: 6220/6221 reference manual, chapter on output; table of specifications of the 6221.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import ClassVar, NamedTuple

import numpy as np

from instruments.scpi import DATA_OUT_OF_RANGE, SETTINGS_CONFLICT, ScpiError
from instruments.tables.keithley6221 import RANGES, TABLE
from simulators.exchange import ScpiDevice, command, query
from simulators.terminals import SourceTerminals
from simulators.timeline import Event, Timeline

RESOLUTION_DIVISORS = (1e13, 1e12, 1e11, 1e10, 1e9, 1e8, 1e7, 1e6, 1e5)
"""One over the programming resolution in A on each range: 100 fA on 2 nA ... 10 uA on 100 mA."""

NOISE = (80e-15, 0.8e-12, 4e-12, 40e-12, 0.4e-9, 4e-9, 40e-9, 0.4e-6, 2e-6)
"""Noise of the current in A rms, 0.1 Hz to 10 Hz, on each range."""

GAIN_ERRORS = (4e-3, 3e-3, 3e-3, 1e-3, 0.5e-3, 0.5e-3, 0.5e-3, 0.5e-3, 1e-3)
"""One-year accuracy, the part that goes with the level, on each range."""

OFFSET_ERRORS = (2e-12, 10e-12, 100e-12, 1e-9, 10e-9, 100e-9, 1e-6, 10e-6, 50e-6)
"""One-year accuracy, the part in A that does not go with the level, on each range."""

COMPLIANCE_GAIN_ERROR = 1e-3
COMPLIANCE_OFFSET_ERRORS = (20e-3, 100e-3)
"""V; up to and beyond 20 V."""

GUARD_ERROR = 1e-3
"""V by which the guard may be off high."""

FAST_SETTLING = (90e-6, 90e-6, 30e-6, 4e-6, 2e-6, 2e-6, 2e-6, 2e-6, 3e-6)
SLOW_SETTLING = (100e-6,) * len(RANGES)
"""Settling times in s with either response, on each range."""

SETTLED = 1e-3
"""Part of a step that is left after the settling time (assumed: the table does not say)."""

OVERRANGE = 1.05

INTERLOCK = 0x02
COMPLIANCE = 0x08

LEVEL = TABLE["SOUR:CURR"].header
RANGE = TABLE["SOUR:CURR:RANG"].header
OUTPUT = TABLE["OUTP"].header
_AUTO = TABLE["SOUR:CURR:RANG:AUTO"].header
_LIMIT = TABLE["SOUR:CURR:COMP"].header
_FILTER = TABLE["SOUR:CURR:FILT"].header
_RESPONSE = TABLE["OUTP:RESP"].header
_SHIELD = TABLE["OUTP:ISH"].header

_HIGH_COMPLIANCE = 20.0
_SLOW = tuple(time / math.log(1.0 / SETTLED) for time in SLOW_SETTLING)
_FAST = tuple(time / math.log(1.0 / SETTLED) for time in FAST_SETTLING)


def range_index(current: float) -> int:
    """Return the index of the smallest range that holds a current in A.

    Each holds 5 % more than its name says: a fixed 2 mA range goes to 2.1 mA (manual, 4-9).
    """
    return next((index for index in range(len(RANGES)) if fits(current, index)), len(RANGES) - 1)


def fits(current: float, index: int) -> bool:
    """Whether a range, given by its index, holds a current in A."""
    return abs(current) <= OVERRANGE * RANGES[index] * (1.0 + 1e-12)


class Calibration(NamedTuple):
    """How one instrument differs from what its display says.

    Attributes:
        gains: Relative error of the current on each range.
        offsets: Its error in A at zero on each range.
        compliance_gain: Relative error of the compliance voltage.
        compliance_offsets: Its error in V up to and beyond 20 V.
        guard: V by which its guard is off high.
    """

    gains: tuple[float, ...]
    offsets: tuple[float, ...]
    compliance_gain: float
    compliance_offsets: tuple[float, float]
    guard: float = 0.0


PERFECT = Calibration((0.0,) * len(RANGES), (0.0,) * len(RANGES), 0.0, (0.0, 0.0))


def draw_calibration(generator: np.random.Generator) -> Calibration:
    """Draw an instrument within its one-year specification, evenly between its ends (assumed)."""

    def within(ends: Sequence[float]) -> tuple[float, ...]:
        return tuple(float(generator.uniform(-end, end)) for end in ends)

    gains, offsets = within(GAIN_ERRORS), within(OFFSET_ERRORS)
    low, high = within(COMPLIANCE_OFFSET_ERRORS)
    return Calibration(gains, offsets, within((COMPLIANCE_GAIN_ERROR,))[0], (low, high), within((GUARD_ERROR,))[0])


class SourceOutput(ScpiDevice):
    """The direct current of the source, and the way by which everything else that it does gets out.

    Attributes:
        line_frequency: Hz.
        calibration: How far what flows is from what was programmed.
    """

    table = TABLE
    range_ends_automatic: ClassVar[bool] = True
    """Whether RANGe turns RANGe:AUTO off by itself (unsure)."""
    range_change_spike: ClassVar[float] = 0.0
    """Current that flows extra while the range changes with the output on, in units of the larger of both ranges
    (unsure: no source gives a figure, and a simulated spike would be an invented one)."""
    range_change_time: ClassVar[float] = 100e-6
    """How long that lasts, in s (unsure; it matters only with a spike)."""
    connections_change_while_on: ClassVar[bool] = True
    """Whether inner shield and output low can be connected otherwise with the output on (unsure: clients never try);
    refused with -221 where not."""

    def __init__(
        self,
        timeline: Timeline,
        terminals: SourceTerminals,
        line_frequency: float = 50.0,
        calibration: np.random.Generator | None = None,
    ) -> None:
        super().__init__(timeline)
        self.line_frequency = line_frequency
        self.calibration = PERFECT if calibration is None else draw_calibration(calibration)
        self._terminals = terminals
        self._range = len(RANGES) - 1
        self._closed = True
        self._occupied = False
        self._driven_on: int | None = None
        self._driven_compliance = 0.0
        self._spike: Event | None = None

    @property
    def interlock_closed(self) -> bool:
        """Whether the interlock line lets the output go on; opening it turns the output off."""
        return self._closed

    @interlock_closed.setter
    def interlock_closed(self, closed: bool) -> None:
        self._closed = closed
        self.status.measurement.set(INTERLOCK, not closed)
        if not closed and self.settings[OUTPUT]:
            self._set_output(False)

    # ---- what everything that puts out a current uses

    def check_output(self) -> None:
        """See whether the output may go on.

        Raises:
            ScpiError: The interlock is open (-221).
        """
        if not self._closed:
            raise ScpiError(SETTINGS_CONFLICT, "the interlock is open")  # unsure: the manual's number is not known

    def source(self, level: float, index: int, compliance: float | None = None) -> float:
        """Drive a level in A on a range from now on, with the output on; the settings of the DC source stay.

        Args:
            level: A; rounded to the resolution of the range.
            index: Index of the range.
            compliance: V; that of the DC source where None.

        Returns:
            The level as it was rounded.
        """
        divisor = RESOLUTION_DIVISORS[index]
        level = round(level * divisor) / divisor
        self.settings[OUTPUT] = True
        self._flow(level, index, self.number("SOUR:CURR:COMP") if compliance is None else compliance)
        return level

    def source_cycle(self, steps: Sequence[tuple[float, float]], index: int) -> None:
        """Drive a periodic current from now on; steps of one period as (duration in s, level in A), on one range."""
        self._end_spike()
        self.settings[OUTPUT] = True
        self._driven_on = index
        gain, offset = 1.0 + self.calibration.gains[index], self.calibration.offsets[index]
        flowing = [(duration, level * gain + offset) for duration, level in steps]
        self._terminals.drive_cycle(flowing, self._true_compliance(self.number("SOUR:CURR:COMP")), NOISE[index])
        self.status.measurement.set(COMPLIANCE, self._terminals.in_compliance())

    def switch_off(self) -> None:
        """Set 0 A and open the output relay: the terminals float."""
        self.settings[LEVEL] = 0.0
        self.settings[OUTPUT] = False
        self._release()

    def true_current(self, level: float, index: int) -> float:
        """Return the current in A that flows for a level on a range."""
        return level * (1.0 + self.calibration.gains[index]) + self.calibration.offsets[index]

    def guard(self) -> float | None:
        """Return the voltage in V by which the inner shield is off high, None where it is at output low."""
        return self.calibration.guard if self.settings[_SHIELD] == "GUAR" else None

    def output_taken_away(self) -> None:
        """The output was switched off at the front: whatever ran on it is over. Nothing does here."""

    # ---- ways to the terminals

    def _flow(self, level: float, index: int, compliance: float) -> None:
        """Drive a level, over the spike of a range change where there is one."""
        if self._spike is not None:
            self._end_spike()
        self._driven_compliance = compliance
        before, self._driven_on = self._driven_on, index
        if self.range_change_spike and before is not None and before != index:
            extra = self.range_change_spike * RANGES[max(before, index)]
            self._terminals.drive(level + extra, self._true_compliance(compliance), NOISE[index])
            action = partial(self._reach, level, index, compliance)
            self._spike = self.timeline.schedule(self.timeline.now + self.range_change_time, action)
        else:
            self._reach(level, index, compliance)

    def _reach(self, level: float, index: int, compliance: float) -> None:
        settings, errors = self.settings, self.calibration
        slow = settings[_RESPONSE] == "SLOW" or settings[_FILTER]  # assumed: the filter is as slow as SLOW
        current = level * (1.0 + errors.gains[index]) + errors.offsets[index]
        settling = _SLOW[index] if slow else _FAST[index]
        self._terminals.drive(current, self._true_compliance(compliance), NOISE[index], settling)
        self.status.measurement.set(COMPLIANCE, self._terminals.in_compliance())

    def _true_compliance(self, compliance: float) -> float:
        errors = self.calibration
        offset = errors.compliance_offsets[compliance > _HIGH_COMPLIANCE]
        return max(0.0, compliance * (1.0 + errors.compliance_gain) + offset)

    def _end_spike(self) -> None:
        if self._spike is not None:
            self._spike.cancel()
            self._spike = None

    def _release(self) -> None:
        self._end_spike()
        self._driven_on = None
        self._terminals.release()
        self.status.measurement.set(COMPLIANCE, False)

    # ---- states of the instrument

    def reset(self) -> None:
        """Carry out *RST: output off, 0 A, everything else at its reset value."""
        super().reset()
        self._range = len(RANGES) - 1
        self._release()

    def restored(self) -> None:
        """Take a recalled set-up into use, with the output off (assumed: the manual does not say)."""
        self.settings[OUTPUT] = False
        self._range = range_index(self.number("SOUR:CURR:RANG"))
        self._release()

    def refresh(self) -> None:
        """Look at the terminals: compliance can come and go with the sample."""
        if self.settings[OUTPUT]:
            self.status.measurement.set(COMPLIANCE, self._terminals.in_compliance())
        self.status.measurement.set(INTERLOCK, not self._closed)

    # ---- commands

    def _check_free(self) -> None:
        """Refuse what a program that is running does itself (unsure: the manual's number is not known)."""
        if self._occupied:
            raise ScpiError(SETTINGS_CONFLICT, "what was initiated has the output")

    @command("SOUR:CURR")
    def _set_level(self, level: float) -> None:
        if self._occupied:
            self._check_free()
        if self.settings[_AUTO]:
            self._select(range_index(level))
        elif not fits(level, self._range):
            raise ScpiError(DATA_OUT_OF_RANGE, f"{level} A on the {RANGES[self._range]} A range")
        self._put(level)

    def _select(self, index: int) -> None:
        self._range = index
        self.settings[RANGE] = RANGES[index]

    def _put(self, level: float) -> None:
        """Round a level to the range's resolution and drive it."""
        divisor = RESOLUTION_DIVISORS[self._range]
        self.settings[LEVEL] = round(level * divisor) / divisor
        if self.settings[OUTPUT]:
            self._drive()

    def _drive(self) -> None:
        level, compliance = self.settings[LEVEL], self.settings[_LIMIT]
        assert isinstance(level, float)
        assert isinstance(compliance, float)
        self._flow(level, self._range, compliance)

    @command("SOUR:CURR:RANG")
    def _set_range(self, value: float) -> None:
        """Fix the range; a level that it cannot hold is in conflict (assumed: the manual does not say)."""
        self._check_free()
        index = range_index(value)
        level = self.number("SOUR:CURR")
        if abs(level) > OVERRANGE * RANGES[index]:
            raise ScpiError(SETTINGS_CONFLICT, f"{level} A does not fit into the {RANGES[index]} A range")
        if self.range_ends_automatic:
            self.settings[_AUTO] = False
        self._select(index)
        self._put(level)

    @command("SOUR:CURR:RANG:AUTO")
    def _set_automatic(self, automatic: bool) -> None:
        self._check_free()
        self.settings[_AUTO] = automatic
        if automatic:
            level = self.number("SOUR:CURR")
            self._select(range_index(level))
            self._put(level)

    @command("SOUR:CURR:COMP")
    def _set_compliance(self, value: float) -> None:
        """In steps of 10 mV; while a program runs it holds from its next level on (assumed)."""
        self.settings[_LIMIT] = round(value * 100.0) / 100.0
        self._renew()

    def _renew(self) -> None:
        """Drive the present level anew, where the DC source has the output."""
        if self.settings[OUTPUT] and not self._occupied:
            self._drive()

    @command("OUTP")
    def _set_output(self, on: bool) -> None:
        """Switching off ends whatever runs; its terminals float then."""
        if on:
            self.check_output()
        if on == self.settings[OUTPUT]:
            return
        if on:
            self._check_free()
        self.settings[OUTPUT] = on
        if on:
            self._drive()
        else:
            self._release()
            self.output_taken_away()

    @command("SOUR:CLE")
    def _clear_source(self) -> None:
        self.switch_off()
        self.output_taken_away()

    @command("OUTP:ISH")
    def _set_shield(self, connection: str) -> None:
        """What the cable then takes of the current is another part."""
        self._check_connection()
        self.set_value("OUTP:ISH", connection)
        self._renew()

    @command("OUTP:LTE")
    def _set_earth(self, connected: bool) -> None:
        self._check_connection()
        self.set_value("OUTP:LTE", connected)

    def _check_connection(self) -> None:
        if self.settings[OUTPUT] and not self.connections_change_while_on:
            raise ScpiError(SETTINGS_CONFLICT, "the output is on")

    @query("OUTP:INT:TRIP")
    def _ask_interlock(self) -> str:
        """1 means closed, as instruments answer."""
        return "1" if self._closed else "0"
