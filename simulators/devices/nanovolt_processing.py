"""What a 2182A does with a reading: math, limits, the buffer and its statistics, and how it is printed.

Source: 2182A user's manual, sections 4 (math), 6 (buffer), 8 (limits), 12 and 14 (data format).
"""

from __future__ import annotations

import math
import statistics
import struct
from typing import ClassVar

from instruments.scpi import SETTINGS_CONFLICT, ScpiError
from instruments.tables.keithley2182a import TABLE
from instruments.tables.table import Value
from simulators.devices.buffer_commands import FEED, BufferCommands
from simulators.devices.nanovolt_readings import Readings
from simulators.devices.nanovolt_trigger import DATA_STALE, Reading
from simulators.exchange import command, query
from simulators.status import ERRORS_ONLY
from simulators.timeline import Timeline

OVERFLOW = 9.9e37

READING_OVERFLOW = 0x01
BUFFER_AVAILABLE = 0x80
BUFFER_HALF_FULL = 0x100
BUFFER_FULL = 0x200
FILTER_SETTLED = 0x100
_LIMIT_BITS = {1: (0x02, 0x04), 2: (0x08, 0x10)}
_LIMIT_NOTES = {1: (302, 303), 2: (304, 305)}
_BUFFER_NOTES = ((BUFFER_AVAILABLE, 308), (BUFFER_HALF_FULL, 309), (BUFFER_FULL, 310))

_BYTES_A_READING = 12
_CAPACITY = 1024 * _BYTES_A_READING
"""Size of the buffer (assumed: the manual gives 1024 readings and no number of bytes)."""


# Settings that every reading looks at, by the name under which they are kept.
_MATH_FORM = TABLE["CALC:FORM"].header
_STATISTIC = TABLE["CALC2:FORM"].header
_ELEMENTS = TABLE["FORM:ELEM"].header
_CODING = TABLE["FORM"].header
_TEMPERATURE_UNIT = TABLE["UNIT:TEMP"].header
_BYTE_ORDER = TABLE["FORM:BORD"].header
_MATH_ON = TABLE["CALC:STAT"].header
_STATISTICS_ON = TABLE["CALC2:STAT"].header
_LIMITS_ON = tuple((limit, TABLE[f"CALC3:LIM{limit}:STAT"].header) for limit in (1, 2))


