"""`labctl queue ...` as somebody types it, with a worker that answers in this process."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from labctl.asked import Asked
from labctl.cli.main import run_command
from labctl.rehearsed import Rehearsal
from labctl.service import client, places, rehearsing, serving
from labctl.service.queue import Queue
from labctl.service.serving import Wanted
from labctl.service.worker import Here, Worker
from labctl.station import load_station
from tests.labctl.service.test_rehearsing import FakeHand
from tests.labctl.service.test_web import CheckedHere

Said = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of the queue."""
    made = tmp_path / "queue"
    places.make_folder(made)
    return made


@pytest.fixture
def worker(folder: Path) -> Generator[Worker]:
    """One that is asked over HTTP, and carries nothing out."""
    worker = Worker(Here("ppms", True, None, None, folder), Queue(folder))
    worker.crew = CheckedHere()
    wanted = Wanted("ppms", None, None, folder, "127.0.0.1", 0)
    with serving.served(worker, wanted, load_station("ppms"), "127.0.0.1", folder):
        yield worker


@pytest.fixture
def said(folder: Path, capsys: pytest.CaptureFixture[str]) -> Said:
    """Exit code, stdout and stderr of a command."""

    def command(*words: str) -> tuple[int, str, str]:
        code = run_command(["queue", *words, "--queue", str(folder)])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


def one(text: str) -> Any:
    assert text.count("\n") == 1
    return json.loads(text)


def test_a_queue_is_filled_looked_at_and_steered(
    worker: Worker, said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert said("list") == (0, "the queue is empty\n", "")
    code, out, _ = said("add", "ahe", "-p", "maximum_field=0.15 T", "--tag", "night", "--user", "LW")
    assert (code, out) == (0, "item 1: ahe maximum_field=0.15 T\n")
    assert said("edit", "1", "-p", "maximum_field=0.15")[1].startswith("maximum_field=0.15 is taken for 0.15 T\n")
    item = one(said("add", "ahe", "--over", "maximum_field=0.1, 0.2 T", "--json")[1])
    assert (item["id"], item["asked"]["over"]) == ("2", ["maximum_field=0.1, 0.2 T"])
    assert item["asked"]["out"] == str((tmp_path / "runs").resolve())
    assert "tags: night" in said("show", "1")[1]
    assert said("move", "2", "1")[0] == 0
    assert [each["id"] for each in one(said("list", "--json")[1])["items"]] == ["2", "1"]
    edited = one(said("edit", "1", "-p", "loops=2", "--unset", "maximum_field", "--notes", "twice", "--json")[1])
    assert (edited["asked"]["parameters"], edited["asked"]["notes"]) == ({"loops": "2"}, "twice")
    assert said("skip", "1")[1] == "item 1 skipped: ahe loops=2\n"
    assert said("again", "1")[1] == "item 1 waiting: ahe loops=2\n"
    assert "the queue is paused: paused by " in said("pause", "--now")[1]
    assert "paused" not in said("go")[1]
    assert one(said("policy", "--after-failure", "skip", "--retries", "2", "--json")[1])["retries"] == 2
    assert "after failure: skip\n" in said("policy")[1]
    assert said("remove", "2")[1].startswith("item 2 removed: ")
    assert "stopped by" in said("stop")[1]
    worker.on = {"item": "1", "state": "running", "progress": 0.25, "points": 30, "remaining_lab_time_s": 240.0}
    assert said("list")[1].endswith(
        "item 1 running: 25 %, 30 points, about 4 min 00 s of lab time left, if it goes on as it went so far\n"
    )
    worker.on = {**worker.on, "remaining_from": "rehearsal"}
    assert said("list")[1].endswith("about 4 min 00 s of lab time left\n")


WRONG: list[tuple[tuple[str, ...], int, str]] = [
    (("add", "ahe", "-p", "maximum_field=50 T"), 4, "above the limit of station 'ppms', 9 T"),
    (("add", "ahe", "-p", "maximum_fild=1 T"), 2, "did you mean maximum_field?"),
    (("add", "ahe", "-p", "nonsense"), 2, "is no assignment"),
    (("show", "7"), 2, "there is no item '7'"),
    (("show", "../station"), 2, "is nothing that the worker knows"),
    (("move", "7", "8"), 2, "there is no item '7'"),
    (("abort",), 4, "no run is on"),
    (("policy", "--retries", "11"), 2, "retries: input should be less than or equal to 10"),
    (("policy", "--carried-on", "101"), 2, "carried_on: input should be less than or equal to 100"),
    (("policy", "--interrupted", "perhaps"), 2, "interrupted: input should be 'resume' or 'fail'"),
]


@pytest.mark.usefixtures("worker")
def test_what_is_wrong_is_said_in_a_sentence(said: Said) -> None:
    for words, code, sentence in WRONG:
        ended, out, error = said(*words)
        assert (ended, out, error.count("\n")) == (code, "", 1), words
        assert sentence in error
    words, _, sentence = WRONG[0]
    assert sentence in one(said(*words, "--json")[1])["error"]


def test_without_a_worker_it_says_how_to_start_one(said: Said, folder: Path) -> None:
    code, _, error = said("list")
    assert code == 2
    assert error.endswith(f"start one with `labctl worker --queue {folder}`\n")
    assert run_command(["queue", "list", "--station", "dynacool"]) == 2
    places.announce(folder, {"url": "http://127.0.0.1:9", "token_file": str(folder / "token"), "station": "ppms"})
    places.make_token(folder)
    assert "does not answer at http://127.0.0.1:9" in said("list")[2]


@pytest.mark.usefixtures("worker")
def test_only_the_user_can_read_the_token(folder: Path) -> None:
    assert stat.S_IMODE((folder / places.TOKEN).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    found = places.find_worker(folder)
    assert found is not None
    assert len(found.token) >= 43


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--simulate", "--lab", "lab.json"), "two labs"), (("--speed", "2"), "--speed is of the lab that --simulate"),
        (("--simulate", "--speed", "0"), "--speed is 0"), (("--simulate", "--clock", "quick"), "must be scaled or"),
        (("--simulate", "--clock", "virtual", "--speed", "2"), "means nothing to a virtual clock"),
        (("--simulate", "--sample", "no-such"), "no-such"), (("--port", "70000"), "--port is 70000"),
        (("--host", "no.such.host.invalid"), "no IPv4 address"), (("--station", "no-such"), "no-such"),
    ],
)  # fmt: skip
def test_a_worker_that_cannot_be_says_why(
    words: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["worker", *words]) == 2
    assert sentence in capsys.readouterr().err


