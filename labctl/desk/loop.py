"""Answers one question after the other: JSON lines in, JSON lines out.

    {"number": 7, "what": "form", "with": {"procedure": "ahe"}}     asks
    {"drop": 7}                                                     takes a question back
    {"number": 7, "told": {...}}                                    how far it is
    {"number": 7, "answer": {...}}  or  {"number": 7, "error": "a sentence", "exit_code": 2}

The end of the input ends the process at once, whatever it does: nobody is there any more.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
import threading
from collections.abc import Mapping
from queue import SimpleQueue
from typing import Any, BinaryIO

from instruments.errors import LabError
from labctl.desk.answers import answer_of
from labctl.window_words import needs_window, told_in_window


class Telling:
    """What an answer can say before it is complete.

    Args:
        desk: Who says it.
        number: Of the question.
    """

    def __init__(self, desk: Desk, number: int) -> None:
        self._desk = desk
        self._number = number

    @property
    def dropped(self) -> bool:
        """Whether the question was taken back."""
        return self._number in self._desk.dropped

    def tell(self, content: Mapping[str, Any]) -> None:
        """Say how far it is."""
        self._desk.say({"number": self._number, "told": content})


class Desk:
    """Answers what it is asked over a pair of pipes.

    Args:
        asked: Where questions come from.
        said: Where answers go to.

    Attributes:
        dropped: Numbers of questions that were taken back.
    """

    def __init__(self, asked: BinaryIO, said: BinaryIO) -> None:
        self._asked = asked
        self._said = said
        self._questions: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self.dropped: set[int] = set()

    def work(self) -> None:
        """Answer until the process is ended by the end of its input."""
        threading.Thread(target=self._listen, name="questions", daemon=True).start()
        while True:
            question = self._questions.get()
            number = int(question["number"])
            if number not in self.dropped:
                self.say({"number": number, **self._answered(question)})
            self.dropped.discard(number)

    def _listen(self) -> None:
        for line in self._asked:
            message = json.loads(line)
            if "drop" in message:
                self.dropped.add(int(message["drop"]))
            else:
                self._questions.put(message)
        os._exit(0)

    def _answered(self, question: Mapping[str, Any]) -> dict[str, Any]:
        try:
            function = answer_of(str(question["what"]))
            given = dict(question.get("with", {}))
            if "telling" in inspect.signature(function).parameters:
                given["telling"] = Telling(self, int(question["number"]))
            answer = function(**given)
            json.dumps(answer, allow_nan=False)
        except LabError as error:
            return {"error": str(error), "status": error.status, "exit_code": error.exit_code}
        except SystemExit as error:
            said = f"the program was ended (sys.exit) by code that labctl ran: {error.code}"
            return {"error": said, "status": "failed", "exit_code": 1}
        except Exception as error:  # noqa: BLE001 - the one boundary of the process: a defect is one sentence, too
            return {"error": f"{type(error).__name__}: {error}", "status": "failed", "exit_code": 1}
        return {"answer": answer}

    def say(self, message: Mapping[str, Any]) -> None:
        """Write a message, its sentences as the window says them."""
        text = json.dumps(message, allow_nan=False)
        if needs_window(text):
            text = json.dumps(told_in_window(message), allow_nan=False)
        self._said.write(text.encode("ascii") + b"\n")
        self._said.flush()


def main() -> int:
    """Answer on the standard input and output; what an experiment prints goes where errors go."""
    said = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.stdout = sys.stderr
    Desk(sys.stdin.buffer, said).work()
    return 0
