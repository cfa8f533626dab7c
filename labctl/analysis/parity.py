"""Odd and even part of a loop in the field, split between opposite branches.

`R_odd(H) = [R_down(H) - R_up(-H)] / 2` keeps the hysteresis; within one branch the split would destroy it. Either
forces the shift of the loop to zero, therefore coercive fields and shift are taken from the raw branches before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labctl.analysis.branches import Branch, Loop
from labctl.analysis.fits import LinearFit, linear_fit
from labctl.analysis.plateaus import Plateaus
from labctl.analysis.readings import BoolArray, FloatArray

ENOUGH_TO_CURVE = 5
"""Points around zero field from which a curved line can be told from a straight one."""
LOPSIDED = 0.1
"""Part by which the largest fields of both signs may differ before the split leaves out too much."""


@dataclass(frozen=True, slots=True)
class Parity:
    """Odd and even part on the fields of the falling branch, ascending, drift taken out.

    Attributes:
        field: T.
        odd: ohm.
        even: ohm.
        noise: Standard deviation of a point of either part, ohm.
        saturated: Points at which both branches are saturated.
    """

    field: FloatArray
    odd: FloatArray
    even: FloatArray
    noise: float
    saturated: BoolArray

    def line(self) -> LinearFit:
        """Saturated part of the odd curve: constant (ohm), amplitude at zero field (ohm), slope (ohm/T)."""
        field = self.field[self.saturated]
        design = np.stack([np.ones(len(field)), np.sign(field), field], axis=1)
        return linear_fit(design, self.odd[self.saturated], self.noise)

    def at_zero(self, reach: float) -> tuple[float, float]:
        """Odd part of the falling branch at zero field and its uncertainty, ohm.

        Args:
            reach: T, above zero: points this close to zero are used; the nearest two where they are fewer.
        """
        nearest = np.argsort(np.abs(self.field))
        count = max(2, int(np.sum(np.abs(self.field) <= reach)))
        rows = nearest[:count]
        powers = 3 if count >= ENOUGH_TO_CURVE else 2  # a slanted loop is curved at zero field
        design = np.vander(self.field[rows] / reach, powers, increasing=True)
        return linear_fit(design, self.odd[rows], self.noise).combine(np.eye(powers)[0])

    def offset(self) -> tuple[float, float]:
        """Even part of the saturated ends and its uncertainty, ohm: offset and what else does not reverse."""
        even = self.even[self.saturated]
        return linear_fit(np.ones((len(even), 1)), even, self.noise).combine(np.ones(1))


def split(loop: Loop, plateaus: Plateaus) -> Parity | str:
    """Odd and even part, or why they cannot be had."""
    reach = min(loop.high, -loop.low)
    if reach <= 0 or abs(loop.high + loop.low) > LOPSIDED * (loop.high - loop.low):
        return f"the field runs from {1e3 * loop.low:.4g} to {1e3 * loop.high:.4g} mT, not to opposite fields"
    down_field, down_hall = _straightened(loop.down, plateaus)
    up_field, up_hall = _straightened(loop.up, plateaus)
    use = (np.abs(down_field) <= reach) & (-down_field >= up_field[0]) & (-down_field <= up_field[-1])
    field, down = down_field[use], down_hall[use]
    opposite = np.interp(-field, up_field, up_hall)
    (low, high), (joined_low, joined_high), slack = plateaus.inner, plateaus.closed, 1e-9 * reach
    # Above zero stand the beginnings of both branches, below their arrivals.
    saturated = (field >= min(high, -low) - slack) | (field <= -min(joined_high, -joined_low) + slack)
    if np.sum(field[saturated] > 0) < 2 or np.sum(field[saturated] < 0) < 2:
        return "fewer than two points at opposite saturated fields"
    return Parity(field, (down - opposite) / 2, (down + opposite) / 2, plateaus.noise / np.sqrt(2.0), saturated)


def _straightened(branch: Branch, plateaus: Plateaus) -> tuple[FloatArray, FloatArray]:
    rows = branch.rows
    order = np.argsort(rows.field, kind="stable")
    hall = rows.hall - plateaus.drift * (rows.time - plateaus.middle_time)
    return rows.field[order], hall[order]
