"""Finds the worker of a station, or begins one that outlives the window."""

from __future__ import annotations

import subprocess
from pathlib import Path

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from labctl.gui.timing import timer
from labctl.gui.worker_link import WorkerLink
from labctl.service import places
from labctl.supervision import processes

COMPLAINTS = "worker.log"
"""In the queue's folder: what a worker printed that a window has begun."""
LOOK = 300
"""ms between two looks at whether a worker that was begun is still there."""
FOUND_WITHIN = 1200
"""ms in which a worker that is there has answered; without that one is begun."""


class WorkerStart(QObject):
    """Sees to it that a station has a worker.

    Args:
        link: Who looks for it.
        words: Of the command line, `worker --station ...`.
        folder: Of the queue.
        parent: Who owns this.
    """

    begun = pyqtSignal()
    """One was begun, and is not there yet."""
    failed = pyqtSignal(str)
    """It could not be begun; the sentence says why."""

    def __init__(self, link: WorkerLink, words: list[str], folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._link = link
        self._words = self._before = words  # and those with which one could be begun
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._ending = timer(self, LOOK, self._begin_when_gone)
        self._watching = timer(self, LOOK, self._watch)
        link.found.connect(self._watching.stop)  # what becomes of it later, the link says

    def see_to_it(self) -> None:
        """Look for the worker, and begin one if there is none."""
        self._link.begin(self._folder)
        if places.find_worker(self._folder) is None:
            self.begin()
        else:
            QTimer.singleShot(FOUND_WITHIN, self.begin_unless_there)

    def begin_anew(self, words: list[str]) -> None:
        """End the worker that is there, and begin another one with other words; its queue stays.

        Args:
            words: Of the command line, `worker --station ...`.
        """
        self._before, self._words = self._words, words
        number = self._link.pid
        if number is None:
            self.begin()
            return
        processes.ask_to_end(number)
        self._ending.start()

    def _begin_when_gone(self) -> None:
        if places.find_worker(self._folder) is None:
            self._ending.stop()
            self.begin()

    def begin_unless_there(self) -> None:
        """Begin one if none is there and none was begun that may still come."""
        if not self._link.here and not self.is_beginning:
            self.begin()

    @property
    def is_beginning(self) -> bool:
        """Whether one was begun and is still there, as far as this window knows."""
        return self._process is not None and self._process.poll() is None

    def begin(self) -> None:
        """Begin one; another one that holds the station's queue already makes it end by itself."""
        places.make_folder(self._folder)
        self._process = processes.begin_alone("labctl", *self._words, complaints=self._folder / COMPLAINTS)
        self._watching.start()
        self.begun.emit()

    def _watch(self) -> None:
        if self._process is None or self._process.poll() is None:
            return
        self._watching.stop()
        if not self._link.here:
            self._words = self._before  # what is tried next is what was there
            self.failed.emit(self._why())

    def _why(self) -> str:
        """Return the last thing that the worker complained of."""
        assert self._process is not None
        try:
            lines = (self._folder / COMPLAINTS).read_text(encoding="utf-8", errors="replace").strip().splitlines()
        except OSError:
            lines = []
        how = processes.how_it_ended(self._process.returncode or 0)
        return lines[-1].removeprefix("error: ") if lines else f"the worker {how}, and printed nothing"
