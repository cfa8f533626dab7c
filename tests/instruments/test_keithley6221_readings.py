from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from instruments.errors import BadValue, LimitExceeded
from instruments.keithley6221_readings import (
    Averaging,
    ConductanceReadings,
    DeltaReadings,
    PulseDeltaReadings,
    Reading,
    number_or_nan,
)

SEED = 6221
FRACTION: Any = 2.5


def readings(values: list[float], **others: Any) -> DeltaReadings:
    table = [Reading(value, 0.02 * i, 1e-4, math.nan, False, i) for i, value in enumerate(values)]
    return DeltaReadings.of(table, high=1e-4, low=-1e-4, **others)


def measured(count: int, rng: np.random.Generator, averaging: Averaging | None = None) -> np.ndarray:
    """Make delta readings as the manual says, of samples of 1 V with noise of 0.1 V rms, sample by sample."""
    unfiltered = count if averaging is None else averaging.needed(count)
    samples = [(-1) ** i * 1.0 + 0.1 * rng.standard_normal() for i in range(unfiltered + 2)]
    deltas = [
        (samples[k - 1] - 2 * samples[k] + samples[k + 1]) / 4 * (-1) ** (k - 1) for k in range(1, unfiltered + 1)
    ]
    if averaging is None:
        return np.array(deltas)
    if averaging.kind == "repeat":
        return np.mean(np.reshape(deltas, (count, averaging.count)), axis=1)
    return np.array([np.mean(deltas[i + 1 : i + 1 + averaging.count]) for i in range(count)])


@pytest.mark.parametrize("averaging", [None, Averaging("moving", 5), Averaging("repeat", 4)], ids=str)
def test_the_mean_has_a_pull_of_one(averaging: Averaging | None):
    rng, runs, count = np.random.default_rng(SEED), 600, 60
    means = [readings(measured(count, rng, averaging).tolist(), averaging=averaging).mean() for _ in range(runs)]
    pulls = [(mean.value - 1.0) / mean.standard_error for mean in means]
    freedom = means[0].degrees_of_freedom
    assert abs(np.mean(pulls)) < 5 / math.sqrt(runs)
    wide = math.sqrt(freedom / (freedom - 2))  # Student's
    assert np.std(pulls) == pytest.approx(wide, rel=5 / math.sqrt(2 * runs))


@pytest.mark.parametrize(
    ("averaging", "share"),
    [(None, 3), (Averaging("moving", 10), 12), (Averaging("repeat", 10), 2), (Averaging("moving", 2), 4)],
)
def test_how_far_readings_are_alike(averaging: Averaging | None, share: int):
    assert len(readings([], averaging=averaging).correlation) == share


def test_a_reading_of_a_repeating_filter_shares_two_samples_with_the_next():
    """Weights (1, 3, 4, ..., 4, 3, 1)/(4 M), M apart: 6 / (16 M - 12)."""
    assert readings([], averaging=Averaging("repeat", 10)).correlation[1] == pytest.approx(6 / 148)


def test_triples_are_every_third_reading():
    assert readings([float(i) for i in range(8)]).triples().value.tolist() == [0.0, 3.0, 6.0]
    assert readings([float(i) for i in range(8)]).triples().high == 1e-4
    assert len(readings([]).triples()) == 0
    with pytest.raises(BadValue, match="independent"):
        readings([1.0], averaging=Averaging()).triples()


def test_independent_readings_behind_a_moving_filter_are_far_apart():
    filtered = readings([float(i) for i in range(30)], averaging=Averaging("moving", 10))
    assert filtered.independent().value.tolist() == [0.0, 12.0, 24.0]


def test_an_overflow_is_marked_and_in_no_mean():
    some = readings([1.0, math.nan, 3.0])
    assert some.overflow.tolist() == [False, True, False]
    assert some.mean().value == 2.0
    assert some.mean().readings == 2


def test_what_was_in_compliance_is_in_no_mean():
    table = [Reading(1.0, 0.0, 1e-4, math.nan, False, 0), Reading(5.0, 0.1, 1e-4, math.nan, True, 1)]
    some = DeltaReadings.of(table)
    assert some.valid.tolist() == [True, False]
    assert some.mean().value == 1.0
    assert math.isnan(some.mean().standard_error)


def test_resistances():
    some = readings([1e-3, 1.2e-3, 1.1e-3])
    assert some.resistance().value == pytest.approx(11.0)
    assert some.resistance().standard_error == pytest.approx(some.mean().standard_error / 1e-4)
    lopsided = DeltaReadings.of([Reading(3e-3, 0.0, 2e-4, math.nan, False, 0)], high=2e-4, low=-1e-4)
    assert lopsided.resistance().value == pytest.approx(20.0)
    pulses = PulseDeltaReadings.of([Reading(1e-3, 0.0, 1.1e-3, math.nan, False, 0)], low=1e-4)
    assert pulses.resistance().tolist() == pytest.approx([1.0])
    steps = ConductanceReadings.of([Reading(2e-6, 0.0, 0.0, 1e-3, False, 0), Reading(0.0, 0.1, 0.0, 1e-3, False, 1)],
                                   delta=1e-6)  # fmt: skip
    assert steps.resistance.tolist() == pytest.approx([2.0, 0.0])
    assert steps.conductance.tolist() == pytest.approx([0.5, math.inf])


@pytest.mark.parametrize(
    ("averaging", "error"),
    [(Averaging("mean"), BadValue), (Averaging(count=1), LimitExceeded), (Averaging(count=301), LimitExceeded),
     (Averaging(count=FRACTION), BadValue), (Averaging(window=-1.0), LimitExceeded),
     (Averaging(window=10.1), LimitExceeded)],
)  # fmt: skip
def test_a_filter_that_cannot_be(averaging: Averaging, error: type[Exception]):
    with pytest.raises(error, match="nothing was sent"):
        averaging.spelled()


def test_how_a_filter_is_spelled():
    assert Averaging("moving", 25, 0.5).spelled() == (
        ":SENS:AVER:TCON MOV;:SENS:AVER:COUN 25;:SENS:AVER:WIND 0.5;:SENS:AVER 1"
    )


def test_a_number_that_marks_an_overflow():
    assert math.isnan(number_or_nan("+9.9E37"))
    assert math.isnan(number_or_nan("-9.9e37"))
    assert number_or_nan("+1.5E-03") == 1.5e-3
