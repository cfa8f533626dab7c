"""The instruments as the worker knows them: asked between runs with questions alone, and let go of for a run."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from instruments.clock import ScaledClock
from labctl.by_hand import read
from labctl.service import looking, watching
from labctl.service.hand import NotReady
from labctl.service.queue import Queue
from labctl.service.watching import Watching
from labctl.service.worker import Here, Worker
from labctl.station_lock import Untouched
from labctl.supervision import child
from tests.served import ServedLab, in_a_thread


@pytest.fixture
def lab(tmp_path: Path) -> Any:
    """One that a thread serves; it writes down what its instruments are sent."""
    with in_a_thread(tmp_path / "lab.json", log=tmp_path / "log") as served:
        yield served


def task(lab: ServedLab, **more: Any) -> dict[str, Any]:
    given = {"station": "ppms", "lab": str(lab.file), "keeper": None, "sample": "cotb2025"}
    return {**given, "passed_over": [], "helium": True, **more}


# ---- the process that asks, in this one


def test_all_instruments_say_how_they_stand_and_are_sent_nothing_but_questions(lab: ServedLab, tmp_path: Path) -> None:
    found = looking.look(task(lab))["instruments"]
    assert found["source"]["settings"] == {
        "level_A": 0.0, "output": False, "compliance_V": 10.0, "range_A": 0.1, "auto_range": True
    }  # fmt: skip
    assert (found["source"]["on"], found["source"]["driver"]) == (False, "keithley6221")
    assert found["voltmeter"]["settings"]["nplc"] == 5.0
    assert found["cryostat"]["temperature"]["set_K"] == 300.0
    assert (found["cryostat"]["field"]["stable"], found["cryostat"]["field"]["moves"]) == (True, False)
    assert found["cryostat"]["helium_percent"] > 0
    assert {each["error"] for each in found.values()} == {None}
    lab.end()
    sent = [json.loads(line)["said"] for line in (tmp_path / "log").read_text().splitlines()]
    assert sent
    assert [message for message in sent if "?" not in message] == []


def test_one_that_does_not_answer_is_told_as_such_and_the_others_all_the_same(tmp_path: Path) -> None:
    with in_a_thread(tmp_path / "lab.json", ScaledClock(50.0)) as lab:
        line = json.loads(lab.file.read_text())
        lab.file.write_text(json.dumps({**line, "voltmeter": "TCPIP::127.0.0.1::1::SOCKET"}))
        found = looking.look(task(lab))["instruments"]
        assert "127.0.0.1::1::SOCKET" in found["voltmeter"]["error"]
        assert found["source"]["error"] is None
        assert "voltmeter" not in looking.look(task(lab, passed_over=["voltmeter"]))["instruments"]


def test_a_look_leaves_out_the_rest_when_a_run_begins(lab: ServedLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_standing", "a run begins")
    assert looking.look(task(lab)) == {"instruments": {}, "hurried": True}


def test_whoever_looks_after_a_field_does_not_take_a_look_for_somebody_else(lab: ServedLab) -> None:
    from labctl.station import load_station

    with Untouched(load_station("ppms"), lab.file) as untouched:
        looking.look(task(lab))
        assert untouched.still
        looking.by_hand(task(lab, do="hold_field", value=None, rate=None))
        assert not untouched.still


def test_by_hand_the_station_goes_where_it_is_told_within_its_limits(lab: ServedLab) -> None:
    def done(do: str, value: str | None = None, rate: str | None = None) -> Mapping[str, Any]:
        number, fast = read(do, value, rate)
        return looking._said(looking.by_hand, task(lab, do=do, value=number, rate=fast))  # pyright: ignore[reportPrivateUsage]

    assert done("temperature", "290 K", "5 K/min")["said"] == "the temperature goes to 290 K at 5 K/min, fast settle"
    assert "0.05 T at 100 Oe/s" in done("field", "500 Oe")["said"]
    assert done("angle", "10 deg")["said"] == "the rotator turns to 10 deg"
    assert "held at" in done("hold_field")["said"]
    assert "held at" in done("hold_temperature")["said"]
    assert done("source_off")["said"] == "the output of the source and the smu is off"
    for refused in (done("field", "20 T"), done("temperature", "500 K"), done("temperature", "290 K", "90 K/min")):
        assert (refused["status"], refused["exit_code"]) == ("refused", 4)
    found = looking.look(task(lab))["instruments"]["cryostat"]
    assert found["angle"]["set_deg"] == pytest.approx(10.0)
    assert found["temperature"]["set_K"] <= 300.0


@pytest.mark.parametrize(
    ("do", "value", "rate", "said"),
    [
        ("dance", None, None, "hold_field"), ("field", None, None, "needs a value"), ("field", "5", None, "no unit"),
        ("field", "5 K", None, "K"), ("hold_field", "5 T", None, "takes no value"), ("field", "1 T", "0 T/s", "above"),
        ("angle", "5 deg", "1 deg/s", "takes no value"), ("temperature", "nan K", None, "nan"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_sentence(do: str, value: str | None, rate: str | None, said: str) -> None:
    with pytest.raises(ValueError if said not in {"hold_field", "takes no value"} else Exception, match=said):
        read(do, value, rate)


# ---- the worker's end


class Slow:
    """In the place of the process: it answers when it may, or is told to hurry, or ended."""

    def __init__(self) -> None:
        self.alive = True
        self.asked = threading.Event()
        self.may = threading.Event()
        self.hears = True

    def wait_until_ready(self) -> None:
        """It is."""

    def ask(self, what: str, within: float, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer as soon as it may."""
        del what, within, given
        self.asked.set()
        self.may.wait()
        if not self.alive:
            raise NotReady("it was ended")
        source = {"driver": "keithley6221", "error": None, "repeated": 0, "unanswered": 0}
        return {"error": None, "instruments": {"source": source}, "hurried": False}

    def hurry(self) -> None:
        """Answer now."""
        if self.hears:
            self.may.set()

    def end(self) -> None:
        """End."""
        self.alive = False
        self.may.set()


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    """One that has begun nothing."""
    return Worker(Here("ppms", False, None, None, tmp_path), Queue(tmp_path))


