"""A queue that is rehearsed: from where each item begins, when it ends, and never between a run and its station."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from instruments.errors import Refused
from labctl.asked import Asked
from labctl.preparing import Place
from labctl.rehearsed import Rehearsal
from labctl.service import rehearsing
from labctl.service.foresight import after_run, foresee
from labctl.service.hand import NotReady
from labctl.service.queue import Queue
from labctl.service.rehearsing import Rehearsing
from labctl.service.worker import Here, Worker
from tests.served import in_a_thread

WALK = """
from labctl.parameters import Quantity
from labctl.procedure import Procedure

class Walk(Procedure):
    roles = ("cryostat",)
    DATA_COLUMNS = ["Field (T)"]
    field = Quantity("0.1 T", "Field")

    def demands(self):
        return {"field": abs(self.field)}

    def execute(self):
        self.settle(field=self.field)
        self.record(**{"Field (T)": self.cryostat.reading().field})
"""


def waits(number: str, procedure: str, **more: Any) -> dict[str, Any]:
    asked = Asked(procedure=procedure, **more)
    return {"id": number, "run": None, "asked": asked.model_dump(mode="json")}


def test_each_item_begins_where_the_one_before_ends(tmp_path: Path) -> None:
    mine, file = tmp_path / "walk.py", tmp_path / "lab.json"
    mine.write_text(WALK)
    items = [
        waits("1", str(mine)), waits("2", str(mine), parameters={"field": "20 T"}), waits("3", "no-such"),
        waits("4", str(mine), over=["field=0.3, 0.2 T"]), waits("5", str(mine)),
    ]  # fmt: skip
    said: list[tuple[str, dict[str, Any]]] = []
    log = tmp_path / "lab.jsonl"
    with in_a_thread(file, log=log):
        place = Place("ppms", lab=file)
        done = foresee({"items": items, "on": None}, place, lambda what, **more: said.append((what, more)))
    told = [json.loads(line) for line in log.read_text().splitlines()]
    assert told
    assert [line for line in told if "?" not in line["said"] or line["role"] != "cryostat"] == []
    assert (done["error"], [what for what, _ in said]) == (None, ["asked", *["foreseen"] * 5])
    one, refused, unknown, series, last = (found for _, found in said[1:])
    assert (one["begins"]["field_T"], one["ends"]["field_T"]) == pytest.approx((0.0, 0.1), abs=1e-3)
    assert (refused["exit_code"], refused["duration_s"], "limit" in refused["violations"][0]) == (4, None, True)
    assert (unknown["exit_code"], unknown["points"], "no-such" in unknown["error"]) == (2, 0, True)
    assert (series["runs"], series["points"], series["begins"]) == (2, 2, one["ends"])
    assert last["begins"] == series["ends"]
    assert json.dumps(said)  # it goes over a line


def test_contacts_that_an_item_before_checks_are_trusted(tmp_path: Path) -> None:
    mine = tmp_path / "walk.py"
    mine.write_text(WALK.replace('("cryostat",)', '("cryostat", "source")'))
    for checks, code in (("contact-check", 0), ("rt", 4)):
        said: list[dict[str, Any]] = []
        on = {**waits("1", checks, sample="cotb2025"), "stands": None}  # hardware, of which nothing is asked

        def say(what: str, said: list[dict[str, Any]] = said, **more: Any) -> None:
            if what == "foreseen":
                said.append(more)

        foresee({"items": [waits("2", str(mine), sample="cotb2025")], "on": on}, Place("ppms"), say)
        assert (said[0]["exit_code"], len(said[0]["violations"])) == (code, code // 4)
        assert any("checked by an item before it" in remark for remark in said[0]["remarks"]) is (code == 0)


def test_what_is_on_is_not_asked_where_it_ends(tmp_path: Path) -> None:
    on: dict[str, Any] = {"id": "7", "run": None, "stands": None}
    unknown = after_run(on)
    assert "has not read the station yet" in unknown.remarks[0]
    last = after_run({**on, "stands": {"temperature_K": 10.0, "field_T": 1.0, "angle_deg": 3.0}, "run": str(tmp_path)})
    assert (last.begins.temperature, last.begins.field, last.begins.angle) == (10.0, 1.0, 3.0)
    assert "where it last read the station" in last.remarks[0]
    said = {"ends": {"temperature_K": 20.0, "field_T": 2.0, "angle_deg": 0.0}}
    (tmp_path / "rehearsal.json").write_text(json.dumps(said))
    assert after_run({**on, "run": str(tmp_path)}).begins.field == 2.0


# ---- the worker's end


class FakeHand:
    """In the place of a process."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    def wait_until_ready(self) -> None:
        """Be ready."""

    def end(self) -> None:
        """End it."""
        self.ended.set()


