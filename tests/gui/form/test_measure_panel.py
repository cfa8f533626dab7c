"""A measurement that is put together by mouse and keys, checked by a real desk, and handed to a worker."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from PyQt6.QtCore import QModelIndex, Qt, pyqtSignal
from PyQt6.QtWidgets import QCheckBox, QComboBox, QWidget
from pytestqt.qtbot import QtBot

from labctl.asked import Asked
from labctl.gui.form.measure_panel import MeasurePanel
from labctl.gui.form.parameter_field import ParameterField
from labctl.gui.form.quantity_edit import QuantityEdit
from labctl.service.web import Edit
from tests.gui.form.conftest import SharedContext, wait_until_checked


def line_of(panel: MeasurePanel, name: str) -> QuantityEdit:
    """The line of a parameter."""
    editor = panel.form.fields[name].editor
    assert isinstance(editor, QuantityEdit)
    return editor


def enter(qtbot: QtBot, panel: MeasurePanel, name: str, text: str) -> ParameterField:
    """Type into a parameter's line what takes the place of what stands there."""
    line = line_of(panel, name)
    line.selectAll()
    qtbot.keyClick(line, Qt.Key.Key_Delete)
    qtbot.keyClicks(line, text)
    wait_until_checked(qtbot, panel)
    return panel.form.fields[name]


def change_to(qtbot: QtBot, panel: MeasurePanel, procedure: str) -> None:
    """Choose another experiment by typing its name."""
    panel.chooser.line.selectAll()
    qtbot.keyClicks(panel.chooser.line, procedure)
    qtbot.keyClick(panel.chooser.line, Qt.Key.Key_Return)
    wait_until_checked(qtbot, panel)


