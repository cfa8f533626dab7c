"""What of a loop is not the film's: what does not come again when the field is reversed.

A film, of whatever layers, tails and reversible parts, answers the reversed field with the reversed Hall resistance:
the falling branch at H and the rising branch at -H add up to the same everywhere, but for the even part and an even
drift. A baseline that steps or wanders in time does not do so, unless it repeats itself with the loop. A layer whose
loop is shifted does not do so either, near its switches.
"""

from __future__ import annotations

import numpy as np

from labctl.analysis.branches import Loop

GROUPS = 16
"""Groups of neighbouring readings that the sum of both branches is looked at in."""
FEWEST = 3
"""Readings in a group, at least."""
FAR = 3.5
"""Standard errors by which a group's median must be off the smooth course of the sum; by chance one in two thousand is,
and three of sixteen in one loop of ten million."""
SEVERAL = 3
"""Groups that must be off: a switch that scatters from branch to branch puts one or two there, a baseline more."""
MEDIAN = 1.2533
"""Standard error of a median over that of a mean."""


def is_lopsided(loop: Loop) -> bool:
    """Whether more goes on in a loop than reverses with the field, beside an even part and an even drift.

    False also where there are too few readings to tell.
    """
    down, up = loop.down.rows, loop.up.rows
    order = np.argsort(-up.field, kind="stable")
    mirrored, field = -up.field[order], down.field
    inside = (field >= mirrored[0]) & (field <= mirrored[-1])
    total = (down.hall + np.interp(field, mirrored, up.hall[order]))[inside]
    places = field[inside]
    order = np.argsort(places, kind="stable")
    places, total = places[order], total[order]
    size = len(total) // GROUPS
    if size < FEWEST:
        return False
    count = size * GROUPS
    groups, where = total[:count].reshape(GROUPS, size), places[:count].reshape(GROUPS, size).mean(axis=1)
    medians = np.median(groups, axis=1)
    single = np.median(np.abs(groups - medians[:, None]), axis=1) / 0.6745
    noise = float(np.median(single))
    design = np.stack([np.ones(GROUPS), where, where**2], axis=1)
    weights, rest = np.ones(GROUPS), np.zeros(GROUPS)
    for _ in range(10):  # without what is far off, which is what is sought
        fit = np.linalg.lstsq(design * weights[:, None], medians * weights, rcond=None)[0]
        rest = medians - design @ fit
        scale = 1.4826 * float(np.median(np.abs(rest))) + 1e-300
        weights = 1.0 / np.maximum(1.0, np.abs(rest) / (2 * scale))
    error = MEDIAN * noise * np.sqrt(2.0 / size)
    return int(np.sum(np.abs(rest) > FAR * error)) >= SEVERAL
