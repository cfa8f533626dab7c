"""Which sample record is looked at: a list that is searched by typing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QModelIndex, QStringListModel, Qt, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QCompleter, QLineEdit, QSizePolicy, QWidget

from labctl.gui.sample.pieces import Box

WHENCE = {"shipped": "", "package": "of a package, ", "own": "own file, "}
"""What stands before a record's title, by where it comes from."""
WIDEST = 620
"""Points of the list that opens; a title beyond is cut, and is whole in the panel."""


class _Completer(QCompleter):
    """Finds a record by any part of its name or title, and puts its name in."""

    def pathFromIndex(self, index: QModelIndex) -> str:  # noqa: N802 - Qt's name
        """Return what is put into the line: the name alone."""
        return name_of(super().pathFromIndex(index))


class SampleChooser(Box):
    """All records; what is typed searches names and titles, and may be the path of a file.

    Args:
        parent: Who owns it.
    """

    wanted = pyqtSignal(str)
    """Somebody chose this record: its name, or a path."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.samples: list[dict[str, Any]] = []
        self._shown = ""
        # A line of our own: Python would let go of what is connected to one that Qt has made.
        self.line = line = QLineEdit()
        line.setFrame(False)
        line.setStyleSheet("QLineEdit, QLineEdit:focus { border: none; padding: 0px; }")  # the frame is the list's
        self.setEditable(True)
        self.setLineEdit(line)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumContentsLength(8)
        self.setToolTip("The sample record: type a part of its name or title, or the path of a file. Enter takes it.")
        self.setAccessibleName("Sample record")
        self._found = QStringListModel(self)
        completer = _Completer(self._found, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        completer.activated.connect(self._take_text)
        self.setCompleter(completer)
        line.setPlaceholderText("name or title of a sample")
        line.returnPressed.connect(self._take_line)
        self.activated.connect(self._take)

    def show_samples(self, samples: Sequence[dict[str, Any]]) -> None:
        """Offer other records; see `labctl.desk.samples.samples`."""
        self.samples = list(samples)
        texts = [_text(each) for each in samples]
        self.blockSignals(True)
        self.clear()
        self.addItems(texts)
        self.blockSignals(False)
        self._found.setStringList(texts)
        for view in (self.view(), self._popup()):
            if view is not None:
                widest = max((self.fontMetrics().horizontalAdvance(text) for text in texts), default=0) + 30
                view.setMinimumWidth(min(WIDEST, widest))
                view.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.show_name(self._shown)

    def _popup(self) -> Any:
        completer = self.completer()
        return None if completer is None else completer.popup()

    def show_name(self, name: str) -> None:
        """Show which record is chosen, by its name or path."""
        self._shown = name
        place = next((place for place, each in enumerate(self.samples) if each["id"] == name), -1)
        self.setCurrentIndex(place)
        self.setEditText(self.samples[place]["name"] if place >= 0 else _short(name))

    def _take(self, place: int) -> None:
        if 0 <= place < len(self.samples):
            self._want(str(self.samples[place]["id"]))

    def _take_line(self) -> None:
        self._take_text(self.line.text())

    def _take_text(self, text: str) -> None:
        text = text.strip()
        if not text:
            self.show_name(self._shown)
            return
        same = [each for each in self.samples if text in {each["id"], each["name"], _text(each)}]
        like = same or [each for each in self.samples if text.casefold() in _text(each).casefold()]
        self._want(str(like[0]["id"]) if same or len(like) == 1 else text)

    def _want(self, name: str) -> None:
        self.show_name(name)
        self.wanted.emit(name)


def _text(sample: dict[str, Any]) -> str:
    return f"{sample['name']}  ·  {WHENCE.get(sample['from'], '')}{sample['title']}"


def name_of(text: str) -> str:
    """Return the name in a line of the list."""
    return text.partition("  ·  ")[0]


def _short(name: str) -> str:
    return Path(name).stem if name.endswith(".toml") else name
