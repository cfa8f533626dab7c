"""Anisotropy field and tilt from the first harmonic of the Hall voltage."""

from __future__ import annotations

import numpy as np
import pytest

from labctl.analysis.effective_fields import ACROSS, ALONG
from labctl.analysis.first_harmonic import first_harmonic
from tests.labctl.analysis.harmonics import Film

FIELD = np.tile(np.linspace(-0.1, 0.1, 11), 2)
STATE = np.repeat([1.0, -1.0], 11)


@pytest.mark.parametrize("axis", [ALONG, ACROSS])
@pytest.mark.parametrize("reach", [0.3, 0.5, 0.7])
def test_anisotropy_field_tilt_and_hall_resistance_are_the_films(axis: str, reach: float) -> None:
    first = Film().sweep(axis, reach=reach).first
    assert first.anisotropy_field == pytest.approx(0.33, rel=3e-3)
    assert np.degrees(first.tilt) == pytest.approx(2.0, abs=0.08)
    assert first.hall == pytest.approx(0.5, rel=3e-4)
    assert first.follows_one_spin(1e-3)
    assert first.reached == pytest.approx(reach, rel=3e-3)


def test_the_parabola_alone_is_too_low_the_further_the_field_goes() -> None:
    off = [Film(tilt=0.0).sweep(ALONG, reach=reach).first.by_parabola / 0.33 - 1.0 for reach in (0.1, 0.3, 0.5)]
    assert 0.0 > off[0] > off[1] > off[2]
    assert abs(off[0]) < 2e-3
    assert off[2] < -0.02


def test_for_a_parabola_it_is_the_root_of_the_height_over_twice_the_coefficient() -> None:
    resistance = STATE * 0.5 * (1.0 - FIELD**2 / (2.0 * 0.33**2))
    first = first_harmonic(FIELD, STATE, resistance)
    assert first is not None
    assert first.by_parabola == pytest.approx(0.33)


def test_a_field_beside_the_reported_one_is_found_for_each_state() -> None:
    shift = {1: 2e-3, -1: -1e-3}
    true = FIELD + np.where(STATE > 0, shift[1], shift[-1])
    first = first_harmonic(FIELD, STATE, STATE * 0.5 * np.sqrt(1.0 - (true / 0.33) ** 2))
    assert first is not None
    assert first.beside == pytest.approx(shift, abs=1e-6)
    assert first.anisotropy_field == pytest.approx(0.33)


def test_the_uncertainty_is_the_scatter_of_many_fits() -> None:
    fits = [Film(tilt=0.0, damping=0.0, sideways=0.0).sweep(ALONG, noise=2e-6, seed=n).first for n in range(60)]
    scatter = float(np.std([fit.anisotropy_field for fit in fits], ddof=1))
    assert scatter == pytest.approx(float(np.mean([fit.uncertainty for fit in fits])), rel=0.3)


def test_the_uncertainty_by_the_parabola_is_the_scatter_of_many_fits() -> None:
    flat = Film(tilt=0.0, damping=0.0, sideways=0.0)
    fits = [flat.sweep(ALONG, reach=0.1, noise=2e-6, seed=n).first for n in range(60)]
    scatter = float(np.std([fit.by_parabola for fit in fits], ddof=1))
    assert scatter == pytest.approx(float(np.mean([fit.by_parabola_uncertainty for fit in fits])), rel=0.3)


def test_a_film_that_switches_on_the_way_does_not_follow_one_spin() -> None:
    film = Film()
    sweep = film.sweep(ALONG)
    one = sweep.state * np.sqrt(1.0 - (sweep.field / 0.33) ** 2)
    one[(sweep.state > 0) & (sweep.field < -0.1)] *= 0.9
    first = first_harmonic(sweep.field, sweep.state, 0.5 * one, 1e-6)
    assert first is not None
    assert not first.follows_one_spin(3e-3)


def test_too_few_fields_or_a_resistance_that_does_not_fall_tell_nothing() -> None:
    few = np.tile(np.linspace(-0.1, 0.1, 4), 2)
    side = np.repeat([1.0, -1.0], 4)
    assert first_harmonic(few, side, side * (1.0 - few**2)) is None
    assert first_harmonic(FIELD, np.ones(FIELD.size), 1.0 - FIELD**2) is None
    assert first_harmonic(FIELD, STATE, STATE * (1.0 + FIELD**2)) is None
