"""A new record is typed, checked and written."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from labctl.gui.sample_panel import SamplePanel
from labctl.sample import load_sample
from tests.gui.sample.bench import Bench
from tests.samples import HALL_BAR

# ---- a new record


def form_of(bench: Bench) -> SamplePanel:
    """A panel with its form open."""
    panel = bench.panel()
    bench.qtbot.mouseClick(panel.new, Qt.MouseButton.LeftButton)
    bench.qtbot.waitUntil(lambda: bool(panel.form.entries))
    return panel


def type_in(bench: Bench, panel: SamplePanel, key: str, text: str) -> None:
    """Type a value."""
    line = panel.form.entries[key].line
    assert line is not None
    line.clear()
    bench.qtbot.keyClicks(line, text)


def test_a_fault_stands_below_what_was_typed(bench: Bench, qtbot: QtBot) -> None:
    panel = form_of(bench)
    type_in(bench, panel, "name", "S042")
    type_in(bench, panel, "geometry.width", "5 uA")
    entry = panel.form.entries["geometry.width"]
    qtbot.waitUntil(lambda: "5 uA is not a length" in entry.fault.text())
    assert not panel.form.write.isEnabled()
    type_in(bench, panel, "geometry.width", "5 um")
    qtbot.waitUntil(lambda: entry.fault.isHidden() and panel.form.write.isEnabled())


def test_a_record_is_written_and_chosen(bench: Bench, qtbot: QtBot, folder: Path) -> None:
    panel = form_of(bench)
    for key, value in {"name": "S042", **{key: value for key, value in HALL_BAR.items() if key != "title"}}.items():
        type_in(bench, panel, key, value)
    more = next(each for each in panel.form.findChildren(QWidget) if each.toolTip() == "One layer more, on top")
    qtbot.mouseClick(more, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "stack[3].material" in panel.form.entries)
    assert panel.form.entries["geometry.width"].text == "5 um"  # what was typed stays
    type_in(bench, panel, "stack[3].material", "MgO")
    type_in(bench, panel, "stack[3].thickness", "2 nm")
    type_in(bench, panel, "title", "Pt/Co/MgO")
    qtbot.waitUntil(lambda: panel.form.state.text() == "All is there" and panel.form.write.isEnabled())
    with qtbot.waitSignal(panel.chosen) as chosen:
        qtbot.mouseClick(panel.form.write, Qt.MouseButton.LeftButton)
    file = folder / "samples" / "S042.toml"
    assert chosen.args == [str(file)]
    assert [layer.material for layer in load_sample(file).stack] == ["Pt", "Co", "MgO"]
    qtbot.waitUntil(lambda: panel.chooser.currentText() == "S042" and panel.record.isVisible())
    assert panel.pages.currentIndex() == 0


def test_a_file_that_is_there_is_not_written_over(bench: Bench, qtbot: QtBot, folder: Path) -> None:
    panel = form_of(bench)
    type_in(bench, panel, "name", "S042")
    qtbot.waitUntil(lambda: panel.form.write.isEnabled())
    file = folder / "samples" / "S042.toml"
    file.parent.mkdir()
    file.write_text("mine", encoding="utf-8")  # meanwhile
    qtbot.mouseClick(panel.form.write, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "is there already and is not written over" in panel.form.others.text())
    assert file.read_text(encoding="utf-8") == "mine"
