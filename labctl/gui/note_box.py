"""Notes and tags of a run: those that are there, and a line for another one."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QTextBrowser, QToolButton, QVBoxLayout, QWidget

from labctl.gui.context import Context

USER = "user"
"""Setting: who sits in front of the window."""


class NoteBox(QWidget):
    """Notes of one run.

    Args:
        context: Whom to ask, and the colours.
    """

    noted = pyqtSignal(str)
    """A run has another note or tag."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._folder = ""
        self._notes: Sequence[Mapping[str, Any]] = ()
        self.list = QTextBrowser()
        self.list.setAccessibleName("Notes")
        self.list.setTabChangesFocus(True)
        self.list.setMinimumHeight(24)
        self._tags = QHBoxLayout()
        self._tags.setSpacing(3)
        self.text, self.tag = QLineEdit(), QLineEdit()
        self.text.setPlaceholderText("Note: what there is to say")
        self.text.setToolTip(
            "A note is kept with date and user in the run's folder; also while the run is on. Enter adds it"
        )
        self.tag.setPlaceholderText("Tag")
        self.tag.setToolTip("Words to find the run by, with commas between them. Enter adds them")
        self.add = QPushButton("Add")
        self.add.setToolTip("Adds the note and the tags (Enter)")
        self.wrong = QLabel()
        self.wrong.setProperty("wrong", True)
        self.wrong.setWordWrap(True)
        self.wrong.hide()
        self._build()

    def _build(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(3)
        line.addWidget(self.text, 3)
        line.addWidget(self.tag, 1)
        line.addWidget(self.add)
        column = QVBoxLayout(self)
        column.setContentsMargins(3, 3, 3, 3)
        column.setSpacing(3)
        column.addWidget(self.list, 1)
        column.addLayout(self._tags)
        column.addWidget(self.wrong)
        column.addLayout(line)
        self.text.returnPressed.connect(self.submit)
        self.tag.returnPressed.connect(self.submit)
        self.add.clicked.connect(self.submit)
        self._context.theme_changed.connect(self._write)
        self.setEnabled(False)

    @property
    def user(self) -> str:
        """Who writes."""
        return str(self._context.settings.value(USER, "") or getpass.getuser())

    def show_notes(self, folder: str, notes: Sequence[Mapping[str, Any]], tags: Sequence[str]) -> None:
        """Show the notes of a run; what is being written for another one is not kept for it.

        Args:
            folder: The run's; "" for none.
            notes: As the desk tells them.
            tags: Those that it has.
        """
        if folder != self._folder:
            self.text.clear()
            self.tag.clear()
            self.wrong.hide()
        self._folder, self._notes = folder, notes
        self.setEnabled(bool(folder))
        self._write()
        while (item := self._tags.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for tag in tags:
            self._tags.addWidget(self._button(tag))
        self._tags.addStretch(1)

    def _button(self, tag: str) -> QToolButton:
        button = QToolButton()
        button.setText(f"{tag}  ×")
        button.setToolTip(f"Takes the tag {tag} away")
        button.clicked.connect(lambda: self._send("", [], [tag]))
        return button

    def _write(self) -> None:
        theme, lines = self._context.theme, list[str]()
        for note in reversed(self._notes):
            changed = [*(f"+{tag}" for tag in note.get("tags", ())), *(f"−{tag}" for tag in note.get("untags", ()))]
            who = f"{_when(note['utc'])}  {note['user']}"
            said = " ".join([note["text"], *changed]).strip()
            lines.append(
                f"<p style='margin:1px 0'><span style='color:{theme.quiet}'>{escape(who)}:</span> {escape(said)}</p>"
            )
        self.list.setHtml("".join(lines) or f"<p style='color:{theme.quiet}'>nothing was noted yet</p>")

    def submit(self) -> None:
        """Add what is written."""
        self._send(self.text.text(), self.tag.text().split(","), [])

    def _send(self, text: str, tags: Sequence[str], untags: Sequence[str]) -> None:
        folder = self._folder
        self._context.archive.ask(
            "note", folder=folder, text=text, user=self.user, tags=list(tags), untags=list(untags),
            then=lambda said: self._kept(folder, said, bool(text or tags)), failed=self._fail,
        )  # fmt: skip

    def _kept(self, folder: str, said: Mapping[str, Any], written: bool) -> None:
        self.wrong.hide()
        if folder == self._folder:
            if written:
                self.text.clear()
                self.tag.clear()
            self.show_notes(folder, said["notes"], said["tags"])
        self.noted.emit(folder)

    def _fail(self, sentence: str) -> None:
        self.wrong.setTextFormat(Qt.TextFormat.PlainText)
        self.wrong.setText(sentence)
        self.wrong.show()


def _when(utc: str) -> str:
    try:
        return datetime.fromisoformat(utc).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return utc
