"""A sigmoid through single trials: y = 1/(1 + exp(-(x - x0)/k)), whose y may be any part between nothing and all.

The parameters maximise the logistic (quasi-)likelihood sum of y ln p + (1 - y) ln(1 - p), whose equations hold as well
where y is a part of a film that has switched, with noise, and not a yes or a no (Papke and Wooldridge, J. Appl.
Econometrics 11, 619 (1996)). How y scatters about p is not assumed: the covariance is that of the residuals themselves
("sandwich").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_MOST = 200
_ARRIVED = 1e-12
FEWEST = 4
"""Trials, and distinct inputs among them, that two parameters and their errors are told from."""


@dataclass(frozen=True, slots=True)
class Sigmoid:
    """A fitted sigmoid.

    Attributes:
        middle: x0, in the unit of x.
        slope: k, in the unit of x; negative where y falls.
        covariance: Of both, 2 x 2.
    """

    middle: float
    slope: float
    covariance: Array

    def __call__(self, x: Array) -> Array:
        """Return y at x."""
        return _logistic((np.asarray(x, float) - self.middle) / self.slope)


def fitted(x: Array, y: Array) -> Sigmoid | None:
    """Fit a sigmoid to single trials.

    Args:
        x: Inputs, one a trial.
        y: Parts between 0 and 1, with noise.

    Returns:
        The fit; None where there are too few trials, or no course from nothing to all that would have a slope: a step
        between two neighbouring inputs is as steep as one likes.
    """
    if len(x) < FEWEST or len(np.unique(x)) < FEWEST:
        return None
    centre, scale = float(np.mean(x)), float(np.ptp(x))
    design = np.stack([np.ones(len(x)), (x - centre) / scale], axis=1)
    beta = _climbed(design, y)
    if beta is None or beta[1] == 0.0:
        return None
    p = _logistic(design @ beta)
    information = design.T @ (design * (p * (1.0 - p))[:, None])
    inverse = np.linalg.inv(information)
    # what a trial has drawn the curve to itself by is not to be taken for smallness of its scatter (HC3)
    leverage = p * (1.0 - p) * np.einsum("ij,jk,ik->i", design, inverse, design)
    scatter = (y - p) / np.maximum(1.0 - leverage, 0.1)
    spread = inverse @ (design.T @ (design * (scatter**2)[:, None])) @ inverse
    # x0 = centre - scale a/b, k = scale/b
    a, b = float(beta[0]), float(beta[1])
    turn = scale * np.array([[-1.0 / b, a / b**2], [0.0, -1.0 / b**2]])
    return Sigmoid(centre - scale * a / b, scale / b, turn @ spread @ turn.T)


def _climbed(design: Array, y: Array) -> Array | None:
    """Return the maximum by Newton's method; None where it runs away."""
    beta = np.zeros(2)
    for _ in range(_MOST):
        p = _logistic(design @ beta)
        information = design.T @ (design * (p * (1.0 - p))[:, None])
        if np.linalg.cond(information) > 1e12:
            return None
        step = np.linalg.solve(information, design.T @ (y - p))
        largest = float(np.max(np.abs(step)))
        beta = beta + step * min(1.0, 3.0 / largest if largest else 1.0)
        if largest < _ARRIVED * (1.0 + float(np.max(np.abs(beta)))):
            return beta
    return None


def _logistic(z: Array) -> Array:
    return 0.5 * (1.0 + np.tanh(0.5 * z))
