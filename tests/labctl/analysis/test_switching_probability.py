"""Intervals and curves of switching probabilities against their equations, and against devices whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import expit, ndtr
from scipy.stats import binom

from labctl.analysis import switching_probability as single
from labctl.analysis.switching_probability import Curve, Link, Separated, Trial, wilson


def trials_of(half: float, width: float, currents: list[float], link: Link, rng: np.random.Generator) -> list[Trial]:
    chance = expit if link == "logistic" else ndtr
    return [Trial(current, bool(rng.random() < chance((current - half) / width))) for current in currents]


# ---- counted parts


def test_wilson_solves_its_equation() -> None:
    """Each end is the chance from which the counted part is 1.96 standard deviations away."""
    for count, trials in ((3, 20), (17, 40), (1, 5)):
        part = wilson(count, trials)
        for end in (part.low, part.high):
            deviation = abs(part.value - end) / math.sqrt(end * (1.0 - end) / trials)
            assert deviation == pytest.approx(single.CONFIDENCE, rel=1e-9)


def test_none_of_twenty_is_no_zero() -> None:
    part = wilson(0, 20)
    assert part.low == 0.0
    assert part.high == pytest.approx(single.CONFIDENCE**2 / (20 + single.CONFIDENCE**2))
    assert 0.15 < part.high < 0.17
    assert part.above < part.high
    assert wilson(20, 20).low == pytest.approx(1.0 - part.high)


@pytest.mark.parametrize(("count", "trials"), [(0, 5), (0, 20), (0, 200), (0, 400), (3, 20), (4, 5)])
def test_bounds_of_one_side_are_the_exact_ones(count: int, trials: int) -> None:
    """At the bound, as few as were counted come with 5 %; of the lower one, as many."""
    part = wilson(count, trials)
    assert binom.cdf(count, trials, part.above) == pytest.approx(0.05, rel=1e-9)
    assert count == 0 or binom.sf(count - 1, trials, part.below) == pytest.approx(0.05, rel=1e-9)
    mirrored = wilson(trials - count, trials)
    assert (mirrored.below, mirrored.above) == pytest.approx((1.0 - part.above, 1.0 - part.below))


def test_no_bound_is_claimed_beyond_none_and_all() -> None:
    assert wilson(0, 5).below == 0.0
    assert wilson(5, 5).above == 1.0
    assert wilson(0, 5).above == pytest.approx(1.0 - 0.05 ** (1 / 5))


def test_a_bar_ends_at_the_bound_that_is_said() -> None:
    none, some, every = wilson(0, 5), wilson(2, 5), wilson(5, 5)
    assert none.drawn == (0.0, none.above)
    assert some.drawn == (some.low, some.high)
    assert every.drawn == (every.below, 1.0)


def test_wilson_covers() -> None:
    """Mean coverage over many chances, exactly: the binomial sum."""
    chances = np.linspace(0.05, 0.95, 91)
    inside = np.zeros(len(chances))
    for count in range(31):
        part = wilson(count, 30)
        inside += np.where((part.low <= chances) & (chances <= part.high), binom.pmf(count, 30, chances), 0.0)
    assert float(inside.mean()) == pytest.approx(0.95, abs=0.01)


def test_a_difference_of_equal_parts_is_zero_with_an_interval() -> None:
    apart, low, high = single.difference(wilson(50, 100), wilson(50, 100))
    assert apart == 0.0
    assert -low == pytest.approx(high)
    assert high == pytest.approx(0.137, abs=0.003)  # 1.96 sqrt(2 x 0.25 / 100), a little narrower
    assert single.difference(wilson(20, 20), wilson(0, 20))[1] > 0.7


def test_newcombe_of_his_own_table() -> None:
    """Newcombe 1998, table II, method 10: 56/70 less 48/80 is 0.2 from 0.0524 to 0.3339."""
    apart, low, high = single.difference(wilson(56, 70), wilson(48, 80))
    assert (apart, low, high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


def test_a_rate_of_small_chances_is_chance_over_time() -> None:
    assert single.rate(1e-6, 1e-3) == pytest.approx(1e-3, rel=1e-5)
    assert single.rate(1.0, 1e-3) == math.inf


# ---- the curve


@pytest.mark.parametrize("link", ["logistic", "probit"])
def test_the_fit_is_where_the_likelihood_is_largest(link: Link) -> None:
    rng = np.random.default_rng(3)
    trials = trials_of(15e-3, 0.8e-3, [place * 0.5e-3 for place in range(20, 41)] * 8, link, rng)
    curve = single.fit(trials, link)
    assert isinstance(curve, Curve)
    best = float(single.log_likelihood(trials, curve.half, curve.width, link))
    assert best == pytest.approx(curve.likelihood)
    for aside in (0.995, 1.005):
        assert float(single.log_likelihood(trials, aside * curve.half, curve.width, link)) < best
        assert float(single.log_likelihood(trials, curve.half, aside * curve.width, link)) < best


@pytest.mark.parametrize("link", ["logistic", "probit"])
def test_the_covariance_is_the_curvature_of_the_likelihood(link: Link) -> None:
    """For many trials Fisher's information is the second derivative, here by differences."""
    rng = np.random.default_rng(4)
    trials = trials_of(15.0, 1.0, [place * 0.25 for place in range(40, 81)] * 100, link, rng)
    curve = single.fit(trials, link)
    assert isinstance(curve, Curve)
    step = 0.01

    def at(one: float, other: float) -> float:
        return float(single.log_likelihood(trials, curve.half + one * step, curve.width + other * step, link))

    information = np.empty((2, 2))
    information[0, 0] = -(at(1, 0) - 2 * at(0, 0) + at(-1, 0)) / step**2
    information[1, 1] = -(at(0, 1) - 2 * at(0, 0) + at(0, -1)) / step**2
    mixed = -(at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * step**2)
    information[0, 1] = information[1, 0] = mixed
    np.testing.assert_allclose(
        np.sqrt(np.diag(np.linalg.inv(information))), np.sqrt(np.diag(curve.covariance)), rtol=0.03
    )


