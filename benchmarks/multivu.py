"""What a question through the official MultiPyVu client costs: of our server, and of the official scaffolding one."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.harness import Comparison, beside, main, seconds

COUNT = 20
"""Questions in one measurement; the official server takes some 90 ms for each."""

OFFICIAL = """
import sys, time
import MultiPyVu as mpv
server = mpv.Server(["-s", "versalab"], host="127.0.0.1", port=int(sys.argv[1]))
server.open()
print("ready", flush=True)
time.sleep(600)
"""
OURS = ("-m", "labctl", "simulate", "--station", "versalab", "--seed", "1")


@contextmanager
def started(*command: str, ready: str) -> Generator[str]:
    """Run a server in a process of its own; its first line that begins like this."""
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield next(line for line in process.stdout if line.startswith(ready))
        finally:
            process.kill()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def measure(repeats: int) -> Sequence[Comparison]:
    with ExitStack() as stack:
        line = json.loads(stack.enter_context(started(*OURS, ready="{")))
        # The official package writes log files to where it runs.
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        stack.enter_context(contextlib.chdir(folder))
        port = free_port()
        stack.enter_context(started("-c", OFFICIAL, str(port), ready="ready"))
        # Its client says what it does on standard output.
        stack.enter_context(contextlib.redirect_stdout(stack.enter_context(Path(os.devnull).open("w"))))
        return _compare(stack, line["cryostat"]["multivu"], f"127.0.0.1:{port}", repeats)


def _compare(stack: ExitStack, ours: str, theirs: str, repeats: int) -> Sequence[Comparison]:
    mine, official = _opened(stack, ours), _opened(stack, theirs)
    goal = 0.01 if sys.platform == "linux" else None  # elsewhere nobody can acknowledge at once
    return [
        beside(
            f"MultiPyVu client, {name}: our server : official scaffolding server",
            usual(getattr(mine, name), 10 * COUNT), usual(getattr(official, name), COUNT),
            unit="us", goal=goal, repeats=repeats,
        )
        for name in ("get_temperature", "get_field")
    ]  # fmt: skip


def usual(ask: Callable[[], object], count: int) -> Callable[[], float]:
    """Measure the median of so many questions in us, so that one that the computer had no time for counts little."""
    return lambda: statistics.median(seconds(ask) for _ in range(count)) * 1e6


def _opened(stack: ExitStack, place: str) -> Any:
    import MultiPyVu

    host, port = place.split(":")
    return stack.enter_context(MultiPyVu.Client(host=host, port=int(port)))


if __name__ == "__main__":
    sys.exit(main(measure))
