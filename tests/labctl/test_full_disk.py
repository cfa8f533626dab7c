"""A run whose disk fills up, on a disk that is really full: it fails, turns the source off, and keeps its rows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from labctl.cli.main import run_command
from labctl.rundir import RunDirectory, read_rows
from tests.simulated import Done, Simulate

LOOP: dict[str, Any] = {"maximum_field": "0.2 T", "survey_rate": "180 Oe/s", "seed": 4}
"""A run of 150 kB or so."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """A file system of 64 kB."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root of a Linux system can mount a disk of 64 kB")
    mounted = tmp_path / "disk"
    mounted.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(mounted)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("this system has no program called mount")
    if done.returncode:
        pytest.skip(f"no disk of 64 kB can be mounted here: {done.stderr.strip()}")
    yield mounted
    subprocess.run(["umount", str(mounted)], check=True)


@pytest.fixture
def filled(simulate: Simulate, small_disk: Path) -> Done:
    """A run that filled its disk."""
    return Simulate(small_disk / "runs", simulate.labs)(**LOOP)


def test_a_full_disk_fails_the_run_names_the_file_and_turns_the_source_off(filled: Done) -> None:
    outcome = filled.outcome
    assert outcome.status == "failed"
    assert outcome.exit_code == 1
    assert str(filled.directory.data_file) in str(outcome.error)
    assert "No space left" in str(outcome.error)
    assert f"{outcome.points} rows are kept" in str(outcome.error)
    filled.assert_source_off()


def test_the_rows_before_a_full_disk_are_those_of_a_run_with_room(filled: Done, simulate: Simulate) -> None:
    kept, warnings = read_rows(filled.directory.data_file)
    assert warnings == []
    assert len(kept) == filled.outcome.points > 50
    with_room = simulate(**LOOP).rows
    assert len(with_room) > len(kept)
    pd.testing.assert_frame_equal(kept, with_room.iloc[: len(kept)], check_exact=True)


def test_room_made_afterwards_lets_the_rows_be_analysed(
    filled: Done, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    roomy = tmp_path / "roomy"
    roomy.mkdir()
    for file in filled.directory.path.iterdir():
        (roomy / file.name).write_bytes(file.read_bytes())
    assert run_command(["analyse", str(roomy), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["points"] == filled.outcome.points


def test_the_command_line_says_it_in_one_object_and_one_sentence(
    small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = small_disk / "runs"
    words = ["run", "ahe", "--simulate", "--seed", "4", "--out", str(out), "--json"]
    assert run_command([*words, "-p", "maximum_field=0.2 T", "-p", "survey_rate=180 Oe/s"]) == 1
    printed = capsys.readouterr()
    answer = json.loads(printed.out)
    assert answer["status"] == "failed"
    assert "data.csv" in answer["error"]
    assert [line for line in printed.err.splitlines() if line.startswith("error: ")] == [f"error: {answer['error']}"]
    assert "Traceback" not in printed.err
    assert RunDirectory(Path(answer["run"])).data_file.exists()
