"""The stack of a sample, drawn to scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QBrush, QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from labctl.gui.context import Context

TALLEST = 150
"""Points for a stack with few layers."""
PART = 0.34
"""Of the width that the layers have; the rest is for their names."""
MARGIN = 6


class StackDrawing(QWidget):
    """Layers from below, their heights to scale, with names and thicknesses beside them.

    Args:
        context: Where the colours are.
    """

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.layers: Sequence[Mapping[str, Any]] = ()
        self._across = True
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Stack of layers")
        context.theme_changed.connect(self.update)

    def show_layers(self, layers: Sequence[Mapping[str, Any]], *, through: bool) -> None:
        """Show other layers.

        Args:
            layers: From below; see `labctl.desk.sample_drawing.drawn`.
            through: Whether the current goes through all of them, and not along those that carry it.
        """
        self.layers, self._across = layers, not through
        said = ", ".join(f"{each['material']} {each['thickness']}" for each in layers)
        self.setToolTip(f"From below: {said}. Heights are to scale.")
        self.setAccessibleDescription(said)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return a height in which every layer has its line of text."""
        line = QFontMetrics(self.font()).height()
        return QSize(200, max(6 * line, min(TALLEST, 9 * line), len(self.layers) * (line + 2)) + 2 * MARGIN)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the same height, and any width."""
        return QSize(120, self.sizeHint().height())

    def rectangles(self) -> list[QRectF]:
        """Return where the layers are, from below."""
        total = sum(float(each["thickness_m"]) for each in self.layers) or 1.0
        height, width = self.height() - 2.0 * MARGIN, PART * self.width()
        found: list[QRectF] = []
        bottom = self.height() - float(MARGIN)
        for each in self.layers:
            tall = height * float(each["thickness_m"]) / total
            found.append(QRectF(1.0, bottom - tall, width, tall))
            bottom -= tall
        return found

    def text_lines(self) -> list[float]:
        """Return the heights of the names' middles, from below, none on top of another."""
        line = QFontMetrics(self.font()).height() + 1.0
        middles = [each.center().y() for each in self.rectangles()]
        at = [min(y, self.height() - line / 2) for y in middles]
        for place in range(1, len(at)):
            at[place] = min(at[place], at[place - 1] - line)
        if at and at[-1] < line / 2:  # the uppermost names came too high: push them down again
            at[-1] = line / 2
            for place in range(len(at) - 2, -1, -1):
                at[place] = max(at[place], at[place + 1] + line)
        return at

    def paintEvent(self, a0: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw layers, names, and where the current goes."""
        del a0
        theme, painter = self._context.theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for layer, area, text in zip(self.layers, self.rectangles(), self.text_lines(), strict=True):
            self._draw_layer(painter, layer, area)
            right = area.right()
            painter.setPen(QPen(QColor(theme.line), 1))
            middle = area.center().y()
            corners = [(2.0, middle), (10.0, middle), (18.0, text), (22.0, text)]
            painter.drawPolyline(QPolygonF([QPointF(right + x, y) for x, y in corners]))
            self._write(painter, layer, right + 26, text)
        self._draw_current(painter)
        painter.end()

    def _draw_layer(self, painter: QPainter, layer: Mapping[str, Any], area: QRectF) -> None:
        theme = self._context.theme
        painter.setPen(QPen(QColor(theme.window), 1))
        if layer.get("barrier"):
            painter.fillRect(area, QColor(theme.field))
            painter.setBrush(QBrush(QColor(theme.warn), Qt.BrushStyle.Dense5Pattern))
        elif layer["carries"] and self._across:
            painter.setBrush(QColor(theme.curves[0]))
        else:
            painter.setBrush(QColor(theme.line))
        painter.drawRect(area)

    def _write(self, painter: QPainter, layer: Mapping[str, Any], left: float, middle: float) -> None:
        theme, metrics = self._context.theme, QFontMetrics(self.font())
        told = f"{layer['material']}  {layer['thickness']}" + (" (assumed)" if layer["assumed"] else "")
        told += "  barrier" if layer.get("barrier") else ""
        painter.setPen(QColor(theme.text))
        room = int(self.width() - left)
        text = metrics.elidedText(told, Qt.TextElideMode.ElideMiddle, room)
        area = QRectF(left, middle - metrics.height() / 2, room, metrics.height())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def _draw_current(self, painter: QPainter) -> None:
        """An arrow along the thickest layer that carries the current, or through all of them."""
        if not self.layers:
            return
        areas = self.rectangles()
        painter.setPen(QPen(QColor(self._context.theme.on_accent if self._across else self._context.theme.text), 2))
        if not self._across:
            x = areas[0].center().x()
            _arrow(painter, QPointF(x, areas[0].bottom() - 3), QPointF(x, areas[-1].top() + 3))
            return
        carrying = [area for area, layer in zip(areas, self.layers, strict=True) if layer["carries"]]
        area = max(carrying, key=QRectF.height)
        if area.height() > 9:
            y = area.center().y()
            _arrow(painter, QPointF(area.left() + 12, y), QPointF(area.right() - 12, y))


def _arrow(painter: QPainter, start: QPointF, end: QPointF) -> None:
    painter.drawLine(start, end)
    along = end - start
    length = (along.x() ** 2 + along.y() ** 2) ** 0.5 or 1.0
    unit = along / length
    across = QPointF(-unit.y(), unit.x())
    for side in (4.0, -4.0):
        painter.drawLine(end, end - unit * 6.0 + across * side)
