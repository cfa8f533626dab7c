"""Messages at random: never an exception, never a hang, and everything that is said follows from what was sent.

The default form sends four hundred messages that hypothesis can shrink and six thousand seeded ones to each instrument;
`--endurance` sends a thousand of the former, and a million.
"""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.clock import VirtualClock
from instruments.tables import keithley2182a, keithley6221
from instruments.tables.table import CommandTable
from simulators.devices.keithley2182a import Keithley2182A
from simulators.devices.keithley6221 import Keithley6221
from simulators.devices.nanovolt_trigger import IDLE
from tests.simulators.faults_at_random import Vandal
from tests.simulators.fuzz_sourcemeter import sourcemeter
from tests.simulators.scpi_fuzz import PER_DEVICE, Client, Watched
from tests.simulators.ways_of_meter import METER_WAYS
from tests.simulators.ways_of_source import SOURCE_WAYS, running

SEEDED = 6_000
ENDURANCE = 1_000_000

SMALL_INPUT = 8192
SMALL_OUTPUT = 60


# ---- the source


class Load:
    """What hangs at the source: a resistor that comes and goes."""

    def __init__(self) -> None:
        self.resistance = 1000.0
        self.current = self.limit = 0.0
        self.driven = False

    def drive(self, current: float, compliance: float, noise: float = 0.0, settling: float = 0.0) -> None:
        assert abs(current) <= 0.10501
        assert 0.1 <= compliance <= 105.0
        assert noise >= 0.0
        assert 0.0 <= settling < 1e-3
        self.current, self.limit, self.driven = current, compliance, True

    def drive_cycle(self, steps: Sequence[tuple[float, float]], compliance: float, noise: float = 0.0) -> None:
        assert all(duration > 0.0 for duration, _ in steps)
        self.drive(max((current for _, current in steps), key=abs), compliance, noise)

    def release(self) -> None:
        self.current, self.driven = 0.0, False

    def in_compliance(self) -> bool:
        return abs(self.current) * self.resistance > self.limit

    def clamped_since(self, time: float) -> bool:
        del time
        return self.in_compliance()

    def voltage(self) -> float:
        return self.current * self.resistance


_OF_THE_SOURCE = ("SOUR:CURR", "SOUR:CURR:RANG", "SOUR:CURR:RANG:AUTO", "SOUR:CURR:COMP", "OUTP", "STAT:MEAS:COND",
                  "STAT:MEAS", "STAT:OPER", "SOUR:SWE:ARM", "SOUR:WAVE:ARM", "SOUR:WAVE:INIT", "INIT", "ABOR", "*TRG",
                  "*OPC", "TRIG:SIGN", "ARM:SIGN")  # fmt: skip


class SmallSource(Keithley6221):
    """One whose buffers are soon full."""

    input_limit = SMALL_INPUT
    output_limit = SMALL_OUTPUT


def source(dice: random.Random) -> Client:
    """A current source and its client."""
    load = Load()
    device = dice.choice((Keithley6221, SmallSource))(Watched(VirtualClock()), load)

    def disturb() -> None:
        load.resistance = dice.choice((0.0, 50.0, 1e3, 1e9))
        device.interlock_closed = dice.random() < 0.7

    def watch() -> None:
        """The output drives what is set, while it is on and not otherwise."""
        assert load.driven == device.flag("OUTP")
        if load.driven and not running(device):
            assert (load.current, load.limit) == (device.number("SOUR:CURR"), device.number("SOUR:CURR:COMP"))

    writer = Vandal(dice, keithley6221.TABLE, favourites=_OF_THE_SOURCE)
    return Client(dice, device, SOURCE_WAYS, writer, disturb, watch)


# ---- the meter


class Input:
    """What lies at the meter's channels; now and then nothing does."""

    def __init__(self) -> None:
        self.volts = 1e-4
        self.resistance = 100.0

    def mean_voltage(self, channel: int, start: float, end: float) -> float:
        assert start < end
        return self.volts * channel

    def source_resistance(self, channel: int) -> float:
        return self.resistance


