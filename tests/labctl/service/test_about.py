"""What the worker tells of its station and lab, and that the lab's speed can be changed over HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from instruments import shared_clock
from instruments.clock import VirtualClock
from instruments.shared_clock import SharedClock
from labctl.remote import read_addresses
from labctl.service.door import Door
from labctl.service.queue import Queue
from labctl.service.web import Parts, make_app
from labctl.service.worker import Here, Worker
from tests.labctl.service.test_web import TOKEN, Client
from tests.served import in_a_thread


def client_of(folder: Path, lab: Path | None) -> Client:
    """Somebody with the token, at a worker with this lab."""
    worker = Worker(Here("ppms", False, lab, None, folder), Queue(folder))
    app = Door(make_app(Parts.of(worker, {"station": "ppms"})), TOKEN, "127.0.0.1")
    return Client(app, {"Authorization": f"Bearer {TOKEN}"})


def refused(client: Client, speed: Any, status: int) -> str:
    answer = client.post("/lab/speed", json={"speed": speed})
    assert answer.status_code == status, answer.text
    return answer.json()["error"]


@pytest.fixture
def flowing(tmp_path: Path) -> Path:
    """The line of a lab whose speed can be changed; no run talks to it."""
    shared_clock.begin(tmp_path / "lab.clock", 10.0)
    with in_a_thread(tmp_path / "lab.json", SharedClock(tmp_path / "lab.clock"), seed=3) as served:
        return served.file


def test_the_speed_of_the_lab_is_told_and_changed_for_all_who_are_in_it(tmp_path: Path, flowing: Path) -> None:
    client, run = client_of(tmp_path, flowing), read_addresses(flowing).make_clock()
    lab = client.get("/station").json()["lab"]
    assert (lab["clock"], lab["speed"], lab["sample"], lab["seed"]) == ("scaled", 10.0, "cotb2025", 3)
    assert (lab["settable"], lab["limits"], lab["file"]) == (True, [0.1, 1000.0], str(flowing))
    said = client.post("/lab/speed", json={"speed": 30})
    assert said.status_code == 200
    assert said.json()["lab"]["speed"] == client.get("/station").json()["lab"]["speed"] == 30.0
    run.sleep(1.0)
    assert isinstance(run, SharedClock)
    assert run.speed == 30.0
    assert read_addresses(flowing).speed_now() == 30.0


@pytest.mark.parametrize("speed", [0, 0.05, 2000, -1])
def test_a_speed_beyond_the_limits_is_one_sentence(tmp_path: Path, flowing: Path, speed: float) -> None:
    client = client_of(tmp_path, flowing)
    assert "0.1 to 1000 lab seconds" in refused(client, speed, 422)
    assert client.get("/station").json()["lab"]["speed"] == 10.0


def test_who_has_no_such_lab_says_so(tmp_path: Path) -> None:
    assert "a real one" in refused(client_of(tmp_path, None), 30, 409)
    with in_a_thread(tmp_path / "lab.json", VirtualClock()) as served:
        client = client_of(tmp_path, served.file)
        assert "virtual clock" in refused(client, 30, 409)
        lab = client.get("/station").json()["lab"]
        assert (lab["clock"], lab["speed"], lab["settable"]) == ("virtual", None, False)
    line = json.loads(served.file.read_text())
    served.file.write_text(json.dumps({**line, "clock": None, "speed": 10.0}))
    assert "--clock-file" in refused(client_of(tmp_path, served.file), 30, 409)


def test_what_is_no_speed_or_comes_without_the_token_changes_nothing(tmp_path: Path, flowing: Path) -> None:
    client = client_of(tmp_path, flowing)
    assert "speed" in refused(client, "fast", 422)
    stranger = Client(client.app, {})
    assert stranger.post("/lab/speed", json={"speed": 30}).status_code == 401
    assert client.get("/station").json()["lab"]["speed"] == 10.0
