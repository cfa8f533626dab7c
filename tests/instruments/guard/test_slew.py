"""How fast the guard lets a level change: what is driven is held against the rule in its plainest form."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
import pyvisa
from pyvisa.resources import MessageBasedResource

from instruments.clock import VirtualClock
from instruments.errors import LimitExceeded
from instruments.guard.gate import Gate
from instruments.guard.library import GuardedLibrary
from instruments.guard.limits import Bound
from instruments.guard.sentences import Speaker
from instruments.guard.slew import ROOM, Slew
from instruments.guard.source import SourceGate
from instruments.guard.sourcemeter import SourceMeterGate
from simulators.devices.keithley2400 import Keithley2400
from simulators.devices.keithley6221 import Keithley6221
from simulators.timeline import Timeline
from simulators.visa import SimulatedVisaLibrary
from tests.instruments.guard.guarded import Terminals, limits
from tests.simulators.devices.smu_bench import Resistor

SLEW = 0.01  # A/s: 1 mA at once
ALLOWED: dict[str, Any] = {
    "current": 0.1, "pulse_current": 0.1, "voltage": 21.0, "power": None, "pulse_energy": None, "slew": SLEW,
}  # fmt: skip
READY = "*RST;:SOUR:CURR:RANG:AUTO 0;:SOUR:CURR:RANG 0.02;:SOUR:CURR:COMP 1;:OUTP 1"


class Rule:
    """The rule without its bookkeeping: every level that there was, and until when."""

    def __init__(self, slew: float) -> None:
        self.slew, self.room = slew, slew * ROOM
        self.level = 0.0
        self.upwards: list[tuple[float, float]] = []
        """Levels from which the way up is counted, and when they were left."""
        self.downwards: list[tuple[float, float]] = []

    def over(self, level: float, old: float, when: float, now: float) -> float:
        return (level - old - self.slew * (now - when)) / self.room - 1.0

    def excess(self, level: float, now: float) -> float:
        """By how much a step is larger than it may be, in parts of the room; below zero it is smaller."""
        up = max(self.over(level, old, when, now) for old, when in [*self.upwards, (self.level, now)])
        down = max(self.over(-level, -old, when, now) for old, when in [*self.downwards, (self.level, now)])
        return max(up, down)

    def towards_zero(self, level: float) -> bool:
        return min(0.0, self.level) <= level <= max(0.0, self.level)

    def go(self, level: float, now: float) -> None:
        """Levels from which this was too far, on a way to zero, count as being just as far as it may be."""
        self.upwards = [
            (level - self.room, now) if self.over(level, old, when, now) > 0.0 else (old, when)
            for old, when in [*self.upwards, (self.level, now)]
        ]
        self.downwards = [
            (level + self.room, now) if self.over(-level, -old, when, now) > 0.0 else (old, when)
            for old, when in [*self.downwards, (self.level, now)]
        ]
        self.level = level


class Trace(Terminals):
    """What the source drives, with its sign, from when on."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(timeline)
        self.timeline = timeline
        self.levels: list[tuple[float, float]] = [(0.0, 0.0)]

    def drive(self, current: float, compliance: float, noise: float = 0.0, settling: float = 0.0) -> None:
        self.levels.append((self.timeline.now, current))

    def release(self) -> None:
        self.levels.append((self.timeline.now, 0.0))


class Bench:
    """A guarded source on a virtual clock."""

    def __init__(self, **changes: Any) -> None:
        self.clock = VirtualClock()
        timeline = Timeline(self.clock)
        self.trace = Trace(timeline)
        self.device = Keithley6221(timeline, self.trace)
        speaker = Speaker("the source at GPIB0::12::INSTR", "source")
        gate = SourceGate(speaker, limits(**{**ALLOWED, **changes}), clock=self.clock)
        self.wire = opened(timeline, self.device, gate)

    def takes(self, *messages: str) -> None:
        for message in messages:
            self.wire.write(message)

    def refuses(self, message: str, match: str = "allows") -> None:
        before = self.trace.levels[:]
        with pytest.raises(LimitExceeded, match=match):
            self.wire.write(message)
        assert self.trace.levels == before


def opened(timeline: Timeline, device: Any, gate: Gate, name: str = "GPIB0::12::INSTR") -> MessageBasedResource:
    library = GuardedLibrary(SimulatedVisaLibrary(timeline, {name: device}), {name: gate})
    manager = pyvisa.ResourceManager(library)  # pyright: ignore[reportArgumentType] - annotated str, takes any library
    resource = manager.open_resource(name, read_termination="\n", write_termination="\n")
    assert isinstance(resource, MessageBasedResource)
    return resource


