"""Columns that grow at their end: a part that came from the desk, and what was read since."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from labctl.gui.plot.envelope import FloatArray, RowArray

FIRST_SIZE = 256
FULL = 0.75
"""Part of an array that is filled when a larger one is begun, into which what is there is then copied little by little:
all columns of a run are filled at the same row, and to copy them at once would hold the window up."""
AT_ONCE, PER_VALUE = 1024, 8
"""Values that are copied with each appending, and with each value that is appended: done before the array is full."""


class Growing:
    """An array that grows at its end; what was there before may be memory-mapped, and is not copied.

    Args:
        kind: Type of its numbers.
        base: What it begins with.
    """

    def __init__(self, kind: Any, base: NDArray[Any] | None = None) -> None:
        self._base: NDArray[Any] = np.empty(0, dtype=kind) if base is None else base
        self._new: NDArray[Any] = np.empty(FIRST_SIZE, dtype=kind)
        self._larger: NDArray[Any] | None = None
        self._moved = self._count = 0

    def __len__(self) -> int:
        return len(self._base) + self._count

    def extend(self, values: NDArray[Any]) -> None:
        """Append."""
        wanted = self._count + len(values)
        if wanted > FULL * len(self._new):
            self._move(len(values))
        if wanted > len(self._new):
            self._change(wanted)
        self._new[self._count : wanted] = values
        self._count = wanted

    def _move(self, coming: int) -> None:
        """Copy some of what is there into a larger array."""
        if self._larger is None:
            self._larger, self._moved = np.empty(2 * len(self._new), dtype=self._new.dtype), 0
        stop = min(self._count, self._moved + AT_ONCE + PER_VALUE * coming)
        self._larger[self._moved : stop] = self._new[self._moved : stop]
        self._moved = stop

    def _change(self, wanted: int) -> None:
        """Take the larger array; where more comes than it holds, one that is larger still."""
        larger, moved = self._larger, self._moved
        if larger is None or wanted > FULL * len(larger):
            larger, moved = np.empty(2 * wanted, dtype=self._new.dtype), 0
        larger[moved : self._count] = self._new[moved : self._count]
        self._new, self._larger = larger, None

    def between(self, start: int, stop: int) -> NDArray[Any]:
        """Rows that follow each other; no copy where they lie in one part."""
        base = len(self._base)
        if start >= base:
            return self._new[start - base : stop - base]
        if stop <= base:
            return self._base[start:stop]
        return np.concatenate([self._base[start:], self._new[: stop - base]])

    def at(self, rows: RowArray) -> NDArray[Any]:
        """Any rows."""
        base = len(self._base)
        if not base:
            return self._new[rows]
        if not self._count:
            return np.asarray(self._base[rows])
        old = self._base[np.minimum(rows, base - 1)]
        return np.where(rows < base, old, self._new[np.maximum(rows - base, 0)])

    def all(self) -> NDArray[Any]:
        """Every row."""
        return self.between(0, len(self))


class Numbers(Growing):
    """A column of numbers, nan where there is none."""

    def __init__(self, base: NDArray[Any] | None = None) -> None:
        super().__init__(np.float64, base)


class Words(Growing):
    """A column of words, kept as their places in the list of those that occur; -1 where there is none."""

    def __init__(self, base: NDArray[Any] | None = None, labels: list[str] | None = None) -> None:
        super().__init__(np.int32, base)
        self.labels: list[str] = list(labels or [])
        self._places = {label: place for place, label in enumerate(self.labels)}

    def extend_words(self, words: list[str]) -> None:
        """Append words."""
        places = self._places
        for word in words:
            if word and word not in places:
                places[word] = len(self.labels)
                self.labels.append(word)
        self.extend(np.array([places.get(word, -1) for word in words], dtype=np.int32))

    def word(self, row: int) -> str:
        """The word of a row, "" without any."""
        code = int(self.at(np.array([row]))[0])
        return self.labels[code] if code >= 0 else ""


def numbers_of(cells: list[str]) -> FloatArray | None:
    """Read cells as numbers, empty ones as nan; None where one of them is a word."""
    try:
        return np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError:
        return None
