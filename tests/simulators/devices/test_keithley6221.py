"""The simulated 6221 against its manual and its table of specifications."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.tables.keithley6221 import RANGES, TABLE
from simulators.devices.keithley6221 import Keithley6221
from simulators.devices.source_output import NOISE
from tests.simulators.devices.source_bench import SourceBench


class Bench(SourceBench):
    def ask(self, message) -> Any:
        return super().ask(message)


@pytest.fixture
def bench():
    return Bench()


def test_identity_has_the_blanks_of_the_real_one(bench):
    assert bench.ask("*IDN?") == "KEITHLEY INSTRUMENTS INC.,MODEL 6221,4559777,D04  /700x "


@pytest.mark.parametrize(
    ("message", "reply"),
    [
        ("SOUR:CURR:RANG?", "0.100000"),
        ("SOUR:CURR:COMP?", "10.0000"),
        ("SOUR:CURR:RANG:AUTO?;:OUTP?;:OUTP:LTE?;:SOUR:DELT:ARM?;CAB?;CSW?", "1;0;0;0;0;0"),
        ("OUTP:RESP?;ISH?;INT:TRIP?", "FAST;OLOW;1"),
        ("STAT:OPER:COND?", "1024"),
        ("SYST:ERR?", '0,"No error"'),
        ("SOUR:DELT:NVPR?", "0"),
        ("TRAC:FREE?", "2097152,0"),
        ("SOUR:DEL?;:SOUR:SWE:COUN?;RANG?", "1.00000;1;BEST"),
        ("UNIT?;:UNIT:POW?", "V;AVER"),
        ("SYST:LFR?;:*TST?", "50;0"),
        ("DISP:ENAB?;:TRAC:POIN?;POIN:ACT?", "1;100;0"),
    ],
)
def test_replies_of_a_fresh_instrument(bench, message, reply):
    assert bench.ask(message) == reply
    assert bench.errors() == []


def test_current_flows_while_the_output_is_on(bench):
    bench.write("SOUR:CURR 1e-4")
    assert not bench.terminals.driven
    bench.write("OUTP ON")
    assert bench.terminals.current == 1e-4
    bench.write("SOUR:CURR -2.5e-5")
    assert bench.terminals.current == -2.5e-5
    bench.write("OUTP OFF")
    assert not bench.terminals.driven
    assert bench.ask("SOUR:CURR?;:OUTP?") == "-2.500000E-05;0"
    bench.write("OUTP 1;:SOUR:CLE")
    assert not bench.terminals.driven
    assert bench.ask("CURR?;:OUTP?") == "0.000000E+00;0"
    bench.write("OUTP 1;:SOUR:CURR 1e-3;*RST")
    assert not bench.terminals.driven
    bench.write("OUTP 1;:SOUR:CURR 1e-3")
    bench.device.power_cycle()
    assert not bench.terminals.driven
    assert bench.ask("OUTP?;*ESR?;:SOUR:CURR?") == "0;128;0.000000E+00"


@pytest.mark.parametrize("full", RANGES)
def test_ranges(bench, full):
    """A fixed range holds 105 % of it in steps of 1/20000 of it, a decade step for the 100 mA range."""
    bench.write(f"OUTP 1;:SOUR:CURR:RANG {full}")
    assert float(bench.ask("SOUR:CURR:RANG?")) == pytest.approx(full)
    assert bench.ask("SOUR:CURR:RANG:AUTO?") == "0"
    bench.write(f"SOUR:CURR {1.05 * full:.6g}")
    assert bench.errors() == []
    assert bench.terminals.current == pytest.approx(1.05 * full)
    bench.write(f"SOUR:CURR {1.051 * full}")
    assert bench.errors() == [-222]
    assert bench.terminals.current == pytest.approx(1.05 * full)
    resolution = 1e-5 if full == 0.1 else full / 20000
    bench.write(f"SOUR:CURR {100.4 * resolution}")
    assert bench.terminals.current == pytest.approx(100 * resolution, rel=1e-12)
    assert bench.terminals.noise == NOISE[RANGES.index(full)]


def test_automatic_range_is_the_smallest_that_holds_the_level(bench):
    bench.write("OUTP 1")
    for level, full in [(2e-9, 2e-9), (2.1e-9, 2e-9), (2.2e-9, 20e-9), (-1e-4, 200e-6), (2e-3, 2e-3), (0.0211, 0.1),
                        (0.105, 0.1)]:  # fmt: skip
        bench.write(f"SOUR:CURR {level}")
        assert float(bench.ask("SOUR:CURR:RANG?")) == pytest.approx(full)
        assert bench.terminals.current == pytest.approx(level)
    bench.write("SOUR:CURR:RANG 2e-6")
    assert bench.errors() == [-221]
    assert float(bench.ask("SOUR:CURR:RANG?")) == 0.1
    bench.write("SOUR:CURR 1e-6;:SOUR:CURR:RANG 2e-3;RANG:AUTO 1")
    assert float(bench.ask("SOUR:CURR:RANG?")) == pytest.approx(2e-6)


@pytest.mark.parametrize("full", RANGES)
def test_the_range_that_is_asked_for_by_what_it_is_to_hold(bench, full):
    """105 % of a range fit on it (manual, 4-9: the 2 mA range goes to 2.1 mA), on all of them alike."""
    for part in (1.0, 1.01, 1.05, -1.05):
        bench.write("SOUR:CURR:RANG 0.1", f"SOUR:CURR:RANG {part * full:.6g}", f"SOUR:CURR {part * full:.6g}")
        assert float(bench.ask("SOUR:CURR:RANG?")) == pytest.approx(full)
        assert bench.errors() == []
        bench.write("SOUR:CURR 0")
    if full < RANGES[-1]:
        bench.write(f"SOUR:CURR:RANG {1.0501 * full:.6g}")
        assert float(bench.ask("SOUR:CURR:RANG?")) == pytest.approx(10 * full if full < 20e-3 else 0.1)


@given(st.floats(-0.105, 0.105))
@settings(deadline=None, max_examples=100)
def test_rounding_never_exceeds_half_a_step(level):
    bench = Bench()
    bench.write(f"OUTP 1;:SOUR:CURR {level!r}")
    full = next((full for full in RANGES if abs(level) <= full), 0.1)
    step = 1e-5 if full == 0.1 else full / 20000
    assert abs(bench.terminals.current - level) <= 0.5001 * step


def test_compliance(bench):
    bench.write("OUTP 1;:SOUR:CURR:COMP 1;:SOUR:CURR 0.9e-3;:STAT:MEAS:ENAB 8")
    assert bench.ask("STAT:MEAS:COND?;:*STB?") == "0;16"
    bench.write("SOUR:CURR 1.1e-3")
    bench.write("SOUR:CURR 0")
    assert bench.ask("*STB?") == "1"
    assert bench.ask("STAT:MEAS:COND?;EVEN?;EVEN?") == "0;8;0"
    bench.write("SOUR:CURR 0.9e-3")
    bench.terminals.resistance = 2000.0
    assert bench.ask("STAT:MEAS:COND?") == "8"
    bench.write("SOUR:CURR:COMP 2")
    assert bench.ask("STAT:MEAS:COND?") == "0"
    bench.write("SOUR:CURR:COMP 1.234")
    assert bench.ask("SOUR:CURR:COMP?") == "1.2300"
    assert bench.terminals.limit == 1.23
    bench.write("SOUR:CURR:COMP 0.05")
    assert bench.errors() == [-222]


def test_open_interlock_keeps_the_output_off(bench):
    bench.device.interlock_closed = False
    bench.write("OUTP 1")
    assert bench.errors() == [-221]
    assert not bench.terminals.driven
    assert bench.ask("OUTP:INT:TRIP?;:STAT:MEAS:COND?") == "0;2"


@pytest.mark.parametrize("mode", ["DELT", "PDEL", "DCON"])
def test_modes_that_need_a_meter_cannot_be_armed_without(bench, mode):
    assert bench.ask(f"SOUR:{mode}:NVPR?") == "0"
    bench.write(f"SOUR:{mode}:ARM")
    assert bench.ask(f"SOUR:{mode}:ARM?") == "0"
    assert bench.errors() == [-241]
    assert bench.clock.now() == pytest.approx(2 * bench.device.link_patience, abs=0.01)


@pytest.mark.parametrize(
    ("message", "codes"),
    [
        ("SOUR:WAVE:INIT", [-221]),
        ("SENS:DATA?", [-221]),
        ("SENS:DATA:FRES?", [-221]),
        ("TRAC:DATA?", [-230]),
        ("ESE 3", [-113]),
        ("ESE?", [-113]),
        (":SYST:BEEP 440, 1", [-108]),
        (":ARM:SOUR BUS;:TRIG:SOUR BUS;", [-224]),
        (":TRAC:FEED SENSE;:TRAC:FEED:CONT NEXT;", []),
        ("SOUR:SWE:COUN 65536", [-222]),
        ("SOUR:PDEL:LME 0", [-222]),
        ("SOUR:DELT:PROT 1", [-113]),
        ("TRACE:ACTUAL?", [-113]),
        ("SOUR:WAVE:PMAR:OLIN 2", [-221]),
        ("CURRENT:RANGE 1e-3;:PDELta:ARM?", []),
        ('SYST:COMM:SERIAL:SEND "SENS:FUNC ""VOLT"""', []),
        ("*TRG", [-211]),
        ("SOUR:WAVE:AMPL 0.2", [-222]),
        ("INIT;:ABOR;:SOUR:SWE:ABOR;:SOUR:WAVE:ABOR", []),
        ("SYST:COMM:SERial:ENT?", []),
    ],
)  # fmt: skip
def test_what_clients_send(bench, message, codes):
    bench.ask(message)
    assert bench.errors() == codes


