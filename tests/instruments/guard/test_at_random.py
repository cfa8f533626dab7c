"""The guard under a hundred thousand settings at random: no byte beyond a limit reaches the source.

What reaches it is judged twice, by nothing of the guard's: by what the simulated source drives, and by an instrument
that makes the most of every byte (`tests.instruments.guard.generous`). The default run is a seventh of the long one
(`--endurance`).
"""

from __future__ import annotations

import math
import random
import re
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from pymeasure.instruments.keithley import Keithley6221 as Pymeasure6221

from instruments.errors import LabError, LimitExceeded
from instruments.keithley6221 import Keithley6221
from instruments.tables.keithley6221 import TABLE
from tests.instruments.guard.guarded import GPIB, PULSE, SOCKET, STEADY, VOLTAGE, GuardedBench, bench

QUICK, LONG = 16_000, 112_000

ENERGISING = [row for row in TABLE if row.energises]
FORMS = ("{:g}", "{!r}", "{:.3e}", "{:E}", "+{:g}", " {:g}", "{:.12f}", "{:.400f}")
UNITS = (("A", 0), (" MA", 3), ("UA", 6), ("ua", 6), ("V", 0), ("MAA", -6), ("KA", -3), ("Z", 0), (" mV", 3))
JUNK = (
    "nan", "NaN", "inf", "-INF", "INFinite", "MAX", "MIN", "DEF", "MAXIMUM", "def", "UP", "#HFF", "#B11", "#15hello",
    "0,1", "1e", "", "1e400", "1e-400", "-", "--1", "1 2", "0x10", "1_0", "'5'", '"5"', "ON", "(@1,2)", "1;2", "1e5e5",
    "٣", "½", "1" * 400,
)  # fmt: skip


def about(rng: random.Random, limit: float) -> float:
    """A value around a limit: often exactly there, or next to it."""
    pick = rng.random()
    if pick < 0.15:
        return limit
    if pick < 0.3:
        return limit * (1 + rng.choice((-1, 1)) * 10 ** rng.uniform(-16, -1))
    return rng.choice((-1, 1)) * limit * 10 ** rng.uniform(-4, 2.5)


def number(rng: random.Random, limit: float) -> str:
    """A number as people, programs and accidents write it."""
    if rng.random() < 0.12:
        return rng.choice(JUNK)
    value = about(rng, limit)
    if rng.random() < 0.2:
        unit, power = rng.choice(UNITS)
        return f"{value * 10.0**power:g}{unit}"
    return rng.choice(FORMS).format(value)


def spelled(rng: random.Random, header: str) -> str:
    """A header of the table in one of its forms, and sometimes in one that it does not have."""
    text = header.replace("[1]", rng.choice(("", "1")))
    while "[" in text:
        text = re.sub(r"\[([^\[\]]*)\]", lambda found: found[1] if rng.random() < 0.5 else "", text, count=1)
    nodes = [node.split("|")[0] for node in text.strip(":").split(":")]
    short = rng.random() < 0.6
    typed = [
        "".join(letter for letter in node if not letter.islower()) if short and re.search("[A-Z*]", node) else node
        for node in nodes
    ]
    typed = [rng.choice((str.upper, str.lower, str))(node) for node in typed]
    if rng.random() < 0.04:
        typed[-1] = typed[-1][: rng.randint(1, 6)]
    if rng.random() < 0.02:
        typed[-1] += rng.choice("123")
    return rng.choice(("", ":", ":", "::" if rng.random() < 0.02 else ":")) + ":".join(typed)


def limit_of(header: str) -> float:
    if "COMP" in header:
        return VOLTAGE
    return PULSE if "WAVE" in header or "LIST" in header or "PDELta" in header else STEADY


