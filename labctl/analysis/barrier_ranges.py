"""A barrier from two ranges of the bias: how much of what was found depends on where one stops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from instruments.errors import BadValue
from labctl.analysis.brinkman import BarrierFit, Conductances, barrier_of, fit_parabola
from labctl.analysis.readings import FloatArray

WIDE, NARROW = 1.0 / 2.0, 1.0 / 3.0
"""Parts of the height that the bias may reach in the two fits."""

ROUNDS = 20
"""How often a range is looked for that fits the height found in it."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """The barrier from two ranges of the bias, of which the narrower tells how much depends on the choice.

    Attributes:
        wide: eV of either sign up to half the height.
        narrow: the same up to a third of it; None where it cannot be fitted.
        why: Why it cannot.
        reached: Whether the curve goes as far as half the height.
    """

    wide: BarrierFit
    narrow: BarrierFit | None
    why: str
    reached: bool

    @property
    def systematic(self) -> FloatArray | None:
        """By how much height, asymmetry and thickness differ, narrow less wide; None where there is no narrow one."""
        return None if self.narrow is None else self.narrow.values - self.wide.values


def fit_barrier(curve: Conductances, area: float, temperature: float) -> Ranges:
    """Fit a barrier to conductances in siemens within half of its height, and within a third.

    The range follows from the height and the height from the range: it begins with all points and goes on until the
    range no longer changes.

    Args:
        curve: Conductances in S.
        area: m2.
        temperature: K.

    Raises:
        BadValue: No barrier can be found; the sentence says why.
    """
    wide = _within_part(curve, area, temperature, WIDE)
    largest = float(np.max(np.abs(curve.voltage)))
    reached = largest >= WIDE * wide.values[0]
    if largest <= NARROW * wide.values[0]:
        why = f"the bias of {largest:.3g} V stays within a third of the barrier's height as it is"
        return Ranges(wide, None, why, reached)
    try:
        narrow = _within_part(curve, area, temperature, NARROW)
    except BadValue as fault:
        return Ranges(wide, None, str(fault), reached)
    return Ranges(wide, narrow, "", reached)


def _within_part(curve: Conductances, area: float, temperature: float, part: float) -> BarrierFit:
    """Fit within a part of the height that comes out."""
    found = barrier_of(fit_parabola(curve), area, temperature)
    used = len(curve.voltage)
    for _ in range(ROUNDS):
        inside = curve.within(part * float(found.values[0]))
        if len(inside.voltage) == used:
            return found
        used = len(inside.voltage)
        found = barrier_of(fit_parabola(inside), area, temperature)
    return found  # it goes to and fro between two points at the end of the range, and either will do
