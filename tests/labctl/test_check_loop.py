"""A run that is carried on measures its last complete block again first, and refuses to go on over a changed sample."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from labctl.analysis.health import checks_of
from labctl.analysis.result import Result, Results, missing
from labctl.cli.main import run_command
from labctl.procedure import Procedure
from labctl.request import Outcome, Request
from labctl.resuming import request_of
from labctl.run import carry_out
from labctl.rundir import RunDirectory
from labctl.sample import HealthAsked, SampleRecord, load_sample
from labctl.station import load_station
from labctl.testing import assert_resumable
from procedures.ahe import AnomalousHallLoop
from procedures.ahe_temperature import AnomalousHallTemperature
from tests.experiments import FIELDS, Memory, Nested, NestedTwice, PlainOuter, RandomOrders

ASKING = load_sample("cotb2025").model_copy(update={"health": HealthAsked(check_loop=True)})
RECORD = """
schema = 1
name = "film"
based_on = "cotb2025"

[health]
check_loop = true
"""
OVER_TEMPERATURES: dict[str, Any] = {
    "temperatures": "300, 297 K", "maximum_field": "0.2 T", "field_limit": "0.2 T", "refinement": "none",
    "sweep_rate": "180 Oe/s", "window_rate": "180 Oe/s", "probe_nplc": "3 PLC",
}  # fmt: skip


STEPPED: dict[str, Any] = {
    "maximum_field": "0.2 T", "sweep": "step", "field_step": "0.1 T", "sweep_rate": "180 Oe/s", "loops": 2,
}  # fmt: skip


# ---- experiments that cost nothing


class Told(Memory):
    """An experiment whose blocks tell something: the mean of what they found, by a sample that may be another one."""

    main_results = ("mean",)
    sample_is = 1.0

    def apply(self, field: float) -> None:
        super().apply(field * self.sample_is)

    def analyse(self, data: pd.DataFrame) -> Results:
        mean = float(data["Value"].to_numpy(dtype=float).mean())
        return Results({"mean": Result(mean, 1e-6, "1", "these rows")})


class ToldNested(Told, Nested):
    """See `Nested`."""


class ToldNestedTwice(Told, NestedTwice):
    """See `NestedTwice`."""


class ToldPlainOuter(Told, PlainOuter):
    """See `PlainOuter`."""


class ToldRandomOrders(Told, RandomOrders):
    """See `RandomOrders`."""


def request(out: Path, procedure: Procedure, resume: Path | None = None, **changes: Any) -> Request:
    asked = Request(
        name="toy", procedure=procedure, station=load_station("ppms"), sample=ASKING, simulate=True, seed=7, out=out,
        resume=resume, quiet=True,
    )  # fmt: skip
    return replace(asked, **changes)


def events_of(run: Path, *kinds: str) -> list[dict[str, Any]]:
    return [event for event in RunDirectory(run).events() if event["event"] in kinds]


def cut(run: Path, rows: int) -> Path:
    """Leave so many rows of a run, and the events until then."""
    lines = (run / "data.csv").read_bytes().splitlines(keepends=True)
    names = next(number for number, line in enumerate(lines) if not line.startswith(b"#"))
    kept = b"".join(lines[: names + 1 + rows])
    (run / "data.csv").write_bytes(kept)
    events = (run / "events.jsonl").read_bytes().splitlines(keepends=True)
    last = next(
        (number for number, line in enumerate(events)
         if json.loads(line).get("size", 0) > len(kept) or b'"finished"' in line or b'"when": "end"' in line)
    )  # fmt: skip
    (run / "events.jsonl").write_bytes(b"".join(events[:last]))
    for name in ("result.json", "figure.png"):
        (run / name).unlink(missing_ok=True)
    return run


@pytest.fixture
def half(tmp_path: Path) -> Callable[[type[Procedure], int], tuple[Path, pd.DataFrame]]:
    """Measures with an experiment, cuts the run after so many rows, and returns it with the rows that it had."""

    def measure(kind: type[Procedure], rows: int) -> tuple[Path, pd.DataFrame]:
        outcome = carry_out(request(tmp_path, kind()), analyse=False)
        assert outcome.run is not None, outcome.error
        whole = RunDirectory(outcome.run).read_data()[0]
        return cut(outcome.run, rows), whole

    return measure


def go_on(run: Path, procedure: Procedure, **changes: Any) -> Outcome:
    return carry_out(request(run.parents[1], procedure, run, **changes))


def changed(kind: type[Told], by: float) -> Told:
    """An experiment on a sample that answers a field by another amount."""
    procedure = kind()
    vars(procedure)["sample_is"] = by
    return procedure


@pytest.mark.parametrize("kind", [ToldNested, ToldNestedTwice, ToldPlainOuter, ToldRandomOrders])
def test_a_check_that_agrees_changes_nothing_wherever_the_run_was_cut(kind: type[Procedure]) -> None:
    assert assert_resumable(kind, sample=ASKING, every=7) > 1


def test_the_last_complete_block_is_measured_again_and_its_rows_are_kept_and_do_not_count(
    half: Callable[..., tuple[Path, pd.DataFrame]],
) -> None:
    run, whole = half(ToldNested, 5)
    outcome = go_on(run, ToldNested())
    assert (outcome.status, outcome.warnings) == ("finished", [])
    check, checked = events_of(run, "check", "checked")
    assert (check["block"], check["attempt"]) == ("temperature=2", 2)
    assert (checked["changed"], list(checked["results"])) == (False, ["mean"])
    every, counts, _ = RunDirectory(run).read_all()
    told = list(zip(every["Block"], every["Attempt"], counts, strict=True))
    assert told.count(("temperature=2", 1, True)) == told.count(("temperature=2", 2, False)) == 2
    assert told.count(("temperature=3", 2, True)) == 2
    assert told.count(("temperature=3", 1, False)) == 1
    counting = RunDirectory(run).read_data()[0]
    assert counting.drop(columns="Attempt").equals(whole.drop(columns="Attempt"))


def test_a_changed_sample_is_refused_and_the_run_can_be_carried_on_later(
    half: Callable[..., tuple[Path, pd.DataFrame]],
) -> None:
    run, whole = half(ToldNested, 5)
    before = RunDirectory(run).read_data()[0]
    outcome = go_on(run, changed(ToldNested, 1.3))
    assert (outcome.status, outcome.exit_code) == ("refused", 4)
    assert "temperature=2, measured again as a check loop, has a mean of" in str(outcome.error)
    assert "begin a new run, or permit it with --override check_loop=" in str(outcome.error)
    assert RunDirectory(run).read_data()[0].equals(before)
    assert [event["changed"] for event in events_of(run, "checked")] == [True]
    assert go_on(run, ToldNested()).status == "finished"
    counting = RunDirectory(run).read_data()[0]
    assert counting.drop(columns="Attempt").equals(whole.drop(columns="Attempt"))


def test_a_rehearsal_measures_the_check_for_its_time_and_judges_no_sample(
    half: Callable[..., tuple[Path, pd.DataFrame]],
) -> None:
    """Its twin knows nothing of what lies in the cryostat: neither of its loop, nor of its resistance."""
    run, _ = half(ToldNested, 5)
    outcome = go_on(run, changed(ToldNested, 1.3), rehearse=True)
    assert outcome.status == "refused"
    assert str(outcome.error).startswith("the sample is not what it was before the run was cut")
    assert json.loads((run / "rehearsal.json").read_text())["points"] == 5 + 2 + 2  # what was there, check and rest
    assert [event["attempt"] for event in events_of(run, "check")] == [2]


def test_a_rehearsal_does_not_compare_its_twin_with_the_resistance_that_the_run_began_with(
    tmp_path: Path,
) -> None:
    """A record is nominal: the twin of a sample that was 2 % off it is no changed sample."""
    outcome = carry_out(request(tmp_path, AnomalousHallLoop(**STEPPED), name="ahe"), analyse=False)
    assert outcome.run is not None
    run = cut(outcome.run, 3)
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    for reading in (reading for event in events if event["event"] == "health" for reading in event["readings"]):
        reading.update({f"Voltage {place} (V)": 1.02 * reading[f"Voltage {place} (V)"] for place in (1, 2, 3)})
    (run / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    refused = go_on(run, AnomalousHallLoop(**STEPPED), rehearse=True, name="ahe")
    assert refused.status == "refused"
    assert str(refused.error).startswith("the longitudinal resistance is")
    assert json.loads((run / "rehearsal.json").read_text())["violations"] == []


def test_a_change_can_be_permitted(half: Callable[..., tuple[Path, pd.DataFrame]]) -> None:
    run, _ = half(ToldNested, 5)
    assert go_on(run, changed(ToldNested, 1.3), overrides={"check_loop": 0.5}).status == "finished"


def test_a_result_that_is_gone_and_another_temperature_are_said(
    half: Callable[..., tuple[Path, pd.DataFrame]],
) -> None:
    class Warm(ToldNested):
        """Looks at its temperature, and sees nothing in a sample that answers too much."""

        DATA_COLUMNS = (*ToldNested.DATA_COLUMNS, "Temperature (K)")
        kelvin = 300.0

        def record(self, **row: Any) -> None:
            super().record(**row, **{"Temperature (K)": self.kelvin})

        def analyse(self, data: pd.DataFrame) -> Results:
            if max(data["Value"].tolist()) > 1.05:
                return Results({"mean": missing("1", "it is overloaded", "these rows")})
            return super().analyse(data)

    run, _ = half(Warm, 5)
    procedure = changed(Warm, 5.0)
    vars(procedure)["kelvin"] = 296.0
    outcome = go_on(run, procedure)
    assert (outcome.status, outcome.exit_code) == ("refused", 4)
    assert "has no mean any more (it is overloaded), which was 0.9" in str(outcome.error)
    assert " (at 296.00 K now, at 300.00 K then); look at sample and leads" in str(outcome.error)
    assert str(outcome.error).endswith('permit it with --override check_loop="100 %"')
    assert go_on(run, changed(Warm, 5.0), overrides={"check_loop": 0.9}).status == "refused"
    assert go_on(run, changed(Warm, 5.0), overrides={"check_loop": 1.0}).status == "finished"


def test_what_a_check_teaches_is_written_down_only_where_it_holds_anyway(
    half: Callable[..., tuple[Path, pd.DataFrame]],
) -> None:
    class Learning(ToldNested):
        """Learns something in each block, and sends a pulse."""

        def visit(self, step: float, fields: tuple[float, ...] = FIELDS) -> None:
            super().visit(step, fields)
            self.journal("angle", text="as measured")
            self.journal("pulses", at_once=True, count=1)

    run, _ = half(Learning, 5)
    assert go_on(run, Learning()).status == "finished"
    told = [(event["kind"], event["block"]) for event in events_of(run, "journal") if event["attempt"] == 2]
    assert told == [("pulses", "temperature=2"), ("angle", "temperature=3"), ("pulses", "temperature=3")]


def test_a_run_that_is_cut_in_its_check_loses_nothing(half: Callable[..., tuple[Path, pd.DataFrame]]) -> None:
    run, whole = half(ToldNested, 5)
    before = RunDirectory(run).read_data()[0]

    class Cut(ToldNested):
        """Dies after the first row of its check."""

        def record(self, **row: Any) -> None:
            super().record(**row)
            raise KeyboardInterrupt

    Cut.__module__, Cut.__qualname__ = ToldNested.__module__, ToldNested.__qualname__
    assert go_on(run, Cut()).status == "aborted"
    assert RunDirectory(run).read_data()[0].equals(before)
    assert go_on(run, ToldNested()).status == "finished"
    assert [event["attempt"] for event in events_of(run, "check")] == [2, 3]
    counting = RunDirectory(run).read_data()[0]
    assert counting.drop(columns="Attempt").equals(whole.drop(columns="Attempt"))


def test_a_check_that_does_not_come_to_the_end_of_its_block_is_a_changed_sample(
    half: Callable[..., tuple[Path, pd.DataFrame]],
) -> None:
    class Leaving(Told):
        """Ends a loop where the sample answers too much."""

        def execute(self) -> None:
            for step in self.track("first", [1, 2], restart=True):
                self.saturate()
                self.apply(float(step))
                self.record(Step=float(step), Value=self.state)
                if self.state > 1.5:
                    break
            for step in self.track("then", [3, 4], restart=True):
                self.saturate()
                self.visit(step)

    run, _ = half(Leaving, 2)
    outcome = go_on(run, changed(Leaving, 10.0))
    assert (outcome.status, outcome.exit_code) == ("refused", 4)
    assert "first=2, measured again as a check loop, was left before its end" in str(outcome.error)
    assert [event["changed"] for event in events_of(run, "checked")] == [True]
    assert go_on(run, Leaving()).status == "finished"


@pytest.mark.parametrize(
    ("kind", "rows", "why"),
    [
        (ToldNested, 1, "none of its blocks was complete"),
        (Nested, 3, "temperature=1, which was completed last, tells nothing by itself that could be compared"),
    ],
)
def test_where_nothing_can_be_compared_it_says_so_and_goes_on(
    half: Callable[..., tuple[Path, pd.DataFrame]], kind: type[Procedure], rows: int, why: str
) -> None:
    run, _ = half(kind, rows)
    outcome = go_on(run, kind())
    said = f"the run was carried on without the check loop that the sample's record asks for: {why}"
    assert (outcome.status, outcome.warnings) == ("finished", [said])
    assert [event["why"] for event in events_of(run, "checked")] == [why]
    assert events_of(run, "check") == []


def test_an_analysis_that_fails_on_one_block_is_no_check(half: Callable[..., tuple[Path, pd.DataFrame]]) -> None:
    class Failing(ToldNested):
        """Needs more than a block."""

        def analyse(self, data: pd.DataFrame) -> Results:
            if len(set(data["Block"].tolist())) == 1:
                raise ValueError("one block is not enough")
            return super().analyse(data)

    run, _ = half(Failing, 5)
    outcome = go_on(run, Failing())
    assert outcome.status == "finished"
    assert len(outcome.warnings) == 1
    assert "of_one_block() failed: ValueError: one block is not enough" in outcome.warnings[0]


def test_a_record_that_does_not_ask_gets_none(half: Callable[..., tuple[Path, pd.DataFrame]]) -> None:
    run, _ = half(ToldNested, 5)
    asked = json.loads((run / "run.json").read_text())
    asked["sample"]["health"]["check_loop"] = False
    (run / "run.json").write_text(json.dumps(asked))
    assert go_on(run, ToldNested(), sample=load_sample("cotb2025")).status == "finished"
    assert events_of(run, "check", "checked") == []


# ---- a Hall loop, by the command


def test_a_film_with_another_coercive_field_is_refused_though_its_resistance_is_the_same(tmp_path: Path) -> None:
    """And with the film of before, the run that was cut tells what it would have told, since nothing makes noise.

    Another film lies in the cryostat, as run.json tells the simulation; nothing else in it could see that.
    """
    procedure = AnomalousHallTemperature(**OVER_TEMPERATURES)
    outcome = carry_out(request(tmp_path, procedure, name="ahe-temperature"), analyse=False)
    assert outcome.run is not None
    measured = RunDirectory(outcome.run).read_data()[0]
    whole = procedure.analyse(measured).table_as_list()
    run = cut(outcome.run, round(0.8 * len(measured)))
    text, before = (run / "run.json").read_text(), RunDirectory(run).read_data()[0]
    other = json.loads(text)
    other["sample"]["model"]["switching_drive"]["value"] *= 1.15
    (run / "run.json").write_text(json.dumps(other))
    refused = carry_out(request_of(run), analyse=False)
    assert (refused.status, refused.exit_code) == ("refused", 4)
    for words in ("temperature=1, measured again as a check loop, has a coercive field of", "may differ by", "new run"):
        assert words in str(refused.error)
    then, now = checks_of(RunDirectory(run).events())
    assert now.resistance == pytest.approx(then.resistance, rel=1e-3)
    assert RunDirectory(run).read_data()[0].equals(before)
    assert events_of(run, "safe")[-1]["time_s"] >= events_of(run, "checked")[-1]["time_s"]

    (run / "run.json").write_text(text)
    assert run_command(["resume", str(run), "--json"]) == 0
    assert [event["changed"] for event in events_of(run, "checked")] == [True, False]
    rows = RunDirectory(run).read_data()[0]
    assert set(zip(rows["Block"], rows["Attempt"], strict=True)) == {("temperature=1", 1), ("temperature=2", 3)}
    for row, again, rel in zip(whole, RunDirectory(run).table(), (1e-9, 1e-3), strict=True):
        for name, result in row.items():
            assert again[name]["value"] == pytest.approx(result["value"], rel=rel), name


def test_a_hall_loop_with_check_loops_is_that_of_the_run_that_nobody_cut() -> None:
    assert assert_resumable(AnomalousHallLoop, sample=ASKING, at={13}, **STEPPED) >= 2


def test_the_run_of_a_series_that_was_cut_begins_with_its_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "film.toml").write_text(RECORD)
    mine = tmp_path / "mine.py"
    mine.write_text(MINE)
    command = ["run", f"{mine}:Steps", "--simulate", "--sample", str(tmp_path / "film.toml"), "--over", "gap=1, 2 s"]
    assert run_command([*command, "--out", str(tmp_path / "runs")]) == 0
    series = next((tmp_path / "runs").glob("*/0001-series*"))
    first, second = (series / child["run"] for child in RunDirectory(series).request()["children"])
    cut(second, 2)
    lines = (series / "events.jsonl").read_bytes().splitlines(keepends=True)
    (series / "events.jsonl").write_bytes(b"".join(line for line in lines if b'"finished"' not in line))
    capsys.readouterr()
    assert run_command(["resume", str(series), "--json"]) == 0
    assert [child["status"] for child in json.loads(capsys.readouterr().out)["children"]] == ["finished"] * 2
    assert events_of(first, "check") == []
    assert [event["block"] for event in events_of(second, "check")] == ["number=2"]
    assert RunDirectory(second).read_data()[0]["Number"].tolist() == [1, 2, 3]


MINE = """
from labctl import Procedure, Quantity, Result, Results


