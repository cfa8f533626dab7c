"""Which loss of a window is one: against windows whose loss is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labctl.analysis.endurance import FIRST, Endurance, Window, counts

NOISE = 1e-4


def run(*swings: float, noise: float = NOISE) -> Endurance:
    made = counts(10 ** len(swings))[: len(swings)]
    windows = [Window(count, swing, noise, math.nan) for count, swing in zip(made, swings, strict=True)]
    return Endurance(Window(0, -1.0, noise, math.nan), windows)


def test_counts_are_spaced_by_their_logarithm_and_end_where_asked() -> None:
    assert counts(10) == [10]
    assert counts(14) == [14]
    assert counts(1000) == [10, 20, 50, 100, 200, 500, 1000]
    assert counts(1200) == [10, 20, 50, 100, 200, 500, 1200]


@given(st.integers(FIRST, 10_000_000))
def test_counts_rise_with_room_for_the_cycles_that_are_read(cycles: int) -> None:
    found = counts(cycles)
    assert found[-1] == cycles
    assert found[0] >= FIRST
    assert min(np.diff([0, *found])) > 3


def test_a_loss_that_stays_is_told_between_two_counts() -> None:
    assert run(-1.0, -1.0, -0.99, -0.98).loss() == (20, 50)
    assert run(-0.9, -0.9).loss() == (0, 10)


def test_a_loss_that_later_windows_do_not_have_is_none() -> None:
    assert run(-1.0, -0.9, -1.0, -1.0).loss() is None
    assert run(-1.0, -0.9, -1.0, -0.9).loss() == (50, 100)


def test_what_the_noise_or_a_warm_chip_may_do_is_no_loss() -> None:
    assert run(-0.9985, -0.9985).loss() is None
    assert run(-0.99, -0.99, noise=2e-3).loss() is None
    assert run(-1.1, -1.1).loss() is None


def test_a_window_that_turns_round_is_lost() -> None:
    found = run(-1.0, 1.0)
    assert found.loss() == (10, 20)
    assert found.change(found.windows[-1]) == pytest.approx((-2.0, NOISE * math.sqrt(2.0)))


def test_noise_alone_seldom_makes_a_loss() -> None:
    rng = np.random.default_rng(2)
    lost = sum(run(*(-1.0 + 1e-3 * rng.standard_normal(9)), noise=1e-3).loss() is not None for _ in range(500))
    assert lost == 0
