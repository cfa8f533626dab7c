"""Math, limits, buffer, statistics and status messages of the simulated 2182A."""

import statistics

import pytest

from simulators.devices.keithley2182a import Keithley2182A
from tests.simulators.devices.meter_bench import Bench, quiet_bench


@pytest.fixture
def bench() -> Bench:
    return quiet_bench()


def fill(bench: Bench, count: int) -> list[float]:
    """Fill the buffer with readings of a rising voltage."""
    bench.terminals.voltage[1] = lambda time: 1e-6 * time
    bench.write(f"TRAC:CLE;POIN {count};FEED:CONT NEXT;:TRIG:COUN {count};:INIT")
    bench.ask("*OPC?")
    return [float(value) for value in bench.ask("TRAC:DATA?").split(",")]


@pytest.mark.parametrize(
    ("form", "expected"), [("MEAN", statistics.fmean), ("SDEV", statistics.stdev), ("MAX", max), ("MIN", min)]
)
def test_statistics_are_there_when_the_buffer_is_full(bench, form, expected):
    bench.write(f"CALC2:FORM {form};STAT 1")
    values = fill(bench, 7)
    assert bench.number("CALC2:DATA?") == pytest.approx(expected(values), rel=1e-7)


def test_statistics_are_those_of_the_moment_they_were_computed(bench):
    values = fill(bench, 4)
    bench.write("CALC2:FORM MAX;STAT 1;IMM")
    bench.write("CALC2:STAT 0")
    assert bench.number("CALC2:DATA?") == pytest.approx(max(values))
    assert bench.ask("CALC2:IMM?") is None
    bench.write("CALC2:FORM MIN")
    assert bench.ask("CALC2:DATA?") is None
    bench.write("CALC2:STAT 1;IMM;:TRAC:CLE")
    assert bench.ask("CALC2:DATA?") is None
    assert bench.errors() == [-230] * 3


def test_a_buffer_that_holds_an_overflow_has_no_statistics(bench):
    """One overflow is enough (2182A user's manual, 6-2)."""
    bench.put(5e-3)
    bench.write("SENS:VOLT:RANG 0.01;:CALC2:FORM MEAN;STAT 1;:TRAC:POIN 3;FEED:CONT NEXT;:TRIG:COUN 2;:INIT;*WAI")
    assert bench.number("CALC2:IMM?") == pytest.approx(5e-3)
    bench.put(1.0)
    bench.write("TRIG:COUN 1;:INIT;*WAI")
    assert bench.ask("TRAC:DATA?") == "+5.00000000E-03,+5.00000000E-03,+9.9E37"
    assert bench.ask("CALC2:DATA?") is None
    assert bench.ask("CALC2:IMM?") is None
    assert bench.errors() == [-230, -230]


def test_a_buffer_of_overflows_has_no_statistics(bench):
    bench.put(1.0)
    bench.write("CALC2:FORM MEAN;STAT 1;:TRAC:POIN 2;FEED:CONT NEXT;:TRIG:COUN 2;:INIT;*WAI")
    assert bench.ask("TRAC:DATA?") == "+9.9E37,+9.9E37"
    assert bench.ask("CALC2:DATA?") is None
    assert bench.errors() == [-230]


def test_buffer_bits_and_messages(bench):
    bench.write("STAT:QUE:ENAB (-999:-1,300:310);:TRAC:POIN 4;FEED:CONT NEXT;:TRIG:COUN 6;:INIT;*WAI")
    assert bench.ask("STAT:MEAS:COND?") == str(32 + 128 + 256 + 512)
    assert bench.errors() == [306, 306, 308, 309, 306, 306, 310, 306, 306]


def test_messages_of_overflow_and_limits(bench):
    bench.write("STAT:QUE:ENAB (301:305);:CALC3:LIM1:UPP 1e-3;LOW -1e-3;STAT 1;:CALC3:LIM2:UPP 2e-3;LOW -2e-3;STAT 1")
    for volts in (1.5e-3, -5e-3, 1.0):
        bench.put(volts)
        bench.ask("READ?")
    assert bench.errors() == [303, 302, 304, 301, 303, 305]
    assert bench.ask("STAT:MEAS:COND?") == str(32 + 1 + 4 + 16)


