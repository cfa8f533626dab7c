"""Driver of the Keithley 2182A nanovoltmeter: voltages of both channels.

Written from the Model 2182/2182A user's manual, sections 12 to 15.
"""

from __future__ import annotations

import logging
import math
import re
from enum import IntFlag
from typing import Any, ClassVar, NamedTuple, TypeVar, cast

from pymeasure.adapters import Adapter
from pymeasure.instruments import Channel, Instrument

from instruments.clock import Clock
from instruments.driver import control, measurement
from instruments.errors import InstrumentError, InstrumentFault, LimitExceeded, NoReply
from instruments.forms import (
    BOOLEAN,
    COUNT,
    INTEGER,
    LINE_FREQUENCY,
    NUMBER,
    Form,
    exact,
    flag,
    form,
    one_of,
    reverse,
    whole,
    within,
)
from instruments.keithley2182a_channel import FirstChannel, SecondChannel, channel_range
from instruments.scpi_driver import MARK, WATCH, ScpiDriver, identity_form

log = logging.getLogger(__name__)

_TRIGGER_SOURCES = {"immediate": "IMM", "timer": "TIM", "manual": "MAN", "bus": "BUS", "external": "EXT"}
_FUNCTION_COMMANDS = {"voltage": "'VOLT:DC'", "temperature": "'TEMP'"}
_FUNCTION_REPLIES = {"voltage": '"VOLT:DC"', "temperature": '"TEMP"'}
_LARGEST_DELAY = 999999.999
_ONE_SHOT = (
    ":INIT:CONT 0;:ABOR",
    ":SENS:FUNC 'VOLT:DC';:SENS:CHAN {channel};:SENS:VOLT:RAT 0;:SENS:VOLT:DELT 0;:SENS:HOLD:STAT 0",
    ":SENS:VOLT:NPLC {cycles};:SENS:VOLT:CHAN{channel}:RANG{range}",
    ":SENS:VOLT:CHAN{channel}:DFIL 0;:SENS:VOLT:CHAN{channel}:LPAS {analog_filter};:SENS:VOLT:CHAN{channel}:REF:STAT 0",
    ":SYST:FAZ {front_auto_zero};:SYST:AZER {auto_zero};:CALC:STAT 0;:FORM ASC;:FORM:ELEM READ",
    ":TRIG:SOUR IMM;:TRIG:COUN 1;:TRIG:DEL {delay};:SAMP:COUN 1",
)
"""What `configure_one_shot` sends. `MEASure?` would do less and too much: it brings the aperture back to 5 PLC."""

_CHANGES_TIMING = re.compile(r"NPLC|APER|TRIG\w*:DEL|\*RST|\*RCL|PRES|CONF|MEAS\w*[:?]", re.IGNORECASE)
_READINGS = (":READ?", f":READ?{WATCH}", f":READ?{WATCH}{MARK}")
_OVERFLOW = re.compile(r"[+-]9\.9E\+?37")


class MeasurementBit(IntFlag):
    """Bits of the 2182A's measurement registers."""

    READING_OVERFLOW = 1 << 0
    LOW_LIMIT_1 = 1 << 1
    HIGH_LIMIT_1 = 1 << 2
    LOW_LIMIT_2 = 1 << 3
    HIGH_LIMIT_2 = 1 << 4
    READING_AVAILABLE = 1 << 5
    BUFFER_AVAILABLE = 1 << 7
    BUFFER_HALF_FULL = 1 << 8
    BUFFER_FULL = 1 << 9


class OperationBit(IntFlag):
    """Bits of the 2182A's operation registers."""

    CALIBRATING = 1 << 0
    MEASURING = 1 << 4
    WAITING_FOR_TRIGGER = 1 << 5
    FILTER_SETTLED = 1 << 8
    IDLE = 1 << 10


class Reading(NamedTuple):
    """One conversion of a voltmeter.

    Attributes:
        voltage: V; nan when the input was beyond the range.
        overflow: Whether it was.
        start: When the aperture began, in s of the driver's clock.
        end: When the aperture ended, in s of the driver's clock.
    """

    voltage: float
    overflow: bool
    start: float
    end: float


