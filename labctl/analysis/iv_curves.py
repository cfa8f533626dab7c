"""What an I-V curve of a junction says before any theory: odd and even parts, how it bends, whether it repeats.

Conventions: a curve is swept 0 to +V, to -V and back to 0, once or several times. Odd and even parts are those of the
current as a function of the bias, after what the meters read at zero has been taken off with the fit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from instruments.errors import BadValue
from labctl.analysis.fits import LinearFit, linear_fit, white_noise
from labctl.analysis.readings import BoolArray, FloatArray

FEWEST = 12
"""Points of a curve that can be fitted."""

SIGNIFICANT = 3.0
"""Standard uncertainties beyond which the cubic coefficient, or a jump, is more than noise."""

BROKEN_CONDUCTANCE = 2.0
"""A junction that conducts so many times better from one point on than before is taken as broken (assumed)."""

NEAR_ZERO = 0.3
"""Part of the largest bias within which the two conductances at zero are compared for a breakdown."""

DEGREES = (5, 7)
"""Odd degrees up to which the current is described where the one below leaves more than noise."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Readings in the order in which they were taken.

    Attributes:
        voltage: (points,) V across the junction.
        current: (points,) A.
        rising: (points,) whether the bias went up to the point.
    """

    voltage: FloatArray
    current: FloatArray
    rising: BoolArray

    def __post_init__(self) -> None:
        """Refuse what is no curve.

        Raises:
            BadValue: Too few points, not all numbers, or one sign of the bias only.
        """
        if len(self.voltage) < FEWEST or not (np.isfinite(self.voltage).all() and np.isfinite(self.current).all()):
            raise BadValue(
                f"{len(self.voltage)} points are too few for an I-V curve, or not all are numbers; measure {FEWEST} or "
                "more"
            )
        if not self.voltage.min() < 0.0 < self.voltage.max():
            raise BadValue("the I-V curve has one sign of the bias only; measure with both")


@dataclass(frozen=True, slots=True)
class Polynomial:
    """I = I0 + G0 V + I2 V^2 + I3 V^3 + ..., fitted by least squares.

    Attributes:
        coefficients: I0 in A, G0 in A/V, then in A/V2, A/V3 ...
        covariance: Of these.
        noise: Standard deviation of a reading's residual, A.
        bias: Largest bias of either sign in it, V.
    """

    coefficients: FloatArray
    covariance: FloatArray
    noise: float
    bias: float

    def error(self, power: int) -> float:
        """Standard uncertainty of a coefficient."""
        return math.sqrt(float(self.covariance[power, power]))

    @property
    def cubic(self) -> tuple[float, float]:
        """I3/G0 in 1/V2 and its uncertainty: how much faster the current grows than the bias."""
        return self._over_conductance(3)

    @property
    def quadratic(self) -> tuple[float, float]:
        """I2/G0 in 1/V and its uncertainty: what differs for the two signs of the bias."""
        return self._over_conductance(2)

    def _over_conductance(self, power: int) -> tuple[float, float]:
        zero, value = float(self.coefficients[1]), float(self.coefficients[power])
        gradient = np.zeros(len(self.coefficients))
        gradient[power], gradient[1] = 1.0 / zero, -value / zero**2
        return value / zero, math.sqrt(max(0.0, float(gradient @ self.covariance @ gradient)))

    def at(self, voltage: FloatArray) -> FloatArray:
        """Return the current in A at voltages in V, without what the meters read at zero."""
        return np.asarray(np.polynomial.polynomial.polyval(voltage, self.without_offset), dtype=np.float64)

    def odd(self, voltage: FloatArray) -> FloatArray:
        """Return the odd part of the current in A at voltages in V."""
        return np.asarray(0.5 * (self.at(voltage) - self.at(-voltage)), dtype=np.float64)

    @property
    def without_offset(self) -> FloatArray:
        """The coefficients with I0 = 0."""
        return np.concatenate([[0.0], self.coefficients[1:]])

    def superlinearity(self, voltage: float) -> tuple[float, float]:
        """Return I(2V)/(2 I(V)) of the odd part for a V in V, and its uncertainty; 1 for a plain resistor."""
        powers = np.arange(len(self.coefficients))
        single, double = (np.where(powers % 2 == 1, at**powers, 0.0) for at in (voltage, 2.0 * voltage))
        one, two = float(single @ self.coefficients), float(double @ self.coefficients)
        gradient = double / (2.0 * one) - two / (2.0 * one**2) * single
        return two / (2.0 * one), math.sqrt(max(0.0, float(gradient @ self.covariance @ gradient)))


def fit_curve(curve: Curve) -> Polynomial:
    """Describe a curve by the polynomial of degree 3, or 5 or 7 where the one below leaves more than noise.

    The noise is that from point to point, and what hangs together in the residuals widens the uncertainties; see
    `labctl.analysis.fits.linear_fit`.
    """
    scale = float(np.max(np.abs(curve.voltage)))
    order = np.argsort(curve.voltage, kind="stable")
    place, value = curve.voltage[order] / scale, curve.current[order]
    chosen = _polynomial(place, value, 3)
    for degree in DEGREES:
        higher = _polynomial(place, value, degree)
        if not any(
            abs(higher.parameters[power]) > SIGNIFICANT * math.sqrt(higher.covariance[power, power])
            for power in (degree - 1, degree)
        ):
            break
        chosen = higher
    units = scale ** -np.arange(len(chosen.parameters), dtype=np.float64)
    freedom = len(value) - len(units)
    noise = math.sqrt(float(chosen.residual @ chosen.residual) / freedom)
    return Polynomial(chosen.parameters * units, chosen.covariance * np.outer(units, units), noise, scale)


def _polynomial(place: FloatArray, value: FloatArray, degree: int) -> LinearFit:
    return linear_fit(np.vander(place, degree + 1, increasing=True), value)


def odd_and_even(curve: Curve, fit: Polynomial, points: int = 51) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return biases in V above zero, and the odd and the even part of the current in A there, from the readings.

    Between the readings a straight line stands for the difference to the fit, so that no bend is cut short.
    """
    offset = fit.coefficients[0]
    order = np.argsort(curve.voltage, kind="stable")
    place, rest = curve.voltage[order], (curve.current - offset)[order] - fit.at(curve.voltage[order])
    most = min(float(place[-1]), -float(place[0]))
    bias = np.linspace(most / points, most, points)
    plus, minus = (fit.at(sign * bias) + np.interp(sign * bias, place, rest) for sign in (1.0, -1.0))
    return bias, np.asarray(0.5 * (plus - minus)), np.asarray(0.5 * (plus + minus))


