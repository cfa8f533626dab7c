"""What is done by hand through the worker: who may, when, and that it is written down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from labctl.service import manual
from labctl.service.door import Door
from labctl.service.queue import Queue
from labctl.service.web import Parts, make_app
from labctl.service.worker import Here, Worker
from tests.labctl.service.test_web import TOKEN, Client

FIELD = {"do": "field", "value": "0.1 T", "sample": "cotb2025", "by": "LW"}


class Aide:
    """In the place of the process that asks; it says what it was given."""

    alive = True

    def __init__(self) -> None:
        self.given: list[Mapping[str, Any]] = []
        self.answer: Mapping[str, Any] = {"error": None, "said": "the field goes to 0.1 T"}

    def ask(self, what: str, within: float, task: Mapping[str, Any]) -> Mapping[str, Any]:
        """Take note, and answer."""
        del within
        assert what == "by hand"
        self.given.append(task)
        return self.answer


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    """A worker's that has begun nothing."""
    parts = Parts.of(Worker(Here("ppms", False, None, 7, tmp_path), Queue(tmp_path)), {"station": "ppms"})
    aide: Any = Aide()
    parts.watching._make = lambda: aide  # pyright: ignore[reportPrivateUsage]
    return parts


@pytest.fixture
def client(parts: Parts) -> Client:
    """Somebody with the token."""
    return Client(Door(make_app(parts), TOKEN, "127.0.0.1"), {"Authorization": f"Bearer {TOKEN}"})


def aide_of(parts: Parts) -> Any:
    return parts.watching._living()  # pyright: ignore[reportPrivateUsage]


def test_it_is_done_told_and_written_down(parts: Parts, client: Client, tmp_path: Path) -> None:
    said = client.post("/manual", json=FIELD)
    assert said.status_code == 200, said.text
    assert (said.json()["said"], said.json()["by"]) == ("the field goes to 0.1 T", "LW")
    (given,) = aide_of(parts).given
    assert (given["do"], given["value"], given["rate"], given["keeper"]) == ("field", 0.1, None, 7)
    assert parts.manual.told is not None
    written = [json.loads(line) for line in (tmp_path / manual.FILE).read_text().splitlines()]
    assert [parts.manual.told] == written
    aide_of(parts).answer = {"error": "the field is above a limit", "status": "refused", "exit_code": 4}
    assert client.post("/manual", json=FIELD).status_code == 409
    assert json.loads((tmp_path / manual.FILE).read_text().splitlines()[1])["error"] == "the field is above a limit"
    assert not parts.worker.between_runs.locked()


def test_while_a_run_is_on_nothing_is_and_while_it_stands_sources_are_turned_off(
    parts: Parts, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(parts.worker, "turn_off", asked.append)
    parts.worker.on = {"item": "1", "state": "running"}
    for what in (FIELD, {"do": "source_off"}):
        answer = client.post("/manual", json=what)
        assert (answer.status_code, "item 1 is on" in answer.json()["error"]) == (409, True)
    parts.worker.on = {"item": "1", "state": "stands"}
    assert "cannot be undone" in client.post("/manual", json=FIELD).json()["error"]
    assert asked == []
    assert client.post("/manual", json={"do": "source_off", "by": "LW"}).status_code == 200
    assert asked == ["LW"]
    assert aide_of(parts).given == []


def test_it_waits_for_whoever_has_the_station_and_not_for_ever(
    parts: Parts, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manual, "WAIT", 0.01)
    with parts.worker.between_runs:
        assert "ask again" in client.post("/manual", json=FIELD).json()["error"]


def test_without_the_name_of_a_sample_nothing_is_done(parts: Parts, client: Client) -> None:
    answer = client.post("/manual", json={"do": "field", "value": "0.1 T"})
    assert (answer.status_code, "which sample is mounted" in answer.json()["error"]) == (422, True)
    assert aide_of(parts).given == []


@pytest.mark.parametrize(("do", "status"), [("source_off", 200), ("hold_field", 200), ("field", 422)])
def test_what_calms_needs_no_word_of_the_sample(parts: Parts, client: Client, do: str, status: int) -> None:
    said = client.post("/manual", json={"do": do, "value": "0.1 T" if do == "field" else None})
    assert said.status_code == status, said.text
    assert len(aide_of(parts).given) == (status == 200)