def test_high_sets_low(bench):
    assert bench.ask("SOUR:DELT:HIGH 2e-3;LOW?") == "-2.000000E-03"
    assert bench.ask("SOUR:DELT:LOW 0;HIGH?") == "2.000000E-03"


def test_a_list_ends_at_65535_values(bench):
    bench.write("SOUR:LIST:CURR 0")
    hundred = "SOUR:LIST:CURR:APP " + ",".join(["1e-3"] * 100)
    for _ in range(655):
        bench.write(hundred)
    assert bench.ask("SOUR:LIST:CURR:POIN?") == "65501"
    assert bench.errors() == []
    bench.write(hundred)
    assert bench.errors() == [-223]
    bench.write("SOUR:LIST:CURR:APP " + ",".join(["1e-3"] * 34))
    assert bench.ask("SOUR:LIST:CURR:POIN?") == "65535"
    assert bench.errors() == []


def test_lists_grow(bench):
    bench.write("SOUR:LIST:CURR 1e-3,-2e-3;CURR:APP 3e-3")
    assert bench.ask("SOUR:LIST:CURR?;CURR:POIN?") == "1.000000E-03,-2.000000E-03,3.000000E-03;3"
    bench.write("SOUR:LIST:CURR 1e-3,0.2")
    assert bench.errors() == [-222]
    assert bench.ask("SOUR:LIST:CURR:POIN?") == "3"


