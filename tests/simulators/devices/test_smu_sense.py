"""What the simulated 2400 measures, what it makes of it, and how it says it."""

import math
import statistics
import struct

import pytest

from tests.simulators.devices.smu_bench import Bench

NOT_THERE = 9.91e37


def ready(resistance=1000.0, setup="SENS:CURR:PROT 0.1;:SOUR:VOLT 1", **more):
    """A bench with the output on."""
    bench = Bench(resistance, **more)
    bench.write(f"{setup};:OUTP 1")
    assert bench.errors() == []
    return bench


# ---- elements and the status word


def test_the_manuals_example():
    """10 kilohm in automatic ohms: 100 uA, 1 V, and 48132 in the status word."""
    bench = ready(10002.06, "SENS:FUNC 'RES';:SENS:RES:RANG 2e4")
    reply = bench.ask("READ?") or ""
    volts, amperes, ohms, _, status = reply.split(",")
    assert (volts, amperes, ohms) == ("+1.000206E+00", "+1.000000E-04", "+1.000206E+04")
    assert status == "+4.813200E+04"


def test_what_is_not_measured_is_the_programmed_level_or_not_there():
    bench = ready()
    assert bench.numbers("READ?")[:3] == [1.0, 1e-3, NOT_THERE]
    bench.write("SENS:FUNC:OFF:ALL;:SENS:FUNC 'VOLT'")
    assert bench.numbers("READ?")[:3] == [1.0, NOT_THERE, NOT_THERE]
    bench.write("SENS:FUNC:OFF:ALL")
    assert bench.numbers("READ?")[:3] == [1.0, NOT_THERE, NOT_THERE]


def test_functions():
    bench = Bench()
    bench.write("SENS:RES:MODE MAN;:SENS:FUNC 'VOLT:DC'")
    assert bench.ask("SENS:FUNC?;FUNC:OFF?;:SENS:FUNC:ON:COUN?;:SENS:FUNC:STAT? 'RES'") == (
        '"VOLT:DC","CURR:DC";"RES";2;0'
    )
    bench.write("SENS:FUNC:CONC 0")
    assert bench.ask("SENS:FUNC?;:CONF?") == '"VOLT:DC";"VOLT:DC"'
    bench.write("SENS:FUNC 'CURR','RES'")
    assert bench.ask("SENS:FUNC?;FUNC:OFF:COUN?") == '"RES";2'
    bench.write("SENS:FUNC:OFF 'RES'")
    assert bench.ask("SENS:FUNC?") == '""'
    bench.write("SENS:FUNC:CONC 1;:SENS:FUNC:ALL")
    assert bench.ask("SENS:FUNC?") == '"VOLT:DC","CURR:DC","RES"'


def test_elements_keep_their_order():
    bench = ready()
    bench.write("FORM:ELEM STAT,CURR,VOLT")
    assert bench.ask("FORM:ELEM?") == "VOLT,CURR,STAT"
    assert bench.ask("READ?") == "+1.000000E+00,+1.000000E-03,+2.048400E+04"


def test_binary_readings():
    bench = ready()
    bench.write("FORM:ELEM VOLT,CURR;:FORM REAL,32;:TRIG:COUN 2")
    for order, mark in (("NORM", ">"), ("SWAP", "<")):
        bench.write(f"FORM:BORD {order}")
        reply = (bench.ask("READ?") or "").encode("latin-1")
        assert reply[:2] == b"#0"
        assert struct.unpack(f"{mark}4f", reply[2:]) == pytest.approx((1.0, 1e-3, 1.0, 1e-3))
    assert bench.ask("FORM?") == "REAL,32"
    bench.write("FORM:DATA ASCII")
    assert bench.ask("FORM?") == "ASC"


def test_readings_can_be_fetched_again_and_the_last_alone():
    bench = ready()
    bench.write("TRIG:COUN 3")
    reply = bench.ask("READ?") or ""
    assert reply.count(",") == 14
    assert bench.ask("FETC?") == bench.ask("FETC?") == reply
    assert bench.ask("SENS:DATA?") == bench.ask(":DATA:LAT?") == ",".join(reply.split(",")[-5:])


