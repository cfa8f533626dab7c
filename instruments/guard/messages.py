"""How the guard reads SCPI messages: into commands, with everything that is doubtful marked as such.

An instrument that is more generous than the standard may find something else in a message than one that keeps it: a
string that is not closed may end at a semicolon after all. Where there are two ways to read a message, both are given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from instruments import scpi
from instruments.tables.table import CommandTable, Row, Value, read_arguments

CLEAN = re.compile(rb"[\t\n\r\x20-\x7e]*")
"""Bytes that a message may consist of. Instruments may drop the eighth bit or pass over control characters, so that
with others among them a message can say something else than it seems to."""

_HEADER = re.compile(r"(:?\*?[A-Za-z0-9_:]*[A-Za-z0-9_])(\??)(?:\s+(.*))?", re.DOTALL)
_LETTER = re.compile(r"[A-Za-z]")
_LIMIT_WORD = re.compile(r"[A-Za-z]+")
_MOST_KEPT = 4096
_LONGEST_KEPT = 256


@dataclass(frozen=True, slots=True)
class Command:
    """One unit of a message.

    Attributes:
        text: The unit as it was sent.
        row: The row of the command table; None for a header that is not in it.
        query: Whether it is a question.
        values: Its parameters' values; empty for questions.
        arguments: Its parameters as they were sent.
        fault: Why the instrument will not carry it out; empty if it will.
    """

    text: str
    row: Row | None
    query: bool = False
    values: tuple[Value, ...] = ()
    arguments: tuple[str, ...] = ()
    fault: str = ""


Commands = tuple[Command, ...]


class MessageReader:
    """Reads the messages to an instrument with its command table; what it has read before it remembers.

    Args:
        table: The instrument's command table.
    """

    def __init__(self, table: CommandTable) -> None:
        self._table = table
        self._messages: dict[str, tuple[Commands, Commands]] = {}
        self._units: dict[tuple[tuple[str, ...], str], tuple[Command, tuple[str, ...]]] = {}

    def read(self, message: str) -> tuple[Commands, Commands]:
        """Return the commands of a message, and those that it holds if read in the other way (mostly none).

        Args:
            message: One message, without its terminator.
        """
        found = self._messages.get(message)
        if found is None:
            units = scpi.split_message(message)
            commands = self._commands(units)
            doubtful = ("'" in message or '"' in message) and not all(map(_well_quoted, units))
            found = commands, self._commands(message.split(";")) if doubtful else ()
            if len(message) <= _LONGEST_KEPT:
                if len(self._messages) >= _MOST_KEPT:
                    self._messages.clear()
                self._messages[message] = found
        return found

    def _commands(self, units: list[str]) -> Commands:
        commands: list[Command] = []
        path: tuple[str, ...] = ()
        adrift = False
        for unit in filter(_LETTER.search, units):  # nothing can be commanded without a letter
            command, path = self._unit(path, unit)
            common, rooted = command.text.lstrip(":").startswith("*"), command.text.startswith(":")
            if adrift and not common and not rooted:
                command = Command(command.text, None, command.query, fault="where it belongs is not known")
            elif not common:
                adrift = command.row is None
            commands.append(command)
        return tuple(commands)

    def _unit(self, path: tuple[str, ...], text: str) -> tuple[Command, tuple[str, ...]]:
        found = self._units.get((path, text))
        if found is None:
            found = self._take_apart(path, text.strip())
            if len(text) <= _LONGEST_KEPT:
                if len(self._units) >= _MOST_KEPT:
                    self._units.clear()
                self._units[path, text] = found
        return found

    def _take_apart(self, path: tuple[str, ...], text: str) -> tuple[Command, tuple[str, ...]]:
        """Read one unit at a path; return it with the path that it leaves."""
        try:
            unit, fault = _parse_unit(text)
            row, following = self._table.find(path, unit.header)
        except scpi.ScpiError as error:
            query = (match := _HEADER.fullmatch(text)) is not None and bool(match[2])
            return Command(text, None, query, fault=str(error)), path
        if unit.query:
            return Command(text, row, query=True, arguments=unit.arguments, fault=_question_fault(row, unit)), following
        if not row.command:
            return Command(text, None, arguments=unit.arguments, fault="it can only be asked"), following
        values: tuple[Value, ...] = ()
        if not fault:
            try:
                values = read_arguments(row, unit.arguments)
            except scpi.ScpiError as error:
                fault = error.detail or str(error)
        return Command(text, row, values=values, arguments=unit.arguments, fault=fault), following


def _parse_unit(text: str) -> tuple[scpi.Unit, str]:
    """Return a unit, and what is wrong with its parameters.

    Raises:
        ScpiError: It has no header.
    """
    try:
        return scpi.parse_unit(text), ""
    except scpi.ScpiError as error:
        match = _HEADER.fullmatch(text)
        if match is None:
            raise
        return scpi.Unit(match[1], bool(match[2]), (match[3],) if match[3] else ()), str(error)


def _question_fault(row: Row, unit: scpi.Unit) -> str:
    """Why a question will not be answered, as far as that shows."""
    if not row.query:
        return "it cannot be asked"
    if row.command and not all(map(_LIMIT_WORD.fullmatch, unit.arguments)):
        return "a question takes no value"
    return ""


def _well_quoted(unit: str) -> bool:
    """Whether each quote in a unit belongs to a string that is a whole parameter."""
    if "'" not in unit and '"' not in unit:
        return True
    try:
        arguments = scpi.parse_unit(unit).arguments
        for argument in arguments:
            if "'" in argument or '"' in argument:
                scpi.parse_string(argument)
    except scpi.ScpiError:
        return False
    return True
