"""Figures that a person would put into a talk; matplotlib is loaded only when one is drawn."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from instruments.errors import BadValue, WriteFailed
from labctl.analysis.branches import Branch
from labctl.analysis.loops import LoopAnalysis, analyse_loops
from labctl.analysis.plateaus import Plateaus
from labctl.analysis.readings import FloatArray, Readings, read_table
from labctl.analysis.result import Result, Results, prefix_for, quantity_text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FieldUnit = Literal["mT", "Oe", "T"]

FIELD_UNITS: Mapping[str, tuple[float, str]] = {
    "mT": (1e3, "Field µ₀H (mT)"),
    "Oe": (1e4, "Field H (Oe)"),
    "T": (1.0, "Field µ₀H (T)"),
}
"""Factor from tesla and axis label of each unit."""

COLOURS = {"down": "#0072B2", "up": "#D55E00"}
"""Blue and vermilion of Okabe and Ito, told apart with every kind of colour vision and in print."""
INK, QUIET, FAINT, AMBER, GREEN = "#222222", "#6b6b6b", "#c9c9c9", "#E69F00", "#009E73"
WORDS = {"down": "field falling", "up": "field rising"}
ENDINGS = (".png", ".pdf", ".svg")
"""Kinds of figure files."""
SIZE = (9.6, 5.4)
"""Inches: the shape of a slide."""
CLEARED = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.0}
"""Behind numbers, so that a curve does not run through them."""
FAR = 20
"""An offset this many times the size of the curve is taken off the axis and written into its label."""


@dataclass(frozen=True, slots=True)
class _Scale:
    """How tesla and ohm are shown: factors, units, and what is taken off the resistance."""

    field: float
    field_unit: str
    field_label: str
    hall: float
    hall_unit: str
    hall_label: str
    offset: float

    def x(self, field: FloatArray | float) -> FloatArray:
        return np.asarray(field, dtype=np.float64) * self.field

    def y(self, hall: FloatArray | float) -> FloatArray:
        return (np.asarray(hall, dtype=np.float64) - self.offset) * self.hall


def hall_loop(
    data: pd.DataFrame,
    results: Results,
    *,
    title: str,
    subtitle: str = "",
    provenance: str = "",
    simulated: bool,
    unit: FieldUnit = "mT",
) -> Figure:
    """Hall resistance against field: raw branches with their coercive fields, odd and even part beside them.

    Args:
        data: The table that was analysed.
        results: What `loops.anomalous_hall` said of it; these numbers are written into the figure.
        title: What was measured on what.
        subtitle: Temperature, current, rate.
        provenance: Run, date, version: a discreet line at the bottom.
        simulated: Marks the figure so that nobody takes it for a measurement.
        unit: Of the field axis.

    Raises:
        BadValue: a unit that the field is not shown in.
        UsageError: the table lacks a needed column.
    """
    from matplotlib.figure import Figure

    if unit not in FIELD_UNITS:
        raise BadValue(f"A field is shown in {', '.join(FIELD_UNITS)}, not in {unit!r}: choose one of them.")
    readings, (analyses, _) = read_table(data), analyse_loops(data)
    scale = _scale(readings, unit)
    split = [analysis for analysis in analyses if not isinstance(analysis.parity, str)]
    figure = Figure(figsize=SIZE, facecolor="white")
    widths = [2.35, 1.0] if split else [1.0]
    grid = figure.add_gridspec(1, len(widths), width_ratios=widths, left=0.085, right=0.98, top=0.83, bottom=0.16)
    _draw_loop(figure.add_subplot(grid[0]), readings, analyses, results, scale)
    if split:
        _draw_parts(figure.add_subplot(grid[1]), split, scale)
    _write_frame(figure, title, subtitle, provenance, simulated=simulated)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write the figure; the kind follows from the ending.

    Raises:
        BadValue: an ending that no kind of figure has.
        WriteFailed: the file cannot be written.
    """
    if path.suffix not in ENDINGS:
        raise BadValue(f"a figure cannot be written to {str(path)!r}: its ending must be one of {', '.join(ENDINGS)}")
    try:
        figure.savefig(path, dpi=200)
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink()
        raise WriteFailed(f"cannot write {path}: {error.strerror}") from error


def _scale(readings: Readings, unit: FieldUnit) -> _Scale:
    factor, label = FIELD_UNITS[unit]
    hall = readings.hall if len(readings.hall) else np.zeros(1)
    low, high = float(np.min(hall)), float(np.max(hall))
    middle, height = (low + high) / 2, high - low
    # As few digits as keep the curve in its panel.
    offset = round(middle, -math.floor(math.log10(height))) if height and abs(middle) > FAR * height else 0.0
    hall_factor, hall_unit = prefix_for(height if offset else max(abs(low), abs(high)), "ohm")
    shown = hall_unit.replace("ohm", "Ω")
    name = f"Hall resistance − {offset:.6g} Ω" if offset else "Hall resistance"
    return _Scale(factor, unit, label, hall_factor, shown, f"{name} ({shown})", offset)


