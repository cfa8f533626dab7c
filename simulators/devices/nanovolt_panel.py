"""The rest of a 2182A: the analog output on its back, its calibration of itself, and its front panel.

Source: 2182A user's manual, sections 2 (calibration by itself), 10 (analog output), 11 and 15 (local and remote, keys).
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from simulators.devices.nanovolt_link import MeterConnectors
from simulators.devices.nanovolt_processing import OVERFLOW
from simulators.exchange import command, query
from simulators.program_message import Later, Outcome
from simulators.terminals import MeterTerminals
from simulators.timeline import Timeline

CALIBRATION_TIME = 300.0
"""Time in s that a step of the calibration takes (the manual: five minutes and more)."""

LARGEST_OUTPUT = 1.2
"""V at the analog output, either way."""

_CALIBRATING = 0x01
_USER_REQUEST = 0x40


class Panel(MeterConnectors):
    """Front and back.

    Attributes:
        remote: Whether it listens to commands; its LOCAL key, or SYSTem:LOCal, ends that, the next message begins it.
        locked: Whether all keys but LOCAL are locked (SYSTem:RWLock).
        temperature_span: Degrees that stand for 1 V at the analog output (assumed).
    """

    temperature_span: ClassVar[float] = 1000.0

    def __init__(
        self, timeline: Timeline, terminals: MeterTerminals, noise: np.random.Generator | None, line_frequency: float,
        calibration: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        super().__init__(timeline, terminals, noise, line_frequency, calibration)
        self.remote = self.locked = False
        self._output_reference = 0.0
        self._calibrated_at = self.internal_temperature

    # ---- analog output

    @property
    def analog_output(self) -> float:
        """Voltage in V at the analog output: gain x reading/range - offset (manual, section 10), at most 1.2 V.

        The reading is what the display shows, after relative and math; that a ratio counts as it is, is assumed.
        Switched off it is zero.
        """
        if not self.flag("OUTP"):
            return 0.0
        volts = self._unreferenced_output() - (self._output_reference if self.flag("OUTP:REL") else 0.0)
        return max(-LARGEST_OUTPUT, min(LARGEST_OUTPUT, volts))

    def _unreferenced_output(self) -> float:
        self.catch_reading()
        latest = self._latest
        if latest is None:
            return 0.0
        value = self.processed(latest.value)
        if value == OVERFLOW:
            return LARGEST_OUTPUT
        if latest.ratio:
            full = 1.0
        elif latest.temperature:
            full = self.temperature_span
        else:
            full = self.number(f"SENS:VOLT:CHAN{2 if latest.channel == 2 and not latest.external else 1}:RANG")
        return self.number("OUTP:GAIN") * value / full - self.number("OUTP:OFFS")

    @command("OUTP:REL")
    def _set_output_relative(self, on: bool) -> None:
        """On: the present output becomes zero."""
        if on:
            self._output_reference = self._unreferenced_output()
        self.set_value("OUTP:REL", on)

    # ---- its calibration of itself

    @command("CAL:UNPR:ACAL:INIT", "CAL:UNPR:ACAL:DONE")
    def _begin_or_end_calibration(self) -> None:
        """Before and after the steps; it measures nothing any more (that a step may come without is assumed)."""
        self.halt()

    @command("CAL:UNPR:ACAL:STEP1", "CAL:UNPR:ACAL:STEP2")
    def _calibrate(self) -> Outcome:
        """Takes five minutes and leaves the meter idle; what it finds at this temperature it had found before."""
        self.halt()
        self.status.operation.set(_CALIBRATING)
        self.note(121)
        return Later(self.timeline.now + CALIBRATION_TIME, self._calibrated)

    def _calibrated(self) -> None:
        self.status.operation.set(_CALIBRATING, on=False)
        self._calibrated_at = self.internal_temperature

    def abandon(self) -> None:
        """A device clear ends a calibration before its time."""
        self.status.operation.set(_CALIBRATING, on=False)
        super().abandon()

    @query("CAL:UNPR:ACAL:TEMP")
    def _ask_calibration_temperature(self) -> str:
        """At the last calibration."""
        return f"{self._calibrated_at:.2f}"

    # ---- front panel

    @command("SYST:LOC")
    def _go_to_local(self) -> None:
        self.remote = self.locked = False

    @command("SYST:REM")
    def _go_to_remote(self) -> None:
        self.remote = True

    @command("SYST:RWL")
    def _lock(self) -> None:
        self.locked = True

    def press_local(self) -> None:
        """Press the LOCAL key: the user requests attention."""
        self.status.events |= _USER_REQUEST
        if not self.locked:
            self.remote = False

    def press_trigger(self) -> None:
        """Press the TRIG key, which is what the manual control source waits for; a locked key does nothing."""
        if not self.locked and self.waits_for_trigger() and self.value("TRIG:SOUR") == "MAN":
            self._trigger_now()
            self.look_again()
