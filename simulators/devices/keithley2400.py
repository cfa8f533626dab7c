"""The Keithley 2400 SourceMeter, as its clients see it.

What is simulated: both sources with ranges, steps, calibration errors, noise and compliance, the output with its off
states, two and four wires, over-voltage protection, measuring ranges and automatic ranging, concurrent functions,
resistance in automatic and manual ohms with offset compensation, steps and noise of the converter, filter, timing of
each cycle, trigger model, sweeps, lists and source memory, buffer, math with expressions of one's own, limit tests with
the digital output, keys and everything that the instrument says about itself.

Source: 2400 series user's manual; its appendix A for accuracy and timing.
"""

from __future__ import annotations

from functools import partial
from typing import ClassVar

import numpy as np

from instruments.tables.keithley2400 import LIMITS, TABLE
from simulators.devices.smu_panel import Panel
from simulators.devices.smu_processing import CONTROL
from simulators.devices.smu_sense import AUTOZERO, NPLC, OFF
from simulators.devices.smu_settings import FUNCTION, KINDS, OHMS_MODE, Place
from simulators.exchange import command, error_text, query
from simulators.program_message import Effect, Outcome
from simulators.terminals import SmuTerminals
from simulators.timeline import Timeline

_NAMES = {"VOLT": "VOLT:DC", "CURR": "CURR:DC", "RES": "RES"}
_MATH = ("CALC:STAT", "CALC2:NULL:STAT", "CALC2:LIM1:STAT")