_OF_THE_METER = ("READ", "FETC", "INIT", "INIT:CONT", "ABOR", "*TRG", "*OPC", "TRIG:SOUR", "TRIG:COUN", "SAMP:COUN",
                 "TRAC:FEED:CONT", "TRAC:POIN", "TRAC:DATA", "SENS:DATA:FRES", "SENS:VOLT:NPLC")  # fmt: skip
_TAME = {"TRIGger:COUNt": 6.0, "SAMPle:COUNt": 12.0, "TRIGger:DELay": 0.3, "TRIGger:TIMer": 0.3}


@functools.cache
def _meter_table(line: float) -> CommandTable:
    """The meter's table with the rows that it has at a line of this frequency."""
    own = {row.header: row for row in keithley2182a.rows_of_the_line(line)}
    return CommandTable("2182A", [own.get(row.header, row) for row in keithley2182a.TABLE], infinity="+9.9e37")


class SmallMeter(Keithley2182A):
    """One whose buffers are soon full."""

    input_limit = SMALL_INPUT
    output_limit = SMALL_OUTPUT


def meter(dice: random.Random) -> Client:
    """A nanovoltmeter and its client."""
    terminals = Input()
    noise = None if dice.random() < 0.5 else np.random.default_rng(dice.randrange(2**32))
    box = dice.choice((Keithley2182A, SmallMeter))
    line = dice.choice((50.0, 60.0))
    device = box(Watched(VirtualClock()), terminals, noise, line)

    def disturb() -> None:
        terminals.volts = dice.choice((0.0, 1e-9, -5e-3, 0.1, 3.0, 200.0, math.nan))
        terminals.resistance = dice.choice((0.0, 1e3, math.inf))
        device.external_trigger()

    def watch() -> None:
        """A meter that is idle measures nothing and says so."""
        idle = bool(device.status.operation.condition & IDLE)
        assert idle != device._initiated

    return Client(dice, device, METER_WAYS, Vandal(dice, _meter_table(line), _TAME, _OF_THE_METER), disturb, watch)


BENCHES = {"6221": source, "2182A": meter, "2400": sourcemeter}


# ---- the tests


def bombard(name: str, seed: int, count: int) -> None:
    """Send messages, with a new device every now and then; whatever fails names the seed that repeats it."""
    for number in range(0, count, PER_DEVICE):
        client = BENCHES[name](random.Random(f"{name} {seed} {number}"))
        try:
            for _ in range(min(PER_DEVICE, count - number)):
                client.step()
        except Exception as error:
            error.add_note(f"{name}, seed {seed}, device {number}; last messages: {client.log[-12:]}")
            raise


@pytest.mark.parametrize("name", BENCHES)
def test_seeded(name: str) -> None:
    bombard(name, 1, SEEDED)


@pytest.mark.endurance
@pytest.mark.parametrize("name", BENCHES)
def test_a_million(name: str) -> None:
    bombard(name, 2, ENDURANCE)


@pytest.mark.parametrize("examples", [40, pytest.param(100, marks=pytest.mark.endurance)])
@pytest.mark.parametrize("name", BENCHES)
def test_shrinkable(name: str, examples: int) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
    )
    @given(st.randoms(use_true_random=False))
    def run(dice: random.Random) -> None:
        client = BENCHES[name](dice)
        for _ in range(10):
            client.step()

    run()


