"""A panel on a screen that is not there, with real desks that all tests share, and a worker that only writes down."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from labctl.gui import theme
from labctl.gui.context import Context
from labctl.gui.form import checking
from labctl.gui.form.measure_panel import MeasurePanel
from labctl.gui.form.run_page import USER
from labctl.gui.worker_link import Failed, Then, WorkerLink


class WrittenLink(WorkerLink):
    """A worker that is there, does nothing, and writes down what it is asked.

    Attributes:
        asked: Method, path and content.
        answer: What it answers, or the sentence with which it refuses.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.here = True
        self.queue = {"items": []}
        self.answer: Callable[[str, str, dict[str, Any]], dict[str, Any] | str] = _item

    def ask(
        self, method: str, path: str, content: dict[str, Any] | None = None, *, then: Then | None = None,
        failed: Failed | None = None,
    ) -> None:  # fmt: skip
        self.asked.append((method, path, content or {}))
        said = self.answer(method, path, content or {})
        if isinstance(said, str):
            assert failed is not None
            failed(said)
        elif then is not None:
            then(said)


def _item(method: str, path: str, content: dict[str, Any]) -> dict[str, Any]:
    del method
    return {"id": "7", "state": "waiting", "asked": {"procedure": "ahe", "parameters": {}, **content}, "path": path}


class SharedContext(Context):
    """A context whose worker is written down."""

    link: WrittenLink


@pytest.fixture(scope="session")
def shared(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Generator[SharedContext]:
    """What panels share, with desks that live as long as the tests."""
    folder = tmp_path_factory.mktemp("window")
    settings = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)
    made = SharedContext("ppms", simulate=True, runs=folder / "runs", settings=settings)
    theme.apply(qapp, theme.DARK)
    yield made
    made.end()


@pytest.fixture
def context(shared: SharedContext, monkeypatch: pytest.MonkeyPatch) -> SharedContext:
    """The same, as it was in the beginning; checks come sooner than for people."""
    monkeypatch.setattr(checking, "MOMENT", 5)
    shared.link = WrittenLink()
    shared.settings.clear()
    shared.settings.setValue(USER, "LW")
    return shared


@pytest.fixture
def panel(qtbot: QtBot, context: SharedContext) -> MeasurePanel:
    """A panel of the size that it has on the smallest screen, whose form is built and checked."""
    made = MeasurePanel(context)
    theme.dress(made, theme.DARK)
    qtbot.addWidget(made)
    made.resize(350, 430)
    made.show()
    made.set_sample("cotb2025")
    wait_until_checked(qtbot, made)
    return made


def wait_until_checked(qtbot: QtBot, panel: MeasurePanel) -> None:
    """Wait until what stands in the form is checked."""
    qtbot.waitUntil(lambda: not panel.is_pending, timeout=30_000)


def runs_folder(context: Context) -> Path:
    """Where runs would lie."""
    return context.runs
