"""The panel of instruments: a card for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from labctl.gui.context import Context
from labctl.gui.instruments.card import Card
from labctl.gui.instruments.lines import order
from labctl.gui.timing import timer

SOURCES = {
    "run": "as the run's own messages tell; nothing more is asked",
    "station": "asked between runs",
}


class InstrumentPanel(QScrollArea):
    """All instruments of a station.

    Args:
        context: Whose worker tells of them.
    """

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.cards: dict[str, Card] = {}
        self.origin, self.wrong = QLabel("Nothing is known yet."), QLabel()
        self.origin.setProperty("quiet", True)
        self.wrong.setProperty("wrong", True)
        for label in (self.origin, self.wrong):
            label.setWordWrap(True)
            label.setContentsMargins(8, 4, 8, 0)
        self.wrong.hide()
        self.watch = QCheckBox("Ask between runs")
        self.watch.setToolTip("Reads the station about once a second while no run is on; nothing of it changes.")
        self.watch.clicked.connect(lambda on: context.link.ask("PUT", "/watching", {"on": bool(on)}))
        self._put_together()
        link = context.link
        link.told.connect(self._hear)
        link.found.connect(self.show_all)
        link.lost.connect(lambda _: self.show_all())
        timer(self, 1000, self._show_ages).start()

    def _put_together(self) -> None:
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 0, 4)
        self._column.setSpacing(0)
        for widget in (self.origin, self.wrong):
            self._column.addWidget(widget)
        self._cards_end = self._column.count()
        indented = QHBoxLayout()
        indented.setContentsMargins(8, 4, 8, 0)  # a box to tick has no margins of its own
        indented.addWidget(self.watch)
        self._column.addLayout(indented)
        self._column.addStretch(1)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def _hear(self, name: str, content: object) -> None:
        del content
        if name == "instruments":
            self.show_all()

    def show_all(self) -> None:
        """Show what the worker says now."""
        told: Mapping[str, Any] = self._context.link.instruments or {}
        known: Mapping[str, Any] = told.get("instruments") or {}
        for role in order(known):
            if role not in self.cards:
                self.cards[role] = Card(role, self._context)
                self._column.insertWidget(self._cards_end + order(self.cards).index(role), self.cards[role])
            self.cards[role].show_known(known[role])
        self.origin.setText(SOURCES.get(str(told.get("from")), "Nothing is known yet."))
        error = str(told.get("error") or "")
        self.wrong.setText(error)
        self.wrong.setVisible(bool(error))
        self.watch.setChecked(bool((told.get("watching") or {}).get("on")))

    def _show_ages(self) -> None:
        for card in self.cards.values():
            card.show_age()
