"""Peaks of the planar Hall effect at the switch: not taken for a shift of the loop with confidence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labctl.analysis.loops import anomalous_hall
from tests.labctl.analysis.synthetic import Film, Grains, table_of

HALL = "Hall resistance (ohm)"
FILM = Film(coercive=0.1, width=0.015, points=301, maximum=0.3, noise=3e-4)


def _with_peaks(film: Film, height: float, width: float, ahead: float, seed: int) -> pd.DataFrame:
    table = film.table(seed, timed=False)
    outwards = np.where(np.arange(len(table)) < film.points, -1.0, 1.0) * table["Field (T)"].to_numpy(float)
    peak = np.exp(-(((outwards - film.coercive + ahead) / width) ** 2))
    return table.assign(**{HALL: table[HALL] + height * film.amplitude * peak})


@pytest.mark.parametrize("height", [0.3, -0.15])
@pytest.mark.parametrize("width", [0.01, 0.03])
@pytest.mark.parametrize("ahead", [0.0, 0.008])
def test_what_peaks_move_is_counted(height: float, width: float, ahead: float) -> None:
    results = anomalous_hall(_with_peaks(FILM, height, width, ahead, 1))
    truth = {"coercive_field_up": FILM.coercive, "coercive_field_down": -FILM.coercive, "loop_shift": 0.0}
    for name, value in truth.items():
        found = results[name]
        assert found.value is not None
        assert abs(found.value - value) < 3 * (found.uncertainty or 0.0)
    assert "does not reverse with the field" in (results["coercive_field_up"].note or "")


@pytest.mark.parametrize("shift", [0.02, -0.005])
def test_a_shifted_loop_has_no_peaks(shift: float) -> None:
    for seed in range(10):
        for width in (0.004, 0.015):
            film = Film(coercive=0.1, width=width, points=301, maximum=0.3, shift=shift)
            results = anomalous_hall(film.table(seed, timed=False))
            assert "does not reverse" not in (results["coercive_field_up"].note or "")
            assert (results["loop_shift"].uncertainty or 1.0) < 1e-3


def test_grains_that_scatter_from_branch_to_branch_are_no_peaks() -> None:
    said = 0
    for seed in range(20):
        loop, _, _ = Grains(count=400).loop(np.random.default_rng(seed))
        table = table_of(loop)
        table["Field (T)"] += 0.01  # shifted, so that it is asked
        said += "does not reverse" in (anomalous_hall(table)["coercive_field_up"].note or "")
    assert said == 0
