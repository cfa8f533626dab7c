"""Black's law and the resistance of a void."""

from __future__ import annotations

import math

import pytest

from simulators.physics.constants import BOLTZMANN, ELEMENTARY_CHARGE
from simulators.physics.electromigration import Electromigration, void_squares

LAW = Electromigration(30.0, 4.4e11, 331.0, 2.0, 1.2, 1.2e10)


def test_it_lasts_its_lifetime_at_the_reference() -> None:
    law = Electromigration(30.0, 4.4e11, 331.0, 2.0, 1.2)
    assert law.rate(4.4e11, 331.0) == pytest.approx(1 / 30.0, rel=1e-12)
    assert law.rate(-4.4e11, 331.0) == law.rate(4.4e11, 331.0)


def test_the_exponent_is_that_of_what_exceeds_the_threshold() -> None:
    assert LAW.rate(1.2e10 + 8e11, 400.0) / LAW.rate(1.2e10 + 2e11, 400.0) == pytest.approx(16.0, rel=1e-12)


def test_the_slope_against_the_inverse_temperature_is_the_activation_energy() -> None:
    ratio = LAW.rate(5e11, 400.0) / LAW.rate(5e11, 350.0)
    slope = math.log(ratio) / (1 / 350.0 - 1 / 400.0) * BOLTZMANN / ELEMENTARY_CHARGE
    assert slope == pytest.approx(1.2, rel=1e-9)


@pytest.mark.parametrize("density", [0.0, 2.3e9, 1e10, 1.2e10, -1.2e10])
def test_below_the_threshold_nothing_happens_at_any_temperature(density: float) -> None:
    assert LAW.rate(density, 1000.0) == 0.0


def test_a_void_of_half_the_width_is_a_square_more_on_a_square_of_length() -> None:
    assert void_squares(0.0, 1.0) == 0.0
    assert void_squares(0.5, 1.0) == pytest.approx(1.0)
    assert void_squares(0.9, 2.0) == pytest.approx(18.0)
