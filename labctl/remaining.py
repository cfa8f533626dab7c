"""How much longer a run takes: what its rehearsal took, corrected by what the station really takes.

A rehearsal says where the run stands after which time (`Mark`), and of each stretch how much of it is the ramp of a
temperature, its settling, the ramp of a field, and so on (`KINDS`). A run is at the same places one after the other. As
it passes them, the time that it took is compared with the rehearsal's, and a factor is learnt for each kind of time, by
least squares with an expectation of 1: a magnet that ramps more slowly than the station's file says makes its ramps
longer and leaves the readings as they are. What is left is the rest of the rehearsal with these factors.

Where a run stands is told by the step of its loops (`place`) and by how far it is in it (`within`): in its sweeps, and
in what it waits for. Where that does not grow, it is told by the rows recorded there; and on the way to a temperature
that nobody is known to wait for, by that temperature.

Only numbers come in here: no clock is read and nothing is waited for.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from labctl.expected import KINDS, NONE, Expected, Mark, Shares, Standing, between, passed_since

RAMP = 0
"""Number of the ramp of a temperature among them."""

TRUST = (0.7, 1.0, 0.7, 1.0, 0.7, 0.3, 0.2)
"""Standard deviation of each kind's factor around 1 before anything of it was seen. Cryostats differ, readings hardly:
what a stretch took too long was the ramp in it rather than the reading."""
ALIKE = (("temperature ramp", "field ramp"), ("temperature settling", "field settling"))
LIKENESS = 0.5
"""Correlation of these factors (assumed): where ramps of one kind are slow, one expects it of the other in part."""
SCATTER, RELATIVE_SCATTER = 4.0, 0.08
"""s, and part of its time, by which a stretch of a run scatters without meaning that the station is slow (assumed)."""
FACTORS = (0.2, 10.0)
"""No factor is taken for less or more than these."""
ODD = 3.0
"""Standard deviations; what is farther off what was expected by then counts less, for the run may have gone another
way than its rehearsal."""
SHORTEST = 20.0
"""s of rehearsal; shorter stretches of one kind are compared together."""
TOO_SHORT = 1.0
"""s of rehearsal; shorter ones of another kind than what follows are left alone."""
MOVED, FAR = 0.5, 5.0
"""K: nearer temperatures are not told apart; and a way that is longer than that tells where a run is."""


def _prior() -> Any:
    """Return the inverse of the factors' covariance before anything was seen."""
    covariance = np.diag(np.array(TRUST) ** 2)
    for pair in ALIKE:
        one, other = (KINDS.index(kind) for kind in pair)
        covariance[one, other] = covariance[other, one] = LIKENESS * TRUST[one] * TRUST[other]
    return np.linalg.inv(covariance)


_PRIOR = _prior()


@dataclass(slots=True)
class Pace:
    """What a station has taken beside what was expected, over all runs of a session.

    Attributes:
        normal: Sums over compared stretches of the products of their kinds' times, each weighted.
        weighted: The same of a kind's time and what the stretch took longer than expected.
    """

    normal: Any = field(default_factory=lambda: np.zeros((len(KINDS), len(KINDS))))
    weighted: Any = field(default_factory=lambda: np.zeros(len(KINDS)))

    def take(self, expected: Shares, took: float) -> None:
        """Take in that a stretch took so many s, of which a rehearsal expected these."""
        parts = np.array(expected)
        scatter = math.hypot(SCATTER, RELATIVE_SCATTER * float(parts.sum()))
        off = abs(took - float(parts @ np.array(self.factors()))) / scatter
        weight = min(1.0, ODD / off if off else 1.0) / scatter**2
        self.normal += weight * np.outer(parts, parts)
        self.weighted += weight * parts * (took - float(parts.sum()))

    def factors(self) -> Shares:
        """Return by what each kind's time has to be multiplied; 1 for one that was not seen yet."""
        excess = np.linalg.solve(self.normal + _PRIOR, self.weighted)
        return tuple(float(min(FACTORS[1], max(FACTORS[0], 1.0 + each))) for each in excess)


Coordinate = tuple[float, int]
"""How far a run is at a place: part and rows; rows count where the part is the same."""


