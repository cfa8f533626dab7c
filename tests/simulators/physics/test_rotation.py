"""A rotator with play: where the sample really is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulators.physics.rotation import GRID_ANGLE, Rotation


def test_it_arrives_exactly_from_below_and_overshoots_by_the_play_from_above() -> None:
    rotation = Rotation(0.5, 0.0)
    rotation.turn(0.0, 90.0, 10.0)
    assert rotation.angle(4.5) == pytest.approx(45.0)
    assert rotation.angle(9.0) == 90.0
    rotation.turn(10.0, -30.0, 10.0)
    assert rotation.angle(10.04) == 90.0  # the play is taken up first
    assert rotation.angle(13.0) == pytest.approx(60.5)
    rotation.turn(20.0, -0.2, 10.0)
    assert rotation.angle(21.0) == pytest.approx(60.3)
    rotation.turn(30.0, 0.3, 10.0)
    assert rotation.angle(31.0) == pytest.approx(60.3)  # within the play nothing moves
    rotation.turn(40.0, 0.7, 10.0)
    assert rotation.angle(41.0) == pytest.approx(60.8)


def test_the_gears_error_is_none_where_it_was_adjusted() -> None:
    rotation = Rotation(0.0, 0.1)
    assert rotation.angle(0.0) == 0.0
    rotation.turn(0.0, 90.0, 10.0)
    assert rotation.angle(9.0) == pytest.approx(90.1)


def test_a_stop_on_the_way_keeps_the_past() -> None:
    rotation, other = Rotation(0.5, 0.1), Rotation(0.5, 0.1)
    for one in (rotation, other):
        one.turn(1.0, 90.0, 12.0)
    rotation.turn(4.0, 0.0, 12.0)
    assert rotation.angle(100.0) == pytest.approx(other.angle(4.0))
    for time in np.linspace(0.0, 3.9, 20).tolist():
        assert rotation.stretch(time) == other.stretch(time)


def test_pieces_cover_a_rotation_and_stay_near_the_angle() -> None:
    rotation = Rotation(0.5, 0.1)
    rotation.turn(1.0, 33.33, 7.0)
    rotation.turn(20.0, -12.0, 7.0)
    time, count = 0.0, 0
    while time < 30.0:
        start, end, angle = rotation.stretch(time)
        assert start <= time < end
        middle = 0.5 * (start + min(end, 40.0))
        assert rotation.stretch(middle) == (start, end, angle)
        assert abs(angle - rotation.angle(middle)) <= GRID_ANGLE
        time, count = end, count + 1
    assert count > (33.3 + 11.5) / GRID_ANGLE
    assert math.isinf(time)
