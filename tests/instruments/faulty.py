"""Each driver on its simulated instrument, with a wire between them on which a test lets things go wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from instruments.clock import Clock, VirtualClock
from instruments.keithley2182a import Keithley2182A
from instruments.keithley2400 import Keithley2400
from instruments.multivu import MultiVu
from instruments.ppms6000 import Ppms6000
from instruments.sr830 import Sr830
from simulators.cryostat import SimulatedCryostat
from simulators.devices.keithley2182a import Keithley2182A as Simulated2182A
from simulators.devices.keithley2400 import Keithley2400 as Simulated2400
from simulators.devices.model6000 import Model6000
from simulators.devices.sr830 import Sr830 as SimulatedSr830
from simulators.faults import Fault
from simulators.machines import PPMS_9T, VERSALAB
from simulators.multivu.faults import FaultyServer
from simulators.multivu.server import MultiVuServer
from simulators.timeline import Timeline
from simulators.visa import SimulatedVisaLibrary
from tests.instruments.paired import Bench as Pair
from tests.instruments.paired import Overheard
from tests.simulators.devices.lockin_bench import Wave
from tests.simulators.devices.pair_bench import Resistor
from tests.simulators.devices.smu_bench import Resistor as Load

SOCKET = "TCPIP0::10.0.0.2::1394::SOCKET"


@dataclass
class Setup:
    """A driver, the wire to its instrument, and what is true at the instrument whatever the wire says.

    Attributes:
        wire: Anything with `faults`, `heard`, `break_at` and `broke_at`.
        is_safe: Whether no current flows and the output is off, or the field does not move.
        lose_sessions: Closes the connection behind the driver's back.
    """

    driver: Any
    clock: Clock
    wire: Any
    is_safe: Callable[[], bool]
    lose_sessions: Callable[[], None]

    @property
    def said(self) -> int:
        """How many messages the instrument's end of the wire was sent."""
        return len(self.wire.heard)


def _losing(library: SimulatedVisaLibrary) -> Callable[[], None]:
    def lose() -> None:
        for session in library._sessions.values():
            session.lost = True

    return lose


def keithley6221(resource: str = "GPIB0::12::INSTR") -> Setup:
    pair = Pair(resource=resource)
    pair.sample.offset = 1e-6
    source = pair.source
    source.source_compliance = 1.0
    source.source_range = 1e-4
    source.source_current = 1e-5
    source.source_enabled = True
    pair.clock.sleep(1.0)
    return Setup(source, pair.clock, pair.wire, lambda: not pair.output, _losing(pair.library))


def keithley2182a(resource: str = "GPIB0::7::INSTR") -> Setup:
    timeline = Timeline(VirtualClock())
    sample = Resistor(timeline)
    sample.offset = 1.25e-3
    device = Simulated2182A(timeline, sample, None)
    wire = Overheard(device)
    library = SimulatedVisaLibrary(timeline, {resource: wire})
    meter = Keithley2182A(resource, clock=timeline.clock, visa_library=library)
    meter.configure_one_shot(channel=1, nplc=5, voltage_range=0.01)
    timeline.clock.sleep(1.0)
    return Setup(meter, timeline.clock, wire, lambda: True, _losing(library))


def keithley2400(resource: str = "GPIB0::24::INSTR") -> Setup:
    timeline = Timeline(VirtualClock())
    load = Load(timeline)
    wire = Overheard(Simulated2400(timeline, load, None))
    library = SimulatedVisaLibrary(timeline, {resource: wire})
    smu = Keithley2400(resource, clock=timeline.clock, visa_library=library)
    smu.output_off_state = "high impedance"
    smu.source_function = "current"
    smu.voltage_compliance = 1.0
    smu.source_current = 1e-5
    smu.configure_reading(("voltage", "current"), nplc=1)
    smu.source_enabled = True
    timeline.clock.sleep(1.0)
    return Setup(
        smu, timeline.clock, wire, lambda: load.history[-1][1] == "off" or load.history[-1][2] == 0.0, _losing(library)
    )


def sr830(resource: str = "GPIB0::8::INSTR") -> Setup:
    timeline = Timeline(VirtualClock())
    wave = Wave(timeline, 133.7, {1: 1e-3 + 2e-4j, 2: 1e-6j})
    wire = Overheard(SimulatedSr830(timeline, wave, None))
    library = SimulatedVisaLibrary(timeline, {resource: wire})
    lockin = Sr830(resource, clock=timeline.clock, visa_library=library)
    lockin.reference_source, lockin.reference_trigger, lockin.input_config = "external", "falling edge", "A-B"
    lockin.sensitivity, lockin.time_constant, lockin.filter_slope = 2e-3, 0.1, 24
    timeline.clock.sleep(3.0)
    _ = lockin.lia_status
    return Setup(lockin, timeline.clock, wire, lambda: True, _losing(library))


def _still(cryostat: SimulatedCryostat, clock: Clock) -> bool:
    """Whether the field stays where it is."""
    clock.sleep(60.0)  # what is told to hold goes back to where it was read
    before = cryostat.field(clock.now())
    clock.sleep(30.0)
    cryostat.timeline.catch_up()
    return abs(cryostat.field(clock.now()) - before) < 2e-4


def ppms6000(resource: str = "GPIB0::15::INSTR") -> Setup:
    timeline = Timeline(VirtualClock())
    quiet = np.random.default_rng(1), np.random.default_rng(2)
    cryostat = SimulatedCryostat(timeline, PPMS_9T, *quiet)
    wire = Overheard(Model6000(timeline, cryostat))
    library = SimulatedVisaLibrary(timeline, {resource: wire})
    ppms = Ppms6000(resource, timeline.clock, visa_library=library)
    clock = timeline.clock
    return Setup(ppms, clock, wire, lambda: _still(cryostat, clock), _losing(library))


def multivu() -> Setup:
    timeline = Timeline(VirtualClock())
    quiet = np.random.default_rng(1), np.random.default_rng(2)
    cryostat = SimulatedCryostat(timeline, VERSALAB, *quiet)
    wire = OverheardServer(MultiVuServer(timeline, cryostat))
    clock = timeline.clock
    driver = MultiVu("127.0.0.1:27183", clock, connect=wire.connect)
    return Setup(driver, clock, wire, lambda: _still(cryostat, clock), wire.hang_up)


class OverheardServer(FaultyServer):
    """A MultiPyVu server that notes how often it was sent something."""

    def __init__(self, server: MultiVuServer) -> None:
        super().__init__(server, (), np.random.default_rng(0))
        self.heard: list[bytes] = []
        self.broke_at = -1.0
        self._place: tuple[int, Sequence[Fault]] | None = None

    def break_at(self, place: int, *faults: Fault) -> None:
        """Let the faults begin with the message of this number, counted from now."""
        self._place = len(self.heard) + place, faults

    def heal(self) -> None:
        """Let nothing go wrong any more."""
        self.faults, self._place = (), None

    def note(self, data: bytes) -> None:
        if b'"message_type"' in data:  # it only confirms an answer
            return
        if self._place is not None and len(self.heard) >= self._place[0]:
            self.faults, self._place = self._place[1], None
            self.broke_at = self.timeline.now
        self.heard.append(data)


SETUPS: dict[str, Callable[[], Setup]] = {
    "Keithley6221": keithley6221,
    "Keithley2182A": keithley2182a,
    "Keithley2400": keithley2400,
    "Sr830": sr830,
    "Ppms6000": ppms6000,
    "MultiVu": multivu,
}
