"""One spin in a field near the film plane: its angle against a solver of the simulator's own, and its stiffness."""

from __future__ import annotations

import math

import numpy as np
import pytest

from labctl.analysis.macrospin import spin
from simulators.physics.tilt import normal_part

FIELDS = np.linspace(-0.8, 0.8, 17)


@pytest.mark.parametrize("state", [1, -1])
@pytest.mark.parametrize("tilt", [0.0, 2.0, -3.0])
def test_the_angle_is_that_of_stoner_and_wohlfarth(state: int, tilt: float) -> None:
    lean = math.radians(tilt)
    found = spin(FIELDS, np.full(FIELDS.size, float(state)), 1.0, lean)
    wanted = [normal_part(state, abs(h) * math.cos(lean), h * math.sin(lean)) for h in FIELDS.tolist()]
    assert state * found.cosine == pytest.approx(wanted, abs=1e-7)
    assert np.hypot(found.sine, found.cosine) == pytest.approx(1.0)


def test_in_the_plane_sine_and_stiffness_are_those_of_a_field_over_the_anisotropy_field() -> None:
    found = spin(0.33 * FIELDS, np.ones(FIELDS.size), 0.33)
    assert found.sine == pytest.approx(FIELDS)
    assert found.stiffness == pytest.approx(1.0 - FIELDS**2)
    assert found.sideways == pytest.approx(np.ones(FIELDS.size))


def test_the_stiffness_is_what_a_small_field_turns_it_against() -> None:
    lean, small = math.radians(2.0), 1e-6
    state = np.ones(FIELDS.size)
    found = spin(FIELDS, state, 1.0, lean)
    angle = np.arctan2(found.sine, found.cosine)
    x = FIELDS * math.cos(lean) + small * np.cos(angle)
    z = FIELDS * math.sin(lean) - small * np.sin(angle)
    for place in range(FIELDS.size):
        turned = spin(np.array([math.hypot(x[place], z[place])]), state[:1], 1.0, math.atan2(z[place], x[place]))
        if x[place] > 0.0:
            after = math.atan2(turned.sine[0], turned.cosine[0])
            assert (after - angle[place]) / small == pytest.approx(1.0 / found.stiffness[place], rel=1e-4)
