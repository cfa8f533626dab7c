from __future__ import annotations

import inspect
import json
import pydoc
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import labctl
from instruments.errors import BadValue, DataDamaged, LimitExceeded, UnknownName, UsageError
from labctl import Result, Results, RunResult, figures
from labctl.api import MOST_RUNS_SHOWN
from labctl.cli.main import run_command
from labctl.sample import load_sample
from labctl.station import load_station
from procedures.ahe import AnomalousHallLoop


class Typed(labctl.Procedure):
    """As the documentation teaches it."""

    DATA_COLUMNS = ("Field (T)",)
    largest = labctl.Quantity("0.2 T", "Field at the ends")

    def execute(self) -> None:
        for field in self.track("field", [self.largest, -self.largest]):
            self.record(**{"Field (T)": field})


SHORT: dict[str, Any] = {"maximum_field": "20 mT", "survey_rate": "180 Oe/s"}


class Failing(labctl.Procedure):
    """Records a row and fails."""

    DATA_COLUMNS = ("Number",)

    def execute(self) -> None:
        self.record(Number=1.0)
        raise ZeroDivisionError("a slip")


@pytest.fixture(autouse=True)
def _quick_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are drawn, but not written: that takes longer than the runs here."""
    monkeypatch.setattr(figures, "save", lambda _, path: path.write_bytes(b"drawn"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def test_a_run_gives_what_the_command_line_gives(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = labctl.run("ahe", simulate=True, seed=1, out=out, user="LW", notes="why", tags=["a", "b"], **SHORT)
    words = [word for name, value in SHORT.items() for word in ("-p", f"{name}={value}")]
    assert run_command(["run", "ahe", "--simulate", "--seed", "1", "--out", str(out), *words, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert result.path is not None
    assert (result.path / "data.csv").read_bytes() == (Path(printed["run"]) / "data.csv").read_bytes()
    assert result.results.as_dict() == printed["results"]
    assert (result.status, result.simulated, result.points, result.error, result.exit_code) == (
        "finished", True, printed["points"], None, 0,
    )  # fmt: skip
    assert result.lab_time_s == printed["lab_time_s"]
    asked = json.loads((result.path / "run.json").read_text())
    assert (asked["user"], asked["notes"], asked["tags"]) == ("LW", "why", ["a", "b"])
    shown = repr(result)
    assert "coercive field up: -" in shown
    assert "finished" in shown
    assert str(result.path) in shown


def test_names_files_and_objects_are_taken(out: Path) -> None:
    station, sample = load_station("ppms"), load_sample("cotb2025")
    by_name = labctl.run("ahe", simulate=True, seed=1, out=out, **SHORT)
    by_class = labctl.run(AnomalousHallLoop, station=station, sample=sample, simulate=True, seed=1, out=out, **SHORT)
    by_object = labctl.run(
        AnomalousHallLoop(**SHORT), station="data/stations/ppms.toml", sample="cotb2025", simulate=True, seed=1, out=out
    )
    runs = [by_name, by_class, by_object]
    assert len({(run.path / "data.csv").read_bytes() for run in runs if run.path}) == 1
    assert [run.path.name[5:] for run in runs if run.path] == ["ahe-cotb2025-sim"] * 3


def test_a_pymeasure_procedure_with_its_parameters_set_is_taken(out: Path) -> None:
    from pymeasure.experiment import FloatParameter, Procedure

    class Theirs(Procedure):
        value = FloatParameter("Value", default=1)
        DATA_COLUMNS = ["Value"]  # noqa: RUF012 - as they write it

        def execute(self) -> None:
            self.emit("results", {"Value": self.value})

    given: Any = Theirs()
    given.value = 3.5
    result = labctl.run(given, simulate=True, out=out)
    assert result.data["Value"].tolist() == [3.5]
    assert result.path is not None
    assert result.path.name == "0001-theirs-cotb2025-sim"


def test_what_ends_a_run_is_raised_with_its_folder(out: Path) -> None:
    with pytest.raises(ZeroDivisionError, match="a slip") as caught:
        labctl.run(Failing, simulate=True, out=out)
    assert "1 points of this run are kept in" in caught.value.__notes__[0]
    with pytest.raises(LimitExceeded, match="the field would be 20 T") as refused:
        labctl.run("ahe", simulate=True, out=out, maximum_field=20.0)
    assert refused.value.run is None
    assert refused.value.exit_code == 4


def test_without_check_it_is_returned(out: Path) -> None:
    result = labctl.run(Failing, simulate=True, out=out, check=False)
    assert (result.status, result.points, result.exit_code) == ("failed", 1, 1)
    assert result.error is not None
    assert result.error.startswith("ZeroDivisionError: a slip (test_api.py, line ")
    assert result.data["Number"].tolist() == [1.0]
    refused = labctl.run("ahe", simulate=True, out=out, maximum_field="20 T", check=False)
    assert (refused.path, refused.status) == (None, "refused")
    with pytest.raises(UsageError, match="refused before it had a folder"):
        _ = refused.data
    with pytest.raises(UnknownName):
        labctl.load(refused)


@pytest.mark.parametrize(
    ("words", "error", "sentence"),
    [
        ({"maximum_feild": 1}, UnknownName, "did you mean maximum_field"),
        ({"maximum_field": "much"}, BadValue, "maximum_field"),
        ({"simulate": False}, BadValue, "needs a sample record; name it with sample="),
        ({"station": "pmms"}, UnknownName, "ppms"),
        ({"over": {"maximum_feild": "1, 2 T"}}, UnknownName, "did you mean maximum_field"),
        ({"over": {"loops": [1, 2]}, "loops": 3}, BadValue, "loops is given a value and a series"),
        ({"overrides": {"curent": "1 mA"}}, UsageError, "curent"),
    ],
)
def test_what_makes_no_sense_is_refused(
    out: Path, words: dict[str, Any], error: type[Exception], sentence: str
) -> None:
    arguments: dict[str, Any] = {"simulate": True, "out": out, **words}
    with pytest.raises(error, match=sentence):
        labctl.run("ahe", **arguments)
    assert not out.exists()


def test_a_series_has_its_runs_and_one_table(out: Path) -> None:
    result = labctl.run(
        "ahe", simulate=True, seed=1, out=out, over={"maximum_field": [0.02, 0.03]}, survey_rate="0.018 T/s"
    )
    assert [child.status for child in result.children] == ["finished", "finished"]
    assert "series of 2 runs" in repr(result)
    lines = repr(result).splitlines()
    assert [line.partition(":")[0] for line in lines[1:3]] == ["  maximum_field 0.02 T", "  maximum_field 0.03 T"]
    assert result.children[0].varied == {"maximum_field": "0.02 T"}
    rows = result.data
    assert sum(child.points for child in result.children) == len(rows)
    assert rows.columns[:2].tolist() == ["Run", "maximum_field (T)"]
    assert sorted(set(rows["maximum_field (T)"].tolist())) == [0.02, 0.03]
    assert rows.attrs["units"]["maximum_field (T)"] == "T"


def test_a_printed_series_has_the_main_results_of_its_runs() -> None:
    def child(**more: Any) -> RunResult:
        found = {"slope": Result(2.0, 0.1, "ohm/A", "this run"), "other": Result(1.0, None, "s", "this run")}
        return run_result(**{"results": Results(found), "varied": {"current": "1 A"}, **more})

    def printed(*children: RunResult) -> list[str]:
        return repr(run_result(children=children)).splitlines()[1:-1]

    failed = child(status="failed", results=Results({}))
    assert printed(child(), child(main_results=("other",)), failed) == [
        "  current 1 A: slope 2.00 ± 0.10 ohm/A", "  current 1 A: other 1 s", "  current 1 A: failed",
    ]  # fmt: skip
    assert printed(child(results=Results({}))) == ["  current 1 A: finished"]
    assert printed(*[child()] * (MOST_RUNS_SHOWN + 5))[-1] == "  and 5 more"


def run_result(**more: Any) -> RunResult:
    plain: dict[str, Any] = {
        "path": None, "status": "finished", "simulated": True, "points": 1, "lab_time_s": 1.0, "wall_time_s": 1.0,
        "results": Results({}), "error": None, "exit_code": 0,
    }  # fmt: skip
    return RunResult(**{**plain, **more})


class Tabled(Typed):
    """Has a result for each of its rows."""

    def analyse(self, data: pd.DataFrame) -> Results:
        fields = [Result(float(field), None, "T", "a row") for field in data["Field (T)"]]
        return Results(
            {"rows": Result(float(len(data)), None, "1", "this run")}, [Results({"at": at}) for at in fields]
        )


def test_the_table_of_an_analysis_is_there(out: Path) -> None:
    table = labctl.run(Tabled, simulate=True, seed=1, out=out).results.table
    assert [row.number("at") for row in table] == [0.2, -0.2]


def test_an_override_takes_the_place_of_a_limit(out: Path) -> None:
    with pytest.raises(LimitExceeded):
        labctl.run("ahe", simulate=True, out=out, probe_current="0.5 mA", **SHORT)
    higher = {"read_current_density": "3e10 A/m^2"}
    result = labctl.run("ahe", simulate=True, out=out, probe_current="0.5 mA", overrides=higher, **SHORT)
    assert max(result.data["Current 1 (A)"].tolist()) == 0.5e-3


# ---- loading


@pytest.fixture
def run(out: Path) -> Path:
    path = labctl.run("ahe", simulate=True, seed=1, out=out, **SHORT).path
    assert path is not None
    return path


def test_rows_come_with_units_and_with_what_was_asked(run: Path) -> None:
    rows = labctl.load(run)
    assert rows.attrs["units"] | {"Field (T)": "T", "Hall resistance (ohm)": "ohm", "Branch": ""} == rows.attrs["units"]
    assert rows.attrs["parameters"]["maximum_field"] == 0.02
    assert rows.attrs | {"procedure": "ahe", "simulated": True, "status": "finished", "warnings": []} == rows.attrs
    assert rows.attrs["run"] == str(run)


def test_a_column_with_its_unit_in_pint(run: Path) -> None:
    import pint

    rows = labctl.load(run)
    quantity: Any = pint.UnitRegistry().Quantity(rows["Field (T)"].to_numpy(), rows.attrs["units"]["Field (T)"])
    assert max(quantity.to("mT").magnitude) == pytest.approx(20, abs=0.2)


@pytest.mark.parametrize("name", ["1", "0001", 1])
def test_a_run_is_found_by_its_number(run: Path, out: Path, name: Any) -> None:
    assert labctl.load(name, out=out).attrs["run"] == str(run)


def test_a_number_that_no_run_or_two_have_is_refused(run: Path, out: Path) -> None:
    with pytest.raises(UnknownName, match="no run has the number 7 below"):
        labctl.load(7, out=out)
    (out / "2000-01-01" / "0001-ahe-x").mkdir(parents=True)
    with pytest.raises(UnknownName, match="2 runs have the number 1 below"):
        labctl.load("1", out=out)


def test_a_torn_last_row_is_left_out_and_said(run: Path) -> None:
    data = run / "data.csv"
    whole = len(labctl.load(run))
    data.write_bytes(data.read_bytes()[:-20])
    rows = labctl.load(data)
    assert len(rows) == whole - 1
    assert "torn" in rows.attrs["warnings"][0]


def test_what_is_no_run_or_damaged_is_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="does not exist"):
        labctl.load(tmp_path / "nothing")
    with pytest.raises(UnknownName, match=r"run\.json"):
        labctl.load(tmp_path)
    (run / "run.json").write_text('{"schema": 1}')
    with pytest.raises(DataDamaged, match=r"run\.json is damaged"):
        labctl.load(run)


# ---- the package


def test_module_and_function_share_the_name_run() -> None:
    code = (
        "import labctl, sys\n"
        "assert 'pandas' not in sys.modules and 'pymeasure' not in sys.modules\n"
        "assert callable(labctl.run)\n"
        "import labctl.run\n"
        "from labctl.run import carry_out\n"
        "from labctl import run, load, Procedure, Quantity\n"
        "assert callable(run) and labctl.run.carry_out is carry_out and sys.modules['labctl.run'] is labctl.run\n"
        "assert set(labctl.__all__) <= set(dir(labctl))\n"
        "for name in labctl.__all__: getattr(labctl, name)\n"
        "try: labctl.nothing\n"
        "except AttributeError as error: assert 'nothing' in str(error)\n"
        "else: raise SystemExit('labctl has nothing')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_users_write_has_types(out: Path) -> None:
    """Read by the type checker, which is as strict with the tests as with the rest."""
    result: labctl.RunResult = labctl.run(Typed, simulate=True, out=out, largest="0.1 T")
    largest: float = Typed(largest="0.1 T").largest
    found: labctl.Results = result.results
    rows: pd.DataFrame = labctl.load(result)
    assert largest == 0.1
    assert found.number("polarity") is None
    assert len(rows) == 2


def test_a_bare_number_is_recorded_with_what_it_was_taken_for(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = labctl.run(Typed, simulate=True, out=out, largest=0.1)
    assert result.taken_for == {"largest": "0.1 T"}
    assert "largest was taken for 0.1 T" in repr(result)
    asked = json.loads(next(out.glob("*/*/run.json")).read_text())
    assert asked["numbers_without_unit"] == {"largest": {"taken_for": "0.1 T"}}
    assert labctl.run(Typed, simulate=True, out=out, largest="0.1 T").taken_for == {}
    assert run_command(["run", "ahe", "--simulate", "--out", str(out), "-p", "maximum_field=12"]) == 4
    assert capsys.readouterr().out == "maximum_field=12 is taken for 12 T\n"


@pytest.mark.parametrize(("name", "value"), [("seed", "a"), ("seed", -1), ("seed", 1.0), ("sample_seed", None)])
def test_a_seed_is_a_whole_number(out: Path, name: str, value: Any) -> None:
    asked: dict[str, Any] = {name: value}
    with pytest.raises(BadValue, match=f"{name} is {value!r}, but must be a whole number from 0"):
        labctl.run(Typed, simulate=True, out=out, **asked)


def test_help_says_how_to_call_it() -> None:
    said = pydoc.plain(pydoc.render_doc(labctl.run))
    assert "labctl.run - Run an experiment" in said
    assert "sample_seed: 'int' = 0," in said
    assert "Args:" in said
    assert "ActiveRun" not in said
    assert list(inspect.signature(labctl.run).parameters)[:3] == ["procedure", "station", "sample"]


class Listed(labctl.Procedure):
    """Takes a list."""

    DATA_COLUMNS = ("Field (T)",)
    fields = labctl.QuantityList("10, 20 mT", "Fields")

    def execute(self) -> None:
        for field in self.track("field", self.fields):
            self.record(**{"Field (T)": field})

    def analyse(self, data: pd.DataFrame) -> labctl.Results:
        return labctl.Results(
            {"mean": labctl.Result(float(data["Field (T)"].to_numpy(dtype=float).mean()), 0.0, "T", "this run")}
        )


def test_a_series_over_lists_is_loaded(out: Path) -> None:
    single = labctl.run(Listed, simulate=True, out=out, over={"fields": "-10 mT; 20 mT"})
    rows = labctl.load(single)
    assert rows["fields (T)"].tolist() == [-0.01, 0.02]
    assert rows.attrs["units"]["fields (T)"] == "T"
    assert sorted(set(rows["Run"])) == ["0001-fields=-10mT", "0002-fields=20mT"]
    several = labctl.load(labctl.run(Listed, simulate=True, out=out, over={"fields": "10 mT; 20, 30 mT"}))
    assert several["fields"].tolist() == ["0.01 T", "0.02, 0.03 T", "0.02, 0.03 T"]
    assert sorted(set(several["Run"])) == ["0001-fields=10mT", "0002-fields=20mT..30mT"]
