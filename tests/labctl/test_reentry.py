"""Runs that were cut and are carried on in their folder: nothing rewritten, nothing lost, nothing taken twice."""

from __future__ import annotations

import json
import random
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from instruments.errors import DataDamaged, LabError, UnknownName, UsageError
from labctl.events import EventLog
from labctl.procedure import Procedure
from labctl.recorder import Recorder
from labctl.reentry import begin_again
from labctl.request import Outcome, Request
from labctl.run import carry_out
from labctl.rundir import RunDirectory
from labctl.sample import load_sample
from labctl.station import load_station
from procedures.ahe import AnomalousHallLoop
from tests.experiments import Memory, NestedTwice, PlainOuter

HALL: dict[str, Any] = {"maximum_field": "0.2 T", "sweep": "step", "field_step": "0.1 T", "sweep_rate": "180 Oe/s"}


def request(out: Path, procedure: Procedure, resume: Path | None = None, **changes: Any) -> Request:
    asked = Request(
        name="toy", procedure=procedure, station=load_station("ppms"), sample=load_sample("cotb2025"), simulate=True,
        seed=7, out=out, resume=resume,
    )  # fmt: skip
    return replace(asked, **changes)


def finished(outcome: Outcome) -> RunDirectory:
    assert (outcome.status, outcome.error) == ("finished", None)
    assert outcome.run is not None
    return RunDirectory(outcome.run)


class Written:
    """One run that nobody cut, with the sizes of both files after each time that something was written."""

    def __init__(self, out: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Procedure]) -> None:
        self.kind = kind
        self.sizes: list[tuple[int, int]] = [(0, 0)]
        record, write = Recorder.record, EventLog.write

        def note(path: Path) -> None:
            files = (path.parent / "data.csv", path.parent / "events.jsonl")
            data, events = (file.stat().st_size if file.exists() else 0 for file in files)
            self.sizes.append((data, events))

        def recording(recorder: Recorder, row: Any) -> None:
            record(recorder, row)
            note(recorder.path)

        def writing(log: EventLog, event: str, **details: Any) -> None:
            write(log, event, **details)
            note(log.path)

        with monkeypatch.context() as patch:
            patch.setattr(Recorder, "record", recording)
            patch.setattr(EventLog, "write", writing)
            self.directory = finished(carry_out(request(out, kind()), analyse=False))
        self.rows = self.directory.read_data()[0]

    def moments(self) -> list[tuple[int, int]]:
        """Every byte: sizes of both files, in the order in which they grew, up to the announcement of the end."""
        found: list[tuple[int, int]] = []
        for (data, events), (later_data, later_events) in zip(self.sizes, self.sizes[1:], strict=False):
            found += [(size, events) for size in range(data, later_data)]
            found += [(later_data, size) for size in range(events, later_events)]
        return found[: -len('{"event": "state", "state": "finished"}')]

    def cut(self, folder: Path, data: int, events: int) -> Path:
        """Make a folder with what was there at a moment."""
        folder.mkdir()
        shutil.copy(self.directory.request_file, folder)
        for name, size in (("data.csv", data), ("events.jsonl", events)):
            (folder / name).write_bytes((self.directory.path / name).read_bytes()[:size])
        return folder

    def assert_carried_on(self, folder: Path) -> None:
        """Carry a cut run on: what was there stays to the last byte, and what counts is what nobody cut."""
        before = {name: (folder / name).read_bytes() for name in ("run.json", "data.csv", "events.jsonl")}
        directory = finished(carry_out(request(folder.parent, self.kind(), folder), analyse=False))
        assert directory.path == folder
        assert directory.request_file.read_bytes() == before["run.json"]
        assert directory.events_file.read_bytes().startswith(before["events.jsonl"])
        whole, line_break, torn = before["data.csv"].rpartition(b"\n")
        assert directory.data_file.read_bytes().startswith(whole + line_break)
        kept = [bytes.fromhex(event["bytes"]) for event in directory.events() if event["event"] == "torn"]
        assert kept == ([torn] if torn else [])
        rows, warnings = directory.read_data()
        assert warnings == []
        assert in_blocks(rows) == in_blocks(self.rows)


def in_blocks(rows: Any) -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = {}
    for block, step, value in zip(*(list(rows[name]) for name in ("Block", "Step", "Value")), strict=True):
        found.setdefault(block, []).append((step, value))
    return found


@pytest.mark.parametrize(
    ("kind", "times"),
    [
        (NestedTwice, 8),
        (PlainOuter, 4),
        pytest.param(NestedTwice, 800, marks=pytest.mark.endurance),
        pytest.param(PlainOuter, 800, marks=pytest.mark.endurance),
    ],
)
def test_a_run_may_be_cut_at_any_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Memory], times: int
) -> None:
    run = Written(tmp_path, monkeypatch, kind)
    moments = run.moments()
    assert len(moments) > 1000
    for number, (data, events) in enumerate(random.Random(times).sample(moments, times)):
        run.assert_carried_on(run.cut(tmp_path / f"cut-{number}", data, events))


