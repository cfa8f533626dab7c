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

Kind = Literal[
    "number", "integer", "boolean", "word", "string", "register", "numbers", "words", "strings", "channels",
    "expression",
]  # fmt: skip
Tag = Literal["manual", "wild", "pymeasure", "tek", "slave", "derived", "unsure"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a command.

    Attributes:
        kind: How it is written. `numbers`, `words` and `strings` take the rest of the message unit.
        minimum: Smallest value, in `unit`; None where there is none.
        maximum: Largest value, in `unit`.
        unit: Unit letters that may follow the number (`A`, `V`, `S`, `HZ`, `OHM`); empty for a bare number.
        words: Words that it takes, printed as in the manual (`IMMediate`). For numbers: words besides MIN, MAX and
            DEF, e.g. `INFinite`.
        values: The only numbers that are allowed, where they are few.
        default: What DEF stands for; where None, the row's reset value.
        least: What MIN stands for; where None, the smallest number that is taken.
        besides: A number outside of the limits that is taken as well, where that is so.
        required: Whether it has to be given.
        most: Most values that one command takes, for `numbers`, `words` and `strings`.

    For strings and expressions `maximum` is the largest number of characters.
    """

    kind: Kind
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""
    words: tuple[str, ...] = ()
    values: tuple[float, ...] = ()
    default: Value | None = None
    least: float | None = None
    besides: float | None = None
    required: bool = True
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One command of an instrument.

    Attributes:
        header: As the manual prints it: `[SOURce[1]:]CURRent[:LEVel]`; optional nodes in brackets.
        parameters: What it takes, in order.
        reset: Its value after `*RST`; None where `*RST` leaves it alone or it has no value.
        command: Whether it can be sent without question mark.
        query: Whether it can be asked.
        reply: How the value is printed: a %-format (`%.4f`), `register` (in the base that FORMat:SREGister selects),
            `range` (see `print_value`), or the name of a form that only the instrument knows: `identity`, `error`,
            `readings`. Empty where nothing is answered.
        energises: Whether it can put current or voltage on the sample, at once or when something is triggered later.
        tag: Where the row comes from.
        unsure: What of it is not confirmed by any source; empty if all is.
        note: Anything else that a reader needs.
        preset: Its value after `SYSTem:PRESet`, where that differs from `reset`.
        initial: Its value as the instrument leaves the factory, for settings that `*RST` leaves alone.
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
    initial: Value | None = None


class CommandTable:
    """All rows of an instrument.

    Attributes:
        instrument: The model, e.g. `6221`.
        infinity: How it answers where a value is infinite.
    """

    def __init__(self, instrument: str, rows: Iterable[Row], infinity: str = "+9.9E37") -> None:
        self.instrument = instrument
        self.infinity = infinity
        self._rows = tuple(rows)
        self._tree: scpi.HeaderTree[Row] = scpi.HeaderTree()
        for row in self._rows:
            self._tree.add(row.header, row)
        self._found: dict[str, Row] = {}

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
        if header not in self._found:
            try:
                self._found[header] = self._tree.find((), header)[0]
            except scpi.ScpiError:
                raise KeyError(header) from None
        return self._found[header]


def read_arguments(row: Row, arguments: tuple[str, ...]) -> tuple[Value, ...]:
    """Turn the text of a command's parameters into values, and check them.

    Optional parameters that were left out are absent from the result.

    Raises:
        ScpiError: Too few (-109) or too many (-108, -223), of the wrong type (-104, -158), out of range (-222), not
            among the words (-224), malformed (-121 to -124, -151, -154).
    """
    listed = any(parameter.kind in _LISTS for parameter in row.parameters)
    if len(arguments) > len(row.parameters) and not listed:
        raise scpi.ScpiError(scpi.PARAMETER_NOT_ALLOWED, row.header)
    values: list[Value] = []
    rest = list(arguments)
    for parameter in row.parameters:
        if not rest:
            if parameter.required:
                raise scpi.ScpiError(scpi.MISSING_PARAMETER, row.header)
        elif parameter.kind in _LISTS:
            if parameter.most is not None and len(rest) > parameter.most:
                raise scpi.ScpiError(scpi.TOO_MUCH_DATA, f"{len(rest)} values, at most {parameter.most}: {row.header}")
            values.append(tuple(_READERS[parameter.kind](row, parameter, text) for text in rest))
            rest.clear()
        else:
            values.append(_READERS[parameter.kind](row, parameter, rest.pop(0)))
    return tuple(values)


def limit(row: Row, word: str) -> Value | None:
    """Return what MIN, MAX or DEF stands for in a row's first parameter.

    None where it stands for nothing: the parameter is not a number, or has no such limit.
    """
    if not row.parameters or row.parameters[0].kind not in _NUMBERS:
        return None
    return _limit(row.parameters[0], row.reset, word)


def _limit(parameter: Parameter, reset: Value | None, word: str) -> Value | None:
    if scpi.matches_word(word, "MINimum"):
        return _least(parameter)
    if scpi.matches_word(word, "MAXimum"):
        return max(parameter.values) if parameter.values else parameter.maximum
    if scpi.matches_word(word, "DEFault"):
        return reset if parameter.default is None else parameter.default
    return None


def _least(parameter: Parameter) -> float | None:
    if parameter.least is not None:
        return parameter.least
    if parameter.values:
        return min(parameter.values)
    if parameter.minimum is None or parameter.besides is None:
        return parameter.minimum
    return min(parameter.minimum, parameter.besides)


def print_value(row: Row, value: Value, infinity: str = "+9.9E37") -> str:
    """Print a value as the instrument answers it.

    Besides %-formats it knows the form `range`: six places after the point where they hold the number exactly
    (`0.100000`, as captured from instruments), an exponent where they would print it as nothing.

    Args:
        row: The command.
        value: Its value, as `read_arguments` gives it; the items of a list are separated by commas.
        infinity: What stands for INFinite; see `CommandTable`.

    Raises:
        ValueError: The row's reply has a form that only the instrument knows.
    """
    if isinstance(value, tuple):
        return ",".join(print_value(row, item, infinity) for item in value)
    if value == INFINITE and row.parameters[0].kind in _NUMBERS:
        return infinity
    if isinstance(value, float):
        value += 0.0  # minus zero is not printed
    if row.reply == "range":
        exact = isinstance(value, float) and float(f"{value:.6f}") != value
        return ("%.6E" if exact else "%.6f") % value
    if row.reply == '"%s"':  # a quote inside a string is doubled (IEEE 488.2, 8.7.8)
        value = str(value).replace('"', '""')
    if "%" not in row.reply:
        raise ValueError(f"{row.header} is answered in the form {row.reply!r}, which only the instrument knows")
    return row.reply % value


def value_when_new(row: Row) -> Value:
    """Return what a row holds before anything was stored: reset or factory value, else the first that is allowed."""
    given = row.initial if row.reset is None else row.reset
    if given is not None:
        return given
    parameter = row.parameters[0]
    if parameter.kind == "boolean":
        return False
    if parameter.kind in {"word", "words"}:
        first = short_word(parameter.words[0])
        return first if parameter.kind == "word" else (first,)
    if parameter.kind in {"string", "channels", "expression"}:
        return "" if parameter.kind == "string" else "()"
    if parameter.kind == "numbers":
        return ()
    smallest = min(parameter.values) if parameter.values else parameter.minimum or 0
    return smallest if parameter.kind == "number" else round(smallest)


INFINITE = "INF"
"""What a number is where the client said INFinite, or sent the number that stands for infinity."""

_INFINITE_WORD = "INFinite"
_LISTS = frozenset({"numbers", "words", "strings"})
_NUMBERS = frozenset({"number", "integer"})


def _read_number(row: Row, parameter: Parameter, text: str) -> Value:
    for word in parameter.words:
        if scpi.matches_word(text, word):
            return short_word(word)
    if text[:1].isalpha():
        first = bool(row.parameters) and row.parameters[0] is parameter and parameter.kind in _NUMBERS
        value = _limit(parameter, row.reset if first else None, text)
        if value is None:
            raise scpi.ScpiError(scpi.DATA_TYPE_ERROR, f"{text!r} where {row.header} takes a number")
        return value
    number = scpi.parse_number(text, parameter.unit)
    if _INFINITE_WORD in parameter.words and number >= scpi.INFINITY:
        return INFINITE
    if number == parameter.besides:
        return number
    below = parameter.minimum is not None and number < parameter.minimum
    above = parameter.maximum is not None and number > parameter.maximum
    if below or above or (parameter.values and number not in parameter.values):
        raise scpi.ScpiError(scpi.DATA_OUT_OF_RANGE, f"{text} for {row.header}")
    return number


def _read_integer(row: Row, parameter: Parameter, text: str) -> Value:
    number = _read_number(row, parameter, text)
    return round(number) if isinstance(number, float) else number


def _read_word(row: Row, parameter: Parameter, text: str) -> Value:
    if text[:1] in {"'", '"'}:
        raise scpi.ScpiError(scpi.STRING_NOT_ALLOWED, f"{text} for {row.header}")
    return _among_words(row, parameter, text)


def _among_words(row: Row, parameter: Parameter, text: str) -> Value:
    for word in parameter.words:
        if scpi.matches_word(text, word):
            return short_word(word)
    raise scpi.ScpiError(scpi.ILLEGAL_PARAMETER_VALUE, f"{text!r} for {row.header}")


def _read_string(row: Row, parameter: Parameter, text: str) -> Value:
    """A string in quotes; where words are given, one of them in quotes."""
    string = scpi.parse_string(text)
    if parameter.words:
        return _among_words(row, parameter, string)
    if parameter.maximum is not None and len(string) > parameter.maximum:
        raise scpi.ScpiError(scpi.STRING_TOO_LONG, f"{len(string)} characters for {row.header}")
    return string


def _read_register(row: Row, parameter: Parameter, text: str) -> Value:
    number = scpi.parse_register(text)
    if number < (parameter.minimum or 0) or (parameter.maximum is not None and number > parameter.maximum):
        raise scpi.ScpiError(scpi.DATA_OUT_OF_RANGE, f"{text} for {row.header}")
    return number


def _read_channels(row: Row, _parameter: Parameter, text: str) -> Value:
    """A list in parentheses, `(@1,2)` or `(-440:+900)`, kept as text."""
    if not (text.startswith("(") and text.endswith(")")):
        raise scpi.ScpiError(scpi.DATA_TYPE_ERROR, f"{text!r} where {row.header} takes a list in parentheses")
    return text


def _read_expression(row: Row, parameter: Parameter, text: str) -> Value:
    """A formula in parentheses, kept as text; what it says is the instrument's affair."""
    if not text.startswith("("):
        raise scpi.ScpiError(scpi.DATA_TYPE_ERROR, f"{text!r} where {row.header} takes an expression in parentheses")
    if parameter.maximum is not None and len(text) > parameter.maximum:
        raise scpi.ScpiError(scpi.TOO_MUCH_DATA, f"{len(text)} characters for {row.header}")
    return text


_READERS: dict[Kind, Callable[[Row, Parameter, str], Value]] = {
    "number": _read_number,
    "numbers": _read_number,
    "integer": _read_integer,
    "boolean": lambda _row, _parameter, text: scpi.parse_boolean(text),
    "word": _read_word,
    "words": _read_word,
    "string": _read_string,
    "strings": _read_string,
    "register": _read_register,
    "channels": _read_channels,
    "expression": _read_expression,
}


def short_word(word: str) -> str:
    """Return a word as replies give it: in short form and capitals, whole (`VOLTage[:DC]` -> `VOLT:DC`)."""
    return scpi.printed_short_form(word)
