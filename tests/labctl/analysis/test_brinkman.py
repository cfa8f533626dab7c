"""The barrier from dI/dV: the expression against a calculation of the trapezoid, and fits against known barriers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from instruments.errors import BadValue
from labctl.analysis.barrier_ranges import fit_barrier
from labctl.analysis.brinkman import (
    CHARGE,
    ELECTRON_MASS,
    HBAR,
    WAVE,
    BarrierFit,
    Conductances,
    barrier_of,
    conductance_per_area,
    fit_parabola,
    shape_found,
    shape_of,
    stratton,
)
from labctl.analysis.readings import FloatArray

TRUTH = (0.42, 0.10, 2.3e-9)
AREA = math.pi / 4 * (2e-6) ** 2
VOLTAGE = np.linspace(-0.2, 0.2, 101)


def exact(voltage: FloatArray, truth: tuple[float, float, float] = TRUTH, temperature: float = 0.0) -> FloatArray:
    """G in S of a barrier of `AREA`."""
    slope, curvature = shape_of(*truth)
    zero = AREA * conductance_per_area(truth[0], truth[2], temperature)
    return np.asarray(zero * (1.0 - slope * voltage + curvature * voltage**2), dtype=np.float64)


def wkb_current(voltage: float, height: float, asymmetry: float, thickness: float) -> float:
    """A/m2 through the trapezoid at 0 K by WKB, summed over energies on a fine grid."""
    depth = 60.0 / (WAVE * thickness / math.sqrt(height))  # below the Fermi level; nothing comes from deeper
    low = min(0.0, -voltage)
    energy = np.linspace(low - depth, max(0.0, -voltage), 40_001)
    left, right = height - asymmetry / 2 - energy, height + asymmetry / 2 - voltage - energy
    gap = np.where(np.abs(right - left) < 1e-9, 1e-9, right - left)
    mean = 2.0 / 3.0 * ((left + gap) ** 1.5 - left**1.5) / gap
    through = np.exp(-2.0 * WAVE * thickness * mean)
    supply = np.maximum(0.0, -energy) - np.maximum(0.0, -voltage - energy)
    planck = 2.0 * math.pi * HBAR
    return float(4.0 * math.pi * ELECTRON_MASS * CHARGE**3 / planck**3 * np.trapezoid(through * supply, energy))


def wkb_conductance(volts: FloatArray, truth: tuple[float, float, float]) -> FloatArray:
    step = 1e-4
    ends = [[wkb_current(v + sign * step, *truth) for v in volts] for sign in (1.0, -1.0)]
    return np.asarray((np.array(ends[0]) - np.array(ends[1])) / (2.0 * step), dtype=np.float64)


@pytest.mark.parametrize("height", [0.42, 1.0, 2.0])
@pytest.mark.parametrize("thickness", [2.0e-9, 2.3e-9, 3.0e-9])
def test_the_expression_is_that_of_the_trapezoid_to_10_per_cent(height: float, thickness: float) -> None:
    truth = (height, 0.24 * height, thickness)
    volts = np.linspace(-0.05 * height, 0.05 * height, 9)
    measured = wkb_conductance(volts, truth)
    slope, curvature = shape_of(*truth)
    said = conductance_per_area(height, thickness) * (1.0 - slope * volts + curvature * volts**2)
    assert np.abs(said / measured - 1.0).max() < 0.10
    found = np.polynomial.Polynomial.fit(volts, measured, 4).convert().coef
    assert curvature * found[0] / found[2] == pytest.approx(1.0, abs=0.03)
    left_out = 1.5 / (WAVE * thickness * math.sqrt(height))
    assert -found[1] / found[0] == pytest.approx(slope * (1.0 - left_out), rel=0.06)


def test_how_far_the_expression_goes() -> None:
    """A parabola is the beginning of the trapezoid's curve: by a third of the height it is 16 % too low."""

    def off(bias: float) -> float:
        volts = np.array([-bias, bias])
        slope, curvature = shape_of(*TRUTH)
        said = conductance_per_area(TRUTH[0], TRUTH[2]) * (1.0 - slope * volts + curvature * volts**2)
        return float(np.abs(said / wkb_conductance(volts, TRUTH) - 1.0).max())

    assert off(TRUTH[0] / 5.0) < 0.10 < off(TRUTH[0] / 3.0) < 0.20 < off(TRUTH[0] / 2.0)


