"""One value of a new record: its name, where it is typed, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from labctl.gui.sample.pieces import Box, label

NO_LEAD = "not bonded"
"""What is chosen for a lead that ends on no pad."""

WORDS = {"true": "yes", "false": "no"}
"""What is read in the place of a file's words."""


class Entry(QWidget):
    """A value that is typed or chosen, with its fault below.

    Args:
        field: See `labctl.desk.sample_forms.sample_form`.
        bare: Whether its name and its fault stand elsewhere, as in a table of layers.
    """

    changed = pyqtSignal()

    def __init__(self, field: Mapping[str, Any], *, bare: bool = False) -> None:
        super().__init__()
        self.key = str(field["key"])
        self.default = str(field["value"])
        self.box: QComboBox | None = None
        self.line: QLineEdit | None = None
        name = str(field["label"])
        editor = self._choice(field["choices"]) if field["choices"] else self._typed(field)
        editor.setAccessibleName(f"{name}, layer {field['layer']}" if field["layer"] else name)
        editor.setToolTip(" — ".join(text for text in (name, str(field["hint"])) if text))
        self.fault = label("", "wrong")
        self.fault.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        row = QHBoxLayout()
        row.setSpacing(6)
        if not bare:
            title = label(name + (" *" if field["needed"] else ""), "" if field["needed"] else "quiet")
            title.setToolTip(editor.toolTip())
            row.addWidget(title, 4)
        row.addWidget(editor, 5)
        column.addLayout(row)
        if not bare:
            column.addWidget(self.fault)
        self.setFocusProxy(editor)

    def _choice(self, choices: list[str]) -> QWidget:
        box = Box()
        for each in choices:
            box.addItem(WORDS.get(each, each) or NO_LEAD, each)
        box.setCurrentIndex(max(choices.index(self.default) if self.default in choices else 0, 0))
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(4)
        box.currentIndexChanged.connect(self.changed)
        self.box = box
        return box

    def _typed(self, field: Mapping[str, Any]) -> QWidget:
        line = QLineEdit(self.default)
        example = str(field["example"])
        line.setPlaceholderText(f"e.g. {example}" if example else "")
        line.setMinimumWidth(40)
        line.textEdited.connect(self.changed)
        self.line = line
        return line

    @property
    def text(self) -> str:
        """What stands in it."""
        if self.box is not None:
            return str(self.box.currentData())
        assert self.line is not None
        return self.line.text().strip()

    def put(self, text: str) -> None:
        """Put a text in, as if nobody had typed it."""
        if self.box is not None:
            self.box.setCurrentIndex(max(self.box.findData(text), 0))
        elif self.line is not None:
            self.line.setText(text)

    @property
    def given(self) -> str | None:
        """What goes into the file in the place of what the template says; None where that stays."""
        if self.text == self.default:
            return None
        return self.text

    def show_fault(self, fault: str) -> None:
        """Say what is wrong with it; "" where nothing is."""
        self.fault.setText(fault)
        self.fault.setVisible(bool(fault))
        if self.line is not None:
            self.line.setProperty("wrong", bool(fault))
            set_look_of_line(self.line)


def set_look_of_line(line: QLineEdit) -> None:
    """Let a line have the look that its properties say."""
    style = line.style()
    assert style is not None
    style.unpolish(line)
    style.polish(line)
