"""How even a train of states is: against courses whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labctl.analysis.plasticity import Train, shape, trains_of
from labctl.analysis.readings import FloatArray

NOISE = 1e-4


def train(
    nonlinearity: float, start: float = 0.1, end: float = 0.8, count: int = 30, cycles: int = 5, scatter: float = 0.0
) -> Train:
    places: FloatArray = np.linspace(0.0, 1.0, count + 1)
    course = start + (end - start) * shape(places, nonlinearity)
    rng = np.random.default_rng(1)
    return Train(course + scatter * rng.standard_normal((cycles, count + 1)), NOISE)


@given(st.floats(-8.0, 20.0), st.floats(0.0, 0.3), st.floats(0.5, 1.0), st.booleans())
def test_the_nonlinearity_is_the_one_that_is_in_the_states(nu: float, start: float, end: float, falls: bool) -> None:
    low, high = (end, start) if falls else (start, end)
    course = train(nu, low, high).course
    assert course is not None
    assert course.nonlinearity == pytest.approx(nu, abs=1e-3)
    assert course.residual < 1e-5
    assert (course.start, course.end) == pytest.approx((low, high))


def test_its_uncertainty_covers_what_the_scatter_does() -> None:
    rng, places = np.random.default_rng(4), np.linspace(0.0, 1.0, 31)
    pulls: list[float] = []
    for _ in range(300):
        states = shape(places, 3.0) + 0.01 * rng.standard_normal((1, 31))
        states[0, 0], states[0, -1] = 0.0, 1.0
        course = Train(states, NOISE).course
        assert course is not None
        pulls.append((course.nonlinearity - 3.0) / course.uncertainty)
    assert float(np.std(pulls)) == pytest.approx(1.0, abs=0.15)
    assert abs(float(np.mean(pulls))) < 0.2


def test_a_straight_line_deviates_by_nothing_and_a_bend_by_its_height() -> None:
    straight = train(0.0)
    assert straight.deviation == pytest.approx(0.0, abs=1e-12)
    assert straight.course is not None
    assert straight.course.nonlinearity == pytest.approx(0.0, abs=1e-6)
    bent = train(5.0, count=1000)
    along = np.linspace(0.0, 1.0, 100001)
    assert bent.deviation == pytest.approx(float(np.max(np.abs(shape(along, 5.0) - along))), abs=1e-4)


def test_a_course_that_is_no_exponential_leaves_much() -> None:
    places = np.linspace(-1.0, 1.0, 31)
    course = Train(np.tile(0.5 + 0.5 * np.tanh(4 * places), (3, 1)), NOISE).course
    assert course is not None
    assert course.residual > 0.05
    assert abs(course.nonlinearity) < 0.1


def test_what_the_first_pulse_does_alone_has_no_exponential() -> None:
    states = np.ones((3, 31))
    states[:, 0] = 0.0
    found = Train(states, NOISE)
    assert found.course is None
    assert found.first == 1.0
    assert found.deviation == pytest.approx(1.0 - 1.0 / 30.0)


def test_without_a_way_nothing_is_told() -> None:
    found = train(2.0, 0.1, 0.1 + 5 * NOISE)
    assert not found.clear
    assert found.deviation is None
    assert found.course is None
    assert found.first is None


def test_levels_are_told_by_the_spread_from_cycle_to_cycle() -> None:
    fine, coarse = (train(0.0, 0.0, 1.0, cycles=50, scatter=scatter) for scatter in (1e-3, 2e-2))
    assert fine.spread == pytest.approx(1e-3, rel=0.1)
    assert fine.levels == 31
    assert coarse.levels is not None
    assert 6 <= coarse.levels <= 11  # a way of 1 in states five deviations of 0.02 apart
    assert train(0.0, cycles=1).levels is None
    assert train(0.0, cycles=1).spread is None


def test_a_cycle_that_was_cut_is_left_out() -> None:
    found = trains_of([[0.0, 0.1, 0.2], [0.0, 0.1], [0.02, 0.12, 0.22]], NOISE)
    assert found is not None
    assert found.states.shape == (2, 3)
    assert trains_of([], NOISE) is None
    assert trains_of([[0.1]], NOISE) is None
