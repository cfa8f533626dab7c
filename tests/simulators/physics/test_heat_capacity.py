"""Debye's heat capacity: its two limits, its energy, and a table value."""

from __future__ import annotations

import math

import pytest
from scipy.integrate import quad

from simulators.physics.heat_capacity import capacity_ratio, debye


def test_warm_it_is_dulong_and_petits() -> None:
    """1 - 1/(20 t^2) + ..."""
    for reduced in (3.0, 10.0):
        assert debye(reduced) == pytest.approx(1 - 1 / (20 * reduced**2), abs=1e-4)


def test_cold_it_goes_with_the_third_power() -> None:
    for reduced in (1e-3, 1e-2, 0.03):
        assert debye(reduced) == pytest.approx(4 * math.pi**4 / 5 * reduced**3, rel=1e-5)


def test_it_is_the_derivative_of_the_energy() -> None:
    """Of the phonons: 3 t^4 int_0^(1/t) x^3/(e^x - 1) dx per theta."""

    def energy(reduced: float) -> float:
        return 3 * reduced**4 * quad(lambda x: x**3 / math.expm1(x) if x else 0.0, 0.0, 1 / reduced)[0]

    for reduced in (0.05, 0.2, 0.6):
        assert (energy(1.001 * reduced) - energy(0.999 * reduced)) / (0.002 * reduced) == pytest.approx(
            debye(reduced), rel=1e-5
        )


def test_at_the_debye_temperature_it_is_what_tables_say() -> None:
    assert debye(1.0) == pytest.approx(0.9517, abs=1e-4)
    assert debye(0.25) == pytest.approx(0.503, abs=1e-3)


def test_a_ratio_is_one_where_it_is_taken_from() -> None:
    assert capacity_ratio(300.0, 300.0, 645.0) == 1.0
    assert capacity_ratio(10.0, 300.0, 645.0) == pytest.approx(3.6e-4, rel=0.05)
