"""Closed forms of the hazard against direct numerical integration."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from simulators.physics.hazard import approach, first_passage, inverse_approach, suffered

ATTEMPTS = 1e9


def integrated(b: float, duration: float, drive: float, rate: float) -> float:
    """Hazard by adaptive quadrature over time."""

    def hazard(t: float) -> float:
        u = drive + rate * t
        return ATTEMPTS * math.exp(-b / u) if u > 0 else 0.0

    return quad(hazard, 0.0, duration, epsabs=0.0, epsrel=1e-11, limit=500)[0]


def test_inverse_undoes_the_function_over_its_whole_range() -> None:
    z = np.geomspace(1e-8, 680.0, 20_001)
    assert inverse_approach(approach(z)) == pytest.approx(z, rel=1e-12)


def test_an_element_does_not_depend_on_its_neighbours() -> None:
    generator = np.random.default_rng(1)
    g = approach(generator.uniform(1.0, 60.0, 1001))
    together = inverse_approach(g)
    chosen = np.sort(generator.permutation(1001)[:137])
    assert np.array_equal(inverse_approach(g[chosen]), together[chosen])


@pytest.mark.parametrize(
    ("drive", "rate", "duration"),
    [
        (0.0, 3.0, 700.0),  # from zero
        (1500.0, 4.0, 200.0),  # rising
        (2100.0, -4.0, 200.0),  # falling
        (300.0, -3.0, 150.0),  # falling through zero: nothing acts afterwards
        (1700.0, 0.0, 5.0),  # constant
        (1700.0, 1e-8, 3600.0),  # creeping up
        (1700.0, -1e-8, 3600.0),  # creeping down
        (1700.0, 1.8e-6, 3600.0),  # just too quick to count as slow
    ],
)
def test_hazard_is_the_integral_of_the_rate(drive: float, rate: float, duration: float) -> None:
    b = np.array([30_000.0, 35_000.0, 42_000.0])
    expected = [integrated(x, duration, drive, rate) for x in b.tolist()]
    assert suffered(b, duration, drive, rate, ATTEMPTS) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("drive", "rate"),
    [(0.0, 3.0), (1500.0, 4.0), (1700.0, 0.0), (1700.0, 1e-8), (1700.0, -1e-8), (1750.0, -1.0), (1700.0, 1e-30)],
)
def test_first_passage_is_when_the_hazard_reaches_the_clock(drive: float, rate: float) -> None:
    b, clock = np.full(5, 35_000.0), np.array([1e-3, 0.03, 0.2, 1.0, 6.0])
    delay = first_passage(b, clock, drive, rate, ATTEMPTS)
    assert np.all(np.diff(delay[np.isfinite(delay)]) > 0)
    for wait, due in zip(delay.tolist(), clock.tolist(), strict=True):
        if math.isfinite(wait):
            assert integrated(35_000.0, wait, drive, rate) == pytest.approx(due, rel=1e-6)
        else:
            assert rate < 0
            assert integrated(35_000.0, drive / -rate, drive, rate) < due


def test_a_vanishing_drive_reverses_nobody() -> None:
    b, clock = np.array([3e4]), np.array([1e-6])
    assert first_passage(b, clock, 0.0, 0.0, ATTEMPTS)[0] == math.inf
    assert first_passage(b, clock, 0.0, -5.0, ATTEMPTS)[0] == math.inf
    assert first_passage(b, clock, 1.0, 0.0, ATTEMPTS)[0] == math.inf
    assert suffered(b, 1e6, 0.0, 0.0, ATTEMPTS)[0] == 0.0
    assert suffered(b, 1e6, 1.0, 0.0, ATTEMPTS)[0] == 0.0


def test_an_overwhelming_drive_reverses_at_the_attempt_rate() -> None:
    delay = first_passage(np.array([1e-3]), np.array([2.0]), 1e6, 0.0, ATTEMPTS)
    assert delay[0] == pytest.approx(2e-9, rel=1e-6)
    assert first_passage(np.array([1e-4]), np.array([2.0]), 0.0, 1e12, ATTEMPTS)[0] == pytest.approx(2e-9, rel=1e-4)
