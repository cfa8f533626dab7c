"""The guard in front of a Keithley 2400: which messages may leave.

Either quantity can be sourced, and the other one is then limited by a compliance: so both of them must stay within the
limits, as a level and as a compliance. A voltage that is set must also stay within the bias, where there is a limit for
it. Everything that it sources counts as steady, and how fast a level may change is watched where there is a limit
for it (see `instruments.guard.slew`), but not in its sweeps and lists. What turns the output on (OUTPut,
CONFigure, MEASure?, and runs with automatic output off) or makes it go through a sweep is judged by all settings that
decide on what is driven; one that nobody has set since the instrument was opened counts as not known, and that is
refused. Automatic ohms chooses its own test current, up to 100 mA.

Always allowed is what takes voltage and current away: output off, zero, `SOURce:CLEar`, `ABORt`, `*RST`.

Source: 2400 series user's manual.
"""

from __future__ import annotations

import re
from typing import cast

from instruments.clock import Clock, WallClock
from instruments.errors import LimitExceeded
from instruments.guard.gate import Gate
from instruments.guard.limits import Bound, Limits
from instruments.guard.messages import CLEAN, Command, MessageReader
from instruments.guard.sentences import Speaker
from instruments.guard.slew import REST, Slew
from instruments.guard.sourcemeter_state import (
    AUTO,
    COMPLIANCE,
    ENDS,
    FUNCTION,
    LEVEL,
    LIST,
    MODE,
    OHMS_AUTO,
    OHMS_MODE,
    OHMS_RANGE,
    OUTPUT,
    State,
    key,
)
from instruments.tables.keithley2400 import RESISTANCE_RANGES, TABLE
from instruments.tables.table import Row

TEST_CURRENTS = (0.1, 10e-3, 1e-3, 100e-6, 10e-6, 1e-6, 1e-6, 100e-9)
"""A; what automatic ohms drives, by resistance range."""

OHMS_VOLTAGE = 21.0
"""V; the most that automatic ohms puts on the sample (assumed)."""

_LINE = re.compile(r"[\r\n]")
_NAMES = {"VOLT": "the voltage", "CURR": "the current"}
_MOST_APPROVED = 64

_STARTS = frozenset(map(key, ("INIT", "*TRG")))
_CONFIGURES = {key(f"{verb}:{kind}"): kind for verb in ("CONF", "MEAS") for kind in ("VOLT", "CURR", "RES")}
_ASKS = frozenset({key("READ"), key("MEAS")})
_UNSEEN = frozenset(map(key, ("*RCL", "SOUR:MEM:REC", "SYST:KEY")))
_VALUES = {
    header: kind
    for kind in ("VOLT", "CURR")
    for header in (LEVEL[kind], key(f"SOUR:{kind}:TRIG"), *ENDS[kind], LIST[kind], key(f"SOUR:LIST:{kind}:APP"))
} | {COMPLIANCE[kind]: kind for kind in ("VOLT", "CURR")}
_MEMORIES = {key("SYST:POS"): {"RST", "PRES"}, FUNCTION: {"VOLT", "CURR"}}
_SENSES = frozenset(map(key, ("SENS:FUNC", "SENS:FUNC:ALL", "SENS:FUNC:OFF", "SENS:FUNC:OFF:ALL", "SENS:FUNC:CONC")))
_SETTINGS = frozenset({
    FUNCTION, *MODE.values(), *AUTO.values(), OHMS_MODE, OHMS_RANGE, OHMS_AUTO, OUTPUT, key("SOUR:CLE:AUTO"),
    *(key(f"SOUR:{kind}:RANG") for kind in ("VOLT", "CURR")),
    *(key(f"SENS:{kind}:RANG:AUTO") for kind in ("VOLT", "CURR")),
    *(key(f"SENS:{kind}:RANG") for kind in ("VOLT", "CURR")),
})  # fmt: skip
_RANGES = {key(f"SOUR:{kind}:RANG{automatic}"): kind for kind in ("VOLT", "CURR") for automatic in ("", ":AUTO")}
_DECIDES = frozenset({FUNCTION, OUTPUT, key("SOUR:CLE:AUTO"), *MODE.values()})
"""Settings with which something else is driven than before, so that all of it has to be known."""

