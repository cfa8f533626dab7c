"""A 6221 and a 2182A with both cables between them, and one resistor that both are connected to."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from instruments.clock import VirtualClock
from simulators.devices.keithley2182a import Keithley2182A
from simulators.devices.keithley6221 import Keithley6221
from simulators.exchange import ScpiDevice
from simulators.links import SerialCable, TriggerCable
from simulators.timeline import Timeline


class Resistor:
    """Linear: voltage = resistance * current + offset + drift * time; what flowed is kept.

    Attributes:
        resistance: ohm.
        offset: V.
        drift: V/s.
        changes: When (lab time in s) which current in A began to flow; None where the source let go.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self.resistance = 1.0
        self.offset = 0.0
        self.drift = 0.0
        self.changes: deque[tuple[float, float | None]] = deque(maxlen=100_000)
        self.apertures: list[tuple[float, float]] = []
        self._limit = math.inf
        self._clamped_at = -math.inf

    # the source's side

    def drive(self, current: float, compliance: float, noise: float = 0.0, settling: float = 0.0) -> None:
        self._look()
        self._limit = compliance
        self.changes.append((self._timeline.now, current))

    def drive_cycle(self, steps: Sequence[tuple[float, float]], compliance: float, noise: float = 0.0) -> None:
        raise NotImplementedError

    def release(self) -> None:
        self._look()
        self.changes.append((self._timeline.now, None))

    def _look(self) -> None:
        if self.in_compliance():
            self._clamped_at = self._timeline.now

    @property
    def current(self) -> float:
        return (self.changes[-1][1] or 0.0) if self.changes else 0.0

    def _flowing(self, wanted: float | None) -> float:
        largest = self._limit / abs(self.resistance) if self.resistance else math.inf
        return max(-largest, min(largest, wanted or 0.0))

    def in_compliance(self) -> bool:
        return abs(self.current * self.resistance) > self._limit

    def clamped_since(self, time: float) -> bool:
        return self.in_compliance() or self._clamped_at > time

    def voltage(self) -> float:
        return self._flowing(self.current) * self.resistance

    # the meter's side

    def mean_voltage(self, channel: int, start: float, end: float) -> float:
        """The levels that flowed between two lab times in s, as far as they are remembered."""
        self.apertures.append((start, end))
        total, finish = 0.0, end
        for time, current in reversed(self.changes):
            if time < finish:
                total += (finish - max(time, start)) * self._flowing(current)
                finish = max(time, start)
            if time <= start:
                break
        middle = 0.5 * (start + end)
        return self.resistance * total / (end - start) + self.offset + self.drift * middle

    def source_resistance(self, channel: int) -> float:
        return abs(self.resistance)


class Pair:
    """Both instruments on one clock."""

    def __init__(
        self, line_frequency: float = 60.0, noise: np.random.Generator | None = None, wired: bool = True,
        source: type[Keithley6221] = Keithley6221, sample: type[Resistor] = Resistor,
    ) -> None:  # fmt: skip
        self.timeline = Timeline(VirtualClock())
        self.clock = self.timeline.clock
        self.sample = sample(self.timeline)
        self.source = source(self.timeline, self.sample, line_frequency=line_frequency)
        self.meter = Keithley2182A(self.timeline, self.sample, noise, line_frequency=line_frequency)
        self.serial = SerialCable(self.source.serial_port, self.meter.serial_port)
        self.link = TriggerCable(self.source, self.meter)
        if not wired:
            self.serial.unplug()
            self.link.unplug()
        self.samples: list[float] = []

    def watch_samples(self) -> list[float]:
        """Have the samples that come back over RS-232 noted."""
        port = self.source.serial_port
        received: Callable[[bytes], None] = port.received

        def note(data: bytes) -> None:
            if data.strip()[1:].replace(b".", b"").replace(b"E-", b"").replace(b"E+", b"").isdigit():
                self.samples.append(float(data))
            received(data)

        port.received = note
        return self.samples

    def wait(self, seconds: float) -> None:
        """Let lab time pass."""
        self.clock.sleep(seconds)
        self.timeline.catch_up()

    def write(self, *messages: str, to: ScpiDevice | None = None) -> None:
        """Send messages, and wait until they are carried out."""
        device = self.source if to is None else to
        for message in messages:
            self.timeline.catch_up()
            device.write(message.encode("latin-1") + b"\n")
            while device.busy() and (following := self.timeline.next_time()) is not None:
                self.clock.sleep_until(following)
                self.timeline.catch_up()

    def ask(self, message: str, to: ScpiDevice | None = None) -> str:
        """Return what is answered, without its end; nothing where there is no reply."""
        device = self.source if to is None else to
        self.write(message, to=to)
        reply = device.read().decode("latin-1")
        return reply.removesuffix("\n")

    def errors(self, of: ScpiDevice | None = None) -> list[int]:
        """Take the errors out of the queue, oldest first."""
        device = self.source if of is None else of
        return list(iter(device.status.errors.pop, 0))

    def run_until_done(self, longest: float = 1000.0) -> None:
        """Wait until what was initiated is over (bit 1 or 2 of the operation register), at most so many s."""
        end = self.timeline.now + longest
        while self.timeline.now < end:
            following = self.timeline.next_time()
            if following is None or self.source.status.operation.event & 0x06:
                return
            self.clock.sleep_until(following)
            self.timeline.catch_up()

    def buffer(self) -> list[float]:
        """Return the numbers in the buffer."""
        return [float(text) for text in self.ask("TRAC:DATA?").split(",")]


def delta_pair(
    settings: str = "", nplc: float = 1, full: float = 0.1, line_frequency: float = 60.0,
    noise: np.random.Generator | None = None, source: type[Keithley6221] = Keithley6221,
) -> Pair:  # fmt: skip
    """Both instruments, the meter prepared through the relay as the vendor's script does, Delta armed."""
    pair = Pair(line_frequency, noise, source=source)
    pair.sample.resistance = 10.0
    pair.watch_samples()
    prepare(pair, nplc, full)
    pair.write(f":SOUR:DELT:HIGH 1e-3;DEL 1e-3;COUN 5;{settings}", "SOUR:DELT:ARM")
    pair.samples.clear()
    assert pair.ask("SOUR:DELT:ARM?") == "1"
    return pair


def prepare(pair: Pair, nplc: float = 1, full: float = 0.1) -> None:
    """Set the meter up through the relay."""
    pair.write(f'SYST:COMM:SERIAL:SEND ":SENS:VOLT:NPLC {nplc}"')
    pair.write(f'SYST:COMM:SERIAL:SEND ":SENS:VOLT:RANG {full}"')
    pair.wait(0.2)


def run(pair: Pair, longest: float = 1000.0) -> None:
    """Run what is armed to its end."""
    pair.sample.changes.clear()
    pair.sample.apertures.clear()
    pair.source.status.operation.take()
    pair.write("INIT:IMM")
    pair.run_until_done(longest)
