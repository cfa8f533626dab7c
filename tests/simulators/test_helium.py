"""The helium bath and its level meter."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.helium import CONTINUOUS, HOURLY, OFF, ONCE, HeliumBath, LevelMeter
from simulators.machines import OERSTED, PPMS_9T
from simulators.physics.magnet import FieldApproach, MagnetTrajectory

DATA = PPMS_9T.helium
RATE = PPMS_9T.service.helium_rate


def bath() -> tuple[MagnetTrajectory, HeliumBath]:
    magnet = MagnetTrajectory(PPMS_9T.magnet, 0.0)
    return magnet, HeliumBath(90.0, RATE, DATA, magnet, 0.0)


def go(magnet: MagnetTrajectory, time: float, field: float, *, persistent: bool = False) -> float:
    magnet.command(time, field, 100 * OERSTED, FieldApproach.LINEAR, persistent)
    return magnet.settled_at


def test_a_bath_that_nobody_uses_falls_steadily_to_zero() -> None:
    _, helium = bath()
    assert helium.level(3600.0) == pytest.approx(89.7)
    assert helium.level(1e9) == 0.0


def test_a_driven_field_costs_more_than_a_persistent_one_and_a_ramp_costs_its_way() -> None:
    losses: list[float] = []
    for persistent in (False, True):
        magnet, helium = bath()
        settled = go(magnet, 0.0, 5.0, persistent=persistent)
        begin = settled + 100.0
        losses.append(helium.level(begin) - helium.level(begin + 3600.0))
    driven, persistent = losses
    assert persistent == pytest.approx(0.3)
    assert driven == pytest.approx(0.3 + 5.0 * 0.05)
    magnet, helium = bath()
    settled = go(magnet, 0.0, 5.0)
    way = 5.0 + 2 * PPMS_9T.magnet.overshoot_maximum
    mean = 2.5 * 500.0  # T s of the ramp; the rest is a few seconds at 5 T
    lost = 90.0 - helium.level(settled) - RATE * settled
    assert lost == pytest.approx(DATA.ramp_loss * way + DATA.leads_rate * mean, rel=0.01)


@settings(max_examples=40, deadline=None)
@given(marks=st.lists(st.floats(0.0, 3000.0), max_size=6), time=st.floats(0.0, 4000.0))
def test_adding_up_between_changes_nothing(marks: list[float], time: float) -> None:
    levels: list[float] = []
    for extra in ([], sorted(marks)):
        magnet, helium = bath()
        for moment, field, persistent in ((0.0, 1.0, True), (700.0, -2.0, False), (1500.0, 0.5, True)):
            for mark in extra:
                if mark < moment:
                    helium.mark(mark)
            helium.mark(moment)
            go(magnet, moment, field, persistent=persistent)
            extra = [mark for mark in extra if mark >= moment]
        levels.append(helium.level(time))
    assert levels[0] == pytest.approx(levels[1], abs=1e-9)


def test_a_drop_and_a_filling_count_from_their_moment_on() -> None:
    _, helium = bath()
    helium.drop(3600.0, 10.0)
    assert helium.level(3599.0) == pytest.approx(89.7, abs=1e-3)
    assert helium.level(7200.0) == pytest.approx(79.4)
    helium.fill(7200.0, 95.0)
    assert helium.level(10800.0) == pytest.approx(94.7)


def test_a_meter_that_was_never_on_has_an_old_reading() -> None:
    taken, age = LevelMeter(DATA).ask(50.0)
    assert taken < 0
    assert age == 0


def test_one_reading_comes_after_ten_seconds_and_ages() -> None:
    meter = LevelMeter(DATA)
    meter.switch(100.0, ONCE)
    assert meter.ask(109.9)[1] == 0
    assert meter.ask(110.0) == meter.ask(3709.9) == (110.0, 1)
    assert meter.ask(3710.0) == (110.0, 0)


def test_a_continuous_meter_goes_off_a_minute_after_it_was_asked_last() -> None:
    meter = LevelMeter(DATA)
    meter.switch(0.0, CONTINUOUS)
    assert meter.ask(5.0)[1] == 0
    assert meter.ask(10.0) == (10.0, 2)
    assert meter.ask(69.0) == (69.0, 2)
    assert meter.ask(128.9) == (128.9, 2)
    assert meter.ask(188.9) == (188.9, 1)  # went off just now
    assert meter.ask(500.0) == (pytest.approx(188.9), 1)
    meter.switch(600.0, OFF)
    assert meter.ask(700.0) == (pytest.approx(188.9), 1)


def test_an_hourly_meter_reads_every_hour() -> None:
    meter = LevelMeter(DATA)
    meter.switch(0.0, HOURLY)
    assert meter.ask(3609.0) == (10.0, 1)
    assert meter.ask(3610.0) == (3610.0, 1)
    assert meter.ask(36500.0) == (36010.0, 1)
