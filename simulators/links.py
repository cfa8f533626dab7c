"""Cables between two instruments: RS-232 and Trigger Link.

A 6221 measures with a 2182A over two of them: a null-modem cable, on which it sets the meter up and on which the
readings come back, and a Trigger Link cable, on which each tells the other that its part is done. Each works or fails
by itself, as on the bench.

Sources: 6220/6221 reference manual, chapters on Delta, Pulse Delta and Differential Conductance (connections); 2182A
user's manual, sections 7 (Trigger Link) and 11 (RS-232).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from simulators.timeline import Timeline

BITS_A_BYTE = 10
"""A start bit, eight data bits, no parity, a stop bit."""

VOLTMETER_COMPLETE = 1
"""The line on which a 2182A says that a reading is done."""

EXTERNAL_TRIGGER = 2
"""The line on which a 2182A listens for a trigger."""


class SerialPort:
    """An RS-232 connector.

    Args:
        timeline: The lab's time.
        baud: Gives its speed in bits per second.
        received: Called with bytes that have come, when the last of them is there.
        disturbed: Called when something came that is not made of bytes: framing errors.
    """

    def __init__(
        self,
        timeline: Timeline,
        baud: Callable[[], int],
        received: Callable[[bytes], None],
        disturbed: Callable[[], None],
    ) -> None:
        self._timeline = timeline
        self._free_at = 0.0
        self.baud = baud
        self.received = received
        self.disturbed = disturbed
        self.cable: SerialCable | None = None

    def send(self, data: bytes) -> float:
        """Put bytes on the line behind those that are on their way; return when the last one is out (lab time in s).

        Whether anybody hears them is not known here.
        """
        rate = self.baud()
        self._free_at = max(self._timeline.now, self._free_at) + len(data) * BITS_A_BYTE / rate
        if self.cable is not None:
            self._timeline.schedule(self._free_at, partial(self._arrived, self.cable, data, rate))
        return self._free_at

    def _arrived(self, cable: SerialCable, data: bytes, rate: int) -> None:
        """The last bit is out; a cable that was pulled meanwhile has carried nothing."""
        if self.cable is cable:
            cable.carry(self, data, rate)


class SerialCable:
    """A null-modem cable (transmit and receive crossed) between two RS-232 ports; plugged in by making it."""

    def __init__(self, one: SerialPort, other: SerialPort) -> None:
        if one.cable is not None or other.cable is not None:
            raise ValueError("there is a cable in this RS-232 port already; unplug it first")
        self._ends = (one, other)
        one.cable = other.cable = self

    def unplug(self) -> None:
        """Pull it out at both ends; what is on its way is lost."""
        for port in self._ends:
            port.cable = None

    def carry(self, sender: SerialPort, data: bytes, rate: int) -> None:
        """Hand bytes over to the other end, which reads them at its own speed."""
        one, other = self._ends
        receiver = other if sender is one else one
        if receiver.baud() == rate:
            receiver.received(data)
        else:
            receiver.disturbed()


class TriggerLinked(Protocol):
    """An instrument with a Trigger Link connector, whose six lines are numbered from 1.

    Attributes:
        trigger_out: What it calls with the number of a line to pulse that line; None while nothing is plugged in.
    """

    trigger_out: Callable[[int], None] | None

    def trigger_in(self, line: int) -> None:
        """Notice a pulse on a line."""
        ...


class TriggerCable:
    """A Trigger Link cable: line 1 to line 1, ... line 6 to line 6; plugged in by making it."""

    def __init__(self, one: TriggerLinked, other: TriggerLinked) -> None:
        if one.trigger_out is not None or other.trigger_out is not None:
            raise ValueError("there is a cable in this Trigger Link connector already; unplug it first")
        self._ends = (one, other)
        one.trigger_out, other.trigger_out = other.trigger_in, one.trigger_in

    def unplug(self) -> None:
        """Pull it out at both ends."""
        for end in self._ends:
            end.trigger_out = None
