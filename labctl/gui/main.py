"""`labctl gui`: from the command line to a window."""

from __future__ import annotations

import gc
import signal
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PyQt6 import sip
from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication, QWidget

from labctl import paths
from labctl.abort import SIGNALS
from labctl.gui import theme
from labctl.gui.context import Context
from labctl.gui.desk_link import DeskLink
from labctl.gui.queue_times import lab_speed
from labctl.gui.starting import WorkerStart
from labctl.gui.timing import timer
from labctl.gui.welcome import FIRST, Welcome
from labctl.gui.window import Window

IDLE = "30min"
"""How long a worker that a window has begun stays when nothing is to be done and nobody looks."""
SETTINGS = "window.ini"
"""In the state folder: what the window remembers."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What window is asked for.

    Attributes:
        station: A shipped name or a file; "" for the last one.
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
        said = ["worker", "--station", self.station, "--idle-end", IDLE]
        if not self.simulate:
            return said
        said.append("--simulate")
        said += ["--sample", self.sample] if self.sample else []
        return said + ([] if self.speed is None else ["--speed", repr(self.speed)])


def show(wanted: Wanted) -> int:
    """Show the window until it is closed; return the exit code."""
    application = QApplication(sys.argv[:1])
    application.setApplicationName("labctl")
    windows = Windows(wanted)
    for number in SIGNALS:
        signal.signal(number, lambda *_: windows.ask_to_close())
    timer(application, 200, windows.close_if_asked).start()  # Python looks at its signals only when it is called
    windows.begin()
    collect_little()
    code = application.exec()
    windows.end()
    return code


class Windows:
    """The window of a station, and before it the one that asks which, if nobody said.

    Args:
        wanted: What is asked for.

    Attributes:
        shown: The one that is seen.
    """

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        folder = paths.state_folder()
        folder.mkdir(parents=True, exist_ok=True)
        self.settings = QSettings(str(folder / SETTINGS), QSettings.Format.IniFormat)
        self.shown: QWidget | None = None
        self._desk: DeskLink | None = None
        self._asked_to_close = False

    def begin(self) -> None:
        """Show the station that is asked for or was the last one, or ask which."""
        wanted, last = self._wanted, str(self.settings.value("station", ""))
        if wanted.station or wanted.simulate:
            self.open(wanted.station or last or FIRST, simulate=wanted.simulate)
        elif last:
            self.open(last, simulate=self.settings.value("simulate", "false") == "true")
        else:
            self.ask()

    def ask(self) -> None:
        """Ask which station is meant."""
        self._desk = DeskLink("desk")
        welcome = Welcome(self._desk)
        chosen = theme.THEMES.get(str(self.settings.value("theme", "dark")), theme.DARK)
        theme.apply(_application(), chosen)
        theme.dress(welcome, chosen)
        welcome.chosen.connect(lambda name, simulate, guided: self.open(name, simulate=simulate, guided=guided))
        self._show(welcome)

    def open(self, station: str, *, simulate: bool, guided: bool = False) -> Window:
        """Show the window of a station, and no other one."""
        wanted = replace(self._wanted, station=station, simulate=simulate)
        self.settings.setValue("station", station)
        self.settings.setValue("simulate", "true" if simulate else "false")
        window = make_window(wanted, self.settings, guided=guided)
        window.another_wanted.connect(self.ask)
        self._show(window)
        return window

    def _show(self, widget: QWidget) -> None:
        before, self.shown = self.shown, widget
        widget.show()
        if before is not None:
            before.close()
            before.deleteLater()
        if not isinstance(widget, Welcome) and self._desk is not None:
            self._desk.end()
            self._desk = None

    def ask_to_close(self) -> None:
        """Note that what is seen is to be closed; a signal may come while a window is being put together."""
        self._asked_to_close = True

    def close_if_asked(self) -> None:
        """Close what is seen, if somebody has asked for it."""
        if self._asked_to_close and self.shown is not None:
            self._asked_to_close = False
            self.shown.close()

    def end(self) -> None:
        """Destroy what was seen, while all of Qt and Python is there that its parts may still call."""
        shown, self.shown = self.shown, None
        if self._desk is not None:
            self._desk.end()
        if shown is not None:
            sip.delete(shown)


def collect_little() -> None:
    """Let Python look for garbage among what is new, often; seldom among all, which takes longer than a blink.

    A run that is closed leaves some ten thousand objects that hold each other: together they take 30 ms.
    """
    gc.freeze()
    gc.set_threshold(2_000, 20, 1_000)


def _application() -> QApplication:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    return application


def mounting(wanted: Wanted, sample: str, context: Context) -> Wanted:
    """Return what is wanted with another sample; the time of its lab goes as fast as that of the one before."""
    return replace(wanted, sample=sample, speed=lab_speed(context.link.station) or wanted.speed)


def make_window(wanted: Wanted, settings: QSettings, *, guided: bool = False) -> Window:
    """Return a window that looks for its worker, or begins one."""
    context = Context(wanted.station, simulate=wanted.simulate, runs=wanted.out.resolve(), settings=settings)
    context.theme = theme.THEMES.get(str(settings.value("theme", "dark")), theme.DARK)
    theme.apply(_application(), context.theme)
    window = Window(context, guided=guided)

    def meet(station: dict[str, Any]) -> None:
        context.worker_wanted.disconnect(look)
        start = WorkerStart(context.link, wanted.worker(), Path(station["queue"]), window)
        start.failed.connect(window.begun_none)
        start.see_to_it()
        context.worker_wanted.connect(start.begin_unless_there)
        context.mount_wanted.connect(lambda sample: start.begin_anew(mounting(wanted, sample, context).worker()))

    asked: list[int] = []

    def look() -> None:
        context.desk.drop(asked.pop() if asked else None)  # asked again meanwhile, it is met once
        asked.append(context.desk.ask(
            "station", name=wanted.station, simulate=wanted.simulate, then=meet, failed=window.show_no_station
        ))  # fmt: skip

    context.worker_wanted.connect(look)  # where its file cannot be read: until somebody has mended that
    look()
    return window
