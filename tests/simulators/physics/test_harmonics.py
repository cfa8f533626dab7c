"""Harmonic Hall response of a macrospin: against its equilibrium, and analysed as Hayashi does."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulators.physics.harmonics import directions
from simulators.physics.tilt import normal_part

STEPS = 64
PHASES = 2.0 * math.pi * (np.arange(STEPS) + 0.5) / STEPS
SINE = np.sin(PHASES)

H_K, H_DL, H_FL, R_A = 3300.0, 56.0, 10.0, 0.5
"""Oe, Oe, Oe at the peak of the current, ohm."""


def harmonics(state: int, field: tuple[float, float, float], planar: float) -> tuple[float, float]:
    """First harmonic in phase and second in quadrature (of cos 2wt), over the current's amplitude, in ohm."""
    (n,) = directions((state,), field, H_K, H_DL * SINE, H_FL * SINE)
    voltage = (R_A * n[:, 2] + 2.0 * planar * n[:, 0] * n[:, 1]) * SINE
    return 2.0 * float(np.mean(voltage * SINE)), 2.0 * float(np.mean(voltage * np.cos(2.0 * PHASES)))


def analysed(state: int, planar: float, assumed: float) -> tuple[float, float, float]:
    """H_k, H_DL and H_FL in Oe as an experimenter finds them with some planar Hall resistance (ohm)."""
    fields = np.linspace(-200.0, 200.0, 9)
    slopes: list[float] = []
    curvature = 0.0
    for axis in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)):
        first, second = np.array([harmonics(state, (h * axis[0], h * axis[1], 0.0), planar) for h in fields]).T
        curvature = 2.0 * float(np.polyfit(fields, first, 2)[0])
        slopes.append(-2.0 * float(np.polyfit(fields, second, 1)[0]) / curvature)
    (along, across), ratio = slopes, assumed / R_A
    damping = (along + 2.0 * state * ratio * across) / (1.0 - 4.0 * ratio**2)
    sideways = (across + 2.0 * state * ratio * along) / (1.0 - 4.0 * ratio**2)
    return math.sqrt(R_A / abs(curvature)), damping, sideways


@pytest.mark.parametrize("state", [1, -1])
@pytest.mark.parametrize(("in_plane", "normal"), [(0.1, 0.0), (0.5, 0.02), (0.3, -0.05), (1.4, 0.1)])
def test_without_current_it_is_tilted_as_stoner_and_wohlfarth_say(state: int, in_plane: float, normal: float) -> None:
    (n,) = directions((state,), (0.6 * in_plane, 0.8 * in_plane, normal), 1.0, np.zeros(1), np.zeros(1))
    assert n[0, 2] == pytest.approx(normal_part(state, in_plane, normal), abs=1e-9)
    assert n[0, 1] == pytest.approx(4.0 / 3.0 * n[0, 0], abs=1e-9)


@pytest.mark.parametrize("state", [1, -1])
def test_it_lies_along_the_effective_field(state: int) -> None:
    field, damping, sideways = np.array([0.2, -0.1, 0.05]), 0.03 * SINE, 0.01 * SINE
    (n,) = directions((state,), field.tolist(), 1.0, damping, sideways)
    y = np.array([0.0, 1.0, 0.0])
    along = field + n * np.array([0.0, 0.0, 1.0]) + sideways[:, None] * y + damping[:, None] * np.cross(n, y)
    assert np.abs(np.cross(n, along)).max() < 1e-12
    assert np.all((n * along).sum(axis=1) > 0.0)


@pytest.mark.parametrize("state", [1, -1])
def test_the_torques_are_found_from_the_harmonics(state: int) -> None:
    """The damping-like field on a magnet along +z points towards -x for a positive current, so that B_x is -H_DL."""
    h_k, damping, sideways = analysed(state, 0.0, 0.0)
    assert h_k == pytest.approx(H_K, rel=3e-3)
    assert damping == pytest.approx(-state * H_DL, rel=3e-3)
    assert sideways == pytest.approx(H_FL, rel=3e-3)


@pytest.mark.parametrize("state", [1, -1])
def test_a_planar_hall_effect_has_to_be_taken_off_with_the_right_sign(state: int) -> None:
    planar = 0.1 * R_A
    _, damping, sideways = analysed(state, planar, planar)
    assert damping == pytest.approx(-state * H_DL, rel=1e-2)
    assert sideways == pytest.approx(H_FL, rel=3e-2)
    _, _, raw = analysed(state, planar, 0.0)
    _, _, wrong = analysed(state, planar, -planar)
    assert abs(raw - H_FL) > 0.8 * H_FL
    assert abs(wrong - H_FL) > 1.6 * H_FL


def test_a_droplet_whose_side_is_no_longer_stable_is_on_the_other() -> None:
    (n,) = directions((1,), (0.0, 1e-3, -1.5), 1.0, np.zeros(1), np.zeros(1))
    assert n[0, 2] < -0.99


@pytest.mark.parametrize("reach", [0.9, 0.97, 1.03, 1.2])
def test_near_the_anisotropy_field_it_lies_along_the_effective_field_too(reach: float) -> None:
    """There each round only takes off a small part of what is left."""
    field, damping, sideways = np.array([reach, 0.0, 0.002]), 0.015 * SINE, 0.003 * SINE
    (n,) = directions((1,), field.tolist(), 1.0, damping, sideways)
    y = np.array([0.0, 1.0, 0.0])
    along = field + n * np.array([0.0, 0.0, 1.0]) + sideways[:, None] * y + damping[:, None] * np.cross(n, y)
    assert np.abs(np.cross(n, along)).max() < 1e-9
