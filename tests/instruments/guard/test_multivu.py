"""The guard of MultiVu: what leaves, and what is refused with one sentence before a byte does."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from instruments.cryostat import FieldApproach, FieldSetpoint, MagnetMode
from instruments.errors import LimitExceeded
from instruments.guard.limits import Bound, Limits
from instruments.guard.multivu import MultiVuGate
from instruments.guard.sentences import Speaker
from instruments.multivu import MultiVu
from simulators.machines import DYNACOOL_9T
from tests.multivu import Bench

VALUES = {
    "current": 1e-3, "pulse_current": 1e-3, "voltage": 1.0, "power": 1e-4, "field": 2.0, "field_rate": 0.01,
    "slowest_field_rate": 1e-4, "temperature": 350.0, "lowest_temperature": 5.0, "temperature_rate": 10 / 60,
}  # fmt: skip
LIMITS = Limits(**{name: Bound(name, value, "station 'test'", name) for name, value in VALUES.items()})  # pyright: ignore[reportArgumentType] - all that are required are there
BRIDGE = "node: 21  index: 0x6001  sub_index: {:#x}  type: double_t,{}"


def gate(*, unseen: bool = False) -> MultiVuGate:
    return MultiVuGate(Speaker("the cryostat at 127.0.0.1:27183", "cryostat"), LIMITS, unseen=unseen)


@pytest.mark.parametrize(
    ("action", "query"),
    [
        ("START", ""), ("CLOSE", ""), ("TEMP?", ""), ("SDO?", "anything"), ("CHAMBER", "1"), ("POSITION", "10.0,1.0"),
        ("WAITFOR", "0.0,0.0,3"),
        ("FIELD", "20000.00,100.0,0,1"), ("FIELD", "-20000,1.0,2,1"), ("FIELD", "0,1,0,1"),
        ("TEMP", "350.0,10,0"), ("TEMP", "5,10.000,1"),
        ("SDO", BRIDGE.format(3, 1)), ("SDO", BRIDGE.format(5, 1000.0)), ("SDO", BRIDGE.format(6, 1000.0)),
        ("SDO", BRIDGE.format(7, 100.0)), ("SDO", BRIDGE.format(8, 1000.0)),
    ],
)  # fmt: skip
def test_what_may_leave(action: str, query: str):
    gate().judge(action, query)


@pytest.mark.parametrize(
    ("action", "query", "sentence"),
    [
        ("FIELD", "20000.01,100.0,0,1", "the field would be"),
        ("FIELD", "-30000,100.0,0,1", "the field would be"),
        ("FIELD", "1e9,100.0,0,1", "the field would be"),
        ("FIELD", "100,100.1,0,1", "the field rate would be"),
        ("FIELD", "100,-200,0,1", "the field rate would be"),
        ("FIELD", "100,0.9,0,1", "the field rate would be"),
        ("FIELD", "nan,100,0,1", "'nan' is no number"),
        ("FIELD", "100,inf,0,1", "'inf' is no number"),
        ("FIELD", "100,100,0", "it has 3 parameters, and not 4"),
        ("FIELD", "", "it has 1 parameters"),
        ("FIELD", "1" * 100 + ",100,0,1", "is no number"),
        ("TEMP", "350.1,10,0", "the temperature would be"),
        ("TEMP", "4.9,10,0", "the temperature would be"),
        ("TEMP", "-300,10,0", "the temperature would be"),
        ("TEMP", "300,10.1,0", "the temperature rate would be"),
        ("TEMP", "300,-11,0", "the temperature rate would be"),
        ("TEMP", "x,10,0", "'x' is no number"),
        ("SDO", BRIDGE.format(5, 1001.0), "the bridge's current would be"),
        ("SDO", BRIDGE.format(6, -1001.0), "the bridge's current would be"),
        ("SDO", BRIDGE.format(7, 101.0), "the bridge's power limit would be"),
        ("SDO", BRIDGE.format(8, 1001.0), "the bridge's voltage limit would be"),
        ("SDO", BRIDGE.format(6, "much"), "'much' is no number"),
        ("SDO", "node: 3  index: 0x6001  sub_index: 0x1  type: double_t,1.0", "nobody can tell"),
        ("VECTOR_CART", "1,2,3,4,0", "nobody can tell"),
        ("EXIT", "", "nobody can tell"),
        ("field", "1,1,0,1", "nobody can tell"),
    ],
)
def test_what_is_refused(action: str, query: str, sentence: str):
    with pytest.raises(LimitExceeded) as refused:
        gate().judge(action, query)
    text = str(refused.value)
    assert sentence in text
    assert text.startswith("the cryostat at 127.0.0.1:27183: ")
    assert "\n" not in text


def test_what_cannot_be_seen_may_leave_where_that_is_permitted_but_no_limit_falls():
    gate(unseen=True).judge("VECTOR_CART", "1,2,3,4,0")
    gate(unseen=True).judge("SDO", "node: 3  index: 0x6001  sub_index: 0x1  type: double_t,1.0")
    with pytest.raises(LimitExceeded):
        gate(unseen=True).judge("FIELD", "30000,100.0,0,1")


def test_limits_that_are_not_set_refuse_nothing():
    plain = replace(LIMITS, power=None, slowest_field_rate=None)
    open_gate = MultiVuGate(Speaker("the cryostat", "cryostat"), plain)
    open_gate.judge("FIELD", "100,0.001,0,1")
    open_gate.judge("SDO", BRIDGE.format(7, 1000.0))


# ---- in the driver's one function that sends


def guarded() -> tuple[MultiVu, Bench]:
    bench = Bench(DYNACOOL_9T)
    return MultiVu("127.0.0.1", bench.clock, connect=bench.connect, gate=gate()), bench


def test_nothing_of_a_refused_command_leaves():
    driver, bench = guarded()
    for refused in (
        lambda: driver.set_field(2.001, 0.01),
        lambda: driver.set_field(1.0, 0.011),
        lambda: driver.set_temperature(351.0, 0.1),
        lambda: driver.set_temperature(300.0, 11 / 60),
    ):
        with pytest.raises(LimitExceeded, match="nothing was sent"):
            refused()
    assert bench.cryostat.revision == 0
    assert driver.set_field(-2.0, 0.01).field == -2.0


def test_holding_a_noisy_field_at_the_guards_limit_stays_within_it():
    driver, bench = guarded()
    driver.set_field(2.0, 0.01)
    driver.wait_field()
    bench.cryostat.set_field(3.0, 1e-4, bench.cryostat.field_setting.approach)  # somebody else
    bench.clock.sleep(1.7)
    assert 2.0 < driver.reading().field < 2.0002
    held = driver.hold_field()
    assert held.field <= 2.0 or math.isclose(held.field, 2.0)
    assert held == FieldSetpoint(held.field, 1e-4, FieldApproach.LINEAR, MagnetMode.DRIVEN)
