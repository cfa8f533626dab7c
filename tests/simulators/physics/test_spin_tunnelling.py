"""Julliere's law, its fall with bias, and the gain of polarisation in the cold."""

from __future__ import annotations

import math

import pytest

from simulators.physics.spin_tunnelling import Polarisations

LAW = Polarisations(-1.0, 0.120, 0.145, 2.0, 9.0, 0.3)


@pytest.mark.parametrize(("first", "second"), [(0.5, 0.4), (1.0, 0.265), (-1.0, 0.124), (0.3, -0.6), (-0.2, -0.7)])
def test_resistances_of_the_two_states_differ_as_julliere_says(first: float, second: float) -> None:
    product = Polarisations(first, second, 0.0, 0.0, 1.0, 1.0).product(10.0)
    alike, opposite = 1.0 / (1.0 + product), 1.0 / (1.0 - product)
    assert opposite / alike - 1.0 == pytest.approx(2.0 * first * second / (1.0 - first * second), rel=1e-12)


def test_what_is_not_polarised_does_not_care() -> None:
    assert Polarisations(0.0, 0.5, 0.3, 2.0, 9.0, 0.3).product(2.0) == 0.0


def test_polarisation_falls_from_the_cold_value_to_that_of_high_temperatures() -> None:
    assert LAW.upper_at(2.0) == pytest.approx(0.265)
    assert LAW.upper_at(11.0) == pytest.approx(0.120 + 0.145 / math.e)
    assert LAW.upper_at(300.0) == pytest.approx(0.120, rel=1e-9)
    assert LAW.product(2.0) == pytest.approx(-0.265)


def test_the_stated_ratios_of_the_smallest_junction_come_out() -> None:
    """+72 % at 2 K, where the layers' transition metals oppose in the low state, and -22 % at 50 K (stated)."""
    cold, warm = (abs(LAW.product(temperature)) for temperature in (2.0, 50.0))
    assert 2.0 * cold / (1.0 - cold) == pytest.approx(0.72, abs=0.005)
    assert -2.0 * warm / (1.0 + warm) == pytest.approx(-0.22, abs=0.006)


def test_half_is_left_at_the_half_bias_and_all_of_it_at_a_reading() -> None:
    assert LAW.fading(0.0) == 1.0
    assert LAW.fading(0.3) == LAW.fading(-0.3) == 0.5
    assert 1.0 - LAW.fading(1e-3) == pytest.approx(1.1e-5, rel=0.02)
    assert LAW.fading(3e3) == pytest.approx(1e-8)