FAULTS: dict[str, tuple[str, Callable[..., object]]] = {
    "last in, first out": (
        "simulators.status.ErrorQueue.pop",
        lambda queue: queue._codes.pop() if queue._codes else 0,
    ),
    "*CLS leaves events": ("simulators.status.Status.clear", lambda status: status.errors.clear()),
    "STATus:PRESet leaves masks": ("simulators.status.Status.preset", lambda status: status.errors.preset()),
    "nobody is interrupted": ("simulators.program_message.Message.expects_reply", lambda _message: False),
    "unterminated is no error": ("simulators.messages.MessageExchange.read_without_talk", lambda _device: None),
    "device clear leaves output": ("simulators.messages.MessageExchange.clear", lambda _device: None),
    "*SAV keeps everything": (
        "simulators.exchange.ScpiDevice._save",
        lambda device, memory: device._saved.update({memory: dict(device.settings)}),
    ),
    "replies to commands": ("simulators.exchange.ScpiDevice._wait", lambda _device: "waited"),
    "a full queue says nothing": (
        "simulators.status.ErrorQueue.push",
        lambda queue, code: queue._codes.append(code) or True if len(queue) < 10 else False,
    ),
    "errors set no bit": ("simulators.status.event_bits", lambda _code: 0),
    "events that are read stay": ("simulators.status.EventRegister.take", lambda register: register.event),
    "what becomes the case is no event": (
        "simulators.status.EventRegister.set",
        lambda register, bits, on=True: setattr(
            register, "condition", register.condition | bits if on else register.condition & ~bits
        ),
    ),
    "registers in decimal only": ("simulators.exchange.ScpiDevice.register_text", lambda _device, value: str(value)),
    "the interlock is ignored": (
        "simulators.devices.keithley6221.Keithley6221._ask_interlock",
        lambda _device: "1",
    ),
    "a fixed range holds anything": (
        "simulators.devices.keithley6221.Keithley6221._set_level",
        lambda device, level: device._put(level),
    ),
    "a mode is armed without a meter": (
        "simulators.devices.keithley6221.Keithley6221._arm_mode",
        lambda _device, *_what, **_more: None,
    ),
    "any trigger will do": ("simulators.devices.keithley6221.Keithley6221.triggered", lambda _device: None),
    "a wave of any height is armed": ("simulators.devices.source_wave._check_peak", lambda _peak, _index: None),
    "lists of any length are armed": (
        "simulators.devices.keithley6221.Keithley6221._delays",
        lambda _device, levels: levels,
    ),
    "a sweep that has begun leaves the level to others": (
        "simulators.devices.keithley6221.Keithley6221._check_free",
        lambda _device: None,
    ),
}


METER_FAULTS: dict[str, tuple[str, Callable[..., object]]] = {
    "completion is claimed": ("simulators.exchange.ScpiDevice._ask_completion", lambda _device: "1"),
    "nobody waits": ("simulators.exchange.ScpiDevice._wait", lambda _device: None),
    "any trigger will do": (
        "simulators.devices.nanovolt_trigger.TriggerModel._external",
        lambda device, _source: device._trigger_now(),
    ),
    "a reading is no event": ("simulators.status.EventRegister.renew", lambda register, bits, among=0: None),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no message at random could bring to light would be no test of it."""
    monkeypatch.setattr(*FAULTS[fault])
    with pytest.raises(AssertionError):
        bombard("6221", 3, 10_000)


@pytest.mark.parametrize("fault", METER_FAULTS)
def test_a_fault_of_the_meter_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*METER_FAULTS[fault])
    with pytest.raises(AssertionError):
        bombard("2182A", 3, 10_000)


SOURCEMETER_FAULTS: dict[str, tuple[str, object]] = {
    "commands do not wait for the end of a run": (
        "simulators.devices.smu_trigger._InTurn.__call__",
        lambda turn, *values: turn._effect(*values),
    ),
    "readings with the output off": (
        "simulators.devices.smu_trigger.NOT_WITH_OUTPUT_OFF",
        -221,
    ),
    "a limit of nothing": ("simulators.devices.smu_source.LEAST_COMPLIANCE", 0.0),
    "more than 22 W": (
        "simulators.devices.smu_source.SourceUnit.check_power",
        lambda _device, _source, _full, _limit: None,
    ),
}


@pytest.mark.parametrize("fault", SOURCEMETER_FAULTS)
def test_a_fault_of_the_sourcemeter_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*SOURCEMETER_FAULTS[fault])
    with pytest.raises(AssertionError):
        bombard("2400", 3, 10_000)
