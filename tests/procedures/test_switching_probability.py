"""Single pulses from verified full states on the simulated station, against the bare model of the same film."""

from __future__ import annotations

import functools
import math
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from instruments.errors import BadValue
from labctl.analysis.switching_probability import Curve, Trial, fit
from labctl.sample import SampleRecord, load_sample
from labctl.station import load_station
from labctl.testing import assert_resumable
from procedures.switching_probability import SwitchingProbability
from simulators.environment import Direction
from simulators.randomness import Streams
from simulators.samples.hall_bar import FerrimagnetHallBar
from tests.simulated import Done, Simulate, capture_labs
from tests.simulators.samples.pulsing import Bench, in_plane
from tests.simulators.samples.trajectory import Trajectory

BINARY: dict[str, Any] = {"pulse_max": "30 mA", "in_plane_field": "80 mT", "reads": 2}
"""On cogd2022-alox0: its wall runs through the whole film once a defect lets it go."""
GRADUAL: dict[str, Any] = {"pulse_max": "20 mA", "reads": 2}
"""On cotb2025."""


def bound(sample: SampleRecord | str = "cogd2022-alox0", **parameters: Any) -> SwitchingProbability:
    procedure = SwitchingProbability(**{**BINARY, **parameters})
    procedure.station = load_station("ppms")
    procedure.sample = load_sample(sample) if isinstance(sample, str) else sample
    return procedure


@functools.cache
def true_curve() -> Curve:
    """I50 and K of the bare film, which has no tilt, no remanence and other clocks: 600 single pulses of 1 ms."""
    folder = Path(__file__).parents[2] / "data/samples"
    model: dict[str, Any] = {}
    for name in ("cogd2022", "cogd2022-alox0"):
        model |= tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))["model"]
    model.pop("lifetime")
    along: Direction = (1.0, 0.0, 0.0)
    geometry = {"length": 60e-6, "width": 10e-6, "conducting_thickness": 11.2e-9}
    bar = FerrimagnetHallBar.from_model(model, geometry, Trajectory(300.0, 0.08, direction=along), Streams(5, 0))
    bench, trials = Bench(bar), list[Trial]()
    for current in np.random.default_rng(1).permutation(np.repeat(np.arange(17.0, 24.0, 0.5), 43)).tolist():
        bench.pulse(-30e-3, 1e-3)
        trials.append(Trial(1e-3 * current, bench.pulse(1e-3 * current, 1e-3) > 0.0))
    curve = fit(trials)
    assert isinstance(curve, Curve)
    return curve


@pytest.fixture(scope="module")
def bayes(tmp_path_factory: pytest.TempPathFactory) -> Done:
    with pytest.MonkeyPatch.context() as patch:
        simulate = Simulate(tmp_path_factory.mktemp("probability"), capture_labs(patch))
        return simulate(SwitchingProbability(**BINARY, signs="+ -"), sample="cogd2022-alox0")


def test_the_current_of_every_second_pulse_is_the_films(bayes: Done) -> None:
    """Both signs: what a little tilt or a remanent field adds to one, it takes from the other."""
    assert bayes.outcome.status == "finished"
    found = 0.5 * (bayes.value("half_current_plus") + bayes.value("half_current_minus"))
    error = 0.5 * math.hypot(bayes.uncertainty("half_current_plus"), bayes.uncertainty("half_current_minus"))
    truth = true_curve()
    assert abs(found - truth.half) < 3.0 * math.hypot(error, truth.half_uncertainty)
    assert bayes.value("width_plus_low_95") < truth.width < bayes.value("width_plus_high_95")


def test_it_ends_at_one_percent_with_its_posterior(bayes: Done) -> None:
    for name in ("plus", "minus"):
        half, sigma = bayes.value(f"half_current_{name}"), bayes.uncertainty(f"half_current_{name}")
        assert sigma < 0.01 * half
        assert 30 <= bayes.value(f"trials_{name}") < 400
        ends = [bayes.value(f"half_current_{name}_{side}") for side in ("low_95", "low_68", "high_68", "high_95")]
        assert ends == sorted(ends)
        assert ends[1] < half < ends[2]
        assert ends[2] - ends[1] == pytest.approx(2.0 * sigma, rel=0.4)
        alone = bayes.value(f"half_current_likelihood_{name}")
        assert alone == pytest.approx(half, abs=2.0 * sigma)
        drift = bayes.value(f"half_current_drift_{name}")
        assert abs(drift) < 4.0 * bayes.uncertainty(f"half_current_drift_{name}")


