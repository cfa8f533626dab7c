"""The 6221's table takes what clients send to a real one, refuses what a real one refuses, and is sound in itself."""

from __future__ import annotations

import pytest

from instruments.tables import keithley6221
from instruments.tables.keithley6221 import TABLE
from instruments.tables.table import read_arguments
from tests.instruments.tables.reading import code, messages, read

PYMEASURE = """
    *IDN?|*RST|*CLS|*OPC?|*OPT?|*STB?|SYST:ERR?|OUTPut?|OUTPut 1|OUTPUT ON|OUTPUT OFF
    :OUTPut:ISHield?|:OUTPut:ISHield GUAR|:OUTPut:ISHield OLOW|:SOUR:DEL?|:SOUR:DEL 0.5|:OUTP:LTE?|OUTP:LTE 1
    :SOUR:CURR?|:SOUR:CURR 0.001|:SOUR:CURR:COMP?|:SOUR:CURR:COMP 10
    :SOUR:CURR:RANG?|:SOUR:CURR:RANG:AUTO 0;:SOUR:CURR:RANG 1e-05|:SOUR:CURR:RANG:AUTO?|:SOUR:CURR:RANG:AUTO 1
    :UNIT:VOLT:DC?|:UNIT:VOLT:DC OHMS|:UNIT:VOLT:DC SIEM|:SOUR:DELT:HIGH?|:SOUR:DELT:HIGH 0.001|:SOUR:DELT:LOW -0.001
    :SOUR:DELT:DELay?|:SOUR:DELT:DELay INF|:SOUR:DELT:COUN?|:SOUR:DELT:COUN INF|:SOUR:DELT:COUN 50
    :SOUR:SWEep:COUN?|:SOUR:SWEep:COUN INF|:SOUR:DELT:CAB?|:SOUR:DELT:CAB ON|:SOUR:DELT:CSW?|:SOUR:DELT:CSW OFF
    TRAC:POIN?|TRAC:POIN 100|:SOUR:DELT:ARM|:INIT:IMM|:SOUR:SWE:ABOR|:SENS:DATA?|:TRAC:DATA?|:SOUR:DELT:NVPR?
    :SOUR:WAVE:FUNC SIN|:SOUR:WAVE:FUNC ARB4|:SOUR:WAVE:FREQ 1000|:SOUR:WAVE:AMPL 1e-3|:SOUR:WAVE:OFFS 0
    :SOUR:WAVE:DCYC 50|:SOUR:WAVE:DUR:TIME 10|:SOUR:WAVE:DUR:CYCL 10|:SOUR:WAVE:DUR:TIME INF|:SOUR:WAVE:RANG BEST
    :SOUR:WAVE:PMAR:STAT 1|:SOUR:WAVE:PMAR 180|:SOUR:WAVE:PMAR?|:SOUR:WAVE:PMAR:OLIN 2|:SOUR:WAVE:ARM|:INIT|:ABOR
    :SOUR:WAVE:ARB:DATA -1, 0.5, 1|:SOUR:WAVE:ARB:COPY 1|:DISP:ENAB?|:DISP:ENAB 0
    status:queue:clear;*RST;:stat:pres;:*CLS;|:ARM:SOUR IMM;:TRIG:SOUR IMM;|:ARM:SOUR TIM;:ARM:TIM 1.5
    :ARM:SOUR TLIN;:TRIG:SOUR TLIN;:ARM:ILIN 1;:TRIG:ILIN 1;|:TRIG:OUTP DEL;:TRIG:OLIN 2;|:TRIG:OUTP NONE
    :STAT:MEAS:ENAB 512|:STAT:OPER:ENAB?|:STAT:QUES:ENAB 0|*SRE 1|*SRE?|:STAT:MEAS?|:STAT:OPER?|:STAT:QUES?|*ESR?
    :STAT:PRES;*CLS;*SRE 1;:STAT:MEAS:ENAB 512;|:TRAC:CLEAR;|:TRAC:POIN 10|:TRAC:FEED SENSE;:TRAC:FEED:CONT NEXT;
    :FORM:DATA ASCII|:STAT:PRES;*CLS;:TRAC:CLEAR;:TRAC:FEED:CONT NEXT;|:TRAC:FEED:CONT NEV
"""
VENDOR_EXAMPLES = """
    SOUR:SWE:ABOR|SOUR:WAVE:ABOR|OUTP:ISH GUARD|OUTP:LTE ON|FORM:ELEM READ,TST,RNUM,SOUR|FORM:ELEM READ,SOUR,AVOL,TST
    SOUR:DELT:COUNT 100|SOUR:DELT:DEL 0.001|SOUR:CURR:RANG 1e-3|SYST:COMM:SERIAL:SEND "*RST"|SENS:AVER:WIND 0
    SYST:COMM:SER:SEND ":SENS:VOLT:NPLC 1"|SENS:AVER:TCON REP|SENS:AVER:COUNT 10|SENS:AVER:STAT 1|UNIT V|INIT:IMM
    STAT:OPER:EVEN?|TRAC:DATA:SEL? 0,1000|:SOUR:SWE:ABORT|SOUR:DCON:STAR -1e-5|SOUR:DCON:STOP 1e-5|SOUR:DCON:STEP 1e-6
    SOUR:DCON:DEL 0.01|SOUR:DCON:DELT 1e-6|UNIT SIEM|SOUR:DCON:ARM|SOUR:WAVE:ARB:APP 0.1,0.2|SOUR:WAVE:FREQ 10e3
    SOUR:WAVE:DUR:TIME 20|OUTP:STAT?|*ESE 60;*SRE 48;*CLS;|:SYST:ERR?|:SOUR:CLE;|:SOUR:CLE:IMM
    SYST:COMM:SER:SEND "SENS:FUNC ""VOLT"";*CLS"|SYST:COMM:SER:SEND 'SENS:FUNC "VOLT";*IDN?'|SYST:COMM:SERial:ENTer?
"""
OTHERS = """
    FORMAT:SREGISTER BINARY|STATUS:MEASUREMENT:EVENT?|STATUS:QUESTIONABLE:EVENT?|STATUS:QUEUE:NEXT?|CURRENT 1e-6
    CURRENT:RANGE 1e-6|CURRENT:RANGE?|CURRENT:COMPLIANCE?|CURRENT:COMPLIANCE 5|SOURCE:WAVE:RANGING FIXED|PDELta:ARM?
    SOUR:WAVE:PMAR 269|SOUR:WAVE:PMAR:OLIN 1|SOUR:PDEL:SWE ON|SOUR:PDEL:ARM|TRACE:DATA?|TRAC:CLE|TRAC:POIN:ACT?
    DATA:DATA?|DATA:CLEAR|:OUTPut:INTerlock:TRIPped?|OUTP:INT:STAT:TRIP?|UNIT ohms|SOUR1:CURR 1 MA|sour:curr 5ua
    SOUR:CURR? MAX|SOUR:CURR:COMP? MIN|SOUR:CURR MIN|SOUR:CURR:COMP DEF|SOUR:PDEL:LME 1|SENSe1:DATA:FRESh?
    CALC3:LIM:FAIL?|CALC3:LIM1:SOUR2 3|CALC3:FORC:PATT 15|DISP:WIND2:TEXT:DATA 'read me'|SYST:POS SAV4|*SAV 4|*RCL 0
    ARM:SEQ1:LAY1:TCON:ASYN:OLIN 3|SOUR:LIST:CURR 1e-3,2e-3,0|SOUR:LIST:DEL:APP 1,2|SOUR:LIST:COMP:POIN?|FORM REAL,32
    SOUR:CURR:RANG 1e-3;RANG:AUTO 0|:SOUR:CURR:COMP 1;FILT 0;:OUTP 0
"""


