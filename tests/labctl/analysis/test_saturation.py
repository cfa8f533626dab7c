"""Saturated states, the scale between them, and how a state holds: against numbers whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labctl.analysis.minor_loops import MinorLoop, Remanence, monotonic, remanences
from labctl.analysis.retention import Retention, changes_agree, read_times
from labctl.analysis.saturation import plateaus
from labctl.analysis.states import State

NOISE = 1e-4


def state(hall: float, current: float = 0.0, time: float = 0.0, scatter: float = math.nan) -> State:
    return State(
        block="a", number=1, step="loop", current=current, width=1e-3, time=time, hall=hall, scatter=scatter, reads=2,
        resistance=math.nan, clamped=False, more={},
    )  # fmt: skip


# ---- saturation


@given(st.floats(-1.0, 1.0), st.floats(0.05, 1.0), st.sampled_from([-1.0, 1.0]), st.floats(-1.0, 1.0))
def test_zero_is_the_middle_of_both_saturated_states(offset: float, amplitude: float, sign: float, m: float) -> None:
    found = plateaus([state(offset - sign * amplitude)] * 3, [state(offset + sign * amplitude)] * 3)
    assert found is not None
    assert found.swing == pytest.approx(2 * sign * amplitude)
    assert found.magnetisation(offset + sign * m * amplitude) == pytest.approx(m, abs=1e-9)
    assert found.part(offset) == pytest.approx(0.5)


def test_the_scatter_is_that_of_single_states_of_both() -> None:
    rng = np.random.default_rng(3)
    found = [
        plateaus([state(v) for v in 0.1 + NOISE * rng.standard_normal(5)],
                 [state(v) for v in 0.3 + NOISE * rng.standard_normal(5)]) for _ in range(400)
    ]  # fmt: skip
    scatter = [each.scatter for each in found if each is not None]
    assert math.sqrt(float(np.mean(np.square(scatter)))) == pytest.approx(NOISE, rel=0.05)
    wrong = sum(not each.is_at(-1, 0.1 + NOISE * rng.standard_normal()) for each in found if each is not None)
    assert wrong < 0.04 * len(found)  # Student's t of eight degrees of freedom beyond three: 1.7 %


def test_a_state_beyond_three_deviations_is_not_the_saturated_one() -> None:
    low = [state(0.1 + NOISE * (-1) ** place) for place in range(4)]
    high = [state(0.3 + NOISE * (-1) ** place) for place in range(4)]
    found = plateaus(low, high)
    assert found is not None
    assert found.is_at(-1, 0.1)
    assert found.is_at(1, 0.3 - 2 * NOISE)
    assert not found.is_at(-1, 0.1 + 5 * NOISE)
    assert not found.is_at(1, 0.1)
    assert found.differ


def test_without_noise_a_state_may_still_differ_by_a_small_part_of_the_swing() -> None:
    found = plateaus([state(0.1)] * 3, [state(0.3)] * 3)
    assert found is not None
    assert found.is_at(-1, 0.1 + 0.9 * 3e-4 * 0.2)
    assert not found.is_at(-1, 0.1 + 1.1 * 3e-4 * 0.2)


def test_states_that_do_not_differ_say_so() -> None:
    found = plateaus([state(0.1), state(0.1002)], [state(0.1001), state(0.1003)])
    assert found is not None
    assert not found.differ
    assert plateaus([], [state(0.1)]) is None


def test_the_noise_of_reading_is_the_least_scatter() -> None:
    found = plateaus([state(0.1, scatter=NOISE)] * 3, [state(0.3, scatter=NOISE)] * 3)
    assert found is not None
    assert found.scatter == pytest.approx(NOISE / math.sqrt(2.0))


# ---- retention


def test_a_slope_is_the_one_that_is_in_the_states() -> None:
    times = np.array(read_times(1.0, 1000.0, 4))
    kept = Retention(times, 0.2 + 3e-3 * np.log10(times), NOISE)
    decade = kept.per_decade()
    assert decade is not None
    assert decade.value == pytest.approx(3e-3)
    assert not kept.stable
    straight = Retention(times, 0.2 - 2e-6 * times, NOISE).per_second()
    assert straight is not None
    assert straight.value == pytest.approx(-2e-6)


def test_the_uncertainty_of_a_slope_covers_it() -> None:
    rng, times = np.random.default_rng(5), np.array(read_times(1.0, 100.0, 4))
    pulls: list[float] = []
    stable = 0
    for _ in range(500):
        kept = Retention(times, 0.2 + 1e-3 * np.log10(times) + NOISE * rng.standard_normal(len(times)), NOISE)
        slope = kept.per_decade()
        assert slope is not None
        pulls.append((slope.value - 1e-3) / slope.uncertainty)
        stable += Retention(times, 0.2 + NOISE * rng.standard_normal(len(times)), NOISE).stable
    assert 0.8 < float(np.std(pulls)) <= 1.05
    assert abs(float(np.mean(pulls))) < 0.15
    assert stable > 490


def test_two_states_have_no_slope_but_a_change() -> None:
    kept = Retention(np.array([1.0, 100.0]), np.array([0.2, 0.21]), NOISE)
    assert kept.per_decade() is None
    assert kept.change == pytest.approx(0.01)
    calm = Retention(np.array([1.0, 100.0]), np.array([0.2, 0.2]), NOISE)
    apart, error = changes_agree([kept, calm], [calm, calm])
    assert apart == pytest.approx(0.005)
    assert error == pytest.approx(2.0 * NOISE / math.sqrt(2.0))


@pytest.mark.parametrize(("first", "last"), [(1.0, 100.0), (0.05, 1e4), (1.0, 1.5)])
def test_times_are_spaced_by_their_logarithm_with_both_ends(first: float, last: float) -> None:
    times = read_times(first, last, 4)
    assert times[0] == first
    assert times[-1] == pytest.approx(last)
    assert np.ptp(np.diff(np.log(times))) < 1e-9
    assert len(times) - 1 >= 4 * math.log10(last / first) - 1e-6
    assert read_times(2.0, 1.0, 4) == [2.0]


# ---- minor loops


def a_loop(maximum: float, left: float, repeat: int = 1) -> MinorLoop:
    heights = [-3.0, -2.0, 2.0, maximum, 2.0, 1.0, -2.0, -3.0]
    halls = [0.0, 0.0, 0.1, left + 0.01, left + 0.005, left, 0.1, 0.0]
    return MinorLoop(maximum, repeat, [state(h, current=c) for h, c in zip(halls, heights, strict=True)], 3, ())


def test_what_is_left_is_read_when_the_pulses_are_back_at_zero() -> None:
    loop = a_loop(5.0, 0.4)
    assert loop.remanent is not None
    assert loop.remanent.hall == 0.4
    cut = MinorLoop(5.0, 1, loop.states[:5], 3, ())
    assert cut.remanent is None


def test_mean_and_deviation_are_those_of_the_repeats() -> None:
    (found,) = remanences([a_loop(5.0, left, n) for n, left in enumerate((0.3, 0.4, 0.5), 1)], NOISE)
    assert found.hall == pytest.approx(0.4)
    assert found.scatter == pytest.approx(0.1)
    assert found.uncertainty == pytest.approx(0.1 / math.sqrt(3.0))
    assert found.at_top == pytest.approx(0.41)


def test_a_state_that_falls_back_beyond_its_uncertainty_is_not_monotonic() -> None:
    def row(*halls: float) -> list[Remanence]:
        return [Remanence(float(n), hall, 0.01, 0.01, hall, 3) for n, hall in enumerate(halls)]

    assert monotonic(row(0.1, 0.2, 0.19, 0.4), 1.0) is True
    assert monotonic(row(0.1, 0.3, 0.2, 0.4), 1.0) is False
    assert monotonic(row(0.4, 0.2, 0.1), -1.0) is True
    assert monotonic(row(0.4, 0.2, 0.1), 1.0) is False
    assert monotonic(row(0.4), 1.0) is None
