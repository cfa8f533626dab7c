"""Steps of the digit under a caret, in decimal arithmetic: 9.95 goes to 10.05, and never to 10.049999."""

from __future__ import annotations

import re
from decimal import Decimal

_NUMBER = re.compile(r"(?:(?:(?<![\w.)])|(?<=\d[eE]))[-+])?(?:\d+(?:\.\d*)?|\.\d+)")
"""A number, or the exponent of one; a sign belongs to it unless something else stands right before that."""
MOST_PLACES = 15
"""Digits of a number beyond which nothing is stepped."""


def stepped(text: str, caret: int, steps: int) -> tuple[str, int] | None:
    """Step the digit that the caret stands behind, or before at the begin of a number.

    Args:
        text: What stands in the line; of a list the number at the caret is stepped.
        caret: Its place, 0 before the first letter.
        steps: How many, below zero for down.

    Returns:
        The text and the place of the caret, which stays at its digit; None where there is no number.
    """
    found = [match for match in _NUMBER.finditer(text) if match.start() <= caret <= match.end()]
    match = found[0] if found else _nearest(text, caret)
    if match is None:
        return None
    number = match.group()
    place = _place(number, caret - match.start())
    changed = Decimal(number) + steps * Decimal(1).scaleb(place)
    if len(number) > MOST_PLACES:
        return None
    written = _written(changed, number)
    behind = _behind(written, place)
    return text[: match.start()] + written + text[match.end() :], match.start() + behind


def _nearest(text: str, caret: int) -> re.Match[str] | None:
    """Return the last number before the caret, or else the first one."""
    numbers = list(_NUMBER.finditer(text))
    before = [match for match in numbers if match.end() <= caret]
    return before[-1] if before else next(iter(numbers), None)


def _place(number: str, at: int) -> int:
    """Return the power of ten of the digit that a caret stands behind."""
    point = number.index(".") if "." in number else len(number)
    first = next(index for index, letter in enumerate(number) if letter.isdigit())
    index = min(max(at - 1, first), len(number) - 1)
    if number[index] == ".":
        index = index - 1 if index > first else index + 1
    if not number[index : index + 1].isdigit():
        index = first
    return point - index - 1 if index < point else point - index


def _written(value: Decimal, like: str) -> str:
    """Write a number with as many decimals as the one that it takes the place of, and a plus where that has one."""
    decimals = len(like.partition(".")[2])
    text = f"{value:.{decimals}f}" if decimals else f"{value:f}"
    if not value:
        text = text.removeprefix("-")
    return f"+{text}" if like.startswith("+") and not text.startswith("-") else text


def _behind(written: str, place: int) -> int:
    """Return where the caret stands behind the digit of a power of ten."""
    point = written.index(".") if "." in written else len(written)
    at = point - place if place >= 0 else point + 1 - place
    return min(max(at, 1 + written.startswith(("-", "+"))), len(written))
