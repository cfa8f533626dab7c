"""Sweeps that a 6221 steps through by itself: straight, logarithmic, or a list.

Source: 6220/6221 reference manual, chapter on sweeps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol, runtime_checkable

from instruments.errors import BadValue, DeadlinePassed, GarbledReply, LimitExceeded, NoReply
from instruments.forms import BOOLEAN, NUMBER, REGISTER, exact, finite, flag, of_kind, one_of, outside, whole, within
from instruments.keithley6221_core import (
    COMPLIANCE,
    CURRENT,
    EVENTS,
    MEASUREMENT_SUMMARY,
    OPERATION_SUMMARY,
    SUMMARISED,
    OperationBit,
    SourceCore,
    compliance_text,
)

LONGEST_LIST = 65535
"""Points of a sweep."""

PART = 100
"""Values of a list that one command takes."""

SMALLEST_STEP = 1e-13
"""A."""

EXAMPLE = "LinearSweep(0.0, 1e-4, 1e-5, delay=0.1) or ListSweep([1e-5, 2e-5], 0.1)"
"""What somebody could have meant who gives something else for a sweep."""

LONGEST_SETUP = 512
"""Characters up to which the commands of a set-up are sent in one message; any input buffer holds so many (assumed)."""

_FOUND = ":OUTP?;:SOUR:CURR:RANG:AUTO?;:SOUR:CURR:RANG?"

Ranging = Literal["best", "auto", "fixed"]

_RANGING = {"best": "BEST", "auto": "AUTO", "fixed": "FIX"}
_DELAY = within("delay of a sweep", 1e-3, 999999.999, "s")
_POINTS = whole("points of a sweep", 2, LONGEST_LIST)
_STEP = within("step of a sweep", SMALLEST_STEP, 0.105, "A")


def _level(name: str, value: float) -> float:
    return float(CURRENT(finite(name, value, "A")))


@runtime_checkable
class Sweep(Protocol):
    """A sweep of any kind."""

    def points(self) -> tuple[Sequence[float], Sequence[float]]:
        """Return the levels in A, and how long each of them is held in s.

        Raises:
            BadValue: A value is none that it can be.
            LimitExceeded: A value is out of range.
        """
        ...

    def spelled(self, compliance: float) -> Iterator[str]:
        """Give the commands that set it up, in order; the compliance is in V."""
        ...


@dataclass(frozen=True, slots=True)
class LinearSweep:
    """A straight sweep.

    Attributes:
        start: A.
        stop: A; reached exactly if the step divides the way there.
        step: A, above zero whichever way it goes.
        delay: How long each level is held, in s, 0.001 to 999999.999.
    """

    start: float
    stop: float
    step: float
    delay: float

    def points(self) -> tuple[Sequence[float], Sequence[float]]:
        """Return levels and delays; see `Sweep.points`."""
        start, stop, step = _level("start", self.start), _level("stop", self.stop), float(_STEP(self.step))
        delay = float(_DELAY(self.delay))
        count = math.floor(abs(stop - start) / step + 1e-6) + 1
        if count > LONGEST_LIST:
            raise outside("number of points", str(count), "1", str(LONGEST_LIST))
        stride = math.copysign(step, stop - start)
        return [start + index * stride for index in range(count)], [delay] * count

    def spelled(self, compliance: float) -> Iterator[str]:
        """Give the commands; see `Sweep.spelled`."""
        del compliance  # that of the source holds at every level
        yield ":SOUR:SWE:SPAC LIN"
        yield f":SOUR:CURR:STAR {exact(self.start)}"
        yield f":SOUR:CURR:STOP {exact(self.stop)}"
        yield f":SOUR:CURR:STEP {exact(self.step)}"
        yield f":SOUR:DEL {exact(self.delay)}"


@dataclass(frozen=True, slots=True)
class LogarithmicSweep:
    """A sweep in equal ratios.

    Attributes:
        start: A.
        stop: A, of the same sign.
        count: Levels, both ends included.
        delay: How long each level is held, in s, 0.001 to 999999.999.
    """

    start: float
    stop: float
    count: int
    delay: float

    def points(self) -> tuple[Sequence[float], Sequence[float]]:
        """Return levels and delays; see `Sweep.points`."""
        start, stop = _level("start", self.start), _level("stop", self.stop)
        count, delay = int(_POINTS(self.count)), float(_DELAY(self.delay))
        if start * stop <= 0.0:
            raise BadValue(
                f"a logarithmic sweep cannot go from {start:g} A to {stop:g} A: it takes two currents of one sign, "
                "neither of them zero; nothing was sent"
            )
        return [start * (stop / start) ** (index / (count - 1)) for index in range(count)], [delay] * count

    def spelled(self, compliance: float) -> Iterator[str]:
        """Give the commands; see `Sweep.spelled`."""
        del compliance  # that of the source holds at every level
        yield ":SOUR:SWE:SPAC LOG"
        yield f":SOUR:CURR:STAR {exact(self.start)}"
        yield f":SOUR:CURR:STOP {exact(self.stop)}"
        yield f":SOUR:SWE:POIN {self.count}"
        yield f":SOUR:DEL {exact(self.delay)}"


@dataclass(frozen=True, slots=True)
class ListSweep:
    """Any levels, each with its own delay.

    Attributes:
        currents: A, at most 65,535.
        delays: How long each is held, in s, 0.001 to 999999.999; as many, or one for all.
    """

    currents: Sequence[float]
    delays: Sequence[float] | float

    def points(self) -> tuple[Sequence[float], Sequence[float]]:
        """Return levels and delays; see `Sweep.points`."""
        levels = [_level("current of a list", current) for current in self.currents]
        given = self.delays if isinstance(self.delays, Sequence) else [self.delays] * len(levels)
        delays = [float(_DELAY(delay)) for delay in given]
        if not levels or len(levels) > LONGEST_LIST:
            raise outside("number of currents in a list", str(len(levels)), "1", str(LONGEST_LIST))
        if len(delays) != len(levels):
            raise BadValue(f"a list of {len(levels)} currents has {len(delays)} delays; nothing was sent")
        return levels, delays

    def spelled(self, compliance: float) -> Iterator[str]:
        """Give the commands; see `Sweep.spelled`."""
        levels, delays = self.points()
        yield ":SOUR:SWE:SPAC LIST"
        yield from in_parts(":SOUR:LIST:CURR", levels)
        yield from in_parts(":SOUR:LIST:DEL", delays)
        yield from in_parts(":SOUR:LIST:COMP", [float(compliance_text(compliance))] * len(levels))


def in_parts(header: str, values: Sequence[float], append: str = "") -> Iterator[str]:
    """Spell a list as commands of at most 100 values, the first of which replaces what was there.

    Args:
        header: The first command.
        values: The list.
        append: The other commands; the first one's with APPend behind it unless given.
    """
    for first in range(0, len(values), PART):
        command = (append or f"{header}:APP") if first else header
        yield f"{command} {','.join(map(exact, values[first : first + PART]))}"


def joined(commands: Iterable[str]) -> Iterator[str]:
    """Put commands, each with its whole header, into few messages: an error in one keeps those behind it from it.

    What starts something does not belong among them, since it is to be sent when no error is known.
    """
    message = ""
    for command in commands:
        if message and len(message) + len(command) >= LONGEST_SETUP:
            yield message
            message = ""
        message = f"{message};{command}" if message else command
    if message:
        yield message


@dataclass(frozen=True, slots=True)
class SweepReport:
    """How a sweep ended.

    Attributes:
        aborted: Whether the source ended it early because it was in compliance.
        clamped: Whether the source was in compliance at any time of it.
        start: When it was started, in s of the driver's clock; what a message takes is not in it.
    """

    aborted: bool
    clamped: bool
    start: float


@dataclass(frozen=True, slots=True)
class _Before:
    """What a sweep found, and leaves behind.

    Attributes:
        enabled: Whether the output was on.
        span: The range in A; None for autorange.
    """

    enabled: bool
    span: float | None


class SweepModes(SourceCore):
    """Sweeps, each as one call."""

    SWEEP_GRACE: ClassVar[float] = 10.0
    """Seconds beyond its own duration after which a sweep has failed (assumed)."""

    def sweep(
        self,
        sweep: Sweep,
        *,
        compliance: float,
        count: int = 1,
        ranging: Ranging = "best",
        source_range: float | None = None,
        compliance_abort: bool = True,
        meanwhile: Callable[[float], None] | None = None,
    ) -> SweepReport:
        """Have the source step through levels by itself; the times are its own, to the microsecond.

        The trigger layer is set to go on by itself. Before and after, the level is 0 A, output and range are as they
        were found, and an output that was on stays on. The last level is held until the driver has seen the end, some
        20 ms; end with 0 A where that matters.

        Args:
            sweep: The levels, and how long each is held.
            compliance: V, rounded down to 10 mV.
            count: How often, 1 to 9999.
            ranging: "best" is one range that holds all levels, "auto" each level's own, "fixed" is `source_range`.
            source_range: A; only for "fixed".
            compliance_abort: End the sweep when the source is in compliance.
            meanwhile: Called once while it runs, with its start in s of the driver's clock: to read what the levels do.

        Raises:
            BadValue: A value is none that it can be; nothing was sent.
            LimitExceeded: A value is out of range; nothing was sent.
            InstrumentFault: The source refused something, did not end in time, or did not answer properly.
        """
        delays = self._checked_sweep(sweep, compliance, ranging, source_range)
        repeats, aborting = whole("count", 1, 9999)(count), flag("compliance_abort")(compliance_abort)
        with self.safely():
            before = self._at_zero(compliance)
            if source_range is not None:
                self.source_range = source_range
            running = f":SOUR:SWE:RANG {_RANGING[ranging]};COUN {repeats};CAB {aborting};:TRIG:SOUR IMM"
            self._load((*sweep.spelled(compliance), running), ":SOUR:SWE:ARM")
            report = self._run_sweep(math.fsum(delays) * count, meanwhile)
            self._leave(before)
        return report

    def _run_sweep(self, duration: float, meanwhile: Callable[[float], None] | None) -> SweepReport:
        """Run what is armed, and wait for its end."""
        start = self.clock.now()
        self._begin(":INIT")
        if meanwhile is not None:
            meanwhile(start)
        return self._await_sweep(duration, start)

    def _load(self, commands: Iterable[str], arming: str) -> None:
        """Set something up with the output at rest, and arm it, once what happened before is forgotten.

        After a reply that was lost all of it is sent again: nothing of it acts before the start, and the first part of
        a list replaces what was there. What may be armed already is disarmed, since it takes no other settings.
        """
        before = self.line.repeats

        def send() -> None:
            if self.line.repeats > before:
                self.disarm()
            *parts, last = joined((*commands, f"{SUMMARISED};{EVENTS};{arming}"))
            for message in parts:
                self.command(message)
            self.ask_among(last, REGISTER, REGISTER)

        commands = tuple(commands)
        self.line.insist(send)

    def _checked_sweep(
        self, sweep: Sweep, compliance: float, ranging: Ranging, source_range: float | None
    ) -> Sequence[float]:
        """Check everything before anything is sent; return the delays in s."""
        of_kind("sweep", sweep, Sweep, EXAMPLE)
        levels, delays = sweep.points()
        COMPLIANCE(compliance)
        one_of("ranging", _RANGING)(ranging)
        if (ranging == "fixed") != (source_range is not None):
            raise BadValue("source_range belongs to ranging='fixed', and only to that; nothing was sent")
        if source_range is not None:
            check_range(source_range, max(map(abs, levels)))
        return delays

    def _at_zero(self, compliance: float) -> _Before:
        """Have the output on at 0 A, with nothing armed; return how it was found."""
        zero = f":SOUR:CURR 0.0;:SOUR:CURR:COMP {compliance_text(compliance)}"
        enabled, automatic, span = self.disarm_and_ask(f"{_FOUND};{zero}", BOOLEAN, BOOLEAN, NUMBER)
        if not enabled:
            self.source_enabled = True
        return _Before(enabled, None if automatic else span)

    def _leave(self, before: _Before) -> None:
        """Go to 0 A with nothing armed, and leave output and range as they were found."""
        span = before.span
        ranging = ":SOUR:CURR:RANG:AUTO 1"
        if span is not None:
            ranging = f":SOUR:CURR:RANG:AUTO 0;:SOUR:CURR:RANG {exact(span)}"
        (enabled,) = self.disarm_and_ask(f":SOUR:CURR 0.0;{ranging};:OUTP?", BOOLEAN)
        if enabled != before.enabled:  # never switched without need: each time the sample gets a kick
            self.source_enabled = before.enabled

    def _await_sweep(self, duration: float, start: float) -> SweepReport:
        """Wait for the end of a sweep that takes so many s, and report how it ended."""
        clock, status = self.clock, 0
        end, deadline = clock.now() + duration, clock.deadline(1.05 * duration + self.SWEEP_GRACE)
        while not status & OPERATION_SUMMARY:
            if deadline.passed:
                raise DeadlinePassed(
                    f"{self.line.name}: a sweep of {duration:.3g} s has not ended after {deadline.seconds:.3g} s; "
                    "look at ARM:SOURce, it may be waiting for a trigger"
                )
            clock.sleep(min(1.0, max(0.02, end - clock.now())))
            status = self._asked_status()
        clamped = bool(status & MEASUREMENT_SUMMARY)
        return SweepReport(clamped and self._was_aborted(), clamped, start)

    def _asked_status(self) -> int:
        """Return the status byte, with a look at errors and power."""
        (status,) = self.line.insist(lambda: self.ask_among("*STB?", REGISTER))
        return int(status)

    def _was_aborted(self) -> bool:
        """Return whether a sweep that was in compliance was ended for it."""
        try:
            return bool(self.operation_event & OperationBit.SWEEP_ABORTED)
        except (NoReply, GarbledReply) as lost:  # what it said is forgotten; in compliance this setting ends a sweep
            if not self.line.most_repeats:
                raise
            self.line.note_repeat(lost)
            return self.query(":SOUR:SWE:CAB?", BOOLEAN)


def check_range(span: float, largest: float) -> None:
    """Check that a range in A holds a current in A.

    Raises:
        BadValue: It is no range.
        LimitExceeded: It does not.
    """
    full = float(within("source_range", 0.0, 0.105, "A")(span))
    if full * 1.05 < largest:
        raise LimitExceeded(
            f"source_range of {full:g} A does not hold {largest:g} A; nothing was sent: choose a larger one"
        )
