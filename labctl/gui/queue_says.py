"""What finished items have found, in a line each: asked of the archive once, when an item has ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from PyQt6.QtCore import QObject

from labctl.gui.context import Context
from labctl.gui.history_cells import text_of
from labctl.gui.queue_model import QueueModel

MOST = 40
"""Finished items, the last ones, of which it is asked what they have found."""


class Headlines(QObject):
    """Asks for what finished items have found, and hands it to the table's model.

    Args:
        context: Whose archive is asked.
        model: Of the table.
    """

    def __init__(self, context: Context, model: QueueModel) -> None:
        super().__init__(model)
        self._context = context
        self._model = model
        self._asked: set[str] = set()

    def look(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Ask for what is new among the items of a queue."""
        finished = [str(item["run"]) for item in items if item["state"] == "finished" and item.get("run")]
        for run in finished[-MOST:]:
            if run not in self._asked:
                self._asked.add(run)
                self._context.archive.ask(
                    "run_row", folder=run, then=partial(self._take, run), failed=lambda _: None
                )  # a run that is gone has nothing to say; the queue says that it was finished

    def _take(self, run: str, row: Mapping[str, Any]) -> None:
        verdict = row.get("verdict") or ["", True]
        self._model.show_found(run, text_of(row, "found"), good=bool(verdict[1]))
