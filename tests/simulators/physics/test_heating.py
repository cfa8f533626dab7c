"""Warming that lags: the differential equation, and the row of stretches in which it counts as constant."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from instruments.errors import BadValue
from simulators.physics.heating import GRID_WARMING, SlowWarming, check_poles

POLES = ((2.5e3, 1e-3), (1.7e4, 2.0))


def test_it_solves_its_differential_equation() -> None:
    changes = [(1.0, 4e-4), (1.003, 1e-4), (1.5, 0.0), (3.0, 2.25e-4)]
    warming = SlowWarming.cold(POLES)
    for (start, square), end in zip(changes, [1.003, 1.5, 3.0, 4.0], strict=True):
        before = [warming._each(start)[k] for k in (0, 1)]
        warming = warming.followed(start, square)

        def rate(_: float, value: np.ndarray, square: float = square) -> list[float]:
            return [(r * square - t) / tau for (r, tau), t in zip(POLES, value, strict=True)]

        solved = solve_ivp(rate, (start, end), before, rtol=1e-9, atol=1e-10, method="LSODA", dense_output=True)
        for time in np.linspace(start, end, 7).tolist():
            assert warming.at(time) == pytest.approx(float(solved.sol(time).sum()), abs=1e-6)


def test_asking_twice_or_elsewhere_in_between_changes_no_answer() -> None:
    warming = SlowWarming.cold(POLES).followed(1.0, 4e-4)
    fresh = {time: SlowWarming.cold(POLES).followed(1.0, 4e-4).at(time) for time in (1.0, 1.2, 5.0)}
    for time in (1.2, 1.2, 5.0, 1.0, 1.2, 5.0, 5.0):
        assert warming.at(time) == fresh[time]
    later = warming.followed(5.0, 0.0)
    assert later.at(5.0) == pytest.approx(warming.at(5.0))
    assert later.at(5.5) < warming.at(5.5)


def test_the_mean_is_the_mean_of_the_curve() -> None:
    warming = SlowWarming.cold(POLES).followed(1.0, 4e-4)
    for start, end in ((1.0, 1.002), (1.0005, 1.0006), (1.0, 9.0), (50.0, 60.0)):
        edges = [start, *(start + d for d in (1e-3, 1e-2, 0.1) if start + d < end), end]
        area = sum(quad(warming.at, a, b)[0] for a, b in itertools.pairwise(edges))
        assert warming.mean(start, end) == pytest.approx(area / (end - start), rel=1e-6)
    assert warming.mean(1.2, 1.2) == warming.at(1.2)


def test_readings_warm_nothing_and_cost_nothing() -> None:
    cold = SlowWarming.cold(POLES)
    assert cold.followed(1.0, (1e-4) ** 2) is cold
    assert cold.at(5.0) == cold.mean(1.0, 2.0) == 0.0
    assert cold.step(3.0) == (0.0, math.inf)


def test_readings_do_not_disturb_what_cools() -> None:
    cooling = SlowWarming.cold(POLES).followed(1.0, 4e-4).followed(1.01, 0.0)
    assert cooling.followed(1.02, (1e-4) ** 2) is cooling


@pytest.mark.parametrize("square", [4e-4, 1e-2])
def test_stretches_cover_the_time_and_stay_near_the_curve(square: float) -> None:
    warming = SlowWarming.cold(POLES).followed(2.0, square)
    largest = sum(resistance for resistance, _ in POLES) * square
    time, count = 2.0, 0
    while time < 1e4:
        level, until = warming.step(time)
        assert until > time
        assert level == pytest.approx(round(level / GRID_WARMING) * GRID_WARMING)
        for inside in np.linspace(time, min(until, 1e4), 5).tolist():
            assert abs(level - warming.at(inside)) < GRID_WARMING + 0.2 * largest
            assert warming.step(math.nextafter(inside, -math.inf) if inside > time else inside)[0] == level
        time, count = until, count + 1
    assert warming.step(1e5)[0] == pytest.approx(largest, abs=GRID_WARMING / 2)
    assert count < 25


def test_a_short_pulse_on_a_slow_pole_is_no_hotter_than_it_gets() -> None:
    """A pole of 100 s that would go to 8000 K has gone by 0.8 K after 10 ms."""
    warming = SlowWarming.cold(((2e7, 100.0),)).followed(0.0, 0.02**2)
    time = 0.0
    while time < 10e-3:
        level, time = warming.step(time)
        assert level <= warming.at(min(time, 10e-3)) + 0.5 * GRID_WARMING
    assert warming.at(10e-3) == pytest.approx(0.8, rel=1e-3)


def test_without_poles_there_is_nothing() -> None:
    nothing = SlowWarming.cold(())
    assert nothing.followed(1.0, 1.0) is nothing
    assert nothing.at(2.0) == 0.0


def test_impossible_poles_are_refused() -> None:
    check_poles(POLES)
    for pole in ((-1.0, 1.0), (1.0, 0.0), (1.0, math.nan)):
        with pytest.raises(BadValue, match="slow_heating has the pole"):
            check_poles((pole,))