def test_a_run_may_be_cut_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Written(tmp_path, monkeypatch, NestedTwice)
    folder = run.cut(tmp_path / "cut", *run.sizes[3])
    for points in (3, 8):

        def die(active: Any, points: int = points) -> None:
            if active.points >= points:
                raise KeyboardInterrupt

        outcome = carry_out(request(tmp_path, NestedTwice(), folder), die, analyse=False)
        assert outcome.status == "aborted"
    rows = finished(carry_out(request(tmp_path, NestedTwice(), folder), analyse=False)).read_data()[0]
    assert in_blocks(rows) == in_blocks(run.rows)
    assert max(rows["Attempt"].tolist()) == 4


@pytest.mark.parametrize("left", [None, b"", b"#Procedure: <te", b"#Procedure: <tests.experiments.NestedTwice>\n"])
def test_a_run_that_was_cut_within_its_header_gets_the_rest_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: bytes | None
) -> None:
    run = Written(tmp_path, monkeypatch, NestedTwice)
    folder = run.cut(tmp_path / "cut", 0, run.sizes[1][1])
    (folder / "data.csv").unlink()
    if left is not None:
        (folder / "data.csv").write_bytes(left)
    directory = finished(carry_out(request(tmp_path, NestedTwice(), folder), analyse=False))
    header = run.directory.data_file.read_bytes()[: run.sizes[1][0]]
    assert header.endswith(b"Step,Value,Block,Attempt\n")
    assert directory.data_file.read_bytes().startswith(header)
    assert in_blocks(directory.read_data()[0]) == in_blocks(run.rows)


class Diverted(Memory):
    """Goes another way when it is begun again."""

    again: ClassVar[bool] = False

    def execute(self) -> None:
        for number in self.track("loop", [1, 2], restart=True):
            self.saturate()
            name = "second way" if self.again else "first way"
            for _ in self.track(name, [1, 2], restart=True):
                self.record(Step=float(number), Value=float(self.again))
                if number == 2 and not self.again:
                    raise KeyboardInterrupt


def test_what_a_run_did_not_come_to_again_does_not_count_once_it_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = carry_out(request(tmp_path, Diverted()), analyse=False)
    assert cut.run is not None
    monkeypatch.setattr(Diverted, "again", True)
    directory = finished(carry_out(request(tmp_path, Diverted(), cut.run), analyse=False))
    rows = directory.read_data()[0]
    assert rows["Block"].tolist() == [
        "loop=1/first way=1", "loop=1/first way=2", "loop=2/second way=1", "loop=2/second way=2",
    ]  # fmt: skip
    assert [event["blocks"] for event in directory.events() if event["event"] == "abandoned"] == [
        {"loop=2/first way=1": 1}
    ]


class Listed(Memory):
    """Loops over what it is told outside of its parameters, as nobody should."""

    fields: ClassVar[list[float]] = [1.0, 2.0, 3.0]

    def execute(self) -> None:
        for value in self.track("loop", self.fields, restart=True):
            self.saturate()
            self.record(Step=value, Value=self.state)
            if value == 3.0:
                raise KeyboardInterrupt


@pytest.mark.parametrize("values", [[1.0, 2.5, 3.0], [1.0], [1.0, 2.0, 3.0, 4.0], [2.0, 1.0, 3.0]])
def test_a_loop_over_other_values_than_before_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: list[float]
) -> None:
    cut = carry_out(request(tmp_path, Listed()), analyse=False)
    assert cut.run is not None
    rows = (cut.run / "data.csv").read_bytes()
    monkeypatch.setattr(Listed, "fields", values)
    outcome = carry_out(request(tmp_path, Listed(), cut.run), analyse=False)
    assert (outcome.status, outcome.exit_code) == ("failed", 2)
    assert "the loop 'loop' goes over other values than before the run was cut" in str(outcome.error)
    assert (cut.run / "data.csv").read_bytes() == rows


class Deaf(Memory):
    """Goes on whatever it is told."""

    def execute(self) -> None:
        for value in self.track("loop", [1, 2, 3], restart=True):
            for _ in range(3):
                try:
                    self.record(Step=float(value), Value=0.0)
                except LabError:
                    continue


def test_a_block_that_an_abort_cut_short_is_not_complete_for_having_swallowed_it(tmp_path: Path) -> None:
    def interrupt(run: Any) -> None:
        if run.points == 4:
            signal.raise_signal(signal.SIGINT)

    outcome = carry_out(request(tmp_path, Deaf()), interrupt, analyse=False)
    assert (outcome.status, outcome.run is not None) == ("aborted", True)
    assert outcome.run is not None
    complete = [event["block"] for event in RunDirectory(outcome.run).events() if event["event"] == "block"]
    assert complete == ["loop=1"]


