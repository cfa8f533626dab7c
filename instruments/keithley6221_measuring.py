"""How a 6221 runs a measuring mode with a nanovoltmeter: arming, running, and fetching what was measured.

Source: 6220/6221 reference manual, chapters on Delta, Pulse Delta, Differential Conductance, buffer and data format.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar

from instruments.errors import DeadlinePassed, InstrumentFault
from instruments.forms import BOOLEAN, DECIMAL, INTEGER, NUMBER, Form, form
from instruments.keithley6221_core import MeasurementBit, OperationBit
from instruments.keithley6221_readings import Averaging, Reading, number_or_nan
from instruments.keithley6221_relay import MeterSettings, SerialRelay

BUFFER = 65536
"""Readings that the 6221 keeps."""

BLOCK = 200
"""Readings that are fetched at a time."""

ELEMENTS = ("READ", "TST", "SOUR", "COMP", "RNUM")
"""Asked for, in the order in which the 6221 answers whatever the order of asking."""

ELEMENTS_WITH_AVERAGE = ("READ", "TST", "SOUR", "AVOL", "COMP", "RNUM")

_TRUTH = {"T": True, "F": False}
_LONGEST_SLICE = 1.0
_SHORTEST_SLICE = 0.05


@dataclass(frozen=True, slots=True)
class Plan:
    """A measurement that is to be run.

    Attributes:
        mode: DELT, PDEL or DCON.
        commands: What sets the mode up, in order.
        largest: Largest current in A.
        readings: How many there will be; inf for no end.
        period: Predicted time from one reading to the next in s.
        compliance: V.
        meter: How the nanovoltmeter measures.
        averaging: The filter of the source; None without.
        source_range: A; None takes the one that holds the largest current.
        average_voltage: Whether readings have an average voltage.
    """

    mode: str
    commands: tuple[str, ...]
    largest: float
    readings: float
    period: float
    compliance: float
    meter: MeterSettings
    averaging: Averaging | None
    source_range: float | None = None
    average_voltage: bool = False


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended.

    Attributes:
        stored: Readings in the buffer.
        aborted: Whether the source ended it early, in compliance.
        clamped: Whether the source was in compliance at any time.
        zero: Differential Conductance: what the meter reads of nothing, in V.
    """

    stored: int
    aborted: bool
    clamped: bool
    zero: float = math.nan


def readings_form(count: int, *, average: bool) -> Form[list[Reading]]:
    """Return the form of this many readings with their elements, comma separated."""
    fields = 6 if average else 5
    number = DECIMAL
    one = rf"{number},{number},{number},{f'{number},' if average else ''}(?:[TF]|{number}),{number}"
    return form(f"{count} readings of {fields} elements", rf"{one}(?:,{one}){{{count - 1}}}", _reader(average=average))


def _reader(*, average: bool) -> Callable[[str], list[Reading]]:
    fields = 6 if average else 5

    def read(text: str) -> list[Reading]:
        parts = text.split(",")
        return [_reading(parts[start : start + fields]) for start in range(0, len(parts), fields)]

    return read


def _reading(parts: list[str]) -> Reading:
    value, stamp, current, *average, clamped, number = parts
    return Reading(
        number_or_nan(value),
        float(stamp),
        float(current),
        number_or_nan(average[0]) if average else math.nan,
        _TRUTH[clamped] if clamped in _TRUTH else float(clamped) != 0.0,
        int(float(number)),
    )


