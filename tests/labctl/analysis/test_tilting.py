"""The macrospin near the film plane, and its zero, against equations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from labctl.analysis.tilting import Zero, find_zero, normal_part


@pytest.mark.parametrize("ratio", [0.0, 0.3, 0.5, 0.8])
@pytest.mark.parametrize("degrees", [-10.0, -1.0, 0.0, 0.3, 5.0, 20.0])
def test_the_normal_part_has_the_lowest_energy(ratio: float, degrees: float) -> None:
    delta = np.radians(degrees)
    lowest: Any = minimize_scalar(
        lambda out: -0.5 * ratio * np.sin(out) ** 2 - np.cos(out - delta), bounds=(-np.pi / 2, np.pi / 2),
        method="bounded", options={"xatol": 1e-10},
    )  # fmt: skip
    assert float(normal_part(np.array([delta]), ratio)[0]) == pytest.approx(np.sin(lowest.x), abs=1e-6)


def test_near_the_plane_it_rises_by_h_over_h_less_hk() -> None:
    delta = np.array([1e-4])
    assert float(normal_part(delta, 0.5)[0] / delta[0]) == pytest.approx(2.0, rel=1e-4)


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("zero", [85.2, 90.0, 93.7])
def test_zeros_lie_within_their_uncertainty_as_often_as_they_should(sign: float, zero: float) -> None:
    rng, pulls = np.random.default_rng(3), []
    angle = np.arange(85.0, 95.1, 0.5)
    exact = sign * 0.075 * normal_part(np.radians(angle - zero), 0.5)
    for _ in range(100):
        found = find_zero(angle, exact + rng.normal(0, 3e-5, len(angle)), np.full(len(angle), 3e-5), 0.075, 0.5)
        assert isinstance(found, Zero)
        pulls.append((found.angle - zero) / found.covariance)
        assert np.sign(found.slope) == sign
    assert abs(np.mean(pulls)) < 0.4
    assert 0.7 < np.std(pulls) < 1.3


def test_a_film_with_two_states_has_no_zero() -> None:
    angle = np.arange(85.0, 95.1, 0.5)
    jump = np.where(angle < 91.0, -0.05, 0.05) + 1e-3 * (angle - 90)
    found = find_zero(angle, jump, np.full(len(angle), 3e-5), 0.075, 0.5)
    assert isinstance(found, str)
    assert "two states" in found


def test_too_few_or_flat_data_say_so() -> None:
    few = find_zero(np.array([89.0, 90.0]), np.array([0.0, 1.0]), np.ones(2), 0.075, 0.5)
    assert "only 2 angles" in str(few)
    angle = np.arange(85.0, 95.1, 0.5)
    assert "does not depend" in str(find_zero(angle, np.zeros(len(angle)), np.ones(len(angle)), 0.075, 0.5))
