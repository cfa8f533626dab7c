"""What a command table is: the manual's table as data.

The simulated device binds effects to its rows, the guard reads it, the documentation is printed from it and coverage
is counted on it. Drivers are written against the manual, not against this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from instruments import scpi

Value = float | int | bool | str | tuple["Value", ...]
"""What a parameter becomes once it is read: a number in its base unit, a flag, a word in its short form, a string."""

Kind = Literal["number", "integer", "boolean", "word", "string", "register", "numbers", "words", "channels"]
Tag = Literal["manual", "wild", "pymeasure", "tek", "slave", "derived", "unsure"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a command.

    Attributes:
        kind: How it is written. `numbers` and `words` take the rest of the message unit, as many as there are.
        minimum: Smallest value, in `unit`; None where there is none.
        maximum: Largest value, in `unit`.
        unit: Unit letters that may follow the number (`A`, `V`, `S`, `HZ`, `OHM`); empty for a bare number.
        words: Words that it takes, printed as in the manual (`IMMediate`). For numbers: words besides MIN, MAX and
            DEF, e.g. `INFinite`.
        values: The only numbers that are allowed, where they are few.
        default: What DEF stands for; where None, the row's reset value.
        required: Whether it may be left out.
    """

    kind: Kind
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""
    words: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    default: Value | None = None
    required: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One command of an instrument.

    Attributes:
        header: As the manual prints it: `[SOURce[1]:]CURRent[:LEVel]`; optional nodes in brackets.
        parameters: What it takes, in order.
        reset: Its value after `*RST`; None where `*RST` leaves it alone or it has no value.
        command: Whether it can be sent without question mark.
        query: Whether it can be asked.
        reply: How the value is printed, as a %-format (`%.4f`), or the name of a form the device knows.
        energises: Whether it can put current or voltage on the sample, at once or when something is triggered later.
        tag: Where the row comes from.
        unsure: What of it is not confirmed by any source; empty if all is.
        note: Anything else that a reader needs.
        preset: Its value after `SYSTem:PRESet`, where that differs from `reset`.
    """

    header: str
    parameters: tuple[Parameter, ...] = ()
    reset: Value | None = None
    command: bool = True
    query: bool = True
    reply: str = ""
    energises: bool = False
    tag: Tag = "manual"
    unsure: str = ""
    note: str = ""
    preset: Value | None = None


class CommandTable:
    """All rows of an instrument.

    Attributes:
        instrument: The model, e.g. `6221`.
    """

    def __init__(self, instrument: str, rows: Iterable[Row]) -> None:
        self.instrument = instrument
        self._rows = tuple(rows)
        self._tree: scpi.HeaderTree[Row] = scpi.HeaderTree()
        for row in self._rows:
            self._tree.add(row.header, row)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, path: tuple[str, ...], header: str) -> tuple[Row, tuple[str, ...]]:
        """Find the row of a typed header; see `HeaderTree.find`.

        Raises:
            ScpiError: Unknown header (-113) or numeric suffix (-114).
        """
        return self._tree.find(path, header)

    def __getitem__(self, header: str) -> Row:
        """Return the row of a header in short or long form.

        Raises:
            KeyError: The instrument has no such header.
        """
        try:
            return self._tree.find((), header)[0]
        except scpi.ScpiError:
            raise KeyError(header) from None


def read_arguments(row: Row, arguments: tuple[str, ...]) -> tuple[Value, ...]:
    """Turn the text of a command's parameters into values, and check them.

    Raises:
        ScpiError: Too few (-109) or too many (-108), of the wrong type (-104), out of range (-222), not among the
            words (-224).
    """
    values: list[Value] = []
    rest = list(arguments)
    for parameter in row.parameters:
        if parameter.kind in {"numbers", "words"}:
            values.append(tuple(_read(row, parameter, text) for text in rest))
            rest.clear()
        elif rest:
            values.append(_read(row, parameter, rest.pop(0)))
        elif parameter.required:
            raise scpi.ScpiError(scpi.MISSING_PARAMETER, row.header)
    if rest:
        raise scpi.ScpiError(scpi.PARAMETER_NOT_ALLOWED, row.header)
    return tuple(values)


def limit(row: Row, word: str) -> Value | None:
    """Return what MIN, MAX or DEF stands for in a row's first parameter, or None where it stands for nothing."""
    parameter = row.parameters[0]
    values = {
        "MIN": min(parameter.values) if parameter.values else parameter.minimum,
        "MAX": max(parameter.values) if parameter.values else parameter.maximum,
        "DEF": row.reset if parameter.default is None else parameter.default,
    }
    return next((values[short] for short, long in _LIMIT_WORDS.items() if scpi.matches_word(word, long)), None)


