"""Spin-orbit torque on walls: the equations, and the straight parts that stand for them in a moving field."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulators.physics.torque import alignment, damping_like, straight_part

CHIRALITY = 6e-3


def test_damping_like_torque_is_that_of_the_spin_current() -> None:
    """4.4e7 A/cm2 with an efficiency of 0.1 on 6 nm."""
    assert damping_like(0.1, 4.4444e11, 6e-9) == pytest.approx(2438.0, rel=1e-3)
    assert damping_like(-0.1, 4.4444e11, 6e-9) == -damping_like(0.1, 4.4444e11, 6e-9)


def test_alignment_is_linear_in_small_fields_and_saturates() -> None:
    assert alignment(1e-6, CHIRALITY) == pytest.approx(1e-6 / CHIRALITY, rel=1e-6)
    assert alignment(CHIRALITY, CHIRALITY) == pytest.approx(math.sqrt(0.5))
    assert alignment(-10.0, CHIRALITY) == pytest.approx(-1.0, abs=1e-6)
    assert alignment(0.0, CHIRALITY) == 0.0


@pytest.mark.parametrize("rate", [1e-3, -1e-3])
def test_straight_parts_follow_the_curve_and_meet_without_a_gap(rate: float) -> None:
    field = -math.copysign(0.1, rate)
    seen = 0
    while abs(field) <= 0.1:
        along, slope, end = straight_part(field, rate, CHIRALITY)
        assert (end - field) * rate > 0.0
        for part in np.linspace(field, end, 9).tolist():
            assert along + slope * (part - field) == pytest.approx(alignment(part, CHIRALITY), abs=0.01)
        following, _, _ = straight_part(end, rate, CHIRALITY)
        assert along + slope * (end - field) == pytest.approx(following, abs=1e-9)
        field, seen = end, seen + 1
    assert 20 < seen < 40


def test_a_part_does_not_depend_on_where_in_it_one_asks() -> None:
    along, slope, end = straight_part(1e-3, 1.0, CHIRALITY)
    later, same, there = straight_part(1.2e-3, 1.0, CHIRALITY)
    assert (same, there) == (slope, end)
    assert later == pytest.approx(along + slope * 0.2e-3, rel=1e-12)
