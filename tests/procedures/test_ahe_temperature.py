"""Hall loops over temperatures on the simulated station: compensation both ways, R(T), loops that are repeated."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from instruments.errors import BadValue
from labctl.cli.main import run_command
from labctl.sample import load_sample
from labctl.station import load_station
from labctl.testing import assert_resumable
from procedures.ahe_temperature import AnomalousHallTemperature
from procedures.over_temperatures import BACK
from tests.simulated import Done, Simulate, capture_labs

QUICK: dict[str, Any] = {"sweep_rate": "180 Oe/s", "window_rate": "180 Oe/s"}
"""A tenth of a second of the computer for a loop; coercive fields are a few per cent higher than at the usual rate."""
TEMPERATURES = (290.0, 281.0, 268.0, 258.0)


def measure(simulate: Simulate, **parameters: Any) -> Done:
    return simulate(AnomalousHallTemperature(**{**QUICK, "refinement": "none", **parameters}))


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    """Four temperatures around compensation, and the refined ones."""
    with pytest.MonkeyPatch.context() as patch:
        simulate = Simulate(tmp_path_factory.mktemp("runs"), capture_labs(patch))
        yield measure(simulate, temperatures="290, 281, 268, 258 K", maximum_field="0.3 T", refinement="3 K")


def loops_of(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.loc[[kind == "loop" for kind in rows["Kind"].tolist()]]


def last_loops_of(rows: pd.DataFrame) -> pd.DataFrame:
    """The loop of each visit that counts: one before it did not saturate the film, and shows what was there before."""
    loops = loops_of(rows)
    pairs = list(zip(loops["Block"].tolist(), loops["Loop"].tolist(), strict=True))
    last = dict(pairs)
    return loops.loc[[last[block] == loop for block, loop in pairs]]


def table_of(done: Done) -> dict[float, dict[str, Any]]:
    """What result.json says of each temperature."""
    content = json.loads(done.directory.result_file.read_text())
    return {round(row["temperature"]["value"], 1): row for row in content["table"]}


def fields_at(done: Done, temperature: float) -> list[float]:
    """Largest fields in T of the loops at a temperature, in the order of measurement."""
    loops = loops_of(done.rows)
    rows = zip(*(loops[name].tolist() for name in ("Set temperature (K)", "Loop", "Largest field (T)")), strict=True)
    return list({loop: largest for at, loop, largest in rows if at == temperature}.values())


def way_to(done: Done, temperature: float) -> pd.DataFrame:
    """Rows that were read on the way to a temperature."""
    rows = done.rows
    pairs = zip(rows["Kind"].tolist(), rows["Set temperature (K)"].tolist(), strict=True)
    return rows.loc[[kind == "moving" and at == temperature for kind, at in pairs]]


def truth() -> float:
    """Compensation temperature in K of the model that stands for the sample."""
    model = load_sample("cotb2025").model
    assert model is not None
    return float(model.parameters["compensation_temperature"]["value"])


# ---- the compensation temperature


def test_both_ways_find_the_compensation_temperature_of_the_model(done: Done) -> None:
    assert done.outcome.status == "finished"
    assert abs(done.value("compensation_temperature") - truth()) < 2 * done.uncertainty("compensation_temperature")
    assert done.uncertainty("compensation_temperature") < 0.3
    low, high = (done.value(f"compensation_temperature_bracket_{end}") for end in ("low", "high"))
    assert low < truth() < high
    middle, error = done.value("compensation_temperature_bracket"), done.uncertainty("compensation_temperature_bracket")
    assert abs(middle - truth()) < 2 * error
    assert "not the angular-momentum" in done.outcome.results["compensation_temperature"]["note"]


def test_the_coercive_field_rises_towards_it_from_both_sides(done: Done) -> None:
    fields = {t: row["coercive_field"]["value"] for t, row in table_of(done).items()}
    above = [fields[t] for t in sorted(fields) if t > truth()]
    below = [fields[t] for t in sorted(fields, reverse=True) if t < truth()]
    for side in (above, below):
        assert len(side) == 3
        assert all(near > far for near, far in itertools.pairwise(side))


def test_the_sign_of_the_loops_changes_there_and_their_size_does_not(done: Done) -> None:
    for temperature, row in table_of(done).items():
        sign = np.sign(temperature - truth())
        assert row["polarity"]["value"] == sign
        assert row["anomalous_hall_resistance"]["value"] == pytest.approx(sign * 0.075, rel=0.03)


def test_the_refined_temperatures_lie_three_kelvin_from_it_and_narrow_the_bracket(done: Done) -> None:
    refined = [t for t in table_of(done) if t not in TEMPERATURES]
    assert sorted(refined) == pytest.approx([truth() - 3, truth() + 3], abs=0.5)
    assert done.value("compensation_temperature_bracket_low") == pytest.approx(min(refined), abs=0.1)
    assert done.value("compensation_temperature_bracket_high") == pytest.approx(max(refined), abs=0.1)


def test_every_temperature_is_reached_from_above(done: Done) -> None:
    """The refined ones, too: the sample goes back beyond them first."""
    rows = done.rows
    goals = [goal for goal, _ in itertools.groupby(rows["Set temperature (K)"].tolist())]
    back = goals.index(258.0) + 1
    assert goals[:back] == list(TEMPERATURES)
    assert goals[back] == pytest.approx(goals[back + 1] + BACK)
    assert len(goals) == back + 3
    assert goals[back + 1] > goals[back + 2]
    for goal in goals[1:back] + goals[back + 1 :]:
        assert way_to(done, goal)["Temperature (K)"].tolist()[0] > goal + 2


def test_the_sample_has_followed_the_block_before_its_loop(done: Done) -> None:
    """R_xx is its thermometer: it has stopped changing."""
    values = way_to(done, 268.0)["Longitudinal resistance (ohm)"].to_numpy(float)
    per_kelvin = 136.0 * 1.5e-3
    assert abs(values[-1] - values[-6]) / per_kelvin < 0.05
    assert values[-1] == pytest.approx(136.0 * (1 + 1.5e-3 * (268.0 - 300.0)), abs=0.3 * per_kelvin)


# ---- loops from what the temperature before told


def test_field_and_window_follow_from_the_coercive_field_before(done: Done) -> None:
    table = table_of(done)
    for before, here in itertools.pairwise(TEMPERATURES):
        wanted = min(1.0, max(0.2, 2 * table[before]["coercive_field"]["value"]))
        assert fields_at(done, here)[0] == pytest.approx(wanted, rel=1e-3)


def test_a_loop_that_is_not_saturated_is_repeated_at_twice_the_field(done: Done) -> None:
    fields = fields_at(done, 281.0)
    assert len(fields) > 1
    assert fields[1] == pytest.approx(2 * fields[0], rel=1e-6)
    assert table_of(done)[281.0]["largest_field"]["value"] == pytest.approx(fields[-1], abs=1e-3)


def test_at_the_limit_it_is_marked_and_left(simulate: Simulate) -> None:
    done = measure(
        simulate, temperatures="275, 274 K", maximum_field="0.1 T", minimum_field="0.1 T", field_limit="0.15 T"
    )
    assert done.outcome.status == "finished"
    assert fields_at(done, 275.0) == fields_at(done, 274.0) == [0.1, 0.15]
    for row in table_of(done).values():
        assert row["saturated"]["value"] is False
        assert row["coercive_field"]["value"] is None
    assert "0 of 2 temperatures" in done.outcome.results["compensation_temperature"]["why"]
    assert done.directory.figure_file.exists()


def test_a_loop_whose_switch_lies_outside_its_window_is_measured_again_with_what_it_told(simulate: Simulate) -> None:
    done = measure(
        simulate, temperatures="300, 289 K", maximum_field="0.15 T", minimum_field="0.3 T", window_rate="90 Oe/s",
        sweep_rate="190 Oe/s",
    )  # fmt: skip
    assert len(fields_at(done, 289.0)) == 2
    row = table_of(done)[289.0]
    assert row["field_rate"]["value"] == pytest.approx(0.009, rel=0.05)  # that of the window
    assert row["loops"]["value"] == 2


def test_at_equal_rates_a_branch_is_one_sweep(done: Done) -> None:
    """A switch where the field stops would have a rate of its own."""
    loops = loops_of(done.rows)
    keys = ["Set temperature (K)", "Loop", "Branch"]
    for _, branch in loops.groupby(keys):
        field = branch["Field (T)"].to_numpy(float)
        steps = np.abs(np.diff(field[np.abs(field) < 0.9 * np.max(np.abs(field))]))  # at its ends it rests
        assert np.min(steps) > 0.8 * np.median(steps)


# ---- on the way


def test_on_the_way_the_longitudinal_resistance_is_read_at_a_stated_field(done: Done) -> None:
    rows = done.rows
    way = rows.loc[[kind == "moving" for kind in rows["Kind"].tolist()]]
    assert set(way["Channel"].tolist()) == {2}
    assert np.all(np.isfinite(way["Longitudinal resistance (ohm)"].to_numpy(float)))
    assert np.all(np.isnan(way["Hall resistance (ohm)"].to_numpy(float)))
    assert np.all(np.isfinite(way["Field (T)"].to_numpy(float)))
    assert np.median(np.diff(way["Time (s)"].to_numpy(float))) == pytest.approx(2.0, abs=1.0)
    loops = loops_of(rows)
    assert set(loops["Channel"].tolist()) == {1}
    assert np.all(np.isfinite(loops["Hall resistance (ohm)"].to_numpy(float)))


def test_without_a_second_channel_the_hall_resistance_is_read(simulate: Simulate) -> None:
    station = load_station("ppms")
    meter = station.cables.voltmeter
    assert meter is not None
    free = meter.model_copy(update={"channel_2_high": "open", "channel_2_low": "open"})
    station = station.model_copy(update={"cables": station.cables.model_copy(update={"voltmeter": free})})
    procedure = AnomalousHallTemperature(temperatures="297 K", maximum_field="0.2 T", **QUICK)
    done = simulate(procedure, station=station)
    way = way_to(done, 297.0)
    assert set(way["Channel"].tolist()) == {1}
    assert np.all(np.isfinite(way["Hall resistance (ohm)"].to_numpy(float)))
    assert np.all(np.isnan(way["Longitudinal resistance (ohm)"].to_numpy(float)))


def test_it_can_be_turned_off(simulate: Simulate) -> None:
    done = measure(simulate, temperatures="297 K", maximum_field="0.2 T", rt_while_moving="off")
    assert set(done.rows["Kind"]) == {"loop"}


# ---- loops from elsewhere


def test_loops_that_somebody_else_measured_are_analysed_too(
    done: Done, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loops = loops_of(done.rows)
    table = pd.DataFrame(
        {
            "T (K)": loops["Temperature (K)"].to_numpy(float),
            "H (Oe)": 1e4 * loops["Field (T)"].to_numpy(float),
            "Rxy (mOhm)": 1e3 * loops["Hall resistance (ohm)"].to_numpy(float),
        }
    )
    table.to_csv(tmp_path / "theirs.csv", index=False)
    words = [
        "analyse",
        str(tmp_path / "theirs.csv"),
        "--as",
        "ahe-temperature",
        "--out",
        str(tmp_path / "f.png"),
        "--json",
    ]
    assert run_command(words) == 0
    results = json.loads(capsys.readouterr().out)["results"]
    found, ours = results["compensation_temperature"], done.value("compensation_temperature")
    assert found["value"] == pytest.approx(ours, abs=done.uncertainty("compensation_temperature"))
    assert found["uncertainty"] > done.uncertainty("compensation_temperature")  # nobody says how the sample lagged
    assert (tmp_path / "f.png").exists()


# ---- a run that is cut


def test_a_run_that_was_cut_goes_on_as_if_it_had_not_been() -> None:
    carried_on = assert_resumable(
        AnomalousHallTemperature, at={700}, compared=loops_of, temperatures="300, 297 K", maximum_field="0.2 T",
        field_limit="0.2 T", refinement="none", **QUICK,
    )  # fmt: skip
    assert carried_on >= 2


@pytest.mark.endurance
def test_wherever_it_is_cut(simulate: Simulate) -> None:
    carried_on = assert_resumable(
        AnomalousHallTemperature, every=23, compared=loops_of, temperatures="300, 297 K", maximum_field="0.2 T",
        field_limit="0.2 T", refinement="none", **QUICK,
    )  # fmt: skip
    assert carried_on > 50


@pytest.mark.endurance
def test_a_run_with_refined_temperatures_that_was_cut_goes_on_as_if_it_had_not_been() -> None:
    """Near compensation a tenth of a kelvin that the sample lags is some parts in a hundred of the coercive field."""
    carried_on = assert_resumable(
        AnomalousHallTemperature, every=401, tolerance=0.02, compared=last_loops_of, maximum_field="0.5 T",
        temperatures="290, 280, 270, 260 K", **QUICK,
    )  # fmt: skip
    assert carried_on > 10


@pytest.mark.endurance
@pytest.mark.parametrize("number", range(20))
def test_the_default_series_holds_the_models_value_whatever_the_seeds(simulate: Simulate, number: int) -> None:
    done = simulate(AnomalousHallTemperature(), seed=1000 + number, sample_seed=number)
    assert abs(done.value("compensation_temperature") - truth()) < 2 * done.uncertainty("compensation_temperature")
    low, high = (done.value(f"compensation_temperature_bracket_{end}") for end in ("low", "high"))
    assert low < truth() < high


# ---- parameters


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"temperatures": "300, 280, 290 K"}, "one direction"),
        ({"temperatures": "300, 300 K"}, "one direction"),
        ({"maximum_field": "2 T"}, "maximum_field"),
        ({"minimum_field": "2 T"}, "minimum_field"),
    ],
)
def test_parameters_that_do_not_fit_together_are_refused(parameters: dict[str, str], words: str) -> None:
    with pytest.raises(BadValue, match=words):
        AnomalousHallTemperature(**parameters).check()


@pytest.mark.parametrize("temperatures", ["", "300:240:10 K", "300 mT", "-5 K"])
def test_what_is_no_list_of_temperatures_is_refused(temperatures: str) -> None:
    with pytest.raises(BadValue, match="temperatures"):
        AnomalousHallTemperature(temperatures=temperatures)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"temperatures": "300, 1 K"}, ("1 K", "1.9 K", "ppms")),
        ({"temperatures": "450, 300 K"}, ("450 K", "400 K", "cotb2025")),
        ({"field_limit": "10 T"}, ("10 T", "9 T")),
    ],
)
def test_what_exceeds_a_limit_is_refused_before_anything_is_sent(
    simulate: Simulate, parameters: dict[str, str], words: tuple[str, ...]
) -> None:
    simulate.labs.append(None)  # pyright: ignore[reportArgumentType] - no lab must be built
    done = simulate(AnomalousHallTemperature(**parameters))
    assert done.outcome.exit_code == 4
    assert done.outcome.run is None
    for word in words:
        assert word in str(done.outcome.error)
