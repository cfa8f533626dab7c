"""Loops of a procedure that know where they are: progress, abort, and the blocks that rows belong to.

`for temperature in self.track("temperature", temperatures, restart=True)` is an ordinary loop. The iterator is an
object that cuts the path back at every step and when it is let go, so a loop left by `break` or by an exception leaves
nothing stale behind.

A block is complete when its loop asks for the next value: its body was then left at its end, or by `continue`. A body
that is left by `break`, `return` or an exception that reaches beyond it is not, since what came of it may decide how
the run goes on; it is measured again when the run is carried on.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from instruments.errors import UsageError
from labctl.attempts import OUTSIDE
from labctl.fingerprint import fingerprint, words

ValueT = TypeVar("ValueT")


class Ledger(Protocol):
    """What a run remembers of its blocks; see `labctl.ledger`."""

    def open(self, loop: str, values: str, texts: Callable[[], list[str]]) -> None:
        """Refuse a loop over other values than those with which blocks of it were measured."""
        ...

    def passes_over(self, block: str) -> int | None:
        """Return how many rows a complete block has, None of one that has to be measured."""
        ...

    def finish(self, block: str, rows: int, values: str, text: str) -> int:
        """Write down that a block is complete; return how many rows of it count."""
        ...


class Path:
    """Where a run stands: the tracked loops that it is in, from the outermost inwards.

    Args:
        on_step: Called at every step of every loop; this is where a run reports, pauses and aborts.
        ledger: What is complete; without it nothing is ever passed over.
        seed: Seed of the procedure's random orders.

    Attributes:
        within: Part of the innermost step that is done, from 0 to 1, as its body says.
        laps: Sweeps, holds, staircases and waits that were begun so far: `within` begins anew with each but the last.
        waits: What is waited for, with the sample that follows it: "temperature", "field" or "angle"; "" for nothing.
        waited: Number of the lap that is or was the last wait.
    """

    def __init__(self, on_step: Callable[[], None], ledger: Ledger | None = None, seed: int = 0) -> None:
        self.on_step = on_step
        self.ledger = ledger
        self.levels: list[_Level] = []
        self._closed: set[tuple[tuple[str, int], ...]] = set()
        self.within = 0.0
        self.laps = 0
        self.waits = ""
        self.waited = 0
        self._seed = seed
        self._outside = np.random.default_rng([seed, 1])
        self._named: tuple[_Level | None, str] = (None, OUTSIDE)

    @property
    def block(self) -> str:
        """Name of the innermost block that can be measured again, e.g. `loop=2`; `run` outside of any."""
        innermost = self.levels[-1] if self.levels else None
        if innermost is not self._named[0]:  # every row asks, and a step's object never lies in another loop
            self._named = (innermost, self._block())
        return self._named[1]

    def _block(self) -> str:
        depth = max((index + 1 for index, level in enumerate(self.levels) if level.restart), default=0)
        return self.place(depth) or OUTSIDE

    def place(self, depth: int) -> str:
        """Name of the step in which the loop at this depth stands."""
        return "/".join(f"{level.name}={level.index + 1}" for level in self.levels[:depth])

    @property
    def rng(self) -> np.random.Generator:
        """The generator of the innermost block that can be measured again.

        Each block has its own, made from the run's seed and the block's name: what is drawn in one does not depend on
        whether another was passed over. Outside of any there is one more, for code that always runs again.
        """
        level = next((level for level in reversed(self.levels) if level.restart), None)
        if level is None:
            return self._outside
        if level.rng is None:
            level.rng = np.random.default_rng([self._seed, 1, zlib.crc32(self.block.encode())])
        return level.rng

    @property
    def progress(self) -> float:
        """Part of the run that is done, from 0 to 1, as far as the loops' lengths tell."""
        done, share = 0.0, 1.0
        for level in self.levels:
            if not level.length:
                return done
            done += share * level.index / level.length
            share /= level.length
        return done + share * self.within

    def begin_lap(self) -> None:
        """Begin something of which `within` will tell the part that is done."""
        self.laps += 1
        self.within = 0.0

    @contextmanager
    def waiting(self, quantity: str) -> Generator[None]:
        """Have it known that a quantity is waited for: "temperature", "field" or "angle"."""
        before, self.waits = self.waits, quantity
        self.laps += 1
        self.waited = self.laps
        try:
            yield
        finally:
            self.waits = before

    def count(self, rows: int = 1) -> None:
        """Take note of rows that belong to where the run stands."""
        for level in self.levels:
            level.rows += rows

    def enter(self, level: _Level, depth: int) -> None:
        """Stand at a step of a loop, forgetting whatever was deeper."""
        del self.levels[depth:]
        self.levels.append(level)
        self.within = 0.0

    def leave(self, level: _Level) -> None:
        """Stand no longer in a loop, nor in anything deeper."""
        if level in self.levels:
            del self.levels[self.levels.index(level) :]

    def open(self, name: str, depth: int) -> None:
        """Begin a loop; a second one of the same name at the same place would share its blocks and is refused.

        Raises:
            UsageError: It is the second.
        """
        place = (*((level.name, level.index) for level in self.levels[:depth]), (name, -1))
        if place in self._closed:
            raise UsageError(f"two loops at one level are called {name!r}; give each track() a name of its own")
        self._closed.add(place)


