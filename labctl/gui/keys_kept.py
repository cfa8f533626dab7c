"""Where the keys go when the button that has them cannot be pressed any more.

Qt passes them on to what comes next, which may be a button as well: the next Enter would press what nobody meant.
"""

from __future__ import annotations

from collections.abc import Iterable

from PyQt6.QtCore import QObject, Qt
from PyQt6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QTabWidget, QWidget


class KeysKept(QObject):
    """Brings the keys to a panel's table, or to its tab where it has none, as soon as its button goes or is greyed.

    Args:
        window: In which the panels are.
        sides: With panels as their tabs.
    """

    def __init__(self, window: QWidget, sides: Iterable[QTabWidget]) -> None:
        super().__init__(window)
        self._window = window
        self._sides = list(sides)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._look)

    def end(self) -> None:
        """Look no more: the window is closed, and what has the keys in it is taken apart."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.disconnect(self._look)

    def _look(self, old: QWidget | None, new: QWidget | None) -> None:
        if not isinstance(old, QAbstractButton) or new is None or not self._window.isVisible():
            return
        if old.isEnabled() and old.isVisibleTo(self._window):
            return  # somebody has taken them elsewhere
        for side in self._sides:
            page = side.currentWidget()
            if page is not None and page.isAncestorOf(old):
                table, tab = page.focusProxy(), side.tabBar()
                harmless = table if isinstance(table, QAbstractItemView) else tab
                if harmless is not None and harmless is not new:
                    harmless.setFocus(Qt.FocusReason.OtherFocusReason)
