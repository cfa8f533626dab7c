"""Who hears how a run ended: the station's notify command is started once the sample is safe and the end announced."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from instruments.clock import WallClock
from instruments.errors import WriteFailed
from labctl.events import EventLog
from labctl.notify import tell, wanted
from labctl.reentry import mend_events, time_of
from labctl.request import Outcome, Request
from labctl.rundir import RunDirectory
from labctl.station import Station

UNSAFE = "the safe state was not reached"
"""Words in what is said of a sample that could not be brought to rest."""
BY_HAND = frozenset({"", "Ctrl-C", "Ctrl-Break"})
"""How a person asks for the end who then knows of it."""


def notify_of(request: Request, outcome: Outcome, asked: str) -> None:
    """Start the command for a run that has ended; what goes wrong with it becomes a warning and an event.

    Args:
        request: What was asked.
        outcome: How it ended; nobody is told of a run that did not get a folder, nor of one with `--simulate`.
        asked: By what it was asked to stop; empty for nothing.
    """
    if outcome.run is None or (request.simulate and request.lab is None):
        return
    unsafe = [text for text in outcome.warnings if UNSAFE in text]
    unasked = outcome.status == "aborted" and asked not in BY_HAND
    how = outcome.error or f"{outcome.points} points"
    about = f"{request.name} on {request.sample.name} at {request.station.name} {outcome.status}: {how}"
    sentence = "; ".join([*unsafe, about])
    outcome.warnings += notify(
        request.station, outcome.run, outcome.status, sentence, serious=bool(unsafe) or UNSAFE in how or unasked
    )


def notify(station: Station, run: Path, status: str, sentence: str, *, serious: bool) -> Sequence[str]:
    """Start a station's command if it wants to hear of this end; return what went wrong, noted as an event."""
    command = station.notify
    if command is None or not wanted(command, status, serious=serious):
        return ()
    wrong = tell(command, status, sentence, run)
    if not wrong:
        return ()
    with contextlib.suppress(WriteFailed):  # it is said all the same
        directory = RunDirectory(run)
        mend_events(directory)
        EventLog(directory.events_file, WallClock(time_of(directory))).write("notify", text=wrong)
    return (wrong,)
