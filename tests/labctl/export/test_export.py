"""A run in other forms: all values, units and results come back exactly."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import labctl
from instruments.errors import BadValue, DataDamaged, UsageError, WriteFailed
from labctl import figures
from labctl.cli.main import run_command
from labctl.elsewhere.reading import read_foreign
from labctl.export.netcdf import netcdf
from labctl.export.places import placeless, without_places
from labctl.export.writing import export
from labctl.loaded import load_folder
from labctl.rundir import RunDirectory
from tests.simulated import QUICK

KEPT = ("Block", "Attempt")


class Words(labctl.Procedure):
    """Rows of every kind: numbers to the last bit, missing ones, whole ones, words."""

    DATA_COLUMNS = ("Time (s)", "Field (T)", "Voltage (V)", "Count", "Word")
    amplitudes = labctl.QuantityList("1, 2 mA", "A list")

    def execute(self) -> None:
        for number in self.track("number", list(range(6))):
            tiny = np.nextafter(0.1 * number, 1.0)
            self.record(**{
                "Time (s)": number / 3, "Field (T)": -1e-7 / 3 * number, "Count": number * 10**6,
                "Voltage (V)": float("nan") if number == 2 else float(tiny), "Word": f"µ{number} up",
            })  # fmt: skip

    def analyse(self, data: pd.DataFrame) -> labctl.Results:
        point = labctl.Results({"temperature": labctl.Result(300.0, 0.1, "K", "point")})
        return labctl.Results(
            {
                "tmr": labctl.Result(1 / 3, 1e-17 / 3, "1", "µ-loops", note="a note"),
                "saturated": labctl.Result(True, None, "1", "this loop"),
                "loop_shift": labctl.missing("T", "no loop"),
            },
            [point, point],
        )


@pytest.fixture(scope="module")
def ahe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short loop, drawn on few dots."""
    result = labctl.run(
        "ahe", simulate=True, seed=1, out=tmp_path_factory.mktemp("runs"), notes='µ, "why"', tags=["a", "b"], **QUICK
    )
    assert result.path is not None
    return result.path


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = labctl.run(Words, simulate=True, seed=1, out=tmp_path / "runs").path
    assert path is not None
    return path


@pytest.fixture
def again(words: Path) -> Path:
    """The same, of whose rows some were measured again."""
    lines = (words / "data.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    second = [line.rstrip("\n").rpartition(",")[0] + ",2\n" for line in lines[-6:]]
    (words / "data.csv").write_text("".join([*lines[:-2], *second]), encoding="utf-8")
    return words


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "save", lambda _, path: path.write_bytes(b"drawn"))
        over = {"maximum_field": "0.1, 0.2 T"}
        quick = {name: value for name, value in QUICK.items() if name not in over}
        path = labctl.run("ahe", simulate=True, seed=1, out=tmp_path_factory.mktemp("s"), over=over, **quick).path
    assert path is not None
    return path


def opened(path: Path) -> Any:
    import xarray

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with xarray.open_dataset(path) as data:
            return data.load()


def as_netcdf(folder: Path, target: Path) -> Any:
    export(folder, "netcdf", target)
    return opened(target)


def assert_columns_equal(rows: pd.DataFrame, data: Any) -> None:
    """Every column is in the data, bit by bit, with its unit."""
    by_title = {
        variable.attrs["column"]: variable for variable in data.variables.values() if "column" in variable.attrs
    }
    assert set(by_title) == {str(name) for name in rows.columns}
    for name in rows.columns:
        variable, column = by_title[str(name)], rows[name]
        assert variable.attrs.get("units", "") == rows.attrs["units"][name]
        if pd.api.types.is_numeric_dtype(column):
            assert variable.values.astype("f8").tobytes() == column.to_numpy("f8").tobytes()
        else:
            assert variable.values.tolist() == column.fillna("").tolist()


