"""A line of text that ends with an ellipsis where there is no room for it; its tooltip has it whole."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import QLabel, QSizePolicy

LEAST = 8
"""Letters that are always seen."""


class ElidedLabel(QLabel):
    """One line of plain text, as wide as it likes to be and as narrow as it must."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def say(self, text: str, tip: str = "") -> None:
        """Show another text.

        Args:
            text: One line.
            tip: More of it for the tooltip; the text itself without.
        """
        if text != self.text():
            self.setText(text)
        self.setToolTip(tip or text)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of a few letters."""
        metrics = self.fontMetrics()
        return QSize(min(LEAST * metrics.averageCharWidth(), metrics.horizontalAdvance(self.text())), metrics.height())

    def paintEvent(self, a0: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw as much of it as there is room for."""
        del a0
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        area = self.contentsRect()
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.end()
