"""The line above the table of a queue: what was just done or refused, and how to undo it."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from labctl.gui.elided import ElidedLabel
from labctl.gui.marks import mark
from labctl.gui.timing import timer

STAYS = 12_000
"""ms for which a sentence stays that is no error."""


class Notice(QWidget):
    """One sentence, hidden as long as there is none.

    Args:
        undo: What puts back what was removed.
    """

    def __init__(self, undo: QAction) -> None:
        super().__init__()
        self.said = ElidedLabel()
        self.undo, self.close_button = QToolButton(), QToolButton()
        self.undo.setDefaultAction(undo)
        self.close_button.setText("×")
        self.close_button.setToolTip("Takes this sentence away.")
        self.close_button.setAccessibleName("Take the sentence away")
        self.close_button.clicked.connect(lambda: self.say("info", ""))
        self._sentence, self._removed, self._level = "", "", "info"
        self._stays = timer(self, STAYS, lambda: self.say("info", ""), once=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 0, 2, 0)
        row.setSpacing(6)
        row.addWidget(self.said)
        for button in (self.undo, self.close_button):
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            row.addWidget(button)
        row.addStretch(1)
        self._show()

    def say(self, level: str, sentence: str) -> None:
        """Say something.

        Args:
            level: `info`, `warning`, `error`; an error stays until somebody takes it away.
            sentence: "" for nothing.
        """
        self._sentence, self._level = sentence, level
        if sentence and level != "error":
            self._stays.start()
        else:
            self._stays.stop()
        self._show()

    def show_undo(self, removed: str) -> None:
        """Offer to undo a removal.

        Args:
            removed: What was removed, "" if nothing can be put back.
        """
        if removed != self._removed:
            self._removed = removed
            self._show()

    def _show(self) -> None:
        text = "; ".join(part for part in (self._removed, self._sentence) if part)
        self.said.say(text)
        mark(self.said, {"error": "wrong", "warning": "warn"}.get(self._level if self._sentence else "", ""))
        self.undo.setVisible(bool(self._removed))
        self.close_button.setVisible(bool(self._sentence))
        self.setVisible(bool(text))
