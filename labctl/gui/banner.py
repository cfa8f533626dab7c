"""The line at the top: whether the station is simulated, what it does, and STOP -> SAFE."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QBrush, QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from labctl.gui.context import Context
from labctl.gui.elided import ElidedLabel
from labctl.gui.speed_control import SpeedControl


class Banner(QWidget):
    """What the station does, in a colour that is seen across the room.

    Args:
        context: Where the colours are.
    """

    stop = pyqtSignal()
    """Somebody wants the station safe, now."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.tone = "quiet"
        self.simulator, self.speed = QLabel("SIMULATOR"), SpeedControl(context, self)
        for widget in (self.simulator, self.speed):
            widget.setVisible(context.simulate)
        self.said = ElidedLabel()
        self.said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.button = QPushButton("■  STOP → SAFE")
        self.button.setToolTip(
            "Ends the run that is on in the safe state: current to zero, output off, field held; nothing "
            "further begins. "
            "Keys: F12, or Esc twice; they work everywhere in the window."
        )
        self.button.clicked.connect(self.stop)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 4, 6, 4)
        row.setSpacing(14)
        row.addWidget(self.simulator)
        row.addWidget(self.speed)
        row.addWidget(self.said, 1)
        row.addWidget(self.button)
        context.theme_changed.connect(self._colour)
        self._colour()

    def show_state(self, sentence: str, tone: str) -> None:
        """Say what the station does.

        Args:
            sentence: In a few words.
            tone: A colour of the theme: `quiet`, `good`, `warn`, `bad`.
        """
        if (sentence, tone) != (self.said.text(), self.tone):
            self.said.say(sentence)
            self.tone = tone
            self._colour()

    def _colour(self) -> None:
        theme = self._context.theme
        on = theme.window if self.tone == "quiet" else theme.on_state
        self.said.setStyleSheet(f"color: {on}; font-weight: bold; font-size: 15px;")
        self.simulator.setStyleSheet(
            f"color: {theme.on_state}; background: {theme.simulator}; font-weight: bold; padding: 3px 8px;"
            "border-radius: 3px;"
        )
        self.button.setStyleSheet(
            "QPushButton { background: #c1121f; color: #ffffff; border: 2px solid #ffffff; border-radius: 5px;"
            "font-weight: bold; font-size: 15px; padding: 5px 16px; }"
            "QPushButton:hover, QPushButton:focus { background: #96000c; }"
            "QPushButton:focus { border: 3px solid #ffd166; padding: 4px 15px; }"
        )
        self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Fill the line; a simulated station has stripes that nothing can hide."""
        del a0
        theme, painter = self._context.theme, QPainter(self)
        painter.fillRect(self.rect(), QColor(getattr(theme, self.tone)))
        if self._context.simulate:
            stripes = QColor(theme.simulator)
            painter.fillRect(0, self.height() - 5, self.width(), 5, QColor(theme.window))
            painter.fillRect(0, self.height() - 5, self.width(), 5, QBrush(stripes, Qt.BrushStyle.BDiagPattern))
        painter.end()
