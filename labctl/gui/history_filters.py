"""Which runs of the history are shown: a line of what is looked for, and a second one with the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from labctl.gui.run_names import run_name
from labctl.gui.timing import timer

Row = Mapping[str, Any]

TYPED = 250
"""ms after the last key before a condition is asked for."""
NARROW = 480
"""Pixels below which there is no room for lists of samples, procedures and states."""
KINDS = ("simulated and real", "only simulated", "only real")
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


@dataclass(slots=True)
class Looked:
    """What is looked for; what is empty does not matter.

    Attributes:
        words: All of them stand somewhere in the row.
        is_: Column (`sample`, `procedure`, `status`, `user`) -> its text.
        tag: One that it has.
        dates: `2026-11-21`, `2026-11`, or from one to the other: `2026-11:2026-12-05`.
        simulated: Whether only simulated runs, or only real ones.
        fitting: Folders of runs that fit the conditions; None where there are none.
    """

    words: tuple[str, ...] = ()
    is_: dict[str, str] = field(default_factory=dict[str, str])
    tag: str = ""
    dates: str = ""
    simulated: bool | None = None
    fitting: frozenset[str] | None = None

    def fits(self, row: Row) -> bool:
        """Whether a run, or a series, is what is looked for."""
        if self.fitting is not None and row["run"] not in self.fitting:
            return False
        if any(text and row[name] != text for name, text in self.is_.items()):
            return False
        if self.simulated is not None and row["simulated"] is not self.simulated:
            return False
        if self.tag and self.tag not in row["tags"]:
            return False
        return within(row["begun"], self.dates) and self._has_words(row)

    def _has_words(self, row: Row) -> bool:
        if not self.words:
            return True
        texts = [str(row["number"]), run_name(row["run"]), row["run"], row["begun"], row["keys"], row["status"]]
        texts += [row["user"], row["notes"], row["procedure"], row["sample"], *row["tags"]]
        said = " ".join(texts).casefold()
        return all(word in said for word in self.words)


def within(begun: str, dates: str) -> bool:
    """Whether a moment lies in what was written as dates; see `Looked.dates`."""
    if not dates:
        return True
    first, colon, last = dates.partition(":")
    last = last if colon else first
    return bool(begun) and begun[: len(first)] >= first and (not last or begun[: len(last)] <= last)


def are_dates(text: str) -> bool:
    """Whether a text is one that `within` takes."""
    parts = text.split(":")
    return len(parts) <= 2 and text != ":" and all(not part or _DATE.fullmatch(part) for part in parts)


class HistoryFilters(QWidget):
    """What is typed and chosen.

    Attributes:
        looked: What is looked for by now.
        more: Shows the second line.
        side: Where the panel puts its buttons, behind the first line.
    """

    changed = pyqtSignal()
    """`looked` is another one."""
    conditions = pyqtSignal(list, list)
    """Conditions on parameters and on results have changed; they are looked up elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.looked = Looked()
        self._warning = ""
        self.words = _line("Words: sample, tag, note, 0012 …", "Shows runs in which all these words stand (Ctrl+F)")
        self.words.setClearButtonEnabled(True)
        self.lists = {
            "sample": _list("any sample", "Only runs on this sample"),
            "procedure": _list("any procedure", "Only runs of this procedure"),
            "status": _list("any state", "Only runs that ended so"),
            "user": _list("anybody", "Only runs of this user"),
            "tag": _list("any tag", "Only runs with this tag"),
        }
        self.kind = QComboBox()
        self.kind.addItems(KINDS)
        self.kind.setToolTip("Only runs in a simulated lab, or only real ones")
        self.dates = _line("Dates: 2026-11, 2026-11-01:", "Begun on 2026-11-21, in 2026-11, or 2026-11-01:2026-11-21")
        self.parameter = _line("Parameter: temperature=250:300K", "A condition on a parameter, or a range of it")
        self.result = _line("Result: coercive_field_up>50mT", "A condition on a result, e.g. tmr>10")
        self.count = QLabel()
        self.count.setProperty("quiet", True)
        self.more = QToolButton()
        self.clear = QPushButton("Sho&w all")
        self.side = QHBoxLayout()
        self._typed = timer(self, TYPED, self._ask, once=True)
        self._build()

    def _build(self) -> None:
        self.more.setText("More filters")
        self.more.setCheckable(True)
        self.more.setToolTip("Shows filters by user, tag, date, simulated or real, parameters and results")
        self.clear.setToolTip("Takes all filters away")
        first, second, self._second = QHBoxLayout(), QHBoxLayout(), QWidget()
        for line in (first, second):
            line.setContentsMargins(0, 0, 0, 0)
            line.setSpacing(4)
        first.addWidget(self.words, 3)
        for name in ("sample", "procedure", "status"):
            first.addWidget(self.lists[name], 2)
        first.addWidget(self.more)
        first.addWidget(self.count)
        first.addLayout(self.side)
        for widget, share in ((self.lists["user"], 2), (self.lists["tag"], 2), (self.kind, 2), (self.dates, 3),
                              (self.parameter, 4), (self.result, 4), (self.clear, 0)):  # fmt: skip
            second.addWidget(widget, share)
        self._second.setLayout(second)
        self._second.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addLayout(first)
        column.addWidget(self._second)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._connect()

    def make_room(self, width: int) -> None:
        """Show in the first line what there is room for; words find samples, procedures and states as well."""
        for name in ("sample", "procedure", "status"):
            self.lists[name].setVisible(width >= NARROW)

    def _connect(self) -> None:
        self.more.toggled.connect(self._second.setVisible)
        self.clear.clicked.connect(self.show_all)
        for edit in (self.words, self.dates):
            edit.textChanged.connect(self._take)
        for box in (*self.lists.values(), self.kind):
            box.currentIndexChanged.connect(self._take)
        for edit in (self.parameter, self.result):
            edit.textChanged.connect(self._typed.start)

    def show_all(self) -> None:
        """Take all filters away."""
        for edit in (self.words, self.dates, self.parameter, self.result):
            edit.clear()
        for box in (*self.lists.values(), self.kind):
            box.setCurrentIndex(0)

    def offer(self, rows: Iterable[Row]) -> None:
        """Offer what stands in the rows, and keep what is chosen."""
        every = list(rows)
        for name, box in self.lists.items():
            if name == "tag":
                found = {tag for row in every for tag in row["tags"]}
            else:
                found = {row[name] for row in every if row[name]}
            offered = [box.itemText(index) for index in range(1, box.count())]
            chosen = box.currentText() if box.currentIndex() > 0 else ""
            wanted = sorted(found | ({chosen} if chosen else set()), key=str.casefold)
            if wanted != offered:
                box.blockSignals(True)
                while box.count() > 1:
                    box.removeItem(1)
                box.addItems(wanted)
                box.setCurrentIndex(max(0, box.findText(chosen)) if chosen else 0)
                box.blockSignals(False)

    def said(self) -> str:
        """Return which filters are on, in words."""
        lines = {"words": self.words, "dates": self.dates, "parameter": self.parameter, "result": self.result}
        parts = [f"{name} {edit.text().strip()}" for name, edit in lines.items() if edit.text().strip()]
        parts += [f"{name} {box.currentText()}" for name, box in self.lists.items() if box.currentIndex() > 0]
        parts += [self.kind.currentText()] if self.kind.currentIndex() > 0 else []
        return ", ".join(parts) + (f"; {self._warning}" if self._warning else "")

    def take_fitting(self, folders: Sequence[str] | None, wrong: str = "", warning: str = "") -> None:
        """Take in which runs fit the conditions; None where there are no conditions, or what is wrong with them."""
        self._warning = warning
        for edit in (self.parameter, self.result):
            _mark(edit, bool(wrong) and bool(edit.text().strip()), wrong)
        self.looked.fitting = None if folders is None else frozenset(folders)
        self.changed.emit()

    def _take(self) -> None:
        dates = self.dates.text().strip()
        right = are_dates(dates) if dates else True
        _mark(self.dates, not right, "no date: write 2026-11-21, 2026-11, or 2026-11-01:2026-11-21")
        chosen = {name: box.currentText() if box.currentIndex() > 0 else "" for name, box in self.lists.items()}
        self.looked = Looked(
            tuple(self.words.text().casefold().split()), {name: chosen[name] for name in chosen if name != "tag"},
            chosen["tag"], dates if right else "", {1: True, 2: False}.get(self.kind.currentIndex()),
            self.looked.fitting,
        )  # fmt: skip
        self.changed.emit()

    def _ask(self) -> None:
        texts = [[text] if (text := edit.text().strip()) else [] for edit in (self.parameter, self.result)]
        if any(texts):
            self.conditions.emit(*texts)
        else:
            self.take_fitting(None)


def _line(hint: str, tip: str) -> QLineEdit:
    edit = QLineEdit()
    edit.setPlaceholderText(hint)
    edit.setToolTip(tip)
    edit.setAccessibleName(hint)
    edit.setMinimumWidth(60)
    return edit


def _list(every: str, tip: str) -> QComboBox:
    box = QComboBox()
    box.addItem(every)
    box.setToolTip(tip)
    box.setAccessibleName(every)
    box.setMinimumWidth(60)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return box


def _mark(edit: QLineEdit, wrong: bool, why: str) -> None:
    if bool(edit.property("wrong")) == wrong:
        if wrong:
            edit.setToolTip(why)
        return
    tip = edit.property("tip")
    if wrong and tip is None:
        edit.setProperty("tip", edit.toolTip())
    edit.setToolTip(why if wrong else str(tip or edit.toolTip()))
    edit.setProperty("wrong", wrong)
    style = edit.style()
    if style is not None:
        style.unpolish(edit)
        style.polish(edit)
