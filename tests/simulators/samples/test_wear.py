"""Damage as a function of what was done: exact, and the same whoever asks when."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from simulators.physics.heating import SlowWarming
from simulators.samples.wear import Wear
from tests.simulators.samples.trajectory import Trajectory

POLES = ((10.0, 1.0),)
COLD = SlowWarming.cold(())


@dataclass(frozen=True, slots=True)
class Flowing:
    time: float
    strength: float
    slow: SlowWarming = COLD


def rate(flowing: Flowing, temperature: float) -> float:
    return flowing.strength * math.exp(10.0 - 3000.0 / temperature)


def fresh(environment: Trajectory) -> Wear[Flowing]:
    return Wear(lambda one: one.strength > 0.0, rate, environment, Flowing(0.0, 0.0), 0.0)


def test_constant_strength_breaks_at_the_exact_moment() -> None:
    wear = fresh(Trajectory(300.025))
    wear.follow(Flowing(2.0, 0.1))
    lasts = 1.0 / rate(Flowing(0.0, 0.1), 300.025)
    assert wear.reach(2.0 + 0.999 * lasts) == math.inf
    assert wear.damage(2.0 + 0.5 * lasts) == pytest.approx(0.5)
    assert wear.reach(2.0 + 2.0 * lasts) == pytest.approx(2.0 + lasts)
    assert wear.damage(1e6) == 1.0
    assert wear.damage(2.0 + 0.25 * lasts) == pytest.approx(0.25)  # the past is what it was
    wear.follow(Flowing(100.0, 5.0))
    assert wear.broken == pytest.approx(2.0 + lasts)


def test_a_ramp_of_temperature_is_followed_on_its_grid() -> None:
    environment = Trajectory(300.0)
    environment.command(0.0, (100.0, 0.5, 0.0))
    wear = fresh(environment)
    wear.follow(Flowing(0.0, 1e-4))
    times = np.linspace(0.0, 100.0, 200_001)
    rates = [rate(Flowing(0.0, 1e-4), 300.0 + 0.5 * t) for t in times.tolist()]
    assert wear.damage(100.0) == pytest.approx(float(np.mean(rates)) * 100.0, rel=1e-4)


def live(asked: int) -> tuple[float, float]:
    """A history of currents, ramps and lagging warmth; asked so many times on the way."""
    environment = Trajectory(300.0)
    wear = fresh(environment)
    slow = SlowWarming(POLES, 1.0, (0.0,), (20.0,))
    moments = sorted(np.random.default_rng(5).uniform(0.0, 30.0, asked).tolist())

    def ask_until(time: float) -> None:
        while moments and moments[0] < time:
            wear.damage(moments.pop(0))
            wear.reach(max(0.0, time - 1e-3) if not moments else min(moments[0], time - 1e-3))

    ask_until(1.0)
    wear.follow(Flowing(1.0, 5e-3, slow))
    ask_until(3.0)
    environment.command(3.0, (10.0, -1.0, 0.0))
    ask_until(7.5)
    environment.command(7.5, (5.0, 3.0, 0.0))
    ask_until(9.0)
    wear.follow(Flowing(9.0, 0.0))
    ask_until(11.0)
    wear.follow(Flowing(11.0, 6e-3))
    ask_until(20.0)
    return wear.damage(20.0), wear.reach(1e4)


def test_it_does_not_depend_on_who_asked_when() -> None:
    assert live(0) == live(7) == live(500)
    assert 0.1 < live(0)[0] < 1.0
    assert live(0)[1] < 1e4


def test_what_is_only_tried_at_one_moment_does_nothing() -> None:
    wear = fresh(Trajectory(300.0))
    wear.follow(Flowing(1.0, 1e300))
    assert wear.reach(1.0) == math.inf
    wear.follow(Flowing(1.0, 1e-6))
    assert wear.reach(2.0) == math.inf
    assert wear.damage(2.0) < 1e-3
    wear.follow(Flowing(2.0, 1e300))
    assert wear.reach(2.5) == 2.0


def test_a_strike_adds_at_once_and_may_be_the_last() -> None:
    wear = fresh(Trajectory(300.0))
    wear.strike(1.0, 0.4)
    assert wear.damage(5.0) == pytest.approx(0.4)
    wear.strike(6.0, 0.7)
    assert (wear.damage(5.9), wear.damage(6.0), wear.broken) == (pytest.approx(0.4), 1.0, 6.0)


def test_what_does_nothing_in_the_cold_does_its_damage_when_it_gets_warm() -> None:
    environment = Trajectory(2.0)  # where the rate is zero to a double
    wear = fresh(environment)
    wear.follow(Flowing(0.0, 1e-3))
    assert wear.damage(50.0) == 0.0
    environment.command(50.0, (298.0, 1.0, 0.0))
    assert wear.damage(400.0) > 0.01
