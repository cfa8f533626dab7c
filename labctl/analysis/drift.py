"""What happens to the baseline while a loop is measured: whether the loop closes, and a step taken out of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from labctl.analysis.branches import Branch, Loop
from labctl.analysis.ends import SIGNIFICANT, closing
from labctl.analysis.plateaus import Plateaus, find_plateaus
from labctl.analysis.readings import FloatArray

SMALL = 0.02
"""Part of the swing below which the gap of a loop whose ends agree is taken for a drift."""
NEIGHBOURS = 4
"""Readings before and after a step that tell its height."""


def closure(loop: Loop, plateaus: Plateaus) -> tuple[float, float]:
    """Hall resistance at the loop's last end less that at its first, at the same field, and its uncertainty, ohm.

    A linear drift of the offset shows here, and so does a step; an even or odd part of the curve does not.
    """
    return closing(loop, plateaus.ends, plateaus.slope[0], plateaus.noise)


def without_step(loop: Loop, plateaus: Plateaus) -> tuple[Loop, Plateaus, str | None]:
    """The loop without a single step of its baseline, and a sentence about it; the loop itself when there is none.

    A step (a contact that changes, a range that switches) stays to the end, so that the loop fails to close by its
    height; a switch of the film does not. Only a jump that explains the gap, and after which the loop is closed and
    saturated, counts as a step. Where it lies tells which branch's plateaus it had moved apart.
    """
    gap, error = closure(loop, plateaus)
    small = 0.0 if plateaus.open_ends else SMALL * abs(2 * plateaus.amplitude[0])
    if abs(gap) <= max(SIGNIFICANT * error, small):
        return loop, plateaus, None
    hall = np.concatenate([branch.rows.hall for branch in loop.in_time])
    field = np.concatenate([branch.rows.field for branch in loop.in_time])
    for row, height in _jumps(hall, gap, plateaus.noise):
        trial = _lowered(loop, row, height)
        mended = find_plateaus(trial)
        if isinstance(mended, str) or mended.why_not is not None:
            continue
        if abs(closure(trial, mended)[0]) < max(abs(gap) / 4, SIGNIFICANT * error):
            where = 1e3 * float(field[row] + field[row + 1]) / 2
            return trial, mended, f"a step of the baseline by {height:.3g} ohm near {where:.4g} mT was taken out"
    return loop, plateaus, None


def _jumps(hall: FloatArray, gap: float, noise: float) -> list[tuple[int, float]]:
    """Rows after which the curve jumps by about the gap, and the height of the jump, most alike first."""
    found: list[tuple[float, int, float]] = []
    steps = np.diff(hall)
    for row in np.flatnonzero(np.abs(steps - gap) <= max(0.25 * abs(gap), 8 * noise)).tolist():
        before, after = hall[max(0, row + 1 - NEIGHBOURS) : row + 1], hall[row + 1 : row + 1 + NEIGHBOURS]
        around = np.concatenate([np.diff(before), np.diff(after)])
        usual = float(np.median(around)) if len(around) else 0.0
        # Between the means of n readings each lie (n + m) / 2 ordinary steps, one of them across the jump itself.
        ordinary = usual * (len(before) + len(after)) / 2
        height = float(np.mean(after) - np.mean(before)) - ordinary
        if abs(height) > 8 * noise and abs(height - gap) <= max(0.1 * abs(gap), 6 * noise):
            # Where the film switches its neighbours do not tell how high a step is; the gap that it leaves does.
            restless = len(around) > 0 and float(np.max(np.abs(around))) > 8 * noise
            found.append((abs(height - gap), row, gap if restless else height))
    return [(row, height) for _, row, height in sorted(found)]


def _lowered(loop: Loop, row: int, height: float) -> Loop:
    """The loop with everything measured after the row lowered by the height."""
    first, last = loop.in_time
    count = len(first.rows.hall)
    mended: dict[str, Branch] = {}
    for branch, from_row in ((first, min(row + 1, count)), (last, max(0, row + 1 - count))):
        hall = branch.rows.hall.copy()
        hall[from_row:] -= height
        mended[branch.direction] = replace(branch, rows=replace(branch.rows, hall=hall))
    return Loop(mended["down"], mended["up"])
