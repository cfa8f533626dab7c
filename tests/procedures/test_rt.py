"""Resistance against temperature: the model's coefficient, lag and ratio come back, with honest uncertainties."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from instruments.errors import UsageError
from labctl.analysis.resistance import Course
from labctl.sample import load_sample
from labctl.station import Station, load_station
from labctl.testing import assert_resumable
from procedures.rt import COOLING, DIRECTION, RESISTANCE, TWO, WARMING, ResistanceTemperature, ratio_of
from tests.simulated import Done, Simulate, capture_labs

COEFFICIENT, BAR = 1.5e-3, 136.0
"""1/K and ohm at 300 K of the model: four of ten squares of 340 ohm."""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    """From 300 K to 260 K and back."""
    with pytest.MonkeyPatch.context() as patch:
        simulate = Simulate(tmp_path_factory.mktemp("runs"), capture_labs(patch))
        yield simulate(ResistanceTemperature(begin="300 K", end="260 K"))


def pull(done: Done, name: str, truth: float) -> float:
    return (done.value(name) - truth) / done.uncertainty(name)


def test_coefficient_resistance_ratio_and_lag_are_the_models(done: Done) -> None:
    assert done.outcome.status == "finished", done.outcome.error
    assert abs(pull(done, "temperature_coefficient", COEFFICIENT)) < 3
    assert abs(pull(done, "resistance_at_reference", BAR)) < 3
    assert abs(pull(done, "residual_resistance_ratio", 1 / (1 - 40 * COEFFICIENT))) < 3.5
    assert abs(pull(done, "time_constant", 90.0)) < 3.5
    assert done.value("lag") == pytest.approx(3.0, abs=0.02)
    assert done.uncertainty("temperature_coefficient") < 2e-3 * COEFFICIENT
    assert done.outcome.results["temperature_coefficient"]["of"].startswith("four wires, at 300 K")


def test_without_the_correction_the_directions_are_six_kelvin_apart(done: Done) -> None:
    rows = done.rows
    at: dict[str, float] = {}
    for direction in (COOLING, WARMING):
        part = rows.loc[rows[DIRECTION] == direction].sort_values(RESISTANCE)
        at[direction] = float(
            np.interp(132.0, part[RESISTANCE].to_numpy(float), part["Temperature (K)"].to_numpy(float))
        )
    assert at[WARMING] - at[COOLING] == pytest.approx(6.0, abs=0.25)


def test_the_table_holds_the_models_resistance(done: Done) -> None:
    table = done.directory.table()
    assert len(table) >= 3
    for row in table:
        temperature, value, error = (
            row["temperature"]["value"],
            row["resistance"]["value"],
            row["resistance"]["uncertainty"],
        )
        assert value == pytest.approx(BAR * (1 + COEFFICIENT * (temperature - 300)), abs=4 * error)


def test_one_direction_has_the_assumed_lag_in_the_table(done: Done) -> None:
    rows = done.rows.loc[done.rows[DIRECTION] != WARMING]
    rows = rows.loc[rows["Set temperature (K)"] < 299.0]
    results = ResistanceTemperature(begin="300 K", end="260 K", directions="one").analyse(rows)
    assert "assumed" in (results["lag"].note or "")
    at_280 = next(row["resistance"] for row in results.table if row["temperature"].value == 280.0)
    # 1.5 K of lag are uncertain at 2 K/min.
    assert at_280.uncertainty == pytest.approx(1.5 * COEFFICIENT * BAR, rel=0.1)


def test_it_states_the_field_with_the_magnets_remanence(done: Done) -> None:
    assert done.value("field") == pytest.approx(0.0, abs=1e-5)
    assert done.uncertainty("field") == 2e-3


def test_a_row_every_two_seconds_on_both_ways(done: Done) -> None:
    rows = done.rows
    for direction in (COOLING, WARMING):
        time = rows.loc[rows[DIRECTION] == direction, "Time (s)"].to_numpy(float)
        assert np.median(np.diff(time)) == pytest.approx(2.0, abs=0.3)
        assert len(time) > 600
    assert all(np.isnan(rows["Hall resistance (ohm)"].to_numpy(float)))
    assert done.directory.figure_file.exists()


def test_in_one_direction_the_lag_is_assumed_and_said_to_be(simulate: Simulate) -> None:
    done = simulate(ResistanceTemperature(begin="300 K", end="270 K", directions="one"))
    assert done.outcome.status == "finished", done.outcome.error
    assert "only one direction" in done.outcome.results["lag"]["note"]
    assert done.uncertainty("lag") == pytest.approx(0.5 * done.value("lag"))
    assert abs(pull(done, "resistance_at_reference", BAR)) < 3


def wired(**ends: str) -> Station:
    station = load_station("ppms")
    meter = station.cables.voltmeter
    assert meter is not None
    meter = meter.model_copy(update={"channel_2_high": "open", "channel_2_low": "open", **ends})
    return station.model_copy(update={"cables": station.cables.model_copy(update={"voltmeter": meter})})


def test_with_two_wires_it_says_so_and_the_leads_are_in_it(simulate: Simulate) -> None:
    station = wired(channel_1_high="I+", channel_1_low="I-")
    done = simulate(ResistanceTemperature(begin="300 K", end="285 K"), station=station)
    assert done.outcome.status == "finished", done.outcome.error
    assert set(done.rows["Wires"]) == {TWO}
    found = done.outcome.results["temperature_coefficient"]
    assert found["of"].startswith("two wires")
    assert "leads" in found["note"]
    assert any("leads" in warning for warning in done.outcome.warnings)
    leads = 2 * 25.0
    assert done.value("resistance_at_reference") == pytest.approx(340 + leads, abs=0.2)
    assert found["value"] == pytest.approx(COEFFICIENT * 340 / (340 + leads), rel=0.02)


def test_without_a_cable_that_reads_it_nothing_is_begun(simulate: Simulate) -> None:
    simulate.labs.append(None)  # pyright: ignore[reportArgumentType] - no lab must be built
    done = simulate(ResistanceTemperature(), station=wired())
    assert done.outcome.exit_code == 2
    assert "plug the voltmeter's channel 2 into two arms" in str(done.outcome.error)


@pytest.mark.endurance
def test_uncertainties_hold_the_truth_as_often_as_they_should(simulate: Simulate) -> None:
    truths = {
        "temperature_coefficient": COEFFICIENT, "resistance_at_reference": BAR, "time_constant": 90.0,
        "residual_resistance_ratio": 1 / (1 - 40 * COEFFICIENT),
    }  # fmt: skip
    pulls: dict[str, list[float]] = {name: [] for name in truths}
    for seed in range(40):
        simulate.labs.clear()
        done = simulate(ResistanceTemperature(begin="300 K", end="260 K"), seed=500 + seed)
        for name, truth in truths.items():
            pulls[name].append(pull(done, name, truth))
    for name, found in pulls.items():
        assert abs(np.mean(found)) < 0.6, name
        assert 0.45 < np.std(found) < 1.3, name


def on_a_grid(rows: pd.DataFrame) -> pd.DataFrame:
    """Each direction at round temperatures of the block: a ramp that is repeated is read at other moments."""
    found: list[dict[str, Any]] = []
    for (block, direction), part in rows.groupby(["Block", DIRECTION]):  # type: ignore[misc]  # a pair of labels
        if direction in {COOLING, WARMING}:
            ordered = part.sort_values("Temperature (K)")
            for goal in (297.0, 298.0):
                value = np.interp(goal, ordered["Temperature (K)"], ordered[RESISTANCE])
                found.append({"Block": block, "Goal": goal, RESISTANCE: float(value)})
    return pd.DataFrame(found)


def test_it_can_be_carried_on_in_either_direction() -> None:
    carried_on = assert_resumable(
        ResistanceTemperature, at=[100, 620], compared=on_a_grid, begin="300 K", end="296 K", rate="4 K/min"
    )
    assert carried_on >= 2


def test_limits_are_checked_before(simulate: Simulate) -> None:
    simulate.labs.append(None)  # pyright: ignore[reportArgumentType] - no lab must be built
    assert simulate(ResistanceTemperature(end="1 K")).outcome.exit_code == 4


def test_a_procedure_without_a_station_can_be_checked() -> None:
    ResistanceTemperature().check()
    bound = ResistanceTemperature()
    bound.station, bound.sample = wired(), load_sample("cotb2025")
    with pytest.raises(UsageError, match="cable"):
        bound.check()


@pytest.mark.parametrize(
    ("begin", "end", "said"),
    [("200 K", "198 K", True), ("300 K", "297 K", False), ("301 K", "299 K", False), ("320 K", "304 K", True)],
)
def test_without_the_reference_temperature_it_says_beforehand_that_no_coefficient_follows(
    simulate: Simulate, begin: str, end: str, said: bool
) -> None:
    early: list[tuple[str, ...]] = []

    def watch(run: Any) -> None:
        if not early:
            early.append((run.points, *run.request.procedure.forewarnings))

    procedure = ResistanceTemperature(begin=begin, end=end, directions="one")
    procedure.station, procedure.sample = load_station("ppms"), load_sample("cotb2025")
    procedure.check()
    assert bool(procedure.forewarnings) == said
    if said:
        assert "no temperature coefficient will follow" in procedure.forewarnings[0]
        assert "those at 300 K" in procedure.forewarnings[0]
    if end not in {"198 K", "297 K"}:
        return
    done = simulate(ResistanceTemperature(begin=begin, end=end, directions="one"), watch=watch)
    assert early == [(0, *procedure.forewarnings)]  # heard of before anything was measured
    assert [text for text in done.outcome.warnings if "coefficient" in text] == list(procedure.forewarnings)
    assert (done.value("temperature_coefficient") is None) == said


def test_where_it_begins_is_known_when_it_does(simulate: Simulate) -> None:
    station = load_station("ppms")
    device = load_sample("cotb2025")
    cold = device.resistances.model_copy(update={"temperature": 20.0})
    record = device.model_copy(update={"resistances": cold})
    procedure = ResistanceTemperature(end="299 K", directions="one", rate="5 K/min")
    procedure.station, procedure.sample = station, record
    procedure.check()
    assert procedure.forewarnings == ()
    done = simulate(procedure, sample=record)
    assert [text for text in done.outcome.warnings if "between 299 K and 300 K" in text] == list(procedure.forewarnings)
    assert len(procedure.forewarnings) == 1


def test_the_lag_is_in_the_uncertainty_of_the_ratio() -> None:
    """R without noise, and a lag that may put the sample at 261 K where it is taken to be at 260 K."""
    block = np.linspace(300.0, 260.0, 601)
    time, cooling = 2.0 * np.arange(601.0), np.ones(601, dtype=bool)
    course = Course(time, block, BAR * (1 + COEFFICIENT * (block - 300)), ~cooling, cooling)
    ends = pd.Series([300.0, 260.0])
    sure = ratio_of(course, block, block, ends)
    unsure = ratio_of(course, block, block + (300.0 - block) / 40.0, ends)
    lowest = (260.0 - 7.5) * 40 / 39  # of the block, where the sample is then at 260 K
    moved = 1 / (1 + COEFFICIENT * (lowest - 300)) - 1 / (1 - 40 * COEFFICIENT)
    assert sure.value == unsure.value == pytest.approx(1 / (1 - 40 * COEFFICIENT), rel=1e-6)
    assert sure.uncertainty == pytest.approx(0.0, abs=0.02 * moved)
    assert unsure.uncertainty == pytest.approx(moved, rel=0.02)
