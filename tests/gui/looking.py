"""Looks at a window as a person would: is anything cut off, and can all that is written be read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPoint, QRect, Qt
from PyQt6.QtGui import QImage, QPainter
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QCheckBox,
    QComboBox,
    QLabel,
    QPushButton,
    QTabBar,
    QToolButton,
    QWidget,
)

from labctl.gui.elided import ElidedLabel
from labctl.gui.theme import contrast

LEAST_CONTRAST = 4.5
SCALE = 3
"""Pixels of a rendered point: thin strokes then have pixels of the full colour."""


def written(window: QWidget) -> Iterator[tuple[QWidget, str]]:
    """Yield what is seen and has a text of its own."""
    for widget in window.findChildren(QWidget):
        if not widget.isVisibleTo(window) or widget.width() == 0 or widget.height() == 0:
            continue
        if isinstance(widget, QLabel | QAbstractButton) and (text := widget.text().strip()):
            yield widget, text.replace("&", "")  # which marks the letter of a shortcut
        elif isinstance(widget, QComboBox) and widget.currentText():
            yield widget, widget.currentText()


def cut_off(window: QWidget) -> list[str]:
    """Say of everything whose text does not fit where it is, which it is."""
    found: list[str] = []
    for widget, text in written(window):
        if _does_not_fit(widget, text) or _is_outside(widget, window):
            found.append(f"{_name(widget)} {text!r} in {widget.width()} x {widget.height()}")
    for bar in window.findChildren(QTabBar):
        if bar.isVisibleTo(window) and any(bar.tabRect(index).right() > bar.width() for index in range(bar.count())):
            found.append(f"{_name(bar)}: tabs")
    return found


def _does_not_fit(widget: QWidget, text: str) -> bool:
    if isinstance(widget, ElidedLabel):
        return not widget.toolTip()  # it ends in an ellipsis, and the tooltip has all of it
    if isinstance(widget, QLabel):
        if "…" in text or widget.textFormat() is Qt.TextFormat.RichText or widget.pixmap().width():
            return False
        inside = widget.contentsRect()
        if widget.wordWrap():
            return widget.heightForWidth(widget.width()) > widget.height() + 2
        ignored = widget.sizePolicy().horizontalPolicy().name == "Ignored"  # the whole text is in its tooltip
        return not ignored and widget.fontMetrics().horizontalAdvance(text) > inside.width() + 1
    if isinstance(widget, QPushButton | QToolButton | QCheckBox):
        return widget.width() < widget.minimumSizeHint().width() or widget.height() < widget.minimumSizeHint().height()
    return False


def _is_outside(widget: QWidget, window: QWidget) -> bool:
    """Whether a part of a widget lies outside of what can be seen; what can be scrolled to can be seen."""
    parent = widget.parentWidget()
    while parent is not None and parent is not window:
        area = QRect(widget.mapTo(parent, QPoint(0, 0)), widget.size())
        if isinstance(parent.parentWidget(), QAbstractScrollArea):
            return area.left() < -1 or area.right() > parent.width()
        if not parent.rect().adjusted(-1, -1, 1, 1).contains(area):
            return True
        parent = parent.parentWidget()
    return not window.rect().contains(QRect(widget.mapTo(window, QPoint(0, 0)), widget.size()))


def hard_to_read(window: QWidget) -> list[str]:
    """Say of everything whose text has too little contrast with what is behind it, as it is drawn, which it is."""
    drawn = pixels(picture(window, SCALE))
    found: list[str] = []
    for widget, text in written(window):
        if not any(letter.isalnum() for letter in text):
            continue
        seen = widget.visibleRegion().boundingRect()
        if seen.size() != widget.size():  # a part is scrolled away
            continue
        corner = widget.mapTo(window, QPoint(0, 0))
        measured = _contrast(drawn, QRect(corner * SCALE, widget.size() * SCALE))
        if measured is not None and measured < LEAST_CONTRAST:
            found.append(f"{_name(widget)} {text!r}: {measured:.2f} : 1")
    return found


def picture(window: QWidget, scale: int = 1) -> QImage:
    """Return a window as it is drawn on a screen of so many pixels a point."""
    image = QImage(window.size() * scale, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(scale)
    painter = QPainter(image)
    window.render(painter)
    painter.end()
    return image


def pixels(image: QImage) -> NDArray[np.uint32]:
    """Return the colours of a picture, lines of 0xffrrggbb from the top."""
    bits = image.constBits()
    assert bits is not None
    bits.setsize(image.sizeInBytes())
    lines = np.frombuffer(bytes(bits), dtype=np.uint32)  # pyright: ignore[reportArgumentType]  # it has a buffer
    return lines.reshape(image.height(), image.bytesPerLine() // 4)[:, : image.width()]


def _contrast(drawn: NDArray[np.uint32], area: QRect) -> float | None:
    """Return the contrast of the ground, the commonest colour, with what differs most from it; None of a plain area."""
    left, top = max(area.left(), 0), max(area.top(), 0)
    colours, counts = np.unique(drawn[top : area.bottom() : 2, left : area.right()], return_counts=True)
    if not colours.size:
        return None
    ground = _hex(int(colours[counts.argmax()]))
    return max((contrast(ground, _hex(int(colour))) for colour in colours[counts >= 3]), default=None)


def _hex(pixel: int) -> str:
    return f"#{pixel & 0xFFFFFF:06x}"


def _name(widget: QWidget) -> str:
    return f"{type(widget).__name__}({widget.objectName() or type(widget.parent()).__name__})"
