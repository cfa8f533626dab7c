"""Damping-like and field-like field from the second harmonic, with what looks like them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from labctl.analysis.effective_fields import ACROSS, ALONG, corrected_slopes, effective_fields, slope_field
from tests.labctl.analysis.harmonics import Film

FILM = Film()


def test_small_fields_give_the_slopes_of_the_usual_analysis() -> None:
    film = Film(tilt=0.0, plane=0.0)
    along, across = (slope_field(film.sweep(axis, reach=0.05)) for axis in (ALONG, ACROSS))
    assert along == pytest.approx(film.damping + 0.2 * film.sideways, rel=5e-3)
    assert across == pytest.approx(film.sideways + 0.2 * film.damping, rel=5e-3)
    assert corrected_slopes(along, across, 0.1) == pytest.approx((film.damping, film.sideways), rel=1e-2)


def test_the_planar_hall_effect_is_taken_off_with_the_right_sign() -> None:
    """A film with H_DL 56 Oe and H_FL 10 Oe, xi 0.1, read as 58.8 Oe and 21.0 Oe."""
    assert corrected_slopes(58.8, 21.0, 0.1) == pytest.approx((56.9, 9.6), abs=0.05)
    assert corrected_slopes(58.8, 21.0, -0.1) == pytest.approx((65.6, 34.1), abs=0.05)
    with pytest.raises(ZeroDivisionError):
        corrected_slopes(1.0, 1.0, 0.5)


@pytest.mark.parametrize("reach", [0.3, 0.5, 0.7])
def test_both_axes_give_all_fields_and_voltages(reach: float) -> None:
    found = effective_fields([FILM.sweep(axis, reach=reach) for axis in (ALONG, ACROSS)], FILM.planar)
    assert found.damping == pytest.approx(FILM.damping, rel=2e-3)
    assert found.sideways == pytest.approx(FILM.sideways, rel=3e-3)
    assert found.plane == pytest.approx(FILM.plane, rel=0.05)
    assert found.normal == pytest.approx(FILM.normal, rel=0.02)


def test_what_is_not_corrected_is_off_by_more_than_ten_per_cent() -> None:
    along, across = FILM.sweep(ALONG), FILM.sweep(ACROSS)
    assert slope_field(along) / FILM.damping > 1.1
    assert slope_field(across) / FILM.sideways > 1.8
    without = effective_fields([FILM.sweep(ALONG, reach=0.3)], FILM.planar, thermal=False)
    assert without.damping / FILM.damping > 1.03
    assert math.isnan(without.plane)


def test_along_the_current_alone_the_damping_like_field_follows_from_its_own_shape() -> None:
    found = effective_fields([FILM.sweep(ALONG)], FILM.planar)
    assert found.damping == pytest.approx(FILM.damping, rel=5e-3)
    assert math.isnan(found.sideways)
    assert math.isnan(found.plane)


def test_across_the_current_alone_nothing_follows() -> None:
    found = effective_fields([FILM.sweep(ACROSS)], FILM.planar)
    assert math.isnan(found.damping)
    assert math.isnan(found.sideways)


def test_without_a_planar_hall_resistance_both_axes_tell_no_more_than_one() -> None:
    sweeps = [FILM.sweep(ALONG), FILM.sweep(ACROSS)]
    found, alone = effective_fields(sweeps, math.nan), effective_fields(sweeps[:1], math.nan)
    assert found.damping == alone.damping
    assert math.isnan(found.sideways)


def test_a_wrong_planar_hall_resistance_moves_the_field_like_field_within_its_uncertainty() -> None:
    sweeps = [FILM.sweep(axis, noise=3e-9, seed=number) for number, axis in enumerate((ALONG, ACROSS))]
    found = effective_fields(sweeps, 1.2 * FILM.planar, 0.2 * FILM.planar)
    assert abs(found.sideways - FILM.sideways) > 0.1 * FILM.sideways
    assert abs(found.sideways - FILM.sideways) < 1.5 * found.sideways_uncertainty


def test_a_field_that_is_two_degrees_off_its_axis_changes_little() -> None:
    skew = Film(skew=2.0)
    found = effective_fields([skew.sweep(ALONG), skew.sweep(ACROSS)], skew.planar)
    assert found.damping == pytest.approx(skew.damping, rel=1e-2)
    assert found.sideways == pytest.approx(skew.sideways, rel=2e-2)
    across = skew.sweep(ACROSS)
    plain = np.polyfit(across.field[across.state > 0], across.change[across.state > 0], 1)[0]
    straight = FILM.sweep(ACROSS)
    other = np.polyfit(straight.field[straight.state > 0], straight.change[straight.state > 0], 1)[0]
    assert abs(plain / other - 1.0) > 0.05, "one state alone would be off"


def test_the_uncertainties_are_the_scatter_of_many_runs() -> None:
    runs = [
        effective_fields(
            [FILM.sweep(axis, points=11, noise=4e-9, seed=2 * n + k) for k, axis in enumerate((ALONG, ACROSS))],
            FILM.planar,
        )
        for n in range(40)
    ]
    for name in ("damping", "sideways", "plane"):
        values = np.array([getattr(run, name) for run in runs])
        errors = np.array([getattr(run, name + "_uncertainty") for run in runs])
        assert float(np.std(values, ddof=1)) == pytest.approx(float(errors.mean()), rel=0.35)
        truth = getattr(FILM, name)
        assert abs(float(values.mean()) - truth) < 4.0 * float(errors.mean()) / math.sqrt(len(runs)) + 5e-3 * truth
