"""The barrier's current against Brinkman's and Stratton's formulas, and against itself."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulators.physics.tunnelling import Barrier

BARRIER = Barrier(0.42, 0.10, 2.3e-9)
VOLTAGES = [sign * v for v in (1e-9, 1e-3, 0.01, 0.2, 1.0, 10.0) for sign in (1, -1)]


def test_resistance_times_area() -> None:
    root = math.sqrt(0.42)
    per_square_centimetre = 3.16e10 * root / 23.0 * math.exp(-1.025 * 23.0 * root)
    assert BARRIER.conductance() == pytest.approx(1e4 * per_square_centimetre, rel=1e-12)
    assert 1e12 / BARRIER.conductance() == pytest.approx(4.9e5, rel=0.015)  # ohm um2
    assert 1.0 / (BARRIER.conductance() * math.pi * 1e-12) == pytest.approx(154e3, rel=0.01)


def test_coefficients_of_the_parabola() -> None:
    decay = 4.0 / 3.0 * 0.512317 * 23.0  # sqrt(2 m)/hbar is 0.512317 /angstrom/sqrt(eV)
    assert BARRIER.slope == pytest.approx(decay * 0.10 / (16.0 * 0.42**1.5), rel=1e-5)
    assert BARRIER.curvature == pytest.approx(9.0 * decay**2 / (128.0 * 0.42), rel=1e-5)


@pytest.mark.parametrize("voltage", VOLTAGES)
def test_a_current_belongs_to_one_voltage(voltage: float) -> None:
    assert BARRIER.voltage(BARRIER.reduced_current(voltage)) == pytest.approx(voltage, rel=1e-11)


def test_differential_conductance_is_the_currents_slope() -> None:
    voltages = np.linspace(-1.0, 1.0, 2001)
    currents = np.array([BARRIER.reduced_current(v) for v in voltages.tolist()])
    slopes = (currents[2:] - currents[:-2]) / (voltages[2:] - voltages[:-2])
    wanted = [BARRIER.differential(v) for v in voltages[1:-1].tolist()]
    assert slopes == pytest.approx(wanted, rel=1e-4)
    assert np.all(np.diff(currents) > 0.0)


@pytest.mark.parametrize(("temperature", "factor"), [(0.0, 1.0), (100.0, 1.042), (150.0, 1.097), (200.0, 1.182)])
def test_strattons_factor(temperature: float, factor: float) -> None:
    assert BARRIER.thermal_factor(temperature) == pytest.approx(factor, abs=6e-4)
