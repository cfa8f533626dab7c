"""What it costs to show one more row of a run, painting included, beside pymeasure's Results and PlotWidget.

Both show Hall resistance against field of the same file, to which one row is appended before each refresh. Nothing is
shown on a screen: Qt paints into memory. A goal on memory is printed beneath: what 500 runs leave that were shown and
closed again.
"""

from __future__ import annotations

import itertools
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYQTGRAPH_QT_LIB", "PyQt6")
os.environ.setdefault("QT_LOGGING_RULES", "qt.qpa.*=false")

import numpy as np
from pymeasure.display.widgets.plot_widget import PlotWidget
from pymeasure.experiment import FloatParameter, Procedure, Results
from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication, QWidget

from benchmarks.harness import Comparison, main, seconds
from labctl.desk.columns import columns
from labctl.gui.context import Context
from labctl.gui.plot.panel import PlotPanel
from labctl.gui.plot.rundata import RunData

NAMES = ("Time (s)", "Field (T)", "Hall resistance (ohm)", "Temperature (K)")
X, Y = "Field (T)", "Hall resistance (ohm)"
COUNTS = (10_000, 100_000, 1_000_000)
REFRESHES = {10_000: 100, 100_000: 40, 1_000_000: 8}
"""Rows that are appended one by one, of which each is shown."""
GOAL = 1 / 25
SIZE = (1000, 600)
OPENED = 500
POINTS_OPENED = 11_000
"""Rows of a run that is opened and closed: about a loop on the fly."""


class HallLoop(Procedure):
    """A procedure with these columns."""

    DATA_COLUMNS: ClassVar[Sequence[str]] = NAMES  # pyright: ignore[reportIncompatibleVariableOverride] - unannotated there
    maximum_field = FloatParameter("Maximum field", units="T", default=0.5)


def rows(count: int) -> list[str]:
    """A noisy hysteresis loop as lines of a file: down in half of the rows, up in the others."""
    way = np.linspace(0, 2, count)
    field = np.where(way < 1, 0.5 - way, way - 1.5)
    side = np.where(way < 1, 0.07, -0.07)
    noise = np.random.default_rng(1).normal(size=(2, count))
    hall = 0.17 + 0.075 * np.tanh((field + side) / 0.012) + 1e-3 * noise[0]
    table = np.stack([0.09 * np.arange(count), field, hall, 300 + noise[1]], axis=1)
    return [",".join(map(repr, row)) + "\n" for row in table.tolist()]


class Peer:
    """pymeasure's plot of a file.

    Args:
        path: The file, which must not be there yet.
        lines: Rows that are there at the beginning.
    """

    def __init__(self, path: Path, lines: Sequence[str]) -> None:
        self.path = path
        self.results = Results(HallLoop(), str(path))
        with path.open("a", encoding="utf-8") as file:
            file.writelines(lines)
        self.widget = PlotWidget("Plot", list(NAMES), X, Y, refresh_time=3600, check_status=False)
        self.widget.resize(*SIZE)
        self.widget.show()
        self.widget.load(self.widget.new_curve(self.results))

    @property
    def rows(self) -> int:
        """Rows that it has read."""
        data: Any = self.results.data
        return len(data)

    def refresh(self) -> None:
        """Read and draw."""
        self.widget.plot_frame.update_curves()
        painted(self.widget)


class Ours:
    """labctl's plot of a file.

    Args:
        folder: The run's folder.
        lines: Rows that are there at the beginning.
        context: What panels share.
    """

    def __init__(self, folder: Path, lines: Sequence[str], context: Context) -> None:
        folder.mkdir()
        self.path = folder / "data.csv"
        self.path.write_text(",".join(NAMES) + "\n" + "".join(lines), encoding="utf-8")
        (folder / "run.json").write_text('{"schema": 1}', encoding="utf-8")
        self.widget = PlotPanel(context)
        self.widget.resize(*SIZE)
        self.widget.show()
        self.widget.show_run(folder, live=True)
        self.run = self.widget.run
        assert self.run is not None
        self.run.raw = RunData.from_desk(folder, columns(str(folder), str(folder / "columns")))
        self.widget._timer.stop()  # it is refreshed from here
        self.widget.tick()
        while self.widget._refresh():
            pass
        painted(self.widget)

    def refresh(self) -> None:
        """Read and draw."""
        self.widget.tick()
        painted(self.widget)


