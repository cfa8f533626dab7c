"""The figure of a resistance against temperature: R(T) of the sample, and what the block's thermometer made of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from labctl.analysis.readings import FloatArray
from labctl.analysis.resistance import Course, find_lag, sample_temperatures
from labctl.analysis.result import Results, prefix_for
from labctl.frame import AMBER, COLOURS, FAINT, Caption, framed, name_curves, say, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def resistance_temperature(
    course: Course, results: Results, *, title: str, caption: Caption, assumed: Callable[[float], float]
) -> Figure:
    """Draw R against the sample's temperature, and how far the sample was from the block.

    Args:
        course: The rows.
        results: What was found in them.
        title: What was measured on what.
        caption: Origin.
        assumed: Time constant in s at a temperature in K, where it was not measured.
    """
    words = {"temperature coefficient": "temperature_coefficient", "time constant": "time_constant"}
    found = {word: results[name] for word, name in words.items() if name in results}
    said = ", ".join(f"{word} {result.text()}" for word, result in found.items() if result.value is not None)
    figure, (upper, lower) = framed(title, said, caption, rows=2, sharex=True)
    upper.set_ylabel("Resistance (Ω)")
    lower.set_ylabel("Sample less block (K)")
    lower.set_xlabel("Temperature of the sample (K)")
    if not (course.cooling | course.warming).any():
        say(upper, "no resistance was read on the way")
        return figure
    factor, unit = prefix_for(float(np.max(np.abs(course.resistance))), "ohm")
    upper.set_ylabel(f"Resistance ({shown(unit)})")
    sample = sample_temperatures(course, find_lag(course, assumed))
    constant = results.get("time_constant")
    part = (constant.uncertainty or 0.0) / float(constant.value) if constant is not None and constant.value else 0.0
    for which, colour, word, style in (
        (course.cooling, COLOURS["down"], "cooling", "-"), (course.warming, COLOURS["up"], "warming", (0, (5, 2))),
    ):  # fmt: skip
        if which.any():
            ohm = factor * course.resistance[which]
            upper.plot(course.block[which], ohm, "-", color=AMBER, linewidth=0.8, zorder=1)
            upper.plot(sample[which], ohm, linestyle=style, color=colour, linewidth=1.3, label=word)
            named = "standard uncertainty" if part and not _labelled(lower) else None
            _draw_lag(lower, sample[which], course.block[which], part, colour, named)
    upper.plot([], [], "-", color=AMBER, linewidth=0.8, label="against the block's temperature")
    name_curves(upper)
    name_curves(lower, loc="center")
    lower.axhline(0.0, color=FAINT, linewidth=0.8, zorder=0)
    return figure


def _labelled(axes: Axes) -> bool:
    """Whether anything in a panel has a name already."""
    return bool(axes.get_legend_handles_labels()[1])


def _draw_lag(axes: Axes, sample: FloatArray, block: FloatArray, part: float, colour: str, label: str | None) -> None:
    """Sample less block against the sample's temperature, K, with the part of it that is uncertain."""
    behind = sample - block
    axes.plot(sample, behind, "-", color=colour, linewidth=1.3)
    low, high = (1.0 - part) * behind, (1.0 + part) * behind
    axes.fill_between(sample, low, high, color=colour, alpha=0.2, linewidth=0, label=label)
