"""The temperature's trajectory against its differential equations."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.environment import GRID_TEMPERATURE
from simulators.machines import MINUTE, PPMS_9T, VERSALAB
from simulators.physics.thermal import (
    TemperatureApproach,
    TemperatureState,
    ThermalTrajectory,
)
from simulators.physics.thermal_stretch import Stretch, cell_of

DATA = PPMS_9T.thermal
FAST, NO_OVERSHOOT = TemperatureApproach
S = TemperatureState
PER_MINUTE = 1 / MINUTE


def after(
    target: float, rate: float, approach: TemperatureApproach = FAST, start: float = 300.0, data=DATA
) -> ThermalTrajectory:
    """A trajectory that was told at time zero to go somewhere, at a rate in K/min."""
    thermal = ThermalTrajectory(data, 0.0, start)
    thermal.command(0.0, target, rate * PER_MINUTE, approach)
    return thermal


def states(thermal: ThermalTrajectory, end: float, step: float = 0.25) -> list[TemperatureState]:
    seen: list[TemperatureState] = []
    for number in range(int(end / step)):
        state = thermal.state(number * step)
        if not seen or seen[-1] is not state:
            seen.append(state)
    return seen


@pytest.mark.parametrize(("temperature", "lag"), [(2.5, 4.5), (20.0, 4.5 * 8.0**0.84), (95.0, 90.0), (300.0, 90.0)])
def test_the_lag_follows_its_law(temperature: float, lag: float) -> None:
    assert ThermalTrajectory(DATA, 0.0, 300.0).lag(temperature) == pytest.approx(lag)


def test_in_a_long_ramp_the_sample_lags_by_rate_times_lag() -> None:
    """2 K/min and 90 s: 3 K."""
    thermal = after(200.0, 2.0)
    time = 1500.0
    assert thermal.sample(time) - thermal.block(time) == pytest.approx(3.0, rel=1e-6)
    assert thermal.block(time) - thermal.setpoint(time) == pytest.approx(0.3, rel=1e-6)


def test_published_lags_at_low_temperature() -> None:
    """0.03 K to 0.04 K at 0.5 K/min below 3.4 K."""
    thermal = after(2.0, 0.5, start=4.0)
    time = next(t for t in range(10_000) if thermal.block(t) < 2.6)
    assert 0.03 < thermal.sample(time) - thermal.block(time) < 0.045


def test_a_ramp_takes_the_step_over_the_rate_after_the_dead_time() -> None:
    thermal = after(290.0, 2.0)
    assert thermal.setpoint(DATA.dead_time) == 300.0
    assert thermal.setpoint(DATA.dead_time + 150.0) == pytest.approx(295.0)
    assert thermal.setpoint(DATA.dead_time + 300.0) == pytest.approx(290.0)


def test_the_hardware_slows_down_where_it_is_cold() -> None:
    thermal = after(2.0, 20.0, start=10.0)
    assert thermal.setpoint(DATA.dead_time + 60.0) == pytest.approx(8.0)
    slow = after(50.0, 20.0, data=VERSALAB.thermal)
    assert 45 * 60 < slow.stable_from < 60 * 60


@pytest.mark.parametrize(("target", "start", "rate"), [(250.0, 300.0, 2.0), (20.0, 5.0, 3.0), (2.0, 12.0, 0.5)])
@pytest.mark.parametrize("approach", list(TemperatureApproach))
def test_block_and_sample_obey_their_equations(
    target: float, start: float, rate: float, approach: TemperatureApproach
) -> None:
    """dB/dt = (S - B)/tau_c and dX/dt = (B - X)/tau_s, by central differences within each stretch."""
    thermal = after(target, rate, approach, start)
    checked = 0
    for stretch in thermal._stretches[1:-1]:
        for share in (0.02, 0.3, 0.8):
            time, h = stretch.start + share * stretch.length, 1e-3 * min(1.0, stretch.length)
            block = (thermal.block(time + h) - thermal.block(time - h)) / (2 * h)
            sample = (thermal.sample(time + h) - thermal.sample(time - h)) / (2 * h)
            assert block * stretch.control_lag == pytest.approx(thermal.setpoint(time) - thermal.block(time), abs=1e-6)
            assert sample * stretch.sample_lag == pytest.approx(thermal.block(time) - thermal.sample(time), abs=1e-6)
            checked += 1
    assert checked >= 9


def test_the_lags_of_a_stretch_are_those_of_its_temperature() -> None:
    thermal = after(2.0, 20.0)
    for stretch in thermal._stretches[1:-1]:
        end = stretch.setpoint_at(stretch.start + stretch.length)
        lags = [thermal.lag(stretch.setpoint), thermal.lag(end)]
        assert min(lags) * 0.999 <= stretch.sample_lag <= max(lags) * 1.001


@pytest.mark.parametrize(("start", "target", "rate", "low", "high"), [
    (4.0, 2.0, 0.5, 4.5e-3, 5.5e-3),  # published: 5 mK
    (200.0, 300.0, 20.0, 0.1, 1.0),
    (200.0, 300.0, 10.0, 0.1, 1.0),
])  # fmt: skip
def test_fast_settle_overshoots_by_rate_times_its_time(
    start: float, target: float, rate: float, low: float, high: float
) -> None:
    thermal = after(target, rate, start=start)
    way = math.copysign(1.0, target - start)
    highest = max(way * (thermal.block(0.05 * step) - target) for step in range(int(thermal.stable_from / 0.05)))
    expected = rate * PER_MINUTE * DATA.overshoot_time * (target / 2) ** DATA.overshoot_exponent
    assert highest == pytest.approx(expected, rel=0.02)
    assert low < highest < high


@pytest.mark.parametrize(("start", "target", "rate"), [(4.0, 2.0, 0.5), (200.0, 300.0, 20.0), (300.0, 299.9, 20.0)])
def test_no_overshoot_does_not_overshoot_and_takes_longer(start: float, target: float, rate: float) -> None:
    thermal = after(target, rate, NO_OVERSHOOT, start)
    way = math.copysign(1.0, target - start)
    end = thermal.stable_from
    assert max(way * (thermal.block(0.1 * step) - target) for step in range(int(end / 0.1))) <= 1e-9
    assert end > after(target, rate, FAST, start).stable_from


def test_codes_appear_in_order() -> None:
    fast = states(after(290.0, 2.0), 800.0)
    assert fast[0] is S.STABLE
    assert fast[1:] == [S.TRACKING, S.CHASING, S.NEAR, S.STABLE]
    slow = states(after(2.0, 0.5, start=3.0), 400.0)
    assert S.CHASING not in slow[: slow.index(S.NEAR)] if S.NEAR in slow else False
    assert slow[-1] is S.STABLE


def test_the_sample_is_not_yet_there_when_the_state_is_stable() -> None:
    thermal = after(290.0, 2.0)
    stable = thermal.stable_from
    assert thermal.state(stable - 0.01) is S.NEAR
    assert thermal.state(stable) is S.STABLE
    assert abs(thermal.block(stable) - 290.0) < 1e-3
    assert thermal.sample(stable) - 290.0 > 0.3


def test_near_lasts_the_dwell_at_least() -> None:
    thermal = after(2.0, 0.5, start=3.0)
    near = next(0.1 * n for n in range(10_000) if thermal.state(0.1 * n) is S.NEAR)
    assert thermal.stable_from - near == pytest.approx(DATA.dwell, abs=15.0)


@pytest.mark.parametrize("dead_time", [0.0, 2.0, 5.0])
def test_in_the_dead_time_the_old_code_stands(dead_time: float) -> None:
    thermal = after(100.0, 10.0, data=replace(DATA, dead_time=dead_time))
    if dead_time:
        assert thermal.state(dead_time - 1e-6) is S.STABLE
        assert thermal.setpoint(dead_time - 1e-6) == 300.0
    assert thermal.state(dead_time + 60.0) is S.CHASING


def test_standby_holds_the_temperature() -> None:
    thermal = after(200.0, 5.0)
    thermal.stand_by(300.0)
    there = thermal.setpoint(300.0)
    assert thermal.state(300.0 + DATA.dead_time) is S.STANDBY
    assert thermal.sample(1e6) == pytest.approx(there)
    thermal.command(2000.0, 250.0, 5.0 * PER_MINUTE, FAST)
    assert thermal.state(1e5) is S.STABLE


commands = st.lists(
    st.tuples(
        st.floats(0.0, 3000.0), st.floats(1.9, 400.0), st.floats(0.01, 20.0), st.sampled_from(TemperatureApproach)
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=30, deadline=None)
@given(commands=commands)
def test_everything_is_continuous_and_ends_on_the_target(
    commands: list[tuple[float, float, float, TemperatureApproach]],
) -> None:
    thermal = ThermalTrajectory(DATA, 0.0, 300.0)
    time = 0.0
    for wait, target, rate, approach in commands:
        time += wait
        thermal.command(time, target, rate * PER_MINUTE, approach)
    for start in thermal._starts[1:]:
        before = math.nextafter(start, -math.inf)
        for curve in (thermal.setpoint, thermal.block, thermal.sample):
            assert curve(before) == pytest.approx(curve(start), abs=1e-7)
    end = thermal._starts[-1]
    assert thermal.setpoint(end) == thermal.block(end) == thermal.sample(end) == commands[-1][1]
    assert thermal.state(end) is S.STABLE


@settings(max_examples=15, deadline=None)
@given(start=st.floats(5.0, 300.0), step=st.floats(-3.0, 3.0), rate=st.floats(0.1, 20.0))
def test_the_sample_is_in_the_cell_that_is_listed(start: float, step: float, rate: float) -> None:
    thermal = after(start + step, rate, start=start)
    entered, cells = thermal.cells(math.inf)
    assert all(after > before for before, after in itertools.pairwise(entered))
    for begin, end, cell in zip(entered[1:], [*entered[2:], entered[-1] + 100.0], cells[1:], strict=False):
        for share in (0.01, 0.5, 0.99):
            away = thermal.sample(begin + share * (end - begin)) - cell * GRID_TEMPERATURE
            assert abs(away) <= GRID_TEMPERATURE / 2 + 1e-7


def test_set_points_lie_in_the_middle_of_a_cell() -> None:
    for temperature in (2.0, 27.0, 100.0, 300.0, 77.35):
        assert cell_of(temperature) * GRID_TEMPERATURE == pytest.approx(temperature)


def test_the_turning_point_of_an_overshoot_is_found() -> None:
    """A warm-up that is sent back: the sample goes on rising, turns and falls."""
    thermal = after(320.0, 20.0)
    thermal.command(60.0, 300.0, 20.0 * PER_MINUTE, FAST)
    entered, cells = thermal.cells(math.inf)
    top = cells.index(max(cells))
    assert 0 < top < len(cells) - 1
    highest = max(thermal.sample(0.1 * step) for step in range(20_000))
    assert max(cells) == cell_of(highest)
    assert entered[top] < 200.0


def test_a_stretch_may_turn_twice() -> None:
    """X' = 0.3 + 2 exp(-u/9) - exp(-u/90): up, down, and up again."""
    stretch = Stretch(0.0, 400.0, 300.0, 0.3, 9.0, 90.0, 0.0, fast=-18.0, slow=90.0)
    turns = stretch.turns()
    assert len(turns) == 2
    assert [stretch.slope_after(u) for u in turns] == pytest.approx([0.0, 0.0], abs=1e-12)
    entered = stretch.crossings()
    seen = [cell_of(stretch.sample_after(0.01 * step)) for step in range(40_000)]
    changes = [after for before, after in itertools.pairwise(seen) if after != before]
    assert [cell for _, cell in entered] == changes
    for time, cell in entered:
        line = stretch.sample_after(time) / GRID_TEMPERATURE
        assert abs(line - cell) == pytest.approx(0.5, abs=1e-6)


