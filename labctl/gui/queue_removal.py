"""Takes items out of a queue so that it can be undone: nothing of them begins from now on, and they go a little later.

What waits is skipped at once and taken out when something else is removed, or the window is closed; so what is put back
has its number, its place and its run, and a window that is killed leaves an item that is skipped, and not one that
begins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from labctl.gui.queue_model import QueueModel
from labctl.gui.queue_orders import Batch, Order, Orders


class Removal(QObject):
    """The last removal, as long as it can be undone.

    Args:
        model: From which the rows disappear.
        orders: Who asks the worker.
        parent: Who owns this.
    """

    changed = pyqtSignal()
    """What can be undone is something else."""
    finished = pyqtSignal()
    """What was removed is taken out for good, or could not be."""
    said = pyqtSignal(str, str)
    """Level and a sentence."""

    def __init__(self, model: QueueModel, orders: Orders, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._orders = orders
        self._gone: list[str] = []
        self._skipped: set[str] = set()

    @property
    def sentence(self) -> str:
        """What was removed, "" if nothing can be undone."""
        count = len(self._gone)
        return "" if not count else f"removed item {self._gone[0]}" if count == 1 else f"removed {count} items"

    @property
    def puts_back(self) -> str:
        """What undoing does, "" if nothing can be undone."""
        count = len(self._gone)
        return "" if not count else f"Put item {self._gone[0]} back" if count == 1 else f"Put {count} items back"

    def remove(self, items: Sequence[Mapping[str, Any]]) -> None:
        """Take items out that are not on."""
        self.finish()
        chosen = [item for item in items if item["state"] != "running"]
        if len(chosen) < len(items):
            self.said.emit("warning", "the run that is on cannot be removed; abort it first")
        if not chosen:
            return
        self._gone = [str(item["id"]) for item in chosen]
        self._skipped = {str(item["id"]) for item in chosen if item["state"] == "waiting"}
        self._model.hide(self._gone)
        skips = [
            Order("POST", f"/queue/{number}/skip", item=number) for number in self._gone if number in self._skipped
        ]
        self._orders.send(skips, self._skipped_all)
        self.changed.emit()

    def _skipped_all(self, batch: Batch) -> None:
        """Show again what could not be kept from beginning."""
        lost = {batch.orders[place].item for place in batch.refused}
        if lost:
            self._gone = [number for number in self._gone if number not in lost]
            self._skipped -= lost
            self._model.unhide(lost)
            self.said.emit("error", batch.sentence("removed"))
            self.changed.emit()

    def undo(self) -> None:
        """Put back what was removed last."""
        back, skipped = self._gone, self._skipped
        self._gone, self._skipped = [], set()
        again = [Order("POST", f"/queue/{number}/again", item=number) for number in back if number in skipped]
        self._orders.send(again, lambda batch: self._tell(batch, "put back"))
        self._model.unhide(back)
        self.changed.emit()

    def finish(self) -> None:
        """Take out for good what was removed."""
        gone, self._gone, self._skipped = self._gone, [], set()
        self._orders.send(
            [Order("DELETE", f"/queue/{number}", item=number) for number in gone],
            self._taken_out,
        )
        self.changed.emit()

    def _taken_out(self, batch: Batch) -> None:
        self._model.unhide(batch.orders[place].item for place in batch.refused)
        self._tell(batch, "removed")
        self.finished.emit()

    def _tell(self, batch: Batch, what: str) -> None:
        if batch.refused:
            self.said.emit("error", batch.sentence(what))
