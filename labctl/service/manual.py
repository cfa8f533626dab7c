"""What people have done by hand through the worker: told to all who read, and written down in the queue's folder.

Between runs the process that looks at the instruments does it. While a run stands, its sources can be turned off, and
nothing else: what a field or a temperature has done to the sample meanwhile, no set point would undo, and the rows of
the run would say nothing of it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from instruments.clock import WallClock
from instruments.errors import LabError, Refused, UsageError, WriteFailed
from labctl import by_hand
from labctl.preparing import DEFAULT_SAMPLE
from labctl.sample import load_sample
from labctl.service.told import Told
from labctl.service.watching import Watching
from labctl.service.worker import Worker

CALMING = frozenset({"source_off", "hold_field", "hold_temperature"})
"""What needs no limits, since nothing grows by it: it is done whatever sample is mounted."""
FILE = "by_hand.jsonl"
"""In the queue's folder: a line for each."""
WITHIN = 120.0
"""s after which something is given up that does not come to its end; bringing a source to rest may take that long."""
WAIT = 5.0
"""s for which somebody waits who asks while the station is being looked at."""


class Manual:
    """Has things done by hand.

    Args:
        worker: Whose station it is.
        watching: Whose process does it.
        sample: What is mounted in the worker's lab, None where nobody has said so.

    Attributes:
        told: The last one, None before the first; it changes as a whole.
    """

    def __init__(self, worker: Worker, watching: Watching, sample: str | None) -> None:
        self.told: Mapping[str, Any] | None = None
        self._worker = worker
        self._watching = watching
        self._sample = sample
        self._lock = threading.Lock()

    def do(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Have something done, and return what is told of it.

        Args:
            asked: `do`, `value`, `rate`, `sample` and `by`.

        Raises:
            UsageError: There is no such thing, or its value does not fit.
            Refused: A run is on, or it is beyond a limit.
            LabError: An instrument does not take it.
        """
        value, rate = by_hand.read(asked["do"], asked["value"], asked["rate"])
        with self._lock:
            try:
                said = self._while_standing(asked) or self._between_runs(asked, value, rate)
            except LabError as error:
                self._note(asked, None, str(error))
                raise
            return self._note(asked, said, None)

    def _while_standing(self, asked: Mapping[str, Any]) -> str:
        """Have it done by the run that stands, and say so; "" where no run is on.

        Raises:
            Refused: The run does not stand, or it is nothing that can be undone.
        """
        on = self._worker.on
        if on is None:
            return ""
        if on.get("state") != "stands":
            raise Refused(f"item {on['item']} is on; pause it now to turn its sources off, or wait for its end")
        if asked["do"] != "source_off":
            raise Refused(
                f"item {on['item']} stands, and goes on where it was: what another field, temperature or angle does to "
                "the sample cannot be undone; abort the run, or wait for its end"
            )
        self._worker.turn_off(asked["by"])
        return "the run that stands turns its outputs off, and on again before it goes on"

    def _between_runs(self, asked: Mapping[str, Any], value: float | None, rate: float | None) -> str:
        """Have it done, and say what was.

        Raises:
            Refused: A run begins.
            Told: It was refused, or an instrument does not take it.
        """
        task = {"do": asked["do"], "value": value, "rate": rate, "sample": self._mounted(asked)}
        if not self._worker.between_runs.acquire(timeout=WAIT):
            raise Refused("a run begins, or the queue is being rehearsed; ask again when that is over")
        try:
            if self._worker.here.simulate:
                raise Refused("each run of this worker has a lab of its own, and between runs there is none")
            found = self._watching.ask("by hand", WITHIN, task)
        finally:
            self._worker.between_runs.release()
        if found["error"] is not None:
            raise Told(str(found["error"]), str(found["status"]), int(found["exit_code"]))
        return str(found["said"])

    def _mounted(self, asked: Mapping[str, Any]) -> str:
        """Return the sample whose limits hold.

        Raises:
            UsageError: Nobody has said which one is mounted, or there is no such record.
        """
        named = asked["sample"] or self._sample
        if named is None:
            of_runs = [item.asked.sample for item in self._worker.queue.book.items if item.run and item.asked.sample]
            named = of_runs[-1] if of_runs else None
        if named is None and asked["do"] in CALMING:
            named = DEFAULT_SAMPLE
        if named is None:
            raise UsageError(
                'nobody has said which sample is mounted, whose limits hold; name its record as "sample", or '
                "check its contacts first"
            )
        load_sample(named)
        return named

    def _note(self, asked: Mapping[str, Any], said: str | None, error: str | None) -> Mapping[str, Any]:
        """Write it down, and tell those who read.

        Raises:
            WriteFailed: The disk does not take it; it was done all the same.
        """
        at = WallClock().utc().isoformat(timespec="milliseconds")
        told = {**{name: asked[name] for name in ("by", "do", "value", "rate")}, "at": at, "said": said, "error": error}
        self.told = told
        self._watching.soon()
        self._worker.queue.bell.ring()
        file = Path(self._worker.here.folder) / FILE
        try:
            with file.open("a", encoding="utf-8") as written:
                written.write(json.dumps(told) + "\n")
        except OSError as failed:
            what = error or f"{said}, but that"
            raise WriteFailed(f"{what} cannot be written down in {file}: {failed.strerror}") from failed
        return told
