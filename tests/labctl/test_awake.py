"""The computer kept awake, with programs that stand in for those of each system, and a sleep that is noticed."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labctl import awake
from labctl.active_run import ActiveRun
from labctl.awake import INHIBIT, SleepWatch, Slept, kept_awake, slept
from labctl.procedure import Procedure
from tests.simulated import Simulate

posix = pytest.mark.skipif(os.name == "nt", reason="programs of POSIX")


def program(folder: Path, name: str, text: str) -> Path:
    """Put a program where it is found first; it writes its words down."""
    file = folder / name
    file.write_text(f'#!/bin/sh\necho "$@" > {folder}/words\n{text}\n')
    file.chmod(0o755)
    return folder / "words"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def until(found: Callable[[], object]) -> None:
    while not found():
        time.sleep(0.005)


@posix
@pytest.mark.parametrize(
    ("system", "name", "words"),
    [("Linux", "systemd-inhibit", " ".join(INHIBIT[1:])), ("Darwin", "caffeinate", "-i -w PID")],
)
def test_a_program_runs_as_long_as_the_run(system: str, name: str, words: str, path: Path) -> None:
    told = program(path, name, "echo $$ > $(dirname $0)/pid; exec cat")
    with kept_awake(system) as why_not:
        until(lambda: (path / "pid").exists() and (path / "pid").read_text())
        assert why_not() == ""
        assert told.read_text() == words.replace("PID", str(os.getpid())) + "\n"
    with pytest.raises(ProcessLookupError):
        os.kill(int((path / "pid").read_text()), 0)


@posix
def test_what_cannot_prevent_it_is_a_word_and_no_failure(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(path, "systemd-inhibit", "exit 4")
    with kept_awake("Linux") as why_not:
        until(why_not)
        assert why_not() == "systemd-inhibit ended with exit code 4"
    monkeypatch.setenv("PATH", str(path / "nowhere"))
    with kept_awake("Linux") as why_not:
        assert why_not() == "systemd-inhibit cannot be started (No such file or directory)"
    with kept_awake("Plan9") as why_not:
        assert why_not() == "nobody knows how to keep Plan9 awake"


class Kernel:
    """What Windows would be asked."""

    def __init__(self, takes: int = 1) -> None:
        self.takes = takes
        self.told: list[int] = []

        def ticks() -> int:
            return 5000

        self.GetTickCount64: Any = ticks

    def SetThreadExecutionState(self, state: int) -> int:  # noqa: N802 - as Windows has it
        self.told.append(state)
        return self.takes

    def QueryUnbiasedInterruptTime(self, into: Any) -> int:  # noqa: N802 - likewise
        into._obj.value = 2 * 10**7
        return self.takes


def test_windows_is_told_in_the_beginning_and_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel()
    monkeypatch.setattr(awake, "kernel32", lambda: kernel)
    with kept_awake("Windows") as why_not:
        assert why_not() == ""
        assert kernel.told == [0x80000001]
    assert kernel.told == [0x80000001, 0x80000000]
    kernel.takes = 0
    with kept_awake("Windows") as why_not:
        assert why_not() == "Windows did not take it"


def test_what_windows_says_of_its_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awake, "kernel32", lambda: Kernel())
    monkeypatch.delattr(time, "clock_gettime", raising=False)
    assert slept() == pytest.approx(3.0)
    monkeypatch.setattr(awake, "kernel32", lambda: Kernel(takes=0))
    assert slept() == 0.0


@pytest.mark.skipif(sys.platform != "linux", reason="clocks of Linux")
def test_a_computer_that_is_awake_has_not_slept() -> None:
    watch = SleepWatch()
    time.sleep(0.01)
    watch.look()
    assert slept() >= -1e-3


class Counting(Procedure):
    """Rows without an instrument, in two blocks."""

    DATA_COLUMNS = ("Number",)

    def execute(self) -> None:
        for part in self.track("part", range(2), restart=True):
            for number in range(5):
                self.record(Number=5 * part + number)


def test_a_run_in_which_the_computer_slept_ends_and_its_block_is_not_complete(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = [0.0]
    monkeypatch.setattr(awake, "slept", lambda: gone[0])

    def watch(run: ActiveRun) -> None:
        run._sleep = run._sleep or SleepWatch()  # as on hardware: in a simulation nothing is lost by a sleep
        gone[0] = 3600.0 if run.points >= 7 else 0.0

    done = simulate(Counting(), watch=watch)
    assert done.outcome.status == "failed"
    assert str(done.outcome.error).startswith("this computer slept for 3600 s while the run was on")
    assert isinstance(done.outcome.cause, Slept)
    blocks = [event["block"] for event in done.directory.events() if event["event"] == "block"]
    assert blocks == ["part=1"]