_RESETS = frozenset(map(key, ("*RST", "SYST:PRES")))
_ENDS_OUTPUT = frozenset(map(key, ("SOUR:CLE", "ROUT:TERM", "SYST:RSEN", "SYST:GUAR")))


class SourceMeterGate(Gate):
    """Judges the messages to a 2400.

    Args:
        speaker: Words the refusals.
        limits: What must not be exceeded.
        unseen: Whether commands may leave whose effect cannot be told: recalled set-ups, key presses, unknown headers.
        clock: The lab's, for how fast a level changes; the wall's if it is None.
    """

    def __init__(self, speaker: Speaker, limits: Limits, *, unseen: bool = False, clock: Clock | None = None) -> None:
        super().__init__(speaker)
        slews = {"VOLT": limits.voltage_slew, "CURR": limits.slew}
        self._slews = {
            kind: Slew(bound, clock or WallClock(), _NAMES[kind], "ramp(level, slew)")
            for kind, bound in slews.items()
            if bound is not None
        }
        self._bounds = {"VOLT": limits.voltage, "CURR": limits.lasting_compliance}
        self._levels = {"VOLT": limits.set_voltage, "CURR": limits.lasting_current}
        self._power = limits.lasting_power
        self._unseen = unseen
        self._reader = MessageReader(TABLE)
        self._state = State()
        self._approved: set[bytes] = set()

    def quick(self, data: bytes) -> bool:
        """Pass what was judged before and set nothing, as long as nothing else has been set since."""
        return data in self._approved

    def judge(self, data: bytes) -> bool:
        """Read whole messages; see `Gate.judge`."""
        text = data.decode("latin-1")
        if CLEAN.fullmatch(data) is None:
            raise self.speaker.refusal("it has bytes in it that are no printable ASCII and can hide a command", text)
        if "\r" in text.strip().replace("\r\n", "\n"):
            raise self.speaker.refusal("it has a carriage return in it, which may end a message or not", text)
        state, harmless = self._state.copy(), True
        for message in filter(None, _LINE.split(text)):
            harmless = self._judge_message(state, message) and harmless
        if not state.same(self._state):
            self._take(state)
            return harmless
        self._state.paths = state.paths
        if not harmless and len(self._approved) < _MOST_APPROVED:
            self._approved.add(data)
        return harmless

    def learn(self, message: str) -> None:
        """Take in settings that the instrument was asked for; see `Gate.learn`."""
        state = self._state.copy()
        for command in self._reader.read(message)[0]:
            if command.row is not None and command.values and not command.fault:
                state.learn(command.row.header, command.values[0])
        for kind, slew in self._slews.items():
            driven = state.driven(kind)
            state.paths[kind] = None if driven is None else slew.step(None, *driven)
        self._take(state)

    def trigger(self) -> None:
        """Group execute trigger: as `*TRG`."""
        state = self._state.copy()
        self._judge_drive(state, Command("a trigger", None))
        self._state.paths = state.paths

    def forget(self) -> None:
        """Nothing is known of the instrument's settings any more."""
        state = self._state.copy()
        state.doubt()
        self._take(state)

    def _take(self, state: State) -> None:
        self._state = state
        self._approved.clear()

    def _judge_message(self, state: State, message: str) -> bool:
        """Judge one message and note in `state` what it sets; return whether nothing in it matters."""
        commands, otherwise = self._reader.read(message)
        if any(not command.query and (command.row is None or _matters(command.row)) for command in otherwise):
            raise self.speaker.refusal("a string in it is not closed or begins within a parameter", message)
        harmless, lost = True, ""
        for command in commands:
            if command.query:
                harmless = self._judge_question(state, command) and harmless
            elif command.row is None or _matters(command.row):
                if lost:
                    reason = f"the instrument throws it away behind {lost!r}, which it does not understand"
                    raise self.speaker.refusal(reason, command.text)
                harmless = False
                self._judge_command(state, command)
            if command.fault:
                lost = command.text[:40]
        return harmless

    # ---- single commands

    def _judge_question(self, state: State, command: Command) -> bool:
        """READ? and MEASure? begin a run; return whether a question does nothing."""
        row = command.row
        if row is None:
            return True
        if row.energises and any(map(str.isdigit, "".join(command.arguments))):
            raise self.speaker.refusal("it is a question with a value", command.text)
        if row.header not in _ASKS and row.header not in _CONFIGURES:
            return True
        if row.header == key("READ"):
            self._judge_drive(state, command)
        else:
            self._configure(state, _CONFIGURES.get(row.header), command)
        return False

    def _judge_command(self, state: State, command: Command) -> None:
        row = command.row
        if row is None or row.header in _UNSEEN:
            self._lose(state, command, "what it puts on the sample cannot be told")
        elif command.fault:
            given = ", ".join(command.arguments)
            reason = f"{given[:40]!r} is nothing that it takes" if given else "it needs a value"
            raise self.speaker.refusal(reason, command.text)
        elif row.header in _MEMORIES and command.values[0] not in _MEMORIES[row.header]:
            self._lose(state, command, "a set-up in a memory may hold anything")
        elif row.header in _CONFIGURES:
            self._configure(state, _CONFIGURES[row.header], command)
        elif row.header in _STARTS:
            self._judge_drive(state, command)
        else:
            self._judge_setting(state, row, command)

    def _lose(self, state: State, command: Command, reason: str) -> None:
        if not self._unseen:
            raise self.speaker.unseeable(reason, command.text)
        state.lose()

    def _judge_setting(self, state: State, row: Row, command: Command) -> None:
        """A setting is kept; where the output may be on, what it then drives is judged."""
        kind = _VALUES.get(row.header)
        if kind is not None:
            for number in _numbers(command.values):
                self._check_value(state, row, kind, number, command)
        before = state.copy()
        state.note(row.header, command.values)
        self._check_rounding(state, row, command)
        self._follow(state, command)
        zero = row.header in LEVEL.values() and not command.values[0]
        if state.known_off() or zero or (state.same(before) and row.header not in _DECIDES):
            return
        strict = row.header in _DECIDES
        self._judge_source(state, command, strict=strict)
        if state.ohms_possible() and (strict or not before.ohms_possible() or row.header in {OHMS_RANGE, OHMS_AUTO}):
            self._judge_ohms(state, command)

    def _check_rounding(self, state: State, row: Row, command: Command) -> None:
        """Another range rounds the level that is set in another way."""
        kind = _RANGES.get(row.header)
        for level in _numbers(state.get(LEVEL[kind])) if kind is not None else ():
            why = "rounded to the steps of the range"
            self._check(f"{_NAMES[str(kind)]} of the source", state.rounded(str(kind), abs(level)),
                        self._levels[str(kind)], command, why)  # fmt: skip

    def _check_value(self, state: State, row: Row, kind: str, number: float, command: Command) -> None:
        """Refuse a number that alone exceeds the limit of its quantity, as it is or rounded to its range's steps."""
        limited = row.header == COMPLIANCE[kind]
        what = "the compliance" if limited else f"{_NAMES[kind]} of the source"
        bound = (self._bounds if limited else self._levels)[kind]
        part = 0.5 if row.header == key(f"SOUR:{kind}:SPAN") else 1.0
        self._check(what, part * abs(number), bound, command)
        if part == 1.0 and not limited:
            rounded = state.rounded(kind, abs(number))
            self._check(what, rounded, bound, command, "rounded to the steps of the range")

    def _check(self, what: str, value: float, bound: Bound, command: Command, why: str = "") -> None:
        if value > bound.value * (1.0 + 1e-12):
            raise self.speaker.beyond(what, value, bound, command.text, why)

    # ---- what is driven

    def _configure(self, state: State, kind: str | None, command: Command) -> None:
        """CONFigure turns the output on with one function; that of a resistance brings automatic ohms with it."""
        if kind is not None:
            state.configure(kind)
        state.note(OUTPUT, (True,))
        self._judge_drive(state, command)

    def _judge_drive(self, state: State, command: Command) -> None:
        """Judge all that the source may drive with the settings as they are."""
        self._judge_source(state, command, strict=True)
        if state.ohms_possible():
            self._judge_ohms(state, command)
        self._follow(state, command, triggered=True)

    def _follow(self, state: State, command: Command, *, triggered: bool = False) -> None:
        """Refuse a level at the output that is too far from where it was a moment ago."""
        for kind, slew in self._slews.items():
            driven, path = state.driven(kind, triggered=triggered), state.paths[kind]
            if driven is None:
                state.paths[kind] = None
            elif path is None and (driven == (0.0, 0.0) or (command.row is not None and _turns_on(command.row))):
                state.paths[kind] = slew.judge(REST, *driven, command, self.speaker)
            else:
                state.paths[kind] = slew.judge(path, *driven, command, self.speaker)

    def _judge_source(self, state: State, command: Command, *, strict: bool) -> None:
        """Judge level and compliance; `strict` refuses what nobody knows."""
        for function in sorted(map(str, self._known(state, FUNCTION, command, strict=strict) or ("VOLT", "CURR"))):
            other = "CURR" if function == "VOLT" else "VOLT"
            level = self._largest_level(state, function, command, strict=strict)
            limits = _numbers(self._known(state, COMPLIANCE[other], command, strict=strict))
            compliance = max((abs(limit) for limit in limits), default=0.0)
            self._check(f"{_NAMES[function]} of the source", level, self._levels[function], command)
            self._check("the compliance, as it is set,", compliance, self._bounds[other], command)
            if self._power is not None:
                self._check("the power, level times compliance,", level * compliance, self._power, command)

    def _largest_level(self, state: State, function: str, command: Command, *, strict: bool) -> float:
        """The largest magnitude among a source's own level, its sweep and its list, as far as the mode wants them."""
        headers = [LEVEL[function], key(f"SOUR:{function}:TRIG")]
        modes = self._known(state, MODE[function], command, strict=strict)
        if modes is None or "SWE" in modes:
            headers += ENDS[function][:2]
        if modes is None or "LIST" in modes:
            headers.append(LIST[function])
        found = [_numbers(self._known(state, header, command, strict=strict)) for header in headers]
        return max((abs(number) for numbers in found for number in numbers), default=0.0)

    def _judge_ohms(self, state: State, command: Command) -> None:
        """Automatic ohms begins with the test current of its range, and goes through all of them where it may."""
        if self._unseen and state.get(OHMS_MODE) is None:
            return
        ranges = state.get(OHMS_RANGE)
        fixed = state.get(OHMS_AUTO) == frozenset({False}) and ranges is not None
        currents = [
            current
            for full, current in zip(RESISTANCE_RANGES, TEST_CURRENTS, strict=True)
            if not fixed or full in cast("frozenset[float]", ranges)
        ]
        what = "the test current of automatic ohms"
        why = (
            "" if state.get(OHMS_MODE) == frozenset({"AUTO"}) else "unless SENSe:RESistance:MODE is set to MANual first"
        )
        self._check(what, max(currents, default=TEST_CURRENTS[0]), self._levels["CURR"], command, why)
        self._check("the voltage of automatic ohms", OHMS_VOLTAGE, self._bounds["VOLT"], command)

    def _known(self, state: State, header: str, command: Command, *, strict: bool) -> frozenset[object] | None:
        """Return a setting's possible values.

        Raises:
            LimitExceeded: Nobody knows it, that matters, and no override permits it.
        """
        found = state.get(header)
        if found is None and strict and not self._unseen:
            refusal = self.speaker.unknown(re.sub(r"\[[^\]]*\]", "", header), command.text)
            raise LimitExceeded(f"{refusal}, or call reset() first, which brings all settings to known ones")
        return found


def _matters(row: Row) -> bool:
    """Whether a command can change what is driven, or what is known of it."""
    header = row.header
    return row.energises or header in _VALUES or header in _SETTINGS or header in _SENSES or (
        header in _RESETS or header in _ENDS_OUTPUT or header == key("SYST:POS")
    )  # fmt: skip


def _turns_on(row: Row) -> bool:
    """Whether a command switches the output on, if it is not."""
    return row.header == OUTPUT or row.header in _CONFIGURES


def _numbers(values: object) -> list[float]:
    """Return all numbers among values, which can be lists themselves."""
    if isinstance(values, bool) or values is None:
        return []
    if isinstance(values, int | float):
        return [float(values)]
    if isinstance(values, tuple | frozenset):
        return [number for value in cast("tuple[object, ...]", tuple(values)) for number in _numbers(value)]
    return []
