"""The Keithley 6221 current source, as its clients see it.

What is simulated: the DC source with its ranges, resolution, compliance and noise, the output relay, the interlock, and
everything that the instrument says about itself. Sweeps, waves and the measuring modes that need a 2182A on the RS-232
link refuse to be armed: what cannot be done is never acknowledged.

Sources: 6220/6221 reference manual and its table of specifications; captures from instruments.
"""

from __future__ import annotations

from typing import ClassVar

from instruments.scpi import DATA_OUT_OF_RANGE, SETTINGS_CONFLICT, TOO_MUCH_DATA, ScpiError
from instruments.tables.keithley6221 import RANGES, TABLE
from instruments.tables.table import Value
from simulators.exchange import ScpiDevice, command, query
from simulators.messages import Later, Outcome
from simulators.terminals import SourceTerminals
from simulators.timeline import Timeline

RESOLUTION_DIVISORS = (1e13, 1e12, 1e11, 1e10, 1e9, 1e8, 1e7, 1e6, 1e5)
"""One over the programming resolution in A on each range: 100 fA on 2 nA ... 10 uA on 100 mA."""

NOISE = (80e-15, 0.8e-12, 4e-12, 40e-12, 0.4e-9, 4e-9, 40e-9, 0.4e-6, 2e-6)
"""Noise of the current in A rms, 0.1 Hz to 10 Hz, on each range."""

OVERRANGE = 1.05

INTERLOCK = 0x02
COMPLIANCE = 0x08
IDLE = 0x400

DATA_STALE = -230

_LEVEL = TABLE["SOUR:CURR"].header
_RANGE = TABLE["SOUR:CURR:RANG"].header
_AUTO = TABLE["SOUR:CURR:RANG:AUTO"].header
_LIMIT = TABLE["SOUR:CURR:COMP"].header
_OUTPUT = TABLE["OUTP"].header

_LONGEST_LIST = 65535
_LINES = ("TRIG:ILIN", "TRIG:OLIN", "SOUR:WAVE:PMAR:OLIN")
_ELEMENTS = ("READ", "TST", "UNIT", "RNUM", "SOUR", "COMP", "AVOL")
_MODES = ("SOUR:DELT", "SOUR:PDEL", "SOUR:DCON")


def range_index(current: float) -> int:
    """Return the index of the smallest range that holds a current in A; the largest one holds 5 % more."""
    magnitude = abs(current)
    return next((index for index, full in enumerate(RANGES) if magnitude <= full), len(RANGES) - 1)


