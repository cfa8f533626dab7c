"""Looks after the field that a run of the queue left behind, until the next run begins."""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from labctl.supervision.field_keeping import LeftAsItIs, keep, left_by

log = logging.getLogger(__name__)

LOOK = 0.05
"""s between two looks at whether somebody gave up."""


class FieldKeeper:
    """Holds a field for the time that the station says and then takes it to zero, besides all else.

    Args:
        keeper: Number of the process that keeps the station; None where there is nothing to keep.
        station: Held by whoever uses the station; it is waited for before the field is taken to zero.
    """

    def __init__(self, keeper: int | None, station: threading.Lock) -> None:
        self._keeper = keeper
        self._station = station
        self._thread: threading.Thread | None = None
        self._given_up = threading.Event()

    def see_to(self, folder: Path) -> None:
        """Look after what a run left behind, if there is anything; returns at once."""
        self.give_up()
        left = left_by(folder)
        if left is None:
            return
        self._given_up.clear()
        self._thread = threading.Thread(
            target=lambda: keep(
                left, log.warning, keeper=self._keeper, given_up=self._given_up.is_set, alone=self._alone
            ),
            name="field", daemon=True,
        )  # fmt: skip
        self._thread.start()

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
