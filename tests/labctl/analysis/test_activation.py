"""Thermal width and scatter against the rate law itself, integrated and drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from labctl.analysis.activation import ATTEMPT_RATE, mean_rate, quantile_scatter, thermal_width
from labctl.analysis.branches import find_loops
from labctl.analysis.readings import read_table
from tests.labctl.analysis.synthetic import Film


def reversal_field(barrier: float, rate: float) -> float:
    """Field at which half of the grains of one barrier (in kT times tesla) have reversed on a ramp, T."""

    def left(field: float) -> float:
        hazard, _ = quad(lambda at: ATTEMPT_RATE / rate * np.exp(-barrier / at), 0, field, epsabs=0, limit=200)
        return float(np.exp(-hazard)) - 0.5

    root: Any = brentq(left, barrier / 60, barrier / 5, xtol=1e-12)
    return float(root)


@pytest.mark.parametrize("rate", [1e-3, 5e-3, 1.8e-2])
@pytest.mark.parametrize("barrier", [0.3, 1.4, 20.0])
def test_the_coercive_field_of_droplets_rises_by_the_thermal_width_with_a_factor_e_of_the_rate(
    barrier: float, rate: float
) -> None:
    slower, faster = (reversal_field(barrier, rate * factor) for factor in (np.exp(-0.5), np.exp(0.5)))
    assert thermal_width(reversal_field(barrier, rate), rate) == pytest.approx(faster - slower, rel=0.01)


def test_a_thousandfold_error_of_the_rate_makes_a_quarter_of_a_width_or_less() -> None:
    assert 0.75 < thermal_width(0.07, 5e-6) / thermal_width(0.07, 5e-3) < 1
    assert thermal_width(-0.07, 5e-3) == thermal_width(0.07, 5e-3)
    assert thermal_width(0.0, 5e-3) == thermal_width(0.07, 0.0) == 0.0


@pytest.mark.parametrize("width", [5e-4, 3e-3, 1e-2])
@pytest.mark.parametrize("share", [0.5, 0.1])
def test_loops_of_frozen_grains_with_thermal_clocks_scatter_as_told(width: float, share: float) -> None:
    """The median of grains whose fields are those of frozen barriers plus w ln(e), e of the unit exponential."""
    rng = np.random.default_rng(8)
    count = 1001
    frozen = 0.07 + 0.01 * rng.standard_normal(count)
    draws = np.sort(frozen + width * np.log(rng.standard_exponential((1500, count))), axis=1)
    found = draws[:, round(share * count)]
    around = slice(round(share * count) - 60, round(share * count) + 61)
    density = float(121 / count / np.mean(draws[:, around][:, -1] - draws[:, around][:, 0]))
    assert quantile_scatter(share, count, density, width) == pytest.approx(np.std(found), rel=0.12)


def test_grains_of_one_barrier_scatter_like_independent_draws() -> None:
    """f = ln 2 / (2 w) in the middle of the distribution of w ln(e)."""
    width, count = 3e-3, 1000
    density = np.log(2) / 2 / width
    independent = 0.5 / np.sqrt(count) / density
    assert quantile_scatter(0.5, count, density, width) == pytest.approx(independent, rel=0.021)
    assert quantile_scatter(0.5, count, density, np.inf) == pytest.approx(independent)


def test_the_mean_rate_is_that_of_both_branches_or_the_usual_one() -> None:
    (loop,), _ = find_loops(read_table(Film().table()))
    assert mean_rate(loop) == pytest.approx(1.0 / 400 / 0.2, rel=0.01)
    (loop,), _ = find_loops(read_table(Film().table(timed=False)))
    assert mean_rate(loop) == 5e-3
