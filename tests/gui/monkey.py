"""Somebody who understands nothing: clicks, keys and words at random, by a seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QFileDialog, QMenu, QWidget

from labctl.gui.timing import timer

_TEST: Any = QTest
"""Its stubs know the calls with a window only."""
KEYS = [
    "Tab",
    "Backtab",
    "Return",
    "Enter",
    "Space",
    "Escape",
    "Left",
    "Right",
    "Up",
    "Down",
    "Home",
    "End",
    "PageUp",
    "PageDown",
    "Delete",
    "Backspace",
    "A",
    "C",
    "D",
    "F",
    "L",
    "N",
    "O",
    "R",
    "S",
    "V",
    "Z",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "0",
    "F1",
    "F2",
    "F5",
    "F6",
    "F8",
    "F9",
    "F11",
    "F12",
]
MODIFIERS = (
    Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
)  # fmt: skip
WORDS = ("250 K", "1e999", "0:1:1e-9", "nan", "💥", "ß" * 300, "\u202e", "-", "1, 2, 5 mA", "'; --", "none", "0x10")


class Monkey:
    """Presses what it finds.

    Args:
        window: In which.
        seed: Of what it does.
    """

    def __init__(self, window: QWidget, seed: int) -> None:
        self._window = window
        self._draw = random.Random(seed)
        self._inside = False
        self._held_up = timer(window, 30, self._let_go)
        self._held_up.start()

    def play(self, times: int, each: Callable[[], object] = QApplication.processEvents) -> None:
        """Do so many things.

        Args:
            times: How many.
            each: Called after each.
        """
        for _ in range(times):
            kind = self._draw.random()
            self._inside = True
            if kind < 0.45:
                self._click()
            elif kind < 0.9:
                self._press()
            else:
                self._type()
            self._inside = False
            each()
            self._put_away()

    def _let_go(self) -> None:
        """Close a menu whose own event loop a click waits for."""
        popup = QApplication.activePopupWidget()
        if self._inside and popup is not None:
            popup.close()

    def _target(self) -> QWidget:
        return QApplication.activePopupWidget() or QApplication.focusWidget() or self._window

    def _click(self) -> None:
        top = QApplication.activePopupWidget() or self._window
        place = QPoint(self._draw.randrange(max(1, top.width())), self._draw.randrange(max(1, top.height())))
        if top is self._window and self._draw.random() < 0.7:
            every = self._window.findChildren(QWidget)
            seen = [each for each in every if each.isVisible() and not each.visibleRegion().isEmpty()]
            one = self._draw.choice(seen)
            place = one.mapTo(self._window, one.visibleRegion().boundingRect().center())
        buttons = (*[Qt.MouseButton.LeftButton] * 5, Qt.MouseButton.RightButton)
        button, double = self._draw.choice(buttons), self._draw.random() < 0.1
        under = top.childAt(place) or top
        there = under.mapFrom(top, place)
        if isinstance(under, QMenu):
            _TEST.mouseClick(under, Qt.MouseButton.LeftButton, pos=there)
        elif double:
            _TEST.mouseDClick(under, button, pos=there)
        else:
            _TEST.mouseClick(under, button, pos=there)

    def _press(self) -> None:
        key = getattr(Qt.Key, f"Key_{self._draw.choice(KEYS)}")
        modifiers = self._draw.choice(MODIFIERS)
        top = self._target().window()
        handle = None if top is None else top.windowHandle()
        if handle is not None:
            _TEST.keyClick(handle, key, modifiers)

    def _type(self) -> None:
        words = self._draw.choice(WORDS)
        clipboard = QApplication.clipboard()
        target = QApplication.focusWidget()
        if clipboard is not None and target is not None:
            clipboard.setText(words)
            _TEST.keyClick(target, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)

    def _put_away(self) -> None:
        """Close what asks for a file, and sometimes a menu, so that the rest of the window is tried, too."""
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, QFileDialog) and widget.isVisible():
                widget.reject()
        popup = QApplication.activePopupWidget()
        if popup is not None and self._draw.random() < 0.3:
            popup.close()