def _voltage(text: str) -> float:
    return math.nan if "9.9E" in text and _OVERFLOW.fullmatch(text) else float(text)


READING = form(
    "one reading such as +1.23456789E-03, or +9.9E37 for an overflow",
    rf"[+-]\d\.\d{{8}}E[+-]\d{{2}}|{_OVERFLOW.pattern}",
    _voltage,
)


ChannelT = TypeVar("ChannelT", bound=Channel)
T = TypeVar("T")


def _channel(kind: type[ChannelT], number: int) -> ChannelT:
    """Have an instrument make its channel; typed as what it becomes."""
    return cast("ChannelT", Instrument.ChannelCreator(cast("Any", kind), number))


class Keithley2182A(ScpiDriver):
    """The Keithley 2182A nanovoltmeter.

    .. code-block:: python

        meter = Keithley2182A("GPIB0::7::INSTR")
        meter.check_identity()
        meter.configure_one_shot(channel=1, nplc=1, voltage_range=0.01)
        reading = meter.reading()           # one fresh conversion
        print(reading.voltage, reading.start, reading.end)

    Args:
        adapter: A VISA resource name, a GPIB address, or a pymeasure adapter.
        clock: Where readings are stamped, and where the reset waits.
        name: What it is called in errors.
        **kwargs: For pymeasure's VISAAdapter; the time-out is 10 s unless another is given.
    """

    IDENTITY = re.compile(r"MODEL 2182A\b")
    IDENTITY_FORM = identity_form("2182A")
    RESET_TIME = 3.0
    """s."""
    LONGEST_OVERHEAD: ClassVar[float] = 0.5
    """s; what a reading may take beyond two apertures and the delay, for the check against the time-out. Assumed."""

    ch_1: FirstChannel = _channel(FirstChannel, 1)
    ch_2: SecondChannel = _channel(SecondChannel, 2)

    def __init__(
        self, adapter: Adapter | str | int, clock: Clock | None = None, name: str = "2182A", **kwargs: Any
    ) -> None:
        kwargs.setdefault("timeout", 10_000)  # 60 power line cycles and a front autozero take over 2 s
        self._timing: tuple[float, float] | None = None
        super().__init__(adapter, clock, name, **kwargs)

    active_channel = control(
        ":SENS:CHAN?",
        ":SENS:CHAN %s",
        """Control the channel that is measured (integer: 1, 2, or 0 for the internal temperature sensor).""",
        whole("active_channel", 0, 2),
        INTEGER,
    )
    channel_function = control(
        ":SENS:FUNC?",
        ":SENS:FUNC %s",
        """Control what is measured ("voltage" or "temperature").""",
        one_of("channel_function", _FUNCTION_COMMANDS),
        reverse(_FUNCTION_REPLIES),
    )
    voltage_nplc = control(
        ":SENS:VOLT:NPLC?",
        ":SENS:VOLT:NPLC %s",
        """Control the aperture in power line cycles (float from 0.01 to 60, at 50 Hz to 50).""",
        within("voltage_nplc", 0.01, 60.0, "PLC"),
        NUMBER,
    )
    voltage_aperture = control(
        ":SENS:VOLT:APER?",
        ":SENS:VOLT:APER %s",
        """Control the aperture in s (float from 166.67e-6, at 50 Hz 200e-6, to 1); the same setting as the NPLC.""",
        within("voltage_aperture", 166.67e-6, 1.0, "s"),
        NUMBER,
    )
    voltage_digits = control(
        ":SENS:VOLT:DIG?",
        ":SENS:VOLT:DIG %s",
        """Control the digits of the display (integer from 4 to 8, for 3.5 to 7.5); replies keep theirs.""",
        whole("voltage_digits", 4, 8),
        INTEGER,
    )
    auto_zero_enabled = control(
        ":SYST:AZER?",
        ":SYST:AZER %s",
        """Control the autozero, which measures the reference between conversions (bool).""",
        flag("auto_zero_enabled"),
        BOOLEAN,
    )
    front_auto_zero_enabled = control(
        ":SYST:FAZ?",
        ":SYST:FAZ %s",
        """Control the front autozero, which measures each conversion twice, the second time reversed (bool).""",
        flag("front_auto_zero_enabled"),
        BOOLEAN,
    )
    line_synchronization_enabled = control(
        ":SYST:LSYN?",
        ":SYST:LSYN %s",
        """Control whether conversions begin at a zero crossing of the power line (bool).""",
        flag("line_synchronization_enabled"),
        BOOLEAN,
    )
    line_frequency = measurement(":SYST:LFR?", """Get the power line frequency in Hz (50 or 60).""", LINE_FREQUENCY)
    display_enabled = control(
        ":DISP:ENAB?",
        ":DISP:ENAB %s",
        """Control whether the front panel's display is on (bool).""",
        flag("display_enabled"),
        BOOLEAN,
    )
    continuous_initiation_enabled = control(
        ":INIT:CONT?",
        ":INIT:CONT %s",
        """Control whether the meter measures without end (bool); after power-up it does.""",
        flag("continuous_initiation_enabled"),
        BOOLEAN,
    )
    trigger_source = control(
        ":TRIG:SOUR?",
        ":TRIG:SOUR %s",
        """Control what triggers a conversion ("immediate", "timer", "manual", "bus" or "external").""",
        one_of("trigger_source", _TRIGGER_SOURCES),
        reverse(_TRIGGER_SOURCES),
    )
    trigger_count = control(
        ":TRIG:COUN?",
        ":TRIG:COUN %s",
        """Control the number of triggers (integer from 1 to 9999, or inf).""",
        whole("trigger_count", 1, 9999, infinite=True),
        COUNT,
    )
    trigger_delay = control(
        ":TRIG:DEL?",
        ":TRIG:DEL %s",
        """Control the time from trigger to conversion in s (float from 0 to 999999.999).""",
        within("trigger_delay", 0.0, _LARGEST_DELAY, "s"),
        NUMBER,
    )
    trigger_auto_delay_enabled = control(
        ":TRIG:DEL:AUTO?",
        ":TRIG:DEL:AUTO %s",
        """Control whether the delay follows the range, 1 ms and on 100 V 5 ms (bool).""",
        flag("trigger_auto_delay_enabled"),
        BOOLEAN,
    )
    sample_count = control(
        ":SAMP:COUN?",
        ":SAMP:COUN %s",
        """Control the number of conversions a trigger (integer from 1 to 1024).""",
        whole("sample_count", 1, 1024),
        INTEGER,
    )
    voltage = measurement(
        ":READ?",
        """Measure the voltage in V with a new conversion (float, nan for an overflow); see also `reading`.""",
        READING,
    )
    internal_temperature = measurement(
        ":SENS:TEMP:RTEM?", """Measure the temperature of the reference junction in degrees Celsius.""", NUMBER
    )

    def write(self, command: str, **kwargs: Any) -> None:
        """Send a message; what is known of the aperture is forgotten when the message may change it."""
        del kwargs  # as in Driver.write
        if command not in _READINGS and _CHANGES_TIMING.search(command):
            self._timing = None
        self.line.send(command)

    def query(self, command: str, form: Form[T]) -> T:
        """Send a query and return its reply's value; see `Driver.query`.

        Raises:
            NoReply: Nothing came in time; for a reading the sentence says what else can be the reason.
            Restarted: It is a reading, and the meter was switched off and on since the driver last looked.
        """
        if command != ":READ?":
            return super().query(command, form)
        try:
            return self.ask_watching(command, form)
        except NoReply as silence:
            if self.line.forgets:  # elsewhere the reply may be late, and asking on would cost as much time again
                self._explain_silence()
            raise NoReply(
                f"{silence}; a meter that waits for triggers, as the measuring modes of a 6221 leave it, does not "
                "reply either: call clear() and configure_one_shot()"
            ) from silence

    def configure_one_shot(
        self,
        channel: int = 1,
        nplc: float = 1.0,
        voltage_range: float | None = None,
        *,
        delay: float = 0.0,
        front_auto_zero: bool = True,
        auto_zero: bool = True,
        analog_filter: bool = False,
    ) -> None:
        """Have every `reading()` be one fresh conversion with the full aperture, and of nothing else.

        Continuous measuring, digital filter, hold, relative, ratio, delta and math are turned off, triggers immediate.

        Args:
            channel: 1 or 2.
            nplc: Aperture in power line cycles, 0.01 to 60 (at 50 Hz to 50).
            voltage_range: V, to 120 on channel 1 and 12 on channel 2; None for autorange.
            delay: From trigger to conversion, in s.
            front_auto_zero: Measure each conversion twice, the second time reversed.
            auto_zero: Measure the reference between conversions.
            analog_filter: Low-pass filter at the input; adds about 125 ms.

        Raises:
            BadValue: A value is no finite number or none of the choices; nothing was sent.
            LimitExceeded: A value is out of range, or a reading would take longer than the time-out; nothing was sent.
            InstrumentError: The meter refused something.
        """
        number = whole("channel", 1, 2)(channel)
        cycles, wait = within("nplc", 0.01, 60.0, "PLC")(nplc), within("delay", 0.0, _LARGEST_DELAY, "s")(delay)
        span = ":AUTO 1" if voltage_range is None else " " + channel_range(int(number))(voltage_range)
        switches = {"front_auto_zero": front_auto_zero, "auto_zero": auto_zero, "analog_filter": analog_filter}
        states = {name: flag(name)(on) for name, on in switches.items()}
        aperture = self._checked_aperture(float(cycles), float(wait))
        for message in _ONE_SHOT:
            # A meter drives nothing, so that a setting may be sent again.
            self._insist(message.format(channel=number, cycles=cycles, delay=wait, range=span, **states))
        self._timing = (float(wait), aperture)

    def _checked_aperture(self, nplc: float, delay: float) -> float:
        """Return the aperture in s, and refuse a reading that would take longer than the time-out."""
        aperture = nplc / self.line_frequency
        longest = delay + 2 * aperture + self.LONGEST_OVERHEAD
        timeout = self.line.timeout
        if timeout is not None and longest > timeout:
            raise LimitExceeded(
                f"{self.line.name}: a reading of {aperture:.3g} s aperture after {delay:.3g} s may take "
                f"{longest:.3g} s, longer than the time-out of {timeout:.3g} s; give the driver a longer timeout= (ms)"
            )
        return aperture

    def reading(self) -> Reading:
        """Make one fresh conversion, with the times at which its aperture began and ended; see `configure_one_shot`.

        The aperture is taken to begin one trigger delay after the query was sent, and to last for the NPLC over the
        line frequency. Neglected are the way of the query to the meter and its reaction to it (up to a few ms), the
        second half of a front autozero, the autozero of the reference, and the search for a range with autorange: the
        reply comes later than `end` for all of these.

        Raises:
            GarbledReply: The reply is damaged, or it came sooner than any conversion can end, so that it is the reply
                to an earlier question (or the driver's clock is not the meter's).
            NoReply: Nothing came in time.
            Restarted: The meter was switched off and on since the driver last looked.
        """
        delay, aperture = self._timing or self._ask_timing()
        asked = self.clock.now()
        voltage = self.query(":READ?", READING)
        took = self.clock.now() - asked
        if took < delay + 0.5 * aperture:
            raise self.line.doubt(
                f"a conversion that takes {delay + aperture:.3g} s; this came after {took:.3g} s", exact(voltage)
            )
        start = asked + delay
        return Reading(voltage, math.isnan(voltage), start, start + aperture)

    def _ask_timing(self) -> tuple[float, float]:
        """Ask for trigger delay and aperture in s, and keep them until something is sent that may change them."""
        self._timing = (self.trigger_delay, self.voltage_nplc / self.line_frequency)
        return self._timing

    def _explain_silence(self) -> None:
        """Ask a meter that did not answer whether it was switched off and on meanwhile.

        Raises:
            Restarted: It was.
        """
        try:
            events = self.standard_event
        except InstrumentFault:  # it has nothing to say at all
            return
        self._watch(events, ":READ?")

    def _settle_restart(self) -> None:
        self._timing = None

    def shutdown(self) -> None:
        """Stop measuring.

        Raises:
            InstrumentFault: It refuses, or does not answer.
        """
        try:
            self._insist(":INIT:CONT 0;:ABOR")
        except InstrumentError as error:  # perhaps queued before
            log.debug("%s", error)
            self._insist(":INIT:CONT 0;:ABOR")
        super().shutdown()
