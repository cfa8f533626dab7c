"""One instrument in the panel: its name, how old its last reply is, its settings, and what is wrong with it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from labctl.gui import words
from labctl.gui.context import Context
from labctl.gui.instruments.lines import TITLES, Line, lines
from labctl.gui.instruments.sparkline import Sparkline

STALE = 15.0
"""s after which a last reply is shown as old."""
TRENDS = {"temperature": ("temperature", "K"), "field": ("field", "T")}
"""Lines of a cryostat that have a trend: key of the value, and its unit."""


class Card(QWidget):
    """One instrument.

    Args:
        role: E.g. `source`.
        context: Where the colours are.
    """

    def __init__(self, role: str, context: Context) -> None:
        super().__init__()
        self._context = context
        self.role = role
        self._heard = time.monotonic()
        self._age: float | None = None
        self._told: list[Line] = []
        self.title, self.age, self.wrong = QLabel(TITLES.get(role, role)), QLabel(), QLabel()
        self.title.setProperty("heading", True)
        self.age.setProperty("quiet", True)
        self.age.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.wrong.setWordWrap(True)
        self.wrong.setProperty("wrong", True)
        self.wrong.hide()
        self._rows = QFormLayout()
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setVerticalSpacing(1)
        self._rows.setHorizontalSpacing(10)
        self._values: dict[str, QLabel] = {}
        self._trends: dict[str, Sparkline] = {}
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.age)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self.wrong)
        column.addLayout(self._rows)
        context.theme_changed.connect(self._colour)

    def show_known(self, known: Mapping[str, Any]) -> None:
        """Show what is known of it now, as `/instruments` tells it."""
        self._heard, self._age = time.monotonic(), known.get("age_s")
        self.title.setToolTip(f"{known.get('driver', '')} at {known.get('resource', '')}")
        error = words.address_last(str(known.get("error") or ""))
        self.wrong.setText(error)
        self.wrong.setVisible(bool(error))
        told = lines(self.role, known)
        if [line.name for line in told] != [line.name for line in self._told]:
            self._lay_out(told)
        self._told = told
        for line in told:
            if self._values[line.name].text() != line.value:
                self._values[line.name].setText(line.value)
                self._values[line.name].setToolTip(line.value)
        for name, trend in self._trends.items():
            key, unit = TRENDS[name]
            if (value := (known.get(key) or {}).get(unit)) is not None:
                trend.add(float(value))
        self._colour()
        self.show_age()

    def _lay_out(self, told: list[Line]) -> None:
        known = {name: trend.points() for name, trend in self._trends.items()}
        while self._rows.rowCount():
            self._rows.removeRow(0)
        self._values.clear()
        self._trends.clear()
        for line in told:
            name, value = QLabel(line.name.strip()), QLabel()
            name.setProperty("quiet", True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            value.setWordWrap(True)
            self._values[line.name] = value
            self._rows.addRow(name, value)
            if self.role == "cryostat" and line.name in TRENDS:
                self._trends[line.name] = Sparkline(self._context, TRENDS[line.name][1], known.get(line.name, ()))
                self._rows.addRow(QLabel(), self._trends[line.name])

    def show_age(self) -> None:
        """Say how old the last reply is by now."""
        age = None if self._age is None else self._age + time.monotonic() - self._heard
        self.age.setText(words.ago(age))
        self.age.setToolTip("age of its last reply")
        old = age is None or age > STALE
        for label in self._values.values():
            label.setEnabled(not old)

    def _colour(self) -> None:
        theme = self._context.theme
        for line in self._told:
            colour = getattr(theme, line.tone) if line.tone else theme.text
            weight = "bold" if line.tone in {"bad", "warn"} else "normal"
            self._values[line.name].setStyleSheet(
                f"QLabel {{ color: {colour}; font-weight: {weight}; }} QLabel:disabled {{ color: {theme.quiet}; }}"
            )
