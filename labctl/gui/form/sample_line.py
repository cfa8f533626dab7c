"""Which sample a form is for, and in one line how it is: its contacts, and whether its resistance has changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from labctl.gui import words
from labctl.gui.elided import ElidedLabel
from labctl.gui.marks import mark

WORST = ("wrong", "warn", "good", "quiet")
"""Looks of what is said, the worst first."""


class SampleLine(QWidget):
    """The sample's name, what is known of it, and the way to its panel."""

    wanted = pyqtSignal()
    """Somebody wants to see the sample, or to choose another one."""

    def __init__(self) -> None:
        super().__init__()
        self.name, self.state, self.button = QLabel(), ElidedLabel(), QToolButton()
        self.name.setProperty("heading", True)
        self.button.setText("Sample…")
        self.button.setToolTip("Shows the sample with its contacts and its journal; another one is chosen there")
        self.button.clicked.connect(self.wanted)
        self.repeated = QLabel()
        self.repeated.setToolTip("The form was filled from this run, which stays as it is; what is queued is a new run")
        mark(self.repeated, "quiet")
        self.repeated.hide()
        whole, row = QVBoxLayout(self), QHBoxLayout()
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(2)
        whole.addLayout(row)
        whole.addWidget(self.repeated)
        row.setSpacing(8)
        row.addWidget(self.name)
        row.addWidget(self.state, 1)
        row.addWidget(self.button)
        self.show_sample("")

    def show_repeated(self, number: str) -> None:
        """Say which run the form was filled from, by its number; "" for none."""
        self.repeated.setText(f"As run {number.zfill(4)}, with what is changed here" if number else "")
        self.repeated.setVisible(bool(number))

    def show_sample(self, name: str) -> None:
        """Show another sample, of which nothing is known yet; "" for none."""
        self.name.setText(_called(name) or "No sample yet")
        self.name.setToolTip(f"Measured is sample {name}" if name else "Which sample is mounted is not known yet")
        self.state.say("")

    def show_known(self, known: Mapping[str, Any]) -> None:
        """Show what its journal says; see `labctl.desk.sample_journal`."""
        found = [_contacts(known["contacts"]), _resistance(known["health"])]
        if any(row["tone"] == "bad" for row in known["summary"]):
            found.insert(0, ("DAMAGE noted", "wrong", "The journal notes damage."))
        said = [each for each in found if each is not None]
        self.state.say(", ".join(text for text, _, _ in said), "\n".join(tip for _, _, tip in said))
        mark(self.state, min((look for _, look, _ in said), key=WORST.index))


def _contacts(contacts: Mapping[str, Any] | None) -> tuple[str, str, str]:
    if contacts is None:
        return "contacts not checked", "warn", "The contacts were not checked in this mounting."
    now = datetime.now().astimezone()
    when = words.clock_time(datetime.fromisoformat(contacts["utc"]), now)
    if contacts["passed"]:
        return f"contacts passed {when}", "good", f"The contact check passed, {when}."
    bad = ", ".join(f"{lead['name']} {lead['verdict']}" for lead in contacts["leads"] if lead["bad"])
    return f"CONTACTS BAD {when}", "wrong", f"The contact check did not pass, {when}: {bad or 'see the sample'}."


def _resistance(health: Mapping[str, Any]) -> tuple[str, str, str] | None:
    if not health["points"]:
        return None
    last = health["points"][-1]
    change, warn, stop = float(last["change"]), float(health["warn"]), float(health["stop"])
    when = words.clock_time(datetime.fromisoformat(last["utc"]), datetime.now().astimezone())
    look = "good" if abs(change) <= warn else "warn" if abs(change) <= stop else "wrong"
    tip = (
        f"Resistance at the last check, {when}: {last['resistance']}, {words.percent(change)} since the first one in "
        f"this mounting; a run warns beyond {warn:.0%} and is refused beyond {stop:.0%}."
    )
    return f"R {words.percent(change)}", look, tip


def _called(name: str) -> str:
    """Return a record's name, also of one that is given by its file."""
    return Path(name).stem if name.endswith(".toml") else name
