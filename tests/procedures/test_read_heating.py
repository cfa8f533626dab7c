"""Heating by the read: the model's comes back, drift and ranges are not taken for it, and the verdict follows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from instruments.errors import Aborted, BadValue
from labctl.sample import Model, SampleRecord, load_sample
from labctl.station import Station, load_station
from labctl.testing import assert_resumable
from procedures.heating_results import CURRENT, KIND, LOOP, READ, RESISTANCE, ROUND, WARMING
from procedures.probe_currents import ProbeCurrents, in_amperes
from procedures.read_heating import ReadHeating
from simulators.physics.thermal import TemperatureApproach
from tests.labctl.analysis.synthetic import covered, fewest
from tests.simulated import Done, Simulate, capture_labs

HEATING = 7.5e4
"""K/A2 of the model, film and oxide; what is slower counts from 1 mK on, which is 226 uA."""
BAR = 136.0
SHORT: dict[str, Any] = {"loops": 0, "rounds": 2, "readings": 60, "wait": "1 s"}
QUICK: dict[str, Any] = {"maximum_field": "0.2 T", "rate": "180 Oe/s"}


def pull(done: Done, truth: float = HEATING) -> float:
    assert done.outcome.status == "finished", done.outcome.error
    return (done.value("heating_coefficient") - truth) / done.uncertainty("heating_coefficient")


def record(**changes: Any) -> SampleRecord:
    """The shipped record with another model."""
    sample = load_sample("cotb2025")
    assert sample.model is not None
    return sample.model_copy(
        update={"model": Model(family=sample.model.family, **{**sample.model.parameters, **changes})}
    )


def specified() -> Station:
    """Instruments that are as good as their makers say, and no better."""
    station = load_station("ppms")
    simulation = station.simulation.model_copy(update={"calibration": "specified"})
    return station.model_copy(update={"simulation": simulation})


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    """With loops that are quick."""
    with pytest.MonkeyPatch.context() as patch:
        simulate = Simulate(tmp_path_factory.mktemp("runs"), capture_labs(patch))
        yield simulate(ReadHeating(rounds=2, readings=60, **QUICK))


def test_a_hundred_microamperes_are_accepted(done: Done) -> None:
    assert done.outcome.status == "finished", done.outcome.error
    assert done.value("accepted") is True
    assert "coercive field" in done.outcome.results["accepted"]["note"]
    assert done.value("read_current") == 100e-6
    assert abs(done.value("resistance_change")) < 1e-5
    assert abs(done.value("coercive_field_change")) < 4 * done.uncertainty("coercive_field_change")
    assert abs(done.value("coercive_field_repeated")) < 4 * done.uncertainty("coercive_field_repeated")
    assert done.directory.figure_file.exists()


def test_the_models_heating_and_resistance_lie_within_the_uncertainty(done: Done) -> None:
    assert abs(pull(done)) < 3
    for name in ("resistance_at_zero_current", "resistance_at_read_current"):
        assert abs(done.value(name) - BAR) < 4 * done.uncertainty(name)
    assert done.value("heating_by_read") == pytest.approx(1e-8 * done.value("heating_coefficient"))
    assert abs(done.value("resistance_drift")) < 4 * done.uncertainty("resistance_drift")
    for name in ("resistance_drift", "coercive_field_repeated"):  # only what exceeds two uncertainties is one
        seen = abs(done.value(name)) > 2 * done.uncertainty(name)
        assert ("scatter" in done.outcome.results[name]["note"]) is not seen


def test_the_probe_current_is_first_and_last_of_each_round_and_of_the_loops(done: Done) -> None:
    rows = done.rows
    for number in (1, 2):
        part = rows.loc[(rows[ROUND] == number) & (rows[KIND] == READ), CURRENT].to_list()
        visited = [current for place, current in enumerate(part) if not place or part[place - 1] != current]
        assert (visited[0], visited[-1]) == (100e-6, 100e-6)
        assert sorted(visited) == [50e-6, 100e-6, 100e-6, 200e-6]
    loops = rows.loc[rows[KIND] == LOOP].groupby("Loop")[CURRENT].first().to_list()
    assert loops == [100e-6, 200e-6, 50e-6, 100e-6]


def test_each_current_is_waited_for_with_the_current_on(done: Done) -> None:
    rows = done.rows
    warming = rows.loc[rows[KIND] == WARMING]
    assert len(warming) > 8 * 50
    first = rows.loc[(rows[ROUND] == 1) & (rows[CURRENT] == 200e-6)]
    began = first.loc[first[KIND] == WARMING, "Time (s)"].min()
    assert first.loc[first[KIND] == READ, "Time (s)"].min() - began > 9.5


def test_the_table_has_a_row_for_each_current(done: Done) -> None:
    table = done.directory.table()
    assert [row["current"]["value"] for row in table] == [50e-6, 100e-6, 200e-6]
    for row in table:
        assert row["coercive_field"]["value"] == pytest.approx(0.07, abs=0.02)
        assert row["resistance"]["value"] == pytest.approx(BAR, abs=0.01)


@pytest.mark.parametrize("seed", [11, 12])
def test_the_resistance_alone_tells_it_too(simulate: Simulate, seed: int) -> None:
    done = simulate(ReadHeating(**SHORT), seed=seed)
    assert abs(pull(done)) < 3.5
    assert done.value("accepted") is True
    assert "resistance alone" in done.outcome.results["accepted"]["note"]
    assert done.outcome.results["coercive_field_change"]["value"] is None


def test_strong_heating_is_measured_and_refused(simulate: Simulate) -> None:
    """A film on a membrane: a hundred times the thermal resistance."""
    sample = record(thermal_resistance=100.0 * HEATING, slow_heating=[])
    done = simulate(ReadHeating(**SHORT), sample=sample)
    assert abs(pull(done, 100.0 * HEATING)) < 3
    assert done.uncertainty("heating_coefficient") < 0.02 * 100.0 * HEATING
    assert done.value("accepted") is True
    largest = done.value("largest_read_current")
    assert largest == pytest.approx(np.sqrt(5e-4 / (1.5e-3 * 100.0 * HEATING)), rel=0.02)
    tiny = {**SHORT, "rounds": 1, "readings": 20}
    again = simulate(ReadHeating(currents="0.5, 1, 1.5", probe_current=1.2 * largest, **tiny), sample=sample)
    assert again.value("accepted") is False


def test_a_sample_that_drifts_is_not_taken_for_a_warm_one(simulate: Simulate) -> None:
    """0.1 K/min make 30 ppm of the resistance while a current is visited, ten times what the largest one makes."""

    class Drifting(ReadHeating):
        def startup(self) -> None:
            super().startup()
            simulate.labs[-1].cryostat.set_temperature(310.0, 0.1 / 60.0, TemperatureApproach.FAST_SETTLE)
            self.clock.sleep(900.0)

    done = simulate(Drifting(**SHORT))
    assert done.value("resistance_drift") == pytest.approx(6.0 * 1.5e-3, rel=0.05)
    assert "scatter" not in done.outcome.results["resistance_drift"]["note"]
    assert abs(pull(done)) < 3.5


def test_two_ranges_of_the_source_are_not_taken_for_heating(simulate: Simulate) -> None:
    """Instruments within their specification: ranges of the source differ by some 1e-4, the heating makes 2e-5."""
    done = simulate(ReadHeating(currents="50, 100, 400 uA", **SHORT), station=specified())
    assert abs(done.value("resistance_change")) < 6e-6
    assert done.value("heating_coefficient") == pytest.approx(8.5e4, abs=3.5 * done.uncertainty("heating_coefficient"))


def test_a_record_without_a_coefficient_gives_no_kelvin(simulate: Simulate) -> None:
    sample = load_sample("cotb2025")
    resistances = sample.resistances.model_copy(update={"temperature_coefficient": None})
    sample = sample.model_copy(update={"resistances": resistances})
    done = simulate(ReadHeating(loops=0, rounds=1, readings=20, wait="0 s"), sample=sample)
    assert done.outcome.results["heating_coefficient"]["value"] is None
    assert "measure it with rt" in done.outcome.results["heating_coefficient"]["why"]
    assert done.value("accepted") is True


def test_more_than_the_record_allows_is_refused_with_what_to_do(simulate: Simulate) -> None:
    simulate.labs.append(None)  # pyright: ignore[reportArgumentType] - no lab must be built
    done = simulate(ReadHeating(probe_current="300 uA"))
    assert done.outcome.exit_code == 4
    assert "600 uA, above the 450 uA that sample 'cotb2025' allows for reading; give smaller ones" in str(
        done.outcome.error
    )


def test_without_channel_2_nothing_is_begun(simulate: Simulate) -> None:
    station = load_station("ppms")
    meter = station.cables.voltmeter
    assert meter is not None
    meter = meter.model_copy(update={"channel_2_high": "open", "channel_2_low": "open"})
    cables = station.cables.model_copy(update={"voltmeter": meter})
    simulate.labs.append(None)  # pyright: ignore[reportArgumentType] - no lab must be built
    done = simulate(ReadHeating(), station=station.model_copy(update={"cables": cables}))
    assert done.outcome.exit_code == 2
    assert "channel 2" in str(done.outcome.error)


@pytest.mark.parametrize(
    ("given", "kept", "amperes"),
    [
        ("0.5, 1, 2", ("0.5", "1.0", "2.0"), (50e-6, 100e-6, 200e-6)),
        ("50, 100, 200 uA", ("5e-05 A", "0.0001 A", "0.0002 A"), (50e-6, 100e-6, 200e-6)),
        (["20 uA", "0.1 mA"], ("2e-05 A", "0.0001 A"), (20e-6, 100e-6)),
        ((1, 3), ("1.0", "3.0"), (100e-6, 300e-6)),
    ],
)
def test_currents_are_parts_or_currents(given: Any, kept: tuple[str, ...], amperes: tuple[float, ...]) -> None:
    procedure = ReadHeating(currents=given)
    assert procedure.currents == kept
    assert in_amperes(procedure.currents, 100e-6) == amperes
    declared = ReadHeating.declared_parameters()["currents"]
    assert isinstance(declared, ProbeCurrents)
    assert declared.convert(declared.show(procedure.currents)) == kept


@pytest.mark.parametrize("wrong", ["1", "1, 1", "0, 1", "-1, 2", "1 V, 2 V", "", "1, nan"])
def test_other_lists_are_refused(wrong: str) -> None:
    with pytest.raises(BadValue, match="currents"):
        ReadHeating(currents=wrong)


def measured(rows: pd.DataFrame) -> pd.DataFrame:
    """What is read; how many readings fit into a wait depends on when it began."""
    return rows.loc[[kind != WARMING for kind in rows[KIND]]]


TINY: dict[str, Any] = {"rounds": 2, "readings": 2, "wait": "0.2 s", "currents": "1, 2", **QUICK}


def test_it_can_be_carried_on() -> None:
    assert assert_resumable(ReadHeating, at=[25], compared=measured, loops=0, **TINY) >= 2


@pytest.mark.endurance
def test_it_can_be_carried_on_anywhere() -> None:
    assert assert_resumable(ReadHeating, every=15, compared=measured, **TINY) >= 10


@pytest.mark.endurance
def test_the_uncertainty_holds_the_models_heating_as_often_as_it_should(simulate: Simulate) -> None:
    found: list[float] = []
    for seed in range(120):
        simulate.labs.clear()
        found.append(pull(simulate(ReadHeating(**SHORT), seed=1000 + seed)))
    pulls = np.array(found)
    for confidence in (0.68, 0.95):
        assert covered(pulls, confidence) >= fewest(len(pulls), confidence), confidence
    assert 0.7 < np.std(pulls) < 1.25
    assert abs(np.mean(pulls)) < 0.3


@pytest.mark.endurance
@pytest.mark.parametrize("name", ["ppms", "versalab", "dynacool"])
def test_the_whole_of_it_on_every_machine(simulate: Simulate, name: str) -> None:
    done = simulate(ReadHeating(), station=name)
    assert abs(pull(done)) < 3.5
    assert done.value("accepted") is True
    assert RESISTANCE in done.rows.columns


def test_a_run_that_is_cut_within_a_loop_says_so(simulate: Simulate) -> None:
    def watch(run: Any) -> None:
        if run.points > 1000:
            raise Aborted("aborted by Ctrl-C")

    done = simulate(ReadHeating(rounds=1, readings=20), watch=watch)
    assert done.outcome.status == "aborted"
    assert done.value("coercive_field_change") is None
    why = done.outcome.results["coercive_field_change"]["why"]
    assert why == "the run ended within the Hall loop with 100 uA, and two currents need a loop each"
