"""Asks the worker of a station, over HTTP on this computer."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from instruments.errors import DataDamaged, UnknownName
from labctl.service import places
from labctl.service.told import Told

PATIENCE = 240.0
"""s of real time for an answer: a check may have to wait for a process that begins."""
LOOK = 0.3
"""s between two looks at how far a rehearsal is."""


class NoWorker(UnknownName):
    """There is no worker that could be asked."""


class Client:
    """One worker.

    Args:
        worker: How it is reached.
    """

    def __init__(self, worker: places.Worker) -> None:
        self.worker = worker

    @classmethod
    def of(cls, station: str, *, simulated: bool, folder: Path | None) -> Client:
        """Find the worker of a station.

        Args:
            station: Its name.
            simulated: Whether that of its simulated twin is meant; it is taken as well where it is the only one.
            folder: Of a queue that lies elsewhere.

        Raises:
            NoWorker: There is none.
        """
        if folder is not None:
            found = places.find_worker(folder)
        else:
            kinds = (True,) if simulated else (False, True)
            folders = [places.queue_folder(station, simulated=kind) for kind in kinds]
            found = next((worker for each in folders if (worker := places.find_worker(each)) is not None), None)
        if found is None:
            where = f"the queue in {folder}" if folder is not None else f"station {station!r}"
            option = f"--queue {folder}" if folder is not None else f"--station {station}"
            raise NoWorker(f"no worker serves {where}; start one with `labctl worker {option}`")
        return cls(found)

    def rehearse(self, told: Callable[[Mapping[str, Any]], None]) -> Mapping[str, Any]:
        """Have the queue rehearsed, and return what was found; it is stopped where the caller is.

        Args:
            told: Called now and then with what is known by then.

        Raises:
            NoWorker: Nobody answers.
            Told: It cannot be done.
        """
        found: Mapping[str, Any] = self.ask("POST", "/rehearsal")["rehearsal"]
        try:
            while found["state"] == "on":
                time.sleep(LOOK)
                found = self.ask("GET", "/rehearsal")["rehearsal"]
                told(found)
        except KeyboardInterrupt:
            self.ask("DELETE", "/rehearsal")
            raise
        return found

    def ask(self, method: str, path: str, content: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Ask, and return the answer.

        Raises:
            NoWorker: Nobody answers.
            Told: It cannot be done; with the worker's sentence and exit code.
        """
        headers = {"Authorization": f"Bearer {self.worker.token}"}
        try:
            with httpx.Client(base_url=self.worker.url, timeout=PATIENCE, trust_env=False) as client:
                answer = client.request(method, path, json=content, headers=headers)
        except httpx.HTTPError as error:
            raise NoWorker(
                f"the worker of station {self.worker.station!r} does not answer at {self.worker.url} ({error}); if it "
                "has ended, start it again with `labctl worker`"
            ) from error
        try:
            said = answer.json()
        except json.JSONDecodeError as error:
            raise DataDamaged(f"{self.worker.url} answered what is no JSON; is it a worker of labctl?") from error
        if answer.is_error:
            raise Told(str(said["error"]), str(said.get("status", "failed")), int(said.get("exit_code", 2)))
        return said
