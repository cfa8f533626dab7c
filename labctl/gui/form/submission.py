"""Puts what is asked into the queue, in front of it, or in the place of what an item asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from labctl.gui.standing import what_is_asked
from labctl.gui.worker_link import WorkerLink

UNCHANGED = ("procedure", "out", "any_folder", "sample_seed", "rehearse")
"""What cannot be changed of an item."""


class Submission(QObject):
    """Asks the worker, one thing at a time.

    Args:
        link: The worker.
        parent: Who owns this.
    """

    done = pyqtSignal(str, object)
    """A sentence, and the item."""
    refused = pyqtSignal(str)
    """A sentence."""

    def __init__(self, link: WorkerLink, parent: QObject) -> None:
        super().__init__(parent)
        self._link = link
        self.is_on = False

    def add(self, asked: Mapping[str, Any], *, first: bool) -> None:
        """Add an item.

        Args:
            asked: What it asks.
            first: Whether it is to be the next one, and to begin where the queue is paused.
        """
        if not self.is_on:
            self.is_on = True
            then = self._to_the_front if first else self._added
            self._link.ask("POST", "/queue", dict(asked), then=then, failed=self._refuse)

    def _added(self, item: dict[str, Any]) -> None:
        self._end(f"item {item['id']} is in the queue: {what_is_asked(item['asked'])}", item)

    def _to_the_front(self, item: dict[str, Any]) -> None:
        items = (self._link.queue or {"items": []})["items"]
        before = next((each["id"] for each in items if each["state"] == "waiting" and each["id"] != item["id"]), None)
        if before is None:
            self._go(item)
            return
        self._link.ask("POST", f"/queue/{item['id']}/move", {"before": before}, then=lambda _: self._go(item),
                       failed=self._refuse)  # fmt: skip

    def _go(self, item: dict[str, Any]) -> None:
        def gone(_: dict[str, Any]) -> None:
            self._end(f"item {item['id']} is next: {what_is_asked(item['asked'])}", item)

        self._link.ask("POST", "/go", then=gone, failed=self._refuse)

    def save(self, item: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
        """Ask for something else in an item that waits.

        Args:
            item: As the worker tells it.
            asked: What it is to ask.
        """
        if self.is_on:
            return
        self.is_on = True
        gone: dict[str, Any] = {name: None for name in item["asked"]["parameters"] if name not in asked["parameters"]}
        changes = {name: value for name, value in asked.items() if name not in UNCHANGED}
        changes["parameters"] = {**asked["parameters"], **gone}
        changes.setdefault("seed", None)

        def saved(found: dict[str, Any]) -> None:
            self._end(f"item {found['id']} now is: {what_is_asked(found['asked'])}", found)

        self._link.ask("PATCH", f"/queue/{item['id']}", changes, then=saved, failed=self._refuse)

    def _end(self, sentence: str, item: Mapping[str, Any]) -> None:
        self.is_on = False
        self.done.emit(sentence, item)

    def _refuse(self, sentence: str) -> None:
        self.is_on = False
        self.refused.emit(sentence)
