"""The lock-in's filter in closed form: against its equations, its limits, and its noise bandwidth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulators.devices.lockin_filter import NOISE_BANDWIDTHS, POLES, REST, followed, noise_factor, relaxed


def test_a_step_is_answered_as_poles_in_a_row_do() -> None:
    state = followed(REST, [(1.0 + 0j, 0.0)], 0.7, 0.3)
    turns = 0.7 / 0.3
    for pole in range(POLES):
        left = math.exp(-turns) * sum(turns**order / math.factorial(order) for order in range(pole + 1))
        assert state[pole] == pytest.approx(1.0 - left, rel=1e-12)


def test_it_follows_its_equations() -> None:
    terms, tau, step, count = [(1.0 + 0j, 0.0), (0.5j, 7.0), (0.2 + 0.1j, -30.0)], 0.3, 1e-4, 10_000
    state = np.zeros(POLES, dtype=complex)
    for index in range(count):
        middle = (index + 0.5) * step
        before = np.concatenate([[sum(value * np.exp(1j * rate * middle) for value, rate in terms)], state[:-1]])
        state = state + step * (before - state) / tau
    assert np.array(followed(REST, terms, count * step, tau)) == pytest.approx(state, abs=2e-4)


def test_where_time_is_cut_makes_no_difference() -> None:
    terms, begun = [(1.0 + 1j, 0.0), (0.3 + 0j, 11.0)], (0.1 + 0j, 0.2j, -0.3 + 0j, 0.4j)
    whole = followed(begun, terms, 1.0, 0.2)
    later = [(value * np.exp(1j * rate * 0.37), rate) for value, rate in terms]
    cut = followed(followed(begun, terms, 0.37, 0.2), later, 0.63, 0.2)
    assert np.array(cut) == pytest.approx(np.array(whole), abs=1e-14)


def test_nothing_is_left_after_long() -> None:
    assert relaxed((1.0 + 0j,) * POLES, 41.0) == REST


@pytest.mark.parametrize("turns", [0.02, 0.125, 1.0, 7.0])
def test_the_noise_has_the_bandwidth_of_the_filter(turns: float) -> None:
    """What the poles gather in a step, and keep of steps before, adds up to 1/4, 1/8, 3/32 and 5/64 of 1/tau."""
    columns = [relaxed(tuple(map(complex, column)), turns) for column in np.eye(POLES).tolist()]
    shift = np.array([[value.real for value in column] for column in columns]).T
    factor = noise_factor(turns)
    covariance = np.zeros((POLES, POLES))
    for _ in range(math.ceil(40.0 / turns)):
        covariance = shift @ covariance @ shift.T + factor @ factor.T
    assert np.diag(covariance) == pytest.approx(np.array(NOISE_BANDWIDTHS), rel=1e-9)