@pytest.mark.parametrize("hears", [True, False], ids=["let go", "ended"])
def test_a_run_waits_for_a_look_no_longer_than_some_tenths_of_a_second(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, hears: bool
) -> None:
    monkeypatch.setattr(watching, "EVERY", 0.01)
    monkeypatch.setattr(watching, "PATIENCE", 0.01)
    slow = Slow()
    slow.hears = hears
    looks: Any = Watching(worker, None, lambda: slow)  # pyright: ignore[reportArgumentType]
    looks.begin()
    assert looks.told["from"] is None
    looks.switch(True)
    assert slow.asked.wait(30)
    assert worker.between_runs.locked()
    worker.hurry()
    assert worker.between_runs.acquire(timeout=30)
    assert slow.alive is hears
    looks.end()


def test_when_a_run_has_ended_the_instruments_are_asked_at_once(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "EVERY", 1e4)
    slow = Slow()
    slow.may.set()
    looks: Any = Watching(worker, None, lambda: slow)  # pyright: ignore[reportArgumentType]
    worker.on = {"item": "1"}
    looks.switch(True)
    looks.begin()
    worker.on = None
    worker.freed()
    assert slow.asked.wait(30)
    looks.end()


def test_nobody_looks_unless_somebody_reads_or_it_is_switched_on(worker: Worker) -> None:
    looks = Watching(worker)
    assert looks.now()["watching"] == {"on": False, "asked": None}
    looks.switch(True)
    assert looks.now()["watching"] == {"on": True, "asked": True}


def test_what_a_run_says_is_told_with_the_age_of_the_last_reply(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    looks = Watching(worker)
    said = {"driver": "keithley6221", "error": None, "repeated": 1, "unanswered": 0, "on": True, "replies": 7}
    worker.shows({"instruments": {"source": said}})
    now[0] += 5.0
    assert looks.now()["instruments"]["source"]["age_s"] == 5.0
    worker.shows({"instruments": {"source": {**said, "level": float("nan")}}})
    told = looks.now()
    assert (told["from"], told["instruments"]["source"]["age_s"]) == ("run", 5.0)
    assert told["instruments"]["source"]["level"] is None
    worker.shows({"instruments": {"source": {**said, "replies": 8}}})
    assert looks.now()["instruments"]["source"]["age_s"] == 0.0


def test_a_run_that_does_not_read_the_helium_leaves_what_was_known_of_it_which_gets_old(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    looks = Watching(worker)
    said = {"driver": "ppms6000", "error": None, "repeated": 0, "unanswered": 0, "replies": 7}

    def told(percent: float | None, read: float | None) -> tuple[Any, ...]:
        now[0] += 10.0
        worker.shows({"instruments": {"cryostat": {**said, "helium_percent": percent, "helium_read": read}}})
        known = looks.now()["instruments"]["cryostat"]
        assert "helium_read" not in known
        return known["helium_percent"], known.get("helium_age_s")

    assert told(None, None) == (None, None)
    assert told(88.0, 1.0) == (88.0, 0.0)
    assert told(88.0, 1.0) == (88.0, 10.0)  # not read again since
    assert told(88.0, 61.0) == (88.0, 0.0)  # read again, and the same
    assert told(None, None) == (88.0, 10.0)  # another run


def test_the_helium_is_told_where_it_was_read(lab: ServedLab) -> None:
    assert looking.look(task(lab, helium=False))["instruments"]["cryostat"]["helium_percent"] is None
    found = looking.look(task(lab))["instruments"]["cryostat"]
    assert found["helium_percent"] > 0
    assert found["helium_read"] is not None
