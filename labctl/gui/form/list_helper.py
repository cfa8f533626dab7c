"""Writes a list of values from its ends: in steps or in so many values, and there and back."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QLabel, QLineEdit, QPushButton, QToolButton, QWidget

from instruments.errors import BadValue
from labctl.gui.form.lists import Spacing, list_text
from labctl.gui.form.steady import SteadyChoice
from labctl.gui.marks import mark

WAYS = {
    "step": "in steps of",
    "number": "how many",
    "log": "how many, log",
}
"""How values are spread -> what that is called."""


class ListHelper(QWidget):
    """From, to, and what lies between."""

    made = pyqtSignal(str)
    """A list, as text."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last, self.by, self.unit = QLineEdit(), QLineEdit(), QLineEdit(), QLineEdit()
        self.way, self.back = SteadyChoice(), QToolButton()
        self.back.setText("and back")
        self.back.setCheckable(True)
        self.back.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.fill, self.said = QPushButton("Write the list"), QLabel()
        for key, title in WAYS.items():
            self.way.addItem(title, key)
        self._lay_out()
        self.fill.clicked.connect(self.write)
        for line in (self.first, self.last, self.by, self.unit):
            line.returnPressed.connect(self.write)

    def _lay_out(self) -> None:
        for widget, name, tip in (
            (self.first, "From", "The first value, a number."), (self.last, "To", "The last value, a number."),
            (self.by, "Step or number", "The step, or how many values there are."),
            (self.unit, "Unit", "The unit of all three."),
            (self.way, "Spacing", "Even steps, or even ratios (log): 1, 10, 100."),
            (self.back, "And back", "The same values back again; the last one stands in the list once."),
            (self.fill, "Write the list", "Puts the list where the values stand. Key: Return"),
        ):  # fmt: skip
            widget.setAccessibleName(name)
            widget.setToolTip(tip)
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        mark(self.said, "wrong")
        self.said.hide()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 2)
        grid.setSpacing(3)
        for column, widget in enumerate((QLabel("from"), self.first, QLabel("to"), self.last, self.unit)):
            grid.addWidget(widget, 0, column)
        grid.addWidget(self.way, 1, 0, 1, 2)
        grid.addWidget(self.by, 1, 2, 1, 2)
        grid.addWidget(self.back, 1, 4)
        grid.addWidget(self.fill, 2, 0, 1, 5)
        grid.addWidget(self.said, 3, 0, 1, 5)

    def show_unit(self, unit: str) -> None:
        """Offer the unit that a parameter has."""
        self.unit.setText(unit)

    def write(self) -> None:
        """Write the list, or say what is missing."""
        way = str(self.way.currentData())
        spacing = Spacing(self.by.text(), count=way != "step", log=way == "log", back=self.back.isChecked())
        try:
            text = list_text(self.first.text(), self.last.text(), spacing, self.unit.text().strip())
        except BadValue as error:
            self.said.setText(str(error))
            self.said.show()
            return
        self.said.hide()
        self.made.emit(text)
