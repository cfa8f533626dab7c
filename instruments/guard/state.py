"""What the guard knows of a 6221's settings, from the messages that it let pass.

A setting can have several possible values: while a mode is armed, a source may refuse a change without saying so, and
it is not settled whether `*RST` empties the lists. What nobody knows (before the first message, or after a write that
failed) has no value at all, and whatever depends on it is refused.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Self

from instruments.guard import settings as setting
from instruments.guard.slew import Path, uncertain
from instruments.tables.keithley6221 import RANGES

_OVERRANGE = 1.05
_FINEST = 13  # the 2 nA range has steps of 1e-13 A, each following range of ten times as much
_HALF = Decimal("1e-9")  # of a step; what is this close to the middle between two levels counts as rounded up

Possible = tuple[object, ...]


def range_index(current: float) -> int:
    """Return the index of the smallest range that holds a current in A; the largest one holds 5 % more."""
    magnitude = abs(current)
    return next((index for index, full in enumerate(RANGES) if magnitude <= full), len(RANGES) - 1)


def rounded(current: float, index: int) -> Decimal:
    """Return the level in A that the source drives for a current on a range: a whole number of the range's steps."""
    steps = (Decimal(repr(current)).scaleb(_FINEST - index).copy_abs() + _HALF).to_integral_value(ROUND_HALF_UP)
    return steps.scaleb(index - _FINEST)


STEPS = tuple(float(f"1e{index - _FINEST}") for index in range(len(RANGES)))
"""How far two levels of each range lie apart, in A."""


