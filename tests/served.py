"""Simulated labs that are reached over TCP: in a thread of the test, or in a process of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from instruments.clock import Clock, VirtualClock
from labctl.cli import serving
from labctl.sample import load_sample
from labctl.simulation import build_lab
from labctl.station import load_station
from simulators.lab import Lab
from simulators.server import LabServer


@dataclass(frozen=True, slots=True)
class ServedLab:
    """A lab that a thread serves, and the file with its addresses."""

    lab: Lab
    server: LabServer
    file: Path
    thread: threading.Thread

    def end(self) -> None:
        """Stop serving: all connections are closed."""
        self.server.stop()
        self.thread.join()


@contextmanager
def in_a_thread(
    file: Path, clock: Clock | None = None, *, station: str = "ppms", sample: str = "cotb2025", seed: int = 1,
    sample_seed: int = 0, log: Path | None = None,
) -> Generator[ServedLab]:  # fmt: skip
    """Serve a lab from a thread; quick to start, and the test can look behind the instruments when it is idle."""
    running = clock or VirtualClock()
    lab = build_lab(load_station(station), load_sample(sample), running, seed=seed, sample_seed=sample_seed)
    server = serving.serve_lab(lab, log=log)
    file.write_text(json.dumps(serving.announcement(server, lab, station, sample)))
    served = ServedLab(lab, server, file, threading.Thread(target=server.serve))
    served.thread.start()
    try:
        yield served
    finally:
        served.end()


@contextmanager
def in_a_process(*words: object) -> Generator[dict[str, Any]]:
    """Run `labctl simulate` with these words; what it says about its lab."""
    with in_processes(1, *words) as lines:
        yield lines[0]


@contextmanager
def in_a_known_process(*words: object) -> Generator[tuple[dict[str, Any], int]]:
    """The same, with the number of the process."""
    command = [sys.executable, "-m", "labctl", "simulate", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline()), process.pid
        finally:
            process.terminate()
        assert process.wait(30) == 0


@contextmanager
def in_processes(count: int, *words: object) -> Generator[list[dict[str, Any]]]:
    """Run `labctl simulate` several times at once."""
    command = [sys.executable, "-m", "labctl", "simulate", *map(str, words)]
    with ExitStack() as stack:
        running = [
            stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True)) for _ in range(count)
        ]
        try:
            yield [json.loads(process.stdout.readline()) for process in running if process.stdout is not None]
        finally:
            for process in running:
                process.terminate()
        assert [process.wait(30) for process in running] == [0] * count
