"""What a form says of the sample that it is for, and what becomes of a series when another experiment is chosen."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from labctl.gui.form.measure_panel import MeasurePanel
from labctl.gui.form.series_builder import SeriesBuilder
from tests.gui.form.conftest import SharedContext, wait_until_checked
from tests.gui.form.test_measure_panel import change_to

OVER = ["temperature=300:280:-10 K", "maximum_field=0.4, 0.5 T"]
CONTACTS = {"passed": True, "utc": "2026-11-20T12:00:00+00:00", "run": "", "leads": [], "not_for": []}
HEALTH = {"points": [], "of": "", "warn": 0.01, "stop": 0.05}
POINT = {"utc": "2026-11-21T12:00:00+00:00", "change": 0.0, "resistance": "390 Ω"}


@pytest.fixture
def varied(qtbot: QtBot, panel: MeasurePanel, context: SharedContext) -> Generator[MeasurePanel]:
    """A panel with a series of six runs of ahe."""
    builder = SeriesBuilder(context)
    panel.set_series(builder)
    builder.set_over(OVER)
    wait_until_checked(qtbot, panel)
    yield panel
    qtbot.waitUntil(lambda: not context.desk.busy, timeout=30_000)  # nothing is answered to what is gone


def buttons(panel: MeasurePanel) -> tuple[str, str]:
    return panel.footer.now.text(), panel.footer.add.text()


def test_the_buttons_say_how_many_runs_are_queued(qtbot: QtBot, varied: MeasurePanel) -> None:
    assert buttons(varied) == ("6 runs next", "Add 6 runs")
    varied.edit_item({"id": "4", "asked": {**varied.asked(), "over": OVER[1:]}})
    wait_until_checked(qtbot, varied)
    assert varied.footer.add.text() == "Save, 2 runs"


def test_a_series_is_put_away_with_its_experiment_and_comes_back(qtbot: QtBot, varied: MeasurePanel) -> None:
    change_to(qtbot, varied, "rt")
    assert varied.asked()["over"] == []
    assert buttons(varied) == ("Run next", "Add to queue")
    said = varied.kept_series
    assert said.isVisible()
    assert said.said.text() == "Series of ahe put away: temperature 300:280:-10 K, maximum field 0.4, 0.5 T"
    change_to(qtbot, varied, "ahe")
    assert varied.asked()["over"] == OVER
    assert buttons(varied) == ("6 runs next", "Add 6 runs")
    assert said.said.text().startswith("Series of ahe is back: temperature")
    qtbot.mouseClick(said.other, Qt.MouseButton.LeftButton)
    wait_until_checked(qtbot, varied)
    assert varied.asked()["over"] == []
    assert not said.isVisible()
    change_to(qtbot, varied, "rt")
    assert not said.isVisible()  # nothing was put away


def test_what_the_other_experiment_has_of_a_series_can_be_taken_along(qtbot: QtBot, varied: MeasurePanel) -> None:
    change_to(qtbot, varied, "sot-switching")
    said = varied.kept_series
    assert said.other.toolTip() == "Varies here, too, what sot-switching has of it: temperature 300:280:-10 K"
    qtbot.mouseClick(said.other, Qt.MouseButton.LeftButton)
    wait_until_checked(qtbot, varied)
    assert varied.asked()["over"] == OVER[:1]


def test_a_run_that_is_loaded_brings_its_own_series(qtbot: QtBot, varied: MeasurePanel) -> None:
    varied.load_asked({"procedure": "rt", "over": ["rate=1, 2 K/min"], "sample": "cotb2025"})
    wait_until_checked(qtbot, varied)
    assert varied.asked()["over"] == ["rate=1, 2 K/min"]
    assert not varied.kept_series.isVisible()
    change_to(qtbot, varied, "ahe")
    assert varied.asked()["over"] == OVER


def test_the_form_names_its_sample_and_the_way_to_it(qtbot: QtBot, panel: MeasurePanel) -> None:
    line = panel.sample_line
    assert line.name.text() == "cotb2025"
    with qtbot.waitSignal(line.wanted):
        qtbot.mouseClick(line.button, Qt.MouseButton.LeftButton)
    panel.set_sample("/lab/samples/mine.toml")
    assert line.name.text() == "mine"
    wait_until_checked(qtbot, panel)


@pytest.mark.parametrize(
    ("contacts", "change", "said", "mark"),
    [
        (None, None, "contacts not checked", "warn"),
        (CONTACTS, None, "contacts passed ", "good"),
        (CONTACTS, 0.002, ", R +0.20 %", "good"),
        (CONTACTS, -0.02, ", R -2.00 %", "warn"),
        (CONTACTS, 0.2, ", R +20.00 %", "wrong"),
        ({**CONTACTS, "passed": False}, 0.002, "CONTACTS BAD ", "wrong"),
    ],
)
def test_the_samples_health_is_said_in_a_line(
    panel: MeasurePanel, contacts: Any, change: float | None, said: str, mark: str
) -> None:
    points = [] if change is None else [{**POINT, "change": change}]
    known = {"contacts": contacts, "health": {**HEALTH, "points": points}, "summary": []}
    panel.show_known("another", known)
    assert panel.sample_line.state.text() == ""
    panel.show_known("cotb2025", known)
    assert said in panel.sample_line.state.text()
    assert panel.sample_line.state.property(mark) == "true"


def test_damage_is_said_first(panel: MeasurePanel) -> None:
    damage = {"name": "Damage", "when": "", "text": "lead B burnt", "tone": "bad"}
    panel.show_known("cotb2025", {"contacts": CONTACTS, "health": HEALTH, "summary": [damage]})
    assert panel.sample_line.state.text().startswith("DAMAGE noted, contacts passed")
    assert panel.sample_line.state.property("wrong") == "true"


def test_nothing_is_queued_of_a_sample_that_is_not_known_yet(qtbot: QtBot, context: SharedContext) -> None:
    made = MeasurePanel(context)
    qtbot.addWidget(made)
    made.show()
    wait_until_checked(qtbot, made)
    qtbot.keyClick(made.chooser.line, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait_until_checked(qtbot, made)
    assert context.link.asked == []
    assert made.footer.reason.text() == "choose the sample that is mounted first (Sample)"
    made.set_sample("cotb2025")
    wait_until_checked(qtbot, made)
    assert made.is_valid


def test_a_series_with_unlike_conditions_says_so_at_its_list_and_at_the_buttons(
    qtbot: QtBot, varied: MeasurePanel
) -> None:
    sentence = "Maximum field is not the same in all runs: 500 mT (4 runs), 200 mT at 300 K"
    builder = varied.findChild(SeriesBuilder)
    assert builder is not None
    assert builder.conditions.isHidden()
    assert varied._checked is not None
    varied._show_checked({**varied._checked, "warnings": [sentence], "conditions": [sentence]})
    assert (builder.conditions.text(), builder.conditions.isHidden()) == (sentence, False)
    assert varied.footer.reason.text() == sentence
    builder.set_over(OVER[1:])
    assert builder.conditions.isHidden()  # until that is checked
    wait_until_checked(qtbot, varied)
