"""The figure of a junction's loops over temperatures: TMR, switching fields of both layers, and the line to T_M."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from instruments.units import format_quantity
from labctl.analysis.result import Results, prefix_for, quantity_text
from labctl.analysis.visits import TIME, moving_rows
from labctl.figures import CLEARED
from labctl.frame import AMBER, COLOURS, FAINT, FIELD_UNITS, INK, QUIET, bare, blank, say, shown, write_frame
from labctl.temperature_figure import column, limits, mark_compensation
from procedures.tmr_devices import Device
from procedures.tmr_results import RESISTANCE, across_of, of_loops

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from labctl.analysis.readings import FloatArray
    from labctl.frame import Caption

HARD, SOFT = COLOURS["up"], COLOURS["down"]
LAYERS = {"hard": (HARD, "o", "layer that switches last"), "soft": (SOFT, "s", "layer that switches first")}
OTHERS = "other devices, set aside"
ASIDE = 0.012
"""Part of the temperatures' range by which the point of another device is set aside."""
BELOW = 0.3
"""Of a panel's height that is added below its points for words."""
ROOM = 0.35
"""Of a panel's height that is added above its points for words."""


def figure_of(
    data: pd.DataFrame, results: Results, others: Sequence[Device], *, title: str, caption: Caption
) -> Figure:
    """Draw TMR, resistance on the way, switching fields and the signed inverse of the hard layer's.

    Args:
        data: Rows of a run of `tmr-temperature`.
        results: What was found in them.
        others: Devices of other runs, each a point beside this one's.
        title: What was measured on what.
        caption: Origin, and the unit of fields.
    """
    from matplotlib.ticker import MaxNLocator

    figure = blank()
    grid = figure.add_gridspec(2, 2, left=0.085, right=0.98, top=0.795, bottom=0.135, hspace=0.2, wspace=0.24)
    panels = [figure.add_subplot(grid[row, place]) for place in (0, 1) for row in (0, 1)]
    _draw_tmr(panels[0], results, others)
    _draw_fields(panels[1], results, others, caption)
    _draw_inverse(panels[2], results)
    _draw_way(panels[3], _between_loops(data), results, caption)
    for panel in panels:
        panel.set_xlim(*limits(results, moving_rows(data)))
        panel.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
        mark_compensation(panel, results)
    for panel in panels[0::2]:
        panel.tick_params(labelbottom=False)
    for panel in panels[1::2]:
        panel.set_xlabel("Temperature (K)", fontsize=11, color=INK)
    figure.align_ylabels(panels)
    write_frame(figure, title, _conditions(data, results, others), caption)
    return figure


def _conditions(data: pd.DataFrame, results: Results, others: Sequence[Device]) -> str:
    parts: list[str] = []
    across = across_of(of_loops(data))
    if across.size:
        parts.append(f"{format_quantity(float(np.median(across)), 'V', digits=3)} across the junction")
    zero = results.get("compensation_temperature")
    if zero is not None and zero.value is not None:
        parts.append(f"$T_\\mathrm{{M}}$ = {quantity_text(float(zero.value), zero.uncertainty, 'K')}")
    if others:
        parts.append(f"{len(others) + 1} devices; bars are each device's own")
    return " · ".join(parts)


def _label(axes: Axes, text: str) -> None:
    bare(axes)
    axes.set_ylabel(text, fontsize=10.5, color=INK)
    axes.tick_params(labelsize=9)


