"""Ratio, Delta, reading hold and scans of the simulated 2182A."""

import math

import pytest

from simulators.devices.keithley2182a import Keithley2182A
from tests.simulators.devices.meter_bench import Bench, quiet_bench


@pytest.fixture
def bench() -> Bench:
    return quiet_bench()


# ---- ratio


def test_ratio_of_the_two_channels(bench):
    bench.put(6e-3)
    bench.put(-2e-3, 2)
    assert bench.number("SENS:VOLT:RAT 1;:READ?") == pytest.approx(-3.0)
    assert [channel for channel, *_ in bench.terminals.apertures] == [1, 2]
    assert bench.ask("FORM:ELEM READ,CHAN,UNIT;:FETC?") == "-3.00000000E+00,1INTCHAN"
    bench.put(0.0, 2)
    assert bench.ask("READ?") == "+9.9E37,1INTCHAN"
    bench.put(0.5, 2)
    assert bench.ask("FORM:ELEM READ;:READ?;:STAT:MEAS:COND?") == "+9.9E37;33"


def test_ratio_takes_the_references_of_both_channels_off_first(bench):
    bench.put(6e-3)
    bench.put(4e-3, 2)
    bench.write("SENS:VOLT:CHAN1:REF 1e-3;REF:STAT 1;:SENS:VOLT:CHAN2:REF 2e-3;REF:STAT 1;:SENS:VOLT:RAT 1")
    assert bench.number("READ?") == pytest.approx(2.5)
    bench.put(7e-3)
    bench.ask("READ?")
    bench.write("SENS:VOLT:CHAN1:REF:ACQ")
    assert bench.number("SENS:VOLT:CHAN1:REF?") == pytest.approx(7e-3, abs=1e-6)
    bench.write("SENS:TEMP:CHAN1:REF:ACQ")
    assert bench.errors() == [-221]


def test_ratio_filters_both_channels_as_channel_1_is(bench):
    """Channel 2's own filter does not count (manual, section 5)."""
    bench.write("SENS:VOLT:DFIL:COUN 3;TCON REP;WIND 0;STAT 1;:SENS:VOLT:CHAN2:DFIL:STAT 0;COUN 9;:SENS:VOLT:RAT 1")
    bench.put(1e-3, 2)
    bench.ask("READ?")
    assert [channel for channel, *_ in bench.terminals.apertures] == [1, 1, 1, 2, 2, 2]


@pytest.mark.parametrize(
    ("nplc", "autozero", "rate"), [(5, 1, 1.5), (1, 1, 8.5), (5, 0, 2.3), (1, 0, 20), (0.1, 0, 30), (0.01, 0, 41)]
)
def test_pairs_are_as_fast_as_specified(bench, nplc, autozero, rate):
    bench.put(1e-3, 2)
    bench.write(f"SENS:VOLT:NPLC {nplc};:SYST:AZER {autozero};FAZ {autozero};:SENS:VOLT:RAT 1")
    assert bench.timed("READ?")[1] == pytest.approx(1 / rate, rel=1e-9)
    bench.write("INIT:CONT 1")
    bench.ask("SENS:DATA:FRES?")
    assert bench.timed("SENS:DATA:FRES?")[1] == pytest.approx(1 / rate, rel=1e-6)


def test_ratio_while_measuring_without_end_costs_no_events(bench):
    bench.terminals.voltage[1] = lambda time: 1e-6 * time
    bench.put(1e-3, 2)
    bench.write("SENS:VOLT:RAT 1;:INIT:CONT 1")
    bench.wait(3600.0)
    assert bench.device.timeline.next_time() is None
    assert bench.number("FETC?") == pytest.approx(1e-3 * 3600.0, rel=1e-3)
    bench.put(50e-3, 2)
    bench.write("SENS:VOLT:CHAN2:RANG:AUTO 1;:SENS:VOLT:RANG:AUTO 1")
    assert math.isfinite(bench.number("SENS:DATA:FRES?"))


def test_ratio_with_automatic_ranges(bench):
    bench.put(0.5)
    bench.put(5.0, 2)
    bench.write("SENS:VOLT:RANG:AUTO 1;:SENS:VOLT:CHAN2:RANG:AUTO 1;:SENS:VOLT:RAT 1")
    assert bench.number("READ?") == pytest.approx(0.1)
    assert bench.ask("SENS:VOLT:RANG?;:SENS:VOLT:CHAN2:RANG?") == "1.000000;10.000000"


# ---- Delta


class Reversing:
    """A source that reverses its current when the meter says that it has measured."""

    def __init__(self, bench: Bench, level: float, offset: float) -> None:
        self.level, self.offset = level, offset
        self.pulses: list[float] = []
        self.bench = bench
        bench.device.trigger_out = self.hear
        bench.put(level + offset)

    def hear(self, line: int) -> None:
        assert line == 1
        self.pulses.append(self.bench.device.timeline.now)
        self.level = -self.level
        self.bench.put(self.level + self.offset)


