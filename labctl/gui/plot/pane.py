"""One plot of one or two above each other: its curves, its range, the places that the analysis found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFont

from labctl.frame import shown
from labctl.gui.plot.axes import QuantityAxis, make_plot
from labctl.gui.plot.envelope import View
from labctl.gui.plot.mark_strip import Label, MarkStrip
from labctl.gui.plot.markers import Marker
from labctl.gui.plot.trace import LEAST, LONG, SMOOTH, STRETCH, Trace
from labctl.gui.theme import Theme

MARGIN = 0.04
"""Part of what is shown that stays free on each side."""
AHEAD = 0.12
"""Part by which the range is made larger than needed when a new point lies outside of it."""
SLACK = 0.3
"""Part of the range that may stay empty before it is made smaller again."""

Box = tuple[float, float, float, float]


class Pane(QObject):
    """One plot.

    Attributes:
        plot: pyqtgraph's `PlotItem`.
        strip: Words above it, of the places that the analysis found.
        x: Column to the right, "" for the number of the row.
        ys: Columns upwards, of one unit.
        traces: Curves.
        auto: Whether the range follows the points; a person who moves it ends that.
    """

    moved = pyqtSignal()
    """A person has moved or zoomed the range."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.plot: Any = make_plot()
        self.strip = MarkStrip(self.plot)
        self.x, self.ys = "", list[str]()
        self.log = (False, False)
        self.traces: list[Trace] = []
        self.auto = True
        self._items: list[Any] = []
        self._marks: list[Any] = []
        self._lines = [pg.InfiniteLine(angle=angle, movable=False) for angle in (90, 0)]
        self._dot: Any = pg.ScatterPlotItem(size=9, pxMode=True)
        for item in (*self._lines, self._dot):
            item.setZValue(30)
            item.hide()
            self.plot.addItem(item, ignoreBounds=True)
        self.plot.vb.sigRangeChangedManually.connect(self._by_hand)

    def axis(self, side: str) -> QuantityAxis:
        """The axis at `bottom` or `left`."""
        found = self.plot.getAxis(side)
        assert isinstance(found, QuantityAxis)
        return found

    def show_traces(self, x: str, ys: Sequence[str], traces: Sequence[Trace], log: tuple[bool, bool]) -> None:
        """Draw other curves."""
        for item in self._items:
            self.plot.removeItem(item)
        if (x, log) != (self.x, self.log) or list(ys) != self.ys:
            self.auto = True
        self.x, self.ys, self.log, self.traces = x, list(ys), log, list(traces)
        self._items = [item for trace in traces for item in trace.items]
        for item in self._items:
            self.plot.addItem(item, ignoreBounds=True)
        self.axis("bottom").show_columns([x] if x else [], log=log[0])
        self.axis("left").show_columns(self.ys, log=log[1])
        self.show_point(None)

    def take_theme(self, theme: Theme, font: QFont) -> None:
        """Take other colours."""
        for side in ("bottom", "left"):
            self.axis(side).take_theme(theme, font)
        self.strip.take_theme(theme, font)
        self.plot.grid.set_colour(theme, theme.field)
        line = pg.mkPen(QColor(theme.quiet), width=1, style=Qt.PenStyle.DashLine)
        for item in self._lines:
            item.setPen(line)
        self._dot.setBrush(pg.mkBrush(QColor(theme.accent)))
        self._dot.setPen(pg.mkPen(QColor(theme.field), width=1))

    # ---- range

    @property
    def bounds(self) -> Box | None:
        """Lowest and highest x, lowest and highest y of all points; None without any."""
        boxes = [box for trace in self.traces if (box := trace.bounds) is not None]
        if not boxes:
            return None
        lows, highs = zip(*((box[0], box[2]) for box in boxes), strict=True), zip(
            *((box[1], box[3]) for box in boxes), strict=True
        )  # fmt: skip
        (low_x, low_y), (high_x, high_y) = (min(values) for values in lows), (max(values) for values in highs)
        return low_x, high_x, low_y, high_y

    def fit(self, across: tuple[float, float] | None = None) -> None:
        """Let the range follow the points again, from where they are now.

        Args:
            across: Lowest and highest x that two linked plots have.
        """
        self.auto = True
        if (box := self.bounds) is not None:
            low, high = across or box[:2]
            self._set_range(_wider(low, high, MARGIN), _wider(box[2], box[3], MARGIN))

    def follow(self, across: tuple[float, float] | None = None) -> None:
        """Make the range larger where points lie outside of it, if it follows them."""
        box = self.bounds
        if not self.auto or box is None:
            return
        (left, right), (bottom, top) = self.plot.vb.viewRange()
        low, high = across or box[:2]
        wanted = [_followed(*each) for each in ((left, right, low, high), (bottom, top, box[2], box[3]))]
        if wanted != [(left, right), (bottom, top)]:
            self._set_range(*wanted)

    def _set_range(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        self.plot.vb.setRange(xRange=x, yRange=y, padding=0, disableAutoRange=True)

    def _by_hand(self, *_: object) -> None:
        self.auto = False
        self.moved.emit()

    def zoom(self, factor: float) -> None:
        """Show `factor` times as much, around the middle, as a person wants it."""
        self.plot.vb.scaleBy((factor, factor))
        self._by_hand()

    def view(self, ratio: float) -> View:
        """Return what is seen.

        Args:
            ratio: Pixels of the screen for each of Qt's.
        """
        (left, right), (bottom, top) = self.plot.vb.viewRange()
        width, height = self.plot.vb.width() * ratio, self.plot.vb.height() * ratio
        return View(left, right, bottom, top, max(16, round(width)), max(16, round(height)))

    def refresh(self, ratio: float) -> bool:
        """Draw what there is by now; return whether a further call has more to draw."""
        view = self.view(ratio)
        most = max(LEAST, STRETCH // max(1, len(self.traces)))
        for trace in self.traces:
            trace.refresh(view, most)
        thin = sum(trace.corners for trace in self.traces) > SMOOTH * ratio
        thin |= sum(trace.length for trace in self.traces) > LONG * ratio
        for trace in self.traces:
            trace.set_thin(thin)
        return any(trace.busy for trace in self.traces)

    # ---- what is marked

    def show_markers(self, markers: Sequence[Marker], theme: Theme, above: Sequence[Marker] = ()) -> None:
        """Draw the places that the analysis found on either axis.

        Args:
            markers: The places.
            theme: Whose colours.
            above: Places whose words stand over a plot above this one, at the same place.
        """
        for item in self._marks:
            self.plot.removeItem(item)
        self._marks = []
        here = [each for each in markers if each.column in (self.x, *self.ys)]
        said = [(each, self._mark(each, theme)) for each in here]
        labels = [label for each, label in said if label is not None and each not in above]
        self.strip.show_labels(labels, _tip(here))

    def _mark(self, marker: Marker, theme: Theme) -> Label | None:
        """Draw a place as a line, and return its words; None where a logarithmic axis has no such place."""
        upright = marker.column == self.x
        log = self.log[0 if upright else 1]
        if log and marker.value <= 0:
            return None
        value = math.log10(marker.value) if log else marker.value
        pen = pg.mkPen(QColor(theme.accent), width=1, style=Qt.PenStyle.DashDotLine)
        line = pg.InfiniteLine(value, angle=90 if upright else 0, movable=False, pen=pen)
        line.setZValue(10)
        self.plot.addItem(line, ignoreBounds=True)
        self._marks.append(line)
        return Label(marker.label, value) if upright else Label(f"― {marker.label}", None)

    def show_point(self, place: tuple[float, float] | None) -> None:
        """Put the crosshair on a place, or take it away."""
        shown = place is not None and all(math.isfinite(value) for value in place)
        for item in (*self._lines, self._dot):
            item.setVisible(shown)
        if shown and place is not None:
            self._lines[0].setPos(place[0])
            self._lines[1].setPos(place[1])
            self._dot.setData([place[0]], [place[1]])

    def nearest(self, x: float, y: float) -> tuple[Trace, int] | None:
        """Return the curve and the row whose point is nearest to a place on the axes."""
        view = self.view(1.0)
        best: tuple[float, Trace, int] | None = None
        for trace in self.traces:
            row = None if trace.look.behind else trace.nearest(x, y, view.pixel)
            if row is not None:
                at_x, at_y = trace.point(row)
                away = math.hypot((at_x - x) / view.pixel[0], (at_y - y) / view.pixel[1])
                best = (away, trace, row) if best is None or away < best[0] else best
        return None if best is None else best[1:]


def _tip(markers: Sequence[Marker]) -> str:
    """Return what is marked, line by line, each with that of what its uncertainty is."""
    return shown("\n".join(f"{each.label}, of {each.of}{each.beside}" for each in markers))


def _wider(low: float, high: float, part: float) -> tuple[float, float]:
    """Return a range that leaves room on both sides; around a single value some of its size."""
    span = high - low
    if span <= 1e-12 * max(abs(low), abs(high)):
        span = 0.1 * abs(low) or 1.0
        return low - span, high + span
    return low - part * span, high + part * span


def _followed(begin: float, end: float, low: float, high: float) -> tuple[float, float]:
    """Return the range (begin, end) as it is, or one that has room for all from low to high."""
    wanted = _wider(low, high, MARGIN)
    inside = begin <= low and high <= end
    if inside and (wanted[1] - wanted[0]) > (1 - SLACK) * (end - begin):
        return begin, end
    if inside:
        return wanted
    span = wanted[1] - wanted[0]
    return (
        wanted[0] - AHEAD * span if low < begin else wanted[0],
        wanted[1] + AHEAD * span if high > end else wanted[1],
    )
