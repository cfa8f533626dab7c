"""A simulated 6221 behind the guard, with something in between that hears every byte that the guard lets pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyvisa
from pyvisa.resources import MessageBasedResource

from instruments.clock import VirtualClock
from instruments.guard.library import GuardedLibrary
from instruments.guard.limits import Bound, Limits
from instruments.guard.sentences import Speaker
from instruments.guard.source import SourceGate
from simulators.devices.keithley6221 import Keithley6221
from simulators.timeline import Timeline
from simulators.visa import SimulatedVisaLibrary
from tests.instruments.guard.generous import Bounds, GenerousSource

GPIB, SOCKET = "GPIB0::12::INSTR", "TCPIP0::10.0.0.2::1394::SOCKET"
STEADY, PULSE, VOLTAGE, WIDTH = 450e-6, 22.5e-3, 15.0, 0.1


def limits(**changes: Any) -> Limits:
    """The limits of a station with a sample in it; values can be given in other words."""
    values = {
        "current": STEADY, "pulse_current": PULSE, "voltage": VOLTAGE, "power": 2.0, "pulse_width": WIDTH,
        "pulse_energy": 5e-3, "field": 9.0, "field_rate": 0.019, "slowest_field_rate": 1.05e-3, "temperature": 400.0,
        "lowest_temperature": 1.9, "temperature_rate": 20 / 60, **changes,
    }  # fmt: skip
    bounds = {
        name: None if value is None else Bound(name, value, "station 'bench'", name) for name, value in values.items()
    }
    return Limits(**bounds)  # pyright: ignore[reportArgumentType] - the required ones are there


class Terminals:
    """What the source really drives: the most of it so far, and for how long it was beyond what may last."""

    def __init__(self, timeline: Timeline) -> None:
        self.most = 0.0
        self.highest = 0.0
        self.longest = 0.0
        self._timeline = timeline
        self._since: float | None = None

    def look(self) -> None:
        """Take note of how long a pulse that has not ended lasts already."""
        if self._since is not None:
            self.longest = max(self.longest, self._timeline.now - self._since)

    def drive(self, current: float, compliance: float, noise: float = 0.0, settling: float = 0.0) -> None:
        del noise, settling
        self._drive(abs(current), compliance)

    def drive_cycle(self, steps: Sequence[tuple[float, float]], compliance: float, noise: float = 0.0) -> None:
        del noise
        self._drive(max(abs(current) for _, current in steps), compliance)

    def _drive(self, current: float, compliance: float) -> None:
        self.look()
        if current <= STEADY:
            self._since = None
        elif self._since is None:
            self._since = self._timeline.now
        self.most = max(self.most, current)
        self.highest = max(self.highest, compliance)

    def release(self) -> None:
        """Nothing flows."""
        self.look()
        self._since = None

    def in_compliance(self) -> bool:
        return False

    def clamped_since(self, time: float) -> bool:
        del time
        return False

    def voltage(self) -> float:
        return 0.0


@dataclass
class GuardedBench:
    """One source at two addresses' worth of doors: GPIB, or a socket.

    Attributes:
        device: The simulated source.
        terminals: What it drives.
        generous: What a more generous one would have made of the bytes.
        heard: All bytes that reached it.
        library: The guarded library.
        clock: The lab's.
    """

    device: Keithley6221
    terminals: Terminals
    generous: GenerousSource
    heard: list[bytes]
    library: GuardedLibrary
    clock: VirtualClock
    name: str

    def open(self, name: str | None = None) -> MessageBasedResource:
        manager = pyvisa.ResourceManager(self.library)  # pyright: ignore[reportArgumentType] - annotated str, takes any library
        resource = manager.open_resource(name or self.name, read_termination="\n", write_termination="\n")
        assert isinstance(resource, MessageBasedResource)
        return resource

    def assert_safe(self) -> None:
        """Nothing beyond the limits was heard, and nothing was driven."""
        assert not self.generous.wrong, self.generous.wrong[:3]
        self.terminals.look()
        assert self.terminals.most <= PULSE
        assert self.terminals.longest <= WIDTH * (1.0 + 1e-9)
        assert self.terminals.highest <= VOLTAGE


def bench(name: str = GPIB, *, unseen: bool = False, **changes: Any) -> GuardedBench:
    """Put one up, at a resource name."""
    clock = VirtualClock()
    timeline = Timeline(clock)
    terminals = Terminals(timeline)
    device = Keithley6221(timeline, terminals)
    library = SimulatedVisaLibrary(timeline, {name: device})
    generous, heard, write = GenerousSource(Bounds(STEADY, PULSE, VOLTAGE, WIDTH)), list[bytes](), library.write

    def listening(session: Any, data: bytes) -> Any:
        heard.append(data)
        generous.hear(data, ended=name == GPIB)
        return write(session, data)

    library.write = listening
    gate = SourceGate(Speaker(f"the source at {name}", "source"), limits(**changes), unseen=unseen)
    return GuardedBench(device, terminals, generous, heard, GuardedLibrary(library, {name: gate}), clock, name)
