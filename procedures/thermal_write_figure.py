"""The figure of bits that temperature writes: resistance against the visits with both states' levels, and kelvin."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from labctl.analysis import thermal_bits
from labctl.analysis.result import Results, prefix_for
from labctl.analysis.thermal_bits import Visit
from labctl.frame import AMBER, COLOURS, FAINT, INK, QUIET, Caption, framed, name_curves, say, shown
from labctl.moving import KIND, ON_THE_WAY
from procedures.thermal_write import NUMBER, STEADYING
from procedures.thermal_write_results import Measured, measured
from procedures.tmr_results import RESISTANCE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEVEL_COLOURS = {"low": COLOURS["down"], "high": COLOURS["up"]}
HALF = 0.38
"""Half of what a visit takes of its place."""
LEAST_BAND = 0.03
"""Of the panel's span that a band of references is high at least."""
SEEN = 3.0
"""Standard uncertainties from which the drift of the state that is held is seen."""
ROOM = 0.2
"""Of the panel's span, above and below, for the bits."""
HELD_BESIDE = 0.25
"""Of the way to a next visit, at which the state that was held is drawn."""
MOST_NAMED = 26
"""Visits up to which each has its bit written beside it."""


def figure_of(data: pd.DataFrame, results: Results, *, field: float, title: str, caption: Caption) -> Figure:
    """Draw the visits.

    Args:
        data: Rows of a run of `thermal-write`.
        results: What was found in them.
        field: T, in which they were made.
        title: What was measured on what.
        caption: Origin.
    """
    run = measured(data)
    figure, (upper, lower) = framed(title, _conditions(results, field, caption), caption, rows=2, sharex=True)
    figure.set_figheight(5.8)
    if not run.visits:
        say(upper, "no state was read")
        return figure
    sizes = [visit.state.value for visit in run.visits]
    factor, unit = prefix_for(max(sizes), "ohm")
    _draw_references(upper, run, factor)
    _draw_way(upper, run, RESISTANCE, factor)
    _draw_held(upper, run, factor)
    _draw_states(upper, run.visits, factor)
    upper.set_ylabel(f"Resistance ({shown(unit)})")
    name_curves(upper, loc="upper left", bbox_to_anchor=(0.0, 1.17), ncols=4)
    _draw_temperatures(lower, run)
    lower.set(xlabel="Visit", ylabel="Temperature (K)")
    _mark_cycles((upper, lower), run.visits)
    return figure


def _conditions(results: Results, field: float, caption: Caption) -> str:
    factor, _ = caption.field_axis
    parts = [f"{field * factor:.4g} {caption.field_unit}"]
    for name, words in (("write", "written"), ("reset", "reset")):
        result = results.get(f"bit_after_{name}")
        if result is not None and result.value is not None:
            parts.append(f"bit {words}: {round(float(result.value), 2) + 0.0:.2f}")
    right = results.get("cycles_right")
    if right is not None and right.value is not None and right.note:
        parts.append(f"cycles right: {right.note.partition(' cycles')[0]}")
    slope, bound = results.number("hold_slope"), results.number("hold_slope_bound")
    if slope is not None and bound is not None:
        sure = abs(slope) > SEEN * (results["hold_slope"].uncertainty or 0.0)
        kept = results.number("bit_after_hold")
        after = "" if kept is None else f" {round(kept, 2) + 0.0:.2f},"
        parts.append(f"after the hold:{after} {f'{slope:+.2g}' if sure else f'below {bound:.1g}'} a decade")
    return " · ".join(parts)


def _draw_references(axes: Axes, run: Measured, factor: float) -> None:
    """Both states' levels at each visit's temperature, as bands of their uncertainty and drift."""
    span = max(
        (each.high.value - each.low.value for each in run.references), default=1.0
    )  # fmt: skip
    named: set[str] = set()
    for place, visit in enumerate(run.visits, 1):
        reference = thermal_bits.joined(run.references, visit.temperature)
        if reference is None:
            continue
        for name in ("low", "high"):
            level = getattr(reference, name)
            half = max(level.uncertainty, 0.5 * LEAST_BAND * span)
            axes.fill_between(
                [place - HALF, place + HALF], (level.value - half) * factor, (level.value + half) * factor,
                color=LEVEL_COLOURS[name], alpha=0.35, linewidth=0,
                label=None if name in named else f"reference, {name} state",
            )  # fmt: skip
            named.add(name)


