"""The panels of a window, where they are, and what they tell each other."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel, QWidget

from labctl.gui.context import Context
from labctl.gui.instruments.panel import InstrumentPanel


class Panels:
    """All panels.

    Args:
        context: What they share.
    """

    BEHIND = (("measure", "sample"), ("queue", "history"), ("instruments", "log"))
    """Pairs of panels that share a place; the first is in front."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.plot: QWidget = _placeholder("plot")
        self.measure: QWidget = _placeholder("measure")
        self.sample: QWidget = _placeholder("sample")
        self.instruments = InstrumentPanel(context)
        self.log: QWidget = _placeholder("log")
        self.queue: QWidget = _placeholder("queue")
        self.history: QWidget = _placeholder("history")

    def around(self) -> tuple[tuple[str, str, str, QWidget], ...]:
        """Return the panels around the plot: key, title, side, and the panel."""
        left, right, bottom = "LeftDockWidgetArea", "RightDockWidgetArea", "BottomDockWidgetArea"
        return (
            ("measure", "Measure", left, self.measure),
            ("sample", "Sample", left, self.sample),
            ("instruments", "Instruments", right, self.instruments),
            ("log", "Log", right, self.log),
            ("queue", "Queue", bottom, self.queue),
            ("history", "History", bottom, self.history),
        )

    def connect_all(self) -> None:
        """Let panels hear of each other."""


def _placeholder(name: str) -> QWidget:
    label = QLabel(name)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label
