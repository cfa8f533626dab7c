"""Numbers with units, in decimal arithmetic: "100 uA" is the double nearest to 0.0001, never a neighbour of it.

Inside labctl every number is SI: ampere, volt, kelvin, second, and so on. A magnetic field is mu0 H in tesla, so that
1 Oe is exactly 1e-4 T, and a field rate is in T/s ("100 Oe/s" is 0.01). Temperatures are absolute: kelvin only. A
degree Celsius is refused, with the kelvin value in the sentence, since a bare "10 degC" may be meant as a difference.

A bare number, text or not, is in the unit that was declared where it goes: `parse("5", "mT")` is 0.005. A prefix may
stand alone behind the number: `parse("5n", "A")` is 5e-9. pint is imported only when a text brings a unit of its own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from numbers import Real
from typing import cast

from instruments.errors import BadValue
from instruments.unit_table import PREFIXES, SPELLINGS, Kind, kind_of, resolve

MOST_VALUES = 100_000
"""A list that is longer than this is taken for a slip of the pen."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
SPOKEN = {"rad": "deg"}
"""Units that nobody says beside those that everybody does."""
_CELSIUS = re.compile(r"(?:deg|°|º)\s?C|(?:degrees?\s)?[Cc]elsius")
_ONE_LETTER_UNITS = {("m", "m"), ("G", "T")}
"""A lone m behind a length is the metre and a lone G behind a field is the gauss, not a prefix."""


def parse(value: object, unit: str, what: str = "") -> float:
    """Return a value in SI units.

    Args:
        value: A number in `unit`, or a text: a number alone or with a prefix (both in `unit`), or with its own unit.
        unit: The unit that was declared where the value goes, such as "T", "Oe/s" or "" for a plain number.
        what: The name of what the value is for, said first in the sentence when the value is refused.

    Raises:
        BadValue: Not a finite number, an unknown unit, or a unit of another dimension.
    """
    try:
        return _parse_text(value, unit) if isinstance(value, str) else _parse_number(value, unit)
    except BadValue as error:
        raise _named(error, what) from None


def parse_list(value: object, unit: str, what: str = "") -> list[float]:
    """Return a list of values in SI units.

    Args:
        value: A text such as "1, 2, 5 mA", "0:10:0.5 mA" or "300:240:-10, 235" (start:stop:step, the stop included when
            the steps reach it), or an iterable of what `parse` takes. The last item's unit goes for all items that
            bring none.
        unit: The unit that was declared where the values go.
        what: The name of what the values are for.

    Raises:
        BadValue: Any value is bad, a range never ends or is too long, or the list is empty.
    """
    try:
        if isinstance(value, str):
            values = _parse_items(value, unit)
        elif isinstance(value, Iterable):
            values = [parse(item, unit) for item in cast("Iterable[object]", value)]
        else:
            values = [_parse_number(value, unit)]
    except BadValue as error:
        raise _named(error, what) from None
    if not values:
        raise BadValue(f"{what or 'the list'} has no value in it; give at least one, e.g. {kind_of(unit).example}")
    return values


def format_quantity(value: float, unit: str, *, shown: str = "", exact: bool = False, digits: int = 4) -> str:
    """Return a text with a unit, such as "100 uA", that `parse` understands.

    Args:
        value: In SI units.
        unit: Any unit of the value's dimension.
        shown: The unit to write; without it the SI unit with the prefix that suits the value.
        exact: Whether `parse` must give back the very same number; otherwise `digits` significant digits are written.
        digits: How many significant digits a person wants to see.

    Raises:
        BadValue: The value is not a finite number, or `shown` is of another dimension.
    """
    declared = resolve(unit)
    number = _finite(value, kind_of(unit))
    chosen = shown or _suitable(number, declared.si, digits)
    factor, si = resolve(chosen)
    if si != declared.si:
        raise _refusal(shown, kind_of(unit), "a unit of ")
    text = _shortest(number, factor) if exact else _written(_rounded(Fraction(number) / factor, digits))
    return f"{text} {chosen.removeprefix('1') if chosen.startswith('1/') else chosen}".rstrip()


