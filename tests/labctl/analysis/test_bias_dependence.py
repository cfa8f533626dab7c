"""TMR against the voltage: the law put in comes out, and what is no fall is not called one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from instruments.errors import BadValue
from labctl.analysis.bias_dependence import State, fall, ratio

VOLTAGES = np.array([1e-3, 5e-3, *np.linspace(10e-3, 0.1, 10)])


def law(voltage: np.ndarray, zero: float = 0.26, half: float = 0.28) -> np.ndarray:
    return zero / (1.0 + (voltage / half) ** 2)


def bent(voltage: np.ndarray, sign: float = 1.0) -> np.ndarray:
    """Resistance of a barrier whose conductance bends, and is not the same in both polarities."""
    return 1e5 / (1.0 + sign * 0.2 * voltage + 9.0 * voltage**2)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_states_at_one_current_are_compared_at_one_voltage(sign: float) -> None:
    """The antiparallel state has the larger voltage; bend and asymmetry of the barrier must not pass for TMR."""
    low, high = VOLTAGES, VOLTAGES * (1.0 + law(VOLTAGES))
    exact = 1e-9 * np.ones(len(VOLTAGES))
    parallel = State(low, bent(low, sign), exact)
    antiparallel = State(high, bent(high, sign) * (1.0 + law(high)), exact)
    voltage, tmr, error = ratio(parallel, antiparallel)
    assert voltage == pytest.approx(low)
    assert tmr == pytest.approx(law(low), rel=3e-4)
    assert np.all(error < 1e-10)
    naive = antiparallel.resistance / parallel.resistance - 1.0
    assert abs(naive[-1] - law(low)[-1]) > 0.02
    # The other way round nothing is extrapolated.
    short = State(low[:-1], bent(low[:-1], sign), exact[:-1])
    assert len(ratio(parallel, short)[0]) == len(low) - 1


@pytest.mark.parametrize("zero", [0.26, -0.17])
def test_the_fit_finds_what_was_put_in_within_its_uncertainty(zero: float) -> None:
    dice = np.random.default_rng(3)
    error = np.full(len(VOLTAGES), 2e-4)
    pulls: list[tuple[float, float]] = []
    for _ in range(200):
        found = fall(VOLTAGES, law(VOLTAGES, zero) + error * dice.standard_normal(len(VOLTAGES)), error)
        assert not isinstance(found, str)
        pulls.append(((found.half[0] - 0.28) / found.half[1], (found.zero[0] - zero) / found.zero[1]))
    for each in np.array(pulls).T:
        assert abs(np.mean(each)) < 4.0 / math.sqrt(200)
        assert 0.7 < np.std(each) < 1.15  # of a fit whose error is the larger of the given one and the scatter


def test_half_is_left_at_half_bias() -> None:
    found = fall(VOLTAGES, law(VOLTAGES), np.full(len(VOLTAGES), 1e-4))
    assert not isinstance(found, str)
    assert float(found.at(found.half[0])) == pytest.approx(0.5 * found.zero[0])
    assert found.half[0] == pytest.approx(0.28)


def test_no_fall_no_half_bias() -> None:
    error = np.full(len(VOLTAGES), 1e-3)
    dice = np.random.default_rng(1)
    flat = fall(VOLTAGES, 0.26 + 1e-3 * dice.standard_normal(len(VOLTAGES)), error)
    assert isinstance(flat, str)
    assert "no fall stands out up to 0.1 V: V_half is above" in flat
    assert "fewer than 4" in str(fall(VOLTAGES[:3], law(VOLTAGES[:3]), error[:3]))
    assert "does not stand out" in str(fall(VOLTAGES, 1e-4 * law(VOLTAGES), error))


def test_columns_that_do_not_fit_are_refused() -> None:
    state = State(VOLTAGES, bent(VOLTAGES), VOLTAGES)
    with pytest.raises(BadValue, match="do not rise"):
        ratio(state, State(VOLTAGES[::-1], bent(VOLTAGES), VOLTAGES))
    with pytest.raises(BadValue, match="12, 11 and 12"):
        fall(VOLTAGES, law(VOLTAGES)[1:], VOLTAGES)
    with pytest.raises(BadValue, match="not above zero"):
        fall(VOLTAGES, law(VOLTAGES), 0.0 * VOLTAGES)
