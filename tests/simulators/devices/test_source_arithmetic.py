"""The formulas of the 6221 against the manual's worked examples, and against what they are for."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.devices.source_arithmetic import (
    OVERFLOW,
    ReadingFilter,
    Sample,
    average_voltage,
    conductance_level,
    conductance_sweep,
    delta_voltage,
    filtered_sweep,
    in_unit,
    pulse_voltage,
    pulse_window,
)

volts = st.floats(-100.0, 100.0)


def test_the_manuals_delta():
    """1 ohm, 10 mA either way, 10 uV of offset: 10 mV."""
    assert delta_voltage(10.01e-3, -9.99e-3, 10.01e-3, 1) == pytest.approx(10e-3, rel=1e-12)
    assert delta_voltage(-9.99e-3, 10.01e-3, -9.99e-3, 2) == pytest.approx(10e-3, rel=1e-12)


def test_the_manuals_pulses():
    """10 uV of offset; then a base that 1 mV of heating has raised."""
    assert pulse_voltage(0.01e-3, 10.01e-3, 0.01e-3) == pytest.approx(10e-3, rel=1e-12)
    assert pulse_voltage(0.01e-3, 10.01e-3, 1.01e-3) == pytest.approx(9.5e-3, rel=1e-12)
    assert pulse_voltage(0.01e-3, 10.01e-3, None) == pytest.approx(10e-3, rel=1e-12)


@settings(deadline=None, max_examples=50)
@given(signal=volts, offset=volts, drift=volts, index=st.integers(1, 9))
def test_offset_and_drift_drop_out(signal, offset, drift, index):
    """Whatever the index: the sign goes with the polarity of the middle sample."""
    samples = [offset + drift * k + (signal if k % 2 == 0 else -signal) for k in range(index - 1, index + 2)]
    scale = max(1.0, abs(offset) + abs(drift) * (index + 1))
    before, middle, after = samples
    assert delta_voltage(before, middle, after, index) == pytest.approx(signal, abs=1e-13 * scale)
    flat = average_voltage(before, middle, after)
    assert flat == pytest.approx(offset + drift * index, abs=1e-12 * scale)


@settings(deadline=None, max_examples=50)
@given(a=volts, b=volts, c=volts)
def test_the_formula_is_exact(a, b, c):
    exact = (Fraction(a) - 2 * Fraction(b) + Fraction(c)) / 4
    assert delta_voltage(a, b, c, 1) == pytest.approx(float(exact), rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("samples", [(OVERFLOW, 1.0, 1.0), (1.0, OVERFLOW, 1.0), (1.0, 1.0, OVERFLOW)])
def test_overflow_stays_overflow(samples):
    before, middle, after = samples
    assert delta_voltage(before, middle, after, 2) == OVERFLOW
    assert average_voltage(before, middle, after) == OVERFLOW
    assert pulse_voltage(before, middle, after) == OVERFLOW
    assert in_unit("OHMS", OVERFLOW, 1.0, 1.0, 1.0) == OVERFLOW


def test_the_manuals_staircase():
    """Start 0, step 10 uA, stop 50 uA, delta 20 uA: 6 readings from 8 levels between -20 and 70 uA."""
    points, step = conductance_sweep(0.0, 50e-6, 10e-6)
    assert (points, step) == (6, pytest.approx(10e-6))
    levels = [conductance_level(0.0, step, 20e-6, k) for k in range(points + 2)]
    assert levels == pytest.approx([10e-6, -20e-6, 30e-6, 0.0, 50e-6, 20e-6, 70e-6, 40e-6], abs=1e-18)


@pytest.mark.parametrize(
    ("start", "stop", "step", "points", "used"),
    [
        (-10e-6, 10e-6, 1e-6, 21, 1e-6),
        (10e-6, -10e-6, 1e-6, 21, -1e-6),
        (0.0, 1e-3, 1e-4, 11, 1e-4),
        (0.0, 1e-3, 3e-4, 4, 3e-4),
        (0.0, 1e-3, 2e-3, 100, 1e-3 / 99),
        (1e-3, 0.0, 5e-3, 100, -1e-3 / 99),
        (1e-3, 1e-3, 1e-3, 1, 0.0),
        (0.0, 1e-3, 1e-3, 2, 1e-3),
    ],
)
def test_points_and_step(start, stop, step, points, used):
    assert conductance_sweep(start, stop, step) == (points, pytest.approx(used))


@pytest.mark.parametrize(
    ("width", "delay", "steps"), [(50e-6, 16e-6, 1), (49e-6, 16e-6, 1), (48e-6, 16e-6, 0), (12e-3, 16e-6, 363)]
)
def test_window_of_a_pulse(width, delay, steps):
    assert pulse_window(width, delay) == steps


def test_units():
    assert in_unit("V", 2.0, 4.0, 9.0, 9.0) == 2.0
    assert in_unit("OHMS", 2.0, 4.0, 9.0, 9.0) == 0.5
    assert in_unit("SIEM", 2.0, 4.0, 9.0, 9.0) == 2.0
    assert in_unit("W", 2.0, 4.0, 3.0, 7.0) == 21.0
    assert in_unit("SIEM", 0.0, 4.0, 9.0, 9.0) == OVERFLOW
    assert in_unit("OHMS", 2.0, 0.0, 9.0, 9.0) == OVERFLOW


def through(filter_, values):
    """What a filter makes of readings of some voltages."""
    given = (filter_.add(Sample(value, value, value)) for value in values)
    return [sample.volts for sample in given if sample is not None]


def test_the_moving_filter_fills_first():
    """25 readings behind a filter of 10 take 35 (manual)."""
    got = through(ReadingFilter(10, math.inf, moving=True), [float(k) for k in range(35)])
    assert got == pytest.approx([k + 5.5 for k in range(25)])


def test_the_repeating_filter_takes_each_reading_once():
    got = through(ReadingFilter(10, math.inf, moving=False), [float(k) for k in range(35)])
    assert got == pytest.approx([4.5, 14.5, 24.5])


def test_a_reading_outside_the_window_empties_the_stack():
    steps = [0.0, 0.0, 5.0, 5.0, 5.0]
    assert through(ReadingFilter(3, 1.0, moving=False), steps) == [5.0]
    assert through(ReadingFilter(2, 1.0, moving=True), steps) == [5.0]
    assert through(ReadingFilter(2, 10.0, moving=True), steps) == [2.5, 5.0, 5.0]


@settings(deadline=None, max_examples=200)
@given(
    start=st.integers(-100, 100), span=st.integers(-100, 100).filter(bool), step=st.integers(1, 40),
    size=st.integers(2, 300),
)  # fmt: skip
def test_a_filtered_staircase_stays_within_start_and_stop(start, span, step, size):
    """Its cycles are a step over the filter's count apart, and no further one of its readings would fit in."""
    plain = conductance_sweep(start, start + span, step)
    sweep = filtered_sweep(start, start + span, step, size)
    assert sweep.step == pytest.approx(plain.step / size)
    assert math.copysign(1.0, sweep.step) == math.copysign(1.0, span)
    cycles = sweep.points * size
    assert (cycles - 1) * abs(sweep.step) <= abs(span) * (1 + 1e-9)
    assert (cycles + size - 1) * abs(sweep.step) > abs(span) * (1 - 1e-9)
    assert plain.points - 1 <= sweep.points <= plain.points


def test_a_staircase_without_a_filter_or_a_span():
    assert filtered_sweep(0.0, 5.0, 1.0, 1) == conductance_sweep(0.0, 5.0, 1.0) == (6, 1.0)
    assert filtered_sweep(2.0, 2.0, 1.0, 10) == conductance_sweep(2.0, 2.0, 1.0) == (1, 0.0)
