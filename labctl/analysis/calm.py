"""Which readings of a branch show the saturated film, and with it what the baseline does."""

from __future__ import annotations

import numpy as np

from labctl.analysis.branches import Branch, Loop
from labctl.analysis.ends import SIGNIFICANT
from labctl.analysis.plateaus import END, Plateaus
from labctl.analysis.readings import BoolArray, FloatArray
from labctl.analysis.switching import Crossing

AWAY = 3.0
"""10-90 % widths from the half-way field beyond which a branch counts as straight; there an error function and a
hyperbolic tangent lack less than 1e-4 of the amplitude."""
GROUPS = 360
"""Groups of neighbouring readings that a long loop is put together to; the work goes with the cube of their number."""
OPEN = 0.25
"""Part of the amplitude by which the branches are apart where a film of two layers has switched one of them."""
FEWEST = 4
"""Groups after the switch that a branch must have."""


def group_size(loop: Loop) -> int:
    """How many neighbouring readings make a group."""
    return -(-(len(loop.down.rows.field) + len(loop.up.rows.field)) // GROUPS)


def calm(
    loop: Loop, plateaus: Plateaus, branch: Branch, crossing: Crossing, width: float, size: int
) -> tuple[BoolArray, BoolArray]:
    """Rows of a branch before and after its switch at which it is straight."""
    sign = -1.0 if branch.direction == "down" else 1.0
    onwards = sign * (branch.rows.field - crossing.field)
    reach = AWAY * width + crossing.spacing
    end, closed = (loop.low, plateaus.closed[0]) if sign < 0 else (loop.high, plateaus.closed[1])
    begun = plateaus.inner[1] if sign < 0 else plateaus.inner[0]
    left, joined = sign * (begun - crossing.field), sign * (closed - crossing.field)
    # Where the film has a tail of grains that switch late, the arriving branch counts from where it has joined.
    late = abs(closed - end) < END * (loop.high - loop.low) / 2 * (1 - 1e-6)
    after = onwards >= (joined if late else min(reach, joined))
    after &= onwards > _opened(loop, branch, onwards, plateaus)
    if np.sum(after) < FEWEST * size:  # so late that a wander may have parted the ends
        after = onwards >= min(reach, joined)
    # The ends count in any case: a wander may make the switch look as wide as the loop.
    return onwards <= max(-reach, left), after


def _opened(loop: Loop, branch: Branch, onwards: FloatArray, plateaus: Plateaus) -> float:
    """How far beyond its middle a branch is still apart from the other one: there a part of the film has yet to switch.

    A wander parts the branches, too, but a little.
    """
    other = loop.up.rows if branch is loop.down else loop.down.rows
    order = np.argsort(other.field, kind="stable")
    apart = np.abs(branch.rows.hall - np.interp(branch.rows.field, other.field[order], other.hall[order]))
    limit = max(OPEN * abs(plateaus.amplitude[0]), 2 * SIGNIFICANT * plateaus.noise)
    return float(np.max(onwards[apart > limit], initial=-np.inf))


def grouped(values: FloatArray, size: int) -> FloatArray:
    """Means of so many neighbours each; what is left over at the end is left out."""
    whole = len(values) // size
    return values[: whole * size].reshape(whole, size).mean(axis=1)
