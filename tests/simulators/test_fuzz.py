"""Messages at random: never an exception, never a hang, and everything that is said follows from what was sent.

The default form sends a thousand messages that hypothesis can shrink and thirty thousand seeded ones to each
instrument; `--endurance` sends a million.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.clock import VirtualClock
from instruments.tables import keithley2182a, keithley6221
from instruments.tables.table import CommandTable, Value
from simulators.devices.keithley2182a import Keithley2182A
from simulators.devices.keithley6221 import RESOLUTION_DIVISORS, Keithley6221
from simulators.devices.nanovolt_trigger import IDLE
from simulators.exchange import ScpiDevice
from tests.simulators.faults_at_random import Vandal
from tests.simulators.scpi_fuzz import PER_DEVICE, Client, Watched
from tests.simulators.scpi_model import Ways

SEEDED = 30_000
ENDURANCE = 1_000_000

SMALL_INPUT = 8192
SMALL_OUTPUT = 60


def _headers(table: CommandTable, *short: str) -> frozenset[str]:
    return frozenset(table[header].header for header in short)


def _changes(table: CommandTable, links: dict[str, str], resetting: str) -> dict[str, frozenset[str]]:
    """Which other settings a command changes; those that reset change everything that has a reset value."""
    reset = frozenset(row.header for row in table if row.reset is not None)
    changes = {table[header].header: _headers(table, *others.split()) for header, others in links.items()}
    return changes | dict.fromkeys(_headers(table, *resetting.split()), reset)


# ---- the source


class Load:
    """What hangs at the source: a resistor that comes and goes."""

    def __init__(self) -> None:
        self.resistance = 1000.0
        self.current = self.limit = 0.0
        self.driven = False

    def drive(self, current: float, compliance: float, noise: float = 0.0) -> None:
        assert abs(current) <= 0.10501
        assert 0.1 <= compliance <= 105.0
        assert noise >= 0.0
        self.current, self.limit, self.driven = current, compliance, True

    def release(self) -> None:
        self.current, self.driven = 0.0, False

    def in_compliance(self) -> bool:
        return abs(self.current) * self.resistance > self.limit

    def voltage(self) -> float:
        return self.current * self.resistance


def _source_level(device: ScpiDevice, values: tuple[Value, ...]) -> Value:
    """Rounded to what the range resolves."""
    full = cast("float", device.value("SOUR:CURR:RANG"))
    divisor = RESOLUTION_DIVISORS[keithley6221.RANGES.index(full)]
    return round(cast("float", values[0]) * divisor) / divisor


def _source_range(_device: ScpiDevice, values: tuple[Value, ...]) -> Value:
    wanted = abs(cast("float", values[0]))
    return min((full for full in keithley6221.RANGES if full >= wanted), default=0.1)


def _compliance(_device: ScpiDevice, values: tuple[Value, ...]) -> Value:
    return round(cast("float", values[0]) * 100.0) / 100.0


def _in_order(*order: str) -> Callable[[ScpiDevice, tuple[Value, ...]], Value]:
    """Elements of a reading keep the instrument's own order."""

    def kept(_device: ScpiDevice, values: tuple[Value, ...]) -> Value:
        words = cast("tuple[str, ...]", values[0])
        if "ALL" in words:
            return order
        return tuple(word for word in order if word in words) if "DEF" not in words else ("READ", "TST")

    return kept


_S = keithley6221.TABLE
SOURCE_WAYS = Ways(
    changes=_changes(
        _S,
        {
            "SOUR:CURR": "SOUR:CURR:RANG",
            "SOUR:CURR:RANG": "SOUR:CURR SOUR:CURR:RANG:AUTO",
            "SOUR:CURR:RANG:AUTO": "SOUR:CURR SOUR:CURR:RANG",
            "SOUR:CLE": "SOUR:CURR OUTP",
            "SOUR:DELT:HIGH": "SOUR:DELT:LOW",
            "SOUR:LIST:CURR:APP": "SOUR:LIST:CURR",
            "SOUR:LIST:DEL:APP": "SOUR:LIST:DEL",
            "SOUR:LIST:COMP:APP": "SOUR:LIST:COMP",
            "SOUR:WAVE:ARB:APP": "SOUR:WAVE:ARB:DATA",
        },
        "*RST *RCL SYST:PRES",
    ),
    by_itself=frozenset(),
    kept_as={
        _S["SOUR:CURR"].header: _source_level,
        _S["SOUR:CURR:RANG"].header: _source_range,
        _S["SOUR:CURR:COMP"].header: _compliance,
        _S["FORM:ELEM"].header: _in_order("READ", "TST", "UNIT", "RNUM", "SOUR", "COMP", "AVOL"),
    },
    after_reset=frozenset(),
    restored=_headers(_S, "OUTP"),
)


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
        if load.driven:
            assert (load.current, load.limit) == (device.number("SOUR:CURR"), device.number("SOUR:CURR:COMP"))

    return Client(dice, device, SOURCE_WAYS, Vandal(dice, _S), disturb, watch)


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


