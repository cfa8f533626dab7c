"""Leads and sheet resistance from two- and four-wire resistances: least squares with the geometry's uncertainty."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from labctl.contacts.geometry import Geometry

SCALE = 1.5e-3
"""Relative standard uncertainty that all resistances share: 0.05 % and 10 nA of a 6221 at 10 uA (specification)."""
CONSISTENT = 1e-3
"""Part of a resistance by which readings at different pairs may contradict each other: what a lead drifts meanwhile."""
PRIOR = 0.5
"""Relative uncertainty of what the record lets expect of the sheet resistance; counts where nothing else tells it."""
MISFIT = 5.0
"""From this reduced residual on, the resistances do not fit the record's map of leads."""
REPAIRED = 0.1
"""A permutation of the map is believed where it leaves less than this part of the residual."""
_ROUNDS = 2  # the weights depend on the sheet resistance that is sought

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Solution:
    """What a network is made of.

    Attributes:
        leads: ohm, by lead; an open one is left out.
        uncertainty: ohm, standard, of each.
        by_geometry: ohm, the part of that which comes from the record's positions and arms.
        sheet_resistance: ohm per square.
        sheet_uncertainty: ohm per square, standard.
        residual: Root of the mean square residual over its standard uncertainty, per degree of freedom.
        misfits: ohm, what is left of each reading, by its leads.
        told: Whether the readings tell the sheet resistance; otherwise it is the record's.
    """

    leads: Mapping[str, float]
    uncertainty: Mapping[str, float]
    by_geometry: Mapping[str, float]
    sheet_resistance: float
    sheet_uncertainty: float
    residual: float
    misfits: Mapping[Row, float] = field(default_factory=dict[Row, float])
    told: bool = True


def solved(
    readings: Mapping[Row, tuple[float, float]], geometry: Geometry, expected: float, names: Sequence[str]
) -> Solution:
    """Find leads and sheet resistance.

    Args:
        readings: ohm and its standard uncertainty, by pair (a, b) or transfer (a, b, c, d), of leads that conduct.
        geometry: Of all leads.
        expected: ohm per square that the record lets expect.
        names: The leads that conduct.
    """
    rows = list(readings)
    values, design, noise = _equations(readings, geometry, expected, names)
    shape = np.zeros_like(noise)
    shape[: len(rows), : len(rows)] = geometry.covariance(rows)
    sheet = expected
    for _ in range(_ROUNDS):
        sheet = abs(float(_least_squares(design, values, noise + sheet**2 * shape)[0][-1]))
    covariance = noise + sheet**2 * shape
    found, gain = _least_squares(design, values, covariance)
    left = values - design @ found
    freedom = max(1, len(rows) - len(found))
    residual = math.sqrt(float(left[:-1] @ np.linalg.solve(covariance[:-1, :-1], left[:-1])) / freedom)
    measured, placed = np.diag(gain @ noise @ gain.T), np.diag(gain @ (sheet**2 * shape) @ gain.T)
    total = np.sqrt(measured + placed + (SCALE * found) ** 2)
    return Solution(
        dict(zip(names, found[:-1].tolist(), strict=True)),
        dict(zip(names, total[:-1].tolist(), strict=True)),
        dict(zip(names, np.sqrt(np.maximum(placed, 0.0))[:-1].tolist(), strict=True)),
        float(found[-1]),
        float(total[-1]),
        residual,
        dict(zip(rows, left[:-1].tolist(), strict=True)),
        bool(total[-1] < 0.5 * PRIOR * expected),
    )


