"""Remembers what is entered in the form, so that a window that ends, however it ends, comes back with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from PyQt6.QtCore import QObject, QSettings

from labctl.gui.timing import timer

KEY = "entered"
SAVED_AFTER = 1000
"""ms after a change that it is written down."""


class KeptEntries(QObject):
    """Writes entries into the window's settings a moment after they have changed.

    Args:
        settings: Where.
        asked: Gives what is asked, as `labctl.asked.Asked` takes it; None where it is not to be remembered.
        parent: Who owns this.
    """

    def __init__(self, settings: QSettings, asked: Callable[[], Mapping[str, Any] | None], parent: QObject) -> None:
        super().__init__(parent)
        self._settings = settings
        self._asked = asked
        self._soon = timer(self, SAVED_AFTER, self.keep, once=True)

    def soon(self) -> None:
        """Write it down when nothing has changed for a moment."""
        self._soon.start()

    def keep(self) -> None:
        """Write it down now."""
        asked = self._asked()
        if asked is not None and asked["procedure"]:
            kept = {name: asked[name] for name in ("procedure", "parameters", "over")}
            self._settings.setValue(KEY, json.dumps(kept))
            self._settings.sync()

    def of(self, procedure: str) -> tuple[dict[str, str], list[str] | None]:
        """Return what was entered in an experiment's form, and what its series went over, if it was the last one."""
        try:
            kept = json.loads(str(self._settings.value(KEY, "")))
            if kept["procedure"] != procedure:
                return {}, None
            entered = {str(name): str(text) for name, text in kept["parameters"].items()}
            return entered, [str(each) for each in kept["over"]] or None
        except (ValueError, KeyError, TypeError, AttributeError):  # nothing was kept, or something else
            return {}, None
