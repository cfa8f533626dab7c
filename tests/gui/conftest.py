"""What tests of the window share: a screen that nobody looks at, a worker, and a way to wait for it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from labctl import paths
from labctl.gui.main import Wanted, make_window
from labctl.gui.window import Window
from labctl.service import places

WITHIN = 60_000
"""ms after which something that should come is given up; the machine may be busy."""


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """A state folder of one's own, whose workers are ended afterwards."""
    folder = tmp_path / "state"
    folder.mkdir()
    monkeypatch.setenv(paths.STATE, str(folder))
    yield folder
    end_workers(folder)


def end_workers(state: Path) -> None:
    """End the workers of all queues in a state folder."""
    for queue in (state / "queues").glob("*"):
        worker = places.find_worker(queue)
        if worker is not None:
            with suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGTERM)


@pytest.fixture
def open_window(qtbot: QtBot, tmp_path: Path, state: Path) -> Callable[..., Window]:
    """Open a window as `labctl gui --simulate` does; it is closed at the end."""

    def make(*, station: str = "ppms", speed: float = 50.0, guided: bool = False) -> Window:
        wanted = Wanted(station, True, tmp_path / "runs", "", speed)
        settings = QSettings(str(state / "window.ini"), QSettings.Format.IniFormat)
        window = make_window(wanted, settings, guided=guided)
        qtbot.addWidget(window)
        window.show()
        return window

    return make


@pytest.fixture
def thorough(request: pytest.FixtureRequest) -> bool:
    """Whether the long forms are meant: then pictures are looked at closely, too."""
    return request.config.option.markexpr != "not endurance"


def wait_for_worker(qtbot: QtBot, window: Window) -> None:
    """Wait until a window has found its worker."""
    qtbot.waitUntil(lambda: window.context.link.here and window.context.link.station is not None, timeout=WITHIN)
