"""A baseline that repeats itself with the loop is told from what films do, also where both reverse with the field."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import erf

from labctl.analysis.loops import anomalous_hall
from labctl.analysis.readings import FloatArray
from labctl.analysis.result import Results
from tests.labctl.analysis.synthetic import Film

FIELD, HALL = "Field (T)", "Hall resistance (ohm)"
FILM = Film(coercive=0.09, width=0.012, points=201, maximum=0.3, noise=1e-4)

More = Callable[[FloatArray, FloatArray, np.random.Generator], FloatArray]
"""What comes on top of a film, in units of its amplitude, from field, sense of the branch and chance."""


def _results(more: More, seed: int) -> Results:
    table, rng = FILM.table(seed, timed=False), np.random.default_rng(seed)
    sense = np.where(np.arange(len(table)) < FILM.points, -1.0, 1.0)
    extra = FILM.amplitude * more(table[FIELD].to_numpy(float), sense, rng)
    return anomalous_hall(table.assign(**{HALL: table[HALL] + extra}))


def _note(results: Results) -> str:
    return results["saturated"].note or ""


def _layer(field: FloatArray, sense: FloatArray, coercive: float, width: float, shift: float = 0.0) -> FloatArray:
    return sense * np.tanh((sense * (field - shift) - coercive) / width)


def broad_layer(field: FloatArray, sense: FloatArray, rng: np.random.Generator) -> FloatArray:
    return rng.uniform(0.05, 0.3) * _layer(field, sense, rng.uniform(0.1, 0.16), rng.uniform(0.02, 0.04))


def opposite_layer(field: FloatArray, sense: FloatArray, rng: np.random.Generator) -> FloatArray:
    return -broad_layer(field, sense, rng)


def shifted_layer(field: FloatArray, sense: FloatArray, rng: np.random.Generator) -> FloatArray:
    return -rng.uniform(0.2, 0.4) * _layer(field, sense, 0.145, 0.008, rng.choice([-1, 1]) * rng.uniform(0.03, 0.05))


def soft_layer(field: FloatArray, sense: FloatArray, rng: np.random.Generator) -> FloatArray:
    return rng.uniform(0.05, 0.3) * _layer(field, sense, rng.uniform(0.001, 0.02), rng.uniform(0.005, 0.02))


def paramagnet(field: FloatArray, _sense: FloatArray, rng: np.random.Generator) -> FloatArray:
    return rng.uniform(-0.3, 0.3) * np.tanh(field / rng.uniform(0.05, 0.3))


def long_tail(field: FloatArray, sense: FloatArray, rng: np.random.Generator) -> FloatArray:
    """As much of a film as switches over twenty times the width of the rest."""
    return 0.1 * sense * erf((sense * field - 0.09) / rng.uniform(0.05, 0.08))


@pytest.mark.parametrize("more", [broad_layer, opposite_layer, shifted_layer, soft_layer, paramagnet, long_tail])
@pytest.mark.parametrize("seed", range(4))
def test_what_films_do_is_no_wander(more: More, seed: int) -> None:
    assert "wander" not in _note(_results(more, seed))


@pytest.mark.parametrize("turns", [0.9, 1.0, 1.1])
def test_a_sine_that_comes_back_with_the_loop_is_a_wander(turns: float) -> None:
    """It parts the branches to both sides of their lines; where it does so too much, the loop is not saturated."""

    def sine(field: FloatArray, _sense: FloatArray, rng: np.random.Generator) -> FloatArray:
        sign = float(rng.choice([-1, 1]))
        return sign * 0.02 * np.sin(2 * np.pi * turns * np.linspace(0, 1, len(field)) + rng.uniform(-0.5, 0.5))

    named = answered = 0
    for seed in range(6):
        results = _results(sine, seed)
        amplitude = results["anomalous_hall_resistance"]
        if amplitude.value is None:
            continue
        answered += 1
        # Nearly a whole turn leaves a gap, which may be taken for a step.
        if "the baseline wanders by about" in _note(results) or "step of the baseline" in _note(results):
            named += 1
            assert abs(amplitude.value - FILM.amplitude) < 4 * (amplitude.uncertainty or 0.0)
    assert answered >= 3
    assert named >= answered - 1


@pytest.mark.parametrize("seed", range(3))
def test_a_wander_that_a_background_does_as_well_is_taken_for_the_films(seed: int) -> None:
    """A cosine that turns with the field goes with it alone: no reading tells it from a bent background."""

    def cosine(field: FloatArray, _sense: FloatArray, _rng: np.random.Generator) -> FloatArray:
        return 0.02 * np.cos(2 * np.pi * np.linspace(0, 1, len(field)))

    assert "wander" not in _note(_results(cosine, seed))
