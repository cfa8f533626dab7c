"""The 2182A's table takes what clients send to a real one, and refuses what a real one refuses."""

from __future__ import annotations

import pytest

from instruments.tables import keithley2182a
from instruments.tables.keithley2182a import TABLE
from instruments.tables.table import print_value, read_arguments
from tests.instruments.tables.reading import code, messages, read

PYMEASURE = """
    :SENS:VOLT:CHAN1:RANG?|:SENS:VOLT:CHAN1:RANG 0.01|:SENS:VOLT:CHAN2:RANG:AUTO 1|:SENS:VOLT:CHAN1:REF?
    :SENS:VOLT:CHAN2:REF:STAT ON|:SENS:VOLT:CHAN1:REF:ACQ|:SENS:TEMP:CHAN1:REF 20|:SENS:TEMP:CHAN2:REF:STAT?
    :SENS:TEMP:CHAN2:REF:ACQ|:SENS:CHAN 1;:SENS:FUNC 'VOLT';:SENS:VOLT:NPLC 1.5;|:SENS:VOLT:RANG:AUTO 1
    :SENS:CHAN 2;:SENS:FUNC 'TEMP';:SENS:TEMP:NPLC 5|:SYST:AZER:STAT?|:SYST:AZER:STAT 0|:SYST:LFR?|:DISP:ENAB 1
    :SENS:CHAN?|:SENS:CHAN 0|:SENS:FUNC?|:SENS:FUNC "VOLT:DC"|:SENS:FUNC "TEMP"|:READ?|:SENS:VOLT:NPLC?|:SENS:TEMP:TC K
    :SENS:TEMP:TC?|:SENS:TEMP:RJUN:RSEL SIM|:SENS:TEMP:RJUN:SIM 25|:SENS:TEMP:RTEM?|:TRIG:COUN INF|:TRIG:DEL 0.1
    :CALC2:FORM MEAN;:CALC2:STAT ON;:CALC2:IMM?;|:CALC2:FORM MAX;:CALC2:STAT ON;:CALC2:IMM?;|:CALC2:FORM SDEV
    :TRIG:SOUR IMM;|:TRIG:SOUR BUS|status:queue:clear;*RST;:stat:pres;:*CLS;
    :STAT:PRES;*CLS;*SRE 1;:STAT:MEAS:ENAB 512;|:TRAC:POIN 1024|:TRAC:FEED SENSE;:TRAC:FEED:CONT NEXT;|:FORM:DATA ASCII
"""
OTHERS = """
    *TST?|*TRG|SYST:ERR?|SENS:FUNC "VOLT:DC"|MEAS:VOLT:DC?|SENS:VOLT:RANG?|SENS:VOLT:APER 0.1|SENS:VOLT:RANG:AUTO OFF
    TRIG:SOUR?|SENS:VOLT:DC:LPAS?|SENS:VOLT:DC:LPAS 1|SENS:VOLT:DC:DFIL?|SENS:VOLT:DC:DFIL 0|SYST:AZER?|FETC?|READ?
    INIT|ABOR|SENS:DATA:FRES?|MEAS:VOLT?|MEAS?|CONF:VOLT|CONF:TEMP|SENS:VOLT:CHAN1:REF:STAT?|UNIT:TEMP?
    INIT:CONT OFF|:SENSE:VOLT:CHANNEL1:RANGE 0.01|:SENSE:VOLTAGE:CHANNEL2:RANGE:AUTO ON|SENSE:VOLTAGE:NPLCYCLES 5
    :SENSE:VOLTAGE:CHANNEL2:RANGE?|:SENSE:FUNC 'VOLT:DC'|:SENSE:CHANNEL 2|:SENS:VOLT:DC:NPLC?|SENS:VOLT:CHANNEL1:RANGE?
    :CALC:FORM MXB|:CALC:KMAT:MMF 2|:TRAC:FEED CALC|:TRAC:FEED SENS1|:SENS:VOLT:CHAN1:LPAS:STAT OFF
    :SENS:VOLT:CHAN2:DFIL:STAT ON|:SENS:VOLT:CHAN2:DFIL:COUN 20|*WAI|:SYST:FAZ OFF|:SYST:LSYNC OFF
    :TRIGGER:SOURCE EXTERNAL|:TRIG:COUN 3|:SAMP:COUN 1|:TRACE:POINTS 3|:TRACE:DATA?|DATA:DATA?|*ESE 60;*SRE 48;
    :INIT:CONT 0;:ABOR;*CLS;|:INIT:CONT OFF;:INIT;|:TRIG:DEL:AUTO ON|:SYST:BEEP ON|:SENSE:VOLT:DIG 7|FETCH?
    :FORM ASC;:FORM:ELEM READ,UNIT,CHAN;|:FORM:BORD NORM;|*OPC?|CALC3:LIM2:UPP 2|CALC3:LIM:LOW:DATA?|CALC3:LIM:FAIL?
    OUTP:RELATIVE 1|OUTP:GAIN 2|CAL:UNPR:ACAL:STEP1|CAL:UNPR:ACAL:TEMP?|SENS:HOLD:WIND 1|STAT:QUE:ENAB (-440:+310)
    ROUT:SCAN (@1,2)|SENS:VOLT:NPLC? MAX|SYST:POS PRES|SENS:VOLT:CHAN2:LQM ON|SENS:VOLT:RATIO 0|SYST:VERS?
    DISP:TEXT:DATA "ok"|VOLT:RANG 0.01|VOLT:NPLC 1|VOLT:RANG:AUTO ON|VOLT:RANGE 2|VOLT:RANG?
"""


