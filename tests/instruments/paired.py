"""The driver of a 6221 on a simulated 6221, with or without a 2182A behind it, and everything that is said noted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from instruments.clock import VirtualClock
from instruments.keithley6221 import Keithley6221
from simulators.device import Device
from simulators.devices.keithley2182a import Keithley2182A
from simulators.devices.keithley6221 import Keithley6221 as Simulated6221
from simulators.faults import Fault, FaultyWire
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


class Overheard(FaultyWire):
    """An instrument and what it is told; faults can be put between it and its client.

    Attributes:
        heard: Messages without their ends.
        broke_at: When (lab s) the faults of `break_at` began; negative before.
    """

    def __init__(self, device: Device) -> None:
        super().__init__(device, (), np.random.default_rng(0))
        self.heard: list[str] = []
        self.broke_at = -1.0
        self._place: tuple[int, Sequence[Fault]] | None = None

    def break_at(self, place: int, *faults: Fault) -> None:
        """Let the faults begin with the message of this number, counted from now."""
        self._place = len(self.heard) + place, faults

    def heal(self) -> None:
        """Let nothing go wrong any more."""
        self.faults, self._place = (), None

    def write(self, data: bytes) -> None:
        if self._place is not None and len(self.heard) >= self._place[0]:
            self.faults, self._place = self._place[1], None
            self.broke_at = self.timeline.now
        self.heard.append(data.decode("ascii").removesuffix("\n"))
        super().write(data)


class Bench:
    """A driver on both instruments, wired together, and a resistor."""

    def __init__(
        self, *, wired: bool = True, noise: np.random.Generator | None = None, line_frequency: float = 50.0,
        simulated: type[Simulated6221] = Simulated6221,
        resource: str = RESOURCE, sample: type[Conductor] = Conductor,
    ) -> None:  # fmt: skip
        timeline = Timeline(VirtualClock())
        self.clock, self.sample = timeline.clock, sample(timeline)
        self.device = simulated(timeline, self.sample, line_frequency=line_frequency)
        self.meter = Keithley2182A(timeline, self.sample, noise, line_frequency=line_frequency)
        if wired:
            self.serial = SerialCable(self.device.serial_port, self.meter.serial_port)
            self.link = TriggerCable(self.device, self.meter)
        self.wire = Overheard(self.device)
        self.library = SimulatedVisaLibrary(timeline, {resource: self.wire})
        self.source: Any = Keithley6221(resource, clock=self.clock, visa_library=self.library)

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
