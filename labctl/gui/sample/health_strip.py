"""By how much a sample's resistance has changed since it was mounted, check by check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from labctl.gui import words
from labctl.gui.context import Context

ROOM = 1.25
"""By how much the axis goes beyond the larger of what is shown and the change at which a run warns."""


class HealthStrip(QWidget):
    """A point for each check of a run, between the changes at which a run warns.

    Args:
        context: Where the colours are.
    """

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.changes: list[float] = []
        self._warn, self._stop = 0.01, 0.05
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Change of the resistance since the first check")
        context.theme_changed.connect(self.update)

    def show_health(self, health: Mapping[str, Any]) -> None:
        """Show other checks; see `labctl.desk.sample_journal`."""
        points = health["points"]
        self.changes = [float(point["change"]) for point in points]
        self._warn, self._stop = float(health["warn"]), float(health["stop"])
        self.setVisible(bool(points))
        last = "" if not points else f"Last: {points[-1]['resistance']}, {words.percent(self.changes[-1])}. "
        self.setToolTip(f"{last}A run warns beyond {self._warn:.0%} and is refused beyond {self._stop:.0%}.")
        self.setAccessibleDescription(self.toolTip())
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return three lines' height."""
        return QSize(200, 3 * QFontMetrics(self.font()).height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the same height, and any width."""
        return QSize(100, self.sizeHint().height())

    def tone(self, change: float) -> str:
        """Return which colour a change has."""
        return "good" if abs(change) <= self._warn else "warn" if abs(change) <= self._stop else "bad"

    def paintEvent(self, a0: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw the band and the points."""
        del a0
        theme, painter = self._context.theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(theme.field))
        metrics = QFontMetrics(self.font())
        texts = [f"{sign}{self._warn:.0%}" for sign in ("+", "−")]
        side = max(metrics.horizontalAdvance(text) for text in texts) + 8
        most = ROOM * max([self._warn, *map(abs, self.changes)])
        middle, unit = self.height() / 2, (self.height() / 2 - 4) / most
        band = QRectF(side, middle - unit * self._warn, self.width() - side, 2 * unit * self._warn)
        painter.fillRect(band, QColor(theme.panel))
        painter.setPen(QPen(QColor(theme.line), 1, Qt.PenStyle.DashLine))
        for y, text in ((band.top(), texts[0]), (band.bottom(), texts[1])):
            painter.drawLine(QPointF(side, y), QPointF(self.width(), y))
            if band.height() > 1.6 * metrics.height():
                painter.save()
                painter.setPen(QColor(theme.quiet))
                high = metrics.height()
                painter.drawText(QRectF(2, y - high / 2, side, high), Qt.AlignmentFlag.AlignLeft, text)
                painter.restore()
        self._draw_points(painter, side, middle, unit)
        painter.end()

    def _draw_points(self, painter: QPainter, left: float, middle: float, unit: float) -> None:
        theme = self._context.theme
        step = (self.width() - left - 16) / max(len(self.changes) - 1, 1)
        at = [QPointF(left + 8 + place * step, middle - unit * change) for place, change in enumerate(self.changes)]
        painter.setPen(QPen(QColor(theme.quiet), 1))
        painter.drawPolyline(QPolygonF(at))
        for point, change in zip(at, self.changes, strict=True):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(getattr(theme, self.tone(change))))
            painter.drawEllipse(point, 3.0, 3.0)