def test_delta_takes_half_the_difference_of_two_phases(bench):
    """The offset drops out; the source's answer to the first pulse is ignored (manual, page 5-14)."""
    source = Reversing(bench, 1e-3, 20e-6)
    bench.write("TRIG:SOUR EXT;:SENS:VOLT:DELT 1;:SYST:FAZ 0;:INIT")
    bench.wait(0.5)
    start = bench.device.timeline.now
    bench.device.trigger_in(2)
    bench.wait(0.03)
    assert len(source.pulses) == 1
    bench.device.trigger_in(2)
    assert bench.ask("*OPC?") == "1"
    assert bench.number("FETC?") == pytest.approx(1e-3, rel=1e-9)
    assert len(source.pulses) == 2
    assert source.pulses[1] - start == pytest.approx(1 / 20)
    assert bench.errors() == []


def test_delta_in_series(bench):
    source = Reversing(bench, 1e-3, 20e-6)
    bench.write("SENS:VOLT:DELT 1;:TRIG:COUN 5;:TRAC:POIN 5;FEED:CONT NEXT;:INIT")
    bench.ask("*OPC?")
    assert [float(value) for value in bench.ask("TRAC:DATA?").split(",")] == pytest.approx([1e-3] * 5)
    assert len(source.pulses) == 10


def test_delta_subtracts_the_reference_after_the_difference_as_each_phase_has_it(bench):
    Reversing(bench, 1e-3, 0.0)
    assert bench.number("SENS:VOLT:CHAN1:REF 5e-4;REF:STAT 1;:SENS:VOLT:DELT 1;:READ?") == pytest.approx(1e-3)


def test_delta_filters_each_phase_by_itself(bench):
    """Each phase has a stack, filled the first time and moved on by one conversion afterwards."""
    Reversing(bench, 1e-3, 0.0)
    bench.write("SENS:VOLT:DFIL:COUN 3;TCON REP;WIND 0;STAT 1;:SENS:VOLT:DELT 1")
    assert bench.ask("SENS:VOLT:DFIL:TCON?") == "MOV"
    assert bench.number("READ?") == pytest.approx(1e-3)
    assert len(bench.terminals.apertures) == 6
    assert bench.number("READ?") == pytest.approx(1e-3)
    assert len(bench.terminals.apertures) == 8
    bench.write("SENS:VOLT:DFIL:TCON REP")
    assert bench.errors() == [-221]


def test_delta_cancels_what_the_front_autozero_leaves():
    bench = Bench(noise=3)
    bench.write("*RST;:SENS:VOLT:RANG 0.01;DFIL 0;:SYST:FAZ 0;:SENS:VOLT:NPLC 5")
    offset = bench.number("READ?")
    assert abs(offset) > 10e-6
    assert abs(bench.number("SENS:VOLT:DELT 1;:READ?")) < 100e-9


# ---- what goes together


def test_one_mode_ends_the_other(bench):
    state = "SENS:VOLT:RAT?;DELT?"
    assert bench.ask(f"SENS:VOLT:RAT 1;:{state}") == "1;0"
    assert bench.ask(f"SENS:VOLT:DELT 1;:{state}") == "0;1"
    assert bench.ask(f"SENS:CHAN 2;:{state}") == "0;1"
    assert bench.ask(f"SENS:FUNC 'TEMP';:{state}") == "0;0"
    for message in ("SENS:VOLT:RAT 1", "SENS:VOLT:DELT 1"):
        bench.write(message)
        assert bench.errors() == [-221]
    assert bench.ask(f"SENS:FUNC 'VOLT';:SENS:VOLT:RAT 1;:SENS:CHAN 0;:{state}") == "0;0"


# ---- hold


def test_hold_waits_for_a_quiet_input(bench):
    """The seed and as many readings near it as are counted."""
    bench.put(1e-3)
    assert bench.timed("SENS:HOLD:COUN 4;STAT 1;:READ?")[1] == pytest.approx(5 / 18 - 4e-3)
    assert len(bench.terminals.apertures) == 5


def test_hold_begins_anew_when_the_input_moves(bench):
    jump = bench.clock.now() + 2.5 / 18
    bench.terminals.voltage[1] = lambda time: 1e-3 if time < jump else 2e-3
    assert bench.number("SENS:HOLD:COUN 4;WIND 2;STAT 1;:READ?") == pytest.approx(2e-3)
    seeds = [middle for middle in (0.5 * (a + b) for _, a, b in bench.terminals.apertures) if middle >= jump]
    assert len(seeds) == 5


def test_hold_of_a_moving_input_gives_nothing(bench):
    bench.terminals.voltage[1] = lambda time: 1e-5 * math.exp(time)
    assert bench.ask("SENS:HOLD:WIND 1;STAT 1;:READ?", timeout=3.0) is None
    bench.device.clear()
    assert bench.ask("STAT:OPER:COND?") == "1024"