class Keithley2400(Panel):
    """A SourceMeter on the bench.

    Args:
        timeline: The lab's time.
        terminals: What it is connected to.
        noise: Source of its fluctuations; None for a box that has none.
        calibration: Draws what is wrong with its calibration; None for a box that is exact.
        line_frequency: Of the mains, in Hz.
        serial: Serial number.
        firmware: As in the answer to *IDN?, with the date it was built.
    """

    table = TABLE
    version = "1996.0"
    idle: ClassVar[tuple[str, ...]] = ("*TST", "DISP:CND")
    reset_duration: ClassVar[float] = 0.2
    """s (assumed)."""

    def __init__(
        self,
        timeline: Timeline,
        terminals: SmuTerminals,
        noise: np.random.Generator | None,
        calibration: np.random.Generator | None = None,
        line_frequency: float = 50.0,
        serial: str = "1154267",
        firmware: str = "C33   Mar 31 2015 09:32:39/A02  /J/K",
    ) -> None:
        super().__init__(Place(timeline, terminals, noise, calibration, line_frequency))
        self._serial = serial
        self._firmware = firmware
        for kind in (*KINDS, "RES"):
            configure: Effect = partial(self._configure, kind)
            measure: Effect = partial(self._ask_measure, kind)
            self._effects[self.key(f"CONF:{kind}"), False] = configure
            self._effects[self.key(f"MEAS:{kind}"), True] = measure
        self._detect_line()
        super().reset()
        self.wire_port()
        self.switch_off()

    def identity(self) -> str:
        """Return the answer to *IDN?."""
        return f"KEITHLEY INSTRUMENTS INC.,MODEL 2400,{self._serial},{self._firmware}"

    # ---- reset

    def reset(self) -> None:
        """Carry out *RST: idle, output off, 0 V."""
        self.halt()
        super().reset()
        self.settings[OFF] = ("VOLT:DC", "RES")
        self.forget_undefined()
        self.wire_port()
        self.clear_limits()
        self.zero()
        self.switch_off()

    def about_to_restore(self) -> None:
        """What was at work ends before, so that it changes no recalled level."""
        self.halt()
        super().about_to_restore()

    def restored(self) -> None:
        """Take a recalled set-up into use, with the output off (assumed: the manual does not say)."""
        super().restored()
        self.wire_port()
        self._measure(self.functions())
        self.switch_off()

    def power_cycle(self) -> None:
        """Switch off and on: the relay opens, the buffer is empty, the clock begins at zero."""
        self.halt()
        self._terminals.release()
        self._driving = False
        self._readings = []
        self.empty_buffer()
        super().power_cycle()
        self.status.operation.condition = 0x400
        self.reset_clock()
        self._detect_line()

    def _detect_line(self) -> None:
        """The line's frequency is measured at power-on, where that is not switched off."""
        if self.flag("SYST:LFR:AUTO"):
            self.set_value("SYST:LFR", 50 if self.line_frequency < 55.0 else 60)

    # ---- signal-oriented commands

    @query("CONF")
    def _ask_configuration(self) -> str:
        return self.ask_functions()

    def _configure(self, kind: str) -> None:
        """One function with its usual settings, one reading, and the output on; the compliance stays (unsure)."""
        self.check_output()
        self.set_value("TRAC:FEED:CONT", "NEV")
        for header in (*_MATH, *(f"CALC2:LIM{test}:STAT" for test in LIMITS)):
            self.set_value(header, False)
        self.settings.update(dict.fromkeys(NPLC.values(), 1.0))
        self.settings[AUTOZERO] = "ON"
        self._defaults_of(kind)
        for header in ("ARM:COUN", "TRIG:COUN"):
            self.set_value(header, 1)
        self.set_value("TRIG:DEL", 0.0)
        self.set_value("ARM:SOUR", "IMM")
        self.set_value("TRIG:SOUR", "IMM")
        self._measure((_NAMES[kind],))
        self.switch_on()

    def _defaults_of(self, kind: str) -> None:
        if kind == "RES":
            self.settings[OHMS_MODE] = "AUTO"
            for header in ("SENS:RES:RANG", "SENS:RES:RANG:AUTO", "SENS:RES:OCOM"):
                reset = self.table[header].reset
                assert reset is not None
                self.set_value(header, reset)
        elif kind != self.settings[FUNCTION]:
            self.set_value(f"SENS:{kind}:RANG:AUTO", True)

    def _ask_measure(self, kind: str) -> Outcome:
        self.check_output()
        self.plan(ohms=kind == "RES")
        self._configure(kind)
        return self.ask_read()

    @query("MEAS")
    def _ask_measure_present(self) -> Outcome:
        functions = self.functions()
        return self._ask_measure(functions[0].removesuffix(":DC") if functions else "CURR")

    # ---- system

    @command("DISP:CND")
    def _close_menus(self) -> None:
        """Menus are closed; none is ever open here."""

    @command("SYST:MEM:INIT")
    def _initialise_memory(self) -> None:
        """The buffer is empty and has its first size; all set-ups are the present one; the expressions are gone."""
        self.settings[CONTROL] = "NEV"
        self.empty_buffer()
        self.set_value("TRAC:POIN", 100)
        self.forget_expressions()
        self.forget_setups()

    @query("SYST:MEP")
    def _ask_protocol(self) -> str:
        return "1"

    @command("SOUR:DEL")
    def _set_delay(self, seconds: float) -> None:
        """A delay of one's own ends the automatic one."""
        self.set_value("SOUR:DEL:AUTO", False)
        self.set_value("SOUR:DEL", seconds)

    @command("SYST:AZER")
    def _set_autozero(self, choice: str) -> None:
        """ONCE takes the reference now and not again."""
        self.settings[AUTOZERO] = "ON" if choice in {"ON", "1"} else "OFF"
        if choice != "OFF":
            self.zero()

    @query("SYST:AZER")
    def _ask_autozero(self) -> str:
        return f"{self.autozero():d}"

    @command("SYST:LFR")
    def _set_line_frequency(self, frequency: int) -> None:
        """A frequency of one's own ends the measured one; integration times follow from it."""
        self.set_value("SYST:LFR:AUTO", False)
        self.set_value("SYST:LFR", frequency)

    @query("SYST:ERR:COUN")
    def _ask_error_count(self) -> str:
        return str(len(self.status.errors))

    @query("SYST:ERR:CODE")
    def _ask_code(self) -> str:
        return str(self.status.errors.pop())

    @query("SYST:ERR:CODE:ALL")
    def _ask_codes(self) -> str:
        return ",".join(map(str, self._all_codes()))

    @query("SYST:ERR:ALL")
    def _ask_errors(self) -> str:
        return ",".join(error_text(code, "2400") for code in self._all_codes())

    def _all_codes(self) -> list[int]:
        """Empty the queue; one zero where it was empty."""
        return list(iter(self.status.errors.pop, 0)) or [0]
