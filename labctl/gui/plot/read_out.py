"""What is said of the point under the crosshair: a few figures beside it, and all values of its row when asked for."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QPointF, QRectF, QSizeF, Qt
from PyQt6.QtWidgets import QFrame, QLabel, QScrollArea, QWidget

from labctl.gui.theme import Theme

AWAY = 12.0
"""Pixels between the crosshair's point and what is said of it."""
ROOM = 8.0
"""Pixels between that and the edge of the plot."""
MOST_COLUMNS = 4


def beside(at: QPointF, size: QSizeF, box: QRectF) -> QPointF:
    """Return where a small label goes so that it lies in a box and does not cover a point.

    Args:
        at: The point.
        size: Of the label.
        box: Where it must lie.

    Returns:
        Its upper left corner: right above the point if there is room, otherwise at another corner of it; where it fits
        at none, as far from it as the box lets it.
    """
    width, height = size.width(), size.height()
    rights = (at.x() + AWAY, at.x() - AWAY - width)
    tops = (at.y() - AWAY - height, at.y() + AWAY)
    for left in rights:
        for top in tops:
            if box.contains(QRectF(left, top, width, height)):
                return QPointF(left, top)
    return QPointF(
        box.left() if at.x() > box.center().x() else max(box.left(), box.right() - width),
        box.top() if at.y() > box.center().y() else max(box.top(), box.bottom() - height),
    )


class ReadOut:
    """Labels over a plot.

    Args:
        parent: The widget with the plots.

    Attributes:
        brief: A few figures beside the point.
        row: All values of its row, in as many columns as the height asks for; what still has no room is scrolled to.
    """

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent
        self.brief = QLabel(parent)
        self.brief.setObjectName("brief")
        self.brief.setTextFormat(Qt.TextFormat.RichText)
        self.brief.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.row = QScrollArea(parent)
        self.row.setObjectName("read_out")
        self.row.setFrameShape(QFrame.Shape.NoFrame)
        self.row.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.values = QLabel()
        self.values.setTextFormat(Qt.TextFormat.RichText)
        self.values.setObjectName("values")
        self.row.setWidget(self.values)
        self.hide()

    def take_theme(self, theme: Theme) -> None:
        """Take other colours."""
        look = f"background: {theme.panel}; color: {theme.text};"
        frame = f"border: 1px solid {theme.line}; border-radius: 4px;"
        self.brief.setStyleSheet(f"#brief {{ {look} {frame} padding: 2px 5px; }}")
        self.row.setStyleSheet(f"#read_out {{ {look} {frame} }} #values {{ {look} padding: 4px; }}")

    def hide(self) -> None:
        """Say nothing."""
        self.brief.hide()
        self.row.hide()

    def show_brief(self, html: str, at: QPointF, box: QRectF) -> None:
        """Write a few figures beside a point of the plot that fills a box."""
        self.row.hide()
        self.brief.setText(html)
        self.brief.adjustSize()
        place = beside(at, QSizeF(self.brief.size()), box)
        self.brief.move(round(place.x()), round(place.y()))
        self.brief.show()

    def show_row(self, html: Callable[[int], str], at: QPointF, box: QRectF, *, kept: bool) -> None:
        """Write all values of a row on the side of the plot where its point is not.

        Args:
            html: Returns them in so many columns.
            at: Where its point is.
            box: Where the plot is; where that is too little, its axes may be covered as well.
            kept: Whether it stays where it is, so that the mouse can scroll in it.
        """
        self.brief.hide()
        self.row.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, not kept)
        left = at.x() > box.center().x()
        width = (at.x() - AWAY if left else self._parent.width() - at.x() - AWAY) - ROOM
        height = self._parent.height() - 2 * ROOM
        bar = self.row.verticalScrollBar()
        for columns in range(1, MOST_COLUMNS + 1):
            previous = self.values.text()
            self.values.setText(html(columns))
            self.values.adjustSize()
            if self.values.width() + 2 > width and columns > 1:
                self.values.setText(previous)
                self.values.adjustSize()
                break
            if self.values.height() + 2 <= height:
                break
        wide, high = self.values.width() + 2, self.values.height() + 2
        wide += bar.sizeHint().width() if bar is not None and high > height else 0
        wide, high = min(wide, round(width)), min(high, round(height))
        self.row.resize(wide, high)
        top = min(max(box.top() + ROOM, ROOM), self._parent.height() - ROOM - high)
        inside = (box.left() + ROOM, at.x() - AWAY - wide) if left else (box.right() - ROOM - wide, at.x() + AWAY)
        self.row.move(round(min(inside) if left else max(inside)), round(top))
        self.row.show()
