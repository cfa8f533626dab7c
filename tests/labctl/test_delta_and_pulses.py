"""docs/delta-and-pulses.md, done as it says: its procedure run with its cables, and its calls made."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from instruments.keithley6221_sweeps import LinearSweep, ListSweep, LogarithmicSweep
from instruments.keithley6221_waves import Wave
from labctl.cli.main import run_command
from tests.instruments.paired import Bench
from tests.sources import ROOT

TEXT = (ROOT / "docs" / "delta-and-pulses.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
STATION = (ROOT / "data" / "stations" / "ppms.toml").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return [block for name, block in BLOCKS if name == language]


def wired() -> str:
    """The station with the line that the page gives."""
    (line,) = blocks("toml")
    if "meter_link" in STATION:
        assert line in STATION
        return STATION
    return STATION.replace("[cables]\n", f"[cables]\n{line}", 1)


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, station: str) -> int:
    (program,), (command,) = blocks("python"), blocks("sh")
    (folder / "delta.py").write_text(program, encoding="utf-8")
    (folder / "station.toml").write_text(station, encoding="utf-8")
    monkeypatch.chdir(folder)
    return run_command([*shlex.split(command)[1:], "--station", "station.toml", "--json"])


def test_its_procedure_measures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, monkeypatch, wired()) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    swing = found["results"]["hall_swing"]
    assert found["points"] == 600
    assert 0.1 < swing["value"] < 0.2
    assert 0 < swing["uncertainty"] < 1e-3 * 0.5


def test_without_the_cables_it_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = re.sub(r"^meter_link.*\n", "", STATION, flags=re.MULTILINE)
    assert run(tmp_path, monkeypatch, bare) == 5
    assert "null-modem cable" in json.loads(capsys.readouterr().out)["error"]


def test_its_other_calls_can_be_made() -> None:
    bench = Bench()
    bench.sample.resistance = 10.0
    names: dict[str, Any] = {
        "source": bench.source, "LinearSweep": LinearSweep, "LogarithmicSweep": LogarithmicSweep,
        "ListSweep": ListSweep, "Wave": Wave, "enough": True,
    }  # fmt: skip
    pieces = blocks("text")
    assert len(pieces) == 4
    for piece in pieces:
        exec(piece, names)
        assert not bench.output
    assert names["taken"].resistance() == pytest.approx([10.0] * 10, rel=1e-3)
    assert not names["report"].clamped