def _write_frame(figure: Figure, title: str, subtitle: str, provenance: str, *, simulated: bool) -> None:
    figure.text(0.085, 0.945, title, fontsize=15, fontweight="bold", color=INK, va="center")
    figure.text(0.085, 0.888, subtitle, fontsize=10.5, color=QUIET, va="center")
    figure.text(0.98, 0.022, provenance, fontsize=7, color=QUIET, ha="right", va="bottom")
    if simulated:
        badge = {"boxstyle": "round,pad=0.42", "facecolor": AMBER, "edgecolor": "none"}
        figure.text(
            0.972,
            0.945,
            "SIMULATED",
            fontsize=11,
            fontweight="bold",
            color="white",
            ha="right",
            va="center",
            bbox=badge,
        )


def _bare(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(QUIET)
    axes.tick_params(colors=QUIET, labelcolor=INK, labelsize=10)
    axes.ticklabel_format(useOffset=False, style="plain")


def _draw_loop(
    axes: Axes, readings: Readings, analyses: Sequence[LoopAnalysis], results: Results, scale: _Scale
) -> None:
    _bare(axes)
    axes.set_xlabel(scale.field_label, fontsize=12, color=INK)
    axes.set_ylabel(scale.hall_label, fontsize=12, color=INK)
    if not analyses:
        axes.plot(scale.x(readings.field), scale.y(readings.hall), ".-", color=QUIET, markersize=4, linewidth=0.8)
        _say(axes, results["saturated"].why or "no loop")
        return
    few = len(readings.field) < 120 * len(analyses)
    for analysis in analyses:
        for branch in (analysis.loop.down, analysis.loop.up):
            _draw_branch(axes, branch, scale, few=few)
    _make_room(axes)
    for branch in (analyses[0].loop.down, analyses[0].loop.up):
        _point_along(axes, branch, scale)
    first = next((analysis for analysis in analyses if analysis.down and analysis.up), None)
    if first is None or results["coercive_field_up"].value is None:
        _say(axes, results["saturated"].note or "not saturated")
        return
    _mark_crossings(axes, first, results, scale)
    _mark_amplitude(axes, first, results["anomalous_hall_resistance"], scale)


def _draw_branch(axes: Axes, branch: Branch, scale: _Scale, *, few: bool) -> None:
    axes.plot(
        scale.x(branch.rows.field),
        scale.y(branch.rows.hall),
        color=COLOURS[branch.direction],
        linewidth=1.0 if few else 1.4,
        marker="o" if few else "",
        markersize=4.5,
        markeredgewidth=0,
        alpha=0.9,
        solid_joinstyle="round",
    )


def _make_room(axes: Axes) -> None:
    """Space above and below the curve for the words along the branches."""
    low, high = axes.dataLim.y0, axes.dataLim.y1
    room = 0.17 * (high - low) or 1.0
    axes.set_ylim(low - room, high + room)


def _point_along(axes: Axes, branch: Branch, scale: _Scale) -> None:
    """Words and an arrow beside a branch, where it has not switched yet."""
    field, hall = branch.rows.field, branch.rows.hall
    order = np.argsort(field, kind="stable")
    rising = branch.direction == "up"
    span = branch.high - branch.low
    place = (branch.low + branch.high) / 2 + (-0.22 if rising else 0.22) * span
    level = float(np.interp(place, field[order], hall[order]))
    above = level > (float(np.min(hall)) + float(np.max(hall))) / 2
    # A slanted curve leaves room on one side only of the point that the words stand at.
    climbs = hall[order][-1] > hall[order][0]
    axes.annotate(
        f"{WORDS['up']}  →" if rising else f"←  {WORDS['down']}",
        (float(scale.x(place)), float(scale.y(level))),
        xytext=(0, 9 if above else -9),
        textcoords="offset points",
        ha="right" if above == climbs else "left",
        va="bottom" if above else "top",
        fontsize=10.5,
        color=COLOURS[branch.direction],
    )


def _shown(text: str) -> str:
    """With the signs of print: a true minus and the ohm."""
    return text.replace("-", "−").replace("ohm", "Ω")


def _shown_field(result: Result, scale: _Scale) -> str:
    assert result.value is not None
    error = None if result.uncertainty is None else result.uncertainty * scale.field
    return _shown(quantity_text(result.value * scale.field, error, "1")) + f" {scale.field_unit}"


def _mark_crossings(axes: Axes, analysis: LoopAnalysis, results: Results, scale: _Scale) -> None:
    assert isinstance(analysis.plateaus, Plateaus)
    half = (analysis.loop.high - analysis.loop.low) / 2
    middle = (analysis.loop.high + analysis.loop.low) / 2
    down, up = (results.number(f"coercive_field_{name}") for name in ("down", "up"))
    for branch in (analysis.loop.down, analysis.loop.up):
        result = results[f"coercive_field_{branch.direction}"]
        if result.value is None or down is None or up is None:
            continue
        level = float(analysis.plateaus.line(branch).level(result.value, 0.0))
        left = (branch.direction == "down") == (down <= up)
        inward = abs(result.value - middle) > 0.5 * half  # outward there is no room
        lower = inward and abs(up - down) < half  # inward there is the other one
        place = (float(scale.x(result.value)), float(scale.y(level)))
        text = _shown_field(result, scale)
        _mark_crossing(axes, place, text, COLOURS[branch.direction], left=left != inward, lower=lower)


def _mark_crossing(axes: Axes, place: tuple[float, float], text: str, colour: str, *, left: bool, lower: bool) -> None:
    axes.plot(*place, marker="o", markersize=8, color="white", markeredgecolor=colour, markeredgewidth=2, zorder=5)
    axes.annotate(
        text,
        place,
        xytext=(-9 if left else 9, -24 if lower else -5),
        textcoords="offset points",
        ha="right" if left else "left",
        va="top",
        fontsize=11,
        color=colour,
        bbox=CLEARED,
        zorder=4,
    )


def _mark_amplitude(axes: Axes, analysis: LoopAnalysis, result: Result, scale: _Scale) -> None:
    """A double arrow from the middle of the loop to its upper plateau."""
    assert isinstance(analysis.plateaus, Plateaus)
    if result.value is None:
        return
    line = analysis.plateaus.down
    low, high = analysis.loop.low, analysis.loop.high
    reach = max(abs(crossing.field) for crossing in (analysis.down, analysis.up) if crossing)
    place = low + 0.92 * (high - low) if reach < 0.2 * (high - low) else (low + high) / 2
    upper = 1.0 if line.amplitude[0] > 0 else -1.0
    bottom, top = float(scale.y(line.level(place, 0.0))), float(scale.y(line.level(place, upper)))
    x = float(scale.x(place))
    ends = scale.x(np.array([place - 0.02 * (high - low), place + 0.02 * (high - low)]))
    axes.plot(ends, [bottom, bottom], color=QUIET, linewidth=0.9)
    arrow = {"arrowstyle": "<->", "color": QUIET, "linewidth": 1.1, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (x, top), xytext=(x, bottom), arrowprops=arrow)
    axes.annotate(
        f"$R_\\mathrm{{A}}$\n{_shown(result.text())}",
        (x, (bottom + top) / 2),
        xytext=(-7, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=11,
        linespacing=1.35,
        color=INK,
        bbox=CLEARED,
    )


def _say(axes: Axes, sentence: str) -> None:
    """What cannot be given, in the figure: an empty place would look like forgetting."""
    import textwrap

    text = "\n".join(textwrap.wrap(_shown(sentence[:1].upper() + sentence[1:]), 62))
    low, high = axes.get_ylim()
    axes.set_ylim(low - 0.17 * (high - low), high)
    box = {"boxstyle": "round,pad=0.5", "facecolor": "#FFF4DC", "edgecolor": AMBER, "linewidth": 0.8}
    axes.text(
        0.5, 0.03, text, transform=axes.transAxes, ha="center", va="bottom", fontsize=10, color=INK, bbox=box, zorder=6
    )


def _draw_parts(axes: Axes, analyses: Sequence[LoopAnalysis], scale: _Scale) -> None:
    """Odd part, and even part less its offset, of every loop."""
    from matplotlib.ticker import MaxNLocator

    _bare(axes)
    axes.axhline(0, color=FAINT, linewidth=0.8, zorder=0)
    axes.axvline(0, color=FAINT, linewidth=0.8, zorder=0)
    offsets: list[float] = []
    for analysis in analyses:
        parity = analysis.parity
        assert not isinstance(parity, str)
        offset = parity.offset()[0]
        offsets.append(offset)
        # The rising branch of the odd part is the falling one turned by half a turn about the origin.
        axes.plot(scale.x(parity.field), parity.odd * scale.hall, color=INK, linewidth=1.3)
        axes.plot(scale.x(-parity.field), -parity.odd * scale.hall, color=INK, linewidth=1.3)
        axes.plot(scale.x(parity.field), (parity.even - offset) * scale.hall, color=GREEN, linewidth=1.1)
    mean = float(np.mean(offsets))
    factor, unit = prefix_for(mean, "ohm")
    even = f"even part − {_shown(f'{mean * factor:.4g} {unit}')}" if mean > 0 else "even part less its mean"
    for height, text, colour in ((1.075, "odd part", INK), (1.015, even, GREEN)):
        axes.text(0.0, height, text, color=colour, transform=axes.transAxes, fontsize=10, va="bottom")
    axes.set_xlabel(scale.field_label, fontsize=10, color=INK)
    axes.set_ylabel(f"Parts of the Hall resistance ({scale.hall_unit})", fontsize=10, color=INK)
    axes.tick_params(labelsize=9)
    axes.xaxis.set_major_locator(MaxNLocator(4))
