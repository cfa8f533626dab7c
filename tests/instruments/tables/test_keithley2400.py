"""The 2400's table against its manual: headers in all spellings, ranges, reset values, what can energise."""

from __future__ import annotations

import pytest

from instruments.tables.keithley2400 import CURRENT_RANGES, RESISTANCE_RANGES, TABLE, VOLTAGE_RANGES
from tests.instruments.tables.reading import code, messages, read

_MANUAL = """
SOUR:FUNC VOLT | SOURCE1:FUNCTION:MODE CURRENT | SOUR:VOLT:MODE SWEEP | SOUR:CURR:MODE FIX | SOUR:VOLT 1.5 V
SOUR:VOLT:LEV:IMM:AMPL -210 | SOUR:CURR:LEV:TRIG:AMPL 1 MA | SOUR:VOLT:RANG UP | SOUR:CURR:RANG DOWN
SOUR:CURR:RANG:AUTO ON | SOUR:VOLT:STAR 0;STOP 5;STEP .1;SPAN 5;CENT 2.5 | SOUR:VOLT:PROT NONE | SOUR:DEL 0.1
SOUR:DEL:AUTO 1 | SOUR:SWE:SPAC LOG;POIN 10;DIR DOWN;RANG BEST;CAB EARL | SOUR:LIST:VOLT 7, 1, 3, 8, 2
SOUR:LIST:CURR:APP 1e-3 | SOUR:CLE | SOUR:CLE:IMM | SOUR:CLE:AUTO 1 | SOUR:CLE:AUTO:MODE TCO
SENS:FUNC 'VOLT:DC','CURR' | SENS:FUNC:ON "RES" | FUNC:OFF 'VOLT' | SENS:FUNC:ALL | SENS:FUNC:OFF:ALL
SENS:FUNC:CONC 0 | SENS:CURR:PROT:LEV 1e-3 | VOLT:PROT 5 | SENS:CURR:DC:RANG:UPP 1e-3 | SENS:VOLT:RANG:AUTO:LLIM 2
SENS:RES:NPLC 10 | SENS:RES:MODE MAN | SENS:RES:RANG 2E4;OCOM 1 | SENS:AVER:TCON REP;COUN 5;STAT 1 | AVER ON
OUTP ON | OUTPUT1:STATE OFF | OUTP:SMOD HIMP | OUTP:ENAB:STAT 1 | ROUT:TERM REAR | SYST:RSEN ON | SYST:AZER ONCE
SYST:AZER:STAT OFF | SYST:LFR 60 | SYST:TIME:RES | SYST:GUAR OHMS | SYST:BEEP 500, 1 | SYST:BEEP:STAT 0 | SYST:LOC
SYST:RCM MULT | TRIG:COUN 100 | TRIGGER:SEQUENCE1:COUNT 2 | ARM:SEQ:LAY:COUN INF | TRIG:SOUR TLIN | TRIG:DEL 1
TRIG:CLE | ARM:SOUR BST | ARM:TIM 0.5 | TRIG:OUTP SOUR,DEL,SENS | ARM:OUTP TENT,TEX | TRIG:INP SOUR | TRIG:ILIN 4
TRAC:POIN 2500 | DATA:POIN 10 | TRAC:FEED CALC2 | TRAC:FEED:CONT NEXT | TRAC:CLE | TRAC:TST:FORM DELT | FORM ASC
FORM REAL,32 | FORM:ELEM VOLT,CURR,RES,TIME,STAT | FORM:BORD SWAP | FORM:SREG HEX | CALC:STAT ON | CALC2:FEED CALC
CALC2:NULL:OFFS 1;STAT 1;ACQ | CALC2:LIM:STAT 1 | CALC2:LIM12:UPP:DATA 3 | CALC3:FORM PKPK | INIT | INIT:IMM | ABOR
READ? | FETC? | MEAS? | MEAS:VOLT:DC? | CONF:RES | CONF? | DISP:ENAB 0 | DISP:WIND2:TEXT:DATA 'lower'
DISP:TEXT:STAT 1 | TRAC:DATA? | TRAC:FREE? | CALC3:DATA? | SENS:DATA:LAT? | SENS:CURR:PROT:TRIP? | STAT:QUE?
"""


