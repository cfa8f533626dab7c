"""A worker that serves a queue over HTTP from threads of the test, and carries nothing out by itself."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from labctl.asked import Asked
from labctl.service import places
from labctl.service.crew import Crew
from labctl.service.items import Item
from labctl.service.queue import Queue
from labctl.service.serving import Wanted, served
from labctl.service.worker import Here, Worker
from labctl.station import load_station

REFUSED = "do not take this"
"""Notes of an item that is refused when it is added."""


class NoCrew(Crew):
    """Checks nothing, and takes all but what says that it is to be refused."""

    def check(self, asked: Asked, task: Mapping[str, Any]) -> Mapping[str, Any]:
        """Say what the check of an item finds."""
        del task
        wrong = asked.notes == REFUSED
        return {"error": "maximum_field is 12 T, above 9 T" if wrong else None, "status": "failed", "exit_code": 2,
                "taken": {}}  # fmt: skip


@contextmanager
def at_hand(folder: Path) -> Generator[Worker]:
    """Serve a queue in a folder."""
    places.make_folder(folder)
    worker = Worker(Here("ppms", True, None, None, folder), Queue(folder))
    worker.crew = NoCrew()
    wanted = Wanted("ppms", None, None, folder, "127.0.0.1", 0)
    with served(worker, wanted, load_station("ppms"), "127.0.0.1", folder):
        yield worker


def fill(worker: Worker, count: int, **asked: Any) -> list[Item]:
    """Add items that differ in their field."""
    return [
        worker.queue.add(
            Asked(procedure="ahe", sample="cotb2025", parameters={"maximum_field": f"{k + 1} mT"}, **asked)
        )
        for k in range(count)
    ]


def begin(worker: Worker, **known: Any) -> Item:
    """Let the first item that waits be on."""
    item = worker.queue.take()
    assert item is not None
    worker.on = {"item": item.id, "progress": 0.25, "points": 100, "state": "running", "run": "/runs/0001-ahe", **known}
    return worker.queue.note(item.id, run="/runs/0001-ahe")
