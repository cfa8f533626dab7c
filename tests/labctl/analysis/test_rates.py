from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from labctl.analysis.loops import anomalous_hall
from tests.labctl.analysis.synthetic import Film

FILM = Film(coercive=0.07, width=0.01, points=4001)


def windowed(window: float, *, slow: float = 2e-3, fast: float = 1e-2, halt: float = 0.0) -> pd.DataFrame:
    """A loop read every 0.2 s, slow below the window; at 0.2 T on the way the field may halt."""
    table = FILM.table(recorded=True)
    field = table["Field (T)"].to_numpy()
    steps = np.abs(np.diff(field)) / np.where(np.abs(field[1:]) < window, slow, fast)
    steps[np.argmin(np.abs(field[:4000] - 0.2))] += halt
    time = np.concatenate([[0.0], np.cumsum(np.maximum(steps, 1e-3))])
    rows = np.unique(np.searchsorted(time, np.arange(0.0, time[-1], 0.2)))
    return table.iloc[rows].assign(**{"Time (s)": time[rows]}).reset_index(drop=True)


@pytest.mark.parametrize(
    ("window", "words"),
    [(0.05, "lies outside the slow window"), (0.072, "is cut by the edge of the slow window"), (0.11, None)],
)
def test_a_switch_that_is_not_inside_the_slow_window_is_said(window: float, words: str | None) -> None:
    results = anomalous_hall(windowed(window))
    for name in ("coercive_field_up", "coercive_field_down", "field_rate"):
        note = results[name].note or ""
        assert ("slow window" in note) == (words is not None), note
        assert (words or "") in note
    assert results["coercive_field_up"].value is not None
    if words:
        assert results["coercive_field_up"].scatter is None


@pytest.mark.parametrize("halt", [0.0, 30.0])
def test_one_rate_is_no_window_even_if_the_field_halts(halt: float) -> None:
    results = anomalous_hall(windowed(0.0, halt=halt))
    assert "window" not in (results["coercive_field_up"].note or "")