_M = keithley2182a.TABLE
_ELEMENTS = _in_order("READ", "CHAN", "UNIT")
_TAME = {"TRIGger:COUNt": 6.0, "SAMPle:COUNt": 12.0, "TRIGger:DELay": 0.3, "TRIGger:TIMer": 0.3}


def _meter_range(limits: tuple[float, ...]) -> Callable[[ScpiDevice, tuple[Value, ...]], Value]:
    def kept(_device: ScpiDevice, values: tuple[Value, ...]) -> Value:
        wanted = cast("float", values[0])
        return min((full for full in limits if 1.2 * full >= wanted), default=limits[-1])

    return kept


def _from_aperture(device: ScpiDevice, values: tuple[Value, ...]) -> Value:
    """An aperture is kept as the number of line cycles that it is."""
    frequency = cast("Keithley2182A", device).line_frequency
    return cast("float", values[0]) * frequency / frequency


METER_WAYS = Ways(
    changes=_changes(
        _M,
        {
            "SENS:VOLT:NPLC": "SENS:VOLT:APER",
            "SENS:VOLT:APER": "SENS:VOLT:NPLC",
            "SENS:TEMP:NPLC": "SENS:TEMP:APER",
            "SENS:TEMP:APER": "SENS:TEMP:NPLC",
            "SENS:VOLT:CHAN1:RANG": "SENS:VOLT:CHAN1:RANG:AUTO",
            "SENS:VOLT:CHAN2:RANG": "SENS:VOLT:CHAN2:RANG:AUTO",
            "TRIG:DEL": "TRIG:DEL:AUTO",
            "SENS:VOLT:CHAN1:REF:ACQ": "SENS:VOLT:CHAN1:REF",
            "SENS:VOLT:CHAN2:REF:ACQ": "SENS:VOLT:CHAN2:REF",
            "SENS:TEMP:CHAN1:REF:ACQ": "SENS:TEMP:CHAN1:REF",
            "SENS:TEMP:CHAN2:REF:ACQ": "SENS:TEMP:CHAN2:REF",
            "CALC:KMAT:PERC:ACQ": "CALC:KMAT:PERC",
        },
        "*RST *RCL SYST:PRES CONF CONF:TEMP MEAS MEAS:TEMP",
    ),
    by_itself=_headers(_M, "SENS:VOLT:CHAN1:RANG", "SENS:VOLT:CHAN2:RANG", "TRAC:FEED:CONT"),
    kept_as={
        _M["SENS:VOLT:CHAN1:RANG"].header: _meter_range(keithley2182a.RANGES[1]),
        _M["SENS:VOLT:CHAN2:RANG"].header: _meter_range(keithley2182a.RANGES[2]),
        _M["SENS:VOLT:APER"].header: _from_aperture,
        _M["SENS:TEMP:APER"].header: _from_aperture,
        _M["FORM:ELEM"].header: _ELEMENTS,
    },
    after_reset=_headers(_M, "SENS:VOLT:CHAN1:RANG", "SENS:VOLT:CHAN2:RANG", "SENS:VOLT:APER", "SENS:TEMP:APER"),
    restored=frozenset(),
)


class SmallMeter(Keithley2182A):
    """One whose buffers are soon full."""

    input_limit = SMALL_INPUT
    output_limit = SMALL_OUTPUT


def meter(dice: random.Random) -> Client:
    """A nanovoltmeter and its client."""
    terminals = Input()
    noise = None if dice.random() < 0.5 else np.random.default_rng(dice.randrange(2**32))
    box = dice.choice((Keithley2182A, SmallMeter))
    device = box(Watched(VirtualClock()), terminals, noise, dice.choice((50.0, 60.0)))

    def disturb() -> None:
        terminals.volts = dice.choice((0.0, 1e-9, -5e-3, 0.1, 3.0, 200.0, math.nan))
        terminals.resistance = dice.choice((0.0, 1e3, math.inf))
        device.external_trigger()

    def watch() -> None:
        """A meter that is idle measures nothing and says so."""
        idle = bool(device.status.operation.condition & IDLE)
        assert idle != device._initiated

    return Client(dice, device, METER_WAYS, Vandal(dice, _M, _TAME), disturb, watch)


BENCHES = {"6221": source, "2182A": meter}


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


@pytest.mark.parametrize("name", BENCHES)
def test_shrinkable(name: str) -> None:
    @settings(
        max_examples=100,
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
    "nobody is interrupted": ("simulators.messages._Message.expects_reply", lambda _message: False),
    "unterminated is no error": ("simulators.messages.MessageExchange.read_without_talk", lambda _device: None),
    "device clear leaves output": ("simulators.messages.MessageExchange.clear", lambda _device: None),
    "*SAV keeps everything": (
        "simulators.exchange.ScpiDevice._save",
        lambda device, memory: device._saved.update({memory: dict(device.settings)}),
    ),
    "replies to commands": ("simulators.exchange.ScpiDevice._wait", lambda _device: "waited"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no message at random could bring to light would be no test of it."""
    monkeypatch.setattr(*FAULTS[fault])
    with pytest.raises(AssertionError):
        bombard("6221", 3, 10_000)
