"""What hangs at a simulated SourceMeter in tests: a resistor behind leads, perhaps with a voltage of its own."""

from __future__ import annotations

import math

import numpy as np

from instruments.clock import VirtualClock
from simulators.devices.keithley2400 import Keithley2400
from simulators.timeline import Timeline


class Resistor:
    """A resistor between four leads; every change of what drives it is remembered.

    Attributes:
        resistance: ohm; infinite where it is open.
        lead: ohm, of each of the two leads that carry the current.
        emf: V, in series with it.
        history: Time in s, what drives (`V`, `I` or `off`), V or A, and the limit.
    """

    def __init__(self, timeline: Timeline, resistance: float = 1000.0, lead: float = 0.0) -> None:
        self.timeline = timeline
        self.resistance = resistance
        self.lead = lead
        self.emf = 0.0
        self.remote = False
        self.noise = 0.0
        self.history: list[tuple[float, str, float, float]] = []
        self.apertures: list[tuple[str, float, float]] = []

    def _drive(self, what: str, value: float, limit: float) -> None:
        assert math.isfinite(value)
        assert limit >= 0.0
        self.history.append((self.timeline.now, what, value, limit))

    def source_voltage(self, voltage: float, limit: float, noise: float = 0.0) -> None:
        self.noise = noise
        self._drive("V", voltage, limit)

    def source_current(self, current: float, limit: float, noise: float = 0.0) -> None:
        self.noise = noise
        self._drive("I", current, limit)

    def release(self) -> None:
        self._drive("off", 0.0, 0.0)

    def sense_remotely(self, remote: bool) -> None:
        self.remote = remote

    def state(self, time: float | None = None) -> tuple[float, float, bool]:
        """Return voltage between the sensing terminals, current, and whether the limit holds."""
        _, what, value, limit = next(
            entry for entry in reversed(self.history) if time is None or entry[0] <= time + 1e-12
        )
        between = self.resistance + (0.0 if self.remote else 2.0 * self.lead)
        if what == "off":
            return math.nan, 0.0, False
        if math.isinf(between):
            return (value, 0.0, False) if what == "V" else (math.copysign(limit, value), 0.0, value != 0.0)
        if what == "V":
            current = (value - self.emf) / between
            limited = abs(current) > limit
            current = math.copysign(limit, current) if limited else current
            return current * between + self.emf, current, limited
        voltage = value * between + self.emf
        limited = abs(voltage) > limit
        voltage = math.copysign(limit, voltage) if limited else voltage
        return voltage, (voltage - self.emf) / between, limited

    def limited(self) -> bool:
        return self.state()[2]

    def mean_voltage(self, start: float, end: float) -> float:
        assert start < end <= self.timeline.now + 1e-9
        self.apertures.append(("V", start, end))
        return self.state(start)[0]

    def mean_current(self, start: float, end: float) -> float:
        assert start < end <= self.timeline.now + 1e-9
        self.apertures.append(("I", start, end))
        return self.state(start)[1]


class Bench:
    """A SourceMeter with a resistor at its terminals, and a patient client."""

    def __init__(
        self,
        resistance: float = 1000.0,
        lead: float = 0.0,
        noise: int | None = None,
        calibration: int | None = None,
        line_frequency: float = 50.0,
    ) -> None:
        self.clock = VirtualClock()
        self.timeline = Timeline(self.clock)
        self.load = Resistor(self.timeline, resistance, lead)
        generators = [None if seed is None else np.random.default_rng(seed) for seed in (noise, calibration)]
        self.device = Keithley2400(self.timeline, self.load, *generators, line_frequency=line_frequency)

    def write(self, message: str) -> None:
        self.timeline.catch_up()
        self.device.write(message.encode("latin-1") + b"\n")

    def ask(self, message: str, patience: float = math.inf) -> str | None:
        """Send a message; return the reply, None where there is none."""
        self.write(message)
        return self.reply(patience)

    def reply(self, patience: float = math.inf) -> str | None:
        """Wait for a reply, or until everything is carried out."""
        end = self.clock.now() + patience
        while True:
            self.timeline.catch_up()
            reply = self.device.read()
            if reply:
                return reply.decode("latin-1").removesuffix("\n")
            ready = self.device.ready_at()
            if ready is None and self.device.busy():
                ready = self.timeline.next_time()
            if ready is None or ready > end:
                return None
            self.clock.sleep_until(ready)

    def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        self.timeline.catch_up()

    def timed(self, message: str) -> tuple[str | None, float]:
        """Return a reply and how long it took, in s."""
        before = self.clock.now()
        return self.ask(message), self.clock.now() - before

    def numbers(self, message: str) -> list[float]:
        """Return a reply's numbers."""
        reply = self.ask(message)
        assert reply is not None, self.errors()
        return [float(item) for item in reply.split(",")]

    def errors(self) -> list[int]:
        """Empty the error queue."""
        return list(iter(self.device.status.errors.pop, 0))
