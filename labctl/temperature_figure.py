"""The figure of Hall loops over temperature: coercive field, its signed inverse, amplitude, and R(T)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labctl.analysis.readings import FloatArray
from labctl.analysis.result import Results, prefix_for, quantity_text
from labctl.analysis.visits import moving_rows
from labctl.frame import AMBER, COLOURS, FAINT, FIELD_UNITS, INK, QUIET, Caption, bare, blank, say, shown, write_frame

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POSITIVE, NEGATIVE = COLOURS["up"], COLOURS["down"]
WORDS = {1.0: (POSITIVE, "loops with $R_\\mathrm{A}$ > 0"), -1.0: (NEGATIVE, "loops with $R_\\mathrm{A}$ < 0")}
"""Colour and name of either polarity."""
BRACKET = "#F3EFE3"
ROOM = 0.8
"""Of a panel's height that is added above its points for a sentence."""


def loops_over_temperature(
    data: pd.DataFrame, results: Results, *, title: str, subtitle: str, caption: Caption
) -> Figure:
    """Coercive field, signed inverse coercive field, amplitude and resistance against temperature.

    Args:
        data: The rows, for those read on the way from temperature to temperature.
        results: What `compensation.compensation` said, with its table over temperatures.
        title: What was measured on what.
        subtitle: Current, field rate.
        caption: Origin, and the unit of fields.
    """
    from matplotlib.ticker import MaxNLocator

    figure = blank()
    moving = moving_rows(data)
    grid = figure.add_gridspec(2, 2, left=0.085, right=0.98, top=0.795, bottom=0.135, hspace=0.2, wspace=0.24)
    panels = [figure.add_subplot(grid[row, column]) for column in (0, 1) for row in (0, 1)]
    _draw_coercive(panels[0], results, caption)
    _draw_amplitude(panels[1], results)
    _draw_inverse(panels[2], results)
    _draw_moving(panels[3], moving, caption)
    ends = limits(results, moving)
    for panel in panels:
        panel.set_xlim(*ends)
        panel.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
        mark_compensation(panel, results)
    for panel in panels[0::2]:
        panel.tick_params(labelbottom=False)
    for panel in panels[1::2]:
        panel.set_xlabel("Temperature (K)", fontsize=11, color=INK)
    figure.align_ylabels(panels)
    write_frame(figure, title, subtitle, caption)
    return figure


def column(results: Results, name: str) -> tuple[FloatArray, FloatArray]:
    """Values and uncertainties of one result of all rows; NaN and 0 where there is none."""
    values = [row.number(name) for row in results.table]
    errors = [row[name].uncertainty or 0.0 for row in results.table]
    return np.array([np.nan if value is None else value for value in values]), np.array(errors)


def limits(results: Results, moving: pd.DataFrame | None = None) -> tuple[float, float]:
    """Ends of the temperature axes, K; before the first loop is over, by what was read on the way."""
    temperature, _ = column(results, "temperature")
    if not len(temperature) and moving is not None and not moving.empty:
        temperature = moving["Temperature (K)"].to_numpy(dtype=float)
    temperature = temperature[np.isfinite(temperature)]
    if not len(temperature):
        return 0.0, 1.0
    low, high = float(np.min(temperature)), float(np.max(temperature))
    margin = 0.04 * (high - low) or 1.0
    return low - margin, high + margin


def _label(axes: Axes, text: str) -> None:
    bare(axes)
    axes.set_ylabel(text, fontsize=10.5, color=INK)
    axes.tick_params(labelsize=9)


def _points(axes: Axes, results: Results, values: FloatArray, errors: FloatArray, *, hollow: bool = False) -> None:
    """Points of either polarity in their colours, with their uncertainties; hollow those that are not in the line."""
    temperature, _ = column(results, "temperature")
    polarity, _ = column(results, "polarity")
    inside, _ = column(results, "in_compensation_fit")
    for sign, (colour, name) in WORDS.items():
        for filled in (True, False):
            shown_so = ((inside > 0) | (not hollow)) == filled
            chosen = (polarity == sign) & np.isfinite(values) & shown_so
            if np.any(chosen):
                axes.errorbar(
                    temperature[chosen], values[chosen], errors[chosen], fmt="o", color=colour, markersize=5,
                    markerfacecolor=colour if filled else "white", elinewidth=1.2, capsize=2, label=name,
                )  # fmt: skip


