"""docs/finding-runs.md, done as it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from labctl import figures
from labctl.cli.main import run_command
from tests.sources import ROOT

TEXT = (ROOT / "docs" / "finding-runs.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def test_its_commands_and_programs_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(figures, "save", lambda _, path: path.write_bytes(b"drawn"))
    printed: dict[str, str] = {}
    after = iter([block for language, block in BLOCKS if language == "python"])
    for number, block in enumerate([block for language, block in BLOCKS if language == "sh"]):
        for command in block.splitlines():
            short = ["-p", "survey_rate=180 Oe/s", "-p", "probe_nplc=4 PLC"] if " run " in command else []
            assert run_command([*shlex.split(command)[1:], *short]) == 0, capsys.readouterr().err
            printed[command] = capsys.readouterr().out
        programs = list(after) if number else [next(after)]
        for program in programs:
            exec(compile(program, "finding-runs.md", "exec"), {})
    shown = next(block for language, block in BLOCKS if language == "text").splitlines()
    assert printed["labctl runs"].splitlines()[0].split() == shown[0].split()
    assert "series over temperature 300.0 K to 290.0 K: 2 runs" in printed["labctl runs"]
    assert "1 of 2 runs" in printed["labctl runs -p temperature=285:295K --unfold"]
    assert printed["labctl runs 2"].endswith("2 runs\n")
    assert "coercive field up" in printed["labctl analyse loop.zip"]
