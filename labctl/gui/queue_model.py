"""The queue as a table: changes of the queue become small changes of rows, so that selection and place stay."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from PyQt6.QtCore import QAbstractTableModel, QMimeData, QModelIndex, Qt, pyqtSignal
from PyQt6.QtGui import QBrush, QColor

from labctl.gui import queue_rows
from labctl.gui.context import Context
from labctl.gui.queue_cells import PART, icon
from labctl.gui.queue_columns import COLUMNS, PROGRESS, SAYS, STATE, TIME, TIPS, Shown
from labctl.gui.queue_times import Foresight, Plan
from labctl.gui.theme import Theme

MIME = "application/x-labctl-queue-items"
Item = Mapping[str, Any]
Role = Qt.ItemDataRole
Flag = Qt.ItemFlag
PLAIN = Flag.ItemIsEnabled | Flag.ItemIsSelectable | Flag.ItemNeverHasChildren
DRAGGED = PLAIN | Flag.ItemIsDragEnabled


def _brush(colour: str | None) -> QBrush | None:
    return None if colour is None else QBrush(QColor(colour))


ANSWERS: dict[int, Callable[[Shown, int, Theme], Any]] = {
    Role.DisplayRole: lambda shown, column, _: shown.text(column),
    Role.ToolTipRole: lambda shown, _, __: shown.tip(),
    Role.ForegroundRole: lambda shown, column, theme: _brush(shown.colour(column, theme)),
    Role.DecorationRole: lambda shown, column, theme: icon(shown.stands, theme) if column == STATE else None,
    Role.AccessibleTextRole: lambda shown, column, _: f"{COLUMNS[column]}: {shown.text(column)}",
    PART: lambda shown, column, _: shown.part if column == PROGRESS else None,
}
"""What Qt may ask of a cell -> what it gets."""


class QueueModel(QAbstractTableModel):
    """Shows a queue's items, without those that are hidden.

    Args:
        context: Where the colours are.

    Attributes:
        items: All items in the queue's order.
        plan: When each begins and ends.
        seen: What was rehearsed.
        now: When that was looked at last.
    """

    dropped = pyqtSignal(list, object)
    """Numbers of items, and that of the item in front of which they were let go, None for the end."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.items: list[Item] = []
        self.plan, self.seen = Plan(), Foresight()
        self.now = datetime.now().astimezone()
        self._speed: float | None = 1.0
        self._run: Mapping[str, Any] | None = None
        self._rows: list[str] = []
        self._of: dict[str, Item] = {}
        self._hidden: set[str] = set()
        self._without_finished = False
        self._paused = False
        self._next: str | None = None
        self._found: dict[str, tuple[str, bool]] = {}

    # ---- what is known

    def item_at(self, row: int) -> Item:
        """Return the item of a row."""
        return self._of[self._rows[row]]

    def row_of(self, number: str) -> int | None:
        """Return the row of an item, None if it is not shown."""
        return self._rows.index(number) if number in self._of else None

    def take(self, items: Iterable[Item], *, paused: bool | None = None) -> None:
        """Show these items, in their order.

        Args:
            items: The queue's.
            paused: Whether no further one begins; None if that has not changed.
        """
        self.items = list(items)
        self._hidden &= {str(item["id"]) for item in self.items}
        self._paused = self._paused if paused is None else paused
        before = self._next
        self._next = None if self._paused else next((i["id"] for i in self.items if i["state"] == "waiting"), None)
        shown = {str(item["id"]): item for item in self.items if self._is_shown(item)}
        self._drop_all_but(shown)
        self._add(shown)
        self.order(list(shown))
        if before != self._next:
            self._changed([each for each in (before, self._next) if each in self._of])

    def show_run(self, run: Mapping[str, Any] | None) -> None:
        """Take in how far the run is that is on."""
        ids = {str(each["item"]) for each in (self._run, run) if each is not None and "item" in each}
        self._run = run
        self._changed([each for each in ids if each in self._of])

    def show_plan(self, plan: Plan, now: datetime, speed: float | None) -> None:
        """Take in when each item begins and ends, and how many lab seconds there are in a real one."""
        self.plan, self.now, self._speed = plan, now, speed
        if self._rows:
            self.dataChanged.emit(self.index(0, TIME), self.index(len(self._rows) - 1, SAYS))

    def show_found(self, run: str, said: str, *, good: bool) -> None:
        """Take in what a run has found.

        Args:
            run: Its folder.
            said: In a line.
            good: Whether that is as it should be.
        """
        self._found[run] = said, good
        self._changed([number for number, item in self._of.items() if str(item.get("run")) == run])

    def hide(self, numbers: Iterable[str]) -> None:
        """Leave items out of the table."""
        self._hidden |= set(numbers)
        self.take(self.items)

    def unhide(self, numbers: Iterable[str]) -> None:
        """Show items again."""
        self._hidden -= set(numbers)
        self.take(self.items)

    def is_hidden(self, number: str) -> bool:
        """Whether an item was left out of the table by its number."""
        return number in self._hidden

    def leave_finished_out(self, wanted: bool) -> None:
        """Leave out what is finished."""
        self._without_finished = wanted
        self.take(self.items)

    def show_colours(self) -> None:
        """Draw everything again, in other colours."""
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(COLUMNS) - 1))

    def _is_shown(self, item: Item) -> bool:
        return item["id"] not in self._hidden and not (self._without_finished and item["state"] == "finished")

    # ---- rows come, go and move

    def order(self, numbers: Sequence[str]) -> None:
        """Put the rows that are there into this order; what is selected stays selected.

        Args:
            numbers: All that are shown.
        """
        if list(numbers) == self._rows:
            return
        self.layoutAboutToBeChanged.emit([], self.LayoutChangeHint.VerticalSortHint)
        before, self._rows = self._rows, list(numbers)
        place = {number: row for row, number in enumerate(self._rows)}
        old = self.persistentIndexList()
        self.changePersistentIndexList(
            old, [self.createIndex(place[before[each.row()]], each.column()) for each in old]
        )
        self.layoutChanged.emit([], self.LayoutChangeHint.VerticalSortHint)

    def _drop_all_but(self, shown: Mapping[str, Item]) -> None:
        gone = [row for row, number in enumerate(self._rows) if number not in shown]
        if not gone:
            return
        first, last = gone[0], gone[-1]
        if last - first + 1 != len(gone):
            lost = {self._rows[row] for row in gone}
            self.order([*(n for n in self._rows if n in shown), *(n for n in self._rows if n in lost)])
            first, last = len(self._rows) - len(gone), len(self._rows) - 1
        self.beginRemoveRows(QModelIndex(), first, last)
        for number in self._rows[first : last + 1]:
            del self._of[number]
        del self._rows[first : last + 1]
        self.endRemoveRows()

    def _add(self, shown: Mapping[str, Item]) -> None:
        """Add what is new at the end, and take in what has changed."""
        new = [number for number in shown if number not in self._of]
        changed = [number for number, item in self._of.items() if shown[number] != item]
        if new:
            self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows) + len(new) - 1)
            self._rows += new
            self._of.update({number: shown[number] for number in new})
            self.endInsertRows()
        self._of.update({number: shown[number] for number in changed})
        self._changed(changed)

    def _changed(self, numbers: Iterable[str]) -> None:
        wanted = set(numbers)
        if not wanted:
            return
        rows = [row for row, number in enumerate(self._rows) if number in wanted]
        self.dataChanged.emit(self.index(rows[0], 0), self.index(rows[-1], len(COLUMNS) - 1))

    # ---- what Qt asks

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's name and default
        """Return how many items are shown."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's name and default
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:  # noqa: N802
        """Return what stands above a column."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Role.ToolTipRole:
            return TIPS.get(section)
        if role == Role.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return COLUMNS[section] if role == Role.DisplayRole else None

    def data(self, index: QModelIndex, role: int = Role.DisplayRole) -> Any:
        """Return what a cell shows."""
        wanted = ANSWERS.get(role)
        if wanted is None or not index.isValid():
            return None
        return wanted(self.shown(self.item_at(index.row())), index.column(), self._context.theme)

    def shown(self, item: Item) -> Shown:
        """Return all that is known of an item."""
        run = self._run
        on = item["state"] == "running" and run is not None and run.get("item") == item["id"]
        return Shown(
            item, self.stands(item), run if on else None, self.plan.rows.get(str(item["id"])), self.seen.of_item(item),
            self.now, speed=self._speed, says=self._found.get(str(item.get("run")), ("", True)),
        )  # fmt: skip

    def stands(self, item: Item) -> str:
        """Return how an item stands, a key of `queue_rows.WORDS`."""
        return queue_rows.stands(item, self._run, first=item["id"] == self._next)

    # ---- dragging

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Return what can be done with a cell: what waits can be dragged, and let go between rows."""
        if not index.isValid():
            return Flag.ItemIsDropEnabled
        return DRAGGED if self.item_at(index.row())["state"] == "waiting" else PLAIN

    def supportedDropActions(self) -> Qt.DropAction:  # noqa: N802 - Qt's name
        """Return that rows are moved."""
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:  # noqa: N802 - Qt's name
        """Return what can be let go here."""
        return [MIME]

    def mimeData(self, indexes: Iterable[QModelIndex]) -> QMimeData:  # noqa: N802 - Qt's name
        """Return the numbers of the items that are dragged, in their order."""
        rows = sorted({index.row() for index in indexes})
        data = QMimeData()
        data.setData(MIME, json.dumps([self._rows[row] for row in rows]).encode("ascii"))
        return data

    def dropMimeData(  # noqa: N802 - Qt's name
        self, data: QMimeData | None, action: Qt.DropAction, row: int, column: int, parent: QModelIndex
    ) -> bool:
        """Say where items were let go; the rows move when the order is asked for."""
        del action, column
        if data is None or not data.hasFormat(MIME):
            return False
        numbers: list[str] = json.loads(data.data(MIME).data())
        place = parent.row() if parent.isValid() else row
        self.dropped.emit(numbers, self.waits_from(len(self._rows) if place < 0 else place, numbers))
        return False  # Qt must not take the rows away where they came from

    def waits_from(self, row: int, without: Iterable[str]) -> str | None:
        """Return the first item from a row on that waits and is none of these, None if there is none."""
        left_out = set(without)
        return next(
            (n for n in self._rows[max(row, 0) :] if self._of[n]["state"] == "waiting" and n not in left_out), None
        )

    def moved(self, numbers: Sequence[str], before: str | None) -> list[Item]:
        """Return all items in the order that such a move gives."""
        chosen = set(numbers)
        by = {str(item["id"]): item for item in self.items}
        rest = [item for item in self.items if item["id"] not in chosen]
        at = len(rest) if before is None else next(k for k, item in enumerate(rest) if item["id"] == before)
        return [*rest[:at], *(by[number] for number in numbers), *rest[at:]]