def _legend(axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        axes.legend(
            handles, labels, frameon=False, fontsize=9, labelcolor=INK, handlelength=1.0, columnspacing=1.2, ncols=4,
            borderaxespad=0, loc="lower left", bbox_to_anchor=(0.0, 1.02),
        )  # fmt: skip


def _points(axes: Axes, temperature: FloatArray, values: FloatArray, errors: FloatArray, colour: str, marker: str,
            label: str) -> None:  # fmt: skip
    known = np.isfinite(values) & np.isfinite(temperature)
    if np.any(known):
        axes.errorbar(
            temperature[known], values[known], errors[known], fmt=marker, color=colour, markersize=5, elinewidth=1.2,
            capsize=2, label=label, zorder=3,
        )  # fmt: skip


def _others(axes: Axes, others: Sequence[Device], name: str, factor: float, colour: str, marker: str,
            label: str) -> None:  # fmt: skip
    """Points of the other devices, hollow, each with its own uncertainty."""
    for number, device in enumerate(others):
        if not any(name in row for row in device.results.table):
            continue
        temperature, _ = column(device.results, "temperature")
        values, errors = column(device.results, name)
        known = np.isfinite(values)
        # Beside this one's points, or they would hide each other.
        beside = (number // 2 + 1) * (1 if number % 2 else -1) * ASIDE * max(float(np.ptp(temperature)), 1.0)
        axes.errorbar(
            temperature[known] + beside, factor * values[known], factor * errors[known], fmt=marker, color=colour,
            markersize=4.5, markerfacecolor="none", elinewidth=1.0, capsize=2, alpha=0.7, zorder=2,
            label=label if number == 0 else "_",
        )  # fmt: skip


def _draw_tmr(axes: Axes, results: Results, others: Sequence[Device]) -> None:
    _label(axes, "TMR (%)")
    axes.axhline(0, color=FAINT, linewidth=0.8, zorder=0)
    temperature, _ = column(results, "temperature")
    values, errors = column(results, "tmr")
    _others(axes, others, "tmr", 100.0, QUIET, "o", OTHERS)
    for sign, colour, label in ((1.0, HARD, "parallel is the low state"), (-1.0, SOFT, "parallel is the high state")):
        alike = np.where(np.sign(values) == sign, values, np.nan)
        _points(axes, temperature, 100.0 * alike, 100.0 * errors, colour, "o", label)
    if not np.any(np.isfinite(values)):
        axes.set_yticks([])
        say(axes, "no temperature has a saturated loop with a TMR")
    _legend(axes)


def _draw_fields(axes: Axes, results: Results, others: Sequence[Device], caption: Caption) -> None:
    """Half the distance of the switching fields of both layers; unsaturated loops as lower bounds."""
    factor, _ = FIELD_UNITS[caption.field_unit]
    _label(axes, f"Switching field ({caption.field_unit})")
    temperature, _ = column(results, "temperature")
    largest, _ = column(results, "largest_field")
    tops = [1e-3]
    for layer, (colour, marker, label) in LAYERS.items():
        name = f"switching_field_{layer}"
        _others(axes, others, name, factor, colour, marker, "_")
        values, errors = column(results, name)
        _points(axes, temperature, factor * values, factor * errors, colour, marker, label)
        tops.extend(values[np.isfinite(values)].tolist())
    hard, _ = column(results, "switching_field_hard")
    if np.any(np.isnan(hard)):
        unknown = np.isnan(hard)
        axes.plot(temperature[unknown], factor * largest[unknown], "^", color=AMBER, markersize=7,
                  markerfacecolor="white", label="not saturated at this field")  # fmt: skip
        tops.extend(largest[unknown].tolist())
    axes.set_ylim(0, 1.15 * factor * max(tops))
    _legend(axes)


def _draw_inverse(axes: Axes, results: Results) -> None:
    """Sign of the TMR over the hard layer's switching field, with the line whose zero is told."""
    _label(axes, "Sign of TMR / $\\mu_0H_\\mathrm{hard}$ (1/T)")
    axes.axhline(0, color=FAINT, linewidth=0.8, zorder=0)
    temperature, _ = column(results, "temperature")
    field, error = column(results, "switching_field_hard")
    tmr, _ = column(results, "tmr")
    inside, _ = column(results, "in_compensation_fit")
    values, errors = np.sign(tmr) / field, error / field**2
    for chosen, filled in ((inside > 0, True), (~(inside > 0), False)):
        known = chosen & np.isfinite(values)
        if np.any(known):
            axes.errorbar(temperature[known], values[known], errors[known], fmt="o", color=HARD, markersize=5,
                          markerfacecolor=HARD if filled else "white", elinewidth=1.2, capsize=2)  # fmt: skip
    slope = results.number("inverse_switching_field_slope")
    zero = results.get("compensation_temperature")
    if zero is None or zero.value is None or slope is None:
        say(axes, "no line: " + ((None if zero is None else zero.why) or "nothing was measured"), place=0.94)
        return
    line = float(np.mean(temperature[inside > 0])) - float(np.mean(values[inside > 0])) / slope
    low, high = float(np.min(temperature[inside > 0])), float(np.max(temperature[inside > 0]))
    for ends, style in (((low, high), "-"), ((float(np.min(temperature)), float(np.max(temperature))), ":")):
        axes.plot(ends, [slope * (end - line) for end in ends], style, color=INK, linewidth=1.2, zorder=1)
    bottom, top = axes.get_ylim()
    axes.set_ylim(bottom - BELOW * (top - bottom), top)
    ends = [results.number(f"compensation_temperature_bracket_{end}") for end in ("low", "high")]
    words = f"$T_\\mathrm{{M}}$ = {quantity_text(float(zero.value), zero.uncertainty, 'K')}"
    if None not in ends:
        words += f"\nsign changes between\n{ends[0]:.1f} K and {ends[1]:.1f} K"
    rising = slope > 0
    axes.text(0.02 if rising else 0.98, 0.97, words, transform=axes.transAxes, ha="left" if rising else "right",
              va="top", fontsize=9.5, color=INK, linespacing=1.35)  # fmt: skip
    said = "line: barrier the same at all temperatures"
    if np.any(~(inside > 0) & np.isfinite(values)):
        said += "\nopen points: not in it"
    axes.text(0.98 if rising else 0.02, 0.04, said, transform=axes.transAxes, ha="right" if rising else "left",
              va="bottom", fontsize=8.5, color=QUIET, linespacing=1.3, bbox=CLEARED, zorder=2)  # fmt: skip


def _between_loops(data: pd.DataFrame) -> pd.DataFrame:
    """Rows that were read on the way from one temperature to the next; what came before the first loop is elsewhere."""
    loops = of_loops(data)
    first = float(loops[TIME].to_numpy(dtype=float).min()) if len(loops) else np.inf
    ways = moving_rows(data)
    return ways.loc[(ways[TIME] > first) & np.isfinite(ways[RESISTANCE].to_numpy(dtype=float))]


def _draw_way(axes: Axes, known: pd.DataFrame, results: Results, caption: Caption) -> None:
    """Resistance on the way from temperature to temperature, and where it changed over."""
    if not len(known):
        _label(axes, "Resistance")
        axes.set_yticks([])
        say(axes, "no resistance was read on the way from temperature to temperature")
        return
    block, values = (known[name].to_numpy(dtype=float) for name in ("Temperature (K)", RESISTANCE))
    factor, unit = prefix_for(float(np.max(values)), "ohm")
    _label(axes, f"Resistance on\nthe way ({shown(unit)})")
    axes.plot(block, factor * values, ".", color=QUIET, markersize=2.5, zorder=1)
    bottom, top = axes.get_ylim()
    axes.set_ylim(bottom, top + ROOM * (top - bottom))
    scale, _ = FIELD_UNITS[caption.field_unit]
    fields = np.abs(known["Field (T)"].to_numpy(dtype=float)) * scale
    ends = [f"{end:.{3 if scale == 1 else 0}f}" for end in (np.min(fields), np.max(fields))]
    words = f"at the field where the loop before ended, {' to '.join(dict.fromkeys(ends))} {caption.field_unit}"
    over = results.get("compensation_temperature_on_the_way")
    if over is not None and over.value is not None:
        axes.axvline(float(over.value), color=AMBER, linewidth=1.2, linestyle=(0, (2, 2)), zorder=0)
        words += f"\nchanges over with the block at {quantity_text(float(over.value), over.uncertainty, 'K')}"
    axes.text(0.02, 0.98, words, transform=axes.transAxes, va="top", fontsize=8.5, color=QUIET, linespacing=1.3,
              bbox=CLEARED)  # fmt: skip
