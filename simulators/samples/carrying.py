"""What flows through a Hall bar, when, and how it warms the bar."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from instruments.errors import BadValue
from simulators.physics.heating import SlowWarming
from simulators.physics.hysterons import MEMORY
from simulators.samples.hall_network import Flow

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Steady:
    """Constant currents.

    Attributes:
        flow: What they do.
        warmth: K by which film and oxide are warmer.
        torque: J/m3 on a fully aligned wall; zero where it is negligible.
        square: Mean square of the current along the bar in A2.
    """

    flow: Flow
    warmth: float
    torque: float
    square: float


class Turns:
    """A fast cycle that goes on and on.

    Args:
        start: Lab time in s at which the first turn begins.
        durations: s of each step.

    Attributes:
        shares: Part of the time that each step takes.
    """

    def __init__(self, start: float, durations: Sequence[float]) -> None:
        self._start = start
        self._durations = np.array(durations)
        self._edges = np.concatenate(([0.0], np.cumsum(self._durations)[:-1]))
        self._period = float(self._durations.sum())
        self.shares = self._durations / self._period

    def weights(self, start: float, end: float) -> Array:
        """Share of each step in a window between two lab times in s, whole cycles and what is left of others."""
        if end <= start:
            weights = np.zeros(self._durations.size)
            phase = (start - self._start) % self._period
            weights[np.searchsorted(self._edges, phase, side="right") - 1] = 1.0
            return weights
        weights = self._lived(end) - self._lived(start)
        return weights / weights.sum()

    def _lived(self, time: float) -> Array:
        """Seconds of each step up to a lab time in s."""
        cycles, phase = divmod(time - self._start, self._period)
        return cycles * self._durations + np.clip(phase - self._edges, 0.0, self._durations)


class Cycling(Turns):
    """Currents that go through the same fast cycle again and again.

    Args:
        start: Lab time in s at which the first cycle begins.
        steps: One cycle: duration in s and what flows.

    Attributes:
        warmth: K by which film and oxide are warmer, on average.
        square: Mean square of the current along the bar in A2.
        warmths: K of each step.
        squares: Potential of the pads per ohm of sheet resistance in A: step x pad.
        hall: Potential of the pads per ohm of Hall resistance in A: step x pad.
        parts: The cycle as the film feels it: share, warmth in K, torque in J/m3, each combination once.
        spots: Of each step its share, the current in A through the bar's weakest spot, and the warmth in K.
    """

    def __init__(self, start: float, steps: Sequence[tuple[float, Steady]]) -> None:
        super().__init__(start, [duration for duration, _ in steps])
        shares = self.shares
        self.warmths = np.array([step.warmth for _, step in steps])
        self.warmth = float(shares @ self.warmths)
        self.square = float(shares @ np.array([step.square for _, step in steps]))
        self.squares = np.array([step.flow.squares for _, step in steps])
        self.hall = np.array([step.flow.hall for _, step in steps])
        self.spots = tuple(
            (share, step.flow.spot, step.warmth) for share, (_, step) in zip(shares.tolist(), steps, strict=True)
        )
        found: dict[tuple[float, float], float] = {}
        for share, (_, step) in zip(shares.tolist(), steps, strict=True):
            key = step.warmth, step.torque
            found[key] = found.get(key, 0.0) + share
        self.parts = tuple((share, warmth, torque) for (warmth, torque), share in found.items())


@dataclass(slots=True)
class Entry:
    """What flows from a lab time in s on, and what substrate and chip do meanwhile; never altered once it is made."""

    time: float
    carried: Steady | Cycling
    slow: SlowWarming


class Timed(Protocol):
    """Something that is so from a lab time in s on."""

    @property
    def time(self) -> float:
        """Lab time in s."""
        ...


T = TypeVar("T", bound=Timed)


class CurrentRecord(Generic[T]):
    """What flowed when; the past is kept for as long as somebody can ask for it.

    Attributes:
        latest: What flows now.
    """

    def __init__(self, first: T) -> None:
        self.latest = first
        self._times = [first.time]
        self._entries = [first]

    def add(self, entry: T) -> None:
        """Note what flows from a time on, and forget what nobody can ask for any more."""
        self.latest = entry
        if len(self._times) > 1000 and self._times[500] < entry.time - MEMORY:
            del self._times[:500], self._entries[:500]
        if self._times[-1] == entry.time:
            self._entries[-1] = entry
        else:
            self._times.append(entry.time)
            self._entries.append(entry)

    def at(self, time: float) -> T:
        """Return what flowed from a lab time in s on.

        Raises:
            BadValue: It is too long ago.
        """
        return self.latest if time >= self.latest.time else self._entries[self._place(time)]

    def during(self, start: float, end: float) -> T:
        """Return what flowed between two lab times in s.

        Raises:
            BadValue: It is too long ago, or the currents change in between.
        """
        if start >= self.latest.time:
            return self.latest
        k = self._place(start)
        if k != max(bisect_left(self._times, end) - 1, k):
            raise BadValue(
                f"the potentials from {start} s to {end} s were asked for; the currents change at "
                f"{self._times[k + 1]} s in between, which makes two windows of it"
            )
        return self._entries[k]

    def _place(self, time: float) -> int:
        k = bisect_right(self._times, time) - 1
        if k < 0:
            raise BadValue(f"the currents at {time} s were asked for; they are known from {self._times[0]} s on")
        return k
