"""What every simulated instrument is to the doors: a box with a connector, bytes in and bytes out."""

from __future__ import annotations

from abc import ABC, abstractmethod

from simulators.timeline import Timeline


class Unplugged(Exception):
    """Raised by `write` and `read` of what stands for an instrument that nothing reaches: its connection is lost."""


class Device(ABC):
    """A box on the bench. All calls come from one thread, and `timeline.catch_up()` has been called before each.

    Attributes:
        timeline: The lab's time.
        stream: Whether what it says is sent off at once, as over a socket, instead of waiting to be asked for.
    """

    stream = False

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Receive bytes at `timeline.now`; never raises, never blocks, whatever they are."""

    @abstractmethod
    def read(self) -> bytes:
        """Hand over the bytes that are ready now, b"" if there are none. A message is handed over whole."""

    @abstractmethod
    def ready_at(self) -> float | None:
        """Return when bytes may next be ready (lab time in s), None if nothing is on its way.

        What is ready already counts as now.
        """

    def owes_reply(self) -> bool:
        """Whether a reply will come without another message, by time alone, even if nobody knows when yet."""
        return self.ready_at() is not None

    def overtakes(self, message: bytes) -> bool:  # noqa: ARG002 - most boxes know no such message
        """Whether a whole message, with its end, acts now although a reply to another one is still to come."""
        return False

    def hurry(self) -> None:  # noqa: B027 - most boxes answer at once when they have nothing to measure
        """Have replies that are finished and only on their way here now: who asked only looks on."""

    @abstractmethod
    def clear(self) -> None:
        """Device clear (GPIB DCL/SDC): forget unfinished input and output; settings stay."""

    def read_without_talk(self) -> None:  # noqa: B027 - only boxes that queue errors have something to do
        """A client on GPIB asked for bytes and there are none on their way (IEEE 488.2: query unterminated)."""

    def interrupted(self) -> None:  # noqa: B027 - only boxes that queue errors have something to do
        """A client on GPIB wrote before it had read a whole reply (IEEE 488.2: query interrupted); the rest is gone."""

    def status_byte(self) -> int:
        """Answer a serial poll; clears the request for service."""
        return 0

    def service_requested(self) -> bool:
        """Whether it requests service (SRQ); looking does not take the request back."""
        return False

    def trigger(self) -> None:  # noqa: B027 - boxes without a trigger ignore it
        """Group execute trigger (GPIB GET)."""

    @abstractmethod
    def power_cycle(self) -> None:
        """Switch off and on again: volatile settings are gone, as the manual says."""
