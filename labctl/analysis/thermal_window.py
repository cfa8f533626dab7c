"""The fields in which temperature writes a bit, resets it, and leaves it alone, from the references' switching fields.

At each temperature the hard layer of a junction follows a field above its switching field there. So a bit is written
where that of the hot visit is below the field, reset where that of the cold visit is, and kept where that of the
temperature at which it is kept is above. The switching fields are those of loops at some rate: a field that stands for
minutes turns a layer at a smaller one, by a tenth or so for each decade of time. What that makes of a loop's switching
field is told by a model: grains activated over barriers B / H, with an assumed number of attempts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from instruments.units import format_quantity
from labctl.analysis.activation import standing_field
from labctl.analysis.result import quantity_text
from labctl.analysis.thermal_bits import SAME, Number, Reference, joined

STAY = 300.0
"""s for which a temperature is visited, about: the sample follows, the resistance comes to rest, the state is read."""
FEWER, MORE = 1e8, 1e11
"""Attempts per s, at least and at most, that the model may have; half of the difference that they make counts."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """The field at which half of the hard layer switches, at a temperature.

    Attributes:
        temperature: K.
        loop: In the loop, T.
        field: While the field stands for `stay`, T; the loop's where its rate is not known.
        width: T, between a tenth and nine tenths of the layer then.
        stay: s, the time of a visit, or that of a longer hold.
    """

    temperature: float
    loop: Number
    field: Number
    width: float
    stay: float = STAY

    @property
    def least(self) -> float:
        """Field in T that a tenth of the layer follows."""
        return self.field.value - 0.5 * self.width

    @property
    def most(self) -> float:
        """Field in T that nine tenths of it follow."""
        return self.field.value + 0.5 * self.width

    def said(self) -> str:
        """Return it in words."""
        loop, field = (quantity_text(each.value, each.uncertainty, "T") for each in (self.loop, self.field))
        meanwhile = "a visit" if self.stay <= STAY else f"the {time_text(self.stay)} for which the state is held"
        return f"at {self.temperature:g} K the hard layer switches at {field} within {meanwhile}, in the loop at {loop}"


@dataclass(frozen=True, slots=True)
class Window:
    """What a list of visits needs of the field.

    Attributes:
        write: What the field has to exceed to write a 1; None where no visit is meant to, or it is not known.
        reset: What it has to exceed to write a 0, likewise.
        keep: What it has to stay below, for the bit to stay.
        made: Bits that the field makes at the visited temperatures; those without references are not among them.
        home: That at the temperature at which bits are kept; None where it has no reference.
        soft: Largest switching field of the soft layer in T, above which the field has to be as well.
        whole: Whether all visited temperatures have references.
    """

    write: Threshold | None
    reset: Threshold | None
    keep: Threshold | None
    made: frozenset[int]
    home: int | None
    soft: float
    whole: bool

    def holds(self, field: float) -> bool | None:
        """Whether a field in T lies inside: nine tenths of the layer follow where they should, and stay elsewhere.

        None where one of the three is not known.
        """
        if self.write is None or self.reset is None or self.keep is None:
            return None
        return max(self.write.most, self.reset.most, self.soft) < abs(field) < self.keep.least

    def doubts(self, field: float, initial: int | None = None) -> list[str]:
        """Say what a field in T will not do with these visits; nothing where it will do all.

        Args:
            field: T.
            initial: Bit that is to be prepared at the first of them; None where that is not asked.
        """
        size, shown = abs(field), format_quantity(abs(field), "T", digits=3)
        soft = [] if size >= self.soft else [self._soft(shown, initial)]
        if len(self.made) == 1 and self.whole:
            return [_NEVER, *soft]
        said: list[str] = []
        for threshold, never, partly in ((self.write, *_WRITE), (self.reset, *_RESET)):
            if threshold is not None and size < threshold.most:
                said.append(f"{threshold.said()}, the field is {shown}: {never if size < threshold.least else partly}")
        if self.keep is not None and size > self.keep.least:
            said.append(f"{self.keep.said()}, the field is {shown}: {_KEEP[size < self.keep.most]}")
        return [*said, *soft]

    def _soft(self, shown: str, initial: int | None) -> str:
        kept = (
            f"the soft layer switches at {format_quantity(self.soft, 'T', digits=2)}, above the field of {shown}: it "
            "stays as it was saturated, so that no other state can be prepared than the one that a large field makes"
        )
        if initial is None or self.home is None or initial == self.home:
            return kept
        return f"{kept}, and not initial={initial}"


_NEVER = (
    "the list of visits never crosses the compensation temperature (at all of them TMR has one sign): the field makes "
    "the same bit everywhere"
)
_WRITE = ("nothing will be written", "the bit may be written in part only")
_RESET = ("it will not be reset", "it may be reset in part only")
_KEEP = ("what is written is volatile, and lost there", "a part of what is written may be lost there")


def window(temperatures: Sequence[float], references: Sequence[Reference], held: float = 0.0) -> Window:
    """Return what a list of visits needs of the field.

    Args:
        temperatures: Of the visits in K, in their order; bits are kept at the first.
        references: As far as they are known.
        held: s for which the last state is held. Where that is a bit which the field does not make by itself, it has to
            stay for so long.
    """
    known = {each: joined(references, each) for each in dict.fromkeys(temperatures)}
    there = [reference for reference in known.values() if reference is not None]
    home = known[temperatures[0]]
    return Window(
        _needed(temperatures, references, 1),
        _needed(temperatures, references, 0),
        None if home is None else _threshold(home, max(STAY, held) if _against(temperatures, known) else STAY),
        frozenset(reference.made for reference in there),
        None if home is None else home.made,
        max((reference.soft.value for reference in there if reference.soft is not None), default=0.0),
        len(there) == len(known),
    )


def _against(temperatures: Sequence[float], known: Mapping[float, Reference | None]) -> bool:
    """Whether the last visit is to keep a bit that the field does not make there."""
    away = [each for each in temperatures if abs(each - temperatures[0]) > SAME]
    if not away or abs(temperatures[-1] - temperatures[0]) > SAME:
        return False
    home, last = known[temperatures[0]], known[away[-1]]
    return home is not None and last is not None and home.made != last.made


def _needed(temperatures: Sequence[float], references: Sequence[Reference], bit: int) -> Threshold | None:
    """The field that all excursions need which are meant to leave a bit; of one, its easiest visit decides."""
    needed: list[Threshold] = []
    for away in _away(temperatures):
        there = [joined(references, each) for each in away]
        if there[-1] is None or there[-1].made != bit:
            continue
        given = [_threshold(each) for each in there if each is not None and each.made == bit]
        known = [each for each in given if each is not None]
        if known:
            needed.append(min(known, key=lambda each: each.field.value))
    return max(needed, key=lambda each: each.field.value, default=None)


def _threshold(reference: Reference, stay: float = STAY) -> Threshold | None:
    loop = reference.hard
    if loop is None:
        return None
    if not reference.rate or not loop.value:
        return Threshold(reference.temperature, loop, loop, reference.width, stay)
    middle = standing_field(loop.value, reference.rate, stay)
    ends = [standing_field(loop.value, reference.rate, stay, attempts) for attempts in (FEWER, MORE)]
    part = middle / loop.value
    field = Number(middle, math.hypot(part * loop.uncertainty, 0.5 * (ends[1] - ends[0])))
    return Threshold(reference.temperature, loop, field, part * reference.width, stay)


def time_text(seconds: float) -> str:
    """Write so many seconds, minutes or hours."""
    size, unit = next((each for each in ((3600.0, "h"), (60.0, "min")) if seconds >= each[0]), (1.0, "s"))
    return f"{seconds / size:.3g} {unit}"


def _away(temperatures: Sequence[float]) -> list[list[float]]:
    """Temperatures of each excursion from the first one."""
    found: list[list[float]] = [[]]
    for each in temperatures:
        if abs(each - temperatures[0]) <= SAME:
            found.append([])
        else:
            found[-1].append(each)
    return [each for each in found if each]
