"""docs/own-procedures.md, done as it says: its files written, its commands run, its tests tested."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from labctl.api import load
from labctl.cli.main import run_command
from tests.sources import ROOT

TEXT = (ROOT / "docs" / "own-procedures.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
PYTHON = [block for language, block in BLOCKS if language == "python"]
COMMANDS = [line for language, block in BLOCKS if language == "sh" for line in block.splitlines()]


def block_with(words: str) -> str:
    """The one block of Python in which these words stand."""
    (block,) = [block for block in PYTHON if words in block]
    return block


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder outside of the repository, with the files that the text tells people to save."""
    (tmp_path / "mine.py").write_text(block_with("class FieldLoop(Procedure)"))
    (tmp_path / "iv.py").write_text(block_with("class IV(Procedure)"))
    (tmp_path / "test_mine.py").write_text(block_with("def test_it_can_be_carried_on"))
    (tmp_path / "program.py").write_text(block_with("labctl.run("))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_its_commands_work(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(COMMANDS) == 8
    for command in COMMANDS:
        program, *words = shlex.split(command)
        assert program == "labctl"
        # The folder of a run has the date of the day in its name.
        runs = sorted((folder / "runs").glob("*/0001-*"))
        words = [str(runs[0]) if word.startswith("runs/") else word for word in words]
        code = run_command(words)
        said = capsys.readouterr()
        assert code == 0, f"{command}: {said.err}"
        assert "error" not in said.err
    assert (folder / "loop.pdf").exists()
    (figure,) = (folder / "runs").glob("*/0003-iv-cotb2025-sim/figure.png")
    assert figure.stat().st_size > 10_000


def test_its_program_and_its_tests_work(folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": ""}
    ended = subprocess.run(
        [sys.executable, "program.py"], cwd=folder, capture_output=True, text=True, check=False, env=environment
    )
    assert ended.returncode == 0, ended.stderr
    assert "hall swing: 148." in ended.stdout  # twice 75 mohm, less what the ordinary Hall effect takes in 0.3 T
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert tested.returncode == 0, tested.stdout
    assert "3 passed" in tested.stdout


FIGURES = """
from labctl import Probe, Procedure, framed, plot_columns
from labctl.reversal import COLUMNS


class Base(Procedure):
    roles = ("source", "voltmeter", "cryostat")
    DATA_COLUMNS = (*COLUMNS, "Set field (T)")
    probe = Probe()
    offset, slope = 0.17, 0.1

    def execute(self):
        for field in (0.01, -0.02, 0.02):
            self.settle(field=field)
            for _ in range(2):
                self.record(**self.read(), **{"Set field (T)": field})
"""


def test_its_ways_of_reading_read_as_it_says(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    header = block_with("class FieldLoop(Procedure)").partition("class FieldLoop")[0]
    (folder / "reads.py").write_text(header + block_with("class Reads(Procedure)"))
    assert run_command(["run", "reads.py", "--simulate", "--seed", "1"]) == 0, capsys.readouterr().err
    rows = load(1)
    since = rows["Since arrival (s)"].tolist()
    assert 0 < since[0] < 0.2
    begun = [time - since[1] for time in since[1:7]]
    assert begun == pytest.approx([0.0, 2.0, 4.0, 6.0, 8.0, 10.0], abs=0.02)
    assert (rows["Current 1 (A)"].iloc[:7] > 2e-5).all()
    assert (rows["Current 1 (A)"].iloc[7:] == 2e-5).all()
    assert len(rows) > 7 + 5


@pytest.mark.parametrize(("words", "panels"), [("fits={name:", 1), ("framed(", 2)])
def test_its_figures_are_drawn_and_follow_the_unit(
    folder: Path, capsys: pytest.CaptureFixture[str], words: str, panels: int
) -> None:
    (snippet,) = [block for block in PYTHON if words in block and block.startswith("    def figure")]
    (folder / "drawn.py").write_text(f"{FIGURES}\n\nclass Drawn(Base):\n{snippet}")
    assert run_command(["run", "drawn.py:Drawn", "--simulate", "--seed", "1"]) == 0, capsys.readouterr().err
    (run,) = (folder / "runs").glob("*/0001-*")
    assert run_command(["plot", str(run), "--unit", "Oe", "--out", "oe.svg"]) == 0
    drawn = (folder / "oe.svg").read_text(encoding="utf-8")
    assert "SIMULATED" in drawn
    assert "Oe)" in drawn
    assert len(set(re.findall(r'id="(axes_\d+)"', drawn))) == panels


def test_its_sentences_are_those_that_are_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = (folder / "mine.py").read_text()
    texts = {
        "'(' was never closed": mine.replace('Field rate", above_zero=True)', 'Field rate", above_zero=True'),
        "line 1: there is no module 'lmfit'": "import lmfit\n" + mine,
        "has 2 procedures, A and B; name one": mine.replace("FieldLoop", "A") + "\n\nclass B(A):\n    pass\n",
        "a second class FieldLoop takes the place of the one in line 5": f"{mine}\n\nclass FieldLoop:\n    pass\n",
        "the default of this Quantity, '20', has no unit": mine.replace('"0.2 T"', '"20"'),
        "is opened while the file is imported": "import pyvisa\npyvisa.ResourceManager().open_resource('GPIB::12')\n",
    }
    for sentence, text in texts.items():
        (folder / "mine.py").write_text(text)
        assert run_command(["describe", "mine.py"]) == 2
        assert sentence in capsys.readouterr().err
        assert sentence in TEXT
    (folder / "mine.py").write_text(mine.replace("def execute", "def exceute"))
    assert run_command(["run", "mine.py", "--simulate"]) == 2
    sentence = "it has no execute(), so there is nothing to run; is exceute meant for execute?"
    assert sentence in capsys.readouterr().err
    assert sentence in TEXT
    (folder / "mine.py").write_text(mine)
    assert run_command(["run", "mine.py:FieldLoop", "--simulate", "-p", "maximum_feild=1T"]) == 2
    assert "has no parameter 'maximum_feild'; did you mean maximum_field?" in capsys.readouterr().err
