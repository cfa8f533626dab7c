"""Words of the places that the analysis found, in a strip above a plot, hiding neither curves nor each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyqtgraph as pg
from PyQt6.QtCore import QLineF, QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from labctl.gui.theme import DARK, Theme

MOST_LINES = 4
"""Lines of the strip; what has no room in them is read where the mouse stands on the strip."""
GAP = 10.0
"""Pixels between two labels in a line."""
PAD = 2.0
"""Pixels above and below a label, and beside it."""


@dataclass(frozen=True, slots=True)
class Label:
    """Words that stand above their place.

    Attributes:
        text: What is written.
        at: Place on the axis to the right; None for words that belong to no place there.
    """

    text: str
    at: float | None


@dataclass(frozen=True, slots=True)
class Placed:
    """A label with its left edge and width in pixels, its line counted from the plot upwards, and its place or None."""

    label: Label
    left: float
    width: float
    line: int
    at: float | None


def placed(labels: Sequence[tuple[Label, float, float | None]], room: float) -> list[Placed]:
    """Put labels above their places, in as few lines as they need without covering each other.

    Args:
        labels: Each with its width and its place in pixels.
        room: Width of the strip in pixels.
    """
    found: list[Placed] = []
    upright = sorted((each for each in labels if each[2] is not None), key=lambda each: each[2] or 0.0)
    rest = [each for each in labels if each[2] is None]
    for number, (label, wanted, at) in enumerate([*upright, *rest]):
        width = min(wanted, room)
        lefts = _starts(found, room - width) if at is None else _beside(at, width, room, 2 * number < len(upright))
        for line, left in ((line, left) for line in range(MOST_LINES) for left in lefts):
            if all(other.line != line or _apart(other, left, width) for other in found):
                found.append(Placed(label, left, width, line, at))
                break
    return found


def _beside(at: float, width: float, room: float, before: bool) -> list[float]:
    """Where words may begin that end at their place, or begin there: those of the left half of all places end there."""
    lefts = [at - width - PAD, at + PAD] if before else [at + PAD, at - width - PAD]
    return [max(0.0, min(left, room - width)) for left in lefts]


def _starts(found: Sequence[Placed], last: float) -> list[float]:
    """Where words without a place may begin: at the left edge, behind another label, or at the right edge."""
    return sorted({0.0, max(0.0, last), *(end for each in found if (end := each.left + each.width + GAP) <= last)})


def _apart(one: Placed, left: float, width: float) -> bool:
    return left >= one.left + one.width + GAP or left + width + GAP <= one.left


class MarkStrip(pg.GraphicsWidget):
    """The strip above a plot, as high as its words need.

    Args:
        plot: pyqtgraph's `PlotItem`, in whose uppermost row it is put.

    Attributes:
        labels: What is to be said.
        shown: Those that are written, with where they are.
    """

    def __init__(self, plot: Any) -> None:
        super().__init__()
        self._plot = plot
        self._font, self._theme = QFont(), DARK
        self.labels: list[Label] = []
        self.shown: list[Placed] = []
        self._lines = 0
        plot.layout.removeItem(plot.titleLabel)
        plot.layout.addItem(self, 0, 1)
        plot.vb.sigRangeChanged.connect(lambda *_: self._place())
        plot.vb.sigResized.connect(lambda *_: self._place())
        self._take_height()

    def take_theme(self, theme: Theme, font: QFont) -> None:
        """Take other colours."""
        self._theme, self._font = theme, font
        self._place()
        self._take_height()

    def show_labels(self, labels: Sequence[Label], tip: str) -> None:
        """Say something else.

        Args:
            labels: What is written.
            tip: What the strip says to a mouse that stands on it.
        """
        self.labels = list(labels)
        self.setToolTip(tip)
        self._place()

    def _place(self) -> None:
        """Place the words above what is seen of the axis; a place out of sight has none."""
        if not self.labels and not self.shown:
            return
        left, right = self._plot.vb.viewRange()[0]
        room, metrics = float(self._plot.vb.width()), QFontMetricsF(self._font)
        wanted: list[tuple[Label, float, float | None]] = []
        for label in self.labels:
            width = metrics.horizontalAdvance(label.text) + 2 * PAD
            if label.at is None:
                wanted.append((label, width, None))
            elif left <= label.at <= right:
                wanted.append((label, width, (label.at - left) / (right - left) * room))
        self.shown = placed(wanted, room)
        lines = 1 + max((each.line for each in self.shown), default=-1)
        if lines != self._lines:
            self._lines = lines
            self._take_height()
        self.update()

    @property
    def _step(self) -> float:
        return QFontMetricsF(self._font).height() + 2 * PAD

    def _take_height(self) -> None:
        self._plot.layout.setRowFixedHeight(0, self._lines * self._step)

    def paint(self, p: QPainter | None, *_: object) -> None:  # type: ignore[override]
        """Draw the lines down to the plot, and the words over them."""
        if p is None:
            return
        theme, height = self._theme, float(self.size().height())
        pen = QPen(QColor(theme.accent), 1.0, Qt.PenStyle.DashDotLine)
        pen.setCosmetic(True)
        p.setPen(pen)
        for each in self.shown:
            if each.at is not None:
                p.drawLine(QLineF(each.at, height - each.line * self._step, each.at, height))
        p.setFont(self._font)
        metrics = QFontMetricsF(self._font)
        for each in self.shown:
            top = height - (each.line + 1) * self._step
            box = QRectF(each.left, top, each.width, self._step)
            p.fillRect(box, QColor(theme.field))
            p.setPen(QColor(theme.text))
            text = metrics.elidedText(each.label.text, Qt.TextElideMode.ElideRight, each.width)
            p.drawText(QPointF(each.left + PAD, top + PAD + metrics.ascent()), text)
