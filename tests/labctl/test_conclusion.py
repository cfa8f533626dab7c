"""An analysis or a figure that fails after a measurement that did not: the rows stay, one sentence says which."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import labctl
from labctl.cli.main import run_command
from labctl.rundir import RunDirectory

WRITTEN = """\
from labctl import Procedure, Quantity, Result, Results


class Two(Procedure):
    DATA_COLUMNS = ("Number",)
    start = Quantity("1", "The first number", unit="")

    def execute(self):
        for number in self.track("number", range(2)):
            self.record(Number=self.start + number)

    def analyse(self, data):
        ANALYSE

    def figure(self, data, results):
        FIGURE
"""
ANALYSE = 'return Results({"sum": Result(float(data["Number"].sum()), None, "1", "this run")})'
FIGURE = "return None"


def written(folder: Path, analyse: str = ANALYSE, figure: str = FIGURE) -> str:
    (folder / "two.py").write_text(WRITTEN.replace("ANALYSE", analyse).replace("FIGURE", figure))
    return str(folder / "two.py")


def command(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = run_command(words)
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.parametrize(
    ("analyse", "figure", "sentence"),
    [
        ("pass", FIGURE, "analyse() returned None instead of Results"),
        ('return {"sum": 3.0}', FIGURE, "analyse() returned a dict instead of Results"),
        ('return data["Numbre"]', FIGURE, "analyse() failed: KeyError: 'Numbre' (two.py, line 13)"),
        (
            'return Results({"sum": Result(float("nan"), None, "1", "this run")})', FIGURE,
            "analyse() failed: A result of nan is not a number: give None and the reason why (two.py, line 13)",
        ),
        (ANALYSE, 'raise RuntimeError("no ink")', "figure() failed: RuntimeError: no ink (two.py, line 16)"),
        (ANALYSE, "return 3.0", "figure() returned a float instead of a figure of matplotlib"),
    ],
)  # fmt: skip
def test_it_is_said_once_by_its_name_and_the_run_is_finished(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], analyse: str, figure: str, sentence: str
) -> None:
    file = written(tmp_path, analyse, figure)
    code, out, error = command(capsys, "run", file, "--simulate", "--out", str(tmp_path / "runs"), "--json")
    said = json.loads(out)
    assert (code, said["status"], said["points"]) == (1, "finished", 2)
    assert error.count("\n") == 1
    assert error.startswith(f"error: {sentence}")
    assert error.endswith(f"all rows are kept: mend it, then `labctl analyse {said['run']}`\n")
    run = RunDirectory(Path(said["run"]))
    assert run.status() == "finished"
    assert len(run.read_data()[0]) == 2
    assert bool(said["results"]) == (analyse == ANALYSE) == run.result_file.exists()
    code, _, error = command(capsys, "analyse", said["run"])
    assert (code, error.count("\n")) == (1, 1)
    assert error.startswith(f"error: {sentence}")
    written(tmp_path)
    code, out, error = command(capsys, "analyse", said["run"], "--json")
    assert code == 0
    assert json.loads(out)["results"]["sum"]["value"] == 3.0


def test_what_matplotlib_cannot_draw_is_the_figures_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figure = 'from matplotlib.figure import Figure; f = Figure(); f.suptitle(r"$\\frac{$"); return f'
    file = written(tmp_path, figure=figure)
    code, _, error = command(capsys, "run", file, "--simulate", "--out", str(tmp_path / "runs"))
    assert code == 1
    assert error.startswith("error: what figure() returned cannot be drawn: ValueError: ")
    assert error.count("\n") == 1


def test_in_python_the_error_itself_is_raised_with_what_is_kept(tmp_path: Path) -> None:
    file = written(tmp_path, 'return data["Numbre"]')
    asked: dict[str, Any] = {"simulate": True, "out": tmp_path / "runs"}
    with pytest.raises(KeyError, match="Numbre") as raised:
        labctl.run(file, **asked)
    notes = " ".join(raised.value.__notes__)
    assert "2 points of this run are kept" in notes
    assert "analyse() failed: KeyError: 'Numbre' (two.py, line 13)" in notes
    result = labctl.run(file, check=False, **asked)
    assert (result.status, result.exit_code, len(result.data)) == ("finished", 1, 2)


def test_of_a_run_that_was_cut_short_it_is_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = Path(written(tmp_path, 'return data["Numbre"]'))
    file.write_text(file.read_text().replace("+ number)", "+ number)\n            1 / number"))
    code, _, error = command(capsys, "run", str(file), "--simulate", "--out", str(tmp_path / "runs"))
    assert code == 1
    assert error.splitlines() == [
        "warning: analyse() failed: KeyError: 'Numbre' (two.py, line 14)",
        "error: ZeroDivisionError: division by zero (two.py, line 11)",
    ]


def test_a_series_is_measured_to_its_end_nevertheless(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, 'return data["Numbre"]')
    words = ["run", file, "--simulate", "--over", "start=1,2,3", "--out", str(tmp_path / "runs"), "--json"]
    code, out, error = command(capsys, *words)
    said = json.loads(out)
    assert (code, said["status"], said["points"]) == (1, "finished", 6)
    assert [child["status"] for child in said["children"]] == ["finished"] * 3
    assert error.startswith("error: run 1 of 3 (start 1.0): analyse() failed: KeyError: 'Numbre' (two.py, line 13)")
    assert error.count("\n") == 1


@pytest.mark.parametrize("word", ["analyse", "plot"])
@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("aborted", "this run was aborted after 2 points"),
        ("fault", "this run ended with a fault after 2 points"),
        ("failed", "this run failed after 2 points"),
        ("running", "this run has not finished (it is still on, or was killed): 2 points so far"),
    ],
)
def test_what_is_made_of_a_run_that_did_not_finish_says_so_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], word: str, state: str, sentence: str
) -> None:
    figure = "from labctl.frame import framed; assert self.caption.state == WANTED; return framed('Two')[0]"
    wanted = repr("not finished" if state == "running" else state)
    code, out, _ = command(capsys, "run", written(tmp_path), "--simulate", "--json", "--out", str(tmp_path / "runs"))
    assert code == 0
    run = Path(json.loads(out)["run"])
    written(tmp_path, figure=figure.replace("WANTED", wanted))
    events = run / "events.jsonl"
    with events.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"event": "state", "state": state}) + "\n")
    code, out, _ = command(capsys, word, str(run))
    assert code == 0
    assert out.splitlines()[0] == sentence


def test_of_a_run_that_finished_nothing_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = command(capsys, "run", written(tmp_path), "--simulate", "--json", "--out", str(tmp_path / "runs"))
    _, out, _ = command(capsys, "analyse", json.loads(out)["run"])
    assert "this run " not in out.splitlines()[0]
