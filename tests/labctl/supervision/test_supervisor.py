"""What a supervisor makes of children that end well, die, hang, or are left alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from labctl.rundir import RunDirectory
from labctl.supervision import processes, supervisor
from labctl.supervision.line import VARIABLE, Listener
from tests.sources import ROOT

BEGIN = """
import os, sys, time
from pathlib import Path
from labctl.abort import AbortSwitch
from labctl.supervision import child
child.begin()
folder = Path({folder!r})
"""
RUN = "child.run_begins(folder, in_this_process=True)\n"
DIE = "os.kill(os.getpid(), 9)\n"
Supervise = Callable[..., int]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a run that is on."""
    (tmp_path / "events.jsonl").write_text('{"time_s": 5.0, "utc": "2000-01-01T00:00:05+00:00", "state": "running"}\n')
    return tmp_path


@pytest.fixture
def supervise(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Supervise:
    """Supervises a program of a few lines, which finds `child` and the run's `folder`."""

    def call(*lines: str, words: tuple[str, ...] = ("run", "ahe", "--simulate")) -> int:
        text = BEGIN.format(folder=str(folder)) + "".join(lines)

        def begin(environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
            command = [sys.executable, "-c", text]
            return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment})

        monkeypatch.setattr(processes, "begin_again", begin)
        return supervisor.supervise(words)

    return call


@pytest.mark.parametrize("code", [0, 3, 5])
def test_who_has_said_all_ends_with_its_own_code_and_nothing_is_added(
    code: int, supervise: Supervise, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = (folder / "events.jsonl").read_bytes()
    assert supervise(RUN, "child.run_is_safe()\n", f"print('all')\nchild.finished({code})\nsys.exit({code})") == code
    assert capfd.readouterr() == ("all\n", "")
    assert (folder / "events.jsonl").read_bytes() == before


def test_a_death_after_all_was_said_changes_nothing(supervise: Supervise, capfd: pytest.CaptureFixture[str]) -> None:
    assert supervise(RUN, "child.run_is_safe()\nchild.finished(0)\n", DIE) == 0
    assert capfd.readouterr().err == ""


def test_a_death_in_a_run_is_announced_as_its_end(
    supervise: Supervise, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert supervise(RUN, DIE, words=("run", "ahe", "--simulate", "--json")) == 1
    printed = capfd.readouterr()
    said = json.loads(printed.out)
    assert (said["run"], said["status"]) == (str(folder), "failed")
    assert said["error"] == (
        f"the run's process was killed (SIGKILL); its simulated lab ended with it; what it recorded is kept in {folder}"
    )
    assert printed.err == f"error: {said['error']}\n"
    assert [event.get("event") for event in RunDirectory(folder).events()[1:]] == ["died", "state"]
    assert RunDirectory(folder).status() == "failed"


def test_a_death_before_the_run_and_one_after_it_is_safe_leave_its_events_alone(
    supervise: Supervise, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = (folder / "events.jsonl").read_bytes()
    for lines in ([DIE], [RUN, "child.run_is_safe()\n", DIE]):
        assert supervise(*lines) == 1
        assert capfd.readouterr().err == "error: the run's process was killed (SIGKILL)\n"
        assert (folder / "events.jsonl").read_bytes() == before


def test_a_program_that_ends_without_a_word_has_died(supervise: Supervise, folder: Path) -> None:
    assert supervise(RUN, "os._exit(0)\n") == 1
    assert RunDirectory(folder).events()[1]["how"] == "ended with exit code 0"


def test_who_gives_no_sign_of_life_is_ended(
    supervise: Supervise, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "PATIENCE", 0.5)
    assert supervise(RUN, "time.sleep(1000)\n") == 1
    assert RunDirectory(folder).events()[1]["how"] == "gave no sign of life for 0.5 s, and was ended"


def test_who_announces_that_it_will_be_quiet_is_left_alone(
    supervise: Supervise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "PATIENCE", 0.3)
    assert supervise(RUN, "child.expect(5.0)\ntime.sleep(1.0)\nchild.run_is_safe()\nchild.finished(0)\n") == 0


def test_signs_of_life_keep_it_alive(supervise: Supervise, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "PATIENCE", 0.6)
    beats = "for _ in range(30):\n    child.beat()\n    time.sleep(0.05)\nchild.run_is_safe()\nchild.finished(0)\n"
    assert supervise(RUN, beats) == 0


LIVE = """
with AbortSwitch() as switch:
    child.run_begins(folder, in_this_process=True)
    while not switch.asked:
        time.sleep(0.01)
    (folder / "asked").write_text(switch.asked)
    child.run_is_safe()
child.finished(3)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals of POSIX")
@pytest.mark.parametrize(
    ("number", "words"),
    [("SIGTERM", "a request to terminate"), ("SIGHUP", "the end of its terminal"), ("SIGINT", "Ctrl-C")],
)
def test_what_only_the_supervisor_is_sent_it_passes_on(
    number: str, words: str, supervise: Supervise, folder: Path
) -> None:
    sender = threading.Timer(1.0, os.kill, (os.getpid(), getattr(signal, number)))
    sender.start()
    assert supervise(LIVE) == 3
    sender.join()
    assert (folder / "asked").read_text() == words


def test_a_child_whose_supervisor_dies_is_asked_to_stop(folder: Path) -> None:
    """The line ends with the supervisor's process; here it is closed."""
    listener = Listener()
    text = BEGIN.format(folder=str(folder)) + LIVE
    child = subprocess.Popen([sys.executable, "-c", text], cwd=ROOT, env={**os.environ, VARIABLE: listener.address})
    line = listener.accept()
    assert line is not None
    assert next(line.hear())["is"] == "run"
    line.close()
    assert child.wait(30) == 0
    assert (folder / "asked").read_text() == "the death of its supervisor"


def test_a_stranger_on_the_line_is_hung_up_on() -> None:
    import socket

    listener = Listener()
    port = int(listener.address.partition(":")[0])
    found: list[object] = []
    waiting = threading.Thread(target=lambda: found.append(listener.accept()))
    waiting.start()
    for said in (b"", b"wrong\n", b"x" * 70000):
        with socket.create_connection(("127.0.0.1", port)) as stranger:
            stranger.sendall(said)
            if said.endswith(b"\n"):
                assert stranger.recv(10) == b""
    time.sleep(0.05)
    assert not found
    listener.close()
    waiting.join(10)
    assert found == [None]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "ended with exit code 0"), (7, "ended with exit code 7"), (-9, "was killed (SIGKILL)"),
        (-11, "crashed (SIGSEGV)"), (-15, "was ended (SIGTERM)"), (-99, "was ended (signal 99)"),
        (0xC0000005, "crashed (0xC0000005)"),
    ],
)  # fmt: skip
def test_how_a_process_ended_is_told_in_words(code: int, words: str) -> None:
    assert processes.how_it_ended(code) == words
