"""The source memory of a 2400: a hundred set-ups, and sweeps through them.

A location keeps what is sourced, measured, calculated and compared, with its ranges and limits. In a memory sweep each
trigger takes the next location into use, or, after a limit test, one that the result leads to.

Source: 2400 series user's manual, sections 10 (source memory sweep, table of what is saved, branching) and 18
(SOURce:MEMory, SFACtor, CLIMits:PASS:SMLocation).
"""

from __future__ import annotations

from typing import cast

from instruments.scpi import DATA_OUT_OF_RANGE, ScpiError
from instruments.tables.keithley2400 import LIMITS, LOCATIONS, TABLE
from instruments.tables.table import Value, value_when_new
from simulators.devices.smu_expressions import MATH_NAME, MATH_ON
from simulators.devices.smu_formula import beyond
from simulators.devices.smu_limits import PATTERNS
from simulators.devices.smu_settings import (
    AUTO,
    FUNCTION,
    KINDS,
    LEVEL,
    LIMIT,
    OTHER,
    RANGE,
    RANGES,
    REMOTE,
    TRIGGERED,
    Place,
    holding,
)
from simulators.devices.smu_sweep import Point, SweepUnit
from simulators.exchange import command, query

LOCATION_REVISED = 809

_OF_A_QUANTITY = ("RANG", "RANG:AUTO", "RANG:AUTO:LLIM", "PROT", "NPLC")
_OF_A_SOURCE = ("RANG", "RANG:AUTO", "TRIG", "TRIG:SFAC", "TRIG:SFAC:STAT")
_OTHERS = (
    "SOUR:FUNC", "SOUR:DEL", "SOUR:DEL:AUTO", "SOUR:VOLT", "SOUR:CURR", "SENS:FUNC:CONC", "SENS:FUNC", "SENS:FUNC:OFF",
    "SENS:CURR:RANG:HOLD", "SENS:CURR:RANG:HOLD:DEL", "SENS:RES:MODE", "SENS:RES:OCOM", "SENS:RES:RANG",
    "SENS:RES:RANG:AUTO", "SENS:RES:RANG:AUTO:LLIM", "SENS:RES:RANG:AUTO:ULIM", "SENS:RES:NPLC", "SENS:AVER:TCON",
    "SENS:AVER:COUN", "SENS:AVER", "SYST:AZER", "SYST:RSEN", "SYST:GUAR", "ROUT:TERM", "CALC:STAT", "CALC:MATH:NAME",
    "CALC2:FEED", "CALC2:NULL:OFFS", "CALC2:NULL:STAT", "CALC2:LIM1:STAT", "CALC2:LIM1:COMP:FAIL", "TRIG:DEL",
    "CALC2:CLIM:PASS:SML", "CALC2:CLIM:FAIL:SML",
)  # fmt: skip
_SAVED = frozenset({
    *(TABLE[f"SENS:{kind}:{what}"].header for kind in KINDS for what in _OF_A_QUANTITY),
    *(TABLE[f"SOUR:{kind}:{what}"].header for kind in KINDS for what in _OF_A_SOURCE),
    *(TABLE[header].header for header in _OTHERS),
    *(TABLE[f"CALC2:LIM{test}:{what}"].header for test in LIMITS for what in ("STAT", "UPP", "LOW")),
    *PATTERNS,
})  # fmt: skip
_FACTORY = {row.header: value_when_new(row) for row in TABLE if row.header in _SAVED}
_BRANCH = {passed: TABLE[f"CALC2:CLIM:{word}:SML"].header for passed, word in ((True, "PASS"), (False, "FAIL"))}
_FACTOR = {kind: TABLE[f"SOUR:{kind}:TRIG:SFAC"].header for kind in KINDS}
_SCALED = {kind: TABLE[f"SOUR:{kind}:TRIG:SFAC:STAT"].header for kind in KINDS}
_TRIGGER_DELAY = TABLE["TRIG:DEL"].header
_POINTS = TABLE["SOUR:MEM:POIN"].header
_START = TABLE["SOUR:MEM:STAR"].header


