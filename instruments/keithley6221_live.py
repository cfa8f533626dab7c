"""Readings of a 6221 while they are made, for runs that are longer than its buffer.

The source tells its latest reading once. A reading that was made while nobody asked is fetched from the buffer, as long
as that had room; at the end the buffer must hold the very readings that were given.

Source: 6220/6221 reference manual, chapters on Delta and on the buffer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from instruments.errors import ComplianceFault, InstrumentFault
from instruments.forms import REGISTER
from instruments.keithley6221_core import OperationBit
from instruments.keithley6221_measuring import BLOCK, BUFFER, MeasuringModes, Plan, readings_form
from instruments.keithley6221_readings import Reading

STALE = -230
"""Error of asking for a new reading when there is none."""

NOT_RUNNING = -221
"""Error of asking for a reading when nothing runs."""

_SHORTEST_WAIT = 2e-3

_ONE = {average: readings_form(1, average=average) for average in (False, True)}


@dataclass
class _Given:
    """What was given so far.

    Attributes:
        base: Number of the first reading in the buffer; None before the first one has come.
        kept: Readings that the buffer should hold, in its order.
        last: The latest one.
    """

    base: int | None = None
    kept: list[Reading] = field(default_factory=list[Reading])
    last: Reading | None = None

    @property
    def count(self) -> int:
        """How many readings there have been, lost ones included."""
        return 0 if self.last is None or self.base is None else self.last.number - self.base + 1

    def note(self, reading: Reading) -> Reading:
        """Note that a reading is given."""
        self.last = reading
        if self.base is not None and reading.number - self.base == len(self.kept) < BUFFER:
            self.kept.append(reading)
        return reading


class LiveModes(MeasuringModes):
    """Reading while it runs."""

    LIVE_LEAD: ClassVar[float] = 0.1
    """Part of the time between two readings by which the next one is asked for early, and then again."""

    def _stream(self, plan: Plan) -> Iterator[Reading]:
        """Run a measurement and give each reading when it comes; see `_measure`."""
        with self.safely():
            self._prepare(plan)
            self._initiate()
            yield from self._live(plan)
            self.come_to_rest()

    def _live(self, plan: Plan) -> Iterator[Reading]:
        given, patience, moved = _Given(), self._stall_time(plan), self.clock.now()
        while given.count < plan.readings:
            asked = self.clock.now()
            bits, reading = self._fresh(plan)
            if reading is not None:
                moved = asked
                yield from self._up_to(reading, given, plan)
                wait = asked + plan.period * (1.0 - self.LIVE_LEAD) - self.clock.now()
            elif bits & OperationBit.SWEEP_ABORTED:
                raise ComplianceFault(
                    f"{self.line.name}: the source ended the run after {given.count} readings, because it was in "
                    "compliance; give it a higher compliance, or look for an open lead"
                )
            elif bits & OperationBit.SWEEP_DONE:  # what is still missing is in the buffer
                yield from self._remaining(given, plan)
                break
            else:
                wait = plan.period * self.LIVE_LEAD
                if self.clock.now() - moved > patience:
                    raise self._stalled(plan, given.count, patience)
            self.clock.sleep(max(_SHORTEST_WAIT, min(wait, 1.0)))
        self._compare_with_buffer(given, plan)

    def _fresh(self, plan: Plan) -> tuple[int, Reading | None]:
        """Ask what happened and for a reading that was not told yet, in one message.

        Where there is none, that is an error: then only the first question is answered, instead of nothing at all.
        """
        wanted = _ONE[plan.average_voltage]
        self.write(":STAT:OPER?;:SENS:DATA:FRES?")
        reply = self.line.receive()
        bits, separator, rest = reply.partition(";")
        rest = rest.lstrip(" ")
        if REGISTER.matches(bits) is None or (rest and wanted.matches(rest) is None):
            raise self.line.doubt(f"{REGISTER.expected}, and perhaps a semicolon and {wanted.expected}", reply)
        events = self._link_checked(REGISTER.read(bits), plan.mode)
        if separator and rest:
            return events, wanted.read(rest)[0]
        held = self._take_errors()
        codes = {error.code for error in held} - {STALE}
        if NOT_RUNNING in codes and self.operation_condition & OperationBit.IDLE:
            codes.discard(NOT_RUNNING)
            events |= 0 if events & OperationBit.SWEEP_ABORTED else OperationBit.SWEEP_DONE
        if codes:
            raise self._refusal(":SENS:DATA:FRES?", held)
        return events, None

    def _up_to(self, reading: Reading, given: _Given, plan: Plan) -> Iterator[Reading]:
        """Give a reading, and before it those that were made since the one before, as far as the buffer has them."""
        if given.base is None:
            given.base = self.read_buffer(0, 1, average=plan.average_voltage)[0].number
        following = given.base if given.last is None else given.last.number + 1
        if reading.number < following:
            raise self.line.doubt(f"reading {following} or a later one", f"number {reading.number}")
        for missed in self._missed(following - given.base, reading.number - given.base, plan):
            yield given.note(missed)
        yield given.note(reading)

    def _missed(self, start: int, end: int, plan: Plan) -> Iterator[Reading]:
        stop = min(end, BUFFER)
        for first in range(start, stop, BLOCK):
            yield from self.read_buffer(first, min(BLOCK, stop - first), average=plan.average_voltage)

    def _remaining(self, given: _Given, plan: Plan) -> Iterator[Reading]:
        """Give what was measured since the last reading that was told; the run has ended."""
        stored = self._stored()
        if not math.isinf(plan.readings) and stored != min(plan.readings, BUFFER):
            raise InstrumentFault(
                f"{self.line.name}: the run ended with {stored} readings in the buffer, not {plan.readings:g}"
            )
        for missed in self._missed(given.count, stored, plan):
            if given.base is None:
                given.base = missed.number
            yield given.note(missed)

    def _compare_with_buffer(self, given: _Given, plan: Plan) -> None:
        """The buffer must hold what was given.

        Raises:
            InstrumentFault: It does not.
        """
        for first in range(0, len(given.kept), BLOCK):
            told = given.kept[first : first + BLOCK]
            held = self.read_buffer(first, len(told), average=plan.average_voltage)
            for one, other in zip(told, held, strict=True):
                if repr(one) != repr(other):  # as texts, since one nan is not another
                    raise InstrumentFault(
                        f"{self.line.name}: the source told {one} live, and its buffer holds {other}; trust neither"
                    )
