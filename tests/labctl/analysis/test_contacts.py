"""Contacts that jump: seen where the curve goes back at once, and not where a film does so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from labctl.analysis.loops import anomalous_hall
from labctl.analysis.result import Results
from tests.labctl.analysis.synthetic import Film

FILM = Film(coercive=0.08, width=0.01, points=201, maximum=0.3)
HALL = "Hall resistance (ohm)"
JUMP = "jumps back"


def with_states(film: Film, height: float, *rows: int) -> Results:
    """Results of the film's loop in which a contact has another resistance between each two of the rows."""
    table = film.table(3, timed=False)
    for first, last in zip(rows[::2], rows[1::2], strict=True):
        table.loc[first : last - 1, HALL] += height
    return anomalous_hall(table)


def said(results: Results) -> str:
    return results["saturated"].note or ""


@pytest.mark.parametrize("height", [0.006, -0.006])
@pytest.mark.parametrize("film", [FILM, replace(FILM, amplitude=-0.075)], ids=["as is", "turned over"])
def test_a_state_that_comes_and_goes_is_counted(film: Film, height: float) -> None:
    results = with_states(film, height, 50, 102)
    assert JUMP in said(results)
    for name, true in (
        ("anomalous_hall_resistance", film.amplitude),
        ("coercive_field_down", -film.coercive),
        ("coercive_field_up", film.coercive),
        ("ordinary_hall_slope", 0.0),
    ):
        value, error = results[name].value, results[name].uncertainty
        assert value is not None
        assert error is not None
        assert abs(value - true) < 3 * error, name


def test_states_as_high_as_the_film_leave_nothing() -> None:
    results = with_states(FILM, 0.06, 40, 100, 240, 300)
    assert results["anomalous_hall_resistance"].value is None
    assert results["coercive_field_up"].why


def test_a_loop_that_does_not_jump_is_as_it_was() -> None:
    assert JUMP not in said(with_states(FILM, 0.006))
    steep = Film(coercive=0.08, width=0.0, points=201, maximum=0.3, slope=-40.0)
    assert JUMP not in said(with_states(steep, 0.006))


def test_a_second_layer_of_opposite_sense_is_no_contact() -> None:
    """Both switch at once and against each other, at mirrored fields in both branches."""
    first = Film(coercive=0.05, width=0.0, points=201, maximum=0.3).table(3, timed=False)
    second = Film(coercive=0.15, width=0.0, points=201, maximum=0.3, amplitude=-0.05, noise=0.0, offset=0.0)
    table = first.assign(**{HALL: first[HALL] + second.table(timed=False)[HALL]})
    results = anomalous_hall(table)
    assert said(results) == ""
    amplitude = results["anomalous_hall_resistance"]
    assert abs((amplitude.value or 0.0) - 0.025) < 4 * (amplitude.uncertainty or 0.0)


def test_telegraph_noise_without_a_film_is_not_taken_for_one_with_confidence() -> None:
    """But for two jumps, forth on one branch and back on the other: these are a film's in every respect."""
    field = FILM.table(timed=False)["Field (T)"]
    loops = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        states = np.cumprod(np.where(rng.random(len(field)) < 0.01, -1, 1))
        if np.sum(np.diff(states) != 0) < 3:
            continue
        telegraph = states + rng.normal(0, 0.05, len(field))
        results = anomalous_hall(pd.DataFrame({"Field (T)": field, HALL: telegraph}))
        amplitude = results["anomalous_hall_resistance"]
        assert amplitude.value is None or (amplitude.uncertainty or 0.0) > 0.25 * abs(amplitude.value), seed
        loops += 1
    assert loops > 30
