"""Where the field points in the sample's frame."""

from __future__ import annotations

import math

import pytest

from simulators.environment import NORMAL
from simulators.mounting import AS_MADE, Axis, Mounting


def test_as_made_it_is_the_normal_to_the_bit() -> None:
    assert AS_MADE.direction() == AS_MADE.direction(77.0) == NORMAL


@pytest.mark.parametrize(
    ("axis", "start", "end"),
    [
        ("across current", (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)),
        ("along current", (0.0, 0.0, 1.0), (0.0, 1.0, 0.0)),
        ("along normal", (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    ],
)
def test_a_quarter_turn_leads_from_axis_to_axis(axis: Axis, start: tuple[float, ...], end: tuple[float, ...]) -> None:
    mounting = Mounting(math.pi / 2 if axis == "along normal" else 0.0, 0.0, axis)
    assert mounting.direction(0.0) == start
    assert mounting.direction(90.0) == end
    assert mounting.direction(180.0) == tuple(-part if part else 0.0 for part in start)


def test_it_stays_a_unit_vector_and_keeps_its_part_along_the_axis() -> None:
    axes: tuple[Axis, ...] = ("along current", "across current", "along normal")
    for kept, axis in enumerate(axes):
        mounting = Mounting(1.1, 0.4, axis)
        for angle in (0.0, 17.0, 123.0, 359.0):
            direction = mounting.direction(angle)
            assert math.hypot(*direction) == pytest.approx(1.0)
            assert direction[kept] == pytest.approx(mounting.direction(0.0)[kept])


def test_the_angle_from_the_normal_and_in_the_plane() -> None:
    assert Mounting(math.radians(60.0), math.radians(90.0)).direction() == pytest.approx((0.0, math.sqrt(0.75), 0.5))
