"""The resistance bridges: ohm's law and the limits, from one limit to the next."""

from __future__ import annotations

import math

import pytest

from simulators.multivu.bridges import Bridges, BusError


def name(bridge: int, what: int, kind: str = "double_t") -> str:
    return f"node: 21  index: {0x6000 + bridge:#x}  sub_index: {what:#x}  type: {kind}"


def test_a_bridge_drives_as_much_as_its_tightest_limit_allows():
    bridges = Bridges({2: 100.0})
    assert bridges.read(name(2, 2)) == 0.0
    bridges.write(name(2, 3, "ushort_t"), "1")
    assert bridges.read(name(2, 3, "ushort_t")) == 1
    for what, value in ((6, "8000.0"), (7, "1000.0"), (8, "4000.0")):
        bridges.write(name(2, what), value)
    power = math.sqrt(1e-3 / 100.0) * 1e6
    assert bridges.read(name(2, 2)) == pytest.approx(power)  # 3162 uA: a milliwatt in 100 ohm
    bridges.write(name(2, 8), "10.0")
    assert bridges.read(name(2, 2)) == pytest.approx(100.0)  # 10 mV over 100 ohm
    bridges.write(name(2, 6), "20.0")
    assert bridges.read(name(2, 2)) == pytest.approx(20.0)
    bridges.write(name(2, 5), "7.5")
    bridges.write(name(2, 4, "ushort_t"), "1")
    assert bridges.read(name(2, 2)) == pytest.approx(7.5)
    assert bridges.read(name(2, 1)) == 100.0


def test_nothing_flows_through_nothing_and_through_a_bridge_that_is_off():
    bridges = Bridges({2: 100.0})
    bridges.write(name(1, 3, "ushort_t"), "1")
    assert bridges.read(name(1, 1)) == bridges.read(name(1, 2)) == Bridges.OPEN
    assert bridges.read(name(2, 1)) == Bridges.OPEN


@pytest.mark.parametrize("text", ["", "node: 21", name(1, 1, "bool_t"), name(1, 1) + "x", "node: 21 index: 0x6001"])
def test_what_names_nothing(text: str):
    with pytest.raises(ValueError, match="names no object"):
        Bridges().read(text)


@pytest.mark.parametrize(("bridge", "what"), [(0, 1), (4, 1), (1, 0), (1, 9)])
def test_objects_that_are_not_there(bridge: int, what: int):
    with pytest.raises(BusError, match="object does not exist"):
        Bridges().read(name(bridge, what))


@pytest.mark.parametrize(
    ("what", "value"),
    [(3, "2"), (5, "0.001"), (6, "8001"), (7, "1001"), (8, "0.5"), (8, "nan")],
)
def test_values_out_of_range(what: int, value: str):
    bridges = Bridges()
    before = bridges.read(name(1, what))
    with pytest.raises(BusError, match="range of parameter"):
        bridges.write(name(1, what), value)
    assert bridges.read(name(1, what)) == before
