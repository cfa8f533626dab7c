"""What is always in sight below a form: why it cannot be measured, or that it can, and the buttons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

LONGEST = 200
"""Letters of what is said there; the tooltip has all of it."""
TONES = ("wrong", "warn", "quiet")


class Footer(QWidget):
    """A sentence, and the buttons Rehearse, Run next, Add to queue.

    Attributes:
        reason: The sentence.
        rehearse: Begins a rehearsal, or ends it.
        now: Puts it before all that waits.
        add: Puts it behind all that waits, or saves an item.
    """

    def __init__(self) -> None:
        super().__init__()
        self._item = ""
        self._runs: int | None = None
        self.reason = QLabel()
        self.reason.setTextFormat(Qt.TextFormat.PlainText)
        self.reason.setWordWrap(True)
        self.rehearse = QPushButton("Rehearse")
        self.rehearse.setToolTip(
            "Runs this very code on a simulated twin that stands as the station does: duration, course, extremes, "
            "violations (Ctrl+R)"
        )
        self.now = QPushButton("Run next")
        self.add = QPushButton("Add to queue")
        self.add.setProperty("primary", True)
        row = QHBoxLayout()
        row.setSpacing(4)
        for button in (self.rehearse, self.now, self.add):
            row.addWidget(button, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.reason)
        column.addLayout(row)
        self.show_item(None)

    def show_item(self, item: Mapping[str, Any] | None) -> None:
        """Say that an item is saved, or that one is added where it is None."""
        self._item = "" if item is None else str(item["id"])
        self.now.setVisible(item is None)
        self._write_buttons()

    def _write_buttons(self) -> None:
        """Say what is put into the queue: of a series how many runs."""
        runs = "" if self._runs is None else f"{self._runs} run{'s' if self._runs != 1 else ''}"
        series = f"A series of {runs}. " if runs else ""
        self.now.setText(f"{runs} next" if runs else "Run next")
        self.now.setToolTip(
            f"{series}Puts it before all that waits, and lets the queue begin; a run that is on ends first"
        )
        saved = f"Save, {runs}" if runs else "Save changes"
        self.add.setText(saved if self._item else f"Add {runs}" if runs else "Add to queue")
        self.add.setToolTip(
            f"{series}Item {self._item} asks for this from now on, at its place in the queue (Ctrl+Enter)" if self._item
            else f"{series}Puts it behind all that waits (Ctrl+Enter)"
        )  # fmt: skip

    def show_reason(self, sentence: str, tone: str, whole: str = "") -> None:
        """Say something.

        Args:
            sentence: What.
            tone: One of `TONES`.
            whole: All of it, where the sentence is cut short.
        """
        self.reason.setText(sentence if len(sentence) <= LONGEST else f"{sentence[:LONGEST].rpartition(' ')[0]} …")
        self.reason.setToolTip(whole or sentence)
        for each in TONES:
            self.reason.setProperty(each, each == tone)
        style = self.reason.style()
        assert style is not None
        style.unpolish(self.reason)
        style.polish(self.reason)

    def show_possible(self, *, submit: bool, rehearse: bool, is_rehearsing: bool, runs: int | None) -> None:
        """Enable what can be done.

        Args:
            submit: Whether it can be put into the queue.
            rehearse: Whether it can be rehearsed.
            is_rehearsing: Whether a rehearsal is on, and can be stopped.
            runs: Of the series that would be put into the queue; None for a single run.
        """
        if runs != self._runs:
            self._runs = runs
            self._write_buttons()
        self.add.setEnabled(submit)
        self.now.setEnabled(submit)
        self.rehearse.setEnabled(rehearse)
        self.rehearse.setText("Stop rehearsal" if is_rehearsing else "Rehearse")


class EditBar(QWidget):
    """Says that an item of the queue is changed, with a way out."""

    left = pyqtSignal()
    """It is to stay as it was."""

    def __init__(self) -> None:
        super().__init__()
        self.title = QLabel()
        self.title.setProperty("warn", True)
        self.leave = QPushButton("Leave it as it was")
        self.leave.setToolTip("Ends editing; the item stays as it is in the queue")
        self.leave.clicked.connect(self.left)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.title, 1)
        row.addWidget(self.leave)
        self.hide()

    def show_item(self, item: Mapping[str, Any] | None) -> None:
        """Say which item it is; go away where it is None."""
        self.setVisible(item is not None)
        if item is not None:
            self.title.setText(f"Changes item {item['id']} of the queue")
