"""How long the window's event loop is held up at most while others take long: the longest gap of a timer of 5 ms.

The situations are those that freeze other windows: an experiment whose start fails and whose clean-up then takes ten
minutes, and a worker that does not answer any more. After them comes what a person does with it (`window_use.py`), up
to 500 runs that are listed and opened, a data file of 200 MB and 5,000 items. The peer is a goal: 50 ms, from which on
a person feels it; there it is compared with the work of the window's own thread, since other programs take time, too.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6 import sip
from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication

from benchmarks.harness import Comparison, main
from benchmarks.window_use import Held, fill_queue, held, one_run, session, until
from labctl import paths
from labctl.gui.main import Wanted, collect_little, make_window
from labctl.gui.window import Window
from labctl.service.places import find_worker

GOAL = 50.0
"""ms."""
MOST = 300.0
"""MB that may stay of 500 runs that were opened."""

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
def opened(folder: Path, begun: list[Held] | None = None) -> Generator[Window]:
    """Open a window in a state folder, with a worker whose lab is a hundred times as fast as a real one.

    Args:
        folder: What holds it all.
        begun: Gets for how long it was held up from when it was painted until everything was there.
    """
    os.environ[paths.STATE] = str(folder / "state")
    (folder / "state").mkdir(exist_ok=True)
    collect_little()
    settings = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)
    window = make_window(Wanted("ppms", True, folder / "runs", "", 100.0), settings)
    window.show()
    window.grab()
    link = window.context.link
    try:
        found = held("a window that begins", window, lambda: None, lambda: link.here and link.station is not None)
        if begun is not None:
            begun.append(found)
        yield window
    finally:
        window.close()
        sip.delete(window)
        for queue in queues(folder):
            if (worker := find_worker(queue)) is not None:
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGCONT)
                    os.kill(worker.pid, signal.SIGTERM)


def queues(folder: Path) -> Sequence[Path]:
    """Return the folders of the queues in a state folder."""
    return list((folder / "state" / "queues").glob("*"))


def worst(window: Window, do: Callable[[], object], done: Callable[[], bool]) -> float:
    """Return the longest gap in ms from before something is done until it is over."""
    return held("", window, do, done).passed


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


def trouble(folder: Path) -> Iterator[Comparison]:
    """The situations that freeze other windows."""
    with opened(folder) as window:
        for name, figure in (
            ("a start that fails, a clean-up of ten minutes", lambda: start_that_fails(window, folder)),
            ("a worker that does not answer, and STOP", lambda: worker_that_hangs(window)),
        ):
            yield Comparison(f"held up by {name} : 50 ms", "ms", figure(), GOAL, 1.0)


def told(found: Held) -> Iterator[Comparison]:
    """Yield a row with the work of the window's thread, and one with the time that passed."""
    yield Comparison(f"{found.name}, own work : 50 ms", "ms", found.worked, GOAL, 1.0)
    yield Comparison(f"{found.name}, time passed", "ms", found.passed)


def use(folder: Path) -> Iterator[Comparison]:
    """What a person does with the window."""
    source = one_run(folder)  # before the window is there: it would be held up by the waiting
    begun: list[Held] = []
    with opened(folder, begun) as window:
        for found in session(window, source):
            if isinstance(found, Held):
                yield from told(found)
            else:
                yield Comparison(f"{found[0]} : 300 MB", "MB", found[1], MOST, 1.0)
    queue = queues(folder)[0]
    until(lambda: find_worker(queue) is None)
    fill_queue(queue)
    with opened(folder, begun) as window:
        yield from told(held("5,000 items in the queue", window, lambda: window.go_to("queue")))
    yield from told(begun[0])
    yield from told(begun[1]._replace(name="a window that begins with 5,000 items"))


def measure(repeats: int) -> Sequence[Comparison]:
    del repeats  # the worst of one is a worst
    application = QApplication.instance() or QApplication([])
    assert application is not None
    rows: list[Comparison] = []
    for part in (trouble, use):
        folder = Path(tempfile.mkdtemp(prefix="labctl-event-loop-"))
        try:
            rows += part(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return rows


if __name__ == "__main__":
    sys.exit(main(measure))
