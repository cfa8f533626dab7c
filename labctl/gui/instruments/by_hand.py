"""What can be done by hand: go to a temperature, a field or an angle, hold, and switch the sources off."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping
from typing import Any

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtWidgets import QFrame, QGridLayout, QLabel, QLineEdit, QPushButton, QScrollArea, QVBoxLayout, QWidget

from labctl.gui.context import Context
from labctl.gui.elided import ElidedLabel
from labctl.gui.instruments.lines import moving

QUANTITIES = {
    "temperature": ("Temperature", "250 K", "5 K/min", "K"),
    "field": ("Field", "0.5 T", "100 Oe/s", "T"),
    "angle": ("Angle", "90 deg", "", "deg"),
}
"""What can be gone to -> how it is called, examples of value and rate, and the unit in which its value is told."""
USUAL = {
    "temperature": ("temperature_K_per_s", 60.0, "K/min"), "field": ("field_T_per_s", 1e3, "mT/s"),
    "angle": ("angle_deg_per_s", 1.0, "deg/s"),
}  # fmt: skip
"""Of each: its usual rate as the worker tells it, and in which unit that is shown."""
WHY_LINES = 3
"""Lines of text that are kept free for why something cannot be pressed: nothing below moves when it is longer."""
HOLDS = {
    "hold_temperature": ("Hold temperature", "The temperature stays where it is now."),
    "hold_field": ("Hold field", "The field stays where it is now."),
    "source_off": ("Sources off", "All sources are ramped to zero, switched off, and read back."),
}
IDLE = "No run is on. What you ask for is checked against the limits of station and sample."


class ByHand(QScrollArea):
    """Entries and buttons, which can be used while no run is on; switching off also while a run stands still.

    Args:
        context: Whose worker is asked.
    """

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.values: dict[str, QLineEdit] = {}
        self.rates: dict[str, QLineEdit] = {}
        self.now: dict[str, ElidedLabel] = {}
        self.turns = QLabel()
        self.buttons: dict[str, QPushButton] = {}
        self.why, self.said = QLabel(), QLabel()
        for label in (self.why, self.said):
            label.setWordWrap(True)
        self.why.setProperty("quiet", True)
        self.why.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.why.setFixedHeight(WHY_LINES * self.why.fontMetrics().lineSpacing())
        self.turns.setProperty("quiet", True)
        self.turns.setToolTip("How fast the rotator turns; it has one rate.")
        self.said.hide()
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(6)
        column.addWidget(self.why)
        column.addLayout(self._grid())
        column.addWidget(self.said)
        column.addStretch(1)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusProxy(self.values["temperature"])
        link = context.link
        link.told.connect(self._hear)
        link.found.connect(self.show_state)
        link.found.connect(self._show_rates)
        link.lost.connect(lambda _: self.show_state())
        self._show_rates()
        self.show_state()

    def _show_rates(self) -> None:
        """Show in grey how fast the station goes where nothing is entered."""
        for name in (*self.rates, "angle"):
            usual = self._usual(name)
            if name == "angle":
                self.turns.setText(f"at {usual}" if usual else "")
                continue
            example = QUANTITIES[name][2]
            self.rates[name].setPlaceholderText(usual or "usual rate")
            taken = f"; where it is empty, {usual}" if usual else "; empty for the usual rate"
            self.rates[name].setToolTip(f"How fast, e.g. {example}{taken}")

    def _usual(self, name: str) -> str:
        """Return the station's usual rate with its unit, "" where the worker has not told it."""
        key, factor, unit = USUAL[name]
        told = ((self._context.link.station or {}).get("usual_rates") or {}).get(key)
        return "" if told is None else f"{float(told) * factor:g} {unit}"

    def _grid(self) -> QGridLayout:
        """Return a line for each quantity with where it is now, below it where to and how fast; then the holds."""
        grid = QGridLayout()
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        for number, (name, (title, example, rate, _)) in enumerate(QUANTITIES.items()):
            row = 3 * number
            self.now[name] = ElidedLabel()
            self.now[name].say(title)
            grid.addWidget(self.now[name], row, 0, 1, 3)
            tip = f"{title} to go to, with its unit, e.g. {example}"
            self.values[name] = self._entry(f"e.g. {example}", tip, name)
            grid.addWidget(self.values[name], row + 1, 0)
            if rate:
                self.rates[name] = self._entry("usual rate", "", name)
            grid.addWidget(self.rates[name] if rate else self.turns, row + 1, 1)
            self.buttons[name] = self._button("Go", f"Goes there within the limits of station and sample ({name}).",
                                              lambda name=name: self._go(name))  # fmt: skip
            grid.addWidget(self.buttons[name], row + 1, 2)
            grid.setRowMinimumHeight(row + 2, 4)
        grid.addLayout(self._holds(), 3 * len(QUANTITIES), 0, 1, 3)
        return grid

    def _holds(self) -> QGridLayout:
        holds = QGridLayout()
        holds.setSpacing(4)
        for column, (name, (title, what)) in enumerate(HOLDS.items()):
            self.buttons[name] = self._button(title, what, lambda name=name: self._ask({"do": name}))
            holds.addWidget(self.buttons[name], column // 2, column % 2, 1, 1 if column < 2 else 2)
        return holds

    def _entry(self, hint: str, tip: str, name: str) -> QLineEdit:
        entry = QLineEdit()
        entry.setPlaceholderText(hint)
        entry.setToolTip(tip)
        entry.setMinimumWidth(70)
        entry.returnPressed.connect(lambda: self._go(name))
        return entry

    def _button(self, title: str, tip: str, do: Callable[[], object]) -> QPushButton:
        button = QPushButton(title)
        button.setToolTip(tip)
        button.clicked.connect(lambda _: do())
        return button

    def _hear(self, name: str, content: object) -> None:
        del content
        if name in {"run", "queue"}:
            self.show_state()
        elif name == "instruments":
            self._show_now()

    def _show_now(self) -> None:
        """Say where temperature, field and angle are, and where to they go."""
        told: Mapping[str, Any] = (self._context.link.instruments or {}).get("instruments") or {}
        cryostat: Mapping[str, Any] = told.get("cryostat") or {}
        for name, (title, _, _, unit) in QUANTITIES.items():
            known = cryostat.get(name)
            self.now[name].say(f"{title}, now {moving(known, unit)}" if known else title)

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
        self.why.setText(why or IDLE)
        for name, button in self.buttons.items():
            button.setEnabled(not why or (stands and name == "source_off"))
        for entry in (*self.values.values(), *self.rates.values()):
            entry.setEnabled(not why)
        self._show_now()

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
        QTimer.singleShot(0, lambda: self.ensureWidgetVisible(self.said, 0, 8))  # once it has its place
