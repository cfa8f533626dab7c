"""Where the resistance of a tunnel junction steps along one branch of its loop: twice, once, or not at all.

A branch begins with both layers along the field. Where the soft layer switches the resistance steps, where the hard one
does it steps back. Two steps of opposite sense make a whole loop; one alone is that of a layer whose partner did not
switch. Steps are looked for beside a parabola in the field, so that drift and leaning plateaus are none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labctl.analysis.branches import Branch, steadied
from labctl.analysis.ends import SIGNIFICANT
from labctl.analysis.fits import linear_fit, white_noise
from labctl.analysis.readings import BoolArray, FloatArray, Readings

FEWEST = 10
"""Readings that a branch needs."""
BEYOND = 2
"""Readings (or groups of them) that must lie before the first step and after the last."""
GROUPS = 300
"""Groups of neighbours that a long branch is put together to; the work goes with the square of their number."""
GAIN = 45.0
"""Gain of the sum of squares in units of the noise's variance from which a step is believed.

Of 300 places some gain 15 by chance in white noise, and of their 45 000 pairs some gain 30.
"""
LONE = 6.0
"""Standard deviations by which one reading must be off its neighbours, which agree, to be left out."""
AROUND = 2
"""Neighbours on either side that such a reading is compared with."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of one branch.

    Attributes:
        branch: The readings, lone ones left out; `hall` is the resistance in ohm.
        edges: Fields (T) between the readings before and after each step, in the order in which they came.
        heights: ohm, with the sign in which the resistance changed along the branch.
        errors: Standard uncertainties of the heights, ohm.
        noise: Standard deviation of one reading, ohm.
        lone: How many lone readings were left out.
    """

    branch: Branch
    edges: tuple[float, ...]
    heights: tuple[float, ...]
    errors: tuple[float, ...]
    noise: float
    lone: int

    @property
    def sense(self) -> float:
        """+1 where the field rises, -1 where it falls."""
        return 1.0 if self.branch.direction == "up" else -1.0

    @property
    def along(self) -> FloatArray:
        """Field counted in the direction of the branch, T: it rises on either."""
        return self.sense * self.branch.rows.field

    @property
    def whole(self) -> bool:
        """Whether the resistance steps and steps back."""
        return len(self.edges) == 2


def switches(
    field: Sequence[float] | FloatArray, resistance: Sequence[float] | FloatArray, branch: str
) -> tuple[float, ...]:
    """Fields in T at which one branch steps, in the order in which it does: two, one, or none; no uncertainties.

    Args:
        field: T, in the order of measurement.
        resistance: ohm.
        branch: "down" where the field falls, "up" where it rises.
    """
    rows = np.flatnonzero(np.isfinite(field) & np.isfinite(resistance))
    fields, values = (np.asarray(column, dtype=np.float64)[rows] for column in (field, resistance))
    found = find_steps(branch_of(fields, values, branch))
    return () if found is None else found.edges


def branch_of(field: FloatArray, resistance: FloatArray, direction: str, first: int = 0) -> Branch:
    """A branch of readings without times: the number of the row serves for it.

    Args:
        field: T, in the order of measurement.
        resistance: ohm.
        direction: "down" or "up".
        first: Number of the first row.
    """
    time = np.arange(first, first + len(field), dtype=np.float64)
    return Branch(direction, Readings(field, resistance, time, False, None, None, None, None, None, None))


def find_steps(branch: Branch, least_noise: float = 0.0) -> Steps | None:
    """Find the steps of a branch; None where it has too few readings.

    Args:
        branch: Its `hall` is the resistance.
        least_noise: Standard deviation of one reading in ohm, if known; what the readings show counts if it is more.
    """
    if len(branch.rows.field) < FEWEST:
        return None
    branch = steadied(branch)
    rows = branch.rows
    noise = max(white_noise(rows.time, rows.hall), least_noise, 1e-12 * float(np.max(np.abs(rows.hall))))
    kept = ~lone_readings(rows.hall, noise)
    if int(np.sum(kept)) < FEWEST:
        return None
    branch = replace(branch, rows=rows.select(np.flatnonzero(kept)), reached=None)
    bare = Steps(branch, (), (), (), noise, int(np.sum(~kept)))
    groups = np.array_split(np.arange(len(branch.rows.field)), min(GROUPS, len(branch.rows.field)))
    places = _places(bare, groups)
    return bare if not places else _with_heights(bare, [groups[place][0] for place in places])


def lone_readings(value: FloatArray, noise: float) -> BoolArray:
    """Which readings are far off all their neighbours while these agree; the first and the last are never."""
    padded = np.pad(value, AROUND, mode="edge")
    near = np.stack([padded[k : k + len(value)] for k in range(2 * AROUND + 1) if k != AROUND])
    off = np.abs(value - np.median(near, axis=0))
    agree = np.ptp(near, axis=0) < off / 2
    found = (off > LONE * noise) & agree
    found[[0, -1]] = False
    return np.asarray(found, dtype=np.bool_)


def _places(bare: Steps, groups: list[NDArray[np.intp]]) -> list[int]:
    """Groups at which the steps come: none, one or two."""
    along = np.array([float(np.mean(bare.along[group])) for group in groups])
    value = np.array([float(np.mean(bare.branch.rows.hall[group])) for group in groups])
    noise = bare.noise / float(np.sqrt(len(bare.along) / len(groups)))
    basis = _parabola(along)
    rest = value - basis @ (basis.T @ value)
    first, last = BEYOND, len(groups) - BEYOND
    steps = (np.arange(len(groups))[:, None] >= np.arange(first, last + 1)).astype(np.float64)
    steps -= basis @ (basis.T @ steps)
    matrix, along_rest = steps.T @ steps, steps.T @ rest
    power = np.maximum(np.diag(matrix), 1e-9)
    single = along_rest**2 / power
    pair, opposite = _pairs(matrix, along_rest, power)
    one = int(np.argmax(single))
    two = np.unravel_index(int(np.argmax(np.where(opposite, pair, 0.0))), pair.shape)
    more = float(pair[two]) if opposite[two] else 0.0
    total, freedom = float(rest @ rest), max(len(groups) - 7, 1)
    # What neither step explains is noise, too, whatever neighbours say.
    scatter = max(noise**2, (total - max(more, float(np.max(pair)))) / freedom)
    if more - float(single[one]) > GAIN * scatter:
        return [first + int(place) for place in two]
    return [first + one] if float(single[one]) > GAIN * scatter else []


def _pairs(matrix: FloatArray, along: FloatArray, power: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Gain of each pair of steps, and which pairs go one way and back."""
    determinant = power[:, None] * power - matrix**2
    usable = (determinant > 1e-6 * power[:, None] * power) & np.triu(np.ones_like(matrix, dtype=bool), 1)
    determinant = np.where(usable, determinant, 1.0)
    first = (power * along[:, None] - matrix * along) / determinant
    second = (power[:, None] * along - matrix * along[:, None]) / determinant
    gain = np.where(usable, first * along[:, None] + second * along, 0.0)
    return np.asarray(gain, dtype=np.float64), np.asarray(usable & (first * second < 0), dtype=np.bool_)


def _parabola(along: FloatArray) -> FloatArray:
    scaled = (along - np.mean(along)) / max(float(np.ptp(along)), 1e-300)
    return np.asarray(np.linalg.qr(np.vander(scaled, 3))[0], dtype=np.float64)


def _with_heights(bare: Steps, rows: list[np.intp]) -> Steps:
    """With the heights of the steps that come at these rows; none where one does not stand out of what hangs together.

    A slow wander has no white noise, but it makes steps in a parabola's eyes.
    """
    count = len(bare.along)
    columns = [(np.arange(count) >= row).astype(np.float64) for row in rows]
    fit = linear_fit(np.column_stack([_parabola(bare.along), *columns]), bare.branch.rows.hall, bare.noise)
    heights = fit.parameters[3:]
    errors = np.sqrt(np.diag(fit.covariance)[3:])
    if np.any(np.abs(heights) < SIGNIFICANT * errors):
        return bare
    edges = [float(np.mean(bare.branch.rows.field[row - 1 : row + 1])) for row in rows]
    return replace(bare, edges=tuple(edges), heights=tuple(heights.tolist()), errors=tuple(errors.tolist()))
