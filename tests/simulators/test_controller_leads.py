"""Resistors at a controller's bridges."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.controller_leads import OpenConnectors, ResistorBridges, limited


@given(
    current=st.floats(1e-12, 1.0),
    power=st.floats(1e-12, 20.0),
    voltage=st.floats(1e-9, 10.0),
    resistance=st.floats(1e-3, 1e9),
)
def test_no_limit_is_exceeded_and_one_is_reached(
    current: float, power: float, voltage: float, resistance: float
) -> None:
    flows = limited(current, power, voltage, resistance)
    assert 0.0 <= flows <= current
    assert flows**2 * resistance <= power * (1 + 1e-9)
    assert flows * resistance <= voltage * (1 + 1e-9)
    if flows < current:
        assert any(
            math.isclose(reached, limit, rel_tol=1e-9)
            for reached, limit in ((flows**2 * resistance, power), (flows * resistance, voltage))
        )


def test_nothing_flows_through_an_open_lead() -> None:
    assert limited(1e-3, 1.0, 1.0, math.inf) == 0.0
    bridges = ResistorBridges({2: 100.0})
    bridges.excite(1, 1e-3, 1e-3, 0.1, 7.5)
    assert bridges.current(1) == 0.0
    assert math.isnan(bridges.mean_voltage(1, 0.0, 1.0))
    assert OpenConnectors().load(1) == math.inf


def test_a_steady_voltage_is_in_a_direct_reading_only() -> None:
    bridges = ResistorBridges({1: 100.0}, offset=1e-5)
    bridges.excite(1, 1e-4, 1e-3, 0.1, 7.5)
    assert bridges.mean_voltage(1, 0.0, 1.0) == pytest.approx(0.01)
    bridges.excite(1, 1e-4, 1e-3, 0.1, 0.0)
    assert bridges.mean_voltage(1, 0.0, 1.0) == pytest.approx(0.01001)
