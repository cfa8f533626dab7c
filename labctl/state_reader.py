"""What takes readings of a sample's state: the same for whoever reads, whichever instruments do it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import Any

from labctl.probe import ProbeSettings


class StateReader(ABC):
    """Takes readings with what a station has for it; see `labctl.reversal` and `labctl.smu_reversal`."""

    @property
    @abstractmethod
    def channel(self) -> int:
        """Channel of the voltmeter that is read; 1 where there is one input only."""

    @property
    @abstractmethod
    def voltage_range(self) -> float:
        """Range in V that it is read on."""

    @property
    @abstractmethod
    def settings(self) -> ProbeSettings:
        """How readings are taken; setting it takes effect with the next reading, or with `prepare`."""

    @settings.setter
    @abstractmethod
    def settings(self, settings: ProbeSettings) -> None: ...

    @property
    def compliance(self) -> float | None:
        """V, the most that the source puts on the sample while it drives a current; None where it keeps a voltage."""
        return self.settings.compliance

    @property
    def unfit(self) -> str:
        """Why the check of a sample (`labctl.health`) cannot be read with it; empty where it can."""
        return ""

    @abstractmethod
    def change(self, settings: ProbeSettings) -> None:
        """Read in another way from now on."""

    @abstractmethod
    def prepare(self) -> None:
        """Set the instruments up and switch the source on at zero."""

    @abstractmethod
    def aside(self) -> AbstractContextManager[None]:
        """Let something else drive the source in a `with` block: the output stays on, at zero before and after it."""

    @abstractmethod
    def select(self, channel: int, voltage_range: float) -> None:
        """Read another channel of the voltmeter from now on, on a range in V."""

    @abstractmethod
    def rest(self) -> None:
        """Let no current flow until the next reading; the output stays on."""

    @abstractmethod
    def read(self) -> dict[str, Any]:
        """Take one reading: a row with all of `labctl.reversal.COLUMNS` but field and temperature."""

    @abstractmethod
    def convert(self, sign: int) -> dict[str, Any]:
        """Take one conversion with one polarity; a row in which only the first conversion has values."""
