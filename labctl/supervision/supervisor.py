"""Watches over a run in a process of its own, and brings its station to rest when the run dies or hangs."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from labctl.supervision import processes
from labctl.supervision.line import VARIABLE, Line, Listener

PATIENCE = 60.0
"""s of real time without a sign of life, and without an announced wait, after which a run hangs."""
START = 300.0
"""s that a run may take until it says where it lies."""
SAFE_WITHIN = 120.0
"""s after which it is said that the safe state could not be reached; each step of it has its own, shorter limit."""
LOOK = 0.1
"""s between two looks at the child."""


def _nothing(message: Mapping[str, Any]) -> None:
    del message


class Watch:
    """What is known of a child from what it says.

    Args:
        told: Called with everything that it says.
    """

    def __init__(self, told: Callable[[Mapping[str, Any]], None] = _nothing) -> None:
        self.code: int | None = None
        self._told = told
        self.folder: Path | None = None
        self._line: Line | None = None
        self._patient_until = time.monotonic() + START
        self._begun: Mapping[str, Any] | None = None

    def listen(self, listener: Listener) -> None:
        """Take up the line and take in what is said, until it ends."""
        self._line = listener.accept()
        if self._line is None:
            return
        for message in self._line.hear():
            self._take(message)
        self._line.close()

    def _take(self, message: Mapping[str, Any]) -> None:
        patience = PATIENCE
        match message.get("is"):
            case "run":
                self._begun, self.folder = message, Path(message["folder"])
                if not message["here"]:
                    from labctl.supervision import rescue  # slow to import, and needed within a second when it is

                    del rescue
            case "safe":
                self._begun = None
                patience = START
            case "quiet":
                patience += float(message["seconds"])
            case "done":
                self.code = int(message["code"])
            case _:
                pass
        self._patient_until = time.monotonic() + patience
        self._told(message)

    @property
    def begun(self) -> Mapping[str, Any] | None:
        """What the child said of the run that has instruments open, None where there is none."""
        return self._begun

    @property
    def hangs(self) -> bool:
        """Whether the child should have given a sign of life by now."""
        return time.monotonic() > self._patient_until

    def stop(self, why: str) -> None:
        """Ask the run to end at its next step."""
        self.say("stop", why=why)

    def say(self, what: str, **details: Any) -> None:
        """Say something to the child, if it is there."""
        if self._line is not None:
            self._line.say(what, **details)

    def ask(self, what: str, **details: Any) -> bool:
        """Give the child a task, from when on it has to give signs of life; return whether it is there."""
        self._patient_until = time.monotonic() + START
        return self._line is not None and self._line.send(what, **details)


def supervise(words: Sequence[str]) -> int:
    """Begin this program anew as a child, wait for its end, and return its exit code.

    Args:
        words: Those of the command line, after `labctl`.
    """
    watch, listener = Watch(), Listener()
    child = processes.begin_again({VARIABLE: listener.address})
    listening = threading.Thread(target=watch.listen, args=(listener,), daemon=True)
    listening.start()
    with _signals_passed_on(watch):
        how = wait_for_end(child, watch)
    listener.close()
    listening.join(timeout=1.0)
    code = _after_death(watch, how, words) if watch.code is None else watch.code
    if code and watch.folder is not None:
        from labctl.supervision.field_keeping import see_to

        see_to(watch.folder, _say)
    return code


def _say(sentence: str) -> None:
    with contextlib.suppress(OSError):  # the terminal was closed; what is to be done is done all the same
        print(sentence, file=sys.stderr, flush=True)


def wait_for_end(child: subprocess.Popen[bytes], watch: Watch) -> str:
    """Wait until a child ends, or end it when it hangs; return how it ended, behind "the run's process"."""
    while not processes.ended_within(child, LOOK):
        if watch.hangs:
            processes.end(child)
            return f"gave no sign of life for {PATIENCE:g} s, and was ended"
    return processes.how_it_ended(child.returncode or 0)


def _after_death(watch: Watch, how: str, words: Sequence[str]) -> int:
    """Bring the station of a run that died to rest, announce its end, and say so; return the exit code."""
    from labctl.cli.failure import failure

    said = f"the run's process {how}"
    content = failure(said, "failed", words)
    if watch.begun is not None:
        from labctl.catalogue import read_entry
        from labctl.supervision.rescue import Dead, rescue_within

        dead = Dead(Path(watch.begun["folder"]), watch.begun["here"])
        said = rescue_within(SAFE_WITHIN, dead, how)
        entry = read_entry(dead.folder)
        content.update(run=str(dead.folder), simulated=entry.simulated, points=entry.points, error=said)
    if "--json" in words:
        print(json.dumps(content, ensure_ascii=False), flush=True)
    _say(f"error: {said}")
    return 1


@contextmanager
def _signals_passed_on(watch: Watch) -> Generator[None]:
    """Tell the child of signals, which this process may be the only one to get; a terminal sends Ctrl-C to both."""
    from labctl.abort import SIGNALS

    def pass_on(number: int, frame: object) -> None:
        del frame
        watch.stop(SIGNALS[signal.Signals(number)])

    previous: dict[signal.Signals, Any] = {}
    for number in SIGNALS:
        previous[number] = signal.signal(number, pass_on)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
