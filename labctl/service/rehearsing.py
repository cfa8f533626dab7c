"""The rehearsal of a queue, as the worker has it made: in a process of its own, and beside a run that is on."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Self

from instruments.clock import WallClock
from instruments.errors import LabError, Refused
from labctl.remote import read_addresses
from labctl.service.hand import Hand, NotReady
from labctl.service.items import Item
from labctl.service.worker import Here, Worker

ASK_WITHIN = 120.0
"""s after which a rehearsal that does not come back from asking the station is ended, so that a run can begin."""
LOOK = 0.02
"""s between two looks at whether a run is on."""


class Rehearsing:
    """Has a queue rehearsed, one rehearsal at a time.

    Args:
        worker: Whose queue.

    Attributes:
        told: What is known of the last rehearsal, None before the first; it changes as a whole.
    """

    def __init__(self, worker: Worker) -> None:
        self.told: Mapping[str, Any] | None = None
        self._worker = worker
        self._lock = threading.Lock()
        self._on = False
        self._hand: Hand | None = None
        self._stopped = False
        self._found: list[Mapping[str, Any]] = []

    def start(self) -> Mapping[str, Any]:
        """Begin to rehearse what waits; what is found is told as it comes.

        Raises:
            Refused: It is being rehearsed already.
        """
        with self._lock:
            if self._on:
                raise Refused("the queue is being rehearsed already; wait for its end, or stop it (DELETE /rehearsal)")
            self._on, self._stopped, self._found = True, False, []
            self.told = {
                "state": "on", "of": len(self._waiting()), "items": [], "duration_s": 0.0, "violations": [],
                "error": None, "begun": _now(),
                "speed": _speed(self._worker.here), "after": None,
            }  # fmt: skip
            threading.Thread(target=self._rehearse, name="rehearsal", daemon=True).start()
            return self.told

    def stop(self) -> Mapping[str, Any]:
        """End the rehearsal that is on.

        Raises:
            Refused: There is none.
        """
        with self._lock:
            if not self._on or self.told is None:
                raise Refused("the queue is not being rehearsed, so there is nothing to stop")
            self._stopped = True
            if self._hand is not None:
                self._hand.end()  # nothing of it can be on: it only asks questions
            return self.told

    def end(self) -> None:
        """End the rehearsal that is on, if there is one."""
        with self._lock:
            self._stopped = True
            if self._hand is not None:
                self._hand.end()

    def _rehearse(self) -> None:
        """Rehearse what waits, and take in how that ended."""
        error = None
        try:
            if self._waiting():
                error = self._in_a_process()
        except LabError as failed:
            error = str(failed)
        state = "stopped" if self._stopped else "done" if error is None else "failed"
        self._tell(state=state, error=None if self._stopped else error)
        with self._lock:
            self._hand, self._on = None, False

    def _in_a_process(self) -> str | None:
        """Rehearse what waits, and return what went wrong."""
        hand = Hand()
        with self._lock:
            self._hand = hand
            if self._stopped:
                hand.end()
        try:
            hand.wait_until_ready()
            with _Still(self._worker, hand) as still:
                return self._carry_out(hand, still)
        finally:
            hand.end()

    def _carry_out(self, hand: Hand, still: _Still) -> str | None:
        def take(message: Mapping[str, Any]) -> None:
            if message.get("is") == "asked":
                still.end()
            elif message.get("is") == "foreseen":
                self._take(message)

        on = still.on
        items = self._waiting(*(() if on is not None else ("running",)))  # one that was taken and has not begun
        self._tell(of=len(items), begun=_now())
        known = [{"id": item.id, "run": item.run, "asked": item.asked.model_dump(mode="json")} for item in items]
        task = {**self._worker.here.task(), "items": known, "on": self._after(on)}
        try:
            return hand.foresee(task, take)["error"]
        except NotReady as error:
            raise NotReady(f"the station was not asked within {ASK_WITHIN:g} s") if still.late else error from error

    def _waiting(self, *others: str) -> list[Item]:
        return [item for item in self._worker.queue.book.items if item.state in {"waiting", *others}]

    def _after(self, on: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """Return what there is to know of the item that is on, and tell when it ends."""
        if on is None:
            return None
        item = self._worker.queue.item(str(on["item"]))
        left = on.get("remaining_lab_time_s")
        self._tell(after={"item": item.id, "left_s": left, "left_from": on.get("remaining_from")})
        return {
            "id": item.id, "run": on.get("run") or item.run, "stands": on.get("stands"),
            "asked": item.asked.model_dump(mode="json"),
        }  # fmt: skip

    def _take(self, message: Mapping[str, Any]) -> None:
        """Take in what was found of an item."""
        assert self.told is not None
        after: Mapping[str, Any] = self.told["after"] or {}
        begins = self._found[-1]["ends_s"] if self._found else float(after.get("left_s") or 0.0)
        ends = begins + float(message["duration_s"] or 0.0)
        known = {name: value for name, value in message.items() if name != "is"}
        since, speed = datetime.fromisoformat(str(self.told["begun"])), self.told["speed"]
        times = {"begins_s": begins, "ends_s": ends, "begins_at": _at(since, begins, speed),
                 "ends_at": _at(since, ends, speed)}  # fmt: skip
        self._found.append({**known, **times})
        self._tell(
            items=list(self._found), duration_s=sum(each["duration_s"] or 0.0 for each in self._found),
            violations=[f"item {each['item']}: {said}" for each in self._found for said in each["violations"]],
        )  # fmt: skip

    def _tell(self, **changes: Any) -> None:
        self.told = {**(self.told or {}), **changes}
        self._worker.queue.bell.ring()


class _Still:
    """Lets no run begin until the station was asked, for a limited time; does nothing where one is on.

    Args:
        worker: Who carries out runs.
        hand: Who asks the station, and is ended when it takes too long.

    Attributes:
        on: What is known of the run that is on, None where none is.
        late: Whether it took too long.
    """

    def __init__(self, worker: Worker, hand: Hand) -> None:
        self.on: Mapping[str, Any] | None = None
        self.late = False
        self._worker = worker
        self._hand = hand
        self._mine = False
        self._lock = threading.Lock()
        self._limit = threading.Timer(ASK_WITHIN, self._give_up)

    def __enter__(self) -> Self:
        while not self._mine and self.on is None:
            self._mine = self._worker.between_runs.acquire(timeout=LOOK)
            self.on = None if self._mine else self._worker.on
        self._limit.start()
        return self

    def __exit__(self, *ended: object) -> None:
        self.end()

    def _give_up(self) -> None:
        self.late = True
        self._hand.end()

    def end(self) -> None:
        """Let runs begin."""
        self._limit.cancel()
        with self._lock:
            if self._mine:
                self._mine = False
                self._worker.between_runs.release()


def _now() -> str:
    return WallClock().utc().isoformat(timespec="seconds")


def _at(since: datetime, seconds: float, speed: float | None) -> str | None:
    """Return when it is so many s of lab time later, None where the lab's clock jumps."""
    if speed is None:
        return None
    return (since + timedelta(seconds=seconds / speed)).isoformat(timespec="seconds")


def _speed(here: Here) -> float | None:
    """Return the lab's s in one s of real time, None where its clock jumps."""
    if here.lab is not None:
        return read_addresses(here.lab).speed_now()
    return None if here.simulate else 1.0
