"""What is read off I-V curves of known shape: bends, asymmetry, hysteresis, breakdown."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from instruments.errors import BadValue
from labctl.analysis.iv_curves import (
    Curve,
    asymmetry,
    breakdown_at,
    fit_curve,
    hysteresis,
    odd_and_even,
)
from labctl.analysis.local_slopes import local_conductances, of_shared_conversions
from labctl.analysis.readings import FloatArray

CONDUCTANCE, SLOPE, BEND = 6.5e-6, 0.36, 41.3
"""S, 1/V and 1/V2, as of the shipped junction."""

UP, DOWN = np.linspace(0.0, 0.2, 51), np.linspace(0.2, -0.2, 101)[1:]
BIAS = np.concatenate([UP, DOWN, np.linspace(-0.2, 0.0, 51)[1:]])
RISING = np.concatenate([np.ones(51, bool), np.zeros(100, bool), np.ones(50, bool)])


def current(voltage: FloatArray) -> FloatArray:
    return np.asarray(CONDUCTANCE * (voltage - SLOPE / 2 * voltage**2 + BEND / 3 * voltage**3), dtype=np.float64)


def curve(noise: float = 0.0, seed: int = 1, offset: float = 0.0) -> Curve:
    dice = np.random.default_rng(seed)
    return Curve(BIAS, current(BIAS) + offset + noise * dice.standard_normal(len(BIAS)), RISING)


def test_what_a_curve_is_made_of_comes_back_whatever_the_meters_read_at_zero() -> None:
    fit = fit_curve(curve(offset=3e-10))
    assert fit.coefficients[1] == pytest.approx(CONDUCTANCE)
    assert fit.cubic[0] == pytest.approx(BEND / 3)
    assert fit.quadratic[0] == pytest.approx(-SLOPE / 2)
    bias, odd, even = odd_and_even(curve(offset=3e-10), fit)
    assert odd == pytest.approx(0.5 * (current(bias) - current(-bias)))
    assert even == pytest.approx(0.5 * (current(bias) + current(-bias)))
    expected = (current(np.array([0.2])) + current(np.array([-0.2]))) / (
        current(np.array([0.2])) - current(np.array([-0.2]))
    )
    assert asymmetry(fit)[0] == pytest.approx(float(expected[0]))
    double, single = (0.5 * (current(at) - current(-at)) for at in (np.array([0.2]), np.array([0.1])))
    assert fit.superlinearity(0.1)[0] == pytest.approx(float((double / single)[0]) / 2)


def test_a_resistor_bends_no_more_than_its_uncertainty_and_a_barrier_does() -> None:
    dice = np.random.default_rng(3)
    straight = fit_curve(Curve(BIAS, CONDUCTANCE * BIAS + 1e-10 * dice.standard_normal(len(BIAS)), RISING))
    assert abs(straight.cubic[0]) < 3.0 * straight.cubic[1]
    assert straight.superlinearity(0.1)[0] == pytest.approx(1.0, abs=4 * straight.superlinearity(0.1)[1])
    bent = fit_curve(curve(1e-10))
    assert bent.cubic[0] > 30.0 * bent.cubic[1]
    assert bent.superlinearity(0.1)[0] > 1.3


def test_the_cubic_coefficient_is_within_its_uncertainty() -> None:
    pulls = []
    for seed in range(400):
        value, error = fit_curve(curve(2e-10, seed)).cubic
        pulls.append((value - BEND / 3) / error)
    for part in (0.68, 0.95):
        hits = int((np.abs(pulls) < stats.norm.ppf(0.5 + part / 2)).sum())
        low, high = stats.binom.interval(0.99, 400, part)
        assert low <= hits <= high, (part, hits)


def test_hysteresis_is_noise_where_there_is_none_and_found_where_there_is() -> None:
    noisy = curve(1e-10)
    size, error = hysteresis(noisy, fit_curve(noisy))
    assert size < 4.0 * error  # the largest of ten
    moved = Curve(BIAS, noisy.current * np.where(RISING, 1.0, 1.02), RISING)
    size, error = hysteresis(moved, fit_curve(moved))
    assert size == pytest.approx(0.02, rel=0.4)
    assert size > 10.0 * error


def test_a_breakdown_is_seen_where_it_happens_and_no_barrier_is_one() -> None:
    assert breakdown_at(curve(1e-10)) is None
    broken = curve(1e-10).current.copy()
    broken[40:] = BIAS[40:] / 120.0
    assert breakdown_at(Curve(BIAS, broken, RISING)) == pytest.approx(BIAS[40])


def test_what_is_no_curve_is_refused() -> None:
    with pytest.raises(BadValue, match="too few for an I-V curve"):
        Curve(BIAS[:5], BIAS[:5], RISING[:5])
    with pytest.raises(BadValue, match="one sign"):
        Curve(BIAS[:51], BIAS[:51], RISING[:51])
    one_way = Curve(BIAS, current(BIAS), np.ones(len(BIAS), bool))
    with pytest.raises(BadValue, match="one way only"):
        hysteresis(one_way, fit_curve(one_way))


def test_slopes_in_windows_are_those_of_the_curve_and_their_errors_hold() -> None:
    pulls: list[float] = []
    for seed in range(40):
        noisy = curve(2e-10, seed)
        found = local_conductances(noisy.voltage, noisy.current, 0.02)
        assert found.sigma is not None
        true = CONDUCTANCE * (1 - SLOPE * found.voltage + BEND * (found.voltage**2 + found.broadening))
        pulls += ((found.conductance - true) / found.sigma).tolist()
    low, high = stats.binom.interval(0.99, len(pulls), 0.68)
    assert low <= int((np.abs(pulls) < 1.0).sum()) <= high
    exact = local_conductances(BIAS, current(BIAS), 0.02)
    true = CONDUCTANCE * (1 - SLOPE * exact.voltage + BEND * (exact.voltage**2 + exact.broadening))
    assert exact.conductance == pytest.approx(true, rel=1e-9)
    assert np.max(exact.broadening) > 1e-5


def test_windows_that_hold_too_little_are_refused() -> None:
    with pytest.raises(BadValue, match="wider window"):
        local_conductances(BIAS, current(BIAS), 0.004)
    with pytest.raises(BadValue, match="fewer than three windows"):
        local_conductances(BIAS, current(BIAS), 0.3)


def test_the_noise_of_readings_that_share_conversions_is_found() -> None:
    """From conversions with white noise, as the mode makes its readings of them."""
    dice, sizes = np.random.default_rng(5), []
    volts = np.linspace(0.0, 0.12, 130)
    for _ in range(60):
        conversions = 1e-4 * dice.standard_normal(len(volts) + 2)
        signs = (-1.0) ** np.arange(len(volts))
        noise = signs * (conversions[:-2] - 2.0 * conversions[1:-1] + conversions[2:]) / 4.0
        found = of_shared_conversions(volts, 1.0 + noise, np.full_like(volts, 5e-3))
        assert found.sigma is not None
        sizes.append(float(found.sigma.mean()))
    assert np.mean(sizes) == pytest.approx(1e-4 * np.sqrt(20.0) / 8.0, rel=0.05)


def test_a_staircase_through_a_bent_curve_gives_its_parabola() -> None:
    """Conversions as the mode makes them, of a barrier's current and not of its conductance."""
    delta = CONDUCTANCE * 5e-3
    number = np.arange(-1, 121)
    currents = 0.5 * delta * number + np.where(number % 2 == 0, delta, -delta)
    grid = np.linspace(-0.02, 0.3, 400_001)
    volts = np.interp(currents, current(grid), grid)
    steps = np.where(number[1:-1] % 2 == 0, -1.0, 1.0) * (volts[:-2] - 2.0 * volts[1:-1] + volts[2:]) / 4.0
    mean = (volts[:-2] + 2.0 * volts[1:-1] + volts[2:]) / 4.0
    single = delta / steps
    plain = CONDUCTANCE * (1 - SLOPE * mean + BEND * mean**2)
    assert np.abs(single / plain - 1.0).max() > 1e-3  # every other one is off
    found = of_shared_conversions(mean, single, steps)
    true = CONDUCTANCE * (1 - SLOPE * found.voltage + BEND * (found.voltage**2 + found.broadening))
    assert found.conductance == pytest.approx(true, rel=2.5e-4)
