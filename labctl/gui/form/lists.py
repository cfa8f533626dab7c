"""Lists of values, written as `--over` takes them: from here to there in steps or in so many values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from instruments.errors import BadValue

MOST = 1000
"""Values of a list; a longer one is taken for a slip of the pen."""
DIGITS = 5
"""Significant digits of a value that is not one of a range."""
SPELT = 6
"""Decimals up to which a step makes a range; one with more is no round number, and its values are written out."""


@dataclass(frozen=True, slots=True)
class Spacing:
    """Which values lie between two.

    Attributes:
        by: How far apart they are, or how many there are.
        count: Whether `by` is how many.
        log: Whether neighbours have the same ratio, and not the same distance.
        back: Whether it goes back again, the last value standing only once.
    """

    by: str
    count: bool = False
    log: bool = False
    back: bool = False


def list_text(first: str, last: str, spacing: Spacing, unit: str = "") -> str:
    """Return a list as text, e.g. `300:200:-10 K`.

    Args:
        first: Its first value, a number.
        last: Its last value, a number.
        spacing: What lies between.
        unit: Of all of them.

    Raises:
        BadValue: One of them is no number, or there is no such list.
    """
    begin, end = _number("from", first), _number("to", last)
    if begin == end:
        raise BadValue(f"from and to are both {first.strip()}; give two values")
    if spacing.log:
        texts = [_round(value) for value in _ratios(begin, end, spacing)]
        return _written(texts, spacing.back, unit)
    step = _step(begin, end, spacing)
    if len(_plain(step).partition(".")[2]) > SPELT:
        count = _count(spacing)
        texts = [_round(begin + (end - begin) * k / (count - 1)) for k in range(count)]
        return _written(texts, spacing.back, unit)
    values = int((end - begin) / step) + 1
    if values > MOST:
        raise BadValue(f"that list has {values} values, more than {MOST}; take a larger step")
    there = f"{_plain(begin)}:{_plain(end)}:{_plain(step)}"
    reached = begin + step * (values - 1)
    if spacing.back and values > 1:
        there += f", {_plain(reached - step)}:{_plain(begin)}:{_plain(-step)}" if values > 2 else f", {_plain(begin)}"
    return f"{there} {unit}".rstrip()


def _step(begin: Decimal, end: Decimal, spacing: Spacing) -> Decimal:
    if spacing.count:
        return (end - begin) / (_count(spacing) - 1)
    step = abs(_number("step", spacing.by))
    if not step:
        raise BadValue("the step is 0, with which a list never ends; give a larger one")
    if step > abs(end - begin):
        raise BadValue(f"the step {spacing.by.strip()} is longer than the way from {_plain(begin)} to {_plain(end)}")
    return step if end > begin else -step


def _count(spacing: Spacing) -> int:
    number = _number("how many", spacing.by)
    if number != number.to_integral_value() or not 2 <= number <= MOST:
        raise BadValue(f"{spacing.by.strip()!r} values cannot be; give a whole number from 2 to {MOST}")
    return int(number)


def _ratios(begin: Decimal, end: Decimal, spacing: Spacing) -> list[Decimal]:
    if begin * end <= 0:
        raise BadValue("values with equal ratios are all above zero, or all below; give other ends")
    if not spacing.count:
        raise BadValue("values with equal ratios are given by how many they are")
    count, ratio = _count(spacing), math.log(float(end / begin))
    return [begin * Decimal(repr(math.exp(ratio * k / (count - 1)))) for k in range(count)]


def _written(texts: list[str], back: bool, unit: str) -> str:
    found = [*texts, *reversed(texts[:-1])] if back else texts
    return f"{', '.join(found)} {unit}".rstrip()


def _round(value: Decimal) -> str:
    return _plain(Decimal(f"{value:.{DIGITS}g}"))


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _number(what: str, text: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise BadValue(f"{what}: {text.strip()!r} is no number; the unit stands in its own field") from None
    if not number.is_finite():
        raise BadValue(f"{what}: {text.strip()!r} is no finite number")
    return number
