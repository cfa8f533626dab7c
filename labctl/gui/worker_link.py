"""The window's end of a station's worker: asks it over HTTP, and hears of every change as it comes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QByteArray, QObject, QUrl, pyqtSignal
from PyQt6.QtNetwork import QNetworkAccessManager, QNetworkProxy, QNetworkReply, QNetworkRequest

from labctl.gui.events import EventParser
from labctl.gui.timing import timer
from labctl.service.places import Worker, find_worker
from labctl.window_words import in_window, read_in_window

Then = Callable[[dict[str, Any]], None]
Failed = Callable[[str], None]

PATIENCE = 240_000
"""ms for an answer: a check may have to wait for a process that begins."""
AGAIN = 500
"""ms between two looks for a worker that is not there."""
SILENT = 40_000
"""ms without a word after which a worker is taken as not answering; it says something every 15 s."""

UNANSWERED = "the worker does not answer any more"
"""What is said of a worker that is silent: it may be there, and so may its run."""


@dataclass(frozen=True, slots=True)
class _Asked:
    then: Then | None
    failed: Failed | None
    what: str


class WorkerLink(QObject):
    """Finds the worker of a queue, and stays in touch with it; after a loss it looks for it until it is there again.

    Attributes:
        queue: What `/queue` last answered.
        run: What `/run` last said of the run that is on, None between runs.
        station: What `/station` last answered.
        instruments: What `/instruments` last told, None where it has told nothing.
        field: What was told last of a field that a run left behind, None where nothing was.
    """

    found = pyqtSignal()
    """It is there: `station`, `queue` and `run` are known."""
    lost = pyqtSignal(str)
    """It is not there, or does not answer; a sentence."""
    told = pyqtSignal(str, object)
    """An event: its name and content; `queue` and `run` are up to date by then."""
    failed = pyqtSignal(str)
    """A sentence of something asked that failed and whose asker did not want to hear of it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.queue: dict[str, Any] | None = None
        self.run: dict[str, Any] | None = None
        self.station: dict[str, Any] | None = None
        self.instruments: dict[str, Any] | None = None
        self.field: dict[str, Any] | None = None
        self.here = False
        self._ended = False
        self._folder: Path | None = None
        self._worker: Worker | None = None
        self._stream: QNetworkReply | None = None
        self._parser = EventParser()
        self._net = QNetworkAccessManager(self)
        self._net.setProxy(QNetworkProxy(QNetworkProxy.ProxyType.NoProxy))
        self._silence = timer(self, SILENT, lambda: self._lose(UNANSWERED), once=True)
        self._looking = timer(self, AGAIN, self._look)

    @property
    def pid(self) -> int | None:
        """Number of the worker's process, None where none has said so."""
        worker = self._worker or (None if self._folder is None else find_worker(self._folder))
        return None if worker is None or not worker.pid else worker.pid

    def begin(self, folder: Path) -> None:
        """Look for the worker of a queue, from now on.

        Args:
            folder: The queue's.
        """
        self._folder = folder
        self._looking.start()
        self._look()

    def end(self) -> None:
        """Hang up; what was asked is not answered any more."""
        self._ended = True
        self._looking.stop()
        self._silence.stop()
        self._hang_up()

    # ---- asking

    def ask(
        self, method: str, path: str, content: dict[str, Any] | None = None, *, then: Then | None = None,
        failed: Failed | None = None,
    ) -> None:  # fmt: skip
        """Ask; the answer comes later.

        Args:
            method: E.g. `POST`.
            path: E.g. `/queue`.
            content: What is sent along.
            then: Called with the answer.
            failed: Called with a sentence instead; `failed` is emitted where it is None.
        """
        asked = _Asked(then, failed, f"{method} {path}")
        if self._worker is None:
            self._fail(asked, "no worker is there to be asked; it is being looked for")
            return
        request = self._request(path)
        request.setTransferTimeout(PATIENCE)
        body = QByteArray() if content is None else QByteArray(json.dumps(content).encode("ascii"))
        if content is not None:
            request.setHeader(QNetworkRequest.KnownHeaders.ContentTypeHeader, "application/json")
        reply = self._net.sendCustomRequest(request, method.encode("ascii"), body)
        assert reply is not None
        reply.finished.connect(lambda: self._answered(reply, asked))

    def _request(self, path: str) -> QNetworkRequest:
        assert self._worker is not None
        request = QNetworkRequest(QUrl(self._worker.url + path))
        request.setRawHeader(b"Authorization", f"Bearer {self._worker.token}".encode("ascii"))
        request.setAttribute(QNetworkRequest.Attribute.Http2AllowedAttribute, False)
        return request

    def _answered(self, reply: QNetworkReply, asked: _Asked) -> None:
        reply.deleteLater()
        if self._ended:
            return
        try:
            said = read_in_window((reply.readAll().data() or b"null").decode("utf-8"))
        except ValueError:
            said = None
        if reply.error() is not QNetworkReply.NetworkError.NoError or not isinstance(said, dict):
            plain = f"{asked.what} got no answer from the worker: {reply.errorString()}"
            self._fail(asked, in_window(str(said["error"])) if isinstance(said, dict) and "error" in said else plain)
        elif asked.then is not None:
            asked.then(said)

    def _fail(self, asked: _Asked, sentence: str) -> None:
        if asked.failed is not None:
            asked.failed(sentence)
        else:
            self.failed.emit(sentence)

    # ---- being told

    def _look(self) -> None:
        assert self._folder is not None
        if self._stream is not None:
            return
        self._worker = find_worker(self._folder)
        if self._worker is None:
            return
        self._parser = EventParser()
        stream = self._net.get(self._request("/events"))
        assert stream is not None
        self._stream = stream
        stream.readyRead.connect(self._hear)
        stream.finished.connect(lambda: self._stream_ended(stream))
        self._silence.start()

    def _hear(self) -> None:
        if self._stream is None:
            return
        self._silence.start()
        for name, content in self._parser.feed(self._stream.readAll().data()):
            if name == "queue":
                self.queue = content
            elif name == "run":
                self.run = content["run"]
            elif name == "instruments":
                self.instruments = content
            elif name == "field":
                self.field = content
            elif name == "station":
                self.station = {**(self.station or {}), **content}
            if self.here:
                self.told.emit(name, content)
        if not self.here and self.queue is not None:
            self.here = True
            self.ask("GET", "/station", then=self._know_station, failed=self._lose)

    def _know_station(self, said: dict[str, Any]) -> None:
        self.station = {**(self.station or {}), **said}
        self.found.emit()

    def _stream_ended(self, stream: QNetworkReply) -> None:
        stream.deleteLater()
        if stream is self._stream:
            self._lose(f"the worker has hung up: {stream.errorString()}")

    def _lose(self, why: str) -> None:
        was_here, self.here = self.here, False
        self._hang_up()
        self.queue = self.run = self.instruments = self.field = None
        self._worker = None
        if was_here:
            self.lost.emit(why)

    def _hang_up(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.readyRead.disconnect()
            stream.finished.disconnect()
            stream.abort()
            stream.deleteLater()