class State:
    """What is known of a source.

    Attributes:
        values: Possible values by the table's header; a header that is missing is not known.
        armed: Modes that may be armed, each by a command that was judged.
        foreign: Modes that may have been armed by somebody else before.
        ranges: Indices of the ranges on which the source may stand while its range is fixed; None for any.
        ends: Start and stop in A as they follow from STARt, STOP, CENTer and SPAN where these are coupled.
        path: What is known of the past of the level at the output, in A; None for nothing.
    """

    __slots__ = ("armed", "ends", "foreign", "path", "ranges", "values")

    def __init__(self) -> None:
        self.values: dict[str, Possible] = {}
        self.armed: frozenset[str] = frozenset()
        self.foreign = setting.MODES
        self.ranges: frozenset[int] | None = None
        self.ends: tuple[float | None, float | None] = (None, None)
        self.path: Path | None = None

    def copy(self) -> Self:
        """Return a copy that can be changed on its own."""
        other = type(self)()
        other.values = dict(self.values)
        other.armed, other.foreign, other.ranges, other.ends = self.armed, self.foreign, self.ranges, self.ends
        other.path = self.path
        return other

    def lose(self) -> None:
        """Something was done that cannot be seen: nothing is known any more."""
        self.values = {}
        self.armed, self.foreign, self.ranges, self.ends = frozenset(), setting.MODES, None, (None, None)
        self.path = None

    def doubt(self) -> None:
        """A write failed: nothing is known any more but where the level was, and may be or have gone."""
        path = uncertain(self.path)
        self.lose()
        self.path = path

    def reset(self) -> None:
        """`*RST`: the table's reset values; lists may also keep what they hold, which is not settled."""
        lists = {header: self.values[header] for header in setting.LISTS if header in self.values}
        self.values = {header: (value,) for header, value in setting.RESETS.items()}
        for header, held in lists.items():
            self.put(header, *held, instead=False)
        self.armed = self.foreign = frozenset()
        self.ranges = frozenset({len(RANGES) - 1})
        self.ends = (0.0, 0.0)

    def put(self, header: str, *values: object, instead: bool = True) -> None:
        """Note new possible values; `instead` of the ones before, or beside them where they may not be taken."""
        possible = values if instead else tuple(dict.fromkeys((*self.values.get(header, ()), *values)))
        if len(possible) > setting.MOST_POSSIBLE:
            numbers = [value for value in possible if isinstance(value, int | float)]
            possible = (min(numbers), max(numbers)) if len(numbers) == len(possible) else ()
        if possible:
            self.values[header] = possible
        else:
            self.values.pop(header, None)

    def numbers(self, header: str) -> tuple[float, ...] | None:
        """Return the possible values of a number, None where nobody knows; INFinite is infinite."""
        found = self.values.get(header)
        if found is None:
            return None
        return tuple(float(value) if isinstance(value, int | float) else float("inf") for value in found)

    def output_off(self) -> bool:
        """Whether the output is off for certain."""
        return self.values.get(setting.OUTPUT) == (False,)

    def driven(self) -> tuple[float, float] | None:
        """Return between which levels in A the output may be, None where nobody knows."""
        output, levels = self.values.get(setting.OUTPUT), self.numbers(setting.LEVEL)
        if output == (False,):
            return 0.0, 0.0
        if levels is None:
            return None
        possible = levels if output == (True,) else (*levels, 0.0)
        return min(possible), max(possible)

    # ---- ranges

    def candidates(self, current: float) -> frozenset[int]:
        """Return the indices of the ranges on which the source may drive a current in A."""
        own = range_index(current)
        automatic = self.values.get(setting.AUTOMATIC)
        if automatic == (True,):
            return frozenset({own})
        fixed = frozenset(range(own, len(RANGES))) if self.ranges is None else self.ranges
        return fixed if automatic == (False,) else fixed | {own}

    def fix_range(self, current: float) -> None:
        """`RANGe`: the range that holds a current in A; whether this ends the automatic choice is not settled."""
        chosen = frozenset({range_index(current)})
        levels = self.numbers(setting.LEVEL) or ()
        conflict = any(abs(level) > _OVERRANGE * RANGES[range_index(current)] for level in levels)
        kept = self.ranges if conflict else frozenset[int]()
        self.ranges = None if kept is None else chosen | kept
        if self.values.get(setting.AUTOMATIC) != (False,):
            self.values.pop(setting.AUTOMATIC, None)

    def set_automatic(self, automatic: bool) -> None:
        """`RANGe:AUTO`: turned off, the source stays on the range that it had chosen for its level."""
        levels = self.numbers(setting.LEVEL)
        if not automatic and self.values.get(setting.AUTOMATIC) != (False,):
            known = self.ranges is not None and levels is not None
            self.ranges = frozenset({*(self.ranges or ()), *map(range_index, levels or ())}) if known else None
        self.put(setting.AUTOMATIC, automatic)

    def holds(self, current: float) -> bool:
        """Whether each range on which the source may stand takes a current in A."""
        return all(abs(current) <= _OVERRANGE * RANGES[index] for index in self.candidates(current))

    # ---- sweeps

    def couple(self, header: str, value: float) -> None:
        """Follow STARt, STOP, CENTer and SPAN as a source does that keeps them in agreement."""
        start, stop = self.ends
        if header == setting.START:
            start = value
        elif header == setting.STOP:
            stop = value
        elif start is not None and stop is not None:
            middle, half = (start + stop) / 2.0, (stop - start) / 2.0
            middle, half = (value, half) if header == setting.CENTER else (middle, value / 2.0)
            start, stop = middle - half, middle + half
        self.ends = start, stop

    def sweep_ends(self) -> tuple[float, ...] | None:
        """Return every current in A at which a sweep may begin or end, None where nobody knows."""
        start, stop = self.ends
        if start is None or stop is None:
            return None
        plain = (*(self.numbers(setting.START) or ()), *(self.numbers(setting.STOP) or ()))
        middles, spans = self.numbers(setting.CENTER) or (), self.numbers(setting.SPAN) or ()
        around = [middle + sign * span / 2.0 for middle in middles for span in spans for sign in (1.0, -1.0)]
        # Half a span added to a centre can be off in the sixteenth digit, and no source has that many.
        return (*plain, *(float(f"{end:.14g}") for end in (start, stop, *around)))
