"""A run that was cut is put into a worker's queue, and one that cannot be carried on there is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from instruments.errors import Refused
from labctl.asked import Asked
from labctl.asked_again import asked_again
from labctl.preparing import Place, prepare
from labctl.request import Outcome
from labctl.rundir import RunDirectory
from labctl.service import measuring
from labctl.service.items import Item
from labctl.service.resumable import resumable
from labctl.service.worker import Worker
from labctl.station_lock import holding
from tests.labctl.service.test_web import Client, client, worker

__all__ = ["client", "worker"]  # fixtures

SHORT = {"maximum_field": "0.15 T", "survey_rate": "180 Oe/s", "probe_nplc": "4 PLC"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    asked = Asked(
        procedure="ahe", parameters=SHORT, overrides=["current=90 mA"], sample="cotb2025", seed=3, user="LW",
        notes="why", tags=["night"], out=str(tmp_path_factory.mktemp("runs")),
    )  # fmt: skip
    outcome: Outcome = prepare(asked, Place("ppms", simulate=True)).carry_out()
    assert outcome.run is not None, outcome.error
    return outcome.run


@pytest.fixture
def cut(finished: Path, tmp_path: Path) -> Path:
    """The same, ended half-way: without the line that says it was complete."""
    folder = tmp_path / "2026-11-21" / "0001-ahe-cotb2025-sim"
    folder.mkdir(parents=True)
    for file in finished.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    with (folder / "events.jsonl").open("a", encoding="utf-8") as events:
        events.write(json.dumps({"event": "state", "state": "aborted", "error": "aborted by Ctrl-C"}) + "\n")
    return folder


def test_what_was_asked_is_asked_again_in_the_same_words(finished: Path) -> None:
    again = asked_again(RunDirectory(finished))
    assert (again.procedure, again.sample, again.user, again.notes) == ("ahe", "cotb2025", "LW", "why")
    assert (again.tags, again.out, again.seed) == (["night"], str(finished.parents[1]), None)
    made = prepare(again, Place("ppms", simulate=True)).request
    assert made.overrides == {"current": 0.09}
    said = RunDirectory(finished).request()["parameters"]
    assert made.procedure.values() == {name: entry["value"] for name, entry in said.items()}


def test_a_cut_run_becomes_an_item_once(client: Client, worker: Worker, cut: Path) -> None:
    answer = client.post("/queue/resume", json={"run": str(cut / "data.csv")})
    assert answer.status_code == 201, answer.text
    item: dict[str, Any] = answer.json()
    assert (item["run"], item["state"], item["asked"]["procedure"]) == (str(cut), "waiting", "ahe")
    assert worker.queue.book.items == (Item.model_validate(item),)
    again = client.post("/queue/resume", json={"run": str(cut)})
    assert (again.status_code, again.json()["error"]) == (409, "item 1 waits to carry it on; nothing was added")
    worker.queue.note("1", state="aborted")
    assert client.post("/queue/resume", json={"run": str(cut)}).json()["id"] == "2"


def test_the_item_carries_the_run_on_in_its_folder(worker: Worker, client: Client, cut: Path, finished: Path) -> None:
    client.post("/queue/resume", json={"run": str(cut)})
    item = worker.queue.item("1")
    task = {**worker.here.task(), "asked": item.asked.model_dump(mode="json"), "item": "q/1", "run": item.run}
    said = measuring._measure(task)
    assert (said["run"], said["status"]) == (str(cut), "finished")
    assert RunDirectory(cut).events()[-1]["state"] == "finished"
    assert (cut / "data.csv").read_bytes() == (finished / "data.csv").read_bytes()


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        (lambda run: run, 422, "is finished; there is nothing to carry on"),
        (lambda run: run.parents[1] / "nowhere", 422, "is no run"),
    ],
)
def test_what_cannot_be_carried_on_is_refused(
    client: Client, finished: Path, change: Callable[[Path], Path], status: int, sentence: str
) -> None:
    answer = client.post("/queue/resume", json={"run": str(change(finished))})
    assert (answer.status_code, sentence in answer.json()["error"]) == (status, True), answer.text
    assert client.get("/queue").json()["items"] == []


def test_a_run_of_elsewhere_is_refused(cut: Path) -> None:
    with pytest.raises(Refused, match="was simulated, and this worker has the laboratory"):
        resumable(cut, Place("ppms"))
    with pytest.raises(Refused, match="was begun on station 'ppms', and this worker has"):
        resumable(cut, Place("dynacool", simulate=True))


def test_a_run_that_is_on_is_refused(cut: Path) -> None:
    from labctl.station import load_station

    with holding(load_station("ppms"), simulate=True, lab=None, what="run ahe") as hold:
        hold.tell(cut)
        with pytest.raises(Refused, match="is being carried out by another program"):
            resumable(cut, Place("ppms", simulate=True))


def test_a_damaged_run_is_said(cut: Path) -> None:
    said = json.loads((cut / "run.json").read_text(encoding="utf-8"))
    (cut / "run.json").write_text(json.dumps({**said, "parameters": {"loops": 3}}), encoding="utf-8")
    answer = measuring.checked({"run": str(cut), "station": "ppms", "simulate": True})
    assert "is damaged" in answer["error"]
    assert answer["exit_code"] == 2
