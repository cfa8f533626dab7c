"""Loops as they come from real laboratories: each number true within its uncertainty, or absent with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from labctl.analysis.loops import anomalous_hall
from labctl.analysis.result import Results
from tests.labctl.analysis.synthetic import Film

FIELD, HALL = "Field (T)", "Hall resistance (ohm)"
PLAIN = Film(points=201, coercive=0.1)


def assert_true(results: Results, film: Film, *, found: bool | None = None) -> None:
    """What is given is true to four and a half standard uncertainties; what is not says why."""
    truth = {
        "anomalous_hall_resistance": film.amplitude,
        "anomalous_hall_resistance_saturated": film.amplitude,
        "coercive_field_up": film.shift + film.coercive,
        "coercive_field_down": film.shift - film.coercive,
        "loop_shift": film.shift,
        "ordinary_hall_slope": film.slope,
    }
    if found is not None:
        assert (results["saturated"].value is True) == found, results["saturated"]
    for name, value in truth.items():
        result = results[name]
        if result.value is None:
            assert result.why
        else:
            assert abs(result.value - value) <= 4.5 * (result.uncertainty or 0.0), (name, result, value)


@pytest.mark.parametrize("order", ["du", "ud"])
@pytest.mark.parametrize("noise", [5e-5, 6e-3])
@pytest.mark.parametrize(
    "film",
    [
        replace(PLAIN, amplitude=-0.075),
        replace(PLAIN, coercive=0.375, width=0.0),
        replace(PLAIN, offset=7.5),
        replace(PLAIN, width=0.4),
        replace(PLAIN, points=15, width=0.0),
        replace(PLAIN, points=6, width=0.0),
        replace(PLAIN, slope=2.0),
        replace(PLAIN, shift=0.2),
        replace(PLAIN, coercive=0.48, width=0.05),
        replace(PLAIN, coercive=0.0, width=0.2),
    ],
    ids=str,
)
def test_every_number_is_true_or_absent(film: Film, noise: float, order: str) -> None:
    for seed in range(2):
        made = replace(film, noise=noise, order=order)
        assert_true(anomalous_hall(made.table(seed, timed=False)), made)


def _with_step(table: pd.DataFrame) -> pd.DataFrame:
    table.loc[150:, HALL] += 0.02
    return table


def _with_holes(table: pd.DataFrame) -> pd.DataFrame:
    table.loc[::3, HALL] = np.nan
    table.loc[5::17, FIELD] = np.inf
    return table


def _with_spikes(table: pd.DataFrame) -> pd.DataFrame:
    table.loc[::25, HALL] += 5
    return table


def _unequal(table: pd.DataFrame) -> pd.DataFrame:
    return table.drop(index=table.index[203::4])


def _jittered(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(**{FIELD: table[FIELD] + 3e-3 * np.random.default_rng(5).standard_normal(len(table))})


def _stepped(table: pd.DataFrame) -> pd.DataFrame:
    """Every field read four times."""
    repeated = table.loc[table.index.repeat(4)].reset_index(drop=True)
    repeated[HALL] += 1e-4 * np.random.default_rng(5).standard_normal(len(repeated))
    return repeated


def _with_virgin_curve(table: pd.DataFrame) -> pd.DataFrame:
    end = float(table[FIELD].iloc[0])
    virgin = pd.DataFrame({FIELD: np.linspace(0, end, 101), HALL: np.linspace(0.17, float(table[HALL].iloc[0]), 101)})
    return pd.concat([virgin, table], ignore_index=True)


def _with_parabola(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(**{HALL: table[HALL] + 0.5 * table[FIELD] ** 2})


def _three_times(table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([table] * 3, ignore_index=True)


@pytest.mark.parametrize("order", ["du", "ud"])
@pytest.mark.parametrize(
    "change",
    [_with_step, _with_holes, _with_spikes, _unequal, _jittered, _stepped, _with_virgin_curve, _with_parabola,
     _three_times],
)  # fmt: skip
def test_what_happens_in_laboratories_is_seen_through(
    change: Callable[[pd.DataFrame], pd.DataFrame], order: str
) -> None:
    for seed in range(2):
        film = replace(PLAIN, order=order)
        assert_true(anomalous_hall(change(film.table(seed, timed=False))), film, found=True)


def _half(table: pd.DataFrame) -> pd.DataFrame:
    return table.iloc[:201]


def _sorted(table: pd.DataFrame) -> pd.DataFrame:
    return table.sort_values(FIELD)


def _shuffled(table: pd.DataFrame) -> pd.DataFrame:
    return table.sample(frac=1, random_state=1)


def _positive_half(table: pd.DataFrame) -> pd.DataFrame:
    return table.loc[table[FIELD] >= 0]


def _walking(table: pd.DataFrame) -> pd.DataFrame:
    walk = np.cumsum(2e-3 * np.random.default_rng(2).standard_normal(len(table)))
    return table.assign(**{HALL: table[HALL] + walk})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_half, "a falling and a rising one are needed"),
        (_sorted, "if the rows were sorted by field, give them as they were measured"),
        (_shuffled, "not in the order of measurement"),
        (_positive_half, "not saturated"),
        (_walking, "not saturated"),
    ],
)
def test_what_does_not_tell_is_said(change: Callable[[pd.DataFrame], pd.DataFrame], words: str) -> None:
    results = anomalous_hall(change(PLAIN.table(timed=False)))
    for name in ("anomalous_hall_resistance", "coercive_field_up", "coercive_field_down", "polarity"):
        assert results[name].value is None
        assert words in (results[name].why or "")


def test_a_film_that_switches_in_two_steps_has_no_sure_middle() -> None:
    early, late = Film(coercive=0.02, noise=0.0), Film(coercive=0.3)
    table = late.table(timed=False)
    table[HALL] = (table[HALL] + early.table()[HALL]) / 2
    up = anomalous_hall(table)["coercive_field_up"]
    assert "switches in two steps" in (up.note or "")
    assert (up.uncertainty or 0) > 0.1
    assert 0.02 < (up.value or 0) < 0.3


@pytest.mark.parametrize(
    ("noise", "points", "loops"),
    [
        (0.05, 2001, 6),
        (0.011, 4001, 6),
        *(pytest.param(*case, 100, marks=pytest.mark.endurance) for case in [(0.05, 2001), (0.02, 2001), (0.03, 501)]),
    ],
)
def test_a_switch_in_noise_is_found_as_well_as_is_said(noise: float, points: int, loops: int) -> None:
    """Standard deviation of error over uncertainty: one, to what so many loops tell of it."""
    film = Film(coercive=0.1, noise=noise, points=points, slope=0.03)
    pulls: list[float] = []
    for seed in range(loops):
        results = anomalous_hall(film.table(seed, timed=False))
        for name, value in (("coercive_field_up", film.coercive), ("coercive_field_down", -film.coercive)):
            result = results[name]
            if result.value is not None:
                pulls.append((result.value - value) / (result.uncertainty or 1.0))
    assert len(pulls) >= 1.5 * loops
    assert max(map(abs, pulls)) < 4
    deviation, unsure = float(np.sqrt(np.mean(np.square(pulls)))), 1 / float(np.sqrt(2 * len(pulls)))
    assert 0.7 - 3 * unsure < deviation < 1.1 + 3 * unsure


def test_many_readings_are_put_together() -> None:
    film = Film(coercive=0.1, points=50_001, noise=0.03, field_noise=3e-3)
    for seed in range(2):
        assert_true(anomalous_hall(film.table(seed, timed=False)), film, found=True)
