"""Brings a station to rest after the run that used it has died, and announces that the run has failed.

Connections are opened anew, for nobody knows in what state those of the dead process are. Nothing here can block for
ever: each message has its time-out, and who asks for all of it gives a limit.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from instruments.clock import WallClock
from instruments.errors import InstrumentFault, LabError, WriteFailed
from labctl.events import EventLog
from labctl.notified import UNSAFE, notify
from labctl.reentry import mend_events, time_of
from labctl.rundir import RunDirectory
from labctl.sample import SampleRecord
from labctl.session import open_session
from labctl.station import Station
from labctl.station_lock import Hold, forget, holding
from labctl.surroundings import LabStart

if TYPE_CHECKING:
    from labctl.request import Request


@dataclass(frozen=True, slots=True)
class Dead:
    """A run whose process is gone.

    Attributes:
        folder: Of the run, or of the series that it belongs to.
        here: Whether its lab was simulated in its own process, and is gone with it.
        keeper: Number of the process that keeps its station over several runs, and now looks after it.
    """

    folder: Path
    here: bool = False
    keeper: int | None = None


@dataclass(frozen=True, slots=True)
class Rest:
    """How a station was brought to rest.

    Attributes:
        faults: What could not be done, a sentence each.
        field: T, that the magnet holds; None where nobody knows.
    """

    faults: Sequence[str] = ()
    field: float | None = None


def rescue_within(seconds: float, dead: Dead, how: str) -> str:
    """Bring the station of a dead run to rest within so many s of real time, and announce its end.

    Args:
        seconds: After which it is given up, and said so.
        dead: The run.
        how: How it ended, in a few words behind "the run's process".

    Returns:
        What became of the run and of the station, in one sentence.
    """
    found: list[Rest] = []
    thread = threading.Thread(target=lambda: found.append(_rescue(dead)), name="rescue", daemon=True)
    thread.start()
    thread.join(timeout=seconds)
    late = Rest([f"it took longer than {seconds:g} s; turn the sources off by hand"])
    rest = found[0] if found else late
    said = announce(dead, how, rest)
    return "; ".join([said, *_notified(dead, said, rest)])


def _notified(dead: Dead, said: str, rest: Rest) -> Sequence[str]:
    """Start the notify command of a dead run's station; return what went wrong with it."""
    try:
        asked = RunDirectory(dead.folder).request()
        station = Station.model_validate(asked["station"])
    except (LabError, KeyError, ValueError):
        return ()
    return () if dead.here else notify(station, dead.folder, "failed", said, serious=bool(rest.faults))


def bring_to_rest_first(request: Request, hold: Hold) -> list[str]:
    """Bring a station to rest in which runs were killed together with who watched over them, and announce their end.

    Args:
        request: Of the run that is about to begin there.
        hold: Of its station.

    Returns:
        What was found, one sentence a run.

    Raises:
        InstrumentFault: It cannot be brought to rest.
    """
    return bring_left_to_rest(request.station, request.sample, hold, lab=request.lab)


def bring_left_to_rest(
    station: Station, sample: SampleRecord | None, hold: Hold, *, lab: Path | None = None
) -> list[str]:
    """Do this for a station without a run that is about to begin there.

    Args:
        station: The station.
        sample: What is mounted; None for that of the runs that were killed.
        hold: Of the station.
        lab: File with the line that `labctl simulate` printed.

    Raises:
        InstrumentFault: It cannot be brought to rest.
    """
    if not hold.left:
        return []
    dead = [Dead(folder) for folder in hold.left]
    opened = {role for each in dead for role in _opened(each)}
    sample = sample or next((found for each in dead if (found := _sample_of(each)) is not None), None)
    if sample is None:  # nothing tells what it could bear; the next run that begins here does it
        return []
    rest = _rest_station(station, sample, opened, hold, lab=lab)
    if rest.faults:
        raise InstrumentFault(
            f"{dead[0].folder} died here with nobody to bring its instruments to rest, and they cannot be brought to "
            f"rest now: {'; '.join(rest.faults)}"
        )
    hold.at_rest()
    return [announce(each, "died together with what watched over it", rest) for each in dead]


def _sample_of(dead: Dead) -> SampleRecord | None:
    """Return the sample of a dead run, None where its folder does not say."""
    try:
        return SampleRecord.model_validate(RunDirectory(dead.folder).request()["sample"])
    except (LabError, KeyError, ValueError):
        return None


def _rescue(dead: Dead) -> Rest:
    """Ramp what makes current to zero and turn it off, then hold the field."""
    if dead.here:
        return Rest()
    try:
        asked = RunDirectory(dead.folder).request()
        station, sample = Station.model_validate(asked["station"]), SampleRecord.model_validate(asked["sample"])
        lab = None if asked.get("lab") is None else Path(asked["lab"])
        what = "bringing to rest what a run left that died"
        with holding(station, lab=lab, what=what, keeper=dead.keeper) as hold:
            rest = _rest_station(station, sample, _opened(dead), hold, lab=lab)
            if not rest.faults:
                hold.at_rest()
            return rest
    except (LabError, OSError, KeyError, ValueError) as error:  # pydantic's error is a ValueError
        return Rest([" ".join(str(error).split())])


def _opened(dead: Dead) -> Collection[str]:
    """Roles of the instruments that a run, or the last runs of a series, had opened."""
    try:
        found = _unfinished(RunDirectory(dead.folder))
        return {role for directory in found for role in directory.request().get("instruments", {})}
    except LabError:  # the folder is gone
        return set()


def _rest_station(
    station: Station, sample: SampleRecord, opened: Collection[str], hold: Hold, *, lab: Path | None
) -> Rest:
    """Bring all instruments of a station to rest, each as soon as it is open; those first that a run had opened.

    What the run had not opened may be unplugged, which is no fault; but its program may have found another way to it.
    """
    faults: list[str] = []
    with open_session(station, sample, (), simulate=False, start=LabStart(0), lab=lab, hold=hold) as session:
        for role in sorted(session.resources, key=lambda role: (role not in opened, role == "cryostat")):
            refused = session.open([role])
            if not refused:
                faults += session.rest(role)
            elif role in opened:
                faults.append(str(refused[role]))
        return Rest(faults, session.held_field)


def announce(dead: Dead, how: str, rest: Rest) -> str:
    """Write into a dead run's events how it ended, what became of its station, and that it has failed.

    Returns:
        The same in one sentence.
    """
    state = "its simulated lab ended with it" if dead.here else "its station was brought to the safe state"
    if rest.faults:
        state = f"{UNSAFE.upper()}: {'; '.join(rest.faults)}"
    sentence = f"the run's process {how}; {state}; what it recorded is kept in {dead.folder}"
    for directory in _unfinished(RunDirectory(dead.folder)):
        events = EventLog(directory.events_file, WallClock(time_of(directory)))
        with contextlib.suppress(WriteFailed):  # a full disk; the sentence is said all the same
            mend_events(directory)
            events.write("died", how=how)
            for fault in rest.faults:
                events.write("fault", text=fault)
            if not rest.faults and not dead.here:
                events.write("safe", **({} if rest.field is None else {"field_T": rest.field}))
            events.state("failed", error=sentence)
    forget(dead.folder)
    return sentence


def _unfinished(directory: RunDirectory) -> list[RunDirectory]:
    """Return a run, or a series behind those of its runs that were on."""
    try:
        asked = directory.request()
    except LabError:  # the folder is gone, or was not yet written
        return [directory] if directory.path.is_dir() else []
    begun = [RunDirectory(directory.path / each["run"]) for each in asked.get("children", ())]
    return [*(each for each in begun if each.status() == "running"), directory]
