"""A queue that outlives its worker: every change is on the disk before anybody is told of it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from instruments.clock import WallClock
from instruments.errors import DataDamaged, Refused, UnknownName, WriteFailed
from labctl.asked import Asked
from labctl.durable import keep_json
from labctl.rundir import read_json
from labctl.service.bell import Bell
from labctl.service.items import Book, Item, Policy

FILE = "queue.json"
OPEN = frozenset({"waiting", "running"})
NOTHING: Mapping[str, str] = MappingProxyType({})


class Queue:
    """A queue in a folder. Its `book` can be read at any time by any thread, and changes as a whole.

    Args:
        folder: Where it lies.

    Attributes:
        bell: Rung at each change.

    Raises:
        DataDamaged: There is a file that is no queue.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / FILE
        self.book = _read(self.file)
        self.bell = Bell()
        self._changed = threading.Condition()
        self._over = False

    # ---- what people ask for

    def add(self, asked: Asked, taken: Mapping[str, str] = NOTHING) -> Item:
        """Add an item at the end; it is on the disk when this returns.

        Args:
            asked: What is to be done.
            taken: What numbers without a unit are taken for in it.

        Raises:
            WriteFailed: The disk does not take it; then it is not added.
        """
        with self._changed:
            number = self.book.last + 1
            item = Item(id=str(number), asked=asked, taken=dict(taken), added=_now())
            self._keep(last=number, items=(*self.book.items, item))
            return item

    def resume(self, asked: Asked, run: str) -> Item:
        """Add an item at the end that carries on a run which was cut; it is on the disk when this returns.

        Args:
            asked: What was asked for in it.
            run: Its folder.

        Raises:
            Refused: An item of the queue is to carry it on already.
            WriteFailed: The disk does not take it; then it is not added.
        """
        with self._changed:
            other = next((each for each in self.book.items if each.run == run and each.state in OPEN), None)
            if other is not None:
                how = "is carrying it on" if other.state == "running" else "waits to carry it on"
                raise Refused(f"item {other.id} {how}; nothing was added")
            number = self.book.last + 1
            item = Item(id=str(number), asked=asked, added=_now(), run=run)
            self._keep(last=number, items=(*self.book.items, item))
            return item

    def edit(self, number: str, asked: Asked, taken: Mapping[str, str] = NOTHING) -> Item:
        """Ask for something else in an item that waits; arguments as of `add`.

        Raises:
            UnknownName: There is no such item.
            Refused: It does not wait, or has begun already.
            WriteFailed: The disk does not take it.
        """
        with self._changed:
            item = self._waiting(number)
            if item.run is not None:
                raise Refused(f"item {number} was begun already, in {item.run}; add another one instead")
            return self._change(item, asked=asked, taken=dict(taken))

    def move(self, number: str, before: str | None) -> None:
        """Move an item that waits in front of another one, or to the end.

        Raises:
            UnknownName: There is no such item.
            Refused: One of them does not wait.
            WriteFailed: The disk does not take it.
        """
        with self._changed:
            item = self._waiting(number)
            if before == number:
                return
            place = None if before is None else self._waiting(before)
            others = [each for each in self.book.items if each.id != number]
            others.insert(len(others) if place is None else others.index(place), item)
            self._keep(items=tuple(others))

    def remove(self, number: str) -> Item:
        """Take an item out that is not on; a folder that it has stays.

        Raises:
            UnknownName: There is no such item.
            Refused: It is on.
            WriteFailed: The disk does not take it.
        """
        with self._changed:
            item = self.item(number)
            if item.state == "running":
                raise Refused(f"item {number} is on; abort it first (`labctl queue abort`)")
            self._keep(items=tuple(each for each in self.book.items if each.id != number))
            return item

    def skip(self, number: str) -> Item:
        """Leave an item out that waits; it stays in the list.

        Raises:
            UnknownName: There is no such item.
            Refused: It does not wait.
            WriteFailed: The disk does not take it.
        """
        with self._changed:
            return self._change(self._waiting(number), state="skipped")

    def again(self, number: str) -> Item:
        """Let an item wait again that was skipped or did not finish; what it has begun is carried on.

        Raises:
            UnknownName: There is no such item.
            Refused: It waits, is on, or is finished.
            WriteFailed: The disk does not take it.
        """
        with self._changed:
            item = self.item(number)
            if item.state in {"waiting", "running", "finished"}:
                raise Refused(f"item {number} is {item.state}; only what was skipped or did not finish can wait again")
            return self._change(item, state="waiting", stopping="", error=None, failures=0, deaths=0)

    def pause(self, why: str) -> None:
        """Let no further run begin.

        Raises:
            WriteFailed: The disk does not take it; it is paused all the same.
        """
        with self._changed:
            self._keep_anyway(paused=True, why=why)

    def go(self) -> None:
        """Let runs begin.

        Raises:
            WriteFailed: The disk does not take it.
        """
        with self._changed:
            self._keep(paused=False, why="")

    def set_policy(self, policy: Policy) -> None:
        """Change what follows when something goes wrong.

        Raises:
            WriteFailed: The disk does not take it.
        """
        with self._changed:
            self._keep(policy=policy)

    def item(self, number: str) -> Item:
        """Return an item by its number.

        Raises:
            UnknownName: There is none.
        """
        item = self.book.find(number)
        if item is None:
            raise UnknownName(f"there is no item {number!r} in this queue; `labctl queue list` shows them")
        return item

    # ---- what the worker asks for

    def take(self) -> Item | None:
        """Wait until an item can begin, and return it as one that is on; None once the queue is closed.

        Raises:
            WriteFailed: The disk does not take it; then nothing has begun.
        """
        with self._changed:
            while not self._over and (self.book.paused or self.book.next() is None):
                self._changed.wait()
            item = self.book.next()
            if self._over or item is None:
                return None
            attempts = item.attempts + 1
            return self._change(
                item, state="running", begun=_now(), ended=None, stopping="", error=None, attempts=attempts
            )

    def note(self, number: str, **changes: Any) -> Item:
        """Take in how an item stands; that a full disk does not take it does not undo it.

        Raises:
            UnknownName: There is no such item.
        """
        with self._changed:
            if changes.get("state", "waiting") not in {"waiting", "running"}:
                changes["ended"] = _now()
            item = self.item(number).model_copy(update=changes)
            try:
                self._keep_anyway(items=_with(self.book, item))
            except WriteFailed:
                self._take_in(self.book.model_copy(update={"paused": True, "why": f"{self.file} cannot be written"}))
            return item

    def close(self) -> None:
        """Let nothing begin any more, and let who waits for an item go."""
        with self._changed:
            self._over = True
            self._changed.notify_all()

    # ---- the file

    def _waiting(self, number: str) -> Item:
        item = self.item(number)
        if item.state != "waiting":
            raise Refused(f"item {number} is {item.state}, and only items that wait can be moved or changed")
        return item

    def _change(self, item: Item, **changes: Any) -> Item:
        changed = item.model_copy(update=changes)
        self._keep(items=_with(self.book, changed))
        return changed

    def _keep(self, **changes: Any) -> None:
        book = self.book.model_copy(update=changes)
        keep_json(self.file, _as_json(book))
        self._take_in(book)

    def _keep_anyway(self, **changes: Any) -> None:
        try:
            self._keep(**changes)
        except WriteFailed:
            self._take_in(self.book.model_copy(update=changes))
            raise

    def _take_in(self, book: Book) -> None:
        self.book = book
        self._changed.notify_all()
        self.bell.ring()


def _with(book: Book, item: Item) -> tuple[Item, ...]:
    return tuple(item if each.id == item.id else each for each in book.items)


def _as_json(book: Book) -> Mapping[str, Any]:
    return book.model_dump(mode="json", by_alias=True)


def _read(file: Path) -> Book:
    if not file.exists():
        return Book()
    try:
        return Book.model_validate(read_json(file))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DataDamaged(
            f"{file} is no queue of this labctl ({where}: {first['msg']}); move it away to begin an empty one"
        ) from error


def _now() -> str:
    return WallClock().utc().isoformat(timespec="seconds")
