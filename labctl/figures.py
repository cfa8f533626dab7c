"""Figures that a person would put into a talk; matplotlib is loaded only when one is drawn."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from instruments.errors import BadValue, UnknownName, WriteFailed
from labctl.analysis.branches import Branch
from labctl.analysis.loops import LoopAnalysis, analyse_loops
from labctl.analysis.plateaus import Plateaus
from labctl.analysis.readings import Readings, read_table
from labctl.analysis.result import Result, Results, prefix_for, quantity_text
from labctl.curves import Scale, draw_curve
from labctl.frame import (
    COLOURS,
    FAINT,
    FIELD_UNITS,
    GREEN,
    INK,
    QUIET,
    Caption,
    FieldUnit,
    bare,
    blank,
    fit_labels,
    say,
    shown,
    write_frame,
)
from labctl.labels import Place, Room

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WORDS = {"down": "field falling", "up": "field rising"}
ENDINGS = (".png", ".pdf", ".svg")
"""Kinds of figure files."""
DPI = 200
"""Dots per inch of a figure file that has dots."""
CLEARED = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.0}
"""Behind numbers, so that a curve does not run through them."""
FAR = 20
"""An offset this many times the size of the curve is taken off the axis and written into its label."""


def hall_loop(
    data: pd.DataFrame,
    results: Results,
    *,
    title: str,
    subtitle: str = "",
    provenance: str = "",
    simulated: bool,
    unit: FieldUnit = "mT",
    state: str = "",
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
        state: Marks a loop of a run that did not finish as it should, with this word.

    Raises:
        BadValue: a unit that the field is not shown in.
        UsageError: the table lacks a needed column.
    """
    if unit not in FIELD_UNITS:
        raise BadValue(f"A field is shown in {', '.join(FIELD_UNITS)}, not in {unit!r}: choose one of them.")
    readings, (analyses, _) = read_table(data), analyse_loops(data)
    scale = _scale(readings, unit)
    split = [analysis for analysis in analyses if not isinstance(analysis.parity, str)]
    figure = blank()
    widths = [2.35, 1.0] if split else [1.0]
    grid = figure.add_gridspec(1, len(widths), width_ratios=widths, left=0.085, right=0.98, top=0.83, bottom=0.16)
    _draw_loop(figure.add_subplot(grid[0]), readings, analyses, results, scale)
    if split:
        _draw_parts(figure.add_subplot(grid[1]), split, scale)
    write_frame(figure, title, subtitle, Caption(provenance, simulated, unit, state))
    _write_remanence(figure, results, scale)
    return figure


def current_text(current: float) -> str:
    """A current in A as figures show it: `100 µA`."""
    factor, unit = prefix_for(current, "A")
    return shown(f"{current * factor:.6g} {unit}")


def rate_text(rate: float, unit: FieldUnit) -> str:
    """A field rate in T/s, in the unit of the axis: `5 mT/s`."""
    return f"{rate * FIELD_UNITS[unit][0]:.3g} {unit}/s"


def save(figure: Figure, path: Path) -> None:
    """Write the figure; the kind follows from the ending.

    Raises:
        BadValue: an ending that no kind of figure has.
        UnknownName: there is no such folder.
        WriteFailed: the file cannot be written.
    """
    if path.suffix not in ENDINGS:
        raise BadValue(f"a figure cannot be written to {str(path)!r}: its ending must be one of {', '.join(ENDINGS)}")
    if not path.parent.is_dir():
        raise UnknownName(f"a figure cannot be written to {str(path)!r}: there is no folder {str(path.parent)!r}")
    overwritten = path.exists()
    shown_at, layout = figure.dpi, figure.get_layout_engine()
    figure.set_dpi(DPI)
    fit_labels(figure)
    figure.set_layout_engine("none")  # it is laid out now; saving would do so twice more
    try:
        figure.savefig(path, dpi=DPI)
    except OSError as error:
        if not overwritten:  # half a picture is none; but what stood there before may be all that there is
            with contextlib.suppress(OSError):
                path.unlink()
        raise WriteFailed(f"cannot write {path}: {error.strerror}") from error
    finally:
        figure.set_layout_engine(layout)
        figure.set_dpi(shown_at)