class _Level:
    __slots__ = ("index", "length", "name", "restart", "rng", "rows", "value")

    def __init__(self, name: str, index: int, length: int, value: Any, *, restart: bool) -> None:
        self.name = name
        self.index = index
        self.length = length
        self.value = value
        self.restart = restart
        self.rows = 0
        self.rng: np.random.Generator | None = None


class Track(Generic[ValueT]):
    """One tracked loop; made by `Procedure.track`.

    Args:
        path: Where the run stands.
        name: The loop's name, unique at its level.
        values: What it goes through.
        restart: Whether each value's body begins from a known state and can be measured again on its own. The values
            must then be known before the loop begins.

    Raises:
        UsageError: `restart` over values that are not a finished list, or a second loop of the same name.
    """

    def __init__(self, path: Path, name: str, values: Iterable[ValueT], *, restart: bool) -> None:
        self._level: _Level | None = None
        if not name or any(character in name for character in ',"/=\n\r#'):
            raise UsageError(f"{name!r} cannot be a loop's name: use letters, digits, blanks and hyphens")
        if restart and (not isinstance(values, Sized) or isinstance(values, set | frozenset)):
            raise UsageError(
                f"track({name!r}, restart=True) needs a list that is known before the loop begins, "
                f"not a {type(values).__name__}"
            )
        self._path = path
        self._name = name
        self._restart = restart
        self._given: Iterable[ValueT] = values
        self._length = len(values) if isinstance(values, Sized) else 0
        self._values = iter(values)
        self._index = -1
        self._depth = -1
        self._fingerprint = ""

    def __del__(self) -> None:
        if self._level is not None:
            self._path.leave(self._level)

    def __iter__(self) -> Iterator[ValueT]:
        return self

    def __next__(self) -> ValueT:
        if self._depth < 0:
            self._open()
        elif self._level is not None:
            self._go_on(self._level)
        path = self._path
        while True:
            del path.levels[self._depth :]
            value = next(self._values)
            self._index += 1
            self._level = _Level(self._name, self._index, self._length, value, restart=self._restart)
            path.enter(self._level, self._depth)
            if not self._passed_over():
                path.on_step()
                return value

    def _open(self) -> None:
        """Begin the loop where the run stands."""
        path = self._path
        self._depth = len(path.levels)
        path.open(self._name, self._depth)
        if self._restart and path.ledger is not None:
            around = [(level.name, words(level.value)) for level in path.levels]
            texts = [words(value) for value in self._given]
            self._fingerprint = fingerprint(around, self._name, texts)
            loop = "/".join(filter(None, (path.place(self._depth), self._name)))
            path.ledger.open(loop, self._fingerprint, lambda: texts)

    def _go_on(self, level: _Level) -> None:
        """Take it that the step's body is over.

        Raises:
            UsageError: A loop around this one has gone on meanwhile, or the list has another length by now.
        """
        path = self._path
        if level not in path.levels:
            raise UsageError(
                f"the loop {self._name!r} went on after the loop around it had; begin it anew in each step of that one"
            )
        if self._restart and isinstance(self._given, Sized) and len(self._given) != self._length:
            raise UsageError(
                f"track({self._name!r}, restart=True) began with {self._length} values and now has {len(self._given)}; "
                "its list must not change while it is looped over"
            )
        del path.levels[self._depth + 1 :]
        # A block without rows is not worth passing over, and may be one whose value was only fetched ahead.
        if self._restart and path.ledger is not None and level.rows:
            place, value = path.place(self._depth + 1), words(level.value)
            # A check loop has rows of its own, which are none of those that the loops around it count.
            path.count(path.ledger.finish(place, level.rows, self._fingerprint, value) - level.rows)

    def _passed_over(self) -> bool:
        path = self._path
        rows = None if path.ledger is None or not self._restart else path.ledger.passes_over(path.block)
        if rows is not None:
            path.count(rows)
        return rows is not None
