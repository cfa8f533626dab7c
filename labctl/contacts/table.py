"""The rows of a contact check, summed up by what was plugged in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from instruments.errors import DataDamaged

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "Kind", "High", "Low", "Sense high", "Sense low", "Step", "Time (s)", "Current (A)", "Voltage (V)",
    "Start 1 (s)", "End 1 (s)", "Range (V)", "Overflow", "Clamped",
)  # fmt: skip
"""Columns of a contact check, one row a conversion. `Clamped` is the source's compliance, which here ends no run."""

PAIR, TRANSFER, SHIELD = "pair", "transfer", "to shield"
"""Kinds of plugging: two wires, four wires, one lead against the shield."""
ZERO, TEST, DOUBLE, DROP = "zero", "test", "double", "drop"
"""Steps: no current, the test current, twice that; against the shield, the voltage to the shield and that in a lead."""

FEWEST = 3
"""Readings from which a scatter is told."""
FAR = 0.5
"""Part of the compliance that a pair needs at most which is called open at times; with more, noise decides on which
side of the compliance it is."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a current and its opposite made.

    Attributes:
        current: A.
        resistance: ohm, odd part; NaN where the meter overflowed or the source was clamped.
        uncertainty: ohm, standard, of the mean, from the scatter.
        scatter: ohm, standard deviation of one reading.
        even: V, half the sum of what both polarities made.
        largest: V, the largest that was read either way; 0 where nothing was.
        clamped: Whether the source drove less.
    """

    current: float
    resistance: float
    uncertainty: float
    scatter: float
    even: float
    largest: float
    clamped: bool


@dataclass(frozen=True, slots=True)
class Plugged:
    """All that was measured with one plugging.

    Attributes:
        kind: `pair`, `transfer` or `to shield`.
        leads: High and low of what drives; of a transfer those of the voltmeter, too; of a lead against the shield
            that lead, and the one beside it to which the voltmeter goes.
        steps: By name.
        rest_voltage: V without current.
        rest_scatter: V, standard deviation of one conversion without current; NaN where it was not looked at.
        rest_noise: V/sqrt(Hz), the same as a density.
        intermittent: Whether a current was let pass at times, and at times not the same or a smaller one.
    """

    kind: str
    leads: tuple[str, ...]
    steps: dict[str, Step]
    rest_voltage: float
    rest_scatter: float
    rest_noise: float
    intermittent: bool = False

    def best(self) -> Step | None:
        """The step with the largest current that flowed."""
        good = [step for step in self.steps.values() if not step.clamped and math.isfinite(step.resistance)]
        return max(good, key=lambda step: step.current, default=None)


def summed_up(data: pd.DataFrame) -> list[Plugged]:
    """Sum up the rows of a check, one entry a plugging, in their order.

    Raises:
        DataDamaged: A column is missing.
    """
    lacking = [name for name in COLUMNS if name not in data.columns]
    if lacking:
        raise DataDamaged(f"these are not the rows of a contact check: the column {lacking[0]!r} is missing")
    names = ("Kind", "High", "Low", "Sense high", "Sense low")
    texts = [[str(item) for item in data[name].tolist()] for name in names]
    where: dict[tuple[str, ...], list[int]] = {}
    for number, key in enumerate(zip(*texts, strict=True)):
        where.setdefault(key, []).append(number)
    return [_plugged(key, _Rows.of(data, numbers)) for key, numbers in where.items()]


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of one plugging, by column."""

    step: NDArray[np.str_]
    current: NDArray[np.float64]
    volts: NDArray[np.float64]
    aperture: NDArray[np.float64]
    clamped: NDArray[np.bool_]

    @classmethod
    def of(cls, data: pd.DataFrame, numbers: list[int]) -> _Rows:
        """Take rows by their numbers."""
        floats = {name: data[name].to_numpy(float)[numbers] for name in _NUMBERS}
        step = np.array([str(name) for name in data["Step"].to_numpy(object)[numbers]])
        aperture = floats["End 1 (s)"] - floats["Start 1 (s)"]
        clamped = data["Clamped"].to_numpy(bool)[numbers]
        return cls(step, floats["Current (A)"], floats["Voltage (V)"], aperture, clamped)

    def of_step(self, name: str) -> _Rows:
        """Take those of one step."""
        own = self.step == name
        return _Rows(self.step[own], self.current[own], self.volts[own], self.aperture[own], self.clamped[own])


_NUMBERS = ("Current (A)", "Voltage (V)", "Start 1 (s)", "End 1 (s)")


def _plugged(key: tuple[str, ...], rows: _Rows) -> Plugged:
    kind, high, low, one, other = key
    rest = rows.of_step(ZERO)
    steps = {name: _step(rows.of_step(name)) for name in dict.fromkeys(rows.step.tolist()) if name != ZERO}
    scatter = noise = math.nan
    if len(rest.volts) >= FEWEST and bool(np.all(np.isfinite(rest.volts))):
        scatter = float(np.std(rest.volts, ddof=1))
        noise = scatter * math.sqrt(2.0 * float(np.mean(rest.aperture)))  # white: variance S/(2 T)
    own = {TRANSFER: (high, low, one, other), SHIELD: (high, other)}.get(kind, (high, low))
    mean = float(np.mean(rest.volts)) if len(rest.volts) else math.nan
    return Plugged(kind, own, steps, mean, scatter, noise, _intermittent(rows))


def _intermittent(rows: _Rows) -> bool:
    """Whether repeats disagree: the same or less current was kept back, though it had needed far less voltage.

    Each sign is looked at by itself, since a contact that rectifies lets one pass and not the other.
    """
    for sign in (1.0, -1.0):
        own = rows.current * sign > 0.0
        size, volts = np.abs(rows.current[own]), np.abs(rows.volts[own])
        kept_back = rows.clamped[own] | ~np.isfinite(volts)
        ohms = volts[~kept_back] / size[~kept_back]
        if not kept_back.any() or not len(ohms):
            continue
        limit = float(np.max(volts[kept_back], where=np.isfinite(volts[kept_back]), initial=0.0))
        far = limit == 0.0 or float(np.median(ohms)) * size[kept_back].min() < FAR * limit  # the meter overflowed at 0
        if far and size[kept_back].min() <= size[~kept_back].max():
            return True
    return False


def _step(rows: _Rows) -> Step:
    """Sum up currents of alternating sign: each reading is half the difference of two that follow each other."""
    current, volts = rows.current, rows.volts
    clamped = bool(rows.clamped.any())
    size = float(np.max(np.abs(current)))
    if clamped or len(volts) < 2 or not np.all(np.isfinite(volts)):
        largest = float(np.max(np.abs(volts[np.isfinite(volts)]), initial=0.0))
        return Step(size, math.nan, math.nan, math.nan, math.nan, largest, clamped)
    count = len(volts) // 2
    pairs = (volts * np.sign(current))[: 2 * count].reshape(count, 2).mean(axis=1) / size
    scatter = float(np.std(pairs, ddof=1)) if count >= 2 else math.nan
    even, largest = float(np.mean(volts)), float(np.max(np.abs(volts)))
    return Step(size, float(np.mean(pairs)), scatter / math.sqrt(count), scatter, even, largest, clamped)