@pytest.mark.parametrize("message", messages(PYMEASURE) + messages(VENDOR_EXAMPLES) + messages(OTHERS))
def test_what_clients_send_is_taken(message: str) -> None:
    assert code(TABLE, message) == 0


@pytest.mark.parametrize(
    ("message", "number"),
    [
        ("ESE?", -113),
        ("ESE 60", -113),
        ("SOUR:DELT:PROT 1", -113),
        ("TRAC:DCON:CAB 1", -113),
        ("TRACE:ACTUAL?", -113),
        ("TRACE:TYPE?", -113),
        ("SOURC:CURR 1", -113),
        ("SOUR:CURREN 1", -113),
        ("SOUR:RANG 1e-3", -113),
        (":SOUR:CURR 1e-3;CURR:COMP 1;:COMP 2", -113),
        ("SOUR:CURR 1e-3;COMP 2", -113),
        ("OUTP:INT:TRIP", -113),
        ("SOUR:DELT:NVPR", -113),
        ("*ESR", -113),
        ("*TRG?", -113),
        ("*SAV?", -113),
        ("INIT?", -113),
        ("INIT:CONT ON", -113),
        ("SOUR2:CURR 1e-3", -114),
        ("CALC7:FORM MEAN", -114),
        (":SYST:BEEP 500, 1", -108),
        ("SOUR:CURR 1e-3,2", -108),
        ("OUTP? MIN", -108),
        ("*RST 1", -108),
        ("SOUR:CURR", -109),
        ("SOUR:LIST:CURR", -109),
        ("FORM:ELEM", -109),
        ("TRAC:DATA:SEL? 5", -109),
        ("SOUR:CURR 'x'", -104),
        ("SOUR:CURR HIGH", -104),
        ("SOUR:CURR nan", -104),
        ("SOUR:CURR inf", -104),
        ("SOUR:CURR INF", -104),
        ("SYST:COMM:SER:SEND *RST", -104),
        ("SOUR:CURR 1 V", -121),
        ("SOUR:CURR 0.10501", -222),
        ("SOUR:CURR -0.106", -222),
        ("SOUR:CURR 9.9e37", -222),
        ("SOUR:CURR:COMP 0.09", -222),
        ("SOUR:SWE:COUN 65536", -222),
        ("SOUR:DELT:COUN 1e6", -222),
        ("TRAC:POIN 1000000", -222),
        ("SOUR:PDEL:LME 0", -222),
        ("SOUR:WAVE:PMAR -90", -222),
        ("SOUR:DELT:LOW 1e-3", -222),
        ("*RCL 5", -222),
        (":ARM:SOUR BUS;:TRIG:SOUR BUS;", -224),
        ("OUTP 2", -224),
        ("OUTP:ISH GUARDED", -224),
        ("UNIT OHM", -224),
        ("FORM:ELEM READ,VOLT", -224),
        ("SOUR:LIST:CURR " + ",".join(["0"] * 101), -223),
        ("SOUR:LIST:CURR " + ",".join(["0"] * 99 + ["1"]), -222),
        ("DISP:TEXT:DATA 'more than twenty characters'", -154),
        ('SYST:COMM:SER:SEND "*RST', -151),
        ("SOUR:CURR=1", -111),
    ],
)
def test_what_a_real_one_refuses_is_refused(message: str, number: int) -> None:
    assert code(TABLE, message) == number


