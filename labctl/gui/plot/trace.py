"""One curve of a plot: what of a line's points the pixels can show, kept up as points are added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PyQt6.QtGui import QColor

from labctl.gui.plot.coverage import Coverage
from labctl.gui.plot.envelope import Envelope, FloatArray, View, thinned
from labctl.gui.plot.rundata import Line

NEW = 256
"""Points that are drawn behind the others before all are looked at again."""
SEEN = 40_000
"""Points that are drawn as a line at most; where more would be, it is found out which pixels they cover."""
STRETCH = 40_000
"""Points of all curves of a plot that are taken up, or of which that is found out, in one go."""
LONG = 60_000
"""Pixels along a line up to which its edges are smoothed, and along those of a plot up to which they are wide."""
LEAST = 4000
"""Points of one curve in one go, however many curves there are."""
PER_PIXEL = 8
"""Corners of a curve for each pixel of the width, at most: four on each of two branches."""
SMOOTH = 4000
"""Corners of a plot's curves up to which these are as wide as they should be, on a screen with one pixel for each of
Qt's; more are drawn as thin as a pixel, which Qt does ten times quicker."""
MARKED = 250
"""Up to so many points that are seen each is drawn, and marked by a dot."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a curve is drawn.

    Attributes:
        colour: As `#rrggbb`.
        width: Of the line in pixels.
        dots: Whether its points are marked.
        behind: Whether it lies behind all others, and the crosshair never stands on it.
        under: Whether it lies under the curves of the run that is shown.
    """

    colour: str
    width: float = 1.6
    dots: bool = True
    behind: bool = False
    under: bool = False