def test_limits_are_held_against_the_latest_reading_again(bench):
    bench.put(5e-3)
    bench.ask("CALC3:LIM1:STAT 1;:READ?")
    assert bench.ask("CALC3:LIM1:FAIL?") == "0"
    bench.write("CALC3:LIM1:UPP 1e-3")
    assert bench.ask("CALC3:LIM1:FAIL?") == "0"
    bench.write("CALC3:IMM")
    assert bench.ask("CALC3:LIM1:FAIL?;:STAT:MEAS:COND?") == "1;36"
    bench.write("CALC3:LIM1:CLE")
    assert bench.ask("CALC3:LIM1:FAIL?") == "0"


def test_percent_of_an_acquired_reading(bench):
    bench.put(4e-3)
    bench.ask("READ?")
    bench.write("CALC:FORM PERC;KMAT:PERC:ACQ;:CALC:STAT 1")
    assert bench.number("CALC:KMAT:PERC?") == pytest.approx(4e-3)
    bench.put(5e-3)
    assert bench.number("READ?") == pytest.approx(25.0)
    bench.write("TRAC:FEED CALC;POIN 2;FEED:CONT NEXT;:TRIG:COUN 2;:INIT;*WAI")
    assert [float(value) for value in bench.ask("TRAC:DATA?").split(",")] == pytest.approx([25.0, 25.0])


def test_filter_settled_is_a_switch(bench, monkeypatch):
    bench.ask("READ?")
    assert bench.ask("STAT:OPER:COND?") == "1024"
    monkeypatch.setattr(Keithley2182A, "shows_filter_settled", True)
    bench.ask("READ?")
    assert bench.ask("STAT:OPER:COND?") == "1280"
    bench.write("SENS:VOLT:NPLC 2")
    assert bench.ask("STAT:OPER:COND?") == "1024"


def test_1024_samples(bench):
    assert bench.ask("SENS:VOLT:NPLC .01;:SYST:AZER 0;:SAMP:COUN 1024;:READ?").count(",") == 1023


def test_temperature_of_a_second_channel_in_all_units(bench):
    """Type K at 100 degrees, with its junction at 0: 4.096 mV."""
    bench.put(4.096e-3, 2)
    bench.write(
        "SENS:FUNC 'TEMP';CHAN 2;:SENS:TEMP:TC K;RJUN:RSEL SIM;SIM 0;:SENS:TEMP:CHAN2:DFIL 0;:FORM:ELEM READ,UNIT"
    )
    for unit, expected in [("C", 100.0), ("F", 212.0), ("K", 373.15)]:
        reply = bench.ask(f"UNIT:TEMP {unit};:READ?")
        assert reply.endswith(unit)
        assert float(reply.removesuffix(unit)) == pytest.approx(expected, abs=0.03)
    assert bench.number("FORM:ELEM READ;:UNIT:TEMP C;:SENS:TEMP:CHAN2:REF 40;REF:STAT 1;:READ?") == pytest.approx(
        60.0, abs=0.03
    )
    bench.write("SENS:TEMP:CHAN2:REF:ACQ")
    assert bench.number("READ?") == pytest.approx(0.0, abs=1e-6)


def test_internal_reference_junction(bench):
    """A connector at 27 degrees adds what type T gives there, 1.074 mV: 4.279 mV - 1.074 mV read as 100 degrees."""
    bench.put(4.279e-3 - 1.074e-3)
    bench.write("SENS:FUNC 'TEMP';:SENS:TEMP:TC T;:SENS:TEMP:DFIL 0")
    assert bench.number("READ?") == pytest.approx(100.0, abs=0.05)
    assert bench.ask("SENS:TEMP:TRAN INT;:READ?") == "+2.70000000E+01"
