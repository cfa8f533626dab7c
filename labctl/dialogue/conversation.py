"""What was asked of an instrument and not answered yet, and what it was set to, as far as a dialogue says so."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass

from instruments import scpi
from instruments.tables import keithley2182a, keithley2400, keithley6221, model6000
from instruments.tables.table import CommandTable, Row
from labctl.dialogue.likeness import Level, alike, same_answer

TABLES: dict[str, CommandTable] = {
    "keithley6221": keithley6221.TABLE,
    "keithley2182a": keithley2182a.TABLE,
    "keithley2400": keithley2400.TABLE,
    "ppms6000": model6000.MODEL6000,
}
"""By driver."""

_SEND, _ENTER = "SERial:SEND", "SERial:ENTer"
"""Ends of the headers that pass text on to the meter behind a 6221, and fetch what it said."""

_FACTORY = ("*RST", "SYSTem:PRESet")
_ELEMENTS = "FORM:ELEM"
_OUTSIDE_STRINGS = re.compile(r';(?=(?:[^"]*"[^"]*")*[^"]*$)')
_LAST_OPTIONS = re.compile(r"(?:\[[^\]]*\])+$")


@dataclass(frozen=True, slots=True)
class _Question:
    """One question.

    Attributes:
        row: What is asked.
        known: Whether the dialogue itself has set it.
        elements: Of what a reading consists then.
    """

    row: Row
    known: bool
    elements: tuple[str, ...]


class Conversation:
    """Follows what is said to one instrument, and judges its replies.

    Args:
        table: Its commands.
        forgets: Whether a message makes it forget the reply to the one before (IEEE 488.2 on GPIB).
    """

    def __init__(self, table: CommandTable, *, forgets: bool = False) -> None:
        self._table = table
        self._forgets = forgets
        self._flat = isinstance(table, model6000.FlatTable)
        self._known: set[str] = set()
        self._automatic: dict[str, bool] = {}
        self._headers = {row.header for row in table}
        self._elements: tuple[str, ...] = _elements_of(table)
        self._asked: deque[tuple[_Question, ...]] = deque()
        self._behind: Conversation | None = None

    # ---- what is said to it

    def hear(self, data: bytes) -> None:
        """Take note of what is sent."""
        if self._forgets:
            self._asked.clear()
        text = data.decode("latin-1")
        messages = model6000.split_message(text) if self._flat else text.splitlines()
        for message in messages:
            questions = tuple(self._questions(message))
            if questions:
                self._asked.append(questions)

    def forget(self) -> None:
        """What was asked is not answered any more: nothing came, or the line was cleared."""
        self._asked.clear()

    def _questions(self, message: str) -> list[_Question]:
        """Take a message apart, note what it sets, and return what it asks; what is wrong ends it."""
        found: list[_Question] = []
        path: tuple[str, ...] = ()
        try:
            for text in [message] if self._flat else scpi.split_message(message):
                unit = model6000.parse_unit(text) if self._flat else scpi.parse_unit(text)
                row, path = self._table.find(path, unit.header)
                if unit.query:
                    found.append(_Question(row, self._is_known(row, unit), self._elements))
                else:
                    self._note(row, unit.arguments)
        except scpi.ScpiError:
            pass  # no reply comes of this unit, nor of those behind it
        return found

    def _note(self, row: Row, arguments: tuple[str, ...]) -> None:
        """Note what a command sets."""
        if row.header in _FACTORY:
            self._note_factory_settings()
        elif row.header == "*RCL":
            self._known.clear()
            self._automatic.clear()
        elif row.header.endswith(_SEND) and arguments:
            self._meter.hear(scpi.parse_string(arguments[0]).encode("latin-1"))
        elif row.header.endswith(":ACQuire"):  # a measured value becomes a setting
            start = row.header.removesuffix(":ACQuire")
            self._known = {header for header in self._known if not header.startswith(start)}
        elif row.parameters:
            self._known.add(row.header)
            self._automatic[_switch(row.header)] = False
            if row.parameters[0].kind == "boolean":
                self._automatic[row.header] = arguments[:1] not in {("0",), ("OFF",), ("off",)}
            if self._is_elements(row):
                self._elements = _in_order(row, arguments)

    def _note_factory_settings(self) -> None:
        for row in self._table:
            if row.reset is None:
                continue
            self._known.add(row.header)
            if isinstance(row.reset, bool):
                self._automatic[row.header] = row.reset
        self._elements = _elements_of(self._table)

    def _is_known(self, row: Row, unit: scpi.Unit) -> bool:
        """Whether the dialogue itself says what the answer has to be; what an instrument chooses by itself it does not.

        The answer to `cmd? MAX` is a constant.
        """
        if row.command and unit.arguments and not self._flat:
            return True
        switch = _switch(row.header)
        if switch in self._headers and self._automatic.get(switch, True):
            return False
        return row.header in self._known

    def _is_elements(self, row: Row) -> bool:
        return not self._flat and row is self._table[_ELEMENTS]

    @property
    def _meter(self) -> Conversation:
        """The nanovoltmeter behind a 6221, whose answers come through it."""
        if self._behind is None:
            self._behind = Conversation(keithley2182a.TABLE)
        return self._behind

    # ---- what it says

    def agrees(self, recorded: str, simulated: str, level: Level) -> bool:
        """Whether what it said agrees with what is said in simulation, line by line."""
        end = ";" if self._flat else "\n"
        if recorded.startswith("#0") and self._asked:
            return self._line_agrees(recorded, simulated, level)
        one, other = recorded.split(end), simulated.split(end)
        if len(one) != len(other):
            return False
        agreed = [self._line_agrees(a, b, level) for a, b in zip(one, other, strict=True)]  # each answers a question
        return all(agreed)

    def _line_agrees(self, recorded: str, simulated: str, level: Level) -> bool:
        recorded, simulated = recorded.rstrip("\r"), simulated.rstrip("\r")
        parts = [recorded] if self._flat else _OUTSIDE_STRINGS.split(recorded)
        questions = self._answered(recorded, len(parts))
        if not questions:
            return recorded == simulated or alike(recorded, simulated, level)
        if len(questions) == 1:
            return self._part_agrees(questions[0], recorded, simulated, level)
        others = _OUTSIDE_STRINGS.split(simulated)
        if len(others) != len(parts):
            return False
        agreed = [self._part_agrees(*each, level) for each in zip(questions, parts, others, strict=True)]
        return all(agreed)

    def _part_agrees(self, question: _Question, recorded: str, simulated: str, level: Level) -> bool:
        row = question.row
        if row.header.endswith(_ENTER):
            return self._meter.agrees(recorded, simulated, level)
        if self._flat and row.reply == "readings":
            level = "kind"  # it leaves out trailing zeros
        return same_answer(row, recorded, simulated, level, known=question.known, elements=question.elements)

    def _answered(self, line: str, parts: int) -> tuple[_Question, ...]:
        """Return the questions that a line answers, which then are answered; none where nobody can tell."""
        if not line and not (self._asked and self._asked[0][0].row.header.endswith(_ENTER)):
            return ()  # behind the answer of a meter there is an empty line on a socket
        for number, questions in enumerate(self._asked):
            if len(questions) in {1, parts}:
                for _ in range(number + 1):
                    self._asked.popleft()
                return questions
        return ()


def _switch(header: str) -> str:
    """The switch by which an instrument chooses a value by itself, if there is one."""
    return f"{_LAST_OPTIONS.sub('', header)}:AUTO"


def _elements_of(table: CommandTable) -> tuple[str, ...]:
    """Of what a reading consists after *RST."""
    try:
        given = table[_ELEMENTS].reset
    except KeyError:
        return ()
    return tuple(map(str, given)) if isinstance(given, tuple) else ()


def _in_order(row: Row, arguments: tuple[str, ...]) -> tuple[str, ...]:
    """The elements in the order in which the instrument gives them, which is that of the table."""
    given = [(scpi.printed_short_form(word), word) for word in row.parameters[0].words]
    return tuple(short for short, word in given if any(scpi.matches_word(text, word) for text in arguments))
