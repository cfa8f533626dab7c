"""Run directories: numbered, readable by others, and honest about damage."""

from __future__ import annotations

import os
import random
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from instruments.errors import DataDamaged, UnknownName, UsageError
from labctl.recorder import Recorder
from labctl.rundir import RunDirectory, latest_attempts, read_json, read_rows, write_json

TODAY = datetime(2026, 11, 21)  # noqa: DTZ001 - only the date is used
COLUMNS = ("Field (T)", "Branch", "Block", "Attempt")


def write_run(path: Path, rows: int = 20) -> Path:
    recorder = Recorder(path, ["#Procedure: <a.B>", "#Parameters:", "#Data:"], COLUMNS)
    for number in range(rows):
        recorder.record({"Field (T)": number / 7, "Branch": "up", "Block": f"loop={number // 5 + 1}", "Attempt": 1})
    recorder.close()
    return path


def test_runs_are_numbered_one_after_the_other(tmp_path: Path) -> None:
    names = [RunDirectory.create(tmp_path, "ahe-cotb2025-sim", TODAY).path for _ in range(3)]
    assert [str(name.relative_to(tmp_path)) for name in names] == [
        os.path.join("2026-11-21", f"000{number}-ahe-cotb2025-sim")  # noqa: PTH118 - compared as text
        for number in (1, 2, 3)
    ]
    later = RunDirectory.create(tmp_path, "x", datetime(2026, 11, 22))  # noqa: DTZ001
    assert later.path.name == "0004-x"


def test_only_runs_in_folders_of_days_have_numbers(tmp_path: Path) -> None:
    """What else lies in the folder of the runs, however it is called, is no run."""
    for other in (
        "series/2026-11-21", "2026-11-20/2026-11-21", "2026-11-20/2026-11-21-copy", "2026-11-20/12-x", "7000-x/8000-y",
        "2026-11-20/figures", "2026-11-20/0041-ahe-cotb2025",
    ):  # fmt: skip
        (tmp_path / other).mkdir(parents=True)
    (tmp_path / "2026-1-1").write_text("no folder")
    assert RunDirectory.create(tmp_path, "ahe-x", TODAY).path == tmp_path / "2026-11-21" / "0042-ahe-x"


def test_a_number_that_another_run_takes_in_the_same_moment_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = Path.mkdir

    def mkdir_second(path: Path, *args: Any, **keywords: Any) -> None:
        if path.name == "0001-x":
            make(path)
        make(path, *args, **keywords)

    monkeypatch.setattr(Path, "mkdir", mkdir_second)
    assert RunDirectory.create(tmp_path, "x", TODAY).path.name == "0002-x"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_refused_with_a_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="--out"):
        RunDirectory.create(tmp_path, "x", TODAY)
    tmp_path.chmod(0o700)


def test_a_file_in_the_place_of_the_folder_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("not a folder")
    with pytest.raises(UsageError, match=r"cannot write runs to .*--out"):
        RunDirectory.create(tmp_path / "runs", "x", TODAY)


def test_what_is_no_run_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"run\.json"):
        RunDirectory.open(tmp_path)


def test_rows_are_read_exactly(tmp_path: Path) -> None:
    frame, warnings = read_rows(write_run(tmp_path / "data.csv"))
    assert frame["Field (T)"].tolist() == [number / 7 for number in range(20)]
    assert warnings == []


def test_what_windows_makes_of_a_text_file_is_read_the_same(tmp_path: Path) -> None:
    """CR before LF, as git's autocrlf and editors write it, and a mark before the first letter."""
    plain = write_run(tmp_path / "data.csv").read_bytes()
    expected = read_rows(tmp_path / "data.csv")[0]
    crlf = plain.replace(b"\n", b"\r\n")
    for made in (crlf, b"\xef\xbb\xbf" + plain, b"\xef\xbb\xbf" + crlf):
        (tmp_path / "made.csv").write_bytes(made)
        frame, warnings = read_rows(tmp_path / "made.csv")
        assert frame.equals(expected)
        assert list(frame.columns) == list(COLUMNS)
        assert warnings == []
    for missing in (1, 2, 5):  # cut in the last line's end, or before it
        (tmp_path / "made.csv").write_bytes(crlf[:-missing])
        frame, warnings = read_rows(tmp_path / "made.csv")
        assert len(frame) == len(expected) - 1
        assert warnings == ["made.csv: the last row is torn and was dropped"]


