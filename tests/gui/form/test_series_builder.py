"""The series of a measurement, put together by mouse and keyboard; what is written is read as `--over` is."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import QSettings, Qt, QTimer
from PyQt6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from labctl.desk.series import series
from labctl.gui.context import Context
from labctl.gui.desk_link import DeskLink
from labctl.gui.form.series_builder import NONE, SeriesBuilder, product


def field(name: str, unit: str = "", **more: Any) -> dict[str, Any]:
    return {"name": name, "label": name, "kind": "number", "default": "", "unit": unit, "options": [], **more}


AHE = {
    "procedure": "ahe", "series_over": {}, "groups": [
        {"fields": [field("temperature", "K"), field("maximum_field", "T")]},
        {"fields": [field("start", kind="choice", options=["positive", "negative"])]},
    ],
}  # fmt: skip
FIELD_SERIES = {
    "procedure": "sot-field-series", "series_over": {"in_plane_field": "20, 40, 80, 120, 160 mT"},
    "groups": [{"fields": [field("in_plane_field", "T"), field("temperature", "K")]}],
}  # fmt: skip


class DirectDesk(DeskLink):
    """Answers in this process, a turn of the event loop later."""

    def ask(
        self, what: str, *, then: Callable[[Any], None], failed: Any = None, told: Any = None, **content: Any
    ) -> int:
        """Answer."""
        del failed, told
        assert what == "series"
        self._number += 1
        number = self._number
        QTimer.singleShot(0, lambda: number in self.dropped or then(series(**content)))
        return number

    dropped: set[int]

    def drop(self, number: int | None) -> None:
        """Do not answer."""
        self.dropped |= {number} if number is not None else set()


@pytest.fixture
def builder(qtbot: QtBot, tmp_path: Path) -> Generator[SeriesBuilder]:
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    context = Context("ppms", simulate=True, runs=tmp_path, settings=settings)
    desk = DirectDesk("desk")
    desk.dropped = set()
    context.desk = desk
    made = SeriesBuilder(context)
    qtbot.addWidget(made)
    made.resize(338, 440)
    made.show()
    made.set_form(AHE)
    yield made
    context.end()


def said(qtbot: QtBot, builder: SeriesBuilder, text: str) -> None:
    qtbot.waitUntil(lambda: builder.total.text() == text, timeout=3000)


def test_rows_are_added_filled_and_counted(qtbot: QtBot, builder: SeriesBuilder) -> None:
    assert (builder.over(), builder.preview.text()) == ([], NONE)
    qtbot.mouseClick(builder.add, Qt.MouseButton.LeftButton)
    (row,) = builder.rows.rows
    assert builder.over() == []
    qtbot.keyClicks(row.parameter, "temp")
    with qtbot.waitSignal(builder.changed):
        qtbot.keyClicks(row.values, "300:200:-10 K")
    assert builder.over() == ["temperature=300:200:-10 K"]
    said(qtbot, builder, "11 runs")
    qtbot.mouseClick(builder.add, Qt.MouseButton.LeftButton)
    inner = builder.rows.rows[1]
    qtbot.keyClicks(inner.parameter, "max")
    qtbot.keyClicks(inner.values, "0.1, 0.2, 0.5")
    said(qtbot, builder, "11 × 3 = 33 runs")
    assert (row.count.text(), inner.count.text()) == ("× 11", "× 3")
    assert "taken as 0.1, 0.2, 0.5 T" in inner.note.text()
    lines = builder.preview.text().splitlines()
    assert (lines[0], lines[1], lines[-1]) == ("1: 300 K, 100 mT", "2: 300 K, 200 mT", "33: 200 K, 500 mT")


def test_loops_change_places_and_go(qtbot: QtBot, builder: SeriesBuilder) -> None:
    builder.set_over(["temperature=300, 200 K", "maximum_field=0.1 T"])
    inner = builder.rows.rows[1]
    inner.values.setFocus()
    qtbot.keyClick(inner.values, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert builder.over() == ["maximum_field=0.1 T", "temperature=300, 200 K"]
    assert not inner.out.isEnabled()
    inner.values.setFocus()
    qtbot.keyClick(inner.values, Qt.Key.Key_Delete, Qt.KeyboardModifier.AltModifier)
    assert builder.over() == ["temperature=300, 200 K"]
    said(qtbot, builder, "2 runs")


def test_the_helper_writes_a_list(qtbot: QtBot, builder: SeriesBuilder) -> None:
    builder.set_over(["temperature="])
    (row,) = builder.rows.rows
    qtbot.mouseClick(row.help, Qt.MouseButton.LeftButton)
    helper = row.helper
    assert helper.unit.text() == "K"
    for line, text in ((helper.first, "300"), (helper.last, "200"), (helper.by, "50")):
        qtbot.keyClicks(line, text)
    helper.back.click()
    qtbot.keyClick(helper.by, Qt.Key.Key_Return)
    assert builder.over() == ["temperature=300:200:-50, 250:300:50 K"]
    assert not helper.isVisible()
    said(qtbot, builder, "5 runs")


def test_a_choice_offers_all_its_words(qtbot: QtBot, builder: SeriesBuilder) -> None:
    builder.set_over(["start="])
    qtbot.mouseClick(builder.rows.rows[0].help, Qt.MouseButton.LeftButton)
    assert builder.over() == ["start=positive, negative"]


def test_what_does_not_fit_is_said_at_its_row(qtbot: QtBot, builder: SeriesBuilder) -> None:
    builder.set_over(["temperature=300:200:10 K", "maximum_field=0.1, 0.2 T"])
    first, second = builder.rows.rows
    qtbot.waitUntil(lambda: "never reaches its stop" in first.note.text(), timeout=3000)
    assert first.values.property("wrong") == "true"
    assert second.count.text() == "× 2"
    assert builder.total.text() == ""
    first.values.setText("300:200:-10 K")
    said(qtbot, builder, "11 × 2 = 22 runs")
    assert first.values.property("wrong") is None


def test_a_refusal_of_the_whole_is_said_below(qtbot: QtBot, builder: SeriesBuilder) -> None:
    builder.set_over(["temperature=2:300:1 K", "maximum_field=0.1:1.1:0.1 T"])
    qtbot.waitUntil(lambda: "3289 runs, more than 1000" in builder.fault.text(), timeout=3000)
    builder.set_over(["temperature=300, 290 K"])
    said(qtbot, builder, "2 runs")
    fault = {"sentence": "run 2 of 2 (temperature 290 K): too cold", "field": None}
    builder.show_checked({"faults": [{"sentence": "loops is wrong", "field": "loops"}, fault]})
    assert builder.fault.text() == "run 2 of 2 (temperature 290 K): too cold"
    builder.show_checked({"faults": []})
    assert not builder.fault.isVisible()


def test_the_usual_list_is_there_and_can_be_changed_but_not_left_out(qtbot: QtBot, builder: SeriesBuilder) -> None:
    builder.set_over(["temperature=300, 290 K", "maximum_field=1 T"])
    builder.set_form(FIELD_SERIES)
    assert builder.over() == ["temperature=300, 290 K", "in_plane_field=20, 40, 80, 120, 160 mT"]
    said(qtbot, builder, "2 × 5 = 10 runs")
    usual = builder.rows.rows[1]
    assert "the usual list" in usual.note.text()
    assert not usual.gone.isEnabled()
    usual.values.setText("20, 40 mT")
    said(qtbot, builder, "2 × 2 = 4 runs")
    builder.set_over([])
    assert builder.over() == ["in_plane_field=20, 40, 80, 120, 160 mT"]
    builder.set_form(AHE)  # which has no such parameter, and no usual list
    assert builder.over() == []
    said(qtbot, builder, "1 run")
    assert builder.preview.text() == NONE


def test_what_is_loaded_before_its_form_is_kept(builder: SeriesBuilder) -> None:
    builder.set_over(["in_plane_field=20, 40 mT"])
    builder.set_form(FIELD_SERIES)
    assert builder.over() == ["in_plane_field=20, 40 mT"]


def test_every_control_has_a_tip_and_can_be_reached(builder: SeriesBuilder) -> None:
    builder.set_over(["temperature=300 K"])
    (row,) = builder.rows.rows
    controls: list[QWidget] = [row.parameter, row.values, row.help, row.gone, row.out, row.further_in, builder.add]
    helper = row.helper
    controls += [helper.first, helper.last, helper.by, helper.unit, helper.way, helper.back, helper.fill]
    assert all(control.toolTip() and control.focusPolicy() & Qt.FocusPolicy.TabFocus for control in controls)


def test_a_product_is_written_out() -> None:
    assert [product(counts) for counts in ([1], [7], [3, 21])] == ["1 run", "7 runs", "3 × 21 = 63 runs"]
