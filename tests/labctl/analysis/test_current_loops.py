"""Loops of current pulses: currents, windows and levels of curves whose truth is known."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import erf, erfinv

from labctl.analysis import current_loops
from labctl.analysis.current_loops import Branch, Loop
from labctl.analysis.readings import FloatArray

LARGEST = 20e-3
GOES = float(np.sqrt(2.0) * erfinv(0.9))
"""Standard deviations from half of a normal distribution to 95 % of it."""


def loop(
    half: float, width: float, step: float = 0.5e-3, noise: float = 1e-5, seed: int = 0, offset: float = 0.2,
    amplitude: float = 0.075,
) -> Loop:  # fmt: skip
    """A loop whose branches are normal distributions about half, of a width each."""
    rng = np.random.default_rng(seed)
    currents = np.asarray(np.arange(-LARGEST, LARGEST + step / 2, step), float)

    def hall(currents: FloatArray, sense: int) -> FloatArray:
        away = (sense * currents - half) / width / math.sqrt(2.0)
        return np.asarray(offset + sense * amplitude * erf(away) + noise * rng.standard_normal(len(currents)), float)

    return Loop(
        Branch("up", currents, hall(currents, 1), noise),
        Branch("down", currents[::-1], hall(currents[::-1], -1), noise),
    )


@given(st.floats(8e-3, 14e-3), st.floats(0.3e-3, 1.5e-3), st.sampled_from([0.25e-3, 0.5e-3, 1e-3]))
def test_currents_are_those_of_the_distribution(half: float, width: float, step: float) -> None:
    found = loop(half, width, step)
    for branch, sign in ((found.up, 1), (found.down, -1)):
        for part, away in ((0.05, -GOES), (0.5, 0.0), (0.95, GOES)):
            crossing = branch.crossing(part)
            assert crossing is not None
            assert crossing.current == pytest.approx(sign * (half + away * width), abs=4 * crossing.uncertainty + 2e-6)
            assert crossing.uncertainty <= step / math.sqrt(12.0) + 1e-4


def test_a_switch_within_one_step_is_known_to_the_step() -> None:
    """The truth is anywhere in the step: errors over many places of it have the spread that is said."""
    pulls: list[float] = []
    for half in np.linspace(10e-3, 11e-3, 101)[:-1] + 3e-6:
        crossing = loop(float(half), 1e-7, 1e-3).up.crossing(0.5)
        assert crossing is not None
        pulls.append((crossing.current - half) / crossing.uncertainty)
    assert np.std(pulls) == pytest.approx(1.0, abs=0.05)
    assert np.mean(pulls) == pytest.approx(0.0, abs=0.05)


def test_window_and_swing_are_those_of_both_branches() -> None:
    loops = [loop(11e-3, 1e-3, seed=seed) for seed in range(3)]
    window, swing = current_loops.windows(loops), current_loops.swings(loops)
    assert window is not None
    assert window.value == pytest.approx(2 * GOES * 1e-3, abs=3 * window.uncertainty)
    assert swing.value == pytest.approx(0.15, abs=3e-5)
    assert current_loops.swings([loop(11e-3, 1e-3, amplitude=-0.075)]).value == pytest.approx(-0.15, abs=3e-5)


def test_loops_that_scatter_say_so_and_their_mean_is_known_better() -> None:
    halves = np.random.default_rng(1).normal(11e-3, 0.4e-3, 9)
    mean = current_loops.crossings([loop(float(half), 1e-3, seed=n) for n, half in enumerate(halves)], "up", 0.5)
    assert mean is not None
    assert mean.value == pytest.approx(float(halves.mean()), abs=5e-5)
    assert mean.scatter == pytest.approx(float(halves.std(ddof=1)), rel=0.1)
    assert mean.uncertainty == pytest.approx(mean.scatter / 3.0, rel=0.3)


def grains(
    own: FloatArray, anew: float, rng: np.random.Generator, step: float = 1e-3, noise: float = 5e-5
) -> Loop:  # fmt: skip
    """A loop of grains, each with a current of its own in A, from which it is off by so many A every time anew."""
    currents = np.asarray(np.arange(-LARGEST, LARGEST + step / 2, step), float)

    def hall(sense: int) -> FloatArray:
        at = own + anew * rng.standard_normal(len(own))
        gone = (sense * currents[:, None] >= at[None, :]).mean(axis=1)
        return np.asarray(sense * 0.15 * (gone - 0.5) + noise * rng.standard_normal(len(currents)), float)

    return Loop(Branch("up", currents, hall(1), noise), Branch("down", currents[::-1], hall(-1)[::-1], noise))


@pytest.mark.parametrize(("fixed", "anew"), [(1.2e-3, 1.2e-3), (1.5e-3, 0.75e-3)])
@pytest.mark.parametrize("step", [0.5e-3, 1e-3])
def test_the_currents_of_one_loop_of_grains_are_off_by_what_is_said(step: float, fixed: float, anew: float) -> None:
    """The truth is the mean over many loops of the same film, whose grains jump in part at random."""
    rng = np.random.default_rng(3)
    own = np.asarray(rng.normal(11e-3, fixed, 1000), float)
    loops = [grains(own, anew, rng, step) for _ in range(60)]
    for part in (0.05, 0.5, 0.95):
        found = [current_loops.crossings([one], "up", part) for one in loops]
        values = np.array([mean.value for mean in found if mean is not None])
        errors = np.array([mean.uncertainty for mean in found if mean is not None])
        assert len(values) == len(loops)
        pulls = (values - values.mean()) / errors
        assert 0.7 < float(np.sqrt(np.mean(pulls**2))) < 1.4
        assert float(errors.min()) > 0.3 * float(values.std(ddof=1))


def test_grains_that_hold_their_currents_scatter_less_than_those_that_do_not() -> None:
    """Several loops tell what one cannot; what lies between two pulses they share."""
    rng = np.random.default_rng(4)
    own = np.asarray(rng.normal(11e-3, 1.6e-3, 300), float)
    loops = [grains(own, 0.0, rng) for _ in range(8)]
    single, mean = (current_loops.crossings(some, "up", 0.5) for some in (loops[:1], loops))
    assert single is not None
    assert mean is not None
    assert mean.scatter < 0.05 * single.uncertainty
    assert 0.2 * single.uncertainty < mean.uncertainty < single.uncertainty
    assert abs(mean.value - float(np.median(own))) < 4 * mean.uncertainty


def test_a_mean_of_three_has_two_degrees_of_freedom_and_more_where_all_share_its_uncertainty() -> None:
    values = [9.0, 10.0, 11.0]
    assert current_loops.mean(values, 0.0).freedom == 2
    assert current_loops.mean(values, 1.0 / math.sqrt(3.0)).freedom == 8  # twice the variance, by Welch-Satterthwaite
    assert current_loops.mean([10.0], 1.0).freedom is None


def test_a_film_that_does_nothing_has_no_switching_current() -> None:
    flat = loop(11e-3, 1e-3, amplitude=1e-6)
    assert not flat.up.switches
    assert current_loops.crossings([flat], "up", 0.5) is None
    assert current_loops.windows([flat]) is None


def test_pulses_that_do_not_reach_full_switching_are_seen() -> None:
    assert loop(11e-3, 1e-3).up.complete
    assert loop(19e-3, 2e-3).up.complete is False


def test_a_step_that_goes_most_of_the_way_does_not_tell_whether_it_was_the_last() -> None:
    assert loop(10e-3, 3e-3, 20e-3 / 3).up.complete is None


@pytest.mark.parametrize("step", [0.5e-3, 1e-3])
def test_levels_that_come_back_are_counted(step: float) -> None:
    """Each of the states of a gradual branch comes back to the noise: all that are farther apart than that count."""
    loops = [loop(11e-3, 1e-3, step, noise=3e-4, seed=seed) for seed in range(5)]
    means = np.mean([one.up.hall for one in loops], axis=0)
    most = sum(abs(after - before) > 5 * 3e-4 for before, after in itertools.pairwise(means)) + 1
    assert abs((current_loops.levels(loops, "up") or 0) - most) <= 2
    assert most > 5


def test_a_binary_film_has_two_levels_however_its_threshold_scatters() -> None:
    halves = np.random.default_rng(2).normal(11e-3, 1e-3, 6)
    loops = [loop(float(half), 1e-7, noise=3e-4, seed=n) for n, half in enumerate(halves)]
    assert current_loops.levels(loops, "up") == 2
    assert current_loops.levels(loops[:1], "up") is None
