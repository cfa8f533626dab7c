"""What a magnetic junction's state adds to dI/dV, and the barrier that is left, against currents made of both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from labctl.analysis.barrier_ranges import fit_barrier
from labctl.analysis.bias_dependence import Fall
from labctl.analysis.brinkman import conductance_per_area, shape_of
from labctl.analysis.local_slopes import local_conductances
from labctl.analysis.readings import FloatArray
from labctl.analysis.spin_part import SpinPart, spin_part

AREA, TMR, V_HALF = 4e-12, 0.4, 0.25
BARRIERS = [(0.42, 0.10, 2.3e-9), (0.8, -0.2, 1.8e-9), (1.5, 0.0, 1.4e-9)]


def current(barrier: tuple[float, float, float], voltage: FloatArray, state: float) -> FloatArray:
    """A of a barrier with TMR(V) = TMR/(1 + (V/V_half)^2): parallel at +1, antiparallel at -1."""
    height, _, thickness = barrier
    slope, curvature = shape_of(*barrier)
    zero = AREA * conductance_per_area(height, thickness)
    tmr = TMR / (1.0 + (voltage / V_HALF) ** 2)
    own = zero * (voltage - slope * voltage**2 / 2.0 + curvature * voltage**3 / 3.0)
    return own * (1.0 + state * tmr / (2.0 + tmr))


def spin_of(barrier: tuple[float, float, float], state: float) -> SpinPart:
    least = np.array([1e-6])
    one, other, found = (float((current(barrier, least, each) / least)[0]) for each in (1.0, -1.0, state))
    return spin_part(Fall((TMR, 0.0), (V_HALF, 0.0), 0.0, 1.0), one, other, (found, 0.0), 0.0)


@pytest.mark.parametrize("barrier", BARRIERS)
@pytest.mark.parametrize("state", [1.0, -1.0, 0.3])
def test_the_barrier_is_found_in_either_state_and_between(barrier: tuple[float, float, float], state: float) -> None:
    voltage = np.linspace(-0.2, 0.2, 401)
    curve = local_conductances(voltage, current(barrier, voltage, state), 0.02)
    known = fit_barrier(replace(curve, sigma=None, spin=spin_of(barrier, state)), AREA, 0.0).wide.values
    assert known == pytest.approx(np.array(barrier), rel=2e-4, abs=1e-5)
    left_in = fit_barrier(replace(curve, sigma=None), AREA, 0.0).wide.values
    assert abs(left_in[0] / barrier[0] - 1.0) > 0.005


def test_the_truth_is_within_the_stated_covariance_in_a_state() -> None:
    """Other truths than those of the shipped record, with noise on the currents."""
    dice, barrier, voltage = np.random.default_rng(12), BARRIERS[1], np.linspace(-0.3, 0.3, 301)
    true, spin, draws, inside = current(barrier, voltage, -1.0), spin_of(barrier, -1.0), 400, 0
    for _ in range(draws):
        noisy = true + 3e-4 * float(np.max(true)) * dice.normal(size=len(voltage))
        fit = fit_barrier(replace(local_conductances(voltage, noisy, 0.03), spin=spin), AREA, 0.0).wide
        inside += bool(abs(fit.values[0] - barrier[0]) < fit.uncertainty[0])
    assert 244 <= inside <= 301  # 68 % of 400, at 99.8 %; t with few degrees of freedom is a little wider


def test_its_columns_are_derivatives_of_the_current() -> None:
    spin, voltage, step = SpinPart(-0.2, 0.3), np.linspace(-0.3, 0.3, 13), 1e-4
    for power, column in enumerate(spin.columns(voltage, 0.0).T):
        ends = [
            (at ** (power + 1) / (power + 1)) * (1.0 + spin.part / (1.0 + (at / spin.width) ** 2))
            for at in (voltage + step, voltage - step)
        ]
        assert column == pytest.approx((ends[0] - ends[1]) / (2.0 * step), abs=1e-7)
    assert SpinPart(0.0, 0.3).columns(voltage, 1e-3) == pytest.approx(
        np.column_stack([np.ones(13), voltage, voltage**2 + 1e-3]), abs=1e-9
    )
