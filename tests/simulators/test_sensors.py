"""Errors of thermometer and field read-back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.clock import VirtualClock
from simulators.cryostat import SimulatedCryostat
from simulators.machine_parts import SensorData
from simulators.machines import OERSTED, PPMS_9T
from simulators.physics.magnet import FieldApproach
from simulators.physics.thermal import TemperatureApproach, TemperatureState
from simulators.sensors import Sensors
from simulators.timeline import Timeline

LINEAR = FieldApproach.LINEAR
FAST = TemperatureApproach.FAST_SETTLE
WRONG = SensorData(offset=2e-3, field_error=1e-3)


def build(data: SensorData) -> tuple[VirtualClock, SimulatedCryostat]:
    clock = VirtualClock()
    machine = replace(PPMS_9T, sensors=data)
    return clock, SimulatedCryostat(Timeline(clock), machine, np.random.default_rng(1), np.random.default_rng(2))


def test_a_machine_is_calibrated_by_default() -> None:
    sensors = Sensors(SensorData(), np.random.default_rng(0))
    assert sensors.exact
    assert sensors.shown(12.345, 9.0) == sensors.true(12.345, 9.0) == 12.345
    assert sensors.wander(1e5) == 0.0


@given(temperature=st.floats(1.8, 400.0), field=st.floats(-9.0, 9.0))
def test_true_is_the_inverse_of_shown(temperature: float, field: float) -> None:
    sensors = Sensors(WRONG, np.random.default_rng(0))
    assert sensors.shown(sensors.true(temperature, field), field) == pytest.approx(temperature, rel=1e-8)


def test_the_error_in_a_field_is_a_tenth_of_a_per_cent_at_ten_kelvin() -> None:
    sensors = Sensors(SensorData(field_error=1e-3), np.random.default_rng(0))
    assert sensors.shown(10.0, 9.0) == sensors.shown(10.0, -9.0) == pytest.approx(10.01)
    assert sensors.shown(100.0, 9.0) == pytest.approx(100.001)
    assert sensors.shown(5.0, 4.5) == pytest.approx(5.0 * (1 + 0.25e-3))


def test_what_is_shown_is_controlled_and_the_sample_has_what_is_true() -> None:
    clock, cryostat = build(SensorData(offset=3e-3))
    cryostat.set_temperature(100.0, 20 / 60, FAST)
    clock.sleep(7200.0)
    assert cryostat.read_temperature() == pytest.approx(100.0, abs=0.1)
    assert cryostat.temperature_state() is TemperatureState.STABLE
    assert cryostat.sample_temperature(clock.now()) == pytest.approx(100.0 / 1.003, abs=1e-6)
    assert cryostat.piece(clock.now()).temperature == pytest.approx(99.7, abs=0.026)


def test_a_stable_block_follows_its_thermometers_error_through_a_field_sweep() -> None:
    clock, cryostat = build(SensorData(field_error=1e-3))
    cryostat.set_temperature(10.0, 20 / 60, FAST)
    clock.sleep(7200.0)
    cryostat.set_field(-9.0, 190 * OERSTED, LINEAR)
    clock.sleep(800.0)
    assert cryostat.sample_temperature(clock.now()) == pytest.approx(10.0 / 1.001, abs=1e-5)
    cryostat.set_field(9.0, 190 * OERSTED, LINEAR)
    shown: list[float] = []
    for _ in range(100):
        clock.sleep(10.0)
        now = clock.now()
        shown.append(cryostat._sensors.shown(cryostat._thermal.block(now), cryostat._magnet.reported(now)))
        assert cryostat.temperature_state() is TemperatureState.STABLE
    assert max(abs(value - 10.0) for value in shown) < 1e-3
    clock.sleep(600.0)
    assert cryostat.sample_temperature(clock.now()) == pytest.approx(10.0 / 1.001, abs=1e-5)


def test_the_wander_is_an_oersted_peak_to_peak_within_hours_and_slow() -> None:
    sensors = Sensors(SensorData(wander=0.4 * OERSTED), np.random.default_rng(3))
    times = np.arange(0.0, 400 * 3600.0, 60.0)
    wander = np.array([sensors.wander(time) for time in times]) / OERSTED
    windows = wander[: 166 * 144].reshape(166, 144)  # 2.4 h each
    assert float(np.mean(np.ptp(windows, axis=1))) == pytest.approx(1.1, abs=0.2)
    assert np.max(np.abs(np.diff(wander))) < 0.15
    assert sensors.wander(5000.0) == sensors.wander(5000.0)


def test_the_read_back_wanders_driven_and_not_persistent() -> None:
    spreads: list[float] = []
    for persistent in (False, True):
        clock, cryostat = build(SensorData(wander=0.4 * OERSTED))
        cryostat.set_field(0.01, 100 * OERSTED, LINEAR, persistent=persistent)
        clock.sleep(200.0)
        fields: list[float] = []
        for _ in range(300):
            clock.sleep(60.0)
            fields.append(cryostat.read_field() / OERSTED)
        spreads.append(float(np.std(fields)))
    assert spreads[0] > 0.2
    assert spreads[1] == pytest.approx(0.05, abs=0.02)
