"""How far the resistance has gone since the run began, by its own rows."""

from __future__ import annotations

import numpy as np

from labctl.gui import words
from labctl.gui.far_figures import Figure
from labctl.gui.plot.envelope import FloatArray
from labctl.gui.plot.growing import Growing
from labctl.gui.plot.rundata import RunData

COLUMNS = ("Longitudinal resistance (ohm)", "Resistance (ohm)")
"""Of the sample itself; the Hall resistance is what is being measured."""
MUCH, TOO_MUCH = 0.01, 0.05
"""Parts by which it may go before it is marked."""
FEW, MOST = 50, 20_000
"""Rows at each end that are looked at for one with a reading, at first and at most: others are read in between."""


def since_start(data: RunData | None) -> Figure:
    """Return what the figure "R since start" says of the rows of a run.

    Args:
        data: Of the run that is on, None where nothing is known of it.
    """
    found = None if data is None else next((data.columns[name] for name in COLUMNS if name in data.columns), None)
    if found is None or not len(found):
        return Figure(words.NOTHING, "not read in this run" if data is not None and len(data.names) else "")
    first, last = _readings(found, at_end=False), _readings(found, at_end=True)
    if not len(first) or not len(last) or first[0] == 0:
        return Figure(words.NOTHING, "not read yet")
    part = float(last[-1] / first[0] - 1)
    tone = "bad" if abs(part) > TOO_MUCH else "warn" if abs(part) > MUCH else ""
    return Figure(words.percent(part), f"{words.quantity(float(last[-1]), 'ohm')} now", tone)


def _readings(column: Growing, *, at_end: bool) -> FloatArray:
    """Return readings at one end of a column; none where there is none among its `MOST` rows there."""
    few, rows = FEW, len(column)
    while True:
        begin, end = (max(0, rows - few), rows) if at_end else (0, min(few, rows))
        values = column.between(begin, end).astype(float)
        values = values[np.isfinite(values)]
        if len(values) or few >= min(rows, MOST):
            return values
        few = min(10 * few, MOST)
