"""What everything a Keithley 6221 can do rests on: level, range, compliance, output, registers, and stopping.

Written from the Model 6220/6221 reference manual.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Generator
from contextlib import contextmanager
from decimal import ROUND_FLOOR, Decimal
from enum import IntFlag
from typing import Any

from instruments.driver import control, measurement
from instruments.errors import GarbledReply, InstrumentError, InstrumentFault, NoReply, Restarted
from instruments.forms import BOOLEAN, LINE_FREQUENCY, NUMBER, Form, exact, flag, within
from instruments.ramped_source import RampedSource
from instruments.scpi_driver import identity_form

log = logging.getLogger(__name__)

LARGEST_CURRENT = 0.105
"""A."""

CURRENT_STEP = 1e-4
"""Of its range, to which a current is rounded at most (programming resolution; half as coarse below 100 mA)."""

COMPLIANCE_STEP = Decimal("0.01")
"""V."""

_ABORTS = ":SOUR:SWE:ABOR;:SOUR:WAVE:ABOR"

EVENTS = ":STAT:OPER?;:STAT:MEAS?"
"""Asks what has happened, and forgets it."""

CURRENT = within("source_current", -LARGEST_CURRENT, LARGEST_CURRENT, "A")
COMPLIANCE = within("source_compliance", 0.1, 105.0, "V")


def compliance_text(value: object) -> str:
    """Check a compliance in V, and spell it rounded down to the source's step."""
    return exact(float(Decimal(COMPLIANCE(value)).quantize(COMPLIANCE_STEP, ROUND_FLOOR)))


class MeasurementBit(IntFlag):
    """Bits of the 6221's measurement registers."""

    READING_OVERFLOW = 1 << 0
    INTERLOCK = 1 << 1
    OVER_TEMPERATURE = 1 << 2
    COMPLIANCE = 1 << 3
    READING_AVAILABLE = 1 << 5
    TRACE_NOTIFY = 1 << 6
    BUFFER_AVAILABLE = 1 << 7
    BUFFER_HALF_FULL = 1 << 8
    BUFFER_FULL = 1 << 9
    BUFFER_QUARTER_FULL = 1 << 12
    BUFFER_THREE_QUARTERS_FULL = 1 << 13


class OperationBit(IntFlag):
    """Bits of the 6221's operation registers."""

    CALIBRATING = 1 << 0
    SWEEP_DONE = 1 << 1
    SWEEP_ABORTED = 1 << 2
    SWEEPING = 1 << 3
    WAVE_STARTED = 1 << 4
    WAITING_FOR_TRIGGER = 1 << 5
    WAITING_FOR_ARM = 1 << 6
    WAVE_STOPPED = 1 << 7
    FILTER_SETTLED = 1 << 8
    IDLE = 1 << 10
    RS232_ERROR = 1 << 11


MEASUREMENT_SUMMARY, OPERATION_SUMMARY = 1 << 0, 1 << 7
"""Of the status byte: an event that is enabled has happened, and nobody has asked for the register since."""
_TOLD = OperationBit.SWEEP_DONE | OperationBit.SWEEP_ABORTED | OperationBit.WAVE_STARTED
SUMMARISED = f":STAT:OPER:ENAB {int(_TOLD)};:STAT:MEAS:ENAB {int(MeasurementBit.COMPLIANCE)}"
"""Puts the end of a sweep, the start of a wave, and compliance into the status byte, which may be asked for any number
of times: a reply that is lost loses nothing."""


