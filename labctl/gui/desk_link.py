"""The window's end of a desk: a process that answers questions, begun when the first one is asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PyQt6.QtCore import QObject, QProcess, QProcessEnvironment, pyqtSignal

Then = Callable[[Any], None]
Failed = Callable[[str], None]

MODULE = "labctl.desk"


@dataclass(slots=True)
class _Question:
    then: Then
    failed: Failed | None
    told: Then | None


class DeskLink(QObject):
    """Asks a desk, and hears its answers in the window's event loop.

    A desk whose process dies is begun anew with the next question; what it was asked meanwhile fails with a sentence.

    Args:
        name: What it is for.
        parent: Who owns it.
    """

    failed = pyqtSignal(str)
    """A sentence of a question that failed and whose asker did not want to hear of it."""

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self._process: QProcess | None = None
        self._asked: dict[int, _Question] = {}
        self._number = 0
        self._half = bytearray()

    def ask(
        self, what: str, *, then: Then, failed: Failed | None = None, told: Then | None = None, **content: Any
    ) -> int:
        """Ask; the answer comes later.

        Args:
            what: A question of `labctl.desk.answers`.
            then: Called with the answer.
            failed: Called with a sentence instead.
            told: Called with how far it is.
            content: What the question takes, as JSON can hold it.

        Returns:
            Its number, for `drop`.
        """
        self._number += 1
        self._asked[self._number] = _Question(then, failed, told)
        self._write({"number": self._number, "what": what, "with": content})
        return self._number

    def drop(self, number: int | None) -> None:
        """Take a question back: nothing is called for it any more."""
        if number is not None and self._asked.pop(number, None) is not None:
            self._write({"drop": number})

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return bool(self._asked)

    def end(self) -> None:
        """End the process, and forget what was asked."""
        self._asked.clear()
        process, self._process = self._process, None
        if process is not None:
            process.readyReadStandardOutput.disconnect()
            process.finished.disconnect()
            process.errorOccurred.disconnect()
            process.closeWriteChannel()  # its input ends, so it ends
            process.kill()
            process.waitForFinished(200)

    def _write(self, message: dict[str, Any]) -> None:
        if self._process is None:
            self._process = self._begun()
        self._process.write(json.dumps(message).encode("ascii") + b"\n")

    def _begun(self) -> QProcess:
        process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("QT_QPA_PLATFORM", "offscreen")  # what an experiment imports must not open a window
        process.setProcessEnvironment(environment)
        process.setProcessChannelMode(QProcess.ProcessChannelMode.ForwardedErrorChannel)
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._died)
        process.errorOccurred.connect(self._not_begun)
        self._half.clear()
        process.start(sys.executable, ["-m", MODULE])
        return process

    def _read(self) -> None:
        if self._process is None:
            return
        self._half += self._process.readAllStandardOutput().data()
        *lines, rest = self._half.split(b"\n")
        self._half = bytearray(rest)
        for line in lines:
            self._take(json.loads(line))

    def _take(self, message: dict[str, Any]) -> None:
        number = int(message["number"])
        question = self._asked.get(number)
        if question is None:
            return
        if "told" in message:
            if question.told is not None:
                question.told(message["told"])
            return
        del self._asked[number]
        if "error" in message:
            self._fail(question, str(message["error"]))
        else:
            question.then(message["answer"])

    def _fail(self, question: _Question, sentence: str) -> None:
        if question.failed is not None:
            question.failed(sentence)
        else:
            self.failed.emit(sentence)

    def _died(self, code: int, status: QProcess.ExitStatus) -> None:
        how = "crashed" if status is QProcess.ExitStatus.CrashExit else f"ended with exit code {code}"
        self._give_up(f"the process that answers for the window ({self.name}) {how}; what it printed may say why")

    def _not_begun(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._give_up(f"the process that answers for the window ({self.name}) cannot be started: {sys.executable}")

    def _give_up(self, sentence: str) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        asked, self._asked = self._asked, {}
        for question in asked.values():
            self._fail(question, sentence)
