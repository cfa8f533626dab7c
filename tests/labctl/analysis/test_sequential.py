"""Trials one after the other: as well known as by a grid with far fewer pulses, and intervals that hold."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import binom

from labctl.analysis import sequential
from labctl.analysis import switching_probability as single
from labctl.analysis.sequential import Belief, carry_on, finished, halves_of
from labctl.analysis.switching_probability import Curve, Trial

RANGE = (5e-3, 20e-3)


def device(half: float, width: float, rng: np.random.Generator) -> Callable[[int, float], Trial]:
    """A film of which a pulse switches with a logistic chance."""
    return lambda _, current: Trial(current, bool(rng.random() < expit((current - half) / width)))


def test_the_belief_is_the_product_of_the_likelihoods() -> None:
    rng = np.random.default_rng(1)
    attempt = device(12e-3, 1e-3, rng)
    belief = Belief(*RANGE)
    trials = [attempt(0, current) for current in np.linspace(8e-3, 16e-3, 15)]
    for trial in trials:
        belief = belief.with_trial(trial)
    assert belief.window is not None  # narrow enough for a table of its own
    chances = np.ones(len(belief.widths)) * np.diff(belief.edges)[:, None]
    for trial in trials:
        rises = expit((trial.current - belief.halves[:, None]) / belief.widths)
        chances *= rises if trial.switched else 1.0 - rises
    np.testing.assert_allclose(belief.weights, chances / chances.sum(), atol=1e-12)


def test_the_table_is_fine_enough_for_few_trials_of_a_sharp_step() -> None:
    """Against the same integral over a table of thousands of places: what K may be gives I50 tails that count."""
    heights = (12.0, 16.0, 14.0, 12.8, 13.6, 14.0, 11.44, 13.72, 13.87, 13.78, 13.6, 13.74, 13.79, 14.0, 13.81)
    did = (0, 1, 1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1)
    trials = [Trial(1e-3 * height, bool(done)) for height, done in zip(heights, did, strict=True)]
    belief = Belief(4e-3, 20e-3)
    for trial in trials:
        belief = belief.with_trial(trial)
    at_once = Belief(4e-3, 20e-3, tuple(trials)).refined()
    halves = np.linspace(4e-3, 20e-3, 8001)
    logarithm = single.log_likelihood(trials, halves[:, None], belief.widths)
    rows = np.exp(logarithm).sum(axis=1)
    rows /= rows.sum()
    mean = float(halves @ rows)
    sigma = math.sqrt(float((halves - mean) ** 2 @ rows))
    for found in (belief, at_once):
        assert found.half[0] == pytest.approx(mean, abs=0.02 * sigma)
        assert found.half[1] == pytest.approx(sigma, rel=0.02)
        ends = np.interp([0.16, 0.84], np.cumsum(rows), halves)
        assert found.half_interval(0.68) == pytest.approx(tuple(ends), abs=0.05 * sigma)


def test_nothing_known_begins_in_the_middle() -> None:
    belief = Belief(*RANGE)
    assert belief.best() == pytest.approx(12.5e-3, rel=0.01)
    assert np.all(belief.gains() >= -1e-12)
    assert belief.half[1] == pytest.approx(15e-3 / math.sqrt(12.0), rel=0.01)
    assert belief.half_interval(0.95) == pytest.approx((5.375e-3, 19.625e-3))


def test_the_gain_is_what_the_entropy_of_the_half_loses() -> None:
    """Expected loss of the entropy of I50, from both outcomes one by one."""
    rng = np.random.default_rng(2)
    belief = Belief(*RANGE)
    attempt = device(12e-3, 1.5e-3, rng)
    for current in (9e-3, 12e-3, 15e-3, 11e-3):
        belief = belief.with_trial(attempt(0, current))

    def entropy(rows: np.ndarray) -> float:
        return -float(np.sum(rows * np.log(np.maximum(rows, 1e-300))))

    for place in (3, len(belief.currents) // 2, -4):
        current = belief.currents[place]
        chance = expit((current - belief.halves[:, None]) / belief.widths)
        expected = 0.0
        for outcome in (chance, 1.0 - chance):
            after = belief.weights * outcome
            expected += after.sum() * entropy(after.sum(axis=1) / after.sum())
        assert belief.gains()[place] == pytest.approx(entropy(belief.weights.sum(axis=1)) - expected, abs=1e-9)


def test_a_step_is_halved_until_it_is_known() -> None:
    """A film that always switches above one current and never below: every second trial halves what is left."""
    belief = Belief(*RANGE)
    for _ in range(14):
        current = belief.best()
        belief = belief.with_trial(Trial(current, switched=current > 13.3e-3))
    assert belief.half[0] == pytest.approx(13.3e-3, abs=3.0 * belief.half[1])
    assert belief.half[1] < 0.15e-3


def test_it_ends_when_known_and_not_before_thirty() -> None:
    rng = np.random.default_rng(3)
    belief = carry_on(Belief(*RANGE), device(12e-3, 0.05e-3, rng), rng, range(400), goal=0.01, least=30)
    assert len(belief.trials) == 30
    wide = carry_on(Belief(*RANGE), device(12e-3, 1e-3, rng), rng, range(400), goal=0.01, least=30)
    assert finished(wide, goal=0.01, least=30)
    assert 50 < len(wide.trials) < 400
    assert len(carry_on(Belief(*RANGE), device(12e-3, 1e-3, rng), rng, range(12), goal=0.01, least=30).trials) == 12
    assert carry_on(Belief(*RANGE), lambda *_: None, rng, range(12), goal=0.01, least=30).trials == ()


def test_a_tenth_is_drawn_at_random() -> None:
    rng = np.random.default_rng(4)
    belief = Belief(*RANGE)
    off = sum(belief.next_current(rng) != belief.best() for _ in range(1000))
    low, high = binom.interval(0.99, 1000, sequential.OFF)
    assert low <= off <= high


@pytest.mark.parametrize("devices", [10, pytest.param(40, marks=pytest.mark.endurance)])
def test_an_eighth_of_the_pulses_of_a_grid_is_enough(devices: int) -> None:
    """A grid of 65 currents with 30 pulses each, over what one would take without knowing I50; K is 0.3 mA."""
    rng = np.random.default_rng(5)
    currents = np.repeat(np.linspace(4e-3, 20e-3, 65), 30).tolist()
    few = len(currents) // 8
    known: list[tuple[float, float, float]] = []
    for _ in range(devices):
        half = float(rng.uniform(10e-3, 15e-3))
        attempt = device(half, 0.3e-3, rng)
        curve = single.fit([attempt(0, current) for current in currents])
        assert isinstance(curve, Curve)
        belief = carry_on(Belief(4e-3, 20e-3), attempt, rng, range(few), goal=0.0, least=few)
        assert len(belief.trials) == few
        known.append((belief.half[1], curve.half_uncertainty, belief.half[0] - half))
    by_bayes, by_grid, off = np.array(known).T
    assert by_bayes.mean() <= by_grid.mean()
    # what is stated is what comes out: the errors are as large as the uncertainties, within chance
    assert 0.3 < float(np.mean((off / by_bayes) ** 2)) < 2.8


@pytest.mark.parametrize("devices", [24, pytest.param(400, marks=pytest.mark.endurance)])
def test_intervals_hold_over_many_devices(devices: int) -> None:
    """I50 and K drawn from what is taken to be possible; the trials end as in the procedure, or after 120."""
    rng = np.random.default_rng(7)
    inside = {0.68: 0, 0.95: 0}
    for _ in range(devices):
        middle = 0.5 * (RANGE[0] + RANGE[1])
        half = float(rng.uniform(*RANGE))
        width = middle * math.exp(rng.uniform(math.log(sequential.NARROWEST), math.log(sequential.WIDEST)))
        belief = carry_on(Belief(*RANGE), device(half, width, rng), rng, range(120), goal=0.01, least=30)
        for confidence in inside:
            low, high = belief.half_interval(confidence)
            inside[confidence] += low <= half <= high
    for confidence, count in inside.items():
        low, high = binom.interval(0.99, devices, confidence)
        assert low <= count <= high


def test_halves_of_a_device_that_drifts_differ() -> None:
    rng = np.random.default_rng(8)
    before, after = (device(half, 0.2e-3, rng) for half in (11e-3, 13e-3))
    steady = [before(0, float(c)) for c in rng.uniform(9e-3, 15e-3, 100)]
    drifting = steady[:50] + [after(0, trial.current) for trial in steady[50:]]
    for trials, drifts in ((steady, False), (drifting, True)):
        first, second = halves_of(trials, *RANGE)
        apart = abs(second.half[0] - first.half[0])
        assert (apart > 3.0 * math.hypot(first.half[1], second.half[1])) is drifts
