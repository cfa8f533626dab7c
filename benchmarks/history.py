"""The window's history with 500 runs: how long the event loop is held up, and how much memory stays.

    QT_QPA_PLATFORM=offscreen python -m benchmarks.history [RUNS]

RUNS is a folder with some runs; they are copied until there are 500. All are told, shown, chosen one after the other
with figure and details, and each one's events are read. Beside the time that passes between two calls of a timer stands
the processor time that the window's thread used meanwhile: the first is longer where the computer does other work.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from PyQt6.QtCore import QSettings, QTimer
from PyQt6.QtWidgets import QApplication

from labctl.gui import theme
from labctl.gui.context import Context
from labctl.gui.heartbeat import Heartbeat
from labctl.gui.history_panel import HistoryPanel
from labctl.gui.log_panel import LogPanel

MANY = 500
EACH = 120
"""ms for which each run is looked at: longer than it takes to be asked for."""


def copies(source: Path, place: Path, count: int = MANY) -> None:
    """Copy runs until there are so many."""
    runs = sorted(path.parent for path in source.glob("*/*/run.json"))
    for number in range(1, count + 1):
        run = runs[number % len(runs)]
        day = f"2026-{1 + number // 60:02d}-{1 + number % 28:02d}"
        folder = place / day / f"{number:04d}-{run.name.split('-', 1)[-1]}"
        shutil.copytree(run, folder)
        asked = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        asked["begun"] = f"{day}T{number % 24:02d}:{number % 60:02d}:11+00:00"
        (folder / "run.json").write_text(json.dumps(asked), encoding="utf-8")


def resident() -> float:
    """Return the memory of this process in MB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


class Beat(Heartbeat):
    """Measures the longest work at a stretch, too.

    Attributes:
        busiest: ms of processor time of this thread between two calls, the longest since `begin`.
    """

    def begin(self) -> None:
        """Measure from now on."""
        self.busiest, self._used = 0.0, time.thread_time()
        super().begin()

    def _beat(self) -> None:
        used = time.thread_time()
        self.busiest, self._used = max(self.busiest, (used - self._used) * 1e3), used
        super()._beat()

    def said(self) -> str:
        """Stop, and say both."""
        return f"the event loop was held up {self.end():.0f} ms at most, by {self.busiest:.0f} ms of work"


class Look:
    """Looks at all runs, one after the other."""

    def __init__(self, runs: Path) -> None:
        self.application = QApplication([])
        settings = QSettings(str(runs / "window.ini"), QSettings.Format.IniFormat)
        self.context = Context("ppms", simulate=True, runs=runs, settings=settings)
        theme.apply(self.application, self.context.theme)
        self.panel, self.log = HistoryPanel(self.context), LogPanel(self.context)
        for each in (self.panel, self.log):
            theme.dress(each, self.context.theme)
        self.log.on.setChecked(False)
        self.panel.resize(1366, 600)
        self.log.resize(270, 600)
        self.beat = Beat()
        self.begun = 0.0
        self.seen = 0
        self.panel.loader.answered.connect(self._loaded)

    def go(self) -> None:
        """Show the panels, and wait until everything was looked at."""
        self.panel.show()
        self.log.show()
        self.beat.begin()
        self.application.exec()
        self.context.end()

    def _loaded(self, count: int) -> None:
        if self.begun:
            return
        self.begun = resident()
        print(f"{count} runs told and shown: {self.beat.said()}")
        self.folders = [row["run"] for row in self.panel.model.rows()]
        self.beat.begin()
        self._next()

    def _next(self) -> None:
        if self.seen == len(self.folders):
            after = resident()
            print(f"all chosen: {self.beat.said()}; {after:.0f} MB, {after - self.begun:+.0f} MB")
            self.application.quit()
            return
        folder = self.folders[self.seen]
        self.seen += 1
        self.panel.view.choose(folder)
        self.context.run_opened.emit(folder)
        QTimer.singleShot(EACH, self._next)


def main() -> int:
    """Make the runs, and look at them."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="labctl-history-") as place:
        copies(Path(sys.argv[1]), Path(place))
        Look(Path(place)).go()
    return 0


if __name__ == "__main__":
    sys.exit(main())
