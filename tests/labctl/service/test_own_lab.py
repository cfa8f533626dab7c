"""The simulated lab of a worker: it ends with it, and not before the run that is on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from instruments.errors import UsageError
from labctl import abort
from labctl.rundir import RunDirectory
from labctl.service import measuring_lock, own_lab
from labctl.service.client import Client
from labctl.service.own_lab import OwnLab
from labctl.service.places import Worker
from labctl.supervision import child, processes
from tests.sources import ROOT

BEGIN = "from labctl.supervision import child\nchild.begin()\n"
SERVES = """
task = next(iter(child.tasks()))
print('{"seed": 3}', flush=True)
for _ in child.tasks():
    pass
open(task["folder"] + "/gone", "w").close()
"""


def scripted(monkeypatch: pytest.MonkeyPatch, program: str) -> list[Sequence[str]]:
    """Have a program of a few lines in the place of the lab; with which words it was begun."""
    begun: list[Sequence[str]] = []

    def begin_module(
        module: str, environment: Mapping[str, str], words: Sequence[str], *, told: bool
    ) -> subprocess.Popen[bytes]:
        assert (module, told) == ("labctl", True)
        begun.append(words)
        command = [sys.executable, "-c", program]
        return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE)

    monkeypatch.setattr(processes, "begin_module", begin_module)
    return begun


def test_its_line_is_in_a_file_and_it_ends_with_its_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = scripted(monkeypatch, BEGIN + SERVES)
    with own_lab.running(OwnLab("ppms", "cotb2025", "scaled", 10.0, 3), tmp_path) as file:
        assert json.loads(file.read_text()) == {"seed": 3}
        assert not (tmp_path / "gone").exists()
    assert (tmp_path / "gone").exists()
    ((*words, clock, seed, number),) = begun
    said = ["simulate", "--station", "ppms", "--sample", "cotb2025", "--clock", "scaled", "--speed", "10.0"]
    assert [*words, seed, number] == [*said, "--clock-file", "--seed", "3"]
    assert Path(clock).parent == tmp_path
    assert not {"--speed", "--clock-file"} & {*OwnLab("ppms", "cotb2025", "virtual").words(Path(clock))}


@pytest.mark.parametrize("program", ["raise SystemExit(2)", BEGIN], ids=["before the line", "before it said anything"])
def test_one_that_does_not_start_is_a_sentence(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    scripted(monkeypatch, program)
    lab = own_lab.running(OwnLab("ppms", "cotb2025"), tmp_path)
    with pytest.raises(UsageError, match="simulated lab could not be started"), lab:
        pass


def test_it_waits_for_the_run_whose_worker_was_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[signal.Signals] = []
    killed, stopped = threading.Event(), threading.Event()

    def tasks() -> Generator[Mapping[str, Any]]:
        yield {"is": own_lab.BELONGS, "folder": str(tmp_path)}
        killed.wait()

    waits = threading.Event()
    wait = measuring_lock.wait_for_the_one_before

    def waiting(folder: Path) -> None:
        waits.set()
        wait(folder)

    monkeypatch.setattr(child, "tasks", tasks)
    monkeypatch.setattr(abort, "leave", left.append)
    monkeypatch.setattr(measuring_lock, "wait_for_the_one_before", waiting)
    with measuring_lock.held(tmp_path):
        own_lab.end_with_the_worker(stopped.set)
        killed.set()
        assert waits.wait(30)
        assert not stopped.wait(0.1)  # the run is not in its safe state yet
    assert stopped.wait(30)
    assert set(left) == set(abort.SIGNALS)  # a Ctrl-C in the worker's terminal is not meant for it


# ---- as somebody starts it

ITEM = {"procedure": "ahe", "parameters": {"maximum_field": "0.3 T"}}


@contextmanager
def a_worker(queue: Path) -> Generator[tuple[subprocess.Popen[bytes], Client]]:
    """Start a worker with a lab of its own."""
    words = ["worker", "--simulate", "--clock", "virtual", "--queue", str(queue)]
    command = [sys.executable, "-m", "labctl", *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        token = Path(said["token_file"]).read_text().strip()
        try:
            yield process, Client(Worker(said["url"], token, said["station"]))
        finally:
            process.terminate()


def until_gone(port: int) -> None:
    """Wait until nobody listens there any more."""
    import socket

    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            return
        time.sleep(0.05)


@pytest.mark.endurance
def test_a_worker_is_killed_and_its_run_is_safe_before_its_lab_is_gone(tmp_path: Path) -> None:
    queue = tmp_path / "queue"
    with a_worker(queue) as (process, client):
        assert client.ask("GET", "/station")["lab"]["file"] == str(queue / own_lab.FILE)
        client.ask("POST", "/queue", {**ITEM, "out": str(tmp_path / "runs")})
        while ((client.ask("GET", "/run")["run"] or {}).get("points") or 0) < 50:
            time.sleep(0.02)
        run = RunDirectory(Path(client.ask("GET", "/run")["run"]["run"]))
        port = int(json.loads((queue / own_lab.FILE).read_text())["clock"].rpartition(":")[2])
        process.kill()
        until_gone(port)
        assert run.status() == "aborted"
        assert [event["event"] for event in run.events()][-2:] == ["safe", "state"]
    with a_worker(queue) as (_, client):
        while client.ask("GET", "/queue")["items"][0]["state"] != "finished":
            time.sleep(0.05)
        item = client.ask("GET", "/queue")["items"][0]
        assert (item["run"], item["deaths"]) == (str(run.path), 1)
    assert run.status() == "finished"
