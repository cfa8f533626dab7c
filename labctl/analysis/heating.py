"""What a probe current does to a sample: resistance against the square of the current, free of drift.

A current I warms a film by k I^2, and with it its resistance changes by s I^2. The sample's temperature drifts
meanwhile, so the currents are visited in turn, one of them first and last in each round: a straight drift is then told
from s.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labctl.analysis.fits import persistence
from labctl.analysis.readings import FloatArray

CERTAIN = 2.0
"""Standard uncertainties by which something has to be on one side of a bound."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Readings with one current, one after the other.

    Attributes:
        number: Of the round.
        time: Mean, s.
        current: A.
        resistance: ohm, each reading.
    """

    number: int
    time: float
    current: float
    resistance: FloatArray


@dataclass(frozen=True, slots=True)
class Extrapolation:
    """A quantity q = q0 + s I^2.

    Attributes:
        zero: q0 and its standard uncertainty.
        slope: s and its standard uncertainty, per A2.
        covariance: Of both.
        drift: Mean drift of q and its standard uncertainty, per s; zero where it was not looked for.
    """

    zero: tuple[float, float]
    slope: tuple[float, float]
    covariance: float = 0.0
    drift: tuple[float, float] = (0.0, 0.0)

    def at(self, current: float) -> tuple[float, float]:
        """Return q and its standard uncertainty with a current in A."""
        square = current**2
        variance = self.zero[1] ** 2 + square**2 * self.slope[1] ** 2 + 2.0 * square * self.covariance
        return self.zero[0] + square * self.slope[0], math.sqrt(max(0.0, variance))

    def change(self, current: float) -> tuple[float, float]:
        """Return by which part of q0 a current in A changes q, and the standard uncertainty of that."""
        part = current**2 / abs(self.zero[0])
        return part * self.slope[0], part * self.slope[1]

    def largest(self, change: float) -> tuple[float, float | None]:
        """Return the current in A that changes q by a part of q0, and its standard uncertainty.

        Where no change is seen, it is a lower bound, which has none.
        """
        slope, error = abs(self.slope[0]), self.slope[1]
        seen = slope > 3.0 * error
        counted = slope if seen else slope + CERTAIN * error
        current = math.sqrt(change * abs(self.zero[0]) / counted) if counted else math.inf
        return current, 0.5 * current * error / slope if seen else None


def extrapolate(visits: Sequence[Visit]) -> Extrapolation | str:
    """Fit the visits' means with one slope against the square of the current, and a straight drift in each round.

    Returns:
        What came out; a sentence where it cannot be told.
    """
    used = [visit for visit in visits if len(visit.resistance) > 1]
    rounds = sorted({visit.number for visit in used})
    if len({visit.current for visit in used}) < 2:
        return "fewer than two currents were read"
    count = len(rounds)
    design = np.zeros((len(used), 2 * count + 1))
    middle = {number: np.mean([visit.time for visit in used if visit.number == number]) for number in rounds}
    for row, visit in zip(design, used, strict=True):
        place = rounds.index(visit.number)
        row[0], row[1 + place], row[1 + count + place] = visit.current**2, 1.0, visit.time - middle[visit.number]
    scale = np.linalg.norm(design, axis=0)
    if len(used) < design.shape[1] or np.linalg.matrix_rank(design / np.where(scale, scale, 1.0)) < design.shape[1]:
        return "the readings do not tell drift from heating; let each round come to its end"
    value, sigma = np.array([np.mean(visit.resistance) for visit in used]), _errors(used)
    weighted = design / scale / sigma[:, None]
    parameters = np.linalg.lstsq(weighted, value / sigma, rcond=None)[0]
    freedom = len(used) - design.shape[1]
    excess = float(np.sum((weighted @ parameters - value / sigma) ** 2)) / freedom if freedom else 1.0
    covariance = np.linalg.inv(weighted.T @ weighted) * max(1.0, excess) / np.outer(scale, scale)
    parameters = parameters / scale
    zero, drift = np.zeros(2 * count + 1), np.zeros(2 * count + 1)
    zero[1 : 1 + count], drift[1 + count :] = 1.0 / count, 1.0 / count
    return Extrapolation(
        _sum(zero, parameters, covariance),
        (float(parameters[0]), math.sqrt(covariance[0, 0])),
        float(zero @ covariance[:, 0]),
        _sum(drift, parameters, covariance),
    )


def _sum(weights: FloatArray, parameters: FloatArray, covariance: FloatArray) -> tuple[float, float]:
    return float(weights @ parameters), math.sqrt(float(weights @ covariance @ weights))


def _errors(visits: Sequence[Visit]) -> FloatArray:
    """Standard uncertainty of each visit's mean, from the scatter that all visits with its current have."""
    found: dict[float, tuple[float, float]] = {}
    for current in {visit.current for visit in visits}:
        left = [visit.resistance - np.mean(visit.resistance) for visit in visits if visit.current == current]
        freedom = sum(len(each) - 1 for each in left)
        joined = np.concatenate(left)
        found[current] = math.sqrt(float(np.sum(joined**2)) / freedom), persistence(joined)
    smallest = 1e-12 * max(abs(float(np.mean(visit.resistance))) for visit in visits)
    return np.array(
        [max(smallest, found[v.current][0] * math.sqrt(found[v.current][1] / len(v.resistance))) for v in visits]
    )


def straight(currents: Sequence[float], values: Sequence[float], errors: Sequence[float]) -> Extrapolation | str:
    """Fit values with their standard uncertainties by a straight line against the square of the current in A.

    Returns:
        What came out; a sentence where it cannot be told.
    """
    if len(set(currents)) < 2:
        return "fewer than two currents have one"
    square = np.square(np.array(currents))
    size = float(np.max(square))
    design = np.column_stack([np.ones(len(square)), square / size]) / np.array(errors)[:, None]
    covariance = np.linalg.inv(design.T @ design)
    zero, slope = covariance @ design.T @ (np.array(values) / np.array(errors))
    return Extrapolation(
        (float(zero), math.sqrt(covariance[0, 0])),
        (float(slope) / size, math.sqrt(covariance[1, 1]) / size),
        float(covariance[0, 1]) / size,
    )
