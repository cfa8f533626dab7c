"""Rows of a run as the window reads them: whole lines only, files that are written anew, blocks measured again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labctl.attempts import abandoned_blocks, check_loops, counting
from labctl.gui.plot.growing import AT_ONCE, PER_VALUE, Numbers
from labctl.gui.plot.rundata import Line, RunData
from tests.gui.plot.runs import HEADER, NAMES, lines, loop_rows, write_run


def all_read(data: RunData) -> RunData:
    while data.read_on():
        pass
    return data


def test_a_torn_last_row_waits_until_it_is_whole(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "0001-ahe", loop_rows(20))
    data = all_read(RunData(folder))
    assert data.rows == 20
    with (folder / "data.csv").open("a", encoding="utf-8") as file:
        file.write("2.0,0.1,0.2")
        file.flush()
        assert not data.read_on()
        file.write("5,up,1,loop=1,1\n")
    assert data.read_on()
    assert data.rows == 21
    assert data.row(20)["Hall resistance (ohm)"] == 0.25
    assert data.row(20)["Branch"] == "up"


@given(cuts=st.lists(st.integers(1, 400), max_size=30))
@settings(deadline=None, max_examples=30)
def test_where_the_file_is_cut_while_it_is_written_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("run")
    content = (HEADER + ",".join(NAMES) + "\n" + lines(loop_rows(60))).encode()
    data = RunData(folder)
    start = 0
    for cut in [*cuts, len(content)]:
        with (folder / "data.csv").open("ab") as file:
            file.write(content[start : start + cut])
        start = min(len(content), start + cut)
        data.read_on()
    assert data.rows == 60
    table = pd.read_csv(folder / "data.csv", comment="#")
    for name in ("Field (T)", "Hall resistance (ohm)"):
        assert np.array_equal(data.columns[name].all(), table[name].to_numpy())


def test_a_file_that_is_written_anew_is_read_anew(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "0001-ahe", loop_rows(40))
    data = all_read(RunData(folder))
    before = data.revision
    other = HEADER + ",".join(NAMES) + "\n" + lines(loop_rows(60, start=1000.0))
    (folder / "data.csv").write_text(other, encoding="utf-8")  # longer than what was read
    all_read(data)
    assert data.revision > before
    assert data.rows == 60
    assert data.row(0)["Time (s)"] == 1000.0


def test_a_file_that_became_shorter_is_read_anew(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "0001-ahe", loop_rows(40))
    data = all_read(RunData(folder))
    (folder / "data.csv").write_text(HEADER + ",".join(NAMES) + "\n" + lines(loop_rows(4)), encoding="utf-8")
    assert all_read(data).rows == 4


def test_little_is_read_at_once_of_a_large_file(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "0001-ahe", loop_rows(12_000))
    data = RunData(folder)
    assert data.read_on()
    assert 0 < data.rows < 12_000
    assert data.behind
    assert all_read(data).rows == 12_000
    assert not data.behind


def test_a_damaged_row_is_told_and_left_out(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "0001-ahe", loop_rows(4))
    with (folder / "data.csv").open("a", encoding="utf-8") as file:
        file.write("1,2,3\n" + lines(loop_rows(2)))
    data = all_read(RunData(folder))
    assert data.rows == 7
    assert data.problem == "data.csv, row 5: 3 values where 7 columns are named; the file is damaged there"
    assert np.isnan(Line(data, "Field (T)", "Hall resistance (ohm)").between(0, 7)[0]).tolist() == [
        False, False, False, False, True, False, False,
    ]  # fmt: skip


def test_a_column_that_begins_empty_may_be_one_of_words(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "0001-x", [(1.0, ""), (2.0, "")], names=("Time (s)", "Note"))
    data = all_read(RunData(folder))
    assert data.numeric() == ["Time (s)", "Note"]
    with (folder / "data.csv").open("a", encoding="utf-8") as file:
        file.write("3.0,ok\n")
    all_read(data)
    assert data.worded() == ["Note"]
    assert [data.row(row)["Note"] for row in range(3)] == ["", "", "ok"]


def test_a_block_that_is_measured_again_takes_the_place_of_the_earlier_one(tmp_path: Path) -> None:
    first = [*loop_rows(10, block="loop=1"), *loop_rows(6, block="loop=2")]
    folder = write_run(tmp_path / "0001-ahe", first)
    data = all_read(RunData(folder))
    assert data.all_count
    revision = data.revision
    with (folder / "data.csv").open("a", encoding="utf-8") as file:
        file.write(lines(loop_rows(10, block="loop=2", attempt=2)))
    all_read(data)
    assert data.revision > revision
    assert data.counted().all().tolist() == [True] * 10 + [False] * 6 + [True] * 10
    x, _ = Line(data, "Field (T)", "Hall resistance (ohm)").between(0, 26)
    assert np.isnan(x).tolist() == [False] * 10 + [True] * 6 + [False] * 10


pieces = st.lists(
    st.tuples(st.sampled_from(["a", "a/b", "a/b/c", "d"]), st.integers(1, 4), st.integers(1, 5)), min_size=1, max_size=8
)
said = st.lists(
    st.one_of(
        st.builds(
            lambda block, attempt: {"event": "check", "block": block, "attempt": attempt},
            st.sampled_from(["a", "a/b"]), st.integers(1, 4),
        ),
        st.builds(
            lambda attempt: {"event": "checked", "block": "a", "attempt": attempt, "changed": True}, st.integers(1, 4)
        ),
        st.builds(
            lambda block, attempt: {"event": "abandoned", "blocks": {block: attempt}},
            st.sampled_from(["a", "d"]), st.integers(1, 4),
        ),
    ),
    max_size=3,
)  # fmt: skip


@given(parts=pieces, events=said)
@settings(deadline=None, max_examples=60)
def test_which_rows_count_is_as_labctl_says(
    tmp_path_factory: pytest.TempPathFactory, parts: Sequence[tuple[str, int, int]], events: list[dict[str, object]]
) -> None:
    folder = tmp_path_factory.mktemp("run")
    (folder / "data.csv").write_text("V (V),Block,Attempt\n", encoding="utf-8")
    data = RunData(folder)
    rows: list[tuple[float, str, int]] = []
    for number, (block, attempt, count) in enumerate(parts):
        new = [(float(number), block, attempt)] * count
        rows += new
        with (folder / "data.csv").open("a", encoding="utf-8") as file:
            file.write(lines(new))
        if number < len(events):
            with (folder / "events.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(events[number]) + "\n")
        data.read_on()
    told = events[: len(parts)]
    frame = pd.DataFrame(rows, columns=["V (V)", "Block", "Attempt"])
    assert data.counted().all().tolist() == counting(frame, abandoned_blocks(told), check_loops(told))


def test_logarithms_leave_out_what_has_none(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "0001-x", [(1.0, 10.0), (2.0, -1.0), (0.0, 5.0)], names=("I (A)", "V (V)"))
    x, y = Line(all_read(RunData(folder)), "I (A)", "V (V)", log=(True, True)).between(0, 3)
    np.testing.assert_array_equal(x, [0.0, np.nan, np.nan])
    np.testing.assert_array_equal(y, [1.0, np.nan, np.nan])


def test_a_column_never_copies_much_at_once_as_it_grows() -> None:
    column = Numbers()
    largest = 0
    for start in range(0, 60_000, 7):
        before, moved = column._new, column._moved
        column.extend(np.arange(start, start + 7, dtype=np.float64))
        if start > 2000:
            there = len(column) - 7
            copied = (there if column._new is not before else column._moved) - moved
            largest = max(largest, copied)
    assert largest <= AT_ONCE + 7 * PER_VALUE
    assert np.array_equal(column.all(), np.arange(len(column)))
    column.extend(np.arange(200_000.0))
    assert np.array_equal(column.all()[-200_000:], np.arange(200_000.0))
