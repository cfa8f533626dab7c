"""A periodic voltage, made by a cycle of currents that are constant from step to step, and its harmonics."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SAMPLED = 32
"""Steps of a period from which on they are taken as samples of a smooth curve, at the middle of each step; fewer are a
wave that really has steps, such as a square (assumed)."""


class Period:
    """One period, cut into steps.

    Args:
        start: Lab time in s at which a period begins.
        durations: s of each step.

    Attributes:
        frequency: Hz.
    """

    def __init__(self, start: float, durations: Sequence[float]) -> None:
        self.start = start
        self._durations = np.array(durations)
        length = float(self._durations.sum())
        self.frequency = 1.0 / length
        self._edges = 2.0 * math.pi * np.concatenate(([0.0], np.cumsum(self._durations))) / length
        self._longest = float(self._durations.max()) / length
        self._weights: dict[int, NDArray[np.complex128]] = {}

    def weights(self, harmonic: int) -> NDArray[np.complex128]:
        """Return what the voltages of the steps are to be multiplied by to give a harmonic; see `harmonic`."""
        found = self._weights.get(harmonic)
        if found is None:
            found = self._weights[harmonic] = self._make_weights(harmonic)
        return found

    def _make_weights(self, harmonic: int) -> NDArray[np.complex128]:
        phases: NDArray[np.complex128] = np.exp(-1j * harmonic * self._edges)
        weights = np.asarray((phases[:-1] - phases[1:]) / (harmonic * math.pi), dtype=np.complex128)
        if self._longest > 1.0 / SAMPLED:
            return weights
        reach = math.pi * harmonic * self._longest
        if reach >= 0.5 * math.pi:  # so few samples hold no such harmonic
            return np.zeros(weights.size, dtype=np.complex128)
        held = math.sin(reach) / reach  # what holding each sample for a step leaves
        return np.asarray(weights / held, dtype=np.complex128)

    @property
    def shares(self) -> Array:
        """Part of the period that each step takes."""
        return self._durations * self.frequency


class PeriodicVoltage:
    """What a cycle makes of voltage.

    Args:
        period: Its steps.
        voltages: V in each of them.
    """

    def __init__(self, period: Period, voltages: Array) -> None:
        self.period = period
        self._voltages = voltages

    def harmonic(self, number: int) -> complex:
        """Return c in V peak, of which Im[c exp(2 pi i number f (t - start))] is the harmonic; 0 is the mean.

        So a sine that begins with the period has a real c, and a cosine an imaginary one.
        """
        if number == 0:
            return complex(self.period.shares @ self._voltages)
        return complex(self.period.weights(number) @ self._voltages)

    def alternating(self) -> float:
        """V rms without the mean."""
        shares = self.period.shares
        mean = float(shares @ self._voltages)
        return math.sqrt(float(shares @ (self._voltages - mean) ** 2))
