"""Sigmoids through single trials."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labctl.analysis import sigmoid

INPUTS = np.repeat(np.arange(-5.0, 31.0), 10)


@given(st.floats(2.0, 25.0), st.floats(0.4, 4.0), st.sampled_from([1.0, -1.0]))
def test_without_noise_it_is_the_one_that_was_put_in(middle: float, slope: float, sense: float) -> None:
    y = 1.0 / (1.0 + np.exp(-(INPUTS - middle) / (sense * slope)))
    found = sigmoid.fitted(INPUTS, y)
    assert found is not None
    assert (found.middle, found.slope) == pytest.approx((middle, sense * slope), rel=1e-6)
    assert np.all(np.abs(found(INPUTS) - y) < 1e-9)


@pytest.mark.parametrize("noise", ["yes or no", "parts"])
def test_its_covariance_covers(noise: str) -> None:
    """Trials that are a yes or a no, and parts that scatter: pulls of both parameters have unit spread."""
    pulls: list[tuple[float, float]] = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        p = 1.0 / (1.0 + np.exp(-(INPUTS - 15.0) / 1.2))
        y = (
            (rng.random(len(p)) < p).astype(float)
            if noise == "yes or no"
            else p + 0.2 * p * (1 - p) * rng.normal(size=len(p))
        )
        found = sigmoid.fitted(INPUTS, y)
        assert found is not None
        error = np.sqrt(np.diag(found.covariance))
        # a slope that came out too small has too small an error by as much: its logarithm scatters evenly
        pulls.append(((found.middle - 15.0) / error[0], np.log(found.slope / 1.2) * found.slope / error[1]))
    spread = np.std(pulls, axis=0)
    assert np.all(spread > 0.85)
    assert np.all(spread < 1.15)
    assert np.all(np.abs(np.mean(pulls, axis=0)) < 0.25)


def test_a_step_has_no_slope_and_few_trials_tell_nothing() -> None:
    assert sigmoid.fitted(INPUTS, (INPUTS > 15.0).astype(float)) is None
    assert sigmoid.fitted(INPUTS, np.zeros(len(INPUTS))) is None
    assert sigmoid.fitted(INPUTS[:3], np.array([0.0, 0.5, 1.0])) is None
