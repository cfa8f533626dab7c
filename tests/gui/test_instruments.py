"""The panel of instruments: what it says of each, and what can be done by hand when."""

from __future__ import annotations

from typing import Any

import pytest
from PyQt6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from labctl.by_hand import usual_rates
from labctl.gui.context import Context
from labctl.gui.instruments.by_hand import ByHand
from labctl.gui.instruments.lines import Line, lines, order
from labctl.gui.instruments.panel import InstrumentPanel
from labctl.gui.instruments.sparkline import LASTS, Sparkline
from labctl.gui.speed_control import SpeedControl
from labctl.station import load_station
from tests.gui.standing_in import make_context

SOURCE: dict[str, Any] = {
    "driver": "keithley6221", "resource": "GPIB0::12::INSTR", "age_s": 0.2, "repeated": 0, "unanswered": 0,
    "error": None, "on": True, "in_compliance": True, "runs": None,
    "settings": {"level_A": 1e-4, "range_A": 0.002, "auto_range": False, "compliance_V": None, "output": True},
}  # fmt: skip
CRYOSTAT: dict[str, Any] = {
    "driver": "ppms6000", "resource": "GPIB0::15::INSTR", "age_s": 0.3, "repeated": 2, "unanswered": 1, "error": None,
    "temperature": {"K": 249.98, "state": "chasing", "moves": True, "set_K": 250.0, "rate_K_per_s": 1 / 12},
    "field": {"T": 0.5, "state": "driven, stable", "moves": False, "set_T": 0.5, "rate_T_per_s": 0.01},
    "angle": None, "chamber": {"state": "sealed"}, "sample_temperature_K": 250.4, "helium_percent": 15.0,
}  # fmt: skip


@pytest.fixture
def context(qtbot: QtBot) -> Context:
    return make_context()


def told(**instruments: Any) -> dict[str, Any]:
    return {"from": "run", "error": None, "watching": {"on": True}, "instruments": instruments}


def test_a_source_says_that_it_is_on_and_clamped_and_leaves_out_what_is_unknown() -> None:
    said = lines("source", SOURCE)
    assert said[:2] == [Line("output", "ON", "warn"), Line("compliance", "CLAMPED", "bad")]
    assert Line("level", "100 µA") in said
    assert Line("auto range", "off") in said
    assert sum(line.name == "compliance" for line in said) == 1


def test_a_sourcemeter_tells_voltage_and_current_apart() -> None:
    settings = {"function": "voltage", "level_V": 0.1, "level_A": None, "range_V": 2.0, "range_A": 1e-4, "nplc": 1.0}
    said = lines("smu", {"settings": settings})
    assert [line.name for line in said] == ["function", "level V", "range V", "range I", "nplc"]
    assert Line("range I", "100 µA") in said


def test_a_cryostat_says_where_it_goes_and_how_fast() -> None:
    said = lines("cryostat", CRYOSTAT)
    assert Line("temperature", "249.98 K → 250.00 K, chasing", "warn") in said
    assert Line("  rate", "5 K/min") in said
    assert Line("sample", "250.40 K") in said
    assert Line("field", "500.00 mT, driven, stable") in said
    assert Line("helium", "15 %", "warn") in said
    assert Line("helium", "15 %, 5 min ago", "warn") in lines("cryostat", CRYOSTAT | {"helium_age_s": 300.0})
    assert Line("helium", "15 %", "warn") in lines("cryostat", CRYOSTAT | {"helium_age_s": 0.4})
    assert Line("asked again", "2 times, 1 unanswered", "warn") in said
    assert not any(line.name == "angle" for line in said)


def test_the_cryostat_comes_first_and_strangers_last() -> None:
    assert order({"voltmeter": {}, "magnet": {}, "source": {}, "cryostat": {}}) == [
        "cryostat", "source", "voltmeter", "magnet"
    ]  # fmt: skip


def test_cards_follow_what_the_worker_says(qtbot: QtBot, context: Context) -> None:
    panel = InstrumentPanel(context)
    qtbot.addWidget(panel)
    context.link.instruments = told(source=SOURCE, cryostat=CRYOSTAT)
    context.link.told.emit("instruments", {})
    assert list(panel.cards) == ["cryostat", "source"]
    context.link.instruments = told(source=SOURCE | {"error": "the 6221 does not answer"}, cryostat=CRYOSTAT)
    context.link.told.emit("instruments", {})
    moves = CRYOSTAT["field"] | {"moves": True}  # which is a line more
    context.link.instruments = told(source=SOURCE, cryostat=CRYOSTAT | {"field": moves})
    context.link.told.emit("instruments", {})
    assert len(panel.cards["cryostat"]._trends["temperature"].points()) == 3
    context.link.instruments = told(source=SOURCE | {"error": "the 6221 does not answer"}, cryostat=CRYOSTAT)
    context.link.told.emit("instruments", {})
    assert panel.cards["source"].wrong.text() == "the 6221 does not answer"
    assert not panel.cards["source"].wrong.isHidden()


