"""The low-pass filter of a lock-in amplifier: up to four equal poles in a row, worked out in closed form.

Each pole follows the one before it, dz_k/dt = (z_{k-1} - z_k)/tau. For an input u exp(i d t) the answer is what remains
of the state at the beginning, polynomials in t/tau times exp(-t/tau), and the oscillation itself, which the k-th pole
passes on as u/(1 + i d tau)^k. The noise at the input is white, so that the poles' noise is Gaussian at any moment and
its covariance after a step is known exactly.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

POLES = 4

State = tuple[complex, ...]
"""What each pole holds, in V rms: the real part in phase with the reference, the imaginary part in quadrature."""

REST: State = (0j,) * POLES

NOISE_BANDWIDTHS = (1 / 4, 1 / 8, 3 / 32, 5 / 64)
"""Equivalent noise bandwidth times the time constant behind each of the poles."""

_NEGLIGIBLE = 40.0  # time constants after which nothing is left of a state, in double precision


def relaxed(state: State, turns: float) -> State:
    """Return what is left of a state after so many time constants without input."""
    if turns >= _NEGLIGIBLE:
        return REST
    decay = math.exp(-turns)
    powers = [decay * turns**order / math.factorial(order) for order in range(POLES)]
    return tuple(
        sum((powers[order] * state[pole - order] for order in range(pole + 1)), start=0j) for pole in range(POLES)
    )


def followed(state: State, terms: Iterable[tuple[complex, float]], duration: float, tau: float) -> State:
    """Return the state after a time in which the input was a sum of oscillations.

    Args:
        state: At the beginning.
        terms: Each one's value at the beginning in V rms, and its rate in rad/s.
        duration: s.
        tau: Time constant in s.
    """
    rest = list(state)
    forced = [0j] * POLES
    for value, rate in terms:
        passed, turned = value, cmath.exp(1j * rate * duration)
        for pole in range(POLES):
            passed /= 1.0 + 1j * rate * tau
            rest[pole] -= passed
            forced[pole] += passed * turned
    left = relaxed(tuple(rest), duration / tau)
    return tuple(one + other for one, other in zip(left, forced, strict=True))


@lru_cache(maxsize=64)
def noise_factor(turns: float) -> NDArray[np.float64]:
    """Return what turns four standard normal numbers into the noise that the poles gather in so many time constants.

    For white noise of the density 1 V/sqrt(Hz) at the input and a time constant of 1 s; it goes with 1/sqrt(tau).
    """
    covariance = np.empty((POLES, POLES))
    for one in range(POLES):
        for other in range(POLES):
            order = one + other
            weight = math.comb(order, one) / 2.0 ** (order + 1)  # of the integral of v^order exp(-2 v)/(one! other!)
            covariance[one, other] = 0.5 * weight * _gathered(order, 2.0 * turns)
    return np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)


def _gathered(order: int, reach: float) -> float:
    """Return the part of the integral of x^order exp(-x) that lies below a reach, without cancellation."""
    if reach > 60.0:
        return 1.0
    term = math.exp(-reach) * reach ** (order + 1) / math.factorial(order + 1)
    total, index = 0.0, order + 1
    while term > 1e-18 * total:
        total += term
        index += 1
        term *= reach / index
    return total
