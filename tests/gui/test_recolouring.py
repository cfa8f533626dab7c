"""Other colours for a window: in steps, everywhere, and each part once."""

from __future__ import annotations

from collections.abc import Iterator

from PyQt6.QtWidgets import QAbstractButton, QAbstractItemView, QComboBox, QLabel, QLineEdit, QMenu, QTabBar, QWidget
from pytestqt.qtbot import QtBot

from labctl.gui import theme
from labctl.gui.window import Window
from tests.gui.conftest import WITHIN
from tests.gui.standing_in import make_context


def above(widget: QWidget) -> Iterator[QWidget]:
    """Yield what a widget is in, from the inside."""
    while (parent := widget.parentWidget()) is not None:
        yield parent
        widget = parent


def test_other_colours_come_in_steps_and_the_last_wish_holds(qtbot: QtBot) -> None:
    window = Window(make_context())
    qtbot.addWidget(window)
    for chosen in (theme.LIGHT, theme.DARK, theme.LIGHT):
        window.set_theme(chosen)
    assert not window.updatesEnabled()
    qtbot.waitUntil(window.updatesEnabled, timeout=WITHIN)
    assert window.context.theme is theme.LIGHT
    assert window.palette().window().color().name() == theme.LIGHT.window


def test_everything_in_a_window_is_dressed_once(qtbot: QtBot) -> None:
    window = Window(make_context())
    qtbot.addWidget(window)
    look = theme.sheet(window.context.theme)
    dressed = {part for part in window.findChildren(QWidget) if part.styleSheet() == look}
    for kind in (QAbstractButton, QLineEdit, QComboBox, QAbstractItemView, QLabel, QTabBar, QMenu):
        for widget in window.findChildren(kind):
            over = [each for each in (widget, *above(widget)) if each in dressed]
            assert len(over) == 1, (widget, over)
    window.set_theme(theme.LIGHT)
    qtbot.waitUntil(window.updatesEnabled, timeout=WITHIN)
    assert {part.styleSheet() for part in dressed} == {theme.sheet(theme.LIGHT)}
