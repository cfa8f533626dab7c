"""Switching fields of raw branches: right, and as sure as they say.

Bands are the central 99 % of the binomial distribution of the number of draws that an interval should hold.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from labctl.analysis.branches import Loop, find_loops
from labctl.analysis.plateaus import Plateaus, find_plateaus
from labctl.analysis.readings import FloatArray, read_table
from labctl.analysis.switching import Crossing, crossings
from tests.labctl.analysis.synthetic import Film, Grains, covered, fewest, most

DRAWS = 240


def crossings_of(loop: Loop, part: float = 0.0) -> tuple[Crossing, Crossing]:
    plateaus = find_plateaus(loop)
    assert isinstance(plateaus, Plateaus)
    assert plateaus.why_not is None
    return crossings(loop, plateaus, part)


def film_loop(film: Film, seed: int) -> Loop:
    (loop,), _ = find_loops(read_table(film.table(seed, recorded=True)))
    return loop


def pulls_of_grains(grains: Grains, seed: int) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    pulls: list[float] = []
    errors: list[float] = []
    for _ in range(DRAWS // 2):
        loop, at_down, at_up = grains.loop(rng)
        for crossing, truth in zip(crossings_of(loop), (at_down, at_up), strict=True):
            pulls.append((crossing.field - truth) / crossing.uncertainty)
            errors.append(crossing.uncertainty)
    return np.array(pulls), np.array(errors)


def pulls_of_film(film: Film, seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    pulls: list[float] = []
    for draw in range(DRAWS // 2):
        moved = replace(film, shift=film.shift + rng.uniform(-0.5, 0.5) * 2 * film.maximum / film.points)
        down, up = crossings_of(film_loop(moved, 1000 * seed + draw))
        pulls += [(down.field + moved.coercive - moved.shift) / down.uncertainty]
        pulls += [(up.field - moved.coercive - moved.shift) / up.uncertainty]
    return np.array(pulls)


def test_intervals_of_a_film_of_many_grains_hold_the_crossing_as_often_as_they_say_and_are_not_wider() -> None:
    pulls, errors = pulls_of_grains(Grains(), seed=11)
    assert fewest(DRAWS, 0.68) <= covered(pulls, 0.68) <= most(DRAWS, 0.68)
    assert fewest(DRAWS, 0.95) <= covered(pulls, 0.95) <= most(DRAWS, 0.95)
    assert 0.57 < np.median(np.abs(pulls)) < 0.78
    assert abs(np.mean(pulls)) < 2.6 / np.sqrt(DRAWS)
    assert np.median(errors) < 1e-4  # an eighth of the spacing of the readings


@pytest.mark.parametrize(
    "grains",
    [
        pytest.param(Grains(noise=7e-4), id="more noise"),
        pytest.param(Grains(count=101), id="fewer grains", marks=pytest.mark.endurance),
        pytest.param(Grains(spread=0.03), id="narrow"),
        pytest.param(Grains(rate=2e-3, maximum=0.2), id="slower", marks=pytest.mark.endurance),
        pytest.param(Grains(rate=1e-2), id="faster", marks=pytest.mark.endurance),
        pytest.param(Grains(field_noise=5e-5), id="noisy field", marks=pytest.mark.endurance),
    ],
)
def test_intervals_of_other_films_hold_the_crossing_at_least_as_often(grains: Grains) -> None:
    pulls, _ = pulls_of_grains(grains, seed=12)
    assert covered(pulls, 0.68) >= fewest(DRAWS, 0.68)
    assert covered(pulls, 0.95) >= fewest(DRAWS, 0.95)
    assert np.median(np.abs(pulls)) > 0.2  # wider than needed, but not by more than three


@pytest.mark.parametrize("count", [1, pytest.param(3, marks=pytest.mark.endurance)])
def test_intervals_of_jumps_hold_the_crossing_at_least_as_often(count: int) -> None:
    """A jump between two readings may be anywhere between them; its 68 % interval is 68 % of the spacing wide."""
    pulls, errors = pulls_of_grains(Grains(count=count), seed=13)
    assert covered(pulls, 0.68) >= fewest(DRAWS, 0.68)
    assert covered(pulls, 0.95) >= fewest(DRAWS, 0.95)
    if count == 1:
        assert np.max(errors) == pytest.approx(0.3413 * 8e-4, rel=0.05)


@pytest.mark.parametrize(
    ("film", "tightness"),
    [
        pytest.param(Film(), 0.35, id="smooth"),
        pytest.param(Film(width=0.0), 0.55, id="sharp"),
        pytest.param(Film(field_noise=3e-3, width=0.0), 0.4, id="sharp, field goes back and forth"),
        pytest.param(Film(field_noise=3e-3), 0.4, id="field goes back and forth", marks=pytest.mark.endurance),
        pytest.param(Film(points=1201, noise=1e-3), 0.4, id="noisy", marks=pytest.mark.endurance),
        pytest.param(
            Film(width=0.0, amplitude=-0.075, drift=1e-4, slope=-0.02),
            0.55,
            id="sharp, drift and slope",
            marks=pytest.mark.endurance,
        ),
    ],
)
def test_intervals_of_foreign_loops_hold_the_crossing_at_least_as_often(film: Film, tightness: float) -> None:
    pulls = pulls_of_film(film, seed=3)
    assert covered(pulls, 0.68) >= fewest(DRAWS, 0.68)
    assert covered(pulls, 0.95) >= fewest(DRAWS, 0.95)
    assert np.median(np.abs(pulls)) > tightness
    assert abs(np.mean(pulls)) < 3 / np.sqrt(DRAWS)


def test_a_drift_and_a_slope_do_not_move_the_crossing() -> None:
    plain = crossings_of(film_loop(Film(noise=1e-7), 1))
    slanted = crossings_of(film_loop(Film(noise=1e-7, drift=1e-3, slope=0.05, offset=-20.0), 1))
    for one, other in zip(plain, slanted, strict=True):
        assert other.field == pytest.approx(one.field, abs=2e-6)


def test_other_levels_lie_where_the_error_function_has_them() -> None:
    loop = film_loop(Film(noise=1e-6, points=2001), 1)
    (low_down, low_up), (high_down, high_up) = crossings_of(loop, -0.8), crossings_of(loop, 0.8)
    ten_to_ninety = 2 * 1.2815516 * 0.01
    assert high_up.field - low_up.field == pytest.approx(ten_to_ninety, rel=5e-3)
    assert high_down.field - low_down.field == pytest.approx(ten_to_ninety, rel=5e-3)


def test_slope_at_the_crossing_is_that_of_the_curve() -> None:
    down, up = crossings_of(film_loop(Film(amplitude=-0.075), 1))
    steepest = -0.075 * 2 / (0.01 * np.sqrt(2 * np.pi))
    assert down.slope == pytest.approx(steepest, rel=0.15)
    assert up.slope == pytest.approx(steepest, rel=0.15)


def test_places_of_the_conversions_sharpen_a_jump_inside_a_reading() -> None:
    """A jump between the conversions of a reading leaves that reading on the way; it lies near it, not anywhere."""
    rng = np.random.default_rng(5)
    errors = np.concatenate([[c.uncertainty for c in crossings_of(Grains(count=1).loop(rng)[0])] for _ in range(30)])
    assert np.min(errors) < 0.75 * np.max(errors)


@pytest.mark.parametrize("film", [Grains(), Grains(count=300, noise=3e-4)], ids=str)
def test_scatter_from_loop_to_loop_is_told_from_one_loop(film: Grains) -> None:
    """Grains that draw their fields anew scatter as one loop's wander says; as do their numbers."""
    rng = np.random.default_rng(4)
    found: list[tuple[float, float, float]] = []
    for _ in range(40):
        for sign, crossing in zip((-1, 1), crossings_of(film.loop(rng)[0]), strict=True):
            scatter = replace(crossing, thermal_width=np.inf).scatter()  # nothing of these grains is frozen
            assert scatter is not None
            assert crossing.grains is not None
            found.append((sign * crossing.field, scatter, crossing.grains))
    fields, scatters, grains = np.array(found).T
    assert 0.8 < np.mean(scatters) / np.std(fields) < 1.25  # the standard deviation of 80 draws is good to 8 %
    assert 0.7 < np.median(grains) / film.count < 1.4


def test_levels_away_from_half_way_scatter_by_their_own_quantile() -> None:
    crossing = Crossing(0.07, 1e-5, False, 5.0, 1e-3, 0, 50.0, 400)
    assert crossing.scatter() == pytest.approx(0.5 / 20 / 25)
    assert crossing.scatter(-0.8) == pytest.approx(0.3 / 20 / 25)
    assert replace(crossing, thermal_width=1e-3).scatter() == pytest.approx(np.sqrt(np.log(2) * 1e-3 / 1e4))
    assert replace(crossing, grains=None).scatter() is None


def test_the_moment_within_a_query_at_which_a_field_was_read_is_part_of_the_error() -> None:
    """The likely ones are the two ends of the query, so that the whole distance from its middle counts."""
    loop, *_ = Grains().loop(np.random.default_rng(3))
    slack = np.full(len(loop.up.rows.field), 0.02)
    loose = replace(loop, up=replace(loop.up, rows=replace(loop.up.rows, slack=slack)))
    down, up = crossings_of(loose)
    assert (down.lag, up.lag) == (0.0, pytest.approx(0.02 * 5e-3))
    assert up.uncertainty == crossings_of(loop)[1].uncertainty