def _equations(
    readings: Mapping[Row, tuple[float, float]], geometry: Geometry, expected: float, names: Sequence[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what was read, what it is made of, and its covariance by noise; last what the record lets expect."""
    values = np.array([ohm for ohm, _ in readings.values()] + [expected])
    design = np.zeros((len(values), len(names) + 1))
    for number, row in enumerate(readings):
        if len(row) == 2:
            design[number, [names.index(lead) for lead in row]] = 1.0
    design[:, -1] = [*(_squares(geometry, row) for row in readings), 1.0]
    noise = [error**2 + (CONSISTENT * ohm) ** 2 for ohm, error in readings.values()]
    return values, design, np.diag([*noise, (PRIOR * expected) ** 2])


def _squares(geometry: Geometry, row: Row) -> float:
    return geometry.squares(*row) if len(row) == 2 else geometry.transfer(*row)


def _least_squares(design: np.ndarray, values: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted least squares; returns the parameters and the matrix that makes them of the values."""
    root = np.linalg.cholesky(covariance)
    gain = np.linalg.pinv(np.linalg.solve(root, design)) @ np.linalg.inv(root)
    return gain @ values, gain


@dataclass(frozen=True, slots=True)
class Exchange:
    """Two leads that are where the other should be.

    Attributes:
        one: A lead.
        other: The other.
        solution: What the network is then made of.
    """

    one: str
    other: str
    solution: Solution


def exchanged(
    readings: Mapping[Row, tuple[float, float]],
    geometry: Geometry,
    expected: float,
    names: Sequence[str],
    as_mapped: Solution,
) -> Exchange | None:
    """Return the two leads whose exchange explains readings that do not fit the map; None where they fit, or none does.

    Leads whose taps are at one end of the same piece of film cannot be told from each other: their exchange leaves
    every reading what it could have been. See `alike`.
    """
    if as_mapped.residual < MISFIT:
        return None
    found = [
        Exchange(one, other, solved(readings, geometry.permuted(one, other), expected, names))
        for one, other in itertools.combinations(geometry.places, 2)
        if not alike(geometry, one, other)
    ]
    best = min(found, key=lambda each: each.solution.residual, default=None)
    if best is None or best.solution.residual > max(REPAIRED * as_mapped.residual, 1.0):
        return None
    return best


def alike(geometry: Geometry, one: str, other: str) -> bool:
    """Whether an exchange of two leads cannot be seen in resistances: no tap of a further lead lies between theirs.

    Two arms that leave the bar at one place are alike, and so is the bar's end with the arms that come next to it: the
    film between is in series with the lead, as an arm is.
    """
    taps = {name: place.position for name, place in geometry.places.items()}
    order = sorted(set(taps.values()))
    if len(order) < 4:
        return len(order) < 3 or taps[one] == taps[other]
    inner = [min(max(order.index(tap), 1), len(order) - 2) for tap in (taps[one], taps[other])]
    return inner[0] == inner[1]


def leaks(
    drops: Mapping[tuple[str, str], float], ohms: Mapping[frozenset[str], float], names: Sequence[str]
) -> dict[str, float]:
    """Return which part of a leak current leaves by each lead.

    With current from lead x to the shield, and a voltmeter from x to y, each ampere that leaves by the line of lead L
    makes nothing where L is x itself, R_xy where it is y, and (R_xy + R_xL - R_yL)/2 elsewhere, which is the film and
    the lead that both ways share.

    Args:
        drops: ohm: voltage from x to y over the current, by (x, y).
        ohms: Two-wire resistances by pair.
        names: Leads that may leak.
    """
    from scipy.optimize import nnls

    rows = [(x, y) for x, y in drops if all(frozenset((x, name)) in ohms for name in names if name != x)]
    rows = [(x, y) for x, y in rows if all(frozenset((y, name)) in ohms for name in names if name != y)]
    if len(rows) < 2:
        return {}

    def made(x: str, y: str, lead: str) -> float:
        if lead == x:
            return 0.0
        both = ohms[frozenset((x, y))]
        return both if lead == y else 0.5 * (both + ohms[frozenset((x, lead))] - ohms[frozenset((y, lead))])

    design = np.array([[made(x, y, lead) for lead in names] for x, y in rows])
    scale = float(np.max(np.abs(design)))
    design = np.vstack([design, np.full(len(names), scale * 10.0)])  # all of it leaves somewhere
    found = nnls(design, np.array([*(drops[row] for row in rows), scale * 10.0]))[0]
    return dict(zip(names, found.tolist(), strict=True))
