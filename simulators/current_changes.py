"""What flows through the sample from one change to the next, and the changes of the past."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from simulators.bridge_currents import BridgeCurrents

MEMORY = 30.0
"""s; changes older than this may be forgotten."""

REMEMBERED = 4096
"""So many changes are kept, however old they are."""

SETTLED = 20.0
"""Time constants after which nothing is left of a change."""


@dataclass(slots=True)
class Change:
    """What flows from a moment on; never altered once it is made (frozen, it would take three times as long to make).

    Attributes:
        time: Lab time in s.
        source: A out of the current source's high terminal; of a cycle that is taken as a whole, its mean.
        smu: A out of the source-measure unit's.
        excess: A by which the source's current exceeds `source` at that moment, on its way there.
        settling: Time constant in s of that way.
        bridges: What flows from the resistance bridges besides.
    """

    time: float
    source: float
    smu: float
    excess: float = 0.0
    settling: float = 0.0
    bridges: BridgeCurrents | None = None

    def source_at(self, time: float) -> float:
        """Current in A of the source at a lab time in s, before the next change."""
        if not self.settling:
            return self.source
        return self.source + self.excess * math.exp(-(time - self.time) / self.settling)

    def mean_excess(self, start: float, end: float) -> float:
        """Mean in A of what is left of the excess from `start` to `end` (lab s)."""
        if not self.settling or start > self.time + SETTLED * self.settling or end <= start:
            return 0.0
        begin, finish = (math.exp(-(time - self.time) / self.settling) for time in (start, end))
        return self.excess * self.settling * (begin - finish) / (end - start)


class Changes(deque[Change]):
    """Changes in the order of their times, the latest last; those that are long past are forgotten.

    The first stands for all of the past that is not remembered. Lab times in s that are asked for are now or past.
    """

    strongest = 0.0
    """A, either way, that the source has not exceeded since the beginning."""

    def record(self, change: Change) -> None:
        """Keep a change that is not before the latest one."""
        while len(self) > REMEMBERED and self[1].time < change.time - MEMORY:
            self.popleft()
        self.append(change)
        self.strongest = max(self.strongest, abs(change.source))

    def source_at(self, time: float) -> float:
        """Return the source's current in A at a time, with the way it settled."""
        return next(change for change in reversed(self) if change.time <= time).source_at(time)

    def steps(self, start: float, end: float) -> list[tuple[float, float, Change]]:
        """Cut a time at the changes: (begin, end, what flowed), in order."""
        if self[-1].time <= start:
            return [(start, end, self[-1])]
        parts: list[tuple[float, float, Change]] = []
        finish = end
        for change in reversed(self):
            if change.time < finish:
                parts.append((max(change.time, start), finish, change))
                finish = change.time
            if change.time <= start:
                break
        return parts[::-1]

    def largest_source(self, start: float, end: float) -> float | None:
        """Return the source's largest current in A, either way, between two times; None without a change."""
        largest = None
        for change in reversed(self):
            if change.time <= start:
                return None if largest is None else max(largest, abs(change.source))
            if change.time < end and (largest is None or abs(change.source) > largest):
                largest = abs(change.source)
        return largest
