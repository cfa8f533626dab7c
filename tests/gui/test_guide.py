"""The guide of a first measurement, and the window that asks for a station."""

from __future__ import annotations

from typing import Any

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from labctl.gui.desk_link import DeskLink
from labctl.gui.guide import STEPS, Guide
from labctl.gui.welcome import Welcome
from tests.gui.standing_in import make_context


@pytest.fixture
def guide(qtbot: QtBot) -> Guide:
    made = Guide(make_context())
    qtbot.addWidget(made)
    return made


def queued(guide: Guide, *items: tuple[str, str]) -> None:
    link = guide._context.link
    link.queue = {"items": [{"asked": {"procedure": procedure}, "state": state} for procedure, state in items]}
    link.told.emit("queue", {})


def test_it_goes_on_as_things_are_done_and_never_back(guide: Guide) -> None:
    assert guide.where.text() == "1 of 5"
    queued(guide, ("contact-check", "waiting"))
    assert guide.number == 1
    guide.rehearsed()
    queued(guide, ("contact-check", "finished"), ("ahe", "waiting"))
    assert guide.number == 3
    queued(guide, ("contact-check", "finished"))
    assert guide.number == 3
    queued(guide, ("ahe", "finished"))
    assert guide.number == 4
    assert guide.button.text() == STEPS[-1].button


def test_asked_for_again_it_begins_at_its_first_step(guide: Guide) -> None:
    guide.show()
    items = [{"id": "1", "asked": {"procedure": "ahe"}, "state": "finished"}]
    link = guide._context.link
    link.queue = {"items": items}
    link.told.emit("queue", {})
    assert guide.where.text() == "5 of 5"
    guide.begin()
    link.told.emit("queue", {})  # what was measured before is not this time
    assert guide.where.text() == "1 of 5"
    items.append({"id": "2", "asked": {"procedure": "contact-check"}, "state": "waiting"})
    link.told.emit("queue", {})
    guide.begin()
    assert guide.where.text() == "2 of 5"  # it is on


def test_its_button_asks_for_the_step_that_stands_there(qtbot: QtBot, guide: Guide) -> None:
    wanted: list[str] = []
    guide.wanted.connect(wanted.append)
    qtbot.mouseClick(guide.button, Qt.MouseButton.LeftButton)
    queued(guide, ("ahe", "waiting"))
    qtbot.mouseClick(guide.button, Qt.MouseButton.LeftButton)
    assert wanted == ["check", "watch"]


def test_the_first_window_offers_a_simulated_station_and_knows_the_others(qtbot: QtBot) -> None:
    desk = DeskLink("desk")
    welcome = Welcome(desk)
    qtbot.addWidget(welcome)
    chosen: list[tuple[Any, ...]] = []
    welcome.chosen.connect(lambda *said: chosen.append(said))
    assert not welcome.real.isEnabled()
    qtbot.mouseClick(welcome.guided, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: welcome.stations.count() >= 3, timeout=60_000)
    assert welcome.station == "ppms"
    qtbot.keyClick(welcome.stations, Qt.Key.Key_Home)
    qtbot.mouseClick(welcome.real, Qt.MouseButton.LeftButton)
    assert chosen == [("ppms", True, True), (welcome.station, False, False)]
    desk.end()
