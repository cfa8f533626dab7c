"""What a 2400 does with a reading: status word, math, limits, buffer and its statistics, and how it is printed.

Source: 2400 series user's manual, sections 8 (math), 9 (data store), 12 (limits), 18 (CALCulate, FORMat, TRACe).
"""

from __future__ import annotations

import math
import statistics
import struct
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, cast

import numpy as np

from instruments.scpi import ScpiError
from instruments.tables.keithley2400 import LIMITS, TABLE
from simulators.devices.smu_math import NOT_THERE, OVERFLOW, beyond, evaluate
from simulators.devices.smu_sense import COMPENSATED, FILTER, Converted, SenseUnit
from simulators.devices.smu_settings import FUNCTION, REMOTE
from simulators.exchange import command, query
from simulators.messages import Effect
from simulators.terminals import SmuTerminals
from simulators.timeline import Timeline

DATA_STALE = -230
STORAGE_ACTIVE = 800

LONGEST_TIME = 100_000.0
"""s; the clock of readings begins again at zero."""

# Conditions of the measurement register.
LIMIT_1, LOW_2, HIGH_2, LOW_3, HIGH_3, LIMITS_PASSED = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
READING_AVAILABLE, READING_OVERFLOW, BUFFER_AVAILABLE, BUFFER_FULL = 0x40, 0x80, 0x100, 0x200
_FAILURES = {2: (LOW_2, HIGH_2), 3: (LOW_3, HIGH_3)}
_RESULTS = LIMIT_1 | LOW_2 | HIGH_2 | LOW_3 | HIGH_3 | LIMITS_PASSED

_ELEMENTS = ("VOLT", "CURR", "RES", "TIME", "STAT")
_RESULT_ELEMENTS = ("CALC", "TIME", "STAT")
_FED = {"VOLT": 0, "CURR": 1, "RES": 2}
_BYTES_A_READING = 24
_CAPACITY = 2500 * _BYTES_A_READING
"""Size of the buffer (assumed: the manual gives 2500 readings and no number of bytes)."""

