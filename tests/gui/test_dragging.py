"""A row of the queue is dragged by the mouse of a real screen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from labctl import paths
from tests.gui.screens import XVFB, x_server

WITHIN = 300.0
"""s after which it is given up; the machine may be busy."""


@pytest.mark.endurance
@pytest.mark.skipif(
    XVFB is None or shutil.which("xdotool") is None, reason="no Xvfb or xdotool is installed; script/test installs them"
)
def test_the_last_row_is_dragged_to_the_first_place(tmp_path: Path, state: Path) -> None:
    with x_server(tmp_path / "screen") as screen:
        done = subprocess.run(
            [sys.executable, "-m", "tests.gui.dragging", str(tmp_path / "runs")], timeout=WITHIN,
            env={**os.environ, **screen.environment, paths.STATE: str(state)}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["3 1 2"]
