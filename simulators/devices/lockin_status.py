"""The four status bytes of an SR830, and how they are asked for.

Source: SR830 manual, pages 5-20 to 5-23.
"""

from __future__ import annotations

NOTHING_RUNS = 0x01
READY = 0x02
ERROR_SUMMARY, LOCKIN_SUMMARY, MESSAGE_AVAILABLE, EVENT_SUMMARY, SERVICE = 0x04, 0x08, 0x10, 0x20, 0x40
"""Bits of the serial poll status byte."""

INPUT_OVERFLOW, QUERY_OVERFLOW, EXECUTION_ERROR, COMMAND_ERROR, POWER_ON = 0x01, 0x04, 0x10, 0x20, 0x80
"""Bits of the standard event status byte."""

RANGE_CHANGED, TIME_CONSTANT_CHANGED = 0x10, 0x20
"""Bits of the lock-in status byte beside those of the signal channel."""


class StatusBytes:
    """Events of the instrument, of its hardware and of the lock-in, and which of them count.

    Attributes:
        events: Standard event status byte.
        errors: Error status byte; nothing sets it here, since nothing breaks inside.
        lockin: Lock-in status byte.
        enabled: Which bits of these three count, and which of the serial poll byte request service, by header.
    """

    def __init__(self) -> None:
        self.events = POWER_ON
        self.errors = 0
        self.lockin = 0
        self.enabled: dict[str, int] = {"*ESE": 0, "ERRE": 0, "LIAE": 0, "*SRE": 0}
        self._requested = False

    def take(self, name: str, bit: int | None) -> int:
        """Return a status byte, or one of its bits, and clear what is returned."""
        value: int = getattr(self, name)
        if bit is None:
            setattr(self, name, 0)
            return value
        setattr(self, name, value & ~(1 << bit))
        return value >> bit & 1

    def clear(self) -> None:
        """Clear all events; what they enable stays."""
        self.events = self.errors = self.lockin = 0

    def summary(self, waiting: bool) -> int:
        """Return the serial poll status byte as `*STB?` gives it, with whether a reply is waiting."""
        byte = NOTHING_RUNS | READY | (MESSAGE_AVAILABLE if waiting else 0)
        for events, header, bit in (
            (self.errors, "ERRE", ERROR_SUMMARY),
            (self.lockin, "LIAE", LOCKIN_SUMMARY),
            (self.events, "*ESE", EVENT_SUMMARY),
        ):
            if events & self.enabled[header]:
                byte |= bit
        return byte | (SERVICE if byte & self.enabled["*SRE"] & ~SERVICE else 0)

    def polled(self, waiting: bool) -> int:
        """Answer a serial poll, which takes a request for service back."""
        byte = self.summary(waiting)
        fresh, self._requested = byte & SERVICE and not self._requested, bool(byte & SERVICE)
        return byte if fresh else byte & ~SERVICE

    def requests(self, waiting: bool) -> bool:
        """Whether service is requested and nobody has polled since."""
        wanted = bool(self.summary(waiting) & SERVICE)
        self._requested = self._requested and wanted
        return wanted and not self._requested
