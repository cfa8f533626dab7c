"""What happens to the baseline while a loop is measured: whether the loop closes, and a step taken out of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from labctl.analysis.branches import Branch, Loop
from labctl.analysis.ends import SIGNIFICANT, closing
from labctl.analysis.plateaus import Plateaus, find_plateaus
from labctl.analysis.readings import FloatArray

SMALL = 0.02
"""Part of the swing below which the gap of a loop whose ends agree is taken for a drift."""
MOST = 12
"""Jumps of a restless stretch that are tried, those most like the gap first."""
PLAUSIBLE = 0.5
"""Part of the film's largest step from reading to reading that a step of the baseline may have and not stand out."""
NEIGHBOURS = 4
"""Readings before and after a step that tell its height."""


def closure(loop: Loop, plateaus: Plateaus) -> tuple[float, float]:
    """Hall resistance at the loop's last end less that at its first, at the same field, and its uncertainty, ohm.

    A linear drift of the offset shows here, and so does a step; an even or odd part of the curve does not.
    """
    return closing(loop, plateaus.ends, plateaus.slope[0], plateaus.noise)


@dataclass(frozen=True, slots=True)
class _Jump:
    """A jump of the curve: the row after which it is, its height, and whether its neighbours are restless as well."""

    row: int
    height: float
    restless: bool


def without_step(loop: Loop, plateaus: Plateaus) -> tuple[Loop, Plateaus, str | None]:
    """The loop without a single step of its baseline, and a sentence about it; the loop itself when there is none.

    A step (a contact that changes, a range that switches) stays to the end, so that the loop fails to close by its
    height; a switch of the film does not. Only a jump that explains the gap, and after which the loop is closed and
    saturated, counts as a step. Where it lies tells which branch's plateaus it had moved apart. A jump among quiet
    readings is what it seems. Where only restless ones explain the gap, as on the way of the switch, the step may be
    any of them or hide in the steepest part of either branch, and what these differ by is an error of the amplitude.
    """
    gap, error = closure(loop, plateaus)
    if abs(gap) <= SIGNIFICANT * error:
        return loop, plateaus, None
    hall = np.concatenate([branch.rows.hall for branch in loop.in_time])
    jumps = _jumps(hall, gap, plateaus.noise)
    for jump in jumps:
        if not jump.restless and (mended := _mended(loop, jump, gap, error)) is not None:
            return *mended, _sentence(loop, jump)
    small = 0.0 if plateaus.open_ends else SMALL * abs(2 * plateaus.amplitude[0])
    restless = [jump for jump in jumps if jump.restless]
    if abs(gap) <= small or not restless:
        return loop, plateaus, None
    tried = [*restless[:MOST], *_hidden(loop, gap, plateaus.noise)]
    found = [(jump, mended) for jump in tried if (mended := _mended(loop, jump, gap, error)) is not None]
    if not found or found[0][0] not in restless:
        return loop, plateaus, None
    jump, (trial, mended) = found[0]
    sentence = _sentence(loop, jump)
    if len(found) == 1:
        return trial, mended, sentence
    away = max(abs(other.amplitude[0] - mended.amplitude[0]) for _, (_, other) in found)
    sentence += "; it may as well lie elsewhere on the way of the switch, which the uncertainties count"
    unresolved = float(np.hypot(mended.unresolved, away))
    return trial, replace(mended, unresolved=unresolved, doubt=abs(jump.height)), sentence


def _mended(loop: Loop, jump: _Jump, gap: float, error: float) -> tuple[Loop, Plateaus] | None:
    """The loop without a jump; None if that does not close and saturate it."""
    trial = _lowered(loop, jump.row, jump.height)
    mended = find_plateaus(trial)
    if isinstance(mended, str) or mended.why_not is not None:
        return None
    closed = abs(closure(trial, mended)[0]) < max(abs(gap) / 4, SIGNIFICANT * error)
    return (trial, mended) if closed else None


def _sentence(loop: Loop, jump: _Jump) -> str:
    field = np.concatenate([branch.rows.field for branch in loop.in_time])
    where = 1e3 * float(field[jump.row] + field[jump.row + 1]) / 2
    return f"a step of the baseline by {jump.height:.3g} ohm near {where:.4g} mT was taken out"


def _hidden(loop: Loop, gap: float, noise: float) -> list[_Jump]:
    """The steepest row of each branch, where a step as high as the gap would not stand out of the film's own."""
    hidden: list[_Jump] = []
    start = 0
    for branch in loop.in_time:
        steps = np.abs(np.diff(branch.rows.hall))
        row = int(np.argmax(steps))
        if abs(gap) <= PLAUSIBLE * steps[row] + 8 * noise:
            hidden.append(_Jump(start + row, gap, restless=True))
        start += len(branch.rows.hall)
    return hidden


def _jumps(hall: FloatArray, gap: float, noise: float) -> list[_Jump]:
    """Rows after which the curve jumps by about the gap, most alike first."""
    found: list[tuple[float, _Jump]] = []
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
            found.append((abs(height - gap), _Jump(row, gap if restless else height, restless)))
    return [jump for _, jump in sorted(found, key=lambda one: one[0])]


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
