"""Driver of the Keithley 2400 SourceMeter: source and measurement of voltage and current, sweeps in hardware.

Written from the 2400 series user's manual, sections 3 to 18.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, Literal

from pymeasure.adapters import Adapter

from instruments.clock import Clock
from instruments.errors import BadValue, InstrumentFault, NoReply
from instruments.forms import Form, exact, finite, one_of, whole, within
from instruments.keithley2400_readings import READING, READINGS, MeasurementBit, Reading, StatusBit
from instruments.keithley2400_settings import FUNCTIONS, LEVELS, SourceMeterSettings
from instruments.ramped_source import Put, checked_slew
from instruments.scpi_driver import QUERY_UNTERMINATED, identity_form

__all__ = ["Keithley2400", "MeasurementBit", "Reading", "StatusBit"]

MOST_POINTS = 2500
"""Points of a sweep."""

MEMORY_LOCATIONS = 100
"""Of the source memory."""

Quantity = Literal["voltage", "current", "resistance"]

_NAMES = {"voltage": "'VOLT:DC'", "current": "'CURR:DC'", "resistance": "'RES'"}
_SPACINGS = {"linear": "LIN", "logarithmic": "LOG"}
_ABORTS = {"never": "NEV", "early": "EARL", "late": "LATE"}

_LONGEST_MESSAGE_LIST = 100

_MAY_TURN_OFF = re.compile(r"OUTP|CLE|PRES|CONF|MEAS|ROUT|RSEN|GUAR|\*RST|\*RCL", re.IGNORECASE)
"""Messages behind which the output may be off, or go off."""


class Keithley2400(SourceMeterSettings):
    """The Keithley 2400 SourceMeter.

    .. code-block:: python

        smu = Keithley2400("GPIB0::24::INSTR")
        smu.check_identity()
        smu.reset()
        smu.output_off_state = "normal"
        smu.source_function = "current"
        smu.voltage_compliance = 0.5            # V
        smu.source_current = 1e-5               # A
        smu.configure_reading(("voltage", "current"), nplc=1)
        smu.source_enabled = True
        reading = smu.measure()
        print(reading.voltage, reading.in_compliance)
        smu.shutdown()                          # ramp to zero, output off, read back

    Args:
        adapter: A VISA resource name, a GPIB address, or a pymeasure adapter.
        clock: Where ramps, sweeps and the reset wait.
        name: What it is called in errors.
        **kwargs: For pymeasure's VISAAdapter; the time-out is 10 s unless another is given.
    """

    IDENTITY = re.compile(r"MODEL 2400\b")
    IDENTITY_FORM = identity_form("2400")
    RESET_TIME = 1.0
    """Seconds; assumed, since the manual gives no figure."""

    OVERHEAD: ClassVar[float] = 4e-3
    """s; what a cycle of a sweep takes beyond delay and conversions."""

    def __init__(
        self, adapter: Adapter | str | int, clock: Clock | None = None, name: str = "2400", **kwargs: Any
    ) -> None:
        kwargs.setdefault("timeout", 10_000)
        self._seen_on = False
        self._last_reading = ""
        super().__init__(adapter, clock, name, **kwargs)

    @property
    def in_compliance(self) -> bool:
        """Get whether the source is limited now, by its compliance or by a fixed measuring range."""
        return bool(self.measurement_condition & MeasurementBit.COMPLIANCE)

    # ---- readings

    def write(self, command: str, **kwargs: Any) -> None:
        """Send a message; that the output is on is forgotten when the message may turn it off."""
        if _MAY_TURN_OFF.search(command):
            self._seen_on = False
        super().write(command, **kwargs)

    def configure_reading(self, quantities: Sequence[Quantity] = ("voltage", "current"), nplc: float = 1.0) -> None:
        """Prepare `measure`: one reading of these quantities, with its status, in text.

        Args:
            quantities: What is measured; a resistance is measured from the source as it is set (manual ohms).
            nplc: Integration time in power line cycles, from 0.01 to 10.

        Raises:
            BadValue: A quantity is none, or nothing is to be measured.
            LimitExceeded: The integration time is beyond the instrument's; nothing was sent.
            InstrumentError: The instrument refused it.
        """
        if not quantities:
            raise BadValue("quantities names nothing to measure; nothing was sent")
        spell = one_of("a quantity", _NAMES)
        names = ",".join(map(spell, quantities))
        cycles = within("nplc", 0.01, 10.0, "PLC")(nplc)
        self._insist(
            f":SENS:RES:MODE MAN;:SENS:FUNC:CONC 1;:SENS:FUNC:OFF:ALL;:SENS:FUNC {names};:SENS:VOLT:NPLC {cycles}"
        )
        self._insist(
            ":FORM ASC;:FORM:ELEM VOLT,CURR,RES,TIME,STAT;:ARM:SOUR IMM;:TRIG:SOUR IMM;:ARM:COUN 1;:TRIG:COUN 1"
        )

    def measure(self) -> Reading:
        """Take one reading, as `configure_reading` has prepared it; during a run again, where its reply was lost.

        Raises:
            InstrumentFault: The output is off; nothing was sent.
            InstrumentError: An error was queued; all are named.
            Restarted: The output is off, or no reading came, because the instrument was switched off and on.
            NoReply: No reading came.
            GarbledReply: The reading was damaged.
        """
        self._check_output()
        return self.line.insist(self._measured)

    def _measured(self) -> Reading:
        """Take one reading. No two are the same, since each has its time: what comes again is the reply to the last."""
        reading = self._ask_readings(":READ?", READING)
        shown = repr(reading)  # a NaN, of what was not measured, is not even equal to itself
        if shown == self._last_reading:
            raise self.line.doubt("a reading, and not that of before", shown)
        self._last_reading = shown
        return reading

    def _check_output(self) -> None:
        """Ask whether the output is on, unless a reading has shown it: with the output off a reading never comes.

        Raises:
            InstrumentFault: It is off, and does not go on by itself for each reading.
        """
        if self._seen_on or self.source_enabled or self.auto_output_off:
            return
        self._watch(self.standard_event, ":OUTP?")
        raise InstrumentFault(
            f"{self.line.name}: no reading can be taken, since the output is off; switch the output on first "
            "(source_enabled = True)"
        )

    def _ask_readings(self, question: str, expected: Form[Any]) -> Any:
        """Ask for readings; of an instrument that cannot take any, its errors are named."""
        try:
            answer = self.query(question, expected)
        except NoReply as silence:
            self._seen_on = False
            held = [error for error in self._take_errors() if error.code != QUERY_UNTERMINATED]
            self._watch(self.standard_event, question)
            if not held:
                raise
            raise self._refusal(question, held) from silence
        self._seen_on = True
        return answer

    def zero(self) -> None:
        """Take the reference now, and not with each reading.

        Raises:
            InstrumentError: The error queue held something.
        """
        self._insist(":SYST:AZER ONCE")

    # ---- sweeps in hardware

    def sweep(
        self,
        start: float,
        stop: float,
        points: int,
        *,
        spacing: Literal["linear", "logarithmic"] = "linear",
        delay: float = 0.0,
        abort: Literal["never", "early", "late"] = "never",
    ) -> list[Reading]:
        """Go through levels of what is sourced, timed by the instrument, and measure at each.

        The source then goes back to the level that was set before. Readings are as `configure_reading` prepared them.

        Args:
            start: First level, in V or A.
            stop: Last level.
            points: How many, from 2 to 2500.
            spacing: Of the levels; logarithmic ones do not pass zero.
            delay: Between source and measurement, in s.
            abort: Whether compliance ends it, before or after the measurement; there are fewer readings then.

        Raises:
            BadValue: An argument is not what it should be.
            LimitExceeded: A level or the number of points is beyond the instrument's; nothing was sent.
            InstrumentFault: The output is off.
            InstrumentError: The instrument refused it.
            NoReply: No readings came within the time that they should take.
        """
        function = self.source_function
        node = FUNCTIONS[function]
        first, last = LEVELS[function](start), LEVELS[function](stop)
        count = whole("points", 2, MOST_POINTS)(points)
        course = (
            f":SOUR:{node}:STAR {first};STOP {last};:SOUR:SWE:SPAC {one_of('spacing', _SPACINGS)(spacing)};POIN {count}"
        )
        ending = f":SOUR:SWE:CAB {one_of('abort', _ABORTS)(abort)}"
        return self._run(node, "SWE", [course, ending], int(count), delay)

    def list_sweep(self, levels: Sequence[float], *, delay: float = 0.0) -> list[Reading]:
        """Go through a list of levels of what is sourced, timed by the instrument; as `sweep`.

        Args:
            levels: In V or A, from 1 to 2500.
            delay: Between source and measurement, in s.

        Raises:
            BadValue: An argument is not what it should be.
            LimitExceeded: A level, or their number, is beyond the instrument's; nothing was sent.
            InstrumentFault: The output is off.
            InstrumentError: The instrument refused it.
            NoReply: No readings came within the time that they should take.
        """
        function = self.source_function
        node = FUNCTIONS[function]
        count = int(whole("the number of levels", 1, MOST_POINTS)(len(levels)))
        texts = [LEVELS[function](level) for level in levels]
        parts = [texts[at : at + _LONGEST_MESSAGE_LIST] for at in range(0, count, _LONGEST_MESSAGE_LIST)]
        messages = [
            f":SOUR:LIST:{node}{':APP' if number else ''} {','.join(part)}" for number, part in enumerate(parts)
        ]
        return self._run(node, "LIST", messages, count, delay)

    def _run(self, node: str, mode: str, messages: Sequence[str], count: int, delay: float) -> list[Reading]:
        """Set a sweep up, start it, wait for as long as it should take, and fetch what it gave."""
        wait = exact(finite("delay", delay, "s"))
        self._check_output()
        nplc, frequency = self.nplc, self.line_frequency
        for message in (*messages, f":SOUR:{node}:MODE {mode};:SOUR:DEL {wait};:ARM:COUN 1;:TRIG:COUN {count}"):
            self.command(message)
        try:
            self.write(":INIT")  # a question behind it would wait for the end of the run
            self._pass(count * (delay + 4.0 * (nplc / frequency) + self.OVERHEAD))
            return self._ask_readings(":FETC?", READINGS)
        finally:
            self.command(f":ABOR;:SOUR:{node}:MODE FIX;:TRIG:COUN 1")

    def save_location(self, location: int) -> None:
        """Keep source, measurement and limits as they are in a location (1 to 100) of the source memory.

        Raises:
            LimitExceeded: There is no such location; nothing was sent.
            InstrumentError: The instrument refused it.
        """
        self.command(f":SOUR:MEM:SAVE {whole('location', 1, MEMORY_LOCATIONS)(location)}")

    def memory_sweep(self, points: int, *, start: int = 1, duration: float = 0.2) -> list[Reading]:
        """Go through locations of the source memory, each with its own set-up, and measure at each.

        Afterwards the same quantity is sourced as before, at the level of the last location that sourced it. What is
        in the locations is known to the instrument alone, so that a guard refuses it.

        Args:
            points: How many, from 1 to 100.
            start: The first location.
            duration: How long a point takes at most, in s.

        Raises:
            BadValue: An argument is not what it should be.
            LimitExceeded: An argument is beyond the instrument's, or not known to be within the limits; nothing was
                sent.
            InstrumentFault: The output is off.
            InstrumentError: The instrument refused it.
            NoReply: No readings came within the time that they should take.
        """
        count, first = whole("points", 1, MEMORY_LOCATIONS)(points), whole("start", 1, MEMORY_LOCATIONS)(start)
        wait = finite("duration", duration, "s")
        node = FUNCTIONS[self.source_function]
        self._check_output()
        self.command(f":SOUR:FUNC MEM;:SOUR:MEM:STAR {first};POIN {count};:ARM:COUN 1;:TRIG:COUN {count}")
        try:
            self.write(":INIT")
            self._pass(int(count) * wait)
            return self._ask_readings(":FETC?", READINGS)
        finally:
            self.command(f":ABOR;:SOUR:FUNC {node};:TRIG:COUN 1")

    def _pass(self, duration: float) -> None:
        """Let time pass on the clock, in slices of at most a second."""
        while duration > 0.0:
            self.clock.sleep(min(duration, 1.0))
            duration -= 1.0

    # ---- ramps and the end

    def abort(self) -> None:
        """Stop what runs, and go to idle.

        Raises:
            InstrumentError: The error queue held something.
        """
        self.command(":ABOR")

    def ramp(self, target: float, slew: float) -> None:
        """Go from the present level of what is sourced to another in equal steps, one every 20 ms of the clock.

        The last step is sent as the target itself, exactly.

        Args:
            target: In V or A.
            slew: Largest rate in V/s or A/s.

        Raises:
            BadValue: The target is no finite number, or the slew is not above zero.
            LimitExceeded: The target lies beyond the instrument's; nothing was sent.
        """
        function = self.source_function
        LEVELS[function](target)
        self._ramp_at(checked_slew(slew), *self._level(function), float(target))

    def _level(self, function: str = "") -> tuple[float, Put]:
        name = f"source_{function or self.source_function}"
        return getattr(self, name), partial(setattr, self, name)