def test_the_dependence_on_the_range_shows_that_a_curve_is_no_parabola() -> None:
    """Of a true trapezoid the narrow range is nearer to the truth, and R2 sees nothing of it."""
    found = fit_barrier(Conductances(VOLTAGE, AREA * wkb_conductance(VOLTAGE, TRUTH)), AREA, 0.0)
    assert found.wide.parabola.r_square > 0.99
    assert found.narrow is not None
    assert found.wide.values[0] < found.narrow.values[0] < TRUTH[0]
    assert found.systematic is not None
    assert TRUTH[0] - found.narrow.values[0] < 2.0 * found.systematic[0]
    assert abs(found.systematic[0]) > 5.0 * found.narrow.expression[0]


@pytest.mark.parametrize("other", ["as printed", "inverse"])
def test_other_powers_of_the_height_are_not_that_of_the_trapezoid(other: str) -> None:
    """The test above can fail: what is in print for slope and G(0) is off by far more than it allows."""
    height, asymmetry, thickness = 2.0, 0.5, 2.3e-9
    volts = np.linspace(-0.2, 0.2, 9)
    found = (
        np.polynomial.Polynomial.fit(volts, wkb_conductance(volts, (height, asymmetry, thickness)), 4).convert().coef
    )
    if other == "as printed":
        assert abs(shape_of(height, asymmetry, thickness)[0] * math.sqrt(height) * found[0] / -found[1] - 1.0) > 0.4
    else:
        printed = 3.16e14 / math.sqrt(height) / 23.0 * math.exp(-1.025 * 23.0 / math.sqrt(height))
        assert printed / found[0] > 1e4


def test_a_barrier_gives_back_what_it_was_made_of() -> None:
    for temperature in (0.0, 100.0, 200.0):
        found = fit_barrier(Conductances(VOLTAGE, exact(VOLTAGE, temperature=temperature)), AREA, temperature)
        assert found.wide.values == pytest.approx(TRUTH, rel=1e-9)
        assert found.narrow is not None
        assert found.systematic == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)
        assert found.wide.parabola.r_square == pytest.approx(1.0, abs=1e-12)
    assert stratton(TRUTH[2] / math.sqrt(TRUTH[0]), 100.0) == pytest.approx(1.042, abs=0.001)
    assert stratton(TRUTH[2] / math.sqrt(TRUTH[0]), 200.0) == pytest.approx(1.182, abs=0.001)


def test_temperature_left_out_makes_the_barrier_lower_and_thinner() -> None:
    warm = Conductances(VOLTAGE, exact(VOLTAGE, temperature=200.0))
    height, _, thickness = fit_barrier(warm, AREA, 0.0).wide.values
    assert height < TRUTH[0] - 0.003
    assert thickness < TRUTH[2] - 0.008e-9


def test_what_a_chord_broadens_is_taken_out() -> None:
    reach = 0.02
    current = np.array([
        [np.polynomial.Polynomial(exact_polynomial()).integ()(v + sign * reach) for v in VOLTAGE] for sign in (1, -1)
    ])  # fmt: skip
    chord = (current[0] - current[1]) / (2.0 * reach)
    assert np.abs(chord / exact(VOLTAGE) - 1.0).max() > 0.003
    found = fit_barrier(Conductances(VOLTAGE, chord, broadening=reach**2 / 3.0), AREA, 0.0)
    assert found.wide.values == pytest.approx(TRUTH, rel=1e-9)


def exact_polynomial() -> list[float]:
    slope, curvature = shape_of(*TRUTH)
    zero = AREA * conductance_per_area(TRUTH[0], TRUTH[2])
    return [zero, -zero * slope, zero * curvature]


DRAWS = 1000
CHANCE = 1e-4
"""That a right interval is called wrong; the tests look at some thirty, whatever the seed."""


def inside(hits: int, part: float) -> bool:
    """Whether so many hits of `DRAWS` are as many as a binomial distribution gives: within 5.8 % of all for 68 %."""
    low, high = stats.binom.interval(1.0 - CHANCE, DRAWS, part)
    return bool(low <= hits <= high)


