"""What a row of a queue says, and the line for a terminal that does the same."""

from __future__ import annotations

import shlex
from datetime import datetime
from typing import Any

import pytest
from PyQt6.QtCore import QSize
from PyQt6.QtGui import QIcon
from pytestqt.qtbot import QtBot

from labctl.asked import Asked
from labctl.cli import app, running
from labctl.gui import queue_rows, theme
from labctl.gui.queue_cells import SHAPES, icon
from labctl.gui.queue_columns import Shown
from labctl.gui.queue_times import Foreseen, Row


def test_the_command_line_asks_for_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(
        procedure="sot-switching", parameters={"pulse_max": "20 mA", "order": "+"}, over=["temperature=300:200:-10 K"],
        overrides=["current=30 mA"], sample="S 42.toml", seed=7, sample_seed=2, user="LW", notes="why it's done",
        tags=["night", "a b"], out="/data/my runs", rehearse=True, any_folder=True,
    )  # fmt: skip
    words = shlex.split(queue_rows.command_line(asked.model_dump(mode="json"), "ppms", simulate=True))
    assert words[:2] == ["labctl", "run"]
    options: list[Any] = []
    monkeypatch.setattr(running, "run", options.append)
    app.app(words[1:], standalone_mode=False)
    (got,) = options
    parameters = dict(text.split("=", 1) for text in got.parameters)
    assert Asked(
        procedure=got.procedure, parameters=parameters, over=got.over, overrides=got.overrides, sample=got.sample,
        seed=got.seed, sample_seed=got.sample_seed, user=got.user, notes=got.notes, tags=got.tags, out=str(got.out),
        rehearse=got.rehearse, any_folder=got.any_folder,
    ) == asked  # fmt: skip
    assert (got.station, got.simulate) == ("ppms", True)


def test_each_state_has_a_word_and_a_shape_of_its_own(qtbot: QtBot) -> None:
    del qtbot
    assert set(SHAPES) == set(queue_rows.WORDS)
    drawn: dict[bytes, str] = {}
    for state in (
        "waiting",
        "next",
        "running",
        "stands",
        "finished",
        "failed",
        "aborted",
        "refused",
        "fault",
        "skipped",
    ):
        image = icon(state, theme.DARK).pixmap(QSize(14, 14), QIcon.Mode.Selected).toImage()  # in one colour
        pixels = image.constBits()
        assert pixels is not None
        assert drawn.setdefault(pixels.asstring(image.sizeInBytes()), state) == state


def test_what_would_be_refused_is_said_only_while_it_waits() -> None:
    found = Foreseen({}, None, 0, ("12 T is above 9 T",))
    assert queue_rows.complaint({"state": "waiting"}, found) == "would be refused: 12 T is above 9 T"
    assert queue_rows.complaint({"state": "finished", "error": None}, found) == ""


def test_a_time_is_that_of_the_person_who_waits_with_the_labs_beside_it() -> None:
    on, over = {"state": "running"}, {"state": "finished", "lab_time_s": 6000.0}
    assert queue_rows.times(on, Row(6000.0), 50.0) == "2 min (lab 1 h 40 min) left"
    assert queue_rows.times(on, Row(6000.0), 1.0) == "1 h 40 min left"
    assert queue_rows.times({"state": "waiting"}, Row(6000.0), None) == "lab 1 h 40 min"
    assert queue_rows.times(on, Row(None), 50.0) == queue_rows.times(on, None, 1.0) == "–"
    assert [queue_rows.times(over, None, speed) for speed in (1.0, 50.0)] == ["took 1 h 40 min", "took lab 1 h 40 min"]


def test_a_tip_says_everything() -> None:
    item = {
        "id": "3", "state": "failed", "error": "no reply", "run": "/runs/1", "attempts": 2,
        "taken": {"step=10": "10 mT"},
        "asked": {"procedure": "ahe", "sample": "cotb2025", "parameters": {"step": "10"}, "user": "LW", "notes": "why"},
    }  # fmt: skip
    tip = queue_rows.tip(item, None)
    for part in (
        "item 3: ahe cotb2025",
        "step=10",
        "was taken for 10 mT",
        "by LW",
        "why",
        "2 times",
        "/runs/1",
        "no reply",
    ):
        assert part in tip


def test_the_run_of_a_series_that_is_on_is_named_with_its_series() -> None:
    item = {"id": "4", "state": "running", "asked": {"procedure": "ahe", "sample": "S042"}, "error": None}
    on = {"number": 3, "of": 5, "progress": 0.5, "folder": "/runs/2026-11-23/0007-series-ahe-S/0003-temperature=300K"}
    told = Shown(item, "running", on, None, None, datetime(2026, 11, 23, 12, 0).astimezone())
    assert told.tip().splitlines()[-1] == "run 0007/0003, 3 of 5 is on"
