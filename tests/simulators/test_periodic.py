"""Harmonics of a voltage that is made of steps."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulators.periodic import Period, PeriodicVoltage


def sampled(count: int, *parts: tuple[int, complex]) -> PeriodicVoltage:
    phases = 2.0 * math.pi * (np.arange(count) + 0.5) / count
    voltages = sum((value * np.exp(1j * number * phases)).imag for number, value in parts)
    return PeriodicVoltage(Period(5.0, [1.0 / (100.0 * count)] * count), np.asarray(voltages))


def test_each_harmonic_is_found_with_its_phase() -> None:
    parts = (1, 2.0 - 0.5j), (2, 0.1j), (3, 0.03 + 0j)
    voltage = sampled(64, *parts)
    assert voltage.period.frequency == pytest.approx(100.0)
    for number, value in parts:
        assert voltage.harmonic(number) == pytest.approx(value, abs=1e-14)
    assert abs(voltage.harmonic(4)) < 1e-14
    assert voltage.harmonic(40) == 0.0
    assert voltage.alternating() == pytest.approx(math.sqrt((4.25 + 0.01 + 0.0009) / 2.0))


def test_a_square_has_its_odd_harmonics() -> None:
    voltage = PeriodicVoltage(Period(0.0, [0.005, 0.005]), np.array([1.0, -1.0]))
    assert voltage.harmonic(1) == pytest.approx(4.0 / math.pi)
    assert abs(voltage.harmonic(2)) < 1e-14
    assert voltage.harmonic(51) == pytest.approx(4.0 / math.pi / 51)
    assert voltage.harmonic(0) == 0.0


def test_a_step_that_is_cut_in_two_changes_nothing() -> None:
    phases = 2.0 * math.pi * (np.arange(64) + 0.5) / 64
    values = np.sin(phases)
    step = 1.0 / 6400.0
    cut = PeriodicVoltage(
        Period(0.4 * step, [0.6 * step, *[step] * 63, 0.4 * step]), np.array([*values, values[0]])
    )  # begins within the first step
    turned = cut.harmonic(1) * np.exp(-2j * math.pi * 0.4 / 64)
    assert turned == pytest.approx(1.0, abs=1e-12)