@pytest.fixture
def hall(tmp_path: Path) -> Path:
    """A Hall loop that was aborted in its second loop."""

    def interrupt(run: Any) -> None:
        if run.points == 13:
            raise KeyboardInterrupt

    outcome = carry_out(request(tmp_path, AnomalousHallLoop(loops=2, **HALL)), interrupt)
    assert outcome.run is not None
    return outcome.run


def test_an_aborted_run_is_carried_on_and_analysed_whole(tmp_path: Path, hall: Path) -> None:
    before = RunDirectory(hall).read_data()[0]
    outcome = carry_out(request(tmp_path, AnomalousHallLoop(loops=2, **HALL), hall))
    directory = finished(outcome)
    rows = directory.read_data()[0]
    assert outcome.points == len(rows) == 20
    assert rows["Attempt"].tolist() == [1] * 10 + [2] * 10
    assert directory.results() == outcome.results
    assert outcome.results
    # The lab is a new one, with other noise, and its clock goes on.
    times = rows["Time (s)"].tolist()
    assert times == sorted(times)
    assert times[10] > max(before["Time (s)"].tolist())
    resumed = next(event for event in directory.events() if event["event"] == "resumed")
    assert (resumed["attempt"], resumed["complete"]) == (2, ["loop=1"])
    assert resumed["start_s"] >= max(before["Time (s)"].tolist())
    assert "this one is fresh" in resumed["note"]
    once, again = (table["Hall resistance (ohm)"].tolist()[10:13] for table in (before, rows))
    assert again != once
    assert again == pytest.approx(once, rel=0.01)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda: AnomalousHallLoop(loops=3, **HALL), "another loops: it was begun with 2, not 3"),
        (NestedTwice, "another procedure: it was begun with procedures.ahe:AnomalousHallLoop, not "),
    ],
)
def test_a_run_is_carried_on_as_what_it_was_begun(
    tmp_path: Path, hall: Path, change: Callable[[], Procedure], match: str
) -> None:
    outcome = carry_out(request(tmp_path, change(), hall))
    assert (outcome.exit_code, outcome.run) == (2, None)
    assert match in str(outcome.error)


def test_what_cannot_be_carried_on_is_refused(tmp_path: Path, hall: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    same = request(tmp_path, AnomalousHallLoop(loops=2, **HALL))
    with pytest.raises(UnknownName, match="is no run"):
        begin_again(same, tmp_path)
    with pytest.raises(UsageError, match="another simulation: it was begun with True, not False"):
        begin_again(replace(same, simulate=False), hall)
    run = Written(tmp_path / "other", monkeypatch, NestedTwice)
    with pytest.raises(UsageError, match="is finished; there is nothing to carry on"):
        begin_again(request(tmp_path, NestedTwice()), run.directory.path)
    told = json.loads((hall / "run.json").read_text())
    (hall / "run.json").write_text(json.dumps({**told, "sample": {**told["sample"], "name": "another"}}))
    with pytest.raises(UsageError, match="cannot be carried on with another sample; begin a new run"):
        begin_again(same, hall)
    (hall / "run.json").write_text(json.dumps({**told, "seeds": {}}))
    with pytest.raises(DataDamaged, match="says no seed"):
        begin_again(same, hall)


def test_a_data_file_that_another_program_has_saved_is_left_alone(tmp_path: Path, hall: Path) -> None:
    path = hall / "data.csv"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    saved = path.read_bytes()
    outcome = carry_out(request(tmp_path, AnomalousHallLoop(loops=2, **HALL), hall), analyse=False)
    assert outcome.exit_code == 2
    assert "has another program saved it" in str(outcome.error)
    assert path.read_bytes() == saved


def test_in_a_real_lab_time_has_gone_on_meanwhile(tmp_path: Path, hall: Path) -> None:
    told = json.loads((hall / "run.json").read_text())
    (hall / "run.json").write_text(json.dumps({**told, "simulated": False, "seeds": {"seed": 7}}))
    hour_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    with (hall / "events.jsonl").open("a") as file:
        file.write(json.dumps({"time_s": 5000.0, "utc": hour_ago, "event": "state", "state": "aborted"}) + "\n")
    entry = begin_again(request(tmp_path, AnomalousHallLoop(loops=2, **HALL), simulate=False), hall)
    assert entry.start == pytest.approx(8600.0, abs=20.0)
    assert entry.note == ""


def test_what_may_change_meanwhile_is_written_down(tmp_path: Path, hall: Path) -> None:
    told = json.loads((hall / "run.json").read_text())
    (hall / "run.json").write_text(json.dumps({**told, "station": {**told["station"], "name": "as it was"}}))
    same = request(tmp_path, AnomalousHallLoop(loops=2, **HALL))
    assert list(begin_again(same, hall).changed) == ["station"]
    (hall / "run.json").write_text(json.dumps({**told, "kind": "series"}))
    with pytest.raises(UsageError, match="is a series"):
        begin_again(same, hall)
