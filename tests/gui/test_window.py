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
from labctl.gui.form.kept_entries import KeptEntries
from labctl.gui.heartbeat import Heartbeat
from labctl.gui.history_view import SIZES
from labctl.gui.main import Wanted, mounting
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


def test_a_new_lab_that_the_window_begins_is_no_loss(qtbot: QtBot) -> None:
    window = Window(make_context())
    qtbot.addWidget(window)
    link, said = window.context.link, list[tuple[str, str]]()
    window.context.said.connect(lambda *words: said.append(words))
    window.context.mount_wanted.emit("cogd2022")
    link.lost.emit("the worker has hung up: Unknown error")
    assert window.banner.said.text() == "A new lab with cogd2022 is begun …"
    assert [level for level, _ in said] == ["info"]
    assert window.far.cells["error"].value == "–"
    policy = {"after_failure": "stop", "retries": 0}
    link.here, link.queue = True, {"items": [], "paused": False, "why": "", "policy": policy}
    link.found.emit()
    assert window.banner.said.text() == "Idle; nothing waits"
    window.context.mount_wanted.emit("nobody")
    link.here, link.queue = False, None
    window.begun_none("there is no record nobody")
    link.lost.emit("the worker has hung up")  # later it is a loss again
    assert said[-1] == ("error", "the worker has hung up")


def test_the_new_lab_goes_as_fast_as_the_one_before(qtbot: QtBot) -> None:
    del qtbot
    context, wanted = make_context(), Wanted("ppms", True, Path(), "", 10.0)
    context.link.station = {"lab": {"speed": 200.0}}
    assert mounting(wanted, "cogd2022", context).worker()[-3:] == ["cogd2022", "--speed", "200.0"]


def test_across_the_room_the_figures_take_a_third_of_the_window(qtbot: QtBot) -> None:
    window = Window(make_context())
    qtbot.addWidget(window)
    window.resize(1366, 740)
    window.show()
    before = window.far.cells["temperature"].size()
    window._toggle_panels()
    qtbot.waitUntil(lambda: window.far.height() > 0.25 * window.height())
    after = window.far.cells["temperature"].size()
    assert after.height() > 1.5 * before.height()
    assert after.width() > 1.5 * before.width()
    window.go_to("queue")
    qtbot.waitUntil(lambda: window.far.cells["temperature"].height() == before.height())


def test_a_window_that_is_killed_comes_back_where_it_was_and_inside_the_screen(qtbot: QtBot) -> None:
    context = make_context()
    window = Window(context)
    qtbot.addWidget(window)
    window.show()
    screen = window.screen()
    assert screen is not None
    room = screen.availableGeometry()
    window.resize(1120, 690)
    window.move(room.left() + 7, room.top() + 9)
    before = window._down.sizes()
    window._down.setSizes([before[0] - 40, before[1] + 40])
    window._place.keep()  # what its timer does
    place, sizes = window.frameGeometry(), window._down.sizes()
    other = Window(make_context(settings=context.settings))
    qtbot.addWidget(other)
    other.show()
    assert (other.frameGeometry().top(), other.frameGeometry().height()) == (place.top(), place.height())
    assert other._down.sizes() == sizes
    context.settings.setValue("frame", place.translated(0, 3000))
    far = Window(make_context(settings=context.settings))
    qtbot.addWidget(far)
    far.show()
    assert far.frameGeometry().bottom() == room.bottom()


def test_what_was_entered_in_the_form_comes_back(qtbot: QtBot) -> None:
    context = make_context()
    asked = {"procedure": "ahe", "parameters": {"temperature": "250 K"}, "over": ["maximum_field=1,2 T"]}
    entries = KeptEntries(context.settings, lambda: asked, context)
    entries._soon.setInterval(0)
    entries.soon()
    qtbot.waitUntil(lambda: context.settings.contains("entered"))  # by its timer, since a window may be killed
    again = KeptEntries(context.settings, lambda: None, context)
    assert again.of("ahe") == ({"temperature": "250 K"}, ["maximum_field=1,2 T"])
    assert again.of("tmr-loop") == ({}, None)


def test_a_field_that_is_kept_is_said_in_the_log_once(qtbot: QtBot) -> None:
    window = Window(make_context())
    qtbot.addWidget(window)
    said = list[str]()
    window.context.said.connect(lambda level, sentence: said.append(sentence))
    for _ in range(2):
        window.context.link.told.emit("field", {"state": "held", "said": "the field of 0.5 T is held for 2 h"})
    assert said == ["the field of 0.5 T is held for 2 h"]


def test_what_was_removed_is_taken_out_for_good_when_the_window_is_closed(qtbot: QtBot) -> None:
    window = Window(make_context())
    qtbot.addWidget(window)
    asked: list[tuple[str, str]] = []
    answers: list[Callable[[dict[str, Any]], None]] = []

    def ask(method: str, path: str, content: Any = None, *, then: Any = None, failed: Any = None) -> None:
        asked.append((method, path))
        answers.append(then)

    window.show()
    link = window.context.link
    link.ask = ask  # type: ignore[method-assign]
    link.here = True
    window.panels.queue.removal.remove([{"id": "7", "state": "finished"}])
    window.close()
    assert (window.isVisible(), window._closed, asked) == (False, False, [("DELETE", "/queue/7")])
    answers[0]({})
    assert window._closed


def test_an_item_that_has_ended_is_not_said_to_wait(qtbot: QtBot) -> None:
    window = Window(make_context())
    qtbot.addWidget(window)
    window.context.said.emit("info", "contact-check of cotb2025 waits in the queue as item 1")
    bar, told = window.statusBar(), window.context.link.told
    assert bar is not None
    told.emit("item", {"id": "1", "state": "waiting"})
    told.emit("item", {"id": "11", "state": "running"})
    assert bar.currentMessage()
    told.emit("item", {"id": "1", "state": "running"})
    assert not bar.currentMessage()


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
