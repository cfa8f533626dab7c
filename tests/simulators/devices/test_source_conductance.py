"""Differential Conductance of the 6221 with a real (simulated) 2182A at the cables."""

import numpy as np
import pytest

from simulators.devices.keithley6221 import Keithley6221
from tests.simulators.devices.pair_bench import Pair, prepare, run


def dcon_pair(settings, noise=None, source=Keithley6221):
    pair = Pair(60.0, noise, source=source)
    pair.sample.resistance = 1000.0
    pair.watch_samples()
    prepare(pair)
    pair.write(f":SOUR:DCON:DEL 1e-3;{settings}", "SOUR:DCON:ARM")
    pair.samples.clear()
    return pair


def test_the_manuals_staircase():
    pair = dcon_pair("STAR 0;STOP 50e-6;STEP 10e-6;DELT 20e-6;:FORM:ELEM READ,SOUR,AVOL,TST;:UNIT SIEM")
    pair.sample.offset = 5e-6
    run(pair)
    levels = [current for _, current in pair.sample.changes if current is not None]
    assert levels == pytest.approx([10e-6, -20e-6, 30e-6, 0.0, 50e-6, 20e-6, 70e-6, 40e-6], abs=1e-12)
    numbers = np.array(pair.buffer()).reshape(-1, 4)
    currents = np.arange(6) * 10e-6
    assert numbers[:, 0] == pytest.approx(np.full(6, 1e-3))
    assert numbers[:, 2] == pytest.approx(currents, abs=1e-12)
    assert numbers[:, 3] == pytest.approx(1000.0 * currents + 5e-6, abs=2e-11)
    assert pair.ask("TRAC:DATA:TYPE?;:TRAC:POIN?") == "DCON;6"


@pytest.mark.parametrize(("unit", "value"), [("V", 20e-3), ("OHMS", 1000.0), ("SIEM", 1e-3)])
def test_units_of_a_staircase(unit, value):
    pair = dcon_pair(f"STAR 0;STOP 50e-6;STEP 10e-6;DELT 20e-6;:UNIT {unit}")
    run(pair)
    assert pair.buffer()[::2] == pytest.approx([value] * 6)


def test_power_of_a_staircase_is_average_voltage_times_average_current():
    pair = dcon_pair("STAR 0;STOP 50e-6;STEP 10e-6;DELT 20e-6;:UNIT W")
    run(pair)
    assert pair.buffer()[::2] == pytest.approx([1000.0 * (n * 10e-6) ** 2 for n in range(6)], abs=1e-15)


def middles(pair):
    """The middle currents of all cycles: what flowed, without what alternates."""
    levels = [current for _, current in pair.sample.changes if current is not None]
    return [(x + 2 * y + z) / 4 for x, y, z in zip(levels, levels[1:], levels[2:], strict=False)]


FILTERED = "DELT 20e-6;:SENS:AVER:COUN 5;TCON REP;STAT ON;:FORM:ELEM READ,SOUR"


@pytest.mark.parametrize(("start", "stop", "sign"), [(0.0, 40e-6, 1.0), (20e-6, -20e-6, -1.0)])
def test_the_repeating_filter_divides_the_step_and_stays_within_start_and_stop(start, stop, sign):
    """Step 10 uA over 5; 21 cycles lie between start and stop, which is four readings of five."""
    pair = dcon_pair(f"STAR {start};STOP {stop};STEP 10e-6;{FILTERED}")
    run(pair)
    assert pair.ask("TRAC:POIN?;POIN:ACT?") == "4;4"
    assert len(pair.samples) == 22
    assert pair.buffer()[1::2] == pytest.approx([start + sign * (4e-6 + n * 10e-6) for n in range(4)], abs=1e-12)
    assert min(start, stop) - 1e-12 < min(middles(pair)) < max(middles(pair)) < max(start, stop) + 1e-12


def test_a_filtered_staircase_whose_steps_do_not_fit():
    """Cycles at 0, 4/3 ... 28/3 uA: eight, of which three make a reading each."""
    pair = dcon_pair(f"STAR 0;STOP 10e-6;STEP 4e-6;{FILTERED.replace('COUN 5', 'COUN 3')}")
    run(pair)
    assert pair.ask("TRAC:POIN:ACT?") == "2"
    assert max(middles(pair)) < 10e-6


def test_a_staircase_that_goes_on_beyond_the_stop():
    class GoesOn(Keithley6221):
        staircase_goes_on = True

    pair = dcon_pair(f"STAR 0;STOP 40e-6;STEP 10e-6;{FILTERED}", source=GoesOn)
    run(pair)
    assert pair.ask("TRAC:POIN:ACT?") == "5"
    assert len(pair.samples) == 27
    assert pair.buffer()[1::2] == pytest.approx([4e-6 + n * 10e-6 for n in range(5)])
    assert max(middles(pair)) == pytest.approx(48e-6)


def test_the_v_zero_takes_the_meters_own_offset_away():
    """With the front autozero off it is up to 500 uV; it cancels in dV and would show in the average."""
    pair = dcon_pair("STAR -5e-6;STOP 5e-6;STEP 1e-6;DELT 1e-6;:FORM:ELEM READ,AVOL", np.random.default_rng(4))
    zero = float(pair.ask("SOUR:DCON:NVZ?"))
    assert abs(zero) > 1e-6
    run(pair)
    averages = np.array(pair.buffer()[1::2])
    assert averages == pytest.approx(1000.0 * np.linspace(-5e-6, 5e-6, 11), abs=1e-6)
    flat = [(x + 2.0 * y + z) / 4.0 for x, y, z in zip(pair.samples, pair.samples[1:], pair.samples[2:], strict=False)]
    assert np.mean(flat) == pytest.approx(zero, abs=1e-6)


def test_the_v_zero_takes_three_seconds_at_five_plc():
    pair = Pair()
    start = pair.timeline.now
    pair.write("SOUR:DCON:ARM")
    assert pair.timeline.now - start == pytest.approx(4.0, abs=1.0)
