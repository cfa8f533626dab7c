"""The line below the table of a queue: what was just done or refused, and how to undo it."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from labctl.gui.elided import ElidedLabel
from labctl.gui.marks import mark
from labctl.gui.timing import timer

STAYS = 12_000
"""ms for which a sentence stays that is no error."""
OFFERED = 30_000
"""ms for which it is offered to undo a removal; the key and the menu do so as long as the window is open."""


class Notice(QWidget):
    """One sentence, hidden as long as there is none.

    Args:
        undo: What puts back what was removed.
    """

    def __init__(self, undo: QAction) -> None:
        super().__init__()
        self.said = ElidedLabel()
        self.undo, self.close_button = QToolButton(), QToolButton()
        self.undo.clicked.connect(undo.trigger)
        self.undo.setToolTip(undo.toolTip())
        self.close_button.setText("×")
        self.close_button.setToolTip("Takes this sentence away.")
        self.close_button.setAccessibleName("Take the sentence away")
        self.close_button.clicked.connect(self._put_away)
        self._sentence, self._removed, self._puts_back, self._level = "", "", "", "info"
        self._shown = "", ""
        self._fades = timer(self, OFFERED, self._fade, once=True)
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

    def show_undo(self, removed: str, puts_back: str) -> None:
        """Offer to undo a removal.

        Args:
            removed: What was removed, "" if nothing can be put back.
            puts_back: What undoing it does.
        """
        if (removed, puts_back) == self._shown:
            return
        self._shown = self._removed, self._puts_back = removed, puts_back
        if removed:
            if self._level != "error":
                self._sentence = ""  # what was said before is of something else
            self._fades.start()
        self._show()

    def _put_away(self) -> None:
        self._fade()
        self.say("info", "")

    def _fade(self) -> None:
        self._removed = self._puts_back = ""
        self._show()

    def _show(self) -> None:
        text = self._sentence or self._removed  # of what can be undone the button says enough
        self.said.say(text)
        mark(self.said, {"error": "wrong", "warning": "warn"}.get(self._level if self._sentence else "", ""))
        self.undo.setText(self._puts_back)
        self.undo.setVisible(bool(self._puts_back))
        self.close_button.setVisible(bool(text))
        self.setVisible(bool(text))
