"""What a rehearsal found, and how far one is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PyQt6.QtCore import Qt, QTemporaryDir, pyqtSignal
from PyQt6.QtWidgets import QLabel, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from labctl.gui.context import Context
from labctl.gui.form import rehearsal_words
from labctl.gui.form.course_plot import CoursePlot
from labctl.gui.timing import timer

OF_NO_MATTER = ("user", "notes", "tags", "rehearse", "out")
"""What is asked and changes no rehearsal."""


class RehearsalView(QScrollArea):
    """The page of a rehearsal.

    Args:
        context: What the panels share.

    Attributes:
        found: What the last one found, None before one has.
        is_outdated: Whether the form has changed since.
    """

    rehearsed = pyqtSignal(object)
    """What one found; see `labctl.desk.rehearsals.rehearse`, with `asked`."""
    ended = pyqtSignal()
    """It has begun, has come to an end, or is outdated."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._folder = QTemporaryDir()
        self._count = 0
        self._number: int | None = None
        self._begun = False
        self._asked: Mapping[str, Any] = {}
        self._now = ""
        self.found: Mapping[str, Any] | None = None
        self.is_outdated = False
        self._drawing = timer(self, 0, self._draw, once=True)
        self._build()
        context.theme_changed.connect(self._colour)

    def _build(self) -> None:
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(2, 4, 6, 2)
        column.setSpacing(4)
        self.bar = QProgressBar()
        self.bar.setRange(0, 100)
        self.bar.hide()
        self.title = _label("heading", "Not rehearsed yet: Ctrl+R runs it on a simulated twin of the station.")
        self.outdated = _label("warn", "Outdated: the form has changed since.")
        self.violations = _label("wrong")
        self.parts = _label("quiet")
        self.plot = CoursePlot(self._context)
        self.extremes = _label("")
        self.results = _label("")
        self.remarks = _label("quiet")
        self.plot.hide()
        self.outdated.hide()
        for widget in (
            self.bar, self.title, self.outdated, self.violations, self.parts, self.plot, self.extremes, self.results,
            self.remarks,
        ):  # fmt: skip
            column.addWidget(widget)
        column.addStretch(1)
        self.setWidget(inside)

    @property
    def is_on(self) -> bool:
        """Whether something is being rehearsed."""
        return self._begun

    @property
    def headline(self) -> str:
        """How long it takes by its rehearsal; "" where none holds for what stands in the form."""
        found = self.found
        if found is None or self.is_outdated or found["refused"]:
            return ""
        return rehearsal_words.headline(found, self._speed)

    @property
    def complaint(self) -> str:
        """What the rehearsal of what stands in the form was refused for; "" where it was not."""
        if self.found is None or self.is_outdated or not self.found["refused"]:
            return ""
        return next(iter(rehearsal_words.complaints(self.found)), "it came to no good end in its rehearsal")

    @property
    def _speed(self) -> float | None:
        """Lab seconds per real second; None where the lab's clock jumps."""
        lab = (self._context.link.station or {}).get("lab")
        if not isinstance(lab, dict):
            return None if self._context.simulate else 1.0
        speed = lab.get("speed")
        return None if speed is None else float(speed)

    # ---- rehearsing

    def begin(self, asked: Mapping[str, Any], place: Mapping[str, Any], *, fresh: bool = False) -> None:
        """Rehearse from where the station stands, as far as its worker knows.

        Args:
            asked: What `labctl.asked.Asked` takes.
            place: `station`, `simulate`, `lab`.
            fresh: Whether on a simulated station of its own instead, which stands as one does that was just begun.
        """
        self._asked, self._begun = dict(asked), True
        self._clear()
        self.title.setText("Rehearsing on a simulated twin of the station …")
        self.bar.setValue(0)
        self.bar.setFormat("asking how the station stands …")
        self.bar.show()
        self.ended.emit()
        link = self._context.link
        if fresh:
            self._ask(place, None, rehearsal_words.OWN)
        elif link.run is not None:
            stands, remark = rehearsal_words.of_run(link.run)
            self._ask(place, stands, remark)
        elif link.here:
            link.ask(
                "GET", "/instruments", then=lambda said: self._ask(place, *rehearsal_words.of_instruments(said)),
                failed=lambda _: self._ask(place, None, rehearsal_words.UNKNOWN),
            )  # fmt: skip
        else:
            self._ask(place, None, rehearsal_words.UNKNOWN)

    def _ask(self, place: Mapping[str, Any], stands: Mapping[str, float] | None, remark: str) -> None:
        if not self._begun:  # it was stopped meanwhile
            return
        self._count += 1
        self._number = self._context.rehearser.ask(
            "rehearse", asked=dict(self._asked), **place, folder=str(Path(self._folder.path()) / str(self._count)),
            stands=None if stands is None else dict(stands), remark=remark,
            then=self.take, failed=self._fail, told=self._hear,
        )  # fmt: skip
        self.bar.setFormat("begins …")

    def stop(self) -> None:
        """End the rehearsal that is on."""
        self._context.rehearser.drop(self._number)
        self._end()
        self.title.setText("The rehearsal was stopped.")

    def _hear(self, said: Any) -> None:
        self.bar.setValue(round(100 * float(said["progress"])))
        of = f"run {said['run']} of {said['of']}, " if said["of"] > 1 else ""
        self.bar.setFormat(f"{of}%p %, {said['points']} points")

    def _end(self) -> None:
        self._number, self._begun = None, False
        self.bar.hide()
        self.ended.emit()

    def _fail(self, sentence: str) -> None:
        self._clear()
        self.violations.setText(sentence)
        self.title.setText("It could not be rehearsed.")
        self._end()

    def _clear(self) -> None:
        self.found = None
        self.plot.hide()
        self.outdated.hide()
        for label in (self.violations, self.parts, self.extremes, self.results, self.remarks):
            label.clear()

    # ---- showing

    def take(self, found: Any) -> None:
        """Show what a rehearsal found."""
        self.found = {**found, "asked": self._asked}
        self._show(found)
        if self._now:
            self._mark(self._now)
        self._end()
        self.rehearsed.emit(self.found)

    def _show(self, found: Mapping[str, Any]) -> None:
        self.title.setText(rehearsal_words.headline(found, self._speed))
        self.violations.setText("\n".join(rehearsal_words.complaints(found)))
        self.parts.setText(rehearsal_words.parts(found, self._speed))
        self.extremes.setTextFormat(Qt.TextFormat.RichText)
        self.extremes.setText(rehearsal_words.extremes_table(found, self._context.theme))
        self.results.setTextFormat(Qt.TextFormat.RichText)
        self.results.setText(rehearsal_words.results_table(found, self._context.theme))
        self.remarks.setText("\n".join(f"· {each}" for each in found["remarks"]))
        self._drawing.start()
        for label in (self.violations, self.parts, self.extremes, self.results, self.remarks):
            label.setVisible(bool(label.text()))

    def _draw(self) -> None:
        """Draw the course, once the words are there: together they would hold the window up."""
        seconds = None if self.found is None else self.found["duration_s"]
        self.plot.setVisible(bool(seconds))
        if self.found is not None and seconds:
            self.plot.show_course(self.found["course"], float(seconds))

    def _colour(self) -> None:
        """Write the tables again, in the colours that hold now."""
        if self.found is not None:
            self._show(self.found)

    def show_changed(self, asked: Mapping[str, Any]) -> None:
        """Take in what stands in the form now: a rehearsal of something else is outdated."""
        self._now = signature(asked)
        self._mark(self._now)

    def _mark(self, now: str) -> None:
        self.is_outdated = self.found is not None and signature(self.found["asked"]) != now
        self.outdated.setVisible(self.is_outdated)


def signature(asked: Mapping[str, Any]) -> str:
    """Return a text that is another one for what is rehearsed in another way."""
    kept = {name: value for name, value in asked.items() if name not in OF_NO_MATTER and value}
    return json.dumps(kept, sort_keys=True)


def _label(kind: str, text: str = "") -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if kind:
        label.setProperty(kind, True)
    return label
