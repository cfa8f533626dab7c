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
    """A branch in groups of readings, each as long as its weight, and turned so that it rises.

    Attributes:
        field: T, mean of each group.
        root: Square root of each group's weight, 1/ohm.
        lines: (groups, 2): all straight lines, as two orthonormal columns.
        rest: Hall resistance of each group times its root, less the best straight line.
    """

    field: FloatArray
    root: FloatArray
    lines: FloatArray
    rest: FloatArray


def buried_switch(branch: Branch, line: BranchLine, noise: float) -> Buried | None:
    """Find the 50 % crossing; None if the switch may lie outside of the branch.

    A straight line and an error function are laid through the branch, the latter at every field and with every width,
    and each counts with its likelihood; the spread over all of them is the uncertainty. Lines through the ends alone
    would be extrapolated to the switch, and in such noise are not known well enough for that.

    Args:
        branch: The raw branch.
        line: Its plateaus, of which only the sense of the switch is taken.
        noise: Of a reading, ohm.
    """
    curve = _curve(branch, float(np.sign(line.amplitude[0])), noise)
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


def _curve(branch: Branch, sense: float, noise: float) -> _Curve:
    rows = branch.rows
    groups = np.array_split(np.argsort(rows.field, kind="stable"), min(GROUPS, len(rows.field)))
    field = np.array([float(np.mean(rows.field[group])) for group in groups])
    hall = sense * np.array([float(np.mean(rows.hall[group])) for group in groups])
    root = np.sqrt(np.array([float(len(group)) for group in groups])) / noise
    straight = np.stack([np.ones(len(field)), (field - np.mean(field)) / np.ptp(field)], axis=1)
    lines = np.asarray(np.linalg.qr(straight * root[:, None])[0], dtype=np.float64)
    rest = (hall - np.mean(hall)) * root
    return _Curve(field, root, lines, rest - lines @ (lines.T @ rest))


def _search(curve: _Curve, low: float, high: float, span: float) -> tuple[Buried, float]:
    """Mean and spread over all trial fields between two and all widths, and the distance of the trial fields."""
    places = np.linspace(low, high, PLACES)
    widths = np.geomspace(span / 400, span / 4, WIDTHS)
    score = np.empty((WIDTHS, PLACES))
    for row, width in enumerate(widths):
        trial = erf((curve.field[None, :] - places[:, None]) / (width * np.sqrt(2))) * curve.root
        trial -= (trial @ curve.lines) @ curve.lines.T
        along = np.maximum(trial @ curve.rest, 0.0)
        score[row] = 0.5 * along**2 / np.maximum(np.sum(trial**2, axis=1), 1e-9)
    chance = np.exp(score - np.max(score))
    chance /= np.sum(chance)
    at = chance.sum(axis=0)
    place = float(at @ places)
    spread = float(np.sqrt(at @ (places - place) ** 2))
    return Buried(place, spread, float(chance.sum(axis=1) @ widths)), float(places[1] - places[0])
