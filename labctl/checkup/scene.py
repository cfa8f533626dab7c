"""What the doctor looks at: a station with its instruments, as far as they answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from instruments.clock import Clock
from instruments.cryostat import Cryostat
from instruments.driver import Driver
from instruments.keithley2182a import Keithley2182A
from instruments.keithley2400 import Keithley2400
from instruments.keithley6221 import Keithley6221
from instruments.multivu import MultiVu
from labctl.sample import SampleRecord
from labctl.station import Station


@dataclass(frozen=True, slots=True)
class Scene:
    """A station that is looked at.

    Attributes:
        station: Its file.
        sample: The sample that is mounted; None where nobody has said which.
        clock: Where the doctor waits.
        answering: The instruments that answered with the right identity, by role.
        look: Whether only questions may be asked.
        busy: Why nothing may be set, a sentence for each reason; filled once the outputs were looked at.
    """

    station: Station
    sample: SampleRecord | None
    clock: Clock
    answering: Mapping[str, Driver | MultiVu]
    look: bool = False
    busy: list[str] = field(default_factory=list[str])

    @property
    def source(self) -> Keithley6221 | None:
        """The current source, where it is one that can be asked."""
        found = self.answering.get("source")
        return found if isinstance(found, Keithley6221) else None

    @property
    def voltmeter(self) -> Keithley2182A | None:
        """The nanovoltmeter at its own address."""
        found = self.answering.get("voltmeter")
        return found if isinstance(found, Keithley2182A) else None

    @property
    def smu(self) -> Keithley2400 | None:
        """The source-measure unit."""
        found = self.answering.get("smu")
        return found if isinstance(found, Keithley2400) else None

    @property
    def cryostat(self) -> Cryostat | None:
        """The cryostat."""
        found = self.answering.get("cryostat")
        return found if isinstance(found, Cryostat) else None
