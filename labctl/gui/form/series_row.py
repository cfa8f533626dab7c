"""One parameter that a series goes over: which one, and its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QKeySequence, QShortcut
from PyQt6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from labctl.gui.form.list_helper import ListHelper
from labctl.gui.form.steady import SteadyChoice
from labctl.gui.marks import mark

Field = Mapping[str, Any]
INDENT = 10
"""Pixels by which an inner loop stands further right."""
DEEPEST = 4
"""Loops that are told apart by that."""


class SeriesRow(QFrame):
    """A parameter with its list.

    Args:
        fields: Of the experiment's form, by name.
        name: Of the parameter, "" for none yet.
        values: Its list.

    Attributes:
        usual: The list that the experiment always goes over, "" for a parameter that it does not.
    """

    changed = pyqtSignal()
    """Its text is another one."""
    moved = pyqtSignal(int)
    """It shall stand further out (-1) or further in (1)."""
    removed = pyqtSignal()
    """It shall go."""

    def __init__(self, fields: Mapping[str, Field], name: str = "", values: str = "") -> None:
        super().__init__()
        self.usual = ""
        self._fields = fields
        self.parameter, self.values = SteadyChoice(), QLineEdit(values)
        self.count, self.note = QLabel(), QLabel()
        self.out, self.further_in, self.gone = _button("▲"), _button("▼"), _button("×")
        self.help = _button("…")
        self.helper = ListHelper()
        self._lay_out()
        self._connect()
        self.show_fields(fields, name)

    # ---- putting together

    def _lay_out(self) -> None:
        self.note.setWordWrap(True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.helper.hide()
        self.help.setCheckable(True)
        self.parameter.setToolTip("The parameter that is varied.")
        self.parameter.setMinimumContentsLength(10)
        self.parameter.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.count.setToolTip("How many values that is.")
        for button, tip in (
            (self.out, "One loop further out: changes more seldom. Key: Alt+Up"),
            (self.further_in, "One loop further in: changes more often. Key: Alt+Down"),
            (self.gone, "This parameter is not varied any more. Key: Alt+Del"),
            (self.help, "Writes the list from its ends and steps."),
        ):
            button.setToolTip(tip)
            button.setAccessibleName(tip.partition(".")[0])
        above, below = QHBoxLayout(), QHBoxLayout()
        above.addWidget(self.parameter, 1)
        for widget in (self.count, self.out, self.further_in, self.gone):
            above.addWidget(widget)
        below.addWidget(self.values, 1)
        below.addWidget(self.help)
        self._column = QVBoxLayout(self)
        self._column.setSpacing(3)
        for part in (above, below):
            part.setSpacing(3)
            self._column.addLayout(part)
        self._column.addWidget(self.helper)
        self._column.addWidget(self.note)
        self.show_depth(0, 1)

    def _connect(self) -> None:
        self.parameter.currentIndexChanged.connect(self._chosen)
        self.values.textChanged.connect(self.changed)
        self.out.clicked.connect(lambda: self.moved.emit(-1))
        self.further_in.clicked.connect(lambda: self.moved.emit(1))
        self.gone.clicked.connect(self.removed)
        self.help.toggled.connect(self._show_helper)
        self.helper.made.connect(self._take_list)
        within = Qt.ShortcutContext.WidgetWithChildrenShortcut
        for keys, button in (("Alt+Up", self.out), ("Alt+Down", self.further_in), ("Alt+Del", self.gone)):
            QShortcut(QKeySequence(keys), self, context=within).activated.connect(button.click)

    # ---- what it says

    @property
    def name(self) -> str:
        """The parameter, "" for none yet."""
        return str(self.parameter.currentData() or "")

    @property
    def text(self) -> str:
        """What `--over` takes."""
        return f"{self.name}={self.values.text().strip()}"

    def show_fields(self, fields: Mapping[str, Field], name: str) -> None:
        """Offer an experiment's parameters.

        Args:
            fields: By name.
            name: The one that is chosen; one that is not there is shown, and refused.
        """
        self._fields = fields
        self.parameter.blockSignals(True)
        self.parameter.clear()
        self.parameter.addItem("choose a parameter", "")
        for key in fields:
            self.parameter.addItem(str(fields[key].get("label") or key), key)
        if name and name not in fields:
            self.parameter.addItem(name, name)
        self.parameter.setCurrentIndex(max(self.parameter.findData(name), 0))
        self.parameter.blockSignals(False)
        self._show_field()

    def show_usual(self, usual: str) -> None:
        """Say which list the experiment always goes over, "" for none."""
        self.usual = usual
        self.parameter.setEnabled(not usual)
        self.gone.setEnabled(not usual)

    def show_depth(self, depth: int, of: int) -> None:
        """Stand as the loop that it is.

        Args:
            depth: 0 for the outermost.
            of: How many loops there are.
        """
        self._column.setContentsMargins(min(depth, DEEPEST) * INDENT, 2, 0, 2)
        self.out.setEnabled(depth > 0)
        self.further_in.setEnabled(depth < of - 1)

    def show_checked(self, said: Mapping[str, Any] | None) -> None:
        """Show what is known of its list, None while nothing is."""
        said = said or {"count": 0, "values": "", "taken": "", "error": ""}
        self.count.setText(f"× {said['count']}" if said["count"] else "")
        self.note.setText(str(said["error"]) or self._remark(said))
        self.note.setVisible(bool(self.note.text()))
        mark(self.note, "wrong" if said["error"] else "quiet")
        mark(self.values, "wrong" if said["error"] else "")

    def _remark(self, said: Mapping[str, Any]) -> str:
        usual = self.values.text().strip() == self.usual != ""
        parts = [str(said["values"]), "the usual list of this experiment" if usual else ""]
        parts += [f"taken as {said['taken']}" if said["taken"] else ""]
        return "; ".join(part for part in parts if part)

    def _chosen(self) -> None:
        self._show_field()
        self.changed.emit()

    def _show_field(self) -> None:
        field = self._fields.get(self.name, {})
        unit, options = str(field.get("unit") or ""), list(field.get("options") or [])
        listed = field.get("kind") == "list"
        behind = f" {unit}" if unit else ""
        hint = f"0.1, 0.2; 0.5{behind}" if listed else f"1, 2, 5{behind} or 0:10:2{behind}"
        self.values.setPlaceholderText(", ".join(options) if options else hint)
        said = [str(field.get("what") or ""), f"allowed: {field['allowed']}" if field.get("allowed") else ""]
        said += ["each run takes a list; a semicolon stands between those of two runs" if listed else ""]
        self.values.setToolTip("\n".join(part for part in (*said, "Values, or start:stop:step.") if part))
        self.values.setAccessibleName(f"Values of {self.name}" if self.name else "Values")
        self.helper.show_unit(unit)
        self.help.setEnabled(bool(self.name) and not listed)

    # ---- what fills it

    def _show_helper(self, wanted: bool) -> None:
        options: Sequence[str] = self._fields.get(self.name, {}).get("options") or []
        if options:
            self.help.setChecked(False)
            if wanted:
                self._take_list(", ".join(options))
            return
        self.helper.setVisible(wanted)
        if wanted:
            self.helper.first.setFocus()

    def _take_list(self, text: str) -> None:
        self.values.setText(text)
        self.help.setChecked(False)
        self.values.setFocus()


def _button(text: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button


def fields_of(form: Mapping[str, Any]) -> dict[str, Field]:
    """Return the parameters of a form by name, in its order."""
    fields: list[Field] = [field for group in form["groups"] for field in group["fields"]]
    return {str(field["name"]): field for field in fields}


class Rows(QWidget):
    """Rows in their order, the outermost loop first."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[SeriesRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)

    def put(self, rows: Sequence[SeriesRow]) -> None:
        """Show these rows in this order; others go."""
        for row in self.rows:
            self._column.removeWidget(row)
            if row not in rows:
                row.hide()
                row.deleteLater()
        self.rows = list(rows)
        above: QWidget | None = None
        for depth, row in enumerate(self.rows):
            self._column.addWidget(row)
            row.show()  # now, and not a turn of the event loop later: it may be given the keyboard
            row.show_depth(depth, len(self.rows))
            if above is not None:
                QWidget.setTabOrder(above, row.parameter)
            above = row.help
