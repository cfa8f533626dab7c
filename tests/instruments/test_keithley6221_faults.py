"""Whatever a 6221 does not say, or says wrongly or too late, no call hangs, and the output ends up off."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from instruments.errors import GarbledReply, InstrumentFault, NoReply
from instruments.keithley6221_pulses import Pulse
from instruments.keithley6221_sweeps import LinearSweep, ListSweep
from instruments.keithley6221_waves import Wave
from simulators.faults import LINES, Fault
from tests.instruments.paired import Bench

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


FAULTS: dict[str, tuple[Fault, tuple[type[Exception], ...]]] = {
    "silent": (Fault("silent"), (NoReply,)),
    "stuck high": (Fault("stuck high", line=2), (GarbledReply, InstrumentFault)),
    "stuck low": (Fault("stuck low", line=4), (GarbledReply, InstrumentFault)),  # leaves the terminator as it is
    "dropped": (Fault("dropped"), (NoReply,)),
    "late": (Fault("late", seconds=35.0), (NoReply,)),  # longer than arming may take
}


def messages(call: Callable[[Any], Any]) -> list[str]:
    bench = Bench()
    call(bench.source)
    return bench.wire.heard


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("kind", FAULTS)
def test_no_call_hangs_and_the_source_is_told_to_go_off(name: str, kind: str):
    said = messages(CALLS[name])
    fault, expected = FAULTS[kind]
    for place in sorted({round(part * (len(said) - 1)) for part in (0.0, 0.2, 0.4, 0.55, 0.7, 0.8, 0.9, 1.0)}):
        bench = Bench()
        bench.sample.offset = 1e-6
        wire = bench.wire
        wire.break_at(place, fault)
        with pytest.raises(expected):
            CALLS[name](bench.source)
        assert bench.clock.now() - wire.broke_at < LONGEST, (place, said[place])
        after = wire.heard[place + 1 :]
        assert ":SOUR:CLE" in " ".join(after), (place, said[place])
        if kind != "dropped":
            assert not bench.output, (place, said[place])


@pytest.mark.parametrize("name", CALLS)
def test_a_call_without_fault_says_the_same_whoever_listens(name: str):
    said = messages(CALLS[name])
    bench = Bench()
    bench.wire.faults = [Fault("silent", share=0.0)]
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
            assert bench.wire.heard[-2:] == [":SOUR:CLE;*ESR?;:SYST:ERR?", ":OUTP?"]
        else:
            assert number > 0
            return
        if number > 20:
            return


LEVELS: dict[str, Callable[[Any], Any]] = {
    "current": lambda source: setattr(source, "source_current", 2e-5),
    "change_current": lambda source: source.change_current(2e-5),
    "ramp_current": lambda source: source.ramp_current(3e-5, 1e-3),
    "range": lambda source: setattr(source, "source_range", 1e-3),
}


@pytest.mark.parametrize("name", [*LEVELS, *[pytest.param(name, marks=pytest.mark.endurance) for name in CALLS]])
def test_a_line_that_hangs_for_commands_too_lets_no_larger_current_flow(name: str):
    """A level that is another number is not what is feared: its header is damaged as well, and the message refused."""
    call = (LEVELS | CALLS)[name]

    def bench() -> Bench:
        made = Bench()
        made.source.source_compliance, made.source.source_range = 1.0, 1e-4
        made.source.source_current, made.source.source_enabled = 1e-5, True
        return made

    sound = bench()
    before = len(sound.wire.heard)
    call(sound.source)
    largest = max(abs(current) for _, current in sound.sample.changes if current is not None)
    count = len(sound.wire.heard) - before
    for kind, line, place in itertools.product(("stuck high", "stuck low"), range(LINES), {0, count // 2, count - 1}):
        one = bench()
        one.wire.break_at(place, Fault(kind, line=line, both_ways=True))
        with suppress(InstrumentFault):
            call(one.source)
        flowed = [current for _, current in one.sample.changes if current is not None]
        assert max(map(abs, flowed)) <= largest * (1.0 + 1e-9), (kind, line, place)
