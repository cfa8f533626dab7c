"""The simulated lab: one clock, one cryostat, one sample, and the instruments that are wired to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np

from instruments.clock import Clock
from instruments.errors import UnknownName
from simulators.beginning import FRESH, Beginning
from simulators.breakout import replugged
from simulators.cables import OPEN, Cables, EmfSettings, Lead
from simulators.contacts import ContactFault
from simulators.controller_leads import Connections
from simulators.cryostat import SimulatedCryostat
from simulators.device import Device
from simulators.devices.keithley2182a import Keithley2182A
from simulators.devices.keithley2400 import Keithley2400
from simulators.devices.keithley6221 import Keithley6221
from simulators.devices.model6000 import Model6000
from simulators.devices.sr830 import Sr830
from simulators.environment import Environment
from simulators.faults import Fault, FaultyWire
from simulators.links import EXTERNAL_TRIGGER, SerialCable, TriggerCable
from simulators.machine_parts import SensorData
from simulators.machines import MACHINES
from simulators.magnetometer import Magnetometer, MagnetometerSettings
from simulators.multivu.faults import FaultyConnection, FaultyServer
from simulators.multivu.inprocess import Wire, connector
from simulators.multivu.server import DEFAULT, MultiVuServer, MultiVuSettings
from simulators.randomness import Streams
from simulators.samples.sample import Sample
from simulators.timeline import Timeline
from simulators.visa import SimulatedVisaLibrary
from simulators.wiring import Wiring

SINCE_LEVEL = 60.0
"""s by which the helium meter was set to measure every hour before a lab begins: labs leave it so (assumed)."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument on the bench.

    Attributes:
        model: What it is: `keithley6221`, `keithley2182a`, `keithley2400`, `sr830`, `ppms6000` or `multivu`.
        resource: Its VISA resource name; of `multivu` host and port.
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
        calibrated: Whether instruments are exact; otherwise each has errors of its own, drawn from its specification.
        sensors: Errors of the cryostat's read-backs.
        happenings: What happens by itself: when (lab time in s since the lab began), and what it does to the lab.
        faults: What goes wrong on the way to an instrument, by role; they start so many s after the lab began.
        contacts: What is wrong with contacts and lines from the beginning; what goes wrong later is a happening.
        magnetometer: What brings the moment of a piece of film to the controller's analogue inputs, if anything does.
        begins: How the cryostat stands in the first moment.
    """

    instruments: Mapping[str, Instrument]
    machine: str
    cables: Cables
    leads: Mapping[str, Lead]
    sample: Callable[[Environment, Streams, float], Sample]
    line_frequency: float = 50.0
    emf: EmfSettings = field(default_factory=EmfSettings)
    calibrated: bool = True
    sensors: SensorData = field(default_factory=SensorData)
    happenings: Sequence[tuple[float, Callable[[Lab], None]]] = ()
    faults: Mapping[str, Sequence[Fault]] = field(default_factory=dict[str, Sequence[Fault]])
    contacts: Sequence[ContactFault] = ()
    magnetometer: MagnetometerSettings | None = None
    begins: Beginning = FRESH


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

    Attributes:
        devices: The instruments by role.
    """

    def __init__(self, bench: Bench, clock: Clock, *, seed: int, sample_seed: int = 0, quiet: bool = False) -> None:
        if bench.machine not in MACHINES:
            raise UnknownName(f"no simulated cryostat is called {bench.machine!r}; there are {', '.join(MACHINES)}")
        self.bench = bench
        self.clock = clock
        self.timeline = Timeline(clock)
        self.streams = Streams(seed, sample_seed, quiet=quiet)
        self.cryostat = SimulatedCryostat(
            self.timeline, replace(MACHINES[bench.machine], sensors=bench.sensors),
            self.streams.noise("thermometer reading"), self.streams.noise("field reading"), bench.begins,
        )  # fmt: skip
        self.sample = bench.sample(self.cryostat, self.streams, self.timeline.now)
        emf = EmfSettings(0.0, 0.0, 0.0) if quiet else bench.emf
        self.wiring = Wiring(self.timeline, self.sample, bench.leads, bench.cables, self.streams, emf)
        self.devices = {
            role: self._device(instrument.model)
            for role, instrument in bench.instruments.items()
            if instrument.model != "multivu"  # a program and no box, see multivu_server
        }
        self._link_meter()
        self._let_hum(emf)
        self._let_smu_float()
        if bench.contacts:
            self.wiring.damage(bench.contacts)
        for delay, happen in bench.happenings:
            self.timeline.schedule(self.timeline.now + delay, partial(happen, self))

    def _device(self, model: str) -> Device:
        lines = self.bench.line_frequency
        if model == "keithley6221":
            calibration = self._calibration("current source's calibration")
            source = Keithley6221(self.timeline, self.wiring.source, line_frequency=lines, calibration=calibration)
            self.wiring.source.cable.guard = source.guard
            self.wiring.source_earthed = partial(source.flag, "OUTP:LTE")
            self.wiring.lockin.pulsed = source.phase_marker
            return source
        if model == "keithley2182a":
            noise, calibration = self.streams.noise("voltmeter"), self._calibration("voltmeter's calibration")
            return Keithley2182A(self.timeline, self.wiring.meter, noise, lines, calibration=calibration)
        if model == "keithley2400":
            noise, calibration = self.streams.noise("smu"), self._calibration("smu's calibration")
            return Keithley2400(self.timeline, self.wiring.smu, noise, calibration, lines)
        if model == "sr830":
            return Sr830(
                self.timeline, self.wiring.lockin, None if self.streams.quiet else self.streams.noise("lock-in")
            )
        if model == "ppms6000":
            controller = Model6000(self.timeline, self.cryostat, connections=self._bridged())
            controller.measure_level_hourly(self.timeline.now - SINCE_LEVEL)
            return controller
        raise UnknownName(
            f"there is no simulated {model!r}; there are keithley6221, keithley2182a, keithley2400, sr830 and ppms6000"
        )

    def _bridged(self) -> Connections:
        """What is connected to a controller: the bridges that have cables, a magnetometer, and nothing else."""
        plain = Connections()
        settings = self.bench.magnetometer
        connected = plain if settings is None else replace(plain, connectors=self._magnetometer(settings))
        if not self.bench.cables.bridges:
            return connected
        return replace(connected, bridges=self.wiring.bridges, noise=self.streams.noise("resistance bridges"))

    def _magnetometer(self, settings: MagnetometerSettings) -> Magnetometer:
        def moment(start: float, end: float) -> float:
            self.wiring.circuit.catch_up()
            return self.sample.moment(start, end, settings.area) + settings.background * self.cryostat.field(
                0.5 * (start + end)
            )

        return Magnetometer(self.timeline, moment, settings, self.streams, quiet=self.streams.quiet)

    def damage(self) -> float:
        """Return what currents and voltages have done to the sample until now, from 0 (fresh) to 1 (destroyed).

        It is the truth, which no instrument says; `sample.broken` is the lab time in s at which it broke, if it did.
        """
        self.timeline.catch_up()
        self.wiring.circuit.catch_up()
        self.sample.advance(self.timeline.now)
        return self.sample.damage

    def plug(self, ends: Mapping[str, str]) -> None:
        """Plug cables in elsewhere; see `simulators.breakout.replugged`.

        Raises:
            UnknownName: There is no such end, or no such lead.
            UsageError: Two ends of an instrument would be at one lead.
        """
        self.timeline.catch_up()
        self.wiring.plug(replugged(self.bench.cables, self.bench.leads, ends))

    def put_back(self) -> None:
        """Plug all cables in where they were when the lab began."""
        self.timeline.catch_up()
        self.wiring.plug(self.bench.cables)

    @cached_property
    def wires(self) -> dict[str, Device]:
        """The instruments by role as they are reached, with what goes wrong on the way."""
        return {role: self._wire(role, device) for role, device in self.devices.items()}

    def _wire(self, role: str, device: Device) -> Device:
        """Return an instrument as it is reached."""
        faults = self._faults(role)
        return FaultyWire(device, faults, self.streams.noise(f"wire of the {role}")) if faults else device

    def _faults(self, role: str) -> list[Fault]:
        """Return what goes wrong on the way to an instrument, by lab time."""
        began = self.timeline.now
        return [replace(fault, start=began + fault.start) for fault in self.bench.faults.get(role, ())]

    def _calibration(self, name: str) -> np.random.Generator | None:
        """What the errors of an instrument are drawn from: they belong to the box, as disorder does to the sample."""
        return None if self.bench.calibrated else self.streams.disorder(name)

    def _link_meter(self) -> None:
        """Plug in what joins current source and voltmeter directly."""
        source, meter = (self.devices.get(role) for role in ("source", "voltmeter"))
        if isinstance(source, Keithley6221) and isinstance(meter, Keithley2182A):
            if self.bench.cables.serial:
                SerialCable(source.serial_port, meter.serial_port)
            if self.bench.cables.trigger:
                TriggerCable(source, meter)
                source.connected_lines = frozenset({EXTERNAL_TRIGGER})  # of a phase marker a lock-in asks when it comes

    def _let_hum(self, emf: EmfSettings) -> None:
        """Let the voltmeter's leads pick up line hum, and more of it by the ways in which the source is connected."""
        source, meter = (self.devices.get(role) for role in ("source", "voltmeter"))
        if not isinstance(meter, Keithley2182A):
            return
        meter.input.hum = emf.hum
        shielded = self.bench.cables.triax.through
        if (emf.earth_loop or (emf.unshielded and not shielded)) and isinstance(source, Keithley6221):
            meter.input.further_hum = partial(_further_hum, source, emf, shielded)

    def _let_smu_float(self) -> None:
        """Where the current source is on the same leads, open the source-measure unit's relay with the output off.

        As it leaves the factory it would keep 0 V there and take the source's current. It is the unit's saved set-up:
        *RST brings the factory's back, as on the bench.
        """
        smu, cables = self.devices.get("smu"), self.bench.cables
        if isinstance(smu, Keithley2400) and (set(cables.smu) & set(cables.source)) - {OPEN}:
            smu.write(b":OUTP:SMOD HIMP;*SAV 0;:SYST:POS SAV0\n")

    @cached_property
    def visa(self) -> SimulatedVisaLibrary:
        """The in-process door: a VISA library with this lab's instruments."""
        by_name = {self.bench.instruments[role].resource: device for role, device in self.wires.items()}
        return SimulatedVisaLibrary(self.timeline, by_name)

    def multivu_server(self, settings: MultiVuSettings = DEFAULT) -> MultiVuServer:
        """Start MultiVu's server beside the cryostat; a PPMS has one besides its Model 6000."""
        return MultiVuServer(self.timeline, self.cryostat, settings)

    def multivu_connector(self) -> Callable[[str, int], Wire | FaultyConnection]:
        """Return the in-process way to MultiVu's server, with what goes wrong where that is the way to the cryostat."""
        faults = self._faults("cryostat")
        if not faults or "cryostat" in self.devices:
            return connector(self.multivu_server())
        return FaultyServer(self.multivu_server(), faults, self.streams.noise("wire of the cryostat")).connect


def _further_hum(source: Keithley6221, emf: EmfSettings, shielded: bool) -> float:
    """Hum in V rms that the voltmeter's leads pick up besides, as the source's low and inner shield are connected."""
    loop = emf.earth_loop if source.flag("OUTP:LTE") else 0.0
    return loop if shielded or source.guard() is None else loop + emf.unshielded
