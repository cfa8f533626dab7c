"""A button that shows a column is as wide as its name, and its text ends in an ellipsis where there is no room."""

from __future__ import annotations

from PyQt6.QtCore import QPoint, QRect
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from labctl.gui import theme
from labctl.gui.plot.chooser import Chooser
from labctl.gui.plot.controls import Controls


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


def test_names_of_columns_have_the_first_line_where_it_is_narrow(qtbot: QtBot) -> None:
    window, controls = QWidget(), Controls()
    QVBoxLayout(window).addWidget(controls)
    qtbot.addWidget(window)
    for chooser, name in (
        (controls.y_columns, "Hall resistance (ohm)"), (controls.x_column, "Pulse current (A)"),
        (controls.group, "In-plane field (T)"),
    ):  # fmt: skip
        chooser.set_names([name], [name])
    window.resize(1000, 200)
    window.show()
    high = controls.sizeHint().height()
    for width, lines in ((700, 2), (580, 3), (1000, 2)):  # in 700 pixels, the second line has room
        window.resize(width, 200)
        assert window.width() == width
        qtbot.waitUntil(lambda: (controls.sizeHint().height() > high) is (lines > 2))  # noqa: B023 - waited for here
        qtbot.waitUntil(lambda: "…" not in controls.y_columns.text())
        assert "…" not in controls.group.text()


def test_a_list_leaves_its_button_to_be_seen_and_has_a_frame(qtbot: QtBot) -> None:
    window, chooser = QWidget(), Chooser("Columns upwards")
    row = QHBoxLayout(window)
    row.addWidget(chooser)
    qtbot.addWidget(window)
    theme.dress(window, theme.DARK)
    names = [f"Column {number}" for number in range(40)]
    chooser.set_names(names, names[:1])
    window.show()
    for height in (0, 700):
        window.move(20, height)
        chooser.open()
        field = QRect(chooser.mapToGlobal(QPoint(0, 0)), chooser.size())
        listed = chooser._list
        assert not listed.geometry().intersects(field)
        screen = listed.screen()
        assert screen is not None
        assert screen.availableGeometry().contains(listed.geometry())
        corner = QColor(listed.grab().toImage().pixel(0, listed.height() // 2))
        assert corner == QColor(theme.DARK.quiet)
        listed.hide()
