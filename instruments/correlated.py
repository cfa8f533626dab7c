"""The mean of readings that share samples, with the standard error that it really has.

A filter that slides over independent samples makes neighbours alike. The scatter of such readings about their mean is
smaller than their own, and the mean of n of them is worse known than scatter / sqrt(n): both follow exactly from the
weights with which a reading is made of the samples, as long as the samples' noise is white and equal.

Source: error propagation, and the expectation and variance of quadratic forms in normal variables (e.g. S. R. Searle,
Linear Models, 1971, chapter 2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class Mean(NamedTuple):
    """A mean value.

    Attributes:
        value: Mean, in the unit of the readings; nan where there are none.
        standard_error: Its standard deviation, in the same unit; nan for fewer readings than tell it.
        readings: How many readings are in it.
        degrees_of_freedom: How well the standard error is known: it comes from a scatter that fluctuates as that of
            this many + 1 independent readings does.
    """

    value: float
    standard_error: float
    readings: int
    degrees_of_freedom: float


def autocorrelation(weights: Sequence[float], stride: int = 1) -> tuple[float, ...]:
    """Return the correlation of readings 0, 1, 2, ... places apart.

    Args:
        weights: With which a reading is made of successive samples.
        stride: Samples from the beginning of one reading to that of the next.
    """
    kernel = np.asarray(weights, dtype=float)
    lags = np.correlate(kernel, kernel, "full")[len(kernel) - 1 :: stride]
    return tuple(float(lag) for lag in lags / lags[0])


def correlated_mean(values: Array, places: npt.NDArray[np.int64], correlation: Sequence[float]) -> Mean:
    """Average readings some of which may be missing.

    The standard error is estimated from the scatter of these readings: S2, the sum of squares about the mean over
    n - 1, falls short of the variance of a reading by the factor n (1 - v) / (n - 1), where v is the variance of the
    mean in units of that of a reading.

    Args:
        values: Readings that are valid.
        places: Where each of them stands in the series, ascending.
        correlation: Of readings 0, 1, 2, ... places apart; beyond that none.
    """
    count = len(values)
    if count == 0:
        return Mean(math.nan, math.nan, 0, 0.0)
    value = float(np.mean(values))
    present = np.zeros(int(places[-1] - places[0]) + 1)
    present[places - places[0]] = 1.0
    sums, squares = present.copy(), float(count)
    for lag, alike in enumerate(correlation[1:], start=1):
        if lag >= len(present):
            break
        pairs = present[lag:] * present[:-lag]
        sums[lag:] += alike * pairs
        sums[:-lag] += alike * pairs
        squares += 2.0 * alike**2 * float(pairs.sum())
    sums *= present
    total = float(sums.sum())
    variance = total / count**2  # of the mean, in units of the variance of a reading
    trace = count * (1.0 - variance)
    if count < 2 or trace <= 1e-9 * count:
        return Mean(value, math.nan, count, 0.0)
    spread = float(np.sum((values - value) ** 2)) / trace
    freedom = trace**2 / (squares - 2.0 * float(np.sum(sums**2)) / count + (total / count) ** 2)
    return Mean(value, math.sqrt(spread * variance), count, freedom)
