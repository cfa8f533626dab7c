"""The figure of a junction's loops at angles of the field: the loops, TMR and switching fields against the angle."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from labctl.analysis.junction_fields import of_the_layer
from labctl.analysis.result import Results, prefix_for
from labctl.frame import AMBER, FAINT, PALETTE, QUIET, Caption, framed, name_curves, say, shown, temperature_text
from procedures.tmr_angle_results import LAYERS, STEP, AngleStep, steps_of
from procedures.tmr_results import BRANCH, RESISTANCE, of_loops

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FEWEST = 60
"""Points at which the law of one over the cosine is drawn."""
DARKEST, LIGHTEST = 0.05, 110.0
"""Where the colours of the loops begin, and deg over which they go through all."""
SPREAD = 0.1
"""Least half height of the panel of fields along the normal, as a part of them: less is scatter that fills it."""


def figure_of(data: pd.DataFrame, results: Results, *, title: str, caption: Caption) -> Figure:
    """Draw the loops against the field's part along the normal, and what they tell against the angle.

    Args:
        data: Rows of a run of `tmr-angle`.
        results: What was found in them.
        title: What was measured on what.
        caption: Origin, and the unit of fields.
    """
    rows, steps = of_loops(data), steps_of(data)
    figure, panels = framed(title, _conditions(rows, results), caption, rows=2, columns=2)
    (loops, tmr), (fields, along) = panels
    if not steps:
        say(loops, "no resistance was read")
        return figure
    _draw_loops(loops, rows, steps, caption)
    _draw_tmr(tmr, steps)
    _draw_fields(fields, steps, caption)
    _draw_along(along, steps)
    for axes in (tmr, fields, along):
        axes.set_xlim(-4.0 + min(step.angle for step in steps), 92.0)
        axes.set_xticks(range(0, 91, 15))
    for axes in (fields, along):
        axes.set_xlabel("Field from the normal (deg)")
    return figure


def _conditions(rows: pd.DataFrame, results: Results) -> str:
    parts = [temperature_text(rows["Temperature (K)"])] if "Temperature (K)" in rows else []
    falls = results.get("tmr_falls")
    if falls is not None and falls.value is not None:
        parts.append("|TMR| falls with the angle" if falls.value else "|TMR| does not fall with the angle throughout")
    for layer in LAYERS:
        growth = results.get(f"field_growth_{layer}")
        if growth is not None and growth.value is not None:
            where = (growth.note or "").partition(";")[0]
            parts.append(f"{layer} layer's field × {growth.text()} {where}")
    return " · ".join(filter(None, parts))


def _colours(steps: Sequence[AngleStep]) -> dict[int, str]:
    """Dark along the normal, light near the plane, and one colour for one angle."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return {step.number: to_hex(colormaps["viridis"](DARKEST + step.angle / LIGHTEST)) for step in steps}


def _draw_loops(axes: Axes, rows: pd.DataFrame, steps: Sequence[AngleStep], caption: Caption) -> None:
    """Resistance against the field's part along the normal; the loop that was measured again is dotted."""
    factor, label = caption.field_axis
    colours = _colours(steps)
    ohm, unit = prefix_for(float(np.max(rows[RESISTANCE].to_numpy(dtype=float))), "ohm")
    seen: set[float] = set()
    for step in steps:
        part = rows.loc[rows[STEP] == step.number]
        again = step.angle in seen
        seen.add(step.angle)
        cosine = math.cos(math.radians(step.angle))
        named = None if again else f"{step.angle:g}°"
        for (_, _), branch in part.groupby(["Loop", BRANCH], sort=False):
            axes.plot(
                branch["Field (T)"] * cosine * factor, branch[RESISTANCE] * ohm, color=colours[step.number],
                label=named, linestyle=":" if again else "-", linewidth=1.1,
            )  # fmt: skip
            named = None
    widest = max(abs(step.along("hard").value or 0.0) for step in steps)
    if widest:
        axes.set_xlim(-1.7 * widest * factor, 1.7 * widest * factor)
    axes.set(xlabel=label.replace("(", "along the normal (", 1), ylabel=f"Resistance ({shown(unit)})")
    name_curves(axes, fontsize=7.5, ncols=1, loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.0)


