"""Looks after the field that a run of the queue left behind, until the next run begins."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from instruments.clock import WallClock
from labctl.supervision.field_keeping import Left, LeftAsItIs, keep, left_by

log = logging.getLogger(__name__)

LOOK = 0.05
"""s between two looks at whether somebody gave up."""
ANOTHER = 5.0
"""s by which the moment is another one that is told anew."""


class FieldKeeper:
    """Holds a field for the time that the station says and then takes it to zero, besides all else.

    Args:
        keeper: Number of the process that keeps the station; None where there is nothing to keep.
        station: Held by whoever uses the station; it is waited for before the field is taken to zero.
        changed: Called when something else is told.

    Attributes:
        told: `state` (`held`, or `over`), `field_T`, `held_until` in UTC (None where nobody can say so) and the
            sentence `said`; None before the first. It changes as a whole.
    """

    def __init__(
        self, keeper: int | None, station: threading.Lock, changed: Callable[[], object] = lambda: None
    ) -> None:
        self._keeper = keeper
        self._station = station
        self._thread: threading.Thread | None = None
        self._given_up = threading.Event()
        self._changed = changed
        self.told: Mapping[str, Any] | None = None

    def see_to(self, folder: Path) -> None:
        """Look after what a run left behind, if there is anything; returns at once."""
        self.give_up()
        left = left_by(folder)
        if left is None:
            return
        self._given_up.clear()
        self._tell(state="held", field_T=left.field, held_until=None, said="")
        self._thread = threading.Thread(target=lambda: self._keep(left), name="field", daemon=True)
        self._thread.start()

    def _keep(self, left: Left) -> None:
        try:
            keep(
                left, self._say, keeper=self._keeper, given_up=self._given_up.is_set, alone=self._alone,
                waits=self._wait,
            )  # fmt: skip
        finally:
            self._tell(state="over", held_until=None)

    def _tell(self, **changes: Any) -> None:
        self.told = {**(self.told or {}), **changes}
        self._changed()

    def _say(self, sentence: str) -> None:
        log.warning(sentence)
        self._tell(said=sentence)

    def _wait(self, left: float, speed: float | None) -> None:
        """Tell until when it is held, as long as that does not change much: by another speed of the lab's time."""
        if speed is None:
            return
        until = WallClock().utc() + timedelta(seconds=left / speed)
        before = (self.told or {}).get("held_until")
        if before is None or abs((until - datetime.fromisoformat(before)).total_seconds()) > ANOTHER:
            self._tell(held_until=until.isoformat(timespec="seconds"))

    @contextmanager
    def _alone(self) -> Generator[None]:
        """Have the station to oneself; who gives up instead is a run, which has it already.

        Raises:
            LeftAsItIs: Somebody gave up.
        """
        while not self._station.acquire(timeout=LOOK):
            if self._given_up.is_set():
                raise LeftAsItIs
        try:
            yield
        finally:
            self._station.release()

    def give_up(self) -> None:
        """Leave the field to whoever comes next, and wait until nothing is being sent any more."""
        self._given_up.set()
        if self._thread is not None:
            self._thread.join()
        self._thread = None
