"""A sample record in a form, new or to be changed: what is typed is checked by what reads records, and then written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from labctl.gui.context import Context
from labctl.gui.sample.entry import Entry
from labctl.gui.sample.pieces import Box, Page, Part, Rows, breakable, empty, label, scrolling
from labctl.gui.timing import timer

TYPED = 250
"""ms after the last key until what was typed is checked."""
FOLDED = ("pads", "probe", "health")
"""Tables whose values the template already has, or that few people give."""
MOST_LAYERS = 40


class NewRecord(QWidget):
    """The form.

    Args:
        context: What all panels share.
    """

    written = pyqtSignal(str)
    """A record was written to this file."""
    left = pyqtSignal()
    """Somebody does not want it after all."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.entries: dict[str, Entry] = {}
        self.parts: list[Part] = []
        self.layers = 0
        self._changed = self._was = ""  # the record that is changed, and what tells whether it still is the same
        self._question: int | None = None
        self._kept: dict[str, str] = {}
        self._typed = timer(self, TYPED, self._check, once=True)
        self.template = Box()
        self.template.setToolTip("What kind of sample it is; the form has what a record of such a sample holds")
        self.template.setAccessibleName("Template")
        self.template.activated.connect(lambda: self.begin(self.template.currentText()))
        self.folder = QLineEdit()
        self.folder.setToolTip("Folder in which the record is written; nothing that is there is written over")
        self.folder.setAccessibleName("Folder")
        self.folder.textEdited.connect(self._later)
        self.file, self.state, self.others = label("", "quiet"), label("", "quiet"), label("", "wrong")
        self.defaults = Rows()
        self.all = QToolButton()
        self.all.setText("Show all")
        self.all.setCheckable(True)
        self.all.setToolTip("Shows the sections that are folded away, too, or folds these again")
        self.all.toggled.connect(self._show_all)
        self.write = QPushButton("Write the recor&d")
        self.write.setProperty("primary", True)
        self.write.setToolTip("Writes the file, once all values with a * are there and nothing is wrong with them")
        self.write.clicked.connect(self._write)
        self.cancel = QPushButton("Back")
        self.cancel.setToolTip("Back to the records; what was typed stays in the form")
        self.cancel.clicked.connect(self.left)
        self._build()

    def _build(self) -> None:
        inside = Page()
        self.sections = QVBoxLayout()
        self.sections.setSpacing(2)
        column = QVBoxLayout(inside)
        column.setContentsMargins(6, 4, 8, 6)
        column.setSpacing(3)
        for name, widget in (("Kind", self.template), ("Folder", self.folder)):
            row = QHBoxLayout()
            row.addWidget(label(name, "quiet"), 1)
            row.addWidget(widget, 4)
            if widget is self.template:
                row.addWidget(self.all)
            column.addLayout(row)
        column.addLayout(self.sections)
        column.addWidget(self.defaults)
        column.addStretch(1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.write)
        buttons.addWidget(self.cancel)
        buttons.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 4)
        whole.setSpacing(3)
        whole.addWidget(scrolling(inside), 1)
        for widget in (self.others, self.state, self.file):
            whole.addWidget(widget)
        whole.addLayout(buttons)
        self.others.hide()

    def begin(self, template: str = "hall-bar", layers: int = 0) -> None:
        """Ask for the form of a template; what was typed before stays where the form has it, too.

        Args:
            template: Its name.
            layers: Of the stack; 0 for as many as the template has.
        """
        self._kept |= {key: entry.text for key, entry in self.entries.items() if entry.given is not None}
        self.write.setEnabled(False)  # until it is checked
        self._context.desk.ask(
            "sample_form", template=template, layers=layers, runs=str(self._context.runs), file=self._changed,
            then=self._show_form, failed=self._say,
        )  # fmt: skip

    def change(self, file: str) -> None:
        """Show a record that is to be changed, with what is there.

        Args:
            file: The record; what is written takes its place, and it is kept beside the new one.
        """
        self._changed, self._was, self._kept, self.entries = file, "", {}, {}
        self.template.setEnabled(False)
        self.template.setToolTip("A record that is changed stays of its kind")
        self.folder.setEnabled(False)
        self.folder.setToolTip("The record is written where it is; the one before is kept beside it as .old")
        self.folder.clear()
        self.begin(self.template.currentText() or "hall-bar")

    def _show_form(self, form: Mapping[str, Any]) -> None:
        self.template.clear()
        self.template.addItems(form["templates"])
        self.template.setCurrentText(form["template"])
        if not self.folder.text():
            self.folder.setText(form["folder"])
        self._was = self._was or str(form["was"])
        self.layers, self.entries, self.parts = int(form["layers"]), {}, []
        empty(self.sections)
        for section in form["sections"]:
            part = Part(section["title"], self._context.settings, folded=section["name"] in FOLDED, skipped=True)
            self.parts.append(part)
            part.head.setToolTip(section["hint"] or section["title"])
            if section["name"] == "stack":
                part.column.addWidget(self._stack(section["fields"]))
            else:
                for field in section["fields"]:
                    part.column.addWidget(self._entry(field))
            self.sections.addWidget(part)
        if self._changed and "name" in self.entries:
            self.entries["name"].setEnabled(False)  # its journal and its runs go by it
        self.all.blockSignals(True)
        self.all.setChecked(all(part.head.isChecked() for part in self.parts))
        self.all.blockSignals(False)
        self._check()

    def _show_all(self, opened: bool) -> None:
        for part in self.parts:
            part.head.setChecked(opened)

    def _entry(self, field: Mapping[str, Any], *, bare: bool = False) -> Entry:
        entry = Entry(field, bare=bare)
        if entry.key in self._kept:
            entry.put(self._kept[entry.key])
        entry.changed.connect(self._later)
        self.entries[entry.key] = entry
        return entry

    def _stack(self, fields: list[Mapping[str, Any]]) -> QWidget:
        """A row for each layer, the lowest first, and buttons for more and fewer."""
        whole = QWidget()
        grid = QGridLayout(whole)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(2)
        names = list(dict.fromkeys(str(field["label"]) for field in fields))
        for column, name in enumerate(names, 1):
            title = label({"carries current": "carries I"}.get(name, name), "quiet")
            grid.addWidget(title, 0, column)
            grid.setColumnStretch(column, 3 if name == "material" else 2)
        for field in fields:
            column, layer = names.index(str(field["label"])) + 1, int(field["layer"])
            row = (layer - 1) * (len(names) + 1) + 1
            entry = self._entry(field, bare=True)
            grid.addWidget(entry, row, column)
            grid.addWidget(entry.fault, row + column, 1, 1, len(names))
            if column == 1:
                grid.addWidget(label(str(layer), "quiet", wrap=False), row, 0)
        row = QHBoxLayout()
        for text, by, tip in (
            ("+ layer", 1, "One layer more, on top"),
            ("− layer", -1, "One layer less, the uppermost"),
        ):
            button = QToolButton()
            button.setText(text)
            button.setToolTip(tip)
            button.setEnabled(1 <= self.layers + by <= MOST_LAYERS)
            button.clicked.connect(lambda _, by=by: self.begin(self.template.currentText(), self.layers + by))
            row.addWidget(button)
        row.addStretch(1)
        grid.addLayout(row, grid.rowCount(), 0, 1, len(names) + 1)
        return whole

    # ---- checking and writing

    def values(self) -> dict[str, str]:
        """Return what was typed, by key; what stays as the template has it is left out."""
        given = {key: entry.given for key, entry in self.entries.items()}
        return {key: value for key, value in given.items() if value is not None}

    def _asked(self) -> dict[str, Any]:
        return {"template": self.template.currentText(), "layers": self.layers, "values": self.values(),
                "folder": self.folder.text().strip(), "file": self._changed,
                "station": self._context.station}  # fmt: skip

    def _later(self) -> None:
        self._typed.start()

    def _check(self) -> None:
        self._typed.stop()
        self._context.desk.drop(self._question)
        self._question = self._context.desk.ask(
            "sample_check", **self._asked(), then=self._show_checked, failed=self._say
        )

    def _show_checked(self, told: Mapping[str, Any]) -> None:
        self._question = None
        for key, entry in self.entries.items():
            entry.show_fault(str(told["faults"].get(key, "")))
        self._say("\n".join(told["others"]))
        self.file.setText(breakable(f"→ {told['file']}") if told["file"] else "")
        left, faults = len(told["left"]), len(told["faults"]) + len(told["others"])
        open_ = "All is there" if not left else "1 value (*) is open" if left == 1 else f"{left} values (*) are open"
        wrong = f"{faults} {'is' if faults == 1 else 'are'} wrong" if faults else ""
        named = "name" in self.entries and bool(self.entries["name"].text)
        said = [wrong, open_, "" if named else "the record has no name"]
        possible = named and not faults and not left
        said += [] if possible else ["it is written once nothing is open or wrong"]
        self.state.setText("; ".join(text for text in said if text))
        self.write.setEnabled(possible)
        self.defaults.show_rows(told["defaults"])

    def _write(self) -> None:
        self.write.setEnabled(False)
        self._context.desk.ask("sample_write", **self._asked(), was=self._was, then=self._wrote, failed=self._refuse)

    def _refuse(self, why: str) -> None:
        self._say(why)
        self.write.setEnabled(True)

    def _wrote(self, told: Mapping[str, Any]) -> None:
        self._kept = {}
        self.entries = {}
        if told["kept"]:
            self._context.said.emit("info", f"the record as it was is kept: {told['kept']}")
        self.written.emit(str(told["file"]))

    def _say(self, sentence: str) -> None:
        self.others.setText(sentence)
        self.others.setVisible(bool(sentence))