def test_a_step_that_is_too_large_is_refused_in_one_sentence() -> None:
    bench = Bench()
    bench.takes(READY)
    with pytest.raises(LimitExceeded) as caught:
        bench.wire.write("SOUR:CURR 5e-3")
    assert str(caught.value) == (
        "the source at GPIB0::12::INSTR: the current would go from 0 A to 5 mA at once with 'SOUR:CURR 5e-3', and the "
        "slew limit of station 'bench', 10 mA/s, allows 1 mA at this moment; nothing was sent: go there in small steps "
        "with ramp_current(current, slew), or set another limit for this run with --override slew=..."
    )
    assert caught.value.exit_code == 4
    bench.takes("SOUR:CURR 1e-3")
    assert bench.trace.levels[-1][1] == 1e-3


def test_many_small_steps_in_no_time_are_a_large_one() -> None:
    bench = Bench()
    bench.takes(READY, *(f":SOUR:CURR {step * 1e-4}" for step in range(1, 11)))
    bench.refuses(":SOUR:CURR 1.1e-3")
    bench.clock.sleep(0.01)
    bench.takes(":SOUR:CURR 1.1e-3")
    bench.refuses(":SOUR:CURR 1.2e-3", match=r"from 1\.1 mA to 1\.2 mA at once .* allows 1\.1 mA")


@pytest.mark.parametrize("current", [1e-4, 4.5e-4, 5e-4])
def test_a_current_is_reversed_as_often_as_one_likes(current: float) -> None:
    bench = Bench()
    bench.takes(READY)
    for number in range(200):
        bench.takes(f":STAT:MEAS:COND?;:SOUR:CURR {current * (-1) ** number:.7e};:SYST:ERR?")
        bench.wire.read()
    assert bench.trace.levels[-1][1] == -current


def test_a_current_beyond_half_the_room_is_not_reversed_in_one_step() -> None:
    bench = Bench()
    bench.takes(READY, "SOUR:CURR 6e-4")
    bench.clock.sleep(10.0)
    bench.refuses("SOUR:CURR -6e-4", match="from 600 uA to -600 uA")
    bench.takes("SOUR:CURR 0")
    bench.refuses("SOUR:CURR -6e-4")
    bench.clock.sleep(0.02)
    bench.takes("SOUR:CURR -6e-4")


def ramped(bench: Bench, target: float, part: float = 1.0) -> None:
    """Go there as our drivers do, in steps 20 ms apart."""
    start = bench.trace.levels[-1][1]
    steps = math.ceil(abs(target - start) / (SLEW * 0.02 * part))
    for step in range(1, steps + 1):
        bench.takes(f"SOUR:CURR {start + (target - start) * step / steps!r}")
        bench.clock.sleep(0.02)


def test_a_ramp_passes_and_a_faster_one_does_not() -> None:
    bench = Bench()
    bench.takes(READY)
    ramped(bench, 5e-3)
    ramped(bench, -5e-3)
    with pytest.raises(LimitExceeded, match="--override slew="):
        ramped(bench, 5e-3, part=1.3)


@pytest.mark.parametrize("ending", ["SOUR:CURR 0", "SOUR:CURR 4e-3;:SOUR:CURR 0", "OUTP 0", "SOUR:CLE", "*RST"])
def test_the_way_to_zero_is_always_open_and_not_back(ending: str) -> None:
    bench = Bench()
    bench.takes(READY)
    ramped(bench, 10e-3)
    bench.takes(ending)
    assert bench.trace.levels[-1][1] == 0.0
    bench.takes("SOUR:CURR:RANG 0.02;:SOUR:CURR:COMP 1", "SOUR:CURR 0", "OUTP 1")
    bench.refuses("SOUR:CURR 1.1e-3")
    bench.refuses("SOUR:CURR -0.5e-3")  # that would be 10.5 mA in no time
    bench.clock.sleep(0.05)
    bench.takes("SOUR:CURR -0.5e-3")


def test_an_output_comes_on_at_a_level_as_if_it_stepped_there() -> None:
    bench = Bench()
    bench.takes("*RST", "SOUR:CURR:COMP 1", "SOUR:CURR 5e-3")  # with the output off a level is only a number
    bench.refuses("OUTP 1", match="from 0 A to 5 mA")
    bench.takes("SOUR:CURR 5e-4", "OUTP 1")
    bench = Bench()
    bench.takes("SOUR:CURR:COMP 1", "SOUR:CURR 5e-3")  # nobody knows where it was, nor whether the output is on
    bench.refuses("OUTP 1", match="from 0 A to 5 mA")


