"""One parameter of a form: its label, what it is entered with, and what is said below it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from PyQt6.QtCore import QEvent, QObject, Qt, pyqtSignal
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QSizePolicy, QToolButton, QWidget

from labctl.gui.form.quantity_edit import QuantityEdit

BACK = "Ctrl+D"
"""Key that takes the field with the caret back to its default."""
LABEL = 15
"""Width of a label in letters; a longer one is wrapped."""


class QuietCombo(QComboBox):
    """A choice that a turning wheel leaves alone, unless it is open."""

    def wheelEvent(self, e: QWheelEvent | None) -> None:  # noqa: N802 - Qt's name
        """Leave the wheel to the form."""
        if e is not None:
            e.ignore()


class ParameterField(QObject):
    """One parameter.

    Args:
        said: What the desk says of it; see `labctl.desk.forms.field`.
        parent: Who owns it.

    Attributes:
        in_short: Value and the first thing that follows from it, for a title; "" where nothing follows.
    """

    changed = pyqtSignal(str)
    """Its name: somebody has entered something."""
    entered = pyqtSignal(object)
    """Itself: the keys go to it now."""

    def __init__(self, said: Mapping[str, Any], parent: QObject) -> None:
        super().__init__(parent)
        self.name = str(said["name"])
        self.said = said
        self.default = str(said["default"])
        self.editor = self._made()
        self.editor.setToolTip(_tooltip(said))
        self.editor.setAccessibleName(str(said["label"]))
        self.editor.installEventFilter(self)
        self.label = QLabel(str(said["label"]))
        self.label.setWordWrap(True)
        self.label.setFixedWidth(LABEL * self.label.fontMetrics().averageCharWidth())
        self.label.setBuddy(self.editor)
        self.label.setToolTip(self.editor.toolTip())
        self.back = QToolButton()
        self.back.setText("↺")
        self.back.setStyleSheet("QToolButton { padding: 1px; }")
        self.back.setFixedWidth(self.back.minimumSizeHint().width())
        keeps = self.back.sizePolicy()
        keeps.setRetainSizeWhenHidden(True)
        self.back.setSizePolicy(keeps)
        self.back.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.back.setToolTip(f"Back to the default, {self.default} ({BACK})")
        self.back.clicked.connect(lambda: self.set_text(None))
        self.fault, self.note = _line("wrong"), _line("quiet")
        self.in_short = ""
        self._show_back()

    def _made(self) -> QWidget:
        kind, options = self.said["kind"], [str(word) for word in self.said["options"]]
        if kind == "tick":
            tick = QCheckBox()
            tick.setChecked(self.default == options[0])
            tick.toggled.connect(self._changed)
            return tick
        if kind == "choice":
            combo = QuietCombo()
            combo.addItems(options)
            combo.setCurrentText(self.default)
            combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            combo.setMinimumContentsLength(6)
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.currentTextChanged.connect(self._changed)
            return combo
        edit = QuantityEdit(self.default, is_number=self.default != self.said["absent"])
        edit.textChanged.connect(self._changed)
        return edit

    def place(self, grid: QGridLayout, row: int) -> None:
        """Put it into three rows of a grid with three columns."""
        grid.addWidget(self.label, row, 0, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self.editor, row, 1)
        grid.addWidget(self.back, row, 2)
        grid.addWidget(self.fault, row + 1, 0, 1, 3)
        grid.addWidget(self.note, row + 2, 0, 1, 3)
        self._show_back()

    # ---- its value

    def text(self) -> str | None:
        """Return what was entered, None where it is left at its default."""
        editor = self.editor
        if isinstance(editor, QCheckBox):
            word = str(self.said["options"][0 if editor.isChecked() else 1])
            return None if word == self.default else word
        if isinstance(editor, QComboBox):
            return None if editor.currentText() == self.default else editor.currentText()
        assert isinstance(editor, QuantityEdit)
        return editor.text().strip() or None

    def set_text(self, text: str | None) -> None:
        """Enter something; None for the default."""
        editor, wanted = self.editor, text or self.default
        if isinstance(editor, QCheckBox):
            editor.setChecked(wanted == self.said["options"][0])
        elif isinstance(editor, QComboBox):
            if editor.findText(wanted) < 0:
                editor.addItem(wanted)  # of a run of another version: the check says what is wrong with it
            editor.setCurrentText(wanted)
        elif isinstance(editor, QuantityEdit):
            editor.setText(text or "")

    def _changed(self) -> None:
        self._show_back()
        self.changed.emit(self.name)

    def _show_back(self) -> None:
        self.back.setVisible(self.text() is not None and self.back.parentWidget() is not None)

    # ---- what is said of it

    def show_checked(self, checked: Mapping[str, Any], fault: str) -> None:
        """Show what a check found.

        Args:
            checked: See `labctl.desk.checks.check`, `fields`.
            fault: What is wrong with it, "" for nothing.
        """
        said = (str(checked["error"]) or fault).removeprefix(f"{self.name}: ")
        self._show(self.fault, said)
        if self.editor.property("wrong") is not bool(said):
            self.editor.setProperty("wrong", bool(said))
            _polish(self.editor)
        if isinstance(self.editor, QuantityEdit):
            self.editor.show_hint(str(checked["hint"]), str(checked["why"]))
        text = self.text()
        words: list[str] = []
        if text is not None and checked["value"] and not _same(text, str(checked["value"])):
            words.append(f"= {checked['value']}")
        if checked["taken"]:
            words.append(f"taken as {checked['taken']}")
        if checked["follows"]:
            words.append(str(checked["follows"]))
        if checked["idle"]:
            words.append(f"has no effect; it needs {checked['idle']}")
        self._show(self.note, " · ".join(dict.fromkeys(words)))
        value = str(checked["value"] or checked["hint"] or self.default)
        self.in_short = f"{value}, {checked['follows'].partition(',')[0]}" if checked["follows"] else ""
        self.editor.setToolTip(_tooltip(self.said, str(checked["hint"]), str(checked["why"])))

    def show_series(self, values: str) -> None:
        """Show that a series goes over it, "" that none does."""
        self.editor.setEnabled(not values)
        if values:
            self._show(self.note, f"in the series: {values}")
            if isinstance(self.editor, QuantityEdit):
                self.editor.show_hint("in the series", "")

    def _show(self, line: QLabel, words: str) -> None:
        if line.text() != words:
            line.setText(words)
            line.setVisible(bool(words))

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:  # noqa: N802 - Qt's name
        """Notice where the keys go."""
        if a1 is not None and a1.type() == QEvent.Type.FocusIn:
            self.entered.emit(self)
        return super().eventFilter(a0, a1)


def _line(kind: str) -> QLabel:
    line = QLabel()
    line.setTextFormat(Qt.TextFormat.PlainText)
    line.setWordWrap(True)
    line.setProperty(kind, True)
    line.setVisible(False)
    line.setContentsMargins(2, 0, 0, 3)
    return line


def _polish(widget: QWidget) -> None:
    style = widget.style()
    if style is not None:
        style.unpolish(widget)
        style.polish(widget)


_ZEROS = re.compile(r"(?<![\d.])(\d+(?:\.\d*?[1-9])?)\.?0*(?![\d.])")
"""A number with zeros behind its point that say nothing."""


def _same(text: str, value: str) -> bool:
    """Whether a normalised value says nothing that was not written."""
    plain = _ZEROS.sub(r"\1", "".join(text.split()).replace("u", "µ"))
    return plain in {"".join(each.split()) for each in value.split(" = ")} and " = " not in value


def _tooltip(said: Mapping[str, Any], hint: str = "", why: str = "") -> str:
    lines = [f"{said['what']}."]
    if said["allowed"]:
        lines.append(f"Allowed: {said['allowed']}")
    lines.append(f"Default: {said['default']}" + (f" → {hint}" if hint else ""))
    if why:
        lines.append(f"Where from: {why}")
    if said["kind"] in {"number", "list", "count"}:
        if said["unit"]:
            lines.append(f"A number without a unit is in {said['unit']}")
        lines.append("Arrow up and down step the digit before the caret")
    if said["kind"] == "list":
        lines.append("A list: 1, 2, 5 or start:stop:step")
    lines.append(f"On the command line: -p {said['name']}=...")
    return "\n".join(lines)
