"""`labctl rehearse` and `labctl run --rehearse`: what they print, their exit codes, and that nothing is left behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labctl.cli.main import run_command
from tests.simulated import QUICK

FAST = [word for name, value in QUICK.items() for word in ("-p", f"{name}={value}")]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] - a fixture
    monkeypatch.chdir(tmp_path)


def rehearse(*words: str) -> int:
    return run_command(["rehearse", "ahe", "--simulate", *FAST, *words])


def said_json(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return json.loads(capsys.readouterr().out)


def test_json_is_one_object_always_the_same_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rehearse("--json") == 0
    said = said_json(capsys)
    assert {"duration_s", "points", "extremes", "violations", "results"} < set(said)
    assert said["duration_s"] > 10
    for name, unit in (("current", "A"), ("field", "T"), ("temperature", "K")):
        assert said["extremes"][name]["unit"] == unit
        assert said["extremes"][name]["min"] <= said["extremes"][name]["max"]
    assert said["violations"] == []
    rehearse("--json")
    assert said_json(capsys) == said
    assert list(tmp_path.iterdir()) == []


def test_a_violation_exits_with_4_and_its_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["rehearse", "ahe", "--simulate", "-p", "maximum_field=20 T", "--json"]) == 4
    printed = capsys.readouterr()
    said = json.loads(printed.out)
    assert (said["duration_s"], said["extremes"]["field"]["max"]) == (None, 20.0)
    assert said["violations"][0] in printed.err
    assert run_command(["run", "ahe", "--simulate", "--rehearse", "-p", "maximum_field=20 T"]) == 4
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_parameter_is_one_of_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert rehearse("-p", "maximum=3 T") == 2
    assert "no parameter 'maximum'" in capsys.readouterr().err


def test_people_read_times_extremes_and_results(capsys: pytest.CaptureFixture[str]) -> None:
    assert rehearse() == 0
    said = capsys.readouterr().out
    assert "begins at 300.00 K, 0.0000 T" in said
    assert "ramps" in said
    assert "settling" in said
    assert "9 T" in said
    assert "anomalous hall resistance" in said


def test_a_series_says_sums_and_each_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert rehearse("--over", "loops=1, 2", "--json") == 0
    said = said_json(capsys)
    assert len(said["runs"]) == 2
    assert said["points"] == sum(run["points"] for run in said["runs"])


def test_a_run_that_is_rehearsed_says_how_long_it_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labctl.run.conclude_safely", lambda *_: None)  # its figure takes a second
    assert run_command(["run", "ahe", "--simulate", "--rehearse", "--seed", "3", *FAST]) == 0
    assert " points, " in (said := capsys.readouterr().out)
    assert " left" in said
    (run,) = (tmp_path / "runs").glob("*/*")
    assert {"rehearsal.json", "expected.csv"} < {file.name for file in run.iterdir()}
