"""Pulse Delta of the 6221 with a real (simulated) 2182A at the cables."""

from itertools import pairwise

import numpy as np
import pytest

from simulators.devices.nanovolt_link import pulse_noise
from tests.simulators.devices.pair_bench import Pair, prepare, run

US = 1e-6


def pulse_pair(settings, line_frequency=60.0, noise=None):
    pair = Pair(line_frequency, noise)
    pair.sample.resistance = 1.0
    pair.watch_samples()
    prepare(pair)
    pair.write(f":SOUR:PDEL:HIGH 10e-3;WIDT 200e-6;SDEL 50e-6;COUN 3;{settings}", "SOUR:PDEL:ARM")
    pair.samples.clear()
    return pair


def edges(pair):
    """When each pulse went up and came down, in s."""
    changes = list(pair.sample.changes)
    return [(start, end) for (start, level), (end, after) in pairwise(changes) if level and not after]


@pytest.mark.parametrize("line_frequency", [50.0, 60.0])
def test_pulses_lie_on_zero_crossings(line_frequency):
    pair = pulse_pair("INT 7", line_frequency)
    run(pair)
    pulses = edges(pair)
    assert len(pulses) == 3
    for start, end in pulses:
        assert end - start == pytest.approx(200 * US, abs=1e-9)
        assert start * line_frequency == pytest.approx(round(start * line_frequency), abs=1e-6)
    assert np.diff([start for start, _ in pulses]) == pytest.approx([7 / line_frequency] * 2)
    apertures = np.array(pair.sample.apertures).reshape(3, 3, 2)
    window = (200 - 50) // 33 * 33 * US
    assert apertures[:, :, 1] - apertures[:, :, 0] == pytest.approx(np.full((3, 3), window))
    for (start, _), windows in zip(pulses, apertures, strict=True):
        expected = [start + k / line_frequency + 50 * US for k in (-1, 0, 1)]
        assert windows[:, 0] == pytest.approx(expected, abs=1e-7)


def test_pulse_readings_and_their_units():
    pair = pulse_pair("INT 5")
    pair.sample.offset, pair.sample.drift = 10e-6, 1e-4
    run(pair)
    assert pair.buffer()[::2] == pytest.approx([10e-3] * 3)
    assert pair.buffer()[1::2] == pytest.approx([0.0, 5 / 60, 10 / 60], abs=1e-4)
    assert pair.ask("TRAC:DATA:TYPE?") == "PULS"
    for unit, power, value in [("OHMS", "PEAK", 1.0), ("W", "PEAK", 1e-4), ("W", "AVER", 1e-4 * 200e-6 * 60 / 5)]:
        pair.write(f"UNIT {unit};:UNIT:POW {power}")
        run(pair)
        assert pair.buffer()[::2] == pytest.approx([value] * 3)


def test_one_low_measurement_is_two_points():
    """The second low one is put out and not measured."""
    pair = pulse_pair("LME 1;INT 5")
    pair.sample.drift = 0.06
    run(pair)
    assert len(pair.samples) == 6
    assert pair.buffer()[::2] == pytest.approx([11e-3] * 3)
    assert np.diff([start for start, _ in edges(pair)]) == pytest.approx([5 / 60] * 2)


@pytest.mark.parametrize(
    ("sweep", "levels"),
    [
        ("SPAC LIN;:SOUR:CURR:STAR 2e-3;STOP 10e-3;STEP 2e-3", [2e-3, 4e-3, 6e-3, 8e-3, 10e-3]),
        ("SPAC LOG;POIN 5;:SOUR:CURR:STAR 1e-3;STOP 10e-3", [1e-3, 1.7783e-3, 3.1623e-3, 5.6234e-3, 10e-3]),
        ("SPAC LIST;:SOUR:LIST:CURR 5e-3,1e-3,3e-3;DEL 0.1,0.2,0.1;COMP 10,10,10", [5e-3, 1e-3, 3e-3]),
    ],
)
def test_pulse_sweeps(sweep, levels):
    pair = pulse_pair(f"SWE ON;:SOUR:DEL 0.1;:SOUR:SWE:{sweep};:FORM:ELEM READ,SOUR")
    run(pair)
    numbers = pair.buffer()
    assert numbers[::2] == pytest.approx(levels, abs=0.5e-6)  # the 20 mA range resolves 1 uA
    assert numbers[1::2] == pytest.approx(levels, abs=0.5e-6)
    starts = [start for start, _ in edges(pair)]
    assert np.diff(starts)[0] == pytest.approx(0.1)


def test_a_clamped_pulse_is_flagged():
    pair = pulse_pair("INT 5;:SOUR:CURR:COMP 0.1;:FORM:ELEM READ,COMP")
    pair.sample.resistance = 20.0
    run(pair)
    assert pair.ask("TRAC:DATA?") == ",".join(["+1.000000E-01,1"] * 3)


def test_a_list_of_pulses_has_its_own_compliances_and_may_end_on_one():
    pair = pulse_pair(
        "SWE ON;:SOUR:SWE:SPAC LIST;CAB ON;:SOUR:LIST:CURR 1e-3,2e-3,3e-3;DEL 0.1,0.1,0.1;COMP 10,0.1,10;"
        ":FORM:ELEM READ,COMP"
    )
    pair.sample.resistance = 90.0
    run(pair)
    assert pair.ask("TRAC:DATA?") == "+9.000000E-02,0"
    assert int(pair.ask("STAT:OPER?")) & 0x06 == 0x04
    assert len(edges(pair)) == 2


def test_a_pulse_beyond_the_range_is_an_overflow():
    """There is no time to change it, even where it is automatic."""
    pair = pulse_pair("INT 5;:SOUR:CURR:COMP 100")
    pair.write("SOUR:SWE:ABOR", 'SYST:COMM:SER:SEND ":SENS:VOLT:RANG:AUTO ON"')
    pair.wait(1.0)
    pair.sample.resistance = 30.0
    pair.write("SOUR:PDEL:ARM")
    run(pair)
    assert pair.ask("TRAC:DATA?").split(",")[::2] == ["+9.9E37"] * 3


def test_noise_of_pulse_readings():
    """k * range / t + e / sqrt(2 t) for readings of three conversions."""
    pair = pulse_pair("COUN 400;WIDT 1e-3;SDEL 16e-6;LOW 0;:FORM:ELEM READ", noise=np.random.default_rng(3))
    run(pair)
    window = (1000 - 16) // 33 * 33 * US
    assert np.std(pair.buffer()) == pytest.approx(pulse_noise(0.1, window) * 1.5**0.5, rel=0.12)
