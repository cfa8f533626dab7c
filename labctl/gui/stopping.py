"""STOP -> SAFE, in every state: the worker is asked, and where it does not answer it is ended.

A run notices at once that its worker is gone, and ends by itself in the safe state; so ending a worker that hangs is a
stop, too, and the harder one. It is asked for first, then ended as Ctrl-C does, then without being asked.
"""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal

from labctl.gui.timing import timer
from labctl.gui.worker_link import WorkerLink
from labctl.supervision import processes

ANSWERED_WITHIN = 3_000
"""ms in which a worker answers that can still bring anything to rest."""
ENDED_WITHIN = 10_000
"""ms that it gets to end by itself."""


class Stop(QObject):
    """Brings a station to its safe state, whatever the worker does.

    Args:
        link: The worker.
        user: Who asks, for the record.
        parent: Who owns this.
    """

    said = pyqtSignal(str, str)
    """Level and a sentence: how far it is."""
    ended = pyqtSignal()
    """It is no longer waited for."""

    def __init__(self, link: WorkerLink, user: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._link = link
        self._user = user
        self._patience = timer(self, ANSWERED_WITHIN, self._harder, once=True)
        self._tried = 0
        self._switching_off = False

    def stop(self) -> None:
        """Ask for it; called again, go on to the next harder way."""
        if self._patience.isActive():
            self._harder()
            return
        self._tried = 0
        self._patience.start(ANSWERED_WITHIN)
        self.said.emit("warning", "STOP: the worker is asked to bring the station to its safe state")
        self._link.ask("POST", "/stop", {"by": self._user}, then=lambda _: self._answered(), failed=self._not_answered)

    @property
    def pending(self) -> bool:
        """Whether an answer is waited for."""
        return self._patience.isActive() or self._switching_off

    def _answered(self) -> None:
        self._patience.stop()
        if self._link.run is not None:
            self.said.emit("warning", "STOP: the run ends in its safe state, and nothing further begins")
            self.ended.emit()
            return
        self.said.emit("warning", "STOP: nothing begins any more, and the sources are asked to switch off")
        self._switching_off = True  # a window that is being closed waits for this, too, or it would not be sent
        asked = {"do": "source_off", "by": self._user}
        self._link.ask("POST", "/manual", asked, then=lambda _: self._off(), failed=self._sources_stay)

    def _sources_stay(self, sentence: str) -> None:
        self.said.emit("error", f"STOP: the sources could not be asked to switch off: {sentence}")
        self._off()

    def _off(self) -> None:
        self._switching_off = False
        self.ended.emit()

    def _not_answered(self, sentence: str) -> None:
        if self._tried:
            return  # that is what the harder way does to it
        self.said.emit("error", f"STOP: {sentence}")
        self._harder()

    def _harder(self) -> None:
        self._patience.stop()
        number = self._link.pid
        if number is None and self._tried:
            self.said.emit(
                "warning", "STOP: the worker has ended; a run that was on notices, and ends in its safe state"
            )
            self.ended.emit()
            return
        if number is None:
            self.said.emit("error", "STOP: no worker of this station is known, so none can be stopped from here")
            self.ended.emit()
            return
        self._tried += 1
        if self._tried == 1:
            processes.ask_to_end(number)
            self._patience.start(ENDED_WITHIN)
            self.said.emit("error", "STOP: the worker does not answer; it is asked to end, and its run ends safely")
        else:
            processes.end_number(number)
            self.ended.emit()
            self.said.emit("error", "STOP: the worker was killed; its run notices, and ends in its safe state")
