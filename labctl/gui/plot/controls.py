"""What is set at a plot: columns, colours, logarithms, a second plot, and what is done with the picture."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QEvent, QSize, pyqtSignal
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from labctl.gui.plot.chooser import Chooser
from labctl.gui.plot.open_run import OpenRun

SAVED = (("&PNG picture, twice as fine …", ".png"), ("&SVG drawing …", ".svg"), ("P&DF drawing …", ".pdf"))

EDGE = 6
"""Pixels left and right of the lines."""
GAP = 5
"""Pixels between two buttons."""


class Controls(QWidget):
    """Lines of buttons above a plot.

    What is done with the picture stands at the end of the first one, or of the next one that has room for it: names of
    columns are not cut off for it.
    """

    changed = pyqtSignal()
    """Columns, colours or logarithms are others."""
    picture_wanted = pyqtSignal(str)
    """Save a picture whose file ends so."""
    table_wanted = pyqtSignal()
    copy_wanted = pyqtSignal()
    fit_wanted = pyqtSignal()
    mode_wanted = pyqtSignal(bool)
    map_wanted = pyqtSignal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.y_columns = Chooser("Columns upwards", several=True)
        self.x_column = Chooser("Column to the right")
        self.group = Chooser("Column by whose values curves are coloured", none="one colour")
        self.second_columns = Chooser("Columns upwards in the second plot", several=True)
        self.processed = _switch("Processed", "Show what the analysis makes of the rows instead of the rows themselves")
        self.expected = _switch(
            "Expected", "Show the curve that the rehearsal expects, in grey behind the measured one"
        )
        self.marks = _switch("Results", "Mark what the analysis found: coercive fields, switching currents …")
        self.log_x = _switch("log x", "Logarithmic axis to the right; values that are not positive are left out")
        self.log_y = _switch("log y", "Logarithmic axis upwards; values that are not positive are left out")
        self.second = _switch("Second plot", "Draw other columns in a plot under the first")
        self.linked = _switch("Linked", "Move and zoom both plots together along x")
        self.map = _switch("Map", "Show a series as a map in colours")
        for switch in (self.expected, self.marks, self.linked):
            switch.setChecked(True)
        self._build()
        self._connect()

    def _build(self) -> None:
        fit = _button("All", "Show all points again, and follow new ones (key A)", self.fit_wanted.emit)
        upper, lower, third = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        curves = (self.y_columns, QLabel("against"), self.x_column, QLabel("by"), self.group)
        for widget in curves:
            upper.addWidget(widget)
        upper.addStretch(1)
        self._tools = QWidget(self)
        tools = QHBoxLayout(self._tools)
        tools.setContentsMargins(0, 0, 0, 0)
        tools.setSpacing(GAP)
        for widget in (self.map, fit, self._save(), _button("Copy", "Copy the picture", self.copy_wanted.emit)):
            tools.addWidget(widget)
        upper.addWidget(self._tools)
        third.addStretch(1)
        switches = (self.processed, self.expected, self.marks, self.log_x, self.log_y, self.second)
        for widget in (*switches, self.second_columns, self.linked):
            lower.addWidget(widget)
        self._of_curves = (*curves, fit, *switches)
        self._lines = ((upper, curves), (lower, (*switches, self.second_columns, self.linked)), (third, ()))
        lower.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(EDGE, 4, EDGE, 2)
        column.setSpacing(4)
        for line in (upper, lower, third):
            line.setSpacing(GAP)
            column.addLayout(line)
        self._show_second(False)

    def _arrange(self) -> None:
        """Give the names of the columns the whole first line where they are cut off otherwise."""
        room = self.width() - 2 * EDGE - self._tools.sizeHint().width()
        wide = (sum(each.sizeHint().width() + GAP for each in before) for before in self._there())
        line = next(line for (line, _), width in zip(self._lines, wide, strict=True) if width <= room or not width)
        if line.indexOf(self._tools) < 0:
            for other, _ in self._lines:
                other.removeWidget(self._tools)
            line.addWidget(self._tools)

    def _there(self) -> list[list[QWidget]]:
        """What is seen in each line before what is done with the picture."""
        return [[widget for widget in before if not widget.isHidden()] for _, before in self._lines]

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return how narrow it may be: what is done with the picture has a line of its own then."""
        lines = [*self._there(), [self._tools]]
        width = max(sum(each.minimumSizeHint().width() + GAP for each in line) for line in lines)
        return QSize(width + 2 * EDGE, super().minimumSizeHint().height())

    def event(self, a0: QEvent | None) -> bool:
        """Arrange anew when a name or the width is another one."""
        if a0 is not None and a0.type() in {QEvent.Type.LayoutRequest, QEvent.Type.Resize}:
            self._arrange()
        return super().event(a0)

    def _save(self) -> QToolButton:
        button = _button("Save ▾", "Save the picture, or the points that are shown", None)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        menu = QMenu(button)
        for title, kind in SAVED:
            action = QAction(title, menu)
            action.triggered.connect(lambda _, kind=kind: self.picture_wanted.emit(kind))
            menu.addAction(action)
        table = QAction("&CSV table of the points that are shown …", menu)
        table.triggered.connect(lambda _: self.table_wanted.emit())
        menu.addAction(table)
        button.setMenu(menu)
        return button

    def _connect(self) -> None:
        for chooser in (self.x_column, self.y_columns, self.group, self.second_columns):
            chooser.chosen.connect(lambda _: self.changed.emit())
        for switch in (self.expected, self.marks, self.log_x, self.log_y, self.linked):
            switch.toggled.connect(lambda _: self.changed.emit())
        self.second.toggled.connect(self._show_second)
        self.second.toggled.connect(lambda _: self.changed.emit())
        self.processed.toggled.connect(self.mode_wanted)
        self.map.toggled.connect(self.map_wanted)

    def _show_second(self, on: bool) -> None:
        self.second_columns.setVisible(on)
        self.linked.setVisible(on)

    def show_map_only(self, on: bool) -> None:
        """Hide what is set at curves while a map is shown."""
        for widget in self._of_curves:
            widget.setVisible(not on)
        self._show_second(self.second.isChecked() and not on)

    @property
    def log(self) -> tuple[bool, bool]:
        """Whether either axis is logarithmic."""
        return self.log_x.isChecked(), self.log_y.isChecked()

    def allow_for(self, run: OpenRun | None) -> None:
        """Let be pressed what can be of a run."""
        why = "no run is shown" if run is None else run.why_not_processed
        tip = "Show Hall loops without drift, split into odd and even part, instead of the rows themselves"
        self.allow(self.processed, why, tip)
        series = run is not None and run.series is not None
        tip = "Show the series that this run belongs to in colours; it is drawn anew while the series goes on"
        self.allow(self.map, "" if series else "a map is drawn of a series (Measure, Series)", tip)
        rehearsed = run is not None and run.expected is not None
        tip = "Show the curve that the rehearsal expects, in grey behind the measured one"
        self.allow(self.expected, "" if rehearsed else "this run was not rehearsed, so nothing is expected of it", tip)

    def allow(self, switch: QToolButton, why_not: str, tip: str) -> None:
        """Let a switch be pressed, or say why it cannot be.

        Args:
            switch: One of this widget's.
            why_not: "" where it can be.
            tip: What it says where it can be.
        """
        switch.setEnabled(not why_not)
        switch.setToolTip(why_not or tip)


def _switch(title: str, tip: str) -> QToolButton:
    button = _button(title, tip, None)
    button.setCheckable(True)
    return button


def _button(title: str, tip: str, do: Callable[[], object] | None) -> QToolButton:
    button = QToolButton()
    button.setText(title)
    button.setToolTip(tip)
    button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    if do is not None:
        button.clicked.connect(lambda _: do())
    return button