def _scale(readings: Readings, unit: FieldUnit) -> Scale:
    factor, label = FIELD_UNITS[unit]
    hall = readings.hall if len(readings.hall) else np.zeros(1)
    low, high = float(np.min(hall)), float(np.max(hall))
    middle, height = (low + high) / 2, high - low
    # As few digits as keep the curve in its panel.
    offset = round(middle, -math.floor(math.log10(height))) if height and abs(middle) > FAR * height else 0.0
    hall_factor, hall_unit = prefix_for(height if offset else max(abs(low), abs(high)), "ohm")
    hall_unit = shown(hall_unit)
    name = f"Hall resistance − {offset:.6g} Ω" if offset else "Hall resistance"
    return Scale(factor, unit, label, hall_factor, hall_unit, f"{name} ({hall_unit})", offset)


def _write_remanence(figure: Figure, results: Results, scale: Scale) -> None:
    """What every field in the figure may be off by beside its uncertainty of reading, where it is known."""
    bound = results.number("field_uncertainty")
    if bound is not None:
        text = f"fields as the magnet reports them; its trapped flux may add up to ±{bound * scale.field:.3g}"
        figure.text(0.085, 0.022, f"{text} {scale.field_unit}", fontsize=7, color=QUIET, ha="left", va="bottom")


def _draw_loop(
    axes: Axes, readings: Readings, analyses: Sequence[LoopAnalysis], results: Results, scale: Scale
) -> None:
    bare(axes)
    axes.set_xlabel(scale.field_label, fontsize=12, color=INK)
    axes.set_ylabel(scale.hall_label, fontsize=12, color=INK)
    if not analyses:
        if not len(readings.field):
            axes.set(xticks=[], yticks=[])
        axes.plot(scale.x(readings.field), scale.y(readings.hall), ".-", color=QUIET, markersize=4, linewidth=0.8)
        _say(axes, results["saturated"].why or "no loop")
        return
    few = len(readings.field) < 120 * len(analyses)
    for analysis in analyses:
        for branch in (analysis.loop.down, analysis.loop.up):
            draw_curve(axes, branch.rows.field, branch.rows.hall, COLOURS[branch.direction], scale, few=few)
    _make_room(axes)
    first = next((analysis for analysis in analyses if analysis.down and analysis.up), None)
    if first is None or results["coercive_field_up"].value is None:
        _say(axes, results["saturated"].note or "not saturated")
        _head(axes)
        return
    _mark_amplitude(axes, first, scale)
    crossings = _mark_crossings(axes, first, results, scale)
    room = Room(axes)
    place, middle, upper = _amplitude_place(first)
    room.keep_off((float(scale.x(place)), float(scale.y(middle))), (float(scale.x(place)), float(scale.y(upper))))
    for branch in (first.loop.down, first.loop.up):
        _write_crossing(room, branch, crossings, results, scale)
    _write_amplitude(room, first, results["anomalous_hall_resistance"], scale)
    for branch in (first.loop.down, first.loop.up):
        _point_along(room, branch, scale)


def _make_room(axes: Axes) -> None:
    """Space above and below the curve for the words along the branches."""
    low, high = axes.dataLim.y0, axes.dataLim.y1
    room = 0.17 * (high - low) or 1.0
    axes.set_ylim(low - room, high + room)


def _arrow(direction: str) -> str:
    return f"{WORDS[direction]}  →" if direction == "up" else f"←  {WORDS[direction]}"


def _head(axes: Axes) -> None:
    """Words for branches that lie on each other: above the curves, where none is."""
    for place, side, direction in ((0.01, "left", "down"), (0.99, "right", "up")):
        axes.text(
            place,
            0.985,
            _arrow(direction),
            transform=axes.transAxes,
            ha=side,  # pyright: ignore[reportArgumentType] # left or right
            va="top",
            fontsize=10.5,
            color=COLOURS[direction],
        )