def test_the_clock_of_readings():
    bench = ready()
    bench.sleep(3.0)
    assert bench.numbers("READ?")[3] == pytest.approx(bench.clock.now(), abs=1e-6)
    bench.write("SYST:TIME:RES")
    assert float(bench.ask("SYST:TIME?") or "") == 0.0
    bench.sleep(100_000.5)
    assert float(bench.ask("SYST:TIME?") or "") == pytest.approx(0.5, abs=1e-3)
    bench.write("SYST:TIME:RES:AUTO 1")
    assert bench.numbers("READ?")[3] < 0.2


# ---- ranges


def test_automatic_ranging_finds_the_current():
    for current, full in ((3e-7, 1.05e-6), (2e-5, 1.05e-4), (3e-3, 1.05e-2), (5e-2, 0.105)):
        bench = ready(1.0 / current, "SENS:CURR:PROT 0.1;:SOUR:VOLT 1")
        assert bench.numbers("READ?")[1] == pytest.approx(current, rel=1e-6)
        assert float(bench.ask("SENS:CURR:RANG?") or "") == pytest.approx(full)


def test_limits_of_automatic_ranging():
    bench = ready(1e6, "SENS:CURR:PROT 0.1;:SENS:CURR:RANG:AUTO:LLIM 1e-3;:SOUR:VOLT 1")
    bench.ask("READ?")
    assert float(bench.ask("SENS:CURR:RANG?") or "") == pytest.approx(1.05e-3)


def test_what_is_sourced_is_read_back_on_the_sources_range():
    bench = ready(setup="SENS:FUNC 'VOLT';:SOUR:VOLT:RANG 20;:SOUR:VOLT 1", calibration=3)
    error = bench.device._calibration.measured["VOLT"]
    volts = bench.numbers("READ?")[0]
    assert volts == pytest.approx(error.apply(bench.load.state()[0], 2), abs=0.5 * 20 / 2e6)


def test_open_leads_read_no_current():
    bench = ready(math.inf)
    assert bench.numbers("READ?")[:2] == [1.0, 0.0]
    bench.write("SOUR:FUNC CURR;:SENS:VOLT:PROT 5;:SOUR:CURR 1e-3;:SENS:FUNC 'VOLT'")
    volts, amperes, _, _, status = bench.numbers("READ?")
    assert (volts, amperes) == (5.0, 0.0)
    assert int(status) & (1 << 3)


# ---- resistance


@pytest.mark.parametrize(
    ("resistance", "current"),
    [(5.0, 0.1), (50.0, 1e-2), (500.0, 1e-3), (5e3, 1e-4), (5e4, 1e-5), (5e5, 1e-6), (5e6, 1e-6), (5e7, 1e-7)],
)
def test_automatic_ohms_has_its_own_test_currents(resistance, current):
    bench = ready(resistance, "SENS:FUNC 'RES'")
    volts, amperes, ohms, _, status = bench.numbers("READ?")
    assert ohms == pytest.approx(resistance, rel=1e-6)
    assert amperes == pytest.approx(current)
    assert int(status) & (1 << 10)
    assert volts == pytest.approx(resistance * current, rel=1e-6)
    assert bench.ask("SOUR:FUNC?") == "CURR"


@pytest.mark.parametrize(("resistance", "reads"), [(2.1e8, True), (3e8, False), (math.inf, False)])
def test_automatic_ohms_reads_as_far_as_its_highest_range(resistance, reads):
    """5.5 % more than its name (2400 series user's manual, 7-2): 211 Mohm."""
    bench = ready(resistance, "SENS:FUNC 'RES'")
    ohms, status = bench.numbers("READ?")[2::2]
    assert ohms == (pytest.approx(resistance, rel=1e-5) if reads else 9.9e37)
    assert bool(int(status) & 0x01) == (not reads)


@pytest.mark.parametrize(("resistance", "reads"), [(2.1e3, True), (2.12e3, False)])
def test_a_fixed_range_of_automatic_ohms(resistance, reads):
    bench = ready(resistance, "SENS:FUNC 'RES';:SENS:RES:RANG 2e3")
    assert bench.numbers("READ?")[2] == (pytest.approx(resistance, rel=1e-5) if reads else 9.9e37)


def test_manual_ohms_divides_what_is_there():
    bench = ready(250.0, "SENS:RES:MODE MAN;:SENS:FUNC 'RES';:SENS:CURR:PROT 0.1;:SOUR:VOLT 0.5")
    volts, amperes, ohms, _, status = bench.numbers("READ?")
    assert (volts, amperes, ohms) == (0.5, 2e-3, 250.0)
    assert not int(status) & (1 << 10)


