"""A simulated 2182A on a bench of its own, at voltages that a test decides, and somebody who talks to it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from instruments.clock import VirtualClock
from simulators.devices.keithley2182a import Keithley2182A
from simulators.timeline import Timeline


class Terminals:
    """A voltage that may depend on time; every aperture that was looked at."""

    def __init__(self) -> None:
        self.voltage: dict[int, Callable[[float], float]] = {1: lambda _time: 0.0, 2: lambda _time: 0.0}
        self.resistance = 0.0
        self.apertures: list[tuple[int, float, float]] = []

    def mean_voltage(self, channel: int, start: float, end: float) -> float:
        """The voltage in the middle of the aperture, in V."""
        self.apertures.append((channel, start, end))
        return self.voltage[channel](0.5 * (start + end))

    def source_resistance(self, channel: int) -> float:
        """In ohm, of both channels."""
        del channel
        return self.resistance


class Bench:
    """A meter as it is after power-on.

    Args:
        noise: Seed of its noise and offsets; None for an ideal meter.
        line_frequency: Hz.
        calibration: Seed of its calibration errors; None for a perfect calibration.
    """

    def __init__(self, noise: int | None = None, line_frequency: float = 60.0, calibration: int | None = None) -> None:
        self.terminals = Terminals()
        self.clock = VirtualClock()
        self.device = Keithley2182A(
            Timeline(self.clock), self.terminals, None if noise is None else np.random.default_rng(noise),
            line_frequency, calibration=None if calibration is None else np.random.default_rng(calibration),
        )  # fmt: skip

    def put(self, volts: float, channel: int = 1) -> None:
        """Put a constant voltage in V on a channel."""
        self.terminals.voltage[channel] = lambda _time: volts

    def write(self, message: str) -> None:
        """Send a message."""
        self.device.timeline.catch_up()
        self.device.write(message.encode("latin-1") + b"\n")

    def ask(self, message: str, timeout: float = math.inf) -> Any:
        """Send a message and wait for the reply; None where none comes within a time in s."""
        self.write(message)
        end = self.clock.now() + timeout
        while True:
            self.device.timeline.catch_up()
            reply = self.device.read()
            if reply:
                return reply.decode("latin-1").removesuffix("\n")
            ready = self.device.ready_at()
            if ready is None or ready > end:
                return None
            self.clock.sleep_until(ready)

    def number(self, message: str) -> float:
        """Return a reply that is one number."""
        return float(self.ask(message))

    def timed(self, message: str) -> tuple[Any, float]:
        """Return a reply, and how long it took in s."""
        before = self.clock.now()
        reply = self.ask(message)
        return reply, self.clock.now() - before

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.sleep(seconds)
        self.device.timeline.catch_up()

    def errors(self) -> list[int]:
        """Empty the error queue."""
        codes: list[int] = []
        while (code := int(self.ask("SYST:ERR?").split(",")[0])) != 0:
            codes.append(code)
        return codes


def quiet_bench() -> Bench:
    """Return an ideal meter after *RST, no filter, 1 NPLC, on the 10 mV and the 100 mV range."""
    bench = Bench()
    bench.write("*RST;:SENS:VOLT:NPLC 1;DFIL 0;RANG 0.01;:SENS:VOLT:CHAN2:DFIL 0;RANG 0.1;*CLS")
    assert bench.errors() == []
    return bench
