"""A clock that several programs share: all go over to another speed at the same moment, and none sees a jump."""

from __future__ import annotations

import math
import struct
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from instruments import shared_clock
from instruments.errors import BadValue, UsageError, WriteFailed
from instruments.shared_clock import AHEAD, FASTEST, SLICE, SLOWEST, SharedClock
from tests.sources import ROOT


class Wall:
    """The computer's monotonic clock, which stands unless somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now += max(1e-6, seconds)  # none returns sooner


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    """One for all clocks of a test."""
    wall = Wall()
    monkeypatch.setattr(shared_clock, "time", SimpleNamespace(monotonic=lambda: wall.now, sleep=wall.sleep))
    return wall


@pytest.fixture
def file(tmp_path: Path, wall: Wall) -> Path:
    """A clock at 10 lab seconds a second."""
    del wall
    shared_clock.begin(tmp_path / "lab.clock", 10.0)
    return tmp_path / "lab.clock"


def test_all_follow_a_change_at_one_moment_and_time_goes_on_from_where_it_was(file: Path, wall: Wall) -> None:
    one, other = SharedClock(file), SharedClock(file)
    wall.now += 3.0
    assert (one.now(), one.speed) == (pytest.approx(30.0), 10.0)
    shared_clock.set_speed(file, 200.0)
    assert one.speed == 10.0  # it holds in a moment, so that nobody has gone on at the old one beyond it
    wall.now += AHEAD
    assert one.now() == pytest.approx(30.0 + 10.0 * AHEAD)
    wall.now += 1.0
    assert one.now() == pytest.approx(30.0 + 10.0 * AHEAD + 200.0)
    assert (other.now(), other.speed) == (one.now(), 200.0)


def test_a_second_change_waits_until_the_first_one_holds(file: Path, wall: Wall) -> None:
    clock = SharedClock(file)
    shared_clock.set_speed(file, 1000.0)
    shared_clock.set_speed(file, 0.5)
    wall.now += AHEAD
    at = clock.now()
    wall.now += 10.0
    assert clock.now() - at == pytest.approx(5.0)
    assert 0.0 < at <= 3 * AHEAD * 1000.0


def test_who_sleeps_follows_within_a_slice(file: Path, wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SharedClock(file)
    began, changed = wall.now, list[float]()

    def sleep(seconds: float) -> None:
        if wall.now > began + 1.0 and not changed:
            changed.append(1000.0)
            shared_clock.set_speed(file, 1000.0)
        wall.sleep(seconds)

    monkeypatch.setattr(shared_clock.time, "sleep", sleep)
    clock.sleep(3600.0)
    assert clock.now() == pytest.approx(3600.0)
    assert wall.now - began == pytest.approx(1.0 + 3.59, abs=0.2)
    assert max(wall.slept) <= SLICE


def test_a_writer_that_was_held_up_makes_no_jump(file: Path, wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, held_up = SharedClock(file), [5.0]

    def pack_into(buffer: object, place: int, *values: float) -> None:
        if held_up:
            wall.now += held_up.pop()
        struct.Struct("=ddd").pack_into(buffer, place, *values)  # pyright: ignore[reportArgumentType]

    stretch = struct.Struct("=ddd")
    fake = SimpleNamespace(pack_into=pack_into, unpack_from=stretch.unpack_from, size=stretch.size)
    monkeypatch.setattr(shared_clock, "_STRETCH", fake)
    shared_clock.set_speed(file, 100.0)
    assert clock.now() == pytest.approx(50.0)  # the 5 s still went at 10
    assert clock.speed == 10.0


@pytest.mark.parametrize("speed", [0.0, 0.09, 1000.5, -3.0, math.nan, math.inf])
def test_a_speed_that_is_none_is_refused_with_the_limits(file: Path, speed: float) -> None:
    with pytest.raises(BadValue, match=r"0\.1 to 1000"):
        shared_clock.set_speed(file, speed)
    assert SharedClock(file).speed == 10.0
    for limit in (SLOWEST, FASTEST):
        shared_clock.set_speed(file, limit)


def test_a_file_that_is_none_of_a_clock_is_one_sentence(file: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the lab has ended"):
        SharedClock(tmp_path / "gone.clock")
    (tmp_path / "other").write_text("no clock")
    with pytest.raises(UsageError, match="is no clock"):
        SharedClock(tmp_path / "other")
    (tmp_path / "empty").touch()
    with pytest.raises(UsageError, match="cannot be read"):
        shared_clock.set_speed(tmp_path / "empty", 2.0)
    with pytest.raises(WriteFailed, match="not there yet"):
        shared_clock.begin(file, 1.0)


def test_time_never_turns_back_for_a_reader_while_others_change_the_speed(tmp_path: Path) -> None:
    """With the real clock: the changes come while somebody reads as fast as he can."""
    file = tmp_path / "lab.clock"
    shared_clock.begin(file, 1000.0)
    clock, seen, over = SharedClock(file), [0.0], threading.Event()

    def read() -> None:
        while not over.is_set():
            seen.append(clock.now())

    reading = threading.Thread(target=read)
    reading.start()
    for speed in (0.1, 1000.0, 1.0, 500.0, 0.1):
        shared_clock.set_speed(file, speed)
    over.set()
    reading.join()
    assert len(seen) > 100
    assert all(after >= before for before, after in pairwise(seen))


def test_another_program_shows_the_same_time(tmp_path: Path) -> None:
    file = tmp_path / "lab.clock"
    shared_clock.begin(file, 10.0)
    shared_clock.set_speed(file, 700.0)
    ours = SharedClock(file)
    program = (
        "import sys\nfrom pathlib import Path\nfrom instruments.shared_clock import SharedClock\n"
        "clock = SharedClock(Path(sys.argv[1]))\nprint(clock.now(), clock.speed)"
    )
    ours.sleep(10.0 * AHEAD)  # after that it holds
    before = ours.now()
    said = subprocess.run([sys.executable, "-c", program, str(file)], cwd=ROOT, capture_output=True, check=True)
    now, speed = map(float, said.stdout.split())
    assert before < now < ours.now()
    assert speed == 700.0
