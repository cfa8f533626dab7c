"""The journal of a sample: what it comes to, its entries, and what people write into it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from labctl.gui import words
from labctl.gui.context import Context
from labctl.gui.sample.health_strip import HealthStrip
from labctl.gui.sample.pieces import Box, Rows, breakable, label

KINDS = {"mounting": "Mounted now", "note": "Remark", "damage": "Damage"}
"""Entries that people write, and what they are called."""
ASKED = {
    "mounting": "where, e.g. puck 3, position 2", "note": "what is worth knowing", "damage": "what broke, and how",
}  # fmt: skip
RUN = Qt.ItemDataRole.UserRole
BAD = Qt.ItemDataRole.UserRole + 1


class JournalView(QWidget):
    """What is known of a sample.

    Args:
        context: What all panels share.
    """

    write_wanted = pyqtSignal(str, str)
    """An entry is to be written: its kind and text."""
    everything_wanted = pyqtSignal(bool)
    """Whether entries are wanted that are older than the mounting."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.strip, self.strip_text = HealthStrip(context), label("", "quiet")
        self.summary, self.warnings, self.error = Rows(), label("", "warn"), label("", "wrong")
        self.everything = Box()
        self.everything.addItems(["Since it was mounted", "All entries"])
        self.everything.setToolTip("Which entries are listed, the newest first")
        self.everything.setAccessibleName("Which entries")
        self.everything.activated.connect(lambda place: self.everything_wanted.emit(place == 1))
        self.entries = QListWidget()
        self.entries.setWordWrap(True)
        self.entries.setAlternatingRowColors(True)
        self.entries.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.entries.setMinimumHeight(220)
        self.entries.setToolTip("Double click or Enter opens the run that wrote the entry")
        self.entries.setAccessibleName("Entries of the journal")
        self.entries.itemActivated.connect(self._open)
        self.older, self.file = label("", "quiet"), label("", "quiet")
        self._build()
        context.theme_changed.connect(self._colour)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 4)
        column.setSpacing(5)
        for widget in (self.error, self.warnings, self.strip_text, self.strip, self.summary, self._writing(),
                       self.everything):  # fmt: skip
            column.addWidget(widget)
        column.addWidget(self.entries, 1)
        column.addWidget(self.older)
        column.addWidget(self.file)

    def _writing(self) -> QWidget:
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 2, 0, 2)
        column.setSpacing(3)
        row = QHBoxLayout()
        row.setSpacing(4)
        self.kind = Box()
        for key, name in KINDS.items():
            self.kind.addItem(name, key)
        self.kind.setToolTip("What is written: from a new mounting on, contacts have to be checked again")
        self.kind.setAccessibleName("Kind of entry")
        self.kind.currentIndexChanged.connect(self._ask)
        self.text = QLineEdit()
        self.text.setAccessibleName("Text of the entry")
        self.text.returnPressed.connect(self._write)
        self.write = QPushButton("Write")
        self.write.setToolTip("Writes this into the sample's journal; entries stay, and nothing is ever taken out")
        self.write.clicked.connect(self._write)
        for widget, part in ((self.kind, 0), (self.text, 1), (self.write, 0)):
            row.addWidget(widget, part)
        self.refused = label("", "wrong")
        self.refused.hide()
        column.addLayout(row)
        column.addWidget(self.refused)
        self._ask()
        return whole

    def show_journal(self, journal: Mapping[str, Any]) -> None:
        """Show another journal; see `labctl.desk.sample_journal`."""
        now = datetime.now().astimezone()
        for widget, text in ((self.error, journal["error"]), (self.warnings, "\n".join(journal["warnings"]))):
            widget.setText(text)
            widget.setVisible(bool(text))
        health = journal["health"]
        self.strip.show_health(health)
        points = health["points"]
        self.strip_text.setText(_health(health, now) if points else "No check of a run has read its resistance yet.")
        self.summary.show_rows([
            {"name": row["name"], "value": " · ".join(text for text in (_when(row["when"], now), row["text"]) if text),
             "tone": "wrong" if row["tone"] == "bad" else row["tone"]}
            for row in journal["summary"]
        ])  # fmt: skip
        self.entries.clear()
        for entry in journal["entries"]:
            self._add(entry, now)
        if not journal["entries"]:
            self._add_text("Nothing is written here yet.")
        self._colour()
        older = journal["older"]
        self.older.setText(f"{older} further {'line' if older == 1 else 'lines'} in the file" if older else "")
        self.older.setVisible(bool(older))
        self.file.setText(breakable(str(journal["file"])))
        self.refused.hide()

    def show_refused(self, why: str) -> None:
        """Say why an entry was not written; it stays in the line."""
        self.refused.setText(why)
        self.refused.show()

    def written(self) -> None:
        """Empty the line: the entry is in the journal."""
        self.text.clear()

    def _add(self, entry: Mapping[str, Any], now: datetime) -> None:
        by = f", {entry['user']}" if entry["user"] else ""
        kind = str(entry["kind"]).replace("_", " ")
        item = self._add_text(f"{_when(entry['utc'], now)}  {kind}{by}\n{entry['text']}")
        item.setData(RUN, entry["run"])
        item.setData(BAD, entry["bad"])
        item.setToolTip(f"{entry['whole']}\n{entry['run']}".strip())

    def _add_text(self, text: str) -> QListWidgetItem:
        item = QListWidgetItem(text)
        self.entries.addItem(item)
        return item

    def _colour(self) -> None:
        theme = self._context.theme
        for place in range(self.entries.count()):
            item = self.entries.item(place)
            if item is not None:
                item.setForeground(QColor(theme.bad if item.data(BAD) else theme.text))

    def _ask(self) -> None:
        self.text.setPlaceholderText(ASKED[str(self.kind.currentData())])

    def _write(self) -> None:
        self.write_wanted.emit(str(self.kind.currentData()), self.text.text())

    def _open(self, item: QListWidgetItem) -> None:
        if item.data(RUN):
            self._context.run_opened.emit(str(item.data(RUN)))


def _health(health: Mapping[str, Any], now: datetime) -> str:
    points = health["points"]
    many = "1 check" if len(points) == 1 else f"{len(points)} checks"
    first = _when(points[0]["utc"], now)
    return f"Resistance ({health['of']}): {words.percent(points[-1]['change'])} since {first}, {many}"


def _when(utc: str, now: datetime) -> str:
    return words.clock_time(datetime.fromisoformat(utc), now) if utc else ""
