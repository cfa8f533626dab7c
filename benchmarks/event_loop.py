"""How long the window's event loop is held up at most while others take long: the longest gap of a timer of 5 ms.

The situations are those that freeze other windows: an experiment whose start fails and whose clean-up then takes ten
minutes, a worker that does not answer any more, 500 runs that are listed, and a data file of 200 MB that is opened. The
peer is a goal: 50 ms, from which on a person feels it.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication

from benchmarks.harness import Comparison, main
from labctl import paths
from labctl.gui.heartbeat import Heartbeat
from labctl.gui.main import Wanted, make_window
from labctl.gui.window import Window
from labctl.service.places import find_worker

GOAL = 50.0
"""ms."""
PATIENCE = 120.0
"""s for each situation."""
RUNS, MEGABYTES = 500, 200

TROUBLE = '''
from labctl.procedure import Procedure

class StartFails(Procedure):
    """A start that fails, and a clean-up that takes ten minutes."""

    DATA_COLUMNS = ["Time (s)"]

    def startup(self):
        raise RuntimeError("the sample holder is not there")

    def execute(self):
        self.record(**{"Time (s)": 0.0})

    def shutdown(self):
        self.clock.sleep(600.0)
'''


@contextmanager
def opened(folder: Path) -> Generator[Window]:
    """Open a window in a state folder of its own, with a worker whose lab is a hundred times as fast as a real one."""
    os.environ[paths.STATE] = str(folder / "state")
    (folder / "state").mkdir()
    settings = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)
    window = make_window(Wanted("ppms", True, folder / "runs", "", 100.0), settings)
    window.show()
    try:
        until(lambda: window.context.link.here and window.context.link.station is not None)
        yield window
    finally:
        window.close()
        for queue in (folder / "state" / "queues").glob("*"):
            if (worker := find_worker(queue)) is not None:
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGCONT)
                    os.kill(worker.pid, signal.SIGTERM)


def until(done: Callable[[], bool]) -> None:
    """Let the event loop go on until something is done."""
    application = QApplication.instance()
    assert application is not None
    end = time.monotonic() + PATIENCE
    while not done():
        application.processEvents()
        if time.monotonic() > end:
            raise SystemExit("something that was waited for did not come")


def worst(window: Window, do: Callable[[], object], done: Callable[[], bool]) -> float:
    """Return the longest gap in ms from before something is done until it is over."""
    beat = Heartbeat(window)
    beat.begin()
    do()
    until(done)
    return beat.end()


def start_that_fails(window: Window, folder: Path) -> float:
    """Queue an experiment whose start fails, and wait until its clean-up is over."""
    file = folder / "trouble.py"
    file.write_text(TROUBLE, encoding="utf-8")
    asked = {"procedure": f"{file}:StartFails", "sample": "cotb2025", "out": str(folder / "runs")}
    link = window.context.link

    def failed() -> bool:
        return any(item["state"] == "failed" for item in (link.queue or {"items": []})["items"])

    return worst(window, lambda: link.ask("POST", "/queue", asked), failed)


def worker_that_hangs(window: Window) -> float:
    """Make the worker hang, ask it for something, stop it, and wait until it is gone."""
    link = window.context.link
    number = link.pid
    assert number is not None

    def hang() -> None:
        os.kill(number, signal.SIGSTOP)
        link.ask("GET", "/queue")
        for _ in range(3):  # somebody presses again and again
            window.stopping.stop()

    return worst(window, hang, lambda: not link.here)


def measure(repeats: int) -> Sequence[Comparison]:
    del repeats  # the worst of one is a worst
    application = QApplication.instance() or QApplication([])
    assert application is not None
    rows: list[Comparison] = []
    folder = Path(tempfile.mkdtemp(prefix="labctl-event-loop-"))
    try:
        with opened(folder) as window:
            for name, figure in (
                ("a start that fails, a clean-up of ten minutes", lambda: start_that_fails(window, folder)),
                ("a worker that does not answer, and STOP", lambda: worker_that_hangs(window)),
            ):
                rows.append(Comparison(f"held up by {name} : 50 ms", "ms", figure(), GOAL, 1.0))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return rows


if __name__ == "__main__":
    sys.exit(main(measure))
