"""Extrapolation to zero current: the heating comes back from noise and drift, with honest uncertainties."""

from __future__ import annotations

import math

import numpy as np
import pytest

from labctl.analysis.heating import Extrapolation, Visit, extrapolate, straight
from tests.labctl.analysis.synthetic import covered, fewest, most

ZERO, SLOPE = 136.0, 15_300.0
"""ohm and ohm/A2."""
CURRENTS = (100e-6, 200e-6, 50e-6, 100e-6)


def rounds(
    rng: np.random.Generator, *, count: int = 4, drift: float = 0.0, noise: float = 0.5e-6, readings: int = 20
) -> list[Visit]:
    """Visits whose noise is so many V, with a resistance that drifts by so many ohm per s in every round."""
    found: list[Visit] = []
    for number in range(1, count + 1):
        others = rng.permutation(CURRENTS[1:-1]).tolist()
        for place, current in enumerate((CURRENTS[0], *others, CURRENTS[-1])):
            time = 120.0 * number + 30.0 * place
            base = ZERO + SLOPE * current**2 + drift * time
            scatter = noise / current * rng.standard_normal(readings)
            found.append(Visit(number, time, current, base + scatter))
    return found


def fitted(visits: list[Visit]) -> Extrapolation:
    fit = extrapolate(visits)
    assert isinstance(fit, Extrapolation)
    return fit


def test_without_noise_it_is_exact_whatever_the_drift() -> None:
    rng = np.random.default_rng(1)
    for drift in (0.0, 1e-3, -2e-2):
        fit = fitted(rounds(rng, drift=drift, noise=0.0))
        assert fit.slope[0] == pytest.approx(SLOPE, rel=1e-6)
        assert fit.drift[0] == pytest.approx(drift, abs=1e-9)
        assert fit.at(100e-6)[0] - fit.zero[0] == pytest.approx(SLOPE * 1e-8, rel=1e-6)


def test_a_drift_that_is_ignored_would_be_taken_for_heating() -> None:
    visits = rounds(np.random.default_rng(2), drift=1e-4, noise=0.0, count=1)
    mean = {current: np.mean([np.mean(v.resistance) for v in visits if v.current == current]) for current in CURRENTS}
    naive = (mean[200e-6] - mean[50e-6]) / (200e-6**2 - 50e-6**2)
    assert abs(naive - SLOPE) > 3.0 * SLOPE
    assert fitted(visits).slope[0] == pytest.approx(SLOPE, rel=1e-6)


@pytest.mark.parametrize("drift", [0.0, 1e-4])
def test_uncertainties_hold_the_truth_as_often_as_they_should(drift: float) -> None:
    rng, pulls = np.random.default_rng(3), []
    for _ in range(400):
        fit = fitted(rounds(rng, drift=drift))
        pulls.append((fit.slope[0] - SLOPE) / fit.slope[1])
    found = np.array(pulls)
    for confidence in (0.68, 0.95):
        assert fewest(len(found), confidence) <= covered(found, confidence), confidence
    assert covered(found, 0.68) <= most(len(found), 0.8)


def test_the_resistance_at_none_has_the_uncertainty_of_all_that_enters_it() -> None:
    rng, pulls = np.random.default_rng(4), []
    for _ in range(300):
        fit = fitted(rounds(rng))
        pulls.append((fit.zero[0] - ZERO) / fit.zero[1])
    assert 0.75 < np.std(pulls) < 1.1
    assert abs(np.mean(pulls)) < 0.2


@pytest.mark.parametrize(
    ("visits", "why"),
    [
        ([], "fewer than two currents"),
        ([Visit(1, 0.0, 1e-4, np.array([1.0, 1.1]))], "fewer than two currents"),
        ([Visit(1, 0.0, 1e-4, np.array([1.0, 1.1])), Visit(1, 9.0, 2e-4, np.array([1.0, 1.2]))], "drift from heating"),
    ],
)
def test_it_says_why_it_cannot_tell(visits: list[Visit], why: str) -> None:
    found = extrapolate(visits)
    assert isinstance(found, str)
    assert why in found


def test_the_largest_current_follows_from_the_slope_or_is_a_lower_bound() -> None:
    sure = Extrapolation((ZERO, 1e-4), (SLOPE, 100.0))
    current, error = sure.largest(5e-4)
    assert current == pytest.approx(math.sqrt(5e-4 * ZERO / SLOPE))
    assert error == pytest.approx(current * 0.5 * 100.0 / SLOPE)
    assert sure.change(current)[0] == pytest.approx(5e-4)
    bound, none = Extrapolation((ZERO, 1e-4), (SLOPE, SLOPE)).largest(5e-4)
    assert none is None
    assert bound < current
    assert Extrapolation((ZERO, 1e-4), (0.0, 0.0)).largest(5e-4)[0] == math.inf


def test_a_straight_line_through_values_with_errors() -> None:
    rng, pulls = np.random.default_rng(5), []
    currents = (1e-4, 2e-4, 5e-5, 1e-4)
    for _ in range(300):
        values = [0.07 + 2e3 * current**2 + 1e-4 * float(rng.standard_normal()) for current in currents]
        fit = straight(currents, values, [1e-4] * 4)
        assert isinstance(fit, Extrapolation)
        pulls.append([(fit.slope[0] - 2e3) / fit.slope[1], (fit.zero[0] - 0.07) / fit.zero[1]])
    assert np.std(pulls, axis=0) == pytest.approx([1.0, 1.0], abs=0.12)
    assert straight([1e-4, 1e-4], [1.0, 1.1], [0.1, 0.1]) == "fewer than two currents have one"
