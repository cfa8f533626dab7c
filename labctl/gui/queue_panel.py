"""The queue of a station: what waits, what is on, what was done, and when all of it will be over."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from labctl.gui import queue_rows, queue_times
from labctl.gui.context import Context
from labctl.gui.queue_actions import PolicyButton, QueueActions
from labctl.gui.queue_end import EndLine
from labctl.gui.queue_model import QueueModel
from labctl.gui.queue_notice import Notice
from labctl.gui.queue_orders import Batch, Order, Orders
from labctl.gui.queue_removal import Removal
from labctl.gui.queue_says import Headlines
from labctl.gui.queue_table import QueueTable
from labctl.gui.queue_tools import QueueTools
from labctl.gui.timing import timer

EMPTY = (
    "Nothing waits. Fill in Measure and add it: it begins as soon as the station is free.\n"
    "F1 guides through a first measurement."
)
NO_WORKER = "The worker of this station is being looked for; the queue is shown as soon as it answers."
ALL_HIDDEN = "All items are finished, and those are hidden."
REHEARSAL_EVERY = 1_500
"""ms between two looks at what a rehearsal that is on has found."""


class QueuePanel(QWidget):
    """Shows a queue and steers it.

    Args:
        context: What the panels share.
    """

    edit_wanted = pyqtSignal(object)
    """An item that waits, whose parameters somebody wants to change."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.model = QueueModel(context)
        self.table = QueueTable(self.model, context)
        self.headlines, self.orders = Headlines(context, self.model), Orders(context.link, self)
        self.removal = Removal(self.model, self.orders, self)
        self.actions_of = QueueActions(self, self._do)
        self.policy = PolicyButton(self._set_policy)
        self.notice = Notice(self.actions_of.of["undo"])
        self.end = EndLine(context)
        self._moving = 0
        self._on = ""
        self._asked_rehearsal = False
        self._put_together()
        self._connect()
        self._lost()

    # ---- putting together

    def _put_together(self) -> None:
        self.tools = QueueTools(self.actions_of.of, self.policy)
        self.actions_of.fill(self.table)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 1, 4, 1)
        column.setSpacing(1)
        column.addWidget(self.tools)
        column.addWidget(self.table, 1)
        for part in (self.notice, self.end):  # below the table, so that no row moves under the mouse
            column.addWidget(part)
        self.setFocusProxy(self.table)

    def _connect(self) -> None:
        link = self.context.link
        link.found.connect(self._found)
        link.lost.connect(self._lost)
        link.told.connect(self._told)
        self.model.dropped.connect(self._move)
        self.table.picked.connect(self._allow)
        self.table.wanted.connect(self._open_or_edit)
        self.removal.changed.connect(self._allow)
        self.removal.said.connect(self._say)
        self.end.rehearse_wanted.connect(self._rehearse)
        self.context.theme_changed.connect(self.model.show_colours)
        # A long queue is read, shown and added up in three turns of the event loop, so that none of them is long.
        self._rows_soon = timer(self, 0, self._show_rows, once=True)
        self._rest_soon = timer(self, 0, self._show_run, once=True)
        self._rehearsal_timer = timer(self, REHEARSAL_EVERY, self._ask_rehearsal, once=True)
        timer(self, 1000, self.show_times).start()

    # ---- what the worker says

    def _found(self) -> None:
        self._show_queue()
        self._ask_rehearsal()

    def _lost(self, why: str = "") -> None:
        del why
        self._show_queue()

    def _told(self, name: str, content: Any) -> None:
        if name == "queue":
            self._rows_soon.start()
        elif name == "run":
            self._show_run()
        elif name == "station":
            self.show_times()
        elif name == "rehearsal":
            self.end.show_rehearsal(str(content["state"]), int(content["done"]), int(content["of"]))
            if content["state"] != "on":
                self._ask_rehearsal()
            elif not self._rehearsal_timer.isActive():
                self._rehearsal_timer.start()

    def _show_run(self) -> None:
        run = self.context.link.run
        self._rest_soon.stop()
        self.model.show_run(run)
        on = "" if run is None else str(run.get("item"))
        if on != self._on and on:
            self.table.show_on(on)
        self._on = on
        self.show_times()
        self._allow()

    def _show_queue(self) -> None:
        self._show_rows()
        self._show_run()

    def _show_rows(self) -> None:
        queue = self.context.link.queue if self.context.link.here else None
        if queue is not None:
            items = queue["items"]
            self.model.take(self._in_our_order(items) if self._moving else items, paused=queue["paused"])
            self.headlines.look(items)
        self._say_empty()
        self.policy.show_policy(None if queue is None else queue["policy"])
        self._rest_soon.start()

    def _say_empty(self) -> None:
        """Say why no row is seen, where none is: also where all of it was just removed."""
        if not self.context.link.here:
            self.table.empty = NO_WORKER
            return
        left_out = self.actions_of.of["hide"].isChecked() and any(
            item["state"] == "finished" and not self.model.is_hidden(str(item["id"])) for item in self.model.items
        )
        self.table.empty = ALL_HIDDEN if left_out else EMPTY

    def _in_our_order(self, items: Sequence[queue_rows.Item]) -> list[queue_rows.Item]:
        """Return items in the order that was asked for, as long as the worker has not answered."""
        place = {item["id"]: number for number, item in enumerate(self.model.items)}
        return sorted(items, key=lambda item: place.get(item["id"], len(place)))

    def show_times(self) -> None:
        """Say when everything begins and ends, as it is now."""
        link, now = self.context.link, datetime.now().astimezone()
        items = self.model.items
        speed = queue_times.lab_speed(link.station)
        plan = queue_times.plan(items, link.run, self.model.seen, now, speed)
        self.model.show_plan(plan, now, speed)
        queue = link.queue
        self.end.show_plan(plan, now, paused=bool(queue and queue["paused"]), speed=speed)

    def _ask_rehearsal(self) -> None:
        if not self._asked_rehearsal and self.context.link.here:
            self._asked_rehearsal = True
            self.context.link.ask("GET", "/rehearsal", then=self._take_rehearsal, failed=self._no_rehearsal)

    def _take_rehearsal(self, said: dict[str, Any]) -> None:
        self._asked_rehearsal = False
        self.model.seen.hear(said["rehearsal"], self.model.items)
        seen = self.model.seen
        if said["rehearsal"] is not None:
            self.end.show_rehearsal(seen.state, seen.done, seen.of)
        if seen.state == "failed" and seen.error:
            self._say("error", f"the queue was not rehearsed to its end: {seen.error}")
        self.model.show_colours()
        self.show_times()

    def _no_rehearsal(self, why: str) -> None:
        self._asked_rehearsal = False
        self._say("error", why)

    def _allow(self) -> None:
        link = self.context.link
        queue = link.queue if link.here else None
        undo = self.removal.sentence
        chosen = self.table.chosen()
        self.actions_of.allow(queue_rows.possible(chosen, queue, link.run, undo=bool(undo)))
        self._say_empty()
        self.notice.show_undo(undo, self.removal.puts_back)
        self.actions_of.of["undo"].setText(f"Undo: {self.removal.puts_back}" if undo else "Undo")
        self.end.show_paused(queue, link.run)
        self.end.allow(queue is not None)

    # ---- what is asked for

    def _do(self, key: str) -> None:
        by = getpass.getuser()
        steps = {
            "up": lambda: self._step(-1), "down": lambda: self._step(1), "edit": self._edit, "clone": self._clone,
            "remove": lambda: self.removal.remove(self.table.chosen()), "undo": self.removal.undo,
            "open": self._open, "copy": self._copy, "clear": self._clear,
            "hide": self._leave_finished_out,
            "skip": lambda: self._for_each("skip", "skipped", {"waiting"}),
            "again": lambda: self._for_each("again", "put back", queue_rows.AGAIN),
            "pause": lambda: self._send("POST", "/pause", {"by": by}),
            "pause_now": lambda: self._send("POST", "/pause", {"by": by, "now": True}),
            "go": lambda: self._send("POST", "/go"), "abort": lambda: self._send("POST", "/abort", {"by": by}),
        }  # fmt: skip
        steps[key]()

    def _send(self, method: str, path: str, content: dict[str, Any] | None = None) -> None:
        self.context.link.ask(method, path, content, failed=lambda why: self._say("error", why))

    def _say(self, level: str, sentence: str) -> None:
        self.notice.say(level, sentence)
        self.context.said.emit(level, sentence)

    def _set_policy(self, changes: dict[str, Any]) -> None:
        def refused(why: str) -> None:
            self._say("error", why)
            self._show_queue()

        self.context.link.ask("PUT", "/policy", changes, failed=refused)

    def _leave_finished_out(self) -> None:
        self.model.leave_finished_out(self.actions_of.of["hide"].isChecked())
        self._allow()

    def _for_each(self, what: str, done: str, states: Sequence[str] | set[str] | frozenset[str]) -> None:
        chosen = [str(item["id"]) for item in self.table.chosen() if item["state"] in states]
        self.orders.send(
            [Order("POST", f"/queue/{number}/{what}", item=number) for number in chosen],
            lambda batch: self._tell(batch, done),
        )

    def _tell(self, batch: Batch, done: str) -> None:
        if batch.refused:
            self._say("error", batch.sentence(done))

    def _step(self, way: int) -> None:
        """Let what is selected begin one place earlier or later."""
        chosen = [str(item["id"]) for item in self.table.chosen() if item["state"] == "waiting"]
        if not chosen:
            return
        others = [str(item["id"]) for item in self.model.items if item["state"] == "waiting"]
        first = others.index(chosen[0])
        rest = [number for number in others if number not in set(chosen)]
        place = max(first - 1, 0) if way < 0 else min(first + 1, len(rest))
        self._move(chosen, rest[place] if place < len(rest) else None)

    def _move(self, numbers: list[str], before: str | None) -> None:
        """Show the new order at once, and ask for it; if it is refused the old one comes back."""
        waiting = [str(item["id"]) for item in self.model.items if item["state"] == "waiting" and item["id"] in numbers]
        known = {str(item["id"]) for item in self.model.items}
        if not waiting or (before is not None and before not in known):
            return
        wanted = self.model.moved(waiting, before)
        if [item["id"] for item in wanted] == [item["id"] for item in self.model.items]:
            return
        self._moving += 1
        self.model.take(wanted)
        self.show_times()
        self.orders.send(
            [Order("POST", f"/queue/{number}/move", {"before": before}, number) for number in waiting], self._moved
        )

    def _moved(self, batch: Batch) -> None:
        self._moving -= 1
        if not self._moving:
            self._take_order(batch.answers[max(batch.answers)] if batch.answers else None)
        if batch.refused:
            self._say("error", f"{batch.sentence('moved')}; the order is as the worker has it")

    def _take_order(self, answered: dict[str, Any] | None) -> None:
        """Show what the worker has, after it has answered: by what came last, its answer or an event of the queue."""
        told = self.context.link.queue
        if answered is None or told is None or _order(told) == _order(answered):
            self._rows_soon.start()
        else:
            self.model.take(answered["items"], paused=answered["paused"])
            self._rest_soon.start()

    def _clone(self) -> None:
        chosen = self.table.chosen()
        if chosen:
            self.notice.say("info", f"adding {len(chosen)} item{'s' if len(chosen) > 1 else ''} …")
            sources = [str(item["id"]) for item in chosen]
            self.orders.send(
                [Order("POST", "/queue", dict(item["asked"])) for item in chosen],
                lambda batch: self._cloned(batch, sources),
            )

    def _cloned(self, batch: Batch, sources: Sequence[str]) -> None:
        waiting = [str(item["id"]) for item in self.model.items if item["state"] == "waiting"]
        news = {str(said["id"]) for said in batch.answers.values()}
        old = [number for number in waiting if number not in news]
        followed = dict(pairwise(old))
        moves = [
            Order("POST", f"/queue/{said['id']}/move", {"before": followed[sources[place]]}, str(said["id"]))
            for place, said in batch.answers.items() if sources[place] in followed
        ]  # fmt: skip
        self.orders.send(moves, lambda moved: self._tell(moved, "moved below what was cloned"))
        added = [str(said["id"]) for said in batch.answers.values()]
        self.notice.say("info", f"added as item {', '.join(added)}" if added else "")
        self._tell(batch, "added")
        if added:
            self.table.choose(added[-1])

    def _edit(self) -> None:
        self.edit_wanted.emit(self.table.chosen()[0])

    def _open(self) -> None:
        self.context.run_opened.emit(str(self.table.chosen()[0]["run"]))

    def _open_or_edit(self) -> None:
        for key in ("open", "edit"):
            if self.actions_of.of[key].isEnabled():
                self._do(key)
                return

    def _copy(self) -> None:
        lines = [
            queue_rows.command_line(item["asked"], self.context.station, simulate=self.context.simulate)
            for item in self.table.chosen()
        ]
        clipboard = QGuiApplication.clipboard()
        assert clipboard is not None
        clipboard.setText("\n".join(lines))
        self.notice.say("info", f"copied {len(lines)} line{'s' if len(lines) > 1 else ''} for a terminal")

    def _clear(self) -> None:
        self.removal.remove([item for item in self.model.items if item["state"] == "finished"])

    def _rehearse(self, wanted: bool) -> None:
        self._send("POST" if wanted else "DELETE", "/rehearsal")


def _order(queue: Mapping[str, Any]) -> list[str]:
    return [str(item["id"]) for item in queue["items"]]