@pytest.mark.parametrize(
    "message",
    [
        "SOUR:CURR 0", "SOUR:CURR:COMP 1", "OUTP 1", "INIT", "*TRG", "*RCL 0", "SOUR:SWE:ARM", "SOUR:WAVE:ARM",
        "SOUR:WAVE:INIT", "SOUR:WAVE:AMPL 1e-3", "SOUR:WAVE:OFFS 0", "SOUR:WAVE:ARB:DATA 0", "SOUR:WAVE:ARB:APP 0",
        "SOUR:DELT:HIGH 0", "SOUR:DELT:LOW 0", "SOUR:DELT:ARM", "SOUR:PDEL:HIGH 0", "SOUR:PDEL:LOW 0", "SOUR:PDEL:ARM",
        "SOUR:DCON:STAR 0", "SOUR:DCON:STOP 0", "SOUR:DCON:STEP 0", "SOUR:DCON:DELT 0", "SOUR:DCON:ARM",
        "SOUR:CURR:STAR 0", "SOUR:CURR:STOP 0", "SOUR:CURR:CENT 0", "SOUR:CURR:SPAN 1", "SOUR:CURR:STEP 1e-6",
        "SOUR:LIST:CURR 0", "SOUR:LIST:CURR:APP 0", "SOUR:LIST:COMP 1", "ARM:SIGN", "TRIG:SIGN", "SYST:KEY 1",
    ],
)  # fmt: skip
def test_what_can_put_current_on_the_sample_is_marked(message: str) -> None:
    header = message.split(maxsplit=1)[0]
    assert TABLE[header].energises


def test_what_only_listens_or_rests_is_not_marked() -> None:
    quiet = "SOUR:CLE|SOUR:SWE:ABOR|SOUR:WAVE:ABOR|ABOR|*RST|*CLS|TRAC:CLE|SYST:COMM:SER:SEND|FORM:ELEM|SOUR:CURR:RANG"
    assert not [header for header in quiet.split("|") if TABLE[header].energises]
    assert not [row.header for row in TABLE if row.energises and not row.command]


def test_levels_stay_inside_what_the_source_can_deliver() -> None:
    """Every current that the table takes is one that the 100 mA range with its 5 % of over-range can drive."""
    for row in TABLE:
        for parameter in row.parameters:
            if parameter.unit == "A" and "SPAN" not in row.header:
                assert parameter.maximum is not None
                assert parameter.minimum is not None
                assert max(abs(parameter.maximum), abs(parameter.minimum)) <= 1.05 * keithley6221.RANGES[-1]


def test_the_source_root_may_be_left_out_everywhere() -> None:
    for row in TABLE:
        if row.header.startswith("[SOURce[1]:]"):
            rest = row.header.removeprefix("[SOURce[1]:]").replace("[", "").replace("]", "")
            assert TABLE[rest] is TABLE[f"SOURce:{rest}"] is TABLE[f":SOUR1:{rest}"] is row


def test_units_are_read_as_the_source_reads_them() -> None:
    row = TABLE["SOUR:CURR"]
    for text, amperes in (("1.5 MA", 1.5e-3), ("100uA", 1e-4), ("2 nA", 2e-9), ("0.05 A", 0.05), ("5e1ma", 0.05)):
        assert read_arguments(row, (text,)) == (amperes,)
    assert read_arguments(TABLE["SOUR:WAVE:FREQ"], ("0.05 MHZ",)) == (5e4,)
    assert read_arguments(TABLE["SOUR:PDEL:WIDT"], ("500 US",)) == (5e-4,)


def test_the_path_of_a_compound_message() -> None:
    rows = read(TABLE, ":SOUR:CURR:RANG 1e-3;COMP 2;*CLS;FILT 1;:SYST:ERR?")
    assert [row.header.rpartition(":")[2] for row in rows[:2]] == ["RANGe", "COMPliance"]
    assert rows[2] is TABLE["*CLS"]
    assert rows[3] is TABLE["SOUR:CURR:FILT"]
    assert rows[4] is TABLE["SYST:ERR"]
