"""How the curves of a figure are drawn: to which scale, and what becomes of the noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from labctl.analysis.fits import white_noise
from labctl.analysis.readings import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOISY, MANY, PARTS = 0.006, 300, 80
"""Noise over the height of a panel from which so many points are drawn as light points with the means of such parts."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How tesla and ohm are shown: factors, units, and what is taken off the resistance."""

    field: float
    field_unit: str
    field_label: str
    hall: float
    hall_unit: str
    hall_label: str
    offset: float

    def x(self, field: FloatArray | float) -> FloatArray:
        """Fields in T as they are shown."""
        return np.asarray(field, dtype=np.float64) * self.field

    def y(self, hall: FloatArray | float) -> FloatArray:
        """Resistances in ohm as they are shown."""
        return (np.asarray(hall, dtype=np.float64) - self.offset) * self.hall


def draw_curve(
    axes: Axes, field: FloatArray, hall: FloatArray, colour: str, scale: Scale, *, few: bool = False
) -> None:
    """A curve: markers where its points are few; light points and their means where noise would make it a block."""
    x, y = scale.x(field), scale.y(hall)
    low, high = axes.dataLim.y0, axes.dataLim.y1
    height = max(float(np.ptp(y)), high - low if np.isfinite(high - low) else 0.0)
    if not few and len(y) >= MANY and white_noise(np.arange(len(y), dtype=np.float64), y) > NOISY * height:
        axes.plot(x, y, ".", color=colour, markersize=2.2, markeredgewidth=0, alpha=0.28, zorder=1)
        axes.plot(*_means(x, y), color=colour, linewidth=1.8, zorder=2.5, solid_joinstyle="round")
        return
    axes.plot(
        x,
        y,
        color=colour,
        linewidth=1.0 if few else 1.4,
        marker="o" if few else "",
        markersize=4.5,
        markeredgewidth=0,
        alpha=0.9,
        solid_joinstyle="round",
    )


def _means(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Means over equal parts of the field."""
    bins = np.minimum((PARTS * (x - np.min(x)) / (np.ptp(x) or 1.0)).astype(np.intp), PARTS - 1)
    count = np.bincount(bins, minlength=PARTS)
    used = count > 0
    sums = (np.bincount(bins, weights=values, minlength=PARTS)[used] for values in (x, y))
    mean_x, mean_y = (np.asarray(total / count[used], dtype=np.float64) for total in sums)
    return mean_x, mean_y
