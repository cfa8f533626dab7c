"""How a simulated cryostat breaks, and what else befalls it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from instruments.clock import VirtualClock
from instruments.errors import LimitExceeded
from simulators.accessories import ChamberCommand, ChamberState
from simulators.cryostat import MULTIVU_MAGNET_CODES, SimulatedCryostat
from simulators.cryostat_parts import OutOfOrder
from simulators.environment import Piece
from simulators.machine_parts import SensorData
from simulators.machines import DYNACOOL_9T, MACHINES, OERSTED, PPMS_9T, VERSALAB, Machine
from simulators.physics.magnet import FieldApproach, MagnetState
from simulators.physics.thermal import TemperatureApproach, TemperatureState
from simulators.timeline import Timeline

LINEAR, _, OSCILLATE = FieldApproach
FAST = TemperatureApproach.FAST_SETTLE
RATE = 100 * OERSTED
T = TemperatureState
M = MagnetState


class Bench:
    """A cryostat and whoever waits in front of it."""

    def __init__(self, machine: Machine = PPMS_9T) -> None:
        self.clock = VirtualClock()
        self.timeline = Timeline(self.clock)
        streams = np.random.default_rng(1), np.random.default_rng(2)
        self.cryostat = SimulatedCryostat(self.timeline, machine, *streams)

    def wait(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        self.timeline.catch_up()

    def cool(self, temperature: float) -> None:
        self.cryostat.set_temperature(temperature, 20 / 60, FAST)
        self.wait(3 * 3600.0)
        assert self.cryostat.temperature_state() is T.STABLE

    def charge(self, field: float, *, persistent: bool = False) -> None:
        self.cryostat.set_field(field, RATE, LINEAR, persistent=persistent)
        self.wait(abs(field) / RATE + 100.0)

    def true_field(self) -> float:
        return self.cryostat.field(self.clock.now())

    def walk(self, end: float) -> list[Piece]:
        return list(self.cryostat.pieces(0.0, end))


@pytest.fixture
def bench() -> Bench:
    return Bench()


# quench


@pytest.mark.parametrize("persistent", [False, True])
def test_a_quench_takes_reported_and_true_field_to_zero_within_seconds(bench: Bench, persistent: bool) -> None:
    bench.charge(9.0, persistent=persistent)
    bench.cryostat.quench()
    assert bench.cryostat.field_state() is M.QUENCH
    assert bench.true_field() == pytest.approx(9.0, abs=3e-3)
    bench.wait(0.7)
    assert bench.true_field() == pytest.approx(4.5, abs=2e-3)
    bench.wait(5.0)
    assert bench.true_field() == 0.0  # the trapped flux is gone as well
    assert abs(bench.cryostat.read_field()) < OERSTED
    assert bench.cryostat.field_state() is M.QUENCH
    bench.wait(60.0)
    assert bench.cryostat.field_state() is M.FAILURE
    assert bench.cryostat.status_word() >> 4 & 15 == 15


def test_a_quench_warms_block_and_sample_which_come_back(bench: Bench) -> None:
    bench.cool(4.0)
    bench.charge(9.0)
    bench.cryostat.quench()
    blocks, samples = [], []
    for _ in range(600):
        bench.wait(0.5)
        blocks.append(bench.cryostat.read_temperature())
        samples.append(bench.cryostat.sample_temperature(bench.clock.now()))
    assert 20.0 < max(blocks) <= 24.0  # the block lags a little
    assert 8.0 < max(samples) < max(blocks)
    assert bench.cryostat.temperature_state() is not T.STABLE
    bench.wait(3600.0)
    assert bench.cryostat.read_temperature() == pytest.approx(4.0, abs=0.005)
    assert bench.cryostat.temperature_state() is T.STABLE


def test_a_quench_costs_helium_with_the_square_of_the_field() -> None:
    lost: list[float] = []
    for field in (9.0, 4.5):
        bench = Bench()
        bench.charge(field)
        before = bench.cryostat.helium_level()
        bench.cryostat.quench()
        after = bench.cryostat.helium_level()
        assert before is not None
        assert after is not None
        lost.append(before - after)
    assert lost == pytest.approx([15.0, 3.75], rel=1e-3)


@pytest.mark.parametrize("machine", [VERSALAB, DYNACOOL_9T], ids=lambda machine: machine.name)
def test_a_dry_machine_quenches_too(machine: Machine) -> None:
    bench = Bench(machine)
    bench.charge(3.0)
    bench.cryostat.quench()
    bench.wait(10.0)
    assert bench.true_field() == 0.0
    assert bench.cryostat.helium_level() is None


def test_a_quenched_magnet_takes_no_field_until_the_controller_was_switched_off_and_on(bench: Bench) -> None:
    bench.charge(2.0)
    bench.cryostat.quench()
    bench.wait(100.0)
    revision, setting = bench.cryostat.revision, bench.cryostat.field_setting
    with pytest.raises(OutOfOrder, match="out of order"):
        bench.cryostat.set_field(1.0, RATE, LINEAR)
    assert (bench.cryostat.revision, bench.cryostat.field_setting) == (revision, setting)
    bench.cryostat.power_cycle()
    bench.wait(10.0)
    assert bench.cryostat.field_state() is M.DRIVEN
    bench.charge(1.0)
    assert bench.true_field() == pytest.approx(1.0, abs=2e-3)


def test_a_quench_in_mid_ramp_leaves_the_past_alone(bench: Bench) -> None:
    other = Bench()
    for one in (bench, other):
        one.cryostat.set_field(9.0, RATE, LINEAR)
        one.wait(100.0)
    other.cryostat.quench()
    assert [piece.field_start for piece in bench.walk(99.0)] == [piece.field_start for piece in other.walk(99.0)]


# supply, thermometer, chamber


def test_a_current_error_stops_the_ramp_where_it_is(bench: Bench) -> None:
    bench.cryostat.set_field(2.0, RATE, LINEAR)
    bench.wait(100.7)
    bench.cryostat.fail_supply()
    bench.wait(1000.0)
    assert bench.cryostat.read_field() == pytest.approx(1.0, abs=OERSTED)
    assert bench.cryostat.field_state() is M.CURRENT_ERROR
    assert bench.cryostat.status_word() >> 4 & 15 == 8
    assert MULTIVU_MAGNET_CODES[M.CURRENT_ERROR] == 9
    with pytest.raises(OutOfOrder):
        bench.cryostat.set_field(0.0, RATE, LINEAR)
    bench.cryostat.mend()
    bench.charge(0.0)
    bench.wait(200.0)
    assert abs(bench.cryostat.read_field()) < OERSTED


def test_every_state_of_the_magnet_has_a_code_in_multivu() -> None:
    assert set(MULTIVU_MAGNET_CODES) == set(MagnetState)


@pytest.mark.parametrize("state", [T.DISABLED, T.IMPEDANCE, T.FAILURE])
def test_a_broken_thermometer_shows_nonsense_and_nothing_is_controlled(bench: Bench, state: T) -> None:
    bench.cryostat.set_temperature(200.0, 10 / 60, FAST)
    bench.wait(120.0)
    bench.cryostat.fail_thermometer(0.0, state)
    where = bench.cryostat.sample_temperature(bench.clock.now())
    bench.wait(3600.0)
    assert bench.cryostat.read_temperature() == 0.0
    assert bench.cryostat.temperature_state() is state
    assert bench.cryostat.sample_temperature(bench.clock.now()) == pytest.approx(where, abs=20.0)
    assert bench.cryostat.sample_temperature(bench.clock.now()) > 270.0
    with pytest.raises(OutOfOrder):
        bench.cryostat.set_temperature(100.0, 0.1, FAST)
    bench.cryostat.power_cycle()
    assert bench.cryostat.temperature_state() is state  # switching off and on repairs no thermometer
    bench.cryostat.mend()
    assert bench.cryostat.temperature_state() is T.STANDBY
    assert bench.cryostat.read_temperature() > 270.0
    bench.cool(250.0)


def test_a_frozen_thermometer_shows_what_it_showed(bench: Bench) -> None:
    bench.cryostat.set_temperature(250.0, 20 / 60, FAST)
    bench.wait(60.0)
    bench.cryostat.fail_thermometer()
    assert bench.cryostat.temperature_state() is T.FAILURE
    first = bench.cryostat.read_temperature()
    assert 275.0 < first < 295.0
    bench.wait(600.0)
    assert bench.cryostat.read_temperature() == first


def test_control_that_fails_leaves_the_thermometer_in_order(bench: Bench) -> None:
    bench.cryostat.set_temperature(250.0, 20 / 60, FAST)
    bench.wait(60.0)
    bench.cryostat.fail_temperature(T.IMPEDANCE)
    first = bench.cryostat.read_temperature()
    bench.wait(60.0)
    assert bench.cryostat.temperature_state() is T.IMPEDANCE
    assert bench.cryostat.read_temperature() != first


@pytest.mark.parametrize("state", [ChamberState.FAILURE, ChamberState.HIGH_VACUUM_ERROR])
def test_a_broken_chamber_takes_no_command(bench: Bench, state: ChamberState) -> None:
    bench.cryostat.fail_chamber(state)
    assert bench.cryostat.chamber_state() is state
    assert bench.cryostat.status_word() >> 8 & 15 == state
    with pytest.raises(OutOfOrder):
        bench.cryostat.set_chamber(ChamberCommand.PURGE_AND_SEAL)
    assert bench.cryostat.chamber_setting is ChamberCommand.SEAL
    bench.cryostat.mend()
    bench.cryostat.set_chamber(ChamberCommand.PURGE_AND_SEAL)
    assert bench.cryostat.chamber_state() is ChamberState.PURGING


def test_what_is_no_fault_is_refused(bench: Bench) -> None:
    for fault in (
        lambda: bench.cryostat.fail_thermometer(1.0, T.STABLE),
        lambda: bench.cryostat.fail_temperature(T.NEAR),
        lambda: bench.cryostat.fail_chamber(ChamberState.SEALED),
        lambda: bench.cryostat.slow_down(ramp=0.0),
        lambda: bench.cryostat.slow_down(settle=0.5),
        lambda: bench.cryostat.set_helium(101.0),
        lambda: Bench(VERSALAB).cryostat.set_helium(50.0),
    ):
        with pytest.raises(ValueError, match=r"cannot|slow"):
            fault()
    assert bench.cryostat.revision == bench.cryostat.advised == 0


def test_a_slow_cryostat_ramps_and_settles_slowly_until_it_is_mended(bench: Bench) -> None:
    def times() -> tuple[float, float]:
        """When the magnet and the temperature are stable after a command."""
        begin = bench.clock.now()
        here = bench.cryostat.temperature_setting.temperature
        field = bench.cryostat.field_setting.field
        bench.cryostat.set_field(field + 0.5, RATE, LINEAR)
        bench.cryostat.set_temperature(here - 10.0, 10 / 60, FAST)
        found = bench.cryostat._magnet.settled_at - begin, bench.cryostat._thermal.stable_from - begin
        bench.wait(3600.0)
        return found

    usual = times()
    bench.cryostat.slow_down(ramp=0.25, settle=3.0)
    slow = times()
    assert slow[0] - usual[0] == pytest.approx(150.0 + 3.0, abs=1.0)
    assert slow[1] - usual[1] == pytest.approx(3 * 60.0 + 2 * 95.0, abs=10.0)
    bench.cryostat.mend()
    assert times() == pytest.approx(usual, abs=2.0)


def test_code_zero_flashes_where_it_is_wanted() -> None:
    bench = Bench(replace(PPMS_9T, sensors=SensorData(flash=0.3)))
    bench.cryostat.set_field(0.1, RATE, LINEAR)
    seen: list[MagnetState] = []
    for _ in range(20):
        seen.append(bench.cryostat.field_state())
        bench.wait(0.05)
    assert seen == [M.DRIVEN] * 8 + [M.UNKNOWN] * 6 + [M.CHARGING] * 6
    bench.wait(100.0)
    assert bench.cryostat.read_field() == pytest.approx(0.1, abs=OERSTED)
    for machine in MACHINES.values():
        assert machine.sensors.flash == 0.0


# helium


def test_a_magnet_half_out_of_its_helium_quenches_on_the_way(bench: Bench) -> None:
    bench.cryostat.set_helium(10.0)
    bench.cryostat.set_field(0.5, RATE, LINEAR)  # low fields are safe
    bench.wait(200.0)
    assert bench.cryostat.field_state() is M.DRIVEN
    bench.cryostat.set_field(-3.0, RATE, LINEAR)
    crossing = bench.clock.now() + PPMS_9T.magnet.dead_time + 1.5 / RATE
    bench.clock.sleep(1000.0)  # nobody looks meanwhile
    assert bench.cryostat.field_state() is M.FAILURE
    assert bench.cryostat.field(crossing - 0.01) == pytest.approx(-1.0, abs=3e-3)
    assert bench.cryostat.field(crossing + 0.7) == pytest.approx(-0.5, abs=3e-3)
    assert bench.cryostat.advice[-1][0] == pytest.approx(crossing)


def test_a_new_field_in_time_saves_the_magnet(bench: Bench) -> None:
    bench.cryostat.set_helium(10.0)
    bench.cryostat.set_field(3.0, RATE, LINEAR)
    bench.wait(50.0)
    bench.cryostat.set_field(0.0, RATE, LINEAR)
    bench.wait(1000.0)
    assert bench.cryostat.field_state() is M.DRIVEN


def test_without_helium_nothing_cools(bench: Bench) -> None:
    bench.cryostat.set_helium(0.0)
    with pytest.raises(OutOfOrder, match="helium"):
        bench.cryostat.set_temperature(200.0, 0.1, FAST)
    assert bench.cryostat.temperature_state() is T.IMPEDANCE


# chamber and sample


def test_high_vacuum_decouples_the_sample_and_gas_couples_it_again(bench: Bench) -> None:
    lags: list[float] = []
    for command in (None, ChamberCommand.HIGH_VACUUM, ChamberCommand.PURGE_AND_SEAL):
        if command is not None:
            bench.cryostat.set_chamber(command)
            bench.wait(3 * 3600.0)
        here = bench.cryostat.temperature_setting.temperature
        bench.cryostat.set_temperature(here - 60.0, 1 / 60, FAST)
        bench.wait(3300.0)
        now = bench.clock.now()
        lags.append(bench.cryostat.sample_temperature(now) - bench.cryostat._thermal.block(now))
        bench.wait(5 * 3600.0)
    assert lags[0] == lags[2] == pytest.approx(90.0 / 60, rel=1e-3)
    # after 55 min of a lag of 15 min not all of it is there yet
    assert lags[1] == pytest.approx(900.0 / 60 * (1 - np.exp(-3300 / 900)), rel=0.01)


def test_the_sample_is_decoupled_when_the_vacuum_is_there_whoever_looks() -> None:
    walks: list[list[Piece]] = []
    for looks in (0, 40):
        bench = Bench()
        bench.cryostat.set_temperature(250.0, 2 / 60, FAST)
        bench.cryostat.set_chamber(ChamberCommand.HIGH_VACUUM)
        for _ in range(looks):
            bench.clock.sleep(1200.0 / looks)
            bench.cryostat.read_temperature()
            bench.cryostat.read_pressure()
        if not looks:
            bench.clock.sleep(1200.0)
        bench.timeline.catch_up()
        assert bench.cryostat.revision == 2
        walks.append(bench.walk(3000.0))
    assert walks[0] == walks[1]


def test_a_plan_goes_on_as_it_was_when_the_sample_is_decoupled(bench: Bench) -> None:
    other = Bench()
    for one in (bench, other):
        one.cryostat.set_temperature(5.0, 20 / 60, FAST)
    bench.cryostat.set_chamber(ChamberCommand.HIGH_VACUUM)
    for _ in range(60):
        bench.wait(60.0)
        other.wait(60.0)
        now = bench.clock.now()
        assert bench.cryostat._thermal.block(now) == pytest.approx(other.cryostat._thermal.block(now), abs=1e-6)
        assert bench.cryostat.temperature_state() is other.cryostat.temperature_state()


def test_venting_cold_is_advised_against_and_done(bench: Bench) -> None:
    bench.cryostat.set_chamber(ChamberCommand.VENT_AND_SEAL)
    assert bench.cryostat.advised == 0
    bench.cool(100.0)
    bench.cryostat.set_chamber(ChamberCommand.VENT_AND_SEAL)
    assert bench.cryostat.advised == 1
    assert "100.0 K" in bench.cryostat.advice[0][1]
    assert bench.cryostat.chamber_state() is ChamberState.VENTING


# the pot


def state_times(bench: Bench, state: TemperatureState, seconds: float, step: float = 5.0) -> list[float]:
    """Lab times at which a state is shown, seen every few seconds."""
    found: list[float] = []
    for _ in range(int(seconds / step)):
        bench.wait(step)
        if bench.cryostat.temperature_state() is state:
            found.append(bench.clock.now())
    return found


@pytest.mark.parametrize(("start", "wait"), [(20.0, 300.0), (30.0, 600.0), (100.0, 900.0), (300.0, 900.0)])
def test_a_ppms_fills_its_pot_at_ten_kelvin_on_the_way_down(bench: Bench, start: float, wait: float) -> None:
    if start < 300.0:
        bench.cool(start)
    bench.cryostat.set_temperature(4.0, 20 / 60, FAST)
    times = state_times(bench, T.POT_OPERATION, 7200.0)
    assert times[-1] - times[0] == pytest.approx(wait, abs=10.0)
    assert bench.cryostat.temperature_state() is T.STABLE
    held = [bench.cryostat._thermal.setpoint(time) for time in times]
    assert held == pytest.approx([10.0] * len(held))


@pytest.mark.parametrize(("start", "target"), [(9.0, 4.0), (20.0, 10.0), (4.0, 20.0)])
def test_no_pot_is_filled_on_other_ways(bench: Bench, start: float, target: float) -> None:
    bench.cool(start)
    bench.cryostat.set_temperature(target, 20 / 60, FAST)
    assert state_times(bench, T.POT_OPERATION, 3600.0) == []


def test_a_new_set_point_does_not_fill_the_pot_any_faster(bench: Bench) -> None:
    bench.cool(40.0)
    bench.cryostat.set_temperature(4.0, 20 / 60, FAST)
    ends: list[float] = []
    bench.wait(900.0)
    assert bench.cryostat.temperature_state() is T.POT_OPERATION
    ends.append(bench.cryostat._thermal._filling[1])
    bench.cryostat.set_temperature(5.0, 20 / 60, FAST)
    assert bench.cryostat._thermal._filling[1] == pytest.approx(ends[0])
    bench.cryostat.set_temperature(15.0, 20 / 60, FAST)  # up again: no pot needed
    bench.wait(1800.0)
    assert bench.cryostat.temperature_state() is T.STABLE


def test_a_dynacool_shows_pot_operation_at_four_kelvin_and_a_versalab_never() -> None:
    bench = Bench(DYNACOOL_9T)
    bench.cool(12.0)
    bench.cryostat.set_temperature(2.0, 2 / 60, FAST)
    times = state_times(bench, T.POT_OPERATION, 3600.0)
    assert times[-1] - times[0] == pytest.approx(80.0, abs=10.0)
    assert VERSALAB.pot.temperature is None


# everything with everything


def _quench(bench: Bench) -> None:
    bench.cryostat.quench()


@pytest.mark.parametrize(
    "fault",
    [
        _quench,
        lambda bench: bench.cryostat.fail_supply(),
        lambda bench: bench.cryostat.fail_thermometer(1e9),
        lambda bench: bench.cryostat.fail_temperature(),
        lambda bench: bench.cryostat.mend(),
    ],
)
def test_no_fault_changes_the_past_and_pieces_stay_whole(bench: Bench, fault: Callable[[Bench], None]) -> None:
    bench.cryostat.set_field(3.0, RATE, LINEAR)
    bench.cryostat.set_temperature(290.0, 10 / 60, FAST)
    bench.wait(30.0)
    before = bench.walk(30.0)
    revision = bench.cryostat.revision
    fault(bench)
    assert bench.cryostat.revision == revision + 1
    assert bench.walk(30.0) == before
    pieces = bench.walk(4000.0)
    for one, following in itertools.pairwise(pieces):
        assert one.end == following.start
        assert one.field_end == pytest.approx(following.field_start, abs=1e-9)


def test_refusals_are_limits_to_whoever_catches_those() -> None:
    assert issubclass(OutOfOrder, LimitExceeded)
