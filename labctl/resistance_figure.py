"""The figure of a resistance against temperature: R(T) of the sample, and what the block's thermometer made of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from labctl.analysis.resistance import Course, find_lag, sample_temperatures
from labctl.analysis.result import Results
from labctl.frame import AMBER, COLOURS, FAINT, Caption, framed

if TYPE_CHECKING:
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
    lag = find_lag(course, assumed)
    sample = sample_temperatures(course, lag)
    words = {"temperature coefficient": "temperature_coefficient", "time constant": "time_constant"}
    said = ", ".join(f"{word} {results[name].text()}" for word, name in words.items() if name in results)
    figure, (upper, lower) = framed(title, said, caption, rows=2, sharex=True)
    for which, colour, word in (
        (course.cooling, COLOURS["down"], "cooling"), (course.warming, COLOURS["up"], "warming"),
    ):  # fmt: skip
        if not which.any():
            continue
        upper.plot(course.block[which], course.resistance[which], "-", color=AMBER, linewidth=0.8, zorder=1)
        upper.plot(sample[which], course.resistance[which], "-", color=colour, linewidth=1.3, label=word)
        lower.plot(sample[which], (sample - course.block)[which], "-", color=colour, linewidth=1.3, label=word)
    upper.plot([], [], "-", color=AMBER, linewidth=0.8, label="against the block's temperature")
    upper.set_ylabel("Resistance (Ω)")
    upper.legend(frameon=False, fontsize=9)
    lower.axhline(0.0, color=FAINT, linewidth=0.8, zorder=0)
    lower.set_ylabel("Sample less block (K)")
    lower.set_xlabel("Temperature of the sample (K)")
    return figure
