"""Stoner and Wohlfarth's model against minimisation of its energy, and its limits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulators.physics.tilt import normal_part


def energy(angle: float, in_plane: float, normal: float) -> float:
    return -0.5 * math.cos(angle) ** 2 - in_plane * math.sin(angle) - normal * math.cos(angle)


def descended(state: int, in_plane: float, normal: float) -> float:
    """Cosine at the end of a walk downhill from the state's side."""
    angle, step = (0.0 if state > 0 else math.pi), 1e-2
    while step > 1e-9:
        here = energy(angle, in_plane, normal)
        if energy(angle + step, in_plane, normal) < here:
            angle += step
        elif energy(angle - step, in_plane, normal) < here:
            angle -= step
        else:
            step /= 2
    return math.cos(angle)


def test_it_is_where_the_energy_leads_downhill() -> None:
    generator = np.random.default_rng(4)
    for in_plane, normal in zip(generator.uniform(0.05, 1.6, 60), generator.uniform(-1.5, 1.5, 60), strict=True):
        if abs(in_plane ** (2 / 3) + abs(normal) ** (2 / 3) - 1.0) < 0.02:
            continue  # at the astroid the walk creeps
        for state in (1, -1):
            found = normal_part(state, float(in_plane), float(normal))
            assert found == pytest.approx(descended(state, float(in_plane), float(normal)), abs=1e-5)


@pytest.mark.parametrize("in_plane", [0.0, 0.1, 0.5, 0.99])
def test_without_a_normal_field_it_is_the_well_known_root(in_plane: float) -> None:
    assert normal_part(1, in_plane, 0.0) == pytest.approx(math.sqrt(1 - in_plane**2), abs=1e-9)
    assert normal_part(-1, in_plane, 0.0) == -normal_part(1, in_plane, 0.0)


def test_beyond_the_anisotropy_field_both_states_are_one() -> None:
    for normal in (0.01, -0.01):
        up, down = (normal_part(state, 2.0, normal) for state in (1, -1))
        assert up == pytest.approx(down)
        assert up == pytest.approx(normal / (2.0 - 1.0), rel=1e-3)
