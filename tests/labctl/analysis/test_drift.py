from __future__ import annotations

import numpy as np
import pytest

from labctl.analysis.branches import Loop, find_loops
from labctl.analysis.drift import closure, without_step
from labctl.analysis.plateaus import Plateaus, find_plateaus
from labctl.analysis.readings import read_table
from tests.labctl.analysis.synthetic import Film


def stepped(film: Film, row: int, height: float, seed: int = 0) -> tuple[Loop, Plateaus]:
    table = film.table(seed, recorded=True)
    table.loc[row:, "Hall resistance (ohm)"] += height
    (loop,), _ = find_loops(read_table(table))
    plateaus = find_plateaus(loop)
    assert isinstance(plateaus, Plateaus)
    return loop, plateaus


@pytest.mark.parametrize("order", ["du", "ud"])
def test_closure_is_what_the_baseline_did_between_the_two_visits(order: str) -> None:
    loop, plateaus = stepped(Film(order=order, drift=1e-4, slope=0.03, noise=1e-5), 0, 0.0)
    # From the middle of the first end to the middle of the last one.
    assert closure(loop, plateaus)[0] == pytest.approx(1e-4 * 0.2 * (801 - 40), rel=0.01)


def test_closure_pulls_are_normal() -> None:
    pulls = [gap / error for gap, error in (closure(*stepped(Film(), 0, 0.0, seed)) for seed in range(200))]
    assert np.std(pulls) == pytest.approx(1.0, abs=0.15)
    assert np.mean(pulls) == pytest.approx(0.0, abs=0.2)


@pytest.mark.parametrize("width", [0.0, 0.01])
@pytest.mark.parametrize("height", [0.03, -0.1, 0.4])
@pytest.mark.parametrize("row", [100, 205, 330, 480, 620])
def test_a_step_of_the_baseline_is_taken_out_wherever_it_is(row: int, height: float, width: float) -> None:
    loop, plateaus, sentence = without_step(*stepped(Film(width=width), row, height))
    assert sentence is not None
    assert "a step of the baseline" in sentence
    assert plateaus.why_not is None
    assert abs(closure(loop, plateaus)[0]) < 5e-4
    value, error = plateaus.amplitude
    assert abs(value - 0.075) < 5 * error


@pytest.mark.parametrize("film", [Film(), Film(width=0.0), Film(drift=2e-4), Film(drift=2e-4, width=0.0)])
def test_a_loop_without_a_step_is_left_alone(film: Film) -> None:
    for seed in range(5):
        loop, plateaus = stepped(film, 0, 0.0, seed)
        assert without_step(loop, plateaus) == (loop, plateaus, None)


def test_a_switch_that_does_not_come_back_is_no_step() -> None:
    """The film switches on the falling branch and stays: there is nothing to call saturated either way."""
    film = Film(width=0.0)
    table = film.table(recorded=True)
    table.loc[401:, "Hall resistance (ohm)"] = table["Hall resistance (ohm)"].to_numpy()[400]
    (loop,), _ = find_loops(read_table(table))
    plateaus = find_plateaus(loop)
    assert isinstance(plateaus, Plateaus)
    _, after, sentence = without_step(loop, plateaus)
    assert sentence is None
    assert after.why_not is not None