def test_offset_compensation_takes_a_thermal_voltage_away():
    bench = ready(100.0, "SENS:RES:MODE MAN;:SENS:FUNC 'RES';:SOUR:FUNC CURR;:SOUR:CURR 1e-3")
    bench.load.emf = 1e-2
    assert bench.numbers("READ?")[2] == pytest.approx(110.0)
    bench.write("SENS:RES:OCOM 1")
    reading = bench.numbers("READ?")
    assert reading[2] == pytest.approx(100.0)
    assert int(reading[4]) & (1 << 17)
    assert bench.load.history[-1][1:3] == ("I", 1e-3)
    assert bench.load.history[-2][1:3] == ("I", 0.0)


# ---- noise, filter, autozero


def test_noise_falls_with_the_integration_time():
    spreads = []
    for nplc in (0.1, 1.0, 10.0):
        bench = ready(1e3, f"SENS:VOLT:NPLC {nplc};:SENS:CURR:PROT 2e-3;:SENS:CURR:RANG 1e-3;:SOUR:VOLT 1", noise=1)
        bench.write("TRIG:COUN 400;:FORM:ELEM CURR")
        spreads.append(statistics.stdev(bench.numbers("READ?")))
    assert spreads[1] == pytest.approx(1e-6 * 1.05e-3, rel=0.15)
    assert spreads[0] == pytest.approx(10 * spreads[1], rel=0.2)
    assert spreads[2] == pytest.approx(spreads[1] / math.sqrt(10), rel=0.2)


def test_the_repeating_filter_averages_and_takes_as_long():
    setup = "SENS:CURR:PROT 2e-3;:SENS:CURR:RANG 1e-3;:SOUR:VOLT 1;:TRIG:COUN 100;:FORM:ELEM CURR"
    bench = ready(1e3, setup, noise=2)
    plain, duration = bench.timed("READ?")
    bench.write("SENS:AVER:COUN 25;:SENS:AVER 1")
    averaged, longer = bench.timed("READ?")
    spreads = [statistics.stdev(float(item) for item in (text or "").split(",")) for text in (plain, averaged)]
    assert spreads[1] == pytest.approx(spreads[0] / 5, rel=0.35)
    assert longer == pytest.approx(25 * duration, rel=0.05)


def test_the_moving_filter_mixes_the_points_of_a_sweep():
    bench = ready(1e3, "SOUR:VOLT:STAR 0;STOP 4;:SOUR:SWE:POIN 5;:SOUR:VOLT:MODE SWE;:SENS:CURR:PROT 0.01")
    bench.write("TRIG:COUN 5;:SENS:AVER:TCON MOV;COUN 2;:SENS:AVER 1;:FORM:ELEM CURR")
    assert bench.numbers("READ?") == pytest.approx([0.0, 0.5e-3, 1.5e-3, 2.5e-3, 3.5e-3])


def test_without_autozero_the_zero_drifts_until_it_is_taken_again():
    bench = ready(1e3, "SENS:CURR:PROT 2e-3;:SENS:CURR:RANG 1e-3;:SOUR:VOLT 1;:FORM:ELEM CURR", calibration=5)
    (true,) = bench.numbers("READ?")
    bench.write("SYST:AZER:STAT OFF")
    assert bench.ask("SYST:AZER?") == "0"
    bench.sleep(7200.0)
    (drifted,) = bench.numbers("READ?")
    assert 1e-10 < abs(drifted - true) <= 2e-5 * 1.05e-3
    bench.write("SYST:AZER:STAT ONCE")
    assert bench.numbers("READ?") == pytest.approx([true], abs=2e-12)
    assert bench.ask("SYST:AZER?") == "0"


# ---- math, limits, buffer


def test_power():
    bench = ready(1e3, "SENS:FUNC 'VOLT','CURR';:SENS:CURR:PROT 0.1;:SOUR:VOLT 2;:CALC:STAT 1")
    bench.ask("READ?")
    assert bench.numbers("CALC:DATA?") == [4e-3]
    assert bench.ask("CALC:MATH:NAME?") == '"POWER"'
    bench.write("FORM:ELEM:CALC STAT,CALC;:CALC:STAT 0")
    bench.ask("READ?")
    assert bench.ask("CALC:DATA?") is None
    assert bench.errors() == [-230]


