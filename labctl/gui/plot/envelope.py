"""What of many points can be seen: extremes over stretches of rows, halved where a pixel tells more.

Rows are taken in the order of measurement and x may go to and fro, as in a hysteresis loop. A stretch whose points lie
within one column of pixels is drawn as its first, lowest, highest and last point, all of them measured ones; a wider
one is drawn as its halves. Where few points are seen, each of them is drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
RowArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]

LEAF = 16
"""Rows of the shortest stretch of which extremes are kept."""
MANY = 2**62
"""More rows than there can be."""
FIRST, LOWEST_X, HIGHEST_X, LOWEST_Y, HIGHEST_Y, LAST = range(6)
NOWHERE = (np.inf, -np.inf, np.inf, -np.inf)
"""Box of a stretch without any point: lowest and highest x, lowest and highest y."""


class Points(Protocol):
    """Points in the order of measurement, growing at their end. Both numbers are nan where none is to be drawn."""

    def __len__(self) -> int: ...

    def between(self, start: int, stop: int) -> tuple[FloatArray, FloatArray]:
        """Numbers (x, y) of rows that follow each other."""
        ...

    def at(self, rows: RowArray) -> tuple[FloatArray, FloatArray]:
        """Numbers (x, y) of any rows."""
        ...


@dataclass(frozen=True, slots=True)
class View:
    """What is seen of a plane, and in how many pixels."""

    left: float
    right: float
    bottom: float
    top: float
    width: int
    height: int

    @property
    def pixel(self) -> tuple[float, float]:
        """Width and height of a pixel in units of the axes."""
        return (self.right - self.left) / max(1, self.width), (self.top - self.bottom) / max(1, self.height)


@dataclass(frozen=True, slots=True)
class Seen:
    """Rows by which a line is drawn.

    Attributes:
        rows: Ascending; among them rows without a point where the line is broken.
        inside: Rows in stretches of which something may be seen.
        each: Whether each point that is seen is among the rows.
    """

    rows: RowArray
    inside: int
    each: bool


class _Level:
    """Stretches of one length, as far as they are complete.

    Attributes:
        rows: Of each the rows of its first, lowest, highest (x), lowest, highest (y) and last point; -1 without any.
        box: Of each the lowest and highest x, and the lowest and highest y.
        whole: Of each whether every row of it is a point.
    """

    def __init__(self) -> None:
        self.count = 0
        self._rows = np.empty((8, 6), dtype=np.int64)
        self._box = np.empty((8, 4))
        self._whole = np.empty(8, dtype=np.bool_)

    @property
    def rows(self) -> RowArray:
        return self._rows[: self.count]

    @property
    def box(self) -> FloatArray:
        return self._box[: self.count]

    @property
    def whole(self) -> BoolArray:
        return self._whole[: self.count]

    def extend(self, rows: RowArray, box: FloatArray, whole: BoolArray) -> None:
        """Append stretches."""
        wanted = self.count + len(rows)
        if wanted > len(self._whole):
            size = max(wanted, 2 * len(self._whole))
            for name in ("_rows", "_box", "_whole"):
                old = getattr(self, name)
                new = np.empty((size, *old.shape[1:]), dtype=old.dtype)
                new[: self.count] = old[: self.count]
                setattr(self, name, new)
        self._rows[self.count : wanted] = rows
        self._box[self.count : wanted] = box
        self._whole[self.count : wanted] = whole
        self.count = wanted


class Envelope:
    """Extremes of points over stretches of 16, 32, 64 ... rows.

    Args:
        points: They may grow at their end; what was there must not change.
    """

    def __init__(self, points: Points) -> None:
        self.points = points
        self.levels: list[_Level] = []
        self.count = 0
        self._box = np.array(NOWHERE)

    @property
    def behind(self) -> bool:
        """Whether there are points that were not taken up."""
        return self.count < len(self.points)

    def grow(self, most: int = MANY) -> None:
        """Take up points that have come since; one more costs about the logarithm of their number.

        Args:
            most: Points that are taken up at once.
        """
        count = min(len(self.points), self.count + most)
        if count == self.count:
            return
        done = self.levels[0].count if self.levels else 0
        complete = count // LEAF
        if complete > done:
            if not self.levels:
                self.levels.append(_Level())
            x, y = self.points.between(done * LEAF, complete * LEAF)
            self.levels[0].extend(*_leaves(x.reshape(-1, LEAF), y.reshape(-1, LEAF), done * LEAF))
            self._merge()
        x, y = self.points.between(self.count, count)
        x, y = x[~np.isnan(x)], y[~np.isnan(y)]
        if len(x):
            low, high = np.minimum, np.maximum
            box = self._box
            found = (low(box[0], x.min()), high(box[1], x.max()), low(box[2], y.min()), high(box[3], y.max()))
            self._box = np.array(found)
        self.count = count

    def _merge(self) -> None:
        """Join pairs of complete stretches to one of twice the length, up to the longest."""
        level = 0
        while (pairs := self.levels[level].count // 2) > 0:
            if level + 1 == len(self.levels):
                self.levels.append(_Level())
            lower, upper = self.levels[level], self.levels[level + 1]
            if pairs == upper.count:
                return
            new = slice(2 * upper.count, 2 * pairs)
            upper.extend(*_joined(lower.rows[new], lower.box[new], lower.whole[new]))
            level += 1

    @property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """Lowest and highest x, lowest and highest y of all points; None without any."""
        low_x, high_x, low_y, high_y = (float(value) for value in self._box)
        return None if low_x > high_x else (low_x, high_x, low_y, high_y)

    def _cover(self, level: int) -> RowArray:
        """Stretches of a level that belong to no longer one."""
        taken = 2 * self.levels[level + 1].count if level + 1 < len(self.levels) else 0
        return np.arange(taken, self.levels[level].count)

    def seen(self, view: View, most: int = MANY, few: int = 0) -> Seen | None:
        """Return the rows to be joined by a line; None where they would be many more than `most`.

        Args:
            view: What is seen, and in how many pixels.
            most: Rows.
            few: Where no more rows than these lie in stretches that are seen, all of them are returned.
        """
        found = self._chosen(view, most, each=False)
        if found is not None and found.inside <= few:
            found = self._chosen(view, MANY, each=True)
        return found

    def _chosen(self, view: View, most: int, *, each: bool) -> Seen | None:
        found: list[RowArray] = []
        inside = 0
        split = wide = np.empty(0, dtype=np.int64)
        for number in range(len(self.levels) - 1, -1, -1):
            level, size = self.levels[number], LEAF << number
            here = np.concatenate([split, self._cover(number)])
            rows, box = level.rows[here], level.box[here]
            done, within = _parts(rows, box, level.whole[here], view, here * size, size, found, each=each)
            inside += within
            wide = here[~done]
            if len(wide) * LEAF > most:
                return None
            split = np.stack([2 * wide, 2 * wide + 1], axis=1).ravel()
        if len(wide):
            found.append((wide[:, None] * LEAF + np.arange(LEAF)).ravel())
        done = self.levels[0].count * LEAF if self.levels else 0
        found.append(np.arange(done, self.count))
        inside += LEAF * len(wide) + self.count - done
        return Seen(np.unique(np.concatenate(found)), inside, each)

    def nearest(self, x: float, y: float, pixel: tuple[float, float]) -> int | None:
        """Row of the point that lies nearest to a place, measured in pixels; None without any point."""
        best = np.inf
        split = np.empty(0, dtype=np.int64)
        done = self.levels[0].count * LEAF if self.levels else 0
        for number in range(len(self.levels) - 1, -1, -1):
            level = self.levels[number]
            here = np.concatenate([split, self._cover(number)])
            here = here[level.rows[here, FIRST] >= 0]
            if len(here):
                first = level.rows[here, FIRST]
                best = min(best, float(np.min(self._away(first, x, y, pixel))))
                here = here[_box_away(level.box[here], x, y, pixel) <= best]
            split = np.stack([2 * here, 2 * here + 1], axis=1).ravel() if number else here
        rows = (split[:, None] * LEAF + np.arange(LEAF)).ravel() if self.levels else split
        rows = np.concatenate([rows, np.arange(done, self.count)])
        if not len(rows):
            return None
        away = self._away(rows, x, y, pixel)
        away[np.isnan(away)] = np.inf
        least = int(np.argmin(away))
        return int(rows[least]) if np.isfinite(away[least]) else None

    def _away(self, rows: RowArray, x: float, y: float, pixel: tuple[float, float]) -> FloatArray:
        at_x, at_y = self.points.at(rows)
        return np.hypot((at_x - x) / pixel[0], (at_y - y) / pixel[1])


def thinned(x: FloatArray, y: FloatArray, view: View) -> tuple[FloatArray, FloatArray]:
    """Keep of points that follow each other in one column of pixels the first, the lowest, the highest and the last."""
    step = view.pixel[0]
    column = np.floor((x - view.left) / step)
    column[np.isnan(column)] = np.inf
    new = np.empty(len(x), dtype=np.bool_)
    new[:1] = True
    new[1:] = column[1:] != column[:-1]
    start = np.flatnonzero(new)
    group = np.cumsum(new) - 1
    order = np.lexsort((y, group))
    stop = np.append(start[1:], len(x))
    kept = np.unique(np.concatenate([start, order[start], order[stop - 1], stop - 1])) if len(x) else start
    return x[kept], y[kept]


def _parts(
    rows: RowArray, box: FloatArray, whole: BoolArray, view: View, start: RowArray, size: int, found: list[RowArray],
    *, each: bool,
) -> tuple[BoolArray, int]:  # fmt: skip
    """Append the rows by which stretches are drawn that need not be split.

    Args:
        rows: Of the stretches; see `_Level`.
        box: Of them.
        whole: Of them.
        view: What is seen.
        start: First row of each.
        size: Rows of each.
        found: To which is appended.
        each: Whether stretches are split down to each point, if anything of them may be seen.

    Returns:
        Which ones these are, and how many rows are in those of them that may be seen.
    """
    step_x, step_y = view.pixel
    empty = rows[:, FIRST] < 0
    outside = (box[:, 0] > view.right) | (box[:, 1] < view.left) | (box[:, 2] > view.top) | (box[:, 3] < view.bottom)
    outside &= ~empty
    with np.errstate(invalid="ignore"):
        narrow = (not each) & ~empty & ~outside & (box[:, 1] - box[:, 0] <= step_x)
        flat = (not each) & ~empty & ~outside & ~narrow & whole & (box[:, 3] - box[:, 2] <= step_y / 2)
    for which, columns in (
        (outside, (FIRST, LAST)), (narrow, (FIRST, LOWEST_Y, HIGHEST_Y, LAST)),
        (flat, (FIRST, LOWEST_X, HIGHEST_X, LAST)),
    ):  # fmt: skip
        found.append(rows[which][:, columns].ravel())
    done: BoolArray = empty | outside | narrow | flat
    # A row without a point at either end breaks the line to the next stretch.
    begin, end = start[done], start[done] + size - 1
    found.append(begin[rows[done, FIRST] != begin])
    found.append(end[rows[done, LAST] != end])
    return done, size * int(np.count_nonzero(narrow | flat))


def _box_away(box: FloatArray, x: float, y: float, pixel: tuple[float, float]) -> FloatArray:
    """Pixels from a place to the nearest edge of boxes, 0 within."""
    across = np.maximum(0.0, np.maximum(box[:, 0] - x, x - box[:, 1])) / pixel[0]
    along = np.maximum(0.0, np.maximum(box[:, 2] - y, y - box[:, 3])) / pixel[1]
    return np.hypot(across, along)


def _leaves(x: FloatArray, y: FloatArray, start: int) -> tuple[RowArray, FloatArray, BoolArray]:
    """Find the extremes of stretches, one in each row of the arrays."""
    there = ~np.isnan(x)
    count, some = len(x), there.any(axis=1)
    at = np.arange(count)
    places = np.empty((count, 6), dtype=np.int64)
    box = np.empty((count, 4))
    places[:, FIRST] = there.argmax(axis=1)
    places[:, LAST] = x.shape[1] - 1 - there[:, ::-1].argmax(axis=1)
    lowest: tuple[Callable[..., RowArray], float] = (np.argmin, np.inf)
    highest: tuple[Callable[..., RowArray], float] = (np.argmax, -np.inf)
    for column, (values, (which, none)) in enumerate(((x, lowest), (x, highest), (y, lowest), (y, highest))):
        filled = np.where(there, values, none)
        place = which(filled, axis=1)
        places[:, LOWEST_X + column] = place
        box[:, column] = filled[at, place]
    places += (start + at * x.shape[1])[:, None]
    places[~some] = -1
    return places, box, np.array(there.all(axis=1))


def _joined(rows: RowArray, box: FloatArray, whole: BoolArray) -> tuple[RowArray, FloatArray, BoolArray]:
    """Join each pair of stretches; of equal extremes the earlier one is kept."""
    a, b, box_a, box_b = rows[::2], rows[1::2], box[::2], box[1::2]
    joined, edges = np.empty_like(a), np.empty_like(box_a)
    joined[:, FIRST] = np.where(a[:, FIRST] >= 0, a[:, FIRST], b[:, FIRST])
    joined[:, LAST] = np.where(b[:, LAST] >= 0, b[:, LAST], a[:, LAST])
    for column in range(4):
        low = column in {0, 2}
        later = box_b[:, column] < box_a[:, column] if low else box_b[:, column] > box_a[:, column]
        later |= a[:, FIRST] < 0
        edges[:, column] = np.where(later, box_b[:, column], box_a[:, column])
        joined[:, LOWEST_X + column] = np.where(later, b[:, LOWEST_X + column], a[:, LOWEST_X + column])
    return joined, edges, np.array(whole.reshape(-1, 2).all(axis=1))