def test_netcdf_has_every_row_bit_by_bit_in_xarray(ahe: Path, again: Path, tmp_path: Path) -> None:
    for folder in (ahe, again):
        rows = labctl.load(folder, raw=True)
        data = as_netcdf(folder, tmp_path / "run.nc")
        counts = rows.pop("Counts")
        assert data["counts"].values.astype(bool).tolist() == counts.tolist()
        assert_columns_equal(rows, data)
        assert json.loads(str(data["run_json"].item()))["parameters"] == RunDirectory(folder).request()["parameters"]
        assert data["counts"].values.sum() == len(labctl.load(folder))


def test_netcdf_has_conditions_results_and_why_there_is_none(words: Path, tmp_path: Path) -> None:
    data = as_netcdf(words, tmp_path / "run.nc")
    assert (data.attrs["sample"], data.attrs["station"], data.attrs["simulated"]) == ("cotb2025", "ppms", 1)
    assert data.attrs["parameter_amplitudes"] == RunDirectory(words).request()["parameters"]["amplitudes"]["text"]
    tmr = data["result_tmr"]
    assert (tmr.item(), tmr.attrs["uncertainty"], tmr.attrs["units"], tmr.attrs["of"]) == (
        1 / 3,
        1e-17 / 3,
        "1",
        "µ-loops",
    )
    assert tmr.attrs["note"] == "a note"
    assert data["result_saturated"].item() == 1
    assert np.isnan(data["result_loop_shift"].item())
    assert data["result_loop_shift"].attrs["why"] == "no loop"
    assert data["table_temperature"].values.tolist() == [300.0, 300.0]
    assert data["table_temperature_uncertainty"].attrs["units"] == "K"
    assert json.loads(str(data["result_json"].item()))["results"] == RunDirectory(words).results()


def test_netcdf_says_where_points_lie(ahe: Path, tmp_path: Path) -> None:
    data = as_netcdf(ahe, tmp_path / "run.nc")
    assert set(data.coords) == {"time", "temperature", "field", "counts"}
    assert dict(data.sizes) == {"point": len(labctl.load(ahe))}


def test_netcdf_of_a_series_has_all_runs(series: Path, tmp_path: Path) -> None:
    rows = labctl.load(series, raw=True)
    data = as_netcdf(series, tmp_path / "series.nc")
    assert_columns_equal(rows.drop(columns="Counts"), data)
    assert data["set_maximum_field"].values.tolist() == rows["maximum_field (T)"].tolist()
    assert data["run_maximum_field"].values.tolist() == [0.1, 0.2]
    assert data["run_status"].values.tolist() == ["finished", "finished"]
    expected = [run["results"]["polarity"]["value"] for run in rows.attrs["runs"]]
    assert [None if np.isnan(value) else value for value in data["result_polarity"].values] == expected


def test_whole_numbers_that_netcdf_cannot_keep_are_refused(words: Path) -> None:
    run = load_folder(words)
    run.rows["Count"] = 2**40
    assert b"CDF" in netcdf(run)[:4]
    run.rows["Count"] = 2**53 + 1
    with pytest.raises(UsageError, match="53 bits"):
        netcdf(run)


def multipyvu(path: Path) -> pd.DataFrame:
    """What Quantum Design's own reader makes of a file."""
    from MultiPyVu.MultiVuDataFile.MultiVuDataFile import MultiVuDataFile

    return MultiVuDataFile().parse_MVu_data_file(str(path))


def test_csv_has_the_rows_that_count_bit_by_bit(ahe: Path, again: Path, series: Path, tmp_path: Path) -> None:
    for folder in (ahe, again, series):
        file, run = tmp_path / f"{folder.name}.csv", load_folder(folder)
        export(folder, "csv", file)
        rows = pd.read_csv(file, comment="#")
        kept = run.counting()
        assert list(rows.columns) == list(kept.columns)
        assert 0 < len(rows) == len(kept)
        for name in kept.columns:
            if pd.api.types.is_numeric_dtype(kept[name]):
                assert rows[name].to_numpy("f8").tobytes() == kept[name].to_numpy("f8").tobytes()
            else:
                assert rows[name].tolist() == kept[name].tolist()


