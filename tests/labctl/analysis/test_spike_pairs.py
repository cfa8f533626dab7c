"""Spikes of two neurons, and what their pairs leave."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labctl.analysis import spike_pairs
from labctl.analysis.spike_pairs import EXPONENTIAL, Begun, Change, Spike

SPIKE = Spike(10e-3, 1e-3, 13e-3, 0.8)


def test_a_spike_has_its_height_and_then_its_tail() -> None:
    times = np.array([-1e-3, 0.5e-3, 1.01e-3, 7.5e-3, 13.99e-3, 14.1e-3])
    assert SPIKE.at(times) == pytest.approx([0.0, 10e-3, -8e-3, -4e-3, 0.0, 0.0], abs=1e-5)
    late = Spike(10e-3, 1e-3, 10e-3, 0.8, EXPONENTIAL)
    assert late.at(np.array([3.0e-3])) == pytest.approx([-8e-3 * np.exp(-1.0)])


@given(st.floats(-14e-3, 14e-3).filter(lambda delay: abs(delay) > 0.2e-3))
def test_a_pair_is_the_one_less_the_other_and_odd_in_the_delay(delay: float) -> None:
    step = 1e-4
    there, back = (spike_pairs.pair(SPIKE, SPIKE, sign * delay, step) for sign in (1, -1))
    assert there[0] == there[-1] == 0.0
    assert len(there) == len(back)
    # what comes first is positive with a positive delay, and negative with a negative one
    assert there.sum() + back.sum() == pytest.approx(0.0, abs=2e-2)
    alone = spike_pairs.pair(SPIKE, None, delay, step).sum()
    assert alone == pytest.approx(10 * 10e-3 - 0.5 * 130 * 8e-3, rel=1e-2)


def test_near_spikes_add_up_and_far_ones_do_not() -> None:
    peaks = {delay: float(np.abs(spike_pairs.pair(SPIKE, SPIKE, delay * 1e-3, 1e-4)).max()) for delay in (1, 4, 12, 14)}
    assert peaks[1] == pytest.approx(18e-3, rel=0.01)
    assert peaks[1] > peaks[4] > peaks[12] > 10e-3
    assert peaks[14] == pytest.approx(10e-3)


def changes(amplitude: float, constant: float, seed: int, error: float = 0.02, lopsided: float = 0.0) -> list[Change]:
    rng = np.random.default_rng(seed)
    sizes = np.array([0.5, 1, 2, 3, 4, 6, 8, 10, 12, 14]) * 1e-3
    both = [(sign, size) for size in sizes.tolist() for sign in (1, -1)]
    means = [sign * amplitude * np.exp(-size / constant) + lopsided + error * rng.normal() for sign, size in both]
    return [Change(sign * size, mean, error, 6, 10_000) for (sign, size), mean in zip(both, means, strict=True)]


def test_the_decay_is_found_within_its_covariance() -> None:
    pulls: list[tuple[float, float]] = []
    for seed in range(200):
        found = spike_pairs.decay(changes(0.8, 4e-3, seed), 1)
        assert found is not None
        error = np.sqrt(np.diag(found.covariance))
        pulls.append(((found.amplitude - 0.8) / error[0], (found.constant - 4e-3) / error[1]))
    assert np.all(np.std(pulls, axis=0) < 1.1)
    assert np.all(np.std(pulls, axis=0) > 0.75)


def test_odd_changes_pass_and_lopsided_ones_do_not() -> None:
    good = [spike_pairs.odd(changes(0.8, 4e-3, seed)) for seed in range(200)]
    values = [found.chance for found in good if found is not None]
    assert np.mean(np.array(values) < 0.05) == pytest.approx(0.05, abs=0.05)
    bad = spike_pairs.odd(changes(0.8, 4e-3, 0, lopsided=0.05))
    assert bad is not None
    assert bad.chance < 1e-4
    assert bad.largest == pytest.approx(0.1, abs=0.06)


def test_the_window_ends_where_nothing_is_seen_any_more() -> None:
    sharp = [Change(s * d * 1e-3, s * (0.5 if d < 8 else 0.0), 0.02, 6, 60) for d in (1, 4, 8, 12) for s in (1, -1)]
    assert spike_pairs.window(sharp) == 8e-3
    assert spike_pairs.window([Change(1e-3, 0.5, 0.02, 6, 60)]) is None


def test_the_magnitude_falls_with_the_delay() -> None:
    falling = spike_pairs.falls(changes(0.8, 4e-3, 1, error=1e-4))
    assert falling is not None
    assert falling < -0.95


def test_pairs_of_one_delay_are_put_together() -> None:
    found = spike_pairs.changes_of([(1e-3, [0.1, 0.2, 0.3]), (2e-3, [0.5])], 0.0)
    assert [(c.delay, c.count, c.freedom) for c in found] == [(1e-3, 3, 2), (2e-3, 1, 2)]
    assert found[0].mean == pytest.approx(0.2)
    assert found[0].error == pytest.approx(0.1 / np.sqrt(3))
    assert found[1].error == pytest.approx(0.1)


def test_the_scatter_is_that_of_the_whole_run_and_never_below_the_noise_of_reading() -> None:
    """Two alike values by chance do not make a small error; those below 2 % of the largest scatter by themselves."""
    groups = [(1e-3, [0.50, 0.52]), (2e-3, [0.3, 0.3]), (0.0, [0.001, 0.001]), (0.0, [0.001, 0.003])]
    large, other, small, last = spike_pairs.changes_of(groups, 1e-4)
    assert large.error == other.error == pytest.approx(0.01 / np.sqrt(2))  # 2 x 0.01^2 over two degrees of freedom
    assert small.error == last.error == pytest.approx(0.001 / np.sqrt(2))
    assert {change.freedom for change in (large, other, small, last)} == {2}
    assert spike_pairs.changes_of(groups, 0.05)[2].error == pytest.approx(0.05 / np.sqrt(2))


def test_nothing_is_seen_where_nothing_was_sent_twice() -> None:
    found = spike_pairs.changes_of([(1e-3, [0.5]), (-1e-3, [-0.5])], 1e-4)
    assert [(change.freedom, change.seen) for change in found] == [(0, False)] * 2
    assert spike_pairs.odd(found) is None


def pairs_by_chance(rng: np.random.Generator, alone: float) -> list[Change]:
    """Two pairs of each delay, and two of each single spike last, with the scatter of a film."""
    means = {0.0: 0.0, 1e-3: -0.45, -1e-3: 0.45, 3e-3: -0.35, -3e-3: 0.35, 50e-3: 0.0, -50e-3: 0.0}
    groups = [(d, (m + (0.01 if m else 0.0013) * rng.normal(size=2)).tolist()) for d, m in means.items() if d]
    single = [(0.0, (sign * alone + 0.0013 * rng.normal(size=2)).tolist()) for sign in (1, -1)]
    return spike_pairs.changes_of([*groups, *single], 2e-4)


def test_two_repeats_see_no_more_than_the_probability_that_is_said() -> None:
    rng = np.random.default_rng(7)
    runs = [pairs_by_chance(rng, 0.0) for _ in range(2000)]
    assert np.mean([change.seen for run in runs for change in run[-2:]]) == pytest.approx(0.0027, abs=0.0025)
    chances = np.array([found.chance for run in runs if (found := spike_pairs.odd(run[:-2])) is not None])
    assert len(chances) == len(runs)
    assert np.mean(chances < 0.01) < 0.015
    assert np.mean([spike_pairs.window(run[:-2]) == 50e-3 for run in runs]) > 0.99


def test_what_is_seen_counts_from_a_part_of_the_largest_on() -> None:
    little, much = Change(0.0, 0.0016, 0.0002, 6, 60), Change(0.0, 0.02, 0.002, 6, 60)
    assert little.seen
    assert not spike_pairs.counts(little, -0.46)
    assert spike_pairs.counts(much, -0.46)
    assert not spike_pairs.counts(Change(0.0, 0.02, 0.01, 2, 4), -0.46)


def test_changes_are_told_from_zero_magnetisation() -> None:
    """Pairs that turn what is left to turn, begun from states that lie to one side on the mean."""
    dice = np.random.default_rng(5)
    groups: list[tuple[float, list[Begun]]] = []
    for delay, size in ((1e-3, 0.4), (-1e-3, -0.4), (6e-3, 0.1), (-6e-3, -0.1)):
        states = 0.02 + 0.03 * dice.standard_normal(8)
        noise = 1e-4 * dice.standard_normal(8)
        groups.append((delay, [Begun(size * (1.0 - math.copysign(1.0, size) * m) + n, m)
                               for m, n in zip(states, noise, strict=True)]))  # fmt: skip
    raw = sum(np.mean([each.change for each in begun]) for _, begun in groups[:2])
    assert raw < -0.005
    found = dict(spike_pairs.from_balance(groups))
    for delay, size in ((1e-3, 0.4), (-1e-3, -0.4), (6e-3, 0.1), (-6e-3, -0.1)):
        assert np.mean(found[delay]) == pytest.approx(size, rel=5e-3)
        assert np.std(found[delay]) < 3e-4


def test_few_changes_are_left_as_they_are() -> None:
    begun = [Begun(0.4, 0.05), Begun(0.35, -0.02)]
    assert spike_pairs.from_balance([(1e-3, begun)]) == [(1e-3, [0.4, 0.35])]
    assert spike_pairs.from_balance([]) == []
