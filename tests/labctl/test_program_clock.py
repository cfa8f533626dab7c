"""Time for a program that knows no clock: what moves the lab, and what does not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from instruments.clock import VIRTUAL_EPOCH, Clock, ScaledClock, VirtualClock, WallClock
from instruments.errors import BadValue
from labctl import program_clock
from labctl.program_clock import GLANCES, GRACE, TICK, ProgramClock, make_clock


class Wall:
    """Real time, as the test wants it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def passes(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    wall = Wall()
    monkeypatch.setattr(program_clock, "time", SimpleNamespace(monotonic=lambda: wall.now))
    return wall


def call(clock: ProgramClock, takes: float = 0.0) -> None:
    """A call into the lab that takes so many s of its own."""
    with clock:
        clock.sleep(takes)


def test_sleeping_and_readings_move_the_clock_and_short_pauses_do_not(wall: Wall) -> None:
    clock = ProgramClock()
    for _ in range(100):
        wall.passes(0.2)  # computes
        clock.sleep(2.0)
        call(clock, 0.1)
    assert clock.now() == pytest.approx(210.0)


def test_waiting_that_nobody_can_see_goes_on_in_real_time(wall: Wall) -> None:
    clock = ProgramClock()
    for _ in range(200):
        wall.passes(0.25)  # an event loop
        call(clock, 1e-3)
    assert clock.now() == pytest.approx(50.0, abs=GRACE)


def test_a_person_who_thinks_finds_the_lab_gone_on(wall: Wall) -> None:
    clock = ProgramClock()
    wall.passes(600.0)
    assert clock.now() == 600.0
    assert (clock.utc() - VIRTUAL_EPOCH).total_seconds() == 600.0


def test_what_the_lab_itself_computes_does_not_count(wall: Wall) -> None:
    clock = ProgramClock()
    with clock:
        wall.passes(60.0)
        assert clock.now() == 0.0
    assert clock.now() == 0.0


def test_looking_at_the_time_again_and_again_lets_it_pass(wall: Wall) -> None:
    clock = ProgramClock()
    end, looks = clock.now() + 10.0, 0
    while clock.now() < end:
        looks += 1
    assert looks == pytest.approx(GLANCES + 10.0 / TICK, rel=0.01)


def test_looking_at_the_time_between_calls_costs_nothing(wall: Wall) -> None:
    clock = ProgramClock()
    for _ in range(10):
        for _ in range(GLANCES):
            clock.now()
        call(clock)
    assert clock.now() == 0.0


def test_sleeping_until_a_moment_counts_as_sleeping(wall: Wall) -> None:
    clock = ProgramClock()
    wall.passes(GRACE - 0.1)
    clock.sleep_until(100.0)
    wall.passes(GRACE - 0.1)
    clock.sleep_until(50.0)
    assert clock.now() == 100.0


@pytest.mark.parametrize(
    ("text", "kind"), [("", ProgramClock), ("virtual", VirtualClock), ("wall", WallClock), ("scaled:20", ScaledClock)]
)
def test_the_environment_chooses_the_clock(text: str, kind: type[Clock]) -> None:
    assert type(make_clock(text)) is kind


@pytest.mark.parametrize("text", ["sand", "scaled", "scaled:", "scaled:x", "scaled:-1", "scaled:nan", "wall:2", ":2"])
def test_a_clock_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="LABCTL_CLOCK"):
        make_clock(text)
