"""A run that is looked at: its facts and its rows, as the files and the desk give them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from labctl.gui.context import Context
from labctl.gui.plot.place import Place
from labctl.gui.plot.rundata import DATA, RunData
from labctl.gui.run_names import run_name

EXPECTED = "expected.csv"
RESULT = "result.json"
SMALL = 1_500_000
"""Bytes of a file that the window reads by itself; a larger one is loaded by the desk first."""


class OpenRun(QObject):
    """A run that is looked at.

    Args:
        context: Whose desk loads it.
        folder: The run's folder, or that of a series.

    Attributes:
        facts: What `labctl.desk.run_facts` says of it; empty until it has.
        raw: Its rows; None until there are any.
        expected: Those of its rehearsal.
        processed: What the analysis makes of them.
        notes: What was done to them for that, in sentences.
    """

    changed = pyqtSignal()
    """Rows or facts are there that were not, or other ones."""
    failed = pyqtSignal(str)

    def __init__(self, context: Context, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder = folder
        self.facts: Mapping[str, Any] = {}
        self.raw: RunData | None = None
        self.expected: RunData | None = None
        self.processed: RunData | None = None
        self.notes: list[str] = []
        self._desk = context.archive
        self._asked: dict[str, int] = {}
        self._place = Place()
        self._processed_rows = 0
        self._there: dict[str, str] = {}  # of each answer the folder of its arrays
        self._analysed = self._stamp()

    @property
    def number(self) -> str:
        """What it is called: `0007`, of a run in a series `0007/0005`."""
        return run_name(self.folder)

    @property
    def why_not_processed(self) -> str:
        """Why nothing of it can be shown processed; "" if it can be tried."""
        return str(self.facts.get("processed", "the run is not loaded yet"))

    @property
    def series(self) -> Path | None:
        """The series that it is, or that it belongs to; None where it does not."""
        whole = self.folder if self.facts.get("series") else self.facts.get("of_series")
        return Path(whole) if whole else None

    def load(self) -> None:
        """Begin with what is there."""
        data = self.folder / DATA
        if data.is_file() and data.stat().st_size <= SMALL:
            self.raw = RunData(self.folder)
        elif data.is_file():
            self._ask_arrays("columns", self._take_raw)
        if (self.folder / EXPECTED).is_file():
            self.expected = RunData(self.folder, EXPECTED)
        self.ask_facts()

    def ask_facts(self) -> None:
        """Ask again what the run is about and what was found."""
        self._ask("run_facts", self._take_facts)

    def _take_facts(self, facts: Mapping[str, Any]) -> None:
        self.facts = facts
        if facts["series"] and self.raw is None:
            self._ask_arrays("columns", self._take_raw)
        self.changed.emit()

    def _take_raw(self, answer: Mapping[str, Any]) -> None:
        self.raw = RunData.from_desk(self.folder, answer)
        self.changed.emit()

    def ask_processed(self) -> None:
        """Ask for what the analysis makes of the rows."""
        self._ask_arrays("processed", self._take_processed)

    def _take_processed(self, answer: Mapping[str, Any]) -> None:
        self.processed = RunData.from_desk(self.folder, answer)
        self.notes = [str(note) for note in answer["notes"]]
        self.changed.emit()

    @property
    def is_asking(self) -> bool:
        """Whether the desk still has to answer with rows."""
        return not self._asked.keys().isdisjoint(("columns", "processed"))

    def refresh(self) -> None:
        """Ask anew for what the desk has made of rows that have become more since; once it has answered before."""
        if self.facts.get("series") and self.raw is not None:
            self._ask_again("columns", self._take_raw)
        rows = 0 if self.raw is None else self.raw.rows
        if self.processed is not None and (self.facts.get("series") or rows != self._processed_rows):
            self._processed_rows = rows
            self._ask_again("processed", self._take_processed)

    def _ask_again(self, what: str, then: Any) -> None:
        """Ask again; of what cannot be said just now, the last answer stays."""
        if what not in self._asked:
            self._ask_arrays(what, then, again=True)

    def _ask_arrays(self, what: str, then: Any, *, again: bool = False) -> None:
        """Ask for arrays in a new folder; once they are taken, that of those before is removed."""
        folder = self._place.new()

        def take(answer: Any) -> None:
            then(answer)
            if before := self._there.pop(what, ""):
                self._place.drop(before)
            self._there[what] = folder

        self._ask(what, take, again=again, folder=folder)

    def read_on(self) -> bool:
        """Read what came since; return whether there is more than before."""
        empty = self.raw is None or not self.raw.rows
        if self.raw is None and not self._asked and (self.folder / DATA).is_file():
            self.raw = RunData(self.folder)
        more = self.raw is not None and self.raw.read_on()
        if self.expected is None and (self.folder / EXPECTED).is_file():
            self.expected = RunData(self.folder, EXPECTED)
        if self.expected is not None:
            more |= self.expected.read_on()
        if empty and self.raw is not None and self.raw.rows and self.facts:
            self.ask_facts()  # with rows, more can be said
        return more

    @property
    def behind(self) -> bool:
        """Whether a file holds more than was read so far."""
        return any(data is not None and data.behind for data in (self.raw, self.expected))

    @property
    def is_read(self) -> bool:
        """Whether all its rows are here that there are so far."""
        return bool(self.facts) and not self.behind and "columns" not in self._asked

    def analysed(self) -> bool:
        """Return whether result.json is another one than when this was asked last."""
        stamp = self._stamp()
        new, self._analysed = stamp != self._analysed, stamp
        return new

    def _stamp(self) -> tuple[int, int]:
        try:
            found = (self.folder / RESULT).stat()
        except OSError:
            return 0, 0
        return found.st_mtime_ns, found.st_size

    def close(self) -> None:
        """Let go of what it holds."""
        for number in self._asked.values():
            self._desk.drop(number)
        self._asked.clear()
        self.raw = self.expected = self.processed = None
        self._place.clear()
        self.setParent(None)

    def _ask(self, what: str, then: Any, *, again: bool = False, **content: Any) -> None:
        self._desk.drop(self._asked.pop(what, None))

        def answered(answer: Any) -> None:
            self._asked.pop(what, None)
            then(answer)

        def failed(why: str) -> None:
            self._asked.pop(what, None)
            if not again:
                self.failed.emit(f"{self.number}: {why}")

        self._asked[what] = self._desk.ask(what, then=answered, failed=failed, run=str(self.folder), **content)
