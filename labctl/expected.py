"""What a rehearsal says of the time that a run takes: where it stands after which time, and what the time went to.

A moment (`Mark`) is told by the step of the run's loops (`place`) and by how far it is in it (`within`), by the rows
that were recorded there, and by the temperature. The time until then is told by its kinds (`KINDS`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

from labctl.attempts import lies_within

KINDS = ("temperature ramp", "temperature settling", "field ramp", "field settling", "rotation", "dwell", "rest")
"""Kinds of time, each with a factor of its own: a slow magnet says nothing of the temperature control.

A dwell is what is waited for a sample to follow a cryostat that is there; the rest is readings and pulses."""

Shares = tuple[float, ...]
"""s of each of `KINDS`."""

NONE: Shares = (0.0,) * len(KINDS)

MOST_MARKS, ENOUGH = 4000, 0.75
"""Marks that are kept at most, and the part of them that may be left when they are thinned."""


class Standing(NamedTuple):
    """Where a run stands.

    Attributes:
        place: Step of the loops, e.g. `temperature=2/branch=1`; empty outside of all.
        within: How far it is in that step: the part of a sweep or of a wait that is done, and two for each before it.
        rows: Recorded since it has been so far.
        temperature: K that the cryostat showed last, None where it shows none.
    """

    place: str
    within: float = 0.0
    rows: int = 0
    temperature: float | None = None


class Mark(NamedTuple):
    """A moment of a rehearsal: where the run stood (see `Standing`), and what the time before it went to.

    Attributes:
        spent: s of each of `KINDS` since the run began.
    """

    place: str
    within: float
    rows: int
    temperature: float | None
    spent: Shares

    @property
    def stands(self) -> tuple[str, float, int]:
        """Where the run stands, as far as its loops and rows tell."""
        return self.place, self.within, self.rows


def thinned(marks: Sequence[Mark]) -> list[Mark]:
    """Leave out every second mark but at the ends of places and of times in which nothing moved.

    Where that is not enough, then at the latter, too, and at last every second place.
    """
    kept = [mark for number, mark in enumerate(marks) if number % 2 == 0 or _at_an_end(marks, number)]
    if len(kept) > ENOUGH * len(marks):
        kept = [mark for number, mark in enumerate(marks) if number % 2 == 0 or _at_a_border(marks, number)]
    if len(kept) > ENOUGH * len(marks):
        places = {place: number for number, place in enumerate(dict.fromkeys(mark.place for mark in kept))}
        last = len(places) - 1
        kept = [mark for mark in kept if places[mark.place] % 2 == 0 or places[mark.place] == last]
    return kept


def _at_a_border(marks: Sequence[Mark], number: int) -> bool:
    """Whether a mark is the first or the last of its place."""
    if not 0 < number < len(marks) - 1:
        return True
    return not marks[number - 1].place == marks[number].place == marks[number + 1].place


def _at_an_end(marks: Sequence[Mark], number: int) -> bool:
    """Whether a mark is at a border, or at either end of a time in which nothing moved."""
    if _at_a_border(marks, number):
        return True
    before, mark, after = marks[number - 1 : number + 2]
    return (before.stands == mark.stands) != (mark.stands == after.stands)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a rehearsal says of the time that a run takes.

    Attributes:
        marks: Moments in their order.
        total: s of each of `KINDS` of the whole run.
        later: The same of what follows in its series.
    """

    marks: Sequence[Mark]
    total: Shares
    later: Shares = NONE

    def without(self, blocks: Collection[str]) -> Expected:
        """Return what is expected of a run that passes over these blocks, since earlier attempts completed them."""

        def passed(place: str) -> bool:
            return any(lies_within(place, block) for block in blocks)

        if not blocks:
            return self
        gone, kept, last = NONE, list[Mark](), Mark("", 0.0, 0, None, NONE)
        for mark in (*self.marks, Mark("", 0.0, 0, None, self.total)):
            if passed(last.place):
                gone = added(gone, passed_since(mark.spent, last.spent))
            if not passed(mark.place):
                kept.append(mark._replace(spent=passed_since(mark.spent, gone)))
            last = mark
        return replace(self, marks=kept[:-1], total=kept[-1].spent)

    def to_json(self) -> dict[str, Any]:
        """Return it as it is kept in rehearsal.json."""
        places = list(dict.fromkeys(mark.place for mark in self.marks))
        number = {place: index for index, place in enumerate(places)}
        return {
            "kinds": list(KINDS),
            "total_s": list(self.total),
            "later_s": list(self.later),
            "places": places,
            "marks": [
                [number[mark.place], mark.within, mark.rows, mark.temperature, *(round(each, 3) for each in mark.spent)]
                for mark in self.marks
            ],
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote.

        Raises:
            ValueError: It is something else.
        """
        try:
            if tuple(content["kinds"]) != KINDS:
                raise ValueError("it was written by another version of labctl")
            places = list(content["places"])
            marks = [
                Mark(places[number], within, rows, temperature, tuple(map(float, spent)))
                for number, within, rows, temperature, *spent in content["marks"]
            ]
            total, later = (tuple(map(float, content[name])) for name in ("total_s", "later_s"))
        except (KeyError, TypeError, IndexError) as error:
            raise ValueError(f"it says no times: {error}") from error
        if any(len(each) != len(KINDS) for each in (total, later, *(mark.spent for mark in marks))):
            raise ValueError(f"its times are not of {len(KINDS)} kinds")
        return cls(marks, total, later)


def read_expected(text: str) -> Expected | None:
    """Return what a rehearsal.json says of the time; None where it says nothing that can be used."""
    try:
        content = json.loads(text)
        return Expected.from_json(content["times"])
    except (ValueError, KeyError, TypeError):
        return None


def added(one: Shares, other: Shares) -> Shares:
    """Return the sums of two times, kind by kind."""
    return tuple(each + more for each, more in zip(one, other, strict=True))


def passed_since(now: Shares, then: Shares) -> Shares:
    """Return what lies between two times, kind by kind."""
    return tuple(each - less for each, less in zip(now, then, strict=True))


def between(before: Shares, after: Shares, share: float) -> Shares:
    """Return the time at a part of the way from one to another."""
    return tuple(one + share * (other - one) for one, other in zip(before, after, strict=True))
