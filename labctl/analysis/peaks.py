"""What is even in the field and shows only while the film switches: peaks of the planar Hall effect, mostly.

A film whose domains lie in the plane on their way gives a planar Hall voltage at each switch, the same at both. It
raises or lowers the curve just where the half-way field is read, on both branches alike, and moves both switching
fields to the same side: what comes out looks like a shifted loop. A shifted loop is, about its own middle, the mirror
image of itself; a loop with such peaks is not, wherever that middle is put.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import chdtrc

from labctl.analysis.branches import Branch, Loop
from labctl.analysis.plateaus import BranchLine, Plateaus
from labctl.analysis.readings import FloatArray
from labctl.analysis.result import short_text
from labctl.analysis.switching import Crossing

REACH = 1.5
"""10-90 % widths on either side of the half-way field within which the branches are compared."""
FEWEST, FEWEST_GROUPS = 3, 4
"""Readings of a group, and groups, at least."""
GROUPS = 16
"""Groups that are compared, at most."""
SHIFTED = 3.0
"""Standard errors by which a loop must seem shifted; where it does not, nothing has moved its crossings much."""
SURE = 1e-3
"""Probability by chance below which a loop that seems shifted is believed not to be the mirror image of itself."""


def with_peaks(
    loop: Loop, plateaus: Plateaus, both: tuple[Crossing, Crossing], width: float, said: dict[str, str]
) -> tuple[Crossing, Crossing]:
    """The crossings, as uncertain as a part of the curve that is even in the field leaves them.

    Where there is such a part it may have moved both crossings by as much as the loop seems shifted.

    Args:
        loop: The raw branches.
        plateaus: Their plateaus.
        both: Their crossings.
        width: 10-90 % width of the switching, T.
        said: Notes by branch, to which is added what was found.
    """
    down, up = both
    seeming, error = (down.field + up.field) / 2, float(np.hypot(down.uncertainty, up.uncertainty)) / 2
    height = _height(loop, plateaus, both, REACH * width) if abs(seeming) > SHIFTED * error else None
    if height is None:
        return both
    found: list[Crossing] = []
    for crossing in both:
        moved = float(np.hypot(seeming, height / crossing.steepness))
        found.append(replace(crossing, uncertainty=float(np.hypot(crossing.uncertainty, moved))))
    size = short_text(height * abs(plateaus.amplitude[0]), "ohm")
    note = (
        f"while it switches the curve has a part of {size} or more that does not reverse with the field, like a planar "
        "Hall effect; the uncertainty counts what that may move"
    )
    for branch in (loop.down, loop.up):
        said[branch.direction] = "; ".join(filter(None, [said.get(branch.direction), note]))
    return found[0], found[1]


def _height(loop: Loop, plateaus: Plateaus, both: tuple[Crossing, Crossing], reach: float) -> float | None:
    """Largest even part near the switch about the loop's own middle, over the amplitude; None if it has none."""
    if any(crossing.sharp for crossing in both) or reach <= 0:
        return None
    down, up = (
        _course(branch, plateaus.line(branch), crossing)
        for branch, crossing in zip((loop.down, loop.up), both, strict=True)
    )
    near = (np.abs(down[0]) <= reach) & (down[0] >= up[0][0]) & (down[0] <= up[0][-1])
    places = down[0][near]
    count = min(GROUPS, len(places) // FEWEST)
    if count < FEWEST_GROUPS:
        return None
    # The falling branch is turned over: what it has in common with the rising one is even.
    turned = np.interp(places, *up)
    even, odd = (turned - down[1][near]) / 2, (turned + down[1][near]) / 2
    groups = np.array_split(np.arange(len(places)), count)
    means, course = (np.array([float(np.mean(part[group])) for group in groups]) for part in (even, odd))
    noise = plateaus.noise / abs(plateaus.amplitude[0])
    own = noise / np.sqrt(2 * np.array([len(group) for group in groups], dtype=np.float64))
    where = np.array([float(np.mean(places[group])) for group in groups])
    spread = np.diag(own**2 + _coarse(places, up, noise) ** 2) + _wander(where, course, both)
    distance = float(means @ np.linalg.solve(spread, means))
    return float(np.max(np.abs(means))) if chdtrc(count, distance) < SURE else None


def _course(branch: Branch, line: BranchLine, crossing: Crossing) -> tuple[FloatArray, FloatArray]:
    """Field beyond the crossing in the sense of the sweep, ascending, T; how far the branch has switched, -1 to 1."""
    sense = 1.0 if branch.direction == "up" else -1.0
    away = sense * (branch.rows.field - crossing.field)
    height = sense * (branch.rows.hall - line.level(branch.rows.field, 0.0)) / line.amplitude[0]
    order = np.argsort(away, kind="stable")
    return away[order], height[order]


def _coarse(places: FloatArray, course: tuple[FloatArray, FloatArray], noise: float) -> float:
    """What straight lines between readings miss of a curve, over the amplitude: an eighth of its second difference."""
    field, height = course
    near = (field >= places[0]) & (field <= places[-1])
    bends = np.abs(np.diff(height[near], n=2))
    return float(np.sqrt(max(0.0, np.mean(bends**2) - 6 * noise**2))) / 8 if len(bends) else 0.0


def _wander(where: FloatArray, course: FloatArray, both: tuple[Crossing, Crossing]) -> FloatArray:
    """Covariance of the groups' even parts from the crossings' own errors and from grains that make the curve wander.

    Counted from a crossing, at which both branches are put together, the number of n grains that have switched varies
    by its own root, and each moves a branch by two of n-th parts. The even part has half of what each branch does.
    """
    placed = sum((crossing.steepness * crossing.uncertainty) ** 2 for crossing in both) / 4
    grains = sum(1 / crossing.grains for crossing in both if crossing.grains)
    steep = 1 - np.clip(course, -1, 1) ** 2
    share = np.abs(np.clip(course, -1, 1)) / 2
    together = np.sign(where)[:, None] == np.sign(where)
    return placed * np.outer(steep, steep) + grains * np.where(together, np.minimum(share[:, None], share), 0.0)
