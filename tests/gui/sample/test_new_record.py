"""A new record is typed, checked and written."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from instruments.errors import UsageError
from labctl.desk.sample_forms import sample_write
from labctl.gui.sample_panel import SamplePanel
from labctl.sample import load_sample
from labctl.sample_templates import filled, template_text
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
    assert entry.fault.text() == "width: 5 uA is not a length; give e.g. 5 um"
    assert not panel.form.write.isEnabled()
    type_in(bench, panel, "geometry.width", "5 um")
    qtbot.waitUntil(entry.fault.isHidden)


def fill_in(bench: Bench, panel: SamplePanel) -> None:
    """Type all that a record of a Hall bar needs."""
    for key, value in {"name": "S042", **HALL_BAR}.items():
        type_in(bench, panel, key, value)


def test_nothing_is_written_that_the_checks_refuse(bench: Bench, qtbot: QtBot, folder: Path) -> None:
    panel = form_of(bench)
    type_in(bench, panel, "name", "S042")
    said = "9 values (*) are open; it is written once nothing is open or wrong"
    qtbot.waitUntil(lambda: panel.form.state.text() == said)
    assert not panel.form.write.isEnabled()
    fill_in(bench, panel)
    qtbot.waitUntil(panel.form.write.isEnabled)
    assert panel.form.entries["mounting.field_from_normal"].line is not None
    assert panel.form.entries["mounting.field_from_normal"].line.placeholderText() == "e.g. 0 deg"
    box = panel.form.entries["leads.B"].box
    assert box is not None
    box.setCurrentIndex(box.findData("A"))
    qtbot.waitUntil(lambda: not panel.form.write.isEnabled())
    assert "as lead A does" in panel.form.entries["leads.B"].fault.text()
    with pytest.raises(UsageError, match="nothing was written, because it ends on the pad A, as lead A does"):
        sample_write("hall-bar", layers=2, values=panel.form.values(), folder=str(folder), station="ppms")
    assert not (folder / "S042.toml").exists()


def test_tab_goes_from_field_to_field_and_currents_are_yes_or_no(bench: Bench, qtbot: QtBot) -> None:
    panel = form_of(bench)
    policies = {part.head.focusPolicy() for part in panel.form.parts}
    assert policies == {Qt.FocusPolicy.ClickFocus}
    carries = panel.form.entries["stack[1].carries_current"].box
    assert carries is not None
    assert [carries.itemText(place) for place in range(carries.count())] == ["yes", "no"]
    assert not panel.form.entries["probe.current_density"].isVisible()
    panel.form.all.click()
    assert panel.form.entries["probe.current_density"].isVisible()


def test_a_half_record_is_completed_and_the_one_before_is_kept(bench: Bench, qtbot: QtBot, folder: Path) -> None:
    file = folder / "samples" / "S042.toml"
    file.parent.mkdir()
    half = filled(template_text("hall-bar"), {"name": "S042", **HALL_BAR, "geometry.width": "?"})
    half = half.replace("# ---- The bar", "# my own remark\n# ---- The bar")
    file.write_text(half, encoding="utf-8")
    panel = bench.panel()
    panel.choose(str(file))
    qtbot.waitUntil(panel.change.isVisible)
    qtbot.mouseClick(panel.change, Qt.MouseButton.LeftButton)
    form = panel.changing
    qtbot.waitUntil(lambda: "1 value (*) is open" in form.state.text())
    assert form.entries["resistances.longitudinal"].text == "1.2 kohm"
    assert not form.entries["name"].isEnabled()
    line = form.entries["geometry.width"].line
    assert line is not None
    line.clear()
    bench.qtbot.keyClicks(line, "5 um")
    qtbot.waitUntil(form.write.isEnabled)
    with qtbot.waitSignal(form.written):
        qtbot.mouseClick(form.write, Qt.MouseButton.LeftButton)
    assert load_sample(file).geometry.width == 5e-6
    assert "# my own remark" in file.read_text(encoding="utf-8")
    assert (file.parent / "S042.toml.old").read_text(encoding="utf-8") == half
    qtbot.waitUntil(lambda: panel.record.isVisible() and panel.faults.isHidden())
    bench.choose(panel, "cotb2025")
    assert panel.change.isHidden()  # which is not one's own


def test_a_record_that_was_changed_meanwhile_is_not_written_over(bench: Bench, qtbot: QtBot, folder: Path) -> None:
    file = folder / "samples" / "S042.toml"
    file.parent.mkdir()
    file.write_text(filled(template_text("hall-bar"), {"name": "S042", **HALL_BAR}), encoding="utf-8")
    panel = bench.panel(str(file))
    qtbot.mouseClick(panel.change, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(panel.changing.write.isEnabled)
    file.write_text("mine", encoding="utf-8")
    qtbot.mouseClick(panel.changing.write, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "was changed meanwhile" in panel.changing.others.text())
    assert file.read_text(encoding="utf-8") == "mine"


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
    fill_in(bench, panel)
    qtbot.waitUntil(panel.form.write.isEnabled)
    file = folder / "samples" / "S042.toml"
    file.parent.mkdir()
    file.write_text("mine", encoding="utf-8")  # meanwhile
    qtbot.mouseClick(panel.form.write, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "is there already and is not written over" in panel.form.others.text())
    assert file.read_text(encoding="utf-8") == "mine"
