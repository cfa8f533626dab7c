"""Heat of pulses from the resistance at their end."""

from __future__ import annotations

import numpy as np
import pytest

from labctl.analysis.pulse_heating import Warmth, warmth

ALPHA, COLD, HEATS = 1.5e-3, 136.0, 7.8e4


def pulses(noise: float, offset: float = 0.0, seed: int = 1) -> tuple[list[float], list[float]]:
    """Three cycles of four heights of either sign; an offset of the current in A is what a source is off by."""
    rng = np.random.default_rng(seed)
    currents = [sign * height for _ in range(3) for height in (6e-3, 8e-3, 10e-3, 12e-3) for sign in (1, -1)]
    true = [COLD * (1.0 + ALPHA * HEATS * current**2) * (1.0 + offset / current) for current in currents]
    return currents, [value * (1.0 + noise * rng.normal()) for value in true]


def test_kelvin_per_square_ampere_come_back() -> None:
    found = warmth(*pulses(0.0), ALPHA)
    assert isinstance(found, Warmth)
    assert found.coefficient == pytest.approx(HEATS)
    assert found.zero == pytest.approx(COLD)
    assert found.rise(10e-3)[0] == pytest.approx(7.8)
    assert found.largest == 12e-3


def test_an_offset_of_the_source_cancels() -> None:
    found = warmth(*pulses(0.0, offset=10e-6), ALPHA)
    assert isinstance(found, Warmth)
    assert found.coefficient == pytest.approx(HEATS, rel=1e-9)


def test_noise_makes_the_uncertainty() -> None:
    pulls: list[float] = []
    for seed in range(200):
        found = warmth(*pulses(1e-4, seed=seed), ALPHA)
        assert isinstance(found, Warmth)
        pulls.append((found.coefficient - HEATS) / found.uncertainty)
    # of three readings each: Student's tails, so the median tells more than the mean square
    assert float(np.median(np.abs(pulls))) == pytest.approx(0.72, abs=0.15)


def test_readings_that_are_missing_are_left_out() -> None:
    currents, read = pulses(1e-5)
    read[3] = np.nan
    assert isinstance(warmth(currents, read, ALPHA), Warmth)
    assert warmth(currents, [np.nan] * len(read), ALPHA) == (
        "fewer than three heights were read twice with either sign during a pulse"
    )
