"""Finds the row that was measured at a moment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labctl.gui.plot.pane import Pane
from labctl.gui.plot.rundata import RunData
from labctl.gui.plot.trace import Trace

TIME = "Time (s)"


def nearest(panes: Sequence[Pane], data: RunData, moment: float) -> tuple[Pane, Trace, int] | None:
    """Return the row nearest to a moment, with the plot and the curve in which it is; None where there is none.

    Args:
        panes: That are shown.
        data: Of the run.
        moment: s of lab time.
    """
    times = data.columns.get(TIME)
    if times is None:
        return None
    away = np.abs(np.asarray(times.all(), dtype=float) - moment)
    if not np.isfinite(away).any():
        return None
    row = int(np.nanargmin(away))
    for pane in panes:
        for trace in pane.traces:
            if trace.line.data is data and np.isfinite(trace.point(row)).all():
                return pane, trace, row
    return None
