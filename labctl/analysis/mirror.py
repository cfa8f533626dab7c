"""What of a loop is not the film's: what does not come again when the field is reversed.

A film, of whatever layers, tails and reversible parts, answers the reversed field with the reversed Hall resistance:
the falling branch at H and the rising branch at -H add up to the same everywhere, but for the even part and an even
drift. A baseline that steps or wanders in time does not do so, unless it repeats itself with the loop; `repeating`
tells that from a film. A layer whose loop is shifted does not do so between its switch on the one branch and the mirror
image of that on the other, and does everywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from labctl.analysis.branches import Loop
from labctl.analysis.readings import BoolArray, FloatArray

GROUPS = 16
"""Groups of neighbouring readings that the sum of both branches is looked at in."""
FEWEST = 3
"""Readings in a group, at least."""
FAR = 3.5
"""Standard errors by which a group's median must be off the smooth course of the sum; by chance one in two thousand is,
and three of sixteen in one loop of ten million."""
SEVERAL = 3
"""Groups that must be off: a switch that scatters from branch to branch puts one or two there, a baseline more."""
DISTINCT = 1e-6
"""Product of the three distances of groups, each over the span of the field, from which they tell a parabola."""
STRETCHES = 2
"""Stretches of the field in which layers with shifted loops, and what is even only near the switch, may be off."""
MOST = 0.5
"""Part of the groups that may be off so; where it is more, nothing tells how the rest would go."""
MEDIAN = 1.2533
"""Standard error of a median over that of a mean."""


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What a loop shows beside its own mirror image.

    Attributes:
        lopsided: More goes on in it than reverses with the field, beside an even part and an even drift. False also
            where there are too few readings to tell, and where all of it is what layers with shifted loops do.
        off: Stretches within the loop, lowest and highest field of the falling branch in T, in which the sum is off its
            course; on the rising branch they lie at opposite fields.
    """

    lopsided: bool
    off: tuple[tuple[float, float], ...]


def mirror_of(loop: Loop) -> Mirrored:
    """Compare a loop with its mirror image."""
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
        return Mirrored(lopsided=False, off=())
    count = size * GROUPS
    groups, where = total[:count].reshape(GROUPS, size), places[:count].reshape(GROUPS, size).mean(axis=1)
    medians = np.median(groups, axis=1)
    single = np.median(np.abs(groups - medians[:, None]), axis=1) / 0.6745
    noise = float(np.median(single))
    # A made-up curve without noise still has the arithmetic's.
    limit = FAR * MEDIAN * noise * float(np.sqrt(2.0 / size)) + 1e-9 * float(np.max(np.abs(medians)))
    off = np.abs(_beside_most(where, medians, limit)) > limit
    return Mirrored(int(np.sum(off)) >= SEVERAL and not _comes_back(off), _stretches(where, off))


def _stretches(where: FloatArray, off: BoolArray) -> tuple[tuple[float, float], ...]:
    """Fields of the groups that are off and of their neighbours, whose median stays if less than half of one is off.

    None where the sum is off up to the largest field: no layer does that.
    """
    if off[0] or off[-1]:
        return ()
    edges = [-np.inf, *((where[1:] + where[:-1]) / 2).tolist(), np.inf]
    return tuple((edges[max(group - 1, 0)], edges[min(group + 2, GROUPS)]) for group in np.flatnonzero(off).tolist())


def _beside_most(where: FloatArray, medians: FloatArray, limit: float) -> FloatArray:
    """How far each group is off the parabola that passes within the limit of as many of them as any does, ohm.

    What is far off is what is sought, and may be half of the groups: a least-squares fit would follow it.
    """
    place = (where - np.mean(where)) / (float(np.ptp(where)) or 1.0)
    design = np.stack([np.ones(GROUPS), place, place**2], axis=1)
    threes = np.array(list(combinations(range(GROUPS), 3)))
    threes = threes[np.abs(np.linalg.det(design[threes])) > DISTINCT]
    if not len(threes):
        return np.zeros(GROUPS)
    trials = np.linalg.solve(design[threes], medians[threes][..., None])[..., 0] @ design.T
    away = np.minimum(np.abs(medians - trials), limit)
    near = np.abs(medians - trials[int(np.argmin(np.sum(away, axis=1)))]) < limit
    fit = np.linalg.lstsq(design[near], medians[near], rcond=None)[0]
    return medians - design @ fit


def _comes_back(off: BoolArray) -> bool:
    """Whether the sum is off in one or two stretches within the loop only, and comes back to one course after each."""
    begins = int(np.sum(np.diff(off.astype(int), prepend=0) == 1))
    return begins <= STRETCHES and not off[0] and not off[-1] and float(np.mean(off)) <= MOST