def _draw_tmr(axes: Axes, steps: Sequence[AngleStep]) -> None:
    """TMR against the angle; crosses at the largest change of resistance where a loop has none."""
    axes.axhline(0.0, color=FAINT, linewidth=0.8, zorder=0)
    known = [step for step in steps if step.tmr.value is not None]
    axes.errorbar(
        [step.angle for step in known], [100.0 * float(step.tmr.value or 0.0) for step in known],
        [100.0 * (step.tmr.uncertainty or 0.0) for step in known], fmt="o", color=PALETTE[0], markersize=5, capsize=2,
    )  # fmt: skip
    without = [step for step in steps if step.tmr.value is None and step.change.value is not None]
    if without:
        axes.plot([step.angle for step in without], [100.0 * float(step.change.value or 0.0) for step in without], "x",
                  color=AMBER, markersize=7, markeredgewidth=1.8, label="largest change: no TMR")  # fmt: skip
    falling = all((step.tmr.value or 0.0) >= 0.0 for step in known)
    low, high = axes.get_ylim()
    axes.set_ylim(low if falling else 1.1 * low, 1.1 * high if falling else high)
    name_curves(axes, loc="lower left" if falling else "upper left")
    axes.set_ylabel("TMR (%)")


def _draw_fields(axes: Axes, steps: Sequence[AngleStep], caption: Caption) -> None:
    """Switching fields of both layers, with one over the cosine."""
    factor, _ = caption.field_axis
    angles = np.linspace(0.0, max(step.angle for step in steps), FEWEST)
    axes.set_yscale("log")
    for place, layer in enumerate(LAYERS):
        known = [step for step in steps if step.size(layer).value is not None]
        if not known:
            continue
        first = known[0]
        law = float(first.along(layer).value or 0.0) / np.cos(np.radians(angles))
        axes.plot(angles, law * factor, color=QUIET, linewidth=1.0, linestyle=(0, (4, 3)), zorder=0,
                  label="1/cos of the first" if not place else None)  # fmt: skip
        axes.plot([step.angle for step in known], [factor * float(step.size(layer).value or 0.0) for step in known],
                  "os"[place], color=PALETTE[place], markersize=5, label=f"{layer} layer")  # fmt: skip
    axes.plot([step.angle for step in steps], [step.largest * factor for step in steps], "_", color=AMBER,
              markersize=9, markeredgewidth=1.6, label="largest field")  # fmt: skip
    axes.set_ylabel(f"Switching field ({caption.field_unit})")
    axes.set_ylim(top=5.0 * factor * max(step.largest for step in steps))
    name_curves(axes, fontsize=8, ncols=2, loc="upper left")


def _draw_along(axes: Axes, steps: Sequence[AngleStep]) -> None:
    """Their parts along the normal over that of the first angle."""
    axes.axhline(1.0, color=QUIET, linewidth=1.0, linestyle=(0, (4, 3)), zorder=0)
    reach = SPREAD
    for place, layer in enumerate(LAYERS):
        known = [step for step in steps if step.along(layer).value is not None]
        if not known:
            continue
        first = float(known[0].along(layer).value or 1.0)
        values = [float(step.along(layer).value or 0.0) / first for step in known]
        errors = [(of_the_layer(step.along(layer)).uncertainty or 0.0) / first for step in known]
        axes.errorbar([step.angle for step in known], values, errors, fmt="os"[place], color=PALETTE[place],
                      markersize=5, capsize=2, label=f"{layer} layer")  # fmt: skip
        reach = max(reach, 1.15 * max(abs(value - 1.0) + error for value, error in zip(values, errors, strict=True)))
    axes.set_ylim(1.0 - reach, 1.0 + reach)
    axes.set_ylabel("Along the normal, over the first")
    name_curves(axes, fontsize=8)
