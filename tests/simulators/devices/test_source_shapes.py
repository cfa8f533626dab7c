"""Periods of waves against what is known of the functions."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.devices.source_shapes import MOST_STEPS, one_period, turned

FREQUENCIES = st.floats(1e-2, 1e5)


def mean(steps, power=1):
    return sum(duration * value**power for duration, value in steps) / sum(duration for duration, _ in steps)


@given(FREQUENCIES)
@settings(deadline=None, max_examples=20)
def test_sine(frequency):
    steps = one_period("SIN", frequency, 0.5, ())
    assert sum(duration for duration, _ in steps) == pytest.approx(1 / frequency)
    assert len(steps) >= 64
    assert all(duration <= 1e-3 * (1 + 1e-9) for duration, _ in steps) or len(steps) == MOST_STEPS
    assert mean(steps) == pytest.approx(0.0, abs=1e-12)
    assert math.sqrt(mean(steps, 2)) == pytest.approx(1 / math.sqrt(2))
    assert max(value for _, value in steps) == pytest.approx(1.0, abs=1.3e-3)
    phase = sum(value * math.sin(2 * math.pi * (i + 0.5) / len(steps)) for i, (_, value) in enumerate(steps))
    assert 2 * phase / len(steps) == pytest.approx(1.0)  # all of it in phase with the sine that was asked for


def test_the_slowest_wave_fits_into_the_memory():
    assert len(one_period("SIN", 1e-3, 0.5, ())) == MOST_STEPS


@given(FREQUENCIES, st.floats(0.0, 1.0, allow_subnormal=False))
@settings(deadline=None, max_examples=30)
def test_square_has_its_two_levels(frequency, duty):
    steps = one_period("SQU", frequency, duty, ())
    assert sum(duration for duration, _ in steps) == pytest.approx(1 / frequency)
    assert mean(steps) == pytest.approx(2 * duty - 1)
    assert len(steps) == (1 if duty in {0.0, 1.0} else 2)


@given(FREQUENCIES, st.floats(0.0, 1.0))
@settings(deadline=None, max_examples=20)
def test_ramp(frequency, duty):
    steps = one_period("RAMP", frequency, duty, ())
    assert sum(duration for duration, _ in steps) == pytest.approx(1 / frequency)
    assert mean(steps) == pytest.approx(0.0, abs=1.1 / len(steps))
    assert mean(steps, 2) == pytest.approx(1 / 3, abs=2.5 / len(steps))
    rising = sum(b[1] > a[1] for a, b in itertools.pairwise(steps)) / (len(steps) - 1)
    assert rising == pytest.approx(duty, abs=2.1 / len(steps))


def test_arbitrary_points_are_as_long_as_each_other():
    assert one_period("ARB0", 10.0, 0.5, (0.0, 0.5, -1.0, 0.25)) == [
        (0.025, 0.0), (0.025, 0.5), (0.025, -1.0), (0.025, 0.25)
    ]  # fmt: skip


@given(st.lists(st.tuples(st.floats(0.01, 1.0), st.floats(-1, 1)), min_size=1, max_size=10), st.floats(0.0, 0.999))
@settings(deadline=None, max_examples=100)
def test_a_turned_period_is_the_same_wave_later(steps, part):
    period = sum(duration for duration, _ in steps)
    other = turned(steps, part * period)
    assert sum(duration for duration, _ in other) == pytest.approx(period)
    assert all(duration > 0 for duration, _ in other)
    for probe in (0.0001, 0.3, 0.77, 0.9999):
        assert near(steps, (part + probe) % 1.0 * period, at(other, probe * period))


def at(steps, time):
    passed = 0.0
    for duration, value in steps:
        passed += duration
        if time < passed:
            return value
    return steps[-1][1]


def near(steps, time, value):
    """Whether a wave has a value at a time, or next to it."""
    period = sum(duration for duration, _ in steps)
    return any(at(steps, (time + off) % period) == value for off in (0.0, 1e-9, -1e-9))
