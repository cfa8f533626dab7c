"""`labctl resume`: a run or a series that was cut comes to its end in its own folder; nothing there is rewritten."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from labctl.cli.main import run_command
from labctl.rundir import RunDirectory
from tests.simulated import QUICK

QUICKLY = [word for name, value in QUICK.items() for word in ("-p", f"{name}={value}")]
AHE = ["run", "ahe", "--simulate", "--seed", "4", *QUICKLY]
MINE = """
from labctl import Procedure, Quantity


class Count(Procedure):
    \"\"\"Counts.\"\"\"

    DATA_COLUMNS = ("Number",)
    roles = ()
    gap = Quantity("1 s", "Between two")

    def execute(self):
        for number in self.track("number", [1, 2, 3], restart=True):
            self.clock.sleep(self.gap)
            self.record(Number=number)
"""


@pytest.fixture(scope="module")
def loops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of three loops."""
    out = tmp_path_factory.mktemp("loops")
    assert run_command([*AHE, "-p", "loops=3", "--out", str(out), "--json"]) == 0
    return next(out.glob("*/0001-*"))


def cut(run: Path, part: float) -> bytes:
    """Leave so much of a run as its process had written when it was killed; return its rows."""
    data = (run / "data.csv").read_bytes()
    (run / "data.csv").write_bytes(data[: int(part * len(data))])
    events = (run / "events.jsonl").read_bytes().splitlines(keepends=True)
    size = int(part * len(data))
    kept = [line for line in events if b'"state": "finished"' not in line and json.loads(line).get("size", 0) <= size]
    (run / "events.jsonl").write_bytes(b"".join(kept[: max(2, int(part * len(kept)))]))
    for name in ("result.json", "figure.png"):
        (run / name).unlink(missing_ok=True)
    whole = (run / "data.csv").read_bytes()
    return whole[: whole.rfind(b"\n") + 1]


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return json.loads(capsys.readouterr().out)


def test_a_run_that_was_cut_is_measured_to_its_end(
    loops: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "runs" / "2026-01-01" / loops.name
    shutil.copytree(loops, run)
    before, whole = cut(run, 0.5), RunDirectory(loops).read_data()[0]
    assert run_command(["resume", str(run), "--json"]) == 0
    outcome = said(capsys)
    assert (outcome["run"], outcome["status"], outcome["simulated"]) == (str(run), "finished", True)
    assert (run / "data.csv").read_bytes().startswith(before)
    rows = RunDirectory(run).read_data()[0]
    assert set(rows["Block"]) == set(whole["Block"])
    assert max(rows["Attempt"].tolist()) == 2
    measured, there = (
        out["anomalous_hall_resistance"]["value"] for out in (outcome["results"], RunDirectory(loops).results())
    )
    assert measured == pytest.approx(there, rel=0.02)
    assert run_command(["resume", str(run)]) == 2
    assert "is finished; there is nothing to carry on" in capsys.readouterr().err


def test_a_series_that_was_cut_passes_over_what_is_finished(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command([*AHE, "--over", "loops=1, 2, 1", "--out", str(tmp_path), "--json"]) == 0
    capsys.readouterr()
    series = next(tmp_path.glob("*/0001-series*"))
    first, second, third = (series / child["run"] for child in RunDirectory(series).request()["children"])
    untouched = {file.name: file.read_bytes() for file in first.iterdir()}
    shutil.rmtree(third)
    before = cut(second, 0.6)
    lines = (series / "events.jsonl").read_bytes().splitlines(keepends=True)
    (series / "events.jsonl").write_bytes(b"".join(line for line in lines if b'"finished"' not in line))
    for name in ("result.json", "series.csv", "figure.png"):
        (series / name).unlink()
    assert run_command(["resume", str(series), "--json"]) == 0
    outcome = said(capsys)
    assert [child["status"] for child in outcome["children"]] == ["finished"] * 3
    assert {file.name: file.read_bytes() for file in first.iterdir()} == untouched
    assert (second / "data.csv").read_bytes().startswith(before)
    assert third.is_dir()
    assert (series / "series.csv").is_file()
    assert RunDirectory(series).status() == "finished"
    assert run_command(["resume", str(series)]) == 2


def test_what_cannot_be_carried_on_is_refused_in_one_sentence(
    loops: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "2026-01-01" / loops.name
    shutil.copytree(loops, run)
    cut(run, 0.5)
    asked = json.loads((run / "run.json").read_text())
    for changed, words in (
        ({"lab": str(tmp_path / "gone.json")}, "gone.json"),
        ({"parameters": None}, "run.json is damaged, or of another version of labctl"),
        ({"procedure": {"name": "x", "class": "procedures.ahe:Nothing"}}, "is not installed here"),
    ):
        (run / "run.json").write_text(json.dumps({**asked, **changed}))
        before = (run / "data.csv").read_bytes()
        assert run_command(["resume", str(run)]) == 2
        printed = capsys.readouterr().err
        assert words in printed
        assert len(printed.splitlines()) == 1
        assert (run / "data.csv").read_bytes() == before
    assert run_command(["resume", str(tmp_path / "nowhere")]) == 2
    assert "nowhere does not exist" in capsys.readouterr().err


def test_code_that_has_changed_since_is_another_experiment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.py"
    file.write_text(MINE)
    assert run_command(["run", f"{file}:Count", "--simulate", "--out", str(tmp_path / "runs")]) == 0
    run = next((tmp_path / "runs").glob("*/0001-*"))
    cut(run, 0.9)
    file.write_text(MINE.replace("1, 2, 3", "1, 2, 4"))
    capsys.readouterr()
    assert run_command(["resume", str(run)]) == 2
    assert "cannot be carried on with other code than it was begun with" in capsys.readouterr().err
    file.write_text(MINE)
    assert run_command(["resume", str(run)]) == 0
    assert RunDirectory(run).read_data()[0]["Number"].tolist() == [1, 2, 3]


def test_of_a_series_that_is_carried_on_only_what_is_not_finished_is_rehearsed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(MINE)
    command = ["run", f"{file}:Count", "--simulate", "--over", "gap=1, 20, 30 s", "--out", str(tmp_path / "runs")]
    assert run_command(command) == 0
    series = next((tmp_path / "runs").glob("*/0001-series*"))
    first, second, third = (series / child["run"] for child in RunDirectory(series).request()["children"])
    shutil.rmtree(third)
    cut(second, 0.99)
    lines = (series / "events.jsonl").read_bytes().splitlines(keepends=True)
    (series / "events.jsonl").write_bytes(b"".join(line for line in lines if b'"finished"' not in line))
    capsys.readouterr()
    assert run_command(["resume", str(series), "--rehearse", "--json"]) == 0
    assert [child["status"] for child in said(capsys)["children"]] == ["finished"] * 3
    assert [(run / "rehearsal.json").is_file() for run in (first, second, third)] == [False, True, True]
    cut_one, new_one = (json.loads((run / "rehearsal.json").read_text()) for run in (second, third))
    assert cut_one["duration_s"] == pytest.approx(20.0, abs=1.0)  # two of three blocks were complete
    assert new_one["duration_s"] == pytest.approx(90.0, abs=1.0)
    whole = json.loads((series / "rehearsal.json").read_text())
    assert whole["duration_s"] == pytest.approx(cut_one["duration_s"] + new_one["duration_s"])
