"""What is asked of a worker, one after the other: each order meets the queue as the one before has left it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from PyQt6.QtCore import QObject

from labctl.gui.worker_link import WorkerLink


@dataclass(frozen=True, slots=True)
class Order:
    """One thing that a worker is asked to do.

    Attributes:
        method: E.g. `POST`.
        path: E.g. `/queue/3/skip`.
        content: What is sent along.
        item: Number of the item that it is about, "" of none.
    """

    method: str
    path: str
    content: dict[str, Any] | None = None
    item: str = ""


@dataclass(slots=True)
class Batch:
    """Orders that belong together.

    Attributes:
        orders: In their order.
        then: Called when all are answered.
        answers: What was answered, by the orders' places.
        refused: Sentences of those that were refused, by their places.
    """

    orders: Sequence[Order]
    then: Callable[[Batch], None]
    answers: dict[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])
    refused: dict[int, str] = field(default_factory=dict[int, str])

    def sentence(self, what: str) -> str:
        """Return why some were refused, e.g. `1 of 3 items was not moved: ...`; "" if none was."""
        if not self.refused:
            return ""
        why, of = next(iter(self.refused.values())), len(self.orders)
        if of == 1:
            return f"not {what}: {why}"
        return f"{len(self.refused)} of {of} were not {what}: {why}"


class Orders(QObject):
    """Sends orders to a worker, the next one when the one before is answered.

    Args:
        link: The worker.
        parent: Who owns this.
    """

    def __init__(self, link: WorkerLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._link = link
        self._batches: deque[Batch] = deque()
        self._on = False
        self._sending = False

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return bool(self._batches)

    def send(self, orders: Sequence[Order], then: Callable[[Batch], None]) -> None:
        """Send orders after all that were sent before.

        Args:
            orders: In their order; one that is refused does not keep the next ones back.
            then: Called when all are answered.
        """
        if orders:
            self._batches.append(Batch(orders, then))
            self._send_on()

    def _send_on(self) -> None:
        """Send what can be sent; where no worker is there an order fails before this returns."""
        if self._sending:
            return
        self._sending = True
        while self._batches and not self._on:
            self._next(self._batches[0])
        self._sending = False

    def _next(self, batch: Batch) -> None:
        place = len(batch.answers) + len(batch.refused)
        order = batch.orders[place]
        self._on = True
        self._link.ask(
            order.method, order.path, order.content, then=lambda said: self._take(batch, said, None),
            failed=lambda why: self._take(batch, None, why),
        )  # fmt: skip

    def _take(self, batch: Batch, said: dict[str, Any] | None, why: str | None) -> None:
        place = len(batch.answers) + len(batch.refused)
        if why is None:
            batch.answers[place] = said or {}
        else:
            batch.refused[place] = why
        self._on = False
        if place + 1 == len(batch.orders):
            self._batches.popleft()
            batch.then(batch)
        self._send_on()
