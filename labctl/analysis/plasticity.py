"""Potentiation and depression: how evenly a film goes from state to state under one pulse after another.

Equal pulses switch less and less of a film: each one finds only parts that the ones before have left. The course is
usually told by an exponential between its ends, s0 before the first and s1 after the last of N pulses,

    s(k) = s0 + (s1 - s0) (1 - exp(-nu k/N)) / (1 - exp(-nu)),

where nu is the nonlinearity: 0 for a straight line, large where the first pulses do nearly everything, negative where
the last ones do. That is a way of telling it, and no law: parts that are switched by heat follow the logarithm of the
pulses' number, and pulses that grow pass through the distribution of the parts. How badly the exponential fits is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import curve_fit

from labctl.analysis.current_loops import count_levels

Array = NDArray[np.float64]

STRAIGHT = 1e-12
"""Nonlinearity below which the course is a straight line."""
MOST = 100.0
"""Nonlinearity from which on nothing but the first pulse is seen."""
FEWEST = 5
"""Pulses that the course is fitted to."""
POOR = 0.03
"""Part of the way that a fit may leave (rms) before the course is no exponential."""
CLEAR = 10.0
"""Times the noise of reading that a way has to be for its course to be told."""


@dataclass(frozen=True, slots=True)
class Course:
    """The fitted exponential.

    Attributes:
        nonlinearity: nu.
        uncertainty: Standard uncertainty of it, from what the fit leaves.
        start: s0, as measured.
        end: s1, as measured.
        residual: Root mean square of what the fit leaves, as part of the way.
    """

    nonlinearity: float
    uncertainty: float
    start: float
    end: float
    residual: float

    def at(self, places: Array) -> Array:
        """Return s at places from 0, before the first pulse, to 1, after the last one."""
        return self.start + (self.end - self.start) * shape(places, self.nonlinearity)


@dataclass(frozen=True)
class Train:
    """States along a train of pulses of one sign, cycle by cycle.

    Attributes:
        states: Parts of the swing, cycles by pulses; the first column is before the first pulse.
        noise: Standard error of a state, as part of the swing.
    """

    states: Array
    noise: float

    @cached_property
    def mean(self) -> Array:
        """Mean over the cycles."""
        return self.states.mean(axis=0)

    @property
    def way(self) -> float:
        """From before the first pulse to after the last, as part of the swing."""
        return float(self.mean[-1] - self.mean[0])

    @property
    def clear(self) -> bool:
        """Whether there is a way beyond the noise."""
        return abs(self.way) > CLEAR * self.noise

    @property
    def spread(self) -> float | None:
        """Standard deviation of a state from cycle to cycle, the median over the pulses; None of a single cycle."""
        if len(self.states) < 2:
            return None
        return float(np.median(self.states[:, 1:].std(axis=0, ddof=1)))

    @property
    def levels(self) -> int | None:
        """States that differ by more than five standard deviations from cycle to cycle; None of a single cycle."""
        return count_levels(self.states)

    @property
    def deviation(self) -> float | None:
        """Largest deviation of the mean from a straight line between its ends, as part of the way; None without one."""
        if not self.clear:
            return None
        gone = (self.mean - self.mean[0]) / self.way
        return float(np.max(np.abs(gone - np.linspace(0.0, 1.0, len(gone)))))

    @property
    def first(self) -> float | None:
        """Part of the way that the first pulse goes; None without a way."""
        return float((self.mean[1] - self.mean[0]) / self.way) if self.clear else None

    @cached_property
    def course(self) -> Course | None:
        """The exponential through the mean; None without a way, of few pulses, or where no exponential fits."""
        if not self.clear or len(self.mean) - 1 < FEWEST:
            return None
        places = np.linspace(0.0, 1.0, len(self.mean))
        gone = (self.mean - self.mean[0]) / self.way
        found, covariance = curve_fit(shape, places[1:-1], gone[1:-1], p0=(2.0,), bounds=(-MOST, MOST))
        nonlinearity = float(found[0])
        if abs(nonlinearity) > 0.99 * MOST or not np.all(np.isfinite(covariance)):
            return None
        rest = float(np.sqrt(np.mean((gone - shape(places, nonlinearity)) ** 2)))
        error = float(np.sqrt(covariance[0, 0]))
        return Course(nonlinearity, error, float(self.mean[0]), float(self.mean[-1]), rest)


def shape(places: Array, nonlinearity: float) -> Array:
    """Return the exponential from 0 at 0 to 1 at 1."""
    if abs(nonlinearity) < STRAIGHT:
        return np.asarray(places, dtype=float)
    return np.asarray(np.expm1(-nonlinearity * places) / np.expm1(-nonlinearity), dtype=float)


def trains_of(cycles: Sequence[Sequence[float]], noise: float) -> Train | None:
    """Return the train of its cycles that are whole; None where there is none."""
    most = max((len(cycle) for cycle in cycles), default=0)
    whole = [cycle for cycle in cycles if len(cycle) == most]
    return Train(np.array(whole, dtype=float), noise) if most > 1 else None
