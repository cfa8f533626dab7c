"""Whatever a 6221 does not say, or says wrongly or too late, no call hangs, and the output ends up off."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import pyvisa.errors
from pyvisa.constants import StatusCode

from instruments.errors import GarbledReply, InstrumentFault, NoReply
from instruments.keithley6221_pulses import Pulse
from instruments.keithley6221_sweeps import LinearSweep, ListSweep
from instruments.keithley6221_waves import Wave
from simulators.device import Device
from tests.instruments.paired import Bench, Overheard

LONGEST = 75.0
"""s of lab time from the fault to the exception: arming may take 30 s, and each message at rest has its time-out."""

CALLS: dict[str, Callable[[Any], Any]] = {
    "delta": lambda source: source.delta(1e-4, count=5, compliance=1.0),
    "delta_stream": lambda source: list(source.delta_stream(1e-4, count=5, compliance=1.0)),
    "pulse_delta": lambda source: source.pulse_delta(1e-4, width=1e-4, count=3, compliance=1.0),
    "pulse_delta in a sweep": lambda source: source.pulse_delta(
        width=1e-4, sweep=LinearSweep(1e-4, 3e-4, 1e-4, 0.2), compliance=1.0
    ),
    "differential_conductance": lambda source: source.differential_conductance(
        -1e-5, 1e-5, 5e-6, delta=1e-6, compliance=1.0
    ),
    "sweep": lambda source: source.sweep(ListSweep((0.0, 1e-4, 0.0), 0.01), compliance=1.0),
    "pulse": lambda source: source.pulse(1e-3, 0.01, compliance=1.0),
    "short pulse": lambda source: source.pulse(1e-3, 1e-4, compliance=1.0),
    "pulses": lambda source: source.pulses([Pulse(1e-3, 0.01), Pulse(-1e-3, 0.01)], rest=1.0, compliance=1.0),
    "run_wave": lambda source: source.run_wave(Wave("sine", 1e-4, 100.0, duration=0.1), 1.0),
    "stop_wave": lambda source: source.stop_wave(),
}


class Failing(Overheard):
    """An instrument that fails from one message on; it goes on hearing, but for a connection that is gone."""

    def __init__(self, device: Device) -> None:
        super().__init__(device)
        self.fails_at: float = float("inf")
        self.failed_at = -1.0

    @property
    def failing(self) -> bool:
        failing = len(self.heard) > self.fails_at
        if failing and self.failed_at < 0.0:
            self.failed_at = self.timeline.now
        return failing


class Silent(Failing):
    """Nothing more is said."""

    def read(self) -> bytes:
        said = super().read()
        return b"" if self.failing else said

    def ready_at(self) -> float | None:
        return None if self.failing else super().ready_at()

    def owes_reply(self) -> bool:
        return not self.failing and super().owes_reply()


class Stuck(Failing):
    """A data line hangs at one."""

    line = 0x04

    def read(self) -> bytes:
        said = super().read()
        return bytes(byte | self.line for byte in said) if self.failing else said


class StuckLow(Failing):
    """A data line hangs at zero, which leaves the terminator as it is."""

    def read(self) -> bytes:
        said = super().read()
        return bytes(byte & ~0x10 for byte in said) if self.failing else said


class Dropped(Failing):
    """The connection is gone, both ways."""

    def _gone(self) -> None:
        if self.failing:
            raise pyvisa.errors.VisaIOError(StatusCode.error_connection_lost)

    def write(self, data: bytes) -> None:
        super().write(data)
        self._gone()

    def read(self) -> bytes:
        self._gone()
        return super().read()


class Late(Failing):
    """Every reply comes three seconds after it was due, longer than the driver waits."""

    def ready_at(self) -> float | None:
        due = super().ready_at()
        if due is None or not self.failing:
            return due
        self.promised = max(getattr(self, "promised", 0.0), self.told_at + 3.0)
        return max(due, self.promised)

    told_at = 0.0

    def write(self, data: bytes) -> None:
        self.told_at = self.timeline.now
        self.promised = 0.0
        super().write(data)

    def read(self) -> bytes:
        if self.failing and self.timeline.now < self.told_at + 3.0:
            return b""
        return super().read()


FAULTS: dict[type[Failing], tuple[type[Exception], ...]] = {
    Silent: (NoReply,),
    Stuck: (GarbledReply, InstrumentFault),
    StuckLow: (GarbledReply, InstrumentFault),
    Dropped: (NoReply,),
    Late: (NoReply,),
}


def messages(call: Callable[[Any], Any]) -> list[str]:
    bench = Bench()
    call(bench.source)
    return bench.wire.heard


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.__name__)
def test_no_call_hangs_and_the_source_is_told_to_go_off(name: str, kind: type[Failing]):
    said = messages(CALLS[name])
    for place in sorted({round(part * (len(said) - 1)) for part in (0.0, 0.2, 0.4, 0.55, 0.7, 0.8, 0.9, 1.0)}):
        bench = Bench(through=kind)
        bench.sample.offset = 1e-6
        wire = bench.wire
        assert isinstance(wire, Failing)
        wire.fails_at = place
        with pytest.raises(FAULTS[kind]) as caught:
            CALLS[name](bench.source)
        assert bench.clock.now() - wire.failed_at < LONGEST, (place, said[place])
        after = wire.heard[place + 1 :]
        if kind is Dropped:
            assert any(":SOUR:CLE" in message for message in after), "it was not even tried"
        else:
            assert ":SOUR:CLE" in " ".join(after), (place, said[place])
            assert not bench.output, (place, said[place])
        if kind is not Dropped or place < len(said) - 1:
            assert not isinstance(caught.value, AssertionError)


@pytest.mark.parametrize("name", CALLS)
def test_a_call_without_fault_says_the_same_whoever_listens(name: str):
    said = messages(CALLS[name])
    bench = Bench(through=Silent)
    CALLS[name](bench.source)
    assert bench.wire.heard == said
    assert not bench.output


@pytest.mark.parametrize("name", [name for name in CALLS if name != "stop_wave"])
def test_ctrl_c_turns_the_output_off(name: str):
    """At any sleep of the driver, that is wherever it waits."""
    for number in itertools.count():
        bench = Bench()
        clock, left = bench.clock, [number]
        sleep = clock.sleep

        def interrupted(seconds: float, left: list[int] = left, sleep: Callable[[float], None] = sleep) -> None:
            if left[0] == 0 and bench.output:  # noqa: B023 - it is called inside of this pass only
                left[0] = -1
                raise KeyboardInterrupt
            left[0] -= bench.output  # noqa: B023 - as above
            sleep(seconds)

        clock.sleep = interrupted
        try:
            CALLS[name](bench.source)
        except KeyboardInterrupt:
            assert not bench.output
            assert bench.wire.heard[-2:] == [":SOUR:CLE;:SYST:ERR?", ":OUTP?"]
        else:
            assert number > 0
            return
        if number > 20:
            return
