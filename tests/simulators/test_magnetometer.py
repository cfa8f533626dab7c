"""A magnetometer at an analogue input: it shows the mean moment with noise of its own, as far as the input goes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from instruments.clock import VirtualClock
from simulators.magnetometer import Magnetometer, MagnetometerSettings
from simulators.randomness import Streams
from simulators.timeline import Timeline

PLAIN = MagnetometerSettings(input=2, moment_per_volt=-1e-7, averaging=2.0, area=9e-6)


def magnetometer(settings: MagnetometerSettings, size: float = 3e-8) -> tuple[VirtualClock, Magnetometer]:
    """One on a film whose moment grows by `size` in each second."""
    clock = VirtualClock()

    def moment(start: float, end: float) -> float:
        assert 0.0 <= start <= end <= clock.now()
        return size * 0.5 * (start + end)

    return clock, Magnetometer(Timeline(clock), moment, settings, Streams(1, 0))


def test_it_shows_the_mean_over_its_averaging_time_at_its_own_input() -> None:
    clock, shown = magnetometer(PLAIN)
    clock.sleep(10.0)
    assert shown.signal(2) == pytest.approx(-3e-8 * 9.0 / 1e-7)
    assert shown.signal(1) == 0.0


def test_before_a_whole_averaging_time_it_averages_what_there_was() -> None:
    clock, shown = magnetometer(PLAIN)
    clock.sleep(1.0)
    assert shown.signal(2) == pytest.approx(-3e-8 * 0.5 / 1e-7)


def test_the_input_ends_at_ten_volts() -> None:
    clock, shown = magnetometer(PLAIN, size=1e-6)
    clock.sleep(10.0)
    assert shown.signal(2) == -10.0


def test_readings_an_averaging_time_apart_have_the_noise_that_is_said() -> None:
    settings = MagnetometerSettings(input=1, moment_per_volt=1e-7, averaging=1.0, area=9e-6, noise=1e-9)
    clock, shown = magnetometer(settings, size=0.0)
    values: list[float] = []
    for _ in range(400):
        clock.sleep(1.001)
        values.append(shown.signal(1) * 1e-7)
    assert np.std(values) == pytest.approx(1e-9, rel=4 / math.sqrt(2 * 400))
    assert shown.signal(1) * 1e-7 == values[-1]  # asking twice makes no other noise
