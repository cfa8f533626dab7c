"""What is seen across the room, for everything that a worker may say."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import QSettings
from PyQt6.QtGui import QFont, QFontMetrics
from pytestqt.qtbot import QtBot

from labctl.gui.context import Context
from labctl.gui.far_figures import Figure, LastRead, figures
from labctl.gui.far_view import FarView, in_two_lines

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
QUEUE: dict[str, Any] = {"items": [], "paused": False, "why": ""}
ASKED = {"procedure": "ahe", "sample": "cotb2025", "parameters": {"temperature": "250 K"}, "over": []}


def item(number: str, state: str) -> dict[str, Any]:
    return {"id": number, "state": state, "asked": ASKED}


def shown(
    run: dict[str, Any] | None = None, queue: dict[str, Any] | None = QUEUE, speed: float | None = 1.0,
    **instruments: Any,
) -> dict[str, Figure]:  # fmt: skip
    return figures(run, queue, {"instruments": instruments}, speed=speed, now=NOW)


def test_nothing_is_made_up_where_nothing_is_known() -> None:
    assert {figure.value for figure in figures(None, None, None, speed=1.0, now=NOW).values()} == {"–"}


def test_a_field_that_moves_has_an_arrow_and_where_to() -> None:
    known = {"field": {"T": 0.1, "set_T": -0.5, "moves": True, "state": "charging", "failed": False}}
    assert shown(cryostat=known)["field"] == ("100.00 mT ↘", "→ -500.00 mT", "warn")
    known["field"] |= {"moves": False, "state": "holding (driven)"}
    assert shown(cryostat=known)["field"] == ("100.00 mT", "holding (driven)", "")
    known["field"] |= {"failed": True}
    assert shown(cryostat=known)["field"].tone == "bad"


def test_block_and_sample_temperature_are_two_figures() -> None:
    known = {"temperature": {"K": 249.98, "set_K": 250.0, "moves": True, "state": "chasing"},
             "sample_temperature_K": 251.4}  # fmt: skip
    found = shown(cryostat=known)
    assert found["temperature"] == ("249.98 K", "chasing → 250.00 K", "warn")
    assert found["sample"].value == "251.40 K"
    assert shown(cryostat={"temperature": known["temperature"]})["sample"].value == "–"


def test_what_the_run_read_last_stands_in_for_a_cryostat_that_nobody_told_of() -> None:
    run = {"stands": {"temperature_K": 4.2, "field_T": 1.5, "angle_deg": 90.0}, "item": "1"}
    found = shown(run)
    assert [found[name].value for name in ("temperature", "field", "angle")] == ["4.200 K", "1.5000 T", "90.00°"]


@pytest.mark.parametrize(
    ("known", "figure"),
    [
        ({"on": False, "settings": {"level_A": 1e-4}}, ("OFF", "", "good")),
        ({"on": None, "settings": {}}, ("?", "nothing heard of it so far", "warn")),
        ({"on": None, "settings": {"level_A": 0.0}}, ("?", "driven by a program", "warn")),
        ({"on": None, "program": {"mode": "list", "peak_A": 0.012, "peak_s": 0.01}, "settings": {}},
         ("?", "pulses to 12 mA, 10 ms", "warn")),
        ({"on": True, "program": {"mode": "list", "peak_A": 0.012, "peak_s": 0.01},
          "settings": {"level_A": 0.0, "compliance_V": 2.0}},
         ("0 A", "ON, pulses to 12 mA, 10 ms, compliance 2 V", "warn")),
        ({"on": True, "runs": "delta", "program": {"mode": "delta", "peak_A": 1e-5}, "settings": {"compliance_V": 2.0}},
         ("plays delta", "ON, delta to 10 µA, compliance 2 V", "warn")),
        ({"on": True, "in_compliance": False, "settings": {"level_A": 1e-4, "compliance_V": 2.0}},
         ("100 µA", "ON, compliance 2 V", "warn")),
        ({"on": True, "in_compliance": True, "settings": {"level_A": 5e-3, "compliance_V": 2.0}},
         ("5 mA CLAMPED", "in compliance, compliance 2 V", "bad")),
        ({"on": True, "runs": "wave", "settings": {"level_A": 1e-4}}, ("plays wave", "ON, compliance unknown", "warn")),
        ({"on": True, "settings": {"function": "voltage", "level_V": 0.1, "compliance_A": 1e-4}},
         ("100 mV", "ON, compliance 100 µA", "warn")),
    ],
)  # fmt: skip
def test_the_source(known: dict[str, Any], figure: tuple[str, str, str]) -> None:
    assert shown(source=known)["source"] == figure


def test_two_sources_that_are_on_are_both_told() -> None:
    on = {"on": True, "settings": {"level_A": 1e-4}}
    assert "smu on, too" in shown(source=on, smu=on)["source"].note


def test_time_left_has_its_clock_time_and_its_origin() -> None:
    run = {"item": "1", "remaining_lab_time_s": 7200.0, "remaining_from": "rehearsal", "state": "running"}
    assert shown(run)["left"] == ("2 h", "until 14:00, as rehearsed", "")
    assert shown(run | {"remaining_lab_time_s": None})["left"] == ("?", "not known yet", "")
    assert shown(run | {"state": "stands"})["left"] == ("2 h", "stands still", "warn")


def test_in_a_faster_lab_the_time_left_is_that_of_the_person_who_waits() -> None:
    run = {"item": "1", "remaining_lab_time_s": 7200.0, "remaining_from": "rehearsal", "state": "running"}
    assert shown(run, speed=10.0)["left"] == ("12 min", "until 12:12, lab 2 h", "")
    assert shown(run, speed=200.0)["left"] == ("36 s", "until 12:00, lab 2 h", "good")
    assert shown(run | {"state": "stands"}, speed=10.0)["left"] == ("12 min", "stands still, lab 2 h", "warn")
    assert shown(run, speed=None)["left"] == ("2 h", "of lab time", "")


def test_what_happens_next() -> None:
    run = {"item": "1"}
    waiting = {**QUEUE, "items": [item("1", "running"), item("2", "waiting"), item("3", "waiting")]}
    assert shown(run, waiting)["next"] == ("ahe cotb2025 temperature=250 K", "and 1 more", "")
    assert shown(run, waiting | {"paused": True})["next"].note == "paused; 2 wait"
    assert shown(run)["next"] == ("nothing", "safe state after this run", "")
    assert shown(None)["next"] == ("nothing", "", "")


def test_what_a_run_that_is_over_said_last_is_not_taken_for_the_present() -> None:
    known = {"source": {"on": True, "settings": {"level_A": 1e-4}}, "cryostat": {"field": {"T": 0.1, "moves": True}}}
    told = {"from": "run", "watching": {"on": True}, "instruments": known}

    def seen(run: dict[str, Any] | None, told: dict[str, Any]) -> tuple[Figure, Figure, Figure]:
        found = figures(run, QUEUE, told, speed=1.0, now=NOW)
        return found["source"], found["field"], found["angle"]

    assert seen({"item": "1"}, told)[0].value == "100 µA"
    asking = ("…", "asking …", "quiet"), ("100.00 mT ↔", "asking …", "quiet"), ("–", "", "")
    assert seen(None, told) == asking
    assert seen({"item": "2", "state": "begins"}, told)[0] == ("…", "of the run before", "quiet")
    assert seen({"item": "2", "state": "running"}, told)[0].value == "100 µA"
    assert seen(None, told | {"watching": {"on": False}})[0].note == "not asked since the run"
    assert seen(None, told | {"from": "station"})[0].value == "100 µA"


def test_what_was_read_last_stays_in_grey_until_a_run_has_read_anything() -> None:
    last, nothing = LastRead(), Figure()
    known = {"temperature": Figure("300.00 K", "stable"), "field": Figure("0.00 mT"), "angle": nothing}
    last.keep(dict(known), on=False)
    shown = dict.fromkeys(known, nothing)
    last.keep(shown, on=True)
    assert shown["temperature"] == ("300.00 K", "before this run", "quiet")
    assert shown["angle"] == nothing
    gone = dict.fromkeys(known, nothing)
    last.keep(gone, on=False)
    assert set(gone.values()) == {nothing}


def test_a_field_that_is_kept_after_a_run_says_until_when() -> None:
    known = {"cryostat": {"field": {"T": 0.5, "moves": False, "state": "holding (driven)"}}}
    kept = {"state": "held", "field_T": 0.5, "held_until": "2026-11-23T14:00:00+00:00", "said": ""}

    def seen(kept: dict[str, Any], run: dict[str, Any] | None = None) -> tuple[str, str]:
        found = figures(run, QUEUE, {"instruments": known}, speed=1.0, now=NOW, kept=kept)
        return found["field"].note, found["next"].note

    assert seen(kept) == ("held until 14:00, then to zero", "field to zero at 14:00")
    assert seen(kept | {"held_until": None}) == ("held, then to zero", "field to zero")
    assert seen(kept | {"state": "over"})[0] == "holding (driven)"
    assert seen(kept, {"item": "1"})[0] == "holding (driven)"


def test_a_sentence_that_is_too_long_has_two_lines(qtbot: QtBot) -> None:
    del qtbot  # fonts need a program
    metrics = QFontMetrics(QFont())
    wide = metrics.horizontalAdvance("2182A: no reply") + 3
    assert in_two_lines("2182A: no reply came in", metrics, wide) == ("2182A: no reply", "came in")
    upper, lower = in_two_lines("2182A: no reply came in 10 s; see to its power", metrics, wide)
    assert (upper, lower[-1]) == ("2182A: no reply", "…")
    assert in_two_lines("2182A:noreplycameintenseconds", metrics, wide)[0].endswith("…")


def test_what_a_title_leaves_open_is_in_its_tip(qtbot: QtBot, tmp_path: Path) -> None:
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    view = FarView(Context("ppms", simulate=True, runs=tmp_path, settings=settings))
    qtbot.addWidget(view)
    cell = view.cells["temperature"]
    assert "block that the sample sits on" in cell.toolTip()
    view.show_value("temperature", "300.00 K", "stable")
    assert cell.toolTip().startswith("T (block): 300.00 K, stable\nTemperature of the block")
