"""A series: the same experiment over values of its parameters, on one sample in one session."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import signal
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
import pytest

import labctl
from instruments.errors import BadValue, UnknownName
from labctl import series_figure
from labctl.analysis.result import Result, Results
from labctl.cli.main import run_command
from labctl.frame import Caption
from labctl.parameters import Choice, Count, OptionalQuantity, Quantity, QuantityList
from labctl.procedure import Procedure
from labctl.procedures import load_procedure
from labctl.request import Request
from labctl.rundir import RunDirectory
from labctl.sample import load_sample
from labctl.series import SeriesOutcome, carry_out_series
from labctl.series_axes import parse_over
from labctl.series_results import (
    Over,
    Point,
    Series,
    as_csv,
    child_directories,
    conclude_series,
    read_series,
    value_text,
)
from labctl.station import load_station
from procedures.ahe import AnomalousHallLoop
from tests.simulated import QUICK, Simulate


class Everything(Procedure):
    """One parameter of each kind."""

    field = Quantity("0 T", "A quantity")
    rest = OptionalQuantity("stay", "One that may be left out", unit="K")
    count = Count(1, "A number", minimum=1, maximum=9)
    way = Choice("up", "A word", options=["up", "down"])
    several = QuantityList("1, 2 mA", "A list")


class Swift(AnomalousHallLoop):
    """A loop that is neither analysed nor drawn, which is what takes most of the time."""

    def analyse(self, data: pd.DataFrame) -> Results:
        return Results({"rows": Result(float(len(data)), None, "1", "this loop")})

    def figure(self, data: pd.DataFrame, results: Results) -> Any:
        return None


def over(*texts: str, **given: str) -> list[tuple[str, list[Any]]]:
    return [(axis.name, list(axis.values)) for axis in parse_over(texts, "everything", Everything, given)]


def carry_out(
    simulate: Simulate, *texts: str, watch: Any = None, kind: type[AnomalousHallLoop] = Swift, **fixed: str
) -> SeriesOutcome:
    """A series of quick loops."""
    names = {text.partition("=")[0] for text in texts}
    fixed = {name: value for name, value in {**QUICK, **fixed}.items() if name not in names}
    axes = parse_over(texts, "ahe", kind, fixed)
    request = Request(
        name="ahe", procedure=kind(**fixed), station=load_station("ppms"), sample=load_sample("cotb2025"),
        simulate=True, seed=1, out=simulate.folder,
    )  # fmt: skip
    return carry_out_series(request, axes, partial(kind, **fixed), watch)


def folder_of(outcome: SeriesOutcome) -> Path:
    assert outcome.run is not None
    return outcome.run


def children_of(outcome: SeriesOutcome) -> list[RunDirectory]:
    return [RunDirectory(Path(child["run"])) for child in outcome.children]


def interrupting(number: int, points: int) -> Any:
    """Ask for the end after so many points of the run with this number."""
    asked: list[bool] = []

    def watch(run: Any) -> None:
        if run.of[0] == number - 1 and run.points >= points and not asked:
            asked.append(True)
            signal.raise_signal(signal.SIGINT)

    return watch


# ---- what --over says


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("field=0:0.3:0.1 T", [0.0, 0.1, 0.2, 0.3]),
        ("field=5,10 kOe", [0.5, 1.0]),
        ("field=0.2", [0.2]),
        ("rest=300:280:-10K", [300.0, 290.0, 280.0]),
        ("rest=stay, 290 K", [None, 290.0]),
        ("count=1:3:1", [1, 2, 3]),
        ("way=down,up", ["down", "up"]),
        ("several=1:3:1 mA; 5 mA", [(0.001, 0.002, 0.003), (0.005,)]),
    ],
)
def test_values_are_read_as_the_parameter_reads_them(text: str, values: Sequence[Any]) -> None:
    assert over(text) == [(text.partition("=")[0], values)]


def test_several_parameters_keep_their_order() -> None:
    assert [name for name, _ in over("way=up", "field=0", "count=2")] == ["way", "field", "count"]


@pytest.mark.parametrize(
    ("texts", "given", "words"),
    [
        (["field"], {}, "is no series"),
        (["=1"], {}, "is no series"),
        (["field="], {}, "no values"),
        (["field=1", "field=2"], {}, "twice"),
        (["field=1"], {"field": "2"}, "-p and --over"),
        (["field=1,x T"], {}, "field"),
        (["field=1:0:1 T"], {}, "never reaches"),
        (["field=nan"], {}, "finite"),
        (["count=1.5"], {}, "whole number"),
        (["count=10"], {}, "from 1 to 9"),
        (["way=up,sideways"], {}, "up, down"),
        (["way=up,,down"], {}, "empty place"),
        (["rest=stay,"], {}, "rest"),
        (["several=1 mA;"], {}, "empty place"),
        (["field=0:1:0.01", "count=1:9:1", "way=up,down"], {}, "1818 runs"),
    ],
)
def test_what_is_no_series_is_refused(texts: Sequence[str], given: dict[str, str], words: str) -> None:
    with pytest.raises(BadValue, match=words):
        over(*texts, **given)


def test_an_unknown_parameter_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean field"):
        over("feld=1")


# ---- what a series leaves behind


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> SeriesOutcome:
    return carry_out(
        Simulate(tmp_path_factory.mktemp("runs"), []), "start=positive,negative", "loops=1,2", kind=AnomalousHallLoop
    )


def test_a_series_is_a_folder_with_a_run_for_every_combination(done: SeriesOutcome) -> None:
    assert (done.status, done.exit_code, done.error) == ("finished", 0, None)
    folder = folder_of(done)
    assert folder.name == "0001-series-ahe-cotb2025-sim"
    names = [path.name for path in sorted(folder.iterdir()) if path.is_dir()]
    assert names == [
        "0001-start=positive-loops=1", "0002-start=positive-loops=2", "0003-start=negative-loops=1",
        "0004-start=negative-loops=2",
    ]  # fmt: skip
    files = {path.name for path in folder.iterdir() if path.is_file()}
    assert files == {"run.json", "events.jsonl", "result.json", "series.csv", "figure.png"}
    for child in children_of(done):
        assert child.status() == "finished"
        assert child.request()["series"]["folder"] == folder.name
        assert child.figure_file.exists()
    assert done.points == sum(len(child.read_data()[0]) for child in children_of(done))
    assert done.lab_time_s == pytest.approx(sum(child["lab_time_s"] for child in done.children))


def test_its_files_hold_what_was_asked_and_what_was_found(done: SeriesOutcome) -> None:
    directory = RunDirectory(folder_of(done))
    request = directory.request()
    assert request["kind"] == "series"
    assert [(axis["name"], axis["values"]) for axis in request["over"]] == [
        ("start", ["positive", "negative"]), ("loops", [1, 2]),
    ]  # fmt: skip
    assert request["parameters"]["maximum_field"]["value"] == 0.2
    assert not {"start", "loops"} & set(request["parameters"])
    assert directory.status() == "finished"
    children = json.loads(directory.result_file.read_text())["children"]
    assert [child["parameters"]["loops"]["value"] for child in children] == [1, 2, 1, 2]
    for child, run in zip(children, children_of(done), strict=True):
        assert child["results"] == run.results()
    table: Any = pd.read_csv(folder_of(done) / "series.csv")
    assert table["start"].tolist() == ["positive", "positive", "negative", "negative"]
    for row, child in enumerate(children):
        for name in ("coercive_field_up", "anomalous_hall_resistance"):
            unit = child["results"][name]["unit"]
            assert table[f"{name} ({unit})"][row] == child["results"][name]["value"]
            assert table[f"{name} uncertainty ({unit})"][row] == child["results"][name]["uncertainty"]


def test_it_is_analysed_and_drawn_again(
    done: SeriesOutcome, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = folder_of(done)
    before = (folder / "series.csv").read_text()
    for name in ("series.csv", "figure.png", "result.json"):
        (folder / name).unlink()
    (folder / "0002-start=positive-loops=2" / "result.json").unlink()
    assert run_command(["analyse", str(folder), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert len(printed["children"]) == 4
    assert printed["points"] == done.points
    assert (folder / "series.csv").read_text() == before
    assert (folder / "figure.png").exists()
    assert run_command(["plot", str(folder), "--out", str(tmp_path / "again.svg"), "--unit", "Oe"]) == 0
    assert (tmp_path / "again.svg").stat().st_size > 1000


def test_the_sample_and_its_lab_stay_the_same_from_run_to_run(simulate: Simulate) -> None:
    outcome = carry_out(simulate, "loops=1,1")
    assert len(simulate.labs) == 1
    first, second = (child.read_data()[0] for child in children_of(outcome))
    assert first["Time (s)"].iloc[-1] < second["Time (s)"].iloc[0]
    assert first["Hall resistance (ohm)"].tolist() != second["Hall resistance (ohm)"].tolist()


def test_the_same_seed_gives_the_same_bytes(simulate: Simulate) -> None:
    (one,), (other,) = (children_of(carry_out(simulate, "start=negative")) for _ in range(2))
    assert one.data_file.read_bytes() == other.data_file.read_bytes()


def test_a_value_that_cannot_be_given_is_empty_and_marked(simulate: Simulate) -> None:
    outcome = carry_out(simulate, "maximum_field=0.05,0.2 T", kind=AnomalousHallLoop)
    series = read_series(RunDirectory(folder_of(outcome)))
    assert [point.results.number("coercive_field_up") is None for point in series.points] == [True, False]
    table: Any = pd.read_csv(folder_of(outcome) / "series.csv")
    assert table["saturated"].tolist() == [False, True]
    assert table["coercive_field_up (T)"].isna().tolist() == [True, False]
    assert "Crosses".lower() in drawn_words(outcome)


def drawn_words(outcome: SeriesOutcome) -> str:
    from labctl.frame import Caption
    from labctl.series_figure import main_results

    figure = main_results(read_series(RunDirectory(folder_of(outcome))), Caption("x", simulated=True))
    return " ".join(text.get_text() for text in figure.texts)


# ---- how it ends


def test_every_run_is_checked_before_the_first_begins(simulate: Simulate) -> None:
    outcome = carry_out(simulate, "temperature=300, 290, 1 K")
    assert (outcome.status, outcome.exit_code, outcome.run) == ("refused", 4, None)
    assert "run 3 of 3 (temperature 1.0 K)" in str(outcome.error)
    assert "1.9 K" in str(outcome.error)
    assert not simulate.labs
    assert not simulate.folder.exists()


def test_a_run_that_fails_ends_the_series_with_its_code_and_what_was_measured_is_kept(simulate: Simulate) -> None:
    outcome = carry_out(simulate, "probe_compliance=5, 0.15, 5 V", probe_current="400 uA")
    assert (outcome.status, outcome.exit_code) == ("fault", 5)
    assert "run 2 of 3" in str(outcome.error)
    assert "compliance" in str(outcome.error)
    assert [child["status"] for child in outcome.children] == ["finished", "fault"]
    directory = RunDirectory(folder_of(outcome))
    assert directory.status() == "fault"
    assert len(read_series(directory).points) == 2
    assert pd.read_csv(directory.path / "series.csv")["status"].tolist() == ["finished", "fault"]


def test_ctrl_c_within_a_run_aborts_it_and_the_series(simulate: Simulate) -> None:
    outcome = carry_out(simulate, "loops=1,1,1", watch=interrupting(2, 10))
    assert (outcome.status, outcome.exit_code) == ("aborted", 3)
    assert [child["status"] for child in outcome.children] == ["finished", "aborted"]
    assert outcome.children[1]["points"] == 10
    assert (folder_of(outcome) / "series.csv").exists()


def test_ctrl_c_between_two_runs_ends_the_series_before_the_next(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyse = Swift.analyse

    def interrupted(self: Swift, data: pd.DataFrame) -> Any:
        signal.raise_signal(signal.SIGINT)
        return analyse(self, data)

    monkeypatch.setattr(Swift, "analyse", interrupted)
    outcome = carry_out(simulate, "loops=1,1")
    assert (outcome.status, outcome.exit_code) == ("aborted", 3)
    assert "before run 2 of 2" in str(outcome.error)
    assert [child["status"] for child in outcome.children] == ["finished"]
    assert outcome.children[0]["results"]["rows"]["value"] > 100


def test_the_progress_is_that_of_the_whole(simulate: Simulate) -> None:
    seen: list[float] = []
    carry_out(simulate, "loops=1,1", watch=lambda run: seen.append(run.progress))
    assert seen[0] == 0.0
    assert 0.45 < seen[len(seen) // 2] < 0.55
    assert 0.95 < seen[-1] <= 1.0


# ---- from the command line


def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    quick = [word for name, value in QUICK.items() for word in ("-p", f"{name}={value}")]
    words = ["run", "ahe", "--simulate", "--over", "temperature=300:298:-2K", *quick, "--out", str(tmp_path)]
    assert run_command([*words, "--json"]) == 0
    captured = capsys.readouterr()
    printed = json.loads(captured.out)
    assert printed["status"] == "finished"
    assert [child["parameters"]["temperature"]["value"] for child in printed["children"]] == [300.0, 298.0]
    assert Path(printed["run"]).name == "0001-series-ahe-cotb2025-sim"
    assert printed["results"] == {}


def test_values_without_a_unit_are_said_and_kept_with_the_one_they_were_taken_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quick = [word for name, value in QUICK.items() for word in ("-p", f"{name}={value}")]
    words = ["run", "ahe", "--simulate", *quick, "--out", str(tmp_path)]
    assert run_command([*words, "--over", "temperature=300, 298"]) == 0
    assert "temperature=300, 298 is taken for 300, 298 K\n" in capsys.readouterr().out
    for asked in tmp_path.glob("*/*/**/run.json"):
        kept = json.loads(asked.read_text())["numbers_without_unit"]
        assert kept == {"temperature": {"taken_for": "300, 298 K"}}
    assert run_command([*words, "--over", "temperature=300, 298 K"]) == 0
    assert "is taken for" not in capsys.readouterr().out


def test_for_people_it_says_which_run_it_is_in_and_why_a_run_gave_no_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quick = [word for name, value in QUICK.items() if name != "maximum_field" for word in ("-p", f"{name}={value}")]
    words = ["run", "ahe", "--simulate", "--over", "maximum_field=0.02, 0.2 T", *quick, "--out", str(tmp_path)]
    assert run_command(words) == 0
    printed = capsys.readouterr().out
    assert re.search(r"ahe: 90 % done, run 2 of 2, [1-9]\d* points", printed)
    line = next(line for line in printed.splitlines() if line.startswith("20 mT"))
    assert line.split() == ["20", "mT", "finished", "-", "-", "-"]
    assert re.search(r"^run 1: not saturated", printed, re.MULTILINE)
    assert "run 2:" not in printed


@pytest.mark.parametrize(
    "words",
    [
        ["--over", "nothing=1"],
        ["--over", "loops=1", "-p", "loops=2"],
        ["--over", "loops="],
        ["--over", "loops=1,two"],
    ],
)
def test_bad_input_is_one_sentence_and_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert run_command(["run", "ahe", "--simulate", *words, "--out", str(tmp_path / "runs")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_a_series_without_a_main_result_is_drawn_by_its_first_numbers(done: SeriesOutcome, tmp_path: Path) -> None:
    copy = tmp_path / folder_of(done).name
    shutil.copytree(folder_of(done), copy)
    directory = RunDirectory(copy)
    directory.request_file.write_text(json.dumps({**directory.request(), "main_results": []}))
    series = conclude_series(directory, simulated=True)
    assert series.main[0] == "anomalous_hall_resistance"
    assert len(series.main) == 3


def test_films_are_compared_by_their_ensembles_as_far_as_these_are_known(done: SeriesOutcome, tmp_path: Path) -> None:
    copy = tmp_path / folder_of(done).name
    shutil.copytree(folder_of(done), copy)
    assert "coercive_field_up_ensemble" in read_series(RunDirectory(copy)).main
    for child in child_directories(RunDirectory(copy)):
        content = json.loads(child.result_file.read_text())
        unknown = {"value": None, "uncertainty": None, "unit": "T", "of": "ensemble", "why": "a jump"}
        content["results"]["coercive_field_up_ensemble"] = unknown
        child.result_file.write_text(json.dumps(content))
    main = read_series(RunDirectory(copy)).main
    assert "coercive_field_up" in main
    assert "coercive_field_up_ensemble" not in main


# ---- lists, and units that are not labctl's


def point(value: Any, text: str) -> Point:
    return Point("0001", "finished", {"x": {"value": value, "text": text}}, Results({}))


@pytest.mark.parametrize(
    ("unit", "value", "text", "shown"),
    [
        ("A", 0.0001, "0.0001 A", "100 uA"),
        ("mA", 0.1, "0.1 mA", "0.1 mA"),
        ("furlong", 0.1, "0.1 furlong", "0.1 furlong"),
        ("T", [0.02], "0.02 T", "20 mT"),
        ("T", [0.02, 0.03], "0.02, 0.03 T", "20, 30 mT"),
        ("A", [0.008, 0.012, 0.02, 0.03], "...", "8 to 30 mA (4 values)"),
        ("rad", 1.5707963267948966, "90 deg", "90 deg"),
        ("rad", [0.0, 1.5707963267948966], "0, 90 deg", "0, 90 deg"),
        ("", [1.0, 2.0], "1.0, 2.0", "1.0, 2.0"),
        ("A", [], "none", "none"),
    ],
)
def test_values_are_shown_in_the_unit_in_which_they_are_kept(unit: str, value: Any, text: str, shown: str) -> None:
    assert value_text(Over("x", unit, [value], [text]), point(value, text)) == shown


@pytest.mark.parametrize(
    ("over", "ticks", "label"),
    [
        (Over("x", "mA", [0.1, 0.2], ["0.1 mA", "0.2 mA"]), [0.1, 0.2], "X (mA)"),
        (Over("x", "T", [[-0.045], [-0.05]], ["-0.045 T", "-0.05 T"]), [-50.0, -45.0], "X (mT)"),
        (Over("x", "T", [[0.02], [0.02, 0.03]], ["0.02 T", "0.02, 0.03 T"]), ["20 mT", "20, 30 mT"], "X"),
        (Over("x", "rad", [1.5707963267948966, 3.141592653589793], ["90 deg", "180 deg"]), [90.0, 180.0], "X (deg)"),
    ],
)
def test_the_axis_of_a_figure_is_one_of_numbers_where_they_are_numbers(
    over: Over, ticks: list[Any], label: str
) -> None:
    results = Results({"y": Result(1.0, 0.1, "ohm", "this run")})
    points = [
        Point(str(number), "finished", {"x": {"value": value, "text": text}}, results)
        for number, (value, text) in enumerate(zip(over.values, over.texts, strict=True))
    ]
    axes = series_figure.main_results(Series("s", "p", "n", [over], ["y"], points), Caption()).axes[0]
    shown = (
        axes.get_xticks().tolist()
        if over.values != [[0.02], [0.02, 0.03]]
        else [text.get_text() for text in axes.get_xticklabels()]
    )
    assert shown == pytest.approx(ticks) if isinstance(ticks[0], float) else shown == ticks
    assert axes.get_xlabel() == label


def test_curves_of_one_panel_are_told_apart_by_what_differs_in_their_names() -> None:
    names = ["coercive_field_up_ensemble", "coercive_field_down_ensemble"]
    results = Results({name: Result(0.07, 1e-3, "T", "ensemble") for name in names})
    over = Over("temperature", "K", [300.0, 290.0], ["300 K", "290 K"])
    points = [
        Point(str(number), "finished", {"temperature": {"value": value, "text": text}}, results)
        for number, (value, text) in enumerate(zip(over.values, over.texts, strict=True))
    ]
    axes: Any = series_figure.main_results(Series("s", "ahe", "n", [over], names, points), Caption()).axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["up", "down"]
    assert axes.get_ylabel() == "Coercive field (mT)"


def drawn(over: Over) -> Any:
    results = Results({"y": Result(1.0, 0.1, "ohm", "this run")})
    points = [
        Point(str(number), "finished", {over.name: {"value": value, "text": text}}, results)
        for number, (value, text) in enumerate(zip(over.values, over.texts, strict=True))
    ]
    return series_figure.main_results(Series("s", "p", "n", [over], ["y"], points), Caption())


def test_long_words_below_an_axis_neither_touch_nor_leave_the_figure() -> None:
    lists = [[1e-3 * place + 1e-4 * step for step in range(6)] for place in range(6)]
    figure = drawn(Over("in_plane_list", "A", lists, [", ".join(map(repr, values)) + " A" for values in lists]))
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in figure.axes[0].get_xticklabels()]
    assert boxes[0].x0 > 0
    assert boxes[-1].x1 < figure.bbox.width
    assert all(one.x1 < other.x0 for one, other in itertools.pairwise(boxes))
    assert min(box.y0 for box in boxes) > 0
    assert figure.axes[0].get_xlabel() == "In-plane list"


def test_lists_with_the_same_ends_are_told_apart() -> None:
    lists = [[0.001, 0.002, 0.003, 0.009], [0.001, 0.004, 0.005, 0.009]]
    axes = drawn(Over("x", "A", lists, ["one", "other"])).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["one", "other"]


def test_numbers_that_are_too_near_to_each_other_have_no_ticks_of_their_own() -> None:
    over = Over("x", "A", [0.001, 0.00102, 0.002], ["1", "1.02", "2"])
    assert 1.02 not in drawn(over).axes[0].get_xticks().tolist()


# ---- series by their name


class Named(Everything):
    """Goes over two of its parameters."""

    series_over: ClassVar[Mapping[str, str]] = {"way": "up, down", "field": "0.1, 0.2 T"}


def named(*texts: str, **given: str) -> list[tuple[str, list[Any]]]:
    return [(axis.name, list(axis.values)) for axis in parse_over(texts, "named", Named, given)]


def test_a_procedure_may_go_over_parameters_by_itself() -> None:
    assert named() == [("way", ["up", "down"]), ("field", [0.1, 0.2])]
    assert named("field=0.3") == [("field", [0.3]), ("way", ["up", "down"])]
    assert named("count=1,2") == [("count", [1, 2]), ("way", ["up", "down"]), ("field", [0.1, 0.2])]


def test_a_single_value_of_what_it_goes_over_is_refused() -> None:
    with pytest.raises(BadValue, match=r'named goes over field, but field is given a single value; .*--over field="'):
        named(field="0.1 T")


def test_a_list_that_does_not_fit_is_refused_as_if_it_had_been_typed() -> None:
    class Wrong(Everything):
        series_over: ClassVar[Mapping[str, str]] = {"feld": "1"}

    with pytest.raises(UnknownName, match="wrong has no parameter 'feld'; did you mean field"):
        parse_over([], "wrong", Wrong, {})


def test_what_it_goes_over_needs_a_list() -> None:
    class Wrong(Everything):
        series_over: Any = "field"

    with pytest.raises(BadValue, match="series_over of wrong is 'field', but must say which list"):
        parse_over([], "wrong", Wrong, {})


OWN = '''
from procedures.ahe import AnomalousHallLoop


class Starts(AnomalousHallLoop):
    """From both saturations."""

    main_results = ("loop_shift",)
    beside_results = ("saturated", "maximum_field")
    series_over = {"start": "positive, negative"}
'''


def test_one_of_somebodys_own_runs_as_a_series_from_everywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(OWN, encoding="utf-8")
    quick = [word for name, value in QUICK.items() for word in ("-p", f"{name}={value}")]
    assert run_command(["run", str(file), "--simulate", *quick, "--out", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    header = next(line for line in lines if line.startswith("start "))
    assert header.split() == ["start", "status", "loop_shift", "saturated"]
    assert run_command(["describe", str(file)]) == 0
    assert "A series over start: positive, negative" in capsys.readouterr().out
    kind = load_procedure(str(file))
    result = labctl.run(kind, simulate=True, seed=1, over={"start": ["negative"]}, out=tmp_path, **QUICK)
    assert [child.varied for child in result.children] == [{"start": "negative"}]
    with pytest.raises(BadValue, match="is given a single value"):
        labctl.run(kind(start="negative", **QUICK), simulate=True, out=tmp_path)


def test_a_result_that_is_called_like_what_is_varied_has_no_second_column() -> None:
    results = Results({"x": Result(0.02, 0.002, "T", "magnet"), "y": Result(1.0, 0.1, "ohm", "this run")})
    point = Point("0001", "finished", {"x": {"value": 0.02, "text": "0.02 T"}}, results)
    table = as_csv(Series("s", "p", "n", [Over("x", "T", [0.02], ["0.02 T"])], ["y"], [point])).splitlines()
    assert table[0] == "run,status,x (T),x uncertainty (T),y (ohm),y uncertainty (ohm)"
    assert table[1] == "0001,finished,0.02,0.002,1.0,0.1"
