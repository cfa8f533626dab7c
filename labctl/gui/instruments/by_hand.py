"""What can be done by hand: go to a temperature, a field or an angle, hold, and switch the sources off."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QTimer, pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from labctl.gui.context import Context

QUANTITIES = {
    "temperature": ("T", "250 K", "5 K/min"),
    "field": ("H", "0.5 T", "100 Oe/s"),
    "angle": ("Angle", "90 deg", ""),
}
"""What can be gone to -> how it is called, and examples of value and rate."""
HOLDS = {
    "hold_temperature": ("Hold T", "The temperature stays where it is now."),
    "hold_field": ("Hold H", "The field stays where it is now."),
    "source_off": ("Sources off", "All sources are ramped to zero, switched off, and read back."),
}


class ByHand(QWidget):
    """Entries and buttons, which can be used while no run is on; switching off also while a run stands still.

    Args:
        context: Whose worker is asked.
    """

    answered = pyqtSignal()
    """What is said of the last thing asked for has its place."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.values: dict[str, QLineEdit] = {}
        self.rates: dict[str, QLineEdit] = {}
        self.buttons: dict[str, QPushButton] = {}
        self.why, self.said = QLabel(), QLabel()
        for label in (self.why, self.said):
            label.setWordWrap(True)
            label.hide()
        self.why.setProperty("quiet", True)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 6)
        heading = QLabel("By hand")
        heading.setProperty("heading", True)
        column.addWidget(heading)
        column.addWidget(self.why)
        column.addLayout(self._grid())
        column.addWidget(self.said)
        self.show_state()

    def _grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setVerticalSpacing(3)
        for row, (name, (title, example, rate)) in enumerate(QUANTITIES.items()):
            grid.addWidget(QLabel(title), row, 0)
            self.values[name] = self._entry(
                example, f"{name.capitalize()} to go to, with its unit, e.g. {example}", name
            )
            grid.addWidget(self.values[name], row, 1)
            if rate:
                self.rates[name] = self._entry(rate, f"How fast, e.g. {rate}; that is also taken for nothing", name)
                grid.addWidget(self.rates[name], row, 2)
            self.buttons[name] = self._button("Go", f"Goes there within the limits of station and sample ({name}).",
                                              lambda name=name: self._go(name))  # fmt: skip
            grid.addWidget(self.buttons[name], row, 3)
        holds = QGridLayout()
        for column, (name, (title, what)) in enumerate(HOLDS.items()):
            self.buttons[name] = self._button(title, what, lambda name=name: self._ask({"do": name}))
            holds.addWidget(self.buttons[name], column // 2, column % 2, 1, 1 if column < 2 else 2)
        grid.addLayout(holds, len(QUANTITIES), 0, 1, 4)
        return grid

    def _entry(self, example: str, tip: str, name: str) -> QLineEdit:
        entry = QLineEdit()
        entry.setPlaceholderText(example)
        entry.setToolTip(tip)
        entry.setMinimumWidth(70)
        entry.returnPressed.connect(lambda: self._go(name))
        return entry

    def _button(self, title: str, tip: str, do: Callable[[], object]) -> QPushButton:
        button = QPushButton(title)
        button.setToolTip(tip)
        button.clicked.connect(lambda _: do())
        return button

    def show_state(self) -> None:
        """Let those be pressed that mean something now, and say why the others cannot."""
        link = self._context.link
        run = link.run
        stands = run is not None and run.get("state") == "stands"
        why = ""
        if not link.here:
            why = "No worker is there."
        elif stands:
            why = "A run stands still: it would not find its state again, so only the sources can be switched off."
        elif run is not None:
            why = "A run is on. Pause it at its next point (F8), or wait."
        self.why.setText(why)
        self.why.setVisible(bool(why))
        for name, button in self.buttons.items():
            button.setEnabled(not why or (stands and name == "source_off"))
        for entry in (*self.values.values(), *self.rates.values()):
            entry.setEnabled(not why)

    def _go(self, name: str) -> None:
        value = self.values[name].text().strip()
        if not value:
            self._say(f"Say where to: e.g. {QUANTITIES[name][1]}", "warn")
            self.values[name].setFocus()
            return
        rate = self.rates[name].text().strip() if name in self.rates else ""
        self._ask({"do": name, "value": value} | ({"rate": rate} if rate else {}))

    def _ask(self, what: dict[str, Any]) -> None:
        self._say("…", "")
        self._context.link.ask(
            "POST", "/manual", {**what, "by": getpass.getuser()},
            then=lambda answer: self._say(str(answer["said"]), "good"),
            failed=lambda sentence: self._say(sentence, "bad"),
        )  # fmt: skip

    def _say(self, sentence: str, tone: str) -> None:
        theme = self._context.theme
        self.said.setText(sentence)
        self.said.setStyleSheet(f"color: {getattr(theme, tone) if tone else theme.quiet};")
        self.said.setVisible(bool(sentence))
        QTimer.singleShot(0, self.answered.emit)  # once it has its place
