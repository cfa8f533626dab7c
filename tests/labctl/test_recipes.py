"""docs/recipes.md, done as it says: its files written, its commands run, its tests tested."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from labctl.cli.main import run_command
from tests.sources import ROOT

TEXT = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder outside of the repository, with the files that the text tells people to save."""
    python = [block for language, block in BLOCKS if language == "python"]
    names = re.findall(r"[Ss]ave\s+this as `(\w+\.py)`", TEXT)
    assert len(python) == len(names) == 3
    for name, block in zip(names, python, strict=True):
        (tmp_path / name).write_text(block, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_its_commands_work_and_every_result_is_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commands = [line for language, block in BLOCKS if language == "sh" for line in block.splitlines()]
    assert len(commands) == 2
    printed: list[str] = []
    for command in commands:
        assert run_command(shlex.split(command)[1:]) == 0, capsys.readouterr().err
        printed.append(capsys.readouterr().out)
    rows = [line for line in printed[0].splitlines() if re.match(r"-\d\d mT ", line)]
    assert [line.split()[0] for line in rows] == ["-45", "-50", "-55"]
    assert all(line.count("±") == 4 for line in rows), printed[0]
    assert "slope" in printed[1]
    assert len(list((folder / "runs").glob("*/*/figure.png"))) == 2


def test_its_tests_pass(folder: Path) -> None:
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": ""},
    )
    assert tested.returncode == 0, tested.stdout
    assert "4 passed" in tested.stdout