class Keithley6221(ScpiDevice):
    """A current source on the bench.

    Attributes:
        interlock_closed: Whether the interlock line lets the output go on.
    """

    table = TABLE
    version: ClassVar[str] = "1999.0"  # unsure: the form is the standard's, the year is not confirmed
    idle: ClassVar[tuple[str, ...]] = (
        "SOUR:DELT:NVPR", "SOUR:PDEL:NVPR", "SOUR:DCON:NVPR", "SOUR:DCON:NVZ", "SOUR:SWE:ABOR", "SOUR:WAVE:ABOR",
        "ABOR", "INIT", "SENS:DATA", "SENS:DATA:FRES", "CALC:DATA", "CALC:DATA:FRES", "CALC2:DATA", "CALC2:IMM",
        "CALC3:LIM:FAIL", "TRAC:DATA", "TRAC:DATA:SEL", "TRAC:DATA:TYPE", "TRAC:FREE", "TRAC:POIN:ACT", "*TRG", "*TST",
        "SYST:COMM:SER:ENT", "DISP:ATTR", "DISP:WIND2:ATTR",
    )  # fmt: skip
    refused: ClassVar[tuple[str, ...]] = (
        "SOUR:SWE:ARM", "SOUR:WAVE:ARM", "SOUR:WAVE:INIT", "SOUR:WAVE:EXTR", "SOUR:DELT:ARM", "SOUR:PDEL:ARM",
        "SOUR:DCON:ARM",
    )  # fmt: skip
    kept: ClassVar[tuple[str, ...]] = (
        "SOUR:DELT:HIGH", "SOUR:LIST:CURR:APP", "SOUR:LIST:CURR:POIN", "SOUR:LIST:DEL:APP", "SOUR:LIST:DEL:POIN",
        "SOUR:LIST:COMP:APP", "SOUR:LIST:COMP:POIN", "SOUR:WAVE:ARB:APP", "SOUR:WAVE:ARB:POIN", "TRIG:ILIN",
        "TRIG:OLIN", "SOUR:WAVE:PMAR:OLIN", "TRAC:NOT", "FORM:ELEM",
    )  # fmt: skip
    range_ends_automatic: ClassVar[bool] = True
    """Whether RANGe turns RANGe:AUTO off by itself (unsure)."""
    meter_missing: ClassVar[int] = -241
    """Error of arming a mode that needs a meter when none answers (unsure: one of +401 ... +420 in some firmware)."""
    link_patience: ClassVar[float] = 1.0
    """How long it listens for a meter on the RS-232 link, in s (assumed)."""

    def __init__(
        self,
        timeline: Timeline,
        terminals: SourceTerminals,
        serial: str = "4559777",
        firmware: str = "D04",
        line_frequency: float = 50.0,
    ) -> None:
        super().__init__(timeline)
        self.interlock_closed = True
        self._terminals = terminals
        self._serial = serial
        self._firmware = firmware
        self._line_frequency = line_frequency
        self._range = len(RANGES) - 1
        self.status.operation.condition = IDLE

    def identity(self) -> str:
        """Return the answer to *IDN?, with the blanks that instruments send."""
        return f"KEITHLEY INSTRUMENTS INC.,MODEL 6221,{self._serial},{self._firmware}  /700x "

    # ---- the DC source

    def reset(self) -> None:
        """Carry out *RST: output off, 0 A, everything else at its reset value."""
        super().reset()
        self._range = len(RANGES) - 1
        self._release()

    def restored(self) -> None:
        """Take a recalled set-up into use, with the output off (assumed: the manual does not say)."""
        self.settings[_OUTPUT] = False
        self._range = range_index(self.number("SOUR:CURR:RANG"))
        self._release()

    def power_cycle(self) -> None:
        """Switch off and on: the output is off, whatever set-up it starts with."""
        super().power_cycle()
        self.status.operation.condition = IDLE

    def refresh(self) -> None:
        """Look at the terminals: compliance can come and go with the sample."""
        if self.settings[_OUTPUT]:
            self.status.measurement.set(COMPLIANCE, self._terminals.in_compliance())
        self.status.measurement.set(INTERLOCK, not self.interlock_closed)

    @command("SOUR:CURR")
    def _set_level(self, level: float) -> None:
        if self.settings[_AUTO]:
            self._select(range_index(level))
        elif abs(level) > OVERRANGE * RANGES[self._range] * (1 + 1e-12):
            raise ScpiError(DATA_OUT_OF_RANGE, f"{level} A on the {RANGES[self._range]} A range")
        self._put(level)

    def _select(self, index: int) -> None:
        self._range = index
        self.settings[_RANGE] = RANGES[index]

    def _put(self, level: float) -> None:
        """Round a level to the range's resolution and drive it."""
        divisor = RESOLUTION_DIVISORS[self._range]
        self.settings[_LEVEL] = round(level * divisor) / divisor
        if self.settings[_OUTPUT]:
            self._drive()

    def _drive(self) -> None:
        level, compliance = self.settings[_LEVEL], self.settings[_LIMIT]
        assert isinstance(level, float)
        assert isinstance(compliance, float)
        self._terminals.drive(level, compliance, NOISE[self._range])
        self.status.measurement.set(COMPLIANCE, self._terminals.in_compliance())

    def _release(self) -> None:
        self._terminals.release()
        self.status.measurement.set(COMPLIANCE, False)

    @command("SOUR:CURR:RANG")
    def _set_range(self, value: float) -> None:
        """Fix the range; a level that it cannot hold is in conflict (assumed: the manual does not say)."""
        index = range_index(value)
        level = self.number("SOUR:CURR")
        if abs(level) > OVERRANGE * RANGES[index]:
            raise ScpiError(SETTINGS_CONFLICT, f"{level} A does not fit into the {RANGES[index]} A range")
        if self.range_ends_automatic:
            self.settings[_AUTO] = False
        self._select(index)
        self._put(level)

    @command("SOUR:CURR:RANG:AUTO")
    def _set_automatic(self, automatic: bool) -> None:
        self.settings[_AUTO] = automatic
        if automatic:
            level = self.number("SOUR:CURR")
            self._select(range_index(level))
            self._put(level)

    @command("SOUR:CURR:COMP")
    def _set_compliance(self, value: float) -> None:
        """In steps of 10 mV."""
        self.settings[_LIMIT] = round(value * 100.0) / 100.0
        if self.settings[_OUTPUT]:
            self._drive()

    @command("OUTP")
    def _set_output(self, on: bool) -> None:
        if on and not self.interlock_closed:
            raise ScpiError(SETTINGS_CONFLICT, "the interlock is open")  # unsure: the manual's number is not known
        if on == self.settings[_OUTPUT]:
            return
        self.settings[_OUTPUT] = on
        if on:
            self._drive()
        else:
            self._release()

    @command("SOUR:CLE")
    def _clear_source(self) -> None:
        self.settings[_LEVEL] = 0.0
        self.settings[_OUTPUT] = False
        self._release()

    @query("OUTP:INT:TRIP")
    def _ask_interlock(self) -> str:
        """1 means closed, as instruments answer."""
        return "1" if self.interlock_closed else "0"

    # ---- sweeps, waves, and the modes that need a meter

    @command("SOUR:DELT:HIGH")
    def _set_delta_high(self, value: float) -> None:
        self.set_value("SOUR:DELT:HIGH", value)
        self.set_value("SOUR:DELT:LOW", -value)

    @query("SOUR:DELT:NVPR", "SOUR:PDEL:NVPR", "SOUR:DCON:NVPR")
    def _ask_meter_present(self) -> Outcome:
        """Nothing answers on the RS-232 link, which takes as long as it listens."""
        return Later(self.timeline.now + self.link_patience, lambda: "0")

    @command("SOUR:DELT:ARM", "SOUR:PDEL:ARM", "SOUR:DCON:ARM")
    def _arm_mode(self) -> Outcome:
        return Later(self.timeline.now + self.link_patience, self._no_meter)

    def _no_meter(self) -> None:
        raise ScpiError(self.meter_missing, "no meter on the RS-232 link")

    @query("SOUR:DELT:ARM", "SOUR:PDEL:ARM", "SOUR:DCON:ARM")
    def _ask_armed(self) -> str:
        return "0"

    @query("SOUR:DCON:NVZ")
    def _ask_zero(self) -> str:
        return f"{0.0:.6E}"

    @command("SOUR:WAVE:EXTR")
    def _set_wave_trigger(self, on: bool) -> None:
        if on:
            self._arm_output()

    @command("SOUR:SWE:ARM", "SOUR:WAVE:ARM", "SOUR:WAVE:INIT")
    def _arm_output(self) -> None:
        """Refused: no current would flow, and an acknowledgement would say that it does."""
        raise ScpiError(SETTINGS_CONFLICT, "sweeps and waves are not simulated")

    @command("SOUR:SWE:ABOR", "SOUR:WAVE:ABOR", "ABOR")
    def _abort(self) -> None:
        """Nothing is armed or running."""

    @command("INIT")
    def _initiate(self) -> None:
        """With nothing armed, the trigger model is left again as soon as it is entered."""

    @query("SENS:DATA", "SENS:DATA:FRES", "CALC:DATA", "CALC:DATA:FRES")
    def _ask_reading(self) -> str:
        raise ScpiError(SETTINGS_CONFLICT, "no measuring mode is running")

    @command("TRIG:ILIN")
    def _set_trigger_input(self, line: int) -> None:
        self._set_line("TRIG:ILIN", line)

    @command("TRIG:OLIN")
    def _set_trigger_output(self, line: int) -> None:
        self._set_line("TRIG:OLIN", line)

    @command("SOUR:WAVE:PMAR:OLIN")
    def _set_marker_line(self, line: int) -> None:
        self._set_line("SOUR:WAVE:PMAR:OLIN", line)

    def _set_line(self, header: str, line: int) -> None:
        """Trigger input, trigger output and phase marker must lie on different lines."""
        if any(other != header and self.value(other) == line for other in _LINES):
            raise ScpiError(SETTINGS_CONFLICT, f"line {line} is in use")
        self.set_value(header, line)

    # ---- lists

    @command("SOUR:LIST:CURR:APP")
    def _append_currents(self, values: tuple[float, ...]) -> None:
        self._append("SOUR:LIST:CURR", values)

    @command("SOUR:LIST:DEL:APP")
    def _append_delays(self, values: tuple[float, ...]) -> None:
        self._append("SOUR:LIST:DEL", values)

    @command("SOUR:LIST:COMP:APP")
    def _append_compliances(self, values: tuple[float, ...]) -> None:
        self._append("SOUR:LIST:COMP", values)

    @command("SOUR:WAVE:ARB:APP")
    def _append_shape(self, values: tuple[float, ...]) -> None:
        self._append("SOUR:WAVE:ARB:DATA", values)

    @query("SOUR:LIST:CURR:POIN")
    def _ask_currents(self) -> str:
        return str(len(self._list("SOUR:LIST:CURR")))

    @query("SOUR:LIST:DEL:POIN")
    def _ask_delays(self) -> str:
        return str(len(self._list("SOUR:LIST:DEL")))

    @query("SOUR:LIST:COMP:POIN")
    def _ask_compliances(self) -> str:
        return str(len(self._list("SOUR:LIST:COMP")))

    @query("SOUR:WAVE:ARB:POIN")
    def _ask_shape_points(self) -> str:
        return str(len(self._list("SOUR:WAVE:ARB:DATA")))

    def _list(self, header: str) -> tuple[Value, ...]:
        values = self.value(header)
        assert isinstance(values, tuple)
        return values

    def _append(self, header: str, values: tuple[float, ...]) -> None:
        present = self._list(header)
        if len(present) + len(values) > _LONGEST_LIST:
            raise ScpiError(TOO_MUCH_DATA, header)
        self.set_value(header, (*present, *values))

    # ---- buffer, format, system

    @command("FORM:ELEM")
    def _set_elements(self, words: tuple[str, ...]) -> None:
        if "ALL" in words:
            words = _ELEMENTS
        elif "DEF" in words:
            words = ("READ", "TST")
        self.set_value("FORM:ELEM", tuple(word for word in _ELEMENTS if word in words))

    @query("TRAC:POIN:ACT", "CALC3:LIM:FAIL")
    def _ask_stored(self) -> str:
        return "0"

    @query("TRAC:DATA:TYPE")
    def _ask_stored_type(self) -> str:
        return "NONE"

    @query("TRAC:FREE")
    def _ask_free(self) -> str:
        return "2097152,0"

    @query("TRAC:DATA", "CALC2:DATA", "CALC2:IMM")
    def _ask_buffer(self) -> str:
        raise ScpiError(DATA_STALE, "the buffer is empty")  # unsure: it may answer with an empty line instead

    @query("TRAC:DATA:SEL")
    def _ask_part_of_buffer(self, _start: int, _count: int) -> str:
        return self._ask_buffer()

    @command("TRAC:NOT")
    def _set_notify(self, value: int) -> None:
        if value >= self.number("TRAC:POIN"):
            raise ScpiError(DATA_OUT_OF_RANGE, f"notify at {value} of {self.value('TRAC:POIN')} points")
        self.set_value("TRAC:NOT", value)

    @query("SYST:COMM:SER:ENT")
    def _ask_link(self) -> Outcome:
        """Nothing comes over the link: it listens, then answers an empty line (unsure)."""
        return Later(self.timeline.now + self.link_patience, lambda: "")

    @query("SYST:LFR")
    def _ask_line_frequency(self) -> str:
        return f"{self._line_frequency:.0f}"

    @query("*OPT")
    def _ask_options(self) -> str:
        return "0"

    @query("SYST:ABO:SNUM", "SYST:DBO:SNUM")
    def _ask_board(self) -> str:
        return self._serial

    @query("SYST:ABO:REV", "SYST:DBO:REV")
    def _ask_board_revision(self) -> str:
        return self._firmware

    @query("DISP:ATTR")
    def _ask_attributes(self) -> str:
        return "0" * 20

    @query("DISP:WIND2:ATTR")
    def _ask_lower_attributes(self) -> str:
        return "0" * 32
