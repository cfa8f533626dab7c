"""What a run leaves behind when it is killed, at whatever moment: every row for which `record` had returned.

Children of this process carry out a real run on the simulated station and say after each `record` that it has returned.
They are forked, so that they start warm, and killed with SIGKILL, which no program can catch.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
import warnings
from dataclasses import dataclass, replace
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from instruments.errors import DataDamaged
from labctl.cli.main import run_command
from labctl.reentry import LAB_TIME
from labctl.request import Request
from labctl.run import carry_out
from labctl.rundir import RunDirectory, read_json, read_rows
from labctl.sample import load_sample
from labctl.station import load_station
from procedures.ahe import AnomalousHallLoop

LOOP: dict[str, Any] = {"maximum_field": "0.15 T", "survey_rate": "190 Oe/s"}
"""A loop of two hundred points or so, beyond the coercive field of the sample."""
SEED = 11
POINT = 1e-3
"""s; a point costs less than this, so that a kill within it after an acknowledged row falls anywhere in the next."""

forks = pytest.mark.skipif("fork" not in get_all_start_methods(), reason="this system cannot fork a warm child")


def request(out: Path) -> Request:
    return Request(
        name="ahe",
        procedure=AnomalousHallLoop(**LOOP),
        station=load_station("ppms"),
        sample=load_sample("cotb2025"),
        simulate=True,
        seed=SEED,
        out=out,
    )


def only_run(out: Path) -> Path | None:
    """The one run below a folder; None when the child was killed before it made it."""
    runs = list(out.glob("*/0001-ahe-cotb2025-sim"))
    assert len(runs) <= 1
    return runs[0] if runs else None


@dataclass(frozen=True, slots=True)
class Whole:
    """The same run, left alone."""

    data: bytes
    frame: pd.DataFrame


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    outcome = carry_out(request(tmp_path_factory.mktemp("whole")))
    assert outcome.status == "finished"
    assert outcome.run is not None
    path = outcome.run / "data.csv"
    frame, complaints = read_rows(path)
    assert complaints == []
    assert len(frame) > 100
    return Whole(path.read_bytes(), frame)


def carry_out_and_acknowledge(asked: Request, pipe: int) -> None:
    """Carry the run out in a child; one byte goes into the pipe whenever `record` has returned."""
    record = AnomalousHallLoop.record

    def acknowledging(self: AnomalousHallLoop, **row: Any) -> None:
        record(self, **row)
        os.write(pipe, b".")

    AnomalousHallLoop.record = acknowledging  # the child's own copy of the class
    carry_out(asked)


def kill_at(asked: Request, rows: int, delay: float) -> int:
    """Kill a run this many s after so many rows were acknowledged, and return how many were in the end."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as acknowledged:
        child = get_context("fork").Process(target=carry_out_and_acknowledge, args=(asked, writing))
        with warnings.catch_warnings():
            # Python 3.12 warns of threads at a fork; those here belong to the linear algebra, which is ready for it.
            warnings.simplefilter("ignore", DeprecationWarning)
            child.start()
        os.close(writing)
        heard = 0
        while heard < rows and (more := acknowledged.read(rows - heard)):
            heard += len(more)
        time.sleep(delay)
        child.kill()
        child.join()
        assert child.exitcode in {-signal.SIGKILL, 0}, "the run ended by itself, and not well"
        while more := acknowledged.read(65536):
            heard += len(more)
    return heard


def assert_nothing_lost(out: Path, heard: int, whole: Whole) -> int:
    """What was acknowledged is in the file, and nothing is that the undisturbed run has not; return the rows."""
    run = only_run(out)
    for name in ("run.json", "result.json"):  # there whole, or not there
        if run is not None and (run / name).exists():
            read_json(run / name)
    if run is None or not (run / "data.csv").exists():
        assert heard == 0
        return 0
    path = run / "data.csv"
    assert whole.data.startswith(path.read_bytes())
    try:
        frame, _ = read_rows(path)
    except DataDamaged as error:
        assert "nothing to read" in str(error)
        assert heard == 0
        return 0
    assert heard <= len(frame) <= heard + 1  # the last one may have been written and not yet acknowledged
    pd.testing.assert_frame_equal(frame, whole.frame.iloc[: len(frame)], check_exact=True, check_dtype=False)
    return len(frame)


def moments(whole: Whole) -> list[tuple[int, float]]:
    """Fifty moments: while everything is being opened, within any row, and while the analysis is at work."""
    chance = random.Random(2)
    opening = [(0, chance.uniform(0.0, 0.1)) for _ in range(8)]
    measuring = [(chance.randrange(1, len(whole.frame)), chance.uniform(0.0, POINT)) for _ in range(36)]
    analysing = [(len(whole.frame), chance.uniform(0.0, 0.3)) for _ in range(6)]
    return opening + measuring + analysing