def test_a_file_cut_anywhere_loses_at_most_its_torn_row(tmp_path: Path) -> None:
    """Every row that is whole is read, and no torn one ever is."""
    whole = write_run(tmp_path / "data.csv").read_bytes()
    head = whole.index(b"Attempt\n") + len(b"Attempt\n")
    for cut in random.Random(1).sample(range(head, len(whole)), 100):
        path = tmp_path / "cut.csv"
        path.write_bytes(whole[:cut])
        frame, warnings = read_rows(path)
        complete = whole[:cut].count(b"\n", head)
        assert frame["Field (T)"].tolist() == [number / 7 for number in range(complete)]
        assert bool(warnings) == (not whole[:cut].endswith(b"\n"))


def test_a_file_cut_in_its_header_has_nothing_to_read(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(b"#Procedure: <a.B>\n#Para")
    with pytest.raises(DataDamaged, match="nothing to read"):
        read_rows(tmp_path / "data.csv")


def test_damage_in_the_middle_is_named_with_its_line(tmp_path: Path) -> None:
    lines = write_run(tmp_path / "data.csv").read_text().splitlines(keepends=True)
    for damaged in ("0.1,up\n", "0.1,up,loop=1,1,9\n", "0.1#4,up,loop=1,1\n"):
        (tmp_path / "damaged.csv").write_text("".join([*lines[:10], damaged, *lines[11:]]))
        with pytest.raises(DataDamaged, match="line 11"):
            read_rows(tmp_path / "damaged.csv")


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataDamaged, match="UTF-8"):
        read_rows(tmp_path / "data.csv")


def test_rows_of_an_earlier_attempt_at_a_block_do_not_count(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "data.csv", ["#Data:"], COLUMNS)
    for block, attempt, field in (("loop=1", 1, 0.1), ("loop=2", 1, 0.2), ("loop=2", 2, 0.3), ("loop=3", 2, 0.4)):
        recorder.record({"Field (T)": field, "Branch": "up", "Block": block, "Attempt": attempt})
    recorder.close()
    frame = latest_attempts(read_rows(tmp_path / "data.csv")[0])
    assert frame["Field (T)"].tolist() == [0.1, 0.3, 0.4]


def test_a_json_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    write_json(path, {"a": 0.1})
    with pytest.raises(ValueError, match="nan"):
        write_json(path, {"a": float("nan")})
    assert read_json(path) == {"a": 0.1}


def test_the_last_announced_state_is_the_runs_state(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    assert directory.status() == "unknown"
    directory.events_file.write_text('{"event": "state", "state": "running"}\n{"event": "sta')
    assert directory.status() == "running"


def test_bytes_that_are_no_text_spoil_one_event_and_no_other(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    directory.events_file.write_bytes(
        b'\xef\xbb\xbf{"state": "running"}\r\n\xff\xfe\x00\n{"state": "fin\xc3shed"}\n{"state": 5}\n[]\n'
    )
    assert directory.status() == "running"
    with directory.events_file.open("ab") as file:
        file.write(b'{"state": "finished", "error": "\xe2\x80\xa8"}\r\n')  # a line separator is no end of a line here
    assert directory.status() == "finished"


@pytest.mark.parametrize("text", ['{"schema": 99}', '{"schema": true}', '{"schema": "1"}', "{}"])
def test_a_run_of_another_schema_is_refused(tmp_path: Path, text: str) -> None:
    directory = RunDirectory(tmp_path)
    directory.request_file.write_text(text)
    directory.result_file.write_text(text)
    for read, file in ((directory.request, "run.json"), (directory.results, "result.json")):
        with pytest.raises(UsageError, match=rf"{file} (has|says no) schema.*, but this labctl reads schema 1;"):
            read()


def test_a_run_of_this_schema_is_read_though_an_editor_marked_it(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    directory.write_request({"procedure": "ahe"})
    directory.request_file.write_bytes(b"\xef\xbb\xbf" + directory.request_file.read_bytes())
    assert directory.request()["procedure"] == "ahe"
    assert directory.results() == {}
