"""The analog output, the calibration of itself and the front panel of the simulated 2182A."""

import pytest

from tests.simulators.devices.meter_bench import Bench, quiet_bench


@pytest.fixture
def bench() -> Bench:
    return quiet_bench()


# ---- analog output: gain x reading/range - offset


@pytest.mark.parametrize(
    ("volts", "full", "expected"),
    [(1.0, 1.0, 1.0), (-1.0, 1.0, -1.0), (1.0, 10.0, 0.1), (12.0, 10.0, 1.2), (50e-3, 0.1, 0.5), (-1e-3, 1.0, -1e-3)],
)
def test_examples_of_the_manual(bench, volts, full, expected):
    """Table 10-1."""
    bench.put(volts)
    bench.ask(f"SENS:VOLT:RANG {full};:READ?")
    assert bench.device.analog_output == pytest.approx(expected)


def test_gain_and_offset(bench):
    """100 mV on the 1 V range with a gain of ten and an offset of 1 V is zero (manual, page 10-3)."""
    bench.put(0.1)
    bench.ask("SENS:VOLT:RANG 1;:READ?")
    bench.write("OUTP:GAIN 10")
    assert bench.device.analog_output == pytest.approx(1.0)
    bench.write("OUTP:OFFS 1")
    assert bench.device.analog_output == pytest.approx(0.0)
    bench.write("OUTP:GAIN 100")
    assert bench.device.analog_output == 1.2
    bench.write("OUTP 0")
    assert bench.device.analog_output == 0.0


def test_relative_makes_the_present_output_zero(bench):
    bench.put(4e-3)
    bench.ask("READ?")
    bench.write("OUTP:REL 1")
    assert bench.device.analog_output == 0.0
    bench.put(6e-3)
    bench.ask("READ?")
    assert bench.device.analog_output == pytest.approx(0.2)
    bench.write("OUTP:REL 0")
    assert bench.device.analog_output == pytest.approx(0.6)


def test_what_the_output_follows(bench):
    assert bench.device.analog_output == 0.0
    bench.put(4e-3)
    bench.put(2e-3, 2)
    bench.ask("SENS:VOLT:RAT 1;:READ?")
    bench.write("OUTP:GAIN .1")
    assert bench.device.analog_output == pytest.approx(0.2)
    bench.ask("SENS:CHAN 0;:READ?")
    assert bench.device.analog_output == pytest.approx(0.1 * 27 / 1000)
    bench.put(1.0)
    bench.ask("SENS:CHAN 1;:READ?")
    assert bench.device.analog_output == 1.2
    bench.wait(bench.device.input.recovery_time)
    bench.put(5e-3)
    bench.ask("CALC:FORM MXB;KMAT:MMF 2;:CALC:STAT 1;:READ?")
    assert bench.device.analog_output == pytest.approx(0.1)


# ---- calibration of itself


@pytest.mark.parametrize("step", ["STEP1", "STEP2"])
def test_calibration_takes_five_minutes_and_leaves_it_idle(bench, step):
    bench.write("INIT:CONT 1;:CAL:UNPR:ACAL:INIT")
    bench.device.internal_temperature = 31.5
    assert bench.ask("CAL:UNPR:ACAL:TEMP?;:SENS:TEMP:RTEM?") == "27.00;31.50"
    before = bench.clock.now()
    bench.write(f"CAL:UNPR:ACAL:{step}")
    bench.wait(100.0)
    assert bench.device.status.operation.condition & 1
    assert bench.ask("CAL:UNPR:ACAL:DONE;TEMP?;:STAT:OPER:COND?") == "31.50;1024"
    assert bench.clock.now() - before == pytest.approx(300.0)
    assert bench.errors() == []


def test_a_device_clear_ends_a_calibration(bench):
    bench.write("STAT:QUE:ENAB (121);:CAL:UNPR:ACAL:STEP1")
    bench.wait(1.0)
    bench.device.clear()
    assert bench.ask("STAT:OPER:COND?;:CAL:UNPR:ACAL:TEMP?") == "1024;27.00"
    assert bench.errors() == [121]


# ---- front panel


def test_local_remote_and_the_lock(bench):
    bench.write("SYST:REM;:SYST:RWL")
    assert (bench.device.remote, bench.device.locked) == (True, True)
    bench.device.press_local()
    assert bench.device.remote
    assert int(bench.ask("*ESR?")) & 0x40
    bench.write("SYST:LOC")
    assert (bench.device.remote, bench.device.locked) == (False, False)


def test_the_trigger_key_is_the_manual_source(bench):
    bench.put(1e-3)
    bench.device.press_trigger()
    bench.write("TRIG:SOUR MAN;:SYST:RWL;:INIT;:SENS:DATA:FRES?")
    bench.device.press_trigger()
    assert bench.device.ready_at() is None
    bench.device.locked = False
    bench.device.press_trigger()
    bench.wait(1.0)
    assert float(bench.device.read()) == pytest.approx(1e-3)
    assert bench.ask("STAT:OPER:COND?") == "1024"
