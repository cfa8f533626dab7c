"""The limit tests of a 2400, and what the digital output says of them.

Source: 2400 series user's manual, sections 12 (limit testing) and 18 (CALCulate2, SOURce2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import ClassVar, Literal, NamedTuple, cast

from instruments.scpi import DATA_OUT_OF_RANGE, ScpiError
from instruments.tables.keithley2400 import LIMITS, TABLE
from simulators.devices.smu_expressions import ExpressionUnit
from simulators.devices.smu_formula import NOT_THERE, beyond
from simulators.devices.smu_port import DigitalPort
from simulators.devices.smu_settings import Place
from simulators.exchange import command, query
from simulators.program_message import Effect

# Conditions of the measurement register.
LIMIT_1, LOW_2, HIGH_2, LOW_3, HIGH_3, LIMITS_PASSED = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
_FAILURES = {2: (LOW_2, HIGH_2), 3: (LOW_3, HIGH_3)}
_RESULTS = LIMIT_1 | LOW_2 | HIGH_2 | LOW_3 | HIGH_3 | LIMITS_PASSED
_FED = {"VOLT": 0, "CURR": 1, "RES": 2}
_BASES = {"ASC": "{:d}", "HEX": "#H{:X}", "OCT": "#Q{:o}", "BIN": "#B{:b}"}

NULL_ON = TABLE["CALC2:NULL:STAT"].header
LIMIT_1_ON = TABLE["CALC2:LIM1:STAT"].header
LIMIT_ON = {test: TABLE[f"CALC2:LIM{test}:STAT"].header for test in LIMITS}
_FEED = TABLE["CALC2:FEED"].header
_UPPER = {test: TABLE[f"CALC2:LIM{test}:UPP"].header for test in LIMITS}
_LOWER = {test: TABLE[f"CALC2:LIM{test}:LOW"].header for test in LIMITS}
_SIZE = TABLE["SOUR2:BSIZ"].header
_CLEARS = TABLE["CALC2:CLIM:CLE:AUTO"].header
_TTL = TABLE["SOUR2:TTL"].header
PATTERNS = (
    TABLE["CALC2:LIM1:COMP:SOUR2"].header,
    *(TABLE[f"CALC2:LIM{test}:{part}:SOUR2"].header for test in LIMITS for part in ("LOW", "UPP", "PASS")),
    *(TABLE[f"CALC2:CLIM:{result}:SOUR2"].header for result in ("PASS", "FAIL")),
)
"""Rows that hold what is put on the digital output."""


class Outcome(NamedTuple):
    """What the limit tests say of one reading.

    Attributes:
        passed: Of all tests together; None where none is on.
        first: Number of the first test that failed, 0 if none did.
        pattern: What is put on the digital output.
    """

    passed: bool | None
    first: int
    pattern: int


_UNTESTED = Outcome(None, 0, 0)


class LimitUnit(ExpressionUnit):
    """Everything of a 2400 that compares readings.

    Attributes:
        port: The digital output.
    """

    sorting_pattern: ClassVar[Literal["PASS", "LOW"]] = "PASS"
    """Which pattern of the first test that passes is put out while sorting (unsure: the manual says one of them with
    LIMitx:PASS:SOURce2, the other one with CLIMits:MODE)."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.port = DigitalPort()
        self.outcome = _UNTESTED
        self._failed = dict.fromkeys((1, *LIMITS), False)
        self._null_wanted = False
        self._tested = False
        self._stored: Outcome | None = None
        for test in (1, *LIMITS):
            effect: Effect = partial(self._ask_failed, test)
            self._effects[TABLE[f"CALC2:LIM{test}:FAIL"].header, True] = effect
        for header in (*PATTERNS, _TTL):
            setting: Effect = partial(self._set_pattern, header)
            asking: Effect = partial(self._ask_pattern, header)
            self._effects[header, False], self._effects[header, True] = setting, asking

    # ---- null and limit tests

    def fed(self, found: Sequence[float], result: float) -> float:
        """Return what CALCulate2 is given."""
        feed = str(self.settings[_FEED])
        return result if feed == "CALC1" else found[_FED[feed]]

    def compared(self, found: Sequence[float], result: float) -> float:
        """Return it with the null taken away."""
        value = self.fed(found, result)
        if beyond(value):
            return value
        if self._null_wanted:
            self._null_wanted = False
            self.set_value("CALC2:NULL:OFFS", value)
        return value - self.number("CALC2:NULL:OFFS") if self.settings[NULL_ON] else value

    def acquire_null(self, value: float) -> None:
        """Take a value as offset, or the next one where there is none."""
        self._null_wanted = beyond(value)
        if not self._null_wanted:
            self.set_value("CALC2:NULL:OFFS", value)

    def testing(self) -> bool:
        """Whether a limit test is on."""
        return bool(self.settings[LIMIT_1_ON]) or any(self.settings[header] for header in LIMIT_ON.values())

    def test(self, value: float, limited: bool) -> int:
        """Carry out the limit tests; return the number of the first that failed, 0 if none did."""
        if not self.testing():
            self.outcome = _UNTESTED
            return 0
        self._tested = True
        bits, failed, passing = 0, list[tuple[int, str]](), list[int]()
        if self.settings[LIMIT_1_ON] and limited == (self.value("CALC2:LIM1:COMP:FAIL") == "IN"):
            bits, failed = LIMIT_1, [(1, "COMP")]
        for number, header in LIMIT_ON.items():
            if self.settings[header] and value != NOT_THERE:
                low, high = value < self.full(_LOWER[number]), value > self.full(_UPPER[number])
                if low or high:
                    failed.append((number, "LOW" if low else "UPP"))
                    bits |= _FAILURES.get(number, (0, 0))[high and not low]
                else:
                    passing.append(number)
        self.outcome = self._judged(failed, passing)
        self._failed.update(dict.fromkeys((number for number, _ in failed), True))
        self.status.measurement.set(_RESULTS, on=False)
        self.status.measurement.set(LIMITS_PASSED if self.outcome.passed else bits)
        self._bin()
        return self.outcome.first

    def _judged(self, failed: list[tuple[int, str]], passing: list[int]) -> Outcome:
        """Put the tests together: grading wants all of them to pass, sorting one of the bands."""
        first, part = failed[0] if failed else (0, "")
        grading = self.value("CALC2:CLIM:MODE") == "GRAD"
        banded = bool(passing) or any(number > 1 for number, _ in failed)
        if first == 1 or (first and grading):
            return Outcome(False, first, self._pattern(f"CALC2:LIM{first}:{part}:SOUR2"))
        if grading or not banded:
            return Outcome(True, 0, self._pattern("CALC2:CLIM:PASS:SOUR2"))
        if passing:
            return Outcome(True, 0, self._pattern(f"CALC2:LIM{passing[0]}:{self.sorting_pattern}:SOUR2"))
        return Outcome(False, first, self._pattern("CALC2:CLIM:FAIL:SOUR2"))

    def _pattern(self, header: str) -> int:
        return cast("int", self.value(header))

    def _ask_failed(self, test: int) -> str:
        return f"{self._failed[test]:d}"

    @command("CALC2:CLIM:CLE")
    def clear_limits(self) -> None:
        """Forget the results of limit tests; the digital output shows its default."""
        self._tested = False
        self._failed = dict.fromkeys(self._failed, False)
        self.status.measurement.set(_RESULTS, on=False)
        self.port.clear()

    # ---- the digital output

    def begin_tests(self) -> None:
        """A run begins."""
        if self._tested and self.settings[_CLEARS]:
            self.clear_limits()
        self._stored = None
        self.port.test(running=True)

    def end_tests(self) -> None:
        """A run is over."""
        self.port.test(running=False)

    def _bin(self) -> None:
        """Immediate binning puts each result out until one has failed; else the first failure, or the last pass, waits.

        While sorting, binning is always immediate.
        """
        immediate = self.value("CALC2:CLIM:BCON") == "IMM" or self.value("CALC2:CLIM:MODE") == "SORT"
        if self._stored is not None and not self._stored.passed:
            return
        self._stored = self.outcome
        if immediate:
            self._put_out(self.outcome)

    def end_binning(self) -> None:
        """A sweep is over: what waited is put out."""
        stored, self._stored = self._stored, None
        grading = self.value("CALC2:CLIM:MODE") == "GRAD"
        if stored is not None and grading and self.value("CALC2:CLIM:BCON") == "END":
            self._put_out(stored)

    def _put_out(self, outcome: Outcome) -> None:
        width = self.number("SOUR2:CLE:AUTO:DEL") if self.flag("SOUR2:CLE:AUTO") else math.inf
        self.port.show(outcome.pattern, self.timeline.now, width)

    @property
    def digital_output(self) -> int:
        """What the digital lines show now; bit 0 for line 1."""
        return self.port.lines(self.timeline.now)

    def wire_port(self) -> None:
        """Let the port follow the settings; *RST and a recalled set-up change all of them."""
        port, busy = self.port, self.value("SOUR2:TTL4:MODE") == "BUSY"
        port.default = self._pattern("SOUR2:TTL")
        port.end_of_test = self.settings[_SIZE] == 3 or busy
        port.busy, port.asserted = busy, self.flag("SOUR2:TTL4:BST")

    def _set_pattern(self, header: str, pattern: int) -> None:
        if self.settings[_SIZE] == 3 and pattern > 7:
            raise ScpiError(DATA_OUT_OF_RANGE, f"{pattern} on a port of 3 bits")
        self.settings[header] = pattern
        if header == _TTL:
            self.wire_port()
            self.port.clear()

    def _ask_pattern(self, header: str) -> str:
        return self._printed_lines(cast("int", self.settings[header]))

    def _printed_lines(self, pattern: int) -> str:
        return _BASES[str(self.value("FORM:SOUR2"))].format(pattern)

    @query("SOUR2:TTL:ACT")
    def _ask_lines(self) -> str:
        return self._printed_lines(self.digital_output)

    @command("SOUR2:BSIZ")
    def _set_size(self, bits: int) -> None:
        """With 3 bits, line 4 is run by the tests and belongs to no pattern (assumed of patterns that had it)."""
        self.settings[_SIZE] = bits
        if bits == 3:
            self.settings.update({header: cast("int", self.settings[header]) & 7 for header in (*PATTERNS, _TTL)})
        self.wire_port()

    @command("SOUR2:TTL4:MODE")
    def _set_line_4(self, mode: str) -> None:
        self.set_value("SOUR2:TTL4:MODE", mode)
        self.wire_port()

    @command("SOUR2:TTL4:BST")
    def _set_level_of_line_4(self, high: bool) -> None:
        self.set_value("SOUR2:TTL4:BST", high)
        self.wire_port()

    @command("SOUR2:CLE")
    def _clear_lines(self) -> None:
        self.port.clear()
