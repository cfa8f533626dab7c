"""Bits that temperature writes on the simulated junction: against the model's states, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import labctl
from instruments.errors import Aborted, BadValue, LabError, LimitExceeded, UnknownName
from labctl import paths
from labctl.analysis.result import Results
from labctl.analysis.thermal_bits import joined
from labctl.beforehand import check_request
from labctl.journal import Journal, quantity
from labctl.request import Request
from labctl.sample import load_sample
from labctl.station import load_station
from labctl.testing import assert_resumable
from procedures.junction_references import EARLIER, loops_of, references_of
from procedures.thermal_write import ThermalWrite
from procedures.thermal_write_results import results_of
from procedures.tmr_results import RESISTANCE
from tests.simulated import Done, Simulate

SAMPLE = "fimtj2026"
QUICK: Any = {
    "references": "before", "maximum_field": "0.8 T", "sweep_rate": "190 Oe/s", "cycles": 1, "rate": "20 K/min",
    "hold_time": "60 s", "reads": 3,
}  # fmt: skip
ONCE = "20, 40, 20, 10, 20 K"
KELVIN = (20.0, 40.0, 20.0, 10.0, 20.0)


def written(simulate: Simulate, **parameters: Any) -> Done:
    return simulate(ThermalWrite(**{**QUICK, "visits": ONCE, **parameters}), sample=SAMPLE)


def verdicts(done: Done) -> list[float | None]:
    return [row["verdict"]["value"] for row in done.directory.table()]


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A run with references, whose loops others take."""
    folder = tmp_path_factory.mktemp("earlier")
    return labctl.run("thermal-write", simulate=True, seed=1, sample=SAMPLE, out=folder, visits=ONCE, **QUICK)


# ---- against the model


def test_at_0_3_tesla_heat_writes_cold_resets_and_between_them_it_stays(earlier: Any) -> None:
    results: Results = earlier.results
    assert [row.number("verdict") for row in results.table] == [0, 1, 1, 0, 0]
    assert results["bit_after_write"].value == pytest.approx(1.0, abs=0.1)
    assert results["bit_after_reset"].value == pytest.approx(0.0, abs=0.01)
    assert (results["cycles_right"].value, results["cycles_right_bound"].value) == (1.0, pytest.approx(0.05))
    assert results["inside_window"].value is True
    fields = [results.number(f"{name}_field") or 0.0 for name in ("write", "reset", "keep")]
    assert sorted([*fields, 0.3]) == [*fields[:2], 0.3, fields[2]]
    assert results["levels"].value == 4
    assert results["field_read"].value == pytest.approx(0.3, abs=1e-4)
    assert results["coldest"].value == pytest.approx(10.0, abs=0.05)
    assert results["warmest"].value == pytest.approx(40.0, abs=0.1)
    assert abs(results.number("overshoot") or 0.0) < 0.1
    assert abs(results.number("hold_slope") or 1.0) < 5 * (results["hold_slope"].uncertainty or 0.0) + 1e-3


def outside(tmp_path: Path, earlier: Any, fields: str, visits: str) -> Any:
    """A series over fields on the same device, with the loops of the earlier run."""
    given: Any = {**QUICK, "hold_time": "0 s", "earlier_run": str(earlier.path), "visits": visits}
    return labctl.run(
        "thermal-write", simulate=True, seed=1, sample=SAMPLE, out=tmp_path, over={"field": fields}, **given
    )  # fmt: skip


def test_above_the_window_what_is_written_is_volatile_and_said_to_be(tmp_path: Path, earlier: Any) -> None:
    done = outside(tmp_path, earlier, "0.5 T", "20, 40, 20 K")
    (child,) = done.children
    assert [row.number("verdict") for row in child.results.table] == [0, 1, 0]
    assert child.results["cycles_right"].value == 0.0
    assert child.results["inside_window"].value is None  # nothing resets
    assert child.results["hold_slope"].value is None
    assert sum("volatile" in each and "at 20 K" in each for each in done.warnings) == 1
    assert set(child.data["When"]) == {"-", f"{EARLIER} before"}
    assert json.loads((done.path / "run.json").read_text())["main_results"] == list(ThermalWrite.main_results)
    assert (done.path / "figure.png").stat().st_size > 1000


