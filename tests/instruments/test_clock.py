"""Clocks: virtual, scaled and the wall's."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.clock import ScaledClock, VirtualClock, WallClock


def test_a_virtual_clock_begins_at_zero_and_at_the_year_2000() -> None:
    clock = VirtualClock()
    assert clock.now() == 0.0
    assert clock.utc() == datetime(2000, 1, 1, tzinfo=UTC)


def test_sleeping_on_a_virtual_clock_is_all_that_moves_it() -> None:
    clock = VirtualClock()
    clock.sleep(8 * 3600)
    assert clock.now() == 8 * 3600
    assert clock.utc() == datetime(2000, 1, 1, 8, tzinfo=UTC)
    clock.sleep(-5)
    clock.sleep(0)
    assert clock.now() == 8 * 3600


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_sleep_until_arrives_exactly_and_never_goes_back(first: float, second: float) -> None:
    clock = VirtualClock()
    clock.sleep_until(first)
    assert clock.now() == first
    clock.sleep_until(second)
    assert clock.now() == max(first, second)


def test_who_follows_a_virtual_clock_hears_of_each_jump_and_of_nothing_else() -> None:
    clock = VirtualClock(1.0)
    heard: list[float] = []
    clock.follow(heard.append)
    clock.sleep(2.0)
    clock.sleep(0.0)
    clock.sleep_until(2.0)
    clock.sleep_until(7.0)
    assert heard == [1.0, 3.0, 7.0]


@pytest.mark.parametrize("clock", [VirtualClock(), ScaledClock(1000), WallClock()])
@pytest.mark.parametrize("seconds", [math.nan, math.inf, -math.inf])
def test_no_clock_sleeps_for_a_duration_that_is_no_number(clock: VirtualClock, seconds: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        clock.sleep(seconds)


def test_a_deadline_counts_down_on_its_clock() -> None:
    clock = VirtualClock()
    deadline = clock.deadline(2.0)
    clock.sleep(1.5)
    assert deadline.remaining == pytest.approx(0.5)
    assert not deadline.passed
    clock.sleep(1.0)
    assert deadline.remaining == 0.0
    assert deadline.passed
    assert deadline.seconds == 2.0


def test_a_scaled_clock_plays_faster_than_the_wall() -> None:
    wall, scaled = WallClock(), ScaledClock(1000)
    scaled.sleep(20)
    assert scaled.now() >= 20
    assert wall.now() < 10


@pytest.mark.parametrize("speed", [0, -1, math.nan, math.inf])
def test_a_scaled_clock_refuses_a_speed_that_is_none(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        ScaledClock(speed)


def test_the_wall_clock_tells_todays_date() -> None:
    assert abs((WallClock().utc() - datetime.now(UTC)).total_seconds()) < 5


@pytest.mark.parametrize("kind", [VirtualClock, WallClock])
def test_a_clock_can_go_on_counting_from_where_another_one_was(kind: type[VirtualClock | WallClock]) -> None:
    clock = kind(500.0)
    assert clock.now() == pytest.approx(500.0, abs=1.0)
    deadline = clock.deadline(10.0)
    assert deadline.remaining == pytest.approx(10.0, abs=1.0)
