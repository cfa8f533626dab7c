"""The simulated lab: one clock, one cryostat, one sample, and the instruments that are wired to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from instruments.clock import Clock
from instruments.errors import UnknownName
from simulators.cables import Cables, EmfSettings, Lead
from simulators.cryostat import SimulatedCryostat
from simulators.device import Device
from simulators.devices.keithley2182a import Keithley2182A
from simulators.devices.keithley6221 import Keithley6221
from simulators.devices.model6000 import Model6000
from simulators.environment import Environment
from simulators.machines import MACHINES
from simulators.randomness import Streams
from simulators.samples.sample import Sample
from simulators.timeline import Timeline
from simulators.visa import SimulatedVisaLibrary
from simulators.wiring import Wiring


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument on the bench.

    Attributes:
        model: What it is: `keithley6221`, `keithley2182a` or `ppms6000`.
        resource: Its VISA resource name.
    """

    model: str
    resource: str


@dataclass(frozen=True, slots=True)
class Bench:
    """What stands on the bench, and what is mounted in the cryostat.

    Attributes:
        instruments: The instruments by role.
        machine: Name of the cryostat's model, one of `simulators.machines.MACHINES`.
        cables: What is plugged in where.
        leads: The sample's leads by name.
        sample: Makes the sample, given what surrounds it, the lab's random streams and the lab time in s.
        line_frequency: Hz.
        emf: Size of thermal electromotive forces.
    """

    instruments: Mapping[str, Instrument]
    machine: str
    cables: Cables
    leads: Mapping[str, Lead]
    sample: Callable[[Environment, Streams, float], Sample]
    line_frequency: float = 50.0
    emf: EmfSettings = field(default_factory=EmfSettings)


class Lab:
    """A lab on a clock. The same bench, seeds and dialogue give the same bytes.

    Args:
        bench: What is in it.
        clock: Its time.
        seed: Seed of everything that fluctuates in time.
        sample_seed: Seed of the sample's frozen disorder.
        quiet: Whether nothing fluctuates and no lead has a thermal voltage, so that whoever does the same twice
            measures the same twice; the sample's droplets then reverse at their mean hazard.

    Raises:
        UnknownName: The bench names a machine, instrument or sample model that nobody knows.
    """

    def __init__(self, bench: Bench, clock: Clock, *, seed: int, sample_seed: int = 0, quiet: bool = False) -> None:
        if bench.machine not in MACHINES:
            raise UnknownName(f"no simulated cryostat is called {bench.machine!r}; there are {', '.join(MACHINES)}")
        self.bench = bench
        self.clock = clock
        self.timeline = Timeline(clock)
        self.streams = Streams(seed, sample_seed, quiet=quiet)
        self.cryostat = SimulatedCryostat(
            self.timeline, MACHINES[bench.machine],
            self.streams.noise("thermometer reading"), self.streams.noise("field reading"),
        )  # fmt: skip
        self.sample = bench.sample(self.cryostat, self.streams, self.timeline.now)
        emf = EmfSettings(0.0, 0.0, 0.0) if quiet else bench.emf
        self.wiring = Wiring(self.timeline, self.sample, bench.leads, bench.cables, self.streams, emf)
        self.devices = {role: self._device(instrument.model) for role, instrument in bench.instruments.items()}

    def _device(self, model: str) -> Device:
        if model == "keithley6221":
            return Keithley6221(self.timeline, self.wiring.source, line_frequency=self.bench.line_frequency)
        if model == "keithley2182a":
            noise = self.streams.noise("voltmeter")
            return Keithley2182A(self.timeline, self.wiring.meter, noise, line_frequency=self.bench.line_frequency)
        if model == "ppms6000":
            return Model6000(self.timeline, self.cryostat)
        raise UnknownName(f"there is no simulated {model!r}; there are keithley6221, keithley2182a and ppms6000")

    @cached_property
    def visa(self) -> SimulatedVisaLibrary:
        """The in-process door: a VISA library with this lab's instruments."""
        by_name = {self.bench.instruments[role].resource: device for role, device in self.devices.items()}
        return SimulatedVisaLibrary(self.timeline, by_name)