@pytest.mark.parametrize("message", messages(PYMEASURE) + messages(OTHERS))
def test_what_clients_send_is_taken(message: str) -> None:
    assert code(TABLE, message) == 0


@pytest.mark.parametrize(
    ("message", "number"),
    [
        ("ESE?", -113),
        ("SENS:VOLT:CHANN1:RANG 1", -113),
        ("NPLC 1", -113),
        ("SENS:VOLTA:NPLC 1", -113),
        ("READ", -113),
        ("CONF:VOLT?", -113),
        ("*OPT?", -113),
        ("SOUR:CURR 1", -113),
        ("SENS:TEMP:LQM 1", -113),
        ("SENS:VOLT:CHAN3:RANG 1", -114),
        ("CALC3:LIM3:UPP 1", -114),
        (":SYST:BEEP 500, 1", -108),
        (":SYST:BEEP 500", -224),
        ("SENS:CHAN", -109),
        ("SENS:FUNC VOLT", -104),
        ("SENS:FUNC 'CURR'", -224),
        ("SENS:FUNC 'VOLT", -151),
        ("SENS:CHAN 3", -222),
        ("SENS:VOLT:NPLC 61", -222),
        ("SENS:VOLT:NPLC 0", -222),
        ("SENS:VOLT:RANG 121", -222),
        ("SENS:VOLT:CHAN2:RANG 13", -222),
        ("SENS:VOLT:RANG -0.01", -222),
        ("TRIG:COUN 10000", -222),
        ("TRAC:POIN 1", -222),
        ("*RCL 1", -222),
        ("TRIG:SOUR TLIN", -224),
        ("TRIG:SOUR 'BUS'", -158),
        ("SENS:TEMP:TC X", -224),
        ("FORM REAL", -224),
        ("FORM:ELEM READ,TST", -224),
        ("DISP:TEXT:DATA 'thirteen char'", -154),
        ("ROUT:SCAN 1,2", -108),
        ("ROUT:SCAN @1", -104),
    ],
)
def test_what_a_real_one_refuses_is_refused(message: str, number: int) -> None:
    assert code(TABLE, message) == number


def test_a_meter_energises_nothing() -> None:
    assert not [row.header for row in TABLE if row.energises]


def test_the_channel_may_be_left_out_for_the_first_only() -> None:
    assert TABLE["SENS:VOLT:RANG"] is TABLE["SENS:VOLT:DC:CHAN1:RANG:UPP"] is not TABLE["SENS:VOLT:CHAN2:RANG"]
    assert TABLE["SENS:VOLT:DC:LPAS"] is TABLE["SENSE:VOLTAGE:CHANNEL1:LPASS:STATE"]
    assert TABLE["SENS:TEMP:DFIL"] is TABLE["SENS:TEMP:CHAN1:DFIL:STAT"] is not TABLE["SENS:VOLT:DFIL"]


def test_ranges_hold_their_over_range() -> None:
    """A channel's range can be set up to 120 % of its highest range."""
    for channel, ranges in keithley2182a.RANGES.items():
        assert TABLE[f"SENS:VOLT:CHAN{channel}:RANG"].parameters[0].maximum == pytest.approx(1.2 * ranges[-1])


@pytest.mark.parametrize(
    ("header", "text", "reply"),
    [
        ("SENS:FUNC", "'voltage'", '"VOLT:DC"'),
        ("SENS:FUNC", "'VOLT:DC'", '"VOLT:DC"'),
        ("SENS:FUNC", '"temp"', '"TEMP"'),
        ("SENS:VOLT:NPLC", "5", "5.00"),
        ("SENS:VOLT:RANG", "0.01", "0.010000"),
        ("TRIG:COUN", "infinite", "+9.9e37"),
        ("TRIG:COUN", "9.9e37", "+9.9e37"),
        ("TRIG:COUN", "12", "12"),
        ("TRIG:DEL", "0", "0.000"),
        ("SYST:AZER", "ON", "1"),
        ("TRIG:SOUR", "external", "EXT"),
    ],
)
def test_replies_have_the_form_that_was_captured(header: str, text: str, reply: str) -> None:
    row = TABLE[header]
    (value,) = read_arguments(row, (text,))
    assert print_value(row, value, TABLE.infinity) == reply


def test_the_rows_of_a_message() -> None:
    assert [row.header for row in read(TABLE, "SENS:CHAN 1;:SENS:FUNC 'VOLT';VOLT:NPLC 1;CHAN2:RANG 1")] == [
        "[SENSe[1]:]CHANnel",
        "[SENSe[1]:]FUNCtion",
        "[SENSe[1]:]VOLTage[:DC]:NPLCycles",
        "[SENSe[1]:]VOLTage[:DC]:CHANnel2:RANGe[:UPPer]",
    ]
