"""Noise of the simulated 2182A against the table of its specification sheet, cell by cell.

The sheet gives noise peak to peak, the response time, and the integration time and digital filter that go with it. Here
a meter with a shorted input takes readings with that integration time and filter; peak to peak is six times rms, about
the mean of ten successive readings, so in a window of ten response times.
"""

import math
import statistics

import numpy as np
import pytest

import simulators.devices.nanovolt_converter as converter
import simulators.devices.nanovolt_input as front
from simulators.devices.nanovolt_input import SlowNoise
from simulators.physics.noise import johnson_rms
from tests.simulators.devices.meter_bench import Bench

FIRST = (10e-3, 100e-3, 1.0, 10.0, 100.0)
SECOND = (100e-3, 1.0, 10.0)
# channel, response time in s, NPLC, filter count, printed noise in V on each range
ROWS = [
    (1, 25.0, 5, 75, (6e-9, 20e-9, 75e-9, 750e-9, 75e-6)),
    (1, 4.0, 5, 10, (15e-9, 50e-9, 150e-9, 1.5e-6, 75e-6)),
    (1, 1.0, 1, 18, (25e-9, 175e-9, 600e-9, 2.5e-6, 100e-6)),
    (1, 0.667, 1, 10, (35e-9, 250e-9, 650e-9, 3.3e-6, 150e-6)),
    (1, 0.667, 5, 2, (35e-9, 250e-9, 650e-9, 3.3e-6, 150e-6)),
    (1, 0.060, 1, 1, (70e-9, 300e-9, 700e-9, 6.6e-6, 300e-6)),
    (2, 25.0, 5, 75, (150e-9, 200e-9, 750e-9)),
    (2, 4.0, 5, 10, (150e-9, 200e-9, 1.5e-6)),
    (2, 1.0, 1, 10, (175e-9, 400e-9, 2.5e-6)),
    (2, 1.0, 5, 2, (175e-9, 400e-9, 2.5e-6)),
    (2, 0.085, 1, 1, (425e-9, 1e-6, 9.5e-6)),
]
CELLS = [
    (channel, response, nplc, count, full, printed)
    for channel, response, nplc, count, row in ROWS
    for full, printed in zip(FIRST if channel == 1 else SECOND, row, strict=True)
]
WINDOW = 10  # readings
WINDOWS = 30


def peak_to_peak(channel: int, nplc: float, count: int, full: float) -> tuple[float, float]:
    """Noise in V of a meter with a shorted input, and the time in s that one of its readings takes."""
    bench = Bench(noise=11)
    node = f"SENS:VOLT:CHAN{channel}"
    bench.write(f"*RST;:SENS:CHAN {channel};VOLT:NPLC {nplc};:{node}:RANG {full}")
    bench.write(f"{node}:DFIL:TCON REP;WIND 0;COUN {count};STAT {int(count > 1)}")
    assert bench.errors() == []
    bench.ask("READ?")
    duration = bench.timed("READ?")[1]
    readings = np.array([bench.number("READ?") for _ in range(WINDOW * WINDOWS)]).reshape(WINDOWS, WINDOW)
    return float(np.sqrt(readings.var(axis=1, ddof=1).mean())) * converter.PEAK_TO_PEAK, duration


@pytest.mark.parametrize(("channel", "response", "nplc", "count", "full", "printed"), CELLS)
def test_no_cell_of_the_table_is_exceeded(channel, response, nplc, count, full, printed):
    noise, duration = peak_to_peak(channel, nplc, count, full)
    white = converter.noise_rms(channel, full, nplc) * converter.PEAK_TO_PEAK / math.sqrt(count)
    assert noise < 1.1 * printed
    assert (
        noise > 0.87 * white
    )  # three standard errors of 270 degrees of freedom: the filter averages no more than it can
    assert duration < 1.01 * response + 2e-3


