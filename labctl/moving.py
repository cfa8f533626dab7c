"""Reading at a standing field, and on the way to another one. Waiting is in `labctl.waiting`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from instruments.cryostat import WATCH, CryostatReading, FieldApproach
from instruments.errors import BadValue, DeadlinePassed, InstrumentFault, UsageError
from labctl.mishaps import repeats_of
from labctl.reversal import MOST_RETAKEN, with_field
from labctl.state_reader import StateReader
from labctl.waiting import settle_field

if TYPE_CHECKING:
    from labctl.procedure import Procedure

ALLOWANCE = 60.0
"""s that a ramp may take beyond twice its own time, as where a field is waited for."""
KIND, ON_THE_WAY = "Kind", "moving"
"""Column and word by which a procedure marks rows that were read on the way to where a block begins."""


class Reads(Protocol):
    """What a sweep reads with."""

    def read(self) -> dict[str, Any]:
        """Take one reading: a row with `Time (s)`, the lab time in s at its middle."""
        ...


def wait_until(procedure: Procedure, end: float, tick: Callable[[], None]) -> None:
    """Let time pass until a lab time in s, in slices of a second at most, before each of which `tick` is called."""
    while (left := end - procedure.clock.now()) > 0:
        tick()
        procedure.clock.sleep(min(1.0, left))


def reader_of(procedure: Procedure) -> StateReader:
    """Return what a procedure reads with.

    Raises:
        UsageError: It has no probe, or has not set it up.
    """
    reader = vars(procedure).get("reader")
    if reader is not None:
        return reader
    name = type(procedure).__name__
    if "probe_current" not in procedure.declared_parameters():
        raise UsageError(f"{name} reads, but has no probe; write `probe = Probe()` into the class")
    raise UsageError(
        f"{name} reads before its probe is set up; where it has a startup() of its own, that must begin with "
        "super().startup()"
    )


def read(procedure: Procedure, reader: Reads | None = None) -> dict[str, Any]:
    """Take one reading where the field stands, or moves: between two readings of the field.

    It is read with the probe, unless another reader is given.

    Raises:
        UsageError: The probe is not set up.
    """
    return next(reads(procedure, 1, reader))


def reads(procedure: Procedure, count: int, reader: Reads | None = None) -> Iterator[dict[str, Any]]:
    """Take so many readings one after the other, with a reading of the field between each two.

    Raises:
        UsageError: The probe is not set up.
    """
    reader = reader or reader_of(procedure)
    before = procedure.cryostat.reading()
    for _ in range(count):
        row, before, after = _framed(procedure, reader, before)
        yield with_field(row, before, after)
        before = after


def _framed(
    procedure: Procedure, reader: Reads, before: CryostatReading
) -> tuple[dict[str, Any], CryostatReading, CryostatReading]:
    """Take a reading and one of the field behind it; again where a reply was lost or damaged in between.

    Asking again takes seconds, and the field may have turned meanwhile: it cannot be interpolated over them.

    Raises:
        InstrumentFault: Replies are lost or damaged all the time.
    """
    for _ in range(MOST_RETAKEN):
        mishaps = repeats_of(procedure)
        row = reader.read()
        after = procedure.cryostat.reading()
        if repeats_of(procedure) == mishaps:
            return row, before, after
        procedure.run.note("retaken", Block=procedure.run.path.block)
        before = after
    raise InstrumentFault(
        f"{MOST_RETAKEN} readings one after the other met a reply that was lost or damaged: see to the cables and "
        "interfaces, and carry the run on"
    )


def hold(procedure: Procedure, duration: float, interval: float | None) -> Iterator[dict[str, Any]]:
    """Read for so long, without moving anything; see `Procedure.hold`.

    Raises:
        BadValue: Duration or interval is no number of seconds.
        UsageError: The probe is not set up.
    """
    if not 0 <= duration < math.inf:
        raise BadValue(f"hold() was given a duration of {duration!r}; give seconds, zero or more")
    if interval is not None and not 0 < interval < math.inf:
        raise BadValue(f"hold() was given an interval of {interval!r}; give seconds above zero, or leave it out")
    reader_of(procedure)
    return _held(procedure, float(duration), interval)


def _held(procedure: Procedure, duration: float, interval: float | None) -> Iterator[dict[str, Any]]:
    clock, path = procedure.clock, procedure.run.path
    path.begin_lap()
    begin = clock.now()
    last = None if interval is None else math.floor(duration / interval * (1 + 1e-12))  # 0.3 / 0.1 is less than 3
    number = 0
    while True:
        row = read(procedure)
        passed = clock.now() - begin
        path.within = min(1.0, passed / duration) if duration else 1.0
        yield row
        passed = clock.now() - begin
        if interval is None or last is None:
            if passed > duration:
                return
            procedure.run.check()
            continue
        # What is late is read at once, and what was due meanwhile is left out: there is no catching up.
        number = max(number + 1, math.floor(passed / interval))
        if number > last:
            return
        wait_until(procedure, begin + number * interval, procedure.run.check)


def sweep(procedure: Procedure, field: float, rate: float, reader: Reads | None = None) -> Iterator[dict[str, Any]]:
    """Ramp to a field in T at a rate in T/s, and read without pause until it is there.

    It is read with the probe, unless another reader is given.

    Each reading lies between two readings of the field, the second of which is the first of the next. A sweep that is
    cut short commands the present field: nothing runs on by itself.

    Yields:
        One row a reading, with the field at its middle.

    Raises:
        InstrumentFault: The magnet has failed (a quench, say), or stands elsewhere: somebody else has sent it there.
        DeadlinePassed: It is not there in twice the ramp and a minute, the time that `settle_field` gives it.
    """
    cryostat, run, reader = procedure.cryostat, procedure.run, reader or reader_of(procedure)
    run.path.begin_lap()
    before = cryostat.reading()
    distance = abs(field - before.field)
    taken = cryostat.set_field(field, rate, FieldApproach.LINEAR)
    arrived = _Arrival(procedure, field, procedure.clock.now(), distance / taken.rate)
    there = arrived.at(before)
    try:
        while not there:
            row, before, after = _framed(procedure, reader, before)
            run.path.within = 1.0 - min(1.0, abs(field - after.field) / distance) if distance else 1.0
            yield with_field(row, before, after)
            before = after
            there = arrived.at(before) or arrived.refuse_to_wait(before)
    finally:
        if not there and not before.field_state.failed:  # a magnet that has failed takes no set point
            cryostat.hold_field()


class _Arrival:
    """Whether a ramp is over: at the set point, stable, and not just still showing the state from before the ramp.

    Args:
        procedure: Whose cryostat.
        field: T, where it goes.
        told_at: Lab time in s at which it was told.
        ramp: s that the way takes at its rate.
    """

    def __init__(self, procedure: Procedure, field: float, told_at: float, ramp: float) -> None:
        self._cryostat = procedure.cryostat
        self._clock = procedure.clock
        self._stood = procedure.clock.stood
        self._field = field
        self._told_at = told_at
        self._limit = 2 * ramp + ALLOWANCE
        self._left = False
        self._stood_since: float | None = None

    def at(self, reading: CryostatReading) -> bool:
        state = reading.field_state
        self._left = self._left or (state.known and not state.stable and reading.stamp >= self._told_at)
        return self._believed(reading) and state.stable and self._near(reading)

    def refuse_to_wait(self, reading: CryostatReading) -> bool:
        """Look whether it can still arrive, and return False: readings go on for ever on a ramp that nobody ends.

        Raises:
            InstrumentFault: It cannot.
            DeadlinePassed: It should have long since.
        """
        if not self._believed(reading):  # a fault may be an old one that is over
            return False
        state, passed = reading.field_state, reading.stamp - self._told_at
        if state.failed:
            raise InstrumentFault(self._where(reading))
        if not state.stable or self._near(reading):
            self._stood_since = None
        elif self._stood_since is None:
            self._stood_since = reading.stamp
        elif reading.stamp - self._stood_since >= WATCH:
            raise InstrumentFault(
                f"{self._where(reading)}, and has stood there for {WATCH:g} s: another program or person has sent it "
                "there; see who else uses this cryostat, and start again"
            )
        if passed - (self._clock.stood - self._stood) > self._limit:
            raise DeadlinePassed(
                f"{self._where(reading)}, {passed:.0f} s after it was sent there; {self._limit:.0f} s were to do"
            )
        return False

    def _where(self, reading: CryostatReading) -> str:
        return f"on the way to {self._field:.6g} T the field is {reading.field:.6g} T, {reading.field_state.value}"

    def _believed(self, reading: CryostatReading) -> bool:
        return self._left or reading.stamp - self._told_at >= self._cryostat.FIELD_DEAD_TIME

    def _near(self, reading: CryostatReading) -> bool:
        return abs(reading.field - self._field) <= self._cryostat.FIELD_TOLERANCE


def steps(
    procedure: Procedure, fields: Sequence[float], rate: float, reader: Reads | None = None
) -> Iterator[dict[str, Any]]:
    """Stop at each field in T, wait until the magnet holds it, and take one reading.

    It is read with the probe, unless another reader is given.

    Yields:
        One row a field.
    """
    reader = reader or reader_of(procedure)
    for number, field in enumerate(fields):
        settle_field(procedure, field, rate=rate)
        row = read(procedure, reader)
        procedure.run.path.within = (number + 1) / len(fields)
        yield row