@forks
@pytest.mark.parametrize("every", [2, pytest.param(1, marks=pytest.mark.endurance)])
def test_kill_at_many_moments_loses_no_acknowledged_row(tmp_path: Path, whole: Whole, every: int) -> None:
    found: list[int] = []
    for number, (rows, delay) in enumerate(moments(whole)[::every]):
        out = tmp_path / str(number)
        heard = kill_at(request(out), rows, delay)
        assert heard >= rows
        found.append(assert_nothing_lost(out, heard, whole))
    assert len(found) == 50 // every
    assert len(set(found)) > 25 // every  # the kills were spread over the run


@forks
@pytest.mark.parametrize("rows", [1, 30, 120])
def test_what_a_killed_run_left_can_be_analysed(
    tmp_path: Path, whole: Whole, rows: int, capsys: pytest.CaptureFixture[str]
) -> None:
    heard = kill_at(request(tmp_path), rows, 0.0)
    kept = assert_nothing_lost(tmp_path, heard, whole)
    run = only_run(tmp_path)
    assert run is not None
    assert run_command(["analyse", str(run), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["points"] == kept
    assert printed["status"] == "running"  # it never announced another state
    amplitude = printed["results"]["anomalous_hall_resistance"]
    assert amplitude["value"] is None  # one branch is no loop
    assert amplitude["why"]


@forks
@pytest.mark.parametrize("length", [None, 0, 100], ids=["no file", "empty", "cut header"])
def test_a_run_that_was_killed_before_its_first_row_is_said_to_hold_nothing(
    tmp_path: Path, whole: Whole, length: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    kill_at(request(tmp_path), 1, 0.0)
    run = only_run(tmp_path)
    assert run is not None
    (run / "data.csv").unlink()
    if length is not None:
        (run / "data.csv").write_bytes(whole.data[:length])
    assert run_command(["analyse", str(run)]) == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith("error: ")
    assert "data.csv" in complaint
    assert len(complaint.splitlines()) == 1


STEPPED: dict[str, Any] = {
    "maximum_field": "0.2 T", "sweep": "step", "field_step": "0.1 T", "sweep_rate": "180 Oe/s", "loops": 3,
}  # fmt: skip
"""Three loops of ten points."""


def quiet_request(out: Path, resume: Path | None = None) -> Request:
    """A run without noise, so that what is measured again is the same again."""
    return replace(request(out), procedure=AnomalousHallLoop(**STEPPED), quiet=True, resume=resume)


def assert_same_values(run: Path, whole: Path) -> None:
    """The rows that count are the same but for attempts and lab times; what loops before left in the film is 1e-8."""
    rows, wanted = (RunDirectory(path).read_data()[0] for path in (run, whole))
    assert len(rows) == len(wanted)
    for name in rows.columns:
        if name != "Attempt" and not LAB_TIME.fullmatch(name):
            here = wanted[name].tolist()
            close = here if isinstance(here[0], str) else pytest.approx(here, rel=1e-6, abs=1e-9, nan_ok=True)
            assert rows[name].tolist() == close


@forks
def test_a_killed_run_is_carried_on_where_it_lies_and_measures_what_it_would_have_measured(tmp_path: Path) -> None:
    whole = carry_out(quiet_request(tmp_path / "whole"), analyse=False)
    assert whole.run is not None
    chance = random.Random(4)
    carried_on = 0
    for rows in (1, 10, 14, 20, 25):
        out = tmp_path / str(rows)
        kill_at(quiet_request(out), rows, chance.uniform(0.0, POINT))
        run = only_run(out)
        assert run is not None
        left = (run / "data.csv").read_bytes()
        kill_at(quiet_request(out, run), 2, chance.uniform(0.0, POINT))
        if RunDirectory(run).status() != "finished":  # on a busy computer a kill may come too late
            carried_on += 1
            outcome = carry_out(quiet_request(out, run), analyse=False)
            assert (outcome.status, outcome.run) == ("finished", run)
        assert only_run(out) == run
        assert (run / "data.csv").read_bytes().startswith(left[: left.rfind(b"\n") + 1])
        assert_same_values(run, whole.run)
        attempts = RunDirectory(run).read_data()[0]["Attempt"].tolist()
        assert attempts == sorted(attempts)
        assert {attempts.count(attempt) % 10 for attempt in (1, 2, 3)} == {0}  # whole loops
    assert carried_on >= 3
