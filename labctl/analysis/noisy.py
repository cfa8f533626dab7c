"""The middle of a switch that is buried in noise: from the whole branch, not from the readings around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import erf

from labctl.analysis.branches import Branch
from labctl.analysis.plateaus import BranchLine
from labctl.analysis.readings import FloatArray

BURIED = 0.2
"""Noise of a reading over the amplitude from which no single reading says on which side of the switch it was taken."""
PLACES, WIDTHS = 241, 16
"""Trial fields and widths."""
GROUPS = 400
"""Groups of neighbouring readings that a long branch is put together to."""


@dataclass(frozen=True, slots=True)
class Buried:
    """A switch in noise.

    Attributes:
        field: Field of the 50 % crossing, T.
        uncertainty: T.
        width: Of the switch as a standard deviation, T.
    """

    field: float
    uncertainty: float
    width: float


@dataclass(frozen=True, slots=True)
class _Curve:
    """A branch in units of its amplitude, -1 before the switch and +1 after it, in groups of so many readings."""

    field: FloatArray
    height: FloatArray
    weight: FloatArray


def buried_switch(branch: Branch, line: BranchLine, noise: float) -> Buried | None:
    """Find the 50 % crossing; None if the switch may lie outside of the branch.

    An error function is laid through the branch at every field and with every width, and each counts with its
    likelihood; the spread over all of them is the uncertainty.

    Args:
        branch: The raw branch.
        line: Its plateaus.
        noise: Of a reading, ohm.
    """
    curve = _curve(branch, line, noise)
    found, grid = _search(curve, branch.low, branch.high, branch.high - branch.low)
    for _ in range(2):  # a narrow switch fell between the trial fields
        if found.uncertainty > 4 * grid:
            break
        reach = 12 * grid
        low, high = max(branch.low, found.field - reach), min(branch.high, found.field + reach)
        found, grid = _search(curve, low, high, branch.high - branch.low)
    if found.field - 3 * found.uncertainty < branch.low or found.field + 3 * found.uncertainty > branch.high:
        return None
    return Buried(found.field, float(np.hypot(found.uncertainty, grid / np.sqrt(12))), found.width)


def _curve(branch: Branch, line: BranchLine, noise: float) -> _Curve:
    rows = branch.rows
    groups = np.array_split(np.argsort(rows.field, kind="stable"), min(GROUPS, len(rows.field)))
    field = np.array([float(np.mean(rows.field[group])) for group in groups])
    hall = np.array([float(np.mean(rows.hall[group])) for group in groups])
    amplitude = line.amplitude[0]
    counts = np.array([float(len(group)) for group in groups])
    return _Curve(field, (hall - line.level(field, 0.0)) / amplitude, counts * (amplitude / noise) ** 2)


def _search(curve: _Curve, low: float, high: float, span: float) -> tuple[Buried, float]:
    """Mean and spread over all trial fields between two and all widths, and the distance of the trial fields."""
    places = np.linspace(low, high, PLACES)
    widths = np.geomspace(span / 400, span / 4, WIDTHS)
    score = np.empty((WIDTHS, PLACES))
    for row, width in enumerate(widths):
        trial = erf((curve.field[None, :] - places[:, None]) / (width * np.sqrt(2)))
        score[row] = -0.5 * ((curve.height - trial) ** 2 @ curve.weight)
    chance = np.exp(score - np.max(score))
    chance /= np.sum(chance)
    at = chance.sum(axis=0)
    place = float(at @ places)
    spread = float(np.sqrt(at @ (places - place) ** 2))
    return Buried(place, spread, float(chance.sum(axis=1) @ widths)), float(places[1] - places[0])
