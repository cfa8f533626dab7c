"""Loops of a junction in which one plateau has few readings beside the others."""

from __future__ import annotations

import numpy as np
import pytest

from labctl.analysis.junction_loops import tmr_loop


@pytest.mark.parametrize("between", [4, 5, 6, 8, 12, 40])
def test_an_antiparallel_plateau_of_few_readings_among_thousands_is_no_error(between: int) -> None:
    dice = np.random.default_rng(between)
    field = np.concatenate([np.linspace(1.0, -1.0, 1001), np.linspace(-1.0, 1.0, 1001)])
    branch = np.array(["down"] * 1001 + ["up"] * 1001)
    along = np.where(branch == "up", field, -field)
    soft, hard = 0.0501, 0.0501 + 0.002 * between
    value = np.where((along > soft) & (along < hard), 126.0, 100.0) + 0.01 * dice.standard_normal(len(field))
    found = tmr_loop(field, value, branch, np.ones(len(field), dtype=int))
    tmr = found["tmr"]
    if tmr.value is None:
        assert "plateau" in str(tmr.why)
        assert between < 12
    else:
        assert tmr.value == pytest.approx(0.26, abs=max(5.0 * (tmr.uncertainty or 0.0), 1e-3))