def in_unit(value: float, unit: str) -> float:
    """Return an SI value as a number of `unit`: 0.5 (T) in "Oe" is 5000.0, the double nearest to the exact quotient.

    Raises:
        BadValue: The value is not a finite number, or the unit is unknown.
    """
    return float(Fraction(Decimal(repr(_finite(value, kind_of(unit))))) / resolve(unit).factor)


def si_unit(unit: str) -> str:
    """Return the SI unit of a unit's dimension: "T/s" for "Oe/s"."""
    return resolve(unit).si


def _named(error: BadValue, what: str) -> BadValue:
    return BadValue(f"{what}: {error}") if what else error


def _refusal(value: object, kind: Kind, part: str = "", why: str = "") -> BadValue:
    text = str(value).strip()
    text = text if len(text) <= 60 else f"{text[:57]}..."
    return BadValue(f"{text or repr(text)} is not {part}{kind.name}{why}; give e.g. {kind.example}")


def _finite(value: object, kind: Kind) -> float:
    """Return a number as a float, zero without a sign."""
    if isinstance(value, bool) or not isinstance(value, Real | Decimal):
        raise _refusal(value, kind)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _refusal(number, kind, why=", because it is not finite")
    return number + 0.0


def _parse_number(value: object, unit: str) -> float:
    number = _finite(value, kind_of(unit))
    factor = resolve(unit).factor
    return number if factor == 1 else _nearest(Fraction(Decimal(repr(number))) * factor, unit, value)


@lru_cache(maxsize=4096)
def _parse_text(text: str, unit: str) -> float:
    number, factor = _split(text, unit)
    return _nearest(number * (resolve(unit).factor if factor is None else factor), unit, text)


def _split(text: str, unit: str) -> tuple[Fraction, Fraction | None]:
    """Return the number in a text and the factor of the unit it brings, None when it brings none."""
    kind, declared = kind_of(unit), resolve(unit)
    plain = text.translate(SPELLINGS).strip()
    match = _NUMBER.match(plain)
    if match is None or len(plain) > 100:
        not_finite = plain.lstrip("+-")[:3].lower() in {"nan", "inf"}
        raise _refusal(text, kind, why=", because it is not finite" if not_finite else "")
    decimal, suffix = Decimal(match.group()), plain[match.end() :]
    if decimal and not -400 < decimal.adjusted() < 400:  # as a fraction it would fill the memory
        raise _refusal(text, kind, why=" of any likely size")
    number = Fraction(decimal)
    if not suffix:
        return number, None
    if suffix in PREFIXES and (suffix, declared.si) not in _ONE_LETTER_UNITS:
        return number, declared.factor * Fraction(10) ** PREFIXES[suffix]
    if declared.si == "K" and _CELSIUS.fullmatch(suffix.strip()):
        kelvin = _written(decimal + Decimal("273.15"))
        raise BadValue(f"{text.strip()} is in degrees Celsius, but temperatures are in kelvin; write {kelvin} K")
    try:
        factor, si = resolve(suffix.strip())
    except BadValue:
        near = _another_case(suffix.strip(), unit)
        if near:
            raise BadValue(f"{text.strip()} is not {kind.name}; did you mean {match.group()} {near}?") from None
        raise _refusal(text, kind) from None
    if si != declared.si:
        raise _refusal(text, kind)
    return number, factor


def _another_case(suffix: str, unit: str) -> str:
    """Return the unit that differs from a text only in large and small letters, as mT from mt; "" if there is none."""
    declared = resolve(unit).si
    bases = [declared, unit, *(["Oe", "G"] if declared == "T" else [])]
    spelled = [f"{prefix}{base}" for base in bases if base for prefix in ("", *kind_of(declared).prefixes, "k")]
    same = [name for name in dict.fromkeys(spelled) if name.lower() == suffix.lower()]
    return same[0] if same else ""


