"""Trains that demagnetise, on a film whose every part switches at a current that is known."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labctl.analysis import demagnetising
from labctl.analysis.demagnetising import Repeat, Staircase, heights, offset_of, sizes, summary

STEP = 0.5e-3


class Film:
    """Parts that positive pulses of `current + bias` and negative ones of `-(current - bias)` switch."""

    def __init__(self, current: float = 15e-3, width: float = 2e-3, bias: float = 0.0, parts: int = 4000) -> None:
        self.needed = np.random.default_rng(1).normal(current, width, parts)
        self.bias = bias
        self.up = np.zeros(parts, dtype=bool)

    def pulse(self, height: float) -> float:
        if height - self.bias > 0.0:
            self.up |= height - self.bias >= self.needed
        else:
            self.up &= ~(self.bias - height >= self.needed)
        return 2.0 * float(np.mean(self.up)) - 1.0

    def train(self, train: list[float]) -> float:
        return [self.pulse(height) for height in train][-1]

    def stairs(self, largest: float = 28e-3, step: float = STEP) -> list[Staircase]:
        found: list[Staircase] = []
        rising = sizes(largest, step)[::-1]
        for sign in (1, -1):
            self.pulse(-sign * largest)
            found.append(Staircase(sign, rising, [self.pulse(sign * size) for size in rising]))
        return found


def test_the_papers_train_has_56_pulses() -> None:
    train = heights(28e-3, 0.5e-3)
    assert len(train) == 56
    assert train[:3] == pytest.approx([28e-3, -27.5e-3, 27e-3])
    assert train[-3:] == pytest.approx([-1.5e-3, 1e-3, -0.5e-3])


@given(st.floats(1e-3, 50e-3), st.floats(0.1e-3, 5e-3))
def test_each_is_smaller_than_the_one_before_and_of_the_other_sign(start: float, step: float) -> None:
    train = heights(start, step)
    assert train[0] == pytest.approx(start, abs=1e-12)
    for one, two in itertools.pairwise(train):
        assert one * two < 0.0
        assert abs(one) - abs(two) == pytest.approx(step, abs=2e-12)
    assert 0.0 < abs(train[-1]) <= step + 1e-12


def test_a_film_of_many_parts_is_demagnetised_from_either_side() -> None:
    film = Film()
    for begun in (-28e-3, 28e-3):
        film.pulse(begun)
        assert abs(film.train(heights(28e-3, STEP))) < 0.05


@pytest.mark.parametrize("bias", [-0.4e-3, -0.1e-3, 0.1e-3, 0.2e-3])
def test_a_bias_leaves_it_magnetised_by_its_part_of_the_step_and_the_offset_mends_it(bias: float) -> None:
    film = Film(bias=bias)
    assert film.train(heights(28e-3, STEP)) == pytest.approx(-max(-1.0, min(1.0, 2.0 * bias / STEP)), abs=0.05)
    offset = offset_of(film.stairs())
    assert offset == pytest.approx(bias, abs=0.05e-3)
    assert offset is not None
    wrong = bias + 0.15e-3
    better = demagnetising.corrected(wrong, [film.train(heights(28e-3, STEP, wrong))], STEP)
    assert better == pytest.approx(bias, abs=0.02e-3)
    assert abs(film.train(heights(28e-3, STEP, better))) < 0.1


def test_a_film_that_switches_as_a_whole_is_binary_and_one_of_parts_is_not() -> None:
    assert demagnetising.is_binary(Film(current=15.2e-3, width=1e-6).stairs())
    assert not demagnetising.is_binary(Film(width=0.5e-3).stairs())
    # pulses that are too small switch nothing: that says nothing of what lies between
    assert not demagnetising.is_binary(Film(current=40e-3).stairs())
    assert offset_of(Film(current=40e-3).stairs()) is None


@pytest.mark.parametrize("width", [1e-6, 0.3e-3], ids=["one that does", "one of parts"])
def test_steps_that_are_too_coarse_do_not_tell_that_a_film_switches_as_a_whole(width: float) -> None:
    stairs = Film(current=15.2e-3, width=width).stairs(step=9e-3)
    assert demagnetising.is_at_once(stairs)
    assert demagnetising.too_coarse(stairs)
    assert not demagnetising.is_binary(stairs)
    fine = Film(current=15.2e-3, width=1e-6).stairs(step=0.9 * demagnetising.FINE * 15e-3)
    assert demagnetising.is_binary(fine)
    assert not demagnetising.too_coarse(fine)


@pytest.mark.parametrize("step", [0.7e-3, 3e-3, 9e-3])
def test_the_offset_is_uncertain_by_the_step(step: float) -> None:
    """Films that need any current, and differ in their bias: the errors are those that are told."""
    rng = np.random.default_rng(3)
    errors: list[float] = []
    for current, bias in zip(rng.uniform(10e-3, 19e-3, 300), rng.uniform(-0.5 * step, 0.5 * step, 300), strict=True):
        stairs = Film(current=current, width=1e-9, bias=bias, parts=1).stairs(step=step)
        found = offset_of(stairs)
        assert found is not None
        errors.append((found - bias) / demagnetising.offset_uncertainty(stairs))
    assert 0.7 < float(np.std(errors)) < 1.3


def test_pulses_that_are_too_small_say_so_and_so_does_a_film_that_remembers() -> None:
    assert demagnetising.too_small(Film(current=40e-3).stairs())
    assert not demagnetising.too_small(Film().stairs())
    kept = [Repeat(sign, [0.99 * sign], 1e-3) for sign in (-1, 1) * 3]
    assert demagnetising.remembers(kept)
    assert not kept[0].between
    assert not demagnetising.remembers([Repeat(sign, [0.03 * sign], 1e-3) for sign in (-1, 1) * 3])
    assert not demagnetising.remembers(kept[:1])
    assert Repeat(1, [1.0, 0.4, -1.0], 1e-3).between


def test_many_repeats_have_mean_scatter_and_a_memory() -> None:
    rng = np.random.default_rng(2)
    repeats = [Repeat(sign, [0.03 * sign + 0.01 * rng.standard_normal()], 1e-3) for sign in (1, -1) * 50]
    found = summary(repeats)
    assert found.reached == found.first == found.count == 100
    assert found.mean == pytest.approx(0.0, abs=0.01)
    assert found.scatter == pytest.approx(math.hypot(0.03, 0.01), rel=0.1)
    assert not found.one_sided
    known = demagnetising.asymmetry(repeats)
    assert known is not None
    assert known[0] == pytest.approx(0.06, abs=4 * known[1])
    assert demagnetising.asymmetry(repeats[:2]) is None


def test_trains_that_all_err_to_one_side_say_so() -> None:
    found = summary([Repeat(1, [-0.5, -0.42, -0.44], 1e-3), Repeat(-1, [-0.4, -0.41, -0.46], 1e-3)])
    assert found.one_sided
    assert found.reached == 0
    assert found.largest == 0.46
    assert summary([Repeat(1, [-0.2], 1e-3), Repeat(-1, [0.3], 1e-3)]).one_sided is False


@pytest.mark.parametrize("parts", [3, 5, 7])
def test_a_film_of_few_parts_shows_only_some_levels(parts: int) -> None:
    film = Film(parts=parts, width=4e-3)
    states = [m for stair in film.stairs() for m in stair.states]
    found = demagnetising.coarse_levels(states, 1e-3)
    assert found is not None
    assert all(round(parts * m) == pytest.approx(parts * m) for m in found)


@pytest.mark.parametrize(
    "states",
    [
        [],
        [1.0, -1.0, 1.0],
        [-0.5, 0.0, 0.5] * 5,
        list(np.linspace(-0.8, 0.8, 40)),
        list(np.linspace(0.3, 0.8, 200)),
    ],
    ids=["none", "binary", "two grains", "apart", "too near to be told apart"],
)
def test_other_films_are_not_called_coarse(states: list[float]) -> None:
    assert demagnetising.coarse_levels(states, 1e-3) is None
