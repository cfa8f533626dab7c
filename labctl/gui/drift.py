"""How far the resistance has gone since the run began, by its own rows."""

from __future__ import annotations

import numpy as np

from labctl.gui import words
from labctl.gui.far_figures import Figure
from labctl.gui.plot.rundata import RunData

COLUMNS = ("Longitudinal resistance (ohm)", "Resistance (ohm)")
"""Of the sample itself; the Hall resistance is what is being measured."""
MUCH, TOO_MUCH = 0.01, 0.05
"""Parts by which it may go before it is marked."""
FEW = 50
"""Rows at each end that are looked at for one with a reading: others are read in between."""


def since_start(data: RunData | None) -> Figure:
    """Return what the figure "R since start" says of the rows of a run.

    Args:
        data: Of the run that is on, None where nothing is known of it.
    """
    found = None if data is None else next((data.columns[name] for name in COLUMNS if name in data.columns), None)
    if found is None or not len(found):
        return Figure(words.NOTHING, "not read in this run" if data is not None and len(data.names) else "")
    first = found.between(0, min(FEW, len(found))).astype(float)
    last = found.between(max(0, len(found) - FEW), len(found)).astype(float)
    first, last = first[np.isfinite(first)], last[np.isfinite(last)]
    if not len(first) or not len(last) or first[0] == 0:
        return Figure(words.NOTHING, "not read yet")
    part = float(last[-1] / first[0] - 1)
    tone = "bad" if abs(part) > TOO_MUCH else "warn" if abs(part) > MUCH else ""
    return Figure(words.percent(part), f"{words.quantity(float(last[-1]), 'ohm')} now", tone)
