"""The plot as a person uses it: columns by typing, zoom and back, the crosshair, other runs, files, maps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PyQt6.QtCore import QEvent, QPoint, Qt
from PyQt6.QtGui import QColor, QImage
from PyQt6.QtSvg import QSvgRenderer
from PyQt6.QtWidgets import QFileDialog, QLineEdit, QToolButton
from pytestqt.qtbot import QtBot

from instruments.errors import UsageError
from labctl.gui import theme
from labctl.gui.context import Context
from labctl.gui.plot.panel import PlotPanel
from labctl.gui.plot.refreshing import EVERY
from labctl.gui.run_names import run_name, varied_in
from tests.gui.plot.runs import RESULTS, lines, loop_rows, write_run, write_series

FIELD, HALL, TIME = "Field (T)", "Hall resistance (ohm)", "Time (s)"
KEY = Qt.Key


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_run(tmp_path / "0001-ahe-S042", loop_rows(), results=RESULTS, parameters={"temperature": "300 K"})


@pytest.fixture
def shown(panel: PlotPanel, folder: Path, qtbot: QtBot) -> PlotPanel:
    panel.show_run(folder)
    settled(panel, qtbot)
    return panel


def settled(panel: PlotPanel, qtbot: QtBot) -> None:
    """Everything asked for is there, and drawn."""

    def done() -> bool:
        desk: Any = panel.context.archive
        return not desk.asked and not panel._timer.isActive()

    qtbot.waitUntil(done, timeout=4000)


def choose(chooser: Any, qtbot: QtBot, typed: str, key: Qt.Key = KEY.Key_Return) -> None:
    """Choose a column with the keys alone."""
    chooser.setFocus()
    qtbot.keyClick(chooser, KEY.Key_Space)
    qtbot.keyClicks(chooser._list.typed, typed)
    qtbot.keyClick(chooser._list.typed, key)


def press(panel: PlotPanel, qtbot: QtBot, key: Qt.Key) -> None:
    qtbot.keyClick(panel.drawing, key)


def pane_of(panel: PlotPanel) -> Any:
    return panel.drawing.panes[0]


def test_a_loop_is_shown_with_its_branches_and_what_was_found(shown: PlotPanel) -> None:
    pane = pane_of(shown)
    assert (pane.x, pane.ys) == (FIELD, [HALL])
    assert [trace.title for trace in pane.traces] == ["down", "up"]
    assert len({trace.look.colour for trace in pane.traces}) == 2
    assert sorted(mark.value() for mark in pane._marks) == [-0.07, 0.07]
    assert [each.label.text for each in pane.strip.shown] == [
        "coercive field down −70.00 ± 0.10 mT", "coercive field up 70.00 ± 0.10 mT",
    ]  # fmt: skip
    assert pane.strip.sceneBoundingRect().bottom() <= pane.plot.vb.sceneBoundingRect().top()  # no curve is hidden
    assert "± of this loop" in shown.drawing.legend._text.toPlainText()
    assert pane.axis("bottom").labelString().endswith("Field (mT)</span>")
    assert pane.axis("left").labelString().endswith("Hall resistance (mΩ)</span>")


def test_a_column_is_chosen_by_typing(shown: PlotPanel, qtbot: QtBot) -> None:
    choose(shown.controls.x_column, qtbot, "tim")
    assert pane_of(shown).x == TIME
    settled(shown, qtbot)
    (left, right), _ = pane_of(shown).plot.vb.viewRange()
    assert left < 0.0
    assert right > 39.9
    assert pane_of(shown)._marks == []  # a coercive field is no time


def test_several_columns_of_one_unit_and_none_of_another(shown: PlotPanel, qtbot: QtBot, tmp_path: Path) -> None:
    names = ("Time (s)", "Upper (V)", "Lower (V)", "Temperature (K)")
    shown.show_run(write_run(tmp_path / "0002-x", [(i, 2 * i, 3 * i, 300) for i in range(5)], names=names))
    settled(shown, qtbot)
    choose(shown.controls.y_columns, qtbot, "upper")
    choose(shown.controls.y_columns, qtbot, "lower", KEY.Key_Space)
    assert pane_of(shown).ys == ["Upper (V)", "Lower (V)"]
    assert [trace.title for trace in pane_of(shown).traces] == ["Upper", "Lower"]
    choose(shown.controls.y_columns, qtbot, "temp", KEY.Key_Space)
    assert pane_of(shown).ys == ["Temperature (K)"]


def test_what_was_chosen_for_an_experiment_is_chosen_the_next_time(
    shown: PlotPanel, context: Context, folder: Path, qtbot: QtBot
) -> None:
    choose(shown.controls.x_column, qtbot, "time")
    other = PlotPanel(context)
    qtbot.addWidget(other)
    other.show()
    other.show_run(folder)
    settled(other, qtbot)
    assert pane_of(other).x == TIME
    other.close_run()


def test_zooming_ends_the_automatic_range_and_a_key_brings_it_back(
    shown: PlotPanel, folder: Path, qtbot: QtBot
) -> None:
    shown.set_live(True)
    press(shown, qtbot, KEY.Key_Plus)
    zoomed = pane_of(shown).plot.vb.viewRange()
    with (folder / "data.csv").open("a", encoding="utf-8") as file:
        file.write("99.0,2.5,0.9,up,1,loop=1,1\n")
    qtbot.waitUntil(lambda: shown.run is not None and shown.run.raw is not None and shown.run.raw.rows == 401)
    assert pane_of(shown).plot.vb.viewRange() == zoomed
    press(shown, qtbot, KEY.Key_A)
    assert pane_of(shown).plot.vb.viewRange()[0][1] > 2.5
    with (folder / "data.csv").open("a", encoding="utf-8") as file:
        file.write("99.1,9.5,0.9,up,1,loop=1,1\n")
    qtbot.waitUntil(lambda: pane_of(shown).plot.vb.viewRange()[0][1] > 9.5)
    shown.set_live(False)


def test_the_crosshair_snaps_to_a_point_and_shows_its_row(shown: PlotPanel, qtbot: QtBot) -> None:
    pane = pane_of(shown)
    assert shown.run is not None
    assert shown.run.raw is not None
    row = 100  # at remanence, where the branches are far apart
    at = pane.plot.vb.mapViewToScene(QtPoint(*pane.traces[0].point(row)))
    place = shown.drawing.mapFromScene(at) + QPoint(1, 0)
    chosen: list[tuple[str, int]] = []
    shown.row_chosen.connect(lambda folder, number: chosen.append((folder, number)))
    qtbot.mouseMove(shown.drawing.viewport(), QPoint(5, 5))
    qtbot.wait(50)  # pyqtgraph looks at the mouse a hundred times a second at most
    qtbot.mouseMove(shown.drawing.viewport(), place)
    qtbot.waitUntil(lambda: shown.drawing.chosen is not None and abs(shown.drawing.chosen[2] - row) <= 1)
    assert shown.drawing.chosen is not None
    found = shown.drawing.chosen[2]
    values = shown.run.raw.row(found)
    brief, card = shown.drawing.read_out.brief, shown.drawing.read_out.row
    assert chosen[-1] == (str(shown.run.folder), found)
    assert brief.isVisible()
    assert "mΩ" in brief.text()
    assert "0001 down" in brief.text()
    assert not brief.geometry().contains(place)
    assert not card.isVisible()  # all values hide no curve before they are asked for
    qtbot.mouseClick(shown.drawing.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert card.isVisible()
    assert not card.geometry().contains(place)
    text = shown.drawing.read_out.values.text()
    assert f"{float(values[FIELD]) * 1e3:.7g}".replace("-", "−") + " mT" in text
    assert f"{float(values[TIME]):.7g} s" in text
    assert "loop=1" in text
    shown.drawing.leaveEvent(QEvent(QEvent.Type.Leave))
    assert shown.drawing.chosen is not None  # it was clicked to stay
    shown._run_changed()  # as when a run that is on was analysed anew
    assert shown.drawing.chosen is not None
    assert shown.drawing.chosen[2] == found
    assert brief.isVisible()
    assert not card.isVisible()


def test_the_crosshair_leaves_with_the_mouse_also_where_the_plot_has_the_keys(shown: PlotPanel, qtbot: QtBot) -> None:
    shown.drawing.setFocus()
    pane = pane_of(shown)
    shown.drawing._mouse(pane.plot.vb.sceneBoundingRect().center())
    assert shown.drawing.read_out.brief.isVisible()
    shown.drawing.leaveEvent(QEvent(QEvent.Type.Leave))
    assert shown.drawing.chosen is None
    assert not shown.drawing.read_out.brief.isVisible()


@pytest.mark.parametrize("size", [(730, 420), (330, 240)])
def test_what_is_said_of_a_point_never_covers_it_nor_is_cut_off(
    panel: PlotPanel, tmp_path: Path, qtbot: QtBot, size: tuple[int, int]
) -> None:
    names = ("Field (T)", "Hall resistance (ohm)", *(f"A longer name of column {number} (V)" for number in range(30)))
    rows = [(i / 10, i * i, *range(30)) for i in range(-5, 6)]
    panel.resize(*size)
    panel.show_run(write_run(tmp_path / "0002-x", rows, names=names))
    settled(panel, qtbot)
    pane, drawing = pane_of(panel), panel.drawing
    for row in (0, 3, 5, 10):
        drawing.choose((pane, pane.traces[0], row))
        at = drawing.mapFromScene(pane.plot.vb.mapViewToScene(QtPoint(*pane.traces[0].point(row))))
        for label in (drawing.read_out.brief, drawing.read_out.row):
            assert label.isVisible()
            assert drawing.rect().contains(label.geometry())
            assert not label.geometry().contains(at)
            press(panel, qtbot, KEY.Key_V)
    bar = drawing.read_out.row.verticalScrollBar()
    assert bar is not None
    drawing.choose((pane, pane.traces[0], 10))
    press(panel, qtbot, KEY.Key_V)
    high = drawing.read_out.values.height()
    assert high <= drawing.read_out.row.height() or bar.maximum() > 0  # what has no room is scrolled to


def QtPoint(x: float, y: float) -> Any:  # noqa: N802 - like the class that it makes
    from pyqtgraph import Point

    return Point(x, y)


def test_arrows_walk_along_a_curve_and_from_curve_to_curve(shown: PlotPanel, qtbot: QtBot) -> None:
    press(shown, qtbot, KEY.Key_Right)
    assert shown.drawing.chosen is not None
    _, trace, row = shown.drawing.chosen
    press(shown, qtbot, KEY.Key_Right)
    assert shown.drawing.chosen[1:] == (trace, row + 1)
    qtbot.keyClick(shown.drawing, KEY.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert shown.drawing.chosen[2] == row - 9
    press(shown, qtbot, KEY.Key_Down)
    assert shown.drawing.chosen[1] is not trace
    assert not shown.drawing.read_out.row.isVisible()
    press(shown, qtbot, KEY.Key_V)
    assert shown.drawing.read_out.row.isVisible()
    assert not shown.drawing.read_out.brief.isVisible()
    press(shown, qtbot, KEY.Key_V)
    assert shown.drawing.read_out.brief.isVisible()
    press(shown, qtbot, KEY.Key_Escape)
    assert shown.drawing.chosen is None


def test_another_run_lies_over_it_with_its_number_and_what_differs(
    shown: PlotPanel, tmp_path: Path, qtbot: QtBot
) -> None:
    other = write_run(tmp_path / "0007-ahe-S042", loop_rows(), parameters={"temperature": "250 K"})
    with qtbot.waitSignal(shown.overlays_changed) as told:
        shown.add_overlay(other)
    assert told.args == [[str(other)]]
    settled(shown, qtbot)
    named = ["down", "up", "0007: temperature 250 K, down", "up"]
    assert [trace.title for trace in pane_of(shown).traces] == named
    assert len({trace.look.colour for trace in pane_of(shown).traces}) == 4
    shown.controls.group.current = []
    shown.controls.changed.emit()  # without branches of the run itself, there are none of the others
    assert [trace.title for trace in pane_of(shown).traces] == ["", "0007: temperature 250 K"]
    shown.controls.group.current = ["Branch"]
    shown.controls.changed.emit()
    shown.remove_overlay(other)
    settled(shown, qtbot)
    assert [trace.title for trace in pane_of(shown).traces] == ["down", "up"]
    assert shown.overlays == []


def test_only_what_is_drawn_is_named_and_all_that_differs(shown: PlotPanel, tmp_path: Path, qtbot: QtBot) -> None:
    asked = {"loops": "2", "temperature": "stay", "reads": "3", "in_plane_field": "200 mT", "order": "+"}
    other = write_run(tmp_path / "0007-sot-S042", loop_rows(), procedure="sot-switching", parameters=asked)
    empty = write_run(tmp_path / "0008-ahe-S042", [])
    lacking = write_run(tmp_path / "0009-x", [(1, 2)], names=("Time (s)", "Temperature (K)"))
    for folder in (other, empty, lacking):
        shown.add_overlay(folder)
    settled(shown, qtbot)
    named = [trace.title for trace in pane_of(shown).traces if trace.look.under]
    assert named == ["0007: sot-switching, temperature stay, in plane field 200 mT, and 3 more, down", "up"]
    legend = shown.drawing.legend
    words = legend._text.toPlainText()
    assert words.count("0008") == words.count("0009") == 1
    assert "not drawn over it: 0008 (no points), 0009 (no column Field)" in words
    assert legend.toolTip().split("\n    ") == [
        "0007 differs in:", "sot-switching", "temperature stay", "in plane field 200 mT", "loops 2", "reads 3",
        "order +",
    ]  # fmt: skip


def test_the_expected_curve_lies_in_grey_behind(panel: PlotPanel, folder: Path, qtbot: QtBot) -> None:
    (folder / "expected.csv").write_bytes((folder / "data.csv").read_bytes())
    panel.show_run(folder)
    settled(panel, qtbot)
    expected = [trace for trace in pane_of(panel).traces if trace.look.behind]
    assert [trace.title for trace in expected] == ["expected"]
    assert expected[0].look.colour == theme.DARK.line
    qtbot.mouseClick(panel.controls.expected, Qt.MouseButton.LeftButton)
    assert not [trace for trace in pane_of(panel).traces if trace.look.behind]


def test_without_a_rehearsal_nothing_is_expected(shown: PlotPanel) -> None:
    assert not shown.controls.expected.isEnabled()
    assert "not rehearsed" in shown.controls.expected.toolTip()


def test_a_processed_loop_is_odd(shown: PlotPanel, qtbot: QtBot) -> None:
    qtbot.mouseClick(shown.controls.processed, Qt.MouseButton.LeftButton)
    settled(shown, qtbot)
    assert pane_of(shown).ys == ["Hall resistance, odd part (ohm)"]
    bounds = pane_of(shown).bounds
    assert bounds is not None
    assert bounds[2] == pytest.approx(-0.075, abs=2e-4)
    assert bounds[3] == pytest.approx(0.075, abs=2e-4)
    qtbot.mouseClick(shown.controls.processed, Qt.MouseButton.LeftButton)
    settled(shown, qtbot)
    assert pane_of(shown).ys == [HALL]


def test_what_cannot_be_processed_says_why(panel: PlotPanel, tmp_path: Path, qtbot: QtBot) -> None:
    panel.show_run(write_run(tmp_path / "0002-log", [(1.0, 2.0)], names=("Time (s)", "V (V)"), procedure="log"))
    settled(panel, qtbot)
    assert not panel.controls.processed.isEnabled()
    assert "this is log" in panel.controls.processed.toolTip()


def test_a_second_plot_has_the_same_way_to_the_right(shown: PlotPanel, qtbot: QtBot) -> None:
    qtbot.mouseClick(shown.controls.second, Qt.MouseButton.LeftButton)
    choose(shown.controls.second_columns, qtbot, "time")
    settled(shown, qtbot)
    upper, lower = shown.drawing.panes
    assert lower.ys == [TIME]
    assert len(lower._marks) == len(upper.strip.shown) == 2
    assert lower.strip.shown == []  # the words stand above the upper plot
    assert lower.plot.vb.viewRange()[0] == pytest.approx(upper.plot.vb.viewRange()[0], abs=0.01)
    upper.plot.vb.setXRange(-0.1, 0.1, padding=0)
    assert lower.plot.vb.viewRange()[0] == pytest.approx([-0.1, 0.1], abs=0.01)


def test_rows_that_were_measured_again_are_not_drawn(panel: PlotPanel, tmp_path: Path, qtbot: QtBot) -> None:
    folder = write_run(tmp_path / "0003-ahe", [[0.0, 5.0, 5.0, "down", 1, "loop=1", 1], *loop_rows(attempt=2)])
    panel.show_run(folder)
    settled(panel, qtbot)
    bounds = pane_of(panel).bounds
    assert bounds is not None
    assert bounds[1] == 0.5


def test_a_run_that_grows_is_drawn_as_it_grows(panel: PlotPanel, tmp_path: Path, qtbot: QtBot) -> None:
    rows = loop_rows()
    folder = write_run(tmp_path / "0003-ahe", rows[:3])
    panel.show_run(folder, live=True)
    qtbot.waitUntil(lambda: len(pane_of(panel).traces) == 1)
    for part in (rows[3:150], rows[150:210], rows[210:]):
        with (folder / "data.csv").open("a", encoding="utf-8") as file:
            file.write(lines(part))
        qtbot.wait(60)
    qtbot.waitUntil(lambda: [trace.title for trace in pane_of(panel).traces] == ["down", "up"])
    panel.set_live(False)
    settled(panel, qtbot)
    assert pane_of(panel).traces[0].bounds == pytest.approx((-0.5, 0.5, 0.095, 0.245), abs=1e-3)


def test_logarithmic_axes_leave_out_what_is_not_positive(shown: PlotPanel, qtbot: QtBot) -> None:
    qtbot.mouseClick(shown.controls.log_x, Qt.MouseButton.LeftButton)
    settled(shown, qtbot)
    bounds = pane_of(shown).bounds
    assert bounds is not None
    assert bounds[1] == pytest.approx(np.log10(0.5))
    assert [mark.value() for mark in pane_of(shown)._marks] == [pytest.approx(np.log10(0.07))]


def test_pictures_are_on_white_and_twice_as_fine(shown: PlotPanel, tmp_path: Path) -> None:
    shown.save(tmp_path / "plot.png")
    image = QImage(str(tmp_path / "plot.png"))
    assert image.width() == 2 * shown.drawing.width()
    assert QColor(image.pixel(image.width() - 3, 3)) == QColor(theme.LIGHT.field)
    found = {QColor(image.pixel(x, y)).name() for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)}
    assert {theme.LIGHT.curves[0], theme.LIGHT.curves[1]} <= found
    assert shown.drawing.panes[0].traces[0].look.colour == theme.DARK.curves[0]


def test_drawings_can_be_opened(shown: PlotPanel, tmp_path: Path) -> None:
    shown.save(tmp_path / "plot.svg")
    assert QSvgRenderer(str(tmp_path / "plot.svg")).isValid()
    assert "Hall resistance" in (tmp_path / "plot.svg").read_text(encoding="utf-8")
    shown.save(tmp_path / "plot.pdf")
    content = (tmp_path / "plot.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert b"%%EOF" in content[-32:]
    with pytest.raises(UsageError, match="a picture ends with"):
        shown.save(tmp_path / "plot.bmp")


def test_a_table_of_what_is_shown(shown: PlotPanel, folder: Path, tmp_path: Path, qtbot: QtBot) -> None:
    pane_of(shown).plot.vb.setXRange(0.0, 0.5, padding=0)
    pane_of(shown)._by_hand()
    settled(shown, qtbot)
    shown.save(tmp_path / "shown.csv")
    table, whole = pd.read_csv(tmp_path / "shown.csv"), pd.read_csv(folder / "data.csv", comment="#")
    wanted = whole[(whole[FIELD] >= 0) & (whole[FIELD] <= 0.5)]
    assert list(table.columns) == ["Run", "File", FIELD, HALL, "Branch"]
    for name in (FIELD, HALL, "Branch"):
        assert table[name].tolist() == wanted[name].tolist()


def test_the_picture_is_copied(shown: PlotPanel, context: Context, qtbot: QtBot) -> None:
    with qtbot.waitSignal(context.said) as told:
        shown.controls.copy_wanted.emit()
    assert told.args == ["info", "the picture was copied"]


def test_it_is_asked_where_to_save_without_holding_anything_up(
    shown: PlotPanel, context: Context, tmp_path: Path, qtbot: QtBot
) -> None:
    elsewhere = tmp_path / "thesis"
    elsewhere.mkdir()
    for place in (context.runs, elsewhere):
        shown.controls.table_wanted.emit()
        dialog = shown.findChildren(QFileDialog)[-1]
        assert dialog.isVisible()
        assert not dialog.isModal()
        assert dialog.testOption(QFileDialog.Option.DontUseNativeDialog)
        assert Path(dialog.directory().absolutePath()) == Path(place)
        assert [Path(file).name for file in dialog.selectedFiles()] == ["0001-ahe-S042.csv"]
        dialog.fileSelected.emit(str(elsewhere / "loop.csv"))
        with qtbot.waitSignal(dialog.destroyed):
            dialog.close()
    assert (elsewhere / "loop.csv").is_file()


def test_a_series_as_a_map_with_cuts(panel: PlotPanel, tmp_path: Path, qtbot: QtBot) -> None:
    series = write_series(tmp_path / "0009-series", {"field": [0.1, 0.2, 0.5], "temperature": [10.0, 20.0]})
    panel.show_run(series)
    settled(panel, qtbot)
    qtbot.mouseClick(panel.controls.map, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.map.view.cells.size > 0)
    view = panel.map.view
    assert panel.map.colour.text() == "coercive field up (T) ▾"
    assert (panel.map.y_axis.text(), panel.map.x_axis.text()) == ("field (T) ▾", "temperature, varied ▾")
    assert view.names == ("temperature (K)", "field (T)", "coercive field up (T)")
    np.testing.assert_allclose(view.cells, [[10.1, 20.1], [10.2, 20.2], [10.5, 20.5]])
    view.move_cut(0, 0)
    qtbot.keyClick(view, KEY.Key_Up)
    qtbot.keyClick(view, KEY.Key_Right)
    assert view.cut == (1, 1)
    assert panel.map.said.text() == "Cuts at temperature 20 K, field 200 mT, coercive field up 20.2 T"
    assert view._curves[1].getData()[0].tolist() == [20.1, 20.2, 20.5]
    panel.save(tmp_path / "map.csv")
    assert pd.read_csv(tmp_path / "map.csv")["field (T)"].tolist() == [0.1, 0.1, 0.2, 0.2, 0.5, 0.5]
    panel.save(tmp_path / "map.png")
    assert not QImage(str(tmp_path / "map.png")).isNull()


def test_a_column_as_a_map_over_the_field(panel: PlotPanel, tmp_path: Path, qtbot: QtBot) -> None:
    series = write_series(tmp_path / "0009-series", {"field": [0.1, 0.2], "temperature": [10.0]})
    panel.show_run(series)
    settled(panel, qtbot)
    qtbot.mouseClick(panel.controls.map, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.map.view.cells.size > 0)
    choose(panel.map.colour, qtbot, "hall")
    choose(panel.map.x_axis, qtbot, "Field (")
    qtbot.waitUntil(lambda: panel.map.view.names[2] == "Hall resistance (ohm)")
    assert panel.map.view.names[0] == FIELD
    assert panel.map.branch.isVisible()


@pytest.mark.parametrize(
    ("values", "before", "later"),
    [
        ({"field": [0.1, 0.2, 0.3, 0.4, 0.5]}, "Hall resistance (ohm)", "Hall resistance (ohm)"),
        ({"field": [0.1, 0.2, 0.3, 0.4, 0.5], "temperature": [10.0]}, "Hall resistance (ohm)",
         "coercive field up (T)"),
    ],
)  # fmt: skip
def test_a_map_says_the_right_thing_however_far_its_series_is(
    panel: PlotPanel, tmp_path: Path, qtbot: QtBot, values: dict[str, list[float]], before: str, later: str
) -> None:
    series = write_series(tmp_path / "0009-series", values)
    runs = sorted(folder for folder in series.iterdir() if folder.is_dir())
    kept = tmp_path / "later"
    kept.mkdir()
    for run in runs:
        run.rename(kept / run.name)
    (kept / runs[0].name / "result.json").rename(kept / "first.json")

    def begin(number: int) -> None:
        """The run has a file without rows."""
        runs[number].mkdir()
        text = (kept / runs[number].name / "data.csv").read_text(encoding="utf-8")
        for name in ("run.json", "events.jsonl"):
            (runs[number] / name).write_bytes((kept / runs[number].name / name).read_bytes())
        (runs[number] / "data.csv").write_text("\n".join(text.splitlines()[:3]) + "\n", encoding="utf-8")

    def end(number: int) -> None:
        for file in (kept / runs[number].name).iterdir():
            (runs[number] / file.name).write_bytes(file.read_bytes())

    shown_map = panel.map
    begin(0)
    panel.show_run(series)
    settled(panel, qtbot)
    qtbot.mouseClick(panel.controls.map, Qt.MouseButton.LeftButton)
    settled(panel, qtbot)
    assert shown_map.said.text() == "No run of the series has a point yet: the map begins with the first ones"
    assert not shown_map.view.isVisible()  # axes of nothing would say nothing
    assert not shown_map.colour.isVisible()
    end(0)
    begin(1)
    panel._refreshing.refresh()
    settled(panel, qtbot)
    assert shown_map.view.isVisible()
    assert shown_map.view.names[2] == before
    assert shown_map.branch.isVisible()
    (kept / "first.json").rename(runs[0] / "result.json")
    end(1)
    begin(2)
    end(2)
    begin(3)
    panel._refreshing.refresh()
    settled(panel, qtbot)
    assert shown_map.view.names[2] == later
    np.testing.assert_allclose(shown_map.view.at[1], [0.1, 0.2, 0.3])
    assert shown_map.said.text().startswith("Cuts at ")
    assert shown_map.branch.isVisible() == (later == before)
    offered = shown_map.colour._names
    assert ("coercive_field_up" in offered) == (len(values) > 1)  # one value for each run needs two axes


def test_a_map_begins_with_the_first_rows_of_the_series(panel: PlotPanel, tmp_path: Path, qtbot: QtBot) -> None:
    series = write_series(tmp_path / "0009-series", {"field": [0.1]})
    run = next(folder for folder in series.iterdir() if folder.is_dir())
    rows = (run / "data.csv").read_text(encoding="utf-8")
    (run / "result.json").unlink()
    (run / "data.csv").write_text("\n".join(rows.splitlines()[:3]) + "\n", encoding="utf-8")
    panel.show_run(run, live=True)
    qtbot.waitUntil(panel.controls.map.isEnabled)
    qtbot.mouseClick(panel.controls.map, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.map.said.text().startswith("No run"))
    assert panel._refreshing._timer.interval() == EVERY
    panel._refreshing._timer.stop()  # it need not wait for the next look
    (run / "data.csv").write_text(rows, encoding="utf-8")
    qtbot.waitUntil(panel.map.view.isVisible)
    panel.set_live(False)


def test_the_next_run_of_a_series_does_not_put_off_what_is_made_anew(
    panel: PlotPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel._refreshing.set_live(True)
    begun: list[str] = []
    monkeypatch.setattr(panel._refreshing._timer, "start", lambda: begun.append("again"))
    panel._refreshing.set_live(True)
    assert begun == []
    panel._refreshing.set_live(False)


def test_one_run_has_no_map(shown: PlotPanel) -> None:
    assert not shown.controls.map.isEnabled()
    assert shown.controls.map.toolTip() == "a map is drawn of a series (Measure, Series)"


def test_other_colours(shown: PlotPanel, context: Context) -> None:
    context.set_theme(theme.LIGHT)
    assert [trace.look.colour for trace in pane_of(shown).traces] == list(theme.LIGHT.curves[:2])
    assert shown.drawing.backgroundBrush().color() == QColor(theme.LIGHT.field)


def test_closing_lets_go_of_files_and_questions(shown: PlotPanel) -> None:
    run = shown.run
    assert run is not None
    place = Path(run._place.new())
    place.mkdir()
    run.ask_facts()
    shown.close_run()
    assert not place.parent.exists()
    desk: Any = shown.context.archive
    assert desk.asked == {}
    assert pane_of(shown).traces == []


def test_everything_set_with_a_mouse_says_what_it_is(panel: PlotPanel, qtbot: QtBot) -> None:
    found = [*panel.controls.findChildren(QToolButton), *panel.map.findChildren(QToolButton)]
    buttons = [button for button in found if not isinstance(button.parent(), QLineEdit)]
    assert len(buttons) >= 15
    assert [button.text() for button in buttons if not button.toolTip()] == []
    assert [button.text() for button in buttons if not button.focusPolicy() & Qt.FocusPolicy.TabFocus] == []


def test_nothing_heavy_is_loaded() -> None:
    statements = "import sys, labctl.gui.plot.panel\nprint(*sorted({n.partition('.')[0] for n in sys.modules}))"
    ended = subprocess.run([sys.executable, "-c", statements], capture_output=True, text=True, check=True)
    heavy = {"pandas", "scipy", "pint", "pymeasure", "matplotlib", "procedures"}
    assert set(ended.stdout.split()) & heavy == set()


def test_a_desk_of_its_own_loads_what_is_large(
    panel: PlotPanel, context: Context, folder: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from labctl.gui.desk_link import DeskLink
    from labctl.gui.plot import open_run

    monkeypatch.setattr(open_run, "SMALL", 0)
    context.archive = DeskLink("archive", context)
    panel.show_run(folder, live=True)
    qtbot.waitUntil(lambda: len(pane_of(panel).traces) == 2, timeout=60_000)
    with (folder / "data.csv").open("a", encoding="utf-8") as file:
        file.write("99.0,2.5,0.9,up,1,loop=1,1\n")
    qtbot.waitUntil(lambda: panel.run is not None and panel.run.raw is not None and panel.run.raw.rows == 401)
    panel.set_live(False)


def test_a_plot_that_noise_fills_is_drawn_thin_and_a_loop_is_not(
    panel: PlotPanel, folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    noise = np.random.default_rng(1).normal(size=3000).tolist()
    other = write_run(tmp_path / "0002-x", list(enumerate(noise)), names=("Time (s)", "V (V)"), procedure="log")
    for shown, thin in ((other, True), (folder, False)):
        panel.show_run(shown)
        settled(panel, qtbot)
        assert {trace.thin for trace in pane_of(panel).traces} == {thin}


def test_words_of_results_leave_with_their_place(shown: PlotPanel) -> None:
    pane = pane_of(shown)
    pane.plot.vb.setXRange(0.02, 0.09, padding=0)
    assert [each.label.text for each in pane.strip.shown] == ["coercive field up 70.00 ± 0.10 mT"]
    pane.plot.vb.setXRange(0.2, 0.3, padding=0)
    assert pane.strip.shown == []


def test_branches_are_told_apart_as_soon_as_they_are_known(panel: PlotPanel, tmp_path: Path, qtbot: QtBot) -> None:
    folder = write_run(tmp_path / "0003-ahe", [])
    panel.show_run(folder, live=True)
    qtbot.waitUntil(lambda: panel.controls.x_column.current == [FIELD])
    assert panel.controls.group.current == []
    choose(panel.controls.x_column, qtbot, "time")  # says nothing of colours
    with (folder / "data.csv").open("a", encoding="utf-8") as file:
        file.write(lines(loop_rows()))
    qtbot.waitUntil(lambda: [trace.title for trace in pane_of(panel).traces] == ["down", "up"])
    assert panel.controls.group.current == ["Branch"]
    assert pane_of(panel).x == TIME
    panel.set_live(False)
    panel.show_run(folder)
    settled(panel, qtbot)
    assert [trace.title for trace in pane_of(panel).traces] == ["down", "up"]  # nor for the next time


def test_a_run_without_points_says_what_it_waits_for(panel: PlotPanel, tmp_path: Path, qtbot: QtBot) -> None:
    folder = write_run(tmp_path / "0003-ahe", [])
    link = panel.context.link
    link.run = {"folder": str(folder), "state": "measures"}
    going = {"K": 287.3, "set_K": 300.0, "moves": True}
    link.instruments = {"instruments": {"cryostat": {"temperature": going, "field": None}}}
    panel.show_run(folder, live=True)
    wanted = "Waiting for the first point: the temperature goes to 300.00 K, now 287.30 K"
    qtbot.waitUntil(lambda: panel.drawing._instead.text() == wanted)
    assert not pane_of(panel).plot.isVisible()
    going["K"] = 299.0
    link.told.emit("instruments", {})
    assert panel.drawing._instead.text().endswith("now 299.00 K")
    with (folder / "data.csv").open("a", encoding="utf-8") as file:
        file.write(lines(loop_rows()))
    qtbot.waitUntil(lambda: pane_of(panel).plot.isVisible())
    assert not panel.drawing._instead.isVisible()
    link.run = None
    panel.show_run(write_run(tmp_path / "0004-ahe", []))
    settled(panel, qtbot)
    assert panel.drawing._instead.text() == "This run has no points"


def test_a_contact_check_is_shown_pair_by_pair(panel: PlotPanel, tmp_path: Path, qtbot: QtBot) -> None:
    names = ("Kind", "High", "Low", "Step", "Time (s)", "Current (A)", "Voltage (V)", "Block", "Attempt")
    pairs = [("pair", "I+", "A"), ("pair", "I+", "B"), ("to shield", "I+", "shield")]
    rows = [
        (kind, high, low, "test", 5 * place, sign * 1e-5, sign * (place + 1) * 1e-3, f"pair={place}", 1)
        for place, (kind, high, low) in enumerate(pairs) for sign in (1, -1)
    ]  # fmt: skip
    folder = write_run(tmp_path / "0003-contact-check", [], names=names, procedure="contact-check")
    panel.show_run(folder, live=True)
    for part in (rows[:2], rows[2:]):  # as it grows: of the first pair alone there is nothing to tell apart
        with (folder / "data.csv").open("a", encoding="utf-8") as file:
            file.write(lines(part))
        qtbot.waitUntil(lambda: pane_of(panel).ys == ["Voltage (V)"] and len(pane_of(panel).traces) > 0)
    qtbot.waitUntil(lambda: [trace.title for trace in pane_of(panel).traces] == ["I+ to A", "I+ to B"])
    assert pane_of(panel).x == "Current (A)"
    panel.set_live(False)


def test_loops_of_both_signs_of_the_field_have_their_own_colours(
    panel: PlotPanel, tmp_path: Path, qtbot: QtBot
) -> None:
    names = ("Pulse current (A)", "Hall resistance (ohm)", "Branch", "In-plane field (T)")
    zero, loops = [(0.0, 0.1, "down", -0.0)], [(0.0, 0.1, "down", -0.05), (0.01, 0.2, "up", -0.05)]
    more = [(0.0, 0.1, "down", 0.05), (0.01, 0.2, "up", 0.05)]
    folder = write_run(tmp_path / "0003-sot", [*zero, *loops], names=names, procedure="sot-switching")
    panel.show_run(folder, live=True)
    qtbot.waitUntil(lambda: [trace.title for trace in pane_of(panel).traces] == ["down", "up"])  # one sign so far
    with (folder / "data.csv").open("a", encoding="utf-8") as file:
        file.write(lines(more))
    qtbot.waitUntil(lambda: [trace.title for trace in pane_of(panel).traces] == ["−50 mT", "0 T", "50 mT"])
    panel.set_live(False)


def test_there_are_never_axes_of_nothing(panel: PlotPanel, folder: Path) -> None:
    (folder / "data.csv").rename(folder / "expected.csv")
    text = (folder / "expected.csv").read_text(encoding="utf-8")
    (folder / "data.csv").write_text("\n".join(text.splitlines()[:3]) + "\n", encoding="utf-8")
    panel.show_run(folder, live=True)  # before it is known which experiment it is
    assert pane_of(panel).ys == []
    assert not pane_of(panel).plot.isVisible()
    panel.set_live(False)


def test_before_the_first_point_what_is_expected_is_shown(panel: PlotPanel, folder: Path, qtbot: QtBot) -> None:
    (folder / "data.csv").rename(folder / "expected.csv")
    panel.context.link.run = {"folder": str(folder), "state": "begins"}
    panel.show_run(folder, live=True)
    qtbot.waitUntil(lambda: [trace.title for trace in pane_of(panel).traces] == ["expected"])
    assert pane_of(panel).plot.isVisible()
    assert "Waiting for the first point: the run begins" in panel.drawing.legend._text.toPlainText()
    (folder / "data.csv").write_bytes((folder / "expected.csv").read_bytes())
    qtbot.waitUntil(lambda: [trace.title for trace in pane_of(panel).traces] == ["expected", "down", "up"])
    assert "Waiting" not in panel.drawing.legend._text.toPlainText()
    panel.set_live(False)


def test_a_map_is_one_click_from_any_run_of_a_series_and_grows_with_it(
    panel: PlotPanel, tmp_path: Path, qtbot: QtBot
) -> None:
    values: dict[str, list[float]] = {"field": [0.1, 0.2], "temperature": [10.0, 20.0]}
    series = write_series(tmp_path / "0009-series", values)
    runs = sorted(folder for folder in series.iterdir() if folder.is_dir())
    (runs[3] / "result.json").rename(tmp_path / "later.json")
    panel.show_run(runs[2], live=True)
    qtbot.waitUntil(panel.controls.map.isEnabled)
    qtbot.mouseClick(panel.controls.map, Qt.MouseButton.LeftButton)
    view = panel.map.view
    qtbot.waitUntil(lambda: view.cells.size > 0)
    view.move_cut(0, 1)
    assert np.isnan(view.cells[1, 1])
    panel.show_run(runs[3], live=True)
    assert panel.controls.map.isChecked()
    (tmp_path / "later.json").rename(runs[3] / "result.json")
    panel.set_live(False)
    qtbot.waitUntil(lambda: not np.isnan(view.cells[1, 1]))
    assert view.cut == (0, 1)
    panel.show_run(write_run(tmp_path / "0010-ahe", loop_rows()))
    assert not panel.controls.map.isChecked()
    settled(panel, qtbot)


def test_processed_curves_and_a_series_grow_with_their_runs(panel: PlotPanel, tmp_path: Path, qtbot: QtBot) -> None:
    folder = write_run(tmp_path / "0003-ahe", loop_rows())
    (folder / "data.csv").rename(tmp_path / "later.csv")
    panel.show_run(folder, live=True)
    qtbot.waitUntil(lambda: panel.controls.processed.toolTip() == "the run has no rows yet")
    (tmp_path / "later.csv").rename(folder / "data.csv")
    qtbot.waitUntil(panel.controls.processed.isEnabled)
    qtbot.mouseClick(panel.controls.processed, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.run is not None and panel.run.processed is not None)
    assert panel.run is not None
    assert panel.run.processed is not None
    before = panel.run.processed.rows
    with (folder / "data.csv").open("a", encoding="utf-8") as file:
        file.write(lines([[*row[:4], 2, "loop=2", 1] for row in loop_rows(start=50.0)]))
    panel._refreshing.refresh()
    qtbot.waitUntil(
        lambda: panel.run is not None and panel.run.processed is not None and panel.run.processed.rows > before
    )
    place = panel.run._place.path
    assert place is not None
    assert len(list(place.iterdir())) == 1  # what was replaced is gone
    panel.run.ask_processed()
    panel._refreshing.refresh()  # before it is answered
    assert panel._refreshing._timer.interval() == 2 * EVERY
    panel.set_live(False)


def test_a_run_of_a_series_is_named_with_its_series(panel: PlotPanel, tmp_path: Path, qtbot: QtBot) -> None:
    series = write_series(tmp_path / "2026-11-23" / "0009-series", {"field": [0.1, 0.2], "temperature": [10.0]})
    runs = sorted(folder for folder in series.iterdir() if folder.is_dir())
    panel.show_run(runs[1])
    panel.add_overlay(runs[0])
    settled(panel, qtbot)
    assert panel.drawing.legend._text.toPlainText().startswith("0009/0002 · ahe · S042 · SIMULATED")
    assert next(trace.title for trace in pane_of(panel).traces if trace.look.under).startswith("0009/0001: ")
    press(panel, qtbot, KEY.Key_Right)
    assert "0009/0002" in panel.drawing.read_out.brief.text()
    assert panel.run is not None
    assert panel.run.facts["of_series"] == str(series)


def test_names_of_runs() -> None:
    series = "/runs/2026-11-23/0007-series-ahe-S"
    assert run_name(series) == "0007"
    assert run_name(f"{series}/0005-temperature=300K") == "0007/0005"
    assert run_name("/data/0012-my-runs/2026-11-23/0003-ahe-S") == "0003"
    assert varied_in(f"{series}/0005-temperature=300K-field=1T", ["field", "temperature", "step"]) == [
        "field", "temperature",
    ]  # fmt: skip
    assert varied_in("/runs/2026-11-23/0003-temperature=1K", ["temperature"]) == []


def test_home_shows_all(shown: PlotPanel, qtbot: QtBot) -> None:
    press(shown, qtbot, KEY.Key_Plus)
    press(shown, qtbot, KEY.Key_Home)
    assert pane_of(shown).plot.vb.viewRange()[0][1] > 0.5
