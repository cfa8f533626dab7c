"""A choice that the mouse wheel leaves alone: it scrolls the page, and must not change what the pointer rests on."""

from __future__ import annotations

from PyQt6.QtGui import QWheelEvent
from PyQt6.QtWidgets import QComboBox


class SteadyChoice(QComboBox):
    """A combo box without wheel."""

    def wheelEvent(self, e: QWheelEvent | None) -> None:  # noqa: N802 - Qt's name
        """Leave the wheel to the page."""
        if e is not None:
            e.ignore()
