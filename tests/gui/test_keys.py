"""Keys of the window: no letter means two things, Enter presses, and an Esc that closes a menu stops nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtWidgets import QAbstractButton, QApplication, QLabel, QMenu, QMenuBar, QTabBar, QWidget
from pytestqt.qtbot import QtBot

from labctl.gui.form.measure_panel import MeasurePanel
from labctl.gui.window import Window

LETTER = re.compile(r"&(\w)")


def letters(widget: QWidget) -> Iterator[tuple[str, str]]:
    """Yield the letter and the text of what Alt and a letter reach in a part of a window."""
    for each in widget.findChildren(QWidget):
        texts: list[str] = []
        if isinstance(each, QAbstractButton) or (isinstance(each, QLabel) and each.buddy() is not None):
            texts = [each.text()]
        elif isinstance(each, QTabBar):
            texts = [each.tabText(index) for index in range(each.count())]
        elif isinstance(each, QMenuBar):
            texts = [action.text() for action in each.actions()]
        for text in texts:
            if found := LETTER.search(text):
                yield found[1].lower(), text


def test_no_letter_means_two_things_that_are_seen_together(open_window: Callable[..., Window]) -> None:
    window = open_window(station="nowhere")
    bars = window.findChildren(QMenuBar)
    parts = [("menus", {letter for bar in bars for action in bar.actions() for letter in _of(action.text())})]
    parts += [(panel.side, {letter for letter, _ in letters(panel.widget)}) for panel in window.panels.around()]
    for number, (side, one) in enumerate(parts):
        for other_side, other in parts[number + 1 :]:
            assert side == other_side or not one & other, (side, other_side, one & other)


def _of(text: str) -> list[str]:
    found = LETTER.search(text)
    return [] if found is None else [found[1].lower()]


def test_esc_that_closes_a_menu_is_not_counted(qtbot: QtBot, open_window: Callable[..., Window]) -> None:
    window = open_window(station="nowhere")
    handle = window.windowHandle()
    assert handle is not None
    stops: list[object] = []
    window.stopping.said.connect(lambda *said: stops.append(said))
    menu = QMenu(window)
    menu.addAction("something")
    menu.popup(window.mapToGlobal(QPoint(5, 5)))
    qtbot.waitUntil(menu.isVisible)
    qtbot.keyClick(handle, Qt.Key.Key_Escape)  # pyright: ignore[reportArgumentType]
    menu.close()
    qtbot.keyClick(handle, Qt.Key.Key_Escape)  # pyright: ignore[reportArgumentType]
    assert not stops
    qtbot.keyClick(handle, Qt.Key.Key_Escape)  # pyright: ignore[reportArgumentType]
    assert stops


@pytest.mark.parametrize(("panel", "gone"), [("queue", "greyed"), ("queue", "hidden"), ("measure", "greyed")])
def test_a_button_that_goes_leaves_the_keys_where_enter_presses_nothing(
    qtbot: QtBot, open_window: Callable[..., Window], panel: str, gone: str
) -> None:
    window = open_window(station="nowhere")
    window.activateWindow()
    window.go_to(panel)
    on_queue, on_form = window.panels.queue.tools.buttons["go"], window.panels.measure.footer.add
    button = on_queue if panel == "queue" else on_form
    side, table = window.sides["below" if panel == "queue" else "left"], window.panels.queue.table
    for each in (button, window.panels.queue.tools.buttons["abort"], window.panels.measure.footer.now):
        each.setEnabled(True)
    button.setFocus()
    qtbot.waitUntil(button.hasFocus)
    (button.setEnabled if gone == "greyed" else button.setVisible)(False)
    assert QApplication.focusWidget() is (table if panel == "queue" else side.tabBar())


def test_enter_presses_the_button_that_has_the_keys(qtbot: QtBot, open_window: Callable[..., Window]) -> None:
    window = open_window(station="nowhere", guided=True)
    handle = window.windowHandle()
    assert handle is not None
    button = window.guide.close_button
    window.activateWindow()
    button.setFocus()
    qtbot.waitUntil(button.hasFocus)
    qtbot.keyClick(handle, Qt.Key.Key_Return)  # pyright: ignore[reportArgumentType]
    assert not window.guide.isVisible()


def test_the_forms_keys_work_from_anywhere_but_where_a_list_has_them_for_itself(
    qtbot: QtBot, open_window: Callable[..., Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(MeasurePanel, "add", lambda _: done.append("add"))
    monkeypatch.setattr(MeasurePanel, "begin_rehearsal", lambda _: done.append("rehearse"))
    window = open_window(station="nowhere")
    handle = window.windowHandle()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)

    def press(key: Qt.Key) -> None:
        qtbot.keyClick(handle, key, Qt.KeyboardModifier.ControlModifier)  # pyright: ignore[reportArgumentType]

    for _ in range(2):
        qtbot.keyClick(handle, Qt.Key.Key_F11)  # pyright: ignore[reportArgumentType]
    window.panels.measure.chooser.line.clearFocus()
    window.panels.plot.setFocus()
    press(Qt.Key.Key_Return)
    press(Qt.Key.Key_R)
    assert done == ["add", "rehearse"]
    window.go_to("history")
    press(Qt.Key.Key_R)  # repeats a run there
    press(Qt.Key.Key_Return)
    assert done == ["add", "rehearse", "add"]
    window.go_to("measure")
    press(Qt.Key.Key_R)
    assert done[3:] == ["rehearse"]
