from __future__ import annotations

import numpy as np
import pytest

from labctl.analysis.branches import find_loops
from labctl.analysis.parity import Parity, split
from labctl.analysis.plateaus import Plateaus, find_plateaus
from labctl.analysis.readings import read_table
from tests.labctl.analysis.synthetic import Film, covered, fewest


def parity_of(film: Film, seed: int = 0, even: float = 0.0) -> Parity | str:
    """Split a loop to which a parabola, `even` ohm high at the ends, was added."""
    table = film.table(seed, recorded=True)
    table["Hall resistance (ohm)"] += even * (table["Field (T)"] / 0.5) ** 2
    (loop,), _ = find_loops(read_table(table))
    plateaus = find_plateaus(loop)
    assert isinstance(plateaus, Plateaus)
    return split(loop, plateaus)


def test_odd_part_keeps_the_hysteresis_and_even_part_gets_offset_and_parabola() -> None:
    parity = parity_of(Film(noise=1e-8, slope=0.02), even=0.01)
    assert isinstance(parity, Parity)
    falling = Film(noise=0.0, offset=0.0, slope=0.02, order="d").table()["Hall resistance (ohm)"].to_numpy()[::-1]
    assert parity.odd == pytest.approx(falling, abs=1e-6)
    assert parity.even == pytest.approx(0.17 + 0.01 * (parity.field / 0.5) ** 2, abs=1e-6)


def test_amplitude_and_slope_lie_in_their_intervals_as_often_as_they_say() -> None:
    draws = 250
    pulls = np.empty((draws, 2))
    for seed in range(draws):
        parity = parity_of(Film(slope=-0.003, drift=2e-5, points=301), seed)
        assert isinstance(parity, Parity)
        for i, truth in ((1, 0.075), (2, -0.003)):
            value, error = parity.line().combine(np.eye(3)[i])
            pulls[seed, i - 1] = (value - truth) / error
    for found in pulls.T:
        assert covered(found, 0.68) >= fewest(draws, 0.68)
        assert covered(found, 0.95) >= fewest(draws, 0.95)
        assert 0.5 < np.median(np.abs(found)) < 0.78


def test_value_at_zero_field_is_the_remanent_one() -> None:
    soft = parity_of(Film(coercive=0.02, width=0.03, noise=1e-7, points=2001))
    assert isinstance(soft, Parity)
    remanent, _ = soft.at_zero(0.003)
    assert remanent == pytest.approx(0.075 * 0.4950149, rel=1e-3)  # erf(2/3 / sqrt 2)


def test_fields_of_one_sign_more_than_the_other_cannot_be_split() -> None:
    table = Film().table(recorded=True)
    (loop,), _ = find_loops(read_table(table.query("`Field (T)` > -0.3")))
    plateaus = find_plateaus(loop)
    assert isinstance(plateaus, Plateaus)
    why = split(loop, plateaus)
    assert isinstance(why, str)
    assert "not to opposite fields" in why
