"""docs/simulated-lab.md: the program in it prints what the page says that it prints."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sources import ROOT

TEXT = (ROOT / "docs" / "simulated-lab.md").read_text(encoding="utf-8")


def test_a_program_for_real_instruments_prints_the_figures_of_the_page(tmp_path: Path) -> None:
    (program,) = re.findall(r"`hall\.py`.*?```python\n(.*?)```", TEXT, re.DOTALL)
    ((command, printed),) = re.findall(r"\$ (PYVISA_LIBRARY=\S+ .*?) python hall\.py\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "hall.py").write_text(program, encoding="utf-8")
    words = {**os.environ, "PYTHONPATH": str(ROOT)} | dict(word.split("=", 1) for word in shlex.split(command))
    done = subprocess.run(
        [sys.executable, "hall.py"], cwd=tmp_path, env=words, capture_output=True, text=True, timeout=120, check=True
    )
    seen, told = (
        [[float(word) for word in line.split()] for line in text.splitlines()] for text in (done.stdout, printed)
    )
    assert seen == [pytest.approx(line, rel=1e-9, abs=0) for line in told], done.stdout
