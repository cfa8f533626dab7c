"""Jumps of a resistance: what temperature and noise explain is none."""

from __future__ import annotations

import numpy as np
import pytest

from labctl.analysis.jumps import Jumps, Step, at_rest

RATE = 5.0 / 60.0 * 2.0
"""K from one reading to the next."""


def ramp(coefficient: float, noise: float, seed: int = 1, count: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Block temperature in K and resistance in ohm on the way down from 300 K, the sample 7.5 K behind."""
    rng = np.random.default_rng(seed)
    block = 300.0 - RATE * np.arange(count)
    sample = block + 7.5 * (1.0 - np.exp(-np.arange(count) * 2.0 / 90.0))
    resistance = 100.0 * (1.0 + coefficient * (sample - 300.0)) * (1.0 + noise * rng.standard_normal(count))
    return block + 0.06 * rng.standard_normal(count), resistance


def steps_of(watch: Jumps, block: np.ndarray, resistance: np.ndarray) -> list[Step]:
    found = [watch.take(*pair) for pair in zip(block.tolist(), resistance.tolist(), strict=True)]
    return [step for step in found if step is not None]


@pytest.mark.parametrize("known", [1.5e-3, None])
@pytest.mark.parametrize("noise", [0.0, 1e-4, 2e-2])
def test_a_ramp_is_no_jump(known: float | None, noise: float) -> None:
    for seed in range(6):
        steps = steps_of(Jumps(0.05, known), *ramp(1.5e-3, noise, seed))
        assert not any(step.is_jump for step in steps)


@pytest.mark.parametrize("known", [1.5e-3, None])
@pytest.mark.parametrize("size", [0.06, -0.06, 1.0, -0.99])
def test_a_jump_is_found_where_it_is_with_its_size(known: float | None, size: float) -> None:
    block, resistance = ramp(1.5e-3, 1e-4)
    resistance[200:] *= 1.0 + size
    jumps = [step for step in steps_of(Jumps(0.05, known), block, resistance) if step.is_jump]
    assert [step.after[0] for step in jumps] == [block[200]]
    assert jumps[0].excess == pytest.approx(size, abs=2e-3)


def test_below_the_bound_it_is_none() -> None:
    block, resistance = ramp(1.5e-3, 1e-4)
    resistance[200:] *= 1.04
    assert not any(step.is_jump for step in steps_of(Jumps(0.05, 1.5e-3), block, resistance))


def test_noise_raises_the_bound_and_a_jump_beyond_it_is_found() -> None:
    block, resistance = ramp(1.5e-3, 0.02)
    watch = Jumps(0.05, 1.5e-3)
    steps_of(watch, block[:200], resistance[:200])
    assert watch.noise == pytest.approx(0.02 * np.sqrt(2.0), rel=0.5)
    assert watch.threshold > 0.1
    step = watch.look(float(block[200]), 1.7 * float(resistance[200]))
    assert step is not None
    assert step.is_jump


def test_what_the_coefficient_explains_in_a_pause_is_no_jump() -> None:
    """Ten minutes without a reading: 50 K."""
    watch = Jumps(0.05, 1.5e-3)
    for _ in range(20):
        watch.take(300.0, 100.0)
    step = watch.look(250.0, 92.5)
    assert step is not None
    assert step.explained == pytest.approx(-0.075)
    assert step.excess == pytest.approx(0.0, abs=1e-12)


def test_a_coefficient_that_leaves_nothing_of_the_resistance_is_not_used() -> None:
    steps = steps_of(Jumps(0.05, 0.02), 255.0 - RATE * np.arange(40), np.full(40, 5.0))
    assert not any(step.is_jump for step in steps)


def test_of_the_first_few_readings_nothing_is_called_a_jump() -> None:
    steps = steps_of(Jumps(0.05), np.full(8, 300.0), np.array([1.0, 2.0, 1.0, 3.0, 1.0, 2.0, 1.0, 2.0]))
    assert not any(step.is_jump for step in steps)


def test_a_resistance_of_zero_has_no_relative_change() -> None:
    watch = Jumps(0.05)
    assert watch.take(10.0, 0.0) is None
    assert watch.take(9.9, 1.0) is None


def test_the_end_has_the_uncertainty_of_its_scatter_at_rest_and_of_its_drift_else() -> None:
    time = np.arange(0.0, 90.0, 2.0)
    rng = np.random.default_rng(3)
    pulls = []
    for _ in range(300):
        value, error = at_rest(time, 100.0 + 0.01 * rng.standard_normal(len(time)), 90.0)
        pulls.append((value - 100.0) / error)
    assert abs(np.mean(pulls)) < 0.1
    assert np.std(pulls) < 1.0
    value, error = at_rest(time, 100.0 + 0.001 * time, 90.0)
    assert error == pytest.approx(0.09, rel=1e-6)
    assert value == pytest.approx(100.0 + 0.001 * time.mean())


def test_of_one_or_two_readings_it_says_what_it_can() -> None:
    assert at_rest(np.array([0.0]), np.array([5.0]), 90.0) == (5.0, 5.0)
    assert at_rest(np.array([0.0, 1.0]), np.array([5.0, 5.2]), 90.0)[1] == pytest.approx(0.2 / np.sqrt(2.0))
