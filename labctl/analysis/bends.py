"""How far the ends of a loop may bend: what that would do to an amplitude extrapolated from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labctl.analysis.branches import Loop
from labctl.analysis.ends import SIGNIFICANT, End, ends_of
from labctl.analysis.fits import linear_fit
from labctl.analysis.readings import FloatArray

FEWEST = 6
"""Points of an end from which it may tell that it bends."""
LONGER = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Outer parts of the half span over which a branch that comes from saturation may be straight."""


def odd_bend(ends: Sequence[End], residuals: Sequence[FloatArray], sigma: float) -> tuple[float, float]:
    """What a bend of both ends in opposite senses does to an amplitude extrapolated from them, and its error, ohm.

    A saturating curve bends so, a parabola below the loop does not. A bend by c over an end of width w changes the
    slope there by c / w, and the lines meet zero field c x distance / w higher or lower.

    Args:
        ends: Ends of the branches.
        residuals: What the lines through them leave over, ohm, each as long as its end.
        sigma: Noise of a reading, ohm.
    """
    if any(len(end.rows) < FEWEST for end in ends):
        return 0.0, float("inf")
    bends = [_curvature(end, residual, sigma) for end, residual in zip(ends, residuals, strict=True)]
    levers = [_lever(end) * end.sign * _width(end) ** 2 / len(ends) for end in ends]
    total = sum(lever * bend for lever, (bend, _) in zip(levers, bends, strict=True))
    square = sum((lever * error) ** 2 for lever, (_, error) in zip(levers, bends, strict=True))
    return abs(total), float(np.sqrt(square))


def bend_of_longer(loop: Loop, ends: Sequence[End], sigma: float) -> float:
    """The most that the ends may bend by what the branches show that leave them, as an error of the amplitude, ohm.

    A curve that approaches saturation bends the less, the further out: its mean curvature over a stretch that reaches
    further in bounds that of the end, and a longer stretch tells it better. Stretches count until one bends so clearly
    that the switch may have begun.

    Args:
        loop: The raw branches.
        ends: The ends whose lines are extrapolated.
        sigma: Noise of a reading, ohm.
    """
    leaving = [end for end in ends if end.leaving]
    levers = {end.sign: _lever(end) * end.sign * _width(end) ** 2 / len(leaving) for end in leaving}
    least = float("inf")
    for part in LONGER:
        longer = [end for end in ends_of(loop, part, part) if end.leaving]
        if any(len(end.rows) < FEWEST for end in longer):
            continue
        bends = [(levers[end.sign], _curvature(end, end.hall, sigma)) for end in longer]
        total = abs(sum(lever * bend for lever, (bend, _) in bends))
        error = float(np.sqrt(sum((lever * error) ** 2 for lever, (_, error) in bends)))
        if total > SIGNIFICANT * error:
            break
        least = min(least, float(np.hypot(total, error)))
    return least


def _curvature(end: End, hall: FloatArray, sigma: float) -> tuple[float, float]:
    """Coefficient of the field's square over an end and its uncertainty, ohm/T^2."""
    width = _width(end)
    outward = end.sign * (end.field - np.mean(end.field)) / width
    design = np.stack([np.ones(len(outward)), outward, outward**2], axis=1)
    bend, error = linear_fit(design, hall, sigma).combine(np.array([0.0, 0.0, 1.0]))
    return bend / width**2, error / width**2


def _width(end: End) -> float:
    return float(np.ptp(end.field)) or 1.0


def _lever(end: End) -> float:
    """How far zero field is from an end, in widths of it."""
    reach = np.abs(end.field - float(np.median(end.field)))
    return (abs(float(np.mean(end.field))) + float(np.mean(reach))) / _width(end)
