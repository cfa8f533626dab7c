"""Driver of the Keithley 6221 AC and DC current source: direct current, and all its modes put together.

Written from the Model 6220/6221 reference manual.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from pymeasure.adapters import Adapter

from instruments.clock import Clock
from instruments.driver import control, measurement
from instruments.forms import BOOLEAN, NUMBER, REGISTER, flag, one_of, reverse, whole, within
from instruments.keithley6221_core import (
    CURRENT,
    LARGEST_CURRENT,
    MeasurementBit,
    OperationBit,
)
from instruments.keithley6221_delta import DeltaModes
from instruments.keithley6221_pulses import PulseModes
from instruments.ramped_source import Put, checked_slew

__all__ = ["LARGEST_CURRENT", "Keithley6221", "MeasurementBit", "OperationBit"]

_IN_COMPLIANCE = int(MeasurementBit.COMPLIANCE)  # as an enumeration it takes longer than the rest of looking at it
_RESPONSES = {"fast": "FAST", "slow": "SLOW"}
_SHIELDS = {"output low": "OLOW", "guard": "GUAR"}


class Keithley6221(DeltaModes, PulseModes):
    """The Keithley 6221 current source.

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

    Its modes are one call each: with a 2182A on its serial port `delta`, `pulse_delta` and `differential_conductance`,
    by itself `pulse`, `sweep` and `run_wave`.

    Over Ethernet it is a raw socket on port 1394: `TCPIP0::<address>::1394::SOCKET`.

    Args:
        adapter: A VISA resource name, a GPIB address, or a pymeasure adapter.
        clock: Where ramps and the reset wait.
        name: What it is called in errors.
        **kwargs: For pymeasure's VISAAdapter.
    """

    def __init__(
        self, adapter: Adapter | str | int, clock: Clock | None = None, name: str = "6221", **kwargs: Any
    ) -> None:
        super().__init__(adapter, clock, name, **kwargs)

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

    measurement_event_enabled = control(
        ":STAT:MEAS:ENAB?",
        ":STAT:MEAS:ENAB %s",
        """Control which measurement events are summed in the status byte (integer from 0 to 65535).""",
        whole("measurement_event_enabled", 0, 65535),
        REGISTER,
    )
    operation_event_enabled = control(
        ":STAT:OPER:ENAB?",
        ":STAT:OPER:ENAB %s",
        """Control which operation events are summed in the status byte (integer from 0 to 65535).""",
        whole("operation_event_enabled", 0, 65535),
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
        before = self.ask_then_command(":STAT:MEAS:COND?", REGISTER, f":SOUR:CURR {CURRENT(current)}")
        return bool(before & _IN_COMPLIANCE)

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
        self._ramp_at(checked_slew(slew, "A/s"), *self._level(), float(target))

    def _level(self) -> tuple[float, Put]:
        return self.source_current, partial(setattr, self, "source_current")

    def _stops(self) -> tuple[Callable[[], None], ...]:
        return self.abort, self.abort_wave
