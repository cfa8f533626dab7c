"""Colours of curves: those of the theme one by one for words, a scale from low to high for numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PyQt6.QtGui import QColor

from labctl.gui.theme import Theme

SCALE = "viridis"
"""Rises evenly in lightness, and is told apart with every kind of colour vision (van der Walt and Smith, 2015)."""
DARK_PART, LIGHT_PART = (0.25, 1.0), (0.0, 0.75)
"""Parts of the scale that are seen on a dark and on a light ground."""


def one_by_one(theme: Theme, count: int) -> list[str]:
    """Return colours for curves without an order; they repeat after the last one."""
    return [theme.curves[number % len(theme.curves)] for number in range(count)]


def by_size(theme: Theme, values: Sequence[float]) -> list[str]:
    """Return colours for curves of numbers, from the lowest to the highest."""
    low, high = min(values), max(values)
    begin, end = DARK_PART if theme.name == "dark" else LIGHT_PART
    parts = [0.5 if high == low else (value - low) / (high - low) for value in values]
    if len(values) > 2:  # evenly by rank, so that values that lie close together are told apart as well
        ranks = np.argsort(np.argsort(values)) / (len(values) - 1)
        parts = [float(part) for part in ranks]
    scale: Any = pg.colormap.get(SCALE)
    return [QColor(*scale.map(begin + part * (end - begin), mode="byte")[:3]).name() for part in parts]


def mixed(colour: str, ground: str, part: float) -> str:
    """Return a colour with a part, 0 to 1, of the ground's in it: paler."""
    one, other = QColor(colour), QColor(ground)
    parts = zip((one.red(), one.green(), one.blue()), (other.red(), other.green(), other.blue()), strict=True)
    return QColor(*(round((1 - part) * mine + part * theirs) for mine, theirs in parts)).name()


def of_groups(theme: Theme, values: Sequence[str | float]) -> list[str]:
    """Return a colour for each value of a column."""
    numbers = [value for value in values if isinstance(value, float)]
    if len(numbers) == len(values) and len(values) > 1:
        return by_size(theme, numbers)
    if len(values) > len(theme.curves):  # rather alike than the same
        return by_size(theme, [float(place) for place in range(len(values))])
    return one_by_one(theme, len(values))
