"""What looks at windows for the tests finds what is wrong with one, and nothing in one that is right."""

from __future__ import annotations

import pytest
from PyQt6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.looking import cut_off, hard_to_read


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = QWidget()
    made.setStyleSheet("background: #ffffff; color: #202020;")
    made.resize(300, 120)
    qtbot.addWidget(made)
    return made


def label(window: QWidget, text: str, width: int, height: int = 20, *, left: int = 10) -> QLabel:
    made = QLabel(text, window)
    made.setGeometry(left, 10, width, height)
    return made


def test_nothing_is_found_where_nothing_is_wrong(window: QWidget) -> None:
    label(window, "coercive field", 200)
    window.show()
    assert cut_off(window) == []
    assert hard_to_read(window) == []


@pytest.mark.parametrize(("width", "left"), [(30, 10), (200, 200)], ids=["too narrow", "outside"])
def test_a_label_that_does_not_fit_is_found(window: QWidget, width: int, left: int) -> None:
    label(window, "coercive field", width, left=left)
    window.show()
    assert "coercive field" in cut_off(window)[0]


def test_words_that_need_more_lines_are_found(window: QWidget) -> None:
    label(window, "the field would be 60 T, above the limit of the station", 100, 20).setWordWrap(True)
    window.show()
    assert len(cut_off(window)) == 1


def test_a_button_that_is_too_small_is_found(window: QWidget) -> None:
    QPushButton("Add to queue", window).setGeometry(10, 10, 30, 24)
    window.show()
    assert len(cut_off(window)) == 1


@pytest.mark.parametrize(("colour", "found"), [("#b0b0b0", 1), ("#8a8a8a", 1), ("#595959", 0)])
def test_pale_words_are_found_as_they_are_drawn(window: QWidget, colour: str, found: int) -> None:
    label(window, "compliance 200 mV", 200).setStyleSheet(f"color: {colour};")
    window.show()
    assert len(hard_to_read(window)) == found