class MemoryUnit(SweepUnit):
    """Knows a hundred set-ups.

    What is assumed: a location that nobody saved to is the set-up after *RST; behind location 100 comes the first;
    after as many points as a sweep has, it begins anew; the settings stay those of the last location; the output stays
    on where a set-up is recalled by hand.
    """

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._locations: dict[int, dict[str, Value]] = {}
        self._saved_with_memory: dict[int, bool] = {}
        self._memory = False
        self._place: int | None = None
        self._taken = 0

    def reset(self) -> None:
        """Carry out *RST; what is in the memory stays."""
        super().reset()
        self._memory = False

    def restored(self) -> None:
        """Take a recalled set-up into use."""
        super().restored()
        if not self.knows_expression(str(self.settings[MATH_NAME])):
            self.settings[MATH_NAME] = "POWER"

    def _save(self, memory: int) -> None:
        super()._save(memory)
        self._saved_with_memory[memory] = self._memory

    def _recall(self, memory: int) -> None:
        super()._recall(memory)
        self._memory = self._saved_with_memory.get(memory, False)

    def _set_function(self, function: str) -> None:
        """Select a source, or the memory; the source stays as it is until a memory sweep begins."""
        if function != "MEM":
            super()._set_function(function)
        self._memory = function == "MEM"

    @query("SOUR:FUNC")
    def _ask_function(self) -> str:
        return "MEM" if self._memory else str(self.settings[FUNCTION])

    # ---- locations

    @command("SOUR:MEM:SAVE")
    def _save_location(self, number: int) -> None:
        self._locations[number] = {header: self.settings[header] for header in _SAVED}

    @command("SOUR:MEM:REC")
    def _recall_location(self, number: int) -> None:
        """The source is that of the set-up from now on, also where the memory was selected."""
        self._take(self._location(number))
        self._memory = False
        self._settle_function()

    def _location(self, number: int) -> dict[str, Value]:
        """Return a set-up; one whose expression is no more is revised, and that goes into the error queue."""
        saved = self._locations.get(number, _FACTORY)
        if not self.knows_expression(str(saved[MATH_NAME])):
            saved = self._locations[number] = {**saved, MATH_NAME: "POWER", MATH_ON: False}
            self.status.report(LOCATION_REVISED)
        return saved

    def _take(self, saved: dict[str, Value]) -> None:
        remote = self.settings[REMOTE]
        self.settings.update(saved)
        self._stack.clear()
        self.level = self.full(LEVEL[self.source()])
        if self._driving and self.settings[REMOTE] != remote:
            self._terminals.sense_remotely(bool(self.settings[REMOTE]))

    def forget_setups(self) -> None:
        """Let all set-ups, in source memory and of *SAV, be the present one, without math."""
        self.settings[MATH_ON] = False
        for number in range(1, LOCATIONS + 1):
            self._save_location(number)
        for memory in range(5):
            self._save(memory)

    # ---- the sweep

    def plan(self, *, ohms: bool | None = None) -> list[Point] | None:
        """Return what the source goes through; in a memory sweep each location says so when its turn comes."""
        return None if self._memory else super().plan(ohms=ohms)

    def begin_memory(self) -> None:
        """A run begins; see `Cycle.begin_cycle`."""
        self._place, self._taken = (cast("int", self.settings[_START]), 0) if self._memory else (None, 0)

    def trigger_delay(self) -> float:
        """Return the delay of the present point behind its trigger, in s."""
        if self._place is None:
            return self.number("TRIG:DEL")
        return cast("float", self._locations.get(self._place, self.settings)[_TRIGGER_DELAY])

    def take_location(self) -> None:
        """Take the present location into use and drive its level, or its factor times the reading before."""
        assert self._place is not None
        self._take(self._location(self._place))
        kind = self.source()
        before = self._readings[-1][KINDS.index(kind)] if self._readings else 0.0
        if self.settings[_SCALED[kind]] and self._readings and not beyond(before):
            try:
                self._scale(before * self.full(_FACTOR[kind]))
            except ScpiError as error:
                self.status.report(error.code)
        if self._driving:
            self.drive(self.full(LEVEL[kind]))

    def _scale(self, level: float) -> None:
        """Make a level in V or A the present one, on a range that holds it.

        Raises:
            ScpiError: No range does (-222), or it would make too much power (+826).
        """
        kind = self.source()
        ranges, present = RANGES[kind], RANGES[kind].index(self.full(RANGE[kind]))
        if abs(level) > ranges[-1]:
            raise ScpiError(DATA_OUT_OF_RANGE, f"a scaled level of {level}")
        best = holding(level, ranges)
        index = best if self.settings[AUTO[kind]] else max(best, present)
        self.check_power(kind, ranges[index], abs(self.full(LIMIT[OTHER[kind]])))
        self.settings[RANGE[kind]] = ranges[index]
        self.settings[LEVEL[kind]] = self.settings[TRIGGERED[kind]] = self.rounded(kind, level, index)

    def next_location(self) -> None:
        """A point is measured: go on with the next location, or where the limit tests lead to."""
        if self._place is None:
            return
        self._taken += 1
        passed = self.outcome.passed
        branch = "NEXT" if passed is None else self.settings[_BRANCH[passed]]
        if self._taken % cast("int", self.settings[_POINTS]) == 0:
            self._place = cast("int", self.settings[_START])
        elif isinstance(branch, int):
            self._place = branch
        else:
            self._place = self._place % LOCATIONS + 1