@pytest.mark.parametrize(
    ("run", "possible"),
    [
        (None, {"temperature", "field", "angle", "hold_temperature", "hold_field", "source_off"}),
        ({"state": "running"}, set[str]()),
        ({"state": "stands"}, {"source_off"}),
    ],
)
def test_what_can_be_done_by_hand(
    qtbot: QtBot, context: Context, run: dict[str, Any] | None, possible: set[str]
) -> None:
    hand = ByHand(context)
    qtbot.addWidget(hand)
    context.link.here, context.link.run = True, run
    context.link.told.emit("run", {})
    assert {name for name, button in hand.buttons.items() if button.isEnabled()} == possible
    assert ("No run is on" in hand.why.text()) == (run is None)


def test_by_hand_it_is_said_where_everything_is_now(qtbot: QtBot, context: Context) -> None:
    hand = ByHand(context)
    qtbot.addWidget(hand)
    assert hand.now["field"].text() == "Field"
    context.link.instruments = told(cryostat=CRYOSTAT)
    context.link.told.emit("instruments", {})
    assert [label.text() for label in hand.now.values()] == [
        "Temperature, now 249.98 K → 250.00 K, chasing", "Field, now 500.00 mT, driven, stable", "Angle"
    ]  # fmt: skip


def test_the_rate_in_grey_is_the_one_that_is_taken(qtbot: QtBot, context: Context) -> None:
    hand = ByHand(context)
    qtbot.addWidget(hand)
    assert hand.rates["temperature"].placeholderText() == "usual rate"
    context.link.station = {"usual_rates": usual_rates(load_station("ppms"))}
    context.link.found.emit()
    assert [rate.placeholderText() for rate in hand.rates.values()] == ["10 K/min", "10 mT/s"]
    assert hand.turns.text() == "at 3 deg/s"


def test_by_hand_nothing_moves_when_a_line_gets_longer(qtbot: QtBot, context: Context) -> None:
    hand = ByHand(context)
    qtbot.addWidget(hand)
    hand.resize(240, 400)
    hand.show()
    before = hand.buttons["angle"].mapTo(hand, QPoint())
    context.link.instruments = told(cryostat=CRYOSTAT)
    context.link.here, context.link.run = True, {"state": "stands"}
    context.link.told.emit("instruments", {})
    context.link.told.emit("run", {})
    qtbot.wait(1)
    assert hand.buttons["angle"].mapTo(hand, QPoint()) == before
    assert hand.now["temperature"].toolTip() == hand.now["temperature"].text()


def test_what_is_asked_by_hand_and_what_comes_back(qtbot: QtBot, context: Context) -> None:
    asked: list[tuple[Any, ...]] = []
    context.link.ask = lambda *said, then=None, failed=None: asked.append((said, then, failed))  # type: ignore[method-assign]
    hand = ByHand(context)
    qtbot.addWidget(hand)
    context.link.here = True
    context.link.told.emit("run", {})
    qtbot.mouseClick(hand.buttons["field"], Qt.MouseButton.LeftButton)
    assert not asked
    assert "0.5 T" in hand.said.text()
    qtbot.keyClicks(hand.values["field"], "2 kOe")
    qtbot.keyClicks(hand.rates["field"], "50 Oe/s")
    qtbot.keyClick(hand.values["field"], Qt.Key.Key_Return)
    (method, path, content), then, failed = asked[0]
    assert (method, path) == ("POST", "/manual")
    assert {"do": "field", "value": "2 kOe", "rate": "50 Oe/s"}.items() <= content.items()
    failed("200 mT is beyond the limit")
    assert hand.said.text() == "200 mT is beyond the limit"
    then({"said": "the field goes to 200 mT"})
    assert hand.said.text() == "the field goes to 200 mT"


def test_a_trend_forgets_what_is_older_than_ten_minutes(qtbot: QtBot, context: Context) -> None:
    trend = Sparkline(context, "K")
    qtbot.addWidget(trend)
    for number in range(5):
        trend.add(300.0 + number, now=number * LASTS / 2)
    assert [value for _, value in trend.points()] == [302.0, 303.0, 304.0]
    assert "302 to 304 K" in trend.toolTip()


def test_the_speed_is_stepped_to_the_next_one(qtbot: QtBot, context: Context) -> None:
    asked: list[Any] = []
    answers: list[Any] = []

    def ask(*said: Any, then: Any = None, failed: Any = None) -> None:
        asked.append(said[2])
        answers.append(lambda: then({"lab": {**said[2], "settable": True}}))

    context.link.ask = ask  # type: ignore[method-assign]
    control = SpeedControl(context)
    qtbot.addWidget(control)
    control.step(1)
    assert not asked  # no lab is known
    control.show_lab({"speed": 10.0, "settable": True})
    assert control.text() == "time ×10"
    control.step(1)
    control.step(-1)
    assert asked == [{"speed": 20.0}, {"speed": 10.0}]  # each from what was asked for last
    control.show_lab({"speed": 10.0, "settable": True})  # what was on its way when it was asked
    assert control.text() == "time ×10"
    for answer in answers:
        answer()
    control.show_lab({"speed": None, "settable": False})
    assert control.text() == "time jumps"
    assert not control.isEnabled()