def test_every_trial_begins_from_a_state_that_was_read(bayes: Done) -> None:
    rows: Any = bayes.rows
    rows = rows[rows["Trial"] > 0]
    states = rows.groupby(["Block", "Trial", "State", "Step", "Sign"], sort=False)["Hall resistance (ohm)"].mean()
    table = states.reset_index()
    tried = table[table["Step"] == "trial"]
    assert len(tried) == bayes.value("trials_plus") + bayes.value("trials_minus")
    swing = bayes.value("hall_swing")
    for place in tried.index:
        before = table.loc[place - 1]
        assert before["Step"] == "reset"
        assert before["Trial"] == table.loc[place, "Trial"]
    for _, resets in table[table["Step"] == "reset"].groupby("Sign"):
        hall = resets["Hall resistance (ohm)"]
        assert float(hall.max() - hall.min()) < 0.1 * swing
    bayes.assert_source_off()


def test_pulses_far_from_the_half_are_among_them(bayes: Done) -> None:
    """Some currents are drawn at random, so that the form of the curve is seen."""
    half, width = bayes.value("half_current_plus"), bayes.value("width_plus")
    rows: Any = bayes.rows[(bayes.rows["Step"] == "trial") & (bayes.rows["Sign"] == 1)]
    late = rows[rows["Trial"] > 20]["Pulse current (A)"]
    assert float(np.abs(late - half).max()) > 1.5 * width


def test_a_grid_finds_the_same(simulate: Simulate) -> None:
    done = simulate(
        SwitchingProbability(
            **BINARY, mode="grid", signs="+ -", lowest="17 mA", highest="24 mA", levels=8, repeats=12
        ), sample="cogd2022-alox0", seed=4,
    )  # fmt: skip
    truth = true_curve()
    for suffix in ("", "_probit"):
        both = [f"half_current_{name}{suffix}" for name in ("plus", "minus")]
        found = 0.5 * sum(done.value(name) for name in both)
        error = 0.5 * math.hypot(*(done.uncertainty(name) for name in both))
        assert abs(found - truth.half) < 3.0 * math.hypot(error, truth.half_uncertainty)
    # a normal distribution of the same slope at the half is 1.6 to 1.8 times as wide as K
    assert 1.4 < done.value("width_plus_probit") / done.value("width_plus") < 2.0
    sent: Any = done.rows[(done.rows["Step"] == "trial") & (done.rows["Block"] == "round=1")]["Pulse current (A)"]
    order = sent.drop_duplicates().tolist()
    assert order != sorted(order)
    assert len(order) == 16
    assert done.directory.figure_file.exists()


def test_far_below_the_step_there_is_a_bound_and_no_zero(simulate: Simulate) -> None:
    done = simulate(
        SwitchingProbability(**BINARY, mode="grid", lowest="8 mA", highest="8 mA", levels=1, repeats=40),
        sample="cogd2022-alox0",
    )  # fmt: skip
    assert done.value("probability_plus_1") is None
    assert "0 of 40 pulses of 8 mA switched: below 0.072 with 95 %" in done.outcome.results["probability_plus_1"]["why"]
    bound = done.value("lowest_probability_bound_plus")
    assert bound == pytest.approx(1.0 - 0.05 ** (1 / 40))
    assert done.value("lowest_rate_bound_plus") == pytest.approx(-math.log1p(-bound) / 1e-3)
    assert done.outcome.results["half_current_plus"]["why"] == "no pulse has switched"


def test_halves_in_which_nothing_switches_agree_about_nothing(simulate: Simulate) -> None:
    done = simulate(
        SwitchingProbability(**BINARY, mode="grid", lowest="5 mA", highest="12 mA", levels=4, repeats=5),
        sample="cogd2022-alox0",
    )  # fmt: skip
    drift = done.outcome.results["half_current_drift_plus"]
    assert drift["value"] is None
    both = "no pulse has switched in the first half of the trials, and no pulse has switched in the second half"
    assert drift["why"].startswith(both)


