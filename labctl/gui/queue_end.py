"""The line below the table of a queue: when all of it is done, and whether that is early enough."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from instruments.errors import BadValue
from labctl.gui import words
from labctl.gui.context import Context
from labctl.gui.elided import ElidedLabel
from labctl.gui.marks import mark
from labctl.gui.queue_times import Plan, moment, too_late, total_line

KEPT = "queue/must end by"
SAYS_IT = ("paused", "stopped")
"""How a reason begins that says by itself that the queue is paused."""
ASK = "&When will it be done?"


class EndLine(QWidget):
    """Says when a queue is done, takes by when it must be, and asks for a rehearsal.

    Args:
        context: Where it is remembered by when the queue must be done.
    """

    rehearse_wanted = pyqtSignal(bool)
    """Somebody wants a rehearsal, or wants it no longer."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.limit: datetime | None = None
        self._plan, self._now = Plan(), datetime.now().astimezone()
        self._on = False
        self.total, self.paused, self.late = ElidedLabel(), ElidedLabel(), ElidedLabel()
        self.by, self.ask = QLineEdit(), QPushButton(ASK)
        self._set_up()
        self._recall()

    def _set_up(self) -> None:
        label = QLabel("&Must end by")
        label.setBuddy(self.by)
        self.by.setPlaceholderText("e.g. 07:30")
        self.by.setToolTip("When all of it must be done: 07:30, Tue 07:30 or 2026-11-24 07:30. Empty: no matter when.")
        self.by.setFixedWidth(self.fontMetrics().averageCharWidth() * 20)
        self.by.editingFinished.connect(self._take_limit)
        self.ask.clicked.connect(lambda: self.rehearse_wanted.emit(not self._on))
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 0, 2, 0)
        row.setSpacing(8)
        row.addWidget(self.total)
        row.addWidget(self.paused, 1)
        for part in (self.late, label, self.by, self.ask):
            row.addWidget(part)
        self.show_rehearsal("", 0, 0)

    def _recall(self) -> None:
        kept = str(self._context.settings.value(KEPT, "") or "")
        try:
            limit = datetime.fromisoformat(kept).astimezone()
        except (ValueError, OverflowError):  # none, or somebody wrote something else into the file
            return
        if limit > self._now:
            self.limit = limit
            self.by.setText(words.clock_time(limit, self._now))

    def _take_limit(self) -> None:
        text, now = self.by.text().strip(), datetime.now().astimezone()
        if self.limit is not None and text == words.clock_time(self.limit, now):
            return  # the field was only walked through
        try:
            self.limit = moment(text, now) if text else None
        except BadValue as error:
            self.limit = None
            mark(self.by, "wrong")
            self.late.say(str(error))
            mark(self.late, "wrong")
            return
        mark(self.by, "")
        self._context.settings.setValue(KEPT, "" if self.limit is None else self.limit.isoformat())
        if self.limit is not None:
            self.by.setText(words.clock_time(self.limit, now))
        self.late.say("")
        self._compare(now)

    def show_plan(self, known: Plan, now: datetime, *, paused: bool, speed: float | None) -> None:
        """Say when all is done.

        Args:
            known: When each item begins and ends.
            now: With a time zone.
            paused: Whether nothing begins by itself.
            speed: Lab seconds per real second, None where the lab's clock jumps.
        """
        self._plan = known
        said = total_line(known, now, paused=paused, speed=speed)
        self.total.say(said, _why(said, known))
        self._compare(now)

    def _compare(self, now: datetime) -> None:
        self._now = now
        if self.by.property("wrong"):
            return
        late = None if self.limit is None else too_late(self._plan, self.limit, now)
        said = "" if late is None else f"too late by {words.duration(max(late, 60.0))}"
        if self.limit is not None and late is None and self._plan.rows and self._plan.ends is None:
            said = "not known whether in time"
        self.late.say(said)
        mark(self.late, "warn" if late is not None else "quiet")
        mark(self.total, "warn" if late is not None else "")

    def show_paused(self, queue: Mapping[str, Any] | None, run: Mapping[str, Any] | None) -> None:
        """Say why nothing begins, or the run stands still.

        Args:
            queue: What `/queue` answers, None where no worker is there.
            run: How far the run is that is on.
        """
        sentence = "The worker is not there; this is how it stood last" if queue is None and self._plan.rows else ""
        if queue is not None and queue["paused"]:
            why = words.address_last(str(queue.get("why") or "paused"))
            sentence = f"{why[:1].upper()}{why[1:]}" if why.startswith(SAYS_IT) else f"Paused: {why}"
        if run is not None and run.get("state") == "stands":
            sentence = f"{sentence or 'Paused'}; the run stands still, current at zero, field held"
        self.paused.say(sentence)
        mark(self.paused, "" if not sentence else "wrong" if "did not finish" in sentence else "warn")

    def show_rehearsal(self, state: str, done: int, of: int) -> None:
        """Say how far a rehearsal is.

        Args:
            state: `on`, or anything else.
            done: How many items it has.
            of: How many items it goes through.
        """
        self._on = state == "on"
        self.ask.setText(f"Stop rehearsing ({done} of {of})" if self._on else ASK)
        self.ask.setToolTip(
            "Ends the rehearsal; what it has found stays." if self._on else
            "Rehearses what waits, in its order, beside the run that is on: when each item begins and ends, and what "
            "would be refused. Nothing is sent to the instruments but questions to the cryostat, between runs."
        )  # fmt: skip

    def allow(self, here: bool) -> None:
        """Enable the rehearsal where a worker is there."""
        self.ask.setEnabled(here)


def _why(said: str, known: Plan) -> str:
    lines = [said]
    if known.spread_s is not None:
        lines.append("± is how far off the rehearsed times of finished items were, root mean square.")
    if known.reordered:
        lines.append("Ramps between items are those of the order that was rehearsed; ask again for better times.")
    return "\n".join(lines)
