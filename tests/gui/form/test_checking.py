"""What stands in a form is checked anew where the process died that checked it, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QObject
from pytestqt.qtbot import QtBot

from labctl.gui.desk_link import DIED
from labctl.gui.form.checking import Checking


class Desk:
    """A desk that fails at each question with a sentence, or answers."""

    def __init__(self, *said: str) -> None:
        self.said = list(said)
        self.asked = 0

    def ask(self, what: str, *, then: Callable[[Any], None], failed: Callable[[str], None], **content: Any) -> int:
        """Answer at once."""
        self.asked += 1
        sentence = self.said.pop(0)
        if sentence:
            failed(sentence)
        else:
            then(what)
        return self.asked

    def drop(self, number: int | None) -> None:
        """Nothing is on."""


def checked(qtbot: QtBot, desk: Desk) -> list[str]:
    owner, said = QObject(), list[str]()
    checking = Checking(desk, dict[str, Any], owner)  # pyright: ignore[reportArgumentType]
    checking.checked.connect(said.append)
    checking.failed.connect(said.append)
    checking.now()
    checking._number = None  # the desk above answers before it gives a number
    qtbot.waitUntil(lambda: not checking._timer.isActive())
    return said


def test_a_check_whose_process_died_is_made_again(qtbot: QtBot) -> None:
    assert checked(qtbot, Desk(f"{DIED} (desk) crashed", "")) == [f"{DIED} (desk) crashed", "check"]


def test_what_kills_every_process_is_checked_twice_and_not_for_ever(qtbot: QtBot) -> None:
    desk = Desk(f"{DIED} (desk) crashed", f"{DIED} (desk) crashed again")
    assert checked(qtbot, desk) == [f"{DIED} (desk) crashed", f"{DIED} (desk) crashed again"]
    assert desk.asked == 2


def test_what_cannot_be_checked_is_not_checked_again(qtbot: QtBot) -> None:
    assert checked(qtbot, Desk("x is no number")) == ["x is no number"]
