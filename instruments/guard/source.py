"""The guard in front of a Keithley 6221: which messages may leave.

Always allowed is what takes current away: output off, 0 A, `SOURce:CLEar`, the aborts, and `*RST`, though the settings
that it brings may exceed the limits: then arming is refused until they have been set. How fast a level may change is
watched on the lab's clock (see `instruments.guard.slew`); a mode that is armed has limits of its own.

Source: 6220/6221 reference manual.
"""

from __future__ import annotations

import re

from instruments import scpi
from instruments.clock import Clock, WallClock
from instruments.guard.gate import Gate
from instruments.guard.limits import Limits
from instruments.guard.messages import CLEAN, Command, MessageReader
from instruments.guard.rules import SourceRules
from instruments.guard.sentences import Speaker
from instruments.guard.settings import COMPLIANCE, CONCERNS, CYCLES, DURATION, LEVEL, OUTPUT, key
from instruments.guard.slew import Slew
from instruments.guard.state import STEPS, State
from instruments.tables import keithley2182a
from instruments.tables.keithley6221 import RANGES, TABLE
from instruments.tables.table import Row

_NUMERALS = b"0123456789.eE+-"
_LONGEST_NUMERAL = 30
_MOST_LEARNED = 4
_MOST_LEVELS = 256

_LINE = re.compile(r"[\r\n]")
_SEND = key("SYST:COMM:SER:SEND")


