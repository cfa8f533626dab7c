"""What other people's programs send to a 2400, word for word."""

import math
from itertools import pairwise

import pytest

from tests.simulators.devices.smu_bench import Bench

_PYMEASURE = """
OUTPUT 1 | OUTPUT 0 | :SOURCE:FUNCTION CURR | :SOURCE:FUNCTION VOLT | :SOURCE:DELAY 0.1 | :SOURCE:DELAY:AUTO 1
:SYSTEM:AZERO:STATE 1 | :SYSTEM:AZERO:STATE ONCE | :OUTPUT:SMODE HIMP | :OUTPUT:SMODE NORM | :SOURCE:CLEAR:AUTO 0
:SOUR:CURR:RANG:AUTO 1 | :SOUR:VOLT:RANG:AUTO 1 | :SENSE:AVERAGE 1 | :SENSE:AVERAGE 0 | :SENSE:AVERAGE:TCONTROL REP
:SENSE:AVERAGE:COUNT 5 | :SENSE:CURRENT:PROTECTION 0.01 | :SENSE:CURRENT:RANGE 0.001 | :SENSE:CURRENT:RANGE:AUTO 1
:SENSE:CURRENT:NPLCYCLES 0.1 | :SENSE:VOLTAGE:NPLCYCLES 1 | :SENSE:VOLTAGE:PROTECTION 5 | :SOURCE:CURRENT 0.001
:SOURCE:CURRENT:RANGE 0.01 | :SOURCE:CURRENT:RANGE:AUTO 1 | :SOURCE:VOLTAGE 0.5 | :SOURCE:VOLTAGE:RANGE 2
:SOURCE:VOLTAGE:RANGE:AUTO 1 | :SENSE:RESISTANCE:NPLCYCLES 1 | :SENSE:RESISTANCE:MODE MAN
:SENSE:RESISTANCE:MODE AUTO | :SENSE:RESISTANCE:RANGE 20000 | :SENSE:RESISTANCE:RANGE:AUTO 1
:SENS:FUNC 'CURR';:SENS:CURR:NPLC 1.000000; | :SENS:CURR:RANG:AUTO 1;
:SENS:FUNC 'RES';:SENS:RES:MODE MAN;:SENS:RES:NPLC 1.000000; | :SENS:RES:MODE AUTO;:SENS:RES:RANG:AUTO 1;
:ABORT | :TRIGGER:CLEAR | :TRIGGER:COUNT 3 | :TRIGGER:COUNT 1 | :ARM:COUNT 1 | :TRIGGER:DELAY 0 | :ARM:TIMER 0.5
:TRIGGER:SOURCE IMM | :ARM:SOURCE IMM | :ROUTE:TERMINALS REAR | :ROUTE:TERMINALS FRON | :SYSTEM:RSENSE 1
:SYSTEM:RSENSE 0 | :SYST:BEEP 1000, 0.5 | status:queue:clear;*RST;:stat:pres;:*CLS;
:FORMAT:ELEMENTS VOLTAGE, CURRENT, RESISTANCE, TIME, STATUS
:ARM:SOUR BUS;:TRIG:SOUR IMM; | :ARM:SOUR IMM;:TRIG:SOUR IMM; | :TRIG:OUTP SENS;:TRIG:OLIN 2; | :TRIG:OUTP NONE
:ARM:SOUR TIM;:ARM:TIM 0.200000 | :ARM:SOUR IMM | :ARM:SOUR TLIN;:TRIG:SOUR TLIN;:ARM:ILIN 1;:TRIG:ILIN 1;
:ARM:SOUR IMM;:TRIG:SOUR IMM; | :STAT:PRES;*CLS;*SRE 1;:STAT:MEAS:ENAB 512; | :TRAC:CLEAR; | :TRAC:POIN 10
:TRAC:FEED SENSE;:TRAC:FEED:CONT NEXT; | :FORM:DATA ASCII | :TRAC:FEED:CONT NEV | :STAT:PRES;*CLS;:TRAC:CLEAR;
"""