def asymmetry(fit: Polynomial) -> tuple[float, float]:
    """Return the even part of the current over the odd part at the largest bias, and its uncertainty."""
    powers = np.arange(len(fit.coefficients))
    up, down = fit.bias**powers, (-fit.bias) ** powers
    up, down = np.where(powers == 0, 0.0, up), np.where(powers == 0, 0.0, down)
    even, odd = 0.5 * (up + down), 0.5 * (up - down)
    top, bottom = float(even @ fit.coefficients), float(odd @ fit.coefficients)
    gradient = even / bottom - top / bottom**2 * odd
    return top / bottom, math.sqrt(max(0.0, float(gradient @ fit.covariance @ gradient)))


def hysteresis(curve: Curve, fit: Polynomial) -> tuple[float, float]:
    """Return the largest difference between rising and falling sweep over the largest current, and its uncertainty.

    The difference is that of means of neighbours over a tenth of the range, so that one noisy point is none.
    """
    rest = curve.current - fit.coefficients[0] - fit.at(curve.voltage)
    rising = curve.rising
    if not rising.any() or rising.all():
        raise BadValue(
            "the I-V curve was swept one way only, so that nobody can say whether it repeats; sweep both ways"
        )
    edges = np.linspace(-fit.bias, fit.bias, 11)
    bins = np.clip(np.digitize(curve.voltage, edges) - 1, 0, 9)
    noise = max(white_noise(curve.voltage[part], rest[part]) for part in (rising, ~rising))
    largest, error = 0.0, noise
    for number in range(10):
        up, down = rest[rising & (bins == number)], rest[~rising & (bins == number)]
        if len(up) and len(down) and abs(up.mean() - down.mean()) >= abs(largest):
            largest, error = float(up.mean() - down.mean()), noise * math.sqrt(1.0 / len(up) + 1.0 / len(down))
    scale = float(np.max(np.abs(curve.current - fit.coefficients[0])))
    return abs(largest) / scale, error / scale


def breakdown_at(curve: Curve) -> float | None:
    """Return the bias in V at which the junction began to conduct more than twice as well, None where it never did.

    Compared are neighbouring points: from one to the next the current of a barrier changes with the bias, and no more
    than a few times as fast; a junction that breaks changes at once.
    """
    scale = float(np.max(np.abs(curve.voltage)))
    far = np.flatnonzero(np.abs(curve.voltage) > NEAR_ZERO * scale)
    chord = np.abs(curve.current[far] / curve.voltage[far])
    jumps = np.flatnonzero(chord[1:] > BROKEN_CONDUCTANCE * chord[:-1])
    return None if not len(jumps) else float(curve.voltage[far[jumps[0] + 1]])