# what happens on the way


def slopes_agree(thermal: ThermalTrajectory, begin: float, end: float, factor: float) -> None:
    """dX/dt = (B - X) / (factor tau_s), with the lag of the temperature range that the set point is in."""
    for number in range(50):
        time = begin + (end - begin) * (number + 0.5) / 50
        slope = (thermal.sample(time + 1e-3) - thermal.sample(time - 1e-3)) / 2e-3
        lag = thermal._at(time).sample_lag
        assert lag == pytest.approx(factor * thermal.lag(thermal.setpoint(time)), rel=0.05)
        assert slope == pytest.approx((thermal.block(time) - thermal.sample(time)) / lag, abs=1e-5)


def test_a_decoupled_sample_obeys_the_same_equation_with_a_longer_lag() -> None:
    thermal, plain = after(5.0, 20.0, start=40.0), after(5.0, 20.0, start=40.0)
    thermal.decouple(100.0, 10.0)
    slopes_agree(thermal, 101.0, 900.0, 10.0)
    thermal.decouple(1000.0, 1.0)
    slopes_agree(thermal, 1001.0, 2000.0, 1.0)
    for time in (50.0, 100.0, 150.0, 400.0, 999.0, 1500.0, 1e6):
        assert thermal.block(time) == pytest.approx(plain.block(time), abs=1e-9)
        assert thermal.setpoint(time) == pytest.approx(plain.setpoint(time), abs=1e-9)
    assert thermal.sample(1e6) == 5.0
    assert thermal.sample(80.0) == plain.sample(80.0)