class Slow(FakeHand):
    """Takes as long with asking as the test wants."""

    made: list[Slow]

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.begun = threading.Event()
        self.task: Mapping[str, Any] = {}
        type(self).made.append(self)

    def foresee(self, task: Mapping[str, Any], told: Callable[[Mapping[str, Any]], None]) -> Mapping[str, Any]:
        """Ask, and find two minutes for each item."""
        self.task = task
        self.begun.set()
        while not self.asked.wait(0.01):
            if self.ended.is_set():
                raise NotReady("it was ended")
        told({"is": "asked"})
        for item in task["items"]:
            found = Rehearsal(duration_s=120.0, status="finished", violations=["too much"] * (item["id"] == "2"))
            told({"is": "foreseen", "item": item["id"], **found.to_json(), "exit_code": 0, "runs": 1})
        return {"error": None}


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Worker:
    """One with two items."""
    Slow.made = []
    monkeypatch.setattr(rehearsing, "Hand", Slow)
    worker = Worker(Here("ppms", False, None, None, tmp_path), Queue(tmp_path))
    for _ in range(2):
        worker.queue.add(Asked(procedure="ahe"))
    return worker


def slow() -> Slow:
    """The process, once it was asked."""
    while not Slow.made:
        time.sleep(0.001)
    assert Slow.made[0].begun.wait(30)
    return Slow.made[0]


def over(found: Rehearsing) -> Mapping[str, Any]:
    while found.told is None or found.told["state"] == "on":
        time.sleep(0.001)
    return found.told


def test_no_run_begins_while_the_station_is_asked_and_others_are_told_when_items_end(worker: Worker) -> None:
    found = Rehearsing(worker)
    found.start()
    hand = slow()
    assert hand.task["on"] is None
    assert worker.between_runs.locked()
    with pytest.raises(Refused, match="being rehearsed already"):
        found.start()
    hand.asked.set()
    told = over(found)
    assert (told["state"], told["of"], told["duration_s"], told["error"]) == ("done", 2, 240.0, None)
    assert told["violations"] == ["item 2: too much"]
    last = told["items"][1]
    assert (last["begins_s"], last["ends_s"]) == (120.0, 240.0)
    assert (datetime.fromisoformat(last["ends_at"]) - datetime.fromisoformat(told["begun"])).total_seconds() == 240.0
    assert not worker.between_runs.locked()
    assert hand.ended.is_set()


def test_beside_a_run_nothing_is_asked_and_its_time_comes_first(worker: Worker) -> None:
    found = Rehearsing(worker)
    with worker.between_runs:  # as while a run is on
        worker.queue.take()
        stands = {"temperature_K": 10.0, "field_T": 1.0, "angle_deg": 0.0}
        worker.on = {"item": "1", "remaining_lab_time_s": 30.0, "remaining_from": "progress", "stands": stands}
        found.start()
        hand = slow()
        assert (hand.task["on"]["id"], hand.task["on"]["stands"]) == ("1", stands)
        hand.asked.set()
        told = over(found)
        assert worker.between_runs.locked()
    assert told["after"] == {"item": "1", "left_s": 30.0, "left_from": "progress"}
    assert [(each["item"], each["begins_s"], each["ends_s"]) for each in told["items"]] == [("2", 30.0, 150.0)]


def test_a_rehearsal_can_be_stopped_and_lets_runs_begin(worker: Worker) -> None:
    found = Rehearsing(worker)
    with pytest.raises(Refused, match="is not being rehearsed"):
        found.stop()
    found.start()
    slow()
    found.stop()
    assert (over(found)["state"], worker.between_runs.locked()) == ("stopped", False)


def test_a_station_that_does_not_answer_holds_no_run_up(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsing, "ASK_WITHIN", 0.05)
    found = Rehearsing(worker)
    found.start()
    told = over(found)
    assert (told["state"], worker.between_runs.locked()) == ("failed", False)
    assert told["error"] == "the station was not asked within 0.05 s"
