"""Timers of the event loop."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject, QTimer


def timer(parent: QObject, milliseconds: int, do: Callable[[], object] | None = None, *, once: bool = False) -> QTimer:
    """Return a timer that stands still until it is started.

    Args:
        parent: Who owns it.
        milliseconds: Between two calls, or until the only one.
        do: What is called.
        once: Whether it is called only once for each start.
    """
    made = QTimer(parent)
    made.setInterval(milliseconds)
    made.setSingleShot(once)
    if do is not None:
        made.timeout.connect(do)
    return made