class Trace:
    """One curve.

    Args:
        line: Its points.
        look: How it is drawn.
        title: What it is called in the legend.
        tip: What more can be said of it.

    Attributes:
        items: What is to be put into the plot.
        thin: Whether its line is as thin as a pixel.
        length: Pixels along its line, up and down.
        busy: Whether it takes more than one refresh to draw what is there.
    """

    def __init__(self, line: Line, look: Look, title: str, tip: str = "") -> None:
        self.line, self.look, self.title, self.tip = line, look, title, tip
        self.busy = self.thin = False
        self.length = 0.0
        self._old: Any = pg.PlotCurveItem()
        self._new: Any = pg.PlotCurveItem()
        self._dots: Any = pg.ScatterPlotItem(size=5, pxMode=True)
        self.items: tuple[Any, ...] = (self._old, self._new, self._dots)
        for item, height in zip(self.items, (0, 1, 2), strict=True):
            item.setZValue(height - (20 if look.behind else 10 if look.under else 0))
        self._begin()
        self.restyle(look)

    def _begin(self) -> None:
        self._envelope = Envelope(self.line)
        self._revision = self.line.data.revision
        self._view: View | None = None
        self._drawn = 0
        self._coverage: Coverage | None = None
        self._covered = 0
        self._single = 0

    def restyle(self, look: Look) -> None:
        """Draw it otherwise."""
        self.look = look
        self._set_pens()
        self._dots.setBrush(pg.mkBrush(QColor(look.colour)))
        self._dots.setPen(None)

    def _set_pens(self) -> None:
        pen = pg.mkPen(QColor(self.look.colour), width=1 if self.thin else self.look.width)
        for item in (self._old, self._new):
            item.setPen(pen)
            item.setSegmentedLineMode("off" if self.thin else "on")  # wide lines are quicker one by one
            item.opts["antialias"] = self.length < LONG
            item.update()

    def set_thin(self, thin: bool) -> None:
        """Draw lines as thin as a pixel, or as wide as they should be."""
        if thin != self.thin:
            self.thin = thin
            self._set_pens()

    @property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """Lowest and highest x, lowest and highest y of its points; None without any."""
        return self._current().bounds

    @property
    def corners(self) -> int:
        """Corners of what is drawn."""
        return sum(len(item.getData()[0]) if item.getData()[0] is not None else 0 for item in (self._old, self._new))

    def _current(self) -> Envelope:
        """The points taken up so far, at least some where there are any."""
        if self._revision != self.line.data.revision:
            self._begin()
        if not self._envelope.count:
            self._envelope.grow(LEAST)
        return self._envelope

    def nearest(self, x: float, y: float, pixel: tuple[float, float]) -> int | None:
        """Row of the point that is nearest to a place on the axes, in pixels; None without any."""
        return self._current().nearest(x, y, pixel)

    def point(self, row: int) -> tuple[float, float]:
        """Place of a row on the axes; nan where it has none."""
        x, y = self.line.at(np.array([row]))
        return float(x[0]), float(y[0])

    def beside(self, row: int, step: int) -> int:
        """Row of the next point, or of the one before; the row itself at the end."""
        block = 4096
        if step > 0:
            for start in range(row + 1, len(self.line), block):
                there = np.flatnonzero(~np.isnan(self.line.between(start, min(start + block, len(self.line)))[0]))
                if len(there):
                    return start + int(there[0])
        else:
            for stop in range(row, 0, -block):
                start = max(0, stop - block)
                there = np.flatnonzero(~np.isnan(self.line.between(start, stop)[0]))
                if len(there):
                    return start + int(there[-1])
        return row

    def refresh(self, view: View, most: int = STRETCH) -> None:
        """Draw what there is by now.

        Args:
            view: What is seen.
            most: Points that are looked at in one go, where there are very many.
        """
        envelope = self._current()
        envelope.grow(most)
        count = envelope.count
        self.busy = envelope.behind
        if view != self._view or (self._coverage is None and count - self._drawn > NEW):
            self._view, self._coverage = view, None
            self._draw(envelope, view, most)
        elif self._coverage is not None:
            self._cover(self._coverage, most)
        elif count > self._drawn or count - self._single > 0:
            self._append(count)

    def _draw(self, envelope: Envelope, view: View, most: int) -> None:
        seen = envelope.seen(view, SEEN, MARKED)
        if seen is None:
            self._coverage, self._covered = Coverage(view), 0
            self._cover(self._coverage, most)
            return
        self._drawn = self._single = envelope.count
        x, y = self.line.at(seen.rows)
        few = seen.each
        self._dots.setData(*_there(x, y) if few and self.look.dots else ([], []))
        if not few:
            x, y = thinned(x, y, view)
        pairs = len(x) > PER_PIXEL * view.width
        if pairs:
            coverage = Coverage(view)
            coverage.add(x, y)
            x, y = coverage.pieces(PER_PIXEL * view.width)
        self._measure(x, y, view)
        self._old.setData(x, y, connect="pairs" if pairs else "finite")
        self._new.setData([], [])

    def _measure(self, x: FloatArray, y: FloatArray, view: View) -> None:
        """Find how long the line is; what Qt needs for it grows with that."""
        step_x, step_y = view.pixel
        across, along = np.clip(x, view.left, view.right), np.clip(y, view.bottom, view.top)
        self.length = float(np.nansum(np.abs(np.diff(across)) / step_x + np.abs(np.diff(along)) / step_y))
        self._set_pens()

    def _append(self, count: int) -> None:
        """Draw the new points behind the others, which stay as they are."""
        self._single = count
        x, y = self.line.between(max(0, self._drawn - 1), count)
        self._new.setData(x, y, connect="finite")
        if len(self._dots.points()) and self.look.dots:
            self._dots.setData(*_there(*self.line.between(0, count))) if count <= MARKED else self._dots.setData([], [])

    def _cover(self, coverage: Coverage, most: int) -> None:
        count = self._envelope.count
        stop = min(count, self._covered + most)
        first = self._covered == 0
        if stop > self._covered:
            coverage.add(*self.line.between(max(0, self._covered - 1), stop))
            self._covered = stop
            self.busy |= stop < count
            if first:
                self._dots.setData([], [])
                self._new.setData([], [])
            if first or not self.busy:  # while it is drawn anew, the old curve moves with the axes
                x, y = coverage.pieces(PER_PIXEL * coverage.view.width)
                if not (first and self.busy and self._old.getData()[0] is not None):
                    self._measure(x, y, coverage.view)
                    self._old.setData(x, y, connect="pairs")


def _there(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    there = ~np.isnan(x)
    return x[there], y[there]
