"""What tests of all folders share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulated import Simulate, capture_labs


@pytest.fixture
def simulate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Simulate:
    """Carry procedures out on simulated stations; the runs lie below `tmp_path / "runs"`."""
    return Simulate(tmp_path / "runs", capture_labs(monkeypatch))
