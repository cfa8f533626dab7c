"""A plot in a window that is painted into memory, and a desk that answers in this process."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import QSettings, QTimer
from pytestqt.qtbot import QtBot

from instruments.errors import LabError
from labctl.desk.answers import answer_of
from labctl.gui.context import Context
from labctl.gui.plot.panel import PlotPanel


class NearDesk:
    """Answers like a desk, a little later, and in this process."""

    def __init__(self) -> None:
        self.asked: dict[int, str] = {}
        self._number = 0

    def ask(
        self, what: str, *, then: Callable[[Any], None], failed: Callable[[str], None] | None = None, **content: Any
    ) -> int:
        self._number += 1
        number = self._number
        self.asked[number] = what

        def answer() -> None:
            if self.asked.pop(number, None) is None:
                return
            try:
                found = answer_of(what)(**content)
            except LabError as error:
                assert failed is not None
                failed(str(error))
            else:
                then(found)

        QTimer.singleShot(0, answer)
        return number

    def drop(self, number: int | None) -> None:
        if number is not None:
            self.asked.pop(number, None)

    def end(self) -> None:
        self.asked.clear()


@pytest.fixture
def context(qtbot: QtBot, tmp_path: Path) -> Generator[Context]:
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    made = Context("ppms", simulate=True, runs=tmp_path, settings=settings)
    made.archive = NearDesk()  # type: ignore[assignment]
    yield made
    made.end()


@pytest.fixture
def panel(qtbot: QtBot, context: Context) -> Generator[PlotPanel]:
    made = PlotPanel(context)
    qtbot.addWidget(made)
    made.resize(730, 420)
    made.show()
    yield made
    made.close_run()
