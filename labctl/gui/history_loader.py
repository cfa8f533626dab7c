"""Keeps the history up to date: asks for what has changed when a run begins, goes on or ends, or a folder changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PyQt6.QtCore import QFileSystemWatcher, QObject, pyqtSignal

from labctl.gui.context import Context
from labctl.gui.timing import timer

SOON = 300
"""ms from a sign of a change to the question; several signs are one question."""
AT_TIMES = 20_000
"""ms between two questions without any sign."""
WHILE_ON = 5_000
"""ms between two questions while a run is on, whose points become more."""


class HistoryLoader(QObject):
    """Asks the archive's desk for runs below the window's folder.

    Args:
        context: Whom to ask, and what folder.
        parent: Who owns it.
    """

    told = pyqtSignal(list)
    """Rows of runs that are new or have changed."""
    gone = pyqtSignal(list)
    """Folders of runs that are not there any more."""
    complete = pyqtSignal(set)
    """All runs were told anew: these are all folders."""
    answered = pyqtSignal(int)
    """A question was answered: so many runs there are."""
    failed = pyqtSignal(str)
    """It cannot be told; a sentence."""

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._shelf, self._since = "", 0
        self._asked: int | None = None
        self._again = False
        self._heard: set[str] = set()
        self._on: tuple[Any, Any] = (None, None)
        self._soon = timer(self, SOON, self.ask, once=True)
        self._at_times = timer(self, AT_TIMES, self.ask)
        self._while_on = timer(self, WHILE_ON, self.ask)
        self._watcher = QFileSystemWatcher(self)
        self._watcher.directoryChanged.connect(lambda _: self.look_soon())
        context.link.told.connect(self._hear)
        context.link.found.connect(self._hear_of_run)
        context.link.lost.connect(lambda _: self._hear_of_run())

    def begin(self) -> None:
        """Ask now, and from now on."""
        self._at_times.start()
        self.ask()

    def look_soon(self) -> None:
        """Ask in a moment."""
        if not self._soon.isActive():
            self._soon.start()

    def ask(self) -> None:
        """Ask for what has changed; once more where a question is on its way."""
        if self._asked is not None:
            self._again = True
            return
        self._heard = set()
        self._asked = self._context.archive.ask(
            "runs", root=str(self._context.runs), shelf=self._shelf, since=self._since, then=self._answered,
            failed=self._failed, told=self._told,
        )  # fmt: skip

    def _told(self, piece: Any) -> None:
        rows = list(piece["rows"])
        self._heard.update(row["run"] for row in rows)
        self.told.emit(rows)

    def _answered(self, answer: Any) -> None:
        self._asked = None
        self._shelf, self._since = answer["shelf"], answer["since"]
        if answer["whole"]:
            self.complete.emit(self._heard)
        elif answer["gone"]:
            self.gone.emit(list(answer["gone"]))
        self._watch()
        self.answered.emit(int(answer["count"]))
        self._once_more()

    def _failed(self, sentence: str) -> None:
        self._asked, self._shelf, self._since = None, "", 0
        self.failed.emit(sentence)
        self._again = False

    def _once_more(self) -> None:
        if self._again:
            self._again = False
            self.look_soon()

    def _watch(self) -> None:
        """Watch the folder of runs, and those of the days that hold the last of them."""
        root = self._context.runs
        days = {str(Path(run).parent) for run in self._heard if Path(run).parent.parent == root}
        wanted = {*sorted(days)[-3:], str(root)}.difference(self._watcher.directories())
        there = [folder for folder in sorted(wanted) if Path(folder).is_dir()]
        if there:
            self._watcher.addPaths(there)

    def _hear(self, name: str, content: object) -> None:
        del content
        if name == "item":
            self.look_soon()
        elif name == "run":
            self._hear_of_run()

    def _hear_of_run(self) -> None:
        run = self._context.link.run or {}
        now = (run.get("run"), run.get("state"))
        if now != self._on:
            self._on = now
            self.look_soon()
        if run and not self._while_on.isActive():
            self._while_on.start()
        elif not run:
            self._while_on.stop()
