"""What the resistance bridges of a cryostat controller drive through a sample, direct or as a square wave.

All alternating bridges change their sign at the same moments (assumed).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from simulators.cables import Lead

Driven = tuple[tuple[tuple[Lead, Lead], float], ...]
"""Leads by which a current goes in and comes out, and its amplitude in A."""

_INSTANT = 1e-9  # part of a half period; a moment that is this near to a change of sign lies on it


@dataclass(frozen=True, slots=True)
class BridgeCurrents:
    """What flows from all bridges.

    Attributes:
        direct: Direct currents.
        alternating: Square waves.
        start: Lab time in s at which they were positive first.
        half: s from one change of their sign to the next.
    """

    direct: Driven
    alternating: Driven
    start: float
    half: float

    def added(self, injected: Mapping[str, float], sign: float) -> dict[str, float]:
        """Return currents in A into pads, with those of the bridges, the alternating ones with this sign."""
        total = dict(injected)
        for direction, driven in ((1.0, self.direct), (sign, self.alternating)):
            for (high, low), current in driven:
                total[high.pad] = total.get(high.pad, 0.0) + direction * current
                total[low.pad] = total.get(low.pad, 0.0) - direction * current
        return total

    def cycle(self, injected: Mapping[str, float], time: float) -> list[tuple[float, dict[str, float]]]:
        """Return one period from a lab time in s on: duration in s, and A into each pad besides what is injected."""
        begin = time
        steps: list[tuple[float, dict[str, float]]] = []
        while begin < time + 2.0 * self.half * (1.0 - _INSTANT):
            end, sign = self._until(begin)
            end = min(end, time + 2.0 * self.half)
            steps.append((end - begin, self.added(injected, sign)))
            begin = end
        return steps

    def halves(self, start: float, end: float) -> Iterator[tuple[float, float, float]]:
        """Cut a time at the changes of sign: (begin, end, sign), lab times in s."""
        begin = start
        while begin < end:
            until, sign = self._until(begin)
            finish = min(until, end)
            yield begin, finish, sign
            begin = finish

    def sign(self, start: float, end: float) -> float:
        """Mean sign of the alternating currents between two lab times in s, or at one."""
        if end <= start:
            return self._until(start)[1]
        return sum(sign * (finish - begin) for begin, finish, sign in self.halves(start, end)) / (end - start)

    def amplitude(self, leads: tuple[Lead, Lead]) -> float:
        """Amplitude in A of what is driven through a pair of leads."""
        return sum(current for pair, current in (*self.direct, *self.alternating) if pair is leads)

    def drop(self, leads: tuple[Lead, Lead], start: float, end: float) -> float:
        """Mean voltage in V between two lab times in s that they make in two leads as far as they flow through them."""
        sign = self.sign(start, end) if self.alternating else 0.0
        total = 0.0
        for direction, driven in ((1.0, self.direct), (sign, self.alternating)):
            total += direction * sum(current * shared(leads, pair) for pair, current in driven)
        return total

    def beside(self, time: float, period: float) -> BridgeCurrents:
        """Return them beside a fast cycle that is followed as a whole from a lab time in s on.

        One period in s of that runs with one sign and the next with the other: what counts is that both are there.
        """
        return replace(self, start=time, half=period)

    def _until(self, time: float) -> tuple[float, float]:
        """When the half period ends that a lab time in s is in, and its sign."""
        number = math.floor((time - self.start) / self.half + _INSTANT)
        return self.start + (number + 1) * self.half, -1.0 if number % 2 else 1.0


def shared(leads: tuple[Lead, Lead], driven: tuple[Lead, Lead]) -> float:
    """Resistance in ohm of what two leads have in common with those that a current comes and goes by.

    It is the same lead only if it is the same object: two lines to one pad, equally good, are equal and not one.
    """
    signs = (1.0, -1.0)
    return sum(
        sign * direction * lead.resistance
        for sign, lead in zip(signs, leads, strict=True)
        for direction, other in zip(signs, driven, strict=True)
        if lead is other
    )
