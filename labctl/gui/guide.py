"""A guided first measurement: one line above the plot that says what to do next, and notices when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton

from labctl.gui.context import Context

EXPERIMENT = "ahe"


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        key: By which the window knows what to show for it.
        says: What to do.
        button: What the button says that does it.
    """

    key: str
    says: str
    button: str


STEPS = (
    Step(
        "check",
        "Are the contacts good? A contact check measures every pair of leads. Put one into the queue.",
        "Check contacts",
    ),
    Step(
        "rehearse",
        "Rehearse an anomalous-Hall loop: the same code runs on a simulated copy, and shows the curve, how long it "
        "takes, and what would be refused.",
        "Rehearse ahe",
    ),
    Step(
        "queue",
        "Put it into the queue. It begins when the contact check is over, and its curve comes in above the grey one "
        "that was rehearsed.",
        "Measure it",
    ),
    Step(
        "watch",
        "It is measured. F8 pauses it at the next point, F12 makes everything safe. Time can go faster: Ctrl+Up.",
        "Faster",
    ),
    Step(
        "results",
        "Done: coercive fields and the Hall resistance are in the history, with their uncertainties. Export them "
        "there, or measure at other temperatures.",
        "Show it",
    ),
)


class Guide(QFrame):
    """The line with the next step.

    Args:
        context: Whose worker says what is done.
    """

    wanted = pyqtSignal(str)
    """Somebody wants a step to be done for them: its key."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.number = 0
        self._before: set[str] = set()  # items that were there when it was begun again
        self.where, self.says = QLabel(), QLabel()
        self.button, self.close_button = QPushButton(), QPushButton("No guide")
        self.where.setProperty("heading", True)
        self.says.setWordWrap(True)
        self.button.setProperty("primary", True)
        self.button.setToolTip("Does this step for you; you may as well do it by hand.")
        self.close_button.setToolTip("Puts this line away.")
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 6, 10, 6)
        row.setSpacing(10)
        row.addWidget(self.where)
        row.addWidget(self.says, 1)
        row.addWidget(self.button)
        row.addWidget(self.close_button)
        self.button.clicked.connect(lambda _: self.wanted.emit(STEPS[self.number].key))
        self.close_button.clicked.connect(lambda _: self.hide())
        context.link.told.connect(self._hear)
        context.theme_changed.connect(self._colour)
        self._show()
        self._colour()

    def begin(self) -> None:
        """Show it, from its first step if it was put away or had come to its end; what was done by then is not it."""
        if self.isHidden() or self.number == len(STEPS) - 1:
            queue = self._context.link.queue or {"items": []}
            self._before = {str(item["id"]) for item in queue["items"]}
            self.number = 0
            self._show()
        self.show()

    def rehearsed(self) -> None:
        """Take in that something was rehearsed."""
        self._reach("rehearse")

    def opened(self) -> None:
        """Take in that a run was looked at."""
        if STEPS[self.number].key == "results":
            self.hide()

    def _hear(self, name: str, content: object) -> None:
        del content
        if name != "queue" or self._context.link.queue is None:
            return
        for item in self._context.link.queue["items"]:
            if str(item.get("id")) not in self._before:
                self._learn(item)

    def _learn(self, item: Mapping[str, Any]) -> None:
        what = item["asked"]["procedure"]
        if what == "contact-check":
            self._reach("check")
        elif what == EXPERIMENT:
            self._reach("watch" if item["state"] == "finished" else "queue")

    def _reach(self, key: str) -> None:
        """Go on behind a step that is done, never back."""
        done = next(number for number, step in enumerate(STEPS) if step.key == key)
        if done >= self.number:
            self.number = min(done + 1, len(STEPS) - 1)
            self._show()

    def _show(self) -> None:
        self.where.setText(f"{self.number + 1} of {len(STEPS)}")
        self.says.setText(STEPS[self.number].says)
        self.button.setText(STEPS[self.number].button)

    def _colour(self) -> None:
        theme = self._context.theme
        self.setStyleSheet(f"Guide {{ background: {theme.panel}; border: 1px solid {theme.accent}; }}")
