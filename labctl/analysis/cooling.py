"""How a resistance comes back after a pulse: exponentials on what is left of the heat, and when that no longer counts.

The time constants are looked for on a grid, each with the amplitudes that fit best, so that the fit that follows from
there never ends in the wrong valley.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

PER_DECADE = 10
"""Time constants that are tried."""
MOST = 2
"""Exponentials."""
SEEN = 3.0
"""Standard uncertainties that an amplitude has to be."""


@dataclass(frozen=True, slots=True)
class Cooling:
    """What is left after a pulse, as a part: a sum of exponentials and what never goes.

    Attributes:
        amplitudes: Right after the pulse, one for each exponential; none where no heat is seen.
        amplitude_uncertainty: Of their sum.
        constants: s, likewise.
        constant_uncertainties: s.
        lasting: What stays.
        lasting_uncertainty: Of it.
        chi_square: Of the fit, per degree of freedom.
    """

    amplitudes: tuple[float, ...]
    amplitude_uncertainty: float
    constants: tuple[float, ...]
    constant_uncertainties: tuple[float, ...]
    lasting: float
    lasting_uncertainty: float
    chi_square: float

    def heat(self, delay: float) -> float:
        """Part that is left of the heat at a delay in s."""
        return sum(size * math.exp(-delay / tau) for size, tau in zip(self.amplitudes, self.constants, strict=True))

    def slope(self, delay: float) -> float:
        """Its change per s."""
        parts = zip(self.amplitudes, self.constants, strict=True)
        return sum(-size / tau * math.exp(-delay / tau) for size, tau in parts)

    def within(self, tolerance: float, longest: float) -> float:
        """Return the delay in s from which on the heat is within a tolerance; infinite beyond the longest, in s."""
        delays = np.geomspace(1e-4, longest, 4000)
        outside = np.array([abs(self.heat(delay)) > tolerance for delay in delays.tolist()])
        if outside[-1]:
            return math.inf
        last = np.flatnonzero(outside)
        return float(delays[last[-1] + 1]) if last.size else 0.0


def fit(delays: Sequence[float], parts: Sequence[float], sigma: Sequence[float]) -> Cooling:
    """Fit none, one or two exponentials and a constant, as many as the scatter leaves room for (by the BIC).

    Args:
        delays: s since the end of the pulse.
        parts: Relative deviations of the resistance.
        sigma: Their standard uncertainties.
    """
    time, value, error = (np.asarray(column, dtype=float) for column in (delays, parts, sigma))
    decades = math.log10(2.0 * time.max() / (0.5 * time.min()))
    grid = np.geomspace(0.5 * time.min(), 2.0 * time.max(), max(8, round(PER_DECADE * decades)))
    best: tuple[float, Cooling] | None = None
    for count in range(MOST + 1):
        if time.size < 2 * count + 2:
            break
        found = _with(count, time, value, error, grid)
        freedom = time.size - 2 * count - 1
        score = found.chi_square * freedom + (2 * count + 1) * math.log(time.size)
        if count and abs(sum(found.amplitudes)) < SEEN * found.amplitude_uncertainty:
            break  # where one is not seen, two are not either
        if best is None or score < best[0]:
            best = (score, found)
    assert best is not None
    return best[1]


def _with(count: int, time: FloatArray, value: FloatArray, error: FloatArray, grid: FloatArray) -> Cooling:
    """Fit so many exponentials: from the best time constants of a grid on to the nearest valley."""
    tried = list(itertools.combinations(grid.tolist(), count))
    solved = [_linear(constants, time, value, error) for constants in tried]
    place = min(range(len(tried)), key=lambda index: solved[index][0])
    square, solution, covariance = solved[place]
    logs = np.log(tried[place])
    if count:
        square, solution, logs, covariance = _refined(time, value, error, solution, logs)
    order = np.argsort(logs)
    constants = np.exp(logs)
    widths = constants * np.sqrt(np.maximum(np.diag(covariance)[1 + count :], 0.0)) if count else constants
    variance = float(covariance[1 : 1 + count, 1 : 1 + count].sum()) if count else 0.0
    return Cooling(
        tuple(solution[1 : 1 + count][order].tolist()), math.sqrt(max(0.0, variance)),
        tuple(constants[order].tolist()), tuple(widths[order].tolist()), float(solution[0]),
        math.sqrt(max(0.0, float(covariance[0, 0]))), square / max(1, time.size - 2 * count - 1),
    )  # fmt: skip


def _refined(
    time: FloatArray, value: FloatArray, error: FloatArray, solution: FloatArray, logs: FloatArray
) -> tuple[float, FloatArray, FloatArray, FloatArray]:
    """Follow chi square downhill; return it, constant and amplitudes, logarithms of the time constants, covariance."""
    from scipy.optimize import least_squares

    count = logs.size

    def residuals(guess: FloatArray) -> FloatArray:
        decays = np.exp(-time[:, None] / np.exp(guess[1 + count :]))
        return (guess[0] + decays @ guess[1 : 1 + count] - value) / error

    limits = math.log(1e-2 * time.min()), math.log(1e2 * time.max())
    low = np.concatenate([np.full(1 + count, -np.inf), np.full(count, limits[0])])
    high = np.concatenate([np.full(1 + count, np.inf), np.full(count, limits[1])])
    found = least_squares(residuals, np.concatenate([solution, logs]), bounds=(low, high), x_scale="jac", max_nfev=200)
    covariance = np.linalg.pinv(found.jac.T @ found.jac)
    return 2.0 * float(found.cost), found.x[: 1 + count], found.x[1 + count :], covariance


def _linear(
    constants: tuple[float, ...], time: FloatArray, value: FloatArray, error: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    """Return chi square, the constant and the amplitudes that fit best, and their covariance."""
    design = np.column_stack([np.ones_like(time), *(np.exp(-time / tau) for tau in constants)]) / error[:, None]
    covariance: FloatArray = np.asarray(np.linalg.pinv(design.T @ design), dtype=float)
    solution = covariance @ design.T @ (value / error)
    residual = value / error - design @ solution
    return float(residual @ residual), solution, covariance
