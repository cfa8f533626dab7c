"""Chamber and rotator: codes, durations, pressures, play and switches."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulators.accessories import (
    ATMOSPHERE,
    Chamber,
    ChamberCommand,
    ChamberState,
    PositionState,
    Rotator,
    RotatorSetting,
)
from simulators.machines import PPMS_9T

SERVICE, PARTS = PPMS_9T.service, PPMS_9T.chamber
C, S = ChamberCommand, ChamberState


def chamber() -> Chamber:
    return Chamber(SERVICE, PARTS)


@pytest.mark.parametrize(
    ("command", "during", "duration", "after"),
    [
        (C.SEAL, S.SEALED, 0.0, S.SEALED),
        (C.PURGE_AND_SEAL, S.PURGING, SERVICE.purge_time, S.PURGED_SEALED),
        (C.VENT_AND_SEAL, S.VENTING, SERVICE.vent_time, S.VENTED_SEALED),
        (C.PUMP_CONTINUOUSLY, S.PUMPING, 0.0, S.PUMPING),
        (C.VENT_CONTINUOUSLY, S.FLOODING, 0.0, S.FLOODING),
        (C.HIGH_VACUUM, S.PUMPING_DOWN, SERVICE.pump_time, S.HIGH_VACUUM),
    ],
)
def test_codes_and_durations(
    command: ChamberCommand, during: ChamberState, duration: float, after: ChamberState
) -> None:
    box = chamber()
    box.command(100.0, 300.0, command)
    assert box.state(100.0) is during
    assert box.state(100.0 + 0.99 * duration) is during
    assert box.state(100.0 + duration) is box.state(1e9) is after
    assert box.until == 100.0 + duration


def test_the_codes_are_those_of_the_status_word() -> None:
    assert [int(state) for state in (S.PURGED_SEALED, S.VENTED_SEALED, S.PURGING, S.VENTING, S.PUMPING_DOWN)] == [
        1, 2, 4, 5, 6,
    ]  # fmt: skip
    assert (S.FLOODING, S.HIGH_VACUUM_ERROR, S.FAILURE) == (9, 14, 15)


def test_pumping_is_exponential_and_venting_straight() -> None:
    box = chamber()
    box.command(0.0, 300.0, C.HIGH_VACUUM)
    begin, end = SERVICE.sealed_pressure, PARTS.vacuum_pressure
    half = box.pressure(SERVICE.pump_time / 2, 300.0)
    assert half == pytest.approx((begin * end) ** 0.5)
    assert box.pressure(SERVICE.pump_time, 300.0) == box.pressure(1e6, 4.0) == end
    box.command(1e6, 300.0, C.VENT_AND_SEAL)
    assert box.pressure(1e6 + SERVICE.vent_time / 4, 300.0) == pytest.approx(ATMOSPHERE / 4, rel=1e-5)
    assert box.pressure(1e6 + SERVICE.vent_time, 300.0) == ATMOSPHERE


def test_a_purge_pumps_out_and_lets_gas_in() -> None:
    box = chamber()
    box.command(0.0, 300.0, C.VENT_AND_SEAL)
    box.command(1000.0, 300.0, C.PURGE_AND_SEAL)
    assert box.pressure(1000.0 + SERVICE.purge_time / 2, 300.0) == pytest.approx(PARTS.pumped_pressure)
    assert box.pressure(1000.0 + SERVICE.purge_time, 300.0) == pytest.approx(SERVICE.sealed_pressure)


def test_a_sealed_chambers_pressure_falls_with_its_temperature_and_an_open_ones_does_not() -> None:
    box = chamber()
    assert box.pressure(5.0, 300.0) == 2.6
    assert box.pressure(5.0, 2.0) == pytest.approx(0.12, abs=0.005)
    box.command(10.0, 300.0, C.PUMP_CONTINUOUSLY)
    assert box.pressure(1e4, 2.0) == box.pressure(1e4, 300.0) == PARTS.pumped_pressure


def test_sealing_keeps_what_is_in_the_chamber() -> None:
    box = chamber()
    box.command(0.0, 300.0, C.VENT_CONTINUOUSLY)
    box.command(SERVICE.vent_time / 2, 300.0, C.SEAL)
    kept = box.pressure(SERVICE.vent_time / 2, 300.0)
    assert 300.0 < kept < 500.0
    assert box.pressure(1e6, 300.0) == kept
    assert box.state(1e6) is S.SEALED


def test_a_pump_makes_no_pressure() -> None:
    box = chamber()
    box.command(0.0, 300.0, C.HIGH_VACUUM)
    box.command(1000.0, 300.0, C.PUMP_CONTINUOUSLY)
    assert box.pressure(2000.0, 300.0) == PARTS.vacuum_pressure


def test_a_broken_chamber_stays_as_it_is_until_it_is_mended() -> None:
    box = chamber()
    box.command(0.0, 300.0, C.VENT_AND_SEAL)
    box.fail(60.0, 300.0, S.FAILURE)
    assert box.state(1e6) is S.FAILURE
    assert box.pressure(1e6, 300.0) == pytest.approx(ATMOSPHERE / 2, rel=0.01)
    box.mend(2e6)
    assert box.state(2e6) is S.SEALED


# the rotator


def turn(rotator: Rotator, time: float, angle: float, mode: int = 0, **options: bool) -> float:
    """Turn at full speed; return when it has stopped."""
    rotator.move(time, RotatorSetting(angle, mode, 0, **options))
    return time + 400.0 / SERVICE.rotator_speed


def test_slow_down_codes_are_fifteenths_of_the_speed() -> None:
    for code in range(15):
        rotator = Rotator(SERVICE)
        rotator.move(0.0, RotatorSetting(30.0, 0, code))
        assert rotator.angle(1.0) == pytest.approx((15 - code) * 0.8)


def test_the_sample_lags_by_the_play_after_a_reversal_and_what_is_shown_does_not() -> None:
    rotator = Rotator(replace(SERVICE, rotator_error=0.0))
    end = turn(rotator, 0.0, 90.0)
    assert (rotator.angle(end), rotator.true_angle(end)) == (90.0, pytest.approx(90.0))
    end = turn(rotator, end, 80.0)
    assert (rotator.angle(end), rotator.true_angle(end)) == (80.0, pytest.approx(80.5))
    end = turn(rotator, end, 80.3)  # within the play the sample stays
    assert rotator.true_angle(end) == pytest.approx(80.5)
    end = turn(rotator, end, 90.0)  # approached from below it is where it was at first
    assert rotator.true_angle(end) == pytest.approx(90.0)


def test_the_true_angle_is_within_a_tenth_of_a_degree_when_approached_from_below() -> None:
    rotator, time = Rotator(SERVICE), 0.0
    for angle in range(0, 370, 7):
        time = turn(rotator, time, float(angle))
        assert abs(rotator.true_angle(time) - rotator.angle(time)) <= 0.1 + 1e-9


def test_the_limit_switches_keep_the_wires_whole_whatever_the_angles_are_called() -> None:
    rotator = Rotator(SERVICE)
    end = turn(rotator, 0.0, 100.0)
    rotator.move(end, RotatorSetting(0.0, 2, 0))  # call 100 deg zero
    assert rotator.angle(end) == 0.0
    assert rotator.true_angle(end) == pytest.approx(100.0, abs=0.11)
    end = turn(rotator, end, 300.0)  # 400 deg of the motor
    assert rotator.state(end) is PositionState.LIMIT_SWITCH
    assert rotator.angle(end) == 270.0
    assert rotator.true_angle(end) == pytest.approx(370.0, abs=0.11)
    assert rotator.switches(end) == 2
    end = turn(rotator, end, 200.0)
    assert rotator.state(end) is PositionState.STOPPED
    assert rotator.switches(end) == 0


def test_mode_1_looks_for_the_limit_switch_or_for_the_index() -> None:
    rotator = Rotator(SERVICE)
    end = turn(rotator, 0.0, 50.0)
    rotator.move(end, RotatorSetting(5.0, 1, 0))
    assert rotator.state(end + 1.0) is PositionState.MOVING
    end += 6.0
    assert rotator.state(end) is PositionState.LIMIT_SWITCH
    assert (rotator.angle(end), rotator.switches(end)) == (5.0, 1)
    end = turn(rotator, end, 7.0, mode=1, index=True)
    assert rotator.state(end) is PositionState.INDEX_SWITCH
    assert rotator.angle(end) == 7.0
    assert rotator.at_index(end)
    assert rotator.switches(end) == 0


def test_a_move_takes_over_where_the_motor_is() -> None:
    rotator = Rotator(SERVICE)
    turn(rotator, 0.0, 120.0)
    here = rotator.angle(3.0)
    assert here == pytest.approx(36.0)
    turn(rotator, 3.0, 24.0)
    assert rotator.angle(3.5) == pytest.approx(30.0)
    assert rotator.state(4.1) is PositionState.STOPPED