def _point_along(room: Room, branch: Branch, scale: Scale) -> None:
    """Words and an arrow beside a branch, where it has not switched yet if there is room."""
    field, hall = branch.rows.field, branch.rows.hall
    order = np.argsort(field, kind="stable")
    before = -1 if branch.direction == "up" else 1
    places: list[Place] = []
    for part in (0.22, 0.3, 0.38, 0.14, 0.06):
        place = (branch.low + branch.high) / 2 + before * part * (branch.high - branch.low)
        level = float(np.interp(place, field[order], hall[order]))
        above = level > (float(np.min(hall)) + float(np.max(hall))) / 2
        # A slanted curve leaves room on one side only of the point that the words stand at.
        side = "right" if above == (hall[order][-1] > hall[order][0]) else "left"
        at = (float(scale.x(place)), float(scale.y(level)))
        places += [
            Place(at, (0, 9 if over else -9), horizontal, "bottom" if over else "top")
            for over in (above, not above)
            for horizontal in (side, "center")
        ]
    room.put(_arrow(branch.direction), places, fontsize=10.5, color=COLOURS[branch.direction])


def _shown_field(result: Result, scale: Scale) -> str:
    """The field with its uncertainty, and what loops scatter by where that is more."""
    assert result.value is not None
    error = None if result.uncertainty is None else result.uncertainty * scale.field
    text = quantity_text(result.value * scale.field, error, "1") + f" {scale.field_unit}"
    if result.scatter is None or (result.uncertainty or 0.0) >= result.scatter:
        return shown(text)
    about = "about " if result.degrees_of_freedom is None else ""
    scatter = float(f"{result.scatter * scale.field:.2g}")
    return shown(f"{text}\nloop to loop {about}{scatter:g} {scale.field_unit}")


def _mark_crossings(
    axes: Axes, analysis: LoopAnalysis, results: Results, scale: Scale
) -> dict[str, tuple[float, float]]:
    """Rings at the coercive fields; where they are, in the units of the axes."""
    assert isinstance(analysis.plateaus, Plateaus)
    marked: dict[str, tuple[float, float]] = {}
    for branch in (analysis.loop.down, analysis.loop.up):
        field = results.number(f"coercive_field_{branch.direction}")
        if field is None:
            continue
        place = (float(scale.x(field)), float(scale.y(analysis.plateaus.line(branch).level(field, 0.0))))
        colour = COLOURS[branch.direction]
        axes.plot(*place, marker="o", markersize=8, color="white", markeredgecolor=colour, markeredgewidth=2, zorder=5)
        marked[branch.direction] = place
    return marked


def _write_crossing(
    room: Room, branch: Branch, crossings: dict[str, tuple[float, float]], results: Results, scale: Scale
) -> None:
    """The coercive field beside its ring: outward if there is room, otherwise inward, lower or higher."""
    place = crossings.get(branch.direction)
    if place is None:
        return
    middle = float(np.mean([x for x, _ in crossings.values()]))
    left = place[0] < middle or (place[0] == middle and branch.direction == "down")
    outward, inward = ("right", "left") if left else ("left", "right")
    places = [
        Place(place, (-away if side == "right" else away, down), side, "top" if down < 0 else "bottom")
        for side, heights in ((outward, (-5, 5, -24, 24)), (inward, (-5, 5, -24, 24, -44, 44, -64, 64)))
        for down in heights
        for away in (9, 24, 40)
    ]
    text = _shown_field(results[f"coercive_field_{branch.direction}"], scale)
    room.put(text, places, fontsize=11, linespacing=1.3, color=COLOURS[branch.direction], bbox=CLEARED, zorder=4)


