"""Fits of a cooling: what was planted comes back, and nothing where nothing is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from labctl.analysis.cooling import Cooling, fit

DELAYS = np.geomspace(0.05, 10.0, 20)


def planted(*poles: tuple[float, float], lasting: float = 0.0, noise: float = 1e-5, seed: int = 1) -> Cooling:
    clean = lasting + sum(size * np.exp(-DELAYS / tau) for size, tau in poles)
    seen = clean + noise * np.random.default_rng(seed).standard_normal(DELAYS.size)
    return fit(DELAYS.tolist(), seen.tolist(), [noise] * DELAYS.size)


def test_no_heat_is_none() -> None:
    counts = [len(planted(seed=seed).constants) for seed in range(20)]
    assert counts.count(0) >= 18


@pytest.mark.endurance
def test_one_pole_comes_back_with_its_uncertainty() -> None:
    pulls: list[tuple[float, float]] = []
    for seed in range(120):
        found = planted((1e-3, 2.0), lasting=3e-5, seed=seed)
        assert len(found.constants) in {1, 2}
        if len(found.constants) == 1:
            size = (found.heat(0.0) - 1e-3) / found.amplitude_uncertainty
            pulls.append((size, (found.constants[0] - 2.0) / found.constant_uncertainties[0]))
    assert len(pulls) >= 106
    assert np.abs(np.mean(pulls, axis=0)).max() < 0.5
    assert 0.8 < np.std(pulls, axis=0).min() <= np.std(pulls, axis=0).max() < 1.25


def test_two_poles_are_seen_to_be_two() -> None:
    found = planted((2e-3, 0.2), (1e-3, 3.0), noise=5e-6)
    assert found.constants == pytest.approx((0.2, 3.0), rel=0.15)
    assert found.heat(0.0) == pytest.approx(3e-3, rel=0.05)
    assert found.slope(1.0) == pytest.approx((found.heat(1.001) - found.heat(0.999)) / 0.002, rel=1e-3)


def test_when_it_is_within_a_tolerance() -> None:
    found = planted((1e-3, 2.0), noise=1e-9)
    assert found.within(5e-4, 10.0) == pytest.approx(2.0 * math.log(2.0), rel=0.02)
    assert found.within(2e-3, 10.0) == 0.0
    assert found.within(1e-7, 10.0) == math.inf
