"""A sample panel, with what a desk really answers and a worker that only listens."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QSettings, QTimer
from pytestqt.qtbot import QtBot

from instruments.errors import LabError
from labctl.desk.answers import answer_of
from labctl.gui.context import Context
from labctl.gui.sample_panel import SamplePanel

WIDTH = 340
"""Points of the dock."""


class Desk:
    """Answers as a desk does, later, and in this process."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._dropped: set[int] = set()
        self._number = 0

    def ask(self, what: str, *, then: Callable[[Any], None], failed: Any = None, told: Any = None, **given: Any) -> int:
        """Answer once the event loop has its turn."""
        del told
        self._number += 1
        self.asked.append(what)
        QTimer.singleShot(0, lambda number=self._number: self._answer(number, what, then, failed, given))
        return self._number

    def drop(self, number: int | None) -> None:
        """Answer no more."""
        if number is not None:
            self._dropped.add(number)

    def _answer(self, number: int, what: str, then: Any, failed: Any, given: dict[str, Any]) -> None:
        if number in self._dropped:
            return
        try:
            answer = json.loads(json.dumps(answer_of(what)(**json.loads(json.dumps(given))), allow_nan=False))
        except LabError as error:
            failed(str(error))
            return
        then(answer)

    def end(self) -> None:
        """Nothing is to be ended."""


class Posted:
    """What the worker was asked, and how it answers."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.refusal = ""

    def __call__(self, method: str, path: str, content: Any = None, *, then: Any = None, failed: Any = None) -> None:
        """Take a question."""
        self.asked.append((method, path, content))
        if self.refusal:
            failed(self.refusal)
        elif then is not None:
            then({"id": "7", "state": "waiting", "asked": content})


class Bench:
    """A panel, and all that it talks to."""

    def __init__(self, qtbot: QtBot, folder: Path, *, simulate: bool) -> None:
        self.qtbot = qtbot
        self.settings = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)
        self.context = Context("ppms", simulate=simulate, runs=folder / "runs", settings=self.settings)
        self.desk, self.posted = Desk(), Posted()
        self.kept: list[object] = []
        """What must not be collected before it is closed: Qt still calls it."""
        self.context.desk = self.desk  # pyright: ignore[reportAttributeAccessIssue] - it takes the same questions
        self.context.link.ask = self.posted  # pyright: ignore[reportAttributeAccessIssue]

    def panel(self, name: str = "", *, height: int = 600) -> SamplePanel:
        """A panel as a dock shows it, with a record."""
        found = SamplePanel(self.context)
        self.qtbot.addWidget(found)
        self.kept.append(found)
        found.resize(WIDTH, height)
        found.show()
        self.qtbot.waitUntil(lambda: bool(found.chooser.samples))
        if name:
            self.choose(found, name)
        return found

    def choose(self, panel: SamplePanel, name: str) -> None:
        """Choose a record, and wait until it is shown."""
        with self.qtbot.waitSignal(panel.chosen):
            panel.choose(name)
        self.qtbot.waitUntil(lambda: panel.journal.file.text() != "" and panel.record.complete)

    def there(self, lab: dict[str, Any] | None = None, items: list[dict[str, Any]] | None = None) -> None:
        """A worker is there."""
        link = self.context.link
        link.here, link.queue, link.station = True, {"items": items or []}, {"lab": lab}
        link.found.emit()
