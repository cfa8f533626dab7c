"""Makes a series of a run: parameters that are varied, one loop inside the other, each with its list of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from labctl.gui.context import Context
from labctl.gui.form.series_row import Field, Rows, SeriesRow, fields_of
from labctl.gui.marks import mark
from labctl.gui.timing import timer

PAUSE = 200
"""ms without a change after which a series is looked at."""
NONE = "Add a parameter to measure a series: all its values, one run after the other."


class SeriesBuilder(QWidget):
    """Shows what a run is repeated over.

    Args:
        context: Where the desk is asked.
    """

    changed = pyqtSignal()
    """`over()` is another list."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._procedure = ""
        self._fields: dict[str, Field] = {}
        self._usual: dict[str, str] = {}
        self._last: list[str] = []
        self._asked: int | None = None
        self._fault = ""
        self.rows = Rows()
        self.add = QPushButton("Vary &a parameter")
        self.total, self.preview, self.fault, self.conditions = QLabel(), QLabel(NONE), QLabel(), QLabel()
        self._soon = timer(self, PAUSE, self._check, once=True)
        self._lay_out()

    def _lay_out(self) -> None:
        self.add.setToolTip("Adds a loop inside the others: the last parameter changes from run to run.")
        self.add.clicked.connect(self._add_empty)
        self.add.setEnabled(False)
        for label in (self.preview, self.fault, self.conditions):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.total.setText("1 run")
        self.fault.hide()
        self.conditions.hide()
        mark(self.conditions, "warn")
        mark(self.preview, "quiet")
        mark(self.fault, "wrong")
        self.preview.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        inside, area = QWidget(), QScrollArea()
        column = QVBoxLayout(inside)
        column.setContentsMargins(4, 0, 4, 0)
        column.setSpacing(6)
        for part in (self.fault, self.rows, self.conditions, self.preview):
            column.addWidget(part)
        column.addStretch(1)
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        above, whole = QHBoxLayout(), QVBoxLayout(self)
        above.setContentsMargins(4, 4, 4, 0)
        above.addWidget(self.add)
        above.addWidget(self.total, 1)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(4)
        whole.addLayout(above)
        whole.addWidget(area, 1)
        self.setFocusProxy(self.add)

    # ---- what others ask for

    def set_form(self, form: Mapping[str, Any]) -> None:
        """Take the parameters of an experiment; what is varied stays, as far as it has such a parameter.

        Args:
            form: As the desk answers `form`: `procedure`, `series_over`, and `groups` of `fields`, each with `name`,
                and `unit`, `kind`, `options`, `allowed`, `what` where there is something to say.
        """
        other = str(form["procedure"]) != self._procedure
        self._procedure, self._fields = str(form["procedure"]), fields_of(form)
        self._usual = {str(name): str(values) for name, values in form["series_over"].items()}
        kept = [row for row in self.rows.rows if row.name in self._fields or (not row.name and not other)]
        kept = [row for row in kept if not (row.usual and row.values.text().strip() == row.usual)]
        for row in kept:
            row.show_fields(self._fields, row.name)
            row.show_usual(self._usual.get(row.name, ""))
        missing = [name for name in self._usual if name not in {row.name for row in kept}]
        self._put([*kept, *(self._row(name, self._usual[name]) for name in missing)])
        self.add.setEnabled(True)

    def over(self) -> list[str]:
        """Return what `--over` takes, the outermost loop first; what is not filled in at all is left out."""
        return [row.text for row in self.rows.rows if row.name or row.values.text().strip()]

    def set_over(self, over: Sequence[str]) -> None:
        """Show a series.

        Args:
            over: Texts as of `over`.
        """
        given = {name.strip(): values.strip() for name, _, values in (text.partition("=") for text in over)}
        own = {name: values for name, values in self._usual.items() if name not in given}
        self._put([self._row(name, values) for name, values in {**given, **own}.items()])

    def show_checked(self, checked: Mapping[str, Any]) -> None:
        """Show what a check of the whole measurement says of the series.

        Args:
            checked: As the desk answers `check`: `faults`, each with its `sentence` and its `field` or None, and
                `conditions`, sentences of what is not the same in all runs.
        """
        names = {row.name for row in self.rows.rows}
        found = [
            str(fault["sentence"]) for fault in checked.get("faults", [])
            if fault.get("field") in names or (names and str(fault["sentence"]).startswith("run "))
        ]  # fmt: skip
        self._fault = next(iter(found), "")
        self._show_fault("")
        self._show_conditions([str(sentence) for sentence in checked.get("conditions", [])])

    # ---- rows

    def _row(self, name: str = "", values: str = "") -> SeriesRow:
        row = SeriesRow(self._fields, name, values)
        row.show_usual(self._usual.get(name, ""))
        row.changed.connect(self._changed)
        row.moved.connect(partial(self._move, row))
        row.removed.connect(partial(self._remove, row))
        return row

    def _put(self, rows: Sequence[SeriesRow]) -> None:
        self.rows.put(rows)
        self._changed()

    def _add_empty(self) -> None:
        row = self._row()
        self._put([*self.rows.rows, row])
        row.parameter.setFocus()

    def _remove(self, row: SeriesRow) -> None:
        place = self.rows.rows.index(row)
        left = [each for each in self.rows.rows if each is not row]
        self._put(left)
        (left[min(place, len(left) - 1)].values if left else self.add).setFocus()

    def _move(self, row: SeriesRow, way: int) -> None:
        rows = list(self.rows.rows)
        place = rows.index(row)
        if 0 <= place + way < len(rows):
            rows.insert(place + way, rows.pop(place))
            self._put(rows)

    # ---- what is known of it

    def _changed(self) -> None:
        over = self.over()
        if over == self._last:
            return
        self._last, self._fault = over, ""
        self._show_conditions([])
        self._context.desk.drop(self._asked)
        self._asked = None
        if over and self._procedure:
            self._soon.start()
        else:
            self._soon.stop()
            self._show({"rows": [], "runs": 0, "factors": [], "first": [], "last": [], "error": ""})
        self.changed.emit()

    def _check(self) -> None:
        over = self.over()
        self._asked = self._context.desk.ask(
            "series", procedure=self._procedure, over=over, then=self._show,
            failed=self._show_fault,
        )  # fmt: skip

    def _show(self, said: Mapping[str, Any]) -> None:
        self._asked = None
        told = iter(said["rows"])
        for row in self.rows.rows:
            filled = row.name or row.values.text().strip()
            row.show_checked(next(told, None) if filled else None)
        runs = int(said["runs"])
        wrong = said["error"] or any(row["error"] for row in said["rows"])
        self.total.setText(product(said["factors"]) if runs else "" if wrong else "1 run")
        lines = [f"{run['number']}: {run['text']}" for run in said["first"]]
        lines += ["…"] if runs > len(said["first"]) + len(said["last"]) else []
        lines += [f"{run['number']}: {run['text']}" for run in said["last"]]
        lines += [] if self.rows.rows else [NONE]
        self.preview.setText("\n".join(lines))
        self.preview.setVisible(bool(lines))
        self._show_fault(str(said["error"]))

    def _show_fault(self, sentence: str) -> None:
        self.fault.setText(sentence or self._fault)
        self.fault.setVisible(bool(self.fault.text()))

    def _show_conditions(self, sentences: Sequence[str]) -> None:
        """Say what is not the same in all runs, though it is not varied."""
        self.conditions.setText("\n".join(sentences))
        self.conditions.setVisible(bool(sentences))


def product(counts: Sequence[int]) -> str:
    """Return how many runs a series has: `3 × 21 = 63 runs`."""
    runs = 1
    for count in counts:
        runs *= count
    said = f"{runs} run{'s' if runs != 1 else ''}"
    return f"{' × '.join(str(count) for count in counts)} = {said}" if len(counts) > 1 else said
