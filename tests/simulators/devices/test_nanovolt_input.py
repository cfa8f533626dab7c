"""The input of the simulated 2182A: calibration, offsets, bias current, analog filter, hum, overload."""

import math

import numpy as np
import pytest

import simulators.devices.nanovolt_input as front
from simulators.devices.nanovolt_converter import ANALOG_FILTER
from simulators.devices.nanovolt_input import ACCURACY, filter_weights
from simulators.randomness import Still
from tests.simulators.devices.meter_bench import Bench, Terminals, quiet_bench


@pytest.fixture
def bench() -> Bench:
    return quiet_bench()


# ---- calibration


@pytest.mark.parametrize("channel", [1, 2])
def test_calibration_errors_fill_the_specification_and_stay_inside(channel):
    shares = []
    for seed in range(12):
        bench = Bench(calibration=seed)
        bench.write(f"*RST;:SENS:CHAN {channel};:SENS:VOLT:CHAN{channel}:DFIL 0")
        for full, (of_reading, of_range) in ACCURACY[channel].items():
            bench.write(f"SENS:VOLT:CHAN{channel}:RANG {full}")
            for volts in (0.0, full, -full):
                bench.put(volts, channel)
                largest = 1e-6 * (of_reading * abs(volts) + of_range * full)
                shares.append((bench.number("READ?") - volts) / largest)
    assert max(map(abs, shares)) <= 1.0 + 1e-9
    assert max(shares) > 0.6
    assert min(shares) < -0.6


def test_without_calibration_errors_a_meter_is_perfect(bench):
    bench.put(9.87654321e-3)
    assert bench.ask("READ?") == "+9.87654321E-03"


def test_autozero_off_adds_to_the_gain_error():
    errors = []
    for seed in range(20):
        bench = Bench(calibration=seed)
        bench.put(1.0)
        bench.write("*RST;:SENS:VOLT:RANG 1;DFIL 0")
        usual = bench.number("READ?")
        errors.append(bench.number("SYST:AZER 0;:READ?") - usual)
    assert 4e-6 < max(map(abs, errors)) <= 8e-6 * 1.001


# ---- offsets


def test_front_offset_drifts_with_the_room_and_is_gone_with_the_autozero():
    bench = Bench(noise=3)
    bench.write("*RST;:SENS:VOLT:RANG 0.01;DFIL 0;:SYST:FAZ 0")
    values = []
    for _ in range(20):
        values.append(bench.number("READ?"))
        bench.wait(3600.0)
    assert 0.1e-6 < np.std(values) < 10e-6
    assert abs(np.mean(values)) > 20 * np.std(values)
    assert abs(bench.number("SYST:FAZ 1;:READ?")) < 100e-9


@pytest.mark.parametrize(("full", "largest"), [(0.01, 100e-9), (1.0, 10e-6)])
def test_zero_offset_by_range(full, largest):
    offsets = []
    for seed in range(15):
        bench = Bench(noise=seed)
        bench.write(f"*RST;:SENS:VOLT:RANG {full};DFIL:COUN 50;WIND 0;:SYST:AZER 0")
        offsets.append(abs(bench.number("READ?")))
    assert 0.5 * largest < max(offsets) < 1.1 * largest


def test_a_quiet_meter_has_no_offsets_and_no_noise():
    device = Bench().device
    box = front.Box(Still(np.random.PCG64(1)), None)
    assert (box.front, box.zero, box.slow(1e4), box.bias) == (0.0, 0.0, 0.0, {1: 0.0, 2: 0.0})
    assert device.input.hum == 0.0


# ---- bias current and open leads


@pytest.mark.parametrize("channel", [1, 2])
def test_bias_current_stays_inside_its_specification(channel):
    offsets = []
    for seed in range(40):
        bench = Bench(noise=seed)
        bench.terminals.resistance = 1e6
        bench.write(f"*RST;:SENS:CHAN {channel};VOLT:CHAN{channel}:DFIL:WIND 0")
        offsets.append(bench.number("READ?"))
    assert 30e-6 < max(map(abs, offsets)) < 60e-6 * 1.02


def test_bias_current_doubles_beyond_5_volts():
    bench = Bench(noise=3)
    bench.terminals.resistance = 100e6
    bench.write("*RST;:SENS:VOLT:RANG 10;DFIL 0")
    bench.put(4.0)
    low = bench.number("READ?") - 4.0
    bench.put(6.0)
    assert bench.number("READ?") - 6.0 == pytest.approx(2 * low, abs=50e-6)


def test_an_open_input_floats_to_where_the_bias_current_takes_it():
    """60 pA through 10 gigaohm: beyond the lowest ranges, within 0.6 V; 10 megaohm on the highest hold it down."""
    shown = []
    for seed in range(20):
        bench = Bench(noise=seed)
        bench.put(math.nan)
        bench.terminals.resistance = math.inf
        bench.write("*RST;:SENS:VOLT:DFIL 0;RANG 0.01")
        shown.append(bench.ask("READ?"))
        assert abs(bench.number("SENS:VOLT:RANG:AUTO 1;:READ?")) < 0.6 * 1.01
        assert abs(bench.number("SENS:VOLT:RANG 100;:READ?")) < 1e-3
    assert shown.count("+9.9E37") >= 17


# ---- analog filter


def test_weights_are_those_of_one_pole():
    """Summed they are one; a step in the aperture weighs what the integral of the exponential says."""
    tau, aperture = 1 / (2 * math.pi * front.CORNER), 1 / 60
    pieces = list(filter_weights(2.0, aperture))
    assert sum(weight for *_, weight in pieces) == pytest.approx(1.0)
    inside = sum(weight for begin, _, weight in pieces if begin >= 2.0 - 1e-12)
    assert inside == pytest.approx(1 - tau / aperture * (1 - math.exp(-aperture / tau)))


