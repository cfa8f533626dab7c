"""Rows in a file: exact, whole, and loudly refused when they cannot be written."""

from __future__ import annotations

import io
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.errors import BadValue, DataDamaged, WriteFailed
from labctl.recorder import Recorder

COLUMNS = ("Field (T)", "Loop", "Branch", "Overflow")


def row(field: float = 0.1, loop: int = 1, branch: str = "up", overflow: bool = False) -> dict[str, object]:
    return {"Field (T)": field, "Loop": loop, "Branch": branch, "Overflow": overflow}


def make(path: Path) -> Recorder:
    return Recorder(path, ["#Procedure: <a.B>", "#Data:"], COLUMNS)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(allow_infinity=False, allow_nan=False), min_size=1, max_size=20))
def test_every_float_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, values: list[float]) -> None:
    path = tmp_path_factory.mktemp("data") / "data.csv"
    recorder = make(path)
    for value in values:
        recorder.record(row(value))
    recorder.close()
    frame = pd.read_csv(path, comment="#")
    assert frame["Field (T)"].tolist() == values


def test_numpy_scalars_flags_and_not_a_number_are_written_plainly(tmp_path: Path) -> None:
    recorder = make(tmp_path / "data.csv")
    recorder.record({"Field (T)": np.float64(0.1), "Loop": np.int64(3), "Branch": "up", "Overflow": np.bool_(True)})
    recorder.record(row(math.nan))
    recorder.close()
    lines = (tmp_path / "data.csv").read_text().splitlines()
    assert lines[3:] == ["0.1,3,up,1", "nan,1,up,0"]


def test_a_row_is_with_the_operating_system_when_record_returns(tmp_path: Path) -> None:
    recorder = make(tmp_path / "data.csv")
    recorder.record(row())
    assert (tmp_path / "data.csv").read_text().endswith("0.1,1,up,0\n")
    recorder.close()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"Field": 1.0}, "Field"),
        ({"Branch": "a,b"}, "comma"),
        ({"Branch": "a\nb"}, "line break"),
        ({"Loop": object()}, "neither|not a number"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_and_not_written(
    tmp_path: Path, change: dict[str, object], match: str
) -> None:
    recorder = make(tmp_path / "data.csv")
    before = (tmp_path / "data.csv").read_bytes()
    with pytest.raises(BadValue, match=match):
        recorder.record({**row(), **change})
    assert (tmp_path / "data.csv").read_bytes() == before
    recorder.close()


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    recorder = make(tmp_path / "data.csv")
    incomplete = row()
    del incomplete["Branch"]
    with pytest.raises(BadValue, match="Branch"):
        recorder.record(incomplete)
    recorder.close()


def test_an_existing_file_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("precious")
    with pytest.raises(WriteFailed, match=r"data\.csv"):
        make(tmp_path / "data.csv")
    assert (tmp_path / "data.csv").read_text() == "precious"


def test_a_full_disk_is_an_error_that_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = make(tmp_path / "data.csv")
    recorder.record(row())
    real = os.write

    def half_then_full(file: int, data: bytes) -> int:
        if len(data) > 4:
            return real(file, data[:4])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", half_then_full)
    with pytest.raises(WriteFailed, match=r"data\.csv.*No space left"):
        recorder.record(row())
    monkeypatch.undo()
    with pytest.raises(WriteFailed, match="No space left"):  # whoever overheard it hears it again at the end
        recorder.close()
    assert (tmp_path / "data.csv").read_text().splitlines()[3:] == ["0.1,1,up,0"]


KILLED = """
import os, sys
sys.path.insert(0, {root!r})
from collections.abc import Callable
from pathlib import Path
from labctl.recorder import Recorder
recorder = Recorder(Path({path!r}), ["#Data:"], ("Number", "Value"))
number = 0
while True:
    recorder.record({{"Number": number, "Value": number / 7}})
    os.write(1, b"%d\\n" % number)
    number += 1
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is a thing of POSIX systems")
def test_no_row_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    code = KILLED.format(root=str(Path(__file__).parents[2]), path=str(path))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        acknowledged = [process.stdout.readline() for _ in range(500)]
        process.send_signal(signal.SIGKILL)
        acknowledged += process.stdout.readlines()
    whole = path.read_text().rpartition("\n")[0]
    frame = pd.read_csv(io.StringIO(whole), comment="#")
    last = int([line for line in acknowledged if line.endswith(b"\n")][-1])
    assert frame["Number"].tolist()[: last + 1] == list(range(last + 1))
    assert frame["Value"].tolist()[last] == last / 7


def cut(path: Path, size: int) -> bytes:
    """Record two rows, and leave this many bytes of the file; return the whole."""
    recorder = make(path)
    recorder.record(row(0.1))
    recorder.record(row(0.2))
    recorder.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:size])
    return whole


def go_on(path: Path, keep: Callable[[bytes], None], columns: tuple[str, ...] = COLUMNS) -> Recorder:
    return Recorder(path, ["#Procedure: <a.B>", "#Data:"], columns, keep_torn=keep)


def test_a_file_cut_at_any_byte_is_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    whole = cut(path, 0)
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        kept: list[bytes] = []
        recorder = go_on(path, kept.append)
        header = b"".join(whole.splitlines(keepends=True)[:3])
        lines, _, torn = whole[:size].rpartition(b"\n")
        left = max(lines + b"\n" if lines else b"", header, key=len)
        assert kept == ([torn] if torn else [])
        assert recorder.rows == left.count(b"\n") - 3
        recorder.record(row(0.3))
        assert recorder.size == len(left) + len(b"0.3,1,up,0\n")
        recorder.close()
        assert path.read_bytes() == left + b"0.3,1,up,0\n"


def test_the_torn_row_is_kept_before_it_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    whole = cut(path, -3)

    def fail(torn: bytes) -> None:
        assert torn == b"0.2,1,up"
        raise WriteFailed("no room for it")

    with pytest.raises(WriteFailed, match="no room"):
        go_on(path, fail)
    assert path.read_bytes() == whole[:-3]


def test_a_missing_file_is_made(tmp_path: Path) -> None:
    recorder = go_on(tmp_path / "data.csv", lambda torn: None)
    recorder.close()
    assert (tmp_path / "data.csv").read_text().splitlines()[-1] == ",".join(COLUMNS)


def test_a_file_with_another_header_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    whole = cut(path, -3)
    with pytest.raises(DataDamaged, match="does not begin as this procedure"):
        go_on(path, lambda torn: None, (*COLUMNS, "New"))
    assert path.read_bytes() == whole[:-3]


def test_a_row_that_was_not_taken_is_not_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever swallows the error must not be told later that all is on the disk."""
    recorder = make(tmp_path / "data.csv")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda file: (_ for _ in ()).throw(OSError(5, "Input/output error")))
        with pytest.raises(WriteFailed, match="Input/output error"):
            recorder.sync()
    with pytest.raises(WriteFailed, match="Input/output error"):
        recorder.sync()
    with pytest.raises(WriteFailed, match="Input/output error"):
        recorder.close()
