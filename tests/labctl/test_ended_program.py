"""`sys.exit` in code of one's own: a failure of the experiment, wherever it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labctl.cli.main import run_command

OURS = """\
import sys
from labctl import Procedure


class Quick(Procedure):
    DATA_COLUMNS = ("A",)

    def execute(self):
        self.record(A=1.0)
"""
THEIRS = """\
import sys
from pymeasure.experiment import Procedure


class Quick(Procedure):
    DATA_COLUMNS = ["A"]

    def execute(self):
        self.emit("results", {"A": 1.0})
"""
HOOKS = {
    "startup": "self", "shutdown": "self", "check": "self", "demands": "self", "analyse": "self, data",
    "figure": "self, data, results",
}  # fmt: skip


def ended(folder: Path, capsys: pytest.CaptureFixture[str], text: str) -> dict[str, object]:
    """Run a file with --json and return the one object that it printed."""
    (folder / "mine.py").write_text(text)
    assert run_command(["run", str(folder / "mine.py"), "--simulate", "--json", "--out", str(folder / "runs")]) == 1
    said = capsys.readouterr()
    printed = json.loads(said.out)
    assert said.err == f"error: {printed['error']}\n"
    return printed


@pytest.mark.parametrize(("code", "why"), [("", ""), ("0", ""), ("3", ""), ("'no good'", ", saying 'no good'")])
@pytest.mark.parametrize("hook", HOOKS)
def test_in_a_hook(tmp_path: Path, capsys: pytest.CaptureFixture[str], hook: str, code: str, why: str) -> None:
    text = OURS + f"\n    def {hook}({HOOKS[hook]}):\n        sys.exit({code})\n"
    printed = ended(tmp_path, capsys, text)
    sentence = f"{hook}() failed: it ended the program (sys.exit){why}; raise an error that says why instead (mine.py, "
    assert str(printed["error"]).startswith(f"{sentence}line 12)")
    assert printed["status"] == ("finished" if hook in {"analyse", "figure"} else "failed")


@pytest.mark.parametrize("text", [OURS, THEIRS])
def test_in_execute(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    printed = ended(tmp_path, capsys, f"{text}        sys.exit(0)\n")
    assert str(printed["error"]).startswith("execute() failed: it ended the program")
    assert str(printed["error"]).endswith("(mine.py, line 10)")
    assert printed["status"] == "failed"
    assert printed["points"] == 1


@pytest.mark.parametrize("hook", ["startup", "shutdown"])
def test_in_a_pymeasure_procedure(tmp_path: Path, capsys: pytest.CaptureFixture[str], hook: str) -> None:
    printed = ended(tmp_path, capsys, f"{THEIRS}\n    def {hook}(self):\n        sys.exit()\n")
    assert str(printed["error"]).startswith(f"{hook}() failed: it ended the program")


@pytest.mark.parametrize("text", [OURS, THEIRS])
def test_where_it_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    more = "\n    def __init__(self, **values):\n        super().__init__(**values)\n        sys.exit('never')\n"
    printed = ended(tmp_path, capsys, text + more)
    assert "ended (sys.exit) by code that labctl ran (mine.py, line 13), saying 'never'" in str(printed["error"])


def test_ctrl_c_stays_what_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.py").write_text(f"{OURS}        raise KeyboardInterrupt\n")
    assert run_command(["run", str(tmp_path / "mine.py"), "--simulate", "--out", str(tmp_path / "runs")]) == 3
    assert "aborted" in capsys.readouterr().err
