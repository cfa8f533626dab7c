"""Tables as programs write them are read alike; what is none gets one sentence."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from instruments.errors import UnknownName, UsageError
from labctl.elsewhere import text
from labctl.elsewhere.reading import read_foreign
from tests.labctl.elsewhere.files import FIELD, HALL, multivu, rows

NAMES = "Field (Oe),Rxy (Ohm)\n"
COUNT = len(FIELD)


def numbers_of(path: Path, content: str | bytes) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    table = read_foreign(path)
    return table.names, table.numbers(0), table.numbers(1)


@pytest.mark.parametrize(
    "content",
    [
        NAMES + rows(),
        NAMES.replace(",", "\t") + rows("\t"),
        NAMES.replace(",", ";") + rows(";"),
        "Field(Oe) Rxy(Ohm)\n" + rows("  "),
        NAMES.replace(",", ";") + rows(";", ","),
        NAMES.replace(",", "\t") + rows("\t", ","),
        NAMES.replace("\n", "\r\n") + rows(end="\r\n"),
        NAMES.replace("\n", "\r") + rows(end="\r"),
        "Field,Rxy\nOe,Ohm\n" + rows(),
        "Field\tRxy\n(Oe)\t(Ohm)\n" + rows("\t"),
        "# measured on a Monday\n# sample 12, 100 uA\n" + NAMES + rows(),
        "% " + NAMES + rows(),
        "Operator: somebody\nDate: 2024-05-06, 12:30\nCurrent (mA): 0.1\n\n" + NAMES + rows(),
        NAMES + rows(", "),
        '"Field (Oe)","Rxy (Ohm)"\n' + rows(),
        (NAMES + rows()).replace("\n", ",\n"),
        NAMES + "\n\n" + rows() + "\n\n",
        b"\xef\xbb\xbf" + (NAMES + rows()).encode(),
        (NAMES + rows()).encode("utf-16"),
        "B\xb0 comment\n".encode("latin-1") + (NAMES + rows()).encode("latin-1"),
        NAMES + rows()[: len(rows()) // 2].rsplit("\n", 1)[0] + "\n" + NAMES
        + rows()[len(rows()[: len(rows()) // 2].rsplit("\n", 1)[0]) + 1 :],
    ],
    ids=["commas", "tabs", "semicolons", "blanks", "decimal comma", "decimal comma and tabs", "CRLF", "CR",
         "units below", "units in brackets below", "comments", "names in a comment", "settings above", "comma blank",
         "quotes", "empty last column", "blank lines", "BOM", "UTF-16", "Latin-1", "names repeated"],
)  # fmt: skip
def test_every_dialect_gives_the_same_numbers(tmp_path: Path, content: str | bytes) -> None:
    names, field, hall = numbers_of(tmp_path / "loop.csv", content)
    assert [name.replace(" ", "") for name in names[:2]] == ["Field(Oe)", "Rxy(Ohm)"]
    np.testing.assert_allclose(field, FIELD, atol=1e-4)
    np.testing.assert_allclose(hall, HALL, rtol=1e-6)


def test_a_table_without_names_has_numbered_columns(tmp_path: Path) -> None:
    names, field, _ = numbers_of(tmp_path / "loop.txt", rows("\t"))
    assert names == ("column 1", "column 2")
    np.testing.assert_allclose(field, FIELD, atol=1e-4)


@pytest.mark.parametrize("cell", ["nan", "NaN", "", "inf", "-Inf", "n/a", "--", "over", "9.9E37", "#VALUE!"])
def test_a_cell_without_a_number_is_nan_and_keeps_its_row(tmp_path: Path, cell: str) -> None:
    lines = rows().splitlines()
    lines[50] = f"{lines[50].split(',')[0]},{cell}"
    _, field, hall = numbers_of(
        tmp_path / "loop.csv", NAMES.replace("\n", ",T (K)\n") + ",300\n".join(lines) + ",300\n"
    )
    assert len(field) == COUNT
    assert np.flatnonzero(~np.isfinite(hall)).tolist() == [50]


@pytest.mark.parametrize("first", ["5000,nan", "nan,nan", ",", "5000,\n4990,NaN\n4980,--"])
def test_names_are_found_above_rows_that_have_no_reading_yet(tmp_path: Path, first: str) -> None:
    names, field, _ = numbers_of(tmp_path / "loop.csv", f"{NAMES}{first}\n{rows()}")
    assert names == ("Field (Oe)", "Rxy (Ohm)")
    np.testing.assert_allclose(field, FIELD, atol=1e-4)


@pytest.mark.parametrize("word", ["OVLD", "#N/A", "#DIV/0!", "overflow", "Over Range", "nan", "?", "no contact"])
def test_names_are_found_whatever_stands_for_a_reading_among_the_first_rows(tmp_path: Path, word: str) -> None:
    lines = rows().splitlines()
    for place in (1, 3, 4, 6, 7, 9, 11):
        lines[place] = f"{lines[place].split(',')[0]},{word}"
    names, field, hall = numbers_of(tmp_path / "loop.csv", NAMES + "\n".join(lines) + "\n")
    assert names == ("Field (Oe)", "Rxy (Ohm)")
    np.testing.assert_allclose(field, FIELD, atol=1e-4)
    assert np.flatnonzero(~np.isfinite(hall)).tolist() == [1, 3, 4, 6, 7, 9, 11]


def test_names_are_found_above_many_rows_without_a_field(tmp_path: Path) -> None:
    lines = rows().splitlines()
    lines[:40] = [f"#N/A,{line.split(',')[1]}" for line in lines[:40]]
    names, field, _ = numbers_of(tmp_path / "loop.csv", NAMES + "\n".join(lines) + "\n")
    assert names == ("Field (Oe)", "Rxy (Ohm)")
    np.testing.assert_allclose(field, FIELD[40:], atol=1e-4)


@pytest.mark.parametrize("line", ["nan,nan", "OVLD,OVLD", "--,#N/A"])
def test_a_row_without_any_number_begins_no_other_table(tmp_path: Path, line: str) -> None:
    lines = rows().splitlines()
    lines[50] = line
    path = tmp_path / "loop.csv"
    path.write_text(NAMES + "\n".join(lines) + "\n")
    table = read_foreign(path)
    assert table.notes == ()
    assert table.row_count() == COUNT


def test_settings_above_the_names_are_no_rows(tmp_path: Path) -> None:
    settings = "Points,402\nCurrent (mA),0.1\nTemperature (K),300\n"
    names, field, _ = numbers_of(tmp_path / "loop.csv", settings + NAMES + rows())
    assert names == ("Field (Oe)", "Rxy (Ohm)")
    assert len(field) == COUNT


def grouped(value: float, form: str) -> str:
    text = f"{value:{form}}"
    return text.replace(",", "_").replace(".", ",").replace("_", ".")


@pytest.mark.parametrize(
    ("separator", "field", "hall", "unit"),
    [
        (";", lambda value: grouped(value, ",.0f"), lambda value: grouped(value, ".8f"), 1.0),
        (";", lambda value: grouped(value, ",.1f"), lambda value: grouped(value, ".8f"), 1.0),
        ("\t", lambda value: f"{value:,.0f}", lambda value: f"{value:.8f}", 1.0),
        (";", lambda value: f"{value:,.0f}", lambda value: f"{value * 1e6:,.0f}", 1e6),
        (";", lambda value: grouped(value, ",.0f"), lambda value: grouped(value * 1e6, ",.0f"), 1e6),
        ("  ", lambda value: f"{value:,.0f}", lambda value: f"{value:.8f}", 1.0),
    ],
    ids=["points", "points and a decimal", "commas and tabs", "commas, whole", "points, whole", "commas and blanks"],
)  # fmt: skip
def test_thousands_of_whole_numbers_are_read(
    tmp_path: Path, separator: str, field: Callable[[float], str], hall: Callable[[float], str], unit: float
) -> None:
    lines = [f"{field(at)}{separator}{hall(value)}" for at, value in zip(FIELD, HALL, strict=True)]
    names, fields, halls = numbers_of(tmp_path / "loop.txt", f"Field(Oe){separator}Rxy(Ohm)\n" + "\n".join(lines))
    assert names == ("Field(Oe)", "Rxy(Ohm)")
    np.testing.assert_allclose(fields, FIELD, atol=0.51)
    np.testing.assert_allclose(halls, HALL * unit, atol=1e-6 * unit)


@pytest.mark.parametrize("separator", [";", "\t"])
@pytest.mark.parametrize("decimal", [".", ","])
def test_three_decimals_are_no_thousands(tmp_path: Path, separator: str, decimal: str) -> None:
    """Nothing but that all numbers have them tells: no zero before the sign, no other number of digits."""
    steps = np.concatenate([np.arange(299, 0, -2), -np.arange(1, 300, 2)]).astype(float)
    fields = np.concatenate([steps, -steps])
    lines = [f"{at:.3f}{separator}{275 + at / 1000:.3f}".replace(".", decimal) for at in fields]
    names, read, hall = numbers_of(tmp_path / "loop.txt", f"Field (mT){separator}Rxy (mOhm)\n" + "\n".join(lines))
    assert names == ("Field (mT)", "Rxy (mOhm)")
    np.testing.assert_allclose(read, fields, atol=1e-9)
    np.testing.assert_allclose(hall, 275 + fields / 1000, atol=1e-3)


def test_equal_names_are_told_apart_by_number(tmp_path: Path) -> None:
    lines = [f"{line},{2 * hall:.6e}" for line, hall in zip(rows().splitlines(), HALL, strict=True)]
    path = tmp_path / "loop.csv"
    path.write_text("Field (Oe),Rxy (Ohm),Rxy (Ohm)\n" + "\n".join(lines) + "\n")
    table = read_foreign(path)
    np.testing.assert_allclose(table.numbers(2), 2 * HALL, rtol=1e-6)


def test_thousands_are_read_with_their_signs(tmp_path: Path) -> None:
    path = tmp_path / "loop.csv"
    path.write_text('Field (Oe),Rxy (Ohm)\n"1,234.5",1\n"-12,000.0",2\n"3,000.25",3\n')
    assert read_foreign(path).numbers(0).tolist() == [1234.5, -12000.0, 3000.25]


def test_a_hundred_thousand_rows_are_read(tmp_path: Path) -> None:
    path = tmp_path / "loop.csv"
    path.write_text(NAMES + rows() * 100)
    assert read_foreign(path).row_count() == 100 * COUNT


@pytest.mark.parametrize("short", [True, False])
def test_multivu_rows_shorter_than_the_names_are_read(tmp_path: Path, *, short: bool) -> None:
    path = tmp_path / "loop.dat"
    path.write_bytes(multivu(short=short).encode("cp1252"))
    table = read_foreign(path)
    field, hall, temperature = (table.numbers(place) for place in (4, 6, 3))
    good = np.isfinite(field)
    np.testing.assert_allclose(field[good], FIELD, atol=1e-4)
    np.testing.assert_allclose(hall[good], HALL, rtol=1e-6)
    assert np.nanmean(temperature) == pytest.approx(300.01)
    assert not np.any(np.isfinite(table.numbers(10)))


def test_of_a_multivu_file_that_is_being_written_the_torn_line_is_left_out_and_said(tmp_path: Path) -> None:
    path = tmp_path / "loop.dat"
    path.write_text(multivu()[:-9])
    table = read_foreign(path)
    assert "torn" in "; ".join(table.notes)
    assert np.sum(np.isfinite(table.numbers(6))) == COUNT - 1


def test_multivu_rows_longer_than_the_names_are_left_out_and_said(tmp_path: Path) -> None:
    path = tmp_path / "loop.dat"
    path.write_text(multivu() + "a comment, with, commas,1,2,3,4,5,6,7,8,9,10,11,12\r\n")
    assert "left out for having more cells than columns" in "; ".join(read_foreign(path).notes)


def test_what_is_no_table_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("loop.csv", NAMES + rows())
    contents = {
        "empty.csv": (b"", "is empty"),
        "blank.csv": (b"\n \n", "is empty"),
        "picture.png": (b"\x89PNG\r\n\x1a\n" + bytes(100), "is a picture"),
        "binary.dat": (bytes(range(256)) * 10, "is a binary file"),
        "text.txt": (b"Dear all,\nthe cryostat is warm.\n", "holds no table of numbers"),
        "a.json": (json.dumps({"a": [1, 2, 3], "b": "c"}).encode(), "holds no table of numbers"),
        "names.csv": (NAMES.encode(), "holds no table of numbers"),
        "one.csv": (b"Field (Oe)\n1\n2\n3\n", "holds no table of numbers"),
        "header.dat": (b"[Header]\nTITLE,x\n", "without a [Data] section"),
        "nothing.dat": (b"[Header]\nTITLE,x\n[Data]\nComment,Field (Oe)\n", "no row below its [Data]"),
        "half.txt": (b"\xff\xfeA", "begins like a text in utf-16"),
    }
    for name, (content, words) in contents.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UsageError, match=r".") as refused:
            read_foreign(tmp_path / name)
        assert words in str(refused.value), name
        assert "\n" not in str(refused.value)
    for name, words in (("folder", "is a folder"), ("a.zip", "zip archive")):
        with pytest.raises(UsageError, match=words):
            read_foreign(tmp_path / name)
    with pytest.raises(UnknownName, match="does not exist"):
        read_foreign(tmp_path / "nowhere.csv")


@pytest.mark.skipif(sys.platform == "win32", reason="devices and pipes have no path there")
def test_what_is_no_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (Path("/dev/zero"), tmp_path / "pipe"):
        with pytest.raises(UsageError, match="is no file but a device, a pipe or the like"):
            read_foreign(path)


def test_a_file_that_is_too_large_is_refused_with_the_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "loop.csv"
    with path.open("wb") as file:
        file.truncate(text.LARGEST + 1_000_000)
    with pytest.raises(UsageError, match="has 51 MB, and a table of more than 50 MB is not read; cut the loop out"):
        read_foreign(path)
    path.write_text(NAMES + rows())
    monkeypatch.setattr(text, "MOST_LINES", 100)
    with pytest.raises(UsageError, match=f"has {COUNT + 1} lines, and a table of more than 100 is not read"):
        read_foreign(path)
