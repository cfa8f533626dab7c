"""What is counted about a row of a command table, and what is sent to find out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from instruments import scpi
from instruments.tables.table import Parameter, Row, Value, short_word

Effect = Literal["acts", "kept", "idle", "refused", "nothing"]

EFFECTS: dict[Effect, str] = {
    "acts": "something follows from it in the simulated lab, be it on the display only, or it says what is the case"
    " there",
    "kept": "stored, checked and answered; nothing follows from it",
    "idle": "answers, or is taken, as by an instrument that has nothing under way",
    "refused": "refused wherever it would begin something that is not simulated",
    "nothing": "taken without consequence",
}

_NUMERIC = frozenset({"number", "integer", "numbers"})
_WORDED = frozenset({"word", "words"})


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was found out about a row; None where a question does not arise.

    Attributes:
        row: The row.
        stored: Whether every kind of value that was sent comes back when it is asked for.
        range: Whether both ends of the range are taken, and what lies just outside is refused as out of range.
        error: Whether wrong, missing and superfluous parameters are refused with the number that belongs to them.
        reset: Whether *RST, and SYSTem:PRESet where that differs, bring the table's value back.
        effect: What follows from it.
    """

    row: Row
    stored: bool | None
    range: bool | None
    error: bool | None
    reset: bool | None
    effect: Effect


COUNTED = ("stored", "range", "error", "reset")


def tally(found: Iterable[Coverage], question: str) -> tuple[int, int]:
    """Count the rows to which a question applies: for how many the answer is yes, and how many there are."""
    answers = [answer for answer in (getattr(one, question) for one in found) if answer is not None]
    return sum(answers), len(answers)


def samples(row: Row) -> Iterator[tuple[str, Value]]:
    """Texts that the row's first parameter takes, and what they mean: ends of the range and something between."""
    parameter = row.parameters[0]
    if parameter.kind in _NUMERIC:
        numbers: list[Value] = [_number(parameter, number) for number in _inside(parameter)]
        yield from ((_text(number), (number,) if parameter.kind == "numbers" else number) for number in numbers)
        yield from ((word, short_word(word)) for word in parameter.words)
    elif parameter.kind in _WORDED:
        words = [(word.replace("[", "").replace("]", ""), short_word(word)) for word in parameter.words]
        yield from ((text, (value,) if parameter.kind == "words" else value) for text, value in words)
    elif parameter.kind == "boolean":
        yield from (("ON", True), ("OFF", False))
    elif parameter.kind == "register":
        yield from ((str(value), value) for value in (0, 1, round(parameter.maximum or 0)))
    elif parameter.kind == "channels":
        lists = ("(@1,2)", "(@1)") if "ROUTe" in row.header else ("(-113)", "(-222)")
        yield from ((text, text) for text in lists)
    elif parameter.kind == "expression":
        yield from ((text, text) for text in ("(VOLT * CURR)", "(RES / 2)"))
    elif parameter.words:
        yield from ((f"'{short_word(word)}'", short_word(word)) for word in parameter.words)
    else:
        yield from (("'one'", "one"), ("'it''s'", "it's") if (parameter.maximum or 4) >= 4 else ("'a''b'", "a'b"))


def _inside(parameter: Parameter) -> tuple[float, ...]:
    if parameter.values:
        return parameter.values
    low, high = ends(parameter)
    return low, high, low + 0.11 * (high - low), low + 0.52 * (high - low)


def ends(parameter: Parameter) -> tuple[float, float]:
    """Return the ends of a number's range."""
    assert parameter.minimum is not None
    assert parameter.maximum is not None
    return parameter.minimum, parameter.maximum


def _number(parameter: Parameter, number: float) -> Value:
    return round(number) if parameter.kind == "integer" else float(number)


def _text(value: Value) -> str:
    return repr(value)


def outside(row: Row) -> list[str]:
    """Texts just outside the range of the row's first parameter; none where it has no range."""
    parameter = row.parameters[0]
    if parameter.kind == "register":
        return ["-1", str(round(parameter.maximum or 0) + 1)]
    if parameter.kind not in _NUMERIC:
        return []
    low, high = (parameter.values[0], parameter.values[-1]) if parameter.values else ends(parameter)
    step = 1.0 if parameter.kind == "integer" else 1e-6 * max(abs(low), abs(high))
    return [repr(low - step), repr(high + step)]


def mistakes(row: Row) -> Iterator[tuple[str, frozenset[int]]]:
    """What may follow the header and is wrong, with the numbers of which one says so."""
    if not row.parameters:
        yield "1", frozenset({scpi.PARAMETER_NOT_ALLOWED})
        return
    first = row.parameters[0]
    yield from ((text, frozenset({scpi.DATA_OUT_OF_RANGE})) for text in outside(row))
    if first.required:
        yield "", frozenset({scpi.MISSING_PARAMETER})
    right = next(samples(row))[0]
    if first.kind in {"numbers", "words", "strings"}:
        if first.most is not None:
            yield ",".join([right] * (first.most + 1)), frozenset({scpi.TOO_MUCH_DATA})
    else:
        yield ",".join([right] * (len(row.parameters) + 1)), frozenset({scpi.PARAMETER_NOT_ALLOWED})
    if first.kind in _NUMERIC or first.kind in {"register", "channels"}:
        yield "'1'", frozenset({scpi.DATA_TYPE_ERROR})
    elif first.kind in _WORDED or first.kind == "boolean":
        yield "NONSense", frozenset({scpi.ILLEGAL_PARAMETER_VALUE})
    else:
        yield "naked", frozenset({scpi.DATA_TYPE_ERROR})
