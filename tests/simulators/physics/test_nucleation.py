"""What a field in the film plane leaves of a wall's energy, and the cells that a moving field is taken in."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from simulators.physics.nucleation import CELLS, cell, wall_part


def wall_energy(h: float) -> float:
    """Integral of the energy along a wall between two domains that a field tilts, over that without field.

    The angle psi from the film normal goes from one domain's asin(h) to the other's pi - asin(h) with the field on its
    side, and the wall's energy is the integral of sqrt(E(psi) - E(domain)) = sin(psi) - h along this way.
    """
    tilt = math.asin(h)
    return quad(lambda psi: math.sin(psi) - h, tilt, math.pi - tilt)[0] / 2.0


@pytest.mark.parametrize("h", [0.0, 0.1, 0.3, 0.5, 0.8, 0.99])
def test_the_wall_has_the_energy_of_its_integral(h: float) -> None:
    assert wall_part(h) == pytest.approx(wall_energy(h) ** 2, abs=1e-9)


def test_there_is_no_wall_beyond_the_anisotropy_field_and_the_sign_does_not_matter() -> None:
    assert wall_part(0.0) == 1.0
    assert wall_part(1.0) == wall_part(1.7) == 0.0
    assert wall_part(-0.4) == wall_part(0.4)


@given(st.floats(-1.5, 1.5), st.sampled_from([1.0, -1.0]))
def test_a_cell_holds_what_is_in_it_and_is_left_ahead(tilt: float, rate: float) -> None:
    middle, line = cell(tilt, rate)
    assert abs(middle - abs(tilt)) <= 0.5001 / CELLS
    ahead = (line - tilt) * rate
    assert 0.0 < ahead <= 1.00001 / CELLS


def test_a_walk_through_all_cells_takes_each_once() -> None:
    at, seen = -1.0, list[float]()
    while at < 1.0:
        middle, at = cell(at, 1.0)
        seen.append(middle)
    assert len(seen) == 2 * CELLS
    assert seen == pytest.approx(seen[::-1])
