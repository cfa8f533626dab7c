"""Forms of all experiments, built without a desk."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pytestqt.qtbot import QtBot

from labctl import discovery
from labctl.desk.forms import form
from labctl.gui.form.parameter_form import AT_ONCE, ParameterForm
from labctl.gui.form.quantity_edit import QuantityEdit


@pytest.mark.parametrize("name", [*discovery.procedures()])
def test_a_form_is_built_in_pieces_and_gives_back_what_was_entered(qtbot: QtBot, name: str) -> None:
    shown = ParameterForm()
    qtbot.addWidget(shown)
    said = form(name)
    names = [field["name"] for group in said["groups"] for field in group["fields"]]
    with qtbot.waitSignal(shown.built):
        shown.set_form(said, {names[0]: "7"})
        assert len(shown.fields) <= AT_ONCE
    assert [*shown.fields] == names
    assert shown.texts() == {names[0]: "7"}
    shown.set_texts({})
    assert all(field.text() is None for field in shown.fields.values())
    for field in shown.fields.values():
        assert field.editor.toolTip()
        assert f"-p {field.name}=" in field.editor.toolTip()
        assert field.label.buddy() is field.editor


def test_another_form_takes_the_place_of_one_that_is_being_built(qtbot: QtBot) -> None:
    shown = ParameterForm()
    qtbot.addWidget(shown)
    shown.set_form(form("stdp"), {})
    with qtbot.waitSignal(shown.built):
        shown.set_form(form("log"), {})
    assert {"duration", "interval"} <= shown.fields.keys()
    assert "delays" not in shown.fields


def test_a_long_title_does_not_make_the_form_wider(qtbot: QtBot) -> None:
    shown = ParameterForm()
    qtbot.addWidget(shown)
    shown.resize(320, 400)
    shown.show()
    with qtbot.waitSignal(shown.built):
        shown.set_form(form("ahe"), {"temperature": "250 K"})
    group = shown.groups[0]
    group._title = "a title that is a good deal longer than there is room for in the form"  # pyright: ignore[reportPrivateUsage]
    group.show_changed()
    qtbot.waitUntil(lambda: group.header.text().endswith("…"))
    inside, viewport = shown.widget(), shown.viewport()
    assert inside is not None
    assert viewport is not None
    assert inside.width() <= viewport.width()


def test_fields_follow_each_other_by_the_tabulator(qtbot: QtBot) -> None:
    shown = ParameterForm()
    qtbot.addWidget(shown)
    with qtbot.waitSignal(shown.built):
        shown.set_form(form("ahe"), {})
    shown.show()
    seen = [name for name, field in shown.fields.items() if field.editor.isVisible()]
    shown.fields[seen[0]].editor.setFocus()
    order: list[str] = []
    for _ in range(3 * len(seen)):
        focused = shown.focusWidget()
        order += [name for name, field in shown.fields.items() if field.editor is focused]
        shown.focusNextPrevChild(True)
    assert order[: len(seen)] == seen


def test_a_word_that_begins_with_a_number_is_not_stepped(qtbot: QtBot) -> None:
    line = QuantityEdit("10 uA or less", is_number=False)
    qtbot.addWidget(line)
    line.step(1)
    assert line.text() == ""
    line.show_hint("8 µA", "from the record: as little as that")
    assert line.placeholderText() == "8 µA, from the record"
    line.step(1)
    assert line.text() == "9 µA"


def test_nothing_of_an_experiment_is_loaded_with_the_panel() -> None:
    statements = (
        "import sys, labctl.gui.form.measure_panel, pyqtgraph\n"
        "print(*{name.partition('.')[0] for name in sys.modules}, *(n for n in sys.modules if n.startswith('labctl.')))"
    )
    ended = subprocess.run([sys.executable, "-c", statements], capture_output=True, text=True, check=True)
    loaded = set(ended.stdout.split())
    assert "pyqtgraph" in loaded
    assert loaded & {"pandas", "scipy", "pint", "pymeasure", "matplotlib", "procedures", "pydantic"} == set()
    assert loaded & {"labctl.desk", "labctl.procedure", "labctl.parameters", "labctl.setting", "labctl.sample"} == set()
