"""Figure of dI/dV of a junction, with its barrier's and what is left between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from instruments.errors import BadValue
from labctl.analysis.barrier_ranges import fit_barrier
from labctl.analysis.brinkman import Conductances, Parabola, fit_parabola
from labctl.analysis.result import Results, prefix_for
from labctl.frame import FAINT, PALETTE, Caption, framed, name_curves, say, shown, temperature_text
from procedures.biased import TEMPERATURE
from procedures.didv_results import Known, measured, with_states

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from labctl.analysis.readings import FloatArray

BARRIER = {"φ": "barrier_height", "Δφ": "barrier_asymmetry", "d": "barrier_thickness"}


def figure_of(
    data: pd.DataFrame, results: Results, *, known: Known, window: float, title: str, caption: Caption
) -> Figure:
    """Draw dI/dV, the fits within half and a third of the barrier's height, and the residuals."""
    said = [f"{sign} {results[name].text()}" for sign, name in BARRIER.items() if results.number(name) is not None]
    at = temperature_text(data[TEMPERATURE])
    said += [_how_sure(results)] if said else []
    figure, (upper, lower) = framed(
        title, " · ".join(filter(None, [at, ", ".join(said)])), caption, rows=2, sharex=True
    )
    lower.set(xlabel="Voltage (V)", ylabel="Measured less fit (%)")
    try:
        found, known = with_states(measured(data, window), data, known)
    except BadValue as fault:
        upper.set_ylabel("dI/dV (S)")
        say(upper, str(fault))
        return figure
    factor, unit = prefix_for(float(np.max(np.abs(found.curve.conductance))), "S")
    upper.set_ylabel(f"dI/dV ({shown(unit)})")
    upper.plot(found.curve.voltage, factor * found.curve.conductance, ".", color=PALETTE[0], label="measured")
    if found.half is not None:
        order = np.argsort(found.half.voltage)
        half = found.half.voltage[order], factor * found.half.conductance[order]
        upper.plot(*half, "-", color=FAINT, linewidth=1.0, zorder=0, label="with half the modulation")
    lower.axhline(0.0, color=FAINT, linewidth=0.8, zorder=0)
    _draw_fits(upper, lower, found.curve, _fits(found.curve, known.area, found.temperature), factor)
    name_curves(upper, loc="upper center")
    return figure


def _how_sure(results: Results) -> str:
    """Say in the figure what the uncertainties of the barrier are of, or why there are none."""
    states = results.get("barrier_height_by_magnetoresistance")
    if states is not None and states.value is None:
        return "magnetoresistance left in"
    if results["barrier_height"].uncertainty is None:
        return "the curve is no parabola"
    return "uncertainties of the noise alone" if states is None else "magnetoresistance taken out"


def _fits(curve: Conductances, area: float | None, temperature: float) -> dict[str, Parabola]:
    """The parabolas that are drawn, by their names."""
    try:
        if area is not None:
            ranges = fit_barrier(curve, area, temperature)
            narrow = {} if ranges.narrow is None else {"within φ/3": ranges.narrow.parabola}
            name = "barrier within φ/2" if ranges.reached else "barrier"
            return {name: ranges.wide.parabola, **narrow}
    except BadValue:
        pass  # the results say why; the parabola is drawn nevertheless
    try:
        return {"parabola": fit_parabola(curve)}
    except BadValue:
        return {}


def _draw_fits(upper: Axes, lower: Axes, curve: Conductances, fits: dict[str, Parabola], factor: float) -> None:
    styles = ((PALETTE[1], "-"), (PALETTE[2], (0, (5, 2))))
    for (name, parabola), (colour, style) in zip(fits.items(), styles, strict=False):
        inside = np.linspace(-parabola.bias, parabola.bias, 201)
        upper.plot(inside, factor * parabola.at(inside), linestyle=style, color=colour, linewidth=1.3, label=name)
        part = curve.within(parabola.bias)
        off = 100.0 * (part.conductance / parabola.fitted - 1.0)
        _draw_residuals(lower, part, off, colour)


def _draw_residuals(axes: Axes, part: Conductances, off: FloatArray, colour: str) -> None:
    """Residuals in per cent, with the uncertainty of each where it is known."""
    error = None if part.sigma is None else 100.0 * part.sigma / part.conductance
    axes.errorbar(part.voltage, off, error, fmt=".", color=colour, markersize=4, elinewidth=0.8)
