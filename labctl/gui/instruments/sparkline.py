"""A small curve of the last minutes of one quantity."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable

from PyQt6.QtCore import QPointF, QSize
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from labctl.gui.context import Context

LASTS = 600.0
"""Real s that are shown."""
MOST = 1200
"""Values that are kept."""


class Sparkline(QWidget):
    """A small curve of the last minutes; its tooltip gives lowest and highest value.

    Args:
        context: Where the colours are.
        unit: Of the values, for the tooltip.
        known: Times and values that there are already.
    """

    def __init__(self, context: Context, unit: str, known: Iterable[tuple[float, float]] = ()) -> None:
        super().__init__()
        self._context = context
        self._unit = unit
        self._values: deque[tuple[float, float]] = deque(known, maxlen=MOST)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        context.theme_changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the height of a line of text."""
        return QSize(80, self.fontMetrics().height() + 4)

    def add(self, value: float, now: float | None = None) -> None:
        """Add a value.

        Args:
            value: In the unit.
            now: Real s on any clock that only goes forward; that of the computer when None.
        """
        now = time.monotonic() if now is None else now
        self._values.append((now, value))
        while self._values and self._values[0][0] < now - LASTS:
            self._values.popleft()
        lows = [each for _, each in self._values]
        minutes = (self._values[-1][0] - self._values[0][0]) / 60
        self.setToolTip(f"last {minutes:.1f} min: {min(lows):.6g} to {max(lows):.6g} {self._unit}")
        self.update()

    def points(self) -> list[tuple[float, float]]:
        """Return the values that are shown, with their times."""
        return list(self._values)

    def paintEvent(self, a0: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw the curve over the whole width, and a flat one in the middle."""
        del a0
        if len(self._values) < 2:
            return
        painter, theme = QPainter(self), self._context.theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        begin, end = self._values[0][0], self._values[-1][0]
        lows = [value for _, value in self._values]
        low, span = min(lows), max(lows) - min(lows)
        width, height = self.width() - 2, self.height() - 4
        curve = QPolygonF(
            QPointF(1 + width * (moment - begin) / max(end - begin, 1e-9),
                    2 + height * (1 - (value - low) / span if span > 0 else 0.5))
            for moment, value in self._values
        )  # fmt: skip
        painter.setPen(QPen(QColor(theme.accent), 1.4))
        painter.drawPolyline(curve)
        painter.end()
