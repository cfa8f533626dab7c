"""Tells readers of changes as they come, as server-sent events: station, queue, the run that is on, the rehearsal.

What is told is what has changed since the reader was told last, however often that was. So a reader that is slow gets
fewer events and misses no state, and nothing is kept for it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from labctl.service.items import Book
from labctl.service.rehearsing import Rehearsing
from labctl.service.worker import Worker

MOST_READERS = 16
TAKEN_WITHIN = 30.0
"""s in which a reader has to take what it is told; after that it is hung up on."""
QUIET = 15.0
"""s without a change after which a reader is told that the worker is still there."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
HEADERS = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]


@dataclass(slots=True)
class _Seen:
    """What a reader was told last."""

    book: Book | None = None
    run: Mapping[str, Any] | None = None
    rehearsal: Mapping[str, Any] | None = None
    others: dict[str, Mapping[str, Any] | None] = field(default_factory=dict[str, "Mapping[str, Any] | None"])


class Feed:
    """Tells any reader, but not more than so many at once.

    Args:
        worker: Of whom.
        rehearsing: Who rehearses its queue.
        as_json: Writes a queue as it is told elsewhere, too.
        others: What else is told, by the event's name: each changes as a whole, and nothing is told of None.
    """

    def __init__(
        self, worker: Worker, rehearsing: Rehearsing, as_json: Callable[[Book], Mapping[str, Any]],
        others: Mapping[str, Callable[[], Mapping[str, Any] | None]],
    ) -> None:  # fmt: skip
        self._worker = worker
        self._others = others
        self._rehearsing = rehearsing
        self._as_json = as_json
        self._written: tuple[Book, str] | None = None

    @property
    def full(self) -> bool:
        """Whether there are as many readers as can be."""
        return self._worker.queue.bell.listeners >= MOST_READERS

    async def tell(self, receive: Receive, send: Send) -> None:
        """Tell one reader, until it hangs up, does not read, or the worker ends."""
        bell, seen = self._worker.queue.bell, _Seen()
        with bell.heard() as rung:
            async with _watched(receive) as gone:
                await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
                first = True
                while not (gone.done() or bell.silent):
                    rung.clear()
                    news = "".join(self._news(seen, first=first))
                    first = False
                    if not await _taken(send, news or ": the worker is here\n\n"):
                        return
                    await _until(rung, gone)
        await _taken(send, "", more=False)

    def _news(self, seen: _Seen, *, first: bool) -> Iterator[str]:
        """Yield what a reader has not been told, in the order in which it makes sense."""
        book, run, rehearsal = self._worker.queue.book, self._worker.on, self._rehearsing.told
        for name, known in self._others.items():
            told = known()
            if told is not None and told is not seen.others.get(name):
                yield _event(name, told)
                seen.others[name] = told
        if book is not seen.book:
            for changed in () if seen.book is None else _changed(seen.book, book):
                yield _event("item", changed)
            yield self._queue(book)
        if first or run is not seen.run:
            yield _event("run", {"run": run})
        if rehearsal is not None and rehearsal is not seen.rehearsal:
            said = {name: rehearsal[name] for name in ("state", "of", "duration_s", "error")}
            yield _event("rehearsal", {**said, "done": len(rehearsal["items"])})
        seen.book, seen.run, seen.rehearsal = book, run, rehearsal

    def _queue(self, book: Book) -> str:
        """Write the queue, once for all readers."""
        if self._written is None or self._written[0] is not book:
            self._written = book, _event("queue", self._as_json(book))
        return self._written[1]


def _changed(before: Book, now: Book) -> Iterator[Mapping[str, Any]]:
    """Yield the items that stand otherwise than before; `before` or `state` is None of one that is new, or gone."""
    known = {item.id: item for item in before.items}
    for item in now.items:
        old = known.pop(item.id, None)
        if old is None or old.state != item.state:
            yield {
                "id": item.id, "before": None if old is None else old.state, "state": item.state, "run": item.run,
                "points": item.points, "error": item.error,
            }  # fmt: skip
    for item in known.values():
        yield {"id": item.id, "before": item.state, "state": None, "run": item.run, "points": 0, "error": None}


def _event(name: str, content: Mapping[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(content, allow_nan=False)}\n\n"


@asynccontextmanager
async def _watched(receive: Receive) -> AsyncGenerator[asyncio.Task[None]]:
    """Give what is done as soon as a reader has hung up."""

    async def until_gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    gone = asyncio.create_task(until_gone())
    try:
        yield gone
    finally:
        gone.cancel()


async def _until(rung: asyncio.Event, gone: asyncio.Task[None]) -> None:
    """Wait until there may be something to tell, or nobody to tell it to."""
    ringing = asyncio.create_task(rung.wait())
    try:
        await asyncio.wait({ringing, gone}, timeout=QUIET, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ringing.cancel()


async def _taken(send: Send, text: str, *, more: bool = True) -> bool:
    """Send a text, and return whether the reader took it in time."""
    try:
        await asyncio.wait_for(
            send({"type": "http.response.body", "body": text.encode("ascii"), "more_body": more}), TAKEN_WITHIN
        )
    except (TimeoutError, OSError):
        return False
    return True
