"""Noise of the readings at the ends of a loop, also where they are few, have few digits, or no noise at all."""

from __future__ import annotations

import numpy as np

from labctl.analysis.branches import Loop
from labctl.analysis.ends import End
from labctl.analysis.fits import linear_fit, white_noise
from labctl.analysis.readings import FloatArray

TELLING = 8
"""Points of an end from which they tell the noise; distances of readings that tell their last digit."""
WHOLE = 1e-3
"""Part of a digit by which readings may be off whole numbers of it, from the arithmetic."""


def end_noise(ends: tuple[End, ...], loop: Loop) -> float:
    """Point-to-point noise, ohm: of the ends, or of the whole branches where the ends have too few points to tell."""
    squares = [(len(end.rows) - 2, white_noise(end.time, end.hall) ** 2) for end in ends if len(end.rows) >= TELLING]
    if len(squares) < 4:
        rows = (loop.down.rows, loop.up.rows)
        squares = [(1, white_noise(branch.field, branch.hall) ** 2) for branch in rows]
    noise = float(np.sqrt(sum(n * square for n, square in squares) / sum(n for n, _ in squares)))
    # A made-up curve may have no noise at all, but its numbers still have a last digit.
    return max(noise, _resolution(loop) / float(np.sqrt(12)), 1e-12 * max(_size(end.hall) for end in ends))


def _size(values: FloatArray) -> float:
    return float(np.max(np.abs(values)))


def _resolution(loop: Loop) -> float:
    """Distance between neighbouring readings that were written with few digits, ohm; 0 where they were not."""
    hall = np.concatenate([loop.down.rows.hall, loop.up.rows.hall])
    values = np.unique(hall)
    distances = np.diff(values)
    distances = distances[distances > 1e-9 * _size(values)]  # the rest is the arithmetic's
    if not len(distances):
        return 0.0
    digit = float(np.min(distances))
    away = distances / digit
    # Many different readings may still all be whole numbers of one digit.
    whole = len(distances) >= TELLING and float(np.max(np.abs(away - np.round(away)))) < WHOLE
    return digit if whole or len(values) <= len(hall) / 2 else 0.0


def noise_of_few(design: FloatArray, hall: FloatArray) -> float:
    """Noise from what a few points at straight ends leave over, ohm; wide enough for so few of them."""
    freedom = len(hall) - design.shape[1]
    if freedom < 2:
        return float("inf")
    rest = linear_fit(design, hall).residual
    widened = 1 + 2.1 / freedom + 0.75 / freedom**2  # the 95 % point of Student's t over that of the normal curve
    return widened * float(np.sqrt(rest @ rest / freedom)) + 1e-12 * float(np.max(np.abs(hall)))


def unresolved(loop: Loop, noise: float) -> float:
    """Error of the amplitude from readings that were cut to few digits: no noise evens it out where there is none."""
    resolution = _resolution(loop)
    return resolution / float(np.sqrt(12)) if noise < resolution / 2 else 0.0