@pytest.mark.parametrize("channel", [1, 2])
def test_each_range_and_integration_time_binds_somewhere(channel):
    """White noise reaches the printed figure in one cell of each range and integration time."""
    for full in FIRST if channel == 1 else SECOND:
        for nplc in (1, 5):
            cells = [(count, cell) for one, _, speed, count, size, cell in CELLS
                     if (one, speed, size) == (channel, nplc, full)]  # fmt: skip
            white = converter.noise_rms(channel, full, nplc) * converter.PEAK_TO_PEAK
            ratios = [white / math.sqrt(count) / printed for count, printed in cells]
            assert max(ratios) == pytest.approx(1.0)


# ---- source resistance


@pytest.mark.parametrize(
    ("resistance", "printed"), [(0.0, 6e-9), (100.0, 8e-9), (1e3, 15e-9), (10e3, 35e-9), (100e3, 100e-9), (1e6, 350e-9)]
)
def test_noise_against_source_resistance(resistance, printed):
    """On 10 mV with 5 PLC and a filter of 100 (manual); at 300 K."""
    nplc, count = 5, 100
    aperture = nplc / 60
    own = converter.noise_rms(1, 10e-3, nplc)
    johnson = johnson_rms(resistance, 300.0, aperture)
    extra = front.SOURCE_NOISE * math.sqrt(resistance / aperture)
    total = math.sqrt(own**2 + johnson**2 + extra**2) / math.sqrt(count) * converter.PEAK_TO_PEAK
    assert 0.6 * printed < total < 1.01 * printed


def test_a_source_adds_noise_of_its_own():
    """More than the meter's own, beyond the Johnson noise that the terminals bring."""
    spread = []
    for resistance in (0.0, 1e6):
        bench = Bench(noise=5)
        bench.terminals.resistance = resistance
        bench.write("*RST;:SENS:VOLT:RANG 0.1;DFIL 0")
        spread.append(statistics.pstdev(bench.number("READ?") for _ in range(300)))
    extra = front.SOURCE_NOISE * math.sqrt(1e6 / (5 / 60))
    assert math.hypot(spread[0], extra) == pytest.approx(spread[1], rel=0.1)


# ---- slow noise


def test_slow_noise_has_equal_power_in_each_decade():
    """1/f: differences over ten times the time are as large plus a decade's worth."""
    powers = []
    for seed in range(60):
        slow = SlowNoise(np.random.default_rng(seed), 10.0, 10_000.0)
        powers.append(np.mean([slow(time) ** 2 for time in np.linspace(0.0, 30_000.0, 800)]))
    assert np.mean(powers) == pytest.approx(3.0, rel=0.25)


def test_slow_noise_has_no_steps():
    """A jump would be an outlier among readings of a drifting input."""
    slow = SlowNoise(np.random.default_rng(5), 10.0, 10_000.0)
    values = np.array([slow(time) for time in np.arange(0.0, 500.0, 0.01)])
    in_a_quarter = np.abs(values[250:] - values[:-250])
    assert np.max(np.abs(np.diff(values))) <= np.max(in_a_quarter) / 100


def test_slow_noise_is_a_function_of_time():
    one, other = (SlowNoise(np.random.default_rng(1), 10.0, 10_000.0) for _ in range(2))
    times = [5000.0, 10.0, 2500.0, 5000.0]
    values = [one(time) for time in times]
    assert values[0] == values[3]
    assert other(2500.0) == values[2]
    assert SlowNoise(None, 10.0, 1000.0)(50.0) == 0.0


def test_averaging_for_long_ends_at_slow_noise():
    """An hour of readings at 5 PLC: the mean of ten minutes is off by more than white noise, below 1 nV rms."""
    bench = Bench(noise=2)
    bench.write("*RST;:SENS:VOLT:RANG 0.01;DFIL 0")
    readings = np.array([bench.number("READ?") for _ in range(6 * 1800)]).reshape(6, 1800)
    white = float(np.sqrt(readings.var(axis=1).mean())) / math.sqrt(1800)
    assert 1.5 * white < readings.mean(axis=1).std(ddof=1) < 1e-9