def _draw_coercive(axes: Axes, results: Results, caption: Caption) -> None:
    """Coercive field, which rises towards compensation from both sides; unsaturated loops as lower bounds."""
    factor, _ = FIELD_UNITS[caption.field_unit]
    _label(axes, f"Coercive field ({caption.field_unit})")
    values, errors = column(results, "coercive_field")
    _points(axes, results, values * factor, errors * factor)
    temperature, _ = column(results, "temperature")
    largest, _ = column(results, "largest_field")
    open_ = ~np.isfinite(values)
    if np.any(open_):
        axes.plot(
            temperature[open_], largest[open_] * factor, "^", color=AMBER, markersize=7, markerfacecolor="white",
            label="not saturated at this field",
        )  # fmt: skip
    tops = np.where(open_, largest, values + errors)
    axes.set_ylim(0, 1.15 * factor * float(np.max(tops, initial=1e-3)))
    _draw_divergence(axes, results, factor)
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        loops_first = sorted(zip(handles, labels, strict=True), key=lambda entry: "loops" not in entry[1])
        axes.legend(
            *zip(*loops_first, strict=True),
            frameon=False, fontsize=9, labelcolor=INK, handlelength=1.0, columnspacing=1.2, ncols=4, borderaxespad=0,
            loc="lower left", bbox_to_anchor=(0.0, 1.02),
        )  # fmt: skip


def _draw_divergence(axes: Axes, results: Results, factor: float) -> None:
    """The coercive field that the straight line through its signed inverse stands for."""
    zero, slope = results.number("compensation_temperature"), results.number("inverse_coercive_field_slope")
    if zero is None or slope is None:
        return
    low, high = limits(results)
    temperature = np.linspace(low, high, 801)
    distance = np.maximum(np.abs(temperature - zero), 1e-6)
    axes.plot(
        temperature,
        factor / (abs(slope) * distance),
        "-",
        color=FAINT,
        linewidth=1.1,
        zorder=0,
        label="from the line on the right",
    )


def _draw_amplitude(axes: Axes, results: Results) -> None:
    values, errors = column(results, "anomalous_hall_resistance")
    known = np.abs(values[np.isfinite(values)])
    factor, unit = prefix_for(float(np.max(known)) if len(known) else 1.0, "ohm")
    _label(axes, f"$R_\\mathrm{{A}}$ ({shown(unit)})")
    axes.axhline(0, color=FAINT, linewidth=0.8, zorder=0)
    _points(axes, results, values * factor, errors * factor)
    if len(known):
        top = 1.25 * float(np.max(known)) * factor
        axes.set_ylim(-top if np.nanmin(values) < 0 else 0, top if np.nanmax(values) > 0 else 0)


