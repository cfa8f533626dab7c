"""The parameters of an experiment in groups that fold, built in pieces, so that the window is never held up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PyQt6.QtWidgets import QGridLayout, QScrollArea, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from labctl.gui.form.parameter_field import BACK, ParameterField
from labctl.gui.timing import timer

HEADER = """
QToolButton { border: 1px solid transparent; background: transparent; font-weight: bold; padding: 2px 3px; }
QToolButton:hover, QToolButton:focus { border: 1px solid palette(highlight); }
"""
ARROW = 3
"""Heights of a line that the arrow before a title takes."""
AT_ONCE = 4
"""Fields that are built before other things get their turn."""


class Group(QWidget):
    """Fields that belong together, below a title that folds them.

    Args:
        said: `title` and `folded`; see `labctl.desk.forms.form`.
    """

    def __init__(self, said: Mapping[str, Any]) -> None:
        super().__init__()
        self.fields: list[ParameterField] = []
        self._title = str(said["title"])
        self.header = QToolButton()
        self.header.setStyleSheet(HEADER)
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.header.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._said = self._title
        self.header.clicked.connect(lambda: self.fold(is_open=not self.is_open))
        self.body = QWidget()
        self._grid = QGridLayout(self.body)
        self._grid.setContentsMargins(8, 0, 0, 4)
        self._grid.setHorizontalSpacing(4)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.body)
        self.fold(is_open=not said["folded"])

    def add(self, field: ParameterField) -> None:
        """Take a field in, below the others."""
        field.place(self._grid, 3 * len(self.fields))
        self.fields.append(field)

    def fold(self, *, is_open: bool) -> None:
        """Show the fields, or only the title."""
        self.is_open = is_open
        self.header.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self.body.setVisible(is_open)
        self.show_changed()

    def show_changed(self) -> None:
        """Say in the title how many of the fields are not at their default."""
        changed = sum(field.text() is not None for field in self.fields)
        parts = [self._title, f"{changed} changed" if changed else ""]
        parts += [] if self.is_open else [field.in_short for field in self.fields if field.in_short][:1]
        self._said = "  ·  ".join(part for part in parts if part)
        self.header.setToolTip(f"{self._said}: show or fold these parameters (space)")
        self._fit()

    def _fit(self) -> None:
        """Write as much of the title as there is room for: a long one must not make the form wider."""
        metrics = self.header.fontMetrics()
        room = max(0, self.width() - ARROW * metrics.height())
        self.header.setText(metrics.elidedText(self._said, Qt.TextElideMode.ElideRight, room))

    def resizeEvent(self, a0: QResizeEvent | None) -> None:  # noqa: N802 - Qt's name
        """Write the title anew."""
        super().resizeEvent(a0)
        self._fit()


class ParameterForm(QScrollArea):
    """A form.

    Attributes:
        fields: What is built of it, by name.
    """

    changed = pyqtSignal()
    """Somebody has entered something."""
    built = pyqtSignal()
    """All of it is there."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.fields: dict[str, ParameterField] = {}
        self.groups: list[Group] = []
        self._texts: dict[str, str] = {}
        self._checked: Mapping[str, Any] | None = None
        self._series: dict[str, str] = {}
        self._current: ParameterField | None = None
        self._left: Iterator[None] = iter(())
        self._building = timer(self, 0, self._build_more)
        back = QShortcut(QKeySequence(BACK), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        back.activated.connect(self._go_back)

    # ---- building

    def set_form(self, form: Mapping[str, Any], texts: Mapping[str, str]) -> None:
        """Show another form.

        Args:
            form: What the desk says of it; see `labctl.desk.forms.form`.
            texts: What is entered in it already, by name.
        """
        self._texts, self._checked, self._series = dict(texts), None, {}
        self.fields, self.groups, self._current = {}, [], None
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 2, 4, 2)
        column.setSpacing(2)
        self.setWidget(inside)  # which deletes the one before
        self._left = self._pieces(form, column)
        self._building.start()
        self._build_more()

    @property
    def is_built(self) -> bool:
        """Whether all of it is there."""
        return not self._building.isActive()

    def _build_more(self) -> None:
        for _ in range(AT_ONCE):
            try:
                next(self._left)
            except StopIteration:
                self._building.stop()
                self._show_all()
                self.built.emit()
                return

    def _pieces(self, form: Mapping[str, Any], column: QVBoxLayout) -> Iterator[None]:
        """Build one field after the other."""
        for said in form["groups"]:
            group = Group(said)
            column.insertWidget(len(self.groups), group)
            self.groups.append(group)
            for each in said["fields"]:
                field = ParameterField(each, group)
                field.set_text(self._texts.get(field.name))
                field.changed.connect(self._changed)
                field.entered.connect(self._enter)
                self.fields[field.name] = field
                group.add(field)
                yield
            group.show_changed()
        column.addStretch(1)
        yield

    def in_order(self) -> list[QWidget]:
        """Return what can have the keys, from top to bottom."""
        return [each for group in self.groups for each in (group.header, *(field.editor for field in group.fields))]

    # ---- values

    def texts(self) -> dict[str, str]:
        """Return what is entered, by name, without what is left at its default."""
        return dict(self._texts)

    def set_texts(self, texts: Mapping[str, str]) -> None:
        """Enter something everywhere; what is not named goes to its default."""
        self._texts = dict(texts)
        for name, field in self.fields.items():
            if field.text() != texts.get(name):
                field.set_text(texts.get(name))
        self._texts = dict(texts)

    def _changed(self, name: str) -> None:
        text = self.fields[name].text()
        self._texts.pop(name, None)
        if text is not None:
            self._texts[name] = text
        for group in self.groups:
            group.show_changed()
        self.changed.emit()

    def _enter(self, field: object) -> None:
        if isinstance(field, ParameterField):
            self._current = field
            self.ensureWidgetVisible(field.editor, 0, 24)

    def _go_back(self) -> None:
        if self._current is not None:
            self._current.set_text(None)

    # ---- what a check found

    def show_checked(self, checked: Mapping[str, Any]) -> None:
        """Show what a check found; see `labctl.desk.checks.check`."""
        self._checked = checked
        self._show_all()

    def _show_all(self) -> None:
        if self._checked is None or not self.is_built:
            return
        faults = {each["field"]: str(each["sentence"]) for each in reversed(self._checked["faults"]) if each["field"]}
        series = self._checked["series"] or {"axes": []}
        over = {axis["name"]: _values(axis) for axis in series["axes"]}
        for name, field in self.fields.items():
            if name in self._checked["fields"]:
                field.show_checked(self._checked["fields"][name], faults.get(name, ""))
                if name in over or name in self._series:
                    field.show_series(over.get(name, ""))
        self._series = over
        for group in self.groups:
            if any(field.name in faults for field in group.fields):
                group.fold(is_open=True)
            group.show_changed()

    def show_fault(self, name: str) -> None:
        """Take the keys to a field that something is wrong with."""
        field = self.fields.get(name)
        if field is not None:
            field.editor.setFocus(Qt.FocusReason.ShortcutFocusReason)


def _values(axis: Mapping[str, Any]) -> str:
    values = [str(value).partition(" = ")[0] for value in axis["values"]]
    shown = values if len(values) <= 5 else [*values[:3], "…", values[-1]]
    return f"{axis['count']} values, {', '.join(shown)}"
