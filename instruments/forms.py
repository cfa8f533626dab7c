"""What goes over the wire in either direction: the form that a reply must have, and what may be sent.

A reply is taken only when the whole of it has the form that the manual gives. A value is sent only when the instrument
takes it, and then exactly: the shortest decimal number that reads back as the very same double.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from numbers import Integral, Real
from typing import Any, Generic, TypeVar

from instruments.errors import BadValue, LimitExceeded

T = TypeVar("T")

INFINITE = 9.9e37
"""How SCPI instruments write infinity, and how they mark a reading that has overflowed."""


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """The form of a reply.

    Attributes:
        expected: What the reply should be, for the sentence when it is something else.
        matches: Gives None where the text does not have the form from its first to its last character.
        read: Turns a text of this form into its value.
    """

    expected: str
    matches: Callable[[str], object | None]
    read: Callable[[str], T]


def form(expected: str, pattern: str, read: Callable[[str], T]) -> Form[T]:
    """Return the form that a regular expression describes from its first to its last character."""
    return Form(expected, re.compile(pattern, re.ASCII).fullmatch, read)


DECIMAL = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{2,3})?"
"""NR1, NR2 or NR3; an exponent has at least two digits, so that one that was cut off is noticed."""

NUMBER = form("a number such as 0.0001 or +1.000000E-04", DECIMAL, float)
INTEGER = form("a whole number", r"[+-]?\d+", int)
REGISTER = form("a register as a whole number from 0 to 65535", r"\d{1,5}", int)
LINE_FREQUENCY = Form(
    "50 or 60", lambda text: text if NUMBER.matches(text) and float(text) in {50.0, 60.0} else None, float
)
BOOLEAN = form("0 or 1", "[01]", lambda text: text == "1")


def _count(text: str) -> float:
    value = float(text)
    return math.inf if value >= INFINITE else value


COUNT = form("a whole number, or +9.9e37 for infinity", r"\+?\d+|\+?9\.9\d*[eE]\+?37", _count)


def words(meanings: Mapping[str, T]) -> Form[T]:
    """Return the form of a reply that is one of several words."""
    return Form(" or ".join(meanings), lambda text: text if text in meanings else None, lambda text: meanings[text])


Check = Callable[[Any], str]
"""Takes a value, raises where the instrument would not take it, and returns the text to be sent."""


def exact(value: float) -> str:
    """Return the shortest decimal number that reads back as the same double."""
    return repr(float(value))


def finite(name: str, value: object, unit: str = "") -> float:
    """Return a value as a float.

    Raises:
        BadValue: It is no number, or nan or infinite.
    """
    if type(value) is float and value - value == 0.0:
        return value
    if isinstance(value, bool) or not isinstance(value, Real):
        raise BadValue(f"{name} takes a number{in_unit(unit)}, not {value!r}; nothing was sent")
    number = float(value)
    if not math.isfinite(number):
        raise BadValue(f"{name} takes a finite number{in_unit(unit)}, not {number!r}; nothing was sent")
    return number


def in_unit(unit: str) -> str:
    """Return " in A" for "A", and nothing for a plain number."""
    return f" in {unit}" if unit else ""


def bound(value: float) -> str:
    """Return a limit as people write it, 0.105 or 1000, with all digits that it has."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value).removesuffix(".0")


def outside(name: str, value: str, low: str, high: str, unit: str = "") -> LimitExceeded:
    """Return the error of a value beyond a limit of the instrument."""
    unit = f" {unit}" if unit else ""
    return LimitExceeded(
        f"{name} cannot be {value}{unit}: the instrument takes {low}{unit} to {high}{unit}; nothing was sent, "
        "choose a value between these limits"
    )


def within(name: str, low: float, high: float, unit: str = "") -> Check:
    """Check that a number lies within limits, which belong to the range.

    The check raises BadValue for what is not a finite number, LimitExceeded for a number outside.
    """

    def check(value: object) -> str:
        number = finite(name, value, unit)
        if not low <= number <= high:
            raise outside(name, exact(number), bound(low), bound(high), unit)
        return repr(number)

    return check


def whole(name: str, low: int, high: int, infinite: bool = False) -> Check:
    """Check that a whole number lies within limits; infinity counts where the instrument has a word for it.

    The check raises BadValue for what is not a whole number, LimitExceeded for one outside.
    """

    def check(value: object) -> str:
        if infinite and value == math.inf:
            return "INF"
        number = finite(name, value)
        if not isinstance(value, Integral) and not number.is_integer():
            raise BadValue(f"{name} takes a whole number, not {number!r}; nothing was sent")
        if not low <= number <= high:
            raise outside(name, str(int(number)), str(low), str(high))
        return str(int(number))

    return check


def flag(name: str) -> Check:
    """Check that a value is True or False (or 1 or 0); the check raises BadValue otherwise."""

    def check(value: Any) -> str:
        try:
            return _FLAGS[value]
        except (KeyError, TypeError):
            raise BadValue(f"{name} is True or False, not {value!r}; nothing was sent") from None

    return check


_FLAGS = {False: "0", True: "1"}


def one_of(name: str, spelling: Mapping[Any, str]) -> Check:
    """Check that a value is one of a few, and spell it as the instrument does; the check raises BadValue otherwise."""

    def check(value: Any) -> str:
        try:
            return spelling[value]
        except (KeyError, TypeError):
            choices = ", ".join(repr(choice) for choice in spelling)
            raise BadValue(f"{name} cannot be {value!r}; choose one of {choices} (nothing was sent)") from None

    return check


def of_kind(name: str, value: object, kind: type, example: str) -> None:
    """Check that something is of a class of these drivers.

    Raises:
        BadValue: It is not; the sentence has the example.
    """
    if not isinstance(value, kind):
        raise BadValue(f"{name} cannot be {value!r}; give e.g. {example} (nothing was sent)")


def known_options(method: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Check the names of a method's options.

    Raises:
        BadValue: One is unknown; the sentence names the near one, or all that there are.
    """
    names = sorted(known)
    for name in given:
        if name not in names:
            near = get_close_matches(name, names, 1)
            advice = f"did you mean {near[0]}?" if near else f"choose from {', '.join(names)}"
            raise BadValue(f"{method} has no option {name}; {advice} (nothing was sent)")


def reverse(spelling: Mapping[T, str]) -> Form[T]:
    """Return the form of a reply that is one of the words by which values are spelled."""
    return words({word: value for value, word in spelling.items()})
