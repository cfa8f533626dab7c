"""The window's end of a desk: a process that answers questions, begun when the first one is asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PyQt6.QtCore import QObject, QProcess, QProcessEnvironment, pyqtSignal

from labctl.gui.timing import timer

Then = Callable[[Any], None]
Failed = Callable[[str], None]

MODULE = "labctl.desk"
DIED = "the process that answers for the window"
"""How what is said begins where it died, or cannot be started, whatever it was asked."""
ABANDONED = 5_000
"""ms that the next question waits for one that was taken back."""


@dataclass(slots=True)
class _Question:
    message: dict[str, Any]
    then: Then
    failed: Failed | None
    told: Then | None


class DeskLink(QObject):
    """Asks a desk, and hears its answers in the window's event loop.

    A desk answers one question after the other. Where its process dies, or says nothing for too long, the question that
    it was at fails with a sentence, and the others are asked again, of a new process.

    Args:
        name: What it is for.
        parent: Who owns it.
        patience: ms without a word after which it is ended, 0 for ever.
    """

    failed = pyqtSignal(str)
    """A sentence of a question that failed and whose asker did not want to hear of it."""

    def __init__(self, name: str, parent: QObject | None = None, *, patience: int = 0) -> None:
        super().__init__(parent)
        self.name = name
        self._process: QProcess | None = None
        self._asked: dict[int, _Question] = {}
        self._number = 0
        self._half = bytearray()
        self._patience = patience
        self._abandoned = False  # what it is at was taken back
        self._silent = timer(self, max(patience, 1), self._hangs, once=True)
        self._ended = False

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
        if self._ended:
            return self._number
        message = {"number": self._number, "what": what, "with": content}
        self._asked[self._number] = _Question(message, then, failed, told)
        self._write(message)
        self._wait()
        return self._number

    def drop(self, number: int | None) -> None:
        """Take a question back: nothing is called for it any more."""
        first = next(iter(self._asked), None)
        if number is not None and self._asked.pop(number, None) is not None:
            self._write({"drop": number})
            if number == first:
                self._abandoned = True
                self._silent.stop()
                self._wait()

    def _wait(self) -> None:
        """Expect a word, unless one is expected already."""
        if self._patience and self._asked and not self._silent.isActive():
            self._silent.start(min(self._patience, ABANDONED) if self._abandoned else self._patience)

    def _hangs(self) -> None:
        """End a process that says nothing."""
        if self._process is not None and self._asked:
            self._process.kill()  # then it has died

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return bool(self._asked)

    def end(self) -> None:
        """End the process, and forget what was asked and what will be."""
        self._ended = True
        self._asked.clear()
        self._silent.stop()
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
            self._silent.stop()
            self._abandoned = False
            self._take(json.loads(line))
        self._wait()

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
        said = f"{DIED} ({self.name}) {how}; what it printed may say why"
        if self._patience and not self._silent.isActive():
            said = f"nothing came of it for {self._patience // 1000} s, so it was ended: code of an experiment may wait"
        self._begin_again(said)

    def _not_begun(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._give_up(f"{DIED} ({self.name}) cannot be started: {sys.executable}")

    def _begin_again(self, sentence: str) -> None:
        """Let the question fail at which the process died, and ask the others of a new one."""
        self._let_go()
        first = None if self._abandoned else next(iter(self._asked), None)
        self._abandoned = False
        failed = None if first is None else self._asked.pop(first)
        for question in self._asked.values():
            self._write(question.message)
        self._wait()
        if failed is not None:
            self._fail(failed, sentence)

    def _let_go(self) -> None:
        process, self._process = self._process, None
        self._silent.stop()
        if process is not None:
            process.deleteLater()

    def _give_up(self, sentence: str) -> None:
        self._let_go()
        asked, self._asked = self._asked, {}
        for question in asked.values():
            self._fail(question, sentence)
