"""A button that shows a column is as wide as its name, and its text ends in an ellipsis where there is no room."""

from __future__ import annotations

from PyQt6.QtWidgets import QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from labctl.gui.plot.chooser import Chooser


def test_a_chooser_is_as_narrow_as_it_must(qtbot: QtBot) -> None:
    window, chooser = QWidget(), Chooser("Columns upwards")
    row = QHBoxLayout(window)
    row.addWidget(chooser)
    row.addStretch(1)
    qtbot.addWidget(window)
    chooser.set_names(["Hall resistance (ohm)"], ["Hall resistance (ohm)"])
    window.resize(400, 60)
    window.show()
    assert chooser.text() == "Hall resistance (Ω) ▾"
    window.resize(window.minimumSizeHint())
    qtbot.waitUntil(lambda: chooser.text().endswith("… ▾"))
    assert chooser.width() < chooser.sizeHint().width()
    assert chooser.toolTip().startswith("Hall resistance (Ω)\n")
    window.resize(400, 60)
    qtbot.waitUntil(lambda: chooser.text() == "Hall resistance (Ω) ▾")