def _draw_inverse(axes: Axes, results: Results) -> None:
    """Polarity over coercive field with the line whose zero is the compensation temperature."""
    _label(axes, "Polarity / $\\mu_0H_\\mathrm{c}$ (1/T)")
    field, error = column(results, "coercive_field")
    polarity, _ = column(results, "polarity")
    axes.axhline(0, color=FAINT, linewidth=0.8, zorder=0)
    _points(axes, results, polarity / field, error / field**2, hollow=True)
    zero, slope = results["compensation_temperature"], results.number("inverse_coercive_field_slope")
    bracket = [results.number(f"compensation_temperature_bracket_{end}") for end in ("low", "high")]
    change = "" if None in bracket else f"sign changes between\n{bracket[0]:.1f} K and {bracket[1]:.1f} K"
    if zero.value is None or slope is None:
        words = change.replace("\n", " ")
        _say(axes, "; ".join(filter(None, [words, zero.why or ""])))
        return
    temperature, _ = column(results, "temperature")
    inside, _ = column(results, "in_compensation_fit")
    low, high = (edge(temperature[inside > 0]) for edge in (np.min, np.max))
    for ends, style in (((low, high), "-"), ((float(np.min(temperature)), float(np.max(temperature))), ":")):
        axes.plot(ends, [slope * (end - zero.value) for end in ends], style, color=INK, linewidth=1.2, zorder=1)
    text = f"$T_\\mathrm{{M}}$ = {quantity_text(float(zero.value), zero.uncertainty, 'K')}"
    text += f"\n{change}"
    rising = slope > 0
    axes.text(
        0.02 if rising else 0.98, 0.97, text, transform=axes.transAxes, ha="left" if rising else "right", va="top",
        fontsize=10.5, color=INK, linespacing=1.35,
    )  # fmt: skip
    if np.any((inside == 0) & np.isfinite(field)):
        axes.text(
            0.98 if rising else 0.02, 0.04, "open points:\nnot in the line", transform=axes.transAxes,
            ha="right" if rising else "left", va="bottom", fontsize=9, color=QUIET,
        )  # fmt: skip


def _draw_moving(axes: Axes, moving: pd.DataFrame, caption: Caption) -> None:
    """Resistance on the way from temperature to temperature, and at which field it was read."""
    names = ("Longitudinal resistance (ohm)", "Hall resistance (ohm)")
    read = [name for name in names if not moving.empty and np.any(np.isfinite(moving[name].to_numpy(dtype=float)))]
    if not read:
        _label(axes, "Resistance")
        axes.set_yticks([])
        _say(axes, "no resistance was read on the way from temperature to temperature")
        return
    name = read[0]
    values = moving[name].to_numpy(dtype=float)
    temperature = moving["Temperature (K)"].to_numpy(dtype=float)
    factor, unit = prefix_for(float(np.nanmax(np.abs(values))), "ohm")
    symbol = "R_\\mathrm{xx}" if name.startswith("Longitudinal") else "R_\\mathrm{xy}"
    _label(axes, f"${symbol}$ ({shown(unit)})")
    axes.plot(
        temperature, values * factor, "-", color=FAINT, linewidth=1.0, label="on the way (the sample lags)", zorder=1
    )
    goals = moving["Set temperature (K)"].to_numpy(dtype=float)
    settled = np.flatnonzero(np.append(goals[1:] != goals[:-1], True))
    axes.plot(goals[settled], values[settled] * factor, "o", color=INK, markersize=5, label="settled")
    scale, _ = FIELD_UNITS[caption.field_unit]
    fields = np.abs(moving["Field (T)"].to_numpy(dtype=float)) * scale
    low, high = (f"{edge:.{3 if scale == 1 else 0}f}" for edge in (np.nanmin(fields), np.nanmax(fields)))
    span = low if low == high else f"{low} to {high}"
    axes.legend(
        frameon=False, fontsize=8.5, labelcolor=INK, handlelength=1.0, columnspacing=1.2, ncols=2,
        borderaxespad=0, loc="lower left", bbox_to_anchor=(0.0, 1.01),
    )  # fmt: skip
    axes.text(
        0.98, 0.04, f"at the field where\nthe loop before\nended, {span} {caption.field_unit}",
        transform=axes.transAxes, ha="right", va="bottom", fontsize=8.5, color=QUIET, linespacing=1.3,
    )  # fmt: skip


def mark_compensation(axes: Axes, results: Results) -> None:
    """The bracket as a band, the compensation temperature as a line."""
    low, high = (results.number(f"compensation_temperature_bracket_{end}") for end in ("low", "high"))
    if low is not None and high is not None:
        axes.axvspan(low, high, color=BRACKET, zorder=-2, linewidth=0)
    zero = results.number("compensation_temperature")
    if zero is not None:
        axes.axvline(zero, color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)), zorder=-1)


def _say(axes: Axes, sentence: str) -> None:
    """Write a sentence into the upper part of a panel, above its points if it has any."""
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + ROOM * (high - low) if axes.containers else high)
    say(axes, sentence, place=0.94)
