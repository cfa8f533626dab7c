"""What a person does at the window: keys to wherever the keys go, clicks on what is seen, and looking."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QImage, QKeySequence
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from labctl.gui import theme
from labctl.gui.window import Window
from tests.gui.conftest import WITHIN
from tests.gui.looking import cut_off, hard_to_read, pixels

PICTURES = "LABCTL_PICTURES"
"""Names the folder into which the pictures of the documentation are put; without it none are kept."""
SMALL, LARGE, NARROW = (1366, 768), (1920, 1080), (1100, 700)
"""Points of the smallest screen, of one of 3840 x 2160 pixels on which all is twice as large, and of the smallest
window."""
BIGGEST = 200_000
"""Bytes of a picture of the documentation."""


class Person:
    """Somebody at a window.

    Args:
        qtbot: Presses the keys.
        window: What is in front of them.
        thorough: Whether they look closely, which takes seconds.
    """

    def __init__(self, qtbot: QtBot, window: QWidget, *, thorough: bool = False) -> None:
        self.qtbot = qtbot
        self.window = window
        self.thorough = thorough
        self.size = SMALL if isinstance(window, Window) else (window.width(), window.height())
        window.resize(*self.size)
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow, timeout=WITHIN)

    # ---- hands

    def press(self, *keys: str) -> None:
        """Press keys one after the other, as they are written in menus: `Ctrl+R`."""
        for each in keys:
            combination = QKeySequence(each)[0]
            self.qtbot.keyClick(self._handle(), combination.key(), combination.keyboardModifiers())  # pyright: ignore[reportArgumentType]

    def type(self, text: str) -> None:
        """Type letters to where the keys go."""
        for letter in text:
            QTest.keyClick(self._handle(), letter)  # pyright: ignore[reportCallIssue]  # its stub is incomplete

    def click(self, widget: QWidget | None, at: QPoint | None = None) -> None:
        """Click on something that is seen."""
        assert widget is not None
        assert widget.isVisibleTo(self.window), f"{widget} is not seen"
        assert widget.isEnabled(), f"{widget} cannot be pressed"
        self.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=at or widget.rect().center())

    def _handle(self) -> Any:
        handle = self.window.windowHandle()
        assert handle is not None
        return handle

    # ---- eyes

    def wait(self, seen: Callable[[], object]) -> None:
        """Wait until something is seen."""
        self.qtbot.waitUntil(lambda: bool(seen()), timeout=WITHIN)

    def rest(self, milliseconds: int = 60) -> None:
        """Let what was begun be drawn."""
        self.qtbot.wait(milliseconds)

    @property
    def focused(self) -> QWidget | None:
        """Where the keys go."""
        return QApplication.focusWidget()

    def look(self, picture: str = "") -> None:
        """See that nothing is cut off on either screen or in a narrow window, and keep a picture.

        A person who is thorough also sees that all can be read, in both themes.

        Args:
            picture: What it is called in the documentation; "" for none.
        """
        self.rest()
        if picture:
            self.keep(picture)
        found = self._faults(self.size)
        sizes = (LARGE, NARROW, SMALL, self.size) if isinstance(self.window, Window) else (LARGE, SMALL, self.size)
        for size in sizes:
            self.window.resize(*size)
            self.rest()
            found += self._faults(size)
        if self.thorough:
            before = theme_now(self.window)
            for chosen in (theme.LIGHT, theme.DARK):
                in_theme(self.window, chosen)
                self.wait(self.window.updatesEnabled)  # it is not painted before all of it has other colours
                self.rest()
                found += [f"{chosen.name}: {each}" for each in hard_to_read(self.window)]
            in_theme(self.window, before)
        assert not found, "\n".join(found)

    def keep(self, picture: str) -> None:
        """Keep a picture for the documentation, where somebody asks for it."""
        self.wait(self.window.updatesEnabled)  # it is not painted while it gets other colours
        self.rest()
        keep(self.window, picture)

    def _faults(self, size: tuple[int, int]) -> list[str]:
        there = self.window.width(), self.window.height()
        wider = [f"is {there[0]} x {there[1]}"] if there != size else []
        return [f"{size[0]} x {size[1]}: {each}" for each in [*wider, *cut_off(self.window)]]


def keep(window: QWidget, name: str) -> None:
    """Keep a picture of a window of the smallest screen, in 256 colours, where a folder for it is named."""
    folder = os.environ.get(PICTURES)
    if not folder:
        return
    drawn = pixels(window.grab().toImage().convertToFormat(QImage.Format.Format_RGB32))
    assert np.unique(drawn).size > 100, f"{name} is a picture of nothing"
    colours = np.stack([drawn >> 16 & 255, drawn >> 8 & 255, drawn & 255], axis=-1).astype(np.uint8)
    file = Path(folder) / f"{name}.png"
    Image.fromarray(colours).quantize(256, dither=Image.Dither.NONE).save(file, optimize=True)
    assert file.stat().st_size < BIGGEST


def theme_now(window: QWidget) -> theme.Theme:
    """Return the colours in which a window is."""
    return window.context.theme if isinstance(window, Window) else theme.DARK


def in_theme(window: QWidget, chosen: theme.Theme) -> None:
    """Give a window its colours."""
    if isinstance(window, Window):
        window.set_theme(chosen)
        return
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    theme.apply(application, chosen)
    theme.dress(window, chosen)
