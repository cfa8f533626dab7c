"""The log: what happened in words, followed as it is written, however long the file is."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import QPoint, QSettings, Qt
from PyQt6.QtGui import QTextCursor
from pytestqt.qtbot import QtBot

from labctl.gui import log_tail
from labctl.gui.context import Context
from labctl.gui.log_lines import ERROR, INFO, WARNING, explained, line_of
from labctl.gui.log_panel import MOST, LogPanel
from tests.gui.looking import cut_off


@pytest.fixture
def context(tmp_path: Path) -> Generator[Context]:
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    context = Context("ppms", simulate=True, runs=tmp_path, settings=settings)
    yield context
    context.end()


@pytest.fixture
def panel(context: Context, qtbot: QtBot) -> LogPanel:
    panel = LogPanel(context)
    qtbot.addWidget(panel)
    panel.resize(270, 300)
    panel.show()
    return panel


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Path]:
    def write(*events: dict[str, Any], name: str = "0007-ahe-S042") -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        with (folder / "events.jsonl").open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(event) + "\n" for event in events)
        return folder

    return write


def told(number: int) -> dict[str, Any]:
    return {"time_s": float(number), "utc": "2026-11-21T10:15:00+00:00", "event": "warning", "text": f"number {number}"}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"event": "state", "state": "running"}, (INFO, "the run begins")),
        ({"event": "state", "state": "finished", "error": None, "points": 5}, (INFO, "finished, 5 points")),
        ({"event": "state", "state": "fault", "error": "no reply", "points": 5}, (ERROR, "fault, 5 points: no reply")),
        ({"event": "warning", "text": "slow"}, (WARNING, "slow")),
        ({"event": "refused", "messages": 2, "first": "0.2 A"}, (ERROR, "0.2 A")),
        ({"event": "interlock", "now": "acts", "name": "warm", "points": 5},
         (WARNING, "interlock: now acts, name warm, points 5")),
        ({"event": "log", "level": "warning", "text": "mine"}, (WARNING, "mine")),
        ({"event": "settled", "temperature": 290.0, "took_s": 676.7}, (INFO, "settled at 290.00 K, after 11 min 17 s")),
        ({"event": "settled"}, (INFO, "settled at –, after –")),
        ({"event": "safe", "field_T": 0.1}, (INFO, "safe state reached, field held at 100.00 mT")),
        ({"event": "run", "number": 1, "of": 3, "values": {"temperature": "300.0 K"}}, (INFO, "run 1 of 3: 300.0 K")),
        ({"event": "not kept awake", "text": "caffeinate ended with exit code 1"},
         (INFO, "the computer may fall asleep during the run: caffeinate ended with exit code 1")),
        ({"event": "remaining", "left_s": 3.0}, (INFO, "")),
        ({"event": "journal", "kind": "pulses"}, (INFO, "")),
        ({"event": "of tomorrow", "list": [1], "far_away": 1.23456789}, (INFO, "of tomorrow: far away 1.2346")),
    ],
)  # fmt: skip
def test_events_are_told_in_words(event: dict[str, Any], expected: tuple[str, str]) -> None:
    assert explained(event) == expected


def test_damaged_lines_are_left_out_and_a_simulated_day_is_not_told() -> None:
    assert [line_of(raw) for raw in (b"{", b"\xff", b"[]", b"3")] == [None] * 4
    line = line_of(b'{"time_s": 3725.2, "utc": "2000-01-01T01:02:05+00:00", "event": "warning", "text": "x"}')
    assert line is not None
    assert (line.lab_time, line.clock) == ("+1:02:05", "")
    real = line_of(json.dumps(told(3)).encode())
    assert real is not None
    assert real.clock.endswith(":15:00")


def test_a_run_is_followed_as_it_is_written(panel: LogPanel, run: Callable[..., Path], qtbot: QtBot) -> None:
    folder = run(told(1))
    panel.follow(str(folder))
    qtbot.waitUntil(lambda: "number 1" in panel.text.toPlainText())
    with (folder / "events.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(told(2))[:20])
        file.flush()
        qtbot.wait(450)
        assert "number 2" not in panel.text.toPlainText()
        file.write(json.dumps(told(2))[20:] + "\n")
    qtbot.waitUntil(lambda: "number 2" in panel.text.toPlainText())
    assert "⚠ number 2" in panel.text.toPlainText()
    panel.follow(str(run(told(9), name="0008")))
    qtbot.waitUntil(lambda: panel.text.toPlainText().endswith("number 9"))
    assert "number 1" not in panel.text.toPlainText()


def test_a_long_file_is_read_from_near_its_end_and_few_lines_are_kept(
    panel: LogPanel, run: Callable[..., Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_tail, "BEHIND", 1 << 19)
    many = (1 << 20) // len(json.dumps(told(10_000)))
    panel.follow(str(run(*(told(number) for number in range(many)))))
    qtbot.waitUntil(lambda: panel.text.toPlainText().endswith(f"number {many - 1}"), timeout=30_000)
    assert panel.text.blockCount() == MOST
    assert panel.text.at_end


def test_it_stays_where_somebody_reads(panel: LogPanel, run: Callable[..., Path], qtbot: QtBot) -> None:
    folder = run(*(told(number) for number in range(200)))
    panel.follow(str(folder))
    qtbot.waitUntil(lambda: panel.text.toPlainText().endswith("number 199"))
    bar = panel.text.verticalScrollBar()
    assert bar is not None
    assert bar.value() == bar.maximum()
    bar.setValue(20)
    run(told(200))
    qtbot.waitUntil(lambda: panel.text.toPlainText().endswith("number 200"))
    assert bar.value() == 20


def test_lines_are_searched_and_chosen_by_level(
    context: Context, panel: LogPanel, run: Callable[..., Path], qtbot: QtBot
) -> None:
    panel.follow(str(run(told(1), told(2), {"event": "block", "block": "loop=1", "rows": 7})))
    context.said.emit("error", "no worker is there")
    qtbot.waitUntil(lambda: "7 rows" in panel.text.toPlainText())
    panel.level.setCurrentIndex(1)
    qtbot.waitUntil(lambda: "7 rows" not in panel.text.toPlainText())
    qtbot.waitUntil(lambda: "number 2" in panel.text.toPlainText())
    panel.level.setCurrentIndex(2)
    qtbot.waitUntil(lambda: panel.text.toPlainText().endswith("✗ no worker is there"))
    assert "number" not in panel.text.toPlainText()
    panel.level.setCurrentIndex(0)
    qtbot.keyClicks(panel.words, "NUMBER 2")
    qtbot.waitUntil(lambda: panel.text.blockCount() == 1 and "number 2" in panel.text.toPlainText())


def test_a_line_that_is_clicked_tells_its_moment(panel: LogPanel, run: Callable[..., Path], qtbot: QtBot) -> None:
    panel.follow(str(run(told(5), told(25))))
    qtbot.waitUntil(lambda: panel.text.toPlainText().endswith("number 25"))
    viewport = panel.text.viewport()
    assert viewport is not None
    with qtbot.waitSignal(panel.moment_chosen) as chosen:
        qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=QPoint(30, 8))
    assert chosen.args == [5.0]
    panel.text.moveCursor(QTextCursor.MoveOperation.End)
    with qtbot.waitSignal(panel.moment_chosen) as chosen:
        qtbot.keyClick(panel.text, Qt.Key.Key_Return)
    assert chosen.args == [25.0]


def test_the_run_that_is_on_is_followed_unless_another_was_opened(
    context: Context, panel: LogPanel, run: Callable[..., Path]
) -> None:
    first, other, later = (str(run(told(1), name=name)) for name in ("0001", "0002", "0003"))
    context.link.run = {"run": first}
    context.link.told.emit("run", {})
    assert panel.which.text() == "0001"
    context.run_opened.emit(other)
    context.link.run = {"run": "series", "folder": later}
    context.link.told.emit("run", {})
    assert (panel.which.text(), panel.on.isChecked()) == ("0002", False)
    panel.on.click()
    assert panel.which.text() == "0003"


def test_nothing_is_cut_off(panel: LogPanel) -> None:
    assert panel.width() == 270
    assert cut_off(panel) == []