def test_a_queue_has_one_worker(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving.alone(folder):
        assert run_command(["worker", "--simulate", "--queue", str(folder)]) == 4
    assert f"another worker serves the queue in {folder}" in capsys.readouterr().err


@pytest.fixture
def foreseen(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the process that rehearses is going to find, one after the other."""
    found: list[dict[str, Any]] = []

    class Scripted(FakeHand):
        def foresee(self, task: dict[str, Any], told: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
            told({"is": "asked"})
            for item, each in zip(task["items"], found, strict=True):
                told({"is": "foreseen", "item": item["id"], "exit_code": 0, "runs": 1, **each})
            return {"error": None, "exit_code": 0}

    monkeypatch.setattr(rehearsing, "Hand", Scripted)
    monkeypatch.setattr(client, "LOOK", 0.01)
    return found


def test_a_queue_is_rehearsed(worker: Worker, said: Said, foreseen: list[dict[str, Any]]) -> None:
    assert said("rehearse") == (0, "nothing waits in the queue\n", "")
    for parameters in ({"maximum_field": "0.1 T"}, {"maximum_field": "9 T"}):
        worker.queue.add(Asked(procedure="ahe", parameters=parameters))
    foreseen += [
        Rehearsal(duration_s=90.0, points=10, status="finished", remarks=["begins somewhere"]).to_json(),
        Rehearsal(duration_s=3600.0, points=20, status="finished").to_json(),
    ]
    code, out, err = said("rehearse")
    assert (code, err) == (0, "")
    assert [line.split()[-2:] for line in out.splitlines() if line[:1].isdigit()] == [
        ["10", "finished"],
        ["20", "finished"],
    ]
    assert "all that waits takes 1 h 01 min of lab time, 30 points\n" in out
    assert "note: item 1: begins somewhere\n" in out
    foreseen[1] = Rehearsal(violations=["the field is too much"], exit_code=4).to_json()
    worker.queue.pause("lunch")
    code, out, err = said("rehearse")
    assert (code, err) == (4, "violation: item 2: the field is too much\n")
    assert "the queue is paused: lunch; times are those if it went on now\n" in out
    assert "would pause after the first item that does not finish" in out
    found = one(said("rehearse", "--json")[1])
    assert (found["state"], found["items"][1]["begins_s"], found["items"][1]["ends_s"]) == ("done", 90.0, 90.0)


def test_a_run_that_was_cut_is_added(
    worker: Worker, said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "runs" / "2026-11-21" / "0007-ahe-S042"
    run.mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    asked = Asked(procedure="ahe", sample="S042").model_dump(mode="json")
    monkeypatch.setattr(worker.crew, "check_resuming", lambda run, task: {"error": None, "asked": asked, "run": run})
    assert said("resume", "7")[:2] == (0, "item 1 waits to be carried on: ahe S042\n")
    assert worker.queue.item("1").run == str(run)
    code, _, error = said("resume", str(run))
    assert (code, error) == (4, "error: item 1 waits to carry it on; nothing was added\n")
    assert said("resume", "8")[0] == 2
