"""The stream of events: what a reader is told, and that none holds up anybody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labctl.asked import Asked
from labctl.service import telling
from labctl.service.door import Door
from labctl.service.queue import Queue
from labctl.service.web import Parts, make_app
from labctl.service.worker import Here, Worker

SCOPE = {
    "type": "http", "method": "GET", "path": "/events", "raw_path": b"/events", "query_string": b"", "root_path": "",
    "headers": [(b"host", b"127.0.0.1:4000")], "http_version": "1.1", "scheme": "http",
}  # fmt: skip


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    """One that has begun nothing."""
    return Worker(Here("ppms", True, None, None, tmp_path), Queue(tmp_path))


class Reader:
    """Somebody without a token who reads the events."""

    def __init__(self, *, reads: bool = True) -> None:
        self.status = 0
        self.text = ""
        self.over = False
        self.gone = asyncio.Event()
        self._reads = asyncio.Event()
        if reads:
            self._reads.set()
        self._asked = False

    async def receive(self) -> dict[str, Any]:
        """Ask, and hang up at the end."""
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        """Take what is told."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        await self._reads.wait()
        self.text += message["body"].decode()
        self.over |= not message.get("more_body", False)

    @property
    def events(self) -> list[tuple[str, Any]]:
        """What was told by now: names and contents."""
        blocks = [block.split("\n") for block in self.text.split("\n\n") if block.startswith("event: ")]
        return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]

    async def until(self, told: Callable[[list[tuple[str, Any]]], bool]) -> None:
        """Wait until something was told."""
        async with asyncio.timeout(30):
            while not told(self.events):
                await asyncio.sleep(0.001)


def app_of(worker: Worker) -> Door:
    return Door(
        make_app(Parts.of(worker, {"station": "ppms"})),
        "a-token",
        "127.0.0.1",
    )


def named(events: list[tuple[str, Any]], name: str) -> list[Any]:
    return [content for each, content in events if each == name]


def test_a_reader_is_told_how_it_stands_and_then_each_change(worker: Worker) -> None:
    async def read() -> Reader:
        reader, app = Reader(), app_of(worker)
        worker.queue.add(Asked(procedure="ahe"))
        reading = asyncio.create_task(app({**SCOPE}, reader.receive, reader.send))
        await reader.until(lambda events: len(events) == 4)
        assert [name for name, _ in reader.events] == ["station", "instruments", "queue", "run"]
        await asyncio.to_thread(worker.queue.take)  # whatever thread it changes in
        worker.on = {"item": "1", "state": "running", "points": 5}
        await reader.until(lambda events: named(events, "run")[-1]["run"] is not None)
        worker.queue.note("1", state="finished", run="/runs/1", points=7)
        worker.on = None
        worker.queue.remove("1")
        await reader.until(lambda events: named(events, "queue")[-1]["items"] == [])
        reader.gone.set()
        await asyncio.wait_for(reading, 30)
        return reader

    reader = asyncio.run(read())
    assert reader.status == 200
    changes = [(each["before"], each["state"]) for each in named(reader.events, "item")]
    assert changes[0] == ("waiting", "running")
    assert changes[-1][1] is None
    assert {"item": "1", "state": "running", "points": 5} in [each["run"] for each in named(reader.events, "run")]
    assert worker.queue.bell.listeners == 0


def test_who_does_not_read_is_hung_up_on_and_holds_nobody_up(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "TAKEN_WITHIN", 0.05)

    async def read() -> Reader:
        stuck, reader, app = Reader(reads=False), Reader(), app_of(worker)
        one = asyncio.create_task(app({**SCOPE}, stuck.receive, stuck.send))
        other = asyncio.create_task(app({**SCOPE}, reader.receive, reader.send))
        worker.queue.pause("lunch")
        await reader.until(lambda events: any(each["why"] == "lunch" for each in named(events, "queue")))
        await asyncio.wait_for(one, 30)
        assert (stuck.text, worker.queue.bell.listeners) == ("", 1)
        worker.queue.bell.end()
        await asyncio.wait_for(other, 30)
        return reader

    assert asyncio.run(read()).over


def test_what_many_changes_left_is_told_once_to_who_was_slow(worker: Worker) -> None:
    async def read() -> Reader:
        reader, app = Reader(), app_of(worker)
        reading = asyncio.create_task(app({**SCOPE}, reader.receive, reader.send))
        await reader.until(lambda events: len(events) == 4)
        for points in range(1000):  # nobody else gets to do anything meanwhile
            worker.on = {"item": "1", "points": points}
        await reader.until(lambda events: named(events, "run")[-1] == {"run": {"item": "1", "points": 999}})
        reader.gone.set()
        await asyncio.wait_for(reading, 30)
        return reader

    assert len(named(asyncio.run(read()).events, "run")) == 2


def test_so_many_read_and_no_more(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "MOST_READERS", 1)

    async def read() -> Reader:
        first, second, app = Reader(), Reader(), app_of(worker)
        one = asyncio.create_task(app({**SCOPE}, first.receive, first.send))
        await first.until(lambda events: bool(events))
        await asyncio.wait_for(app({**SCOPE}, second.receive, second.send), 30)
        first.gone.set()
        await asyncio.wait_for(one, 30)
        return second

    refused = asyncio.run(read())
    assert refused.status == 429
    assert "programs read the events already" in json.loads(refused.text)["error"]
