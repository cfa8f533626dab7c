"""Files of a run that are taken away, replaced or cut while it is on: it ends, is safe, and every row is there."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from instruments.errors import WriteFailed
from labctl import paths
from labctl.active_run import ActiveRun
from labctl.events import EventLog
from labctl.kept_files import RESCUED, KeptRequest
from labctl.procedure import Procedure
from labctl.recorder import Recorder
from tests.simulated import Done, Simulate

TAKEN = 30
"""Row after which somebody does something to the run's folder."""
ROWS = 60


class Driving(Procedure):
    """A current that flows while rows are recorded."""

    roles = ("source",)
    DATA_COLUMNS = ("Number", "Level (A)")

    def execute(self) -> None:
        self.source.source_compliance = 1.0
        self.source.source_current = 1e-4
        self.source.source_enabled = True
        for number in self.track("number", range(ROWS)):
            self.clock.sleep(0.1)
            self.record(**{"Number": number, "Level (A)": 1e-4})


class Waiting(Driving):
    """The same, with a wait in which nothing is recorded."""

    def execute(self) -> None:
        super().execute()
        for _ in range(5):
            self.clock.sleep(1.0)
            self.run.check()
        self.record(**{"Number": ROWS, "Level (A)": 1e-4})


def replaced(file: Path) -> None:
    shutil.copy(file, file.with_name("copy"))
    file.with_name("copy").replace(file)


def added_to(file: Path) -> None:
    with file.open("a") as opened:
        opened.write("a line of somebody else's\n")


def carried_out(simulate: Simulate, take: Callable[[Path], object], kind: type[Driving] = Driving) -> Done:
    """A run whose folder is given to `take` after so many rows."""
    taken: list[Path] = []

    def watch(run: ActiveRun) -> None:
        if run.points == TAKEN + (ROWS - TAKEN) * (kind is Waiting) and not taken:
            taken.append(run.directory.path)
            take(run.directory.path)

    return simulate(kind(), watch=watch)


WAYS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "data deleted": (lambda run: (run / "data.csv").unlink(), "data.csv", "it was deleted under the run"),
    "data replaced": (lambda run: replaced(run / "data.csv"), "data.csv", "another file was put in its place"),
    "data cut": (lambda run: os.truncate(run / "data.csv", 99), "data.csv", "written to it under the run (99 bytes"),
    "data added to": (lambda run: added_to(run / "data.csv"), "data.csv", "written to it under the run"),
    "events deleted": (lambda run: (run / "events.jsonl").unlink(), "events.jsonl", "it was deleted under the run"),
    "events cut": (lambda run: os.truncate(run / "events.jsonl", 0), "events.jsonl", "under the run (0 bytes"),
    "request deleted": (lambda run: (run / "run.json").unlink(), "run.json", "it was deleted under the run"),
    "request cut": (lambda run: os.truncate(run / "run.json", 99), "run.json", "is no JSON object any more"),
    "all deleted": (shutil.rmtree, "data.csv", "its folder was deleted or moved"),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_run_ends_at_the_next_row_the_source_is_off_and_nothing_is_lost(way: str, simulate: Simulate) -> None:
    take, name, became = WAYS[way]
    done = carried_out(simulate, take)
    outcome, run = done.outcome, done.directory
    assert (outcome.status, outcome.exit_code) == ("failed", 1)
    assert outcome.points in {TAKEN, TAKEN + 1}
    assert outcome.error is not None
    assert outcome.error.startswith(f"the run cannot go on with {run.path / name}: ")
    assert became in outcome.error
    assert "all of it was written anew to the same place" in outcome.error
    done.assert_source_off()
    assert done.rows["Number"].tolist() == list(range(outcome.points))
    assert run.request()["procedure"]["class"].endswith("Driving")
    events = run.events()
    assert [event.get("state") for event in events if event["event"] == "state"] == ["running", "failed"]
    assert events[-2]["event"] == "safe"
    found = run.path / name.replace(".", "-found.")
    assert found.exists() == ("deleted" not in way)


def test_a_wait_in_which_nothing_is_recorded_notices_it_too(simulate: Simulate) -> None:
    done = carried_out(simulate, lambda run: (run / "data.csv").unlink(), Waiting)
    assert done.outcome.status == "failed"
    assert len(done.rows) == ROWS
    done.assert_source_off()


