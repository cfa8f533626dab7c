"""The commands that the reading buffers of a 6221 and a 2182A have in common: both keep what TRACe:FEED gives them.

Sources: 6220/6221 reference manual and 2182A user's manual, chapters on the buffer and on statistics.
"""

from __future__ import annotations

from abc import abstractmethod

from instruments.tables.keithley2182a import TABLE
from simulators.exchange import ScpiDevice, command, query

# As both tables spell them; every reading looks at them.
FEED = TABLE["TRAC:FEED"].header
FEED_CONTROL = TABLE["TRAC:FEED:CONT"].header


class BufferCommands(ScpiDevice):
    """A buffer that can be sized, emptied, filled from its first place on, and summed up."""

    @abstractmethod
    def empty_buffer(self) -> None:
        """Forget what is stored, and what was computed from it."""

    @abstractmethod
    def compute_statistic(self) -> None:
        """Work out the statistic of what is stored."""

    @abstractmethod
    def statistic_text(self) -> str:
        """Return the statistic that was worked out last.

        Raises:
            ScpiError: There is none (-230).
        """

    def storing_begins(self) -> None:
        """Readings go into the buffer from now on."""

    def storing(self) -> bool:
        """Whether readings go into the buffer."""
        return self.settings[FEED_CONTROL] == "NEXT" and self.settings[FEED] != "NONE"

    @command("TRAC:CLE")
    def _clear_buffer(self) -> None:
        self.empty_buffer()

    @command("TRAC:POIN")
    def _size_buffer(self, points: int) -> None:
        """Another size empties the buffer (assumed)."""
        self.set_value("TRAC:POIN", points)
        self.empty_buffer()

    @command("TRAC:FEED:CONT")
    def _set_feed_control(self, control: str) -> None:
        """NEXT stores from the first place on."""
        self.set_value("TRAC:FEED:CONT", control)
        if control == "NEXT":
            self.empty_buffer()
            self.storing_begins()

    @command("CALC2:IMM")
    def _compute(self) -> None:
        self.compute_statistic()

    @query("CALC2:IMM")
    def _ask_computed(self) -> str:
        self.compute_statistic()
        return self.statistic_text()

    @query("CALC2:DATA")
    def _ask_statistic(self) -> str:
        return self.statistic_text()