OTHERS = (
    "*RST", "*CLS", "*RCL 1", "SYST:PRES", "SYST:KEY 3", "SYST:POS SAV1", "SOUR:CLE", "SOUR:SWE:ABOR",
    "SOUR:WAVE:ABOR", "OUTP 0", "OUTP 1", "OUTP ON", "INIT", "*TRG", "SOUR:SWE:SPAC LIST", "SOUR:SWE:SPAC LIN",
    "SOUR:CURR:RANG 0.1", "SOUR:CURR:RANG 2e-5", "SOUR:CURR:RANG:AUTO 0", "SOUR:CURR:RANG:AUTO 1",
    "SOUR:WAVE:DUR:CYCL 1", "SOUR:WAVE:DUR:TIME 0.05", "SOUR:WAVE:DUR:TIME INF", "SOUR:WAVE:FREQ 100",
    "SOUR:WAVE:FREQ 1", "SOUR:LIST:DEL 0.01,0.01", "SOUR:LIST:DEL 1,1,1", "*IDN?", "SOUR:CURR?", "SYST:ERR?",
    "FOO:BAR?", "FOO:BAR 3", 'DISP:TEXT:DATA "a;:SOUR:CURR 5"', 'DISP:TEXT:DATA "a', "TRAC:POIN 100",
    'SYST:COMM:SER:SEND "SENS:VOLT:NPLC 1"', "SYST:COMM:SER:SEND 'SOUR:CURR 1'", "SOUR:PDEL:WIDT 1e-3",
    "SOUR:PDEL:SWE 1", "SOUR:WAVE:EXTR 1", "SOUR:DEL 0.1", "ESE 1",
)  # fmt: skip


def unit(rng: random.Random) -> str:
    """One command at random, mostly one that can energise."""
    if rng.random() < 0.35:
        text = rng.choice(OTHERS)
        return text if rng.random() < 0.8 else rng.choice((":", "")) + text.lower()
    row = rng.choice(ENERGISING)
    header = spelled(rng, row.header)
    if not row.parameters:
        return header
    if row.parameters[0].kind == "boolean":
        return f"{header} {rng.choice(('0', '1', 'ON', 'OFF', 'on', '2', 'TRUE'))}"
    count = rng.randint(1, 4) if row.parameters[0].kind == "numbers" else 1
    gap = rng.choice((" ", " ", " ", "\t", "  ", "", "="))
    return header + gap + ",".join(number(rng, limit_of(row.header)) for _ in range(count))


def raw(rng: random.Random) -> bytes:
    """A write as it comes from a script: one or several messages of one or several units, sometimes damaged."""
    units = [unit(rng) for _ in range(rng.choice((1, 1, 1, 2, 2, 3)))]
    text = rng.choice((";", ";:", " ; ", ";;", ";")).join(units)
    data = text.encode("utf-8") + rng.choice((b"\n", b"\n", b"\r\n", b"\n", b""))
    if rng.random() < 0.05:
        place = rng.randrange(len(data) + 1)
        data = data[:place] + rng.choice((b"\r", b"\n", b"\0", b"\xd3", b"\t", b"'", b'"', b";")) + data[place:]
    if rng.random() < 0.1:
        data += raw(rng)
    return data


def check_sentence(error: BaseException) -> None:
    """A refusal is one sentence that says who, what and why."""
    text = str(error)
    assert isinstance(error, LimitExceeded)
    assert "\n" not in text
    assert "\r" not in text
    assert "Traceback" not in text
    assert text.startswith("the source at ")
    assert "sent" in text
    if "with a limit" in text or "above the limit" in text or "rounded" in text:
        assert re.search(r"the limit of station 'bench', [\d.e+-]+ [unm]?[AVWJ]", text), text


def write_at_random(count: int, seed: int, name: str) -> GuardedBench:
    """Write raw messages, whole and in pieces."""
    rng = random.Random(seed)
    on = bench(name)
    session = on.open()
    refused = 0
    for done in range(count):
        if done % 500 == 0:  # begin again from a state that nobody knows
            on.assert_safe()
            on = bench(name)
            session = on.open()
        data = raw(rng)
        pieces = [data]
        if name == SOCKET and rng.random() < 0.3 and len(data) > 1:
            cut = rng.randrange(1, len(data))
            pieces = [data[:cut], data[cut:]]
        for piece in pieces:
            before = len(on.heard)
            try:
                session.write_raw(piece)
            except LimitExceeded as error:
                refused += 1
                check_sentence(error)
                assert len(on.heard) == before
        while on.device.ready_at() is not None and on.device.read():
            pass
    on.assert_safe()
    assert 0.2 * count < refused < 0.95 * count
    return on