@dataclass(frozen=True, slots=True)
class _Visit:
    """A stretch of the rehearsal at one place: its marks from `first` to before `end`.

    `by_temperature` is whether nothing else tells where it is.
    """

    first: int
    end: int
    by_temperature: bool

    def coordinate(self, within: float, rows: int) -> Coordinate:
        """Return how far a run is there; nothing where only the temperature tells it."""
        return (0.0, 0) if self.by_temperature else (within, rows)


def _visits(marks: Sequence[Mark]) -> dict[str, list[_Visit]]:
    """Return the visits of each place in their order."""
    found: dict[str, list[_Visit]] = {}
    first = 0
    for end in range(1, len(marks) + 1):
        if end == len(marks) or marks[end].place != marks[first].place:
            found.setdefault(marks[first].place, []).append(_Visit(first, end, _by_temperature(marks[first:end])))
            first = end
    return found


def _by_temperature(marks: Sequence[Mark]) -> bool:
    """Whether the temperature tells best where a run is at a place: on a way to one, rows are many or few."""
    shown = [mark.temperature for mark in marks if mark.temperature is not None]
    return marks[-1].within == marks[0].within and bool(shown) and max(shown) - min(shown) > FAR


def _most(spent: Shares) -> int:
    """Return which kind of time most of it went to."""
    return max(range(len(spent)), key=spent.__getitem__)


def _part_of_the_way(before: Coordinate, here: Coordinate, ahead: Coordinate) -> float:
    """Return how far a coordinate is from one to another, between which it lies."""
    if ahead[0] > before[0]:
        return (here[0] - before[0]) / (ahead[0] - before[0])
    return (here[1] - before[1]) / (ahead[1] - before[1])


@dataclass(frozen=True, slots=True)
class _Anchor:
    """Where a run was last recognised: lab time in s, the rehearsal's time then, and the mark that it reaches next."""

    time: float
    spent: Shares
    following: int


