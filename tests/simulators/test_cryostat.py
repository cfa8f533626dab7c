"""The simulated cryostat: limits, read-backs, and the environment that its sample lives in."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.clock import VirtualClock
from instruments.errors import LimitExceeded
from simulators.accessories import ChamberState, PositionState, RotatorSetting
from simulators.cryostat import CONVERSION_TIME, SimulatedCryostat
from simulators.environment import GRID_TEMPERATURE, Environment, Piece
from simulators.machines import DYNACOOL_9T, MACHINES, MINUTE, OERSTED, PPMS_9T, VERSALAB, Machine
from simulators.physics.magnet import FieldApproach, MagnetState
from simulators.physics.thermal import TemperatureApproach, TemperatureState
from simulators.timeline import Timeline

LINEAR, NO_OVERSHOOT, OSCILLATE = FieldApproach
FAST, GENTLE = TemperatureApproach
PER_MINUTE = 1 / MINUTE
RATE = 100 * OERSTED


def build(machine: Machine = PPMS_9T, seed: int = 1) -> tuple[VirtualClock, SimulatedCryostat]:
    clock = VirtualClock()
    streams = np.random.default_rng(seed), np.random.default_rng(seed + 1)
    return clock, SimulatedCryostat(Timeline(clock), machine, *streams)


def walk(environment: Environment, end: float) -> list[Piece]:
    """All whole pieces from zero to `end`."""
    found: list[Piece] = []
    time = 0.0
    while time < end:
        found.append(environment.piece(time))
        time = found[-1].end
    return found


def test_a_fresh_one() -> None:
    _, cryostat = build()
    assert cryostat.sample_temperature(0.0) == 300.0
    assert cryostat.field(0.0) == cryostat.field(1e6) == 0.0
    assert cryostat.temperature_state() is TemperatureState.STABLE
    assert cryostat.field_state() is MagnetState.DRIVEN
    assert cryostat.chamber_state() is ChamberState.PURGED_SEALED
    assert cryostat.position_state() is PositionState.STOPPED
    assert list(cryostat.pieces(0.0, 5.0)) == [Piece(0.0, 5.0, 300.0, 0.0, 0.0, 0.0)]
    assert cryostat.piece(3.0).end == math.inf


@pytest.mark.parametrize("machine", list(MACHINES.values()), ids=list(MACHINES))
def test_every_number_of_a_machine_has_a_basis(machine: Machine) -> None:
    names = {
        f"{part}.{item.name}"
        for part in ("magnet", "thermal", "service", "pot", "sensors", "chamber", "helium", "faults")
        for item in fields(getattr(machine, part))
    }
    assert names == set(machine.basis)
    assert all(machine.basis.values())


@pytest.mark.parametrize("machine", list(MACHINES.values()), ids=list(MACHINES))
def test_a_magnets_numbers_agree_with_each_other(machine: Machine) -> None:
    """The largest rate is what the charging voltage drives through the inductance; the shares add up."""
    magnet = machine.magnet
    rate = magnet.field_per_ampere * magnet.charging_voltages[0] / magnet.inductance
    assert rate == pytest.approx(magnet.rate_maximum)
    assert sum(magnet.flux_weights) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("machine", "temperature", "rate"),
    [(PPMS_9T, 1.5, 5.0), (PPMS_9T, 401.0, 5.0), (PPMS_9T, 10.0, 0.001), (PPMS_9T, 10.0, 21.0), (PPMS_9T, 10.0, 0.0),
     (VERSALAB, 49.0, 5.0), (DYNACOOL_9T, 1.7, 5.0), (PPMS_9T, math.nan, 5.0), (PPMS_9T, 10.0, math.nan)],
)  # fmt: skip
def test_temperatures_and_rates_beyond_the_machine_are_refused(
    machine: Machine, temperature: float, rate: float
) -> None:
    _, cryostat = build(machine)
    with pytest.raises(LimitExceeded, match="outside"):
        cryostat.set_temperature(temperature, rate * PER_MINUTE, FAST)
    assert cryostat.revision == 0
    assert cryostat.temperature_setting.temperature == 300.0


@pytest.mark.parametrize(
    ("machine", "field", "rate"),
    [(PPMS_9T, 9.1, 100), (PPMS_9T, -9.1, 100), (PPMS_9T, 1, 9), (PPMS_9T, 1, 250), (VERSALAB, 3.1, 100),
     (PPMS_9T, math.nan, 100), (PPMS_9T, math.inf, 100), (PPMS_9T, 1, math.nan), (PPMS_9T, 1, -100)],
)  # fmt: skip
def test_fields_and_rates_beyond_the_machine_are_refused(machine: Machine, field: float, rate: float) -> None:
    _, cryostat = build(machine)
    with pytest.raises(LimitExceeded, match="outside"):
        cryostat.set_field(field, rate * OERSTED, LINEAR)
    assert cryostat.revision == 0


def test_the_machines_own_limits_are_taken() -> None:
    for machine in MACHINES.values():
        _, cryostat = build(machine)
        cryostat.set_field(-machine.magnet.maximum, machine.magnet.rate_maximum, LINEAR)
        cryostat.set_temperature(machine.thermal.minimum, 20 / 60, FAST)
        assert cryostat.revision == 2


def test_versalab_lacks_persistent_mode_and_the_no_overshoot_approach() -> None:
    _, cryostat = build(VERSALAB)
    with pytest.raises(LimitExceeded, match="persistent"):
        cryostat.set_field(1.0, RATE, LINEAR, persistent=True)
    with pytest.raises(LimitExceeded, match="no-overshoot"):
        cryostat.set_field(1.0, RATE, NO_OVERSHOOT)


def test_set_points_are_rounded_to_a_hundredth_of_an_oersted() -> None:
    clock, cryostat = build()
    cryostat.set_field(1234.5678 * OERSTED, 100.04 * OERSTED, LINEAR)
    assert cryostat.field_setting.field == pytest.approx(1234.57 * OERSTED, rel=1e-12)
    assert cryostat.field_setting.rate == pytest.approx(100.0 * OERSTED, rel=1e-12)
    clock.sleep(100.0)
    assert cryostat.read_field() == pytest.approx(1234.57 * OERSTED, abs=0.5 * OERSTED)


def over_time(clock: VirtualClock, read: Callable[[], float], count: int) -> list[float]:
    """Readings of as many conversions of the controller."""
    readings: list[float] = []
    for _ in range(count):
        clock.sleep(CONVERSION_TIME)
        readings.append(read())
    return readings


def test_all_who_ask_within_one_conversion_get_the_same_number() -> None:
    clock, cryostat = build()
    clock.sleep(1.001)
    assert len({cryostat.read_field() for _ in range(10)}) == 1
    once = over_time(clock, cryostat.read_field, 100)
    clock, cryostat = build()
    clock.sleep(1.001)
    twice = over_time(clock, lambda: (cryostat.read_field(), cryostat.read_field())[1], 100)
    assert once == twice


def test_the_noise_of_the_readings() -> None:
    clock, cryostat = build()
    cryostat.set_temperature(2.0, 20 * PER_MINUTE, FAST)
    clock.sleep(7200.0)
    temperatures = over_time(clock, cryostat.read_temperature, 4000)
    assert np.std(temperatures) == pytest.approx(0.4e-3, rel=0.05)
    assert np.mean(temperatures) == pytest.approx(2.0, abs=5e-5)
    readings = np.array(over_time(clock, cryostat.read_field, 4000)) / OERSTED
    assert np.std(readings) == pytest.approx(0.05, rel=0.05)
    steps = readings / 0.008972
    assert np.allclose(steps, np.round(steps), atol=1e-6)


def test_the_block_is_reported_and_the_sample_lags() -> None:
    clock, cryostat = build()
    cryostat.set_temperature(200.0, 2 * PER_MINUTE, FAST)
    clock.sleep(1800.0)
    lags = over_time(clock, lambda: cryostat.sample_temperature(clock.now()) - cryostat.read_temperature(), 500)
    assert np.mean(lags) == pytest.approx(3.0, abs=0.02)


def test_asking_changes_nothing_else() -> None:
    """Polling temperature and states leaves field readings, trajectory and revision as they are."""
    results: list[tuple[list[float], list[Piece], int]] = []
    for polls in (0, 7):
        clock, cryostat = build()
        cryostat.set_temperature(295.0, 5 * PER_MINUTE, FAST)
        cryostat.set_field(0.2, RATE, LINEAR)
        read: list[float] = []
        for _ in range(40):
            for _ in range(polls):
                cryostat.read_temperature()
                cryostat.temperature_state()
                cryostat.field_state()
                list(cryostat.pieces(clock.now(), clock.now() + 3.0))
            clock.sleep(1.7)
            read.append(cryostat.read_field())
        results.append((read, walk(cryostat, 100.0), cryostat.revision))
    assert results[0] == results[1]


def test_the_rotator_turns_at_its_speed() -> None:
    clock, cryostat = build()
    cryostat.move(RotatorSetting(90.0, 0, 0))
    assert cryostat.position_state() is PositionState.MOVING
    clock.sleep(5.0)
    assert cryostat.read_angle() == pytest.approx(60.0)
    clock.sleep(2.5)
    assert cryostat.position_state() is PositionState.STOPPED
    assert cryostat.read_angle() == 90.0
    cryostat.move(RotatorSetting(0.0, 1, 14))  # to the limit switch, which is zero from then on
    clock.sleep(100.0 / 0.8)
    assert cryostat.position_state() is PositionState.LIMIT_SWITCH
    assert cryostat.read_angle() == 0.0
    cryostat.move(RotatorSetting(12.0, 2, 0))
    assert cryostat.read_angle() == 12.0
    with pytest.raises(LimitExceeded, match="angle"):
        cryostat.move(RotatorSetting(400.0, 0, 0))


def test_switching_the_controller_off_runs_a_driven_magnet_down() -> None:
    clock, cryostat = build()
    cryostat.set_field(1.0, RATE, LINEAR)
    clock.sleep(200.0)
    cryostat.power_cycle()
    clock.sleep(200.0)
    assert abs(cryostat.read_field()) < OERSTED
    assert cryostat.temperature_state() is TemperatureState.STANDBY


def test_switching_the_controller_off_leaves_a_persistent_magnet_alone() -> None:
    clock, cryostat = build()
    cryostat.set_field(1.0, RATE, LINEAR, persistent=True)
    clock.sleep(200.0)
    cryostat.power_cycle()
    clock.sleep(200.0)
    assert cryostat.read_field() == pytest.approx(1.0, abs=OERSTED)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.floats(0.001, 200.0)),
        st.tuples(st.just("look"), st.floats(-50.0, 50.0)),
        st.tuples(st.just("field"), st.floats(-3.0, 3.0), st.sampled_from(FieldApproach), st.booleans()),
        st.tuples(st.just("temperature"), st.floats(295.0, 305.0), st.sampled_from(TemperatureApproach)),
    ),
    min_size=1,
    max_size=12,
)


def carry_out(script, *, looking: bool) -> tuple[float, SimulatedCryostat]:
    clock, cryostat = build()
    for what, value, *more in script:
        now = clock.now()
        if what == "wait":
            clock.sleep(value)
        elif what == "look" and looking:
            start = max(0.0, now + value)
            cryostat.piece(start)
            list(cryostat.pieces(start, start + 30.0))
        elif what == "field":
            cryostat.set_field(value, RATE, more[0], persistent=more[1])
        elif what == "temperature":
            cryostat.set_temperature(value, 20 * PER_MINUTE, more[0])
    return clock.now(), cryostat


@settings(max_examples=60, deadline=None)
@given(script=steps)
def test_the_history_does_not_depend_on_who_looked(script) -> None:
    end, watched = carry_out(script, looking=True)
    _, alone = carry_out(script, looking=False)
    assert walk(watched, end + 500.0) == walk(alone, end + 500.0)


@settings(max_examples=60, deadline=None)
@given(script=steps, data=st.data())
def test_pieces_cover_any_window_and_agree_with_the_curves(script, data: st.DataObject) -> None:
    end, cryostat = carry_out(script, looking=False)
    start = data.draw(st.floats(0.0, end + 100.0))
    stop = start + data.draw(st.floats(1e-3, 300.0))
    pieces = list(cryostat.pieces(start, stop))
    assert pieces[0].start == start
    assert pieces[-1].end == stop
    assert all(before.end == after.start for before, after in itertools.pairwise(pieces))
    for piece in pieces:
        assert piece.end > piece.start
        assert piece.field_start == pytest.approx(cryostat.field(piece.start), abs=1e-12)
        assert piece.field_end == pytest.approx(cryostat.field(piece.end), abs=1e-12)
        middle = (piece.start + piece.end) / 2
        assert piece.field(middle) == pytest.approx(cryostat.field(middle), abs=1e-12)
        away = cryostat.sample_temperature(middle) - piece.temperature
        assert abs(away) <= GRID_TEMPERATURE / 2 + 1e-7


def test_a_command_ends_the_piece_that_runs_and_leaves_its_beginning() -> None:
    clock, cryostat = build()
    cryostat.set_field(1.0, RATE, LINEAR)
    clock.sleep(10.0)
    before = cryostat.piece(10.0)
    for revise in (
        lambda: cryostat.set_temperature(300.0, 5 * PER_MINUTE, FAST),
        lambda: cryostat.set_field(0.5, RATE, LINEAR),
    ):
        now, revision = clock.now(), cryostat.revision
        revise()
        assert cryostat.revision == revision + 1
        cut = cryostat.piece(before.start)
        assert (cut.start, cut.temperature, cut.field_start, cut.field_rate) == (
            before.start, before.temperature, before.field_start, before.field_rate,
        )  # fmt: skip
        assert cut.end == now
        before = cryostat.piece(now)
        assert before.start == now
        clock.sleep(0.01)


def test_a_night_is_short() -> None:
    """Eight hours with the whole way from 400 K to 2 K in them: no step in time, only what changes."""
    clock, cryostat = build()
    cryostat.set_temperature(400.0, 20 * PER_MINUTE, FAST)
    clock.sleep(4000.0)
    cryostat.set_temperature(2.0, 20 * PER_MINUTE, FAST)
    clock.sleep(8 * 3600.0)
    count = sum(1 for _ in cryostat.pieces(0.0, clock.now()))
    crossed = (100.0 + 398.0) / GRID_TEMPERATURE
    assert crossed - 5 <= count <= crossed + 250
