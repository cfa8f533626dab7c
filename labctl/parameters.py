"""The kinds of parameters of a procedure: SI inside, units as people write them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

from instruments import units
from instruments.errors import BadValue
from labctl.bare_numbers import taken_for
from labctl.setting import Setting, ValueT

_LEADING_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


class _Number(Setting[ValueT]):
    """A number with a unit, checked against limits."""

    def __init__(
        self,
        default: str | None,
        summary: str,
        *,
        unit: str,
        minimum: str | None,
        maximum: str | None,
        above_zero: bool,
    ) -> None:
        self.units = unit
        self.si_unit = units.si_unit(unit)
        self.minimum = None if minimum is None else units.parse(minimum, unit)
        self.maximum = None if maximum is None else units.parse(maximum, unit)
        self.above_zero = above_zero
        self._bounds = {self.minimum: minimum, self.maximum: maximum}
        super().__init__(default, summary)

    def _bound(self, value: float) -> str:
        """Return a limit as it was declared: 20 K/min, and not 333.3 mK/s."""
        return self._bounds.get(value) or self._shown(value)

    def convert(self, value: Any) -> Any:
        """Return the value in SI units. Text without a unit is in the declared one; a number is in SI units already.

        Raises:
            BadValue: Not a quantity of this dimension, not finite, or outside the limits.
        """
        number = units.parse(value, self.units if isinstance(value, str) else self.si_unit, self.called)
        if self.above_zero and number <= 0:
            raise BadValue(f"{self.called} is {self._written(value)}, but must be above zero; give {self._example()}")
        if self.minimum is not None and number < self.minimum:
            said = self._written(value, self.minimum)
            raise BadValue(f"{self.called} is {said}, below its smallest value {self._bound(self.minimum)}")
        if self.maximum is not None and number > self.maximum:
            said = self._written(value, self.maximum)
            raise BadValue(f"{self.called} is {said}, above its largest value {self._bound(self.maximum)}")
        return number

    def _written(self, value: Any, bound: float | None = None) -> str:
        """Return a refused value as people write it: a text as it was given, a number with its unit and a prefix."""
        if isinstance(value, str):
            return value
        text = self._shown(float(value))
        if bound is None or text != self._shown(bound):
            return text
        return units.format_quantity(float(value), self.si_unit, exact=True)  # rounded it would be the bound itself

    def taken(self, given: Any) -> str:
        """Say what a number without a unit is taken for: a text is in the declared unit, a number in the SI unit."""
        return taken_for(given, self.units, self.si_unit) if self.si_unit else ""

    def convert_list(self, text: str) -> list[Any]:
        """Return the values of a list such as "1, 2, 5 mA" or "0:10:0.5 mA", in decimal arithmetic.

        Raises:
            BadValue: A value is bad, a range never ends, or the list is empty.
        """
        return [self.convert(value) for value in units.parse_list(text, self.units, self.called)]

    def _example(self) -> str:
        return f"a positive value in {self.units}"

    def _shown(self, value: float) -> str:
        return units.format_quantity(value, self.si_unit, shown=units.SPOKEN.get(self.si_unit, ""))

    def show(self, value: Any) -> str:
        """Write the value exactly, in its SI unit; an angle in degrees."""
        if self.si_unit in units.SPOKEN:
            return units.format_quantity(value, self.si_unit, shown=units.SPOKEN[self.si_unit], exact=True)
        return f"{value!r} {self.si_unit}".rstrip()

    def choices(self) -> str:
        """Say which values are allowed."""
        parts = ["above 0"] if self.above_zero else []
        parts += [f"from {self._bound(self.minimum)}"] if self.minimum is not None else []
        parts += [f"to {self._bound(self.maximum)}"] if self.maximum is not None else []
        return " ".join(parts)


def _unit_in(default: object, unit: str | None, kind: str, example: str) -> str:
    """Return the unit that a default brings, or the one that is given with it.

    Raises:
        BadValue: The default is no text, or nobody says which unit it has.
    """
    if unit is not None:
        return unit
    text = str(default)
    if not isinstance(default, str):
        raise BadValue(f"the default of this {kind} is {text}, without a unit; write a text with it, e.g. {example!r}")
    last = text.replace(":", ",").rpartition(",")[2].strip()
    number = _LEADING_NUMBER.match(last)
    if number is None:
        raise BadValue(f"the default of this {kind}, {text!r}, is no number with a unit; write e.g. {example!r}")
    found = last[number.end() :].strip()
    if not found:
        raise BadValue(
            f"the default of this {kind}, {text!r}, has no unit; write it behind the number, e.g. {example!r}, or "
            'unit="" where a plain number is meant'
        )
    return found


class Quantity(_Number[float]):
    """A number with a unit: `Quantity("0.5 T", "Field at the loop's ends")`.

    Args:
        default: With its unit, which becomes the declared one: a bare number or prefix (`5n`) is taken in it.
        summary: What it is, in one line.
        unit: The declared unit, if it is not that of the default; "" for a plain number, whose default has none.
        minimum: Smallest value, as text with a unit.
        maximum: Largest value, as text with a unit.
        above_zero: Whether zero and everything below is refused.
    """

    def __init__(
        self,
        default: str,
        summary: str,
        *,
        unit: str | None = None,
        minimum: str | None = None,
        maximum: str | None = None,
        above_zero: bool = False,
    ) -> None:
        unit = _unit_in(default, unit, "Quantity", "20 mT")
        super().__init__(default, summary, unit=unit, minimum=minimum, maximum=maximum, above_zero=above_zero)

    def _example(self) -> str:
        return f"e.g. {self._first}"


class OptionalQuantity(_Number[float | None]):
    """A quantity that may be left out; a word says what then happens: `OptionalQuantity("stay", "...", unit="K")`.

    The value is None when it is left out, which is the default unless another is given.
    """

    def __init__(
        self,
        absent: str,
        summary: str,
        *,
        unit: str,
        default: str | None = None,
        minimum: str | None = None,
        maximum: str | None = None,
        above_zero: bool = False,
    ) -> None:
        self.absent = absent
        super().__init__(default, summary, unit=unit, minimum=minimum, maximum=maximum, above_zero=above_zero)

    def convert(self, value: Any) -> float | None:
        """Return the value in SI units, or None for the word that stands for leaving it out.

        Raises:
            BadValue: As for a quantity.
        """
        if value is None or (isinstance(value, str) and value.strip() == self.absent):
            return None
        return super().convert(value)

    def convert_list(self, text: str) -> list[Any]:
        """Return the values of a list, in which the word that stands for leaving it out may occur.

        Raises:
            BadValue: As for a quantity.
        """
        items = [item.strip() for item in text.split(",")]
        if self.absent not in items:
            return super().convert_list(text)
        values: list[Any] = []
        for item in items:
            values += [None] if item == self.absent else super().convert_list(item)
        return values

    def is_set(self) -> bool:
        """Tell pymeasure that leaving it out is a value."""
        return True

    def shown_default(self) -> str:
        """Return the default as it was written, the word for its absence if it is left out by default."""
        return self.absent if self._first is None else str(self._first)

    def show(self, value: Any) -> str:
        """Write the value exactly, or the word for its absence."""
        return self.absent if value is None else super().show(value)

    def choices(self) -> str:
        """Say which values are allowed."""
        return f"{self.absent} | {super().choices() or 'a value in ' + self.units}"


class QuantityList(_Number[tuple[float, ...]]):
    """Numbers with a unit: `QuantityList("300:240:-10 K", "Temperatures")`; its unit is the one that ends it.

    Arguments as for `Quantity`, the limits hold for every number. The value is a tuple in SI units. In a series
    (`--over`) semicolons stand between the lists: "10, 20 mT; 30 mT" is two runs.

    A value may stand in the list twice, and is then measured twice, as on a way there and back. `each_once` refuses
    that where another parameter is for it, and says which one: `each_once="repeats says how often each is sent"`.
    """

    def __init__(
        self,
        default: str,
        summary: str,
        *,
        unit: str | None = None,
        minimum: str | None = None,
        maximum: str | None = None,
        above_zero: bool = False,
        each_once: str = "",
    ) -> None:
        self.each_once = each_once
        unit = _unit_in(default, unit, "QuantityList", "10, 20 mT")
        super().__init__(default, summary, unit=unit, minimum=minimum, maximum=maximum, above_zero=above_zero)

    def convert(self, value: Any) -> tuple[float, ...]:
        """Return the values of a text such as "1, 2, 5 mA" or "0:10:0.5 mA", or of numbers in SI units.

        Raises:
            BadValue: A value is bad, a range never ends, the list is empty, or a value stands twice where each may
                stand once.
        """
        numbers = self._numbers(value)
        if self.each_once and (twice := [number for number in dict.fromkeys(numbers) if numbers.count(number) > 1]):
            shown = ", ".join(map(self._shown, twice))
            raise BadValue(f"{self.called} has {shown} more than once; give each value once: {self.each_once}")
        return numbers

    def _numbers(self, value: Any) -> tuple[float, ...]:
        if isinstance(value, str) or not isinstance(value, Iterable):
            numbers = units.parse_list(value, self.units if isinstance(value, str) else self.si_unit, self.called)
            return tuple([super(QuantityList, self).convert(number) for number in numbers])
        given = list(cast("Iterable[Any]", value)) or [""]
        return tuple(number for item in given for number in self._numbers(item))

    def convert_list(self, text: str) -> list[Any]:
        """Return several lists, which are separated by semicolons.

        Raises:
            BadValue: As for one list.
        """
        return [self.convert(item) for item in self._items(text, ";")]

    def show(self, value: Any) -> str:
        """Write the values exactly, in their SI unit."""
        return f"{', '.join(map(repr, value))} {self.si_unit}".rstrip()

    def choices(self) -> str:
        """Say what may be entered."""
        return f"a list, e.g. {self._first} {super().choices()}".rstrip()


class OptionalQuantityList(QuantityList):
    """A list that may be left out; a word says what then happens: `OptionalQuantityList("none", "...", unit="A")`.

    The value is an empty tuple when it is left out, which is the default.
    """

    def __init__(self, absent: str, summary: str, *, unit: str, above_zero: bool = False, each_once: str = "") -> None:
        self.absent = absent
        super().__init__(absent, summary, unit=unit, above_zero=above_zero, each_once=each_once)

    def convert(self, value: Any) -> tuple[float, ...]:
        """Return the values, none for the word that stands for leaving it out.

        Raises:
            BadValue: As for a list.
        """
        if isinstance(value, str) and value.strip() == self.absent:
            return ()
        return () if isinstance(value, tuple) and not value else super().convert(value)

    def show(self, value: Any) -> str:
        """Write the values exactly, or the word for their absence."""
        return super().show(value) if value else self.absent

    def choices(self) -> str:
        """Say which values are allowed."""
        limits = _Number.choices(self)
        return f"{self.absent} | {f'a list in {self.units} {limits}'.rstrip()}"


class Count(Setting[int]):
    """A whole number: `Count(1, "Hysteresis loops", minimum=1, maximum=100)`."""

    def __init__(self, default: int, summary: str, *, minimum: int, maximum: int) -> None:
        self.minimum = minimum
        self.maximum = maximum
        super().__init__(default, summary)

    def convert(self, value: Any) -> int:
        """Return the number.

        Raises:
            BadValue: Not a whole number, or outside the limits.
        """
        number = units.parse(value, "", self.called)
        if number != math.floor(number):
            raise BadValue(f"{self.called} is {value}, but must be a whole number")
        if not self.minimum <= number <= self.maximum:
            raise BadValue(f"{self.called} is {value}, but must lie from {self.minimum} to {self.maximum}")
        return int(number)

    def convert_list(self, text: str) -> list[Any]:
        """Return the numbers of a list such as "1, 2, 5" or "1:5:1".

        Raises:
            BadValue: Not whole numbers, outside the limits, or none.
        """
        return [self.convert(value) for value in units.parse_list(text, "", self.called)]

    def choices(self) -> str:
        """Say which values are allowed."""
        return f"{self.minimum} to {self.maximum}"


class Choice(Setting[str]):
    """One of a few words: `Choice("continuous", "How the field moves", options=["continuous", "step"])`."""

    def __init__(self, default: str, summary: str, *, options: Sequence[str], called: str = "") -> None:
        self.options = tuple(options)
        super().__init__(default, summary, called=called)

    def convert(self, value: Any) -> str:
        """Return the word.

        Raises:
            BadValue: Another word.
        """
        text = str(value).strip()
        if text not in self.options:
            raise BadValue(f"{self.called} is {text!r}, but must be one of {', '.join(self.options)}")
        return text

    def choices(self) -> str:
        """List the words."""
        return " | ".join(self.options)


class OptionalRun(Setting[str]):
    """The folder of a run, or of none: `OptionalRun("none", "Run along the other axis")`.

    The value is the folder's full path, since a run may be looked at from another place; "" when it is left out.
    """

    def __init__(self, absent: str, summary: str) -> None:
        self.absent = absent
        super().__init__(absent, summary)

    def convert(self, value: Any) -> str:
        """Return the full path of what was given, "" for the word that stands for leaving it out."""
        text = "" if value is None else str(value).strip()
        return "" if text in {"", self.absent} else str(Path(text).absolute())

    def show(self, value: Any) -> str:
        """Write the path, or the word for its absence."""
        return str(value) or self.absent

    def choices(self) -> str:
        """Say what may be entered."""
        return f"{self.absent} | the folder of a run"