def test_the_pot_fills_for_thirty_seconds_a_kelvin() -> None:
    thermal = ThermalTrajectory(DATA, 0.0, 20.0, PPMS_9T.pot)
    thermal.command(0.0, 4.0, 1 / 60, FAST)
    arrives = DATA.dead_time + 600.0
    assert thermal.setpoint(arrives) == pytest.approx(10.0)
    assert [thermal.setpoint(arrives + wait) for wait in (1.0, 150.0, 299.0)] == [10.0] * 3
    assert thermal.state(arrives + 1.0) is thermal.state(arrives + 299.0) is S.POT_OPERATION
    assert thermal.setpoint(arrives + 330.0) == pytest.approx(9.5)
    assert thermal.state(arrives + 330.0) in {S.TRACKING, S.CHASING}
    assert thermal.block(1e6) == 4.0
    without = ThermalTrajectory(DATA, 0.0, 20.0)
    without.command(0.0, 4.0, 1 / 60, FAST)
    assert thermal.stable_from == pytest.approx(without.stable_from + 300.0)


def test_a_warmed_block_comes_back_on_its_way() -> None:
    thermal = after(200.0, 5.0)
    thermal.disturb(300.0, 10.0, 3.0)
    assert thermal.setpoint(303.0) == pytest.approx(thermal.setpoint(300.0) + 10.0)
    assert thermal.block(1e6) == thermal.sample(1e6) == 200.0
    assert thermal.setpoint(303.0 + 60.0) == pytest.approx(thermal.setpoint(303.0) - 5.0)


def test_a_control_that_failed_holds_its_set_point_and_stands_by_when_mended() -> None:
    thermal = after(200.0, 5.0)
    thermal.fail(300.0, S.DISABLED)
    here = thermal.setpoint(300.0)
    assert thermal.state(300.0) is thermal.state(1e6) is S.DISABLED
    assert thermal.block(1e6) == here
    thermal.mend(2e6)
    assert thermal.state(2e6) is S.STANDBY


def test_a_moving_block_is_not_made_to_follow() -> None:
    thermal, plain = after(200.0, 5.0), after(200.0, 5.0)
    thermal.follow(300.0, [(10.0, 280.0)])
    assert thermal.block(400.0) == plain.block(400.0)
    thermal.follow(1e5, [(10.0, 199.9), (10.0, 199.8)])
    assert thermal.setpoint(1e5 + 15.0) == pytest.approx(199.85)
    assert thermal.state(1e5 + 100.0) is S.STABLE
    assert thermal.sample(1e6) == 199.8
