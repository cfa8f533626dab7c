"""A series as a map in colours, with a cut along each axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QKeyEvent
from PyQt6.QtWidgets import QWidget

from labctl.frame import shown
from labctl.gui.plot.axes import QuantityAxis, make_plot
from labctl.gui.plot.colours import SCALE
from labctl.gui.plot.drawing import LEFT_AXIS
from labctl.gui.plot.envelope import FloatArray
from labctl.gui.plot.quantities import prefixes, title_of, unit_sign, value_text
from labctl.gui.theme import DARK, Theme

FINE = 480
"""Cells of the picture along each axis: edges of the map's own cells are drawn to a part of this."""


def column_of(quantity: Mapping[str, str]) -> str:
    """Return a quantity as a column is called: `temperature (K)`."""
    name, unit = title_of(quantity["name"]), quantity["unit"]
    return name if not unit or name.endswith(")") else f"{name} ({unit})"


class MapView(pg.GraphicsLayoutWidget):
    """A map, its colours, and cuts through it under it and beside it.

    Attributes:
        edges_x, edges_y: Edges of the cells.
        at: Of what the cells are, along x and along y.
        cells: What is in them, [y, x]; nan where nothing is known.
        names: Of the three, with units.
        cut: Cell through which the cuts go, (x, y).
    """

    cut_moved = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.edges_x: FloatArray = np.empty(0)
        self.edges_y: FloatArray = np.empty(0)
        self.cells: FloatArray = np.empty((0, 0))
        self.cut = (0, 0)
        self.at = np.empty(0), np.empty(0)
        self._theme: Theme = DARK
        self.names = ("", "", "")
        self.map, self.across, self.along = make_plot(), make_plot(), make_plot()
        layout: Any = self.ci
        layout.setContentsMargins(4, 2, 10, 2)
        layout.setSpacing(6)
        layout.addItem(self.map, row=0, col=0)
        layout.addItem(self.across, row=1, col=0)
        layout.addItem(self.along, row=0, col=1)
        for row, stretch in ((0, 4), (1, 3)):
            layout.layout.setRowStretchFactor(row, stretch)
        for column, stretch in ((0, 5), (1, 3)):
            layout.layout.setColumnStretchFactor(column, stretch)
        self._image: Any = pg.ImageItem(axisOrder="row-major")
        self._bar: Any = pg.ColorBarItem(values=(0, 1), interactive=False, colorMap=SCALE, width=14, colorMapMenu=False)
        layout.addItem(self._bar, row=0, col=2)
        self.map.addItem(self._image)
        self._lines: list[Any] = [pg.InfiniteLine(angle=angle, movable=True) for angle in (90, 0)]
        self._curves: list[Any] = [plot.plot(symbol="o", symbolSize=5) for plot in (self.across, self.along)]
        for line in self._lines:
            line.setZValue(10)
            self.map.addItem(line, ignoreBounds=True)
            line.sigDragged.connect(self._dragged)
        self.map.scene().sigMouseClicked.connect(self._clicked)
        for plot in (self.map, self.across):
            plot.getAxis("left").setWidth(LEFT_AXIS)

    def show_map(self, answer: Mapping[str, Any]) -> None:
        """Show what `labctl.desk.series_map` has made; of the same quantities, the cuts stay where they are."""
        before = (self.names, tuple(float(at[cut]) for at, cut in zip(self.at, self.cut, strict=True) if cut < len(at)))
        self.edges_x, self.edges_y, self.cells = (np.load(answer[f"{key}_path"], allow_pickle=False) for key in "xyz")
        self.at = np.array(answer["x_at"]), np.array(answer["y_at"])
        self.names = (column_of(answer["x"]), column_of(answer["y"]), column_of(answer["z"]))
        low, high = float(np.nanmin(self.cells)), float(np.nanmax(self.cells))
        high = high if high > low else low + (abs(low) or 1.0) * 1e-6
        self._image.setImage(_picture(self.edges_x, self.edges_y, self.cells), levels=(low, high), autoLevels=False)
        box = QRectF(
            self.edges_x[0], self.edges_y[0], self.edges_x[-1] - self.edges_x[0], self.edges_y[-1] - self.edges_y[0]
        )
        self._image.setRect(box)
        self._bar.setImageItem(self._image)
        self._bar.setLevels((low, high))
        unit = answer["z"]["unit"]
        self._bar.axis.setLabel("", units=unit_sign(unit) or None, siPrefixEnableRanges=prefixes(unit))
        self.map.vb.setRange(box, padding=0)
        self._name_axes()
        if before[0] == self.names and len(before[1]) == 2:
            x, y = (int(np.argmin(np.abs(at - place))) for at, place in zip(self.at, before[1], strict=True))
            self.move_cut(x, y)
        else:
            self.move_cut(self.cells.shape[1] // 2, self.cells.shape[0] // 2)

    def _name_axes(self) -> None:
        x, y, z = self.names
        for plot, bottom, left in ((self.map, x, y), (self.across, x, z), (self.along, z, y)):
            for side, name in (("bottom", bottom), ("left", left)):
                axis = plot.getAxis(side)
                assert isinstance(axis, QuantityAxis)
                axis.show_columns([name], log=False)
                axis.take_theme(self._theme, self.font())

    def take_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.setBackground(QColor(theme.field))
        self._name_axes()
        for line in self._lines:
            line.setPen(pg.mkPen(QColor(theme.bad), width=1.5))
            line.setHoverPen(pg.mkPen(QColor(theme.accent), width=3))
        for plot in (self.across, self.along):
            plot.grid.set_colour(theme, theme.field)
        self.map.grid.hide()
        for curve in self._curves:
            curve.setPen(pg.mkPen(QColor(theme.curves[0]), width=1))
            curve.setSymbolBrush(pg.mkBrush(QColor(theme.curves[0])))
            curve.setSymbolPen(None)
        axis = self._bar.axis
        axis.setPen(pg.mkPen(QColor(theme.line)))
        axis.setTextPen(pg.mkPen(QColor(theme.quiet)))

    def move_cut(self, x: int, y: int) -> None:
        """Let the cuts go through a cell."""
        self.cut = min(max(x, 0), self.cells.shape[1] - 1), min(max(y, 0), self.cells.shape[0] - 1)
        x, y = self.cut
        at_x, at_y = self.at
        self._lines[0].setPos(at_x[x])
        self._lines[1].setPos(at_y[y])
        self._curves[0].setData(at_x, self.cells[y])
        self._curves[1].setData(self.cells[:, x], at_y)
        low, high = float(np.nanmin(self.cells)), float(np.nanmax(self.cells))
        room = 0.05 * (high - low) or abs(low) * 0.05 or 1.0
        self.across.vb.setRange(xRange=(self.edges_x[0], self.edges_x[-1]), yRange=(low - room, high + room), padding=0)
        self.along.vb.setRange(xRange=(low - room, high + room), yRange=(self.edges_y[0], self.edges_y[-1]), padding=0)
        self.cut_moved.emit()

    @property
    def cut_words(self) -> str:
        """Through where the cuts go, and what is there."""
        if not self.cells.size:
            return ""
        x, y = self.cut
        at = (self.at[0][x], self.at[1][y], self.cells[y, x])
        return shown(
            ", ".join(
                f"{name.split(' (')[0]} {value_text(name, float(value), 5)}"
                for name, value in zip(self.names, at, strict=True)
            )
        )

    def _dragged(self, *_: object) -> None:
        self._cut_at(float(self._lines[0].value()), float(self._lines[1].value()))

    def _clicked(self, event: Any) -> None:
        if self.cells.size and self.map.vb.sceneBoundingRect().contains(event.scenePos()):
            place = self.map.vb.mapSceneToView(event.scenePos())
            self._cut_at(place.x(), place.y())

    def _cut_at(self, x: float, y: float) -> None:
        self.move_cut(int(np.searchsorted(self.edges_x, x)) - 1, int(np.searchsorted(self.edges_y, y)) - 1)

    def keyPressEvent(self, ev: QKeyEvent | None) -> None:  # noqa: N802 - Qt's name
        """Arrows move the cuts."""
        steps = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Down: (0, -1), Qt.Key.Key_Up: (0, 1)}
        step = steps.get(Qt.Key(ev.key())) if ev is not None else None
        if ev is None or step is None or not self.cells.size:
            super().keyPressEvent(ev)
            return
        self.move_cut(self.cut[0] + step[0], self.cut[1] + step[1])
        ev.accept()


def _picture(x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
    """Return the cells on an even grid, since those of a map may differ in size."""
    columns, rows = (
        np.clip(
            np.searchsorted(edges, edges[0] + (np.arange(FINE) + 0.5) / FINE * (edges[-1] - edges[0])) - 1,
            0,
            len(edges) - 2,
        )
        for edges in (x, y)
    )
    return z[np.ix_(rows, columns)]
