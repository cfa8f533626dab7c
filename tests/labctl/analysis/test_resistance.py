"""R(T) in both directions, against the equation of a sample that lags behind its block."""

from __future__ import annotations

import numpy as np
import pytest

from labctl.analysis.readings import FloatArray
from labctl.analysis.resistance import (
    Course,
    Lag,
    at_reference,
    find_lag,
    follow,
    sample_temperatures,
    table_of,
    value_at,
)
from labctl.waiting import time_constant

RATE = 2.0 / 60.0


def test_a_steady_ramp_is_followed_with_rate_times_time_constant() -> None:
    time = np.arange(0.0, 2000.0, 2.0)
    block = 300.0 - RATE * time
    sample = follow(time, block, np.full(len(time), 90.0))
    assert sample[-1] - block[-1] == pytest.approx(RATE * 90.0, rel=1e-6)
    exact = block + RATE * 90.0 * (1 - np.exp(-time / 90.0))
    assert sample == pytest.approx(exact, abs=1e-9)


def test_where_it_is_read_makes_no_difference() -> None:
    """Straight pieces are solved exactly, however long they are."""
    fine, coarse = np.arange(0.0, 401.0, 1.0), np.array([0.0, 100.0, 170.0, 400.0])
    shape = np.interp(fine, coarse, [300.0, 290.0, 290.0, 310.0])
    ends = follow(coarse, np.array([300.0, 290.0, 290.0, 310.0]), np.full(4, 60.0))
    assert follow(fine, shape, np.full(len(fine), 60.0))[[0, 100, 170, 400]] == pytest.approx(ends, abs=1e-9)


def course(constant: float, noise: float, seed: int, *, bend: float = 0.0, both: bool = True) -> Course:
    """Down by 60 K and up again, with rests, of a sample with a given time constant in s, its block read with noise."""
    rng = np.random.default_rng(seed)
    turns = np.cumsum([0, 180, 1800, 600, 1800, 600])
    time = np.arange(0.0, turns[-1] if both else turns[3], 2.0)
    block = np.interp(time, turns, [300, 300, 240, 240, 300, 300])
    sample = follow(time, block, np.full(len(time), constant))
    resistance = 136 * (1 + 1.5e-3 * (sample - 300) + bend * (sample - 300) ** 2) + rng.normal(0, 4e-3, len(time))
    shown = block + rng.normal(0, noise, len(time))
    return Course(time, shown, resistance, time >= turns[3], (time >= turns[1]) & (time < turns[3]))


@pytest.mark.parametrize("constant", [20.0, 90.0, 200.0])
def test_the_hysteresis_tells_the_time_constant(constant: float) -> None:
    lag = find_lag(course(constant, 0.06, 1), time_constant)
    found, error = lag.at(270.0)
    assert lag.why == ""
    assert found == pytest.approx(constant, abs=5 * error)
    assert error < 1.0


def test_time_constant_and_coefficient_are_as_uncertain_as_they_say() -> None:
    pulls: dict[str, list[float]] = {"constant": [], "coefficient": [], "resistance": []}
    for seed in range(40):
        rows = course(90.0, 0.06, seed, bend=1e-6)
        lag = find_lag(rows, time_constant)
        constant, error = lag.at(300.0)
        pulls["constant"].append((constant - 90.0) / error)
        at = at_reference(rows, lag, 300.0, 0.0)
        assert not isinstance(at, str)
        pulls["coefficient"].append((at.coefficient[0] - 1.5e-3) / at.coefficient[1])
        pulls["resistance"].append((at.resistance[0] - 136.0) / at.resistance[1])
    for name, found in pulls.items():
        assert abs(np.mean(found)) < 0.6, name
        assert 0.6 < np.std(found) < 1.4, name


def test_one_direction_is_corrected_with_what_is_assumed() -> None:
    lag = find_lag(course(90.0, 0.06, 2, both=False), time_constant)
    assert "only one direction" in lag.why
    assert lag.at(280.0) == (90.0, 45.0)


def at_once(resistance: FloatArray, temperature: FloatArray) -> Course:
    """Rows of a sample without any lag, all of them on the way down."""
    everywhere = np.ones(len(temperature), dtype=bool)
    time = np.arange(len(temperature), dtype=np.float64)
    return Course(2.0 * time, temperature, resistance, ~everywhere, everywhere)


def test_a_reference_outside_of_the_range_is_not_extrapolated_to() -> None:
    temperature = np.linspace(200.0, 100.0, 600)
    rows = at_once(temperature, temperature)
    lag = Lag(np.array([150.0]), np.array([0.01]), np.array([0.0]))
    assert "300 K, the record's reference, is not between" in str(at_reference(rows, lag, 300.0, 0.0))
    assert "too little was read" in str(at_reference(at_once(np.ones(3), temperature[:3]), lag, 200.0, 0.0))


def test_values_on_a_curve_are_exact() -> None:
    temperature = np.linspace(300.0, 240.0, 1200)
    curve = 5.0 + 0.1 * temperature + 1e-4 * temperature**2
    found = value_at(at_once(curve, temperature), temperature, 270.0, 10.0)
    assert found is not None
    assert found[0] == pytest.approx(5.0 + 27.0 + 7.29, abs=1e-4)
    assert value_at(at_once(curve, temperature), temperature, 100.0, 10.0) is None


def test_an_assumed_lag_makes_the_tables_resistances_uncertain() -> None:
    rows = course(90.0, 0.06, 4, both=False)
    lag = find_lag(rows, lambda _: 90.0)
    assert lag.why
    sample, other = (sample_temperatures(rows, lag, more) for more in (0.0, 1.0))
    known, assumed = table_of(rows, sample), table_of(rows, sample, other=other)
    # 45 s of 90 s at the rate, and the slope: where the ramp goes on for longer than the time constant.
    by_lag = 0.5 * 90.0 * RATE * 136 * 1.5e-3
    (_, value, error), (_, same, wide) = known[len(known) // 2], assumed[len(known) // 2]
    assert same == value
    assert error < 0.1 * by_lag
    assert wide == pytest.approx(by_lag, rel=0.15)


def test_the_table_has_round_temperatures_and_the_resistance_there() -> None:
    rows = course(90.0, 0.06, 4)
    table = table_of(rows, follow(rows.time, rows.block, np.full(len(rows.time), 90.0)))
    assert len(table) >= 6
    for temperature, value, error in table:
        assert temperature % 5 == 0
        assert value == pytest.approx(136 * (1 + 1.5e-3 * (temperature - 300)), abs=5 * error)