def _parse_items(text: str, unit: str) -> list[float]:
    """Return the values of a list of numbers and ranges, separated by commas."""
    if not text.strip():
        return []
    items = [_share_unit([_split(part, unit) for part in item.split(":")], item) for item in text.split(",")]
    shared = iter(_share_unit([number for item in items for number in item], text))
    declared = resolve(unit).factor
    values: list[float] = []
    for item, source in zip(items, text.split(","), strict=True):
        numbers = [number * (declared if factor is None else factor) for number, factor in (next(shared) for _ in item)]
        values += [_nearest(number, unit, source) for number in _range(numbers, source.strip())]
        if len(values) > MOST_VALUES:
            raise BadValue(f"{text.strip()} has more than {MOST_VALUES} values; take a larger step")
    return values


def _share_unit(numbers: list[tuple[Fraction, Fraction | None]], text: str) -> list[tuple[Fraction, Fraction | None]]:
    """Give the last number's unit to all that bring none; a zero needs none."""
    brought = {factor for _, factor in numbers if factor is not None}
    bare = any(number and factor is None for number, factor in numbers)
    if not brought or not bare:
        return numbers
    last = numbers[-1][1]
    if last is None or len(brought) > 1:
        raise BadValue(f"{text.strip()} leaves open which unit its bare numbers have; write the unit behind each")
    return [(number, last if factor is None else factor) for number, factor in numbers]


def _range(numbers: list[Fraction], text: str) -> list[Fraction]:
    """Return what start, stop and step stand for, the stop included when the steps reach it; one number is itself."""
    if len(numbers) == 1:
        return numbers
    if len(numbers) != 3:
        raise BadValue(f"{text} is not a range; write start:stop:step, e.g. 0:10:0.5")
    start, stop, step = numbers
    if not step or (stop - start) * step < 0:
        raise BadValue(f"{text} never reaches its stop; the step must lead from the start to the stop")
    steps = (stop - start) // step
    if steps >= MOST_VALUES:
        raise BadValue(f"{text} has more than {MOST_VALUES} values; take a larger step")
    return [start + index * step for index in range(steps + 1)]


def _nearest(number: Fraction, unit: str, source: object) -> float:
    """Return the double nearest to an exact number."""
    try:
        result = float(number)
    except OverflowError:
        result = math.inf
    if math.isinf(result) or (number and not result):
        raise _refusal(source, kind_of(unit), why=" of any likely size")
    return result


def _rounded(ratio: Fraction, digits: int) -> Decimal:
    with localcontext() as context:
        context.prec = digits
        return Decimal(ratio.numerator) / Decimal(ratio.denominator)


def _shortest(value: float, factor: Fraction) -> str:
    """Return the shortest decimal of `value / factor` that comes back as the same double."""
    ratio = Fraction(value) / factor  # the double itself, not its shortest text: that may lie half-way between two
    digits = next(n for n in range(1, 60) if float(Fraction(_rounded(ratio, n)) * factor) == value)
    return _written(_rounded(ratio, digits))


def _written(number: Decimal) -> str:
    """Write a decimal as people do: 0.0015, 250, 1e9."""
    if not number:
        return "0"
    number = number.normalize()
    exponent = number.adjusted()
    return f"{number:f}" if -5 < exponent < 6 else f"{number.scaleb(-exponent):f}e{exponent}"


def _suitable(value: float, si: str, digits: int) -> str:
    """Return the SI unit with the prefix that puts 1 to 999 before it, as far as people use it with this unit."""
    prefixes = kind_of(si).prefixes
    if not value or not prefixes:
        return si
    size = _rounded(Fraction(value), digits).adjusted()
    usable = sorted((PREFIXES[prefix], prefix) for prefix in ("", *prefixes))
    fitting = [prefix for power, prefix in usable if power <= size]
    return f"{fitting[-1] if fitting else usable[0][1]}{si}"
