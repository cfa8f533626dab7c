"""Where the branches of a loop pass half way: also where noise hides it, and where there is no one such place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from labctl.analysis.branches import Branch, Loop
from labctl.analysis.noisy import BURIED, buried_switch
from labctl.analysis.plateaus import Plateaus
from labctl.analysis.switching import Crossing, crossings

FLAT = 0.1
"""Part of the amplitude about the middle within which a curve passes half way."""
STEEP = 0.375
"""Part of the 10-90 % width that a curve may take for that: three times what a straight one takes."""


def is_buried(plateaus: Plateaus) -> bool:
    """Whether a single reading does not say on which side of the switch it was taken."""
    return plateaus.noise > BURIED * abs(plateaus.amplitude[0])


def middles(loop: Loop, plateaus: Plateaus) -> tuple[Crossing, Crossing] | str:
    """50 % crossings of the falling and the rising branch; why there are none where noise hides them."""
    both = crossings(loop, plateaus)
    if not is_buried(plateaus):
        return both
    found: list[Crossing] = []
    for branch, crossing in zip((loop.down, loop.up), both, strict=True):
        switch = buried_switch(branch, plateaus.line(branch), plateaus.noise)
        if switch is None:
            return "not saturated: the switch cannot be found in the noise"
        steepness = float(np.sqrt(2 / np.pi)) / switch.width
        buried = replace(
            crossing,
            field=switch.field,
            uncertainty=switch.uncertainty,
            sharp=False,
            slope=steepness * plateaus.line(branch).amplitude[0],
            row=int(np.argmin(np.abs(branch.rows.field - switch.field))),
            steepness=steepness,
            grains=None,
        )
        found.append(buried)
    return found[0], found[1]


def where_flat(
    loop: Loop, plateaus: Plateaus, both: tuple[Crossing, Crossing], width: float
) -> tuple[tuple[Crossing, Crossing], dict[str, str]]:
    """The crossings, in the middle of where a branch stays half way and as uncertain as that is wide; notes by branch.

    A film whose one half switches long before the other has no coercive field of its own in between.

    Args:
        loop: The raw branches.
        plateaus: Their plateaus.
        both: Their crossings.
        width: 10-90 % width, T.
    """
    found: list[Crossing] = []
    said: dict[str, str] = {}
    for branch, crossing in zip((loop.down, loop.up), both, strict=True):
        flat = _flat_middle(branch, plateaus, width)
        if flat is None:
            found.append(crossing)
            continue
        low, high = flat
        error = float(np.hypot(crossing.uncertainty, (high - low) / 2))
        found.append(replace(crossing, field=(low + high) / 2, uncertainty=error, grains=None))
        edges = f"{1e3 * low:.4g} to {1e3 * high:.4g} mT"
        said[branch.direction] = f"the curve stays half way from {edges}: the film switches in two steps"
    return (found[0], found[1]), said


def _flat_middle(branch: Branch, plateaus: Plateaus, width: float) -> tuple[float, float] | None:
    """Fields between which a branch stays half way, T; None if it passes there as steeply as elsewhere."""
    line, rows = plateaus.line(branch), branch.rows
    if plateaus.noise > FLAT / 4 * abs(line.amplitude[0]):
        return None
    height = (rows.hall - line.level(rows.field, 0.0)) / abs(line.amplitude[0])
    fields = rows.field[np.abs(height) < FLAT]
    if len(fields) < 3 or float(np.ptp(fields)) <= STEEP * width:
        return None
    return float(np.min(fields)), float(np.max(fields))