class MeasuringModes(SerialRelay):
    """What Delta, Pulse Delta and Differential Conductance have in common."""

    ARM_TIME: ClassVar[float] = 30.0
    """Seconds within which a mode is armed: it takes 1 to 10, and 3 more for the meter's zero (assumed)."""
    ARM_POLL: ClassVar[float] = 0.25
    """Seconds from one question whether it is armed to the next."""
    STALL_TIME: ClassVar[float] = 5.0
    """Seconds without a new reading, beyond twenty times what one takes, after which a run has failed (assumed)."""

    # ---- before

    def _prepare(self, plan: Plan) -> None:
        """Set everything up with the output off, and arm; see `Plan`."""
        self.come_to_rest()
        self.check_meter(plan.mode)
        self.set_up_meter(plan.meter)
        self.source_compliance = plan.compliance
        self.source_range = plan.largest if plan.source_range is None else plan.source_range
        elements = ELEMENTS_WITH_AVERAGE if plan.average_voltage else ELEMENTS
        self.command(f":FORM ASC;:FORM:ELEM {','.join(elements)};:UNIT V;:CALC:STAT 0")
        self.command(":SENS:AVER 0" if plan.averaging is None else plan.averaging.spelled())
        for message in plan.commands:
            self.command(message)
        points = int(min(plan.readings, BUFFER))
        self.command(f":TRAC:TST:FORM ABS;:TRAC:FEED SENS;:TRAC:POIN {points};:TRAC:FEED:CONT NEXT")
        self._arm(plan.mode)

    def _arm(self, mode: str) -> None:
        """Arm a mode, and wait until it is.

        Raises:
            InstrumentError: The source refuses; the sentence has its error.
            DeadlinePassed: It is not armed in time.
        """
        deadline = self.clock.deadline(self.ARM_TIME)
        with self.line.patience(self.ARM_TIME):
            self.command(f":SOUR:{mode}:ARM")
            while not self.query(f":SOUR:{mode}:ARM?", BOOLEAN):
                self.check_errors()
                if deadline.passed:
                    raise DeadlinePassed(
                        f"{self.line.name}: not armed {self.ARM_TIME:g} s after :SOUR:{mode}:ARM, and it says no "
                        "error; look at its display"
                    )
                self.clock.sleep(self.ARM_POLL)
            self.check_errors()

    def _counted(self, plan: Plan) -> Plan:
        """Put in how many readings the source has made room for, where that is its own affair.

        Of a staircase with a filter the manual says that the step is divided and that the stop is the middle of the
        last cycle, but not how many readings that leaves: those without a filter, or one less.

        Raises:
            InstrumentFault: It says a number that cannot be.
        """
        if plan.mode != "DCON" or plan.averaging is None:
            return plan
        room = self.query(":TRAC:POIN?", INTEGER)
        if not plan.readings - 1 <= room <= plan.readings:
            raise InstrumentFault(
                f"{self.line.name}: armed for {plan.readings:g} readings of a staircase, it makes room for {room}"
            )
        return replace(plan, readings=room)

    def _initiate(self) -> None:
        """Forget old events and begin; the output goes on by itself."""
        _ = self.operation_event, self.measurement_event
        self.command(":INIT")

    # ---- while it runs

    def _stall_time(self, plan: Plan) -> float:
        filling = 2 + (plan.averaging.count if plan.averaging is not None else 0)
        return self.STALL_TIME + max(20, filling) * plan.period

    def _follow(self, plan: Plan) -> Ending:
        """Wait for the end of a run, in slices, and see meanwhile that readings come.

        Raises:
            DeadlinePassed: They do not, or the end does not.
            InstrumentFault: The link to the meter failed, or readings are missing.
        """
        clock, patience, seen, stored = self.clock, self._stall_time(plan), 0, 0
        end = clock.now() + (plan.readings + 2) * plan.period
        moved = clock.now()
        while True:
            clock.sleep(min(_LONGEST_SLICE, max(_SHORTEST_SLICE, end - clock.now())))
            seen |= self._operation(plan.mode)
            if seen & (OperationBit.SWEEP_DONE | OperationBit.SWEEP_ABORTED):
                break
            now_stored = self._stored()
            if now_stored > stored:
                stored, moved = now_stored, clock.now()
            elif clock.now() - moved > patience:
                raise self._stalled(plan, stored, patience)
        clamped = bool(self.measurement_event & MeasurementBit.COMPLIANCE)
        ending = Ending(self._stored(), bool(seen & OperationBit.SWEEP_ABORTED), clamped)
        if ending.stored != plan.readings and not ending.aborted:
            raise InstrumentFault(
                f"{self.line.name}: the run ended with {ending.stored} readings in the buffer, not {plan.readings:g}"
            )
        return ending

    def _stored(self) -> int:
        return self.query(":TRAC:POIN:ACT?", INTEGER)

    def _operation(self, mode: str) -> int:
        return self._link_checked(self.operation_event, mode)

    def _link_checked(self, bits: int, mode: str) -> int:
        if bits & OperationBit.RS232_ERROR:
            raise InstrumentFault(
                f"{self.line.name}: during {mode} it reports an error on the serial link to the meter: readings are "
                "damaged, or do not come; check that both are set to the same baud rate, best 19.2 kbaud, the "
                "null-modem cable, the Trigger Link cable, and that the meter was not switched off"
            )
        return bits

    def _stalled(self, plan: Plan, stored: int, patience: float) -> DeadlinePassed:
        advice = "" if stored else "; check the Trigger Link cable between source and meter"
        return DeadlinePassed(
            f"{self.line.name}: no new reading came in {patience:.3g} s, after {stored} of {plan.readings:g}{advice}"
        )

    # ---- after

    def read_buffer(self, start: int, count: int, *, average: bool = False) -> list[Reading]:
        """Return readings out of the buffer, fetched in blocks.

        Args:
            start: The first one, from 0.
            count: How many.
            average: Whether they have an average voltage, see FORMat:ELEMents.

        Raises:
            GarbledReply: They are not as many as were asked for, damaged, or not in order.
            NoReply: Nothing came in time.
        """
        readings: list[Reading] = []
        for first in range(start, start + count, BLOCK):
            length = min(BLOCK, start + count - first)
            wanted = readings_form(length, average=average)
            block = self.query(f":TRAC:DATA:SEL? {first},{length}", wanted)
            for one, other in pairwise((*readings[-1:], *block)):
                if other.number != one.number + 1 or other.time < one.time:
                    raise self.line.doubt(
                        "readings in order",
                        f"number {one.number} at {one.time:g} s, then {other.number} at {other.time:g} s",
                    )
            readings += block
        return readings

    def _measure(self, plan: Plan) -> tuple[list[Reading], Ending]:
        """Run a measurement from beginning to end."""
        with self.safely():
            self._prepare(plan)
            plan = self._counted(plan)
            self._initiate()
            ending = self._follow(plan)
            readings = self.read_buffer(0, ending.stored, average=plan.average_voltage)
            if plan.mode == "DCON":
                ending = replace(ending, zero=self.query(":SOUR:DCON:NVZ?", NUMBER))
            self.come_to_rest()
        return readings, ending