_QCODES = """
:TRIG:COUN 1;:FORM:ELEM VOLT,CURR | SOUR:VOLT:RANG 20.000000 | SOUR:CURR:RANG 0.010000 | SENS:VOLT:PROT 10.000000
SENS:CURR:PROT 0.010000 | :SOUR:VOLT:LEV 0.50000000 | :SOUR:CURR:LEV 0.00100000 | :SOUR:FUNC VOLT
:SENS:FUNC "CURR" | :OUTP:STAT 1 | :OUTP:STAT 0 | SENS:VOLT:NPLC 1.000000 | SENS:CURR:NPLC 0.100000 | :*RST
"""

_CONTRIBUTED = """
:SOUR:VOLT:LEV:IMM:AMPL 0.5 | :SOUR:CURR:LEV:IMM:AMPL 0.001 | :FORM:ELEM VOLT | :FORM:ELEM CURR | :FORM:ELEM RES
:FORM:ELEM VOLT,CURR | :OUTP 1 | :OUTP 0 | SENS:CURR:PROT 1e-2 | :SENS:CURR:RANG 0.001 | :SENS:CURR:RANG:AUTO 1
SENS:VOLT:PROT 2 | SOUR:CURR:LEV 1e-4 | SOUR:VOLT:LEV 0.1 | :SOUR:DEL 0.01 | :SOUR:DEL:AUTO 1 | OUTP 0
:SOUR:CLE:AUTO 0 | SOUR:FUNC CURR | SOUR:FUNC VOLT | :SENS:FUNC:OFF:ALL | :SENS:FUNC 'VOLT','CURR' | :SENS:RES:OCOM 0
:TRIG:SOUR IMM | :TRIG:COUN 1 | :ARM:SOUR IMM | :ARM:COUN 1 | DISP:DIG 6 | SYST:AZER:STAT 1 | :AVER:COUN 3 | :AVER 0
"""


def commands(text):
    return [command.strip() for line in text.strip().splitlines() for command in line.split("|")]


@pytest.mark.parametrize("text", [_PYMEASURE, _QCODES, _CONTRIBUTED], ids=["pymeasure", "qcodes", "contributed"])
def test_commands_are_taken(text):
    bench = Bench()
    for message in commands(text):
        bench.ask(message)
        bench.sleep(1.0)
        assert bench.errors() == [], message


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("OUTPUT?", "0"), (":SOURCE:FUNCTION?", "VOLT"), (":SOURCE:DELAY?", "0.00000"), (":SOURCE:DELAY:AUTO?", "1"),
        (":SYSTEM:AZERO:STATE?", "1"), (":OUTPUT:SMODE?", "NORM"), (":SOURCE:CLEAR:AUTO?", "0"),
        (":SENSE:AVERAGE?", "0"), (":SENSE:AVERAGE:TCONTROL?", "REP"), (":SENSE:AVERAGE:COUNT?", "10"),
        (":SENSE:CURRENT:RANGE?", "1.050000E-04"), (":SENSE:CURRENT:PROTECTION?", "1.050000E-04"),
        (":SENSE:VOLTAGE:PROTECTION?", "2.100000E+01"), (":SENSE:VOLTAGE:NPLCYCLES?", "1.00"),
        (":SOURCE:VOLTAGE:RANGE?", "2.100000E+01"), (":SENSE:RESISTANCE:MODE?", "AUTO"),
        (":SENSE:RESISTANCE:RANGE?", "2.100000E+05"), (":ROUTE:TERMINALS?", "FRON"), (":SYSTEM:RSENSE?", "0"),
        (":TRIGGER:COUNT?", "1"), (":ARM:COUNT?", "1"), (":TRIGGER:DELAY?", "0.00000"), (":ARM:TIMER?", "0.10000"),
        (":TRIGGER:SOURCE?", "IMM"), (":SENS:FUNC?", '"CURR:DC"'), (":OUTP:STAT?", "0"),
        ("SENS:VOLT:RANG?", "2.100000E+01"), ("SYST:ERR?", '0,"No error"'),
    ],
)  # fmt: skip
def test_questions_are_answered(question, answer):
    assert Bench().ask(question) == answer


