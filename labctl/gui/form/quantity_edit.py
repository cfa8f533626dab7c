"""A line for a number with its unit, whose digits can be stepped with the arrow keys."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeyEvent, QWheelEvent
from PyQt6.QtWidgets import QLineEdit

from labctl.gui.form.digits import stepped

KEYS = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: 10, Qt.Key.Key_PageDown: -10}


class QuantityEdit(QLineEdit):
    """A line for a quantity or a list of them; arrow up and down step the digit that the caret stands behind.

    While it is empty its default stands in it in grey, and is what the first step begins from.

    Args:
        default: What is taken while it is empty.
        is_number: Whether that is a number that can be stepped, and not a word for leaving it out.
    """

    def __init__(self, default: str, *, is_number: bool = True) -> None:
        super().__init__()
        self.default = default
        self._first = default if is_number else ""
        self.hint = ""
        self.setPlaceholderText(default)

    def show_hint(self, value: str, why: str) -> None:
        """Show in grey what is taken while it is empty, and where from, up to a colon; "" shows the default again."""
        self.hint = value
        short = why.partition(": ")[0]
        self.setPlaceholderText(f"{value}, {short}" if value and short else value or self.default)

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:  # noqa: N802 - Qt's name
        """Step at the arrow keys."""
        if a0 is not None and a0.modifiers() in _PLAIN and (steps := KEYS.get(Qt.Key(a0.key()))):
            self.step(steps)
            a0.accept()
            return
        super().keyPressEvent(a0)

    def wheelEvent(self, a0: QWheelEvent | None) -> None:  # noqa: N802 - Qt's name
        """Leave the wheel to the form, which scrolls: a value must not change because a pointer rests on it."""
        if a0 is not None:
            a0.ignore()

    def step(self, steps: int) -> None:
        """Step the digit at the caret; an empty line is filled with its default first."""
        text, caret = self.text(), self.cursorPosition()
        if not text:
            text = self.hint.partition(" = ")[0] or self._first
            caret = 0
            digits = [place for place, letter in enumerate(text) if letter.isdigit()]
            if digits:
                leading = text[digits[0] :]
                caret = digits[0] + len(leading) - len(leading.lstrip("0123456789.-"))
        found = stepped(text, caret, steps)
        if found is not None:
            self.setText(found[0])
            self.setCursorPosition(found[1])


_PLAIN = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