class Remaining:
    """Follows a run and says how much longer it takes.

    Args:
        expected: What its rehearsal says.
        pace: What the station has taken in the session before this run, if anything.
    """

    def __init__(self, expected: Expected, pace: Pace | None = None) -> None:
        self._expected = expected
        self.pace = Pace() if pace is None else pace
        self._visits = _visits(expected.marks)
        self._visit: _Visit | None = None
        self._place: str | None = None
        self._seen: set[str] = set()
        self._coordinate: Coordinate | None = None
        self._anchor = self._compared = _Anchor(0.0, NONE, 0)
        self._latest: float | None = None
        self._temperature: float | None = None
        self._factors = self.pace.factors()

    def observe(self, time: float, stands: Standing) -> None:
        """Take in where the run stands at a lab time in s."""
        place, within, rows, temperature = stands
        if self._latest is None:
            self._anchor = self._compared = _Anchor(time, NONE, 0)
        self._latest = time
        if place != self._place:
            self._place = place
            self._seen.add(place)
            self._visit = self._next_visit(place)
            self._coordinate = None
        here = (0.0, 0) if self._visit is None else self._visit.coordinate(within, rows)
        if here != self._coordinate:
            self._coordinate = here
            self._stand(time, here)
            self._temperature = temperature
        elif temperature is not None:
            if self._temperature is None:
                self._temperature = temperature
            elif abs(temperature - self._temperature) >= MOVED:
                self._on_the_way(time, temperature)

    def _next_visit(self, place: str) -> _Visit | None:
        """The next time that the rehearsal was at a place, or the last time; None where it never was."""
        visits, here = self._visits.get(place, []), self._anchor.following
        ahead = [visit for visit in visits if visit.end > here]
        return ahead[0] if ahead else visits[-1] if visits else None

    def _stand(self, time: float, here: Coordinate) -> None:
        """Find the moment of the rehearsal at which the run is now; where it has none of this place, time passes."""
        visit = self._visit
        if visit is None:
            return
        marks = self._expected.marks[visit.first : visit.end]
        parts = [visit.coordinate(mark.within, mark.rows) for mark in marks]
        after = bisect_right(parts, here)
        if after == 0:
            self._reach(_Anchor(time, marks[0].spent, visit.first + 1))
        elif parts[after - 1] == here or after == len(parts):  # the first moment at which it stood there
            self._reach(_Anchor(time, marks[parts.index(parts[after - 1])].spent, visit.first + after))
        else:
            share = _part_of_the_way(parts[after - 1], here, parts[after])
            spent = between(marks[after - 1].spent, marks[after].spent, share)
            self._reach(_Anchor(time, spent, visit.first + after))

    def _on_the_way(self, time: float, temperature: float) -> None:
        """Follow a temperature while nothing else moves: the run is where the rehearsal first had come as far."""
        visit, anchor, since = self._visit, self._anchor, self._temperature
        if visit is None or since is None:
            return
        self._temperature = temperature
        end = visit.end if visit.by_temperature else min(anchor.following + 1, visit.end)
        way, shown, spent = temperature - since, since, anchor.spent
        for mark in self._expected.marks[visit.first : end]:
            if mark.temperature is None or sum(mark.spent) <= sum(anchor.spent):
                continue
            gone = mark.temperature - since
            if gone * way > 0.0 and abs(gone) >= abs(way):
                share = (temperature - shown) / (mark.temperature - shown) if mark.temperature != shown else 1.0
                found = between(spent, mark.spent, min(1.0, max(0.0, share)))
                stretch = passed_since(found, anchor.spent)
                if stretch[RAMP] > 0.5 * sum(stretch):  # one that stands only wanders
                    self._reach(_Anchor(time, found, anchor.following))
                return
            shown, spent = mark.temperature, mark.spent

    def _reach(self, anchor: _Anchor) -> None:
        """Be at a moment of the rehearsal, and learn from the stretch that led there.

        Nothing is learnt where the run was not, in blocks that were measured by an earlier attempt, and from a moment
        that lies behind; one that only has fewer rows than expected stays where it is. What goes to another kind of
        time begins a new stretch: that a sample was waited for too long must not make the ramp behind it slow.
        """
        step = passed_since(anchor.spent, self._anchor.spent)
        if sum(step) <= 0.0 and anchor.following == self._anchor.following:
            return
        before, here = self._compared, self._anchor
        stretch = passed_since(here.spent, before.spent)
        self._anchor = anchor
        skipped = self._expected.marks[before.following : max(0, anchor.following - 1)]
        if sum(stretch) + sum(step) < 0.0 or any(mark.place not in self._seen for mark in skipped):
            self._compared = anchor
        elif sum(stretch) > 0.0 and _most(stretch) != _most(step):
            self._learn(stretch, here)
        elif sum(stretch) + sum(step) >= SHORTEST:
            self._learn(passed_since(anchor.spent, before.spent), anchor)

    def _learn(self, stretch: Shares, until: _Anchor) -> None:
        """Compare what a stretch that ends at a moment took, if it was long enough to tell anything."""
        if sum(stretch) >= TOO_SHORT:
            self.pace.take(stretch, until.time - self._compared.time)
            self._factors = self.pace.factors()
        self._compared = until

    @property
    def expected_time(self) -> float:
        """Time in s that the rehearsal took."""
        return math.fsum(self._expected.total)

    @property
    def factors(self) -> Mapping[str, float]:
        """By what the times of each kind are multiplied, as far as it was learnt."""
        return dict(zip(KINDS, self._factors, strict=True))

    @property
    def left(self) -> float:
        """Time in s until the run, or its series, is over; not below what follows what it has yet to reach."""
        anchor, marks = self._anchor, self._expected.marks
        ahead = marks[anchor.following].spent if anchor.following < len(marks) else self._expected.total
        since = 0.0 if self._latest is None else self._latest - anchor.time
        return max(self._after(anchor.spent) - since, self._after(ahead))

    def _after(self, spent: Shares) -> float:
        """Return the s that the station needs for what the rehearsal did after a moment."""
        ends = zip(self._factors, self._expected.total, spent, self._expected.later, strict=True)
        return math.fsum(factor * (max(0.0, total - gone) + later) for factor, total, gone, later in ends)
