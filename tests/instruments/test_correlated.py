from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from instruments.correlated import autocorrelation, correlated_mean

DELTA = (0.25, 0.5, 0.25)
SEED = 20


def series(count: int, weights: tuple[float, ...], stride: int, rng: np.random.Generator, runs: int) -> np.ndarray:
    """Make many series of readings of white samples with a standard deviation of 1."""
    samples = rng.standard_normal((runs, (count - 1) * stride + len(weights)))
    windows = np.lib.stride_tricks.sliding_window_view(samples, len(weights), axis=1)
    return windows[:, ::stride] @ np.array(weights)


def matrix(places: np.ndarray, correlation: tuple[float, ...]) -> np.ndarray:
    lags = np.abs(places[:, None] - places[None, :])
    known = np.array([*correlation, *[0.0] * (int(lags.max()) + 1)])
    return known[lags]


def test_neighbours_of_delta_correlate_by_two_thirds_and_a_sixth():
    assert autocorrelation(DELTA) == pytest.approx((1.0, 2 / 3, 1 / 6), abs=1e-15)


def test_every_third_delta_reading_is_independent():
    assert autocorrelation(DELTA, 3) == (1.0,)


def test_the_sign_that_follows_the_current_does_not_matter():
    """(X0 - 2 X1 + X2)/4 and -(X1 - 2 X2 + X3)/4 of alternating levels: covariance worked out by hand."""
    one = np.array([1, -2, 1, 0]) / 4
    other = -np.array([0, 1, -2, 1]) / 4
    assert one @ other / (one @ one) == pytest.approx(2 / 3)


@pytest.mark.parametrize("count", [2, 3, 4, 7, 100])
def test_the_variance_of_the_mean_of_delta_readings_is_the_exact_one(count: int):
    """v = (8 n - 6) / (3 n^2) of the variance of a reading: from the sum over all pairs, in fractions."""
    correlations = [Fraction(1), Fraction(2, 3), Fraction(1, 6)]
    total = sum(correlations[abs(i - j)] for i in range(count) for j in range(count) if abs(i - j) < 3)
    assert total / count**2 == Fraction(8 * count - 6, 3 * count**2)
    values = np.arange(count, dtype=float)
    share = (8 * count - 6) / (3 * count**2)
    found = correlated_mean(values, np.arange(count), autocorrelation(DELTA))
    scatter = np.sum((values - values.mean()) ** 2) / (count * (1 - share))
    assert found.standard_error == pytest.approx(math.sqrt(scatter * share))


@pytest.mark.parametrize(("weights", "stride"), [(DELTA, 1), ((1.0,), 1), ((0.1, 0.2, 0.2, 0.2, 0.2, 0.1), 1),
                                                 ((0.05, 0.15, 0.2, 0.2, 0.2, 0.15, 0.05), 5)])  # fmt: skip
def test_the_standard_error_is_that_of_many_repetitions(weights: tuple[float, ...], stride: int):
    runs, count = 4000, 30
    table = series(count, weights, stride, np.random.default_rng(SEED), runs)
    means = [correlated_mean(row, np.arange(count), autocorrelation(weights, stride)) for row in table]
    true = float(np.std([mean.value for mean in means]))
    variances = np.array([mean.standard_error**2 for mean in means])
    assert float(np.mean(variances)) == pytest.approx(true**2, rel=5 * math.sqrt(2 / runs + 2 / runs / 8))
    freedom = means[0].degrees_of_freedom
    spread = float(np.var(variances) / np.mean(variances) ** 2)  # of a chi-squared over its mean: 2 / freedom
    assert spread == pytest.approx(2 / freedom, rel=0.15)


def test_the_naive_error_would_be_too_small_by_1_63():
    runs, count = 500, 300
    table = series(count, DELTA, 1, np.random.default_rng(SEED), runs)
    naive = np.std(table, axis=1, ddof=1) / math.sqrt(count)
    right = [correlated_mean(row, np.arange(count), autocorrelation(DELTA)).standard_error for row in table]
    assert float(np.mean(right) / np.mean(naive)) == pytest.approx(math.sqrt(8 / 3), rel=0.01)


def test_independent_readings_give_the_textbook_error():
    values = np.random.default_rng(SEED).standard_normal(40)
    found = correlated_mean(values, np.arange(40), (1.0,))
    assert found.value == pytest.approx(float(np.mean(values)))
    assert found.standard_error == pytest.approx(float(np.std(values, ddof=1)) / math.sqrt(40))
    assert found.degrees_of_freedom == pytest.approx(39)


def test_missing_readings_are_left_out_where_they_stood():
    rng = np.random.default_rng(SEED)
    places = np.flatnonzero(rng.random(60) < 0.6)
    values, correlation = rng.standard_normal(len(places)), autocorrelation((0.1, 0.2, 0.4, 0.2, 0.1))
    full, count = matrix(places, correlation), len(places)
    variance = float(full.sum()) / count**2
    scatter = float(np.sum((values - values.mean()) ** 2)) / (count * (1 - variance))
    centred = (np.eye(count) - 1 / count) @ full
    freedom = float(np.trace(centred)) ** 2 / float(np.trace(centred @ centred))
    found = correlated_mean(values, places, correlation)
    assert found.standard_error == pytest.approx(math.sqrt(scatter * variance))
    assert found.degrees_of_freedom == pytest.approx(freedom)


def test_too_few_readings_say_so():
    nothing = correlated_mean(np.array([]), np.array([], dtype=np.int64), (1.0,))
    assert math.isnan(nothing.value)
    assert nothing.readings == 0
    one = correlated_mean(np.array([2.0]), np.array([5]), (1.0,))
    assert one.value == 2.0
    assert math.isnan(one.standard_error)
    alike = correlated_mean(np.array([2.0, 2.0]), np.array([0, 1]), (1.0, 1.0))  # no scatter can be seen
    assert math.isnan(alike.standard_error)
