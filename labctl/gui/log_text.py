"""Lines of text that can be clicked, as many as are kept; it stays at its end unless somebody has gone up."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent, QMouseEvent, QTextCursor
from PyQt6.QtWidgets import QPlainTextEdit

NEAR = 3
"""Pixels or lines from the end that count as the end."""


class LogText(QPlainTextEdit):
    """Text that is written line by line.

    Args:
        most: Lines that are kept.
    """

    chosen = pyqtSignal(float)
    """Lab time in s of a line that was clicked, or on which Enter was pressed."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self._times: dict[int, float] = {}
        self._last = 0
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setMaximumBlockCount(most)
        self.setTabChangesFocus(True)
        self.setAccessibleName("Log")
        self.setToolTip("A click on a line, or Enter, goes to its moment in the plot")
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )

    @property
    def at_end(self) -> bool:
        """Whether the last line is to be seen."""
        bar = self.verticalScrollBar()
        return bar is None or bar.value() >= bar.maximum() - NEAR

    def go_to_end(self) -> None:
        """Show the last line."""
        bar = self.verticalScrollBar()
        if bar is not None:
            bar.setValue(bar.maximum())

    def forget(self) -> None:
        """Take all lines away."""
        self.clear()
        self._times.clear()
        self._last = 0

    def end_of_text(self) -> QTextCursor:
        """Return a cursor behind the last line."""
        document = self.document()
        assert document is not None
        cursor = QTextCursor(document)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        return cursor

    def begin_line(self, cursor: QTextCursor, time_s: float | None) -> None:
        """Begin another line.

        Args:
            cursor: From `end_of_text`.
            time_s: Lab time of the line, None without.
        """
        if self._last:
            cursor.insertBlock()
        self._last += 1
        cursor.block().setUserState(self._last)
        if time_s is not None:
            self._times[self._last] = time_s
        self._times.pop(self._last - self._most, None)

    def mouseReleaseEvent(self, e: QMouseEvent | None) -> None:  # noqa: N802 - Qt's name
        """Tell which line was clicked, unless text was selected."""
        super().mouseReleaseEvent(e)
        if e is not None and e.button() is Qt.MouseButton.LeftButton and not self.textCursor().hasSelection():
            self._tell(self.cursorForPosition(e.position().toPoint()))

    def keyPressEvent(self, e: QKeyEvent | None) -> None:  # noqa: N802 - Qt's name
        """Tell at Enter on which line it was."""
        if e is not None and e.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._tell(self.textCursor())
        else:
            super().keyPressEvent(e)

    def _tell(self, cursor: QTextCursor) -> None:
        time_s = self._times.get(cursor.block().userState())
        if time_s is not None:
            self.chosen.emit(time_s)