def test_a_reading_lags_behind_a_step(bench):
    """A step two time constants before the aperture; the mean of 1 - exp(-t/tau) over the aperture is read."""
    tau, aperture = 1 / (2 * math.pi * front.CORNER), 1 / 60
    bench.write("SENS:VOLT:LPAS 1;:TRIG:DEL 0")
    step = bench.clock.now() + ANALOG_FILTER - 2 * tau
    bench.terminals.voltage[1] = lambda time: 1e-3 if time >= step else 0.0
    expected = 1e-3 * (1 - math.exp(-2) * tau / aperture * (1 - math.exp(-aperture / tau)))
    assert bench.number("READ?") == pytest.approx(expected, rel=1e-6)
    assert bench.number("READ?") == pytest.approx(1e-3, rel=1e-9)
    assert bench.number("SENS:VOLT:LPAS 0;:READ?") == pytest.approx(1e-3, rel=1e-12)


def test_settling_before_the_aperture_is_enough_for_a_step_at_the_trigger(bench):
    bench.write("SENS:VOLT:LPAS 1")
    step = bench.clock.now()
    bench.terminals.voltage[1] = lambda time: 10e-3 if time >= step else 0.0
    assert bench.number("READ?") == pytest.approx(10e-3, rel=2e-6)


# ---- hum


def hum_at(nplc, *, lpas=0, deviation=0.0, sync=0):
    """Largest reading in V of a shorted meter with 1 mV rms of hum, over its phases."""
    bench = quiet_bench()
    bench.device.input.hum = 1e-3
    bench.device.input.line_deviation = deviation
    bench.write(f"SENS:VOLT:NPLC {nplc};RANG 1;LPAS {lpas};:SYST:LSYN {sync}")
    readings = []
    for _ in range(40):
        bench.wait(0.01 / 3)
        readings.append(abs(bench.number("READ?")))
    return max(readings)


def test_hum_integrates_to_nothing_over_whole_cycles():
    for nplc in (1, 2, 5):
        assert hum_at(nplc) < 1e-15


def test_hum_comes_through_otherwise():
    """Over a tenth of a cycle nearly the peak, sqrt(2) mV, over one and a half what sin(x)/x leaves."""
    peak = math.sqrt(2) * 1e-3
    assert hum_at(0.1) == pytest.approx(peak * math.sin(math.pi / 10) / (math.pi / 10), rel=0.02)
    assert hum_at(1.5) == pytest.approx(peak / (1.5 * math.pi), rel=0.02)


def test_a_line_that_is_off_by_a_thousandth_is_rejected_by_60_decibel():
    assert hum_at(1, deviation=1e-3) == pytest.approx(math.sqrt(2) * 1e-6, rel=0.02)
    assert hum_at(1, deviation=1e-3, sync=1) < 0.01 * math.sqrt(2) * 1e-6


def test_the_analog_filter_weakens_hum():
    assert hum_at(0.1, lpas=1) == pytest.approx(hum_at(0.1) / math.hypot(1, 60 / 18), rel=0.02)


def test_line_synchronisation_makes_hum_a_constant(bench):
    bench.device.input.hum = 1e-3
    bench.write("SENS:VOLT:NPLC 0.1;RANG 1;:SYST:LSYN 1")
    readings = []
    for _ in range(5):
        bench.wait(0.0037)
        readings.append(bench.number("READ?"))
    assert readings == pytest.approx([readings[0]] * 5, abs=1e-9)
    assert abs(readings[0]) > 1e-4


# ---- overload


def test_after_an_overload_readings_are_off_for_a_while(bench):
    bench.write("SYST:FAZ 0;AZER 0")
    bench.put(1.0)
    assert bench.ask("READ?;:STAT:MEAS:COND?") == "+9.9E37;33"
    bench.put(1e-3)
    left = [bench.number("READ?") - 1e-3 for _ in range(12)]
    assert left[0] > 100e-6
    assert left == sorted(left, reverse=True)
    assert left[-1] == pytest.approx(0.0, abs=1e-15)
    assert bench.ask("STAT:MEAS:COND?") == "32"


def test_after_the_recovery_time_nothing_is_left(bench):
    bench.put(-1.0)
    bench.ask("READ?")
    bench.put(1e-3)
    bench.wait(bench.device.input.recovery_time)
    assert bench.number("READ?") == pytest.approx(1e-3, abs=1e-15)


def test_another_channel_was_not_overloaded(bench):
    bench.put(1.0)
    bench.put(1e-3, 2)
    bench.ask("READ?")
    assert bench.number("SENS:CHAN 2;:READ?") == pytest.approx(1e-3, abs=1e-15)


def test_a_higher_range_takes_the_overload(bench):
    bench.put(0.5)
    bench.write("SENS:VOLT:RANG:AUTO 1;:SYST:FAZ 0")
    assert bench.number("READ?") == pytest.approx(0.5, abs=1e-12)
    assert bench.number("READ?") == pytest.approx(0.5, abs=1e-12)


class Watched(Terminals):
    """Terminals that remember a pulse."""

    pulse = (0.0, 0.0)

    def overload(self, channel, level, start, end):
        time, volts = self.pulse
        return self.pulse if channel == 1 and abs(volts) > level and start <= time <= end else None


def test_a_pulse_between_two_readings_overloads_too(bench):
    bench.terminals = Watched()
    bench.device.input = front.Input(bench.terminals, 60.0, {1: 0.0, 2: 0.0})
    assert abs(bench.number("READ?")) == 0.0
    bench.terminals.pulse = (bench.clock.now(), 1.0)
    assert bench.number("READ?") > 100e-6
    bench.wait(0.2)
    assert bench.number("READ?") == 0.0
