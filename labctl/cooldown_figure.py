"""The figure of a cooldown: the resistance all the way, and what the temperature does not explain of its changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from labctl.analysis.jumps import Step
from labctl.analysis.result import Results, prefix_for
from labctl.frame import AMBER, COLOURS, FAINT, Caption, framed, name_curves, say, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def cooldown(
    temperature: np.ndarray, resistance: np.ndarray, steps: Sequence[Step], results: Results, *, title: str,
    caption: Caption, stopped: tuple[float, str] | None = None,
) -> Figure:  # fmt: skip
    """Draw R against the block's temperature, and the changes from reading to reading.

    Args:
        temperature: Block, K.
        resistance: ohm.
        steps: From each reading to the next.
        results: What was found in them.
        title: What was done to what.
        caption: Origin.
        stopped: Of a run that did not come to its end, the block's temperature in K there and what is known of why.
    """
    said = _findings(results) if stopped is None else f"STOPPED at {stopped[0]:.1f} K: {stopped[1]}"
    figure, (upper, lower) = framed(title, said, caption, rows=2, sharex=True)
    factor, unit = prefix_for(float(np.max(np.abs(resistance), initial=0.0)), "ohm")
    upper.plot(temperature, factor * resistance, "-", color=COLOURS["down"], linewidth=1.3)
    upper.set_ylabel(f"Resistance ({shown(unit)})")
    if not len(resistance):
        say(upper, "no resistance was read")
    lower.axhline(0.0, color=FAINT, linewidth=0.8, zorder=0)
    lower.plot(
        [step.after[0] for step in steps], [100.0 * step.excess for step in steps], ".", color=COLOURS["down"],
        markersize=2,
    )  # fmt: skip
    _mark_jumps(upper, lower, [step for step in steps if step.is_jump], factor)
    if stopped is not None:
        for panel, label in ((upper, f"stopped at {stopped[0]:.1f} K"), (lower, None)):
            panel.axvline(stopped[0], color=COLOURS["up"], linewidth=1.4, linestyle=(0, (4, 3)), zorder=0, label=label)
    name_curves(upper)
    name_curves(lower)
    lower.set_ylabel("Unexplained change (%)")
    lower.set_xlabel("Temperature of the block (K)")
    return figure


def _findings(results: Results) -> str:
    """What was found, in one line."""
    words = {
        "resistance ratio": "residual_resistance_ratio", "largest jump": "largest_jump", "field": "cooldown_field",
    }  # fmt: skip
    found = {word: results[name] for word, name in words.items() if name in results}
    return ", ".join(f"{word} {result.text()}" for word, result in found.items() if result.value is not None)


def _mark_jumps(upper: Axes, lower: Axes, jumps: Sequence[Step], factor: float) -> None:
    """Ring the jumps, and draw what would have been let pass; `factor` is from ohm to the unit of the upper panel."""
    if not jumps:
        return
    where = [step.after[0] for step in jumps]
    upper.plot(where, [factor * step.after[1] for step in jumps], "o", color=COLOURS["up"], markersize=6, label="jump")
    lower.plot(where, [100.0 * step.excess for step in jumps], "o", color=COLOURS["up"], markersize=6)
    for sign, label in ((1.0, "largest change that is let pass"), (-1.0, None)):
        lower.axhline(sign * 100.0 * jumps[0].threshold, color=AMBER, linewidth=0.9, zorder=0, label=label)