@pytest.mark.endurance
def test_outside_of_the_window_each_field_fails_in_its_own_way(tmp_path: Path, earlier: Any) -> None:
    done = outside(tmp_path, earlier, "0.1, 0.2, 0.5 T", ONCE)
    weak, middling, strong = (child.results for child in done.children)
    assert [row.number("verdict") for row in weak.table] == [0, 0, 0, 0, 0]
    assert [row.number("verdict") for row in middling.table[:3]] == [0, 1, 1]
    assert middling["bit_after_reset"].value > 0.5
    assert [row.number("verdict") for row in strong.table] == [0, 1, 0, 0, 0]
    assert [each["inside_window"].value for each in (weak, middling, strong)] == [False] * 3
    for number, said in enumerate(("nothing will be written", "reset in part", "volatile"), 1):
        assert any(each.startswith(f"run {number}: at") and said in each for each in done.warnings)


def test_the_other_state_can_be_prepared_and_the_states_are_the_models(simulate: Simulate, earlier: Any) -> None:
    done = written(
        simulate, initial="1", field="0.2 T", visits="20, 10, 20 K", earlier_run=str(earlier.path), hold_time="0 s"
    )
    sample: Any = done.lab.sample
    assert done.directory.table()[0]["bit"]["value"] == pytest.approx(1.0, abs=0.03)
    now = done.lab.clock.now()
    _, along = sample.layers[1].directions(now - 1.0, now)
    home = joined(references_of(loops_of(done.rows)), 20.0)
    assert home is not None
    part = 0.5 * (1.0 + along)  # of the layer; conductances add
    state = 1.0 / (part / home.high.value + (1.0 - part) / home.low.value)
    assert done.directory.table()[-1]["resistance"]["value"] == pytest.approx(state, rel=2e-3)
    assert any("never crosses the compensation" in each for each in done.outcome.warnings)
    done.assert_source_off()


@pytest.mark.endurance
def test_a_way_that_overshoots_is_a_hidden_visit_and_said(simulate: Simulate, earlier: Any) -> None:
    done = written(simulate, visits="20, 10, 20 K", approach="fast", earlier_run=str(earlier.path), hold_time="0 s")
    reached = done.rows.loc[done.rows["Visit"] == 2, "Temperature (K)"].min()
    assert done.value("coldest") == pytest.approx(reached)
    assert reached < 9.95
    assert abs(done.value("overshoot")) >= 10.0 - reached


@pytest.mark.endurance
@pytest.mark.parametrize("initial", ["0", "1"])
def test_three_cycles_come_back_from_either_state(simulate: Simulate, initial: str) -> None:
    done = simulate(ThermalWrite(initial=initial), sample=SAMPLE)
    assert verdicts(done) == [int(initial), 1, 1, 0, 0, *[1, 1, 0, 0] * 2]
    assert done.value("cycles_right") == 1.0
    assert done.value("cycles_right_bound") == pytest.approx(0.05 ** (1 / 3))
    assert done.value("levels") >= 3
    assert abs(done.value("reference_drift")) < 0.01


def test_few_readings_that_agree_by_chance_are_no_more_exact_than_a_reading(earlier: Any) -> None:
    data, visits = earlier.data, earlier.data["Kind"] == "visit"
    alone = data.loc[~(visits & visits.shift(1, fill_value=False))]  # the first reading of each visit
    found = [row["resistance"].uncertainty for row in results_of(alone, field=0.3, visits=KELVIN).table]
    scatter = [np.std(each[RESISTANCE], ddof=1) for _, each in data.loc[visits].groupby("Visit")]
    assert len(found) == len(scatter) == 5
    assert found == pytest.approx([float(np.sqrt(np.mean(np.square(scatter))))] * 5, rel=0.6)


def test_where_no_loop_is_saturated_at_home_that_is_what_the_results_say(earlier: Any) -> None:
    data = earlier.data
    results = results_of(
        data.loc[(data["Kind"] != "loop") | (data["Set temperature (K)"] != 20.0)], field=0.3, visits=KELVIN
    )
    for name in ("bit_after_write", "bit_after_reset", "keep_field"):
        assert results[name].value is None
        assert "no reference at 20 K" in (results[name].why or "")
    assert results["bit_at_write"].value == pytest.approx(1.0, abs=0.1)
    assert results["inside_window"].why == "keep_field not known, see there"


