"""Choosing columns by typing: a button with their names, a list that what is typed makes shorter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PyQt6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent, QResizeEvent
from PyQt6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from labctl.frame import shown
from labctl.gui.plot.quantities import bare_name
from labctl.plain_figure import unit_of

LETTERS = 26
"""Letters of a name that a button shows."""
GAP = 2
"""Pixels between a button and its list, so that the button's edge is seen."""
LEAST = 3
"""Wide letters for which it always has room."""


class Chooser(QToolButton):
    """A button that shows which columns are chosen, and lets one choose others.

    Args:
        what: What they are for, for those who ask.
        several: Whether more than one may be chosen; these have one unit.
        none: What choosing nothing is called; "" where something must be chosen.

    Attributes:
        titles: What is written of names that are no columns' names.
    """

    chosen = pyqtSignal(list)
    """Names of the columns."""

    def __init__(self, what: str, *, several: bool = False, none: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.several, self._none = several, none
        self.titles: Mapping[str, str] = {}
        self._names: list[str] = []
        self._said = ""
        self.current: list[str] = []
        self._tip = what + ("; Space adds another of the same unit" if several else "")
        self.setAccessibleName(what)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.clicked.connect(self.open)
        self._list = _List(self)
        self._list.taken.connect(self._take)
        self._write()

    def set_names(self, names: Sequence[str], current: Sequence[str]) -> None:
        """Offer other columns.

        Args:
            names: Of all columns.
            current: Those that are chosen.
        """
        self._names, self.current = list(names), list(current)
        self._write()

    def open(self) -> None:
        """Show the list, ready to be typed into."""
        names = [self._none, *self._names] if self._none else self._names
        self._list.offer(names, self.current or [self._none], self.titles, several=self.several)
        self._list.show_at(QRect(self.mapToGlobal(QPoint(0, 0)), self.size()))

    def _take(self, names: list[str]) -> None:
        self.current = [name for name in names if name != self._none]
        self._write()
        self.chosen.emit(self.current)

    def _write(self) -> None:
        first = shown(self.titles.get(self.current[0], self.current[0])) if self.current else self._none or "–"
        short = bare_name(first) if len(first) > LETTERS else first
        short = short if len(short) <= LETTERS else short[: LETTERS - 1] + "…"
        more = len(self.current) - 1
        self._said = f"{short}{f' +{more}' if more > 0 else ''}"
        self.setToolTip(f"{', '.join(map(shown, self.current)) or self._said}\n{self._tip}")
        self._fit()
        self.updateGeometry()

    # ---- as wide as it likes to be, and as narrow as it must

    def _width(self, text: str) -> int:
        """Return how wide the button likes to be with a text."""
        metrics = self.fontMetrics()
        own = super().sizeHint().width() - metrics.horizontalAdvance(self.text())
        return own + metrics.horizontalAdvance(f"{text} ▾") + 2

    def _fit(self) -> None:
        """Write as much as there is room for."""
        room = self.width() - self._width("") + 2
        said = self.fontMetrics().elidedText(self._said, Qt.TextElideMode.ElideRight, max(room, 0))
        if self.text() != f"{said} ▾":
            self.setText(f"{said} ▾")

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size with all of the text."""
        return QSize(self._width(self._said), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size with some letters of it."""
        return QSize(min(self._width("M" * LEAST), self._width(self._said)), super().sizeHint().height())

    def resizeEvent(self, a0: QResizeEvent | None) -> None:  # noqa: N802 - Qt's name
        """Write as much as there is room for."""
        super().resizeEvent(a0)
        self._fit()


class _List(QFrame):
    """What a chooser shows when it is opened."""

    taken = pyqtSignal(list)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self.typed, self.list, self._hint = QLineEdit(self), QListWidget(self), QLabel(self)
        self.typed.setPlaceholderText("Type a part of the name")
        self.typed.setClearButtonEnabled(True)
        self._hint.setProperty("quiet", True)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        for widget in (self.typed, self.list, self._hint):
            column.addWidget(widget)
        self.typed.textChanged.connect(self._narrow)
        self.typed.installEventFilter(self)
        self.list.itemClicked.connect(self._clicked)
        self._several, self._ticked = False, list[str]()
        self._titles: Mapping[str, str] = {}

    def offer(self, names: Sequence[str], current: Sequence[str], titles: Mapping[str, str], *, several: bool) -> None:
        """Show these columns, the chosen ones ticked."""
        self._several, self._ticked, self._titles = several, list(current), titles
        self.list.clear()
        for name in names:
            item = QListWidgetItem(self._title(name), self.list)
            item.setData(Qt.ItemDataRole.UserRole, name)
        self.typed.clear()
        self._hint.setText("Enter takes it · Space adds it" if several else "Enter takes it")
        self._tick()
        chosen = next((row for row, name in enumerate(names) if name in current), 0)
        self.list.setCurrentRow(chosen)

    def show_at(self, field: QRect) -> None:
        """Open under a field, or above it where there is more room, with the keys in the line that is typed into."""
        rows = min(16, max(3, self.list.count()))
        self.resize(340, 90 + rows * max(18, self.list.sizeHintForRow(0)))
        screen = self.screen()
        left, top = field.left(), field.bottom() + 1 + GAP
        if screen is not None:
            room = screen.availableGeometry()
            under, over = room.bottom() - top, field.top() - GAP - room.top()
            self.resize(self.width(), min(self.height(), max(under, over)))
            left = min(left, room.right() - self.width())
            top = top if self.height() <= under or under >= over else field.top() - GAP - self.height()
        self.move(left, top)
        self.show()
        self.typed.setFocus()

    def _tick(self) -> None:
        for row in range(self.list.count()):
            item = self.list.item(row)
            if item is not None:
                ticked = item.data(Qt.ItemDataRole.UserRole) in self._ticked
                item.setText(("✓ " if ticked else "    ") + self._title(item.data(Qt.ItemDataRole.UserRole)))

    def _title(self, name: str) -> str:
        return shown(self._titles.get(name, name))

    def _narrow(self, typed: str) -> None:
        parts, first = typed.lower().split(), -1
        for row in range(self.list.count()):
            item = self.list.item(row)
            if item is None:
                continue
            name = str(item.data(Qt.ItemDataRole.UserRole))
            there = all(part in f"{name} {self._title(name)}".lower() for part in parts)
            item.setHidden(not there)
            first = row if there and first < 0 else first
        self.list.setCurrentRow(first)

    def _clicked(self, item: QListWidgetItem) -> None:
        self._finish([str(item.data(Qt.ItemDataRole.UserRole))])

    def _finish(self, names: list[str]) -> None:
        self.hide()
        self.taken.emit(names)

    def _name(self) -> str | None:
        item = self.list.currentItem()
        return None if item is None or item.isHidden() else str(item.data(Qt.ItemDataRole.UserRole))

    def _add(self, name: str) -> None:
        """Tick a column, or take its tick away; those of another unit give way."""
        if name in self._ticked:
            self._ticked = [other for other in self._ticked if other != name] or self._ticked
        else:
            self._ticked = [*(other for other in self._ticked if unit_of(other) == unit_of(name)), name]
        self._tick()
        self.taken.emit(self._ticked)

    def _step(self, by: int) -> None:
        row = self.list.currentRow() + by
        while 0 <= row < self.list.count():
            item = self.list.item(row)
            if item is not None and not item.isHidden():
                self.list.setCurrentRow(row)
                return
            row += by

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:  # noqa: N802 - Qt's name
        """Keys of the list, while they go to the line that is typed into."""
        if isinstance(a1, QKeyEvent) and a1.type() == QEvent.Type.KeyPress:
            key, name = a1.key(), self._name()
            if key in {Qt.Key.Key_Up, Qt.Key.Key_Down}:
                self._step(1 if key == Qt.Key.Key_Down else -1)
                return True
            if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
                if name is not None:
                    self._finish([name])
                return True
            if key == Qt.Key.Key_Space and self._several and name is not None and not self.typed.text().endswith(" "):
                self._add(name)
                return True
        return super().eventFilter(a0, a1)
