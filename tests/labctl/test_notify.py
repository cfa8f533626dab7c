"""The station's notify command: what it is given, how long it may take, and which ends it is started for."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from labctl.notified import notify_of
from labctl.notify import Notify, tell, wanted
from labctl.procedure import Procedure
from labctl.request import Outcome, Request
from labctl.rundir import RunDirectory
from labctl.sample import load_sample
from labctl.station import load_station

WRITE = "import os, sys, json; json.dump([sys.argv[2:], sys.stdin.read(), os.environ['LABCTL_SENTENCE'], \
os.environ['LABCTL_RUN'], os.environ['LABCTL_STATUS']], open(sys.argv[1], 'w'))"
NASTY = 'the source\'s "level" is $(rm -rf ~) & 5 %PATH% {run} µA; `x`\n'


def python(code: str, *words: object) -> Notify:
    return Notify(command=(sys.executable, "-S", "-c", code, *map(str, words)))


def test_the_sentence_comes_as_a_word_in_the_environment_and_as_input_and_no_letter_means_anything(
    tmp_path: Path,
) -> None:
    told = tmp_path / "told.json"
    notify = python(WRITE, told, "{status}: {sentence}", '{"at": "{run}"}')
    assert tell(notify, "failed", NASTY, tmp_path) == ""
    said = [[f"failed: {NASTY}", f'{{"at": "{tmp_path}"}}'], f"{NASTY}\n{tmp_path}\n", NASTY, str(tmp_path), "failed"]
    assert json.loads(told.read_text()) == said


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("import sys; print('no  network'); sys.exit(7)", "ended with exit code 7: no network"),
        ("import os; os.kill(os.getpid(), 9)", "ended with exit code -9"),
    ],
)
def test_a_command_that_fails_says_so_in_a_sentence(code: str, wrong: str, tmp_path: Path) -> None:
    assert tell(python(code), "failed", "it broke", tmp_path) == f"the notify command {sys.executable!r} {wrong}"


def test_a_command_that_is_not_there_or_does_not_end_is_given_up(tmp_path: Path) -> None:
    absent = Notify(command=("labctl-has-no-such-program",))
    assert tell(absent, "failed", "it broke", tmp_path) == (
        "the notify command 'labctl-has-no-such-program' cannot be started: No such file or directory"
    )
    slow = python("import time; time.sleep(1000)").model_copy(update={"within": 0.2})
    assert "was not done within 0.2 s, and was ended" in tell(slow, "failed", "it broke", tmp_path)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"command": []}, "at least 1 item"),
        ({"command": [" "]}, "the first word of the command is empty"),
        ({"command": ["beep", "{sentense}"]}, r"\{sentense\} is not known in a command; known are \{sentence\}, "),
        ({"command": ["beep"], "when": ["sometimes"]}, "when"),
        ({"command": ["beep"], "within": "1 h"}, "within"),
        ({}, "command"),
    ],
)
def test_a_command_that_cannot_work_is_refused_when_the_station_is_read(fields: Any, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Notify.model_validate(fields)


def test_which_ends_are_told() -> None:
    usual, all_ = Notify(command=("x",)), Notify(command=("x",), when=("finished", "aborted"))
    ends = ("finished", "failed", "fault", "refused", "aborted")
    assert [end for end in ends if wanted(usual, end, serious=False)] == ["failed", "fault", "refused"]
    assert [end for end in ends if wanted(all_, end, serious=False)] == ["finished", "aborted"]
    assert wanted(usual, "aborted", serious=True)
    assert not wanted(None, "failed", serious=True)


class Nothing(Procedure):
    """Nothing."""

    DATA_COLUMNS = ("Number",)

    def execute(self) -> None:
        """Do nothing."""


@pytest.fixture
def request_told(tmp_path: Path) -> tuple[Request, Path]:
    """What is asked at a station that writes down what people are told, and where."""
    told = tmp_path / "told"
    code = "import sys; open(sys.argv[1], 'a').write(sys.argv[2] + '\\n'); sys.exit(3)"
    station = load_station("ppms").model_copy(update={"notify": python(code, told, "{sentence}")})
    return Request("mine", Nothing(), station, load_sample("cotb2025"), simulate=False, out=tmp_path), told


def ended(tmp_path: Path, status: str, error: str | None, warnings: Sequence[str] = ()) -> Outcome:
    return Outcome(run=tmp_path, status=status, error=error, points=5, warnings=list(warnings))


@pytest.mark.parametrize(
    ("status", "error", "warnings", "asked", "sentence"),
    [
        ("failed", "it broke", [], "", "mine on cotb2025 at ppms failed: it broke"),
        ("refused", "helium low", [], "", "mine on cotb2025 at ppms refused: helium low"),
        ("finished", None, [], "", ""),
        ("aborted", "aborted by Ctrl-C", [], "Ctrl-C", ""),
        ("aborted", "aborted by the death of its supervisor", [], "the death of its supervisor",
         "mine on cotb2025 at ppms aborted: aborted by the death of its supervisor"),
        ("aborted", "aborted by Ctrl-C", ["other", "the safe state was not reached: source: gone"], "Ctrl-C",
         "the safe state was not reached: source: gone; mine on cotb2025 at ppms aborted: aborted by Ctrl-C"),
    ],
)  # fmt: skip
def test_what_people_are_told_of_a_run(
    status: str, error: str | None, warnings: Sequence[str], asked: str, sentence: str,
    request_told: tuple[Request, Path], tmp_path: Path,
) -> None:  # fmt: skip
    request, told = request_told
    outcome = ended(tmp_path, status, error, warnings)
    notify_of(request, outcome, asked)
    assert (told.read_text() if told.exists() else "") == (f"{sentence}\n" if sentence else "")
    assert outcome.status == status
    events = [event for event in RunDirectory(tmp_path).events() if event["event"] == "notify"]
    assert [event["text"] for event in events] == outcome.warnings[len(warnings) :]
    assert len(events) == bool(sentence)  # its exit code


def test_nobody_is_told_of_a_run_in_a_simulated_lab_of_its_own_or_without_a_folder(
    request_told: tuple[Request, Path], tmp_path: Path
) -> None:
    request, told = request_told
    notify_of(replace(request, simulate=True), ended(tmp_path, "failed", "it broke"), "")
    notify_of(request, replace(ended(tmp_path, "failed", "it broke"), run=None), "")
    assert not told.exists()
