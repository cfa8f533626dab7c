"""Field, temperature and current of a rehearsal against time: three small plots above each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from labctl.gui.context import Context
from labctl.gui.theme import Theme

ROWS = (
    ("field_T", "µ₀H", ((1.0, 1.0, "T"), (0.0, 1e3, "mT"))),
    ("temperature_K", "T", ((0.0, 1.0, "K"),)),
    ("current_A", "I", ((1e-3, 1e3, "mA"), (1e-6, 1e6, "µA"), (0.0, 1e9, "nA"))),
)
"""Quantity, symbol, and units: from which size on, factor, and what is written."""
TIMES = ((7200.0, 3600.0, "h"), (300.0, 60.0, "min"), (0.0, 1.0, "s"))
HEIGHT = 236
"""px of all three together."""
LEAST_KELVIN = 2.0
"""K that the axis of the temperature shows at least: noise of millikelvin is no course."""
BROKEN = "current_A"
"""What is nothing where nobody says anything of it."""
GAP = 4.0
"""Widths of a stretch after which a line is broken."""
LEFT = 58
"""px beside the plots for their numbers, so that they stand in line."""


class CoursePlot(QWidget):
    """Three plots with one axis of time.

    Args:
        context: Where the colours are.
    """

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        pg: Any = import_module("pyqtgraph")  # which has no types; nothing of it leaves this class
        self._pg = pg
        self._area: Any = pg.GraphicsLayoutWidget()
        self._area.ci.layout.setContentsMargins(0, 0, 4, 0)
        self._area.ci.layout.setSpacing(5)
        self.curves: dict[str, Any] = {}
        self._plots: dict[str, Any] = {}
        for row, (name, _, _) in enumerate(ROWS):
            self._plots[name] = self._made(row)
            self.curves[name] = self._plots[name].plot(connect="finite" if name == BROKEN else "all")
        self._plots["temperature_K"].setLimits(minYRange=LEAST_KELVIN)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._area)
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName("Course of field, temperature and current")
        context.theme_changed.connect(self._colour)
        self._colour()

    def _made(self, row: int) -> Any:
        plot = self._area.addPlot(row=row, col=0)
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.setMouseEnabled(False, False)
        plot.getAxis("left").setWidth(LEFT)
        plot.getAxis("left").setTickDensity(0.6)
        for side in ("left", "bottom"):
            plot.getAxis(side).enableAutoSIPrefix(False)
        if row < len(ROWS) - 1:
            plot.getAxis("bottom").setStyle(showValues=False)
        if row:
            plot.setXLink(self._plots[ROWS[0][0]])
        return plot

    def show_course(self, course: Mapping[str, Any], duration: float) -> None:
        """Draw a course.

        Args:
            course: By quantity `time_s`, `lowest`, `highest`; see `labctl.desk.rehearsals.rehearse`.
            duration: s that all of it takes.
        """
        per, unit = next((per, unit) for least, per, unit in TIMES if duration >= least)
        for name, symbol, units in ROWS:
            times, values = _line(course.get(name, {}), broken=name == BROKEN)
            largest = float(np.nanmax(np.abs(values), initial=0.0))
            factor, written = next((factor, text) for least, factor, text in units if largest >= least)
            self.curves[name].setData(times / per, values * factor)
            self._plots[name].setLabel("left", f"{symbol} ({written})")
        last = self._plots[ROWS[-1][0]]
        last.setLabel("bottom", f"Time ({unit})")
        last.setXRange(0.0, max(duration / per, 1e-9), padding=0.01)

    def _colour(self) -> None:
        theme: Theme = self._context.theme
        self._area.setBackground(theme.field)
        for (name, _, _), colour in zip(ROWS, theme.curves, strict=False):
            self.curves[name].setPen(self._pg.mkPen(colour, width=1))
            for side in ("left", "bottom"):
                axis = self._plots[name].getAxis(side)
                axis.setPen(theme.line)
                axis.setTextPen(theme.text)


def _line(columns: Mapping[str, Sequence[float]], *, broken: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return times and values of a line that goes through the lowest and the highest value of each stretch.

    Args:
        columns: `time_s`, `lowest`, `highest`.
        broken: Whether it is broken where for some stretches nothing is known: a current that nobody sets is none.
    """
    times = np.asarray(columns.get("time_s", []), dtype=np.float64)
    low = np.asarray(columns.get("lowest", []), dtype=np.float64)
    high = np.asarray(columns.get("highest", []), dtype=np.float64)
    if broken and times.size > 1:
        steps = np.diff(times)
        gaps = np.flatnonzero(steps > GAP * steps.min()) + 1
        times, low, high = (
            np.insert(times, gaps, times[gaps]),
            np.insert(low, gaps, np.nan),
            np.insert(high, gaps, np.nan),
        )
    return np.repeat(times, 2), np.column_stack((low, high)).ravel()
