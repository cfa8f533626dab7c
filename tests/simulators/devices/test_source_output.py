"""What really flows out of a simulated 6221: accuracy, settling, compliance, interlock, change of range."""

from __future__ import annotations

import math

import numpy as np
import pytest

from instruments.tables.keithley6221 import RANGES
from simulators.devices.keithley6221 import Keithley6221
from simulators.devices.source_output import (
    FAST_SETTLING,
    GAIN_ERRORS,
    NOISE,
    OFFSET_ERRORS,
    SLOW_SETTLING,
)
from tests.simulators.devices.source_bench import SourceBench

INSTRUMENTS = 200

TABLE_OF_SPECIFICATIONS = [
    # range A, % of reading, + A, noise A rms, settling fast and slow s
    (2e-9, 0.4, 2e-12, 80e-15, 90e-6, 100e-6),
    (20e-9, 0.3, 10e-12, 0.8e-12, 90e-6, 100e-6),
    (200e-9, 0.3, 100e-12, 4e-12, 30e-6, 100e-6),
    (2e-6, 0.1, 1e-9, 40e-12, 4e-6, 100e-6),
    (20e-6, 0.05, 10e-9, 0.4e-9, 2e-6, 100e-6),
    (200e-6, 0.05, 100e-9, 4e-9, 2e-6, 100e-6),
    (2e-3, 0.05, 1e-6, 40e-9, 2e-6, 100e-6),
    (20e-3, 0.05, 10e-6, 0.4e-6, 2e-6, 100e-6),
    (100e-3, 0.1, 50e-6, 2e-6, 3e-6, 100e-6),
]


@pytest.mark.parametrize("row", TABLE_OF_SPECIFICATIONS)
def test_every_range_is_as_specified(row):
    full, gain, offset, noise, fast, slow = row
    index = RANGES.index(full)
    assert GAIN_ERRORS[index] == pytest.approx(gain / 100)
    assert OFFSET_ERRORS[index] == pytest.approx(offset)
    assert (NOISE[index], FAST_SETTLING[index], SLOW_SETTLING[index]) == (noise, fast, slow)


def flowing(seed, full, level):
    """What flows on a range of the instrument that a seed draws."""
    bench = SourceBench(np.random.default_rng(seed))
    bench.terminals.resistance = 0.1
    bench.write(f"SOUR:CURR:RANG {full};:SOUR:CURR {level};:OUTP 1")
    assert bench.errors() == []
    assert float(bench.ask("SOUR:CURR?") or "nan") == pytest.approx(level)  # the display knows nothing of it
    return bench.terminals.current


@pytest.mark.parametrize("row", TABLE_OF_SPECIFICATIONS)
def test_instruments_fill_their_specification_and_stay_within(row):
    full, gain, offset = row[:3]
    at_zero = np.array([flowing(seed, full, 0.0) for seed in range(INSTRUMENTS)])
    at_full = np.array([flowing(seed, full, full) for seed in range(INSTRUMENTS)])
    assert np.abs(at_zero).max() <= offset
    assert np.abs(at_full - full).max() <= gain / 100 * full + offset
    for relative in (at_zero / offset, (at_full - at_zero - full) / (gain / 100 * full)):  # even between -1 and 1
        assert abs(relative.mean()) < 4 * 3**-0.5 / INSTRUMENTS**0.5
        assert relative.std() == pytest.approx(3**-0.5, rel=0.15)


def test_an_instrument_keeps_its_errors():
    assert flowing(3, 2e-3, 1e-3) == flowing(3, 2e-3, 1e-3) != flowing(4, 2e-3, 1e-3)


def test_a_perfect_instrument_drives_what_it_shows():
    bench = SourceBench()
    bench.write("OUTP 1;:SOUR:CURR 1.2345e-3")
    assert bench.terminals.current == pytest.approx(1.2345e-3, rel=1e-12)


