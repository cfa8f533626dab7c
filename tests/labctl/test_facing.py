"""Which way the field points: the same as in the simulated cryostat, which was written apart from it."""

from __future__ import annotations

import math
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.cryostat import Cryostat
from labctl import facing
from labctl.sample import Mounting
from simulators.mounting import Mounting as SimulatedMounting

Axis = Literal["none", "along current", "across current", "along normal"]
AXES: tuple[Axis, ...] = ("none", "along current", "across current", "along normal")
ANGLES = st.floats(-math.pi, math.pi)


@settings(deadline=None, max_examples=60)
@given(leaning=ANGLES, azimuth=ANGLES, axis=st.sampled_from(AXES), angle=st.floats(-10.0, 370.0))
def test_the_direction_is_that_of_the_simulated_cryostat(
    leaning: float, azimuth: float, axis: Axis, angle: float
) -> None:
    mine = Mounting(field_from_normal=leaning, in_plane_from_current=azimuth, rotator_axis=axis)
    other = SimulatedMounting(leaning, azimuth, axis)
    assert facing.direction(mine, angle) == pytest.approx(other.direction(angle), abs=1e-9)


@pytest.mark.parametrize("leaning", [0.0, 3.0, 20.0, -5.0])
@pytest.mark.parametrize("axis", ["along current", "across current"])
def test_at_its_angle_the_field_is_in_the_plane_and_a_quarter_turn_away_along_the_normal(
    leaning: float, axis: Literal["along current", "across current"]
) -> None:
    azimuth = 0.0 if axis == "across current" else math.pi / 2
    mounting = Mounting(field_from_normal=math.radians(leaning), in_plane_from_current=azimuth, rotator_axis=axis)
    angle = facing.angle_in_plane(mounting)
    assert angle is not None
    assert facing.direction(mounting, angle)[2] == pytest.approx(0.0, abs=1e-9)
    upright = facing.angle_along_normal(angle)
    assert abs(facing.direction(mounting, upright)[2]) == pytest.approx(1.0)
    assert upright - facing.BELOW >= Cryostat.LOWEST_POSITION


def test_about_the_normal_the_field_is_turned_onto_the_current() -> None:
    for azimuth in (-50.0, 0.0, 40.0, 170.0):
        mounting = Mounting(
            field_from_normal=math.pi / 2, in_plane_from_current=math.radians(azimuth), rotator_axis="along normal"
        )
        angle = facing.angle_in_plane(mounting)
        assert angle is not None
        assert facing.direction(mounting, angle) == pytest.approx((1.0, 0.0, 0.0), abs=1e-9)
        assert angle - facing.BELOW >= Cryostat.LOWEST_POSITION
        assert not facing.tips(mounting)
    assert facing.angle_in_plane(Mounting(field_from_normal=0.0)) is None
