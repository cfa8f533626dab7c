"""Benches for tests of the sample panel, drawn where nobody sees them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from pytestqt.qtbot import QtBot

from tests.gui.sample.bench import Bench


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where one works."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def bench(qtbot: QtBot, folder: Path) -> Iterator[Bench]:
    """A station of hardware."""
    made = Bench(qtbot, folder, simulate=False)
    yield made
    made.context.end()


@pytest.fixture
def simulated(qtbot: QtBot, folder: Path) -> Iterator[Bench]:
    """A simulated station."""
    made = Bench(qtbot, folder, simulate=True)
    yield made
    made.context.end()