def test_a_ramp_of_qcodes():
    bench = Bench(resistance=1e3)
    for message in (":*RST", ":TRIG:COUN 1;:FORM:ELEM VOLT,CURR", "SENS:CURR:PROT 0.010000", ":OUTP:STAT 1"):
        bench.ask(message)
    for step in range(5):
        bench.write(f":SOUR:VOLT:LEV {0.1 * step:.8f}")
        volts, amperes = bench.numbers(":READ?")
        assert volts == pytest.approx(0.1 * step)
        assert amperes == pytest.approx(1e-4 * step, abs=1e-12)


def test_a_ramp_and_three_measurements_of_pymeasure():
    bench = Bench(resistance=2e3)
    bench.write(":FORMAT:ELEMENTS VOLTAGE, CURRENT, RESISTANCE, TIME, STATUS")
    for message in (":SOURCE:FUNCTION CURR", ":SENSE:VOLTAGE:PROTECTION 5", ":SOURCE:CURRENT 0.001", "OUTPUT 1"):
        bench.ask(message)
    assert bench.numbers(":MEASURE:VOLTAGE?")[0] == pytest.approx(2.0)
    assert bench.numbers(":MEASURE:CURRENT?")[1] == pytest.approx(1e-3)
    assert bench.numbers(":MEASURE:RESISTANCE?")[2] == pytest.approx(2e3)
    assert bench.errors() == []
    assert bench.ask(":SENSE:VOLTAGE:PROTECTION?") == "5.000000E+00"


def test_all_at_once_of_pymeasure():
    bench = Bench(resistance=2e3)
    for message in (":SENSE:RESISTANCE:MODE MAN", ":SENSE:CURRENT:PROTECTION 0.01", ":SOURCE:VOLTAGE 1", "OUTPUT 1",
                    ":SENSE:FUNCTION:ALL"):  # fmt: skip
        bench.ask(message)
    volts, amperes, ohms, time, status = bench.numbers(":READ?")
    assert (volts, amperes, ohms) == pytest.approx((1.0, 5e-4, 2e3))
    assert math.isfinite(time)
    assert status == int(status)


def test_the_buffer_of_pymeasure():
    """Service is requested when the buffer is full, and 65 is what the status byte then says."""
    bench = Bench(resistance=1e3)
    for message in ("*RST", ":SENSE:CURRENT:PROTECTION 0.01", ":SOURCE:VOLTAGE 1", "OUTPUT 1",
                    ":STAT:PRES;*CLS;*SRE 1;:STAT:MEAS:ENAB 512;", ":TRAC:CLEAR;", ":TRAC:POIN 5", ":TRIGGER:COUNT 5",
                    ":TRAC:FEED SENSE;:TRAC:FEED:CONT NEXT;", ":INIT"):  # fmt: skip
        bench.ask(message)
    assert bench.ask("*STB?") == "65"
    assert bench.ask(":FORM:DATA ASCII") is None
    data = bench.numbers(":TRAC:DATA?")
    assert len(data) == 25
    assert all(later > earlier for earlier, later in pairwise(data[3::5]))
    means = bench.numbers(":CALCULATE3:FORMAT MEAN;:CALCULATE3:DATA?;")
    assert means == pytest.approx([1e-3])
    assert bench.errors() == []


def test_reset_of_pymeasure_leaves_nothing_behind():
    bench = Bench()
    bench.ask("NOSUCH 1")
    bench.ask("status:queue:clear;*RST;:stat:pres;:*CLS;")
    assert bench.errors() == []
    assert bench.ask("*ESR?;:OUTP?") == "0;0"
