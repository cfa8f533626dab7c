"""The Keithley 2182A nanovoltmeter, as its clients see it.

What is simulated: both channels, ranges and automatic ranging, integration time, autozeros, line synchronisation,
analog and digital filter, relative, ratio, Delta, reading hold, scanning, thermocouples, trigger model, Trigger Link,
RS-232, buffer, math, limits, analog output, the meter's own noise, offsets and calibration errors, and what an overload
leaves behind. Left out: temperature coefficients, pump-out and common-mode currents, input capacitance.

Sources: 2182/2182A user's manual; specification sheet SPEC-2182A rev. A.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from instruments.scpi import SETTINGS_CONFLICT, ScpiError
from instruments.tables.keithley2182a import RANGES, TABLE, rows_of_the_line
from instruments.tables.table import Value
from simulators.devices import nanovolt_converter as converter
from simulators.devices.nanovolt_panel import Panel
from simulators.exchange import command, query
from simulators.program_message import Outcome
from simulators.terminals import MeterTerminals
from simulators.timeline import Timeline

_DEPENDENT = ("[SENSe[1]:]", "ROUTe", "SYSTem:AZERo", "SYSTem:FAZero", "SYSTem:LSYNc", "TRIGger:DELay")
_DEFINING = ("FUNCtion", "[SENSe[1]:]CHANnel", "RANGe", "RATio", "DELTa", "ROUTe")


class Keithley2182A(Panel):
    """A nanovoltmeter on the bench.

    Args:
        timeline: The lab's time.
        terminals: What its two channels are connected to.
        noise: Source of its fluctuations and of its own offsets; None makes it an ideal meter.
        line_frequency: Of the mains, in Hz.
        serial: Serial number.
        firmware: As in the answer to *IDN?.
        calibration: Gives the errors of its calibration; None makes it perfectly calibrated.
    """

    table = TABLE
    version = "1991.0"
    idle: ClassVar[tuple[str, ...]] = ("*TST",)
    reset_duration: ClassVar[float] = 0.5
    """*RST takes seconds on some units (assumed; 0.1 s to 3 s are reported)."""

    def __init__(
        self,
        timeline: Timeline,
        terminals: MeterTerminals,
        noise: np.random.Generator | None,
        line_frequency: float = 50.0,
        serial: str = "1340129",
        firmware: str = "C04  /A02",
        calibration: np.random.Generator | None = None,
    ) -> None:
        super().__init__(timeline, terminals, noise, line_frequency, calibration)
        self._serial = serial
        self._firmware = firmware
        self.own_rows = {row.header: row for row in rows_of_the_line(line_frequency)}
        self.preset()

    def identity(self) -> str:
        """Return the answer to *IDN?."""
        return f"KEITHLEY INSTRUMENTS INC.,MODEL 2182A,{self._serial},{self._firmware}"

    # ---- reset

    def reset(self) -> None:
        """Carry out *RST: idle, one reading a trigger, 5 NPLC, automatic ranging."""
        self.halt()
        super().reset()
        self._after_reset()

    def preset(self) -> None:
        """Carry out SYSTem:PRESet: as *RST, but measuring without end."""
        super().preset()
        self.start()

    def restored(self) -> None:
        """Take a recalled set-up into use."""
        super().restored()
        self.halt()
        self._forget()
        if self.flag("INIT:CONT"):
            self.start()

    def power_cycle(self) -> None:
        """Switch off and on: the buffer is empty; as it leaves the factory, it then measures without end."""
        self.halt()
        self.empty_buffer()
        self._latest = None
        super().power_cycle()

    def _after_reset(self) -> None:
        """In the table the highest ranges stand for themselves by what they can measure at most."""
        for channel, ranges in RANGES.items():
            self.set_value(f"SENS:VOLT:CHAN{channel}:RANG", ranges[-1])
        self._forget()

    def _forget(self) -> None:
        """Settings have changed: nothing that was worked out from them holds."""
        self.settings_changed()
        self._fetchable = []

    def store(self, header: str, *values: Value) -> None:
        """Keep a setting; one that conversions depend on starts them anew."""
        super().store(header, *values)
        self._changed(header)

    def _changed(self, header: str) -> None:
        if header.startswith(_DEPENDENT):
            self.settings_changed()
            self.restart(invalid=any(part in header for part in _DEFINING))

    def _put(self, header: str, value: Value) -> None:
        self.store(self.key(header), value)

    # ---- settings with a meaning of their own

    @command("SENS:VOLT:NPLC")
    def _set_voltage_nplc(self, nplc: float) -> None:
        self._set_nplc("VOLT", nplc)

    @command("SENS:TEMP:NPLC")
    def _set_temperature_nplc(self, nplc: float) -> None:
        self._set_nplc("TEMP", nplc)

    @command("SENS:VOLT:APER")
    def _set_voltage_aperture(self, seconds: float) -> None:
        self._set_nplc("VOLT", seconds * self.line_frequency)

    @command("SENS:TEMP:APER")
    def _set_temperature_aperture(self, seconds: float) -> None:
        self._set_nplc("TEMP", seconds * self.line_frequency)

    def _set_nplc(self, function: str, nplc: float) -> None:
        """Integration time and aperture are one thing."""
        self.set_value(f"SENS:{function}:APER", nplc / self.line_frequency)
        self._put(f"SENS:{function}:NPLC", nplc)

    @command("SENS:VOLT:CHAN1:RANG")
    def _set_first_range(self, value: float) -> None:
        self._set_range(1, value)

    @command("SENS:VOLT:CHAN2:RANG")
    def _set_second_range(self, value: float) -> None:
        self._set_range(2, value)

    def _set_range(self, channel: int, value: float) -> None:
        """Take the lowest range that reads this value in V, and stay there."""
        ranges = RANGES[channel]
        fitting = next((full for full in ranges if value <= converter.OVERRANGE * full), ranges[-1])
        self.set_value(f"SENS:VOLT:CHAN{channel}:RANG:AUTO", False)
        self._put(f"SENS:VOLT:CHAN{channel}:RANG", fitting)

    @command("TRIG:DEL")
    def _set_delay(self, seconds: float) -> None:
        """A delay of one's own ends the automatic one."""
        self.set_value("TRIG:DEL:AUTO", False)
        self._put("TRIG:DEL", seconds)

    @command("SENS:VOLT:CHAN1:REF:ACQ")
    def _acquire_first(self) -> None:
        self._acquire("VOLT", 1)

    @command("SENS:VOLT:CHAN2:REF:ACQ")
    def _acquire_second(self) -> None:
        self._acquire("VOLT", 2)

    @command("SENS:TEMP:CHAN1:REF:ACQ")
    def _acquire_first_temperature(self) -> None:
        self._acquire("TEMP", 1)

    @command("SENS:TEMP:CHAN2:REF:ACQ")
    def _acquire_second_temperature(self) -> None:
        self._acquire("TEMP", 2)

    def _acquire(self, function: str, channel: int) -> None:
        """Make the present input of a channel the reference; another channel's reading is of no use for it."""
        header, reference = f"SENS:{function}:CHAN{channel}:REF", self.input_value(function, channel)
        limits = TABLE[header].parameters[0]
        assert limits.minimum is not None
        assert limits.maximum is not None
        if not limits.minimum <= reference <= limits.maximum:
            raise ScpiError(SETTINGS_CONFLICT, f"{reference} is beyond what a reference can be")
        self._put(header, reference)

    @command("CONF")
    def _configure(self) -> None:
        """Back to the defaults, idle, one reading a trigger, math and buffer off."""
        self.set_value("TRAC:FEED:CONT", "NEV")
        self.reset()

    @command("CONF:TEMP")
    def _configure_temperature(self) -> None:
        self._configure()
        self._put("SENS:FUNC", "TEMP")

    @query("MEAS")
    def _ask_measure(self) -> Outcome:
        self._configure()
        return self.ask_read()

    @query("MEAS:TEMP")
    def _ask_measure_temperature(self) -> Outcome:
        self._configure_temperature()
        return self.ask_read()

    @query("SENS:TEMP:RTEM")
    def _ask_junction_temperature(self) -> str:
        return f"{self.internal_temperature:.2f}"

    @query("SYST:LFR")
    def _ask_line_frequency(self) -> str:
        return f"{self.line_frequency:.0f}"
