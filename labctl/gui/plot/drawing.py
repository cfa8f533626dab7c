"""What is drawn: a line of words above, one plot or two above each other, moved by mouse and keys."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import pyqtgraph as pg
from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QKeyEvent
from PyQt6.QtWidgets import QGraphicsTextItem, QLabel, QVBoxLayout, QWidget

from labctl.gui.plot.pane import Pane
from labctl.gui.plot.read_out import ReadOut
from labctl.gui.plot.trace import Trace
from labctl.gui.theme import Theme

LEFT_AXIS = 76
"""Pixels of the vertical axes, the same for both plots, so that linked ones stand above each other."""
ZOOM = 0.8
ROOM = 8
"""Pixels around the sentence in the place of plots."""


class Legend(pg.GraphicsWidget):
    """Words above the plots, in as many lines as they need, so that they never hide a curve."""

    def __init__(self) -> None:
        super().__init__()
        self._text = QGraphicsTextItem(self)
        self._needed = 0.0

    def set_html(self, html: str, colour: str) -> None:
        """Write other words."""
        self._text.setDefaultTextColor(QColor(colour))
        self._text.setHtml(html)
        self._fit()

    def resizeEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Break the lines anew."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self._text.setTextWidth(max(50.0, self.size().width()))
        needed = self._text.boundingRect().height()
        if needed != self._needed:
            self._needed = needed
            self.setMinimumHeight(needed)
            self.setMaximumHeight(needed)


class Drawing(pg.GraphicsLayoutWidget):
    """Plots, and the crosshair in them.

    Attributes:
        panes: The upper plot and the lower one.
        chosen: Pane, curve and row on which the crosshair stands; None where it stands on none.
        kept: Whether it was clicked to stay there.
        read_out: What is said of that row.
    """

    moved = pyqtSignal()
    """A person has moved or zoomed a range."""
    fit_wanted = pyqtSignal()
    row_chosen = pyqtSignal()
    """The crosshair stands on another row, or on none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.legend = Legend()
        self.panes = (Pane(self), Pane(self))
        self.chosen: tuple[Pane, Trace, int] | None = None
        self.kept = False
        self.read_out = ReadOut(self)
        self._brief, self._all = "", _nothing
        self._all_wanted, self._inside, self._by_mouse = False, False, False
        self._instead = QLabel()
        self._instead.setProperty("quiet", True)
        self._instead.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._instead.setWordWrap(True)
        self._instead.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._instead.hide()
        over = QVBoxLayout(self)
        over.setContentsMargins(4 * ROOM, 4 * ROOM, 4 * ROOM, 4 * ROOM)
        over.addWidget(self._instead)
        layout: Any = self.ci
        layout.setContentsMargins(4, 2, 10, 2)
        layout.setSpacing(2)
        layout.addItem(self.legend, row=0, col=0)
        layout.addItem(self.panes[0].plot, row=1, col=0)
        layout.layout.setRowStretchFactor(1, 3)
        self._two = False
        for pane in self.panes:
            pane.axis("left").setWidth(LEFT_AXIS)
            pane.moved.connect(self._moved)
        scene: Any = self.scene()
        scene.sigMouseMoved.connect(self._mouse)
        scene.sigMouseClicked.connect(self._clicked)

    # ---- one plot or two

    @property
    def shown(self) -> Sequence[Pane]:
        """The plots that are there."""
        return self.panes if self._two else self.panes[:1]

    def show_two(self, two: bool, *, linked: bool) -> None:
        """Draw a second plot under the first, or take it away."""
        layout: Any = self.ci
        if two and not self._two:
            layout.addItem(self.panes[1].plot, row=2, col=0)
        elif self._two and not two:
            layout.removeItem(self.panes[1].plot)
        self._two = two
        layout.layout.setRowStretchFactor(2, 2 if two else 0)
        self.panes[0].axis("bottom").set_bare(two and linked)
        self.panes[1].plot.setXLink(self.panes[0].plot if two and linked else None)

    def show_instead(self, sentence: str) -> None:
        """Write a sentence in the place of plots that have nothing to show, or "" for none."""
        self._instead.setText(sentence)
        self._instead.setVisible(bool(sentence))

    def take_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.setBackground(QColor(theme.field))
        for pane in self.panes:
            pane.take_theme(theme, self.font())
        self.read_out.take_theme(theme)

    @property
    def ratio(self) -> float:
        """Pixels of the screen for each of Qt's."""
        return float(self.devicePixelRatioF())

    # ---- crosshair

    def _mouse(self, at: Any) -> None:
        if not self._inside:
            self._inside = True
            self._write()
        if not self.kept:
            self._by_mouse = True
            self.choose(self._under(at))

    def _under(self, at: Any) -> tuple[Pane, Trace, int] | None:
        """Return the row whose point is nearest to a place in the window; None beside the plots."""
        for pane in self.shown:
            if pane.plot.vb.sceneBoundingRect().contains(at):
                place = pane.plot.vb.mapSceneToView(at)
                found = pane.nearest(place.x(), place.y())
                return None if found is None else (pane, *found)
        return None

    def _clicked(self, event: Any) -> None:
        """Keep the row that is clicked, with all its values; the next click lets go of it."""
        found = self._under(event.scenePos())
        if event.button() == Qt.MouseButton.LeftButton and found is not None:
            kept = not self.kept
            self.choose(found)
            self.kept = kept
            self._write()

    def choose(self, chosen: tuple[Pane, Trace, int] | None) -> None:
        """Put the crosshair on a row, or on none."""
        self.chosen, self.kept = chosen, False
        for pane in self.panes:
            pane.show_point(chosen[1].point(chosen[2]) if chosen is not None and pane is chosen[0] else None)
        self.row_chosen.emit()

    def keep_again(self, before: tuple[Pane, Trace, int] | None) -> None:
        """Keep a row once more that was clicked to stay before the curves were made anew, if it is still drawn."""
        if before is None or before[0] not in self.shown:
            return
        pane, old, row = before
        for trace in pane.traces:
            same = trace.line.data is old.line.data and trace.line.y == old.line.y
            if same and all(math.isfinite(value) for value in trace.point(row)):
                self.choose((pane, trace, row))
                self.kept = True
                self._write()
                return

    def show_read_out(self, brief: str, everything: Callable[[int], str]) -> None:
        """Say of the row on which the crosshair stands.

        Args:
            brief: A few figures, beside the point; "" for none.
            everything: Returns all values in so many columns, for when they are asked for.
        """
        self._brief, self._all = brief, everything
        self._write()

    def _write(self) -> None:
        """Write what is wanted of the row: its figures beside the point, or all values opposite to it."""
        place = None if self.chosen is None or not self._brief else self._place(*self.chosen)
        if place is None:
            self.read_out.hide()
            return
        box, at = place
        # Of a row that was clicked to stay, the figures are enough while the mouse is elsewhere.
        if self._inside if self.kept else self._all_wanted:
            self.read_out.show_row(self._all, at, box, kept=self.kept)
        else:
            self.read_out.show_brief(self._brief, at, box)

    def _place(self, pane: Pane, trace: Trace, row: int) -> tuple[QRectF, QPointF] | None:
        """Return where a plot is, and a row's point in it; None where it is not seen."""
        box: QRectF = pane.plot.vb.sceneBoundingRect()
        at = QPointF(pane.plot.vb.mapViewToScene(pg.Point(*trace.point(row))))
        return (box, at) if box.contains(at) else None

    def _moved(self) -> None:
        self._write()
        self.moved.emit()

    def step(self, by: int) -> None:
        """Move the crosshair by so many points along its curve; to the middle of the first one where there is none."""
        self._by_mouse = False
        if self.chosen is None:
            pane = self.shown[0]
            (left, right), (bottom, top) = pane.plot.vb.viewRange()
            found = pane.nearest((left + right) / 2, (bottom + top) / 2)
            self.choose(None if found is None else (pane, *found))
            return
        pane, trace, row = self.chosen
        for _ in range(abs(by)):
            row = trace.beside(row, 1 if by > 0 else -1)
        self.choose((pane, trace, row))

    def _other_trace(self, by: int) -> None:
        """Move the crosshair to the next curve, where that is nearest."""
        if self.chosen is None:
            self.step(1)
            return
        self._by_mouse = False
        pane, trace, row = self.chosen
        traces = [each for each in pane.traces if not each.look.behind]
        other = traces[(traces.index(trace) + by) % len(traces)]
        found = other.nearest(*trace.point(row), pane.view(1.0).pixel)
        if found is not None:
            self.choose((pane, other, found))

    def keyPressEvent(self, ev: QKeyEvent | None) -> None:  # noqa: N802 - Qt's name
        """Arrows move the crosshair, Esc takes it away, V shows its row, + and - zoom, A or Home shows all."""
        if ev is None:
            return
        key, far = ev.key(), 10 if ev.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        keys = Qt.Key
        if key in {keys.Key_Left, keys.Key_Right}:
            self.step(far if key == keys.Key_Right else -far)
        elif key in {keys.Key_Up, keys.Key_Down}:
            self._other_trace(1 if key == keys.Key_Down else -1)
        elif key in {keys.Key_Plus, keys.Key_Equal, keys.Key_Minus}:
            for pane in self.shown:
                pane.zoom(1 / ZOOM if key == keys.Key_Minus else ZOOM)
        elif key in {keys.Key_A, keys.Key_Home}:
            self.fit_wanted.emit()
        elif key == keys.Key_V:
            self._all_wanted, self.kept = not self._all_wanted, False
            self._write()
        elif key == keys.Key_Escape and self.chosen is not None:
            self.choose(None)
        else:
            super().keyPressEvent(ev)
            return
        ev.accept()

    def leaveEvent(self, ev: Any) -> None:  # noqa: N802 - Qt's name
        """Take the crosshair away with the mouse that put it there, unless it was clicked to stay."""
        super().leaveEvent(ev)
        self._inside = False
        if self._by_mouse and not self.kept:
            self.choose(None)
        else:
            self._write()


def _nothing(columns: int) -> str:
    del columns
    return ""