def test_a_form_comes_up_checked_and_can_be_queued(qtbot: QtBot, panel: MeasurePanel, context: SharedContext) -> None:
    assert panel.footer.add.isEnabled()
    assert "nothing is wrong" in panel.footer.reason.text()
    assert line_of(panel, "probe_current").placeholderText() == "100 µA, from the record"
    enter(qtbot, panel, "maximum_field", "5 kOe")
    qtbot.keyClick(line_of(panel, "maximum_field"), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    [(method, path, content)] = context.link.asked
    assert (method, path) == ("POST", "/queue")
    asked = Asked.model_validate(content)
    assert (asked.procedure, asked.parameters, asked.sample) == ("ahe", {"maximum_field": "5 kOe"}, "cotb2025")
    assert (asked.user, asked.out) == ("LW", str(context.runs))


def test_the_value_is_normalised_and_can_go_back_to_its_default(qtbot: QtBot, panel: MeasurePanel) -> None:
    field = enter(qtbot, panel, "maximum_field", "5k Oe")
    assert field.fault.text() == "5k Oe is not a magnetic field; give e.g. 0.5 T or 5 kOe"
    field = enter(qtbot, panel, "maximum_field", "5 kOe")
    assert "= 500 mT = 5 kOe" in field.note.text()
    assert "a loop takes 6 min 40 s of ramps" in field.note.text()
    field = enter(qtbot, panel, "maximum_field", "1")
    assert "taken as 1 T" in field.note.text()
    qtbot.mouseClick(field.back, Qt.MouseButton.LeftButton)
    wait_until_checked(qtbot, panel)
    assert panel.asked()["parameters"] == {}
    assert not field.back.isVisible()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("600 kOe", "the field would be 60 T, above the limit of station 'ppms', 9 T"),
        ("nan", "nan is not a magnetic field, because it is not finite"),
        ("5 parsecs", "5 parsecs is not a magnetic field"),
        ("-1 T", "must be above zero"),
    ],
)
def test_what_does_not_fit_is_said_below_its_field(
    qtbot: QtBot, panel: MeasurePanel, context: SharedContext, text: str, sentence: str
) -> None:
    field = enter(qtbot, panel, "maximum_field", text)
    assert sentence in field.fault.text()
    assert field.fault.isVisible()
    assert field.editor.property("wrong")
    assert not panel.footer.add.isEnabled()
    assert panel.footer.reason.text() in panel.fault
    panel.chooser.line.setFocus()
    qtbot.keyClick(panel.chooser.line, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert context.link.asked == []
    assert panel.focusWidget() is field.editor  # where it is to be mended
    enter(qtbot, panel, "maximum_field", "1 T")
    assert not field.fault.isVisible()
    assert panel.footer.add.isEnabled()


def test_what_is_queued_right_after_a_key_is_checked_first(
    qtbot: QtBot, panel: MeasurePanel, context: SharedContext
) -> None:
    for text, sent in (("7 parsecs", 0), ("0.7 T", 1)):
        line = line_of(panel, "maximum_field")
        line.setText(text)
        qtbot.keyClick(line, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        assert context.link.asked == []  # nothing goes out unchecked
        wait_until_checked(qtbot, panel)
        assert len(context.link.asked) == sent


def test_what_is_typed_after_asking_takes_it_back(qtbot: QtBot, panel: MeasurePanel, context: SharedContext) -> None:
    line = line_of(panel, "maximum_field")
    line.setText("0.7 T")
    qtbot.keyClick(line, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    line.setText("0.8 T")
    wait_until_checked(qtbot, panel)
    assert context.link.asked == []


def test_arrows_step_the_digit_before_the_caret(qtbot: QtBot, panel: MeasurePanel) -> None:
    line = line_of(panel, "maximum_field")
    qtbot.keyClick(line, Qt.Key.Key_Up)
    assert line.text() == "0.6 T"  # from the default
    line.setText("500 mT")
    line.setCursorPosition(2)
    qtbot.keyClick(line, Qt.Key.Key_Down)
    assert (line.text(), line.cursorPosition()) == ("490 mT", 2)
    qtbot.keyClick(line, Qt.Key.Key_PageUp)
    assert line.text() == "590 mT"
    stay = line_of(panel, "temperature")
    qtbot.keyClick(stay, Qt.Key.Key_Up)
    assert stay.text() == ""


def test_a_fault_in_a_folded_group_unfolds_it(qtbot: QtBot, panel: MeasurePanel) -> None:
    group = panel.form.groups[-1]
    assert not group.body.isVisible()
    assert "100 µA, 2.22·10⁹ A/m²" in group.header.text()
    field = enter(qtbot, panel, "probe_current", "10 mA")
    assert group.body.isVisible()
    assert "above the limit of sample 'cotb2025', 450 µA" in field.fault.text()


def test_an_experiment_is_found_by_typing_a_part_of_its_line(qtbot: QtBot, panel: MeasurePanel) -> None:
    line = panel.chooser.line
    line.setFocus()
    qtbot.keyClick(line, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(line, "spike")
    completer = line.completer()
    assert completer is not None
    model = completer.completionModel()
    assert model is not None
    names = [model.index(row, 0).data() for row in range(model.rowCount())]
    assert [str(name).strip() for name in names] == ["stdp"]
    completer.activated[QModelIndex].emit(model.index(0, 0))
    wait_until_checked(qtbot, panel)
    assert panel.asked()["procedure"] == "stdp"
    assert "give pulse_max" in panel.form.fields["pulse_max"].fault.text()
    enter(qtbot, panel, "pulse_max", "10 mA")
    assert panel.is_valid
    assert "34 mW in the sample" in panel.form.fields["pulse_max"].note.text()


def test_own_file_and_what_is_no_experiment(qtbot: QtBot, panel: MeasurePanel, context: SharedContext) -> None:
    change_to(qtbot, panel, "/nowhere/mine.py:MyLoop")
    assert "/nowhere/mine.py" in panel.footer.reason.text()
    assert panel.chooser.line.text() == "ahe"
    assert not panel.footer.add.isEnabled()
    own = context.runs.parent / "mine.py"
    own.write_text(
        "from procedures.ahe import AnomalousHallLoop\n\n\nclass Mine(AnomalousHallLoop):\n    '''My own loop.'''\n"
    )
    change_to(qtbot, panel, f"{own}:Mine")
    assert panel.is_valid
    assert panel.asked()["procedure"] == f"{own}:Mine"


def test_ticks_and_choices(qtbot: QtBot, panel: MeasurePanel) -> None:
    change_to(qtbot, panel, "cooldown")
    tick = panel.form.fields["degauss"].editor
    assert isinstance(tick, QCheckBox)
    assert not tick.isChecked()
    qtbot.keyClick(tick, Qt.Key.Key_Space)
    assert panel.asked()["parameters"] == {"degauss": "yes"}
    change_to(qtbot, panel, "ahe")
    choice = panel.form.fields["sweep"].editor
    assert isinstance(choice, QComboBox)
    qtbot.keyClicks(choice, "s")
    assert panel.asked()["parameters"] == {"sweep": "step"}
    wait_until_checked(qtbot, panel)
    assert "points a loop" in panel.form.fields["maximum_field"].note.text()


ASKED: dict[str, Any] = {
    "procedure": "sot-switching",
    "parameters": {"pulse_max": "10 mA", "order": "+", "temperature": "290 K", "probe_nplc": "2 PLC"},
    "over": ["in_plane_field=20, 40 mT"], "overrides": ["field=2 T"], "sample": "cotb2025", "seed": 3,
    "sample_seed": 0, "user": "ZH", "notes": "again, with more", "tags": ["paper", "cooldown3"], "rehearse": True,
    "any_folder": False,
}  # fmt: skip


def test_what_was_asked_once_is_asked_again(qtbot: QtBot, panel: MeasurePanel, context: SharedContext) -> None:
    asked: dict[str, Any] = {**ASKED, "out": str(context.runs)}
    panel.load_asked({**asked, "rehearse": False})  # how a run began says nothing of how this one shall begin
    wait_until_checked(qtbot, panel)
    assert panel.is_valid
    assert Asked.model_validate(panel.asked()) == Asked.model_validate({**asked, "user": "LW"})
    series = panel.form.fields["in_plane_field"]
    assert not series.editor.isEnabled()
    assert "2 values, 20 mT, 40 mT" in series.note.text()
    enter(qtbot, panel, "temperature", "280")
    assert panel.asked()["parameters"] == {**asked["parameters"], "temperature": "280"}


def test_nothing_of_a_loaded_run_stays_with_another_experiment(
    qtbot: QtBot, panel: MeasurePanel, context: SharedContext
) -> None:
    panel.load_asked({**ASKED, "sample_seed": 4, "out": str(context.runs)})
    wait_until_checked(qtbot, panel)
    assert panel.asked()["sample_seed"] == 4
    change_to(qtbot, panel, "log")
    asked = Asked.model_validate(panel.asked())
    assert (asked.parameters, asked.over, asked.sample_seed) == ({}, [], 0)


def test_hardware_wants_a_sample(qtbot: QtBot, context: SharedContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "simulate", False)
    made = MeasurePanel(context)
    qtbot.addWidget(made)
    wait_until_checked(qtbot, made)
    assert made.footer.reason.text() == "choose the sample that is mounted first (Sample)"
    made.set_sample("cotb2025")
    wait_until_checked(qtbot, made)
    assert made.is_valid
    assert "contact check" in made.footer.reason.text()  # which may still be made by an item before it


def test_a_parameter_that_is_gone_is_left_out_and_said(
    qtbot: QtBot, panel: MeasurePanel, context: SharedContext
) -> None:
    with qtbot.waitSignal(context.said, check_params_cb=lambda level, said: "no parameter colour" in said):
        panel.load_asked({**ASKED, "over": [], "parameters": {"colour": "red", "pulse_max": "5 mA"}})
    wait_until_checked(qtbot, panel)
    assert panel.asked()["parameters"] == {"pulse_max": "5 mA"}


def test_an_item_is_changed_at_its_place(qtbot: QtBot, panel: MeasurePanel, context: SharedContext) -> None:
    item: dict[str, Any] = {"id": "4", "state": "waiting", "asked": {**ASKED, "out": str(context.runs)}}
    context.link.queue = {"items": [item]}
    panel.edit_item(item)
    wait_until_checked(qtbot, panel)
    assert panel.editing.isVisible()
    assert not panel.chooser.isEnabled()
    assert not panel.footer.now.isVisible()
    enter(qtbot, panel, "pulse_max", "9 mA")
    field = panel.form.fields["temperature"]
    qtbot.mouseClick(field.back, Qt.MouseButton.LeftButton)
    wait_until_checked(qtbot, panel)
    qtbot.mouseClick(panel.footer.add, Qt.MouseButton.LeftButton)
    [(method, path, content)] = context.link.asked
    assert (method, path) == ("PATCH", "/queue/4")
    after = Edit.model_validate(content).of(Asked.model_validate(item["asked"]))
    assert after.parameters == {"pulse_max": "9 mA", "order": "+", "probe_nplc": "2 PLC"}
    assert after.model_copy(update={"parameters": {}}) == Asked.model_validate({**item["asked"], "parameters": {}})
    assert not panel.editing.isVisible()
    assert panel.footer.add.text() == "Add 2 runs"  # it is one of a series


def test_an_item_that_begins_meanwhile_is_left(qtbot: QtBot, panel: MeasurePanel, context: SharedContext) -> None:
    item = {"id": "4", "state": "waiting", "asked": {**ASKED, "out": str(context.runs)}}
    link = context.link
    link.queue = {"items": [item]}
    link.told.connect(panel.hear)
    panel.edit_item(item)
    wait_until_checked(qtbot, panel)
    link.queue = {"items": [{**item, "state": "running"}]}
    link.told.emit("queue", link.queue)
    assert not panel.editing.isVisible()


def test_run_next_goes_before_what_waits(qtbot: QtBot, panel: MeasurePanel, context: SharedContext) -> None:
    context.link.queue = {"items": [{"id": "2", "state": "finished"}, {"id": "3", "state": "waiting"}]}
    qtbot.mouseClick(panel.footer.now, Qt.MouseButton.LeftButton)
    assert [(method, path) for method, path, _ in context.link.asked] == [
        ("POST", "/queue"), ("POST", "/queue/7/move"), ("POST", "/go"),
    ]  # fmt: skip
    assert context.link.asked[1][2] == {"before": "3"}


def test_a_refusal_of_the_worker_is_shown_and_can_be_tried_again(
    qtbot: QtBot, panel: MeasurePanel, context: SharedContext
) -> None:
    context.link.answer = lambda *_: "the disk is full"
    panel.footer.add.click()
    assert panel.footer.reason.text() == "the disk is full"
    panel.footer.add.click()
    assert len(context.link.asked) == 2


def test_presets_are_kept_taken_and_forgotten(qtbot: QtBot, panel: MeasurePanel) -> None:
    enter(qtbot, panel, "maximum_field", "2 kOe")
    panel.naming.ask()
    qtbot.keyClicks(panel.naming.line, "quick look")
    qtbot.keyClick(panel.naming.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "quick look" in panel.presets.presets)
    panel.presets.defaults.emit()
    assert panel.asked()["parameters"] == {}
    panel.presets.taken.emit(panel.presets.presets["quick look"])
    assert panel.asked()["parameters"] == {"maximum_field": "2 kOe"}
    wait_until_checked(qtbot, panel)
    panel.presets.drop("quick look")
    qtbot.waitUntil(lambda: not panel.presets.presets)


def test_the_user_is_asked_once(qtbot: QtBot, context: SharedContext) -> None:
    context.settings.clear()
    first = MeasurePanel(context)
    qtbot.addWidget(first)
    first.show()
    assert first.user_bar.isVisible()
    first.user_bar.name.selectAll()
    qtbot.keyClicks(first.user_bar.name, "Zh. Sun")
    qtbot.keyClick(first.user_bar.name, Qt.Key.Key_Return)
    assert not first.user_bar.isVisible()
    assert first.asked()["user"] == "Zh. Sun"
    second = MeasurePanel(context)
    qtbot.addWidget(second)
    second.show()
    assert not second.user_bar.isVisible()
    assert second.asked()["user"] == "Zh. Sun"
    for each in (first, second):
        wait_until_checked(qtbot, each)


class Series(QWidget):
    """What makes series, as far as the panel needs it."""

    changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.form: Mapping[str, Any] = {}
        self.checked: list[Mapping[str, Any]] = []

    def set_form(self, form: Mapping[str, Any]) -> None:
        """Take it in; a series over what another experiment had is none."""
        self.form, self.texts = form, []

    def over(self) -> list[str]:
        """What the series goes over."""
        return self.texts

    def set_over(self, over: list[str]) -> None:
        """Take it in."""
        self.texts = over

    def show_checked(self, checked: Mapping[str, Any]) -> None:
        """Take it in."""
        self.checked.append(checked)


def test_what_makes_series_has_its_page(qtbot: QtBot, panel: MeasurePanel, context: SharedContext) -> None:
    series = Series()
    panel.set_series(series)
    assert panel.tabs.widget(1) is series
    assert series.form["procedure"] == "ahe"
    enter(qtbot, panel, "temperature", "290 K")
    series.texts = ["temperature=300:280:-10 K"]
    series.changed.emit()
    wait_until_checked(qtbot, panel)
    assert panel.is_valid  # the series takes the place of the single value
    assert panel.asked()["over"] == ["temperature=300:280:-10 K"]
    assert panel.asked()["parameters"] == {}
    assert series.checked[-1]["series"]["runs"] == 3
    assert not panel.form.fields["temperature"].editor.isEnabled()
    assert "3 runs" in panel.footer.reason.text()
    series.texts = []
    series.changed.emit()
    wait_until_checked(qtbot, panel)
    assert panel.form.fields["temperature"].editor.isEnabled()
    assert panel.asked()["parameters"] == {"temperature": "290 K"}
    panel.load_asked({**ASKED, "out": str(context.runs)})
    wait_until_checked(qtbot, panel)
    assert series.texts == ASKED["over"]
    assert series.form["procedure"] == "sot-switching"


def test_another_sample_is_checked_again(qtbot: QtBot, panel: MeasurePanel) -> None:
    panel.set_sample("fimtj2026")
    wait_until_checked(qtbot, panel)
    assert panel.footer.reason.text().startswith("ahe measures a Hall bar, but sample 'fimtj2026' is a junction")
    assert not panel.footer.add.isEnabled()


def test_the_keys_go_from_top_to_bottom(qtbot: QtBot, panel: MeasurePanel) -> None:
    change_to(qtbot, panel, "rt")
    panel.chooser.line.setFocus()
    seen: list[object] = []
    while (focused := panel.focusWidget()) not in seen:
        seen.append(focused)
        panel.focusNextPrevChild(True)
    editors = [field.editor for field in panel.form.fields.values() if field.editor.isVisible()]
    headers = [group.header for group in panel.form.groups]
    fields = [each for each in seen if each in editors or each in headers]
    assert [each for each in fields if each in editors] == editors
    assert [each for each in fields if each in headers] == headers
    footer = panel.footer
    order = [panel.chooser.line, panel.presets, fields[0], fields[-1], footer.rehearse, footer.now, footer.add]
    places = [seen.index(each) for each in order]
    assert places == sorted(places)


def type_experiment(qtbot: QtBot, panel: MeasurePanel, text: str) -> None:
    """Type into the line with the experiment's name, in place of what stands there."""
    panel.chooser.line.setFocus()
    panel.chooser.line.selectAll()
    qtbot.keyClicks(panel.chooser.line, text)


def test_nothing_is_queued_while_another_experiment_is_written_above_the_form(
    qtbot: QtBot, panel: MeasurePanel, context: SharedContext
) -> None:
    line, footer, control = panel.chooser.line, panel.footer, Qt.KeyboardModifier.ControlModifier
    qtbot.waitUntil(lambda: line.completer() is not None)
    type_experiment(qtbot, panel, "sot")
    completer = line.completer()
    popup = None if completer is None else completer.popup()
    assert popup is not None
    qtbot.keyClick(popup if popup.isVisible() else line, Qt.Key.Key_Return)
    assert popup.isVisible()  # several are meant by that: it stays open
    popup.hide()
    assert re.fullmatch(r"choose one of the \d+ experiments with 'sot' in .*", footer.reason.text())
    assert not any(button.isEnabled() for button in (footer.add, footer.now, footer.rehearse))
    qtbot.keyClick(line, Qt.Key.Key_Return, control)
    qtbot.keyClick(line, Qt.Key.Key_R, control)
    assert (context.link.asked, panel.view.is_on) == ([], False)
    line.clearFocus()
    assert line.text() == "ahe"  # it is seen what the form is for
    assert footer.add.isEnabled()
    type_experiment(qtbot, panel, "AHE")
    qtbot.keyClick(popup if popup.isVisible() else line, Qt.Key.Key_Return)
    assert (line.text(), popup.isVisible(), panel.fault) == ("ahe", False, "")


def test_a_run_that_is_repeated_is_named_until_something_else_is_meant(qtbot: QtBot, panel: MeasurePanel) -> None:
    panel.load_asked({"procedure": "ahe", "parameters": {"loops": "2"}, "repeats": 12})
    wait_until_checked(qtbot, panel)
    assert panel.sample_line.repeated.text() == "As run 0012, with what is changed here"
    assert panel.sample_line.repeated.isVisible()
    assert "repeats" not in panel.asked()
    change_to(qtbot, panel, "rt")
    assert panel.sample_line.repeated.isHidden()


@pytest.mark.parametrize(("typed", "noted"), [("250.0 K", False), ("250 K", False), ("100 K", False), ("1e2 K", True)])
def test_a_value_that_says_the_same_is_not_said_again(
    qtbot: QtBot, panel: MeasurePanel, typed: str, noted: bool
) -> None:
    assert panel.form.fields["temperature"].note.text() == ""
    assert enter(qtbot, panel, "temperature", typed).note.text().startswith("= ") is noted
