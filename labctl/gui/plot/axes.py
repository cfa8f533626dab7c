"""Axes of a plot: units with the prefix that suits, a true minus, names that fit, lines at the larger ticks."""

from __future__ import annotations

from typing import Any, cast

import pyqtgraph as pg
from PyQt6.QtCore import QLineF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from labctl.gui.plot.quantities import bare_name, prefixes, unit_sign
from labctl.gui.theme import Theme
from labctl.plain_figure import unit_of

GRID = 110
"""Of 255: how strongly lines behind the curves are drawn."""

ROOM = 6.0
"""Pixels that stay free at the ends of a label."""


class QuantityAxis(pg.AxisItem):
    """An axis of a column."""

    bare = False
    """Whether it has neither words nor numbers, because a linked plot under it has the same."""

    def show_columns(self, columns: list[str], *, log: bool) -> None:
        """Name the columns, which have one unit."""
        unit = unit_of(columns[0]) if columns else ""
        names = ", ".join(dict.fromkeys(bare_name(column) for column in columns))
        cast("Any", self).setLogMode(log)
        self.enableAutoSIPrefix(not log)
        self.setLabel(names or "Row", units=unit_sign(unit) or None, siPrefixEnableRanges=() if log else prefixes(unit))
        self.set_bare(self.bare)

    def set_bare(self, bare: bool) -> None:
        """Show words and numbers, or neither."""
        self.bare = bare
        self.showLabel(not bare)
        cast("Any", self).setStyle(showValues=not bare)

    def labelString(self) -> str:  # noqa: N802 - pyqtgraph's name
        """Return the label; a name that is longer than the axis ends with …, and keeps its unit."""
        whole = self.labelText
        room = (self.width() if self.orientation in {"top", "bottom"} else self.height()) - ROOM
        metrics = QFontMetricsF(cast("Any", self).style["tickFont"] or self.font())
        unit = metrics.horizontalAdvance(f" ({self.labelUnitPrefix}{self.labelUnits})") if self.labelUnits else 0.0
        self.labelText = metrics.elidedText(whole, Qt.TextElideMode.ElideRight, max(30.0, room - unit))
        try:
            return str(super().labelString())
        finally:
            self.labelText = whole

    def resizeEvent(self, ev: Any = None) -> None:  # noqa: N802 - pyqtgraph's name
        """Write the label anew: it may be too long now, or have room again."""
        cast("Any", self.label).setHtml(self.labelString())
        super().resizeEvent(ev)

    def _updateLabel(self) -> None:  # noqa: N802 - pyqtgraph's name
        """Write the label, and put it into the middle."""
        super()._updateLabel()
        self.resizeEvent()

    def tickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:  # noqa: N802 - pyqtgraph's name
        """Write ticks with a true minus."""
        texts = cast("list[str]", super().tickStrings(values, scale, spacing))
        return [text.replace("-", "\u2212") for text in texts]

    def take_theme(self, theme: Theme, font: QFont) -> None:
        """Take other colours."""
        self.setPen(pg.mkPen(QColor(theme.line)))
        self.setTextPen(pg.mkPen(QColor(theme.quiet)))
        self.setTickFont(font)
        self.setStyle(tickLength=-5, autoExpandTextSpace=True)
        cast("Any", self).setLabel(
            self.labelText, units=self.labelUnits or None, siPrefixEnableRanges=self._siPrefixEnableRanges,
            color=theme.text, **{"font-size": f"{font.pointSizeF():.1f}pt"},
        )  # fmt: skip
        self.set_bare(self.bare)


class Grid(pg.GraphicsObject):
    """Lines behind the curves at the larger ticks; those of pyqtgraph's own axes take most of a frame's time.

    Args:
        plot: Whose axes say where.
    """

    def __init__(self, plot: Any) -> None:
        super().__init__()
        self._plot, self._pen = plot, QPen()
        self.setZValue(-50)
        plot.vb.sigRangeChanged.connect(lambda *_: self._moved())

    def set_colour(self, theme: Theme, ground: str) -> None:
        """Take other colours: a line's, mixed with what is behind it."""
        line, behind = QColor(theme.line), QColor(ground)
        parts = zip(line.getRgb()[:3], behind.getRgb()[:3], strict=True)
        self._pen = QPen(QColor(*(((one or 0) * GRID + (other or 0) * (255 - GRID)) // 255 for one, other in parts)))
        self._pen.setCosmetic(True)
        self.update()

    def _moved(self) -> None:
        self.prepareGeometryChange()
        self.update()

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """All that is seen."""
        return self._plot.vb.viewRect()

    def paint(self, painter: QPainter | None, *_: object) -> None:  # type: ignore[override]
        """Draw the lines."""
        if painter is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(self._pen)
        (left, right), (bottom, top) = self._plot.vb.viewRange()
        for value in self._ticks("bottom", left, right):
            painter.drawLine(QLineF(value, bottom, value, top))
        for value in self._ticks("left", bottom, top):
            painter.drawLine(QLineF(left, value, right, value))

    def _ticks(self, side: str, low: float, high: float) -> list[float]:
        axis = self._plot.getAxis(side)
        size = axis.width() if side == "bottom" else axis.height()
        if size < 1 or not low < high:
            return []
        levels = axis.tickValues(low, high, size)
        return [float(value) for value in levels[0][1]] if levels else []


def make_plot() -> Any:
    """Return an empty plot without pyqtgraph's menus, buttons and own automatic range."""
    axes = {side: QuantityAxis(side) for side in ("bottom", "left")}
    plot: Any = cast("Any", pg.PlotItem)(axisItems=axes, enableMenu=False)
    plot.hideButtons()
    plot.disableAutoRange()
    plot.grid = Grid(plot)
    plot.addItem(plot.grid, ignoreBounds=True)
    return plot
