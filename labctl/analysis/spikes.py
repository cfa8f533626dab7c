"""Single readings that have nothing to do with their neighbours: a relay, a telephone, a lost digit."""

from __future__ import annotations

import numpy as np

from labctl.analysis.fits import white_noise
from labctl.analysis.readings import BoolArray, FloatArray

FEWEST = 20
"""Readings below which one of them cannot be called strange."""
AROUND = 3
"""Neighbours on either side that a reading is compared with."""
NOISES, RANGES, SPREADS = 8.0, 2.0, 0.02
"""A wild reading lies beyond all its neighbours but one by so many standard deviations of the noise, and by so many
times what these differ among themselves (a cusp lies beyond them by once that), and by this part of the whole curve."""
MOST = 0.05
"""Part of the readings that may be wild; where more are, it is the measurement that is."""


def wild(values: FloatArray) -> BoolArray:
    """Which readings are wild; a switch, however sharp, is none, because the curve stays where it has gone.

    Args:
        values: In the order of measurement.
    """
    found = np.zeros(len(values), dtype=np.bool_)
    for _ in range(2):  # a second time for what stood beside another one
        rest = np.flatnonzero(~found)
        if len(rest) < FEWEST:
            break
        more = _wild_among(values[rest])
        found[rest[more]] = True
        if not np.any(more):
            break
    return found if np.sum(found) <= MOST * len(values) else np.zeros(len(values), dtype=np.bool_)


def _wild_among(values: FloatArray) -> BoolArray:
    count, width = len(values), 2 * AROUND + 1
    starts = np.clip(np.arange(count) - AROUND, 0, count - width)
    windows = values[starts[:, None] + np.arange(width)]
    own = (np.arange(count) - starts)[:, None]
    others = np.sort(windows[np.arange(width)[None, :] != own].reshape(count, width - 1), axis=1)
    # Of the neighbours one may be as wild.
    without_last = others[:, -2] - others[:, 0] <= others[:, -1] - others[:, 1]
    low = np.where(without_last, others[:, 0], others[:, 1])
    high = np.where(without_last, others[:, -2], others[:, -1])
    beyond = np.maximum(np.maximum(values - high, low - values), 0.0)
    noise = white_noise(np.arange(count, dtype=np.float64), values)
    bottom, top = np.percentile(values, [5, 95])
    return np.asarray(
        beyond > np.maximum(np.maximum(NOISES * noise, SPREADS * (top - bottom)), RANGES * (high - low)), dtype=np.bool_
    )