def test_hold_while_measuring_without_end(bench):
    bench.put(1e-3)
    bench.write("SENS:HOLD:COUN 2;STAT 1;:INIT:CONT 1")
    assert bench.timed("SENS:DATA:FRES?")[1] == pytest.approx(3 / 18 - 2e-3)
    assert bench.timed("SENS:DATA:FRES?")[1] == pytest.approx(3 / 18 - 2e-3)


# ---- scans


def test_internal_scan_takes_channel_2_first(bench):
    """As a program in use does it: it reads two values, and puts the last one first."""
    bench.put(1e-3)
    bench.put(2e-3, 2)
    bench.write("ROUT:SCAN:INT:CCO 1;:ROUT:SCAN:LSEL INT;:TRIG:SOUR IMM;COUN 1;:SAMP:COUN 2;:TRAC:CLE;:INIT")
    bench.ask("*OPC?")
    assert [float(value) for value in bench.ask("FETC?").split(",")] == pytest.approx([2e-3, 1e-3])
    assert bench.ask("FORM:ELEM READ,CHAN,UNIT;:FETC?") == ("+2.00000000E-03VDC,2INTCHAN,+1.00000000E-03VDC,1INTCHAN")
    assert bench.errors() == []


def test_internal_scan_measures_channel_1_as_often_as_is_set(bench):
    bench.write("ROUT:SCAN:INT:CCO 3;:ROUT:SCAN:LSEL INT;:SAMP:COUN 6")
    bench.ask("READ?")
    assert [channel for channel, *_ in bench.terminals.apertures] == [2, 1, 1, 1, 2, 1]
    bench.ask("READ?")
    assert [channel for channel, *_ in bench.terminals.apertures][6:8] == [2, 1]


def test_stepping_goes_on_with_each_trigger(bench):
    bench.write("ROUT:SCAN:LSEL INT;:TRIG:COUN 4;SOUR EXT;:INIT")
    for expected in (2, 1, 2, 1):
        bench.device.external_trigger()
        bench.wait(0.5)
        assert bench.terminals.apertures[-1][0] == expected
    assert bench.ask("STAT:OPER:COND?") == "1024"


def test_a_list_of_one_channel(bench):
    bench.write("ROUT:SCAN (@2);:ROUT:SCAN:LSEL INT;:SAMP:COUN 3")
    bench.ask("READ?")
    assert [channel for channel, *_ in bench.terminals.apertures] == [2, 2, 2]


def test_a_scanned_channel_has_a_filter_of_its_own(bench):
    bench.put(1e-3)
    bench.put(1.0005e-3, 2)
    bench.write("SENS:VOLT:DFIL:COUN 3;STAT 1;:SENS:VOLT:CHAN2:DFIL:COUN 3;STAT 1;:ROUT:SCAN:LSEL INT;:SAMP:COUN 4")
    values = [float(value) for value in bench.ask("READ?").split(",")]
    assert values == pytest.approx([1.0005e-3, 1e-3, 1.0005e-3, 1e-3], abs=1e-12)


def test_external_scan_is_measured_on_channel_1(bench):
    steps = iter([3e-3, 4e-3, 5e-3])

    def switch(_line: int) -> None:
        bench.put(next(steps, 0.0))

    bench.device.trigger_out = switch
    bench.put(2e-3)
    bench.write("ROUT:SCAN:EXT (@3:4,12);:ROUT:SCAN:LSEL EXT;:SAMP:COUN 3;:FORM:ELEM READ,CHAN")
    bench.write("TRAC:POIN 3;FEED:CONT NEXT;:INIT")
    bench.ask("*OPC?")
    text = "+2.00000000E-03,3EXTCHAN,+3.00000000E-03,4EXTCHAN,+4.00000000E-03,12EXTCHAN"
    assert bench.ask("FETC?") == bench.ask("TRAC:DATA?") == text


def test_a_scan_that_stores_by_itself(bench, monkeypatch):
    monkeypatch.setattr(Keithley2182A, "scan_stores", True)
    bench.write("ROUT:SCAN:LSEL INT;:SAMP:COUN 2;:INIT;*WAI")
    assert bench.ask("TRAC:DATA?").count(",") == 1


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("ROUT:SCAN (@1,3)", -222), ("ROUT:SCAN:EXT (@0)", -222), ("ROUT:SCAN:EXT (@801)", -222),
        ("ROUT:SCAN (1,2)", -104), ("ROUT:SCAN (@)", -104), ("ROUT:SCAN:EXT (@5:2)", -222),
        ("ROUT:SCAN:LSEL INT;:SENS:VOLT:RAT 1", -221), ("SENS:VOLT:DELT 1;:ROUT:SCAN:LSEL EXT", -221),
    ],
)  # fmt: skip
def test_scan_lists_that_are_none(bench, message, code):
    bench.write(message)
    assert bench.errors() == [code]