VALUES = (
    math.nan, math.inf, -math.inf, "nan", "inf", "0.1", "1 mA", "", None, True, [1e-3], 1 + 1j, Decimal("0.0001"),
    "1e-4\n:SOUR:CURR 1", "1e-4;:SOUR:CURR 1", 10**400, np.float64("nan"), np.array([1e-4, 1.0]), np.int64(1), b"1",
)  # fmt: skip
SCALARS = (float, np.float64, np.float32, Decimal, str, repr)


def value(rng: random.Random, limit: float) -> Any:
    """What a script may assign to a property."""
    if rng.random() < 0.15:
        return rng.choice(VALUES)
    number = about(rng, limit)
    return number if rng.random() < 0.7 else rng.choice(SCALARS)(number)


def assign_at_random(source: Any, settings: dict[str, float], calls: tuple[str, ...], count: int, seed: int) -> int:
    """Assign to a driver's properties and call its methods; return how often the guard refused."""
    rng = random.Random(seed)
    refused = 0
    for _ in range(count):
        try:
            if rng.random() < 0.8:
                name = rng.choice(tuple(settings))
                setattr(source, name, value(rng, settings[name]))
            else:
                getattr(source, rng.choice(calls))()
        except LimitExceeded as error:
            if str(error).startswith("the source at"):
                refused += 1
                check_sentence(error)
        except (LabError, ValueError, TypeError, AttributeError, IndexError, OverflowError, KeyError):
            continue
    return refused


def our_driver(count: int, seed: int) -> None:
    on = bench()
    source = Keithley6221(GPIB, clock=on.clock, visa_library=on.library)
    settings = {
        "source_current": STEADY, "source_compliance": VOLTAGE, "source_range": STEADY, "source_enabled": 1.0,
        "source_auto_range": 1.0,
    }  # fmt: skip
    refused = assign_at_random(source, settings, ("clear_source", "abort", "shutdown", "clear"), count, seed)
    on.assert_safe()
    assert refused > count / 40
    assert on.terminals.most > 0.9 * STEADY  # so that what is within the limits did get through


class Bare(Pymeasure6221):
    """pymeasure's own class; waiting for error queues after each command is not what is looked at here."""

    def check_errors(self) -> list[Any]:
        return []


def pymeasures_class(count: int, seed: int) -> None:
    on = bench()
    source = Bare(GPIB, visa_library=on.library)
    settings = {
        "source_current": STEADY, "source_compliance": VOLTAGE, "source_range": STEADY, "source_auto_range": 1.0,
        "source_enabled": 1.0, "delta_high_source": STEADY, "delta_low_source": STEADY, "waveform_amplitude": STEADY,
        "waveform_offset": STEADY, "waveform_frequency": 100.0, "waveform_duration_cycles": 1.0,
        "waveform_duration_time": 0.1,
    }  # fmt: skip
    calls = (
        "enable_source", "disable_source", "delta_arm", "delta_start", "delta_abort", "waveform_arm", "waveform_start",
        "waveform_abort", "waveform_duration_set_infinity", "reset", "trigger", "trigger_immediately",
    )  # fmt: skip
    refused = assign_at_random(source, settings, calls, count, seed)
    on.assert_safe()
    assert refused > count / 40


def all_of_it(count: int, seed: int) -> None:
    """Spread a number of settings over all ways in."""
    write_at_random(count * 3 // 8, seed, GPIB)
    write_at_random(count * 2 // 8, seed + 1, SOCKET)
    our_driver(count // 8, seed + 2)
    pymeasures_class(count * 2 // 8, seed + 3)


def test_nothing_beyond_a_limit_reaches_the_source() -> None:
    all_of_it(QUICK, 1)


@pytest.mark.endurance
def test_nothing_beyond_a_limit_reaches_the_source_in_a_hundred_thousand_settings() -> None:
    all_of_it(LONG, 7)
