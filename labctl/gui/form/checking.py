"""Has what is typed checked: a moment after the last key, by the desk, and only the newest counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from labctl.gui.desk_link import DIED, DeskLink
from labctl.gui.timing import timer

MOMENT = 150
"""ms after the last change until it is checked."""


class Checking(QObject):
    """Checks what a form asks for.

    Args:
        desk: Who checks.
        asking: Returns what is to be checked, as `labctl.desk.checks.check` takes it; None for nothing.
        parent: Who owns this.
    """

    checked = pyqtSignal(object)
    """What the check found of what stands in the form now."""
    failed = pyqtSignal(str)
    """It could not be checked."""

    def __init__(self, desk: DeskLink, asking: Callable[[], dict[str, Any] | None], parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._asking = asking
        self._number: int | None = None
        self._again = False  # a check is made anew whose process died, which need not be for what stands in the form
        self._timer = timer(self, MOMENT, self.now, once=True)

    @property
    def is_due(self) -> bool:
        """Whether what stands in the form is not checked yet."""
        return self._timer.isActive() or self._number is not None

    def soon(self) -> None:
        """Check after a moment; a check that is on is of no interest any more."""
        self.forget()
        self._again = False
        self._timer.start()

    def now(self) -> None:
        """Check at once."""
        self.forget()
        asked = self._asking()
        if asked is not None:
            self._number = self._desk.ask("check", then=self._take, failed=self._fail, **asked)

    def forget(self) -> None:
        """Check nothing; what is being checked is of no interest any more."""
        self._timer.stop()
        self._desk.drop(self._number)
        self._number = None

    def _take(self, found: Any) -> None:
        self._number, self._again = None, False
        self.checked.emit(found)

    def _fail(self, sentence: str) -> None:
        self._number = None
        self.failed.emit(sentence)
        if sentence.startswith(DIED) and not self._again:
            self._again = True
            self._timer.start()
