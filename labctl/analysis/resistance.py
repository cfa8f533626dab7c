"""Resistance against temperature, measured cooling and warming: the sample's lag, and what follows from R(T).

The thermometer is the block's. The sample follows it with a time constant tau, dT_s/dt = (T_b - T_s)/tau, so that at a
steady rate r it is r tau behind: R against the block's temperature has a hysteresis of 2 r tau between the directions,
with the same R(T_s) in both. tau is what closes it. It runs in straight lines between knots in temperature, since it is
another one at 10 K and at 300 K. The block's whole course goes through the equation, so that the turning points count.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from labctl.analysis.fits import linear_fit, white_noise
from labctl.analysis.readings import FloatArray

KNOT_DISTANCE = 60.0
"""K between the knots of the time constant, about."""
MOST_KNOTS = 5
GROUP = 5
"""Rows that are averaged before the directions are compared."""
SHORTEST, LONGEST = 0.1, 2000.0
"""s between which a time constant is looked for."""
REACH = 40.0
"""K around the reference temperature that its coefficient is told from."""
FEWEST = 20
"""Groups of rows in a direction that a lag is told from."""
TOGETHER = 150.0
"""s of rows that count as one point of R(T). The sample's temperature follows from the block's noisy readings and hangs
together for a time constant, 90 s: what lies nearer is no second measurement."""
WIDENED = 1.4
"""By which uncertainties are wider than the scatter says: on courses that were computed with a known truth (60 K down
and up at 2 K/min) the results were 1.4 to 1.6 times further off than that, since few points hang together for long."""
FINE = 20.0
"""s of rows that count as one point where R(T) may bend."""
FEWEST_POINTS = 5
EDGE = 1.4
"""Noise that a mean of points has over that which neighbours show: neighbours 150 s apart still share exp(-150/90) of
their noise, so that they differ by 0.87 of it, and their mean has 1.21 times what independent ones would have."""


@dataclass(frozen=True, slots=True)
class Course:
    """Rows of one run in the order in which they were read.

    Attributes:
        time: s.
        block: K. Its noise needs no smoothing, which would bend its corners: the sample is slow enough to do it.
        resistance: ohm.
        warming: Of each row, whether it belongs to the way up; rows read while settling belong to neither.
        cooling: Of each row, whether it belongs to the way down.
    """

    time: FloatArray
    block: FloatArray
    resistance: FloatArray
    warming: Any
    cooling: Any


@dataclass(frozen=True, slots=True)
class Lag:
    """With which time constant the sample follows the block.

    Attributes:
        knots: K.
        constants: s at the knots.
        uncertainty: Standard uncertainty, s, at the knots.
        why: Why it was not measured; empty where it was.
    """

    knots: FloatArray
    constants: FloatArray
    uncertainty: FloatArray
    why: str = ""

    def at(self, temperature: float) -> tuple[float, float]:
        """Time constant and its uncertainty in s at a temperature in K."""
        constant, uncertainty = (
            np.interp(temperature, self.knots, part) for part in (self.constants, self.uncertainty)
        )
        return float(constant), float(uncertainty)


def follow(time: FloatArray, block: FloatArray, constant: FloatArray) -> FloatArray:
    """Return the sample's temperature in K if it follows the block's, with the two equal at the beginning.

    Args:
        time: s.
        block: K; a straight line between the readings.
        constant: s, of each reading.
    """
    sample = np.empty_like(block)
    sample[0] = lagged = float(block[0])
    steps, rises = np.diff(time), np.diff(block)
    kept = np.exp(-steps / constant[1:])
    # The exact solution for a block that moves in a straight line: X = B - r tau + (X0 - B0 + r tau) exp(-t/tau).
    behind = np.where(steps > 0, rises / np.where(steps > 0, steps, 1.0), 0.0) * constant[1:]
    for place, (share, rate_lag) in enumerate(zip(kept.tolist(), behind.tolist(), strict=True)):
        here, there = block[place], block[place + 1]
        lagged = there - rate_lag + (lagged - here + rate_lag) * share
        sample[place + 1] = lagged
    return sample


def find_lag(course: Course, assumed: Callable[[float], float]) -> Lag:
    """Find the time constant that makes R(T) the same in both directions.

    Args:
        course: The rows.
        assumed: Time constant in s at a temperature in K, where only one direction was measured.
    """
    from scipy.optimize import least_squares

    low, high = float(np.min(course.block)), float(np.max(course.block))
    knots = np.linspace(low, high, int(np.clip(round((high - low) / KNOT_DISTANCE) + 1, 1, MOST_KNOTS)))
    if len(knots) == 1:
        knots = np.array([0.5 * (low + high)])
    first = np.array([assumed(knot) for knot in knots])
    counts = [int(np.count_nonzero(which)) for which in (course.cooling, course.warming)]
    if min(counts) < GROUP * FEWEST:
        return Lag(knots, first, 0.5 * first, "only one direction was measured: the time constant is assumed")

    def mismatch(constants: FloatArray) -> FloatArray:
        return _difference(course, follow(course.time, course.block, np.interp(course.block, knots, constants)))

    found = least_squares(mismatch, first, bounds=(SHORTEST, LONGEST), x_scale=first)
    residual = mismatch(found.x)
    compared = residual[residual != 0.0]
    variance = float(np.sum(compared**2)) / max(1, len(compared) - len(knots))
    covariance = np.linalg.pinv(found.jac.T @ found.jac) * variance * _hanging_together(compared)
    return Lag(knots, found.x, WIDENED * np.sqrt(np.diag(covariance)))


def _hanging_together(residual: FloatArray) -> float:
    """Variance of a mean over what it would be if neighbours had nothing in common: the sum of their correlations.

    The block's noise is in the sample's temperature for a time constant or more. The sum ends where the correlation
    has gone (Geyer's initial positive sequence).
    """
    length = len(residual)
    if length < 4:
        return float(max(1, length))
    around = residual - np.mean(residual)
    products = [float(around[: length - lag] @ around[lag:]) / length for lag in range(length // 2)]
    pairs = [products[lag] + products[lag + 1] for lag in range(1, len(products) - 1, 2)]
    gone = next((number for number, pair in enumerate(pairs) if pair <= 0.0), len(pairs))
    return max(1.0, 1.0 + 2.0 * sum(pairs[:gone]) / products[0]) if products[0] > 0.0 else 1.0


def _grouped(values: FloatArray, which: Any) -> FloatArray:
    chosen = values[which]
    return chosen[: len(chosen) // GROUP * GROUP].reshape(-1, GROUP).mean(axis=1)


def _difference(course: Course, sample: FloatArray) -> FloatArray:
    """Resistance warming less resistance cooling at the same sample temperature, ohm; 0 where one of them is not."""
    down = _grouped(sample, course.cooling), _grouped(course.resistance, course.cooling)
    up = _grouped(sample, course.warming), _grouped(course.resistance, course.warming)
    order = np.argsort(down[0])
    inside = (up[0] >= down[0].min()) & (up[0] <= down[0].max())
    return np.where(inside, up[1] - np.interp(up[0], down[0][order], down[1][order]), 0.0)


def _noise(temperature: FloatArray, resistance: FloatArray) -> float:
    """Standard deviation of one of the `points` in ohm, without the bend of R(T)."""
    away = temperature - np.mean(temperature)
    powers = 3 if len(temperature) > 2 * FEWEST_POINTS else 1
    # Neighbours in time, not in temperature: where the temperature rests, all of them are at one place.
    return (
        WIDENED
        * EDGE
        * white_noise(
            np.arange(len(away), dtype=np.float64), resistance - np.polyval(np.polyfit(away, resistance, powers), away)
        )
    )


@dataclass(frozen=True, slots=True)
class AtReference:
    """R(T) near a temperature: a parabola through the rows around it.

    Attributes:
        resistance: ohm there, with its uncertainty.
        coefficient: Slope over resistance, 1/K, with its uncertainty.
    """

    resistance: tuple[float, float]
    coefficient: tuple[float, float]


def points(course: Course, sample: FloatArray, together: float = TOGETHER) -> tuple[FloatArray, FloatArray]:
    """R(T) as points of 150 s each or so, one direction after the other: temperature in K and resistance in ohm."""
    found: list[tuple[float, float]] = []
    for which in (course.cooling, course.warming):
        time, temperature, value = course.time[which], sample[which], course.resistance[which]
        if not len(time):
            continue
        parts = np.split(np.arange(len(time)), np.searchsorted(time, np.arange(time[0] + together, time[-1], together)))
        found += [(float(temperature[part].mean()), float(value[part].mean())) for part in parts if len(part)]
    columns = np.array(found, dtype=np.float64).reshape(-1, 2).T
    return columns[0], columns[1]


def _polynomial(
    course: Course, sample: FloatArray, goal: float, width: float, powers: int
) -> tuple[FloatArray, FloatArray] | None:
    """Coefficients of a polynomial around a temperature, and their covariance; None where too little was read there.

    The coefficients come from fine points, since an average over a bend lies beside it; the covariance from coarse
    ones, each of which is a measurement of its own.
    """
    fine, coarse = points(course, sample, FINE), points(course, sample)
    near, few = (np.abs(part[0] - goal) <= width for part in (fine, coarse))
    if np.count_nonzero(near) < 2 * FEWEST_POINTS or np.count_nonzero(few) <= powers or not np.ptp(fine[0][near]):
        return None
    design = np.stack([(coarse[0][few] - goal) ** power for power in range(powers)], axis=1)
    covariance = linear_fit(design, coarse[1][few], _noise(*coarse)).covariance
    found = np.polynomial.polynomial.polyfit(fine[0][near] - goal, fine[1][near], powers - 1)
    return np.asarray(found, dtype=np.float64), covariance


def sample_temperatures(course: Course, lag: Lag, more: float = 0.0) -> FloatArray:
    """Temperature of the sample in K at each row, with a lag that is so many standard uncertainties longer."""
    return follow(course.time, course.block, np.interp(course.block, lag.knots, lag.constants + more * lag.uncertainty))


def at_reference(course: Course, lag: Lag, reference: float, error: float) -> AtReference | str:
    """Fit R(T) around a temperature; the uncertainty has that of the lag in it.

    Args:
        course: The rows.
        lag: Of the sample.
        reference: K.
        error: K, by which the sample's temperature may be wrong as a whole.

    Returns:
        What was found, or why nothing was.
    """
    found, other = (_at_reference(course, sample_temperatures(course, lag, more), reference, error) for more in (0, 1))
    if isinstance(found, str) or isinstance(other, str):
        return found
    (here, d_here), (slope, d_slope) = found.resistance, found.coefficient
    return AtReference(
        (here, math.hypot(d_here, other.resistance[0] - here)),
        (slope, math.hypot(d_slope, other.coefficient[0] - slope)),
    )


def _at_reference(course: Course, sample: FloatArray, reference: float, error: float) -> AtReference | str:
    """Fit R(T) around a temperature with the sample's temperature known.

    Args:
        course: The rows.
        sample: Temperature of the sample at each of them, K.
        reference: K.
        error: K, by which the sample's temperature may be wrong as a whole.

    Returns:
        What was found, or why nothing was.
    """
    low, high = float(np.min(sample)), float(np.max(sample))
    if not low - 1.0 <= reference <= high + 1.0:
        return f"{reference:g} K, the record's reference, is not between {low:.4g} K and {high:.4g} K"
    reach = min(REACH, max(reference - low, high - reference))
    fitted = _polynomial(course, sample, reference, reach, 3 if reach > 0.5 * REACH else 2)
    if fitted is None:
        return f"too little was read within {reach:.3g} K of {reference:g} K"
    (here, slope, *bends), covariance = fitted[0].tolist(), fitted[1][:2, :2]
    gradient = np.array([-slope / here**2, 1.0 / here])
    bend = sum(2.0 * part / here for part in bends) - (slope / here) ** 2
    return AtReference(
        (here, float(np.hypot(np.sqrt(covariance[0, 0]), slope * error))),
        (slope / here, float(np.hypot(np.sqrt(gradient @ covariance @ gradient), bend * error))),
    )


def value_at(course: Course, sample: FloatArray, goal: float, width: float) -> tuple[float, float] | None:
    """R at a temperature in K, and its uncertainty, ohm: a parabola through the rows within `width` K of it."""
    fitted = _polynomial(course, sample, goal, width, 3) or _polynomial(course, sample, goal, width, 2)
    return None if fitted is None else (float(fitted[0][0]), math.sqrt(fitted[1][0, 0]))


def table_of(
    course: Course, sample: FloatArray, lines: int = 12, *, other: FloatArray | None = None
) -> list[tuple[float, float, float]]:
    """R(T) in a few lines at round temperatures: temperature in K, resistance in ohm and its uncertainty.

    Args:
        course: The rows.
        sample: Temperature of the sample at each of them, K.
        lines: The most, about.
        other: The same with a lag that is a standard uncertainty longer; what changes by it is in the uncertainties.
    """
    low, high = float(np.min(sample)), float(np.max(sample))
    step = next((s for s in (5, 10, 20, 25, 50) if (high - low) / s <= lines), 100)
    found: list[tuple[float, float, float]] = []
    for goal in (np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step).tolist():
        value, moved = (
            value_at(course, temperatures, goal, max(step, 10.0))
            for temperatures in (sample, sample if other is None else other)
        )
        if value is not None and moved is not None:
            found.append((goal, value[0], math.hypot(value[1], moved[0] - value[0])))
    return found
