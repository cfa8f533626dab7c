"""Instruments on a bench of their own, with nothing at their terminals, and somebody who talks to them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from instruments.clock import VirtualClock
from simulators.cryostat import SimulatedCryostat
from simulators.devices.keithley2182a import Keithley2182A
from simulators.devices.keithley2400 import Keithley2400
from simulators.devices.keithley6221 import Keithley6221
from simulators.devices.model6000 import Model6000
from simulators.devices.sr830 import Sr830
from simulators.exchange import ScpiDevice
from simulators.machines import PPMS_9T
from simulators.periodic import PeriodicVoltage
from simulators.terminals import Marker
from simulators.timeline import Timeline

_LINE_FREQUENCY = 60.0  # Hz; the manuals' ranges are those of this line


class OpenLeads:
    """Terminals at which nothing is connected."""

    def drive(self, current: float, compliance: float, noise: float = 0.0, settling: float = 0.0) -> None:
        """Drive nothing."""

    def drive_cycle(self, steps: Sequence[tuple[float, float]], compliance: float, noise: float = 0.0) -> None:
        """Drive nothing, again and again."""

    def release(self) -> None:
        """Let go of nothing."""

    def in_compliance(self) -> bool:
        """An open lead takes no current."""
        return False

    def clamped_since(self, time: float) -> bool:
        """Nothing is limited at any moment since a lab time in s."""
        del time
        return False

    def voltage(self) -> float:
        """V between the terminals."""
        return 0.0

    def mean_voltage(self, channel: int, start: float, end: float) -> float:
        """V at a channel of a meter, averaged from `start` to `end` (s)."""
        del channel, start, end
        return 0.0

    def source_resistance(self, channel: int) -> float:
        """Ohm at a channel of a meter: it is shorted, so that there are readings."""
        del channel
        return 0.0


class Load:
    """A kiloohm at a SourceMeter; it does not matter what drives it."""

    def source_voltage(self, voltage: float, limit: float, noise: float = 0.0) -> None:
        """Keep a voltage in V."""

    def source_current(self, current: float, limit: float, noise: float = 0.0) -> None:
        """Drive a current in A."""

    def release(self) -> None:
        """Let go."""

    def sense_remotely(self, remote: bool) -> None:
        """Sense at other terminals."""

    def limited(self) -> bool:
        """Nothing is limited."""
        return False

    def mean_voltage(self, start: float, end: float) -> float:
        """V, averaged from `start` to `end` (s)."""
        del start, end
        return 0.1

    def mean_current(self, start: float, end: float) -> float:
        """A, averaged from `start` to `end` (s)."""
        del start, end
        return 1e-4


class Silence:
    """The inputs of a lock-in at which nothing happens."""

    def heard(self, start: float, end: float, *, single: bool = False) -> PeriodicVoltage | None:
        """There is no wave from `start` to `end` (s)."""
        del start, end, single

    def swings(self) -> bool:
        """Nothing does."""
        return False

    def noise(self, time: float, *, single: bool = False) -> float:
        """V/sqrt(Hz)."""
        del time, single
        return 0.0

    def marker(self) -> Marker | None:
        """There are no pulses."""

    def watch(self, before: Callable[[float], None]) -> None:
        """Nothing changes before which anybody could be called."""


def lockin() -> Sr830:
    """Return a lock-in that nobody has used yet."""
    return Sr830(Timeline(VirtualClock()), Silence(), None)


def sourcemeter() -> Keithley2400:
    """Return a SourceMeter that nobody has used yet."""
    return Keithley2400(Timeline(VirtualClock()), Load(), np.random.default_rng(0), line_frequency=_LINE_FREQUENCY)


def source() -> Keithley6221:
    """Return a current source that nobody has used yet."""
    return Keithley6221(Timeline(VirtualClock()), OpenLeads(), line_frequency=_LINE_FREQUENCY)


def meter() -> Keithley2182A:
    """Return a nanovoltmeter that nobody has used yet."""
    return Keithley2182A(Timeline(VirtualClock()), OpenLeads(), np.random.default_rng(0), _LINE_FREQUENCY)


def controller() -> Model6000:
    """Return a controller in front of a PPMS."""
    timeline = Timeline(VirtualClock())
    cryostat = SimulatedCryostat(timeline, PPMS_9T, np.random.default_rng(0), np.random.default_rng(1))
    return Model6000(timeline, cryostat)


class Talk:
    """A patient client of one SCPI instrument."""

    def __init__(self, device: ScpiDevice) -> None:
        self.device = device

    def send(self, message: str) -> list[int]:
        """Send a message and wait until it is carried out; return the errors that came of it, oldest first.

        What would never end is cleared away.
        """
        device = self.device
        device.status.errors.clear()
        device.timeline.catch_up()
        device.write(message.encode("latin-1") + b"\n")
        while device.busy():
            following = device.timeline.next_time()
            if following is None or following - device.timeline.now > 1000.0:
                device.clear()
                break
            device.timeline.clock.sleep_until(following)
            device.timeline.catch_up()
        return list(iter(device.status.errors.pop, 0))

    def ask(self, message: str) -> str:
        """Return the reply to a query, without its end; nothing where there is none."""
        self.send(message)
        return self.device.read().decode("latin-1").removesuffix("\n")


def plain(header: str) -> str:
    """Return a spelling of a header that can be sent: `[SOURce[1]:]CURRent[:LEVel]` -> `CURRent`."""
    while "[" in header:
        header = re.sub(r"\[[^\[\]]*\]", "", header)
    return re.sub(r"\|[^:]*", "", header)
