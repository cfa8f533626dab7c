"""Switching current against the width of the pulse: laws of thermal activation over a barrier that the current lowers.

A pulse of the width t switches with a chance of about one half where t = t0 exp(E / kT). What the current does to the
barrier E decides the law; t0, the time of an attempt, is put in, since only its logarithm counts:

    linear     E / kT = Delta (1 - I/I0)        I = I0 (1 - x / Delta)           x = ln(t/t0)
    quadratic  E / kT = Delta (1 - I/I0)^2      I = I0 (1 - sqrt(x / Delta))
    inverse    E / kT = B / I                   1/I = p + x / B

The last is that of a droplet whose barrier is inverse to what drives it; p is 0 but for a constant of the order of 1/B.
Each is a straight line in a quantity that follows from t, fitted with the uncertainties of the currents as weights.

Sources: about linear in the current for spin-orbit torque, arXiv:1401.2266; quadratic in what drives it for a coherent
reversal, L. Neel, Ann. Geophys. 5, 99 (1949).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Law = Literal["linear", "quadratic", "inverse"]

LAWS: tuple[Law, ...] = ("linear", "quadratic", "inverse")
ATTEMPT = 1e-9
"""s; the time of an attempt, assumed."""
FEWEST = 3
"""Widths that a law is told from."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A law that is fitted to switching currents.

    Attributes:
        law: Which.
        offset: Of its line: I0 in A, or p in 1/A.
        slope: Of its line, in the same unit: -I0/Delta, -I0/sqrt(Delta), 1/B.
        covariance: Of both.
        chi_square: Sum of the squared deviations over the uncertainties.
        freedom: Widths less two.
    """

    law: Law
    offset: float
    slope: float
    covariance: Array
    chi_square: float
    freedom: int

    @property
    def critical(self) -> tuple[float, float] | None:
        """I0 in A and its standard uncertainty: without a barrier; None of the inverse law, which has none."""
        return None if self.law == "inverse" else (self.offset, math.sqrt(float(self.covariance[0, 0])))

    @property
    def barrier(self) -> tuple[float, float] | None:
        """Delta, or B in A of the inverse law, with its standard uncertainty; None where the current does not fall."""
        a, b = self.offset, self.slope
        if self.law == "inverse":
            return (1.0 / b, math.sqrt(float(self.covariance[1, 1])) / b**2) if b > 0.0 else None
        if b >= 0.0 or a <= 0.0:
            return None
        power = 1.0 if self.law == "linear" else 2.0
        value = (-a / b) ** power
        gradient = np.array([1.0 / a, -1.0 / b]) * power * value
        return value, math.sqrt(float(gradient @ self.covariance @ gradient))

    @property
    def correlation(self) -> float:
        """Of offset and slope."""
        return float(self.covariance[0, 1]) / math.sqrt(float(self.covariance[0, 0] * self.covariance[1, 1]))

    def current(self, widths: Array, warmth: Array | float = 1.0) -> Array:
        """Return the switching current in A for widths in s; `warmth` as for `fit`."""
        line = self.offset + self.slope * abscissa(self.law, widths, warmth)
        return 1.0 / line if self.law == "inverse" else line


def abscissa(law: Law, widths: Array, warmth: Array | float = 1.0) -> Array:
    """Return the quantity in which a law is straight; `warmth` as for `fit`."""
    logarithm = np.log(widths / ATTEMPT) * warmth
    return np.sqrt(logarithm) if law == "quadratic" else logarithm


def fit(
    law: Law, widths: Sequence[float], currents: Sequence[float], sigmas: Sequence[float],
    warmth: Sequence[float] | None = None,
) -> Fitted | str:  # fmt: skip
    """Fit a law to switching currents.

    Args:
        law: Which.
        widths: Of the pulses, s.
        currents: A.
        sigmas: Standard uncertainties of the currents, A.
        warmth: Temperature during each pulse over that of the bath; the barrier is then in units of k times the
            bath's. Without it all are at the bath's.

    Returns:
        What came out; the covariance is widened where the currents deviate by more than their uncertainties. A
        sentence where there are too few.
    """
    if len(set(widths)) < FEWEST:
        return f"the current is known at {len(set(widths))} widths; a law takes {FEWEST}"
    value, sigma = np.array(currents, dtype=float), np.array(sigmas, dtype=float)
    if law == "inverse":
        value, sigma = 1.0 / value, sigma / value**2
    hot = np.ones(len(value)) if warmth is None else np.array(warmth, dtype=float)
    place = abscissa(law, np.array(widths, dtype=float), hot)
    design = np.column_stack([np.ones(len(place)), place]) / sigma[:, None]
    covariance = np.asarray(np.linalg.inv(design.T @ design), dtype=np.float64)
    offset, slope = covariance @ design.T @ (value / sigma)
    square = float(np.sum(((value - offset - slope * place) / sigma) ** 2))
    freedom = len(value) - 2
    widened = covariance * max(1.0, square / freedom)
    return Fitted(law, float(offset), float(slope), widened, square, freedom)
