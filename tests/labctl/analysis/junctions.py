"""Loops of tunnel junctions with known answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, expit

from labctl.analysis.junction_loops import tmr_loop
from labctl.analysis.readings import FloatArray
from labctl.analysis.result import Results


@dataclass(frozen=True)
class Junction:
    """A made-up junction and how its loop is read; fields in T, resistances in ohm.

    `hard` and `soft` are coercive fields, `noise` and `drift` (over the loop) parts of |R_AP - R_P|; `lean` and
    `lean_between` change each state by parts of it in a tesla, `even` by parts in a tesla squared of either state.
    Of the shape "grains" each layer is `grains` of them that switch one after the other, an odd number.
    `switched` is the part of the hard layer that switches within the field.
    """

    parallel: float = 154e3
    tmr: float = 0.26
    soft: float = 0.06
    hard: float = 0.25
    soft_width: float = 0.004
    hard_width: float = 0.008
    soft_shift: float = 0.0
    hard_shift: float = 0.0
    shape: str = "normal"
    noise: float = 0.01
    drift: float = 0.0
    lean: float = 0.0
    lean_between: float = 0.0
    even: float = 0.0
    switched: float = 1.0
    maximum: float = 0.5
    points: int = 300
    windows: bool = False
    loops: int = 1
    grains: int = 101

    @property
    def step(self) -> float:
        return self.parallel * self.tmr

    def fields(self) -> FloatArray:
        """Fields of a rising branch: even, or four times as dense where the layers switch."""
        if not self.windows:
            return np.linspace(-self.maximum, self.maximum, self.points)
        grid = np.linspace(-self.maximum, self.maximum, 2001)
        dense = sum(np.abs(grid - place) < 0.4 * place for place in (self.soft, self.hard))
        count = np.cumsum(np.where(dense > 0, 4.0, 1.0))
        return np.interp(np.linspace(count[0], count[-1], self.points), count, grid)

    def state(self, field: FloatArray, place: float, width: float) -> FloatArray:
        """Part of a layer that has switched on a rising branch, 0 to 1."""
        away = field - place
        if width == 0 or self.shape == "jump":
            return (away >= 0).astype(float)
        if self.shape == "grains":
            return np.searchsorted(place + width * self._grains(), field, side="right") / self.grains
        if self.shape == "logistic":
            return expit(away / (0.55 * width))
        return (1 + erf(away / width / np.sqrt(2))) / 2

    def _grains(self) -> FloatArray:
        """Where the grains of a layer switch, in units of its width from the one in their middle; an odd number."""
        drawn = np.sort(np.random.default_rng([self.grains, self.points]).standard_normal(self.grains))
        return drawn - np.median(drawn)

    def branch(self, direction: str) -> tuple[FloatArray, FloatArray]:
        """Field and resistance without drift or noise, in the order of measurement."""
        sign = 1.0 if direction == "up" else -1.0
        along = self.fields()
        field = sign * along
        soft = self.state(along, self.soft + sign * self.soft_shift, self.soft_width)
        hard = self.switched * self.state(along, self.hard + sign * self.hard_shift, self.hard_width)
        turned = self.state(np.array([self.maximum]), self.hard - self.hard_shift, self.hard_width)
        kept = 1 - self.switched * float(turned[0])  # what stays from the first saturation at positive field
        hard_now = np.minimum(hard + (kept if sign > 0 else 0.0), 1.0)
        apart = soft * (1 - hard_now) + hard_now * (1 - soft)
        moment = along * (hard * soft - (1 - hard_now) * (1 - soft))
        value = self.parallel + self.step * apart * (1 + self.lean_between * (along - (self.soft + self.hard) / 2))
        value = value + abs(self.step) * (self.lean * moment + self.even * field**2)
        return field, value

    def table(self, seed: int = 0) -> tuple[FloatArray, FloatArray, NDArray[np.str_], NDArray[np.int_]]:
        rng = np.random.default_rng(seed)
        down, up = self.branch("down"), self.branch("up")
        field = np.tile(np.concatenate([down[0], up[0]]), self.loops)
        value = np.tile(np.concatenate([down[1], up[1]]), self.loops)
        count = 2 * self.points
        step = abs(self.step) if self.tmr else 0.2 * self.parallel
        value = value + self.drift * step * np.arange(len(field)) / count
        value = value + self.noise * step * rng.standard_normal(len(field))
        words = np.tile(np.repeat(["down", "up"], self.points), self.loops)
        return field, value, words, np.repeat(np.arange(1, self.loops + 1), count)

    def results(self, seed: int = 0) -> Results:
        return tmr_loop(*self.table(seed))

    def truth(self) -> dict[str, float]:
        """What the results should say; levels in the middle of the antiparallel stretch, at half of the drift."""
        middle = (self.soft + self.hard) / 2
        extra = abs(self.step) * (self.even * middle**2 + self.drift * (self.loops / 2 - 0.25 / self.points))
        parallel = self.parallel + extra + abs(self.step) * self.lean * middle
        antiparallel = self.parallel + extra + self.step
        return {
            "resistance_parallel": parallel,
            "resistance_antiparallel": antiparallel,
            "tmr": antiparallel / parallel - 1,
            "switching_field_soft_down": -self.soft + self.soft_shift,
            "switching_field_soft_up": self.soft + self.soft_shift,
            "switching_field_hard_down": -self.hard + self.hard_shift,
            "switching_field_hard_up": self.hard + self.hard_shift,
        }