def test_the_manuals_commands_are_read() -> None:
    for message in messages(_MANUAL):
        assert read(TABLE, message), message


@pytest.mark.parametrize(
    "message", ["SOURC:VOLT 1", "SOUR:VOLTA 1", "OUTP2 1", "SENS:VOLT:MED 1", "CURR 1", "FUNC:MODE VOLT"]
)
def test_what_is_no_header_is_none(message: str) -> None:
    """Commands of the source begin with its name: without it a header is one of the measurement."""
    assert code(TABLE, message) in {-113, -114}


@pytest.mark.parametrize(
    ("header", "reset"),
    [
        ("SOUR:FUNC", "VOLT"), ("SOUR:VOLT", 0.0), ("SOUR:VOLT:RANG", 21.0), ("SOUR:CURR:RANG", 1.05e-4),
        ("SOUR:VOLT:RANG:AUTO", True), ("SOUR:DEL", 0.0), ("SOUR:DEL:AUTO", True), ("SOUR:SWE:POIN", 2500),
        ("SOUR:SWE:SPAC", "LIN"), ("SOUR:SWE:RANG", "BEST"), ("SOUR:SWE:CAB", "NEV"), ("SOUR:CLE:AUTO", False),
        ("SENS:FUNC", ("CURR:DC",)), ("SENS:FUNC:CONC", True), ("SENS:CURR:PROT", 1.05e-4), ("SENS:VOLT:PROT", 21.0),
        ("SENS:CURR:RANG", 1.05e-4), ("SENS:VOLT:RANG", 21.0), ("SENS:RES:RANG", 2.1e5), ("SENS:RES:MODE", "AUTO"),
        ("SENS:VOLT:NPLC", 1.0), ("SENS:AVER:COUN", 10), ("SENS:AVER:TCON", "REP"), ("SENS:AVER", False),
        ("OUTP", False), ("OUTP:SMOD", "NORM"), ("ROUT:TERM", "FRON"), ("SYST:RSEN", False), ("TRIG:COUN", 1),
        ("ARM:COUN", 1), ("TRIG:SOUR", "IMM"), ("ARM:TIM", 0.1), ("FORM:ELEM", ("VOLT", "CURR", "RES", "TIME", "STAT")),
    ],
)  # fmt: skip
def test_reset_values(header: str, reset: object) -> None:
    assert TABLE[header].reset == reset


def test_what_the_buffer_holds_is_not_reset() -> None:
    assert all(TABLE[header].reset is None for header in ("TRAC:POIN", "TRAC:FEED", "TRAC:FEED:CONT", "TRAC:TST:FORM"))


def test_ranges_hold_five_per_cent_more_than_their_names() -> None:
    for ranges, first in ((VOLTAGE_RANGES, 0.21), (CURRENT_RANGES, 1.05e-6), (RESISTANCE_RANGES, 21.0)):
        assert ranges == pytest.approx([first * 10**power for power in range(len(ranges))])


@pytest.mark.parametrize(
    "header",
    ["SOUR:VOLT", "SOUR:CURR", "SOUR:LIST:VOLT", "SOUR:CURR:STOP", "SENS:CURR:PROT", "SENS:VOLT:PROT", "OUTP", "INIT",
     "READ", "MEAS:RES", "CONF:VOLT", "*TRG", "*RCL", "SOUR:CLE:AUTO", "SENS:RES:RANG", "SOUR:FUNC"],
)  # fmt: skip
def test_what_can_energise_the_sample_says_so(header: str) -> None:
    assert TABLE[header].energises


@pytest.mark.parametrize(
    "header", ["SENS:VOLT:NPLC", "FETC", "*RST", "SOUR:CLE", "ABOR", "TRAC:DATA", "FORM", "DISP:ENAB"]
)
def test_what_cannot_does_not(header: str) -> None:
    assert not TABLE[header].energises
