"""What is scheduled happens in order, each at its own moment."""

from __future__ import annotations

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
