"""Two-sublattice mean field: equations, limits, and the accuracy of the table."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import gamma

from instruments.errors import BadValue
from simulators.physics.constants import BOHR_MAGNETON, BOLTZMANN
from simulators.physics.ferrimagnet import Ferrimagnet, brillouin

COTB = Ferrimagnet(0.23, 6.0, 1.5, 6.75, 110.0, 3.0, 700.0, 7.0e28, compensation_temperature=275.0)
COGD = Ferrimagnet(0.18, 3.5, 2.0, 7.0, 190.0, 1.0, 900.0, 7.5e28, compensation_temperature=27.0)
MULTILAYER = Ferrimagnet(0.2374, 3.5, 2.0, 7.0, 120.0, 3.0, 900.0, 6.14e28, transition_metal_moment=1.70)
ALLOYS = [COTB, COGD, MULTILAYER]


@pytest.mark.parametrize("spin", [0.5, 3.5, 6.0])
def test_brillouin_function_has_its_limits(spin: float) -> None:
    small = np.array([1e-3, 1e-2])
    assert brillouin(spin, small) == pytest.approx((spin + 1) / (3 * spin) * small, rel=1e-3)
    assert brillouin(spin, np.array([200.0]))[0] == pytest.approx(1.0, abs=1e-6)


def test_brillouin_function_of_one_half_is_tanh() -> None:
    x = np.linspace(0.01, 8.0, 50)
    assert brillouin(0.5, x) == pytest.approx(np.tanh(x), rel=1e-12)


def test_brillouin_function_is_the_thermal_mean_of_its_levels() -> None:
    for x in (0.3, 2.0, 7.0):
        m = np.arange(-6.0, 7.0)
        weight = np.exp(m / 6.0 * x)
        assert brillouin(6.0, np.array([x]))[0] == pytest.approx(np.sum(m / 6.0 * weight) / np.sum(weight), rel=1e-12)


@pytest.mark.parametrize("alloy", [COTB, COGD])
def test_net_moment_vanishes_at_the_compensation_temperature_and_rises_through_it(alloy: Ferrimagnet) -> None:
    compensation = alloy.compensation_temperature
    assert compensation is not None
    zero = brentq(alloy.net_magnetisation, compensation - 20, compensation + 20)
    assert zero == pytest.approx(compensation, abs=1e-3)
    assert alloy.net_magnetisation(compensation - 5) < 0 < alloy.net_magnetisation(compensation + 5)


def test_equations_hold_with_the_continuous_distribution_of_exchange_fields() -> None:
    """The average over the gamma distribution by adaptive quadrature, apart from the module's own quantiles."""

    def rare_earth(temperature: float) -> float:
        t = temperature / 700.0
        order = (1 - 0.11 * t**1.5 - 0.89 * t**2.5) ** (1 / 3)

        def weighted(b: float) -> float:
            x = np.array([1.5 * 6.0 * BOHR_MAGNETON * b * order / (BOLTZMANN * temperature)])
            return float(gamma.pdf(b, 3.0, scale=110.0 / 3.0)) * float(brillouin(6.0, x)[0])

        return quad(weighted, 0.0, 2000.0, limit=200)[0]

    def order(temperature: float) -> float:
        t = temperature / 700.0
        return (1 - 0.11 * t**1.5 - 0.89 * t**2.5) ** (1 / 3)

    cobalt = 0.23 * 6.75 * rare_earth(275.0) / (0.77 * order(275.0))
    assert COTB.fitted_transition_metal_moment == pytest.approx(cobalt, rel=2e-4)
    for temperature in (100.0, 250.0, 300.0):
        expected = (0.77 * cobalt * order(temperature) - 0.23 * 6.75 * rare_earth(temperature)) * BOHR_MAGNETON * 7e28
        assert COTB.net_magnetisation(temperature) == pytest.approx(expected, rel=2e-3)


def test_one_exchange_field_freezes_the_rare_earth_at_27_kelvin() -> None:
    """With one realistic field there is no lever at 27 K, and the sense of the crossing is wrong."""
    single = Ferrimagnet(0.18, 3.5, 2.0, 7.0, 190.0, math.inf, 900.0, 7.5e28, compensation_temperature=27.0)
    assert 0.0 < single.net_magnetisation(10.0) < 500.0


def test_low_temperature_limit_is_the_difference_of_the_full_moments() -> None:
    stiff = Ferrimagnet(0.2, 3.5, 2.0, 7.0, 200.0, math.inf, 900.0, 7e28, transition_metal_moment=1.7)
    assert stiff.net_magnetisation(1.0) == pytest.approx((0.8 * 1.7 - 0.2 * 7.0) * BOHR_MAGNETON * 7e28, rel=1e-3)


def test_multilayer_with_a_given_moment_is_cobalt_rich_at_room_temperature() -> None:
    assert MULTILAYER.net_magnetisation(300.0) > 1e5
    assert MULTILAYER.net_magnetisation(100.0) < 0.0 < MULTILAYER.net_magnetisation(200.0)


@pytest.mark.parametrize("alloy", ALLOYS)
def test_table_is_as_accurate_as_it_says(alloy: Ferrimagnet) -> None:
    temperatures = np.concatenate([np.linspace(1.0, 10.0, 400), np.linspace(10.0, 629.0, 3000)])
    exact, order = alloy.evaluate(temperatures)
    table = np.array([alloy.net_magnetisation(float(t)) for t in temperatures])
    error = np.abs(table - exact)
    assert np.max(error) < 1e-4 * np.max(np.abs(exact))
    assert np.max(error[temperatures > 10.0]) < 0.01
    assert [alloy.transition_metal_order(float(t)) for t in temperatures] == pytest.approx(order.tolist(), rel=1e-12)


def test_outside_the_table_the_equations_are_evaluated() -> None:
    for temperature in (0.5, 680.0):
        assert COTB.net_magnetisation(temperature) == float(COTB.evaluate(np.array([temperature]))[0][0])
    assert COTB.net_magnetisation(701.0) == 0.0
    assert COTB.transition_metal_order(700.0) == 0.0


def test_order_falls_from_one_to_zero() -> None:
    values = [COTB.transition_metal_order(t) for t in np.linspace(0.0, 700.0, 300).tolist()]
    assert values[0] == 1.0
    assert values[-1] == 0.0
    assert np.all(np.diff(values) < 0)


def test_impossible_parameters_are_refused() -> None:
    with pytest.raises(BadValue, match="both or neither"):
        Ferrimagnet(0.2, 6.0, 1.5, 6.75, 110.0, 3.0, 700.0, 7e28)
    with pytest.raises(BadValue, match="between 0 and 1"):
        Ferrimagnet(1.2, 6.0, 1.5, 6.75, 110.0, 3.0, 700.0, 7e28, compensation_temperature=275.0)
    with pytest.raises(BadValue, match="Curie temperature of 700"):
        Ferrimagnet(0.2, 6.0, 1.5, 6.75, 110.0, 3.0, 700.0, 7e28, compensation_temperature=800.0)
