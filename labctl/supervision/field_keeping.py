"""What becomes of the field behind a run that did not finish: it is held for a time, and then taken to zero.

A process of its own stays for that, since who asked for the run is to have its end at once. The station is free for
everybody meanwhile: whoever uses it takes the field over, and this has nothing to do any more.

    python -m labctl.supervision.field_keeping RUN WORD
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from instruments.clock import Clock, ScaledClock, WallClock
from instruments.cryostat import Cryostat
from instruments.errors import LabError, StationInUse, WriteFailed
from labctl.awake import kept_awake
from labctl.events import EventLog
from labctl.reentry import mend_events, time_of
from labctl.remote import RemoteClock, read_addresses
from labctl.rundir import RunDirectory
from labctl.sample import SampleRecord
from labctl.session import open_session
from labctl.station import Station
from labctl.station_lock import Hold, Untouched, holding
from labctl.supervision.processes import begin_alone
from labctl.surroundings import LabStart
from labctl.waiting import FIELD_RATE

ZERO = 1e-3
"""T; less than this is left as it is: flux that is trapped in the magnet makes as much."""
MOVED = 5e-4
"""T by which the field may differ from the one that was held, or somebody has moved it."""
LOOK = 0.5
"""s of real time between two looks whether somebody uses the station."""

Say = Callable[[str], None]
Waits = Callable[[float, float | None], None]


class LeftAsItIs(Exception):
    """Somebody does not want to wait for it."""


@dataclass(frozen=True, slots=True)
class Left:
    """A field that a run left behind.

    Attributes:
        folder: Of the run, or of the series that it belongs to.
        field: T, commanded when the sample was brought to rest.
        station: Where.
        sample: That is in it.
        lab: File with the addresses of a lab in another process; None for hardware.
    """

    folder: Path
    field: float
    station: Station
    sample: SampleRecord
    lab: Path | None


def left_by(folder: Path) -> Left | None:
    """Return the field that a run left behind and that is to be taken to zero; None where there is nothing to do.

    There is nothing after a run that finished, whose experiment leaves the field where it wants it, nor where the lab
    ended with the run, the station says `field_then = "hold"`, or the field is zero.
    """
    directory = RunDirectory(folder)
    try:
        asked = directory.request()
        if directory.status() in {"finished", "running", "unknown"} or (asked["simulated"] and not asked.get("lab")):
            return None
        field = _held(directory, asked)
        station = Station.model_validate(asked["station"])
        if field is None or abs(field) < ZERO or station.safe_state.field_then == "hold":
            return None
        lab = None if asked.get("lab") is None else Path(asked["lab"])
        return Left(folder, field, station, SampleRecord.model_validate(asked["sample"]), lab)
    except (LabError, OSError, KeyError, TypeError, ValidationError):  # a folder that is damaged or gone tells nothing
        return None


def see_to(folder: Path, say: Say) -> None:
    """Have the field that a run left behind taken to zero in time, if there is any, and say who does it.

    Where the time of a lab jumps nobody has to wait for it, and it is done here and now.
    """
    left = left_by(folder)
    if left is None:
        return
    if not left.station.safe_state.field_hold or _time_jumps(left):
        keep(left, say)
        return
    process = begin_alone(__name__, str(folder), Untouched(left.station, left.lab).begin())
    say(
        f"the field of {left.field:.4g} T is held for {_duration(left.station.safe_state.field_hold)} and then taken "
        f"to zero by process {process.pid}; the next run at this station, or ending that process, leaves it as it is"
    )


def _time_jumps(left: Left) -> bool:
    try:
        return left.lab is not None and read_addresses(left.lab).clock is not None
    except LabError:
        return False


def _held(directory: RunDirectory, asked: Mapping[str, Any]) -> float | None:
    """Return the field in T that was held last; of a series, by its last run that was on."""
    runs = [RunDirectory(directory.path / each["run"]) for each in asked.get("children", ())]
    fields = [event["field_T"] for run in (*runs, directory) for event in run.events() if "field_T" in event]
    return float(fields[-1]) if fields else None


def keep(
    left: Left, say: Say, *, keeper: int | None = None, given_up: Callable[[], bool] = lambda: False, word: str = "",
    alone: Callable[[], AbstractContextManager[object]] = nullcontext, waits: Waits = lambda _, __: None,
) -> None:  # fmt: skip
    """Wait for the time that the station says, then take the field to zero.

    A signal leaves it as it is, where this is the program's main thread.

    Args:
        left: The field.
        say: Called with each sentence that people should read.
        keeper: Number of the process that keeps the station over several runs, and looks after this one.
        given_up: Asked now and then whether to leave it as it is.
        word: Of the `Untouched` that another process has entered.
        alone: Entered before the station is taken, so that nobody of one's own has it.
        waits: Called now and then with the s of lab time that are left and with lab seconds per real second, None where
            the lab's time jumps.
    """
    policy = left.station.safe_state
    say(
        f"the field of {left.field:.4g} T is held for {_duration(policy.field_hold)} and then taken to zero; the next "
        "run at this station leaves it as it is"
    )
    try:
        with _signals_leave_it():
            said = _wait_and_move(left, keeper, given_up, word, alone, waits)
    except LeftAsItIs:
        said = f"the field is left at {left.field:.4g} T"
    except (LabError, OSError) as error:
        said = f"THE FIELD OF {left.field:.4g} T COULD NOT BE TAKEN TO ZERO: {error}"
    say(said)
    _note(left, said)


def _wait_and_move(
    left: Left, keeper: int | None, given_up: Callable[[], bool], word: str,
    alone: Callable[[], AbstractContextManager[object]], waits: Waits,
) -> str:  # fmt: skip
    with Untouched(left.station, left.lab, word) as untouched:
        if not _waited(left, lambda: untouched.still and not given_up(), waits):
            return "the field is the affair of whoever uses the station now"
    try:
        what = "taking the field to zero after a run"
        with alone(), holding(left.station, lab=left.lab, what=what, keeper=keeper) as hold:
            return _to_zero(left, hold)
    except StationInUse:
        return "the field is the affair of whoever uses the station now"


def _waited(left: Left, still: Callable[[], bool], waits: Waits) -> bool:
    """Let the time pass in the lab; return False as soon as somebody else uses the station."""
    clock: Clock = WallClock() if left.lab is None else read_addresses(left.lab).make_clock()
    try:
        deadline = clock.deadline(left.station.safe_state.field_hold)
        while not deadline.passed and still():
            if isinstance(clock, RemoteClock):  # it jumps, and costs a message for each time
                waits(deadline.remaining, None)
                clock.sleep(deadline.remaining)
            else:  # in real time, since the speed of a lab may change meanwhile
                speed = clock.speed if isinstance(clock, ScaledClock) else 1.0
                waits(deadline.remaining, speed)
                WallClock().sleep(min(LOOK, deadline.remaining / speed))
        return still()
    finally:
        if isinstance(clock, RemoteClock):
            clock.close()


def _to_zero(left: Left, hold: Hold) -> str:
    """Send the magnet to zero, unless somebody has moved the field by hand."""
    with open_session(
        left.station, left.sample, ["cryostat"], simulate=False, start=LabStart(0), lab=left.lab, hold=hold
    ) as session:
        cryostat = session.instruments["cryostat"]
        assert isinstance(cryostat, Cryostat)
        found, setpoint = cryostat.reading().field, cryostat.field_setpoint.field
        if max(abs(found - left.field), abs(setpoint - left.field)) > MOVED:
            return f"the field is left at {found:.4g} T: somebody has moved it since"
        taken = cryostat.set_field(0.0, min(FIELD_RATE, left.station.limits.field_rate))
        return f"the field goes from {found:.4g} T to zero, which takes {_duration(abs(found) / taken.rate)}"


def _note(left: Left, said: str) -> None:
    """Write into the run's events what became of the field."""
    directory = RunDirectory(left.folder)
    try:
        mend_events(directory)
        EventLog(directory.events_file, WallClock(time_of(directory))).write("field", text=said)
    except WriteFailed:  # it is said on the terminal all the same
        pass


@contextmanager
def _signals_leave_it() -> Generator[None]:
    from labctl.abort import SIGNALS

    def leave(number: int, frame: object) -> None:
        del number, frame
        raise LeftAsItIs

    if threading.current_thread() is not threading.main_thread():  # no other thread gets any
        yield
        return
    previous: dict[signal.Signals, Any] = {number: signal.signal(number, leave) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _duration(seconds: float) -> str:
    if seconds < 60.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 3600.0:.3g} h" if seconds >= 3600.0 else f"{seconds / 60.0:.3g} min"


def _nobody(sentence: str) -> None:
    """Tell nobody; the run's events have it."""
    del sentence


def main(folder: str, word: str) -> None:
    """Stay until the field that a run left behind was taken to zero, or somebody uses the station."""
    left = left_by(Path(folder))
    if left is not None:
        with kept_awake():
            keep(left, _nobody, word=word)


if __name__ == "__main__":
    main(*sys.argv[1:])
