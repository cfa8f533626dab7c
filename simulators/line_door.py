"""What a simulated lab has besides instruments answers a line of text with a line: the clock, the breakout."""

from __future__ import annotations

from abc import abstractmethod

from simulators.device import Device
from simulators.timeline import Timeline

LONGEST = 4096
"""Characters of a line; what these doors understand needs a few."""


class LineDoor(Device):
    """A box that answers each line at once, and holds nothing but answers that nobody has read.

    Args:
        timeline: The lab's time.
    """

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(timeline)
        self._output = b""

    @abstractmethod
    def answer(self, text: str) -> str:
        """Carry out a line, and return what is answered, in one line; `ERROR ...` where nothing has changed."""

    def write(self, data: bytes) -> None:
        """Carry out one line."""
        text = data.decode("utf-8", "replace").strip()
        if not text:
            return
        if len(text) > LONGEST:
            said = f"ERROR the line has {len(text)} characters, but at most {LONGEST} are read"
        else:
            said = self.answer(text).replace("\n", " ")
        self._output += said.encode("utf-8", "replace") + b"\n"

    def read(self) -> bytes:
        """Hand over the answer."""
        output, self._output = self._output, b""
        return output

    def ready_at(self) -> float | None:
        """Return now if there is an answer."""
        return self.timeline.now if self._output else None

    def clear(self) -> None:
        """Forget an answer that nobody reads."""
        self._output = b""

    def power_cycle(self) -> None:
        """Forget an answer; such a door has no switch."""
        self.clear()
