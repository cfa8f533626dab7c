"""How wide the switch of a loop is, from 10 to 90 %."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from labctl.analysis.branches import Loop
from labctl.analysis.middles import is_buried
from labctl.analysis.plateaus import Plateaus
from labctl.analysis.result import THIS_LOOP, Result, missing
from labctl.analysis.switching import Crossing, crossings

TEN_TO_NINETY = (-0.8, 0.8)
"""Levels of the 10-90 % width in units of the amplitude."""
UNSURE_LEVEL = 2.0
"""Standard errors of such a level that may reach to its plateau, beside which it could lie anywhere."""


def switching_width(loop: Loop, plateaus: Plateaus, middle: tuple[Crossing, Crossing]) -> Result:
    """Mean 10-90 % width of both branches, T; why it cannot be told.

    Args:
        loop: The raw branches.
        plateaus: Their plateaus.
        middle: Their 50 % crossings.
    """
    if is_buried(plateaus):
        return missing("T", "the switch is buried in the noise of the readings")
    if _levels_unsure(loop, plateaus, middle):
        return missing("T", "the levels of the ends are not known well enough to tell 10 and 90 % from 0 and 100 %")
    low, high = (crossings(loop, plateaus, part) for part in TEN_TO_NINETY)
    widths, errors = [], []
    scatters: list[float | None] = []
    for first, second, half_way in zip(low, high, middle, strict=True):
        within = first.sharp and second.sharp and first.row == second.row
        # Both levels in one jump: the width is anything up to the spacing.
        widths.append(first.spacing / 2 if within else abs(second.field - first.field))
        together = first.spacing / float(np.sqrt(12))
        errors.append(together if within else float(np.hypot(first.uncertainty, second.uncertainty)))
        scatters.append(_width_scatter(first, second, half_way))
    sharp = all(first.sharp and first.row == second.row for first, second in zip(low, high, strict=True))
    note = "sharper than the readings can tell: an upper bound is the spacing" if sharp else None
    value, error = sum(widths) / 2, float(np.hypot(*errors)) / 2
    return Result(value, error, "T", THIS_LOOP, note=note, scatter=half_sum(scatters))


def _levels_unsure(loop: Loop, plateaus: Plateaus, middle: tuple[Crossing, Crossing]) -> bool:
    """Whether the 10 or the 90 % level of a branch may be its plateau, at any field of the switch."""
    apart = (1.0 - max(TEN_TO_NINETY)) * abs(plateaus.amplitude[0])
    errors = [
        plateaus.line(branch).level_uncertainty(half_way.field, part)
        for branch, half_way in zip((loop.down, loop.up), middle, strict=True)
        for part in TEN_TO_NINETY
    ]
    return UNSURE_LEVEL * max(errors) > apart


def _width_scatter(first: Crossing, second: Crossing, half_way: Crossing) -> float | None:
    """Scatter of one branch's width; grains far apart in field have independent clocks."""
    both = zip((first, second), TEN_TO_NINETY, strict=True)
    low, high = (replace(at, grains=half_way.grains).scatter(part) for at, part in both)
    return None if low is None or high is None else float(np.hypot(low, high))


def half_sum(scatters: Sequence[float | None]) -> float | None:
    """Scatter of the mean of two branches, None where that of one is not known; their thermal parts are independent."""
    known = [scatter for scatter in scatters if scatter is not None]
    return float(np.linalg.norm(known)) / 2 if len(known) == 2 else None
