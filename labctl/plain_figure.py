"""A plain figure of any table: one column against others, each in a panel of its own."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from instruments.errors import BadValue
from labctl.analysis.result import prefix_for
from labctl.frame import COLOURS, FIELD_UNITS, Caption, framed, shown

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Function = Callable[[Any], Any]
"""From an array of the horizontal axis' numbers, in its column's unit, to one in that of the vertical axis' column."""

MOST_PANELS = 6
"""More columns than these are not seen on one slide; the first ones are drawn."""
PREFIXED = {"V", "A", "ohm", "Ohm", "T", "W"}
"""Units of which people write milli and micro."""
FEW = 200
"""Up to so many points each is marked."""
FINE = 400
"""Points of a fitted line."""

_UNIT = re.compile(r"(?P<name>.*\S)\s*\((?P<unit>[^()]+)\)")


def unit_of(column: str) -> str:
    """Return the unit that a column's name ends with in parentheses, e.g. "V" of "Voltage (V)"; "" without."""
    match = _UNIT.fullmatch(column)
    return match["unit"].strip() if match else ""


@dataclass(frozen=True, slots=True)
class _Style:
    """How points are drawn; see `plot_columns`."""

    lines: bool | None = None
    errors: Mapping[str, str] = field(default_factory=dict[str, str])
    fits: Mapping[str, Function] = field(default_factory=dict[str, Function])


def plot_columns(  # noqa: PLR0913 - all that a plain figure may be asked, by name
    data: pd.DataFrame,
    *,
    x: str = "",
    y: Sequence[str] = (),
    columns: Sequence[str] = (),
    lines: bool | None = None,
    errors: Mapping[str, str] | None = None,
    fits: Mapping[str, Function] | None = None,
    title: str = "",
    subtitle: str = "",
    caption: Caption | None = None,
) -> Figure | None:
    """Draw columns of a table against another one, each in a panel of its own.

    Args:
        data: The table.
        x: Column of the horizontal axis; the first one with numbers if none is named.
        y: Columns to draw against it; all others with numbers that change if none is named.
        columns: Columns that are looked at if none is named; all of the table's if left out.
        lines: Whether points are joined, in the order of the rows; False for points alone. Left out, they are joined
            unless the horizontal axis jumps to and fro, as in a random order.
        errors: Columns of standard uncertainties, drawn as bars, by the column that they belong to.
        fits: Functions to be drawn as a line over the points, by column:
            `{"Hall resistance (ohm)": lambda current: offset + slope * current}`.
        title: What was measured.
        subtitle: Under which conditions.
        caption: Whence it comes, `self.caption` of a procedure.

    Returns:
        The figure, or None for a table without two columns of numbers.

    Raises:
        BadValue: A column that is named is not there, or holds no numbers, or an error or a fit belongs to none that is
            drawn.
    """
    style = _Style(lines, errors or {}, fits or {})
    for name in [name for name in (x, *y, *style.errors.values()) if name]:
        if name not in data.columns or not _numbers(data[name]):
            others = [column for column in map(str, data.columns) if _numbers(data[column])]
            near = difflib.get_close_matches(name, others, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"those of the table are {', '.join(others)}"
            raise BadValue(f"there is no column {name!r} with numbers; {hint}")
    usable = [name for name in columns or data.columns if name in data.columns and _numbers(data[name])]
    usable = [name for name in usable if name not in {"Block", "Attempt", *style.errors.values()}]
    horizontal = x or next(iter(usable), "")
    changing = [name for name in usable if name != horizontal and len(set(data[name].tolist())) > 1]
    vertical = list(y) or changing[:MOST_PANELS]
    if not vertical:  # all of them stand still
        vertical = [name for name in usable if name != horizontal][:1]
    if not horizontal or not vertical:
        return None
    for name in [*style.errors, *style.fits]:
        if name not in vertical:
            raise BadValue(f"errors or fits name {name!r}, which is not drawn; drawn are {', '.join(vertical)}")
    return _drawn(data, horizontal, vertical, title, subtitle, caption or Caption(), style)


def _numbers(column: Any) -> bool:
    return column.dtype.kind in "biuf" and bool(np.isfinite(column.to_numpy(dtype=float)).any())


def _drawn(
    data: pd.DataFrame, horizontal: str, vertical: Sequence[str], title: str, subtitle: str, caption: Caption,
    style: _Style,
) -> Figure:  # fmt: skip
    across = 1 if len(vertical) == 1 else 2
    down = math.ceil(len(vertical) / across)
    figure, panels = framed(title, subtitle, caption, rows=down, columns=across, sharex=True)
    label, factor, abscissa = _shown(horizontal, data, caption)
    for index, panel in enumerate(np.atleast_1d(panels).flat):
        if index >= len(vertical):
            panel.set_visible(False)
            continue
        name, scale, ordinate = _shown(vertical[index], data, caption)
        bars = style.errors.get(vertical[index])
        spread = None if bars is None else data[bars].to_numpy(dtype=float) * scale
        _draw_points(panel, abscissa, ordinate, spread, style.lines)
        if vertical[index] in style.fits:
            reach = abscissa[np.isfinite(abscissa)]
            along = np.linspace(reach.min(), reach.max(), FINE)
            fitted = np.asarray(style.fits[vertical[index]](along / factor), dtype=float) * scale
            panel.plot(along, np.broadcast_to(fitted, along.shape), color=COLOURS["up"], linewidth=1.6, zorder=4)
        panel.set_ylabel(name)
        if index + across >= len(vertical):
            panel.set_xlabel(label)
            panel.tick_params(labelbottom=True)
    return figure


def _draw_points(panel: Any, x: Any, y: Any, errors: Any, lines: bool | None) -> None:
    """Draw points, joined or not, with their errors if they have any."""
    joined = _goes_along(x) if lines is None else lines
    few = len(x) <= FEW
    marker = "o" if few else "." if not joined else ""
    size = 3 if joined else 4.5 if few else 2.5
    looks = {"color": COLOURS["down"], "marker": marker, "markersize": size, "linestyle": "-" if joined else "none"}
    if errors is None:
        panel.plot(x, y, linewidth=1.2, **looks)
    else:
        panel.errorbar(x, y, errors, linewidth=1.2, elinewidth=1.1, capsize=2.5, **looks)


def _goes_along(x: Any) -> bool:
    """Tell a ramp, or a loop of a few ramps, from an axis that jumps to and fro."""
    moves = np.diff(x[np.isfinite(x)])
    moves = np.sign(moves[moves != 0])
    turns = int(np.count_nonzero(moves[1:] != moves[:-1]))
    return turns <= max(1, len(moves) // 10)


def _shown(column: str, data: pd.DataFrame, caption: Caption) -> tuple[str, float, Any]:
    """Return label, factor and numbers of a column, with the prefix that people would write."""
    numbers: Any = data[column].to_numpy(dtype=float)
    match = _UNIT.fullmatch(column)
    if match is None or match["unit"] not in PREFIXED:
        return (f"{match['name']} ({shown(match['unit'])})" if match else column), 1.0, numbers
    if match["unit"] == "T" and caption.field_unit != "mT":  # another one was asked for
        factor, unit = FIELD_UNITS[caption.field_unit][0], caption.field_unit
    else:
        finite = np.abs(numbers[np.isfinite(numbers)])
        factor, unit = prefix_for(float(finite.max()) if finite.size else 0.0, match["unit"])
    return f"{match['name']} ({shown(unit)})", factor, numbers * factor
