"""Least squares of readings that hang together, for all trial strengths of what they have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np

from labctl.analysis.readings import FloatArray

Course: TypeAlias = Callable[[FloatArray, FloatArray], FloatArray]
"""Covariance of a random function of unit strength between two sets of places."""
STRENGTHS = np.concatenate([[0.0], np.geomspace(1e-2, 1e8, 31)])
"""Trial variances of what is common over that of a reading's noise."""


@dataclass(frozen=True, slots=True)
class Trials:
    """Fits in the axes of the common part's covariance, in which it is diagonal; the first index is the trial.

    Attributes:
        along: (points,): the covariance along its axes, for a unit strength.
        axes: (points, points): these axes, in columns.
        design: (points, parameters): the design along them.
        total: (trials, points): variance over that of a reading's noise.
        weighted: (trials, parameters, points): the design over it.
        spread: (trials, parameters, parameters): covariance of the parameters over the variance of the noise.
        parameters: (trials, parameters).
        rest: (trials, points): what the parameters leave over.
        variance: (trials,): of a reading's noise, taken from the readings themselves.
        likelihood: (trials,): restricted log-likelihood, but for a constant of readings and design.
    """

    along: FloatArray
    axes: FloatArray
    design: FloatArray
    total: FloatArray
    weighted: FloatArray
    spread: FloatArray
    parameters: FloatArray
    rest: FloatArray
    variance: FloatArray
    likelihood: FloatArray


def in_all_strengths(design: FloatArray, values: FloatArray, covariance: FloatArray) -> Trials:
    """Fit `design @ parameters = values` beside a random function of the covariance in all strengths, and noise."""
    along, axes = np.linalg.eigh(covariance)
    along = np.maximum(along, 0.0)
    design, values = axes.T @ design, axes.T @ values
    total = 1 + STRENGTHS[:, None] * along
    weighted = design.T / total[:, None, :]
    information = weighted @ design
    spread = np.asarray(np.linalg.inv(information), dtype=np.float64)
    parameters = (spread @ (weighted @ values)[..., None])[..., 0]
    rest = values - parameters @ design.T
    freedom = len(values) - design.shape[1]
    variance = np.maximum(np.sum(rest**2 / total, axis=1) / freedom, 1e-300)
    misfit = freedom * np.log(variance) + np.sum(np.log(total), axis=1) + np.linalg.slogdet(information)[1]
    return Trials(along, axes, design, total, weighted, spread, parameters, rest, variance, -0.5 * misfit)


def random_walk(first: FloatArray, second: FloatArray) -> FloatArray:
    """Covariance, between two sets of places, of a random walk of unit strength that begins at zero."""
    return np.asarray(np.minimum(first[:, None], second[None, :]), dtype=np.float64)


def smooth_walk(first: FloatArray, second: FloatArray) -> FloatArray:
    """The same of the integral of a random walk."""
    a, b = first[:, None], second[None, :]
    low, high = np.minimum(a, b), np.maximum(a, b)
    return np.asarray(low**2 * (3 * high - low) / 2, dtype=np.float64)


def smooth(first: FloatArray, second: FloatArray, length: float) -> FloatArray:
    """The same of a smooth random function that hangs together over a length."""
    return np.asarray(np.exp(-(((first[:, None] - second[None, :]) / length) ** 2) / 2), dtype=np.float64)


def courses(lengths: tuple[float, ...]) -> list[Course]:
    """Kinds of random function: a walk, its integral, and a smooth one of each length."""
    return [random_walk, smooth_walk, *(partial(smooth, length=length) for length in lengths)]
