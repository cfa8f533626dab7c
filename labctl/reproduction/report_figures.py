"""Figures of rows of numbers that a claim compares."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from labctl.frame import INK, Caption, framed

if TYPE_CHECKING:
    from labctl.reproduction.rows import Row


def draw_curve(row: Row, folder: Path) -> Path:
    """Draw what a claim compares, and return the figure's place in a folder, which is made if it is not there.

    Raises:
        OSError: The disk does not take it.
    """
    curve = row.curve
    assert curve is not None
    runs = ", ".join(path.parent.parent.name for path in row.runs)
    figure, axes = framed(row.target.quantity, row.target.conditions, Caption(runs, simulated=True))
    points = curve.points
    axes.errorbar(
        [point.at for point in points], [point.value for point in points], [point.uncertainty for point in points],
        fmt="o-", color=INK, markersize=5, linewidth=1.1, capsize=3,
    )  # fmt: skip
    axes.set_xlabel(curve.across[:1].upper() + curve.across[1:])
    axes.set_ylabel(curve.upwards[:1].upper() + curve.upwards[1:])
    axes.margins(x=0.05, y=0.14)
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{row.target.id}.png"
    figure.savefig(place, dpi=110)
    return place
