"""Runs that are watched by another process, and the lab that they are in, which is its own witness.

Supervisor and run are forked from the test, so that they start warm.
"""

from __future__ import annotations

import gc
import json
import subprocess
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.served import in_a_process


class Forked:
    """What `subprocess.Popen` is to a supervisor, of a process that was forked."""

    def __init__(self, target: Callable[..., None], *arguments: Any) -> None:
        self._process = get_context("fork").Process(target=_begin, args=(target, *arguments))
        gc.disable()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of threads, which wait for nothing here
                self._process.start()
        finally:
            gc.enable()
        self.pid = self._process.pid or 0

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("run", timeout or 0.0)
        return self._process.exitcode

    def kill(self) -> None:
        """End it."""
        self._process.kill()

    @property
    def returncode(self) -> int | None:
        """How it ended."""
        return self._process.exitcode


def _begin(target: Callable[..., None], *arguments: Any) -> None:
    """Leave what the process before has not cleared away: windows, for example, end only where they were opened."""
    gc.freeze()
    gc.enable()
    target(*arguments)


@dataclass(frozen=True, slots=True)
class Lab:
    """A lab in a process of its own."""

    file: Path
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        """What it has written down."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@contextmanager
def witnessed(folder: Path, speed: float) -> Generator[Lab]:
    """A lab that plays so many times faster than real time, with its files in a folder."""
    there = Lab(folder / "lab.json", folder / "lab.jsonl")
    with in_a_process("--clock", "scaled", "--speed", speed, "--log", there.log) as line:
        there.file.write_text(json.dumps(line))
        yield there
