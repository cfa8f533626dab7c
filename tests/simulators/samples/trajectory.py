"""A cryostat reduced to its trajectory: temperature and field are straight between break points."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace

from simulators.environment import GRID_TEMPERATURE, NORMAL, Direction, Piece


@dataclass(frozen=True, slots=True)
class Leg:
    """Straight from `start` on."""

    start: float
    temperature: float
    warming: float
    field: float
    rate: float


class Trajectory:
    """Temperature in K and field in T against time in s, with rates in K/s and T/s; commands change the future."""

    def __init__(
        self, temperature: float = 300.0, field: float = 0.0, start: float = 0.0, direction: Direction = NORMAL
    ) -> None:
        self.revision = 0
        self._direction = direction
        self._legs = [Leg(start, temperature, 0.0, field, 0.0)]

    def command(self, time: float, *plan: tuple[float, float, float]) -> float:
        """From `time` on: (duration, warming, field rate) one after the other, then rest; returns when that is."""
        self.revision += 1
        temperature, field = self.sample_temperature(time), self.field(time)
        self._legs = [leg for leg in self._legs if leg.start < time]
        for duration, warming, rate in (*plan, (0.0, 0.0, 0.0)):
            self._legs.append(Leg(time, temperature, warming, field, rate))
            time, temperature, field = time + duration, temperature + warming * duration, field + rate * duration
        return time

    def ramp(self, time: float, field: float, rate: float) -> float:
        """Ramp the field from `time` on; returns when it arrives."""
        way = field - self.field(time)
        return self.command(time, (abs(way) / rate, 0.0, math.copysign(rate, way)))

    def _leg(self, time: float) -> tuple[Leg, float]:
        k = bisect_right([leg.start for leg in self._legs], time) - 1
        return self._legs[k], self._legs[k + 1].start if k + 1 < len(self._legs) else math.inf

    def sample_temperature(self, time: float) -> float:
        leg, _ = self._leg(time)
        return leg.temperature + leg.warming * (time - leg.start)

    def field(self, time: float) -> float:
        leg, _ = self._leg(time)
        return leg.field + leg.rate * (time - leg.start)

    def piece(self, time: float) -> Piece:
        leg, end = self._leg(time)
        cell = math.floor(self.sample_temperature(time) / GRID_TEMPERATURE)
        start = leg.start
        if leg.warming:
            way = 1 if leg.warming > 0 else -1

            def crossing(line: int) -> float:
                return leg.start + (line * GRID_TEMPERATURE - leg.temperature) / leg.warming

            ahead = (way + 1) // 2
            while time >= crossing(cell + ahead):
                cell += way
            while time < crossing(cell + 1 - ahead) and crossing(cell + 1 - ahead) > leg.start:
                cell -= way
            start, end = max(start, crossing(cell + 1 - ahead)), min(end, crossing(cell + ahead))
        at_start = leg.field + leg.rate * (start - leg.start)
        at_end = at_start if leg.rate == 0.0 else leg.field + leg.rate * (end - leg.start)
        return Piece(start, end, (cell + 0.5) * GRID_TEMPERATURE, at_start, at_end, leg.rate, self._direction)

    def pieces(self, start: float, end: float) -> Iterator[Piece]:
        while start < end:
            whole = self.piece(start)
            until = min(end, whole.end)
            yield replace(whole, start=start, end=until, field_start=whole.field(start), field_end=whole.field(until))
            start = until