def test_elements_keep_the_order_of_the_instrument(bench):
    assert bench.ask("FORM:ELEM SOUR,TST,READING;ELEM?;ELEM ALL;ELEM?;ELEM DEF;ELEM?") == (
        "READ,TST,SOUR;READ,TST,UNIT,SOUR,AVOL,COMP,RNUM;READ,TST"
    )


def test_every_query_of_the_table_answers_or_says_why_not(bench):
    """On a fresh instrument; those that need an argument get the one they print in the manual."""
    for row in TABLE:
        if row.query:
            header = row.header.replace("[1]", "1").replace("[", "").replace("]", "").split("|")[-1]
            arguments = " 0,1" if row.parameters and not row.command else ""
            reply = bench.ask(f"{header}?{arguments}")
            assert (reply is None) == (bool(bench.errors()) or header.endswith(":DATA:DATA")), header


@given(st.text(st.characters(max_codepoint=255), max_size=60))
@settings(deadline=None, max_examples=300)
def test_any_text_is_survived(text):
    bench = Bench()
    reply = bench.ask(text.replace("\n", " "))
    assert reply is None or "?" in text
    bench.device.clear()
    bench.write("*CLS")
    assert bench.ask("SYST:ERR?") == '0,"No error"'


def test_factory_settings_outlive_a_reset_and_what_the_buffer_had_does_not_outlive_power(bench):
    assert bench.ask("SYST:KCL?;:SYST:COMM:SEL?;GPIB:ADDR?;:TRAC:POIN?") == "1;GPIB;12;100"
    bench.write("SYST:KCL 0;:SYST:COMM:GPIB:ADDR 13;:TRAC:POIN 20;*RST")
    assert bench.ask("SYST:KCL?;:SYST:COMM:GPIB:ADDR?;:TRAC:POIN?") == "0;13;20"
    bench.device.power_cycle()
    assert bench.ask("SYST:KCL?;:SYST:COMM:GPIB:ADDR?;:TRAC:POIN?") == "0;13;100"


def test_a_recalled_set_up_at_power_on_has_the_output_off(bench):
    bench.write("SOUR:CURR 1e-3;:OUTP 1;*SAV 2;:SYST:POS SAV2")
    bench.device.power_cycle()
    assert bench.ask("SOUR:CURR?;:OUTP?") == "1.000000E-03;0"
    assert not bench.terminals.driven


def test_local_lockout_under_both_headers(bench):
    bench.write("SYST:COMM:LOC;:SYST:REM;:SYST:COMM:RWL")
    assert bench.errors() == []


def test_numbers_with_units_are_taken_or_refused():
    class Bare(Keithley6221):
        takes_units = False

    assert SourceBench().ask("SOUR:CURR 1mA;CURR?") == "1.000000E-03"
    bench = SourceBench(kind=Bare)
    bench.write("SOUR:CURR 1mA", "SOUR:DEL 2 S", "SOUR:WAVE:FREQ 1KHZ", "SOUR:LIST:CURR 1e-3,2MA")
    assert bench.errors() == [-121] * 4
    assert bench.ask("SOUR:CURR 1e-3;CURR?;:SOUR:DEL MAX;DEL?") == "1.000000E-03;999999.99900"
