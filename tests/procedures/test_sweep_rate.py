"""The coercive field against the field's rate: what thermal activation says of it, and what a lag would.

The model is integrated here from the rate law f0 exp(-B / (|D| k (T + T0))) itself, over the film's own barriers, by
the trapezoidal rule; nothing of the simulator's closed form is used.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.constants import Boltzmann

from labctl.analysis.loops import anomalous_hall
from labctl.analysis.readings import WEIGHTS
from labctl.station import Station, load_station
from simulators.samples.hall_bar import FerrimagnetHallBar
from tests.truth import DIRECTIONS, Observed, Observer, observing

SETTINGS: dict[str, Any] = {"maximum_field": "0.11 T"}
LOWEST_RATE = 1e-4
"""T/s, of the magnet of the long form: that of a 9 T magnet spans but a decade and a quarter."""
QUICK_RATES = {40: 1, 85: 1, 180: 1}
INTERPOLATED, NAIVE = "Field (T)", ("Field before (T)", "Field after (T)")
"""The field at the middle of a reading, and the read-backs before and after it as they are."""
RATES = {5: 3, 13: 4, 35: 6, 85: 8, 190: 12}
"""Oe/s, and how many loops are measured at each: a slow one has the more readings."""


@dataclasses.dataclass(frozen=True)
class Prediction:
    """Field at which half of a film has reversed, and its standard deviation from loop to loop, T."""

    field: float
    scatter: float


def predicted(film: FerrimagnetHallBar, rate: float, temperature: float = 300.0) -> Prediction:
    """What the rate law makes of a film's barriers on a ramp from zero field.

    Args:
        film: Whose barriers, net moment and attempts count.
        rate: dH/dt in T/s.
        temperature: K.
    """
    model, moment = film._model, abs(film.ferrimagnet.net_magnetisation(temperature))
    field = np.linspace(0.02, 0.13, 4401)
    step = float(field[1] - field[0])
    b = film.hysterons._barriers / (Boltzmann * (temperature + model.athermal_temperature) * moment)
    reversed_, varying = np.zeros(len(field)), np.zeros(len(field))
    for barrier in b:
        hazard_rate = model.attempt_rate / rate * np.exp(-barrier / field)
        hazard = np.concatenate([[0.0], np.cumsum(hazard_rate[1:] + hazard_rate[:-1]) * step / 2])
        left = np.exp(-hazard)
        reversed_ += (1 - left) / len(b)
        varying += left * (1 - left) / len(b) ** 2
    half = float(np.interp(0.5, reversed_, field))
    density = float(np.interp(half, field, np.gradient(reversed_, field)))
    return Prediction(half, float(np.sqrt(np.interp(half, field, varying))) / density)


@dataclasses.dataclass(frozen=True)
class Sweep:
    """Loops of one film at one rate, and what the rate law says of them.

    Attributes:
        rate: dH/dt, T/s.
        loops: The loops.
        coercive: Half the width of each loop, T, by the column that the field is taken from.
        model: What the rate law says.
    """

    rate: float
    loops: list[Observed]
    coercive: dict[str, list[float]]
    model: Prediction

    @property
    def reading_error(self) -> float:
        """Standard error of the mean of `coercive` as a reading of these very loops, T."""
        each = [
            loop.results[f"coercive_field_{branch}"].uncertainty or 0 for loop in self.loops for branch in DIRECTIONS
        ]
        return float(np.linalg.norm(each)) / (2 * len(self.loops))

    @property
    def error(self) -> float:
        """Standard error of the mean of `coercive`, T: of its two branches' independent thermal clocks."""
        return self.model.scatter / float(np.sqrt(2 * len(self.loops)))


def slow_magnet() -> Station:
    """The default station with a magnet that is as fast and knows slower ramps, too."""
    station = load_station("ppms")
    limits = {"slowest_field_rate": LOWEST_RATE, "field": 3.0, "temperature": (50.0, 400.0)}
    changed = {
        "limits": station.limits.model_copy(update=limits),
        "simulation": station.simulation.model_copy(update={"machine": "versalab"}),
    }
    return station.model_copy(update=changed)


def half_widths(loops: list[Observed], column: str) -> list[float]:
    return [half_width(loop.rows.assign(**{INTERPOLATED: loop.rows[column]})) for loop in loops]


def half_width(rows: pd.DataFrame) -> float:
    results = anomalous_hall(rows)
    up, down = results.number("coercive_field_up"), results.number("coercive_field_down")
    assert up is not None
    assert down is not None
    return (up - down) / 2


