"""The simulated lab of a worker: in a process of its own, so that the sample keeps its memory from run to run.

It ends with its worker, however that ends; but a run that is on then still reaches its safe state in it.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import threading
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from instruments.errors import StationInUse, UsageError
from labctl import abort
from labctl.durable import keep_json
from labctl.service import measuring_lock
from labctl.supervision import child, processes
from labctl.supervision.line import VARIABLE, Line, Listener

FILE = "lab.json"
"""In the queue's folder: the line that the lab printed."""
BELONGS = "belongs"
"""What a lab is told by its worker: whose queue it is for."""
GONE_WITHIN = 10.0
"""s in which a lab should be gone that nobody needs any more."""


@dataclass(frozen=True, slots=True)
class OwnLab:
    """What is to be simulated.

    Attributes:
        station: A shipped name or a file.
        sample: What is mounted.
        clock: `scaled` or `virtual`.
        speed: Lab seconds per real second of a scaled clock.
        seed: Of what fluctuates; drawn when None.
    """

    station: str
    sample: str
    clock: str = "scaled"
    speed: float = 1.0
    seed: int | None = None

    def words(self, clock_file: Path) -> list[str]:
        """Return the command line; where time flows by itself, its clock is kept in a file, for others to speed up."""
        words = ["simulate", "--station", self.station, "--sample", self.sample, "--clock", self.clock]
        words += ["--speed", repr(self.speed), "--clock-file", str(clock_file)] if self.clock == "scaled" else []
        return words + ([] if self.seed is None else ["--seed", str(self.seed)])


@contextmanager
def running(wanted: OwnLab, folder: Path) -> Generator[Path]:
    """Have a lab run meanwhile; give the file with its line.

    Args:
        wanted: The lab.
        folder: Of the queue.

    Raises:
        UsageError: It could not be started.
        WriteFailed: Its file cannot be written.
    """
    listener = Listener()
    process = processes.begin_module(
        "labctl", {VARIABLE: listener.address}, wanted.words(_new_clock(folder)), told=True
    )
    try:
        with closing(_line(listener, process)) as line:
            line.send(BELONGS, folder=str(folder))
            keep_json(folder / FILE, _said(process))
            yield folder / FILE
        processes.ended_within(process, GONE_WITHIN)
    finally:
        processes.end(process)
        assert process.stdout is not None
        process.stdout.close()


def _new_clock(folder: Path) -> Path:
    """Return a file that is not there: the clock of a lab that outlives its worker for a moment is another one."""
    return folder / f"lab-{secrets.token_hex(4)}.clock"


def end_with_the_worker(stop: Callable[[], None]) -> None:
    """Have a lab stopped when the worker has ended that began this process, and so has the run that was on then.

    What else ends programs is left to the worker: a Ctrl-C in its terminal comes here, too.

    Args:
        stop: Stops it, from any thread.
    """

    def wait() -> None:
        folders = [Path(said["folder"]) for said in child.tasks() if said["is"] == BELONGS]
        with suppress(StationInUse):  # it does not end
            for folder in folders:
                measuring_lock.wait_for_the_one_before(folder)
        stop()

    for number in abort.SIGNALS:
        abort.leave(number)
    threading.Thread(target=wait, name="worker's end", daemon=True).start()


def _line(listener: Listener, process: subprocess.Popen[bytes]) -> Line:
    def give_up() -> None:
        process.wait()
        listener.close()  # nobody is going to call any more

    threading.Thread(target=give_up, name="lab's end", daemon=True).start()
    line = listener.accept()
    if line is None:
        raise UsageError(_NOT_STARTED)
    return line


def _said(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout is not None
    try:
        return json.loads(process.stdout.readline())
    except ValueError as error:
        raise UsageError(_NOT_STARTED) from error


_NOT_STARTED = "the worker's simulated lab could not be started; what it printed says why"
