"""Lines that lie on each other many times over, as the pixels that they cover: a line up each column, in few pieces."""

from __future__ import annotations

import numpy as np

from labctl.gui.plot.envelope import FloatArray, RowArray, View

MOST_STEPS = 600_000
"""Steps of a stretch's lines from column to column of pixels that are followed; beyond it only points are drawn."""


class Coverage:
    """Which pixels of a view a long line covers; it is given stretch by stretch.

    Args:
        view: What is seen, and in how many pixels.
    """

    def __init__(self, view: View) -> None:
        self.view = view
        # Of each column of pixels: how many pieces begin at a height, less how many end below it.
        self._change = np.zeros(view.width * (view.height + 1), dtype=np.int32)

    def add(self, x: FloatArray, y: FloatArray) -> None:
        """Cover what a stretch of the line covers.

        Args:
            x: Of the line's corners, nan where it is broken; it begins with the last one of the stretch before.
            y: Of the same.
        """
        view = self.view
        step_x, step_y = view.pixel
        columns = (x - view.left) / step_x - 0.5
        heights = np.clip((y - view.bottom) / step_y - 0.5, -1.0, view.height)
        column, low, high = _runs(columns, heights, view.width)
        inside = (column >= 0) & (column < view.width) & (high >= 0) & (low <= view.height - 1)
        column, low, high = column[inside], low[inside], high[inside]
        start = column * (view.height + 1)
        size = len(self._change)
        self._change += np.bincount(start + np.maximum(low, 0), minlength=size).astype(np.int32)
        self._change -= np.bincount(start + np.minimum(high, view.height - 1) + 1, minlength=size).astype(np.int32)

    def pieces(self, most: int) -> tuple[FloatArray, FloatArray]:
        """Return upright pieces of line, two ends each, that cover the same pixels.

        Args:
            most: Ends that may be returned; pieces above each other are joined over small gaps until they are so few.
        """
        view = self.view
        step_x, step_y = view.pixel
        covered = np.cumsum(self._change.reshape(view.width, view.height + 1), axis=1) > 0
        turn = np.diff(covered.view(np.int8), axis=1, prepend=np.int8(0))
        column, low = (found.astype(np.int64) for found in np.nonzero(turn > 0))
        high = np.nonzero(turn < 0)[1].astype(np.int64) - 1
        gap = 1
        while 2 * len(column) > most and gap <= view.height:
            column, low, high = _over_gaps(column, low, high, gap)
            gap *= 2
        at: FloatArray = (view.left + (column + 0.5) * step_x).astype(np.float64)
        # A piece of one pixel is drawn a little longer than nothing, or it would not be drawn.
        ends = view.bottom + np.stack([low + 0.25, high + 0.75], axis=1) * step_y
        return np.repeat(at, 2), ends.ravel().astype(np.float64)


def _runs(columns: FloatArray, heights: FloatArray, width: int) -> tuple[RowArray, RowArray, RowArray]:
    """Follow a line from column to column: of each step its column, and its lowest and highest pixel."""
    first, last = columns[:-1], columns[1:]
    begin, end = heights[:-1], heights[1:]
    real = ~(np.isnan(first) | np.isnan(last))
    real &= ~(((first < 0) & (last < 0)) | ((first >= width) & (last >= width)))
    first, last, begin, end = first[real], last[real], begin[real], end[real]
    turned = first > last
    left, right = np.where(turned, last, first), np.where(turned, first, last)
    at_left, at_right = np.where(turned, end, begin), np.where(turned, begin, end)
    here, there = np.rint(np.clip(left, -1, width)), np.rint(np.clip(right, -1, width))
    steps = (there - here).astype(np.int64) + 1
    if steps.sum() > MOST_STEPS:
        seen = ~np.isnan(columns)
        at, row = np.rint(np.clip(columns[seen], -1, width)), np.rint(heights[seen]).astype(np.int64)
        return at.astype(np.int64), row, row
    line = np.repeat(np.arange(len(steps)), steps)
    column = here[line] + np.arange(len(line)) - np.repeat(np.cumsum(steps) - steps, steps)
    slope, length, origin = (at_right - at_left) / np.maximum(right - left, 1e-9), (right - left)[line], left[line]
    one = at_left[line] + slope[line] * np.clip(column - 0.5 - origin, 0.0, length)
    other = at_left[line] + slope[line] * np.clip(column + 0.5 - origin, 0.0, length)
    low, high = np.rint(np.minimum(one, other)), np.rint(np.maximum(one, other))
    return column.astype(np.int64), low.astype(np.int64), high.astype(np.int64)


def _over_gaps(column: RowArray, low: RowArray, high: RowArray, gap: int) -> tuple[RowArray, RowArray, RowArray]:
    """Join runs of a column between which there are at most so many pixels."""
    apart = np.empty(len(column), dtype=np.bool_)
    apart[:1] = True
    apart[1:] = (column[1:] != column[:-1]) | (low[1:] - high[:-1] - 1 > gap)
    start = np.flatnonzero(apart)
    stop = np.append(start[1:], len(column)) - 1
    return column[start], low[start], high[stop]
