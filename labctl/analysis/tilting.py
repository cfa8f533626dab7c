"""A perpendicular film in a field near its plane: Hall resistance against angle, and the angle at which it is zero.

Macrospin (Stoner and Wohlfarth): with the anisotropy field H_k and a field H > H_k at an angle delta out of the film
plane, the normal part c of the magnetisation satisfies

    sin(asin(c) - delta) = (H_k/H) c sqrt(1 - c^2),    that is    delta = asin(c) - asin((H_k/H) c sqrt(1 - c^2)),

so that near the plane c = delta H/(H - H_k). Below H_k there are two such states for each angle, and which one the film
is in depends on its history: the zero is then none of the angle's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from labctl.analysis.readings import FloatArray

LARGEST_RATIO = 0.85
"""H_k/H from which on the zero is not believed: the film is then near to being bistable, and its slope runs away."""
STIFF = 0.9
"""Slope (per rad) over the saturated Hall resistance below which the film does not follow the field: above H_k it is
H/(H - H_k), more than 1, and a film that is stuck in one of its two states has less."""
STUCK = (
    "the film does not follow the field as one above its anisotropy field does: the field is below it, where the film "
    "has two states and the zero is none of the angle's, or the film is near compensation, where the anisotropy field "
    "has no end; take a larger field or another temperature"
)
FEWEST = 5
"""Angles that a zero is told from, at least."""
ROUGH = 4.0
"""Standard deviations of the points, at the most, by which a macrospin may miss them: hysteresis and jumps are more."""
RELATIVE = 0.02
"""Part of the largest Hall resistance that a real film may differ from a macrospin besides."""
BEYOND = 1.0
"""deg by which the zero may lie beyond the scan: the curve is known well enough there."""
SMALL = 3.0
"""deg to either side of the zero within which a straight line is compared with the macrospin."""


def normal_part(delta: FloatArray, ratio: float) -> FloatArray:
    """Return the normal part of the magnetisation, from -1 to 1.

    Args:
        delta: Angle of the field out of the film plane, rad.
        ratio: H_k/H, below 1.
    """
    low, high = np.full_like(delta, -1.0), np.full_like(delta, 1.0)
    for _ in range(50):  # delta rises with c: bisection cannot miss
        middle = 0.5 * (low + high)
        above = np.arcsin(middle) - np.arcsin(ratio * middle * np.sqrt(1.0 - middle**2)) > delta
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return 0.5 * (low + high)


@dataclass(frozen=True, slots=True)
class Zero:
    """Where the odd Hall resistance vanishes.

    Attributes:
        angle: deg.
        covariance: Standard uncertainty by the points' scatter, deg.
        nonlinearity: By how much a straight line near the zero puts it elsewhere, deg.
        slope: ohm/rad at the zero.
        slope_uncertainty: ohm/rad.
        ratio: H_k/H, as the curvature tells it.
        amplitude: Hall resistance of the saturated film, ohm, as the curvature tells it.
        scatter: Of the points about the curve, ohm.
    """

    angle: float
    covariance: float
    nonlinearity: float
    slope: float
    slope_uncertainty: float
    ratio: float
    amplitude: float
    scatter: float


def find_zero(
    angle: FloatArray, odd: FloatArray, sigma: FloatArray, amplitude: float | None, ratio: float
) -> Zero | str:
    """Fit a macrospin to the odd Hall resistance.

    Args:
        angle: deg.
        odd: Half the difference of the Hall resistances in both fields, ohm.
        sigma: Standard uncertainty of each, ohm.
        amplitude: Hall resistance of the saturated film, ohm, of either sign, as far as known. A film that follows the
            field has a larger slope than that; None where nobody knows.
        ratio: H_k/H to begin with.

    Returns:
        The zero, or why there is none.
    """
    from scipy.optimize import least_squares

    if len(angle) < FEWEST:
        return f"only {len(angle)} angles were measured in both fields"
    slope, offset = np.polyfit(angle, odd, 1)
    if slope == 0.0 or not np.ptp(odd):
        return "the Hall resistance does not depend on the angle"
    sign = math.copysign(1.0, slope)
    start = float(np.clip(-offset / slope, angle.min() - 2.0, angle.max() + 2.0))
    size = abs(amplitude) if amplitude else 2.0 * float(np.max(np.abs(odd)))
    weight = np.maximum(sigma, 1e-3 * float(np.ptp(odd)) / 100.0)

    def misfit(parameters: FloatArray) -> FloatArray:
        zero, size, anisotropy = parameters
        return (sign * size * normal_part(np.radians(angle - zero), anisotropy) - odd) / weight

    bounds = ([angle.min() - 20.0, 0.02 * size, 0.0], [angle.max() + 20.0, 50.0 * size, 0.98])
    begin = (start, size, min(max(ratio, 0.01), 0.9))
    found = least_squares(misfit, begin, bounds=bounds, x_scale=(1.0, size, 0.1))
    return _judged(angle, odd, weight, found, amplitude, sign)


def _judged(
    angle: FloatArray, odd: FloatArray, weight: FloatArray, found: Any, amplitude: float | None, sign: float
) -> Zero | str:
    """Return what a fit found, or why it is not to be believed."""
    zero, size, anisotropy = (float(value) for value in found.x)
    free = max(1, len(angle) - 3)
    inflation = max(1.0, 2.0 * float(found.cost) / free)
    scatter = float(np.sqrt(np.mean((found.fun * weight) ** 2)))
    stiff = amplitude is not None and size / (1.0 - anisotropy) < STIFF * abs(amplitude)
    reason = STUCK if stiff else _unfit(angle, odd, zero, anisotropy, scatter, weight)
    if reason:
        return reason
    covariance = np.linalg.pinv(found.jac.T @ found.jac) * inflation
    gradient = np.array([0.0, 1.0 / (1.0 - anisotropy), size / (1.0 - anisotropy) ** 2])
    return Zero(
        zero,
        float(np.sqrt(covariance[0, 0])),
        _straight(angle, odd, weight, zero, float(np.sqrt(covariance[0, 0]))),
        sign * size / (1.0 - anisotropy),
        float(np.sqrt(gradient @ covariance @ gradient)),
        anisotropy,
        sign * size,
        scatter,
    )


def _unfit(angle: FloatArray, odd: FloatArray, zero: float, ratio: float, scatter: float, weight: FloatArray) -> str:
    """Say why a macrospin's zero is not the angle's; empty where it is."""
    if scatter > ROUGH * float(np.median(weight)) + RELATIVE * float(np.max(np.abs(odd))):
        return STUCK
    if ratio > LARGEST_RATIO:
        return (
            f"the field is only {1.0 / ratio:.2f} times the anisotropy field by the curvature of the Hall resistance; "
            "below it the film has two states, and near compensation it has no end: take a larger field or another "
            "temperature"
        )
    if not angle.min() - BEYOND <= zero <= angle.max() + BEYOND:
        end = angle[np.argmin(np.abs(odd))]
        return f"the Hall resistance has no zero within the scan, it lies beyond {end:.4g} deg; scan around there"
    return ""


def _straight(angle: FloatArray, odd: FloatArray, weight: FloatArray, zero: float, error: float) -> float:
    """By how many deg a straight line through the points near the zero puts it elsewhere, beyond the noise of that."""
    near = np.abs(angle - zero) <= SMALL
    if np.count_nonzero(near) < 4:
        return error
    (slope, offset), covariance = np.polyfit(angle[near] - zero, odd[near], 1, w=1.0 / weight[near], cov="unscaled")
    away, noise = abs(offset / slope), math.sqrt(covariance[1, 1]) / abs(slope)
    return math.sqrt(max(0.0, away**2 - noise**2))
