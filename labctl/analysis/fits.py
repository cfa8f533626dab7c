"""Fits that the analysis of loops is made of: straight lines with steps, noise of a curve, a path through noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labctl.analysis.readings import FloatArray

NORMAL_MAD = 1.4826
"""Standard deviation of normal noise over its median absolute deviation."""


def white_noise(position: FloatArray, value: FloatArray) -> float:
    """Standard deviation of the point-to-point noise, in the unit of `value`; 0 below three points.

    Each point is compared with the straight line through its two neighbours, so that slopes and slow drifts do not
    count. The median keeps jumps out; readings so coarse that the median vanishes fall back on the mean square.
    """
    gap = position[2:] - position[:-2]
    use = gap != 0
    if not np.any(use):
        return 0.0
    weight = (position[1:-1] - position[:-2])[use] / gap[use]
    residual = value[1:-1][use] - (1 - weight) * value[:-2][use] - weight * value[2:][use]
    residual = residual / np.sqrt(1 + weight**2 + (1 - weight) ** 2)
    median = NORMAL_MAD * float(np.median(np.abs(residual)))
    return median if median > 0 and len(residual) >= 6 else float(np.sqrt(np.mean(residual**2)))


@dataclass(frozen=True, slots=True)
class LinearFit:
    """Least squares `design @ parameters = value` with one standard deviation for all points.

    Attributes:
        parameters: In the order of the design's columns.
        covariance: Of the parameters.
        residual: Of each point.
    """

    parameters: FloatArray
    covariance: FloatArray
    residual: FloatArray

    def combine(self, weights: FloatArray) -> tuple[float, float]:
        """A weighted sum of the parameters and its standard uncertainty."""
        return float(weights @ self.parameters), float(np.sqrt(max(0.0, weights @ self.covariance @ weights)))


def linear_fit(design: FloatArray, value: FloatArray, sigma: float | None = None) -> LinearFit:
    """Least squares with the noise given, or taken from the residuals if they are larger (or nothing is given).

    Residuals that hang together from point to point (slow drift, 1/f noise) hold less than their number suggests:
    the covariance is widened by the ratio of the scatter of means of six neighbours to what white noise would give.
    What hangs together over more than that is counted in part only.
    """
    parameters = np.asarray(np.linalg.lstsq(design, value, rcond=None)[0], dtype=np.float64)
    residual = value - design @ parameters
    freedom = max(1, len(value) - design.shape[1])
    from_residuals = float(np.sqrt(np.sum(residual**2) / freedom))
    scatter = from_residuals if sigma is None else max(sigma, from_residuals)
    widened = scatter**2 * persistence(residual)
    covariance = np.asarray(np.linalg.pinv(design.T @ design) * widened, dtype=np.float64)
    return LinearFit(parameters, covariance, residual)


BATCH = 6


def persistence(residual: FloatArray) -> float:
    """Variance of means of six neighbours over what white noise gives, never below 1; 1 for short records."""
    batches = len(residual) // BATCH
    mean_square = float(np.mean(residual**2))
    if batches < 4 or mean_square == 0:
        return 1.0
    means = residual[: batches * BATCH].reshape(batches, BATCH).mean(axis=1)
    return max(1.0, BATCH * float(np.mean(means**2)) / mean_square)


def local_lines(position: FloatArray, value: FloatArray, half: int) -> FloatArray:
    """Value at each point of the straight line through it and `half` neighbours on either side.

    At the ends the last whole stretch serves; with fewer points than 2 half + 1 all of them make one line.
    """
    width = min(2 * half + 1, len(value))
    places = np.lib.stride_tricks.sliding_window_view(position, width)
    values = np.lib.stride_tricks.sliding_window_view(value, width)
    centred = places - places.mean(axis=1, keepdims=True)
    slope = np.sum(centred * values, axis=1) / np.maximum(np.sum(centred**2, axis=1), 1e-300)
    nearest = np.clip(np.arange(len(value)) - half, 0, len(values) - 1)
    return values.mean(axis=1)[nearest] + slope[nearest] * (position - places.mean(axis=1)[nearest])


@dataclass(frozen=True, slots=True)
class Path:
    """Points of a curve that wanders about a smooth trend, as read through noise.

    Attributes:
        nodes: (points, parts): where the parts of each reading were taken.
        clock: (points, parts): the same places as the walk counts them; it wanders most where the curve is steepest.
        weights: (parts,): weights of the parts in a reading, their sum is 1.
        value: (points,) readings.
        noise: Standard deviation of a reading.
        degree: Of the polynomial trend.
    """

    nodes: FloatArray
    clock: FloatArray
    weights: FloatArray
    value: FloatArray
    noise: float
    degree: int


@dataclass(frozen=True, slots=True)
class Kriging:
    """The path between the readings, for each trial value of its wander.

    Attributes:
        mean: (trials, targets): expected value of the path.
        variance: (trials, targets): its variance, without the noise of a reading.
        noise: (trials, targets): the part of the variance that the noise of the readings around it leaves.
        slope: (trials, targets): slope of the trend.
        log_likelihood: (trials,): restricted likelihood of each trial, but for a constant.
    """

    mean: FloatArray
    variance: FloatArray
    noise: FloatArray
    slope: FloatArray
    log_likelihood: FloatArray


@dataclass(frozen=True, slots=True)
class Decomposed:
    """Readings in the axes of their walk's covariance, in which the matrix of every trial is diagonal.

    Attributes:
        along: (points,): the covariance along its axes, for a unit wander.
        trend: (points, degree + 1): the trend's columns.
        value: (points,): the readings.
        reach: (points, targets): covariance of the readings with the walk at the targets.
        aim: (targets, degree + 1): the trend's columns at the targets.
        own: (targets,): variance of the walk at the targets.
        span: Of the fields that the trend counts in.
        noise: Standard deviation of a reading.
    """

    along: FloatArray
    trend: FloatArray
    value: FloatArray
    reach: FloatArray
    aim: FloatArray
    own: FloatArray
    span: float
    noise: float


def decompose(path: Path, targets: FloatArray, ticks: FloatArray) -> Decomposed:
    """Do once what is the same for every trial value: it is most of the work.

    Args:
        path: The readings.
        targets: (targets,): places at which the path is wanted.
        ticks: (targets,): the same on the walk's clock.
    """
    centres = path.nodes @ path.weights
    origin, span = float(np.mean(centres)), float(np.ptp(centres)) or 1.0
    trend = np.vander((centres - origin) / span, path.degree + 1, increasing=True)
    aim = np.vander((targets - origin) / span, path.degree + 1, increasing=True)
    start = min(float(np.min(path.clock)), float(np.min(ticks)))
    walk = _walk_covariance(path.clock, path.clock, path.weights, path.weights, start)
    reach = _walk_covariance(path.clock, ticks[:, None], path.weights, np.ones(1), start)
    along, axes = np.linalg.eigh(walk)
    return Decomposed(along, axes.T @ trend, axes.T @ path.value, axes.T @ reach, aim, ticks - start, span, path.noise)


def krige(readings: Decomposed, wander: FloatArray) -> Kriging:
    """Universal kriging with a polynomial trend, a Wiener process and white noise.

    A film that switches grain by grain gives a curve that is a random walk about its smooth mean, because each grain's
    field is drawn once: the curve between two readings is known to the walk's bridge, not to the noise of a reading.
    The variance of the walk is not known beforehand; each trial value counts with its restricted likelihood
    (Patterson and Thompson 1971; Cressie, Statistics for Spatial Data, section 3.4).

    Args:
        readings: From `decompose`.
        wander: (trials,): standard deviation of the walk over a unit of its clock.
    """
    trend, value, reach, aim = readings.trend, readings.value, readings.reach, readings.aim
    power = wander[:, None] ** 2
    total = power * np.maximum(readings.along, 0.0) + readings.noise**2
    weighted = trend.T / total[:, None, :]
    information = weighted @ trend
    spread = np.linalg.inv(information)
    beta = (spread @ (weighted @ value)[..., None])[..., 0]
    rest = value - beta @ trend.T
    pulled = rest / total
    mean = beta @ aim.T + power * (pulled @ reach)
    lack = aim.T - power[..., None] * (weighted @ reach)
    variance = power * readings.own - power**2 * (1 / total @ reach**2)
    variance += np.einsum("sat,sab,sbt->st", lack, spread, lack)
    gain = power[..., None] * reach / total[..., None] + np.einsum("san,sab,sbt->snt", weighted, spread, lack)
    noise = readings.noise**2 * np.sum(gain**2, axis=1)
    likelihood = -0.5 * (np.sum(np.log(total), 1) + np.linalg.slogdet(information)[1] + np.sum(rest * pulled, 1))
    return Kriging(mean, np.maximum(variance, 0.0), noise, beta @ _derivative(aim, readings.span).T, likelihood)


def _derivative(vander: FloatArray, span: float) -> FloatArray:
    degrees = np.arange(vander.shape[1])
    lower = np.concatenate([np.zeros((len(vander), 1)), vander[:, :-1]], axis=1)
    return lower * degrees / span


def _walk_covariance(
    first: FloatArray, second: FloatArray, first_weights: FloatArray, second_weights: FloatArray, start: float
) -> FloatArray:
    """Covariance of weighted parts of a Wiener process of unit rate: the smaller distance from the start."""
    smaller = np.minimum(first[:, None, :, None], second[None, :, None, :]) - start
    return np.einsum("ijab,a,b->ij", smaller, first_weights, second_weights)
