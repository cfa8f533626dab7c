"""What the Hall voltage has of the field's square: planar Hall effect and magnetoresistance of misplaced contacts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from labctl.analysis.branches import Branch, Loop
from labctl.analysis.ends import SIGNIFICANT
from labctl.analysis.parity import Parity
from labctl.analysis.plateaus import Plateaus, find_plateaus
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
    if abs(slope) <= SIGNIFICANT * error or abs(slope) * largest / 2 <= MATTERS * abs(plateaus.amplitude[0]):
        return loop, plateaus, None
    curve = slope / 2 / float(np.mean(np.abs(np.concatenate([end.field for end in plateaus.ends]))))
    bare = Loop(_lowered(loop.down, curve), _lowered(loop.up, curve))
    mended = find_plateaus(bare)
    if isinstance(mended, str) or mended.why_not is not None:
        return loop, plateaus, None
    height = short_text(abs(curve) * largest**2, "ohm")
    note = f"a background that goes with the field's square, {height} at the ends, was taken out"
    return bare, mended, note


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
