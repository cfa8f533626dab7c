"""What a run tells the process that watches over it, and what it does when nobody does.

Elsewhere than in a child of a supervisor (a notebook, a test) all of this does nothing.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from instruments import silence
from labctl import abort
from labctl.supervision.line import VARIABLE, Line, call

BEAT = 0.25
"""s between two signs of life."""
SHOWN = 0.5
"""s between two words on how the instruments stand."""
LONG = 5.0
"""s of silence that are told beforehand."""
UNWATCHED = "the death of its supervisor"

LOOK = 0.1
"""s between two looks at whether a run that stands may go on."""

_line: Line | None = None
_due = 0.0
_told = 0.0
_shown = 0.0
_standing = ""
_off = ""
_rehearses = False
_tasks: queue.SimpleQueue[Mapping[str, Any] | None] = queue.SimpleQueue()


def is_one() -> bool:
    """Whether this process was begun by a supervisor, and has not taken up the line yet."""
    return VARIABLE in os.environ


def has_supervisor() -> bool:
    """Whether this process has taken up the line to the one that began it."""
    return _line is not None


def begin() -> None:
    """Take up the line to the supervisor if this process is a child."""
    global _line  # noqa: PLW0603 - a process has one supervisor
    address = os.environ.pop(VARIABLE, "")
    if not address:
        return
    line = call(address)
    if line is None:
        abort.ask(UNWATCHED, for_good=True)
        _tasks.put(None)
        return
    _line = line
    silence.tell(expect)
    threading.Thread(target=_listen, args=(line,), name="supervisor", daemon=True).start()


def beat() -> None:
    """Say that the run goes on; called at each of its steps."""
    global _due  # noqa: PLW0603 - see above
    if _line is not None and (now := time.monotonic()) >= _due:
        _due = now + BEAT
        _line.say("alive")


def expect(seconds: float) -> None:
    """Give a sign of life; the next one may take so many s of real time more."""
    if _line is not None and seconds >= LONG:
        _line.say("quiet", seconds=seconds)
    else:
        beat()


def tell(**progress: Any) -> None:
    """Say how far the run is, but not more often than signs of life are given."""
    global _told  # noqa: PLW0603 - see above
    if _line is not None and (now := time.monotonic()) >= _told:
        _told = now + BEAT
        _line.say("progress", **progress)


def show(**instruments: Any) -> None:
    """Say how the instruments stand, but not more often than twice a second."""
    global _shown  # noqa: PLW0603 - see above
    if _line is not None and (now := time.monotonic()) >= _shown:
        _shown = now + SHOWN
        _line.say("instruments", **instruments)


def shows() -> bool:
    """Whether it is time to say how the instruments stand, and anybody listens."""
    return _line is not None and time.monotonic() >= _shown


def asked_to_stand() -> str:
    """Return who asked that the run stands still where it is, "" if nobody does; a rehearsal has nothing to hold."""
    return "" if _rehearses else _standing


@contextmanager
def rehearsing() -> Generator[None]:
    """Say that the run is rehearsed meanwhile: who asks it to stand still means its own first point, after that."""
    global _rehearses  # noqa: PLW0603 - a process has one run
    _rehearses = True
    _say("rehearses", now=True)
    try:
        yield
    finally:
        _rehearses = False
        _say("rehearses", now=False)


def asked_to_turn_off() -> str:
    """Return who asked that outputs are turned off while the run stands, "" if nobody has since the last time."""
    global _off
    who, _off = _off, ""
    return who


def stand() -> None:
    """Let a moment of real time pass while the run stands; the time of a lab that jumps does not."""
    time.sleep(LOOK)


def tasks() -> Generator[Mapping[str, Any]]:
    """Yield what this process is asked to do beside stopping and standing still, until nobody watches any more."""
    while (task := _tasks.get()) is not None:
        yield task


def answer(what: str, **details: Any) -> None:
    """Say something that has to arrive; waits until the other end takes it."""
    if _line is not None:
        _line.send(what, **details)


def run_begins(folder: Path, *, in_this_process: bool) -> None:
    """Say that the instruments of a run are open.

    Args:
        folder: Of the run.
        in_this_process: Whether the lab is simulated in this process, and ends with it.
    """
    _say("run", folder=str(folder.resolve()), here=in_this_process)


def run_is_safe() -> None:
    """Say that the run has left its instruments at rest and announced its end."""
    _say("safe")


def finished(code: int) -> None:
    """Say that this process has said all that it had to say, and which exit code it ends with."""
    _say("done", code=code)


def _say(what: str, **details: Any) -> None:
    if _line is not None:
        _line.say(what, **details)


def _listen(line: Line) -> None:
    global _standing, _off  # noqa: PLW0603 - see above
    for message in line.hear():
        match message.get("is"):
            case "stop":
                abort.ask(str(message.get("why")), for_good=bool(message.get("for_good")))
            case "stand":
                _standing = str(message.get("why"))
            case "go":
                _standing = ""
            case "off":
                _off = str(message.get("why"))
            case _:
                _tasks.put(message)
    abort.ask(UNWATCHED, for_good=True)
    _tasks.put(None)
