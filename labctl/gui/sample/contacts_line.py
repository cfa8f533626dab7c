"""Whether a sample's contacts were checked, and the button that has them checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from labctl.gui import words
from labctl.gui.sample.pieces import label, set_look

CHECK = "contact-check"
"""The experiment."""
MOST_NAMED = 3
"""Experiments that are named for which the contacts are not good enough."""


class ContactsLine(QWidget):
    """The verdict of the last contact check in this mounting.

    Args:
        simulate: Whether the station is simulated, where runs go ahead without one.
    """

    check_wanted = pyqtSignal()
    """A contact check is to be queued."""

    def __init__(self, *, simulate: bool) -> None:
        super().__init__()
        self._simulate = simulate
        self.verdict, self.more, self.refused = label(), label("", "quiet"), label("", "wrong")
        self.button = QPushButton("Check cont&acts")
        self.button.setToolTip("Queues contact-check for this sample: every pair of leads, with a small current")
        self.button.clicked.connect(self.check_wanted)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.verdict, 1)
        row.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.more)
        column.addWidget(self.refused)
        self.refused.hide()
        self.show_contacts(None)

    def show_contacts(self, contacts: Mapping[str, Any] | None) -> None:
        """Show another verdict; see `labctl.desk.sample_journal`; None where there is none in this mounting."""
        if contacts is None:
            self.verdict.setText("Contacts: not checked in this mounting")
            set_look(self.verdict, "warn")
            self.more.setText(
                "Simulated runs go ahead without; on hardware they are refused."
                if self._simulate
                else "A run that sends a current through it is refused without."
            )
            return
        when = words.clock_time(datetime.fromisoformat(contacts["utc"]), datetime.now().astimezone())
        good = bool(contacts["passed"])
        self.verdict.setText(f"Contacts {'passed' if good else 'DID NOT PASS'}, {when}")
        set_look(self.verdict, "good" if good else "wrong")
        self.more.setText(_leads(contacts))

    def show_refused(self, why: str) -> None:
        """Say why no check was queued; "" where one was."""
        self.refused.setText(why)
        self.refused.setVisible(bool(why))

    def show_queued(self, state: str, number: str, *, possible: str) -> None:
        """Say whether a check is queued already.

        Args:
            state: `waiting`, `running`, or "" where none is.
            number: Of the item.
            possible: Why none can be queued; "" where one can.
        """
        said = {"waiting": f"Waits, item {number}", "running": "Is being made"}.get(state, "Check cont&acts")
        self.button.setText(said)
        self.button.setEnabled(not state and not possible)
        self.button.setToolTip(
            possible or "Queues contact-check for this sample: every pair of leads, with a small current"
        )


def _leads(contacts: Mapping[str, Any]) -> str:
    """`I+ 25 Ω, A open; not for hall, sot: ...`."""
    told = [(lead["name"], lead["verdict"] if lead["bad"] else lead["resistance"]) for lead in contacts["leads"]]
    text = ", ".join(f"{name} {state}".strip().replace(" ", "\u00a0") for name, state in told)
    if contacts["not_for"]:
        named = ", ".join(str(each["name"]) for each in contacts["not_for"][:MOST_NAMED])
        more = len(contacts["not_for"]) - MOST_NAMED
        text += f"; not good for {named}" + (f" and {more} more" if more > 0 else "")
    return text