def test_the_uncertainty_cannot_be_better_than_the_best_design() -> None:
    """All trials at I50 would give 2 K / sqrt(N); trials elsewhere give less."""
    rng = np.random.default_rng(5)
    trials = trials_of(15.0, 0.5, rng.uniform(14.9, 15.1, 2000).tolist(), "logistic", rng)
    curve = single.fit(trials)
    assert isinstance(curve, Curve)
    # the width is hardly told by these, so it is put in
    assert curve.half_uncertainty / curve.width > 2.0 / math.sqrt(2000) * 0.999
    assert curve.half_uncertainty / curve.width < 2.0 / math.sqrt(2000) * 1.3


@pytest.mark.parametrize("link", ["logistic", "probit"])
@pytest.mark.parametrize("devices", [80, pytest.param(400, marks=pytest.mark.endurance)])
def test_intervals_of_the_fit_cover(link: Link, devices: int) -> None:
    rng = np.random.default_rng(6)
    inside = {0.68: 0, 0.95: 0}
    for _ in range(devices):
        half, width = rng.uniform(14.0, 16.0), rng.uniform(0.6, 1.2)
        curve = single.fit(trials_of(half, width, [10.0 + 0.5 * place for place in range(21)] * 15, link, rng), link)
        assert isinstance(curve, Curve)
        pull = abs(curve.half - half) / curve.half_uncertainty
        inside[0.68] += pull < 0.9945
        inside[0.95] += pull < 1.96
    for confidence, count in inside.items():
        low, high = binom.interval(0.99, devices, confidence)
        assert low <= count <= high


def test_separated_trials_claim_no_slope() -> None:
    below, above = [8.0, 9.0, 10.0] * 4, [11.0, 12.0, 13.0] * 4
    found = single.fit([Trial(c, switched=False) for c in below] + [Trial(c, switched=True) for c in above])
    assert isinstance(found, Separated)
    assert (found.low, found.high, found.half) == (10.0, 11.0, 10.5)
    assert single.coarseness(found) == pytest.approx(1.0 / math.sqrt(12.0))
    # four of each beside the step: (p_10 lost) ... the bound is where the likelihood has lost 1.35
    assert 0.0 < found.widest < 1.0
    trials = [Trial(c, switched=False) for c in below] + [Trial(c, switched=True) for c in above]
    halves = np.linspace(8.0, 13.0, 2001)
    lost = float(np.max(single.log_likelihood(trials, halves, 1.05 * found.widest)))
    assert lost < -0.5 * single.ONE_SIDED**2
    assert float(np.max(single.log_likelihood(trials, halves, 0.95 * found.widest))) > -0.5 * single.ONE_SIDED**2


def test_a_current_that_did_both_is_a_touching_step_or_a_curve() -> None:
    one = [
        Trial(10.0, switched=False),
        Trial(11.0, switched=False),
        Trial(11.0, switched=True),
        Trial(12.0, switched=True),
    ]
    touching = single.fit(one)
    assert isinstance(touching, Separated)
    assert touching.low == touching.high == 11.0
    crossed = single.fit([*one, Trial(11.5, switched=False), Trial(10.5, switched=True)])
    assert isinstance(crossed, Curve)
    assert crossed.half == pytest.approx(11.0, abs=1e-6)


@pytest.mark.parametrize(
    ("switched", "sentence"), [((False, False), "no pulse has switched"), ((True, True), "every pulse has switched")]
)
def test_all_alike_tells_nothing(switched: tuple[bool, bool], sentence: str) -> None:
    trials = [Trial(current, switched=done) for current, done in zip((1.0, 2.0), switched, strict=True)]
    assert single.fit(trials) == sentence


def test_what_falls_with_the_current_is_no_curve() -> None:
    falling = (
        [Trial(1.0, switched=True)] * 3
        + [Trial(2.0, switched=False)] * 3
        + [Trial(1.0, switched=False), Trial(2.0, switched=True)]
    )
    assert single.fit(falling) == "the part that switches does not grow with the current"
