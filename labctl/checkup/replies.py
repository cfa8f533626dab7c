"""The form that a reply to a bare question must have, by the instrument's command table.

Settings are read as text, to be sent back as they are; but what is no setting at all must not pass for one, nor be
shown to anybody as a finding.
"""

from __future__ import annotations

import re

from instruments import scpi
from instruments.forms import DECIMAL, Form, form
from instruments.scpi_driver import ERROR
from instruments.tables.table import CommandTable, Parameter, Row

_WHOLE = r"[+-]?\d+|\+?9\.9\d*[eE]\+?37"


def reply_form(table: CommandTable, question: str) -> Form[str]:
    """Return the form of the reply to one question; what is read is the text, as it came.

    Args:
        table: The instrument's commands.
        question: A header with its question mark, without parameters.

    Raises:
        KeyError: The instrument has no such header.
    """
    return _of_row(table[question.removesuffix("?")])


def _of_row(row: Row) -> Form[str]:
    if row.reply == "error":
        return Form(ERROR.expected, ERROR.matches, str)
    if row.reply == "register":
        return form("a register as a whole number", r"\d{1,5}", str)
    if row.reply == "readings":
        return form("readings", rf"{DECIMAL}(?:,{DECIMAL})*", str)
    if row.command and len(row.parameters) == 1:
        return _of_setting(row.parameters[0])
    if row.reply == "%d":
        return form("a whole number", _WHOLE, str)
    return form(*_TEXT, str) if row.reply in {"%s", '"%s"', "identity"} else form("a number", DECIMAL, str)


_TEXT = "one line of text", r"[\x20-\x7e]*"


def _of_setting(parameter: Parameter) -> Form[str]:
    """The form in which a setting is answered; numbers are held against the few that are allowed, not against limits.

    An instrument that was set otherwise than this table thinks possible has not said nonsense.
    """
    if parameter.kind == "boolean":
        return form("0 or 1", "[01]", str)
    if parameter.kind in {"number", "integer"}:
        return _of_number(parameter)
    if parameter.kind == "register":
        return form("a register as a whole number", r"\d{1,5}", str)
    if parameter.kind in {"word", "words", "string", "strings"} and parameter.words:
        return _of_words(parameter)
    return form(*_TEXT, str)


def _of_number(parameter: Parameter) -> Form[str]:
    words = "".join(f"|{re.escape(scpi.printed_short_form(word))}" for word in parameter.words)
    taken = re.compile((_WHOLE if parameter.kind == "integer" else DECIMAL) + words, re.ASCII)
    if not parameter.values:
        return Form("a whole number" if parameter.kind == "integer" else "a number", taken.fullmatch, str)
    allowed = frozenset(parameter.values)
    expected = f"one of {', '.join(f'{value:g}' for value in parameter.values)}"

    def matches(text: str) -> object | None:
        number = re.fullmatch(DECIMAL, text, re.ASCII)
        return taken.fullmatch(text) if number is None or float(text) in allowed else None

    return Form(expected, matches, str)


def _of_words(parameter: Parameter) -> Form[str]:
    quoted = parameter.kind in {"string", "strings"}

    def matches(text: str) -> object | None:
        if quoted and not (len(text) >= 2 and text[0] == text[-1] == '"'):
            return None
        said = (text[1:-1] if quoted else text).replace('"', "").split(",")
        known = all(any(scpi.matches_word(one, word) for word in parameter.words) for one in said)
        return text if known else None

    return Form(" or ".join(map(scpi.printed_short_form, parameter.words)), matches, str)
