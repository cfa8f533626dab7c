"""The formulas of a 2400's math: what they may say, and what they come to.

A formula is turned into steps in reverse Polish order by the shunting-yard method, without recursion, and nothing in it
is ever handed to Python. Strongest first: parentheses and functions, signs, `^`, `*` and `/`, `+` and `-`; equal ones
from left to right.

Source: 2400 series user's manual, section 18 (CALCulate1): names, operators, precedence, vectors and errors.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from instruments.scpi import ScpiError, matches_word

OVERFLOW = 9.9e37
NOT_THERE = 9.91e37

LARGEST_INDEX = 2499

NO_OPERAND = 811
OPEN_PARENTHESIS = 812
NOT_A_NUMBER = 813
BRACKETS = 814
TOO_MANY_PARENTHESES = 815
NOT_WHOLE = 816
UNKNOWN = 817
BAD_MANTISSA = 818
BAD_EXPONENT = 819
BAD_VALUE = 820
BAD_INDEX = 821

_NAMES = ("VOLTage", "CURRent", "RESistance", "TIME")
_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9.][0-9.]*(?:[eE][+-]?[0-9.]*)?)|(?P<word>[A-Za-z_][A-Za-z_0-9]*)|(?P<sign>[-+*/^()\[\]]))"
)
_NUMBER = re.compile(r"(?P<mantissa>[0-9.]*)(?P<exponent>[eE][+-]?(?P<digits>[0-9.]*))?")
_LONGEST_EXPONENT = 3  # digits


def beyond(*values: float) -> bool:
    """Whether one of the values is none: an overflow, or not there."""
    return any(abs(value) >= OVERFLOW for value in values)


def divided(dividend: float, divisor: float) -> float:
    """Return a quotient; an overflow where there is none."""
    return dividend / divisor if divisor and abs(dividend / divisor) < OVERFLOW else OVERFLOW


# ---- how it is calculated


@dataclass(frozen=True, slots=True)
class _Value:
    """A reading: which of its quantities, and which reading of the vector, None for the latest."""

    quantity: int
    index: int | None


_Step = float | _Value | Callable[[float], float] | Callable[[float, float], float]


def _power(base: float, exponent: float) -> float:
    if base == 0.0 and exponent < 0.0:
        raise ZeroDivisionError
    return math.pow(base, exponent)


_UNARY: dict[str, Callable[[float], float]] = {
    "log": lambda x: math.log10(abs(x)),
    "ln": lambda x: math.log(abs(x)),
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "exp": math.exp,
}
_BINARY: dict[str, tuple[int, Callable[[float, float], float]]] = {
    "+": (1, operator.add), "-": (1, operator.sub), "*": (2, operator.mul), "/": (2, operator.truediv),
    "^": (3, _power),
}  # fmt: skip
_SIGN = 4
_FUNCTION = 5


@dataclass(frozen=True, slots=True)
class _Pending:
    """An operator whose right side is not complete; one of strength 0 is a parenthesis."""

    strength: int
    step: _Step
    operands: int


@dataclass(frozen=True, slots=True)
class Formula:
    """What can be calculated of readings.

    Attributes:
        text: As it was written.
        steps: In reverse Polish order, each with how many values it takes.
        size: How many readings one result takes; 0 of a formula without vectors, which takes each by itself.
    """

    text: str
    steps: tuple[tuple[_Step, int], ...]
    size: int

    def __call__(self, readings: Sequence[Sequence[float]]) -> float:
        """Return the result.

        Args:
            readings: Voltage in V, current in A, resistance in ohm and time in s of each reading; the last is the
                latest.

        Returns:
            `NOT_THERE` where it is made of what is not there or is no real number, `OVERFLOW` where it is too large.
        """
        stack: list[float] = []
        operands = 0
        try:
            for step, operands in self.steps:
                if not operands:
                    value = _taken(step, readings)
                    if value == NOT_THERE:
                        return NOT_THERE
                    stack.append(value)
                else:
                    values = [stack.pop() for _ in range(operands)]
                    stack.append(step(*reversed(values)))  # type: ignore[operator]  # only functions take operands
        except (ZeroDivisionError, OverflowError):
            return OVERFLOW
        except ValueError:
            return OVERFLOW if operands == 1 else NOT_THERE  # the logarithm of zero; a root of a negative number
        result = stack[0]
        if math.isnan(result):  # too large less too large
            return NOT_THERE
        return math.copysign(OVERFLOW, result) if abs(result) >= OVERFLOW else result


def _taken(step: _Step, readings: Sequence[Sequence[float]]) -> float:
    if isinstance(step, float):
        return step
    assert isinstance(step, _Value)
    value = readings[-1 if step.index is None else step.index][step.quantity]
    if abs(value) == OVERFLOW:
        raise OverflowError
    return value


# ---- how it is read


def parse(text: str) -> Formula:
    """Read a formula in parentheses.

    Raises:
        ScpiError: It is none; by what is wrong with it (+811 to +821).
    """
    return _Reader(text).formula()


class _Reader:
    """Goes through the text once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._out: list[tuple[_Step, int]] = []
        self._pending: list[_Pending] = []
        self._size = 0
        self._wants_operand = True

    def formula(self) -> Formula:
        """Return what was read."""
        while token := self._next():
            kind, word = token
            if self._wants_operand:
                self._operand(kind, word)
            else:
                self._operator(kind, word)
        if self._wants_operand:
            raise ScpiError(NOT_A_NUMBER if self._out else NO_OPERAND, f"nothing at the end of {self._text!r}")
        self._release(1)
        if self._pending:
            raise ScpiError(OPEN_PARENTHESIS, f"a parenthesis is not closed in {self._text!r}")
        return Formula(self._text, tuple(self._out), self._size)

    def _next(self) -> tuple[str, str] | None:
        found = _TOKEN.match(self._text, self._position)
        if found is None:
            rest = self._text[self._position :].strip()
            if rest:
                raise ScpiError(UNKNOWN, f"{rest[:20]!r} in {self._text!r}")
            return None
        self._position = found.end()
        assert found.lastgroup is not None
        return found.lastgroup, found[found.lastgroup]

    def _operand(self, kind: str, word: str) -> None:
        """Take a number, a reading, or what comes before one."""
        if kind == "number":
            self._put(_number(word))
        elif kind == "word":
            self._word(word)
        elif word == "(":
            self._pending.append(_Pending(0, 0.0, 0))
        elif word in "+-":
            self._pending.append(_Pending(_SIGN, operator.pos if word == "+" else operator.neg, 1))
        elif word in "[]":
            raise ScpiError(BRACKETS, f"a bracket where {self._text!r} wants a value")
        else:
            raise ScpiError(NOT_A_NUMBER if self._out else NO_OPERAND, f"{word!r} where {self._text!r} wants a value")

    def _word(self, word: str) -> None:
        function = _UNARY.get(word.lower())
        if function is not None:
            self._pending.append(_Pending(_FUNCTION, function, 1))
            return
        quantity = next((place for place, name in enumerate(_NAMES) if matches_word(word, name)), None)
        if quantity is None:
            raise ScpiError(UNKNOWN, f"{word!r} in {self._text!r}")
        self._put(_Value(quantity, self._index()))

    def _put(self, step: _Step) -> None:
        self._out.append((step, 0))
        self._wants_operand = False

    def _index(self) -> int | None:
        """The number in brackets behind a reading's name."""
        found = re.compile(r"\s*\[").match(self._text, self._position)
        if found is None:
            return None
        closed = self._text.find("]", found.end())
        if closed < 0:
            raise ScpiError(BRACKETS, f"a bracket is not closed in {self._text!r}")
        digits = self._text[found.end() : closed].strip()
        if "[" in digits:
            raise ScpiError(BRACKETS, f"a bracket is not closed in {self._text!r}")
        if not re.fullmatch(r"[0-9]{1,9}", digits) or int(digits) > LARGEST_INDEX:
            raise ScpiError(BAD_INDEX, f"{digits[:20]!r} counts no reading from 0 to {LARGEST_INDEX}")
        self._position = closed + 1
        self._size = max(self._size, int(digits) + 1)
        return int(digits)

    def _operator(self, kind: str, word: str) -> None:
        """Take what follows a value."""
        if word == ")":
            self._release(1)
            if not self._pending:
                raise ScpiError(TOO_MANY_PARENTHESES, f"one too many is closed in {self._text!r}")
            self._pending.pop()
        elif kind == "sign" and word in _BINARY:
            strength, step = _BINARY[word]
            self._release(strength)
            self._pending.append(_Pending(strength, step, 2))
            self._wants_operand = True
        elif word in "[]":
            raise ScpiError(BRACKETS, f"a bracket that follows no reading in {self._text!r}")
        else:
            raise ScpiError(NOT_WHOLE, f"{word[:20]!r} follows a value in {self._text!r}")

    def _release(self, strength: int) -> None:
        """Put out what binds at least as strongly."""
        while self._pending and self._pending[-1].strength >= strength:
            done = self._pending.pop()
            self._out.append((done.step, done.operands))


def _number(text: str) -> float:
    found = _NUMBER.fullmatch(text)
    assert found is not None
    mantissa, digits = found["mantissa"], found["digits"]
    if mantissa.count(".") > 1 or not mantissa.strip("."):
        raise ScpiError(BAD_MANTISSA, f"{text[:20]!r}")
    if found["exponent"] is not None and (not digits.isdigit() or len(digits) > _LONGEST_EXPONENT):
        raise ScpiError(BAD_EXPONENT, f"{text[:20]!r}")
    value = float(text)
    if abs(value) >= OVERFLOW:
        raise ScpiError(BAD_VALUE, f"{text[:20]!r}")
    return value
