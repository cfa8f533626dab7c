"""What is scheduled happens in order, each at its own moment."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.clock import VirtualClock
from simulators.timeline import Timeline


@given(st.lists(st.floats(0, 100), max_size=20))
def test_events_happen_in_order_at_their_own_moments(times: list[float]) -> None:
    clock = VirtualClock()
    timeline = Timeline(clock)
    seen: list[float] = []
    for time in times:
        timeline.schedule(time, lambda: seen.append(timeline.now))
    clock.sleep(200)
    timeline.catch_up()
    assert seen == sorted(times)
    assert timeline.now == 200
    assert timeline.next_time() is None


def test_nothing_happens_before_its_time_or_after_it_was_cancelled() -> None:
    clock = VirtualClock()
    timeline = Timeline(clock)
    seen: list[str] = []
    timeline.schedule(1.0, lambda: seen.append("kept"))
    timeline.schedule(0.5, lambda: seen.append("cancelled")).cancel()
    clock.sleep(0.9)
    timeline.catch_up()
    assert seen == []
    assert timeline.next_time() == 1.0
    clock.sleep(0.1)
    timeline.catch_up()
    assert seen == ["kept"]


def test_an_event_can_schedule_another_that_is_due_already() -> None:
    clock = VirtualClock()
    timeline = Timeline(clock)
    seen: list[float] = []

    def again() -> None:
        seen.append(timeline.now)
        if len(seen) < 3:
            timeline.schedule(timeline.now + 1, again)

    timeline.schedule(1, again)
    clock.sleep(10)
    timeline.catch_up()
    assert seen == [1, 2, 3]


def test_events_at_one_moment_keep_the_order_in_which_they_were_scheduled() -> None:
    clock = VirtualClock()
    timeline = Timeline(clock)
    seen: list[int] = []
    for number in range(5):
        timeline.schedule(1.0, lambda number=number: seen.append(number))
    clock.sleep(1)
    timeline.catch_up()
    assert seen == [0, 1, 2, 3, 4]


class Flowing:
    """A clock that goes on by a second with each look at it."""

    def __init__(self) -> None:
        self.looks = 0.0

    def now(self) -> float:
        self.looks += 1.0
        return self.looks


def test_on_a_clock_that_flows_the_lab_stands_while_something_is_done_in_it() -> None:
    clock: Any = Flowing()
    timeline = Timeline(clock)
    timeline.catch_up()
    begun = timeline.now
    seen: list[float] = []
    timeline.schedule(begun + 0.5, lambda: seen.append(timeline.now))
    assert timeline.now == begun  # nothing can be done at a later time than what is still to come
    timeline.catch_up()
    assert seen == [begun + 0.5]
    assert timeline.now > begun + 0.5


def test_cancelled_events_do_not_pile_up_while_time_stands() -> None:
    timeline = Timeline(VirtualClock())
    seen: list[float] = []
    for number in range(10_000):
        event = timeline.schedule(1.0 + number, lambda: seen.append(timeline.now))
        if number % 100:
            event.cancel()
    assert len(timeline._events) < 600
    timeline.clock.sleep(20_000.0)
    timeline.catch_up()
    assert seen == [1.0 + number for number in range(0, 10_000, 100)]


def test_the_labs_time_is_a_virtual_clocks_without_anybody_catching_up() -> None:
    clock = VirtualClock(5.0)
    one, other = Timeline(clock), Timeline(clock)
    assert one.now == other.now == 5.0
    clock.sleep(1.5)
    assert one.now == other.now == 6.5
    clock.sleep_until(9.0)
    assert one.now == other.now == 9.0


def test_an_event_that_lets_time_pass_has_its_own_moment_until_it_is_over() -> None:
    clock = VirtualClock()
    timeline = Timeline(clock)
    seen: list[float] = []

    def linger() -> None:
        clock.sleep(10.0)
        timeline.catch_up()  # from within an event nothing else is carried out
        seen.append(timeline.now)

    timeline.schedule(1.0, linger)
    timeline.schedule(5.0, lambda: seen.append(timeline.now))
    clock.sleep(2.0)
    timeline.catch_up()
    assert seen == [1.0]
    assert timeline.now == 12.0
    timeline.catch_up()
    assert seen == [1.0, 5.0]
    assert timeline.now == 12.0


def test_an_event_that_fails_leaves_the_labs_time_at_the_clocks() -> None:
    clock = VirtualClock()
    timeline = Timeline(clock)
    timeline.schedule(1.0, lambda: [].pop())
    clock.sleep(2.0)
    with pytest.raises(IndexError):
        timeline.catch_up()
    assert timeline.now == 2.0
    clock.sleep(1.0)
    assert timeline.now == 3.0
