"""What must be seen across the room: a row of large figures."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PyQt6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from labctl.gui.context import Context
from labctl.gui.words import NOTHING

CELLS = {
    "temperature": "T (block)",
    "sample": "T (sample)",
    "field": "Field",
    "angle": "Angle",
    "source": "Source",
    "left": "Time left",
    "next": "Then",
    "drift": "R since start",
    "error": "Last error",
}
"""Key -> what stands above it."""
TIPS = {
    "temperature": "Temperature of the block that the sample sits on, by the cryostat's thermometer; the sample lags",
    "sample": "Temperature of the sample itself, by its resistance, as far as a run knows it",
}  # fmt: skip
"""Key -> what it is, where the title does not say it all."""
SHARES = {
    "temperature": 10, "sample": 9, "field": 12, "angle": 8, "source": 14, "left": 14, "next": 13, "drift": 10,
    "error": 12,
}  # fmt: skip
"""Of the width: on the smallest screen the usual remarks are seen whole."""
UPPER = ("temperature", "sample", "field", "angle", "source")
"""What stands in the upper of two lines, where there is room for two."""
LARGEST = 96
"""Points of the largest letters."""
LARGER = 1.6
"""By which names and remarks are larger, too, where the figures have two lines."""
SMALLEST = 8
"""Points below which a figure gets a second line instead of smaller letters, and then an ellipsis; its tooltip has it
whole."""


class FarCell(QWidget):
    """One figure with its name above and a remark below.

    Args:
        title: What it is.
        tip: More of that.
        context: Where the colours are.
    """

    def __init__(self, title: str, tip: str, context: Context) -> None:
        super().__init__()
        self._context = context
        self._title, self._tip = title, tip
        self.value, self.note, self.tone = NOTHING, "", ""
        self._height = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(title)
        self.setToolTip(tip or title)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return three lines' height, or that which there is."""
        height = QFontMetrics(self.font()).height()
        return QSize(60, self._height or round(4.1 * height))

    def grow(self, height: int) -> None:
        """Be as high as that in points, with letters to match; 0 for three lines."""
        if height != self._height:
            self._height = height
            self.updateGeometry()
            self.update()

    def _small_font(self) -> QFont:
        """Return the font of name and remark."""
        font = QFont(self.font())
        if self._height:
            font.setPointSizeF(LARGER * font.pointSizeF())
        return font

    def show_value(self, value: str, note: str = "", tone: str = "") -> None:
        """Show another figure.

        Args:
            value: The figure.
            note: What stands below it.
            tone: Which of the theme's state colours it has; "" for plain text.
        """
        if (value, note, tone) == (self.value, self.note, self.tone):
            return
        self.value, self.note, self.tone = value, note, tone
        said = f"{self._title}: {value}" + (f", {note}" if note else "")
        self.setToolTip("\n".join(part for part in (said, self._tip) if part))
        self.setAccessibleDescription(said)
        self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw the three lines."""
        del a0
        theme, painter = self._context.theme, QPainter(self)
        area = self.rect().adjusted(8, 3, -4, -3)
        painter.fillRect(self.rect(), QColor(theme.panel))
        painter.fillRect(0, 0, 3, self.height(), QColor(getattr(theme, self.tone) if self.tone else theme.line))
        small = self._small_font()
        painter.setFont(small)
        plain = QFontMetrics(small)
        line = plain.height()
        painter.setPen(QColor(theme.quiet))
        painter.drawText(area, Qt.AlignmentFlag.AlignTop, plain.elidedText(
            self._title, Qt.TextElideMode.ElideRight, area.width()))  # fmt: skip
        painter.drawText(area, Qt.AlignmentFlag.AlignBottom, plain.elidedText(
            self.note, Qt.TextElideMode.ElideRight, area.width()))  # fmt: skip
        painter.setPen(QColor(getattr(theme, self.tone) if self.tone else theme.text))
        middle = area.adjusted(0, line, 0, -line)
        font = self._fitting(middle.width(), middle.height())
        painter.setFont(font)
        if QFontMetrics(font).horizontalAdvance(self.value) <= middle.width():
            painter.drawText(middle, Qt.AlignmentFlag.AlignVCenter, self.value)
        else:
            font.setPointSizeF(LARGER * SMALLEST if self._height else SMALLEST)
            painter.setFont(font)
            middle.adjust(0, -2, 0, 2)
            upper, lower = in_two_lines(self.value, QFontMetrics(font), middle.width())
            painter.drawText(middle, Qt.AlignmentFlag.AlignTop, upper)
            painter.drawText(middle, Qt.AlignmentFlag.AlignBottom, lower)
        painter.end()

    def _fitting(self, width: int, height: int) -> QFont:
        """Return the largest font in which the figure fits; a sentence has two lines of small letters."""
        font = QFont(self.font())
        font.setBold(True)
        for points in range(LARGEST if self._height else 40, SMALLEST, -1):
            font.setPointSize(points)
            metrics = QFontMetrics(font)
            if metrics.height() <= height + 4 and metrics.horizontalAdvance(self.value) <= width:
                break
        return font


def in_two_lines(sentence: str, metrics: QFontMetrics, width: int) -> tuple[str, str]:
    """Return as many words as fit, and as much of the rest as fits below them.

    Args:
        sentence: What is too long for one line.
        metrics: Of its letters.
        width: Of a line, in points.
    """
    words = sentence.split(" ")
    count = 1
    while count < len(words) and metrics.horizontalAdvance(" ".join(words[: count + 1])) <= width:
        count += 1
    upper, lower = " ".join(words[:count]), " ".join(words[count:])
    cut = Qt.TextElideMode.ElideRight
    return metrics.elidedText(upper, cut, width), metrics.elidedText(lower, cut, width)


class FarView(QWidget):
    """The row of figures.

    Args:
        context: Where the colours are.
    """

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.cells = {key: FarCell(title, TIPS.get(key, ""), context) for key, title in CELLS.items()}
        self._lines = QHBoxLayout(), QHBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 2, 4, 2)
        column.setSpacing(0)
        for line in self._lines:
            line.setSpacing(4)
            column.addLayout(line)
        for key, cell in self.cells.items():
            self._lines[0].addWidget(cell, SHARES[key])
        self._large = False
        context.theme_changed.connect(self.update)

    def grow(self, height: int) -> None:
        """Take so much height in points, in two lines; 0 for one line of the usual height."""
        if bool(height) != self._large:
            self._large = bool(height)
            upper, lower = self._lines
            for key, cell in self.cells.items():
                for line in self._lines:
                    line.removeWidget(cell)
                (lower if height and key not in UPPER else upper).addWidget(cell, SHARES[key])
        for cell in self.cells.values():
            cell.grow(height // 2)

    def show_value(self, key: str, value: str, note: str = "", tone: str = "") -> None:
        """Show a figure; see `FarCell.show_value`."""
        self.cells[key].show_value(value, note, tone)
