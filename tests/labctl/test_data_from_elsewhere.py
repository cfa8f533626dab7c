"""docs/data-from-elsewhere.md, done as it says: its file made, its commands run, its sentences said."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from labctl.analysis.loops import anomalous_hall
from labctl.cli.main import run_command
from labctl.elsewhere.quantities import HALL_LOOP_COLUMNS
from tests.labctl.analysis.synthetic import Film
from tests.sources import ROOT

TEXT = (ROOT / "docs" / "data-from-elsewhere.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
COMMANDS = [line for language, block in BLOCKS if language == "sh" for line in block.splitlines()]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the file that the text makes."""
    (program,) = [block for language, block in BLOCKS if language == "python"]
    monkeypatch.chdir(tmp_path)
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    return tmp_path


def test_its_commands_work(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(COMMANDS) == 6
    for command in COMMANDS:
        program, *words = shlex.split(command)
        assert program == "labctl"
        code = run_command(words)
        said = capsys.readouterr()
        assert code == 0, f"{command}: {said.err}"
        if "--json" in words:
            results = json.loads(said.out)["results"]
            assert results["coercive_field_up"]["value"] == pytest.approx(0.08, abs=5e-4)
            assert results["anomalous_hall_resistance"]["value"] == pytest.approx(0.075, abs=2e-4)
    assert (folder / "loop.png").stat().st_size > 10_000


def test_its_errors_are_those_that_are_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (block,) = [block for language, block in BLOCKS if language == "text"]
    said: list[str] = []
    for words in (["loop.csv", "--column", "field=Feld"], ["picture.png"]):
        assert run_command(["analyse", *words, "--as", "ahe"]) == 2
        said.append(capsys.readouterr().err)
    assert "".join(said) == block


def test_it_names_every_column_that_can_be_given() -> None:
    for name in HALL_LOOP_COLUMNS:
        assert f"`{name}`" in TEXT


def test_its_reasons_are_those_that_are_given() -> None:
    tables = [
        Film(order="d").table(),
        Film(points=4).table(),
        Film(coercive=0.6, width=0.1).table(),
        Film(coercive=0.0, width=0.5).table(),
        Film(amplitude=0.0, slope=0.01).table(),
        Film().table().sample(frac=1, random_state=1),
    ]
    for table in tables:
        why = anomalous_hall(table)["coercive_field_up"].why or ""
        quoted = [sentence.removesuffix(" ...") for sentence in re.findall(r"^\| `([^`]*)` \|", TEXT, re.MULTILINE)]
        assert any(why.startswith(sentence) for sentence in quoted), why