@pytest.mark.parametrize(("volts", "offset"), [(0.1, 0.02), (20.0, 0.02), (20.01, 0.1), (105.0, 0.1)])
def test_compliance_is_as_accurate_as_specified(volts, offset):
    limits: list[float] = []
    for seed in range(INSTRUMENTS):
        bench = SourceBench(np.random.default_rng(seed))
        bench.write(f"SOUR:CURR:COMP {volts};:OUTP 1")
        limits.append(bench.terminals.limit)
    errors = np.array(limits) - volts
    assert np.abs(errors).max() <= 1e-3 * volts + offset
    assert np.abs(errors).max() > 0.5 * offset


@pytest.mark.parametrize("row", TABLE_OF_SPECIFICATIONS)
def test_a_thousandth_is_left_after_the_settling_time(row):
    full, fast, slow = row[0], row[4], row[5]
    bench = SourceBench()
    for settings, time in (("OUTP:RESP FAST", fast), ("OUTP:RESP SLOW", slow), ("OUTP:RESP FAST;:CURR:FILT 1", slow)):
        bench.write(f"*RST;:{settings};:SOUR:CURR:RANG {full};:OUTP 1;:SOUR:CURR {full}")
        assert math.exp(-time / bench.terminals.changes[-1].settling) == pytest.approx(1e-3)


class Spiking(Keithley6221):
    """A source of which somebody has measured what it does when its range changes."""

    range_change_spike = 0.01
    range_change_time = 50e-6


def test_changing_range_with_the_output_on_makes_a_spike_where_the_size_is_known():
    bench = SourceBench(kind=Spiking)
    bench.write("SOUR:CURR 1e-3")
    bench.wait(1.0)
    bench.write("OUTP 1")
    bench.wait(1.0)
    bench.forget()
    bench.write("SOUR:CURR 2.2e-3")  # to 20 mA
    bench.wait(1.0)
    assert bench.terminals.levels() == [(2.0, pytest.approx(2.4e-3)), (2.0 + 50e-6, pytest.approx(2.2e-3))]
    bench.forget()
    bench.write("SOUR:CURR 2.3e-3")
    bench.wait(1.0)
    assert bench.terminals.levels() == [(3.0, pytest.approx(2.3e-3))]
    bench.forget()
    bench.write("SOUR:CURR 1e-3;:OUTP 0")
    bench.wait(1.0)
    assert not bench.terminals.driven
    assert len(bench.terminals.changes) == 2


def test_without_a_known_size_there_is_none():
    bench = SourceBench()
    bench.write("OUTP 1;:SOUR:CURR 1e-3", "SOUR:CURR 20e-3", "SOUR:CURR 1e-9")
    assert [current for _, current in bench.terminals.levels()] == pytest.approx([0.0, 1e-3, 20e-3, 1e-9])


def test_an_interlock_that_opens_turns_the_output_off():
    bench = SourceBench()
    bench.write("OUTP 1;:SOUR:CURR 1e-3;:STAT:MEAS:ENAB 2")
    bench.device.interlock_closed = False
    assert not bench.terminals.driven
    assert bench.ask("OUTP?;:STAT:MEAS:COND?;:*STB?;:OUTP:INT:TRIP?") == "0;2;17;0"
    bench.write("OUTP 1")
    assert bench.errors() == [-221]
    bench.device.interlock_closed = True
    assert not bench.terminals.driven
    assert bench.ask("OUTP 1;OUTP?;:STAT:MEAS:COND?") == "1;0"


class Strict(Keithley6221):
    """A source whose shield and low cannot be connected otherwise with the output on."""

    connections_change_while_on = False


@pytest.mark.parametrize(("kind", "codes"), [(Keithley6221, []), (Strict, [-221])])
@pytest.mark.parametrize("change", ["OUTP:ISH GUARD", "OUTP:LTE ON"])
def test_connections(kind, codes, change):
    bench = SourceBench(kind=kind)
    bench.write("OUTP 1", change)
    assert bench.errors() == codes
    bench.write("OUTP 0", change)
    assert bench.errors() == []
    assert bench.ask(change.split(" ", maxsplit=1)[0] + "?") in {"GUAR", "1"}
