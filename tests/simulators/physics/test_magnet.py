"""The magnet's trajectory against what its equations say."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.machines import OERSTED, PPMS_9T
from simulators.physics.magnet import FieldApproach, MagnetState, MagnetTrajectory, path

DATA = PPMS_9T.magnet
RATE = 100 * OERSTED
LINEAR, NO_OVERSHOOT, OSCILLATE = FieldApproach
S = MagnetState


def go(magnet: MagnetTrajectory, time: float, target: float, approach: FieldApproach = LINEAR) -> float:
    """Go to a field, driven, at the largest rate; return when it has settled."""
    magnet.command(time, target, DATA.rate_maximum, approach, persistent=False)
    return magnet.settled_at


def error(magnet: MagnetTrajectory, time: float) -> float:
    return magnet.field(time) - magnet.reported(time)


def states(magnet: MagnetTrajectory, start: float, end: float) -> list[MagnetState]:
    """States in order of appearance, seen every 0.05 s."""
    seen: list[MagnetState] = []
    for step in range(int((end - start) / 0.05)):
        state = magnet.state(start + 0.05 * step)
        if not seen or seen[-1] is not state:
            seen.append(state)
    return seen


def test_a_ramp_takes_the_step_over_the_rate_after_the_dead_time_and_is_straight() -> None:
    magnet = MagnetTrajectory(DATA, 0.0)
    magnet.command(10.0, 0.5, RATE, LINEAR, persistent=False)
    begin = 10.0 + DATA.dead_time
    assert magnet.reported(begin) == 0.0
    assert magnet.reported(begin + 50.0) == pytest.approx(0.5, abs=1e-12)
    for share in (0.1, 0.35, 0.9):
        assert magnet.reported(begin + 50.0 * share) == pytest.approx(0.5 * share, abs=1e-12)


def test_a_linear_approach_overshoots_a_little_and_then_rests_on_the_target() -> None:
    magnet = MagnetTrajectory(DATA, 0.0)
    magnet.command(0.0, 0.5, RATE, LINEAR, persistent=False)
    arrival = DATA.dead_time + 50.0
    highest = max(magnet.reported(arrival + 0.001 * step) for step in range(2000))
    assert highest - 0.5 == pytest.approx(0.5 * DATA.overshoot, rel=0.02)
    assert magnet.reported(magnet.settled_at) == magnet.reported(1e9) == 0.5


def test_a_no_overshoot_approach_is_monotone_and_slows_down_in_the_last_two_per_cent() -> None:
    magnet = MagnetTrajectory(DATA, 0.0)
    magnet.command(0.0, -1.0, RATE, NO_OVERSHOOT, persistent=False)
    begin = DATA.dead_time
    fields = [magnet.reported(begin + 0.05 * step) for step in range(int(magnet.settled_at / 0.05))]
    assert all(after <= before for before, after in itertools.pairwise(fields))
    assert min(fields) >= -1.0
    assert magnet.reported(begin + 98.0) == pytest.approx(-0.98, abs=1e-12)
    assert magnet.reported(begin + 98.1) > -0.98 - 0.1 * RATE
    assert magnet.reported(magnet.settled_at) == -1.0


def test_an_oscillating_approach_passes_the_target_less_far_each_time() -> None:
    ramp, final = path(DATA, 1.0, 0.0, RATE, OSCILLATE)
    turns = [field for _, field in ramp]
    assert turns[-1] == final[-1][1] == 0.0
    ratios = [after / before for before, after in itertools.pairwise(turns[:-1])]
    assert ratios == pytest.approx([-DATA.oscillation] * len(ratios))
    assert turns[0] == pytest.approx(-DATA.oscillation)
    assert abs(turns[-2]) >= DATA.oscillation_end > abs(turns[-2]) * DATA.oscillation


def test_an_oscillating_approach_never_exceeds_the_magnet() -> None:
    ramp, _ = path(DATA, -9.0, 9.0, RATE, OSCILLATE)
    assert max(abs(field) for _, field in ramp) == 9.0


def test_codes_appear_in_order() -> None:
    magnet = MagnetTrajectory(DATA, 0.0)
    magnet.command(0.0, 0.1, RATE, LINEAR, persistent=False)
    assert states(magnet, 0.0, 20.0) == [S.DRIVEN, S.CHARGING, S.FINAL_APPROACH, S.DRIVEN]
    magnet.command(20.0, -0.1, RATE, LINEAR, persistent=False)
    assert states(magnet, 20.0, 50.0) == [S.DRIVEN, S.DISCHARGING, S.CHARGING, S.FINAL_APPROACH, S.DRIVEN]


@pytest.mark.parametrize("dead_time", [0.5, 0.7, 5.0])
def test_in_the_dead_time_the_old_code_stands_and_the_field_rests(dead_time: float) -> None:
    magnet = MagnetTrajectory(replace(DATA, dead_time=dead_time), 0.0)
    magnet.command(3.0, 1.0, RATE, LINEAR, persistent=False)
    just_before = 3.0 + dead_time - 1e-6
    assert magnet.state(just_before) is S.DRIVEN
    assert magnet.reported(just_before) == 0.0
    assert magnet.state(3.0 + dead_time + 1e-6) is S.CHARGING
    assert magnet.reported(3.0 + dead_time + 1.0) == pytest.approx(RATE, abs=1e-12)


def test_a_command_in_mid_ramp_takes_over_where_the_field_is() -> None:
    magnet = MagnetTrajectory(DATA, 0.0)
    magnet.command(0.0, 1.0, RATE, LINEAR, persistent=False)
    here = magnet.reported(30.0)
    assert here == pytest.approx(29.3 * RATE)
    magnet.command(30.0, here, RATE, LINEAR, persistent=False)  # hold
    assert magnet.state(30.1) is S.CHARGING  # the old code
    assert [magnet.reported(30.0 + wait) for wait in (0.0, 0.5, 1.0, 100.0)] == [here] * 4
    assert magnet.state(magnet.settled_at) is S.DRIVEN
    magnet.command(60.0, 0.0, RATE, LINEAR, persistent=False)
    assert magnet.reported(60.0 + DATA.dead_time + 10.0) == pytest.approx(here - 10 * RATE, abs=1e-12)


def test_the_persistent_cycle() -> None:
    magnet = MagnetTrajectory(DATA, 0.0)
    magnet.command(0.0, 1.0, RATE, LINEAR, persistent=True)  # the switch is warm: no cycle before the ramp
    assert states(magnet, 0.0, 200.0) == [S.DRIVEN, S.CHARGING, S.FINAL_APPROACH, S.SWITCH_COOLING, S.PERSISTENT]
    magnet.command(200.0, 1.0, RATE, LINEAR, persistent=True)  # an unchanged target does the whole cycle
    assert states(magnet, 200.0, 300.0) == [
        S.PERSISTENT, S.SWITCH_WARMING, S.FINAL_APPROACH, S.SWITCH_COOLING, S.PERSISTENT,
    ]  # fmt: skip
    leads = DATA.leads_time + 1.0 / DATA.leads_rate
    assert magnet.state(200.0 + DATA.dead_time + leads - 0.01) is S.PERSISTENT
    assert magnet.state(200.0 + DATA.dead_time + leads + 0.01) is S.SWITCH_WARMING
    cycle = DATA.dead_time + leads + DATA.switch_heating + DATA.settle_time + DATA.switch_cooling
    assert magnet.settled_at == pytest.approx(200.0 + cycle)
    magnet.command(300.0, 0.0, RATE, LINEAR, persistent=False)
    assert states(magnet, 300.0, 500.0)[-3:] == [S.DISCHARGING, S.FINAL_APPROACH, S.DRIVEN]


def test_after_nine_tesla_and_back_twenty_oersted_are_left_below_zero() -> None:
    magnet = MagnetTrajectory(DATA, 0.0)
    end = go(magnet, go(magnet, 0.0, 9.0), 0.0)
    assert magnet.reported(end) == 0.0
    assert magnet.field(end) == pytest.approx(-20 * OERSTED, rel=0.05)
    end = go(magnet, go(magnet, end, -9.0), 0.0)
    assert magnet.field(end) == pytest.approx(20 * OERSTED, rel=0.05)


def test_the_sign_of_the_remanence_can_be_turned() -> None:
    lagging = MagnetTrajectory(replace(DATA, remanence_sign=-1), 0.0)
    end = go(lagging, go(lagging, 0.0, 9.0), 0.0)
    assert lagging.field(end) == pytest.approx(20 * OERSTED, rel=0.05)


def test_a_short_excursion_leaves_little() -> None:
    magnet = MagnetTrajectory(DATA, 0.0)
    end = go(magnet, 0.0, 0.025, NO_OVERSHOOT)
    assert abs(error(magnet, end)) < 3 * OERSTED
    end = go(magnet, end, 0.0, NO_OVERSHOOT)
    assert abs(error(magnet, end)) < 1e-9  # no part of the windings has slipped


def test_the_error_is_bounded_by_the_remanence() -> None:
    magnet = MagnetTrajectory(DATA, 0.0)
    end = 0.0
    for target in (3.0, -2.0, 9.0, 0.1, -0.3, -9.0, 0.0):
        end = go(magnet, end, target)
        assert abs(error(magnet, end)) <= DATA.remanence * (1 + 1e-12)


def test_a_loop_between_saturated_ends_closes() -> None:
    """Prandtl-Ishlinskii operators: from the second cycle on the loop is the same, and symmetric."""
    magnet = MagnetTrajectory(DATA, 0.0)
    errors: list[list[float]] = []
    end = go(magnet, 0.0, 2.0, NO_OVERSHOOT)
    for _ in range(2):
        cycle: list[float] = []
        for target in (-2.0, 2.0):
            magnet.command(end, target, RATE, NO_OVERSHOOT, persistent=False)
            cycle += [error(magnet, end + DATA.dead_time + 10.0 * step) for step in range(40)]
            end = magnet.settled_at
        errors.append(cycle)
    assert errors[0] == pytest.approx(errors[1], abs=1e-15)
    assert errors[1][:40] == pytest.approx([-value for value in errors[1][40:]], abs=1e-12)
    assert max(errors[1]) > 10 * OERSTED


@pytest.mark.parametrize("history", [[], [9.0], [-9.0, 0.0], [9.0, -9.0, 0.3], [0.5, -0.5, 0.0]])
@pytest.mark.parametrize("start", [1.0, -1.0, 1.7, 3.1, 9.0])
def test_oscillating_to_zero_from_one_tesla_or_more_removes_nearly_all(history: list[float], start: float) -> None:
    magnet = MagnetTrajectory(DATA, 0.0)
    end = 0.0
    for target in (*history, start):
        end = go(magnet, end, target)
    end = go(magnet, end, 0.0, OSCILLATE)
    assert abs(magnet.field(end)) < 2 * OERSTED


def test_a_ramp_of_the_true_field_is_as_steep_as_the_equation_says() -> None:
    """From the virgin state no part slips at first: dH_true/dH = 1 + A sum w_k / r_k."""
    magnet = MagnetTrajectory(DATA, 0.0)
    magnet.command(0.0, 1.0, RATE, LINEAR, persistent=False)
    time = DATA.dead_time + 1.0
    weights = zip(DATA.flux_weights, DATA.flux_thresholds, strict=True)
    slope = 1 + DATA.remanence * sum(weight / threshold for weight, threshold in weights)
    assert magnet.field(time) == pytest.approx(slope * RATE, rel=1e-12)


moves = st.lists(
    st.tuples(
        st.floats(0.0, 400.0),
        st.floats(-9.0, 9.0),
        st.floats(DATA.rate_minimum, DATA.rate_maximum),
        st.sampled_from(FieldApproach),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(moves=moves)
def test_both_fields_are_continuous_and_no_faster_than_allowed(
    moves: list[tuple[float, float, float, FieldApproach, bool]],
) -> None:
    magnet = MagnetTrajectory(DATA, 0.0)
    time = 0.0
    for wait, target, rate, approach, persistent in moves:
        time += wait
        magnet.command(time, target, rate, approach, persistent)
    times = magnet._times
    assert all(after > before for before, after in itertools.pairwise(times))
    steepest = 1 + DATA.remanence * sum(w / r for w, r in zip(DATA.flux_weights, DATA.flux_thresholds, strict=True))
    for before, after in itertools.pairwise(times):
        just = math.nextafter(after, -math.inf)
        assert magnet.reported(just) == pytest.approx(magnet.reported(after), abs=1e-9)
        assert magnet.field(just) == pytest.approx(magnet.field(after), abs=1e-9)
        change = abs(magnet.field(after) - magnet.field(before))
        assert change <= DATA.rate_maximum * steepest * (after - before) * (1 + 1e-9) + 1e-12
    assert magnet.reported(times[-1]) == pytest.approx(moves[-1][1], abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(moves=moves)
def test_the_past_does_not_change(moves: list[tuple[float, float, float, FieldApproach, bool]]) -> None:
    """A command leaves every earlier field as it was, to the last bit."""
    magnet = MagnetTrajectory(DATA, 0.0)
    time = 0.0
    seen: list[tuple[float, float, float]] = []
    for wait, target, rate, approach, persistent in moves:
        moments = [time + wait * step / 7 for step in range(7)]
        seen += [(moment, magnet.field(moment), magnet.reported(moment)) for moment in moments]
        time += wait
        magnet.command(time, target, rate, approach, persistent)
    for moment, field, reported in seen:
        if moment < time:
            assert (magnet.field(moment), magnet.reported(moment)) == (field, reported)


# what goes wrong


@pytest.mark.parametrize("field", [9.0, -2.0])
def test_a_quench_halves_the_field_again_and_again_and_frees_the_trapped_flux(field: float) -> None:
    magnet = MagnetTrajectory(DATA, 0.0)
    begin = go(magnet, 0.0, field) + 10.0
    true = magnet.field(begin)
    magnet.quench(begin, PPMS_9T.faults)
    half = PPMS_9T.faults.quench_time
    for halving in range(1, 8):
        assert magnet.field(begin + halving * half) == pytest.approx(true / 2**halving)
        assert magnet.reported(begin + halving * half) == pytest.approx(field / 2**halving)
    assert magnet.field(begin + 8 * half + 1e-6) == magnet.reported(1e9) == 0.0
    assert magnet.field(begin - 1.0) == true
    shown = begin + PPMS_9T.faults.quench_shown
    assert states(magnet, begin, shown + 5.0) == [S.QUENCH, S.FAILURE]
    assert magnet.broken


def test_a_magnet_that_was_reset_magnetises_as_if_it_were_new() -> None:
    magnet, new = MagnetTrajectory(DATA, 0.0), MagnetTrajectory(DATA, 0.0)
    begin = go(magnet, 0.0, 9.0) + 10.0
    magnet.quench(begin, PPMS_9T.faults)
    magnet.reset(begin + 100.0)
    assert not magnet.broken
    begin += 200.0
    go(magnet, begin, 1.0)
    go(new, 0.0, 1.0)
    for wait in (1.0, 20.0, 52.0, 60.0):
        assert magnet.field(begin + wait) == pytest.approx(new.field(wait), abs=1e-12)


def test_a_supply_that_fails_holds_its_current() -> None:
    magnet = MagnetTrajectory(DATA, 0.0)
    magnet.command(0.0, 1.0, RATE, LINEAR, persistent=False)
    here = magnet.reported(40.0)
    magnet.fail(40.0)
    assert magnet.reported(40.0) == magnet.reported(1e6) == here
    assert states(magnet, 40.0, 50.0) == [S.CURRENT_ERROR]


# what it costs


def test_use_is_the_integral_of_the_driven_field_and_the_way_it_went() -> None:
    magnet = MagnetTrajectory(DATA, 0.0)
    magnet.command(0.0, 1.0, RATE, LINEAR, persistent=True)
    magnet.command(300.0, -1.0, RATE, LINEAR, persistent=False)
    steps = [0.01 * number for number in range(60_001)]
    fields = [magnet.reported(time) for time in steps]
    way = sum(abs(after - before) for before, after in itertools.pairwise(fields))
    carried, gone = magnet.use(0.0, 600.0)
    assert gone == pytest.approx(way, rel=1e-6)
    persistent = [
        time
        for time in steps
        if 0.7 + 100.0 + DATA.settle_time + DATA.switch_cooling <= time < 300.0 + 0.7 + DATA.leads_time + 1.0
    ]
    driven = sum(map(abs, fields)) * 0.01 - sum(abs(magnet.reported(time)) for time in persistent) * 0.01
    assert carried == pytest.approx(driven, rel=0.01)
    halves = magnet.use(0.0, 350.0), magnet.use(350.0, 600.0)
    assert carried == pytest.approx(halves[0][0] + halves[1][0])


def test_when_a_field_is_reached() -> None:
    magnet = MagnetTrajectory(DATA, 0.0)
    magnet.command(0.0, 1.0, RATE, LINEAR, persistent=False)
    assert magnet.reaches(0.5, 0.0) == pytest.approx(DATA.dead_time + 50.0)
    assert magnet.reaches(2.0, 0.0) is None
    settled = magnet.settled_at
    magnet.command(settled, -1.0, RATE, LINEAR, persistent=False)
    assert magnet.reaches(0.5, settled) == settled  # it is beyond already
    assert magnet.reaches(0.5, settled + 100.0) == pytest.approx(settled + DATA.dead_time + 150.0)


def test_code_zero_flashes_at_the_end_of_the_dead_time() -> None:
    magnet, plain = MagnetTrajectory(DATA, 0.0, flash=0.3), MagnetTrajectory(DATA, 0.0)
    for one in (magnet, plain):
        one.command(0.0, 0.1, RATE, LINEAR, persistent=False)
    assert states(magnet, 0.0, 20.0) == [S.DRIVEN, S.UNKNOWN, S.CHARGING, S.FINAL_APPROACH, S.DRIVEN]
    assert [magnet.field(0.1 * step) for step in range(200)] == [plain.field(0.1 * step) for step in range(200)]
