"""Takes one item of a queue after the other, and decides what follows when one does not finish."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from instruments.errors import Refused, WriteFailed
from labctl.asked import Asked
from labctl.service.crew import Crew
from labctl.service.field import FieldKeeper
from labctl.service.hand import Hand, NotReady
from labctl.service.items import Item
from labctl.service.queue import Queue
from labctl.service.recovery import folder_of, how_it_stands
from labctl.service.told import Told

ENDING = "the end of the worker"
"""What a run is stopped by that is carried on by the next worker."""
ABORTED = "aborted by "
"""How the sentence of a run begins that was ended by somebody."""
OF_NO_USE = frozenset({2, 3, 4})
"""Exit codes after which the same run would end the same way, or was meant to end."""


@dataclass(frozen=True, slots=True)
class Here:
    """What a worker works with.

    Attributes:
        station: A shipped name or a file.
        simulate: Whether each run has a simulated lab of its own.
        lab: File with the line that `labctl simulate` printed.
        keeper: Number of the process that keeps the station, None where there is nothing to keep.
        folder: Of the queue.
    """

    station: str
    simulate: bool
    lab: Path | None
    keeper: int | None
    folder: Path

    def task(self) -> dict[str, Any]:
        """Return what is the same of all tasks."""
        return {
            "station": self.station, "simulate": self.simulate, "lab": None if self.lab is None else str(self.lab),
            "keeper": self.keeper, "folder": str(self.folder),
        }  # fmt: skip


def _nothing(*said: object) -> None:
    del said


class Worker:
    """Carries out a queue.

    Attributes:
        crew: Who measures.
        field: Who looks after the field that a run left behind.
        between_runs: Held while a run is on, and by whoever lets none begin for a moment.
        hurry: Called when a run is about to begin, so that whoever looks at the station lets go of it.
        shows: Called with what a run says of its instruments.
        freed: Called when a run has ended and none follows, so that whoever looks at the station does it at once.
    """

    def __init__(self, here: Here, queue: Queue) -> None:
        self.here = here
        self.queue = queue
        self.crew = Crew()
        self.between_runs = threading.Lock()
        self.field = FieldKeeper(here.keeper, self.between_runs, queue.bell.ring)
        self.hurry: Callable[[], None] = _nothing
        self.shows: Callable[[Mapping[str, Any]], None] = _nothing
        self.freed: Callable[[], None] = _nothing
        self._on: Mapping[str, Any] | None = None
        self._hand: Hand | None = None
        self._lock = threading.Lock()
        self._stopped_by = ""
        self._all_stopped = False
        self._standing = ""
        self._ending = False

    @property
    def on(self) -> Mapping[str, Any] | None:
        """What is known of the run that is on, None between runs; it changes as a whole."""
        return self._on

    @on.setter
    def on(self, known: Mapping[str, Any] | None) -> None:
        self._on = known
        self.queue.bell.ring()

    # ---- asked for by people

    def add(self, asked: Asked) -> Item:
        """Check an item and add it.

        Raises:
            LabError: It cannot be carried out; the sentence says why.
        """
        asked = asked.model_copy(update={"out": str(Path(asked.out).resolve())})
        return self.queue.add(asked, self._check(asked))

    def resume(self, run: str) -> Item:
        """Check a run that was cut, and add an item that carries it on.

        Args:
            run: Its folder, or a file in it.

        Raises:
            LabError: It cannot be carried on here; the sentence says why.
        """
        said = self.crew.check_resuming(str(Path(run).resolve()), self.here.task())
        if said["error"] is not None:
            raise Told(str(said["error"]), str(said["status"]), int(said["exit_code"]))
        return self.queue.resume(Asked.model_validate(said["asked"]), str(said["run"]))

    def edit(self, number: str, asked: Asked) -> Item:
        """Check an item anew and ask for it instead of what it was.

        Raises:
            LabError: It cannot be carried out, or does not wait.
        """
        return self.queue.edit(number, asked, self._check(asked))

    def _check(self, asked: Asked) -> Mapping[str, str]:
        """Check an item, and return what numbers without a unit are taken for in it."""
        said = self.crew.check(asked, self.here.task())
        if said["error"] is not None:
            raise Told(str(said["error"]), str(said["status"]), int(said["exit_code"]))
        return said["taken"]

    def pause(self, who: str, *, now: bool) -> None:
        """Let no further run begin, and the one that is on stand still at its next point if `now`.

        Raises:
            WriteFailed: The disk does not take it; it is paused all the same.
        """
        if now:
            self._stand(who)
        self.queue.pause(f"paused by {who}")

    def go(self) -> None:
        """Let the run that stands go on, and further runs begin.

        Raises:
            WriteFailed: The disk does not take it.
        """
        self._stand("")
        self.queue.go()

    def abort(self, who: str) -> Item:
        """End the run that is on at its next step, in the safe state; the queue goes on with the next.

        Raises:
            Refused: No run is on.
        """
        with self._lock:
            taken = next((item for item in self.queue.book.items if item.state == "running"), None)
            if taken is None:
                raise Refused("no run is on, so there is nothing to abort")
            self._stopped_by = self._stopped_by or who
            item = self.queue.note(taken.id, stopping=self._stopped_by)
            if self._hand is not None:
                self._hand.stop(self._stopped_by)
            return item

    def stop(self, who: str) -> None:
        """End the run that is on in the safe state, and let no further one begin.

        Raises:
            WriteFailed: The disk does not take it; it is stopped all the same.
        """
        try:
            self.queue.pause(f"stopped by {who}")
        finally:
            self._all_stopped = True
            try:
                self.abort(who)
            except Refused:  # none is on, not even one that was taken and waits for the station
                self._all_stopped = False

    def end(self) -> None:
        """End the run that is on in the safe state, to be carried on by the next worker, and take no other one."""
        with self._lock:
            self._ending = True
            self.queue.close()
            if self._hand is not None:
                self._hand.stop(ENDING)

    def turn_off(self, who: str) -> None:
        """Have the run that stands turn its outputs off until it goes on."""
        with self._lock:
            if self._hand is not None:
                self._hand.turn_off(who)

    def _stand(self, why: str) -> None:
        with self._lock:
            self._standing = why
            if self._hand is not None:
                self._hand.stand(why)

    # ---- one item after the other

    def recover(self) -> None:
        """Decide what becomes of a run that was on when the worker before ended."""
        for item in self.queue.book.items:
            if item.state == "running":
                self._settle(item, self._ended(item, "its worker ended while it was on"), interrupted=True)

    def work(self) -> None:
        """Carry out one item after the other until the queue is closed."""
        self.crew.prepare()
        while True:
            try:
                item = self.queue.take()
            except WriteFailed as error:
                self._pause(str(error))
                continue
            if item is None:
                break
            self.hurry()
            with self.between_runs:
                self._carry_out(item)
            with self._lock:
                self._all_stopped = False
                self._stopped_by = ""  # not when the next one begins: who asks while it waits for the station means it
            if self.queue.book.paused or self.queue.book.next() is None:
                self.freed()
        self.crew.end()

    def _carry_out(self, item: Item) -> None:
        self.on = {"item": item.id, "progress": 0.0, "points": 0, "state": "begins", "run": item.run}
        hand = self.crew.next()
        self.field.give_up()
        task = {
            **self.here.task(), "asked": item.asked.model_dump(mode="json"), "item": self.queue.book.mark(item),
            "run": item.run,
        }  # fmt: skip
        try:
            said = hand.carry_out(task, lambda message: self._hear(item, message), lambda: self._begun(hand))
        except NotReady as error:
            self.queue.note(item.id, state="waiting")
            self._pause(str(error))
            self.on = None
            return
        finally:
            with self._lock:
                self._hand = None
        if "died" in said:
            said = {**self._ended(self.queue.item(item.id), str(said["error"])), "died": said["died"]}
        self._settle(self.queue.item(item.id), said)
        self.on = None

    def _begun(self, hand: Hand) -> None:
        with self._lock:
            self._hand = hand
            if self._standing:
                hand.stand(self._standing)
            if self._stopped_by or self._ending:
                hand.stop(self._stopped_by or ENDING)
        self.crew.prepare()

    def _hear(self, item: Item, message: Mapping[str, Any]) -> None:
        match message.get("is"):
            case "run":
                self.queue.note(item.id, run=message["folder"])
                self.on = {**(self.on or {}), "run": message["folder"], "state": "running"}
            case "progress":
                known = {name: value for name, value in message.items() if name not in {"is", "standing"}}
                state = "stands" if message["standing"] else "is held" if message.get("held") else "running"
                self.on = {**(self.on or {}), **known, "state": state}
            case "instruments":
                self.shows(message)
            case "rehearses":
                self.on = {**(self.on or {}), "state": "rehearses" if message["now"] else "begins"}
            case "safe":
                self.on = {**(self.on or {}), "state": "is summed up", "remaining_lab_time_s": 0.0}
            case _:
                pass

    def _ended(self, item: Item, why: str) -> Mapping[str, Any]:
        """Return how an item ended whose process can no longer say so, by its folder."""
        folder = folder_of(item, self.queue.book.mark(item))
        return how_it_stands(folder, why)

    def _settle(self, item: Item, said: Mapping[str, Any], *, interrupted: bool = False) -> None:
        """Take in how an item ended, and decide what follows."""
        found = {name: said[name] for name in ("points", "lab_time_s", "error", "exit_code") if name in said}
        found["run"] = said.get("run") or item.run
        status, policy = str(said["status"]), self.queue.book.policy
        unbegun = status == "unbegun"
        as_asked = status == "aborted" or unbegun or interrupted or "died" in said  # else it had failed before that
        if status != "finished" and found["run"]:
            self.field.see_to(Path(found["run"]))
        if status == "finished":
            self.queue.note(item.id, state="finished", **found)
        elif item.stopping and as_asked:
            if self._all_stopped and str(found.get("error") or "").startswith(ABORTED):
                found["error"] = f"stopped by {str(found['error']).removeprefix(ABORTED)}"  # and not this run alone
            self.queue.note(item.id, state="aborted", **found)
        elif interrupted or (self._ending and (status == "aborted" or unbegun)):
            found["deaths"] = item.deaths + interrupted
            again = (policy.interrupted == "resume" or unbegun) and self._carried_on(item, interrupted, found)
            self.queue.note(item.id, state="waiting" if again else "failed", **found)
            if not again:
                self._after_failure(item, str(found["error"]))
        elif item.failures < policy.retries and said["exit_code"] not in OF_NO_USE:
            self.queue.note(item.id, state="waiting", failures=item.failures + 1, **found)
        else:
            self.queue.note(item.id, state="failed" if unbegun else status, failures=item.failures + 1, **found)
            self._after_failure(item, str(said["error"]))

    def _carried_on(self, item: Item, interrupted: bool, found: dict[str, Any]) -> bool:
        """Whether an item is carried on once more whose worker has ended; where it is not, its error says why."""
        most, died = self.queue.book.policy.carried_on, item.deaths + 1
        if not interrupted or item.failures + item.deaths < most:
            return True
        found["error"] = (
            f"{found['error']}; it is not carried on, since its worker has died {died} times while it was on and it "
            f"failed {item.failures} times, and the policy carries on {most} times (--carried-on)"
        )
        return False

    def _after_failure(self, item: Item, error: str) -> None:
        if self.queue.book.policy.after_failure == "stop":
            self._pause(f"item {item.id} did not finish: {error}")

    def _pause(self, why: str) -> None:
        with suppress(WriteFailed):  # it is paused all the same
            self.queue.pause(why)
