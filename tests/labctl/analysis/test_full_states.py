"""Plateaus of full states: where a state lies between them, and when it is one of them."""

from __future__ import annotations

import numpy as np
import pytest

from labctl.analysis.full_states import Plateaus, plateaus_of
from labctl.analysis.states import State


def made(hall: float, scatter: float = 1e-4) -> State:
    return State("plateaus=1", 0, "plateau", 1e-3, 1e-3, 0.0, hall, scatter, 4, np.nan, clamped=False, more={})


@pytest.mark.parametrize("swing", [0.15, -0.15])
def test_parts_run_from_the_other_state_to_the_own_one(swing: float) -> None:
    full = Plateaus(0.3, 0.3 + swing, 1e-4, 4)
    assert full.part(0.3, 1) == 0.0
    assert full.part(0.3 + swing, 1) == pytest.approx(1.0)
    assert full.part(0.3, -1) == pytest.approx(1.0)
    assert full.part(0.3 + 0.25 * swing, -1) == pytest.approx(0.75)


def test_a_full_state_is_within_a_twentieth_or_the_scatter() -> None:
    full = Plateaus(0.0, 1.0, 1e-3, 4)
    assert full.is_full(0.049, -1)
    assert not full.is_full(0.051, -1)
    assert full.is_full(1.04, 1)
    assert Plateaus(0.0, 1.0, 0.05, 4).is_full(0.14, -1)


def test_plateaus_of_states_know_their_scatter() -> None:
    full = plateaus_of([made(0.0), made(0.02)], [made(1.0), made(1.02)])
    assert full is not None
    assert (full.minus, full.plus) == (pytest.approx(0.01), pytest.approx(1.01))
    assert full.scatter == pytest.approx(0.02 / 2**0.5)
    assert full.uncertainty == pytest.approx(full.scatter)
    assert full.tell
    same = plateaus_of([made(0.0), made(0.02)], [made(0.01), made(0.02)])
    assert same is not None
    assert not same.tell
    assert plateaus_of([], [made(1.0)]) is None


def test_states_that_agree_by_chance_have_the_noise_of_a_reading() -> None:
    full = plateaus_of([made(0.0, 2e-3)], [made(1.0, 2e-3)])
    assert full is not None
    assert full.scatter == pytest.approx(1e-3)  # of four readings