def test_a_level_that_nobody_knows_can_be_taken_to_zero_in_steps() -> None:
    bench = Bench()
    bench.takes(*(f"SOUR:CURR {level * 1e-3}" for level in range(50, -1, -2)))


def test_sweeps_lists_and_pulses_are_not_held_to_it() -> None:
    bench = Bench()
    bench.takes(
        READY, "SOUR:SWE:SPAC LIST;:SOUR:LIST:CURR 0,0.02,0;:SOUR:LIST:DEL 0.01,0.01,0.01;:SOUR:LIST:COMP 1,1,1",
        "SOUR:SWE:COUN 1", "SOUR:SWE:ARM", "INIT",
    )  # fmt: skip
    bench.clock.sleep(1.0)
    bench.wire.query("*OPC?")
    assert max(level for _, level in bench.trace.levels) == 0.02
    bench.takes("SOUR:SWE:ABOR", "SOUR:CURR 0", "SOUR:CURR 1e-4", "SOUR:CURR -1e-4")
    bench.refuses("SOUR:CURR 2e-3")


def test_without_a_limit_it_may_jump() -> None:
    bench = Bench(slew=None)
    bench.takes(READY, "SOUR:CURR 1e-2", "SOUR:CURR -1e-2")


def test_a_write_that_failed_leaves_the_way_to_zero_open(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    bench.takes(READY)
    ramped(bench, 5e-3)
    library: Any = bench.wire.visalib
    send = library._send

    def broken(session: Any, data: bytes) -> Any:
        del session, data
        raise OSError("cable")

    library._send = broken
    with pytest.raises(OSError, match="cable"):
        bench.wire.write("SOUR:CURR 4.9e-3")
    library._send = send
    bench.takes(*(f"SOUR:CURR {level * 1e-3}" for level in (4.5, 3.0, 1.0, 0.0)))
    bench.takes("OUTP 0", "SOUR:CURR 5e-3")
    bench.refuses("SOUR:CURR:COMP 1;:OUTP 1")


def message(rng: random.Random) -> tuple[str, Sequence[float | str]]:
    """A message in one of several spellings, and what it does: levels, `on`, `off`."""
    level = rng.choice([rng.uniform(-3e-3, 3e-3), rng.uniform(-6e-4, 6e-4), 0.0, rng.uniform(-12e-3, 12e-3)])
    level = round(level, 9)
    spelling = rng.choice([":SOUR:CURR {}", "sour:curr:lev:imm:ampl {}A", ":SOURCE:CURRENT {:.9e};:SYST:ERR?"])
    other = rng.choice([":SOUR:CURR {:.3e};:SOUR:CURR {:.9e}"])
    kinds: list[tuple[str, Sequence[float | str]]] = [
        (spelling.format(level), (level,)),
        (other.format(level / 2, level), (float(f"{level / 2:.3e}"), level)),
        ("OUTP 0", ("off",)),
        ("OUTP 1", ("on",)),
        (":SOUR:CLE", (0.0, "off")),
    ]
    return rng.choices(kinds, [10, 2, 0.6, 2, 0.2])[0]


def expected(rule: Rule, state: tuple[float, bool], does: Sequence[float | str], now: float) -> Any:
    """Whether a message may leave by the rule, None where it is too close to call, and the state after it."""
    rule, (level, on) = copy.deepcopy(rule), state
    for step in does:
        if step == "off":
            on = False
        elif step == "on":
            on = True
        else:
            level = float(step)
        goal = level if on else 0.0
        excess = rule.excess(goal, now)
        if abs(excess) < 1e-6:
            return None, rule, state
        if excess > 0.0 and not rule.towards_zero(goal):
            return False, rule, state
        rule.go(goal, now)
    return True, rule, (level, on)


@pytest.mark.parametrize("seed", range(6))
def test_at_random_the_guard_is_neither_too_generous_nor_too_strict(seed: int) -> None:
    rng, bench, rule = random.Random(seed), Bench(), Rule(SLEW)
    state, told = (0.0, True), {True: 0, False: 0}
    bench.takes(READY)
    for _ in range(250):
        bench.clock.sleep(rng.choice([0.0, 0.0, rng.expovariate(50.0), rng.expovariate(5.0)]))
        text, does = message(rng)
        allowed, after, then = expected(rule, state, does, bench.clock.now())
        if allowed is None:
            continue
        if allowed:
            bench.takes(text)
            rule, state = after, then
            assert bench.trace.levels[-1][1] == pytest.approx(state[0] if state[1] else 0.0, abs=1e-6)
        else:
            bench.refuses(text)
        told[allowed] += 1
    assert min(told.values()) > 20, told
    assert_kept(bench.trace.levels)


def assert_kept(levels: Sequence[tuple[float, float]]) -> None:
    """What was driven: no step away from zero was larger than the rule has it, looked at from that step alone."""
    for (when, before), (now, after) in pairwise(levels):
        assert now >= when
        if not min(0.0, before) <= after <= max(0.0, before):
            assert abs(after - before) <= SLEW * ROOM + 1e-6


@pytest.mark.parametrize("seed", range(12))
def test_at_random_the_bookkeeping_is_the_rule(seed: int) -> None:
    rng, clock, rule = random.Random(seed), VirtualClock(), Rule(1.0)
    slew = Slew(Bound("slew", 1.0, "station 'bench'", "slew"), clock, "the current", "ramp_current")
    path, told = slew.step(None, 0.0, 0.0), {True: 0, False: 0}
    for _ in range(300):
        clock.sleep(rng.choice([0.0, rng.expovariate(30.0), rng.expovariate(3.0)]))
        level = rng.choice([0.0, rng.uniform(-0.06, 0.06), rng.uniform(-0.4, 0.4), rule.level * rng.random()])
        excess = rule.excess(level, clock.now())
        if abs(excess) < 1e-6:
            continue
        allowed = excess < 0.0 or rule.towards_zero(level)
        after = slew.step(path, level, level)
        assert (after is not None) == allowed, (rule.level, level, excess)
        told[allowed] += 1
        if after is not None:
            path = after
            rule.go(level, clock.now())
    assert min(told.values()) > 20


class SmuBench:
    """A guarded SourceMeter on a resistor and a virtual clock."""

    def __init__(self, **changes: Any) -> None:
        self.clock = VirtualClock()
        timeline = Timeline(self.clock)
        self.load = Resistor(timeline)
        held = limits(**{**ALLOWED, "voltage_slew": 0.05, **changes})
        gate = SourceMeterGate(Speaker("the smu", "smu"), held, clock=self.clock)
        self.wire = opened(timeline, Keithley2400(timeline, self.load, None), gate)
        self.takes("*RST", "SENS:CURR:PROT 1e-2", "SENS:VOLT:PROT 2")

    def takes(self, *messages: str) -> None:
        for message in messages:
            self.wire.write(message)

    def refuses(self, message: str, match: str = "allows") -> None:
        before = self.load.history[:]
        with pytest.raises(LimitExceeded, match=match):
            self.wire.write(message)
        assert self.load.history == before


def test_a_voltage_is_held_to_its_own_slew() -> None:
    smu = SmuBench()
    smu.takes("SOUR:FUNC VOLT", "SOUR:VOLT:MODE FIX", "SOUR:VOLT 1e-3", "OUTP 1")
    for number in range(20):  # what a junction is read with
        smu.takes(f"SOUR:VOLT {(-1) ** number * 1e-3}", "INIT")
    smu.refuses("SOUR:VOLT 0.2", match=r"the voltage would go from -1 mV to 200 mV at once .* 50 mV/s, allows 4 mV")
    for step in range(200):
        smu.clock.sleep(0.02)
        smu.takes(f"SOUR:VOLT {step * 1e-3}")
    smu.refuses("SOUR:VOLT 0.206", match="--override voltage_slew=")
    smu.takes("SOUR:VOLT 0", "OUTP 0")
    assert smu.load.history[-1][2] == 0.0


def test_a_current_of_the_2400_is_held_to_the_slew() -> None:
    smu = SmuBench()
    smu.takes("SOUR:FUNC CURR", "SOUR:CURR:MODE FIX", "SOUR:CURR 5e-4", "OUTP 1", "SOUR:CURR -5e-4")
    smu.refuses("SOUR:CURR 6e-4", match="the current would go from -500 uA to 600 uA")
    smu.takes("OUTP 0", "SOUR:CURR 5e-3")
    smu.refuses("OUTP 1")
    smu.refuses("CONF:VOLT")
    smu.takes("SOUR:CURR 0", "OUTP 1")
    smu.takes("SOUR:CURR:TRIG 5e-3")  # which is driven once it is triggered
    smu.refuses("INIT")
    smu.takes("SOUR:CURR 5e-4", "INIT")


def test_the_sweeps_of_a_2400_are_not_held_to_it() -> None:
    smu = SmuBench()
    smu.takes(
        "SOUR:FUNC VOLT", "SOUR:VOLT:STAR 0;STOP 1", "SOUR:SWE:POIN 3", "SOUR:VOLT:MODE SWE", "TRIG:COUN 3", "OUTP 1",
        "INIT",
    )  # fmt: skip
