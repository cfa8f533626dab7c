"""A queue of three hundred runs and more than a day of lab time, whose worker is killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from labctl.rundir import RunDirectory, read_rows
from labctl.service.client import Client
from labctl.service.places import Worker
from tests.served import in_a_process
from tests.sources import ROOT

RUNS = 300
MOST_GROWTH = 50.0  # MB
WHAT = {"maximum_field": "0.15 T", "probe_nplc": "10 PLC", "survey_rate": "20 Oe/s"}


@contextmanager
def a_worker(lab: Path, queue: Path) -> Generator[tuple[int, Client]]:
    """Start a worker at a served lab; its process and who asks it."""
    words = ["worker", "--lab", lab, "--queue", queue]
    command = [sys.executable, "-m", "labctl", *map(str, words)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        token = Path(said["token_file"]).read_text().strip()
        try:
            yield process.pid, Client(Worker(said["url"], token, said["station"]))
        finally:
            process.send_signal(signal.SIGTERM)


def memory(pid: int) -> float:
    """MB of memory that a process has in use."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024.0 for line in lines if line.startswith("VmRSS:"))


def follow(pid: int, client: Client, until: int) -> tuple[list[float], float]:
    """Wait until so many items are finished; the worker's memory after each, and the slowest answer in s."""
    grown: list[float] = []
    slowest, done = 0.0, -1
    while True:
        asked = time.monotonic()
        client.ask("GET", "/run")
        slowest = max(slowest, time.monotonic() - asked)
        queue = client.ask("GET", "/queue")
        assert not queue["paused"], queue["why"]
        states = [item["state"] for item in queue["items"]]
        assert set(states) <= {"finished", "running", "waiting"}, queue
        if states.count("finished") != done:
            done = states.count("finished")
            grown.append(memory(pid))
        if done >= until:
            return grown, slowest
        time.sleep(0.5)


@pytest.mark.endurance
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_a_day_of_three_hundred_runs_survives_the_death_of_its_worker(tmp_path: Path) -> None:
    runs, queue, file = tmp_path / "runs", tmp_path / "queue", tmp_path / "lab.json"
    with in_a_process("--clock", "virtual") as line:
        file.write_text(json.dumps(line))
        with a_worker(file, queue) as (pid, client):
            client.ask("POST", "/pause", {})
            for number in range(RUNS):
                asked = {"procedure": "ahe", "parameters": WHAT, "out": str(runs), "notes": f"number {number + 1}"}
                client.ask("POST", "/queue", asked)
            client.ask("POST", "/go")
            grown, slowest = follow(pid, client, RUNS // 2)
            while client.ask("GET", "/run")["run"] is None:
                pass
            os.kill(pid, signal.SIGKILL)
        with a_worker(file, queue) as (pid, client):
            again, slower = follow(pid, client, RUNS)
            items = client.ask("GET", "/queue")["items"]
    growth = [max(each) - each[min(10, len(each) - 1)] for each in (grown, again)]
    hours = sum(item["lab_time_s"] for item in items) / 3600.0
    print(
        f"{hours:.1f} h of lab time; memory {grown[0]:.0f} MB, growth {growth[0]:.1f} and {growth[1]:.1f} MB; slowest "
        f"answer {max(slowest, slower):.3f} s"
    )
    assert max(growth) < MOST_GROWTH
    assert hours > 24.0
    assert_each_once(runs, items)


def assert_each_once(runs: Path, items: list[dict[str, Any]]) -> None:
    """Each item has one folder, which is finished and whole, and no folder belongs to none."""
    folders = [RunDirectory(path) for path in sorted(runs.glob("*/0*"))]
    assert len(folders) == RUNS
    assert {str(each.path) for each in folders} == {item["run"] for item in items}
    assert len({each.request()["queue_item"] for each in folders}) == RUNS
    attempts = 0
    for each in folders:
        assert each.status() == "finished"
        begun = [event for event in each.events() if event.get("state") == "running"]
        attempts += len(begun)
        assert each.results()["coercive_field_up"]["value"] is not None
        rows, _ = read_rows(each.data_file)
        assert len(rows) > 100
    assert attempts <= RUNS + 1  # what was on when the worker died was carried on, and nothing else was begun twice
