"""Rows of runs as arrays: the same numbers as labctl reads, damaged files refused, series stacked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from instruments.errors import DataDamaged, UnknownName, UsageError
from labctl.desk.columns import columns
from labctl.desk.processed import EVEN, ODD, processed
from labctl.desk.run_facts import run_facts
from labctl.desk.series_map import map_choices, series_map
from labctl.gui.plot.rundata import Line, RunData
from labctl.rundir import RunDirectory
from tests.gui.plot.runs import COERCIVE, RESULTS, lines, loop_rows, write_run, write_series


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [*loop_rows(100, block="loop=1"), *loop_rows(60, block="loop=2"), *loop_rows(80, block="loop=2", attempt=2)]
    return write_run(tmp_path / "0001-ahe", rows, results=RESULTS)


def test_arrays_hold_what_labctl_reads(folder: Path, tmp_path: Path) -> None:
    answer = columns(str(folder), str(tmp_path / "arrays"))
    frame, counts, _ = RunDirectory(folder).read_all()
    data = RunData.from_desk(folder, json.loads(json.dumps(answer)))
    assert answer["rows"] == data.rows == len(frame) == 240
    assert answer["offset"] == (folder / "data.csv").stat().st_size
    assert [column["unit"] for column in answer["columns"]] == ["s", "T", "ohm", "", "", "", ""]
    for name in ("Time (s)", "Field (T)", "Hall resistance (ohm)", "Loop", "Attempt"):
        assert np.array_equal(data.columns[name].all(), frame[name].to_numpy(dtype=float))
    assert [data.row(row)["Branch"] for row in (0, 60, 239)] == ["down", "up", "up"]
    assert data.counted().all().tolist() == counts
    assert counts.count(False) == 60


def test_the_window_goes_on_where_the_desk_ended(folder: Path, tmp_path: Path) -> None:
    with (folder / "data.csv").open("a", encoding="utf-8") as file:
        file.write("1.0,0.1,0.2")  # torn
    answer = columns(str(folder), str(tmp_path / "arrays"))
    assert answer["rows"] == 240
    with (folder / "data.csv").open("a", encoding="utf-8") as file:
        file.write("5,new,1,loop=2,2\n" + lines(loop_rows(40, block="loop=2", attempt=3)))
    handed_over, by_itself = RunData.from_desk(folder, answer), RunData(folder)
    for data in (handed_over, by_itself):
        while data.read_on():
            pass
    assert handed_over.rows == by_itself.rows == 281
    for name, column in by_itself.columns.items():
        assert [handed_over.row(row)[name] for row in range(281)] == [by_itself.row(row)[name] for row in range(281)]
        assert len(column) == 281
    assert handed_over.counted().all().tolist() == by_itself.counted().all().tolist()
    assert handed_over.counted().all().sum() == 140


def test_events_say_what_counts(folder: Path, tmp_path: Path) -> None:
    with (folder / "events.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"event": "abandoned", "blocks": {"loop=1": 1}}\n')
    data = RunData.from_desk(folder, columns(str(folder), str(tmp_path / "arrays")))
    assert data.counted().all().tolist() == RunDirectory(folder).read_all()[1]
    assert not data.counted().all()[:100].any()
    data.read_on()
    assert data.revision == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [("1,2\n", "2 values where 7 columns are named"), ("1,2,broken,up,1,loop=1,1\n", "'broken', which is no number")],
)
def test_a_damaged_file_is_refused(folder: Path, tmp_path: Path, line: str, said: str) -> None:
    content = (folder / "data.csv").read_text(encoding="utf-8")
    (folder / "data.csv").write_text(content + line + lines(loop_rows(4)), encoding="utf-8")
    with pytest.raises(DataDamaged, match=said):
        columns(str(folder), str(tmp_path / "arrays"))


def test_files_of_windows_programs(folder: Path, tmp_path: Path) -> None:
    plain = RunDirectory(folder).read_all()[0]
    content = (folder / "data.csv").read_bytes()
    (folder / "data.csv").write_bytes(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"))
    data = RunData.from_desk(folder, columns(str(folder), str(tmp_path / "arrays")))
    assert data.names == list(plain.columns)
    assert np.array_equal(data.columns["Attempt"].all(), plain["Attempt"].to_numpy())


def test_no_run(tmp_path: Path) -> None:
    with pytest.raises(UnknownName):
        columns(str(tmp_path), str(tmp_path / "arrays"))


def test_a_series_is_stacked_with_what_was_varied(tmp_path: Path) -> None:
    series = write_series(tmp_path / "series", {"field": [0.1, 0.2], "temperature": [10.0, 20.0]})
    answer = columns(str(series), str(tmp_path / "arrays"))
    data = RunData.from_desk(series, answer)
    assert answer["fixed"]
    assert data.rows == 163
    assert data.names[:3] == ["Run", "field (T)", "temperature (K)"]
    joined = np.isfinite(Line(data, "Field (T)", "Hall resistance (ohm)").between(0, 163)[0])
    assert np.flatnonzero(~joined).tolist() == [40, 81, 122]  # no line goes from run to run
    row = data.row(162)
    assert (row["field (T)"], row["temperature (K)"]) == (0.2, 20.0)
    assert row["Run"] == "0004-field=0.2-temperature=20.0"
    assert not data.read_on()


def test_facts(folder: Path) -> None:
    facts = run_facts(str(folder))
    assert (facts["number"], facts["procedure"], facts["sample"], facts["simulated"]) == ("0001", "ahe", "S042", True)
    assert facts["results"] == RESULTS
    assert not facts["expected"]
    assert facts["processed"] == ""
    assert facts["of_series"] == ""


def test_a_run_of_a_series_says_so(tmp_path: Path) -> None:
    series = write_series(tmp_path / "0009-series", {"field": [0.1], "temperature": [10.0]})
    (run,) = (folder for folder in series.iterdir() if folder.is_dir())
    assert run_facts(str(run))["of_series"] == str(series)
    assert run_facts(str(series))["of_series"] == ""


def test_a_processed_loop_is_its_own_mirror_image_without_the_offset(folder: Path, tmp_path: Path) -> None:
    answer = processed(str(folder), str(tmp_path / "arrays"))
    data = RunData.from_desk(folder, answer)
    there = ~np.isnan(data.columns["Field (T)"].all())
    assert np.count_nonzero(~there) == 1  # between the two loops
    field, odd, even = (data.columns[name].all()[there] for name in ("Field (T)", ODD, EVEN))
    down = np.array([data.row(row)["Branch"] == "down" for row in np.flatnonzero(there).tolist()])
    assert np.allclose(even, 0.17, atol=2e-3)
    for branch, switch in ((down, -COERCIVE), (~down, COERCIVE)):
        away = np.abs(field[branch] - switch) > 0.04
        assert np.allclose(odd[branch][away], 0.075 * np.sign(field[branch] - switch)[away], atol=1e-3)
    assert answer["made_of"][ODD] == "Hall resistance (ohm)"


def test_what_cannot_be_processed(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "0001-log", [(1.0, 2.0)], names=("Time (s)", "V (V)"), procedure="log")
    with pytest.raises(UsageError, match="this is log"):
        processed(str(folder), str(tmp_path / "arrays"))
    branch = write_run(tmp_path / "0002-ahe", loop_rows()[:200])
    with pytest.raises(UsageError, match="nothing to show processed"):
        processed(str(branch), str(tmp_path / "arrays"))


def test_a_map_on_an_uneven_grid_with_a_hole(tmp_path: Path) -> None:
    series = write_series(tmp_path / "series", {"field": [0.1, 0.2, 0.5], "temperature": [10.0, 20.0]})
    hole = series / "0003-field=0.2-temperature=10.0" / "result.json"
    hole.write_text(json.dumps({"schema": 1, "analysis": {}, "results": {}}), encoding="utf-8")
    answer = series_map(str(series), str(tmp_path / "map"), "temperature", "field", "coercive_field_up")
    np.testing.assert_allclose(np.load(answer["y_path"]), [0.05, 0.15, 0.35, 0.65])
    np.testing.assert_allclose(np.load(answer["z_path"]), [[10.1, 20.1], [np.nan, 20.2], [10.5, 20.5]])
    assert (answer["x_at"], answer["y_at"]) == ([10.0, 20.0], [0.1, 0.2, 0.5])
    assert answer["z"] == {"name": "coercive_field_up", "unit": "T"}
    assert not answer["scattered"]
    assert map_choices(str(series))["results"] == ["coercive_field_up"]


def test_a_map_of_a_column_is_the_mean_of_its_rows(tmp_path: Path) -> None:
    series = write_series(tmp_path / "series", {"field": [0.1, 0.2], "temperature": [10.0]})
    answer = series_map(
        str(series), str(tmp_path / "map"), "Field (T)", "field", "Hall resistance (ohm)", branch="down"
    )
    falling = [(float(str(row[1])), float(str(row[2]))) for row in loop_rows(40) if row[3] == "down"]
    wanted = [resistance for _, resistance in sorted(falling)]
    np.testing.assert_allclose(np.load(answer["z_path"]), [wanted, wanted])


@pytest.mark.parametrize(
    ("names", "said"),
    [(("temperature", "nothing", "coercive_field_up"), "was not varied"),
     (("field", "field", "coercive_field_up"), "both axes"),
     (("temperature", "field", "nothing"), "nothing to draw"), (("Nothing", "field", "Loop"), "has no column")],
)  # fmt: skip
def test_no_map(tmp_path: Path, names: tuple[str, str, str], said: str) -> None:
    series = write_series(tmp_path / "series", {"field": [0.1, 0.2], "temperature": [10.0, 20.0]})
    with pytest.raises(UsageError, match=said):
        series_map(str(series), str(tmp_path / "map"), *names)


def test_one_run_has_no_map(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no series"):
        series_map(str(folder), str(tmp_path / "map"), "a", "b", "c")


def test_a_map_of_few_rows_has_no_gaps() -> None:
    from labctl.desk.series_map import _cells

    fields = np.concatenate([np.linspace(-1.0, 1.0, 90) + shift for shift in (0.0, 0.004, 0.007)])
    cells = _cells(np.column_stack([fields, np.repeat([1.0, 2.0, 3.0], 90), fields]), column=True)
    assert cells.z.shape == (3, 45)
    assert np.isfinite(cells.z).all()


def test_points_on_no_grid_show_the_nearest_one(tmp_path: Path) -> None:
    from labctl.desk.series_map import _cells

    random = np.random.default_rng(4)
    places = random.random((30, 2)) * [100.0, 2.0]
    cells = _cells(np.column_stack([places, np.arange(30.0)]), column=False)
    assert cells.scattered
    row, column = 40, 100
    away = np.hypot((places[:, 0] - cells.x_at[column]) / np.ptp(places[:, 0]),
                    (places[:, 1] - cells.y_at[row]) / np.ptp(places[:, 1]))  # fmt: skip
    assert cells.z[row, column] == np.argmin(away)
