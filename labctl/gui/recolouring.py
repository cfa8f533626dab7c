"""Other colours for a window, in steps between which other things get their turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PyQt6.QtWidgets import QApplication, QWidget

from labctl.gui import theme
from labctl.gui.context import Context
from labctl.gui.theme import Theme
from labctl.gui.timing import timer

BETWEEN = 10
"""ms between two steps, in which other things get their turn."""


class Recolouring:
    """Gives a window other colours.

    Args:
        window: What is not painted meanwhile.
        parts: What in it is dressed, one after the other.
        context: Who tells the panels.

    Attributes:
        chosen: The colours that it has, or will have in a moment.
    """

    def __init__(self, window: QWidget, parts: Sequence[QWidget], context: Context) -> None:
        self.chosen = context.theme
        self._window = window
        self._parts = parts
        self._context = context
        self._left: list[Callable[[], None]] = []
        self._timer = timer(window, BETWEEN, self._step)

    def begin(self, chosen: Theme) -> None:
        """Take other colours, now and from now on."""
        self.chosen = chosen
        self._context.settings.setValue("theme", chosen.name)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        self._window.setUpdatesEnabled(False)
        self._left = [
            lambda: theme.apply(application, chosen),
            *(partial(theme.dress, part, chosen) for part in self._parts),
            lambda: self._context.set_theme(chosen),
            lambda: self._window.setUpdatesEnabled(True),
        ]
        self._timer.start()

    def finish(self) -> None:
        """Take the steps that are left at once."""
        while self._left:
            self._step()

    def _step(self) -> None:
        if self._left:
            self._left.pop(0)()
        if not self._left:
            self._timer.stop()