def test_csv_says_what_was_asked_and_found(ahe: Path, again: Path, series: Path, tmp_path: Path) -> None:
    def said(folder: Path) -> dict[str, str]:
        export(folder, "csv", tmp_path / "said.csv")
        lines = (tmp_path / "said.csv").read_text(encoding="utf-8").splitlines()
        return dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))

    loop = said(ahe)
    assert (loop["procedure"], loop["station"], loop["simulated"]) == ("ahe", "ppms", "yes")
    assert (loop["notes"], loop["tags"]) == ('µ, "why"', "a, b")
    assert loop["parameter maximum_field"].endswith(" T")
    assert re.fullmatch(r"0\.\d+ \+- \d\S* T", loop["result coercive_field_up"])
    assert int(said(again)["rows left out, measured again later"]) > 0
    assert said(again)["result saturated"] == "yes"
    assert sum(name.startswith("result coercive_field_up of ") for name in said(series)) == 2


def test_dat_is_read_by_multipyvu_bit_by_bit(ahe: Path, again: Path, tmp_path: Path) -> None:
    for folder in (ahe, again):
        export(folder, "dat", tmp_path / "run.dat")
        rows = labctl.load(folder)
        read: Any = multipyvu(tmp_path / "run.dat")
        assert list(read.columns)[:2] == ["Comment", "Time Stamp (sec)"]
        assert read["Comment"][0] == folder.name
        assert len(read) == len(rows)
        for name in rows.columns:
            if pd.api.types.is_numeric_dtype(rows[name]):
                column: Any = pd.to_numeric(read[name], errors="coerce")  # MultiPyVu keeps an empty cell as a text
                assert column.to_numpy("f8").tobytes() == rows[name].to_numpy("f8").tobytes(), name
        assert (read["Magnetic Field (Oe)"] / 1e4).to_numpy() == pytest.approx(rows["Field (T)"].to_numpy(), rel=1e-15)
        stamps = read["Time Stamp (sec)"] - rows["Time (s)"]
        assert stamps.to_numpy() == pytest.approx(946684800.0, abs=1e-5)  # the simulated clock begins in 2000


