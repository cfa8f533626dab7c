"""How the tests send messages to a command table: everything a parser does, but no effect."""

from __future__ import annotations

from instruments import scpi
from instruments.tables.table import CommandTable, Row, limit, read_arguments


def read(table: CommandTable, message: str) -> list[Row]:
    """Read a message as an instrument does, up to its first error.

    Raises:
        ScpiError: What the instrument would queue.
    """
    path: tuple[str, ...] = ()
    rows: list[Row] = []
    for text in scpi.split_message(message):
        unit = scpi.parse_unit(text)
        row, path = table.find(path, unit.header)
        if not (row.query if unit.query else row.command):
            raise scpi.ScpiError(scpi.UNDEFINED_HEADER, unit.header)
        if not unit.query or not row.command:
            read_arguments(row, unit.arguments)
        elif unit.arguments and limit(row, unit.arguments[0]) is None:
            raise scpi.ScpiError(scpi.PARAMETER_NOT_ALLOWED, unit.header)
        rows.append(row)
    return rows


def code(table: CommandTable, message: str) -> int:
    """Return the number that a message puts into the error queue, 0 for none."""
    try:
        read(table, message)
    except scpi.ScpiError as error:
        return error.code
    return 0


def messages(text: str) -> list[str]:
    """Take a list of messages apart: one or more a line, with | between them."""
    return [message.strip() for line in text.strip().splitlines() for message in line.split("|")]
