"""Another user at the cryostat."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.clock import VirtualClock
from simulators.accessories import ChamberCommand, ChamberState, RotatorSetting
from simulators.cryostat import SimulatedCryostat
from simulators.devices.model6000 import Model6000
from simulators.environment import Piece
from simulators.machines import OERSTED, PPMS_9T, VERSALAB, Machine
from simulators.physics.magnet import FieldApproach, MagnetState
from simulators.physics.thermal import TemperatureApproach
from simulators.somebody import SomebodyElse
from simulators.timeline import Timeline

LINEAR = FieldApproach.LINEAR
FAST = TemperatureApproach.FAST_SETTLE
RATE = 100 * OERSTED


def build(machine: Machine = PPMS_9T) -> tuple[VirtualClock, SimulatedCryostat, SomebodyElse]:
    clock = VirtualClock()
    streams = np.random.default_rng(1), np.random.default_rng(2)
    cryostat = SimulatedCryostat(Timeline(clock), machine, *streams)
    return clock, cryostat, SomebodyElse(cryostat)


def test_a_set_point_arrives_at_its_moment_though_nobody_looks() -> None:
    clock, cryostat, guest = build()
    guest.set_field(100.0, 0.5, RATE, LINEAR)
    guest.set_temperature(130.0, 250.0, 10 / 60, FAST)
    clock.sleep(140.0)
    assert cryostat.read_field() == pytest.approx((140.0 - 100.7) * RATE, abs=0.5 * OERSTED)
    start = 100.0 + PPMS_9T.magnet.dead_time
    assert cryostat.field(start) == 0.0
    assert cryostat._magnet.reported(start + 10.0) == pytest.approx(10 * RATE, abs=1e-12)
    assert cryostat.field_setting.field == pytest.approx(0.5)
    assert cryostat.temperature_setting.temperature == 250.0
    assert cryostat.field_state() is MagnetState.CHARGING


def test_it_shows_in_the_set_points_that_are_asked_for() -> None:
    clock, cryostat, guest = build()
    device = Model6000(cryostat.timeline, cryostat)
    guest.set_field(10.0, 0.1, 50 * OERSTED, LINEAR, persistent=True)
    guest.set_temperature(10.0, 200.0, 5 / 60, FAST)
    guest.set_chamber(10.0, ChamberCommand.PURGE_AND_SEAL)
    guest.move(10.0, RotatorSetting(45.0, 0, 3))
    clock.sleep(11.0)
    cryostat.timeline.catch_up()
    replies: list[bytes] = []
    for query in (b"FIELD?\n", b"TEMP?\n", b"CHAMBER?\n", b"MOVE?\n"):
        device.write(query)
        clock.sleep(0.01)
        replies.append(device.read())
    assert replies == [b"1000,50,0,0;", b"200,5,0;", b"1;", b"45,0,3;"]
    assert cryostat.chamber_state() is ChamberState.PURGING


def test_the_same_checks_hold_for_everybody() -> None:
    clock, cryostat, guest = build(VERSALAB)
    guest.set_field(5.0, 9.0, RATE, LINEAR)
    guest.set_temperature(6.0, 10.0, 0.1, FAST)
    guest.stand_by(7.0)
    clock.sleep(10.0)
    cryostat.read_field()
    assert [time for time, _ in guest.refused] == [5.0, 6.0]
    assert "30000 Oe" in guest.refused[0][1]
    assert cryostat.field_setting.field == 0.0
    assert cryostat.revision == 1  # the standby


def test_a_set_point_can_be_cancelled() -> None:
    clock, cryostat, guest = build()
    guest.set_field(5.0, 1.0, RATE, LINEAR).cancel()
    clock.sleep(100.0)
    cryostat.read_field()
    assert cryostat.revision == 0


def test_whoever_comes_later_wins() -> None:
    clock, cryostat, guest = build()
    cryostat.set_field(1.0, RATE, LINEAR)
    guest.set_field(50.0, 0.0, RATE, LINEAR)
    clock.sleep(60.0)
    cryostat.set_field(1.0, RATE, LINEAR)
    clock.sleep(200.0)
    assert cryostat.read_field() == pytest.approx(1.0, abs=OERSTED)
    peak = max(cryostat.field(40.0 + 0.1 * step) for step in range(200))
    assert peak == pytest.approx((50.0 - 0.7) * RATE, abs=2e-3)


@settings(max_examples=40, deadline=None)
@given(
    arrivals=st.lists(
        st.tuples(st.floats(0.0, 300.0), st.floats(-2.0, 2.0), st.sampled_from(FieldApproach)), min_size=1, max_size=5
    ),
    looks=st.lists(st.floats(0.1, 60.0), max_size=15),
)
def test_the_trajectory_does_not_depend_on_who_looked(arrivals: list[tuple], looks: list[float]) -> None:
    walks: list[list[Piece]] = []
    for watched in (False, True):
        clock, cryostat, guest = build()
        for time, field, approach in arrivals:
            guest.set_field(time, field, RATE, approach)
            guest.set_temperature(time + 1.0, 300.0 + field, 10 / 60, FAST)
        if watched:
            for pause in looks:
                clock.sleep(min(pause, 400.0 - clock.now()))
                cryostat.timeline.catch_up()
                cryostat.piece(clock.now())
                list(cryostat.pieces(max(0.0, clock.now() - 5.0), clock.now()))
        clock.sleep(400.0 - clock.now())
        cryostat.read_temperature()
        walks.append(list(cryostat.pieces(0.0, 400.0)))
    assert walks[0] == walks[1]
