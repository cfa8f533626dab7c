"""Driver of the Keithley 6221 AC and DC current source: direct current.

Written from the Model 6220/6221 reference manual.
"""

from __future__ import annotations

import logging
import math
import re
from decimal import ROUND_FLOOR, Decimal
from enum import IntFlag
from typing import Any

from pymeasure.adapters import Adapter

from instruments.clock import Clock
from instruments.driver import ScpiDriver, control, identity_form, measurement
from instruments.errors import BadValue, InstrumentError, InstrumentFault, Refused
from instruments.forms import BOOLEAN, NUMBER, REGISTER, exact, finite, flag, one_of, reverse, whole, within

log = logging.getLogger(__name__)

LARGEST_CURRENT = 0.105
"""A."""

COMPLIANCE_STEP = Decimal("0.01")
"""V."""

_RESPONSES = {"fast": "FAST", "slow": "SLOW"}
_SHIELDS = {"output low": "OLOW", "guard": "GUAR"}


_CURRENT = within("source_current", -LARGEST_CURRENT, LARGEST_CURRENT, "A")


_COMPLIANCE = within("source_compliance", 0.1, 105.0, "V")


def _compliance(value: object) -> str:
    """Check a compliance in V, and spell it rounded down to the source's step."""
    return exact(float(Decimal(_COMPLIANCE(value)).quantize(COMPLIANCE_STEP, ROUND_FLOOR)))


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


