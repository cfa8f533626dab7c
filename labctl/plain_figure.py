"""A plain figure of any table: one column against the others, each in a panel of its own."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from instruments.errors import BadValue
from labctl.analysis.result import prefix_for
from labctl.figures import COLOURS, INK, SIZE, bare, write_frame
from labctl.procedure import Caption

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

MOST_PANELS = 6
"""More columns than these are not seen on one slide; the first ones are drawn."""
PREFIXED = {"V", "A", "ohm", "Ohm", "T", "W"}
"""Units of which people write milli and micro."""
FEW = 200
"""Up to so many points each is marked."""

_UNIT = re.compile(r"(?P<name>.*\S)\s*\((?P<unit>[^()]+)\)")


def unit_of(column: str) -> str:
    """Return the unit that a column's name ends with in parentheses, e.g. "V" of "Voltage (V)"; "" without."""
    match = _UNIT.fullmatch(column)
    return match["unit"].strip() if match else ""


def plot_columns(
    data: pd.DataFrame,
    *,
    x: str = "",
    y: Sequence[str] = (),
    columns: Sequence[str] = (),
    title: str = "",
    subtitle: str = "",
    caption: Caption | None = None,
) -> Figure | None:
    """Draw columns of a table against another one, in the order in which the rows were measured.

    Args:
        data: The table.
        x: Column of the horizontal axis; the first one with numbers if none is named.
        y: Columns to draw against it; all others with numbers that change if none is named.
        columns: Columns that are looked at if none is named; all of the table's if left out.
        title: What was measured.
        subtitle: Under which conditions.
        caption: Whence it comes, `self.caption` of a procedure.

    Returns:
        The figure, or None for a table without two columns of numbers.

    Raises:
        BadValue: A column that is named is not there, or holds no numbers.
    """
    for name in [name for name in (x, *y) if name]:
        if name not in data.columns or not _numbers(data[name]):
            raise BadValue(f"there is no column {name!r} with numbers; the table has {', '.join(data.columns)}")
    usable = [name for name in columns or data.columns if name in data.columns and _numbers(data[name])]
    usable = [name for name in usable if name not in {"Block", "Attempt"}]
    horizontal = x or next(iter(usable), "")
    changing = [name for name in usable if name != horizontal and len(set(data[name].tolist())) > 1]
    vertical = list(y) or changing[:MOST_PANELS]
    if not vertical:  # all of them stand still
        vertical = [name for name in usable if name != horizontal][:1]
    if not horizontal or not vertical:
        return None
    return _drawn(data, horizontal, vertical, title, subtitle, caption or Caption())


def _numbers(column: Any) -> bool:
    return column.dtype.kind in "biuf" and bool(np.isfinite(column.to_numpy(dtype=float)).any())


def _drawn(
    data: pd.DataFrame, horizontal: str, vertical: Sequence[str], title: str, subtitle: str, caption: Caption
) -> Figure:
    from matplotlib.figure import Figure

    across = 1 if len(vertical) == 1 else 2
    down = math.ceil(len(vertical) / across)
    figure = Figure(figsize=(SIZE[0], max(SIZE[1], 2.4 * down + 1.2)))
    write_frame(figure, title, subtitle, caption.provenance, simulated=caption.simulated)
    panels = figure.subplots(down, across, squeeze=False, sharex=True)
    figure.subplots_adjust(left=0.1, right=0.972, top=0.83, bottom=0.13, wspace=0.24, hspace=0.18)
    label, abscissa = _shown(horizontal, data)
    for index, panel in enumerate(panels.flat):
        if index >= len(vertical):
            panel.set_visible(False)
            continue
        name, ordinate = _shown(vertical[index], data)
        marker = "o" if len(data) <= FEW else ""
        panel.plot(abscissa, ordinate, color=COLOURS["down"], linewidth=1.2, marker=marker, markersize=3)
        panel.set_ylabel(name, color=INK, fontsize=11)
        bare(panel)
        if index + across >= len(vertical):
            panel.set_xlabel(label, color=INK, fontsize=11)
            panel.tick_params(labelbottom=True)
    return figure


def _shown(column: str, data: pd.DataFrame) -> tuple[str, Any]:
    """Return label and numbers of a column, with the prefix that people would write."""
    numbers: Any = data[column].to_numpy(dtype=float)
    match = _UNIT.fullmatch(column)
    if match is None or match["unit"] not in PREFIXED:
        return column, numbers
    finite = np.abs(numbers[np.isfinite(numbers)])
    factor, unit = prefix_for(float(finite.max()) if finite.size else 0.0, match["unit"])
    return f"{match['name']} ({unit})", numbers * factor