def test_a_bit_that_does_not_last_is_said_not_to_be_one_any_more(earlier: Any) -> None:
    data = earlier.data.copy()
    held = np.flatnonzero(data["Kind"] == "hold")
    low, high = (data.loc[data["Kind"] == "visit", RESISTANCE].iloc[place] for place in (0, 8))
    data.iloc[held, data.columns.get_loc(RESISTANCE)] = np.linspace(low, 0.5 * (low + high), len(held))
    results = results_of(data, field=0.3, visits=KELVIN)
    assert results["bit_after_hold"].value == pytest.approx(0.5, abs=0.05)
    assert (results["bit_after_hold"].note or "").endswith("neither a 0 nor a 1, and was a 0 before")
    assert earlier.results["bit_after_hold"].value == pytest.approx(0.0, abs=0.01)


# ---- what is known before


def test_the_journal_says_before_what_the_field_will_not_do(tmp_path: Path) -> None:
    procedure = ThermalWrite(field="0.13 T")
    procedure.sample, procedure.station = load_sample(SAMPLE), load_station("ppms")
    procedure.sample_journal = Journal(tmp_path, SAMPLE)
    for kelvin, hard, sign in ((10.0, 0.25, 1), (20.5, 0.43, 1), (40.0, 0.16, -1)):
        fields = {
            f"switching_field_{layer}_{branch}": quantity(way * size, "T")
            for layer, size in (("soft", 0.06), ("hard", hard)) for branch, way in (("up", 1), ("down", -1))
        }  # fmt: skip
        levels = {"resistance_parallel": 1e5, "resistance_antiparallel": 1e5 + sign * 2e4}
        procedure.sample_journal.append("switching_fields", {
            **fields, **{name: quantity(value, "ohm") for name, value in levels.items()},
            "temperature": quantity(kelvin, "K"), "saturated": {"value": True, "uncertainty": None, "unit": "1"},
        })  # fmt: skip
    reading: Any = procedure
    assert reading._windows(20.0) == [pytest.approx((0.02, 0.1)), pytest.approx((0.258, 0.602))]
    assert reading._windows(30.0) == []
    procedure.check()
    assert any("nothing will be written" in each for each in procedure.forewarnings)
    assert any("will not be reset" in each for each in procedure.forewarnings)
    assert procedure.informed() == {}


def test_the_loops_are_learnt(earlier: Any) -> None:
    procedure = ThermalWrite(**{**QUICK, "visits": ONCE})
    learnt = list(procedure.learned(earlier.data, earlier.results))
    assert [kind for kind, _ in learnt] == ["switching_fields"] * 3
    assert sorted(values["temperature"]["value"] for _, values in learnt) == [10.0, 20.0, 40.0]
    assert learnt[0][1]["field_rate"]["value"] == pytest.approx(0.019, rel=0.05)


# ---- what is refused


