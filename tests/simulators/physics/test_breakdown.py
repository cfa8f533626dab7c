"""The E model, and a cable that discharges through a barrier."""

from __future__ import annotations

import math

import pytest

from simulators.physics.breakdown import Breakdown

LAW = Breakdown(1.0, 0.033, 30.0)


def test_it_lasts_its_time_at_its_voltage_and_e_times_longer_below() -> None:
    assert LAW.rate(1.0) == pytest.approx(1 / 0.033, rel=1e-9)
    assert LAW.rate(-1.0) == LAW.rate(1.0)
    assert LAW.rate(1.0) / LAW.rate(1.0 - 1 / 30.0) == pytest.approx(math.e, rel=1e-9)
    assert LAW.rate(0.0) == 0.0
    assert LAW.rate(1e4) < math.inf


def test_on_a_ramp_of_1_v_a_second_a_typical_one_breaks_at_its_voltage() -> None:
    steps = 20_000
    damage, voltage = 0.0, 0.0
    while damage < 1.0:
        voltage += 1 / steps
        damage += LAW.rate(voltage) / steps
    assert voltage == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("series", [0.0, 50.0, 1e4])
@pytest.mark.parametrize("voltage", [0.5, -0.5, 1.0, 1.5])
def test_a_discharge_is_what_small_steps_of_time_make_of_it(voltage: float, series: float) -> None:
    def current(v: float) -> float:
        return (v + 10.0 * v**3) / 1e5

    capacitance, damage, across = 1e-9, 0.0, abs(voltage)
    while across + series * current(across) > abs(voltage):
        across *= 1.0 - 1e-4
    while across > 0.02 * abs(voltage):
        slope = (1.0 + 30.0 * across**2) / 1e5
        step = 5e-4 * capacitance * (1.0 + series * slope) * across / current(across)  # falls by 5e-4 of itself
        damage += LAW.rate(across) * step
        across -= 5e-4 * across
    assert LAW.discharge(current, voltage, capacitance, series) == pytest.approx(damage, rel=0.03)


def test_a_large_charge_breaks_and_none_does_nothing() -> None:
    assert LAW.discharge(lambda v: v / 1e5, 10.0, 1e-9, 50.0) > 1e6
    assert LAW.discharge(lambda v: v / 1e5, 0.5, 1e-9, 50.0) < 1e-6
    assert LAW.discharge(lambda v: v / 1e5, 0.0, 1e-9, 50.0) == 0.0
    assert LAW.discharge(lambda v: v / 1e5, 10.0, 0.0, 50.0) == 0.0
