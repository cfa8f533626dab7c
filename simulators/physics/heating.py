"""Warming of a film by its current, as far as it lags: substrate and chip, each a pole of its own, in closed form.

A current I warms the film by R I^2 at once (film and oxide follow within 0.1 us) and, more slowly, what lies below it:

    dT_k/dt = (R_k <I^2> - T_k)/tau_k,   T_slow = sum of T_k

A row of poles whose time constants lie decades apart makes the logarithmic rise of a substrate that heat spreads in.

A time constant is thermal resistance times heat capacity, and of that a crystal has little when it is cold (see
`heat_capacity`). From one change of the current to the next the capacity is that at the surroundings' temperature at
the change; the thermal resistances are taken to stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from instruments.errors import BadValue

Pole = tuple[float, float]
"""Thermal resistance in K/A2 and time constant in s."""

GRID_WARMING = 0.25
"""K; what lags is rounded to this for the droplets: 0.1 % of the temperature, where barriers scatter by 10 %."""

NEGLIGIBLE_WARMING = 1e-3
"""K; a current that warms substrate and chip by less in the end is taken not to: readings then cost nothing."""

_FIRST = 0.0625  # of the shortest time constant: end of the first stretch in which the warming counts as constant,
# or when it has gone by GRID_WARMING at its first rate, if that is earlier
_LAST = 16.0  # of the longest time constant: all is over
_AHEAD = 2  # stretches that are looked at in advance, for many of them are one


@dataclass(frozen=True, slots=True)
class SlowWarming:
    """What substrate and chip do from one change of the current to the next.

    Attributes:
        poles: The poles.
        since: Lab time in s of the change.
        values: K, each pole at that time.
        targets: K, where each pole goes.
        capacity: What the heat capacities are times as large as where the time constants were given.
        idle: Whether nothing is warm, and nothing going to be.
    """

    poles: tuple[Pole, ...]
    since: float
    values: tuple[float, ...]
    targets: tuple[float, ...]
    capacity: float = 1.0
    idle: bool = field(init=False, compare=False)
    taus: tuple[float, ...] = field(init=False, compare=False)
    asked: list[float] = field(init=False, compare=False, repr=False, default_factory=lambda: [math.nan, 0.0])
    """Lab time in s that `at` was asked for last, and its answer: one moment is looked at several times."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "taus", tuple(tau * self.capacity for _, tau in self.poles))
        object.__setattr__(self, "idle", not any(self.values) and not any(self.targets))

    @classmethod
    def cold(cls, poles: tuple[Pole, ...]) -> SlowWarming:
        """Nothing has flowed for ever."""
        still = (0.0,) * len(poles)
        return cls(poles, -math.inf, still, still)

    def followed(self, time: float, square: float, capacity: Callable[[float], float] | None = None) -> SlowWarming:
        """Return what comes after a change of the current.

        Args:
            time: Lab time in s of the change.
            square: Mean square of the current in A2 from then on.
            capacity: What the heat capacities are times as large as where the time constants were given, at a lab time
                in s; 1 without it.
        """
        targets = _targets(self.poles, square)
        if targets == self.targets:
            return self
        return SlowWarming(
            self.poles, time, tuple(self._each(time)), targets, 1.0 if capacity is None else capacity(time)
        )

    def at(self, time: float) -> float:
        """K at a lab time in s, not before `since`."""
        if self.idle:
            return 0.0
        asked = self.asked
        if asked[0] != time:
            asked[:] = time, math.fsum(self._each(time))
        return asked[1]

    def mean(self, start: float, end: float) -> float:
        """K, averaged between two lab times in s, not before `since`."""
        if self.idle:
            return 0.0
        if end <= start:
            return self.at(start)
        total = 0.0
        for tau, value, target in zip(self.taus, self.values, self.targets, strict=True):
            first, length = (start - self.since) / tau, (end - start) / tau
            total += target - (value - target) * math.exp(-first) * math.expm1(-length) / length
        return total

    def step(self, time: float) -> tuple[float, float]:
        """Return what counts at a lab time in s as constant, in K on the grid, and until when (s) it does.

        Times are cut at `since` and twice as far from there each time, whoever asks when; a cut may be left out where
        nothing changes there.
        """
        if self.idle:
            return 0.0, math.inf
        lowest, highest = (sum(map(choose, self.values, self.targets)) for choose in (min, max))
        if _on_grid(lowest) == _on_grid(highest):
            return _on_grid(lowest), math.inf
        longest = max(self.taus)
        elapsed, first = time - self.since, self._first()
        if elapsed >= _LAST * longest:
            return _on_grid(math.fsum(self.targets)), math.inf
        power = 0 if elapsed < first else math.floor(math.log2(elapsed / first)) + 1
        while power > 0 and time < self.since + first * 2.0 ** (power - 1):
            power -= 1
        while time >= self.since + first * 2.0**power:
            power += 1
        level, until = self._level(power), self.since + first * 2.0**power
        for later in range(power + 1, power + 1 + _AHEAD):
            if self._level(later) != level:
                break
            until = self.since + first * 2.0**later
        return level, until

    def _first(self) -> float:
        """End of the first stretch, s after `since`."""
        changes = zip(self.taus, self.values, self.targets, strict=True)
        rate = math.fsum(abs(target - value) / tau for tau, value, target in changes)
        return min(_FIRST * min(self.taus), GRID_WARMING / rate)

    def _level(self, power: int) -> float:
        """Warming in K on the grid in the middle of one of the stretches."""
        end = self._first() * 2.0**power
        return _on_grid(self.at(self.since + 0.5 * ((0.0 if power == 0 else 0.5 * end) + end)))

    def _each(self, time: float) -> list[float]:
        elapsed = time - self.since
        return [
            target if value == target else target + (value - target) * math.exp(-elapsed / tau)
            for tau, value, target in zip(self.taus, self.values, self.targets, strict=True)
        ]


@lru_cache(maxsize=1024)
def _targets(poles: tuple[Pole, ...], square: float) -> tuple[float, ...]:
    """Where each pole goes in K, with a current of this mean square in A2; that of a reading comes back often."""
    targets = tuple(resistance * square for resistance, _ in poles)
    return targets if sum(targets) >= NEGLIGIBLE_WARMING else (0.0,) * len(poles)


def _on_grid(warming: float) -> float:
    return GRID_WARMING * round(warming / GRID_WARMING)


def check_poles(poles: tuple[Pole, ...]) -> None:
    """Refuse what is no pole.

    Raises:
        BadValue: A resistance below zero, or a time constant that is not above zero.
    """
    for resistance, tau in poles:
        if resistance < 0.0 or not tau > 0.0:
            raise BadValue(
                f"slow_heating has the pole [{resistance:g} K/A2, {tau:g} s]; a resistance is zero or more, a time "
                "constant above zero"
            )
