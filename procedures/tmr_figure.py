"""The figure of a junction's loop: both branches, the levels of both states, the switching fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from instruments.units import format_quantity
from labctl.analysis.result import Results, prefix_for, quantity_text
from labctl.curves import Scale, draw_curve
from labctl.figures import CLEARED
from labctl.frame import COLOURS, FAINT, INK, Caption, framed, say, shown, temperature_text
from labctl.labels import Place, Room
from procedures.tmr_results import BRANCH, RESISTANCE, across_of, of_loops

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEVELS = {"resistance_parallel": ("$R_\\mathrm{P}$", 1.0), "resistance_antiparallel": ("$R_\\mathrm{AP}$", -1.0)}
"""What a state's level is called, and on which side of it its words stand while it is the lower one."""
WORDS = {"down": "←  field falling", "up": "field rising  →"}
FEW = 120
"""Rows of a branch below which its points are marked one by one."""


def figure_of(data: pd.DataFrame, results: Results, *, title: str, caption: Caption) -> Figure:
    """Draw the loop.

    Args:
        data: Rows of a run of `tmr-loop`.
        results: What was found in them.
        title: What was measured on what.
        caption: Origin, and the unit of the field axis.
    """
    rows = of_loops(data)
    figure, axes = framed(title, _conditions(rows, results), caption)
    scale = _scale(rows, caption)
    axes.set(xlabel=scale.field_label, ylabel=scale.hall_label)
    if not len(rows):
        say(axes, "no resistance was read")
        return figure
    for direction in ("down", "up"):
        for number in dict.fromkeys(rows["Loop"].tolist()):
            part = rows.loc[(rows[BRANCH] == direction) & (rows["Loop"] == number)]
            if len(part):
                field, resistance = part["Field (T)"].to_numpy(dtype=float), part[RESISTANCE].to_numpy(dtype=float)
                draw_curve(axes, field, resistance, COLOURS[direction], scale, few=len(part) < FEW)
    _make_room(axes)
    tmr = results.get("tmr")
    if tmr is None or tmr.value is None:
        say(axes, (None if tmr is None else tmr.why) or "there is no TMR", place=0.03)
    levels = _draw_levels(axes, results, scale)
    marks = _draw_crossings(axes, results, scale)
    room = Room(axes)
    _write_levels(room, axes, levels, results)
    for name, place in marks.items():
        _write_crossing(room, name, place, levels["resistance_antiparallel"], results, scale)
    _name_branches(axes)
    return figure


def _conditions(rows: pd.DataFrame, results: Results) -> str:
    """Temperature, bias, TMR, field rates."""
    parts = [temperature_text(rows["Temperature (K)"])] if "Temperature (K)" in rows else []
    across = across_of(rows)
    if across.size:
        parts.append(f"{format_quantity(float(np.median(across)), 'V', digits=3)} across the junction")
    tmr = results.get("tmr")
    if tmr is not None and tmr.value is not None:
        error = None if tmr.uncertainty is None else 100.0 * tmr.uncertainty
        parts.append(f"TMR {_in_percent(100.0 * float(tmr.value), error)} %")
    return " · ".join(filter(None, parts))


def _in_percent(value: float, error: float | None) -> str:
    text = quantity_text(value, error, "1")
    return f"({text})" if error else text


def _scale(rows: pd.DataFrame, caption: Caption) -> Scale:
    factor, label = caption.field_axis
    values = rows[RESISTANCE].to_numpy(dtype=float)
    size = float(np.max(np.abs(values))) if len(values) else 1.0
    ohm, unit = prefix_for(size, "ohm")
    unit = shown(unit)
    return Scale(factor, caption.field_unit, label, ohm, unit, f"Resistance ({unit})", 0.0)


def _make_room(axes: Axes) -> None:
    """Space above and below the curve for the words."""
    low, high = axes.dataLim.y0, axes.dataLim.y1
    room = 0.2 * (high - low) or 0.01 * abs(high) or 1.0
    axes.set_ylim(low - room, high + room)


def _draw_levels(axes: Axes, results: Results, scale: Scale) -> dict[str, float]:
    """Lines at the two states' resistances; where they are, in the units of the axis."""
    levels: dict[str, float] = {}
    for name in LEVELS:
        ohm = results.number(name)
        if ohm is not None:
            levels[name] = float(scale.y(ohm))
            axes.axhline(levels[name], color=FAINT, linewidth=0.9, linestyle=(0, (6, 3)), zorder=0)
    return levels


def _draw_crossings(axes: Axes, results: Results, scale: Scale) -> dict[str, tuple[float, float]]:
    """Rings at the switching fields, half-way between the states; where they are, in the units of the axes."""
    low, high = results.number("resistance_parallel"), results.number("resistance_antiparallel")
    middle = None if low is None or high is None else 0.5 * (low + high)
    marked: dict[str, tuple[float, float]] = {}
    for direction in ("down", "up"):
        for layer in ("soft", "hard"):
            name = f"switching_field_{layer}_{direction}"
            field = results.number(name)
            if field is None or middle is None:
                continue
            place = float(scale.x(field)), float(scale.y(middle))
            colour = COLOURS[direction]
            axes.plot(*place, "o", markersize=8, color="white", markeredgecolor=colour, markeredgewidth=2, zorder=5)
            marked[name] = place
    return marked


def _write_levels(room: Room, axes: Axes, levels: dict[str, float], results: Results) -> None:
    """The states' resistances beside their lines, outside of the loop."""
    left, right = axes.get_xlim()
    upper = max(levels.values(), default=0.0)
    for name, level in levels.items():
        up = 7 if level == upper else -7
        places = [
            Place((left + part * (right - left), level), (0, away), side, "bottom" if away > 0 else "top")
            for away in (up, -up)
            for part, side in ((0.01, "left"), (0.99, "right"), (0.5, "center"))
        ]
        text = f"{LEVELS[name][0]} = {shown(results[name].text())}"
        room.put(text, places, fontsize=11, color=INK, bbox=CLEARED, zorder=4)


def _write_crossing(room: Room, name: str, place: tuple[float, float], level: float, results: Results,
                    scale: Scale) -> None:  # fmt: skip
    """A switching field: the hard layer's outward beside its ring, the soft one's beyond the corner of the loop."""
    direction, result = name.rpartition("_")[2], results[name]
    assert result.value is not None
    error = None if result.uncertainty is None else result.uncertainty * scale.field
    outward = "left" if result.value > 0 else "right"
    sign = 1 if outward == "left" else -1
    beside = [Place(place, (sign * away, up), outward, "center") for up in (0, 22, -22) for away in (10, 24)]
    away = 8 if level > place[1] else -8
    corner = [Place((place[0], level), (sign * along, away), outward, "bottom" if away > 0 else "top")
              for along in (0, 20, 40)]  # fmt: skip
    text = shown(f"{quantity_text(float(result.value) * scale.field, error, '1')} {scale.field_unit}")
    places = corner + beside if "_soft_" in name else beside + corner
    room.put(text, places, fontsize=10.5, color=COLOURS[direction], bbox=CLEARED, zorder=4)


def _name_branches(axes: Axes) -> None:
    """Words for the branches, above the curves at the side where each begins."""
    for place, side, direction in ((0.01, "left", "down"), (0.99, "right", "up")):
        axes.text(
            place, 0.99, WORDS[direction], transform=axes.transAxes, va="top", fontsize=10.5, color=COLOURS[direction],
            ha=side,  # pyright: ignore[reportArgumentType] - left or right
        )  # fmt: skip
