"""A background that is not straight: the switching fields count what it moves, and the amplitude says what it holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from labctl.analysis.loops import anomalous_hall
from labctl.analysis.readings import FloatArray
from tests.labctl.analysis.synthetic import Film

HALL = "Hall resistance (ohm)"
FILM = Film(coercive=0.07, width=0.02, points=201, maximum=0.4, noise=2e-4)


def _over(film: Film, background: FloatArray, seed: int) -> pd.DataFrame:
    """A loop of a film over something that follows the field, in units of the amplitude."""
    table = film.table(seed, timed=False)
    return table.assign(**{HALL: table[HALL] + film.amplitude * background})


def _fields(film: Film) -> FloatArray:
    return film.table(timed=False)["Field (T)"].to_numpy(float)


@pytest.mark.parametrize("share", [0.4, 0.1])
@pytest.mark.parametrize("seed", range(3))
def test_a_paramagnet_under_the_film_moves_the_half_way_field_by_no_more_than_is_said(seed: int, share: float) -> None:
    results = anomalous_hall(_over(FILM, share * np.tanh(_fields(FILM) / 0.1), seed))
    amplitude = results["anomalous_hall_resistance"]
    assert amplitude.value == pytest.approx(FILM.amplitude * (1 + share), abs=5 * (amplitude.uncertainty or 0.0))
    assert "at zero field the curve is" in (amplitude.note or "")
    for name, truth in (("coercive_field_up", FILM.coercive), ("coercive_field_down", -FILM.coercive)):
        found = results[name]
        assert found.value is not None
        assert abs(found.value - truth) < 3 * (found.uncertainty or 0.0)


def test_carriers_of_two_kinds_are_noted_beside_the_switching_fields() -> None:
    place = _fields(FILM) / FILM.maximum
    results = anomalous_hall(_over(FILM, 1.5 * place / (1 + (place / 0.4) ** 2), 0))
    for name, truth in (("coercive_field_up", FILM.coercive), ("coercive_field_down", -FILM.coercive)):
        found = results[name]
        assert found.value is None or "a background that is not straight" in (found.note or "")
        assert found.value is None or abs(found.value - truth) < 3 * (found.uncertainty or 0.0)


def test_a_straight_background_is_none_of_this() -> None:
    """Nor is a film that has begun to switch at zero field, or one with a long tail."""
    said = 0
    for seed in range(20):
        for film in (replace(FILM, slope=0.1), replace(FILM, width=0.05), replace(FILM, points=41)):
            results = anomalous_hall(film.table(seed, timed=False))
            notes = [results[name].note or "" for name in ("anomalous_hall_resistance", "coercive_field_up")]
            said += any("at zero field" in note for note in notes)
    assert said == 0


def test_lines_that_a_few_points_leave_open_are_stated_wider() -> None:
    """With two points an end the noise is now and then seen too small; the curve at zero field tells.

    Nineteen of twenty amplitudes must lie within the 1.96 standard uncertainties that normal errors would keep.
    """
    pulls: list[float] = []
    for seed in range(100):
        for points in (10, 12):
            film = Film(coercive=0.15, width=0.0, points=points, maximum=0.3, noise=1e-3)
            amplitude = anomalous_hall(film.table(seed, timed=False))["anomalous_hall_resistance"]
            assert amplitude.value is not None
            pulls.append(abs(amplitude.value - film.amplitude) / (amplitude.uncertainty or 1e-300))
    assert np.percentile(pulls, 95) < 1.96
    assert 0.3 < np.median(pulls) < 0.8