class Keithley6221(ScpiDriver):
    """The Keithley 6221 as a DC current source.

    .. code-block:: python

        source = Keithley6221("GPIB0::12::INSTR")
        source.check_identity()
        source.clear_source()               # 0 A, output off
        source.source_compliance = 1.0      # V
        source.source_range = 1e-4          # A, fixed
        source.source_current = 5e-5        # A
        source.source_enabled = True
        assert not source.in_compliance
        source.shutdown()                   # ramp to zero, output off, read back

    Over Ethernet it is a raw socket on port 1394: `TCPIP0::<address>::1394::SOCKET`.

    Args:
        adapter: A VISA resource name, a GPIB address, or a pymeasure adapter.
        clock: Where ramps and the reset wait.
        name: What it is called in errors.
        **kwargs: For pymeasure's VISAAdapter.
    """

    IDENTITY = re.compile(r"MODEL 6221\b")
    IDENTITY_FORM = identity_form("6221")
    RESET_TIME = 1.0
    """Seconds; assumed, since the manual gives no figure."""

    STEP_INTERVAL = 0.02
    """Time between two steps of a ramp, in s."""
    SHUTDOWN_TIME = 0.5
    """How long the ramp to zero of `shutdown` takes, in s."""

    def __init__(
        self, adapter: Adapter | str | int, clock: Clock | None = None, name: str = "6221", **kwargs: Any
    ) -> None:
        super().__init__(adapter, clock, name, **kwargs)

    source_current = control(
        ":SOUR:CURR?",
        ":SOUR:CURR %s",
        """Control the direct current in A (float from -0.105 to 0.105; on a fixed range at most 105 % of it).""",
        _CURRENT,
        NUMBER,
    )
    source_range = control(
        ":SOUR:CURR:RANG?",
        ":SOUR:CURR:RANG:AUTO 0;:SOUR:CURR:RANG %s",
        """Control the fixed source range in A (float from 0 to 0.105); setting it turns autorange off.

        The source takes the smallest of 2 nA, 20 nA, ... 2 mA, 20 mA, 100 mA that holds the value.""",
        within("source_range", 0.0, LARGEST_CURRENT, "A"),
        NUMBER,
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
        _compliance,
        NUMBER,
    )
    source_delay = control(
        ":SOUR:DEL?",
        ":SOUR:DEL %s",
        """Control the source delay of sweeps in s (float from 0.001 to 999999.999).""",
        within("source_delay", 1e-3, 999999.999, "s"),
        NUMBER,
    )
    source_filter_enabled = control(
        ":SOUR:CURR:FILT?",
        ":SOUR:CURR:FILT %s",
        """Control the analog filter, which slows the source down and makes it quieter (bool).""",
        flag("source_filter_enabled"),
        BOOLEAN,
    )
    source_enabled = control(
        ":OUTP?",
        ":OUTP %s",
        """Control whether the output is on (bool).""",
        flag("source_enabled"),
        BOOLEAN,
    )
    output_response = control(
        ":OUTP:RESP?",
        ":OUTP:RESP %s",
        """Control how quickly the output settles ("fast" or "slow").""",
        one_of("output_response", _RESPONSES),
        reverse(_RESPONSES),
    )
    output_low_grounded = control(
        ":OUTP:LTE?",
        ":OUTP:LTE %s",
        """Control whether output low is connected to earth (bool); to be changed with the output off.""",
        flag("output_low_grounded"),
        BOOLEAN,
    )
    shield_connection = control(
        ":OUTP:ISH?",
        ":OUTP:ISH %s",
        """Control what the inner shield of the triax cable is connected to ("output low" or "guard").

        To be changed with the output off.""",
        one_of("shield_connection", _SHIELDS),
        reverse(_SHIELDS),
    )
    interlock_closed = measurement(
        ":OUTP:INT:TRIP?",
        """Get whether the interlock is closed (bool); with an open interlock the output stays off.""",
        BOOLEAN,
    )
    display_enabled = control(
        ":DISP:ENAB?",
        ":DISP:ENAB %s",
        """Control whether the front panel's display is on (bool).""",
        flag("display_enabled"),
        BOOLEAN,
    )
    line_frequency = measurement(":SYST:LFR?", """Get the power line frequency in Hz (50 or 60).""", NUMBER)

    measurement_event = measurement(
        ":STAT:MEAS?", """Get the measurement event register (see MeasurementBit); reading clears it.""", REGISTER
    )
    measurement_condition = measurement(
        ":STAT:MEAS:COND?", """Get the measurement condition register (see MeasurementBit).""", REGISTER
    )
    measurement_event_enabled = control(
        ":STAT:MEAS:ENAB?",
        ":STAT:MEAS:ENAB %s",
        """Control which measurement events are summed in the status byte (integer from 0 to 65535).""",
        whole("measurement_event_enabled", 0, 65535),
        REGISTER,
    )
    operation_event = measurement(
        ":STAT:OPER?", """Get the operation event register (see OperationBit); reading clears it.""", REGISTER
    )
    operation_condition = measurement(
        ":STAT:OPER:COND?", """Get the operation condition register (see OperationBit).""", REGISTER
    )
    operation_event_enabled = control(
        ":STAT:OPER:ENAB?",
        ":STAT:OPER:ENAB %s",
        """Control which operation events are summed in the status byte (integer from 0 to 65535).""",
        whole("operation_event_enabled", 0, 65535),
        REGISTER,
    )
    questionable_event = measurement(
        ":STAT:QUES?",
        """Get the questionable event register (bit 4 power, bit 8 calibration); reading clears it.""",
        REGISTER,
    )
    questionable_condition = measurement(
        ":STAT:QUES:COND?",
        """Get the questionable condition register (bit 4 power, bit 8 calibration).""",
        REGISTER,
    )

    @property
    def in_compliance(self) -> bool:
        """Get whether the source is in compliance now, that is, drives less current than it was set to."""
        return bool(self.measurement_condition & MeasurementBit.COMPLIANCE)

    def change_current(self, current: float) -> bool:
        """Set the current in A, and say whether the source was in compliance until then; all in one message.

        Raises:
            BadValue: The current is no finite number.
            LimitExceeded: It lies outside -0.105 A to 0.105 A; nothing was sent.
            InstrumentError: The source refused it.
            NoReply: No reply came; read back what was set.
            GarbledReply: The reply was damaged; read back what was set.
        """
        before = self.ask_then_command(":STAT:MEAS:COND?", REGISTER, f":SOUR:CURR {_CURRENT(current)}")
        return bool(before & MeasurementBit.COMPLIANCE)

    def clear_source(self) -> None:
        """Set 0 A and turn the output off at once.

        Raises:
            InstrumentError: The error queue held something.
        """
        self.command(":SOUR:CLE")

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

    def ramp_current(self, target: float, slew: float) -> None:
        """Go from the present current to another in equal steps, one every 20 ms of the clock.

        The last step is sent as the target itself, exactly.

        Args:
            target: Current in A.
            slew: Largest rate in A/s.

        Raises:
            BadValue: The target is no finite number, or the slew is not above zero.
            LimitExceeded: The target lies outside -0.105 A to 0.105 A; nothing was sent.
        """
        within("target of the ramp", -LARGEST_CURRENT, LARGEST_CURRENT, "A")(target)
        if finite("slew", slew, "A/s") <= 0:
            raise BadValue(f"slew must be above 0 A/s, not {slew!r}; nothing was sent")
        start = self.source_current
        self._ramp(start, float(target), max(1, math.ceil(abs(target - start) / (slew * self.STEP_INTERVAL))))

    def _ramp(self, start: float, target: float, steps: int) -> None:
        for step in range(1, steps):
            self.source_current = start + (target - start) * (step / steps)
            self.clock.sleep(self.STEP_INTERVAL)
        self.source_current = target

    def shutdown(self) -> None:
        """Abort what runs, ramp to zero within 0.5 s, turn the output off and read back that it is off.

        Every message has its time-out, so that this ends also with an instrument that does not answer. A step that
        fails is logged and the next one is tried; `:SOUR:CLE` is sent even when nobody answers.

        Raises:
            InstrumentFault: The output is on after all, or nobody answers who could say.
        """
        for step in (self.abort, self.abort_wave):
            try:
                step()
            except InstrumentError as error:  # nothing was running
                log.debug("%s", error)
            except InstrumentFault as fault:
                log.error("%s", fault)  # noqa: TRY400 - the sentence says it all
        try:
            if self.source_enabled:
                self._ramp(self.source_current, 0.0, round(self.SHUTDOWN_TIME / self.STEP_INTERVAL))
        except (InstrumentFault, Refused) as fault:  # also where the guard refuses a step from beyond a limit
            log.error("%s", fault)  # noqa: TRY400 - as above
        try:
            self.clear_source()
        except InstrumentFault as fault:
            log.error("%s", fault)  # noqa: TRY400 - as above
            self.line.send_regardless(":SOUR:CLE")
        if self.source_enabled:
            self.source_enabled = False
            if self.source_enabled:
                raise InstrumentFault(f"{self.line.name}: the output does not turn off; turn it off at the front panel")
        super().shutdown()
