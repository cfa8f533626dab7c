"""The figure of junctions of different size: TMR and the product of resistance and area against the area."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from labctl.analysis.junction_sizes import LEAST_SQUARES, SizedJunction
from labctl.analysis.result import Results
from labctl.frame import AMBER, FAINT, PALETTE, Caption, framed, name_curves, temperature_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MICRONS = 1e12
"""um2 in a m2."""


def figure_of(junctions: Sequence[SizedJunction], results: Results, caption: Caption) -> Figure:
    """Draw TMR, hollow where it is apparent only, and resistance times area, against the area.

    Args:
        junctions: With their loops.
        results: What `labctl.analysis.junction_sizes.sizes` said of them.
        caption: Origin.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    grows = results["tmr_grows"]
    words = {True: "TMR grows as the area shrinks", False: "TMR does not grow with each smaller area"}
    called = sum(not each.why_apparent for each in junctions)
    parts = [
        temperature_text([each.temperature for each in junctions]),
        f"{len(junctions)} junctions, {called} with a TMR of their own",
    ]
    if grows.value is not None:
        parts.append(words[bool(grows.value)])
    figure, (upper, lower) = framed("TMR against the junction's area", " · ".join(parts), caption, columns=2)
    _draw(upper, junctions, _percent)
    _draw(lower, junctions, _product)
    upper.axhline(0.0, color=FAINT, linewidth=0.8, zorder=0)
    upper.set_ylabel("$(R_\\mathrm{AP} - R_\\mathrm{P})/R_\\mathrm{P}$ (%)")
    lower.set_yscale("log")
    lower.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    lower.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    lower.yaxis.set_minor_formatter(NullFormatter())
    lower.set_ylabel("$R_\\mathrm{P}$ × area (kΩ µm²)")
    for axes in (upper, lower):
        axes.set_xscale("log")
        axes.set_xlabel("Area (µm²)")
        axes.margins(x=0.12, y=0.12)
    # Above the panel: in it the line at zero would run through the words.
    name_curves(upper, fontsize=10, loc="lower left", bbox_to_anchor=(0.0, 1.0), borderaxespad=0.0)
    return figure


def _percent(junction: SizedJunction) -> tuple[float, float]:
    result = junction.loop["tmr"]
    if result.value is None:
        return math.nan, 0.0
    return 100.0 * result.value, 100.0 * (result.uncertainty or 0.0)


def _product(junction: SizedJunction) -> tuple[float, float]:
    result = junction.loop["resistance_parallel"]
    factor = junction.area * MICRONS * 1e-3
    return (math.nan, 0.0) if result.value is None else (factor * result.value, factor * (result.uncertainty or 0.0))


def _draw(axes: Axes, junctions: Sequence[SizedJunction], what: Callable[[SizedJunction], tuple[float, float]]) -> None:
    for apparent, colour, words in (
        (False, PALETTE[0], "TMR"), (True, AMBER, f"apparent: below {LEAST_SQUARES:g} squares of an electrode"),
    ):  # fmt: skip
        some = [each for each in junctions if bool(each.why_apparent) == apparent]
        points = [(each.area * MICRONS, *what(each)) for each in some]
        known = [point for point in points if math.isfinite(point[1])]
        if known:
            area, value, error = zip(*known, strict=True)
            axes.errorbar(
                area, value, error, fmt="o", color=colour, markersize=7, capsize=2, label=words,
                markerfacecolor="white" if apparent else colour,
            )  # fmt: skip
