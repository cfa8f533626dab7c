"""What may be said to a Model 6000: set points, rates, and outputs whose wires nobody knows."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from instruments.clock import VirtualClock
from instruments.errors import LimitExceeded
from instruments.guard.cryostat import CryostatGate
from instruments.guard.limits import Bound
from instruments.guard.sentences import Speaker
from instruments.ppms6000 import Ppms6000
from labctl.protection import guarded
from labctl.sample import load_sample
from labctl.simulation import build_lab
from labctl.station import load_station
from tests.instruments.guard.guarded import limits

ADDRESS = "GPIB0::15::INSTR"


def gate(*, unseen: bool = False, **changes: Any) -> CryostatGate:
    return CryostatGate(Speaker(f"the cryostat at {ADDRESS}", "cryostat"), limits(**changes), unseen=unseen)


def refusal(messages: list[str], **changes: Any) -> str:
    """Send messages, of which the last is refused; return the sentence."""
    on = gate(**changes)
    for message in messages[:-1]:
        on.judge(message.encode())
    with pytest.raises(LimitExceeded) as caught:
        on.judge(messages[-1].encode())
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "message",
    [
        "FIELD 90000 190 0 1", "field -90000.00,190.04,0,1;", "FIELD 9e4 10.5", "TEMP 400 20 0", "TEMP 1.9 0.01 1\n",
        "GETDAT? 7", "MOVE 30", "CHAMBER 1", "SHUTDOWN", "BEEP 1 1000", "FIELD?", "NOBODY?", "BRIDGE 1 450 1 0 0 15",
        "USERTEMP 0", "SIGOUT 1 10", "DRVOUT 1 0.45 2", "LINK 1 0 0 0", ";;\r\n", "FIELD 1000 100;TEMP 300 10 0;",
    ],
)  # fmt: skip
def test_what_is_within_the_limits_passes(message: str) -> None:
    gate(field_rate=0.0191).judge(message.encode())


@pytest.mark.parametrize(
    ("message", "match"),
    [
        ("FIELD 90001 100 0 1", "the field would be 9.0001 T with 'FIELD 90001 100 0 1', above .*, 9 T;"),
        ("field,-90001,100", "the field would be 9.0001 T"),
        ("FIELD 1e5 100", "the field would be 10 T"),
        ("FIELD 1000 190.1", "the field rate would be 190.1 Oe/s .*above .*, 190 Oe/s;"),
        ("FIELD 1000 10.4", "the field rate would be 10.4 Oe/s .*below .*, 10.5 Oe/s;"),
        ("FIELD 1,000", "the field rate would be 0 Oe/s"),
        ("FIELD 1000 -50", "the field rate would be -50 Oe/s .*below"),
        ("TEMP 400.01 10 0", "the temperature would be 400.01 K .*above .*, 400 K;"),
        ("TEMP 401", "the temperature would be 401 K"),
        ("TEMP 1.8 1 0", "the temperature would be 1.8 K .*below .*, 1.9 K;"),
        ("TEMP 500 10 0", "the temperature would be 500 K"),
        ("TEMP 300 21 0", "the temperature rate would be 21 K/min .*above .*, 20 K/min;"),
        ("GETDAT? 7;FIELD 99999 100", "the field would be 10 T"),
        ("FIELD 5000 100\rTEMP 900 1", "the temperature would be 900 K"),
        ("BRIDGE 1 451 1 0 0 10", "the bridge's excitation would be 451 uA"),
        ("DRVOUT 1 100 2", "the driver's current would be 100 mA"),
        ("DRVOUT 1 0.1 3", "the driver's power limit would be 3 W"),
        ("SIGOUT 1 -16", "the analogue output would be 16 V"),
        ("USERTEMP 23 1.9 1.8 2 1", "--override unseen=cryostat"),
        ("FIELD 1000 nan", "'1000 nan' is nothing that it takes and station 'bench' has a limit of 9 T for it"),
        ("FIELD 1e999999999 1", "is nothing that it takes"),
        ("FIELD 1000 100 0 1 5", "is nothing that it takes"),
        ("FIELD", "it needs a value"),
        ("FIELD5000", "--override unseen=cryostat"),
        ("FIELD=5000", "--override unseen=cryostat"),
        ("DRIVE 5", "the command table does not have it"),
        ("FIELD 50\x0000 100", "no printable ASCII"),
        ("FIELD \xb9000 100", "no printable ASCII"),
    ],
)
def test_what_is_not_is_refused(message: str, match: str) -> None:
    assert re.search(match, refusal([message]))


def test_a_rate_that_is_left_out_is_the_one_before() -> None:
    assert "the field rate has not been set" in refusal(["FIELD 1000"])
    assert "the temperature rate has not been set" in refusal(["FIELD 1000 100", "TEMP 300"])
    on = gate()
    on.judge(b"FIELD 1000 100;TEMP 300 10;")
    on.judge(b"FIELD 2000;TEMP 310;")
    on.forget()
    with pytest.raises(LimitExceeded):
        on.judge(b"FIELD 2000")


def test_a_refused_write_notes_no_rate() -> None:
    on = gate()
    with pytest.raises(LimitExceeded):
        on.judge(b"FIELD 1000 100;FIELD 99999 100")
    with pytest.raises(LimitExceeded, match="has not been set"):
        on.judge(b"FIELD 1000")


def test_set_points_are_rounded_as_the_controller_does() -> None:
    on = gate(field=0.123456)
    on.judge(b"FIELD 1234.56 100")
    assert "the field would be 123.457 mT" in refusal(["FIELD 1234.565 100"], field=0.1234565)
    assert "would be 100.1 Oe/s" in refusal(["FIELD 1000 100.05"], field_rate=0.010005)


def test_a_trigger_is_none_of_its_commands() -> None:
    with pytest.raises(LimitExceeded, match="'a trigger' was not sent"):
        gate().trigger()


def test_a_limit_of_the_sample_counts() -> None:
    on = CryostatGate(Speaker("the cryostat", "cryostat"), limits(temperature=350.0), unseen=False)
    on.judge(b"TEMP 350 1 0")
    with pytest.raises(LimitExceeded):
        on.judge(b"TEMP 350.1 1 0")
    assert Bound("field", 9.0, "x", "field").exact == 9


HEADERS = (
    "FIELD",
    "field",
    "Temp",
    "TEMP",
    "FIELD",
    "TEMP",
    "FIELD?",
    "GETDAT?",
    "MOVE",
    "CHAMBER",
    "FIELDS",
    "USERTEMP",
)


def at_random(rng: random.Random) -> bytes:
    """A write with one or several messages, near the limits and beyond them."""
    messages: list[str] = []
    for _ in range(rng.choice((1, 1, 2, 3))):
        values = [
            rng.choice((9e4, 400.0, 1.9, 190.0, 20.0, 1.0, 0.0)) * rng.choice((1, 1, -1, 1.0001, 0.9999, 1e3, 0.1))
            for _ in range(rng.randint(0, 4))
        ]
        texts = [rng.choice(("{:g}", "{!r}", "{:e}", "{:.2f}")).format(value) for value in values]
        if rng.random() < 0.1:
            texts.append(rng.choice(("nan", "inf", "1e999", "0", "1", "x", "--5", "1_0")))
        messages.append(
            rng.choice(HEADERS) + rng.choice((" ", ",", "\t", "")) + rng.choice((" ", ",", ", ")).join(texts)
        )
    return rng.choice((";", "\n", "\r\n", ";\n")).join(messages).encode() + rng.choice((b"", b";", b"\n"))


def go_at_random(count: int, seed: int) -> None:
    rng = random.Random(seed)
    station, sample = load_station("ppms"), load_sample("cotb2025")
    lab = build_lab(station, sample, VirtualClock(), seed=1, sample_seed=0)
    heard: list[bytes] = []
    write = lab.visa.write

    def listening(session: Any, data: bytes) -> Any:
        heard.append(data)
        return write(session, data)

    lab.visa.write = listening
    library = guarded(lab.visa, station, sample, {}, {"cryostat": ADDRESS})
    ppms = Ppms6000(ADDRESS, clock=lab.clock, visa_library=library)
    connection: Any = ppms.adapter.connection
    refused = 0
    for _ in range(count):
        try:
            connection.write_raw(at_random(rng))
        except LimitExceeded as error:
            refused += 1
            assert "\n" not in str(error)
        field, temperature = lab.cryostat.field_setting, lab.cryostat.temperature_setting
        assert abs(field.field) <= 9.0 * (1 + 1e-12)
        assert field.rate <= 0.019 * (1 + 1e-12)
        assert 1.9 <= temperature.temperature <= 400.0
        assert temperature.rate <= 20 / 60 * (1 + 1e-12)
    for data in heard:
        for header, number in re.findall(r"(?i)\b(FIELD|TEMP)\s*[\s,=]\s*([-+]?[\d.]+(?:e[-+]?\d+)?)", data.decode()):
            assert abs(float(number)) <= (9e4 if header.upper() == "FIELD" else 400.0), data
    assert 0.2 * count < refused < 0.9 * count


def test_no_set_point_beyond_the_limits_reaches_the_cryostat() -> None:
    go_at_random(2000, 5)


@pytest.mark.endurance
def test_no_set_point_beyond_the_limits_reaches_the_cryostat_in_many() -> None:
    go_at_random(50_000, 6)
