"""The worker's end of the process that looks at the instruments between runs."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from labctl.service.hand import NotReady
from labctl.supervision import processes, supervisor
from labctl.supervision.line import VARIABLE, Listener

MODULE = "labctl.service.looking"


class Aide:
    """One process that asks instruments, for as long as it lives."""

    def __init__(self) -> None:
        self._listener = Listener()
        self._heard = threading.Condition()
        self._ready = False
        self._answers: dict[int, Mapping[str, Any]] = {}
        self._asked = 0
        self._watch = supervisor.Watch(self._take)
        self._process = processes.begin_module(MODULE, {VARIABLE: self._listener.address})
        threading.Thread(target=self._watch.listen, args=(self._listener,), name="aide", daemon=True).start()
        threading.Thread(target=self._wait, name="aide's end", daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    def _wait(self) -> None:
        self._process.wait()
        self._listener.close()
        with self._heard:
            self._heard.notify_all()

    def _take(self, message: Mapping[str, Any]) -> None:
        with self._heard:
            if message.get("is") == "ready":
                self._ready = True
            elif message.get("is") == "did":
                self._answers[int(message["number"])] = message
            self._heard.notify_all()

    def wait_until_ready(self) -> None:
        """Wait until everything is imported, which no run has to wait for.

        Raises:
            NotReady: It ended before, or takes too long.
        """
        with self._heard:
            self._heard.wait_for(lambda: self._ready or not self.alive, timeout=supervisor.START)
            if not (self._ready and self.alive):
                raise NotReady("the process that looks at the instruments cannot be begun; what it printed says why")

    def ask(self, what: str, within: float, task: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give it a task, and return what it says of it.

        Args:
            what: `look` or `by hand`.
            within: s of real time after which it is ended.
            task: See `labctl.service.looking`.

        Raises:
            NotReady: It ended, or does not answer in time.
        """
        self.wait_until_ready()
        self._asked += 1
        number = self._asked
        self._watch.say("go", why="")
        self._watch.ask(what, number=number, **task)
        with self._heard:
            self._heard.wait_for(lambda: number in self._answers or not self.alive, timeout=within)
            if number in self._answers:
                return self._answers.pop(number)
        late = self.alive
        self.end()
        raise NotReady(
            f"the instruments did not answer within {within:g} s" if late else "the process that asks them has ended"
        )

    def hurry(self) -> None:
        """Let it leave out what it has not asked yet."""
        self._watch.say("stand", why="a run begins")

    def end(self) -> None:
        """End the process."""
        processes.end(self._process)
