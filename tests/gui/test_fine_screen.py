"""On a screen that is twice as fine nothing is cut off and all can be read, while a run is on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from labctl import paths

WITHIN = 300.0
"""s after which it is given up; the machine may be busy."""


@pytest.mark.endurance
def test_a_run_on_a_screen_that_is_twice_as_fine(tmp_path: Path, state: Path) -> None:
    environment = {
        **os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": "2", paths.STATE: str(state),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "tests.gui.fine_screen", str(tmp_path / "runs")], env=environment, timeout=WITHIN,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *found, last = done.stdout.splitlines()
    assert found == []
    assert last == "2 pixels a point, 1920 x 1080"
