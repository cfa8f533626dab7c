"""What a 6221 says over its RS-232 port to a meter: other people's words, and its own.

Sources: 6220/6221 reference manual, chapter on Delta, Pulse Delta and Differential Conductance (serial communication
with the 2182A); habits of clients.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import ClassVar

import numpy as np

from instruments.scpi import SETTINGS_CONFLICT, ScpiError
from simulators.devices.source_output import SourceOutput
from simulators.exchange import command, query
from simulators.links import SerialPort
from simulators.program_message import Later, Outcome
from simulators.terminals import SourceTerminals
from simulators.timeline import Timeline

SERIAL_ERROR = 0x800

POLL = 10e-3
"""How often it looks whether the meter has answered, in s (assumed)."""

PAUSE = 50e-3
"""How long it leaves the meter alone after a command that is not answered, in s (assumed: a change of range or function
takes the meter up to 45 ms)."""

MOST_SAID = 65536
"""Bytes of the meter's replies that it keeps for whoever asks (assumed)."""

_ENDS = {"CR": b"\r", "LF": b"\n", "CRLF": b"\r\n", "LFCR": b"\n\r"}

Talk = Generator[str | tuple[str, float], str | None, str | None]
"""A conversation with the meter: yields what to say, or that and how long to wait for the answer in s, and is sent the
answer, None where none came or none was asked for. It returns the reply to the command that began it."""


class SourceLink(SourceOutput):
    """The RS-232 port as the link to a meter.

    Attributes:
        serial_port: The connector.
    """

    meter_missing: ClassVar[int] = -241
    """Error of arming a mode that needs a meter when none answers (unsure: one of +401 ... +420 in some firmware)."""
    link_patience: ClassVar[float] = 1.0
    """How long it listens for a meter on the RS-232 link, in s (assumed)."""

    def __init__(
        self,
        timeline: Timeline,
        terminals: SourceTerminals,
        line_frequency: float = 50.0,
        calibration: np.random.Generator | None = None,
    ) -> None:
        super().__init__(timeline, terminals, line_frequency, calibration)
        self.serial_port = SerialPort(timeline, self._serial_baud, self._serial_in, self._serial_disturbed)
        self._said = b""
        self._line = b""
        self._listener: Callable[[str], None] | None = None
        self._talk: Talk | None = None
        self._answer: str | None = None

    # ---- the port

    def _serial_baud(self) -> int:
        return round(self.number("SYST:COMM:SER:BAUD"))

    def linked(self) -> bool:
        """Whether the port is there for a meter: it is not while the computer is connected to it."""
        return self.value("SYST:COMM:SEL") != "SER"

    def listen(self, listener: Callable[[str], None] | None) -> None:
        """Have the lines that the meter sends handed to a listener, not kept for SERial:ENTer?."""
        self._listener, self._line = listener, b""

    def say(self, text: str) -> float:
        """Send text and the terminator that is set to the meter; return when it is out (lab time in s)."""
        return self.serial_port.send(text.encode("latin-1") + _ENDS[str(self.value("SYST:COMM:SER:TERM"))])

    def _serial_in(self, data: bytes) -> None:
        if not self.linked():
            return
        if self._listener is None:
            self._said = (self._said + data)[-MOST_SAID:]
            return
        *lines, self._line = (self._line + data).replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            if line:
                self._listener(line.decode("latin-1"))

    def _serial_disturbed(self) -> None:
        """Framing errors: the meter speaks at another speed."""
        if self.linked():
            self.status.operation.renew(SERIAL_ERROR)

    # ---- the relay

    @command("SYST:COMM:SER:SEND")
    def _relay(self, text: str) -> None:
        """Pass text on as it is; nothing is said about whether anybody heard it.

        Raises:
            ScpiError: The port is the computer's, or readings are coming in over it (-221, assumed).
        """
        if not self.linked() or self._listener is not None:
            raise ScpiError(SETTINGS_CONFLICT, "the RS-232 port is in use")
        self.say(text)

    @query("SYST:COMM:SER:ENT")
    def _ask_said(self) -> Outcome:
        """Give what has come since the last time; wait for the end of a line, or for a while (unsure)."""
        return self._when_said(self.timeline.now + self.link_patience)

    def _when_said(self, deadline: float) -> Outcome:
        said, now = self._said, self.timeline.now
        if not said.endswith((b"\n", b"\r")) and now < deadline:
            return Later(min(now + POLL, deadline), partial(self._when_said, deadline))
        self._said = b""
        return said.decode("latin-1")

    # ---- conversations of its own

    def converse(self, talk: Talk) -> Outcome:
        """Begin a conversation; the command that began it takes until its end.

        Raises:
            ScpiError: It fails at once.
        """
        if not self.linked():
            talk.close()
            raise ScpiError(self.meter_missing, "the RS-232 port is the computer's")
        self._talk = talk
        self.listen(self._answered)
        return self._go_on_talking(None)

    def _answered(self, text: str) -> None:
        self._answer = text

    def _go_on_talking(self, answer: str | None) -> Outcome:
        """Hand an answer over and say what comes next."""
        talk = self._talk
        assert talk is not None
        try:
            said = talk.send(answer)
        except StopIteration as stop:
            self._end_talk()
            return stop.value
        except ScpiError:
            self._end_talk()
            raise
        text, patience = said if isinstance(said, tuple) else (said, self.link_patience)
        out = self.say(text)
        if text.endswith("?"):
            return Later(out, partial(self._begin_to_wait, out + patience))
        return Later(out + PAUSE, partial(self._go_on_talking, None))

    def _begin_to_wait(self, deadline: float) -> Outcome:
        """The question is out: what came before that is no answer to it."""
        self._answer = None
        return self._wait_for_answer(deadline)

    def _wait_for_answer(self, deadline: float) -> Outcome:
        now = self.timeline.now
        if self._answer is None and now < deadline:
            return Later(min(now + POLL, deadline), partial(self._wait_for_answer, deadline))
        return self._go_on_talking(self._answer)

    def _end_talk(self) -> None:
        self._talk = None
        self.listen(None)

    def abandon(self) -> None:
        """A device clear ends a conversation."""
        super().abandon()
        if self._talk is not None:
            self._talk.close()
            self._end_talk()

    def power_cycle(self) -> None:
        """Switch off and on: nothing was said."""
        super().power_cycle()
        self._said = b""