def painted(widget: QWidget) -> None:
    """Let Qt paint a widget with all that is in it, and do before what waits to be done."""
    widget.grab()


def beside(count: int, repeats: int, context: Context) -> tuple[Comparison, int]:
    """Compare both at so many rows; also return the corners of our curve."""
    new = rows(count + 1000 * (repeats + 1))
    there, coming = new[:count], itertools.cycle(new[count:])
    with tempfile.TemporaryDirectory() as place:
        peer = Peer(Path(place) / "peer.csv", there)
        ours = Ours(Path(place) / "0001-ahe", there, context)
        took: dict[int, list[float]] = {0: [], 1: []}
        for turn in range(repeats + 1):
            for place_of, plot in enumerate((ours, peer)):
                found = statistics.median(_refreshed(plot, next(coming)) for _ in range(REFRESHES[count]))
                took[place_of] += [found] if turn else []  # the first turn does not count
        corners = sum(trace.corners for trace in ours.widget.drawing.panes[0].traces)
        assert ours.run is not None
        assert ours.run.raw is not None
        expected = count + (repeats + 1) * REFRESHES[count]
        if ours.run.raw.rows != expected or peer.rows != expected:
            raise RuntimeError(f"{ours.run.raw.rows} and {peer.rows} rows of {expected} were shown")
        ours.widget.close_run()
        for widget in (ours.widget, peer.widget):
            widget.close()
            widget.deleteLater()
    mine, theirs = took[0], took[1]
    name = f"one more row of {count}, shown : pymeasure's Results and PlotWidget"
    goal = GOAL if count == COUNTS[-1] else None
    spread = max(mine) / min(mine)
    return Comparison(name, "us", statistics.median(mine), statistics.median(theirs), goal, spread), corners


def _refreshed(plot: Peer | Ours, line: str) -> float:
    """Append a row, and return what it took to show it, in us."""
    with plot.path.open("a", encoding="utf-8") as file:
        file.write(line)
    return seconds(plot.refresh) * 1e6


def resident() -> float:
    """Memory that this process occupies, in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def grown(context: Context) -> float:
    """How much more memory is occupied after 500 runs were shown and closed, in MB."""
    lines = rows(POINTS_OPENED)
    with tempfile.TemporaryDirectory() as place:
        folders = [Path(place) / f"{number:04d}-ahe" for number in range(1, 6)]
        for folder in folders:
            folder.mkdir()
            (folder / "data.csv").write_text(",".join(NAMES) + "\n" + "".join(lines), encoding="utf-8")
            (folder / "run.json").write_text('{"schema": 1}', encoding="utf-8")
        panel = PlotPanel(context)
        panel.resize(*SIZE)
        panel.show()

        def look(number: int) -> None:
            panel.show_run(folders[number % len(folders)])
            while panel.run is not None and panel.run.raw is not None and (panel.run.raw.rows < POINTS_OPENED):
                panel.tick()
            painted(panel)
            QApplication.processEvents()

        for number in range(20):  # what is needed once
            look(number)
        before = resident()
        for number in range(OPENED):
            look(number)
        panel.close_run()
        after = resident()
        panel.close()
    return after - before


class _Silent:
    """Answers nothing: facts of a run are not what is measured."""

    def ask(self, *_: Any, **__: Any) -> int:
        return 0

    def drop(self, *_: Any) -> None:
        return None


def measure(repeats: int) -> Sequence[Comparison]:
    application = QApplication.instance() or QApplication([])
    with tempfile.TemporaryDirectory() as place:
        settings = QSettings(str(Path(place) / "settings.ini"), QSettings.Format.IniFormat)
        context = Context("ppms", simulate=True, runs=Path(place), settings=settings)
        context.archive = _Silent()  # pyright: ignore[reportAttributeAccessIssue]
        found = [beside(count, min(repeats, 3), context) for count in COUNTS]
        memory = Comparison(f"memory after {OPENED} runs shown and closed : 300 MB", "MB", grown(context), 300.0, 1.0)
        context.link.end()
    del application
    for row, corners in found:
        print(f"# {row.name}: the curve has {corners} corners", file=sys.stderr)
    return [*(row for row, _ in found), memory]


if __name__ == "__main__":
    sys.exit(main(measure))
