"""Readings put together: several at one field, which a stepped loop is made of, and more than an analysis needs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from labctl.analysis.readings import BoolArray, FloatArray, Readings

HELD, BETWEEN = 0.1, 0.05
"""A distance below so many steps is none; as many in between as this part of all there may be, the field settling."""
FEWEST = 6
"""Fields that a table needs to be taken for one of steps."""
MOST = 10_000
"""Readings beyond which neighbours are put together: more only cost time, and their noise hides what they show."""


def without_dwells(readings: Readings) -> Readings:
    """Readings at the same field in a row put together to their mean; the table itself where the field was not held.

    The distances between readings are then of two kinds, and in a stretch of small ones the field goes nowhere, as it
    does in a slow part of a sweep. Numbers that were written with few digits look the same and are treated so, too.
    """
    field = readings.field
    if len(field) < 2 * FEWEST or readings.offsets is not None:
        return readings
    distance = np.abs(np.diff(field))
    largest = float(np.max(distance))
    if largest == 0:
        return readings
    step = float(np.median(distance[distance > largest / 2]))
    for held in (distance <= HELD * step, distance == 0):
        starts = np.concatenate([[0], np.flatnonzero(~held | _new_branch(readings)) + 1])
        ends = np.concatenate([starts[1:], [len(field)]])
        moved = float(np.max(np.abs(field[ends - 1] - field[starts])))
        between = float(np.mean(~held & (distance < step / 2))) if np.any(distance[held]) else 0.0
        if np.mean(held) >= 1 / 3 and between <= BETWEEN and len(starts) >= FEWEST and moved <= step / 2:
            return _means(readings, starts, ends)
    return readings


def without_excess(readings: Readings) -> Readings:
    """As many neighbours put together to their means as leave no more than `MOST` of them; else the table itself."""
    count = len(readings.field)
    if count <= MOST or readings.offsets is not None:
        return readings
    each = -(-count // MOST)
    begins = np.union1d(np.arange(0, count, each), np.flatnonzero(_new_branch(readings)) + 1)
    return _means(readings, begins, np.concatenate([begins[1:], [count]]))


def _new_branch(readings: Readings) -> BoolArray:
    """Between which readings another branch or loop begins, by what the table says."""
    new = np.zeros(len(readings.field) - 1, dtype=np.bool_)
    if readings.branch is not None:
        new |= readings.branch[1:] != readings.branch[:-1]
    if readings.loop is not None:
        new |= np.nan_to_num(readings.loop[1:]) != np.nan_to_num(readings.loop[:-1])
    return new


def _means(
    readings: Readings,
    starts: np.ndarray[tuple[int], np.dtype[np.intp]],
    ends: np.ndarray[tuple[int], np.dtype[np.intp]],
) -> Readings:
    counts = ends - starts

    def mean(values: FloatArray) -> FloatArray:
        origin = float(values[0])
        return np.asarray(origin + np.add.reduceat(values - origin, starts) / counts, dtype=np.float64)

    merged = readings.select(starts)
    return replace(
        merged,
        field=mean(readings.field),
        hall=mean(readings.hall),
        time=mean(readings.time),
        rate=None if readings.rate is None else mean(readings.rate),
    )
