"""How coarse the way of a film from one state to the other is: which part of it jumps at once, told from one branch.

A film of grains that jump at random goes its way unevenly: the part that goes between two pulses scatters about what a
smooth course has there, with a variance of that part times the lump, the part of the film that one jump takes. The
smooth course is the normal distribution of a polynomial of the current, which is fitted.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]

TAIL = 0.005
"""Part of the way at its beginning and at its end that is left out: there the ends' own noise counts."""
DEGREES = {4: 2, 6: 3}
"""Degree of the polynomial from so many steps on the way on; fewer tell nothing."""
ROUNDS = 4
"""Of the fit."""
FREE = 2
"""Degrees of freedom without which nothing is told of the lump."""


def lump_of(branches: Sequence[tuple[Array, float]]) -> float | None:
    """Return the part of the film that jumps at once; None where too few pulses lie on the way to tell.

    What a fixed film has of unevenness that comes back with every loop counts as well, so that this is the most that
    its loops may scatter by.

    Args:
        branches: Of each the part of its way that is gone after each pulse, from 0 to 1, and the noise of that.
    """
    squares, way, count, free = 0.0, 0.0, 0, 0
    for gone, noise in branches:
        expected, found, degree = _steps(gone)
        squares += float(np.sum((found - expected) ** 2)) - 2.0 * noise**2 * found.size
        way += float(found.sum())
        count, free = count + found.size, free + found.size - degree - 1
    if free < FREE or way <= 0.0:
        return None
    return min(1.0, max(0.0, squares / way) * count / free)


def _steps(gone: Array) -> tuple[Array, Array, int]:
    """Return what goes between the pulses on the way by a smooth course, what was found to, and the course's degree."""
    within = np.flatnonzero((gone > TAIL) & (gone < 1.0 - TAIL))
    steps = int(within[-1] - within[0]) if within.size else 0
    if steps < min(DEGREES):
        return np.zeros(0), np.zeros(0), -1
    degree = max(degree for least, degree in DEGREES.items() if steps >= least)
    part = np.clip(gone[within[0] : within[-1] + 1], TAIL, 1.0 - TAIL)
    height = ndtri(part)
    powers = np.vander(np.linspace(-1.0, 1.0, part.size), degree + 1)
    weight = np.exp(-0.5 * height**2) / np.sqrt(part * (1.0 - part))
    course = np.linalg.lstsq(weight[:, None] * powers, weight * height)[0]
    found = np.diff(part)
    even = 1.0 / np.sqrt(np.maximum(found, TAIL))
    best, least = found, np.inf
    for _ in range(ROUNDS):  # neighbouring parts share their jumps, what goes between them does not: fit that
        height = powers @ course
        smooth = np.diff(ndtr(height))
        if (misfit := float(np.sum((even * (found - smooth)) ** 2))) < least:
            best, least = smooth, misfit
        slopes = np.diff(np.exp(-0.5 * height**2)[:, None] * powers, axis=0) / np.sqrt(2.0 * np.pi)
        course = course + np.linalg.lstsq(even[:, None] * slopes, even * (found - smooth))[0]
    return best, found, degree