def test_expressions_over_two_readings():
    bench = ready(1e3, "SENS:RES:MODE MAN;:SENS:FUNC:ALL;:SENS:CURR:PROT 0.1;:CALC:MATH:NAME 'OFFCOMPOHM'")
    bench.load.emf = 0.5
    bench.write("SOUR:LIST:VOLT 1,3;:SOUR:VOLT:MODE LIST;:TRIG:COUN 2;:CALC:STAT 1;:OUTP 1")
    bench.ask("READ?")
    assert bench.numbers("CALC:DATA?") == pytest.approx([1000.0])


def test_limit_tests_and_null():
    bench = ready(1e3, "CALC2:FEED CURR;:SENS:CURR:PROT 0.1;:SOUR:VOLT 1")
    bench.write("CALC2:LIM2:UPP 2e-3;LOW 0.5e-3;STAT 1;:CALC2:LIM5:UPP 5e-3;LOW 0;STAT 1")
    status = int(bench.numbers("READ?")[4])
    assert status & 0x80
    assert not status & 0x380300
    assert int(bench.ask("STAT:MEAS:COND?") or "") & 0x20
    bench.write("SOUR:VOLT 3")
    assert int(bench.numbers("READ?")[4]) >> 8 & 3 == 2
    assert bench.ask("CALC2:LIM2:FAIL?;:CALC2:LIM5:FAIL?;:STAT:MEAS:COND?") == f"1;0;{0x44}"
    bench.write("CALC2:CLIM:CLE")
    assert bench.ask("CALC2:LIM2:FAIL?") == "0"
    bench.write("CALC2:NULL:ACQ;:CALC2:NULL:STAT 1")
    assert bench.ask("CALC2:NULL:OFFS?") == "3.000000E-03"
    bench.write("SOUR:VOLT 4")
    assert int(bench.numbers("READ?")[4]) & 0x40
    assert bench.numbers("CALC2:DATA?") == pytest.approx([1e-3])


def test_the_limit_test_of_compliance():
    bench = ready(1e3, "CALC2:LIM1:STAT 1;:SENS:CURR:PROT 1e-4;:SOUR:VOLT 1")
    assert int(bench.numbers("READ?")[4]) >> 8 & 1
    assert bench.ask("CALC2:LIM:FAIL?") == "1"
    bench.write("CALC2:CLIM:CLE;:CALC2:LIM1:COMP:FAIL OUT")
    assert not int(bench.numbers("READ?")[4]) >> 8 & 1


def test_the_buffer_and_its_statistics():
    bench = ready(1e3, "SENS:CURR:PROT 0.1;:SOUR:LIST:VOLT 1,2,3,4;:SOUR:VOLT:MODE LIST;:TRIG:COUN 4;:FORM:ELEM CURR")
    bench.write("TRAC:CLE;:TRAC:POIN 3;:TRAC:FEED SENS;:TRAC:FEED:CONT NEXT")
    assert bench.ask("TRAC:POIN:ACT?;:STAT:MEAS:COND?") == "0;0"
    assert bench.numbers("READ?") == [1e-3, 2e-3, 3e-3, 4e-3]
    assert bench.ask("TRAC:POIN:ACT?;:TRAC:FEED:CONT?;:TRAC:FEED?;:TRAC:FREE?") == "3;NEV;SENS1;59928,72"
    assert int(bench.ask("STAT:MEAS:COND?") or "") & 0x300 == 0x300
    assert bench.numbers("TRAC:DATA?") == bench.numbers(":DATA:DATA?") == [1e-3, 2e-3, 3e-3]
    for form, value in (("MEAN", 2e-3), ("SDEV", 1e-3), ("MAX", 3e-3), ("MIN", 1e-3), ("PKPK", 2e-3)):
        assert bench.numbers(f"CALC3:FORM {form};:CALC3:DATA?") == pytest.approx([value])
    bench.write("TRAC:CLE")
    assert bench.ask("CALC3:DATA?") is None
    assert bench.errors() == [-230]


def test_times_in_the_buffer():
    bench = ready(1e3, "SENS:CURR:PROT 0.1;:SOUR:VOLT 1;:TRIG:COUN 3;:FORM:ELEM TIME;:TRAC:POIN 3;:TRAC:FEED:CONT NEXT")
    bench.sleep(5.0)
    first, second, third = bench.numbers("READ?")
    assert bench.numbers("TRAC:DATA?") == pytest.approx([0.0, second - first, third - first], abs=1e-5)
    bench.write("TRAC:TST:FORM DELT")
    assert bench.numbers("TRAC:DATA?") == pytest.approx([0.0, second - first, third - second], abs=1e-5)
