"""Loops of a procedure that know where they are: progress, abort, and the blocks that rows belong to.

`for temperature in self.track("temperature", temperatures, restart=True)` is an ordinary loop. The iterator is an
object that cuts the path back at every step and when it is let go, so a loop left by `break` or by an exception leaves
nothing stale behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Generic, TypeVar

from instruments.errors import UsageError

ValueT = TypeVar("ValueT")


class Path:
    """Where a run stands: the tracked loops that it is in, from the outermost inwards.

    Args:
        on_step: Called at every step of every loop; this is where a run reports, pauses and aborts.
    """

    def __init__(self, on_step: Callable[[], None]) -> None:
        self.on_step = on_step
        self.levels: list[_Level] = []
        self._closed: set[tuple[tuple[str, int], ...]] = set()
        self.within = 0.0

    @property
    def block(self) -> str:
        """Name of the innermost block that can be measured again, e.g. `loop=2`; `run` outside of any."""
        depth = max((index + 1 for index, level in enumerate(self.levels) if level.restart), default=0)
        return "/".join(f"{level.name}={level.index + 1}" for level in self.levels[:depth]) or "run"

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
    __slots__ = ("index", "length", "name", "restart")

    def __init__(self, name: str, index: int, length: int, *, restart: bool) -> None:
        self.name = name
        self.index = index
        self.length = length
        self.restart = restart


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
        if not name or any(character in name for character in ',"/=\n#'):
            raise UsageError(f"{name!r} cannot be a loop's name: use letters, digits, blanks and hyphens")
        if restart and not isinstance(values, Sized):
            raise UsageError(
                f"track({name!r}, restart=True) needs a list that is known before the loop begins, "
                f"not a {type(values).__name__}"
            )
        self._path = path
        self._name = name
        self._restart = restart
        self._length = len(values) if isinstance(values, Sized) else 0
        self._values = iter(values)
        self._index = -1
        self._depth = -1

    def __del__(self) -> None:
        if self._level is not None:
            self._path.leave(self._level)

    def __iter__(self) -> Iterator[ValueT]:
        return self

    def __next__(self) -> ValueT:
        if self._depth < 0:
            self._depth = len(self._path.levels)
            self._path.open(self._name, self._depth)
        del self._path.levels[self._depth :]
        value = next(self._values)
        self._index += 1
        self._level = _Level(self._name, self._index, self._length, restart=self._restart)
        self._path.enter(self._level, self._depth)
        self._path.on_step()
        return value