_LIMIT_WORDS = {"MIN": "MINimum", "MAX": "MAXimum", "DEF": "DEFault"}


def _read(row: Row, parameter: Parameter, text: str) -> Value:
    return _READERS[parameter.kind](row, parameter, text)


def _read_number(row: Row, parameter: Parameter, text: str) -> Value:
    for word in parameter.words:
        if scpi.matches_word(text, word):
            return short_word(word)
    if text[:1].isalpha():
        value = limit(row, text) if row.parameters and row.parameters[0] is parameter else None
        if value is None:
            raise scpi.ScpiError(scpi.DATA_TYPE_ERROR, f"{text!r} where {row.header} takes a number")
        return value
    number = scpi.parse_number(text, parameter.unit)
    below = parameter.minimum is not None and number < parameter.minimum
    above = parameter.maximum is not None and number > parameter.maximum
    if below or above or (parameter.values and number not in parameter.values):
        raise scpi.ScpiError(scpi.DATA_OUT_OF_RANGE, f"{text} for {row.header}")
    return number


def _read_integer(row: Row, parameter: Parameter, text: str) -> Value:
    number = _read_number(row, parameter, text)
    return round(number) if isinstance(number, float) else number


def _read_word(row: Row, parameter: Parameter, text: str) -> Value:
    for word in parameter.words:
        if scpi.matches_word(text, word):
            return short_word(word)
    raise scpi.ScpiError(scpi.ILLEGAL_PARAMETER_VALUE, f"{text!r} for {row.header}")


def _read_quoted_word(row: Row, parameter: Parameter, text: str) -> Value:
    """A string; where words are given, one of them in quotes."""
    string = scpi.parse_string(text)
    return _read_word(row, parameter, string) if parameter.words else string


def _read_register(row: Row, parameter: Parameter, text: str) -> Value:
    number = scpi.parse_register(text)
    if not (parameter.minimum or 0) <= number <= (parameter.maximum or 65535):
        raise scpi.ScpiError(scpi.DATA_OUT_OF_RANGE, f"{text} for {row.header}")
    return number


def _read_channels(row: Row, parameter: Parameter, text: str) -> Value:
    """A list in parentheses, `(@1,2)` or `(-440:+900)`, kept as text."""
    if not (text.startswith("(") and text.endswith(")")):
        raise scpi.ScpiError(scpi.DATA_TYPE_ERROR, f"{text!r} where {row.header} takes a list in parentheses")
    return text


_READERS: dict[Kind, Callable[[Row, Parameter, str], Value]] = {
    "number": _read_number,
    "numbers": _read_number,
    "integer": _read_integer,
    "boolean": lambda _row, _parameter, text: scpi.parse_boolean(text),
    "word": _read_word,
    "words": _read_word,
    "string": _read_quoted_word,
    "register": _read_register,
    "channels": _read_channels,
}


def short_word(word: str) -> str:
    """Return a word's short form in capitals, as replies give it (`IMMediate` -> `IMM`)."""
    capitals = "".join(character for character in word if not character.islower())
    return capitals or word.upper()
