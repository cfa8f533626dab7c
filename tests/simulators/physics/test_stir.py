"""Drives that alternate too fast to be followed, against brute force and the two-state equations."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from simulators.physics.constants import BOLTZMANN
from simulators.physics.hysterons import Hysterons
from simulators.physics.ramp import Stretch
from simulators.physics.stir import Alternation

ATTEMPTS = 1e9
SECOND = math.log(ATTEMPTS)
DRIVE = 1500.0
BARRIER = DRIVE * BOLTZMANN * 300.0 * SECOND  # reversed once in a second at DRIVE


def film(count: int = 4000, seed: int | None = 1, **more: object) -> Hysterons:
    clocks = None if seed is None else np.random.default_rng(seed)
    return Hysterons(np.full(count, BARRIER), attempt_rate=ATTEMPTS, athermal_temperature=0.0, clocks=clocks, **more)  # pyright: ignore[reportArgumentType]  # options by name


def rate(drive: float) -> float:
    return ATTEMPTS * math.exp(-BARRIER / (drive * BOLTZMANN * 300.0))


def test_the_mean_state_is_that_of_a_two_state_process() -> None:
    hysterons = film(20_000)
    parts = ((0.25, 300.0, DRIVE * 1.05), (0.5, 300.0, -DRIVE), (0.25, 300.0, 0.0))
    hysterons.begin(Alternation(2.0, math.inf, parts))
    up, down = 0.25 * rate(1.05 * DRIVE), 0.5 * rate(DRIVE)
    for after in (0.1, 0.5, 1.0, 3.0, 30.0):
        expected = 1.0 - 2.0 * down / (up + down) * (1.0 - math.exp(-(up + down) * after))
        assert hysterons.magnetisation(2.0 + after) == pytest.approx(expected, abs=0.02)


def test_one_direction_alone_is_first_passage() -> None:
    """The same droplets and clocks under a constant drive: to the bit but for rounding."""
    steady, stirred = film(200), film(200)
    steady.begin(Stretch(0.0, 10.0, 300.0, -DRIVE, 0.0))
    stirred.begin(Alternation(0.0, 10.0, ((1.0, 300.0, -DRIVE),)))
    for time in (0.1, 0.7, 3.3):
        assert stirred.magnetisation(time) == steady.magnetisation(time)


def test_hotter_steps_count_for_more() -> None:
    hysterons = film(20_000)
    hysterons.begin(Alternation(0.0, 1.0, ((0.5, 330.0, -DRIVE), (0.5, 300.0, -DRIVE))))
    hot = ATTEMPTS * math.exp(-BARRIER / (DRIVE * BOLTZMANN * 330.0))
    expected = 2 * math.exp(-0.1 * 0.5 * (hot + rate(DRIVE))) - 1
    assert hysterons.magnetisation(0.1) == pytest.approx(expected, abs=0.02)


def test_cutting_it_changes_nothing() -> None:
    def final(cuts: int) -> tuple[float, bytes]:
        hysterons = film(500)
        parts = ((0.5, 300.0, DRIVE), (0.5, 300.0, -DRIVE))
        edges = np.linspace(0.0, 4.0, cuts + 1).tolist()
        for start, end in itertools.pairwise(edges):
            hysterons.begin(Alternation(start, end, parts))
            hysterons.finish(end)
        return hysterons.magnetisation(4.0), hysterons.states.tobytes()

    assert final(1) == final(7) == final(100)


def test_what_was_suffered_is_not_forgotten() -> None:
    """Half of the time in an alternation, half under the same constant drive: a process without memory."""
    hysterons = film(20_000)
    hysterons.begin(Alternation(0.0, 0.5, ((0.5, 300.0, -DRIVE), (0.5, 300.0, 0.0))))
    hysterons.finish(0.5)
    hysterons.begin(Stretch(0.5, 9.0, 300.0, -DRIVE, 0.0))
    for after in (0.0, 0.5, 1.0):
        assert hysterons.magnetisation(0.5 + after) == pytest.approx(2 * math.exp(-0.25 - after) - 1, abs=0.02)


def test_from_one_alternation_to_another() -> None:
    hysterons = film(20_000)
    hysterons.begin(Alternation(0.0, 20.0, ((0.5, 300.0, DRIVE), (0.5, 300.0, -DRIVE))))
    hysterons.finish(20.0)
    assert hysterons.magnetisation(20.0) == pytest.approx(0.0, abs=0.03)
    hysterons.begin(Alternation(20.0, 40.0, ((0.5, 300.0, DRIVE), (0.5, 300.0, 0.0))))
    assert hysterons.magnetisation(40.0) > 0.99


def test_a_weak_alternation_moves_nothing() -> None:
    hysterons = film()
    hysterons.begin(Alternation(0.0, math.inf, ((0.5, 300.0, 20.0), (0.5, 300.0, -20.0))))
    assert hysterons.magnetisation(1e9) == 1.0


def test_walls_follow_where_a_part_of_the_cycle_moves_them() -> None:
    barriers = np.full(1000, BARRIER * 3.0)
    barriers[0] = BARRIER * 0.5
    walled = Hysterons(
        barriers, attempt_rate=ATTEMPTS, athermal_temperature=0.0, clocks=np.random.default_rng(1),
        propagation=np.full(1000, 0.5 * DRIVE),
    )  # fmt: skip
    walled.begin(Alternation(0.0, 1.0, ((0.5, 300.0, -DRIVE), (0.5, 300.0, 0.2 * DRIVE))))
    assert walled.magnetisation(1.0) == -1.0
    alone = Hysterons(barriers, attempt_rate=ATTEMPTS, athermal_temperature=0.0, clocks=np.random.default_rng(1))
    alone.begin(Alternation(0.0, 1.0, ((0.5, 300.0, -DRIVE), (0.5, 300.0, 0.2 * DRIVE))))
    assert alone.magnetisation(1.0) == pytest.approx(1.0 - 2 / 1000)
