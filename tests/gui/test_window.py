"""The window with a real worker and its simulated lab: stopped whatever happens, and never held up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import QSettings, Qt
from PyQt6.QtGui import QAction
from pytestqt.qtbot import QtBot

from labctl.gui import queue_table
from labctl.gui.heartbeat import Heartbeat
from labctl.gui.history_view import SIZES
from labctl.gui.queue_columns import COLUMNS
from labctl.gui.starting import WorkerStart
from labctl.gui.window import Window
from tests.gui.conftest import WITHIN, wait_for_worker
from tests.gui.standing_in import make_context
from tests.sources import ROOT

HEAVY = ("pandas", "scipy", "pint", "pymeasure", "matplotlib", "pydantic", "procedures", "fastapi", "uvicorn", "httpx")


def put_into_queue(qtbot: QtBot, window: Window, **asked: Any) -> str:
    """Add an item over the window's own link, and return its number."""
    found: list[str] = []
    content = {"procedure": "ahe", "sample": "cotb2025", "out": str(window.context.runs), **asked}
    window.context.link.ask("POST", "/queue", content, then=lambda item: found.append(item["id"]))
    qtbot.waitUntil(lambda: bool(found), timeout=WITHIN)
    return found[0]


def test_nothing_heavy_is_imported_by_the_window() -> None:
    code = "import labctl.gui.main, sys; print(*[name for name in sys.argv[1:] if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code, *HEAVY], capture_output=True, text=True, check=True)
    assert said.stdout.split() == []


def test_a_key_that_is_held_is_one_wish(qtbot: QtBot) -> None:
    window = Window(make_context())
    qtbot.addWidget(window)
    keys = {action.shortcut().toString(): action for action in window.findChildren(QAction)}
    assert not keys["F12"].autoRepeat()  # else STOP would go on to end the worker
    assert not keys["F8"].autoRepeat()


def test_esc_twice_stops_and_once_does_not(qtbot: QtBot) -> None:
    window = Window(make_context())  # without a worker: that is said, too
    qtbot.addWidget(window)
    window.show()
    handle = window.windowHandle()
    assert handle is not None
    stops: list[object] = []
    window.stopping.said.connect(lambda *said: stops.append(said))
    for key in (Qt.Key.Key_Escape, Qt.Key.Key_A, Qt.Key.Key_Escape):
        qtbot.keyClick(handle, key)  # pyright: ignore[reportArgumentType]
    assert not stops
    qtbot.keyClick(handle, Qt.Key.Key_Escape)  # pyright: ignore[reportArgumentType]
    assert stops
    assert not window.stopping.pending


def test_a_window_that_is_closed_waits_for_its_stop_and_then_hears_no_keys(
    qtbot: QtBot, open_window: Callable[..., Window]
) -> None:
    window = open_window()
    wait_for_worker(qtbot, window)
    handle = window.windowHandle()
    assert handle is not None
    window.stopping.stop()
    window.close()
    assert not window.isVisible()
    assert not window._closed
    qtbot.waitUntil(lambda: window._closed, timeout=WITHIN)
    assert not window.stopping.pending
    for _ in range(2):
        qtbot.keyClick(handle, Qt.Key.Key_Escape)  # pyright: ignore[reportArgumentType]
    assert not window.stopping.pending


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="processes cannot be made to hang here")
def test_stop_ends_a_worker_that_hangs_and_the_run_with_it(qtbot: QtBot, open_window: Callable[..., Window]) -> None:
    window = open_window()
    wait_for_worker(qtbot, window)
    put_into_queue(qtbot, window)
    qtbot.waitUntil(lambda: (window.context.link.run or {}).get("points", 0) > 0, timeout=WITHIN)
    pid, run = window.context.link.pid, (window.context.link.run or {})["run"]
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    beat = Heartbeat(window)
    beat.begin()
    window.stopping.stop()
    qtbot.waitUntil(lambda: beat.beats > 40, timeout=WITHIN)  # the window goes on meanwhile
    window.stopping.stop()  # a second time: somebody does not wait
    window.stopping.stop()
    qtbot.waitUntil(lambda: not window.context.link.here, timeout=WITHIN)
    qtbot.waitUntil(lambda: '"safe"' in _events(run), timeout=WITHIN)
    beat.end()


def _events(run: str) -> str:
    return (Path(run) / "events.jsonl").read_text(encoding="utf-8")


def test_a_worker_that_cannot_be_started_is_said_with_its_reason(
    qtbot: QtBot, open_window: Callable[..., Window]
) -> None:
    said: list[str] = []
    window = open_window(station="nowhere")
    window.context.said.connect(lambda level, sentence: said.append(sentence))
    qtbot.waitUntil(lambda: bool(said), timeout=WITHIN)
    assert "nowhere" in said[0]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("queue/must end by", "soon"), ("queue/must end by", "2199-11-24T07:30:00"),
        (f"{queue_table.KEPT}/{len(COLUMNS)}", "wide"), (SIZES, '{"": 99999999999999, "state": -4}'),
        ("geometry", "left"), ("theme", "pink"),
    ],
)  # fmt: skip
def test_settings_that_somebody_else_wrote_keep_no_window_from_opening(
    open_window: Callable[..., Window], state: Path, name: str, kept: str
) -> None:
    settings = QSettings(str(state / "window.ini"), QSettings.Format.IniFormat)
    settings.setValue(name, kept)
    settings.sync()
    assert open_window(station="nowhere").isVisible()


def test_a_station_whose_file_is_damaged_says_so_until_it_is_mended(
    qtbot: QtBot, open_window: Callable[..., Window], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    met: list[Path] = []
    monkeypatch.setattr(WorkerStart, "see_to_it", lambda start: met.append(start._folder))
    file = tmp_path / "mine.toml"
    file.write_text("name = [")
    window = open_window(station=str(file))
    assert "Looking for the worker" in window.banner.said.text()
    qtbot.waitUntil(lambda: "is not TOML" in window.banner.said.text(), timeout=WITHIN)
    shipped = ROOT / "data" / "stations" / "ppms.toml"
    file.write_text(shipped.read_text(encoding="utf-8").replace('name = "ppms"', 'name = "mine"'), encoding="utf-8")
    for _ in range(2):
        window.context.worker_wanted.emit()
    qtbot.waitUntil(lambda: bool(met), timeout=WITHIN)
    assert [folder.name for folder in met] == ["mine-sim"]
