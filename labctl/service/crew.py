"""One process that measures is always begun ahead: it checks what is added, and takes the next run."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from labctl.asked import Asked
from labctl.service.hand import Hand


class Crew:
    """The next process that measures."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spare: Hand | None = None
        self._stained = False

    def prepare(self) -> None:
        """Begin a process ahead, unless there is one."""
        with self._lock:
            self._living()

    def check(self, asked: Asked, task: Mapping[str, Any]) -> Mapping[str, Any]:
        """Have something checked; see `Hand.check`.

        Raises:
            NotReady: The process ended, or does not answer.
        """
        with self._lock:
            spare = self._living()
            self._stained |= asked.of_a_file  # it has read the file as it is now
            return spare.check({**task, "asked": asked.model_dump(mode="json")})

    def check_resuming(self, run: str, task: Mapping[str, Any]) -> Mapping[str, Any]:
        """Have it checked whether a run can be carried on; see `Hand.check`.

        Returns:
            As there, and where nothing is wrong `asked`, what was asked for in it, and `run`, its folder.

        Raises:
            NotReady: The process ended, or does not answer.
        """
        with self._lock:
            spare = self._living()
            self._stained = True  # it may have read a file of somebody's own
            return spare.check({**task, "run": run})

    def next(self) -> Hand:
        """Return the process that is to take the next run, and begin no other one yet."""
        with self._lock:
            spare = self._living()
            if self._stained:
                spare.end()
                spare, self._stained = Hand(), False
            self._spare = None
            return spare

    def end(self) -> None:
        """End the process that waits."""
        with self._lock:
            if self._spare is not None:
                self._spare.end()
                self._spare = None

    def _living(self) -> Hand:
        if self._spare is None or not self._spare.alive:
            self._spare, self._stained = Hand(), False
        return self._spare
