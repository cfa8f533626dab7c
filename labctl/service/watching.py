"""The instruments as the worker knows them: told by the run that is on, and asked between runs while somebody reads.

Between runs a process of its own asks them once a second, with questions alone. Whoever begins a run lets it leave out
what is not asked yet, and ends it where an instrument keeps it waiting: it only asks, so that nothing is lost.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from instruments.clock import WallClock
from labctl.preparing import DEFAULT_SAMPLE
from labctl.service.aide import Aide
from labctl.service.hand import NotReady
from labctl.service.worker import Worker

EVERY = 1.0
"""s between two looks at the instruments."""
PATIENCE = 0.3
"""s for which a run that begins waits for a look to come to its end."""
LOOK_WITHIN = 60.0
"""s after which a look is given up."""
SILENT = 10.0
"""s for which an instrument that did not answer is left alone."""
MOST_LOOKS = 1000
"""After so many a new process looks: some 40 kB stay with it of the connections of each."""
HELIUM = 60.0
"""s between two questions for the helium level."""


class Watching:
    """Knows how the instruments stand.

    Args:
        worker: Whose.
        sample: What is mounted in its lab.

    Attributes:
        told: All that is known; it changes as a whole.
    """

    def __init__(self, worker: Worker, sample: str | None = None, aide: Callable[[], Aide] = Aide) -> None:
        self._worker = worker
        self._sample = sample or DEFAULT_SAMPLE  # questions are the same for all
        self._make = aide
        self._aide: Aide | None = None
        self._lock = threading.Lock()
        self._awake = threading.Event()
        self._asked: bool | None = None
        self._ended = False
        self._looking = False
        self._looks = 0
        self._hurried = 0.0
        self._silent_until: dict[str, float] = {}
        self._helium = -math.inf
        self._replied: dict[str, tuple[Any, float]] = {}
        self._filled: dict[str, tuple[float, Any, float]] = {}  # helium: its level, when it was read, and was heard of
        self._instruments: dict[str, Mapping[str, Any]] = {}
        self._said: dict[str, Any] = {"from": None, "at": None, "error": None}
        self.told: Mapping[str, Any] = {}
        self._tell()
        worker.hurry, worker.shows, worker.freed = self.hurry, self.take, self.soon

    # ---- asked for

    @property
    def on(self) -> bool:
        """Whether the instruments are asked between runs."""
        return self._worker.queue.bell.listeners > 0 if self._asked is None else self._asked

    def switch(self, asked: bool | None) -> None:
        """Have them asked or not; None: while somebody reads the events."""
        self._asked = asked
        self._tell()
        self._awake.set()

    def begin(self) -> None:
        """Look at them from now on."""
        threading.Thread(target=self._watch, name="watching", daemon=True).start()

    def end(self) -> None:
        """Look no more."""
        self._ended = True
        self._awake.set()
        self._end_aide()

    def hurry(self) -> None:
        """Let go of the station soon: a run is about to begin."""
        self._hurried = time.monotonic()
        aide = self._aide
        if aide is not None and self._looking:
            aide.hurry()
            limit = threading.Timer(PATIENCE, self._give_up, (aide,))
            limit.daemon = True
            limit.start()

    def _give_up(self, aide: Aide) -> None:
        if self._looking and aide is self._aide:
            aide.end()

    # ---- known

    def take(self, message: Mapping[str, Any]) -> None:
        """Take in what a run says of its instruments."""
        self._know(message["instruments"], whole=True)
        self._said = {"from": "run", "error": None}
        self._tell()

    def _know(self, instruments: Mapping[str, Mapping[str, Any]], *, whole: bool) -> None:
        """Take in what was found; of an instrument that does not answer, what was known last stays."""
        now = time.monotonic()
        known: dict[str, Mapping[str, Any]] = {} if whole else dict(self._instruments)
        for role, found in instruments.items():
            rest = {name: value for name, value in found.items() if name != "replies"}
            count = found.get("replies", now if rest["error"] is None else None)
            before = self._replied.get(role)
            if count is not None and (before is None or before[0] != count):
                self._replied[role] = count, now
            known[role] = rest if rest["error"] is None else {**self._instruments.get(role, {}), **rest}
            self._know_helium(role, rest, now)
        self._instruments = known

    def _know_helium(self, role: str, found: dict[str, Any], now: float) -> None:
        """Take in a level; where a run, or a look, has not read it, the last one stays, which gets old."""
        read, level = found.pop("helium_read", None), found.get("helium_percent")
        before = self._filled.get(role)
        if level is not None and (before is None or before[1] != read):
            self._filled[role] = level, read, now

    def now(self) -> Mapping[str, Any]:
        """Return what is known, with the ages of the last replies as they are now."""
        now = time.monotonic()
        ages = {role: round(now - at, 3) for role, (_, at) in self._replied.items()}
        shown = {role: {**each, "age_s": ages.get(role)} for role, each in self._instruments.items()}
        for role, (level, _, at) in self._filled.items():
            if "helium_percent" in shown.get(role, {}):
                shown[role] |= {"helium_percent": level, "helium_age_s": round(now - at, 3)}
        told = {
            "watching": {"on": self.on, "asked": self._asked}, **self._said,
            "at": WallClock().utc().isoformat(timespec="milliseconds"), "instruments": shown,
        }  # fmt: skip
        return _finite(told)

    def _tell(self) -> None:
        self.told = self.now()
        self._worker.queue.bell.ring()

    # ---- looking

    def _watch(self) -> None:
        while not self._ended:
            self._awake.wait(EVERY)
            self._awake.clear()
            if self._ended:
                return
            if not self.on:
                self._end_aide()
            elif not self._occupied():
                self._look()

    def _occupied(self) -> bool:
        """Whether a run is on or begins, or there is no lab but that of a run."""
        worker = self._worker
        return worker.on is not None or worker.here.simulate or time.monotonic() < self._hurried + EVERY

    def _look(self) -> None:
        """Ask the instruments, unless somebody has the station."""
        self._looks += 1
        if self._looks % MOST_LOOKS == 0:
            self._end_aide()
        aide = self._living()
        try:
            aide.wait_until_ready()
        except NotReady:
            return
        if not self._worker.between_runs.acquire(blocking=False):
            return
        self._looking = True
        now = time.monotonic()
        passed_over = [role for role, until in self._silent_until.items() if until > now]
        task = {**self.task(), "passed_over": passed_over, "helium": now - self._helium > HELIUM}
        try:
            found = aide.ask("look", LOOK_WITHIN, task)
        except NotReady as error:
            found = {"error": str(error), "hurried": time.monotonic() < self._hurried + EVERY}
        finally:
            self._looking = False
            self._worker.between_runs.release()
        if self._worker.on is None and self.on:
            self._take_look(found, asked=bool(task["helium"]))

    def task(self) -> Mapping[str, Any]:
        """Return what is the same of all tasks of the process that asks."""
        return {**self._worker.here.task(), "sample": self._sample}

    def _take_look(self, found: Mapping[str, Any], *, asked: bool) -> None:
        if found.get("error") is not None:
            if not found.get("hurried"):
                self._said = {"from": "station", "error": found["error"]}
                self._tell()
            return
        now = time.monotonic()
        instruments = {role: dict(each) for role, each in found["instruments"].items()}
        for role, each in instruments.items():
            if each["error"] is not None:
                self._silent_until[role] = now + SILENT
            if asked and each.get("helium_percent") is not None:
                self._helium = now
        self._know(instruments, whole=False)
        self._said = {"from": "station", "error": None}
        self._tell()

    # ---- by hand

    def ask(self, what: str, within: float, task: Mapping[str, Any]) -> Mapping[str, Any]:
        """Have the same process do something; the caller has the station.

        Raises:
            NotReady: It does not answer.
        """
        return self._living().ask(what, within, {**self.task(), **task})

    def soon(self) -> None:
        """Look again at once."""
        self._awake.set()

    def _living(self) -> Aide:
        with self._lock:
            if self._aide is None or not self._aide.alive:
                self._aide = self._make()
            return self._aide

    def _end_aide(self) -> None:
        with self._lock:
            aide, self._aide = self._aide, None
        if aide is not None:
            aide.end()


def _finite(value: Any) -> Any:
    """Return the same with None in the place of what is no number."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _finite(each) for name, each in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return [_finite(each) for each in value]  # pyright: ignore[reportUnknownVariableType]
    return value