@pytest.mark.parametrize("known", [True, False], ids=["noise known", "noise from the scatter"])
@pytest.mark.parametrize("correlation", [(), (0.3,)], ids=["white", "as neighbours that share conversions"])
def test_the_truth_is_within_the_stated_covariance(known: bool, correlation: tuple[float, ...]) -> None:
    dice = np.random.default_rng(20260)
    true = exact(VOLTAGE, temperature=100.0)
    sigma = 0.005 * (true if known else np.full_like(true, true.mean()))
    matrix = sum(
        (
            size * (np.eye(len(true), k=lag) + np.eye(len(true), k=-lag))
            for lag, size in enumerate(correlation, start=1)
        ),
        np.eye(len(true)),
    )
    root = np.linalg.cholesky(matrix)
    pulls, joint = [], []
    for _ in range(DRAWS):
        noisy = true + sigma * (root @ dice.standard_normal(len(true)))
        spread = sigma if known else None
        found = fit_barrier(Conductances(VOLTAGE, noisy, spread, 0.0, correlation), AREA, 100.0).wide
        off = found.values - np.array(TRUTH)
        pulls.append(off / found.uncertainty)
        scale = np.diag(1.0 / found.uncertainty)
        joint.append(float((scale @ off) @ np.linalg.solve(found.correlation, scale @ off)))
    sizes, freedom = np.abs(np.array(pulls)), len(true) - 3
    for column in range(3):
        for part in (0.68, 0.95):
            factor = stats.norm.ppf(0.5 + part / 2) if known else stats.t.ppf(0.5 + part / 2, freedom)
            assert inside(int((sizes[:, column] < factor).sum()), part), (column, part)
        assert abs(np.array(pulls)[:, column].mean()) < stats.norm.isf(0.5 * CHANCE) / math.sqrt(DRAWS)
    for part in (0.68, 0.95):  # the three at once, as their correlations are stated
        assert inside(int((np.array(joint) < stats.chi2.ppf(part, 3)).sum()), part), part


def noisy_fit(seed: int, scale: float = 1.0) -> BarrierFit:
    dice = np.random.default_rng(seed)
    true = scale * exact(VOLTAGE)
    return barrier_of(fit_parabola(Conductances(VOLTAGE, true * (1 + 0.005 * dice.standard_normal(101)))), AREA, 0.0)


def test_a_good_fit_with_a_wrong_area_is_as_good_and_its_barrier_is_another() -> None:
    """Only the shape is seen by chi-square, so that it says nothing about a leak or a wrong area."""
    one, other = noisy_fit(3), noisy_fit(3, scale=2.0)
    assert one.parabola.r_square == pytest.approx(other.parabola.r_square)
    assert one.values[0] - other.values[0] > 10.0 * one.uncertainty[0]


def test_a_normalised_curve_gives_two_combinations_and_nothing_else() -> None:
    true = exact(VOLTAGE)
    parabola = fit_parabola(Conductances(VOLTAGE, true / true[50]))
    found = shape_found(parabola)
    height, asymmetry, thickness = TRUTH
    assert found.squared_width[0] == pytest.approx(thickness**2 / height, rel=1e-9)
    assert found.skewness[0] == pytest.approx(thickness * asymmetry / height**1.5, rel=1e-9)
    with pytest.raises(BadValue, match="cannot be told apart; give the junction's area"):
        barrier_of(parabola, math.nan, 0.0)


def test_what_gives_no_barrier_says_why() -> None:
    with pytest.raises(BadValue, match="no upward curvature"):
        barrier_of(fit_parabola(Conductances(VOLTAGE, 1e-6 + 0.0 * VOLTAGE)), AREA, 0.0)
    with pytest.raises(BadValue, match="both signs"):
        fit_parabola(Conductances(VOLTAGE[60:], exact(VOLTAGE[60:])))
    with pytest.raises(BadValue, match="too few"):
        fit_parabola(Conductances(VOLTAGE[48:53], exact(VOLTAGE[48:53])))
    with pytest.raises(BadValue, match="more than any barrier"):
        barrier_of(fit_parabola(Conductances(VOLTAGE, 1e9 * exact(VOLTAGE))), AREA, 0.0)
    with pytest.raises(BadValue, match="no meaning for this barrier"):
        stratton(TRUTH[2] / math.sqrt(TRUTH[0]), 700.0)


def test_a_short_range_says_that_it_does_not_reach() -> None:
    near = np.linspace(-0.12, 0.12, 61)
    found = fit_barrier(Conductances(near, exact(near)), AREA, 0.0)
    assert not found.reached
    assert found.narrow is None
    assert "stays within a third" in found.why
