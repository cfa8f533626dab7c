"""Loops of a junction over temperatures on the simulated station: against the model, with and without waiting."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
import pytest

from instruments.errors import BadValue, LabError, LimitExceeded
from labctl.analysis.result import Results
from labctl.analysis.tmr_temperature import junction_visits
from labctl.beforehand import check_request
from labctl.request import Request
from labctl.sample import load_sample
from labctl.station import load_station
from labctl.testing import assert_resumable
from labctl.waiting import time_constant
from procedures.tmr_temperature import TmrTemperature
from tests.labctl.analysis.test_tmr_temperature import athermal, rows_at
from tests.simulated import Done, Simulate, capture_labs

if TYPE_CHECKING:
    from labctl.run_protocol import Run

SAMPLE, T_M = "fimtj2026", 27.0
QUICK: dict[str, Any] = {"sweep_rate": "150 Oe/s", "window_rate": "150 Oe/s", "probe_nplc": "10"}
TEMPERATURES = (20.0, 24.0, 30.0, 36.0)


def measure(simulate: Simulate, sample_seed: int = 0, **parameters: Any) -> Done:
    return simulate(TmrTemperature(**{**QUICK, **parameters}), sample=SAMPLE, sample_seed=sample_seed)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    """Two temperatures on either side of compensation, approached fast, and waited for."""
    with pytest.MonkeyPatch.context() as patch:
        simulate = Simulate(tmp_path_factory.mktemp("runs"), capture_labs(patch))
        yield measure(simulate, temperatures="20, 24, 30, 36 K", temperature_rate="5 K/min")


def table_of(done: Done) -> list[Results]:
    return [Results.from_dict(row) for row in done.directory.table()]


def column(done: Done, name: str) -> list[float]:
    return [row.number(name) or np.nan for row in table_of(done)]


# ---- against the model


def test_both_ways_find_the_compensation_temperature_of_the_model(done: Done) -> None:
    assert done.outcome.status == "finished"
    assert abs(done.value("compensation_temperature") - T_M) < done.uncertainty("compensation_temperature") < 1.0
    assert done.value("compensation_temperature_bracket_low") == pytest.approx(24.0, abs=0.02)
    assert done.value("compensation_temperature_bracket_high") == pytest.approx(30.0, abs=0.02)
    assert done.directory.figure_file.exists()


def test_the_tmr_is_the_models_with_the_sign_of_the_net_moments(done: Done) -> None:
    sample: Any = done.lab.sample
    for temperature, found in zip(TEMPERATURES, column(done, "tmr"), strict=True):
        product = abs(sample._polarisations.product(temperature))
        high, low = (1.0 / sample._zero_bias(temperature, sign * product) for sign in (-1, 1))
        assert found == pytest.approx(high / low - 1.0 if temperature < T_M else low / high - 1.0, abs=2e-3)


def test_the_hard_layers_field_rises_towards_it_and_the_soft_ones_stays(done: Done) -> None:
    hard, soft = column(done, "switching_field_hard"), column(done, "switching_field_soft")
    assert hard[0] < hard[1]
    assert hard[2] > hard[3]
    assert all(0.05 < field < 0.08 for field in soft)


def test_loops_follow_from_the_temperatures_before(done: Done) -> None:
    """The first at the field given, the next at twice the last switching field, across compensation at the limit."""
    largest, loops = column(done, "largest_field"), column(done, "loops")
    assert largest[0] == pytest.approx(1.0, rel=1e-3)
    assert loops[0] == 1
    assert largest[2] == pytest.approx(1.5, rel=1e-3)
    assert largest[3] == pytest.approx(min(1.5, 2 * column(done, "switching_field_hard")[2]), rel=2e-2)


def test_what_was_learnt_goes_to_the_journal_at_each_temperature(done: Done) -> None:
    results = Results(Results.from_dict(done.directory.results()), table_of(done))
    entries = list(TmrTemperature().learned(done.rows, results))
    assert [kind for kind, _ in entries] == ["switching_fields"] * 4
    for (_, values), temperature in zip(entries, TEMPERATURES, strict=True):
        assert values["temperature"].value == pytest.approx(temperature, abs=0.05)
        assert values["switching_field_hard_up"].value > 0.2
        assert values["saturated"].value is True
        assert values["field_rate"].value == pytest.approx(0.015, rel=0.1)


# ---- with and without waiting


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Done]]:
    """A fast way and a slow one past compensation, nothing waited for, of two devices."""
    with pytest.MonkeyPatch.context() as patch:
        simulate = Simulate(tmp_path_factory.mktemp("runs"), capture_labs(patch))
        made: list[Done] = []
        for rate, seed in ((5, 1), (1, 2)):
            others = {"other_runs": str(made[0].outcome.run)} if made else {}
            made.append(
                measure(
                    simulate, seed, temperatures="20, 36 K", waiting="none", temperature_rate=f"{rate} K/min",
                    maximum_field="1.5 T", minimum_field="1.5 T", **others,
                )
            )  # fmt: skip
        yield made


def test_without_waiting_it_seems_to_compensate_by_rate_times_lag_too_late(ways: list[Done]) -> None:
    fast, slow = (one.value("compensation_temperature_on_the_way") for one in ways)
    lag = 60.0 * (fast - slow) / (5.0 - 1.0)
    cryostat: Any = ways[0].lab.cryostat
    assert lag == pytest.approx(cryostat._thermal.lag(T_M), rel=0.1)
    assert lag < time_constant(T_M)  # which is taken for the longest that a sample has
    assert fast - 5.0 / 60.0 * lag == pytest.approx(T_M, abs=0.3)


def test_waiting_for_the_sample_removes_it(done: Done) -> None:
    """The block went at 5 K/min here as well."""
    shift = done.value("compensation_temperature_on_the_way") - T_M
    assert shift > 1.5
    assert abs(done.value("compensation_temperature") - T_M) < 0.1 * shift
    settled = [event for event in done.directory.events() if event["event"] == "settled"]
    assert len(settled) == 4
    assert all(event["left_K"] < 0.2 for event in settled)


def test_nothing_is_settled_where_nothing_is_waited_for(ways: list[Done]) -> None:
    assert not [event for event in ways[0].directory.events() if event["event"] == "settled"]


# ---- several devices


def test_scatter_over_devices_stands_apart_from_each_devices_own_uncertainty(ways: list[Done]) -> None:
    for number, row in enumerate(table_of(ways[1])):
        each = [column(one, "tmr")[number] for one in ways]
        over = row["tmr_of_devices"]
        assert over.value == pytest.approx(np.mean(each))
        assert over.scatter == pytest.approx(np.std(each, ddof=1))
        assert over.uncertainty == pytest.approx(np.std(each, ddof=1) / np.sqrt(2))
        assert "each by itself is known to" in str(over.note)
        assert (over.scatter or 0.0) > 5 * (row["tmr"].uncertainty or 0.0)
    assert "tmr_of_devices" not in table_of(ways[0])[0]
    assert ways[1].directory.figure_file.exists()


def test_other_runs_are_of_other_devices_and_over_temperatures(ways: list[Done], tmp_path: Path) -> None:
    run = str(ways[0].outcome.run)
    with pytest.raises(BadValue, match="both of fimtj2026, sample seed 1; devices scatter, and one counts once"):
        chosen(other_runs=f"{run}, {run}")
    with pytest.raises(LabError, match="nowhere"):
        chosen(other_runs="nowhere")
    other = tmp_path / "0001-tmr-loop"
    shutil.copytree(run, other)
    text = (other / "run.json").read_text(encoding="utf-8")
    (other / "run.json").write_text(text.replace(":TmrTemperature", ":TmrLoop").replace('"tmr-temperature"', '"x"'))
    with pytest.raises(BadValue, match=r"0001-tmr-loop, a run of .*; give runs of tmr-temperature"):
        chosen(other_runs=str(other))


# ---- refusals, each in one sentence before anything is sent


def chosen(station: str = "ppms", **parameters: Any) -> None:
    check_request(
        Request(
            "tmr-temperature", TmrTemperature(**parameters), load_station(station), load_sample(SAMPLE), simulate=True
        )
    )


@pytest.mark.parametrize(
    ("parameters", "error", "said"),
    [
        ({"temperatures": "1, 10 K"}, LimitExceeded, "temperature would be 1 K, below .*1.9 K"),
        ({"temperatures": "10, 20, 15 K"}, BadValue, "do not go in one direction"),
        ({"station": "versalab", "temperatures": "10, 60 K"}, LimitExceeded, "would be 10 K, below .*50 K"),
        ({"field_limit": "10 T"}, LimitExceeded, "the field would be 10 T"),
        ({"maximum_field": "2 T"}, BadValue, "must not exceed field_limit, 1.5 T"),
        ({"bias": "0.3 V"}, LimitExceeded, "bias is 300 mV but sample .* endures 200 mV"),
        ({"temperature_rate": "50 K/min"}, LimitExceeded, "goes at 20 K/min at most"),
    ],
)
def test_what_does_not_fit_is_refused(parameters: dict[str, Any], error: type[LabError], said: str) -> None:
    with pytest.raises(error, match=said) as caught:
        chosen(**parameters)
    assert "\n" not in str(caught.value)


def test_measured_and_simulated_devices_are_not_mixed(ways: list[Done], tmp_path: Path) -> None:
    other = tmp_path / "0001-tmr-temperature"
    shutil.copytree(str(ways[0].outcome.run), other)
    asked = json.loads((other / "run.json").read_text(encoding="utf-8"))
    (other / "run.json").write_text(json.dumps(asked | {"simulated": False}), encoding="utf-8")
    with pytest.raises(BadValue, match="which was measured, and this run is simulated; give runs of one kind"):
        chosen(other_runs=str(other))


def test_that_refinement_adds_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """2 K from a compensation of this slope a switching field of 1.7 T is expected."""
    procedure = TmrTemperature(refinement="2 K", temperatures="20, 21.5, 33.5, 36 K")
    rows = [rows_at(kelvin, block, athermal(kelvin)) for block, kelvin in enumerate(procedure.temperatures, 1)]
    monkeypatch.setattr(procedure, "_visits", lambda: junction_visits(pd.concat(rows)))
    said: list[str] = []
    procedure.run = cast("Run", SimpleNamespace(remark=said.append))
    assert procedure._refined() == []
    assert "no temperature was added by refinement: 2 K from compensation a switching field of 1.6" in said[0]
    procedure.set(refinement="4 K")
    assert procedure._refined()
    assert len(said) == 1


def test_paths_of_other_runs_survive_being_written(tmp_path: Path) -> None:
    shown = TmrTemperature.declared_parameters()["other_runs"]
    value = shown.convert(f"{tmp_path / 'a'}, {tmp_path / 'b'}")
    assert value == (str(tmp_path / "a"), str(tmp_path / "b"))
    assert shown.convert(shown.show(value)) == value
    assert shown.convert("none") == ()


# ---- carried on


def loops_of(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.loc[[kind == "loop" for kind in rows["Kind"].tolist()]]


def test_a_run_that_was_cut_goes_on_as_if_it_had_not_been() -> None:
    carried_on = assert_resumable(
        TmrTemperature, sample=SAMPLE, at={70}, compared=loops_of, temperatures="292, 290 K", maximum_field="0.3 T",
        minimum_field="0.3 T", field_limit="0.3 T", **QUICK,
    )  # fmt: skip
    assert carried_on >= 2


def test_the_columns_of_a_row_name_what_it_is(done: Done) -> None:
    rows = done.rows
    ways_between = rows.loc[[kind == "moving" for kind in rows["Kind"].tolist()]]
    goals = [goal for goal, _ in itertools.groupby(ways_between["Set temperature (K)"].tolist())]
    assert goals == list(TEMPERATURES[1:])  # the first way is from anywhere
    assert np.all(np.isfinite(ways_between["Resistance (ohm)"].to_numpy(float)))
    assert set(loops_of(rows)["Branch"]) == {"up", "down"}


# ---- as it is by default


@pytest.mark.endurance
def test_nine_temperatures_take_less_than_four_hours_of_the_lab_and_have_the_same_bytes_twice(
    simulate: Simulate,
) -> None:
    both = [simulate(TmrTemperature(), sample=SAMPLE) for _ in range(2)]
    assert both[0].directory.data_file.read_bytes() == both[1].directory.data_file.read_bytes()
    assert len(table_of(both[0])) == 9
    assert all(row["saturated"].value for row in table_of(both[0]))
    assert both[0].outcome.lab_time_s < 4 * 3600  # from 300 K
    assert abs(both[0].value("compensation_temperature") - T_M) < both[0].uncertainty("compensation_temperature") < 0.5
