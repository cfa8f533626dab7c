"""A desk as a process: answers, sentences for what is wrong, questions that are taken back, and its end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from typing import Any

import pytest


class Asked:
    """A desk, and what it says."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "labctl.desk"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def write(self, *messages: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"".join(json.dumps(message).encode() + b"\n" for message in messages))
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def ask(self, what: str, **content: Any) -> dict[str, Any]:
        self.write({"number": 1, "what": what, "with": content})
        return self.read()


@pytest.fixture(scope="module")
def desk() -> Generator[Asked]:
    asked = Asked()
    with asked.process:
        yield asked
        assert asked.process.stdin is not None
        asked.process.stdin.close()
        assert asked.process.wait(timeout=20) == 0


def test_an_answer_bears_the_number_of_its_question(desk: Asked) -> None:
    wanted = {"name": "ppms", "simulate": True}
    desk.write({"number": 41, "what": "stations"}, {"number": 42, "what": "station", "with": wanted})
    assert {"ppms", "versalab", "dynacool"} <= desk.read()["answer"].keys()
    second = desk.read()
    assert second["number"] == 42
    assert second["answer"]["queue"].endswith("ppms-sim")


def test_what_is_wrong_is_a_sentence_with_its_exit_code(desk: Asked) -> None:
    said = desk.ask("station", name="nowhere", simulate=False)
    assert "nowhere" in said["error"]
    assert said["exit_code"] == 2


def test_what_it_does_not_know_is_said_with_what_it_knows(desk: Asked) -> None:
    assert "stations" in desk.ask("horoscope")["error"]


def test_a_defect_does_not_end_it(desk: Asked) -> None:
    assert desk.ask("station", colour="red")["error"].startswith("TypeError")
    assert "answer" in desk.ask("stations")


def test_a_question_that_is_taken_back_before_its_turn_is_not_answered(desk: Asked) -> None:
    desk.write({"drop": 7}, {"number": 7, "what": "procedures"}, {"number": 8, "what": "procedures"})
    said = desk.read()
    assert said["number"] == 8
    assert "ahe" in said["answer"]["procedures"]


def test_no_option_of_the_command_line_is_named(desk: Asked) -> None:
    said = desk.ask("runs_fitting", root="/nowhere", parameters=["nonsense"])
    assert said["error"] == "'nonsense' is no condition; write e.g. temperature=250:300K"
