"""Keys of a panel that work wherever in its window the keys are, but where a part has the same keys for itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PyQt6.QtCore import QObject, Qt
from PyQt6.QtGui import QKeySequence, QShortcut
from PyQt6.QtWidgets import QApplication, QWidget


class WindowKeys(QObject):
    """Shortcuts of a whole window.

    Two of the same keys would do nothing at all, so they rest while the focus is in a list with actions of these keys.

    Args:
        panel: Whose they are; they work while it is seen.
        keys: Each with what it does.
    """

    def __init__(self, panel: QWidget, keys: Sequence[tuple[str, Callable[[], None]]]) -> None:
        super().__init__(panel)
        self._panel = panel
        whole = Qt.ShortcutContext.WindowShortcut
        self.shortcuts = [QShortcut(QKeySequence(each), panel, context=whole) for each, _ in keys]
        for shortcut, (_, do) in zip(self.shortcuts, keys, strict=True):
            shortcut.activated.connect(do)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._rest)

    def _rest(self, before: QWidget | None, now: QWidget | None) -> None:
        del before
        taken = set[str]() if now is None or self._panel.isAncestorOf(now) else _keys_around(now)
        for shortcut in self.shortcuts:
            shortcut.setEnabled(shortcut.key().toString() not in taken)


def _keys_around(widget: QWidget) -> set[str]:
    """Return the keys of the actions of a widget and of what it lies in, but for those of the whole window."""
    found: set[str] = set()
    each: QWidget | None = widget
    while each is not None:
        own = [
            action for action in each.actions() if action.shortcutContext() != Qt.ShortcutContext.ApplicationShortcut
        ]
        found |= {keys.toString() for action in own for keys in action.shortcuts()}
        each = each.parentWidget()
    return found