class Processing(BufferCommands, Readings):
    """Everything behind the digital filter.

    Attributes:
        shows_filter_settled: Whether bit 8 of the operation register is set with every reading: the manual lists the
            bit, a meter that had measured for long with its filter on answered without it (unsure).
    """

    shows_filter_settled: ClassVar[bool] = False

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(timeline)
        self._statistic: float | None = None
        self._buffer: list[Reading] = []
        self._failed = {1: False, 2: False}

    # ---- math and limits

    def processed(self, value: float) -> float:
        """Apply CALCulate:FORMat to a value, where it is on."""
        if not bool(self.settings[_MATH_ON]) or value == OVERFLOW:
            return value
        form = self.settings[_MATH_FORM]
        if form == "MXB":
            return self.number("CALC:KMAT:MMF") * value + self.number("CALC:KMAT:MBF")
        if form == "PERC":
            reference = self.number("CALC:KMAT:PERC")
            return (value - reference) / reference * 100.0 if reference else OVERFLOW
        return value

    def keep(self, reading: Reading) -> None:
        """Deal with a new reading: overflow bit, limits, buffer."""
        overflow = reading.value == OVERFLOW
        self.status.measurement.set(READING_OVERFLOW, overflow)
        if self.status.errors.enabled is not ERRORS_ONLY:
            self.note(301 if overflow else 306)
        if self.shows_filter_settled:
            self.status.operation.set(FILTER_SETTLED)
        for limit, switch in _LIMITS_ON:
            if self.settings[switch]:
                self._compare(limit, self.processed(reading.value))
        if self.storing():
            source = self.settings[FEED]
            stored = reading._replace(value=self.processed(reading.value)) if source == "CALC1" else reading
            self._buffer.append(stored)
            self._show_buffer()

    def _compare(self, limit: int, result: float) -> None:
        """Hold a result against a pair of limits."""
        low = result < self.number(f"CALC3:LIM{limit}:LOW")
        high = result > self.number(f"CALC3:LIM{limit}:UPP")
        self._failed[limit] = low or high
        low_bit, high_bit = _LIMIT_BITS[limit]
        self.status.measurement.set(low_bit, low)
        self.status.measurement.set(high_bit, high)
        if low or high:
            self.note(_LIMIT_NOTES[limit][high])

    def note(self, code: int) -> None:
        """Queue a status message, a positive number, where STATus:QUEue:ENABle asks for it."""
        if self.status.errors.enabled is not ERRORS_ONLY:
            self.status.report(code)

    @command("CALC3:IMM")
    def _compare_again(self) -> None:
        """Hold the latest result against the limits as they are now; without one there is nothing to do."""
        self.catch_reading()
        for limit, switch in _LIMITS_ON:
            if self._latest is not None and self.settings[switch]:
                self._compare(limit, self.processed(self._latest.value))

    @query("CALC3:LIM1:FAIL")
    def _ask_first_limit(self) -> str:
        return f"{self._failed[1]:d}"

    @query("CALC3:LIM2:FAIL")
    def _ask_second_limit(self) -> str:
        return f"{self._failed[2]:d}"

    @command("CALC3:LIM1:CLE")
    def _clear_first_limit(self) -> None:
        self._failed[1] = False

    @command("CALC3:LIM2:CLE")
    def _clear_second_limit(self) -> None:
        self._failed[2] = False

    @command("CALC:KMAT:PERC:ACQ")
    def _acquire_percent(self) -> None:
        self.set_value("CALC:KMAT:PERC", self.present_value())

    def present_value(self) -> float:
        """Return the latest reading's value.

        Raises:
            ScpiError: There is none (-230), or it is an overflow (-221).
        """
        self.catch_reading()
        if self._latest is None:
            raise ScpiError(DATA_STALE, "no reading yet")
        if self._latest.value == OVERFLOW:
            raise ScpiError(SETTINGS_CONFLICT, "the latest reading is an overflow")
        return self._latest.value

    # ---- buffer

    def buffer_in_use(self) -> bool:
        """Whether the buffer holds readings."""
        return bool(self._buffer)

    def _show_buffer(self) -> None:
        """Bits of the measurement register; a full buffer ends the storing."""
        stored, points = len(self._buffer), round(self.number("TRAC:POIN"))
        measurement = self.status.measurement
        before = measurement.condition
        measurement.set(BUFFER_AVAILABLE, stored >= 2)
        measurement.set(BUFFER_HALF_FULL, stored >= max(1, points // 2))
        measurement.set(BUFFER_FULL, stored >= points)
        for bit, code in _BUFFER_NOTES:
            if measurement.condition & ~before & bit:
                self.note(code)
        if stored >= points:
            self.set_value("TRAC:FEED:CONT", "NEV")
            self._statistic = self._computed()

    def empty_buffer(self) -> None:
        """Forget what is stored, and what was computed from it."""
        self._buffer.clear()
        self._statistic = None
        self.status.measurement.set(BUFFER_AVAILABLE | BUFFER_HALF_FULL | BUFFER_FULL, on=False)

    def storing_begins(self) -> None:
        """A meter that triggers itself has to note each of its readings now."""
        self.reconsider()

    @command("TRAC:FEED")
    def _set_feed(self, source: str) -> None:
        self.set_value("TRAC:FEED", source)
        self.reconsider()

    @query("TRAC:DATA")
    def _ask_buffer(self) -> str:
        if not self._buffer:
            raise ScpiError(DATA_STALE, "the buffer is empty")
        return self.formatted(self._buffer, processed=False)

    @query("TRAC:FREE")
    def _ask_free(self) -> str:
        used = len(self._buffer) * _BYTES_A_READING
        return f"{_CAPACITY - used},{used}"

    # ---- statistics of the buffer

    def compute_statistic(self) -> None:
        """Work it out on command.

        Raises:
            ScpiError: There is nothing to work out (-230).
        """
        self._statistic = self._computed()
        if self._statistic is None:
            raise ScpiError(DATA_STALE, "no statistics")

    def statistic_text(self) -> str:
        """Return what was computed last: on command, or when the buffer was full."""
        if self._statistic is None:
            raise ScpiError(DATA_STALE, "no statistics")
        return f"{self._statistic:+.8E}"

    @command("CALC2:FORM")
    def _set_statistic(self, form: str) -> None:
        """Another quantity has to be computed first."""
        self.set_value("CALC2:FORM", form)
        self._statistic = None

    def _computed(self) -> float | None:
        """Work out the statistic that is selected.

        None where the buffer is empty or holds an overflow (manual, 6-2), no statistic is selected or they are off.
        """
        values = [reading.value for reading in self._buffer]
        form = self.settings[_STATISTIC]
        if not values or OVERFLOW in values or form == "NONE" or not bool(self.settings[_STATISTICS_ON]):
            return None
        if form == "SDEV":
            return statistics.stdev(values) if len(values) > 1 else 0.0
        return {"MEAN": statistics.fmean, "MAX": max, "MIN": min}[str(form)](values)

    # ---- how readings are printed

    @command("FORM:ELEM")
    def _set_elements(self, words: tuple[str, ...]) -> None:
        order = ("READ", "CHAN", "UNIT")
        chosen = {word[:4] for word in words}
        elements: Value = tuple(word for word in order if word in chosen)
        self.set_value("FORM:ELEM", elements)

    def formatted(self, readings: list[Reading], processed: bool) -> str:
        """Print readings, after relative and (if `processed`) after math."""
        elements = self.settings[_ELEMENTS]
        assert isinstance(elements, tuple)
        values = [reading.value for reading in readings]
        if processed and self.settings[_MATH_ON]:
            values = list(map(self.processed, values))
        coding = self.settings[_CODING]
        if coding != "ASC":
            return self._binary(values, double=coding == "DRE")
        if elements == ("READ",):
            return ",".join(map(_number_text, values))
        return ",".join(
            self._with_elements(value, reading, elements) for value, reading in zip(values, readings, strict=True)
        )

    def _with_elements(self, value: float, reading: Reading, elements: tuple[Value, ...]) -> str:
        """Reading, unit letters right behind it (not behind an overflow), channel as `1INTCHAN`.

        That a ratio has no unit is assumed; channels of a switch are printed as by the Model 2000, `1EXTCHAN`.
        """
        text = _number_text(value) if "READ" in elements else ""
        if "UNIT" in elements and value != OVERFLOW and not reading.ratio:
            text += str(self.settings[_TEMPERATURE_UNIT]) if reading.temperature else "VDC"
        origin = "EXTCHAN" if reading.external else "INTCHAN"
        channel = f"{reading.channel}{origin}" if "CHAN" in elements else ""
        return ",".join(part for part in (text, channel) if part)

    def _binary(self, values: list[float], *, double: bool) -> str:
        """IEEE 488.2 block of indefinite length, `#0` and the numbers' bytes."""
        order = ">" if self.settings[_BYTE_ORDER] == "NORM" else "<"
        block = struct.pack(f"{order}{len(values)}{'d' if double else 'f'}", *values)
        return "#0" + block.decode("latin-1")


def _number_text(value: float) -> str:
    """Print a reading: sign, one digit, eight places, exponent of two digits; `+9.9E37` where it overflows."""
    return "+9.9E37" if value == OVERFLOW or not math.isfinite(value) else f"{value + 0.0:+.8E}"
