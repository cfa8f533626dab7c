"""What the Hall voltage has of the field's square: planar Hall effect and magnetoresistance of misplaced contacts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from labctl.analysis.branches import Branch, Loop
from labctl.analysis.drift import closure
from labctl.analysis.ends import AGREE, SIGNIFICANT
from labctl.analysis.parity import Parity
from labctl.analysis.plateaus import MOST_BENT, Plateaus, find_plateaus
from labctl.analysis.result import short_text

MATTERS = 0.02
"""Part of the amplitude by which a curved background must move the curve to be taken out."""
PARTS = 4
"""Stretches of the saturated field in which the even part is compared with itself."""


def without_parabola(loop: Loop, plateaus: Plateaus) -> tuple[Loop, Plateaus, str | None]:
    """The loop without a background that goes with the field's square, and a sentence about it.

    A slope of the ends against the field's magnitude shows it. It does not enter the amplitude, which is odd in field,
    but between the ends the middle of the loop lies elsewhere than the lines through them say.
    """
    slope, error = plateaus.even_slope
    largest = max(abs(loop.low), abs(loop.high))
    if abs(slope) <= SIGNIFICANT * error:
        return loop, plateaus, None
    ends = np.abs(np.concatenate([end.field for end in plateaus.ends]))
    distance = float(np.mean(ends))
    height_at_ends = float(np.mean(ends**2)) / (2 * distance)  # of a parabola whose slope there is one
    if abs(slope) * largest / 2 <= MATTERS * abs(plateaus.amplitude[0]):
        return loop, replace(plateaus, even_open=abs(slope) * height_at_ends), None
    curve = slope / 2 / distance
    bare = Loop(_lowered(loop.down, curve), _lowered(loop.up, curve))
    mended = find_plateaus(bare)
    if isinstance(mended, str) or mended.why_not is not None:
        return loop, plateaus, None
    height = short_text(abs(curve) * largest**2, "ohm")
    note = f"a background that goes with the field's square, {height} at the ends, was taken out"
    # The offset is that at zero field, to which the ends are now extrapolated.
    left_open = float(np.linalg.norm(mended.even_slope)) * height_at_ends
    kept = replace(
        mended,
        even_open=left_open,
        doubt=plateaus.doubt,
        slope_open=plateaus.slope_open,
        unresolved=max(mended.unresolved, plateaus.unresolved),
    )
    return bare, kept, note


def with_uneven_drift(loop: Loop, plateaus: Plateaus) -> Plateaus:
    """The plateaus, with the slope as uncertain as a drift that is not even leaves it.

    A baseline that bends in time about the middle of the loop is, in both branches alike, a slope and a background that
    goes with the field's square, equally steep at the ends. Where the loop fails to close the baseline does drift; then
    the slope is open by as much as that background shows.
    """
    gap, gap_error = closure(loop, plateaus)
    slope, error = plateaus.even_slope
    if plateaus.left or abs(gap) <= SIGNIFICANT * gap_error or abs(slope) <= AGREE * error:
        return plateaus
    return replace(plateaus, slope_open=abs(slope))


def _lowered(branch: Branch, curve: float) -> Branch:
    rows = branch.rows
    return replace(branch, rows=replace(rows, hall=rows.hall - curve * rows.field**2))


def unevenness(parity: Parity, outer: float) -> float:
    """How much the even part changes where both branches are saturated, ohm: what a level in between may be off by.

    Args:
        parity: Even part.
        outer: T, field magnitude beyond which both branches are saturated.
    """
    away = np.abs(parity.field)
    use = away >= outer
    if np.sum(use) < 2 * PARTS:
        return 0.0
    order = np.argsort(away[use])
    parts = np.array_split(parity.even[use][order], PARTS)
    means = np.array([float(np.mean(part)) for part in parts])
    error = parity.noise / float(np.sqrt(min(len(part) for part in parts)))
    change = float(np.ptp(means))
    return change if change > SIGNIFICANT * error else 0.0


def unstraight(plateaus: Plateaus) -> float:
    """Error of a branch's middle from a baseline that is not straight in time, ohm.

    Each branch's own lines take up a linear drift; if their amplitudes still disagree, what moved them is unknown.
    """
    (down, down_error), (up, up_error) = plateaus.down.amplitude, plateaus.up.amplitude
    disagreement = abs(down - up)
    return disagreement / 2 if disagreement > 3 * float(np.hypot(down_error, up_error)) else 0.0


def bend_of_levels(plateaus: Plateaus) -> float:
    """Error of a half-way level from ends that may bend much, ohm.

    A film whose ends bend keeps its middle; a baseline that does so moves it. Where noise hides a bend that would be
    refused if it were seen, nothing shows that it is the film's.
    """
    return plateaus.bend if plateaus.bend > MOST_BENT * 2 * abs(plateaus.amplitude[0]) else 0.0