def _draw_way(axes: Axes, run: Measured, name: str, factor: float) -> None:
    """What was read on the way to each visit, from the one before it, with the time along the axis."""
    rows = run.rows.loc[[kind in {ON_THE_WAY, STEADYING} for kind in run.rows[KIND].tolist()]]
    numbers, time, values = (rows[column].to_numpy(dtype=float) for column in (NUMBER, "Time (s)", name))
    for place in range(2, len(run.visits) + 1):
        mine = (numbers == place) & np.isfinite(values)
        if np.sum(mine) > 1:
            passed = (time[mine] - time[mine][0]) / (time[mine][-1] - time[mine][0])
            axes.plot(place - 1 + passed, values[mine] * factor, "-", color=QUIET, linewidth=0.9, zorder=2)


def _draw_held(axes: Axes, run: Measured, factor: float) -> None:
    """What the last state had become when it had been held, beside it."""
    if run.hold is None:
        return
    place, ends = len(run.visits) + HELD_BESIDE, np.array([run.visits[-1].state.value, run.hold.hall[-1]]) * factor
    axes.plot([len(run.visits), place], ends, "-", color=INK, linewidth=0.9, zorder=3)
    axes.plot(
        [place], ends[1:], "o", color=INK, markerfacecolor="white", markersize=6, zorder=4, label="after the hold"
    )


def _draw_states(axes: Axes, visits: Sequence[Visit], factor: float) -> None:
    """States as points, with their bits beside them."""
    values = np.array([visit.state.value for visit in visits]) * factor
    places = np.arange(1, len(visits) + 1)
    axes.plot(places, values, "o", color=INK, markersize=6, zorder=4, label="state")
    low, high = axes.get_ylim()
    axes.set_ylim(low - ROOM * (high - low), high + ROOM * (high - low))
    for place, visit, value in zip(places, visits, values, strict=True):
        if len(visits) > MOST_NAMED:
            break
        word = (
            "?" if visit.bit is None else str(visit.verdict) if visit.verdict is not None else f"{visit.bit.value:.2f}"
        )
        up = visit.bit is not None and visit.bit.value > 0.5
        axes.annotate(
            word, (float(place), float(value)), (0, 9 if up else -9), textcoords="offset points", ha="center",
            va="bottom" if up else "top", fontsize=11, fontweight="bold",
            color=AMBER if visit.verdict is None else INK,
        )  # fmt: skip


def _draw_temperatures(axes: Axes, run: Measured) -> None:
    """Visited temperatures, with the extremes of what was reached on the way and there."""
    kelvin = np.array([visit.temperature for visit in run.visits])
    places = np.arange(1, len(kelvin) + 1)
    _draw_way(axes, run, "Temperature (K)", 1.0)
    axes.plot(places, kelvin, "o", color=QUIET, markersize=5)
    for place, (low, high), visit, before in zip(
        places, run.extremes(), run.visits, [run.visits[0], *run.visits], strict=False
    ):
        beyond = thermal_bits.beyond((low, high), before.temperature, visit.temperature)
        if place > 1 and math.isfinite(beyond) and abs(beyond) > thermal_bits.SAME:
            reached = high if beyond > 0 else low
            axes.plot([place], [reached], "x", color=AMBER, markersize=8, markeredgewidth=2)
            axes.annotate(
                f"{reached:.3g} K", (place, reached), (8, 0), textcoords="offset points", va="center", fontsize=9.5,
                color=AMBER,
            )  # fmt: skip
    axes.margins(y=0.2)
    if len(places) <= MOST_NAMED:
        axes.set_xticks(places.tolist())
        for place, temperature in zip(places, kelvin, strict=True):
            axes.annotate(
                f"{temperature:g}", (float(place), float(temperature)), (0, 7), textcoords="offset points",
                ha="center", fontsize=9.5, color=INK,
            )  # fmt: skip


def _mark_cycles(panels: tuple[Axes, Axes], visits: Sequence[Visit]) -> None:
    """Thin lines between the cycles."""
    for place, (before, after) in enumerate(itertools.pairwise(visits), 1):
        if before.cycle != after.cycle:
            for axes in panels:
                axes.axvline(place + 0.5, color=FAINT, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0)
