"""The figure of a cooldown: the resistance all the way, and what the temperature does not explain of its changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from labctl.analysis.jumps import Step
from labctl.analysis.result import Results
from labctl.frame import AMBER, COLOURS, FAINT, Caption, framed

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def cooldown(
    temperature: np.ndarray, resistance: np.ndarray, steps: Sequence[Step], results: Results, *, title: str,
    caption: Caption,
) -> Figure:  # fmt: skip
    """Draw R against the block's temperature, and the changes from reading to reading.

    Args:
        temperature: Block, K.
        resistance: ohm.
        steps: From each reading to the next.
        results: What was found in them.
        title: What was done to what.
        caption: Origin.
    """
    words = {
        "ratio": "residual_resistance_ratio", "largest jump": "largest_jump", "field": "cooldown_field",
    }  # fmt: skip
    said = ", ".join(f"{word} {results[name].text()}" for word, name in words.items() if name in results)
    figure, (upper, lower) = framed(title, said, caption, rows=2, sharex=True)
    upper.plot(temperature, resistance, "-", color=COLOURS["down"], linewidth=1.3)
    upper.set_ylabel("Resistance (Ω)")
    lower.axhline(0.0, color=FAINT, linewidth=0.8, zorder=0)
    lower.plot(
        [step.after[0] for step in steps], [100.0 * step.excess for step in steps], ".", color=COLOURS["down"],
        markersize=2,
    )  # fmt: skip
    jumps = [step for step in steps if step.is_jump]
    if jumps:
        where = [step.after[0] for step in jumps]
        upper.plot(where, [step.after[1] for step in jumps], "o", color=COLOURS["up"], markersize=6, label="jump")
        lower.plot(where, [100.0 * step.excess for step in jumps], "o", color=COLOURS["up"], markersize=6)
        upper.legend(frameon=False, fontsize=9)
        for sign in (1.0, -1.0):
            lower.axhline(sign * 100.0 * jumps[0].threshold, color=AMBER, linewidth=0.9, zorder=0)
    lower.set_ylabel("Unexplained change (%)")
    lower.set_xlabel("Temperature of the block (K)")
    return figure
