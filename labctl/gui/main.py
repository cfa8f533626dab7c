"""`labctl gui`: from the command line to a window."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication

from labctl import paths
from labctl.abort import SIGNALS
from labctl.gui.context import Context
from labctl.gui.starting import WorkerStart
from labctl.gui.timing import timer
from labctl.gui.window import Window

SETTINGS = "window.ini"
"""In the state folder: what the window remembers."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What window is asked for.

    Attributes:
        station: A shipped name or a file.
        simulate: Whether its simulated twin is meant.
        out: Folder that holds the runs.
        sample: What is mounted in the simulated station.
        speed: Lab seconds per real second in it.
    """

    station: str
    simulate: bool
    out: Path
    sample: str = ""
    speed: float | None = None

    def worker(self) -> list[str]:
        """Return the words with which its worker is begun."""
        said = ["worker", "--station", self.station]
        if not self.simulate:
            return said
        said.append("--simulate")
        said += ["--sample", self.sample] if self.sample else []
        return said + ([] if self.speed is None else ["--speed", repr(self.speed)])


def show(wanted: Wanted) -> int:
    """Show the window until it is closed; return the exit code."""
    application = QApplication(sys.argv[:1])
    application.setApplicationName("labctl")
    window = make_window(wanted)
    window.show()
    for number in SIGNALS:
        signal.signal(number, lambda *_: window.close())
    timer(application, 200, lambda: None).start()  # Python looks at its signals only when it is called
    return application.exec()


def make_window(wanted: Wanted) -> Window:
    """Return a window that looks for its worker, or begins one, once it is shown."""
    folder = paths.state_folder()
    folder.mkdir(parents=True, exist_ok=True)
    settings = QSettings(str(folder / SETTINGS), QSettings.Format.IniFormat)
    context = Context(wanted.station, simulate=wanted.simulate, runs=wanted.out.resolve(), settings=settings)
    window = Window(context)

    def meet(station: dict[str, Any]) -> None:
        start = WorkerStart(context.link, wanted.worker(), Path(station["queue"]), window)
        start.failed.connect(lambda why: context.said.emit("error", f"no worker could be started: {why}"))
        start.see_to_it()

    context.desk.ask(
        "station", name=wanted.station, simulate=wanted.simulate, then=meet,
        failed=lambda why: context.said.emit("error", why),
    )  # fmt: skip
    return window
