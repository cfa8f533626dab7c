"""When two replies to the same question agree, by what the instrument's command table says of it.

A reading fluctuates: of what is measured only the form is compared, the digits after its point, its exponent and a plus
that is always there, or only that there is a number. What is discrete agrees or does not: switches, words, codes, error
numbers, registers, counts, and settings that were set.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from instruments.tables.table import Row

Level = Literal["exact", "form", "kind"]

_NUMBER = re.compile(r"(?<![A-Za-z0-9])[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[Ee][+-]?[0-9]+)?")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_BLOCK = "#0"
"""Begins readings in binary."""

_SERIAL = ("SNUMber", "REVision")
"""Last nodes of the headers that ask for serial numbers and revisions of boards, which no table tells from words."""

_STATUS = "STAT"
"""Element of a reading that is a code, though it is printed as a number is."""


def same_form(a: str, b: str) -> bool:
    """Whether two numbers were printed alike: digits after the point, exponent, and a plus that is always there."""
    signs = {a[:1] if a[:1] in {"+", "-"} else "", b[:1] if b[:1] in {"+", "-"} else ""}
    return signs != {"+", ""} and _skeleton(a) == _skeleton(b)


def _skeleton(number: str) -> tuple[int, str]:
    """How many digits stand after the point, -1 without one; and the exponent with its digits replaced by 0."""
    mantissa, letter, exponent = re.fullmatch(r"[+-]?([0-9.]+)(?:([Ee])(.*))?", number).groups("")  # pyright: ignore[reportOptionalMemberAccess] - it matched as a number
    point = mantissa.find(".")
    digits = re.sub(r"[0-9]", "0", exponent.replace("-", "+"))
    return (-1 if point < 0 else len(mantissa) - point - 1), letter + digits


def alike(recorded: str, simulated: str, level: Level, *, discrete: bool = False) -> bool:
    """Whether two texts agree but for their numbers, and these in form or kind.

    Args:
        recorded: What was said.
        simulated: What is said in simulation.
        level: What of the numbers has to agree.
        discrete: Whether whole numbers have to be the same.
    """
    if _NUMBER.sub("0", recorded) != _NUMBER.sub("0", simulated):
        return False
    for one, other in zip(_NUMBER.findall(recorded), _NUMBER.findall(simulated), strict=True):
        if discrete and _WHOLE.fullmatch(one) and _WHOLE.fullmatch(other):
            if one != other:
                return False
        elif level == "form" and not same_form(one, other):
            return False
    return True


def same_answer(row: Row, recorded: str, simulated: str, level: Level, *, known: bool, elements: Sequence[str]) -> bool:
    """Whether two answers to one question agree.

    Args:
        row: What was asked.
        recorded: What was said.
        simulated: What is said in simulation.
        level: What of measured numbers has to agree.
        known: Whether it is a setting that the dialogue itself has set.
        elements: Of what a reading consists, as far as that is known.
    """
    if recorded == simulated:
        return True
    if level == "exact" or known or row.reply in {"error", "register"}:
        return False
    if row.reply == "readings":
        return _same_readings(recorded, simulated, level, elements)
    if row.reply == "identity":
        return _same_model(recorded, simulated)
    if row.header.rpartition(":")[2] in _SERIAL:
        return _pattern(recorded) == _pattern(simulated)
    return _same_value(row, recorded, simulated, level)


def _same_value(row: Row, recorded: str, simulated: str, level: Level) -> bool:
    """Compare numbers and words, each by how the table says that it is printed."""
    one, other = recorded.split(","), simulated.split(",")
    formats = row.reply.split(",") if "," in row.reply else [row.reply] * len(one)
    if not len(one) == len(other) == len(formats):
        return False
    return all(_same_field(form, a, b, level) for form, a, b in zip(formats, one, other, strict=True))


def _same_field(form: str, recorded: str, simulated: str, level: Level) -> bool:
    """Compare a number by how the table says that it is printed; `%g` leaves out trailing zeros."""
    if form == "range" or (form.startswith("%") and form[-1:] in "fE"):
        return alike(recorded, simulated, level)
    return recorded == simulated or (form == "%g" and alike(recorded, simulated, "kind"))


def _same_model(recorded: str, simulated: str) -> bool:
    """Compare maker and model; serial number and firmware are each instrument's own, and may be spaced otherwise."""
    one, other = recorded.split(",", 2), simulated.split(",", 2)
    return one[:2] == other[:2] and list(map(_pattern, one[2:])) == list(map(_pattern, other[2:]))


def _pattern(text: str) -> str:
    """Letters and digits of a serial number, as such."""
    return re.sub(r"[0-9]+", "0", re.sub(r"[A-Za-z]", "A", re.sub(r"\s", "", text)))


def _same_readings(recorded: str, simulated: str, level: Level, elements: Sequence[str]) -> bool:
    """Compare readings; whole numbers among them count readings, or are codes, and so is the status of a 2400."""
    if recorded.startswith(_BLOCK) and simulated.startswith(_BLOCK):
        return len(recorded) == len(simulated)
    if not alike(recorded, simulated, level, discrete=True):
        return False
    one, other = recorded.split(","), simulated.split(",")
    if _STATUS not in elements or len(one) % len(elements):
        return True
    place = list(elements).index(_STATUS)
    return one[place :: len(elements)] == other[place :: len(elements)]
