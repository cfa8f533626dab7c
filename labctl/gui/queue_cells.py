"""How a queue's states and its progress are drawn: a shape for each state, so that nobody depends on colours."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from PyQt6.QtCore import QModelIndex, QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF
from PyQt6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from labctl.gui.context import Context
from labctl.gui.queue_rows import TONES
from labctl.gui.theme import THEMES, Theme

SIZE = 14
"""Pixels of a shape at scale 1."""
SCALES = (1, 2, 3)
PART = Qt.ItemDataRole.UserRole
"""Role of how much of the run that is on is done, from 0 to 1, None of all others."""


def _polygon(painter: QPainter, *points: tuple[float, float]) -> None:
    painter.drawPolygon(QPolygonF([QPointF(x * SIZE, y * SIZE) for x, y in points]))


def _lines(painter: QPainter, *points: tuple[float, float]) -> None:
    painter.drawPolyline(QPolygonF([QPointF(x * SIZE, y * SIZE) for x, y in points]))


def _circle(painter: QPainter) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(QRectF(0.18 * SIZE, 0.18 * SIZE, 0.64 * SIZE, 0.64 * SIZE))


def _arrow(painter: QPainter) -> None:
    _polygon(painter, (0.25, 0.15), (0.85, 0.5), (0.25, 0.85))


def _hollow_arrow(painter: QPainter) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    _arrow(painter)


def _bars(painter: QPainter) -> None:
    for left in (0.22, 0.58):
        painter.drawRect(QRectF(left * SIZE, 0.2 * SIZE, 0.2 * SIZE, 0.6 * SIZE))


def _tick(painter: QPainter) -> None:
    _lines(painter, (0.15, 0.55), (0.4, 0.8), (0.85, 0.22))


def _cross(painter: QPainter) -> None:
    _lines(painter, (0.2, 0.2), (0.8, 0.8))
    _lines(painter, (0.8, 0.2), (0.2, 0.8))


def _square(painter: QPainter) -> None:
    painter.drawRect(QRectF(0.22 * SIZE, 0.22 * SIZE, 0.56 * SIZE, 0.56 * SIZE))


def _no_entry(painter: QPainter) -> None:
    _circle(painter)
    _lines(painter, (0.28, 0.72), (0.72, 0.28))


def _warning(painter: QPainter) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    _polygon(painter, (0.5, 0.1), (0.93, 0.88), (0.07, 0.88))
    _lines(painter, (0.5, 0.38), (0.5, 0.62))
    _lines(painter, (0.5, 0.74), (0.5, 0.76))


def _bow(painter: QPainter) -> None:
    _lines(painter, (0.12, 0.7), (0.3, 0.35), (0.5, 0.28), (0.7, 0.35), (0.85, 0.65))
    _lines(painter, (0.6, 0.62), (0.85, 0.66), (0.9, 0.38))


SHAPES: dict[str, Callable[[QPainter], None]] = {
    "waiting": _circle, "next": _hollow_arrow, "begins": _arrow, "rehearses": _hollow_arrow, "running": _arrow,
    "stands": _bars, "is held": _bars, "is summed up": _arrow, "stopping": _square, "finished": _tick, "failed": _cross,
    "aborted": _square, "refused": _no_entry, "fault": _warning, "skipped": _bow,
}  # fmt: skip
"""How an item stands -> what is drawn for it."""


def icon(state: str, theme: Theme) -> QIcon:
    """Return the shape of a state in its colour, and in that of selected text where the row is selected."""
    return _icon(state, theme.name)


@lru_cache(maxsize=64)
def _icon(state: str, name: str) -> QIcon:
    theme, made = THEMES[name], QIcon()
    for mode, colour in (
        (QIcon.Mode.Normal, getattr(theme, TONES.get(state, "quiet"))), (QIcon.Mode.Selected, theme.on_accent),
    ):  # fmt: skip
        for scale in SCALES:
            made.addPixmap(_pixmap(state, colour, scale), mode)
    return made


def _pixmap(state: str, colour: str, scale: int) -> QPixmap:
    pixmap = QPixmap(QSize(SIZE * scale, SIZE * scale))
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(QColor(colour), 1.6)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(QColor(colour))
    SHAPES[state](painter)
    painter.end()
    return pixmap


class ProgressDelegate(QStyledItemDelegate):
    """Draws how much of the run that is on is done.

    Args:
        context: Where the colours are.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._context = context

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw a bar with what it says, or a cell like any other."""
        part = index.data(PART)
        super().paint(painter, option, QModelIndex() if part is not None else index)
        if part is None or painter is None:
            return
        theme = self._context.theme
        area = QRectF(option.rect).adjusted(3, 3, -3, -3)
        done = QRectF(area.left(), area.top(), area.width() * min(max(float(part), 0.0), 1.0), area.height())
        text = str(index.data())
        painter.save()
        painter.fillRect(area, QColor(theme.field))
        painter.fillRect(done, QColor(theme.accent))
        for clip, colour in ((area, theme.text), (done, theme.on_accent)):
            painter.setClipRect(clip)
            painter.setPen(QColor(colour))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
        painter.setClipping(False)
        painter.setPen(QColor(theme.line))
        painter.drawRect(area)
        painter.restore()
