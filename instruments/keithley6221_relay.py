"""Through a 6221 to the nanovoltmeter on its serial port: words are passed on, and its answers fetched.

The meter's answer keeps its own terminator and gets that of the 6221 behind it. Where the interface marks the end of a
message both come at once; on a socket the second one is an empty line, which must not pass for the next reply.

Sources: 6220/6221 reference manual, chapter on Delta, Pulse Delta and Differential Conductance (serial communication
with the 2182A), 2182A user's manual, sections 12 to 15.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from instruments.errors import BadValue, GarbledReply, InstrumentError, InstrumentFault, NoReply
from instruments.forms import BOOLEAN, NUMBER, Form, flag, form, whole, within
from instruments.keithley6221_core import SourceCore
from instruments.scpi_driver import ERROR, NO_ERROR, Identity

T = TypeVar("T")

MOST_LINES = 20
"""Of one answer; more than that is not a meter that answers."""

_TEXT = re.compile(r"[\x20-\x7e]+")
_NPLC = whole("nplc", 1, 50)
_RANGE = within("voltage_range", 0.0, 120.0, "V")


def _meter(text: str) -> Identity:
    maker, model, serial, firmware = (part.strip() for part in text.split(",", 3))
    return Identity(maker, model.removeprefix("MODEL ").strip(), serial, firmware)


METER = form("the identity of a 2182 or 2182A", r"KEITHLEY INSTRUMENTS INC\., ?MODEL 2182A?, ?\w+, ?[\w ./-]+", _meter)


@dataclass(frozen=True, slots=True)
class MeterSettings:
    """How the nanovoltmeter measures for a 6221.

    Attributes:
        nplc: Aperture in power line cycles, a whole number, since the meter is set to 1 otherwise; Pulse Delta does
            not use it.
        voltage_range: V; it holds for all readings, and what is beyond 120 % of it is an overflow. None lets the
            meter search for each reading, which takes its time.
        analog_filter: Whether its low-pass filter is on, which makes each reading 125 ms slower and mixes polarities
            that follow each other faster than that.
    """

    nplc: int = 1
    voltage_range: float | None = 0.1
    analog_filter: bool = False

    def spelled(self) -> tuple[str, ...]:
        """Return the commands for the meter.

        Raises:
            BadValue: A value is none that it can be.
            LimitExceeded: A value is out of range.
        """
        span = ":AUTO 1" if self.voltage_range is None else f" {_RANGE(self.voltage_range)}"
        low_pass = flag("analog_filter")(self.analog_filter)
        return (
            ":SENS:CHAN 1;:SENS:FUNC 'VOLT'",
            f":SENS:VOLT:NPLC {_NPLC(self.nplc)};:SENS:VOLT:RANG{span}",
            f":SENS:VOLT:DFIL 0;:SENS:VOLT:LPAS {low_pass}",
        )


DEFAULT_METER = MeterSettings()


class SerialRelay(SourceCore):
    """Talking to the meter behind the source."""

    RELAY_PAUSE: ClassVar[float] = 0.1
    """Seconds that the meter is given before its answer is fetched; 30 characters take 16 ms at 19.2 kbaud."""
    RELAY_TIME: ClassVar[float] = 5.0
    """Seconds after which an answer of the meter is not waited for any more."""
    PRESENCE_TIME: ClassVar[float] = 10.0
    """Seconds that the source may take to find out who is on the link (assumed; mostly below one)."""
    METER_RESET_TIME: ClassVar[float] = 3.0
    """Seconds that the meter is left alone after its `*RST`."""

    _relay_behind = False

    def relay_write(self, text: str) -> None:
        """Pass a command on to the meter. The source does not say whether anybody hears it.

        Raises:
            BadValue: The text is not one line of printable ASCII.
            InstrumentError: The source refused to pass it on.
        """
        if not _TEXT.fullmatch(text):
            raise BadValue(f"what is passed on to the meter is one line of printable ASCII, not {text!r}")
        escaped = text.replace('"', '""')
        self.command(f':SYST:COMM:SER:SEND "{escaped}"')

    def relay_read(self) -> str:
        """Return what the meter has said since the last time, lines as they came; empty if nothing.

        Raises:
            NoReply: The source does not answer.
            GarbledReply: It answers, but its error queue does not make sense.
            InstrumentError: The source's error queue held something.
        """
        self.write(":SYST:COMM:SER:ENT?")
        said = self.line.receive()
        # Behind the answer there may be an empty line. Another question tells where it ends.
        self.line.send_behind(":SYST:ERR?")
        behind = ""
        for _ in range(MOST_LINES):
            try:
                reply = self.line.receive()
            except NoReply:
                if behind:  # it was the reply that was waited for, but for its form
                    raise self.line.doubt(ERROR.expected, behind) from None
                raise
            if ERROR.matches(reply):
                if reply != NO_ERROR:
                    raise self._refusal(":SYST:COMM:SER:ENT?", [ERROR.read(reply), *self._take_errors()])
                return said
            behind = reply
            said += "\n" + reply
        raise self.line.doubt(ERROR.expected, behind)

    def relay_ask(self, text: str) -> str:
        """Ask the meter something and return its answer, without any terminator.

        Raises:
            BadValue: The text is not one line of printable ASCII.
            NoReply: The meter does not answer, or the source does not.
            GarbledReply: The meter's answer is more than a line.
        """
        if self._relay_behind:
            self._flush_relay()
        self._relay_behind = True
        self.relay_write(text)
        said, deadline = "", self.clock.deadline(self.RELAY_TIME)
        while True:
            self.clock.sleep(self.RELAY_PAUSE)
            piece = self.relay_read()
            said += piece
            if said.endswith(("\n", "\r")) or (said and not piece):
                break
            if deadline.passed:
                raise NoReply(
                    f"{self.line.name}: the meter on its serial port was asked {text!r}, no answer came in "
                    f"{self.RELAY_TIME:g} s; check the null-modem cable, and that the meter is set to RS-232, "
                    "19.2 kbaud, at its front panel"
                )
        answer = said.strip("\r\n")
        if "\n" in answer or "\r" in answer:
            raise self._relay_doubt(text, answer, "one line")
        self._relay_behind = False
        return answer

    def relay_query(self, text: str, form: Form[T]) -> T:
        """Ask the meter something and return its answer's value.

        Raises:
            NoReply: The meter does not answer, or the source does not.
            GarbledReply: The answer has not this form.
        """
        answer = self.relay_ask(text)
        if form.matches(answer) is None:
            self._relay_behind = True
            raise self._relay_doubt(text, answer, form.expected)
        return form.read(answer)

    def _relay_doubt(self, text: str, answer: str, expected: str) -> GarbledReply:
        return GarbledReply(
            f"{self.line.name}: the meter on its serial port was asked {text!r}, came {answer!r}, expected {expected}"
        )

    def _flush_relay(self) -> None:
        """Throw away what the meter said to earlier questions."""
        for _ in range(MOST_LINES):
            if not self.relay_read().strip("\r\n"):
                return
        raise GarbledReply(f"{self.line.name}: the meter on its serial port does not stop talking")

    def meter_present(self, mode: str = "DELT") -> bool:
        """Ask the source whether it finds a meter on its serial port that is fit for a mode (DELT, PDEL or DCON)."""
        with self.line.patience(self.PRESENCE_TIME):
            return self.query(f":SOUR:{mode}:NVPR?", BOOLEAN)

    def check_meter(self, mode: str) -> Identity:
        """Make sure that a meter is there and fit for a mode; return who it is.

        Raises:
            InstrumentFault: There is none, or it is one that cannot do this.
        """
        if not self.meter_present(mode):
            raise InstrumentFault(
                f"{self.line.name}: it finds no {'2182A' if mode == 'PDEL' else '2182 or 2182A'} on its serial port; "
                "check the null-modem cable, and that the meter is set to RS-232, 19.2 kbaud, at its front panel"
            )
        identity = self.relay_query("*IDN?", METER)
        if mode == "PDEL" and identity.model != "2182A":
            raise InstrumentFault(f"{self.line.name}: Pulse Delta needs a 2182A; on the serial port is a 2182")
        return identity

    def set_up_meter(self, settings: MeterSettings) -> None:
        """Bring the meter to its defaults, set it up, and read back that it is.

        Raises:
            InstrumentFault: It refused something, or does not say what it was set to.
        """
        commands = settings.spelled()
        self.relay_write("*RST")
        self.clock.sleep(self.METER_RESET_TIME)
        for text in ("*CLS", *commands):
            self.relay_write(text)
        error = self.relay_query(":SYST:ERR?", ERROR)
        if error.code:
            raise InstrumentError(
                f"{self.line.name}: the meter on its serial port refused its set-up: {error}", error.code
            )
        cycles = self.relay_query(":SENS:VOLT:NPLC?", NUMBER)
        if abs(cycles - settings.nplc) > 1e-3:
            raise InstrumentFault(f"{self.line.name}: the meter measures for {cycles:g} PLC, not {settings.nplc}")
        wanted = settings.voltage_range
        if wanted is not None and not wanted / 1.2 <= (span := self.relay_query(":SENS:VOLT:RANG?", NUMBER)) <= max(
            12.0 * wanted, 0.012
        ):
            raise InstrumentFault(f"{self.line.name}: the meter stands on its range of {span:g} V, not {wanted:g} V")