def chosen(
    parameters: dict[str, Any], station: str = "ppms", sample: Any = SAMPLE, *, simulate: bool = True, seed: int = 0
) -> None:
    check_request(
        Request(
            name="thermal-write", procedure=ThermalWrite(**parameters), station=load_station(station),
            sample=load_sample(sample), simulate=simulate, seed=1, sample_seed=seed, out=Path("runs"),
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("parameters", "error", "said"),
    [
        ({"visits": "20 K"}, BadValue, "one temperature; give two at least"),
        ({"visits": "20, 20 K"}, BadValue, "one temperature; give two at least"),
        ({"visits": "20, 20.4, 40 K"}, BadValue, "20 K and 20.4 K, but what is no more than 0.5 K apart counts as one"),
        ({"visits": "20, 1 K"}, LimitExceeded, "would be 1 K, below the limit of station 'ppms', 1.9 K"),
        ({"visits": "20, 500 K"}, LimitExceeded, "above the limit of sample 'fimtj2026', 350 K"),
        ({"bias": "0.3 V"}, LimitExceeded, "endures 200 mV"),
        ({"field": "1.2 T"}, BadValue, "beyond maximum_field, 1 T, from which states are prepared"),
        ({"field": "10 T", "maximum_field": "12 T"}, LimitExceeded, "above the limit of station 'ppms', 9 T"),
        ({"earlier_run": "nowhere"}, UnknownName, "is no run"),
    ],
)
def test_what_does_not_fit_is_refused(parameters: dict[str, Any], error: type[LabError], said: str) -> None:
    with pytest.raises(error, match=said) as caught:
        chosen(parameters)
    assert "\n" not in str(caught.value)


def test_a_versalab_does_not_get_so_cold() -> None:
    with pytest.raises(LimitExceeded, match="10 K, below the limit of station 'versalab', 50 K"):
        chosen({"visits": "60, 10, 60 K"}, station="versalab")


def test_references_of_another_sample_or_of_other_temperatures_are_refused(earlier: Any) -> None:
    with pytest.raises(BadValue, match="of sample fimtj2026, but this is fimtj2026-56um"):
        chosen({"earlier_run": str(earlier.path)}, sample="fimtj2026-56um")
    for kelvin in ("30", "10.2"):
        with pytest.raises(BadValue, match=f"no saturated loop at {kelvin} K"):
            chosen({"earlier_run": str(earlier.path), "visits": f"20, {kelvin} K"})


def test_references_of_another_device_or_read_otherwise_are_refused(earlier: Any, tmp_path: Path) -> None:
    given: Any = {"earlier_run": str(earlier.path)}
    with pytest.raises(BadValue, match=r"sample seed 0, but this is fimtj2026, simulated with the sample seed 3;"):
        chosen(given, seed=3)
    with pytest.raises(BadValue, match="sample seed 0, but this is fimtj2026; references are those of one device"):
        chosen(given, simulate=False)
    with pytest.raises(BadValue, match=r'read at 1 mV, but bias is 100 mV.*give bias="1 mV"'):
        chosen({**given, "bias": "100 mV"})
    with pytest.raises(BadValue, match="read with the 6221 and 2182A, but this run reads with the 2400"):
        chosen({**given, "read_with": "2400"})
    own = tmp_path / "fimtj2026.toml"
    lines = (paths.sample_files()[SAMPLE]).read_text(encoding="utf-8")
    own.write_text(
        lines.replace("compensation_temperature = { value = 27.0", "compensation_temperature = { value = 24.0"),
        encoding="utf-8",
    )
    with pytest.raises(BadValue, match=r"when its record had another \[model\]"):
        chosen(given, sample=own)
    chosen({**given, "bias": "1 mV", "read_with": "6221 and 2182A"})


# ---- carried on


def test_a_run_that_was_cut_goes_on_as_if_it_had_not_been() -> None:
    short: Any = {**QUICK, "hold_time": "5 s", "maximum_field": "0.12 T", "field": "0.1 T", "visits": "300, 299 K"}
    ways: Any = {"compared": lambda rows: rows.loc[rows["Kind"] != "moving"]}
    assert assert_resumable(ThermalWrite, sample=SAMPLE, at={60}, **short, **ways) >= 1


class Cut(ThermalWrite):
    """Is cut in a loop; looks at the magnet before the station is made safe."""

    left = 30
    seen: tuple[float, float] = (0.0, 0.0)

    def record(self, **row: Any) -> None:
        super().record(**row)
        self.left -= row["Kind"] == "loop"
        if not self.left:
            raise Aborted("aborted by Ctrl-C")

    def shutdown(self) -> None:
        self.seen = (self.cryostat.field_setpoint.field, self.cryostat.reading().field)
        super().shutdown()


def test_a_loop_that_is_cut_leaves_a_magnet_that_holds(simulate: Simulate) -> None:
    cut = Cut(**{**QUICK, "maximum_field": "0.5 T", "field": "0.1 T", "visits": "300, 299 K"})
    done = simulate(cut, sample=SAMPLE)
    assert done.outcome.status == "aborted"
    set_point, field = cut.seen
    assert set_point == pytest.approx(field, abs=0.02)
    assert abs(set_point) < 0.49
