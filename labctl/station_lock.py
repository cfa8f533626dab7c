"""One station, one run at a time: whoever is about to send something to instruments holds their places first.

    with holding(station, lab=None, what="run ahe") as hold:
        hold.tell(folder)
        ...                                                 # until the safe state is reached

A place is held, not a file: two station files that reach one instrument exclude each other, and so do two files with
the addresses of one simulated lab. All instruments of the station are held, whichever a run needs, since they share the
sample. The locks are the operating system's, on files in the state folder, and end with the process that holds them
however that dies. Beside them stands who holds them. They hold on this computer, for programs with one state folder.

Each place has two locks: one for being in use, which a run has until its safe state is reached, and one for being kept.
A run by itself takes both. Who carries out several runs, each perhaps in a process of its own, keeps the station
between them with `keeping`, and the runs are told who keeps it. So a run whose keeper has died holds on until the
sample is safe.

What a run wrote down and did not take away, it left when it was killed: its instruments may be on. This is kept as
`...left.json` until somebody has brought them to rest (see `labctl.supervision.rescue`).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Generator, Iterable, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Self, cast

from filelock import FileLock, Timeout

from instruments.clock import WallClock
from instruments.errors import StationInUse, UsageError
from labctl import paths
from labctl.addresses import host_of, place_of
from labctl.remote import read_addresses
from labctl.station import Station

FOLDER = "locks"
"""Folder in the state folder."""

IN_THIS_PROCESS = ("@sim", "@labctl")
"""Ends of the names of VISA libraries whose instruments are simulated in the process that opens them."""

_KEPT, _USED, _LEFT, _SINCE = ".kept", "", ".left", ".since"
"""What the files of a place end in, before `.lock` and `.json`."""


class Hold:
    """Places that are in use by this program; none for a simulated station in this process.

    Attributes:
        left: Folders of runs that were killed in these places, and after which nobody has brought them to rest.
    """

    def __init__(self, places: Mapping[str, str], what: str, keeper: int | None, stack: ExitStack) -> None:
        self._places = places
        self._stack = stack
        self._said = {**_about_this(what), "keeper": keeper}
        self.left = sorted({Path(run) for place in places if (run := _read(place, _LEFT).get("run"))})

    def at_rest(self) -> None:
        """Note that what killed runs left has been brought to rest."""
        _take_away(self._places, _LEFT)
        self.left = []

    def tell(self, run: Path | None = None) -> None:
        """Write down who uses the places, for others to read, and in which folder its run is.

        Raises:
            StationInUse: Another program is carrying this very run out.
        """
        if run is not None:
            _take_run(self._stack, run)
        _write_down(self._places, _USED, {**self._said, "run": None if run is None else str(run.resolve())})


def is_on(run: Path) -> bool | None:
    """Tell whether a run that has announced no end is on: on this computer, in a program with this state folder.

    Args:
        run: Its folder, or that of its series.

    Returns:
        Whether it is; False if it was killed, None if nothing is known of it here.
    """
    file = _file(_place_of_run(run), ".lock")
    if not file.exists():
        return None
    lock = FileLock(file, thread_local=False, fallback_to_soft=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return True
    except (OSError, NotImplementedError):
        return None
    lock.release()
    return False


def forget(run: Path) -> None:
    """Take away what is known of a run that was killed and has announced its end by now."""
    with suppress(OSError):
        _file(_place_of_run(run), ".lock").unlink(missing_ok=True)


def _place_of_run(run: Path) -> str:
    return f"run {run.resolve()}"


def _take_run(stack: ExitStack, run: Path) -> None:
    """Hold a run itself, so that others can tell whether it is on; where that cannot be, they cannot."""
    file = _file(_place_of_run(run), ".lock")
    lock = FileLock(file, thread_local=False, fallback_to_soft=False)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(blocking=False)
    except Timeout:
        raise StationInUse(f"{run} is being carried out by another program; nothing was sent") from None
    except (OSError, NotImplementedError):
        return
    stack.callback(forget, run)
    stack.callback(lock.release)


class Untouched:
    """Tells whether anybody has used a station since this was entered, without holding it.

    Args:
        station: The station.
        lab: File with the line that `labctl simulate` printed: that lab is meant instead.
        word: That of one which was begun in another process, and is looked after here from now on.
    """

    def __init__(self, station: Station, lab: Path | None, word: str = "") -> None:
        self._places = list(places_of(station, lab))
        self._word = word

    def begin(self) -> str:
        """Tell of uses from now on; return the word by which another process can look after it."""
        self._word = secrets.token_hex(8)
        _write_down(self._places, _SINCE, {"word": self._word})
        return self._word

    def __enter__(self) -> Self:
        if not self._word:
            self.begin()
        return self

    def __exit__(self, *_: object) -> None:
        if self.still:
            _take_away(self._places, _SINCE)

    @property
    def still(self) -> bool:
        """Whether nobody has."""
        return all(_read(place, _SINCE).get("word") == self._word for place in self._places)


@contextmanager
def holding(
    station: Station, *, simulate: bool = False, lab: Path | None = None, what: str, keeper: int | None = None,
    looks: bool = False,
) -> Generator[Hold]:  # fmt: skip
    """Hold a station until its safe state is reached.

    Args:
        station: The station.
        simulate: Whether its simulated twin in this process is meant, which nobody else can reach.
        lab: File with the line that `labctl simulate` printed: that lab is held instead.
        what: What is about to be done, e.g. "run ahe", for others who are refused meanwhile.
        keeper: Number of the process that keeps the station over several runs and asked for this one.
        looks: Whether nothing is done but asking, so that for an `Untouched` nobody has used the station.

    Raises:
        StationInUse: Somebody else holds one of its places; the sentence says who.
        UsageError: The state folder cannot be written.
    """
    places = {} if simulate and lab is None else places_of(station, lab)
    name = _name(station, lab)
    with ExitStack() as stack:
        for place in sorted(places):  # in one order, so that of two programs which begin at once one gets all
            _take(stack, place, _KEPT, name, places[place], keeper)
            _take(stack, place, _USED, name, places[place])
            _keep_what_was_left(place)
            if not looks:
                _take_away([place], _SINCE)
        stack.callback(_take_away, places, _USED)
        hold = Hold(places, what, keeper, stack)
        hold.tell()
        yield hold


@contextmanager
def keeping(station: Station, *, lab: Path | None = None, what: str) -> Generator[int]:
    """Keep a station from others over several runs, each of which holds it for itself.

    Args:
        station: The station.
        lab: File with the line that `labctl simulate` printed: that lab is kept instead.
        what: Who keeps it, e.g. "the queue".

    Returns:
        The number of this process, for `holding` and `labctl.request.Request`.

    Raises:
        StationInUse: Somebody else holds one of its places; the sentence says who.
        UsageError: The state folder cannot be written.
    """
    places = places_of(station, lab)
    with ExitStack() as stack:
        for place in sorted(places):
            _take(stack, place, _KEPT, _name(station, lab), places[place])
        stack.callback(_take_away, places, _KEPT)
        _write_down(places, _KEPT, _about_this(what))
        yield os.getpid()


def places_of(station: Station, lab: Path | None) -> dict[str, str]:
    """Return what is at each place of a station, or of a lab in another process, e.g. "source at GPIB0::12::INSTR"."""
    if lab is not None:
        doors = read_addresses(lab).doors
        return {f"{host_of(host)}:{port}": f"{role} at {host}:{port}" for role, (host, port) in doors.items()}
    if station.visa_library.endswith(IN_THIS_PROCESS):
        return {}
    return {place_of(each.resource): f"{role} at {each.resource}" for role, each in station.instruments.items()}


def _name(station: Station, lab: Path | None) -> str:
    return f"station {station.name!r}" if lab is None else f"the lab of {lab}"


def _take(stack: ExitStack, place: str, kind: str, name: str, instrument: str, keeper: int | None = None) -> None:
    """Take one lock of a place; what its keeper has is left to it."""
    file = _file(place, f"{kind}.lock")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(file, thread_local=False, fallback_to_soft=False)
        lock.acquire(blocking=False)
    except Timeout:
        if keeper is not None and _read(place, _KEPT).get("pid") == keeper:
            return
        raise StationInUse(_refusal(name, instrument, _who(place))) from None
    except (OSError, NotImplementedError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(
            f"{name} cannot be held for this run, since {file} cannot be locked ({why}); name a folder on a disk of "
            f"this computer in the environment variable {paths.STATE}"
        ) from error
    stack.callback(lock.release)
    if kind == _KEPT:
        _take_away([place], kind)  # what somebody left who was killed


def _keep_what_was_left(place: str) -> None:
    """Keep what a run wrote down that was killed in a place, unless it had not begun."""
    with suppress(OSError):
        if _read(place, _USED).get("run"):
            _file(place, f"{_USED}.json").replace(_file(place, f"{_LEFT}.json"))
    _take_away([place], _USED)


def _refusal(name: str, instrument: str, said: Mapping[str, Any]) -> str:
    """Say who holds a station, as far as that is known, and what to do."""
    who = str(said.get("what") or "another program of labctl")
    if run := said.get("run"):
        who += f" in {run}"
    if pid := said.get("pid"):
        who += f", process {pid}{' (this one)' if pid == os.getpid() else ''},"
    since = f" since {_local(str(said['since']))}" if "since" in said else ""
    return (
        f"{name} is in use: {who} holds its {instrument}{since}; nothing was sent: wait until that has ended, or end "
        "it with Ctrl-C where it was started"
    )


def _local(utc: str) -> str:
    """Write a moment as the clock on the wall shows it."""
    try:
        return f"{datetime.fromisoformat(utc).astimezone():%Y-%m-%d %H:%M:%S}"
    except ValueError:
        return utc


def _who(place: str) -> Mapping[str, Any]:
    """Return who holds a place: a run, or between runs who keeps it."""
    used, kept = _read(place, _USED), _read(place, _KEPT)
    return kept if kept and used.get("keeper") != kept.get("pid") else used


def _about_this(what: str) -> dict[str, Any]:
    return {"what": what, "pid": os.getpid(), "since": WallClock().utc().isoformat()}


def _write_down(places: Iterable[str], kind: str, said: Mapping[str, Any]) -> None:
    text = json.dumps(said, ensure_ascii=False)
    for place in places:
        with suppress(OSError):  # then a program that is refused cannot say by whom
            _file(place, f"{kind}.json").write_text(text, encoding="utf-8")


def _read(place: str, kind: str) -> Mapping[str, Any]:
    """Return what is written down of a place; empty where there is nothing yet, or half a line."""
    try:
        said = json.loads(_file(place, f"{kind}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return cast("Mapping[str, Any]", said) if isinstance(said, dict) else {}


def _take_away(places: Iterable[str], kind: str) -> None:
    for place in places:
        with suppress(OSError):
            _file(place, f"{kind}.json").unlink(missing_ok=True)


def _file(place: str, ending: str) -> Path:
    """Return the file of a place; its name can be read, and no two places share one."""
    readable = re.sub(r"[^a-z0-9.]+", "-", place.lower()).strip("-.")[:60]
    return paths.state_folder() / FOLDER / f"{readable}-{hashlib.sha256(place.encode()).hexdigest()[:8]}{ending}"
