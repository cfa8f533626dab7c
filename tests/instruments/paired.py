"""The driver of a 6221 on a simulated 6221, with or without a 2182A behind it, and everything that is said noted."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from instruments.clock import VirtualClock
from instruments.keithley6221 import Keithley6221
from simulators.device import Device
from simulators.devices.keithley2182a import Keithley2182A
from simulators.devices.keithley6221 import Keithley6221 as Simulated6221
from simulators.links import SerialCable, TriggerCable
from simulators.timeline import Timeline
from simulators.visa import SimulatedVisaLibrary
from tests.simulators.devices.pair_bench import Resistor

RESOURCE = "GPIB0::12::INSTR"
SOCKET = "TCPIP0::10.0.0.2::1394::SOCKET"


class Conductor(Resistor):
    """A resistor that can be driven with a wave, of which the first period is kept."""

    def drive_cycle(self, steps: Sequence[tuple[float, float]], compliance: float, noise: float = 0.0) -> None:
        largest = max((current for _, current in steps), key=abs)
        self.drive(largest, compliance)
        self.cycle = list(steps)


class Overheard(Device):
    """An instrument and what it is told; a fault can be put between it and its client."""

    def __init__(self, device: Device) -> None:
        super().__init__(device.timeline)
        self.device = device
        self.heard: list[str] = []

    def write(self, data: bytes) -> None:
        self.heard.append(data.decode("ascii").removesuffix("\n"))
        self.device.write(data)

    def read(self) -> bytes:
        return self.device.read()

    def ready_at(self) -> float | None:
        return self.device.ready_at()

    def owes_reply(self) -> bool:
        return self.device.owes_reply()

    def hurry(self) -> None:
        self.device.hurry()

    def clear(self) -> None:
        self.device.clear()

    def power_cycle(self) -> None:
        self.device.power_cycle()

    def interrupted(self) -> None:
        self.device.interrupted()

    def read_without_talk(self) -> None:
        self.device.read_without_talk()


class Bench:
    """A driver on both instruments, wired together, and a resistor."""

    def __init__(
        self, *, wired: bool = True, noise: np.random.Generator | None = None, line_frequency: float = 50.0,
        through: Callable[[Device], Overheard] = Overheard, simulated: type[Simulated6221] = Simulated6221,
        resource: str = RESOURCE,
    ) -> None:  # fmt: skip
        timeline = Timeline(VirtualClock())
        self.clock, self.sample = timeline.clock, Conductor(timeline)
        self.device = simulated(timeline, self.sample, line_frequency=line_frequency)
        self.meter = Keithley2182A(timeline, self.sample, noise, line_frequency=line_frequency)
        if wired:
            self.serial = SerialCable(self.device.serial_port, self.meter.serial_port)
            self.link = TriggerCable(self.device, self.meter)
        self.wire = through(self.device)
        library = SimulatedVisaLibrary(timeline, {resource: self.wire})
        self.source: Any = Keithley6221(resource, clock=self.clock, visa_library=library)

    @property
    def output(self) -> bool:
        return bool(self.sample.changes) and self.sample.changes[-1][1] is not None

    def pieces(self) -> list[tuple[float, float]]:
        """Give what flowed as (current in A, for how long in s), equal neighbours joined."""
        flowed: list[tuple[float, float]] = []
        changes = [*self.sample.changes, (math.inf, None)]
        for (start, current), (end, _) in pairwise(changes):
            if current is None or end <= start:
                continue
            if flowed and flowed[-1][0] == current:
                flowed[-1] = (current, flowed[-1][1] + end - start)
            else:
                flowed.append((current, end - start))
        return flowed
