"""Both harmonics of the Hall voltage against the field, with the curves of one spin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from labctl.analysis.effective_fields import Sweep
from labctl.analysis.first_harmonic import shifted
from labctl.analysis.macrospin import spin
from labctl.frame import FAINT, INK, PALETTE, framed, name_curves, say, temperature_text
from procedures.harmonic_hall import FIRST
from procedures.harmonic_hall_rows import Points, axis_of, points_of, sweeps_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results
    from procedures.harmonic_hall import HarmonicHall

SIDES: dict[int, dict[str, Any]] = {
    1: {"marker": "o", "fillstyle": "full", "markersize": 4.0},
    -1: {"marker": "s", "fillstyle": "none", "markersize": 4.0},
}
NAMES = {1: "from positive field", -1: "from negative field"}
FINE = 201


def figure_of(procedure: HarmonicHall, data: pd.DataFrame, results: Results) -> Figure:
    """Draw both harmonics of both states against the field, at all amplitudes."""
    title = " of ".join(filter(None, ["Harmonic Hall resistance", procedure.sample_name]))
    said = [temperature_text(data["Temperature (K)"]), f"field {axis_of(data)} the current"]
    for name, word in (("anisotropy_field", "H_k"), ("damping_like_field", "H_DL"), ("field_like_field", "H_FL")):
        result = results.get(name)
        if result is not None and result.value is not None:
            said.append(f"{word} {result.text()}")
    figure, panels = framed(title, " · ".join(filter(None, said)), procedure.caption, columns=2)
    left, right = panels
    factor, label = procedure.caption.field_axis
    known = results.number("anisotropy_field") is not None
    first = "Part of R_A in the first harmonic" if known else "First harmonic V₁/I, from its middle (mΩ)"
    for axes, what in ((left, first), (right, "Second harmonic −2 V₂/I (mΩ)")):
        axes.set_xlabel(label)
        axes.set_ylabel(what)
        axes.axvline(0.0, color=FAINT, linewidth=0.8, zorder=0)
    sweeps = sweeps_of(data)
    if not sweeps:
        say(left, "no amplitude is complete")
        return figure
    _first(left, points_of(data, FIRST, sweeps[-1].amplitude), sweeps[-1], factor, known=known)
    for place, sweep in enumerate(sweeps):
        _second(right, sweep, PALETTE[place % len(PALETTE)], factor)
    left.margins(y=0.05 if known else 0.2)  # beyond the anisotropy field points lie at zero, where the legend stands
    name_curves(left, loc="lower center")  # below the middle of what falls to both sides
    name_curves(right, loc="best")
    return figure


def _first(axes: Axes, points: Points, sweep: Sweep, factor: float, *, known: bool) -> None:
    """Draw the first harmonic of both states, folded onto each other, and the curve of one spin where it is known."""
    first = sweep.first
    middle = 0.5 * sum(parabola.centre for parabola in first.parabolas)
    reach = float(np.abs(points.field).max())
    fine = np.linspace(-reach, reach, FINE)
    size = first.hall if known else 1e-3
    for state in (1, -1):
        use = points.state == state
        part = state * (points.value.real[use] / sweep.amplitude - middle) / size
        side = np.full(FINE, float(state))
        if known:
            curve = spin(shifted(fine, side, first.beside), side, first.anisotropy_field, first.tilt).cosine
            label = "one spin" if state == 1 else None
            axes.plot(factor * fine, curve, color=INK, linewidth=0.8, zorder=1, label=label)
        colour = PALETTE[0 if state == 1 else 1]
        axes.plot(factor * points.field[use], part, linestyle="none", color=colour, label=NAMES[state], **SIDES[state])


def _second(axes: Axes, sweep: Sweep, colour: str, factor: float) -> None:
    for state in (1, -1):
        use = sweep.state == state
        label = f"{1e3 * sweep.amplitude:.3g} mA" if state == 1 else None
        change = 1e3 * sweep.change[use]
        axes.plot(factor * sweep.field[use], change, label=label, color=colour, linewidth=0.7, **SIDES[state])
