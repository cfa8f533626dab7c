"""One open way to an instrument, and where the messages end that go out on it."""

from __future__ import annotations

from pyvisa import rname
from pyvisa.constants import InterfaceType

from instruments.guard.gate import Gate
from instruments.guard.heard import Heard


class Wire:
    """One open session to an instrument.

    Attributes:
        gate: What judges the messages; None for an instrument that can do nothing to the sample.
        ends: Whether the end of a write is the end of a message.
        heard: Takes note of what goes out and comes back; None where nobody wants to know.
        name: Of the resource.
        pending: The beginning of a message, held back until its end comes.
        harmless: Whole writes that were found to set nothing that the guard watches.
    """

    __slots__ = ("ends", "gate", "harmless", "heard", "marked", "name", "pending", "terminators")

    def __init__(self, gate: Gate | None, parsed: rname.ResourceName) -> None:
        self.gate = gate
        self.heard: Heard | None = None
        self.name = str(parsed).upper()
        serial = parsed.interface_type_const == InterfaceType.asrl
        self.marked = not serial and parsed.resource_class not in {"SOCKET", "RAW"}
        self.ends = self.marked
        self.terminators = b"" if gate is None else gate.TERMINATORS + (b"\r" if serial else b"")
        self.pending = b""
        self.harmless: set[bytes] = set()

    def ended(self, data: bytes) -> int:
        """Return how many bytes belong to messages that are complete."""
        if self.ends:
            return len(data)
        return max(data.rfind(terminator) for terminator in self._each_terminator()) + 1

    def _each_terminator(self) -> tuple[bytes, ...]:
        return tuple(bytes((terminator,)) for terminator in self.terminators)
