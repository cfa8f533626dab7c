"""The figure of a moment loop: what was read, the film's moment with its steps, and where it reverses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from labctl.analysis.moment_loops import MomentLoop, look
from labctl.analysis.readings import FloatArray
from labctl.analysis.result import Results, prefix_for
from labctl.frame import COLOURS, FAINT, INK, QUIET, framed, name_curves, say, shown

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from labctl.procedure import Procedure

WORDS = {"down": "field falling", "up": "field rising"}


def figure_of(procedure: Procedure, data: pd.DataFrame, results: Results) -> Figure:
    """Draw the loop: moment as read above, without background below, dM/dH of the fitted steps beside it."""
    from labctl.frame import temperature_text

    loop = look(data)
    at = temperature_text(data["Temperature (K)"]) if "Temperature (K)" in data.columns and len(data) else ""
    count = results.number("steps")
    steps = "" if count is None else f"{count:.0f} step{'' if count == 1 else 's'}"
    title = " of ".join(filter(None, ["Moment loop", procedure.sample_name]))
    figure, (upper, lower) = framed(title, ", ".join(filter(None, [at, steps])), procedure.caption, rows=2, sharex=True)
    factor, label = procedure.caption.field_axis
    lower.set_xlabel(label)
    if isinstance(loop, str):
        say(upper, loop)
        return figure
    size, unit = prefix_for(float(np.max(np.abs(loop.film))), "A m^2")
    _draw_film(upper, loop, results, (factor, size, shown(unit)))
    _draw_reversal(lower, loop, (factor, size, shown(unit)), label)
    return figure


Scale = tuple[float, float, str]
"""Factors from T and from A m2 to the axes' units, and the latter's name."""


def _draw_film(axes: Axes, loop: MomentLoop, results: Results, scale: Scale) -> None:
    factor, size, unit = scale
    axes.set_ylabel(f"Moment of the film ({unit})")
    for branch in ("down", "up"):
        rows = loop.up == (branch == "up")
        axes.plot(
            factor * loop.field[rows], size * loop.film[rows], ".", markersize=3, alpha=0.7, color=COLOURS[branch],
            label=WORDS[branch],
        )  # fmt: skip
    field = np.linspace(-loop.scale[0], loop.scale[0], 1001)
    for branch in ("down", "up"):
        axes.plot(factor * field, size * _fitted(loop, field, branch), "-", linewidth=1.0, color=INK)
    said = [("saturation", "saturation_moment"), ("coercive field", "coercive_field_up")]
    lines = [f"{word} {results[name].text()}" for word, name in said if results[name].value is not None]
    slope = results["high_field_slope"]
    axes.axhline(0.0, color=FAINT, linewidth=0.8, zorder=0)
    name_curves(axes, loc="upper left")
    text = "\n".join([*lines, f"taken off: {slope.text()}"])
    axes.text(
        0.985, 0.06, shown(text), transform=axes.transAxes, ha="right", va="bottom", fontsize=9, color=QUIET,
        linespacing=1.4,
    )  # fmt: skip


def _draw_reversal(axes: Axes, loop: MomentLoop, scale: Scale, label: str) -> None:
    """dM/dH of the fitted steps on a logarithmic scale, where a small step stands beside a large one."""
    factor, size, unit = scale
    of_field = label[label.rfind("(") + 1 : label.rfind(")")]
    axes.set_ylabel(f"dM/dH, fitted ({unit}/{of_field})")
    if not loop.steps.steps:
        say(axes, "no step is seen beyond the noise")
        return
    field = np.linspace(-loop.scale[0], loop.scale[0], 2001)
    slopes = {branch: size / factor * _density(loop, field, branch) for branch in ("down", "up")}
    tops = [float(np.max(slope)) for slope in slopes.values()]
    smallest = min(
        size / factor * step.size * loop.scale[1] / (step.width * loop.scale[0]) for step in loop.steps.steps
    )
    axes.set_yscale("log")
    axes.set_ylim(0.05 * smallest, 6.0 * max(tops))
    for branch, slope in slopes.items():
        axes.plot(factor * field, np.maximum(slope, 1e-6 * smallest), "-", linewidth=1.3, color=COLOURS[branch])
    total = sum(step.size for step in loop.steps.steps)
    for step in loop.steps.steps:
        for branch, at in (("up", step.up), ("down", step.down)):
            top = float(np.interp(at * loop.scale[0], field, slopes[branch]))
            text = f"{factor * at * loop.scale[0]:.4g}\n{100 * step.size / total:.3g} %"
            _write(axes, (factor * at * loop.scale[0], top), shown(text), COLOURS[branch])


def _write(axes: Axes, at: tuple[float, float], text: str, colour: str) -> None:
    """Beside a peak, on the side away from zero field, where the other branch's is not."""
    side, away = ("left", 5) if at[0] > 0 else ("right", -5)
    placed: dict[str, Any] = {"textcoords": "offset points", "ha": side, "va": "bottom"}
    axes.annotate(text, at, xytext=(away, -6), fontsize=8.5, color=colour, linespacing=1.2, **placed)


def _fitted(loop: MomentLoop, field: FloatArray, branch: str) -> FloatArray:
    """Moment of the fitted steps in A m2."""
    from scipy.special import erf

    largest, whole = loop.scale
    moment = np.zeros_like(field)
    for step in loop.steps.steps:
        at, width = (step.up if branch == "up" else step.down) * largest, step.width * largest
        moment += whole * step.size * erf((field - at) / (np.sqrt(2.0) * width))
    return moment


def _density(loop: MomentLoop, field: FloatArray, branch: str) -> FloatArray:
    """Slope of it in A m2/T."""
    largest, whole = loop.scale
    slope = np.zeros_like(field)
    for step in loop.steps.steps:
        at, width = (step.up if branch == "up" else step.down) * largest, step.width * largest
        bell = np.exp(-0.5 * ((field - at) / width) ** 2) / (np.sqrt(2.0 * np.pi) * width)
        slope += 2.0 * whole * step.size * bell
    return slope
