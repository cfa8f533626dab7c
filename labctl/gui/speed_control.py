"""How fast a simulated station's time goes: shown, and set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMenu, QToolButton, QWidget

from labctl.gui.context import Context

SPEEDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class SpeedControl(QToolButton):
    """A button with the speed, and a menu of others.

    Args:
        context: Whose worker has the lab.
        parent: Where it is.
    """

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._speed: float | None = None
        self._unanswered = 0
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        self.actions_of: dict[int, QAction] = {}
        for speed in SPEEDS:
            action = QAction(f"×{speed}", self)
            action.setCheckable(True)
            action.triggered.connect(lambda _, speed=speed: self.set_speed(speed))
            menu.addAction(action)
            self.actions_of[speed] = action
        self.setMenu(menu)
        self.show_lab(None)

    def show_lab(self, lab: Mapping[str, Any] | None) -> None:
        """Show what the worker says of its lab; None where it has none, or has said nothing."""
        if lab is not None and self._unanswered:
            return
        self._speed = None if lab is None or lab.get("speed") is None else float(lab["speed"])
        text = "time …" if lab is None else "time jumps" if self._speed is None else f"time ×{self._speed:g}"
        self.setText(text)
        settable = bool(lab and lab.get("settable"))
        self.setEnabled(settable)
        self.setToolTip(
            "Lab seconds in one of yours; choose another speed (Ctrl+Up, Ctrl+Down). A run that is on goes on at it."
            if settable else "The speed of this lab cannot be changed while it runs."
        )  # fmt: skip
        for speed, action in self.actions_of.items():
            action.setChecked(speed == self._speed)

    def set_speed(self, speed: float) -> None:
        """Ask for another speed; the next step goes on from it, though the worker has not answered yet."""
        self._speed, self._unanswered = float(speed), self._unanswered + 1
        self._context.link.ask("POST", "/lab/speed", {"speed": float(speed)}, then=self._take, failed=self._refused)

    def _take(self, station: dict[str, Any]) -> None:
        self._unanswered -= 1
        self.show_lab(station.get("lab"))

    def _refused(self, sentence: str) -> None:
        self._unanswered -= 1
        self._context.said.emit("error", sentence)

    def step(self, way: int) -> None:
        """Go to the next faster speed (1) or slower one (-1)."""
        if self._speed is None or not self.isEnabled():
            return
        others = [speed for speed in SPEEDS if (speed - self._speed) * way > 0]
        if others:
            self.set_speed(min(others, key=lambda speed: abs(speed - (self._speed or 0.0))))