def test_without_a_field_the_sign_of_the_current_decides_nothing(simulate: Simulate) -> None:
    done = simulate(
        SwitchingProbability(
            **{**BINARY, "in_plane_field": "0 T"}, mode="grid", lowest="25 mA", highest="25 mA", levels=1, repeats=100
        ), sample="cogd2022-alox0",
    )  # fmt: skip
    apart, error = done.value("up_difference_1"), done.uncertainty("up_difference_1")
    assert abs(apart) < 2.0 * error
    assert 0.05 < error < 0.08  # of 100 pulses of each sign
    assert done.value("hall_swing") == pytest.approx(1.0, rel=0.01)
    made: Any = done.rows[done.rows["Step"] == "plateau"].groupby("Block")["Hall resistance (ohm)"].mean()
    assert made["state=1"] - made["state=2"] == pytest.approx(done.value("hall_swing"), rel=1e-6)


def test_a_film_that_goes_grain_by_grain_has_a_narrow_step(simulate: Simulate) -> None:
    """Half of a thousand grains: the current of the bare film by bisection, and a step of less than a percent."""
    done = simulate(SwitchingProbability(**GRADUAL))
    bench = Bench(in_plane())

    def left(current: float) -> float:
        bench.pulse(-20e-3, 1e-3)
        return bench.pulse(current, 1e-3)

    heights = np.arange(11e-3, 15e-3, 0.05e-3)
    truth = float(np.interp(0.0, [left(float(height)) for height in heights], heights))
    assert abs(done.value("half_current_plus") - truth) < 0.02 * truth  # the field's remanence of 2 mT in 25 mT
    assert done.value("width_plus") < 0.02 * truth


def test_nothing_switches_and_that_is_said(simulate: Simulate) -> None:
    done = simulate(SwitchingProbability(**{**BINARY, "pulse_max": "5 mA"}), sample="cogd2022-alox0")
    assert done.outcome.status == "finished"
    assert done.outcome.results["half_current_plus"]["why"] == "both full states are the same: nothing switches"
    assert set(done.rows["Step"]) == {"plateau"}


@pytest.mark.parametrize(
    ("parameters", "every"),
    [
        ({"mode": "grid", "levels": 2, "repeats": 2, "signs": "+ -"}, 4),
        ({"mode": "bayes", "uncertainty": "0.1"}, 30),
        ({"mode": "grid", "levels": 2, "repeats": 2, "in_plane_field": "0 T"}, 2),
    ],
)
@pytest.mark.parametrize(("farther", "least"), [(3, 2), pytest.param(1, 5, marks=pytest.mark.endurance)])
def test_it_can_be_carried_on_from_any_point(parameters: dict[str, Any], every: int, farther: int, least: int) -> None:
    few: dict[str, Any] = {**GRADUAL, "reads": 1, **parameters}
    assert assert_resumable(SwitchingProbability, every=farther * every, **few) >= least


# ---- before


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"highest": "31 mA"}, r"highest is 31 mA, above pulse_max, 30 mA"),
        ({"lowest": "20 mA", "highest": "10 mA"}, "take lowest below highest"),
        ({"lowest": "20 mA", "highest": "20 mA"}, "or mode=grid with levels=1 for a single current"),
        ({"in_plane_field": "0 T"}, "no pulse makes the state that a trial begins from; say mode=grid"),
    ],
)
def test_what_makes_no_trials_is_refused(parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadValue, match=sentence):
        bound(**parameters).check()


def test_a_flat_sample_at_zero_field_has_no_states_to_begin_from() -> None:
    record = load_sample("cogd2022-alox0")
    mounting = record.mounting.model_copy(update={"rotator_axis": "none", "field_from_normal": math.pi / 2})
    flat = record.model_copy(update={"mounting": mounting})
    with pytest.raises(BadValue, match="put it on a rotator, or give a field in the plane"):
        bound(flat, in_plane_field="0 T", mode="grid").check()


def test_the_parts_of_a_grid_are_round_currents() -> None:
    procedure = bound(mode="grid", lowest="18 mA", highest="23 mA", levels=11)
    assert procedure.heights() == [pytest.approx(18e-3 + 0.5e-3 * place, abs=1e-12) for place in range(11)]
    assert pd.Series(procedure.heights()).is_monotonic_increasing


def test_a_saturating_field_is_asked_for_only_where_it_is_needed() -> None:
    assert bound().demands()["field"] == 0.08
    assert bound(in_plane_field="0 T", mode="grid").demands()["field"] == 0.5
