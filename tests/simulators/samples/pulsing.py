"""A Hall bar to send currents through: pulses and readings one after the other."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from simulators.environment import Direction, Environment
from simulators.randomness import Streams
from simulators.samples.hall_bar import FerrimagnetHallBar
from tests.simulators.samples.trajectory import Trajectory

RECORD = tomllib.loads((Path(__file__).parents[3] / "data/samples/cotb2025.toml").read_text(encoding="utf-8"))
MODEL: dict[str, Any] = {name: value for name, value in RECORD["model"].items() if name != "lifetime"}
"""The shipped bar, but nothing wears it out."""
GEOMETRY = {"length": 50e-6, "width": 5e-6, "conducting_thickness": 9e-9}
ALONG: Direction = (1.0, 0.0, 0.0)
READ = 1e-4  # A
LARGE = 20e-3  # A


def bar(environment: Environment, seed: int = 1, **changes: Any) -> FerrimagnetHallBar:
    return FerrimagnetHallBar.from_model({**MODEL, **changes}, GEOMETRY, environment, Streams(seed, 0))


def in_plane(field: float = 0.025, **changes: Any) -> FerrimagnetHallBar:
    return bar(Trajectory(300.0, field=field, direction=ALONG), **changes)


class Bench:
    """Pulses and readings one after the other."""

    def __init__(self, sample: FerrimagnetHallBar) -> None:
        self.sample = sample
        self.time = 1.0

    def pulse(self, current: float, width: float) -> float:
        """Mean n_z a second after a pulse."""
        self.sample.set_currents(self.time, {"source": current, "drain": -current})
        self.sample.set_currents(self.time + width, {})
        self.time += width + 1.0
        return self.sample.magnetisation(self.time, self.time)

    def read(self) -> float:
        """Hall resistance in ohm by current reversal, misalignment and its warmth included."""
        half: list[float] = []
        for sign in (1, -1):
            self.sample.set_currents(self.time, {"source": sign * READ, "drain": -sign * READ})
            potentials = self.sample.mean_potentials(self.time, self.time + 0.02)
            half.append(sign * (potentials["A"] - potentials["B"]))
            self.time += 0.02
        self.sample.set_currents(self.time, {})
        return sum(half) / (2 * READ)


def root(function: Callable[[float], float], low: float, high: float, precision: float = 1e-6) -> float:
    """Where a function that falls or rises passes through zero, by bisection."""
    rising = function(high) > 0.0
    while high - low > precision:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if (function(middle) > 0.0) == rising else (middle, high)
    return 0.5 * (low + high)
