"""The worker's end of a process that measures: begun ahead, asked to check or to carry out, watched, and rescued."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from instruments.errors import LabError
from labctl.supervision import processes, supervisor
from labctl.supervision.line import VARIABLE, Listener

MODULE = "labctl.service.measuring"
CHECK_WITHIN = 60.0
"""s after which a check is given up: an experiment's own code hangs."""
GONE_WITHIN = 5.0
"""s in which a process that has said all should be gone."""

Told = Callable[[Mapping[str, Any]], None]


class NotReady(LabError):
    """The process that is to measure could not be begun."""


class Hand:
    """One process that measures, at most once."""

    def __init__(self) -> None:
        listener = Listener()
        self._told: Told = lambda _: None
        self._heard = threading.Condition()
        self._ready = False
        self._answers: dict[int, Mapping[str, Any]] = {}
        self._asked = 0
        self._outcome: Mapping[str, Any] | None = None
        self._watch = supervisor.Watch(self._take)
        self._process = processes.begin_module(MODULE, {VARIABLE: listener.address})
        self._listener = listener
        self._listening = threading.Thread(target=self._listen, name="hand", daemon=True)
        self._listening.start()
        threading.Thread(target=self._wait, name="hand's end", daemon=True).start()
        self.used = False

    @property
    def alive(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def _listen(self) -> None:
        self._watch.listen(self._listener)
        with self._heard:
            self._heard.notify_all()

    def _wait(self) -> None:
        self._process.wait()
        self._listener.close()  # nobody is going to call any more
        with self._heard:
            self._heard.notify_all()

    def _take(self, message: Mapping[str, Any]) -> None:
        with self._heard:
            match message.get("is"):
                case "ready":
                    self._ready = True
                case "checked":
                    self._answers[int(message["number"])] = message
                case "outcome":
                    self._outcome = message
                case _:
                    pass
            self._heard.notify_all()
        self._told(message)

    def wait_until_ready(self) -> None:
        """Wait until everything is imported.

        Raises:
            NotReady: It ended before, or takes too long.
        """
        with self._heard:
            self._heard.wait_for(lambda: self._ready or not self.alive, timeout=supervisor.START)
            if not (self._ready and self.alive):
                how = "takes too long to begin" if self.alive else processes.how_it_ended(self._process.returncode or 0)
                raise NotReady(f"the process that is to measure {how}; what it printed says why")

    def check(self, task: Mapping[str, Any]) -> Mapping[str, Any]:
        """Have something checked as `labctl run` would before it sends anything.

        Returns:
            `error`, `status` and `exit_code`; an error of None where nothing is wrong.

        Raises:
            NotReady: The process ended, or does not answer.
        """
        self.wait_until_ready()
        self._asked += 1
        number = self._asked
        self._watch.ask("check", number=number, **task)
        with self._heard:
            self._heard.wait_for(lambda: number in self._answers or not self.alive, timeout=CHECK_WITHIN)
            if number in self._answers:
                return self._answers.pop(number)
        died = not self.alive
        self.end()
        raise NotReady(
            "the check of this item "
            + ("ended the process that made it" if died else f"took longer than {CHECK_WITHIN:g} s")
            + "; see what the experiment's own check() does"
        )

    def foresee(self, task: Mapping[str, Any], told: Told) -> Mapping[str, Any]:
        """Have a queue rehearsed, and wait for the end of it.

        Args:
            task: As for `labctl.service.foresight.foresee`.
            told: Called with everything that the process says meanwhile.

        Returns:
            `error` and `exit_code`; an error of None where it came to its end.

        Raises:
            NotReady: The process could not be begun, or died.
        """
        self.wait_until_ready()
        self._told = told
        if not self._watch.ask("foresee", **task):
            raise NotReady("the process that is to rehearse has ended")
        with self._heard:
            self._heard.wait_for(lambda: self._outcome is not None or not self.alive)
        self._listening.join(timeout=GONE_WITHIN)
        if self._outcome is None:
            raise NotReady(f"the process that rehearsed {processes.how_it_ended(self._process.wait())}")
        return self._outcome

    def stop(self, why: str) -> None:
        """Ask the run to end at its next step, in the safe state."""
        self._watch.say("stop", why=why, for_good=True)

    def stand(self, why: str) -> None:
        """Ask the run to stand still at its next point; "" lets it go on."""
        self._watch.say("stand" if why else "go", why=why)

    def turn_off(self, who: str) -> None:
        """Ask the run that stands to turn its outputs off until it goes on."""
        self._watch.say("off", why=who)

    def carry_out(self, task: Mapping[str, Any], told: Told, begun: Callable[[], None]) -> Mapping[str, Any]:
        """Have a run carried out, and wait for its end, however it ends.

        Args:
            task: What to do.
            told: Called with everything that the process says meanwhile.
            begun: Called once the process has got the task.

        Returns:
            What `labctl run --json` would say of it, with `exit_code`. `died` says how the process ended where it did
            not come to say anything; the sample is safe by then, or the error says that it is not.

        Raises:
            NotReady: The process could not be begun; nothing was sent.
        """
        self.wait_until_ready()
        self._told = told
        self.used = True
        if not self._watch.ask("measure", **task):
            raise NotReady("the process that is to measure has ended")
        begun()
        how = self._wait_for_end()
        if self._outcome is not None:
            return self._outcome
        return self._after_death(how, task.get("keeper"))

    def _wait_for_end(self) -> str:
        with self._heard:
            pass
        watcher = threading.Thread(target=self._end_who_has_said_all, name="last word", daemon=True)
        watcher.start()
        how = supervisor.wait_for_end(self._process, self._watch)
        self._listener.close()
        self._listening.join(timeout=GONE_WITHIN)
        with self._heard:
            self._heard.notify_all()
        return how

    def _end_who_has_said_all(self) -> None:
        """End a process that does not end by itself after its last word."""
        with self._heard:
            self._heard.wait_for(lambda: self._outcome is not None or not self.alive)
        if self._outcome is not None and not processes.ended_within(self._process, GONE_WITHIN):
            processes.end(self._process)

    def _after_death(self, how: str, keeper: int | None) -> Mapping[str, Any]:
        said: dict[str, Any] = {
            "run": None, "status": "failed", "points": 0, "lab_time_s": 0.0, "exit_code": 1, "died": how,
            "error": f"the run's process {how}",
        }  # fmt: skip
        if self._watch.begun is not None:
            from labctl.supervision.rescue import Dead, rescue_within

            dead = Dead(Path(self._watch.begun["folder"]), self._watch.begun["here"], keeper)
            said.update(run=str(dead.folder), error=rescue_within(supervisor.SAFE_WITHIN, dead, how))
        return said

    def end(self) -> None:
        """End the process, which does nothing."""
        processes.end(self._process)