class SourceCore(RampedSource):
    """Level, range, compliance, output and registers of a 6221, and how it is brought to rest."""

    IDENTITY = re.compile(r"MODEL 6221\b")
    IDENTITY_FORM = identity_form("6221")
    RESET_TIME = 1.0
    """Seconds; assumed, since the manual gives no figure."""

    source_current = control(
        ":SOUR:CURR?",
        ":SOUR:CURR %s",
        """Control the direct current in A (float from -0.105 to 0.105; on a fixed range at most 105 % of it).""",
        CURRENT,
        NUMBER,
        step=lambda source: CURRENT_STEP * source.source_range,
    )
    source_range = control(
        ":SOUR:CURR:RANG?",
        ":SOUR:CURR:RANG:AUTO 0;:SOUR:CURR:RANG %s",
        """Control the fixed source range in A (float from 0 to 0.105); setting it turns autorange off.

        The source takes the smallest of 2 nA, 20 nA, ... 2 mA, 20 mA, 100 mA that holds the value.""",
        within("source_range", 0.0, LARGEST_CURRENT, "A"),
        NUMBER,
        again=True,
    )
    source_auto_range = control(
        ":SOUR:CURR:RANG:AUTO?",
        ":SOUR:CURR:RANG:AUTO %s",
        """Control whether the source range follows the current (bool).""",
        flag("source_auto_range"),
        BOOLEAN,
    )
    source_compliance = control(
        ":SOUR:CURR:COMP?",
        ":SOUR:CURR:COMP %s",
        """Control the compliance, the largest voltage, in V (float from 0.1 to 105, in steps of 10 mV).

        It is a limit, so that a value between two steps is rounded down.""",
        compliance_text,
        NUMBER,
    )
    line_frequency = measurement(":SYST:LFR?", """Get the power line frequency in Hz (50 or 60).""", LINE_FREQUENCY)

    # ---- to rest

    def abort(self) -> None:
        """Stop and disarm a sweep, delta mode, pulse delta or differential conductance.

        Raises:
            InstrumentError: The error queue held something.
        """
        self.command(":SOUR:SWE:ABOR")

    def abort_wave(self) -> None:
        """Stop and disarm a waveform.

        Raises:
            InstrumentError: The error queue held something.
        """
        self.command(":SOUR:WAVE:ABOR")

    def disarm(self) -> None:
        """Stop and disarm whatever runs.

        Raises:
            InstrumentFault: The source does not answer.
        """
        try:
            self._insist(_ABORTS)
        except InstrumentError as error:  # nothing was running; what is behind it may not have been carried out
            log.debug("%s", error)
            self._disarm_each()

    def _disarm_each(self) -> None:
        for message in _ABORTS.split(";"):
            try:
                self._insist(message)
            except InstrumentError as error:  # nothing was running
                log.debug("%s", error)

    def disarm_and_ask(self, message: str, *forms: Form[Any]) -> list[Any]:
        """Stop and disarm whatever runs, and send a message that may be carried out twice; see `ask_among`.

        Both go out as one. Where the source refuses to stop what does not run, it may throw away what is behind that.

        Raises:
            InstrumentFault: As `ask_among`.
        """
        try:
            return self.line.insist(lambda: self.ask_among(f"{_ABORTS};{message}", *forms))
        except InstrumentError as error:
            log.debug("%s", error)
        self._disarm_each()
        return self.line.insist(lambda: self.ask_among(message, *forms))

    def _begin(self, message: str) -> None:
        """Start what is armed. It is sent once; after a lost reply the source is asked whether it has begun.

        That a sweep has ended or a wave has begun since it was armed is in the status byte, that a sweep goes on in the
        condition register; neither is lost by asking.

        Raises:
            InstrumentFault: It was refused, or the reply was lost and it is not known to have begun.
        """
        try:
            self.command(message)
        except (NoReply, GarbledReply) as doubt:
            if not self.line.most_repeats:
                raise
            try:
                begun = bool(self.status & OPERATION_SUMMARY or self.operation_condition & OperationBit.SWEEPING)
            except InstrumentFault:
                raise doubt from None
            if not begun:
                raise
            self.line.note_repeat(doubt)

    @property
    def was_in_compliance(self) -> bool:
        """Get whether the source was in compliance at any time since a sweep or a wave was armed."""
        return bool(self.status & MEASUREMENT_SUMMARY)

    def come_to_rest(self) -> None:
        """Stop and disarm whatever runs, set 0 A and turn the output off.

        Raises:
            InstrumentFault: The source does not answer, or the output is on after all.
        """
        self.disarm()
        self._insist(":SOUR:CLE")
        if self.source_enabled:
            raise InstrumentFault(f"{self.line.name}: the output does not turn off; turn it off at the front panel")

    @contextmanager
    def safely(self) -> Generator[None]:
        """Bring the source to rest when anything goes wrong inside, be it a fault, a refusal or somebody's Ctrl-C.

        Raises:
            Restarted: Instead of any other fault, where that came of being switched off and on.
        """
        try:
            yield
        except BaseException as error:
            doubt, restart = self._make_safe()
            if restart is not None and isinstance(error, InstrumentFault):
                raise restart from error
            if doubt:
                error.add_note(doubt)
            raise

    def make_safe(self) -> str:
        """Stop whatever runs, set 0 A, turn the output off, and read back that it is off.

        Every message has its time-out and none is left out because the one before failed: what takes current away may
        be said twice. It raises nothing, since something worse has happened already.

        Returns:
            What is not known to be safe, in a sentence; empty where the output was read back as off.
        """
        return self._make_safe()[0]

    def _make_safe(self) -> tuple[str, Restarted | None]:
        """See `make_safe`; return as well that the source was switched off and on, where that shows only now."""
        noticed: Restarted | None = None
        for message in (":SOUR:SWE:ABOR", ":SOUR:WAVE:ABOR", ":SOUR:CLE"):
            try:
                self.command(message)
            except InstrumentError as error:  # mostly that nothing was running
                log.debug("%s", error)
            except Restarted as restart:
                noticed = restart
            except InstrumentFault as fault:
                log.error("%s", fault)  # noqa: TRY400 - the sentence says it all
                self._say_regardless(message)
        try:
            if not self.source_enabled:
                return "", noticed
            doubt = f"{self.line.name}: the output is still on; turn it off at the front panel"
        except InstrumentFault as fault:
            doubt = f"{self.line.name}: 0 A and output off were sent, but nobody confirms it: {fault}"
        log.error("%s", doubt)
        return doubt, noticed

    def _say_regardless(self, message: str) -> None:
        """Say something to a source that does not answer; it may hear it nevertheless."""
        try:
            self.line.send_regardless(message)
        except InstrumentFault as fault:
            log.error("%s", fault)  # noqa: TRY400 - the sentence says it all