_TERMINALS = TABLE["ROUT:TERM"].header
_MATH_ON = TABLE["CALC:STAT"].header
_MATH_NAME = TABLE["CALC:MATH:NAME"].header
_FEED = TABLE["CALC2:FEED"].header
_NULL_ON = TABLE["CALC2:NULL:STAT"].header
_LIMIT_1_ON = TABLE["CALC2:LIM1:STAT"].header
_LIMIT_ON = {test: TABLE[f"CALC2:LIM{test}:STAT"].header for test in LIMITS}
_STORE_FEED = TABLE["TRAC:FEED"].header
_STORE_CONTROL = TABLE["TRAC:FEED:CONT"].header
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
    """

    voltage: float
    current: float
    resistance: float
    time: float
    status: int
    result: float
    compared: float


Pick = Callable[[Reading], float]


class Processing(SenseUnit):
    """Everything behind the filter."""

    def __init__(
        self,
        timeline: Timeline,
        terminals: SmuTerminals,
        noise: np.random.Generator | None,
        calibration: np.random.Generator | None,
        line_frequency: float,
    ) -> None:
        super().__init__(timeline, terminals, noise, calibration, line_frequency)
        self._epoch = timeline.now
        self._readings: list[Reading] = []
        self._buffer: list[Reading] = []
        self._buffer_of = "SENS1"
        self._failed = dict.fromkeys((1, *LIMITS), False)
        self._null_wanted = False
        for test in (1, *LIMITS):
            effect: Effect = partial(self._ask_failed, test)
            self._effects[TABLE[f"CALC2:LIM{test}:FAIL"].header, True] = effect

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
        result = self._math(found) if self.settings[_MATH_ON] else NOT_THERE
        compared = self._compared(found, result)
        failed = self._test(compared, limited)
        overflow = any(abs(value) == OVERFLOW for value in found)
        status = self._state_bits() | (0x01 if overflow else 0)
        status |= (0x10000 if by_range else 0x08) if limited else 0
        status |= (failed & 3) << 8 | (failed >> 2) << 19
        measurement = self.status.measurement
        measurement.set(READING_OVERFLOW, overflow)
        measurement.renew(READING_AVAILABLE)
        return Reading(*found, self.clock(), status, result, compared)

    def _state_bits(self) -> int:
        """The bits of the status word that follow from the settings."""
        functions = self.functions()
        sourced = self.settings[FUNCTION]
        bits = (
            (0x02, self.settings[FILTER]),
            (0x04, self.settings[_TERMINALS] == "FRON"),
            (0x10, self.over_voltage()),
            (0x20, self.settings[_MATH_ON]),
            (0x40, self.settings[_NULL_ON]),
            (0x80, self._testing()),
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

    def _math(self, found: Converted) -> float:
        """CALCulate1; expressions over two readings give something with every second one."""
        before = self._readings[-1] if len(self._readings) % 2 else None
        return evaluate(str(self.settings[_MATH_NAME]), found, before)

    def _fed(self, found: Sequence[float], result: float) -> float:
        """What CALCulate2 is given."""
        feed = str(self.settings[_FEED])
        return result if feed == "CALC1" else found[_FED[feed]]

    def _compared(self, found: Sequence[float], result: float) -> float:
        value = self._fed(found, result)
        if beyond(value):
            return value
        if self._null_wanted:
            self._null_wanted = False
            self.set_value("CALC2:NULL:OFFS", value)
        return value - self.number("CALC2:NULL:OFFS") if self.settings[_NULL_ON] else value

    def _testing(self) -> bool:
        return bool(self.settings[_LIMIT_1_ON]) or any(self.settings[header] for header in _LIMIT_ON.values())

    def _test(self, value: float, limited: bool) -> int:
        """Carry out the limit tests; return the number of the first that failed, 0 if none did."""
        if not self._testing():
            return 0
        bits, failed = 0, list[int]()
        if self.settings[_LIMIT_1_ON] and limited == (self.value("CALC2:LIM1:COMP:FAIL") == "IN"):
            bits, failed = LIMIT_1, [1]
        for test, header in _LIMIT_ON.items():
            if self.settings[header] and value != NOT_THERE:
                low = value < self.number(f"CALC2:LIM{test}:LOW")
                high = value > self.number(f"CALC2:LIM{test}:UPP")
                if low or high:
                    failed.append(test)
                    bits |= _FAILURES.get(test, (0, 0))[high]
        self._failed.update(dict.fromkeys(failed, True))
        self.status.measurement.set(_RESULTS, on=False)
        self.status.measurement.set(bits if failed else LIMITS_PASSED)
        return min(failed, default=0)

    def _ask_failed(self, test: int) -> str:
        return f"{self._failed[test]:d}"

    @command("CALC2:CLIM:CLE")
    def clear_limits(self) -> None:
        """Forget the results of limit tests."""
        self._failed = dict.fromkeys(self._failed, False)
        self.status.measurement.set(_RESULTS, on=False)

    @command("CALC2:NULL:ACQ")
    def _acquire_null(self) -> None:
        """The last reading of the feed becomes the offset, or the next one where there is none."""
        last = self._readings[-1] if self._readings else None
        value = NOT_THERE if last is None else self._fed(last, last.result)
        self._null_wanted = beyond(value)
        if not self._null_wanted:
            self.set_value("CALC2:NULL:OFFS", value)

    @query("CALC:DATA")
    def _ask_results(self) -> str:
        return self._results(self._readings, "CALC1")

    @query("CALC:DATA:LAT")
    def _ask_latest_result(self) -> str:
        return self._results(self._readings[-1:], "CALC1")

    @query("CALC2:DATA")
    def _ask_compared(self) -> str:
        return self._results(self._readings, "CALC2")

    @query("CALC2:DATA:LAT")
    def _ask_latest_compared(self) -> str:
        return self._results(self._readings[-1:], "CALC2")

    def _results(self, readings: list[Reading], of: str) -> str:
        """Print results; there are none of what is switched off."""
        on = self.settings[_MATH_ON] if of == "CALC1" else self._testing() or self.settings[_NULL_ON]
        if not readings or not on:
            raise ScpiError(DATA_STALE, f"no result of {of}")
        return self._printed(readings, of)

    # ---- buffer

    def store_reading(self, reading: Reading) -> None:
        """Put a reading into the buffer, where that is on; a full one ends the storing."""
        if self.settings[_STORE_CONTROL] != "NEXT":
            return
        self._buffer.append(reading)
        self._buffer_of = str(self.settings[_STORE_FEED])
        full = len(self._buffer) >= cast("int", self.settings[_POINTS])
        self.status.measurement.set(BUFFER_AVAILABLE, len(self._buffer) >= 2)
        self.status.measurement.set(BUFFER_FULL, full)
        if full:
            self.settings[_STORE_CONTROL] = "NEV"

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
        if self.settings[_STORE_CONTROL] == "NEXT":
            raise ScpiError(STORAGE_ACTIVE, "readings are being stored")

    @command("TRAC:FEED:CONT")
    def _set_feed_control(self, control: str) -> None:
        """NEXT stores from the first place on."""
        self.settings[_STORE_CONTROL] = control
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
