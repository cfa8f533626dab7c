"""What a 2400 does with a reading: status word, buffer and its statistics, and how it is printed.

Source: 2400 series user's manual, sections 9 (data store), 18 (CALCulate3, FORMat, TRACe).
"""

from __future__ import annotations

import math
import statistics
import struct
from collections.abc import Callable
from typing import NamedTuple, cast

from instruments.scpi import ScpiError
from instruments.tables.keithley2400 import TABLE
from simulators.devices.smu_expressions import MATH_ON
from simulators.devices.smu_formula import NOT_THERE, OVERFLOW, beyond
from simulators.devices.smu_limits import NULL_ON, LimitUnit
from simulators.devices.smu_sense import COMPENSATED, FILTER, Converted
from simulators.devices.smu_settings import FUNCTION, REMOTE, Place
from simulators.exchange import command, query

DATA_STALE = -230
STORAGE_ACTIVE = 800

LONGEST_TIME = 100_000.0
"""s; the clock of readings begins again at zero."""

# Conditions of the measurement register.
READING_AVAILABLE, READING_OVERFLOW, BUFFER_AVAILABLE, BUFFER_FULL = 0x40, 0x80, 0x100, 0x200

_ELEMENTS = ("VOLT", "CURR", "RES", "TIME", "STAT")
_RESULT_ELEMENTS = ("CALC", "TIME", "STAT")
_BYTES_A_READING = 24
_CAPACITY = 2500 * _BYTES_A_READING
"""Size of the buffer (assumed: the manual gives 2500 readings and no number of bytes)."""

_TERMINALS = TABLE["ROUT:TERM"].header
_STORE_FEED = TABLE["TRAC:FEED"].header
CONTROL = TABLE["TRAC:FEED:CONT"].header
_POINTS = TABLE["TRAC:POIN"].header
_FORM = TABLE["FORM:ELEM"].header
_RESULT_FORM = TABLE["FORM:ELEM:CALC"].header
_CODING = TABLE["FORM"].header


class Reading(NamedTuple):
    """One source-measure cycle.

    Attributes:
        voltage: V.
        current: A.
        resistance: ohm.
        time: s since power-on or since the clock was reset.
        status: The status word.
        result: What CALCulate1 made of it.
        compared: What CALCulate2 made of it.
        calculated: Whether there is a result: of readings that make up a vector the last one has it.
    """

    voltage: float
    current: float
    resistance: float
    time: float
    status: int
    result: float
    compared: float
    calculated: bool


Pick = Callable[[Reading], float]


