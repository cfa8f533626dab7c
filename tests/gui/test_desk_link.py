"""The window's end of a desk whose process dies or says nothing: one question fails, the others are answered."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from labctl.gui import desk_link
from labctl.gui.desk_link import DeskLink
from tests.gui.conftest import WITHIN

PATIENCE = 1_500


@pytest.fixture
def desk(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Generator[DeskLink]:
    monkeypatch.setattr(desk_link, "MODULE", "tests.gui.odd_desk")
    made = DeskLink("desk", patience=PATIENCE)
    yield made
    made.end()


def ask(desk: DeskLink, said: list[Any], *questions: str) -> list[int]:
    return [desk.ask(what, then=said.append, failed=lambda why: said.append(f"failed: {why}")) for what in questions]


@pytest.mark.parametrize(("odd", "why"), [("die", "crashed"), ("wait", "nothing came of it for 1 s")])
def test_one_question_fails_where_a_desk_dies_or_hangs(desk: DeskLink, qtbot: QtBot, odd: str, why: str) -> None:
    said: list[Any] = []
    ask(desk, said, "form", odd, "check", "sample")
    qtbot.waitUntil(lambda: len(said) == 4, timeout=WITHIN)
    assert why in said[1]
    assert (said[0], *said[2:]) == ("form", "check", "sample")
    assert not desk.busy


def test_what_was_taken_back_does_not_keep_the_next_question_waiting(desk: DeskLink, qtbot: QtBot) -> None:
    said: list[Any] = []
    desk.drop(ask(desk, said, "wait")[0])
    ask(desk, said, "form", "check")
    qtbot.waitUntil(lambda: len(said) == 2, timeout=WITHIN)
    assert said == ["form", "check"]
