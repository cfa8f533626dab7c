"""STOP -> SAFE at a worker that does not answer: each way is gone once, and what came of it is said as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from labctl.gui import window as windows
from labctl.gui.stopping import Stop
from labctl.gui.window import Window
from labctl.gui.worker_link import UNANSWERED
from labctl.supervision import processes


class Deaf:
    """A link to a worker that does not answer, until somebody ends it."""

    pid: int | None = 4711
    run: dict[str, str] | None = None

    def __init__(self) -> None:
        self.failed: list[Callable[[str], None]] = []
        self.answers = False

    def ask(
        self, method: str, path: str, content: Any, *, then: Callable[[Any], None], failed: Callable[[str], None]
    ) -> None:
        """Answer, or keep what is to be called when the worker has hung up."""
        if self.answers:
            then({})
        self.failed.append(failed)


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What was done to which process."""
    done: list[tuple[str, int]] = []
    monkeypatch.setattr(processes, "ask_to_end", lambda number: done.append(("asked", number)))
    monkeypatch.setattr(processes, "end_number", lambda number: done.append(("killed", number)))
    return done


def stopped(link: Deaf) -> tuple[Stop, list[str]]:
    stop, said = Stop(link, "LW"), list[str]()  # pyright: ignore[reportArgumentType]
    stop.said.connect(lambda _, sentence: said.append(sentence))
    return stop, said


def test_a_worker_is_killed_once_and_that_it_hangs_up_then_is_no_news(
    qtbot: QtBot, ended: list[tuple[str, int]]
) -> None:
    del qtbot
    link = Deaf()
    stop, said = stopped(link)
    for _ in range(3):
        stop.stop()
    link.failed[0]("POST /stop got no answer from the worker: Connection closed")
    assert ended == [("asked", 4711), ("killed", 4711)]
    assert len(said) == 3
    assert not stop.pending


def test_a_worker_that_ends_as_it_was_asked_to_is_not_said_to_be_unknown(
    qtbot: QtBot, ended: list[tuple[str, int]]
) -> None:
    del qtbot
    link = Deaf()
    stop, said = stopped(link)
    stop.stop()
    stop.stop()
    link.pid = None
    link.failed[0]("POST /stop got no answer from the worker: Connection closed")
    stop.stop()
    assert ended == [("asked", 4711)]
    assert said[-1].startswith("STOP: the worker has ended")
    assert not stop.pending


def test_a_worker_that_is_silent_is_not_said_to_be_gone(open_window: Callable[..., Window]) -> None:
    window = open_window(station="nowhere")
    window.context.link.lost.emit(UNANSWERED)
    assert window.banner.said.text() == windows.SILENT
    window.stopping.ended.emit()
    assert window.banner.said.text() == windows.MISSING


@pytest.mark.parametrize(("run", "said_of_it"), [({"item": "1"}, True), (None, False)])
def test_a_run_that_is_not_on_is_not_said_to_end(qtbot: QtBot, run: dict[str, str] | None, said_of_it: bool) -> None:
    del qtbot
    link = Deaf()
    link.answers, link.run = True, run
    stop, said = stopped(link)
    stop.stop()
    assert ("the run ends" in said[-1]) is said_of_it
    assert not stop.pending