class Steps(Procedure):
    \"\"\"Counts.\"\"\"

    DATA_COLUMNS = ("Number",)
    roles = ()
    gap = Quantity("1 s", "Between two")

    def execute(self):
        for number in self.track("number", [1, 2, 3], restart=True):
            self.clock.sleep(self.gap)
            self.record(Number=number)

    def analyse(self, data):
        return Results({"largest": Result(float(data["Number"].max()), 0.1, "1", "this run")})
"""


def test_a_run_of_a_labctl_whose_records_had_no_such_key_can_be_carried_on(
    half: Callable[..., tuple[Path, pd.DataFrame]],
) -> None:
    run, _ = half(Nested, 3)
    kept = json.loads((run / "run.json").read_text())
    del kept["sample"]["health"]
    (run / "run.json").write_text(json.dumps(kept))
    assert "another sample" in str(go_on(run, Nested()).error)
    assert go_on(run, Nested(), sample=load_sample("cotb2025")).status == "finished"


def test_the_key_is_read_from_a_record(tmp_path: Path) -> None:
    (tmp_path / "film.toml").write_text(RECORD)
    record = load_sample(tmp_path / "film.toml")
    assert record.health.check_loop
    assert not load_sample("cotb2025").health.check_loop
    assert SampleRecord.model_validate(record.snapshot()) == record