class SourceGate(Gate):
    """Judges the messages to a 6221.

    Args:
        speaker: Words the refusals.
        limits: What must not be exceeded.
        unseen: Whether commands may leave whose effect cannot be told: recalled set-ups, key presses, unknown headers.
        clock: The lab's, for how fast a level changes; the wall's if it is None.
    """

    def __init__(self, speaker: Speaker, limits: Limits, *, unseen: bool = False, clock: Clock | None = None) -> None:
        super().__init__(speaker)
        self._limits = limits
        self._unseen = unseen
        self._reader = MessageReader(TABLE)
        self._meter = MessageReader(keithley2182a.TABLE)
        self._slew = (
            None
            if limits.slew is None
            else Slew(limits.slew, clock or WallClock(), "the current", "ramp_current(current, slew)")
        )
        self._rules = SourceRules(speaker, limits, unseen=unseen, slew=self._slew)
        self._around: tuple[tuple[bytes, bytes], ...] = ()
        self._levels: dict[bytes, float] = {}
        self._take(State())

    def quick(self, data: bytes) -> bool:
        """Pass a level so far below the limit that no rounding and no other setting matters.

        The words around the number must have been read before, with another number.
        """
        level = self._levels.get(data)  # what a message says depends on its bytes alone; a reading's come back
        if level is None:
            level = self._read_level(data)
            if level is None:
                return False
        state, sure = self._state, self._sure
        if sure is None:
            sure = self._sure = self._surely_allowed(state)
        if not -sure < level < sure:
            return False
        if self._step is not None:
            low = high = level
            if not self._surely_on:
                low, high = (level, 0.0) if level < 0.0 else (0.0, level)
            path = self._step(state.path, low, high)
            if path is None:
                return False
            state.path = path
        state.values[LEVEL] = (level,)
        return True

    def _read_level(self, data: bytes) -> float | None:
        """Return the level in A that a message sets, None where other words are around it than those read before."""
        for before, behind in self._around:
            if data.startswith(before) and data.endswith(behind):
                number = data[len(before) : len(data) - len(behind)]
                break
        else:
            return None
        if number.translate(None, _NUMERALS) or len(number) > _LONGEST_NUMERAL:
            return None
        try:
            level = float(number)
        except ValueError:
            return None
        if len(self._levels) >= _MOST_LEVELS:
            self._levels.clear()
        self._levels[data] = level
        return level

    def judge(self, data: bytes) -> bool:
        """Read whole messages; see `Gate.judge`."""
        text = data.decode("latin-1")
        if CLEAN.fullmatch(data) is None:
            raise self.speaker.refusal("it has bytes in it that are no printable ASCII and can hide a command", text)
        if "\r" in text.strip().replace("\r\n", "\n"):
            raise self.speaker.refusal("it has a carriage return in it, which may end a message or not", text)
        state, harmless = self._state.copy(), True
        for message in _LINE.split(text):
            if message:
                harmless = self._judge_message(state, message) and harmless
        if not harmless:
            self._take(state)
            self._learn(data)
        return harmless

    def _learn(self, data: bytes) -> None:
        """Remember what stands around the number of a message that sets a level and nothing else."""
        before, _, rest = data.rpartition(b" ")
        number = rest.partition(b";")[0].removesuffix(b"\n")
        around = before + b" ", rest.removeprefix(number)
        message = data.decode("ascii").removesuffix("\n")
        told = [command for command in self._reader.read(message)[0] if not command.query] if before else []
        if len(told) != 1 or told[0].row is None or told[0].row.header != LEVEL or told[0].text.count(" ") != 1:
            return
        if told[0].arguments == (number.decode("ascii"),) and around not in self._around:
            self._around = (around, *self._around[: _MOST_LEARNED - 1])

    def learn(self, message: str) -> None:
        """Take in settings that the instrument was asked for; see `Gate.learn`."""
        state = self._state.copy()
        for command in self._reader.read(message)[0]:
            if command.row is not None and command.values and not command.fault:
                state.put(command.row.header, command.values[0])
        driven = state.driven()
        if self._slew is not None:
            state.path = None if driven is None else self._slew.step(None, *driven)
        self._take(state)

    def trigger(self) -> None:
        """Group execute trigger: as `*TRG`."""
        state = self._state.copy()
        self._rules.start(state, Command("a trigger", None))
        self._take(state)

    def forget(self) -> None:
        """Nothing is known of the source's settings any more."""
        state = self._state.copy()
        state.doubt()
        self._take(state)

    def _take(self, state: State) -> None:
        self._state = state
        self._sure: float | None = None  # worked out when the next level comes; a level does not change it
        self._step = None if self._slew is None or state.output_off() else self._slew.step
        self._surely_on = state.values.get(OUTPUT) == (True,)

    def _surely_allowed(self, state: State) -> float:
        """Return a magnitude in A below which any level may leave, whatever the rounding."""
        limit = self._limits.current.value
        power, compliances = self._limits.lasting_power, state.numbers(COMPLIANCE)
        if not state.output_off():
            limit = min(limit, self._limits.lasting_current.value)
            if power is not None and compliances:
                limit = min(limit, power.value / max(compliances) * (1.0 - 1e-12))
        indices = state.candidates(limit)
        return max(0.0, min(limit - STEPS[max(indices)], RANGES[min(indices)]))

    def _judge_message(self, state: State, message: str) -> bool:
        """Judge one message and note in `state` what it sets; return whether it sets nothing that matters."""
        commands, otherwise = self._reader.read(message)
        for command in otherwise:
            if command.query:
                continue
            if command.row is not None and command.row.header == _SEND:
                self._judge_relayed(command)
            elif command.row is None or self._matters(command.row):
                raise self.speaker.refusal("a string in it is not closed or begins within a parameter", message)
        harmless, lost = True, ""
        for command in commands:
            if command.query or (command.row is not None and not self._matters(command.row)):
                self._pass(command)
            elif lost:
                reason = f"the source throws it away behind {lost!r}, which it does not understand"
                raise self.speaker.refusal(reason, command.text)
            else:
                harmless = False
                self._judge_command(state, command)
            if command.fault:
                lost = command.text[:40]
        return harmless

    def _matters(self, row: Row) -> bool:
        return row.energises or row.header in self._rules.by_header

    def _pass(self, command: Command) -> None:
        """Questions pass, and so does what has nothing to do with the sample; but not a question with a value."""
        row = command.row
        if row is None or not command.arguments:
            return
        if command.query and row.energises and any(map(str.isdigit, "".join(command.arguments))):
            raise self.speaker.refusal("it is a question with a value", command.text)
        if row.header == _SEND and not command.query:
            self._judge_relayed(command)

    def _judge_command(self, state: State, command: Command) -> None:
        row = command.row
        if row is None:
            if not self._unseen:
                reason = "the command table does not have it, so that nobody can tell what it puts on the sample"
                raise self.speaker.unseeable(reason, command.text)
            state.lose()
            return
        if command.fault:
            self._judge_faulty(state, row, command)
            return
        self._rules.by_header.get(row.header, self._rules.unseen)(state, command)

    def _judge_faulty(self, state: State, row: Row, command: Command) -> None:
        """A command that the source will not carry out as it stands, or not as it is meant."""
        watched = {row.header, DURATION} if row.header == CYCLES else {row.header}
        if row.energises or any(watched & CONCERNS[mode] for mode in state.armed):
            unit = row.parameters[0].unit if row.parameters else ""
            self._rules.checks.numbers(row.header, tuple(_numbers(command, unit)), command)
            bounded = self._rules.checks.bounds.get(row.header)
            given = ", ".join(command.arguments)
            reason = f"{given[:40]!r} is nothing that it takes" if given else "it needs a value"
            raise self.speaker.refusal(reason, command.text, bounded[1] if bounded else None)
        if row.parameters:
            state.put(DURATION if row.header == CYCLES else row.header)
        else:  # *RST and the like, with a parameter too many
            state.lose()

    def _judge_relayed(self, command: Command) -> None:
        """Text for whatever hangs on the source's serial port: that has to be a 2182A's."""
        text = " ".join(command.arguments) if command.fault else str(command.values[0])
        if command.fault:
            text = text.strip("'\"")
        for line in _LINE.split(text):
            for told in (told for reading in self._meter.read(line) for told in reading):
                if told.row is None and not told.query and not self._unseen:
                    reason = (
                        f"{told.text[:40]!r} is not in the 2182A's command table, and something else may hang there"
                    )
                    raise self.speaker.unseeable(reason, command.text)


def _numbers(command: Command, unit: str) -> list[float]:
    """Return the numbers among parameters that were not taken, with or without a unit."""
    found: list[float] = []
    for argument in command.arguments:
        try:
            found.append(scpi.parse_number(argument, unit))
        except scpi.ScpiError:
            continue
    return found