def test_what_was_taken_away_is_carried_on_as_if_nothing_had_been(simulate: Simulate) -> None:
    from dataclasses import replace

    from labctl.resuming import request_of
    from labctl.run import carry_out

    done = carried_out(simulate, shutil.rmtree)
    assert done.outcome.run is not None
    asked = done.directory.request()
    assert asked["parameters"] == {}
    request = replace(request_of(done.outcome.run), procedure=Driving())
    outcome = carry_out(request)
    assert outcome.status == "finished", outcome.error
    assert done.rows["Number"].tolist() == list(range(ROWS))


def test_notes_may_be_added_to_a_run_that_is_on(simulate: Simulate) -> None:
    def add(run: Path) -> None:
        asked = json.loads((run / "run.json").read_text())
        (run / "run.json").write_text(json.dumps({**asked, "notes": "the door was opened"}))

    done = carried_out(simulate, add)
    assert done.outcome.status == "finished"
    assert done.directory.request()["notes"] == "the door was opened"


def test_rows_that_cannot_be_written_where_they_belong_are_written_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder was moved away, and a file has taken its name."""
    monkeypatch.setenv(paths.STATE, str(tmp_path / "state"))
    folder = tmp_path / "0001-a"
    folder.mkdir()
    recorder = Recorder(folder / "data.csv", [], ("Number",))
    recorder.record({"Number": 1})
    folder.rename(tmp_path / "moved")
    folder.write_text("no folder")
    rescued = tmp_path / "state" / RESCUED / "0001-a" / "data.csv"
    with pytest.raises(WriteFailed, match="cannot be written there") as raised:
        recorder.record({"Number": 2})
    assert str(rescued) in str(raised.value)
    assert rescued.read_text() == "Number\n1\n2\n"
    with pytest.raises(WriteFailed):  # for ever
        recorder.record({"Number": 3})
    with pytest.raises(WriteFailed):
        recorder.close()
    assert rescued.read_text() == "Number\n1\n2\n"


def test_many_rows_are_kept_whole(tmp_path: Path) -> None:
    """More than what waits to be packed."""
    path = tmp_path / "data.csv"
    recorder = Recorder(path, ["#top"], ("Number", "Value"))
    for number in range(10_000):
        recorder.record({"Number": number, "Value": number / 7})
    whole = path.read_bytes()
    path.unlink()
    with pytest.raises(WriteFailed):
        recorder.look()
    assert path.read_bytes() == whole


def test_a_file_system_that_turns_read_only_ends_the_run(simulate: Simulate, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write

    def refuse(file: int, data: bytes) -> int:
        if data.startswith(b"%d," % TAKEN):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return write(file, data)

    monkeypatch.setattr(os, "write", refuse)
    done = simulate(Driving())
    assert done.outcome.status == "failed"
    assert "Read-only file system" in str(done.outcome.error)
    assert len(done.rows) == TAKEN
    done.assert_source_off()


def test_a_line_of_the_events_that_is_written_in_part_does_not_hide_what_came_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from instruments.clock import VirtualClock

    log = EventLog(tmp_path / "events.jsonl", VirtualClock())
    log.write("first")

    def torn(file: int) -> None:
        os.write(os.open(log.path, os.O_WRONLY | os.O_APPEND), b'{"half')
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", torn)
        with pytest.raises(WriteFailed, match="No space"):
            log.state("running")
    log.write("last")
    assert [json.loads(line)["event"] for line in log.path.read_text().splitlines()] == ["first", "last"]


def test_a_request_that_cannot_be_looked_at_again_is_written_anew_once(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_text('{"schema": 1}')
    kept = KeptRequest(file)
    assert kept.look() == ""
    file.unlink()
    assert kept.look().startswith("it was deleted under the run; all of it was written anew")
    assert kept.look() == ""


class Jumping:
    """The date and time of a computer whose clock is set back by an hour, and forward by a day, while it is asked."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self._asked = 0

    def now(self, zone: Any = None) -> Any:
        from datetime import timedelta

        self._asked += 1
        return self._kind.now(zone) + timedelta(hours=(0, -1, 24)[self._asked % 3])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kind, name)


def test_a_clock_on_the_wall_that_is_set_back_changes_neither_waits_nor_stamps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from instruments import clock as clocks

    monkeypatch.setattr(clocks, "datetime", Jumping(clocks.datetime))
    clock = clocks.WallClock()
    log = EventLog(tmp_path / "events.jsonl", clock)
    deadline = clock.deadline(1000.0)
    for _ in range(9):
        log.write("any")
    lines = [json.loads(line) for line in log.path.read_text().splitlines()]
    stamps = [line["time_s"] for line in lines]
    assert stamps == sorted(stamps)
    assert stamps[-1] < 100.0
    assert len({line["utc"][:13] for line in lines}) > 1  # it did jump
    assert not deadline.passed