def test_dat_is_read_back_by_labctl_exactly(ahe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    export(ahe, "dat", tmp_path / "run.dat")
    rows, table = labctl.load(ahe), read_foreign(tmp_path / "run.dat")
    for name in rows.columns:
        place = table.names.index(str(name))
        if pd.api.types.is_numeric_dtype(rows[name]):
            assert table.numbers(place).tobytes() == rows[name].to_numpy("f8").tobytes()
        else:
            assert table.texts(place) == rows[name].tolist()
    assert run_command(["analyse", str(tmp_path / "run.dat"), "--as", "ahe", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["points"] == len(rows)
    known = RunDirectory(ahe).results()
    for name in ("anomalous_hall_resistance", "coercive_field_up", "loop_shift"):
        if known[name]["value"] is not None:
            assert said["results"][name]["value"] == pytest.approx(known[name]["value"], rel=1e-9)
    assert said["columns"]["field"].endswith("'Field (T)', in T")


def test_dat_is_plain_text_with_what_was_asked_and_found(words: Path, series: Path, tmp_path: Path) -> None:
    export(words, "dat", tmp_path / "run.dat")
    text = (tmp_path / "run.dat").read_bytes().decode("ascii")
    assert text.startswith("[Header]\r\n")
    assert f"\r\nTITLE, {words.name}\r\n" in text
    assert "\r\nINFO,cotb2025,SAMPLE_MATERIAL\r\n" in text
    assert f"\r\nINFO,{1 / 3!r} +- {1e-17 / 3!r},RESULT_TMR\r\n" in text
    assert "\r\nINFO,not known: no loop,RESULT_LOOP_SHIFT\r\n" in text
    head, _, data = text.partition("[Data]\r\n")
    names = data.splitlines()[0].split(",")
    assert {line.count(",") for line in data.splitlines()} == {len(names) - 1}
    assert names[-2:] == ['"Word"', '"Block"']
    assert "u5 up" in data
    axes = re.findall(r"STARTUPAXIS, (\w+), (\d+), LINEAR, AUTO", head)
    assert [(axis, names[int(place) - 1]) for axis, place in axes] == [
        ("X", '"Magnetic Field (Oe)"'), ("Y1", '"Voltage (V)"')
    ]  # fmt: skip
    export(series, "dat", tmp_path / "series.dat")
    read = multipyvu(tmp_path / "series.dat")
    assert sorted(set(read["Set maximum_field (T)"])) == [0.1, 0.2]
    assert [comment for comment in read["Comment"] if comment] == [
        f"{series.name}/{run}" for run in labctl.load(series)["Run"].unique()
    ]


@pytest.mark.parametrize("which", ["ahe", "series"])
def test_a_zip_is_the_run(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    folder: Path = request.getfixturevalue(which)
    export(folder, "zip", tmp_path / "run.zip")
    for raw in (False, True):
        ours, theirs = labctl.load(folder, raw=raw), labctl.load(tmp_path / "run.zip", raw=raw)
        assert theirs.attrs.pop("run") == str(tmp_path / "run.zip")
        assert ours.attrs.pop("run") == str(folder)
        pd.testing.assert_frame_equal(ours, theirs, check_exact=True)
        assert ours.attrs == theirs.attrs
    export(folder, "zip", tmp_path / "second.zip")
    export(tmp_path / "run.zip", "zip", tmp_path / "third.zip")
    one = (tmp_path / "run.zip").read_bytes()
    assert (tmp_path / "second.zip").read_bytes() == one
    assert (tmp_path / "third.zip").read_bytes() == one
    with zipfile.ZipFile(tmp_path / "run.zip") as archive:
        archive.extractall(tmp_path / "there")
        assert {name.partition("/")[0] for name in archive.namelist()} == {folder.name}
        whole = b"".join(archive.read(name) for name in archive.namelist())
    assert str(tmp_path).encode() not in whole
    assert str(folder.parent).encode() not in whole
    if shutil.which("sha256sum"):
        check = ["sha256sum", "--strict", "-c", "SHA256SUMS"]
        subprocess.run(check, cwd=tmp_path / "there" / folder.name, check=True, capture_output=True)


def test_a_zip_is_analysed_and_drawn_like_a_folder_and_stays_as_it_is(
    ahe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed = tmp_path / "run.zip"
    export(ahe, "zip", packed)
    before = packed.read_bytes()
    assert run_command(["analyse", str(packed), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["run"], said["results"]) == (str(packed), RunDirectory(ahe).results())
    assert run_command(["plot", str(packed)]) == 2
    assert "--out" in capsys.readouterr().err
    assert run_command(["plot", str(packed), "--out", str(tmp_path / "x.png")]) == 0
    assert (tmp_path / "x.png").stat().st_size > 5000
    assert packed.read_bytes() == before


def test_a_zip_that_was_changed_is_refused(words: Path, tmp_path: Path) -> None:
    export(words, "zip", tmp_path / "run.zip")
    with zipfile.ZipFile(tmp_path / "run.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    top = words.name
    outside = {**files, f"{top}/../../evil": b"x"}
    for changed, sentence in (
        ({**files, f"{top}/data.csv": files[f"{top}/data.csv"].replace(b"up", b"ab")}, r"data\.csv is not what"),
        ({name: content for name, content in files.items() if "events" not in name}, r"lacks events\.jsonl"),
        ({**files, f"{top}/more.txt": b""}, r"more\.txt is not what"),
        (outside, "lies outside"),
        ({"a/x": b"", "b/y": b""}, "no run that"),
        ({}, "no run that"),
    ):
        with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
            for name, content in changed.items():
                archive.writestr(name, content)
        with pytest.raises(DataDamaged, match=sentence):
            labctl.load(tmp_path / "bad.zip")
    (tmp_path / "bad.zip").write_bytes((tmp_path / "run.zip").read_bytes()[:500])
    with pytest.raises(DataDamaged, match="cannot be unpacked"):
        labctl.load(tmp_path / "bad.zip")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/opt/keysight/libvisa.so", "libvisa.so"),
        ("/home/lw/my files/x.py", "x.py"),
        ("cannot write /home/lw/runs/a.csv: No space", "cannot write a.csv: No space"),
        (r"C:\Users\lw\lab\mine.py", "mine.py"),
        (r"it lay at C:\lab\mine.py, and D:/x/y.dll", "it lay at mine.py, and y.dll"),
        ("1 mohm/T at 5 A/m^2, 3 / 4", "1 mohm/T at 5 A/m^2, 3 / 4"),
        ("TCPIP::10.0.0.1::1394::SOCKET", "TCPIP::10.0.0.1::1394::SOCKET"),
        ("https://a.b/c/d", "https://a.b/c/d"),
    ],
)
def test_paths_become_names_and_nothing_else_changes(text: str, expected: str, tmp_path: Path) -> None:
    said = {"a": [text], "source": text, "n": 3, f"{tmp_path}": None}
    assert without_places(text, tmp_path) == expected
    assert placeless(said, tmp_path) == {**said, "a": [expected]}
    assert without_places(f"in {tmp_path}/x: {text}", tmp_path).startswith("in x: ")


def test_forms_and_places(words: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command(["export", str(words), "--to", "netcdf"]) == 0
    assert (tmp_path / f"{words.name}.nc").is_file()
    with pytest.raises(UsageError, match=r"is there already.*--out"):
        export(words, "netcdf")
    assert run_command(["export", "1", "--out", "x.zip"]) == 0
    assert run_command(["export", str(words)]) == 2
    assert run_command(["export", str(words), "--to", "hdf5"]) == 2
    assert run_command(["export", str(tmp_path / "no"), "--to", "zip"]) == 2
    with pytest.raises(WriteFailed, match="--out"):
        export(words, "zip", tmp_path / "no" / "x.zip")
    assert not list(tmp_path.glob("*.part"))


def test_the_command_says_what_it_wrote(words: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (words / "data.csv").open("a") as file:
        file.write("1.0,")
    target = tmp_path / "x.dat"
    assert run_command(["export", str(words), "--out", str(target), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["run"], said["to"], said["file"]) == (str(words), "dat", str(target))
    assert said["bytes"] == target.stat().st_size
    assert said["warnings"] == ["data.csv: the last row is torn and was dropped"]


def test_a_run_of_somebodys_file_has_only_its_name_and_its_source(tmp_path: Path) -> None:
    source = '''
import labctl
KEPT_IN = "/home/lw/lab/x.csv"
class MyLoop(labctl.Procedure):
    """A row."""
    DATA_COLUMNS = ("Field (T)",)
    def execute(self):
        self.record(**{"Field (T)": 0.1})
'''
    file = tmp_path / "mine.py"
    file.write_text(source, encoding="utf-8")
    path = labctl.run(str(file), simulate=True, seed=1, out=tmp_path / "runs").path
    assert path is not None
    _, warnings = export(path, "zip", tmp_path / "x.zip")
    assert [sentence for sentence in warnings if "source" in sentence]
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        asked = json.loads(archive.read(f"{path.name}/run.json"))["procedure"]
        whole = b"".join(archive.read(name) for name in archive.namelist())
    assert (asked["file"], asked["source"]) == ("mine.py", source)
    assert str(tmp_path).encode() not in whole


def test_a_run_without_rows_is_refused_but_packed(words: Path, tmp_path: Path) -> None:
    text = (words / "data.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (words / "data.csv").write_text("".join(text[:-6]), encoding="utf-8")
    for form in ("netcdf", "dat"):
        with pytest.raises(UsageError, match="holds no row"):
            export(words, form, tmp_path / "x")
    export(words, "zip", tmp_path / "x.zip")
    assert labctl.load(tmp_path / "x.zip").empty


def test_raw_rows_say_which_count(again: Path) -> None:
    raw, rows = labctl.load(again, raw=True), labctl.load(again)
    assert len(raw) == 10
    assert len(rows) == 6
    assert raw.loc[raw["Counts"]].drop(columns="Counts").reset_index(drop=True).equals(rows)
    assert rows.attrs["results"]["tmr"]["unit"] == "1"
    assert len(rows.attrs["table"]) == 2
    with pytest.raises(BadValue):
        labctl.run(Words, simulate=True, seed=-1)
