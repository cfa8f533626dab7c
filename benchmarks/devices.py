"""What a message costs a simulated instrument itself, without a wire, and how fast it delivers Delta readings."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Sequence

from benchmarks.harness import Comparison, main, seconds
from benchmarks.simulated import SOURCE, lab
from instruments.keithley6221 import Keithley6221
from instruments.keithley6221_relay import MeterSettings
from simulators.lab import Lab

COUNT = 1000
"""Messages in one measurement."""

PAUSE = 0.05
"""Lab s after each message, so that what takes time is carried out and does not pile up."""

READINGS = 600
"""Delta readings in one measurement."""

SET_UP = (
    ("source", b":SOUR:CURR:COMP 1;:SOUR:CURR 1e-4;:OUTP ON\n"),
    ("voltmeter", b":SENS:VOLT:NPLC 1;:SENS:VOLT:CHAN1:RANG 0.01\n"),
    ("smu", b":SENS:FUNC 'CURR';:SOUR:VOLT 0.1;:OUTP ON\n"),
)
MESSAGES = (
    ("source", b":SOUR:CURR 1e-4\n"),
    ("source", b":SOUR:CURR 1e-4;:SYST:ERR?\n"),
    ("source", b"*STB?\n"),
    ("source", b":SYST:ERR?\n"),
    ("voltmeter", b":READ?\n"),
    ("voltmeter", b"*STB?\n"),
    ("smu", b":READ?\n"),
    ("smu", b":SOUR:VOLT 0.1\n"),
    ("cryostat", b"GETDAT? 7\n"),
    ("cryostat", b"FIELD?\n"),
)


def exchanged(simulated: Lab, role: str, message: bytes) -> Callable[[], None]:
    """What hands an instrument a message so many times, and takes its answers as soon as they are there."""
    device, timeline, clock = simulated.devices[role], simulated.timeline, simulated.clock

    def run() -> None:
        for _ in range(COUNT):
            timeline.catch_up()
            device.write(message)
            while (ready := device.ready_at()) is not None:
                clock.sleep_until(ready)
                timeline.catch_up()
                device.read()
            clock.sleep(PAUSE)

    return run


def cost(role: str, message: bytes, repeats: int) -> Comparison:
    """Microseconds that one of these messages takes."""
    simulated = lab()
    simulated.timeline.catch_up()
    for other, line in SET_UP:
        simulated.devices[other].write(line)
    simulated.clock.sleep(10.0)
    run = exchanged(simulated, role, message)
    run()
    costs = [seconds(run) * 1e6 / COUNT for _ in range(repeats)]
    name = f"simulated {role}, {message.decode().strip()}"
    return Comparison(name, "us", statistics.median(costs), spread=max(costs) / min(costs))


def delta(repeats: int) -> Sequence[Comparison]:
    """Delta readings per second of lab time and of real time, by the driver's one call, which fetches them too."""
    simulated = lab()
    source = Keithley6221(SOURCE, clock=simulated.clock, visa_library=simulated.visa)
    meter = MeterSettings(nplc=1, voltage_range=0.01)

    def run() -> None:
        assert len(source.delta(1e-4, count=READINGS, compliance=1.0, meter=meter).value) == READINGS

    run()
    began = simulated.clock.now()
    run()
    took = simulated.clock.now() - began
    paces = [READINGS / seconds(run) for _ in range(repeats)]
    return [
        Comparison("Delta readings at 1 NPLC, per s of wall time", "/s", statistics.median(paces),
                   spread=max(paces) / min(paces)),
        Comparison("the same, per s of lab time", "/s", READINGS / took),
    ]  # fmt: skip


def measure(repeats: int) -> Sequence[Comparison]:
    return [*(cost(role, message, repeats) for role, message in MESSAGES), *delta(repeats)]


if __name__ == "__main__":
    sys.exit(main(measure))
