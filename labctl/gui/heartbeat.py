"""How long the event loop was held up: a timer that looks at when it is called."""

from __future__ import annotations

import time

from PyQt6.QtCore import QObject, Qt

from labctl.gui.timing import timer

BEAT = 5
"""ms between two looks."""


class Heartbeat(QObject):
    """Measures the longest time in which nothing was answered.

    Attributes:
        worst: ms beyond the interval, the longest since `begin`.
        beats: How many there were since then.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.worst, self.beats = 0.0, 0
        self._last = 0.0
        self._timer = timer(self, BEAT, self._beat)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)

    def begin(self) -> None:
        """Measure from now on."""
        self.worst, self.beats, self._last = 0.0, 0, time.perf_counter()
        self._timer.start()

    def end(self) -> float:
        """Stop, and return the worst in ms."""
        self._beat()
        self._timer.stop()
        return self.worst

    def _beat(self) -> None:
        now = time.perf_counter()
        self.worst = max(self.worst, (now - self._last) * 1e3 - BEAT)
        self._last = now
        self.beats += 1
