"""The figure of a junction's states at several biases: TMR against the voltage, and both resistances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from instruments.units import format_quantity
from labctl.analysis.bias_dependence import fall
from labctl.analysis.result import Results, prefix_for
from labctl.frame import COLOURS, PALETTE, QUIET, Caption, framed, name_curves, say, shown, temperature_text
from procedures.tmr_bias_results import ANTIPARALLEL, BIAS, PARALLEL, Curve, curve_of, state_of
from procedures.tmr_results import KIND

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINTS = 200
SIDES = {"positive": (">", COLOURS["up"], "+V"), "negative": ("<", COLOURS["down"], "−V")}


def figure_of(data: pd.DataFrame, results: Results, *, title: str, caption: Caption) -> Figure:
    """Draw TMR against the voltage with the fit, and both states' resistances.

    Args:
        data: Rows of a run of `tmr-bias`.
        results: What was found in them.
        title: What was measured on what.
        caption: Origin.
    """
    figure, (upper, lower) = framed(title, _conditions(data, results), caption, columns=2)
    curve = curve_of(data)
    if isinstance(curve, str):
        say(upper, curve)
    else:
        _draw_tmr(upper, data, curve)
    _draw_states(lower, data)
    for axes in (upper, lower):
        axes.set_xlabel("Voltage across the junction (mV)")
    return figure


def _conditions(data: pd.DataFrame, results: Results) -> str:
    rows = data.loc[data[KIND] == BIAS]
    parts = [temperature_text(rows["Temperature (K)"])]
    if len(rows):
        parts.append(f"both states held at {format_quantity(float(rows['Field (T)'].median()), 'T', digits=3)}")
    half = results.get("half_bias")
    if half is not None and half.value is not None:
        parts.append(f"V½ = {half.text()}")
    return " · ".join(filter(None, parts))


def _draw_tmr(axes: Axes, data: pd.DataFrame, curve: Curve) -> None:
    """TMR of both polarities together, each by itself, and the fit."""
    for name, (marker, colour, words) in SIDES.items():
        side = curve_of(data, name)
        if not isinstance(side, str):
            axes.plot(1e3 * side.voltage[1:], 100.0 * side.tmr[1:], marker, color=colour, markersize=4, label=words)
    axes.errorbar(1e3 * curve.voltage, 100.0 * curve.tmr, 100.0 * curve.error, fmt="o", color="black", markersize=6,
                  markerfacecolor="none", capsize=2, label="both")  # fmt: skip
    fitted = fall(curve.voltage, curve.tmr, curve.error)
    if not isinstance(fitted, str):
        along = np.linspace(0.0, float(curve.voltage[-1]), POINTS)
        axes.plot(1e3 * along, 100.0 * fitted.at(along), color=QUIET, linewidth=1.1, zorder=0,
                  label="TMR$_0$/(1 + (V/V$_½$)²)")  # fmt: skip
    axes.set_ylabel("TMR (%)")
    name_curves(axes, fontsize=10)


def _draw_states(axes: Axes, data: pd.DataFrame) -> None:
    """Resistance of each state against the voltage."""
    states = {name: state_of(data, name) for name in (ANTIPARALLEL, PARALLEL)}
    known = {name: state for name, state in states.items() if state is not None}
    if not known:
        say(axes, "no state was read with other biases")
        return
    ohm, unit = prefix_for(max(float(np.max(state.resistance)) for state in known.values()), "ohm")
    for place, (name, state) in enumerate(known.items()):
        axes.errorbar(1e3 * state.voltage, ohm * state.resistance, ohm * state.error, fmt="o-", color=PALETTE[place],
                      markersize=5, linewidth=1.0, capsize=2, label=name)  # fmt: skip
    axes.set_ylabel(f"Resistance ({shown(unit)})")
    name_curves(axes, fontsize=10)
