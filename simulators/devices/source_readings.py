"""What a 6221 does with the readings of its measuring modes: units, math, limit, the latest one.

Source: 6220/6221 reference manual, chapters on Delta, Pulse Delta and Differential Conductance, on math, on the
compliance limit and on the digital outputs.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from instruments.scpi import SETTINGS_CONFLICT, ScpiError
from instruments.tables.keithley6221 import TABLE
from simulators.devices.source_arithmetic import OVERFLOW
from simulators.devices.source_buffer import DATA_STALE, Columns, Reading, SourceBuffer
from simulators.exchange import command, query

READING_OVERFLOW = 0x01
READING_AVAILABLE = 0x20

_MATH_ON = TABLE["CALC:STAT"].header
_MATH_FORM = TABLE["CALC:FORM"].header
_FEED = TABLE["TRAC:FEED"].header
_CONTROL = TABLE["TRAC:FEED:CONT"].header
_LIMIT_ON = TABLE["CALC3:LIM:STAT"].header


class SourceReadings(SourceBuffer):
    """The latest reading and what is worked out from it."""

    first_number: ClassVar[int] = 0
    """Number of the first reading (unsure)."""

    _latest: Reading | None = None
    _fresh = False
    _fresh_result = False
    _failed = False
    _clock_zero = 0.0
    _stamp_zero: float | None = None
    _count = 0

    @abstractmethod
    def measuring(self) -> bool:
        """Whether a measuring mode runs."""

    @property
    def digital_outputs(self) -> int:
        """The pattern on the four digital output lines."""
        failing = round(self.number("CALC3:LIM:SOUR2")) if self.flag("CALC3:LIM:STAT") else 0
        if self.flag("CALC3:FORC:STAT"):
            return round(self.number("CALC3:FORC:PATT"))
        return failing if self._failed else 0

    def power_cycle(self) -> None:
        """Switch off and on: nothing has been read, time stamps run from now."""
        super().power_cycle()
        self.restart_readings("NONE")
        self._clock_zero = self.timeline.now

    # ---- readings come

    def restart_readings(self, kind: str) -> None:
        """A test begins: numbers and time stamps begin anew, the buffer is overwritten."""
        self._latest, self._fresh, self._fresh_result = None, False, False
        self._stamp_zero, self._count, self._failed = None, self.first_number, False
        self.restart_buffer(kind)

    def take_reading(self, value: float, time: float, source: float, average: float, clamped: bool) -> None:
        """Deal with a reading of a measuring mode: number, time stamp, limit, math, buffer, status bits.

        Args:
            value: In the unit that is selected; `OVERFLOW` where there is none.
            time: Lab time in s at which it was complete.
            source: Current in A.
            average: Average voltage in V.
            clamped: Whether the source was in compliance.
        """
        if self._stamp_zero is None:
            self._stamp_zero = time
        reading = Reading(value, time - self._stamp_zero, source, average, clamped, self._count)
        self._count += 1
        self._latest, self._fresh, self._fresh_result = reading, True, True
        settings, measurement = self.settings, self.status.measurement
        if settings[_LIMIT_ON]:
            self._failed = clamped
        if settings[_CONTROL] == "NEXT":
            feed = settings[_FEED]
            if feed != "NONE":
                if settings[_MATH_ON] and feed != "SENS1":
                    reading = reading._replace(value=self.processed(value))
                self.store_reading(reading)
        measurement.renew(READING_AVAILABLE)
        measurement.set(READING_OVERFLOW, value == OVERFLOW)
        if self.status.service_enable:
            self.service_requested()

    def processed(self, value: float) -> float:
        """Apply CALCulate:FORMat to a value, where it is on."""
        if not self.settings[_MATH_ON] or value == OVERFLOW:
            return value
        form = self.settings[_MATH_FORM]
        if form == "MXB":
            return self.number("CALC:KMAT:MMF") * value + self.number("CALC:KMAT:MBF")
        if form == "REC":
            return 1.0 / value if value else OVERFLOW
        return value

    # ---- readings are asked for

    @query("SENS:DATA")
    def _ask_latest(self) -> str:
        return self._latest_text(processed=False)

    @query("CALC:DATA")
    def _ask_latest_result(self) -> str:
        return self._latest_text(processed=True)

    @query("SENS:DATA:FRES")
    def _ask_fresh(self) -> str:
        self._check_measuring()
        if not self._fresh:
            raise ScpiError(DATA_STALE, "no new reading")
        return self._latest_text(processed=False)

    @query("CALC:DATA:FRES")
    def _ask_fresh_result(self) -> str:
        self._check_measuring()
        if not self._fresh_result:
            raise ScpiError(DATA_STALE, "no new reading")
        return self._latest_text(processed=True)

    def _check_measuring(self) -> None:
        if not self.measuring():
            raise ScpiError(SETTINGS_CONFLICT, "no measuring mode is running")

    def _latest_text(self, *, processed: bool) -> str:
        """The latest reading; before the first one an overflow, with a time stamp that runs (as captured)."""
        self._check_measuring()
        reading = self._latest
        if processed:
            self._fresh_result = False
        else:
            self._fresh = False
        self.status.measurement.set(READING_AVAILABLE, on=False)
        if reading is None:
            running = self.timeline.now - self._clock_zero
            reading = Reading(OVERFLOW, running, self.present_level(), OVERFLOW, clamped=False, number=self._count)
        elif processed:
            reading = reading._replace(value=self.processed(reading.value))
        one = Columns()
        one.append(reading)
        return self.formatted(one)

    @abstractmethod
    def present_level(self) -> float:
        """Return the level in A that the source is at."""

    # ---- what else is said about them

    @query("CALC3:LIM:FAIL")
    def _ask_limit(self) -> str:
        return f"{self._failed and self.flag('CALC3:LIM:STAT'):d}"

    @command("SYST:TST:RES")
    def _reset_stamps(self) -> None:
        """Time stamps count from now on."""
        self._clock_zero = self.timeline.now
        if self._stamp_zero is not None:
            self._stamp_zero = self.timeline.now

    @command("SYST:RNUM:RES")
    def _reset_numbers(self) -> None:
        self._count = self.first_number
