"""Loops with known answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import erf

from labctl.analysis.branches import Branch, Loop
from labctl.analysis.readings import WEIGHTS, FloatArray, Readings


@dataclass(frozen=True)
class Film:
    """What a made-up loop shows; fields in T, resistances in ohm, times in s.

    The switching follows an error function of standard deviation `width`; 0 is a jump.
    """

    coercive: float = 0.07
    width: float = 0.01
    amplitude: float = 0.075
    offset: float = 0.17
    slope: float = 0.0
    shift: float = 0.0
    noise: float = 1e-4
    drift: float = 0.0
    field_noise: float = 0.0
    maximum: float = 0.5
    points: int = 401
    period: float = 0.2
    order: str = "du"

    def table(self, seed: int = 0, *, recorded: bool = False, timed: bool = True) -> pd.DataFrame:
        """Readings one after the other: field and Hall resistance, with time and recorded branches if wanted."""
        rng = np.random.default_rng(seed)
        fields = [self._branch_field(letter) for letter in self.order]
        field = np.concatenate(fields)
        time = np.arange(len(field)) * self.period
        rising = np.repeat([letter == "u" for letter in self.order], self.points)
        away = field - np.where(rising, self.coercive, -self.coercive) - self.shift
        state = np.sign(away) if self.width == 0 else erf(away / self.width / np.sqrt(2))
        hall = self.offset + self.amplitude * state + self.slope * field + self.drift * time
        table = pd.DataFrame(
            {
                "Field (T)": field + self.field_noise * rng.standard_normal(len(field)),
                "Hall resistance (ohm)": hall + self.noise * rng.standard_normal(len(field)),
            }
        )
        if timed:
            table["Time (s)"] = time
        if recorded:
            table["Branch"] = np.where(rising, "up", "down")
            table["Loop"] = np.repeat(np.arange(len(self.order)) // 2 + 1, self.points)
        return table

    def _branch_field(self, letter: str) -> FloatArray:
        end = self.maximum if letter == "u" else -self.maximum
        return np.linspace(-end, end, self.points)


@dataclass(frozen=True)
class Grains:
    """A film of independent grains, each with its own switching field, read by three conversions in a swept field.

    Magnetometer-like truth: the field at which as many grains point up as down.
    """

    count: int = 1001
    coercive: float = 0.07
    spread: float = 0.14
    amplitude: float = 0.075
    noise: float = 72e-6
    rate: float = 5e-3
    period: float = 0.16
    maximum: float = 0.3
    field_noise: float = 2e-6

    def loop(self, rng: np.random.Generator) -> tuple[Loop, float, float]:
        """A loop, and the true crossings of its falling and rising branch."""
        (down, at_down), (up, at_up) = self._branch(rng, -1), self._branch(rng, 1)
        return Loop(down, up), at_down, at_up

    def _branch(self, rng: np.random.Generator, sign: int) -> tuple[Branch, float]:
        fields = np.sort(np.abs(self.coercive * (1 + self.spread * rng.standard_normal(self.count))))
        rows = int(2 * self.maximum / self.rate / self.period)
        middle = (np.arange(rows) + rng.uniform()) * self.period
        offsets = np.array([-1.0, 0.0, 1.0]) * self.period / 3
        within = np.linspace(-0.5, 0.5, 9) * 0.02
        along = -self.maximum + self.rate * (middle[:, None, None] + offsets[:, None] + within)
        state = (2 * np.searchsorted(fields, along) / self.count - 1).mean(axis=2) @ WEIGHTS
        hall = 0.17 + sign * self.amplitude * state + self.noise * rng.standard_normal(rows)
        field = sign * (-self.maximum + self.rate * middle) + self.field_noise * rng.standard_normal(rows)
        time = np.asarray(middle + (0.0 if sign < 0 else rows * self.period), dtype=np.float64)
        readings = Readings(
            field=field,
            hall=hall,
            time=time,
            timed=True,
            rate=np.full(rows, sign * self.rate),
            offsets=np.tile(offsets, (rows, 1)),
            apertures=np.full((rows, 3), 0.02),
            branch=None,
            loop=None,
            left_out=None,
        )
        return Branch("up" if sign > 0 else "down", readings), sign * float(fields[self.count // 2])


def table_of(loop: Loop) -> pd.DataFrame:
    """The readings of a loop as a table, with its branches."""
    branches = (loop.down, loop.up)
    columns = {
        "Time (s)": [branch.rows.time for branch in branches],
        "Field (T)": [branch.rows.field for branch in branches],
        "Hall resistance (ohm)": [branch.rows.hall for branch in branches],
        "Branch": [np.full(len(branch.rows.field), branch.direction) for branch in branches],
    }
    return pd.DataFrame({name: np.concatenate(values) for name, values in columns.items()})


def covered(pulls: FloatArray, confidence: float) -> int:
    """How many pulls lie inside the interval of the given confidence."""
    from scipy import stats

    return int(np.sum(np.abs(pulls) <= stats.norm.ppf(0.5 + confidence / 2)))


def fewest(draws: int, confidence: float) -> int:
    """Lower end of the binomial 99 % band of `covered`."""
    from scipy import stats

    return int(stats.binom.ppf(0.005, draws, confidence))


def most(draws: int, confidence: float) -> int:
    """Upper end of the binomial 99 % band of `covered`."""
    from scipy import stats

    return int(stats.binom.ppf(0.995, draws, confidence))