def _amplitude_place(analysis: LoopAnalysis) -> tuple[float, float, float]:
    """Field (T) at which the amplitude is shown, and the levels (ohm) of the loop's middle and its upper plateau."""
    assert isinstance(analysis.plateaus, Plateaus)
    line, low, high = analysis.plateaus.down, analysis.loop.low, analysis.loop.high
    reach = max(abs(crossing.field) for crossing in (analysis.down, analysis.up) if crossing)
    rises = line.amplitude[0] > 0
    # At an end the upper plateau lies on the side to which the loop rises; in a wide loop it reaches the middle.
    part = 0.5 if reach >= 0.2 * (high - low) else 0.92 if rises else 0.08
    field = low + part * (high - low)
    return field, float(line.level(field, 0.0)), float(line.level(field, 1.0 if rises else -1.0))


def _mark_amplitude(axes: Axes, analysis: LoopAnalysis, scale: Scale) -> None:
    """A double arrow from the middle of the loop to its upper plateau."""
    field, middle, upper = _amplitude_place(analysis)
    width = 0.02 * (analysis.loop.high - analysis.loop.low)
    x, bottom, top = float(scale.x(field)), float(scale.y(middle)), float(scale.y(upper))
    axes.plot(scale.x(np.array([field - width, field + width])), [bottom, bottom], color=QUIET, linewidth=0.9)
    arrow = {"arrowstyle": "<->", "color": QUIET, "linewidth": 1.1, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (x, top), xytext=(x, bottom), arrowprops=arrow)


def _write_amplitude(room: Room, analysis: LoopAnalysis, result: Result, scale: Scale) -> None:
    field, middle, upper = _amplitude_place(analysis)
    places = [
        Place((float(scale.x(field)), float(scale.y(middle + part * (upper - middle)))), (away, 0), side, "center")
        for part in (0.5, 0.65, 0.35, 0.8)
        for away, side in ((-7, "right"), (7, "left"))
    ]
    text = f"$R_\\mathrm{{A}}$\n{shown(result.text())}"
    room.put(text, places, fontsize=11, linespacing=1.35, color=INK, bbox=CLEARED, zorder=4)


def _say(axes: Axes, sentence: str) -> None:
    """What cannot be given, below the curves."""
    low, high = axes.get_ylim()
    axes.set_ylim(low - 0.17 * (high - low), high)
    say(axes, sentence, place=0.03)


def _draw_parts(axes: Axes, analyses: Sequence[LoopAnalysis], scale: Scale) -> None:
    """Odd part, and even part less its offset, of every loop."""
    from matplotlib.ticker import MaxNLocator

    bare(axes)
    axes.axhline(0, color=FAINT, linewidth=0.8, zorder=0)
    axes.axvline(0, color=FAINT, linewidth=0.8, zorder=0)
    parts = [analysis.parity for analysis in analyses if not isinstance(analysis.parity, str)]
    offsets = [parity.offset()[0] for parity in parts]
    height = max(float(np.ptp(parity.odd)) + float(np.ptp(parity.even)) for parity in parts)
    scale = replace(scale, offset=0.0)
    for parity, offset in zip(parts, offsets, strict=True):
        # The rising branch of the odd part is the falling one turned by half a turn about the origin.
        for sign in (1, -1):
            draw_curve(axes, sign * parity.field, sign * parity.odd, INK, scale)
        draw_curve(axes, parity.field, parity.even - offset, GREEN, scale)
    mean = float(np.mean(offsets))
    factor, unit = prefix_for(mean, "ohm")
    known = abs(mean) > 0.05 * height  # less is noise, whose digits say nothing
    even = f"even part, {shown(f'{mean * factor:.4g} {unit}')} taken off" if known else "even part less its mean"
    for height, text, colour in ((1.075, "odd part", INK), (1.015, even, GREEN)):
        axes.text(0.0, height, text, color=colour, transform=axes.transAxes, fontsize=10, va="bottom")
    axes.set_xlabel(scale.field_label, fontsize=10, color=INK)
    axes.set_ylabel(f"Parts of the Hall resistance ({scale.hall_unit})", fontsize=10, color=INK)
    axes.tick_params(labelsize=9)
    axes.xaxis.set_major_locator(MaxNLocator(4))