@pytest.fixture(scope="module")
def observer(tmp_path_factory: pytest.TempPathFactory) -> Generator[Observer]:
    with observing(tmp_path_factory.mktemp("runs")) as ready:
        yield ready


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(QUICK_RATES, id="quick"),
        pytest.param(RATES, id="long", marks=pytest.mark.endurance),
    ],
)
def sweeps(request: pytest.FixtureRequest, observer: Observer) -> list[Sweep]:
    found: list[Sweep] = []
    station = slow_magnet() if request.param is RATES else load_station("ppms")
    for rate, count in request.param.items():
        settings: dict[str, Any] = {**SETTINGS, "survey_rate": f"{rate} Oe/s", "station": station}
        loops = [observer(100 * rate + seed, **settings) for seed in range(count)]
        film = loops[-1].lab.sample
        assert isinstance(film, FerrimagnetHallBar)
        coercive = {column: half_widths(loops, column) for column in (INTERPOLATED, *NAIVE)}
        found.append(Sweep(rate * 1e-4, loops, coercive, predicted(film, rate * 1e-4)))
    return found


def slope(sweeps: list[Sweep], fields: list[float]) -> float:
    """Rise of a field with the natural logarithm of the rate, T."""
    return float(np.polyfit(np.log([sweep.rate for sweep in sweeps]), fields, 1)[0])


def slope_error(sweeps: list[Sweep], errors: list[float]) -> float:
    logarithms = np.log([sweep.rate for sweep in sweeps])
    lever = logarithms - np.mean(logarithms)
    return float(np.linalg.norm(lever * np.array(errors)) / (lever @ lever))


def means(sweeps: list[Sweep], column: str = INTERPOLATED) -> list[float]:
    return [float(np.mean(sweep.coercive[column])) for sweep in sweeps]


def test_the_coercive_field_is_smaller_on_a_slower_ramp(sweeps: list[Sweep]) -> None:
    assert np.all(np.diff(means(sweeps)) > 0)
    for branch in DIRECTIONS:
        fields = [abs(np.mean([loop.switches[1, branch].field for loop in sweep.loops])) for sweep in sweeps]
        assert np.all(np.diff(fields) > 0)


def test_it_rises_with_the_logarithm_of_the_rate_as_the_rate_law_says(sweeps: list[Sweep]) -> None:
    """By the coercive field over some 23 with each factor e: 3 mT, of which the slope is tested to a part."""
    expected = slope(sweeps, [sweep.model.field for sweep in sweeps])
    error = slope_error(sweeps, [sweep.error for sweep in sweeps])
    assert error < 0.07 * expected
    assert slope(sweeps, means(sweeps)) == pytest.approx(expected, abs=3.3 * error)


def test_it_is_that_of_the_rate_law_in_the_true_field(sweeps: list[Sweep]) -> None:
    """The reported field leaves out what is trapped in the magnet, which moves both branches alike."""
    for sweep in sweeps:
        trapped = [(loop.switches[1, "up"].trapped - loop.switches[1, "down"].trapped) / 2 for loop in sweep.loops]
        true = np.array(sweep.coercive[INTERPOLATED]) + trapped
        assert np.mean(true) == pytest.approx(sweep.model.field, abs=3.3 * sweep.error + 3e-5)


def delays(loop: Observed) -> dict[str, float]:
    """s from the query before a reading to its middle, and from there to the query after it."""
    rows = loop.rows
    middles = [(rows[f"Start {i} (s)"] + rows[f"End {i} (s)"]) / 2 for i in (1, 2, 3)]
    middle = np.stack([part.to_numpy(float) for part in middles], axis=1) @ WEIGHTS
    return {
        "Field before (T)": float(np.median(middle - rows["Field before stamp (s)"].to_numpy(float))),
        "Field after (T)": float(np.median(middle - rows["Field after stamp (s)"].to_numpy(float))),
    }


@pytest.mark.parametrize("column", NAIVE)
def test_without_the_correction_it_lags_by_rate_times_delay(sweeps: list[Sweep], column: str) -> None:
    """The last field known before a reading is too small by what the ramp did since; the one after it too large."""
    shifts: list[float] = []
    for sweep in sweeps:
        lag = sweep.rate * delays(sweep.loops[0])[column]
        shifts.append(float(np.mean(np.array(sweep.coercive[column]) - sweep.coercive[INTERPOLATED])))
        assert shifts[-1] == pytest.approx(-lag, abs=sweep.reading_error)
    assert abs(shifts[-1]) > 5e-4  # at 180 Oe/s: nobody would call it noise


def test_the_lag_would_be_taken_for_thermal_activation(sweeps: list[Sweep]) -> None:
    """It grows with the rate like a coercive field, so that the slope is wrong by far more than its error."""
    rates: NDArray[np.float64] = np.array([sweep.rate for sweep in sweeps])
    for column in NAIVE:
        expected = slope(sweeps, (-rates * delays(sweeps[0].loops[0])[column]).tolist())
        wrong = slope(sweeps, means(sweeps, column)) - slope(sweeps, means(sweeps))
        error = slope_error(sweeps, [sweep.reading_error for sweep in sweeps])
        assert wrong == pytest.approx(expected, abs=error)
        assert abs(wrong) > 5 * error