class Processing(LimitUnit):
    """Everything behind the filter."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._epoch = place.timeline.now
        self._readings: list[Reading] = []
        self._buffer: list[Reading] = []
        self._buffer_of = "SENS1"

    def clock(self) -> float:
        """Return the time of a reading that is taken now, in s."""
        return math.fmod(self.timeline.now - self._epoch, LONGEST_TIME)

    @query("SYST:TIME")
    def _ask_time(self) -> str:
        return f"{self.clock():.6f}"

    @command("SYST:TIME:RES")
    def reset_clock(self) -> None:
        """Begin at zero."""
        self._epoch = self.timeline.now

    # ---- one reading

    def processed(self, found: Converted, limited: bool, by_range: bool) -> Reading:
        """Make a reading of what was converted.

        Args:
            found: Voltage, current and resistance.
            limited: Whether the source was in compliance.
            by_range: Whether that was the compliance of the measuring range.
        """
        now = self.clock()
        result, calculated = self.calculate((*found, now))
        compared = self.compared(found, result)
        failed = self.test(compared, limited)
        overflow = any(abs(value) == OVERFLOW for value in found)
        status = self._state_bits() | (0x01 if overflow else 0)
        status |= (0x10000 if by_range else 0x08) if limited else 0
        status |= (failed & 3) << 8 | (failed >> 2) << 19
        measurement = self.status.measurement
        measurement.set(READING_OVERFLOW, overflow)
        measurement.renew(READING_AVAILABLE)
        return Reading(*found, now, status, result, compared, calculated)

    def _state_bits(self) -> int:
        """The bits of the status word that follow from the settings."""
        functions = self.functions()
        sourced = self.settings[FUNCTION]
        bits = (
            (0x02, self.settings[FILTER]),
            (0x04, self.settings[_TERMINALS] == "FRON"),
            (0x10, self.over_voltage()),
            (0x20, self.settings[MATH_ON]),
            (0x40, self.settings[NULL_ON]),
            (0x80, self.outcome.passed is not None),
            (0x400, self.automatic_ohms()),
            (0x800, self.measured()[0]),
            (0x1000, self.measured()[1]),
            (0x2000, "RES" in functions),
            (0x4000, sourced == "VOLT"),
            (0x8000, sourced == "CURR"),
            (0x20000, self.settings[COMPENSATED]),
            (0x400000, self.settings[REMOTE]),
        )
        return sum(bit for bit, on in bits if on)

    @command("CALC2:NULL:ACQ")
    def _acquire_null(self) -> None:
        """The last reading of the feed becomes the offset, or the next one where there is none."""
        last = self._readings[-1] if self._readings else None
        self.acquire_null(NOT_THERE if last is None else self.fed(last, last.result))

    @query("CALC:DATA")
    def _ask_results(self) -> str:
        return self._results(self._calculated(), "CALC1")

    @query("CALC:DATA:LAT")
    def _ask_latest_result(self) -> str:
        return self._results(self._calculated()[-1:], "CALC1")

    def _calculated(self) -> list[Reading]:
        """The readings with which there was a result."""
        return [reading for reading in self._readings if reading.calculated]

    def end_vector(self) -> None:
        """A run is over; a vector that it did not fill has no number for a result."""
        if self.vector_incomplete() and self._readings:
            self._readings[-1] = self._readings[-1]._replace(calculated=True)

    @query("CALC2:DATA")
    def _ask_compared(self) -> str:
        return self._results(self._readings, "CALC2")

    @query("CALC2:DATA:LAT")
    def _ask_latest_compared(self) -> str:
        return self._results(self._readings[-1:], "CALC2")

    def _results(self, readings: list[Reading], of: str) -> str:
        """Print results; there are none of what is switched off."""
        on = self.settings[MATH_ON] if of == "CALC1" else self.testing() or self.settings[NULL_ON]
        if not readings or not on:
            raise ScpiError(DATA_STALE, f"no result of {of}")
        return self._printed(readings, of)

    # ---- buffer

    def store_reading(self, reading: Reading) -> None:
        """Put a reading into the buffer, where that is on; a full one ends the storing."""
        if self.settings[CONTROL] != "NEXT":
            return
        if self.settings[_STORE_FEED] == "CALC1" and not reading.calculated:
            return
        self._buffer.append(reading)
        self._buffer_of = str(self.settings[_STORE_FEED])
        full = len(self._buffer) >= cast("int", self.settings[_POINTS])
        self.status.measurement.set(BUFFER_AVAILABLE, len(self._buffer) >= 2)
        self.status.measurement.set(BUFFER_FULL, full)
        if full:
            self.settings[CONTROL] = "NEV"

    def empty_buffer(self) -> None:
        """Forget what is stored."""
        self._buffer.clear()
        self.status.measurement.set(BUFFER_AVAILABLE | BUFFER_FULL, on=False)

    @command("TRAC:CLE")
    def _clear_buffer(self) -> None:
        self.empty_buffer()

    @command("TRAC:POIN")
    def _set_points(self, points: int) -> None:
        """Another size empties the buffer (assumed)."""
        self._refuse_while_storing()
        self.settings[_POINTS] = points
        self.empty_buffer()

    @command("TRAC:FEED")
    def _set_feed(self, feed: str) -> None:
        self._refuse_while_storing()
        self.settings[_STORE_FEED] = feed

    def _refuse_while_storing(self) -> None:
        if self.settings[CONTROL] == "NEXT":
            raise ScpiError(STORAGE_ACTIVE, "readings are being stored")

    @command("TRAC:FEED:CONT")
    def _set_feed_control(self, control: str) -> None:
        """NEXT stores from the first place on."""
        self.settings[CONTROL] = control
        if control == "NEXT":
            self.empty_buffer()

    @query("TRAC:POIN:ACT")
    def _ask_stored(self) -> str:
        return str(len(self._buffer))

    @query("TRAC:FREE")
    def _ask_free(self) -> str:
        used = len(self._buffer) * _BYTES_A_READING
        return f"{_CAPACITY - used},{used}"

    @query("TRAC:DATA")
    def _ask_buffer(self) -> str:
        if not self._buffer:
            raise ScpiError(DATA_STALE, "the buffer is empty")
        return self._printed(self._stamped(), self._buffer_of)

    def _stamped(self) -> list[Reading]:
        """The buffer with its own times: from its first reading, or from one to the next."""
        times = [reading.time for reading in self._buffer]
        delta = self.value("TRAC:TST:FORM") == "DELT"
        origins = [times[0], *times[:-1]] if delta else [times[0]] * len(times)
        return [
            reading._replace(time=(reading.time - origin) % LONGEST_TIME)
            for reading, origin in zip(self._buffer, origins, strict=True)
        ]

    @query("CALC3:DATA")
    def _ask_statistics(self) -> str:
        """One figure for each quantity that was measured."""
        if not self._buffer:
            raise ScpiError(DATA_STALE, "the buffer is empty")
        picks: list[Pick] = [_PICKS[self._buffer_of]] if self._buffer_of in _PICKS else self._measured_picks()
        columns = [[value for value in map(pick, self._buffer) if not beyond(value)] for pick in picks]
        if not all(columns) or not columns:
            raise ScpiError(DATA_STALE, "nothing in the buffer can be averaged")
        form = str(self.value("CALC3:FORM"))
        return ",".join(_number(_STATISTICS[form](column)) for column in columns)

    def _measured_picks(self) -> list[Pick]:
        bits = self._buffer[0].status
        return [_PICKS[name] for name, bit in (("VOLT", 0x800), ("CURR", 0x1000), ("RES", 0x2000)) if bits & bit]

    # ---- how readings are printed

    @command("FORM")
    def _set_coding(self, coding: str, _length: int = 32) -> None:
        self.settings[_CODING] = coding

    @query("FORM")
    def _ask_coding(self) -> str:
        return "ASC" if self.settings[_CODING] == "ASC" else "REAL,32"

    @command("FORM:ELEM")
    def _set_elements(self, words: tuple[str, ...]) -> None:
        self.settings[_FORM] = tuple(word for word in _ELEMENTS if word in words)

    @command("FORM:ELEM:CALC")
    def _set_result_elements(self, words: tuple[str, ...]) -> None:
        self.settings[_RESULT_FORM] = tuple(word for word in _RESULT_ELEMENTS if word in words)

    def formatted(self, readings: list[Reading]) -> str:
        """Print readings with their elements, all in one line."""
        return self._printed(readings, "SENS1")

    def _printed(self, readings: list[Reading], of: str) -> str:
        names = cast("tuple[str, ...]", self.settings[_FORM if of == "SENS1" else _RESULT_FORM])
        picks = [_PICKS[of if name == "CALC" else name] for name in names]
        values = [pick(reading) for reading in readings for pick in picks]
        if self.settings[_CODING] == "ASC":
            return ",".join(map(_number, values))
        order = ">" if self.value("FORM:BORD") == "NORM" else "<"
        return "#0" + struct.pack(f"{order}{len(values)}f", *values).decode("latin-1")


_PICKS: dict[str, Pick] = {
    "VOLT": lambda reading: reading.voltage,
    "CURR": lambda reading: reading.current,
    "RES": lambda reading: reading.resistance,
    "TIME": lambda reading: reading.time,
    "STAT": lambda reading: float(reading.status),
    "CALC1": lambda reading: reading.result,
    "CALC2": lambda reading: reading.compared,
}


def _spread(values: list[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else 0.0


_STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "MEAN": statistics.fmean,
    "SDEV": _spread,
    "MAX": max,
    "MIN": min,
    "PKPK": lambda values: max(values) - min(values),
}


def _number(value: float) -> str:
    """Print a number: sign, one digit, six places, exponent of two digits."""
    return f"{value + 0.0:+.6E}"
