"""The plot as a person uses it: columns by typing, zoom and back, the crosshair, other runs, files, maps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QColor, QImage
from PyQt6.QtSvg import QSvgRenderer
from PyQt6.QtWidgets import QLineEdit, QToolButton
from pytestqt.qtbot import QtBot

from instruments.errors import UsageError
from labctl.gui import theme
from labctl.gui.context import Context
from labctl.gui.plot.panel import PlotPanel
from labctl.gui.plot.refreshing import EVERY
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
    text = shown.drawing.read_out.text()
    assert chosen[-1] == (str(shown.run.folder), found)
    assert f"{float(values[FIELD]) * 1e3:.7g}".replace("-", "−") + " mT" in text
    assert f"{float(values[TIME]):.7g} s" in text
    assert "loop=1" in text
    assert shown.drawing.read_out.isVisible()


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
    press(shown, qtbot, KEY.Key_V)
    assert not shown.drawing.read_out.isVisible()
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


def test_home_shows_all(shown: PlotPanel, qtbot: QtBot) -> None:
    press(shown, qtbot, KEY.Key_Plus)
    press(shown, qtbot, KEY.Key_Home)
    assert pane_of(shown).plot.vb.viewRange()[0][1] > 0.5
