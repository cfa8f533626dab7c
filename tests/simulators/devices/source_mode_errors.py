"""Wrong commands, orders and values of the 6221's measuring half: what is queued, and what else happens.

Each case says where the knowledge comes from: `manual` (the code, or the limit whose violation the manual's list of
errors names), `wild` (seen in other people's programs or instruments), `pymeasure`, `slave`, or `unsure`: then the code
is a choice that a class attribute of the simulated instrument or a comment there marks.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Tag = Literal["manual", "wild", "pymeasure", "slave", "unsure"]
Bench = Literal[
    "wired", "no trigger cable", "no serial cable", "gpib", "9600 baud", "2182", "old meter", "armed", "running"
]


class Case(NamedTuple):
    """One mistake.

    Attributes:
        messages: What is sent to the 6221, one after the other.
        codes: What its error queue then holds, oldest first.
        tag: Where that is known from.
        after: Questions, and what they answer afterwards: the side effect, or that there is none.
        bench: How the two instruments stand there.
        meter: What the meter's error queue holds.
    """

    messages: tuple[str, ...]
    codes: tuple[int, ...]
    tag: Tag = "manual"
    after: tuple[tuple[str, str], ...] = ()
    bench: Bench = "wired"
    meter: tuple[int, ...] = ()


def _value(message: str, code: int, reset: str, tag: Tag = "manual") -> Case:
    """A value that is refused and leaves the setting as it was."""
    return Case((message,), (code,), tag, ((f"{message.split(' ', maxsplit=1)[0]}?", reset),))


_DELTA = (
    _value("SOUR:DELT:HIGH -1e-3", -222, "1.000000E-03"),
    _value("SOUR:DELT:HIGH 0.106", -222, "1.000000E-03"),
    _value("SOUR:DELT:LOW 1e-3", -222, "-1.000000E-03"),
    _value("SOUR:DELT:LOW -0.106", -222, "-1.000000E-03"),
    _value("SOUR:DELT:DEL 0.5e-3", -222, "0.00200"),
    _value("SOUR:DELT:DEL 10000", -222, "0.00200"),
    _value("SOUR:DELT:COUN 0", -222, "+9.9E37"),
    _value("SOUR:DELT:COUN 65537", -222, "+9.9E37"),
    Case(("SOUR:DELT:HIGH",), (-109,), after=(("SOUR:DELT:HIGH?", "1.000000E-03"),)),
    Case(("SOUR:DELT:HIGH 1e-3,2e-3",), (-108,), after=(("SOUR:DELT:HIGH?", "1.000000E-03"),)),
    Case(("SOUR:DELT:ARM 1",), (-108,), after=(("SOUR:DELT:ARM?", "0"),)),
    Case(("SOUR:DELT:PROT 1",), (-113,), "wild"),
    Case(("SOUR:DELT:HIGH 0", "SOUR:DELT:ARM"), (-221,), "unsure", (("SOUR:DELT:ARM?", "0"),)),
    Case(
        ("SOUR:CURR:RANG 2e-6", "SOUR:DELT:HIGH 1e-3", "SOUR:DELT:ARM"), (-221,), "unsure", (("SOUR:DELT:ARM?", "0"),)
    ),
)

_PULSES = (
    _value("SOUR:PDEL:HIGH 0.106", -222, "1.000000E-03"),
    _value("SOUR:PDEL:LOW -0.106", -222, "0.000000E+00"),
    _value("SOUR:PDEL:WIDT 49e-6", -222, "1.100000E-04"),
    _value("SOUR:PDEL:WIDT 13e-3", -222, "1.100000E-04"),
    _value("SOUR:PDEL:SDEL 15e-6", -222, "1.600000E-05"),
    _value("SOUR:PDEL:SDEL 12e-3", -222, "1.600000E-05"),
    _value("SOUR:PDEL:COUN 0", -222, "+9.9E37"),
    _value("SOUR:PDEL:INT 4", -222, "5"),
    _value("SOUR:PDEL:INT 1000000", -222, "5"),
    _value("SOUR:PDEL:LME 0", -222, "2", "wild"),
    _value("SOUR:PDEL:LME 3", -222, "2"),
    _value("SOUR:PDEL:RANG AUTO", -224, "BEST"),
    Case(("SOUR:PDEL:WIDT 100e-6;SDEL 100e-6;ARM",), (-221,), "unsure", (("SOUR:PDEL:ARM?", "0"),)),
    Case(("SOUR:PDEL:HIGH 0;LOW 0;ARM",), (-221,), "unsure", (("SOUR:PDEL:ARM?", "0"),)),
    Case(
        ("SOUR:CURR:RANG 2e-6", "SOUR:PDEL:RANG FIX;HIGH 1e-3;ARM"), (-221,), "unsure", (("SOUR:PDEL:ARM?", "0"),)
    ),
    Case(
        ("SOUR:SWE:SPAC LIST;:SOUR:LIST:CURR 1e-3,2e-3;DEL 1", "SOUR:PDEL:SWE ON;ARM"), (-221,), "unsure",
        (("SOUR:PDEL:ARM?", "0"),),
    ),
    Case(("SOUR:PDEL:ARM",), (-241,), "unsure", (("SOUR:PDEL:ARM?;NVPR?", "0;0"),), "2182"),
    Case(("SOUR:DELT:NVPR?",), (), "manual", (("SOUR:DELT:NVPR?", "0"),), "old meter"),
)  # fmt: skip

_CONDUCTANCE = (
    _value("SOUR:DCON:STAR 0.106", -222, "-1.000000E-05"),
    _value("SOUR:DCON:STOP -0.106", -222, "1.000000E-05"),
    _value("SOUR:DCON:STEP -1e-6", -222, "1.000000E-06"),
    _value("SOUR:DCON:DELT 0.106", -222, "1.000000E-06"),
    _value("SOUR:DCON:DEL 0", -222, "0.00200"),
    Case(("SOUR:DCON:STAR -0.1;STOP 0.1;STEP 1e-6;ARM",), (408,), after=(("SOUR:DCON:ARM?;:TRAC:POIN?", "1;65536"),)),
    Case(("SOUR:DCON:STEP 1e-3;ARM",), (), after=(("SOUR:DCON:ARM?;:TRAC:POIN?", "1;100"),)),
    Case(("SOUR:DCON:DELT 0;ARM",), (-221,), "unsure", (("SOUR:DCON:ARM?", "0"),)),
    Case(("SOUR:DCON:STEP 0;ARM",), (-221,), "unsure", (("SOUR:DCON:ARM?", "0"),)),
    Case(("SOUR:DCON:STOP 0.105;DELT 0.1;ARM",), (-221,), "unsure", (("SOUR:DCON:ARM?", "0"),)),
    Case(("SENS:AVER:TCON MOV;STAT ON", "SOUR:DCON:ARM"), (-221,), "unsure", (("SOUR:DCON:ARM?", "0"),)),
    Case(("TRAC:DCON:CAB ON",), (-113,), "wild"),
)

_WIRING = (
    Case(("SOUR:DELT:NVPR?",), (), "manual", (("SOUR:DELT:NVPR?", "0"),), "no serial cable"),
    Case(("SOUR:DELT:ARM",), (-241,), "unsure", (("SOUR:DELT:ARM?", "0"),), "no serial cable"),
    Case(("SOUR:DELT:ARM",), (-241,), "unsure", (("SOUR:DELT:ARM?;NVPR?", "0;0"),), "gpib"),
    Case(("SOUR:DELT:ARM",), (-241,), "unsure", (("SOUR:DELT:ARM?;NVPR?", "0;0"),), "9600 baud", (-362,)),
    Case(("SOUR:DELT:NVPR?",), (), "wild", (("SOUR:PDEL:NVPR?", "0"),), "gpib"),
    Case(("SOUR:PDEL:NVPR?",), (), "manual", (("SOUR:PDEL:NVPR?;:SOUR:DELT:NVPR?", "0;1"),), "2182"),
    Case(("SOUR:DELT:ARM", "SYST:COMM:SEL SER", "SOUR:DELT:ARM"), (-241,), "unsure", (("SOUR:DELT:NVPR?", "0"),)),
    Case(("SYST:COMM:SEL SER", 'SYST:COMM:SER:SEND "*RST"'), (-221,), "unsure"),
    Case(("INIT", "SENS:DATA:FRES?"), (-230,), "manual", (("OUTP?;:TRAC:POIN:ACT?", "1;0"),), "no trigger cable"),
    Case(('SYST:COMM:SER:SEND "NONSENSE"',), (), "manual", (("SYST:ERR?", '0,"No error"'),), meter=(-113,)),
    Case(("SYST:COMM:SER:SEND",), (-109,)),
    Case(("SYST:COMM:SER:SEND *RST",), (-104,), after=(("SOUR:DELT:NVPR?", "1"),)),
    Case(("SYST:COMM:SER:BAUD 1000",), (-222,), "slave", (("SYST:COMM:SER:BAUD?", "19200"),)),
    Case(('SYST:COMM:SER:SEND "*RST"',), (-221,), "unsure", (("SOUR:DELT:ARM?", "1"),), "running"),
)

_READINGS = (
    Case(("SENS:DATA?",), (-221,)),
    Case(("SENS:DATA:FRES?",), (-221,)),
    Case(("CALC:DATA?",), (-221,)),
    Case(("CALC:DATA:FRES?",), (-221,)),
    Case(("SENS:DATA?",), (-221,), bench="armed", after=(("SOUR:DELT:ARM?;:OUTP?", "1;0"),)),
    Case(("SENS:DATA:FRES?", "SENS:DATA:FRES?"), (-230,), "manual", (("SOUR:DELT:ARM?", "1"),), "running"),
    Case(("CALC:DATA:FRES?", "CALC:DATA:FRES?"), (-230,), "manual", (("SOUR:DELT:ARM?", "1"),), "running"),
    Case(("INIT",), (-213,), "manual", (("OUTP?;:SOUR:DELT:ARM?", "1;1"),), "running"),
    Case(("SENS:AVER:COUN 1",), (-222,), after=(("SENS:AVER:COUN?", "10"),)),
    Case(("SENS:AVER:COUN 301",), (-222,), after=(("SENS:AVER:COUN?", "10"),)),
    Case(("SENS:AVER:WIND 11",), (-222,), after=(("SENS:AVER:WIND?", "0.00"),)),
    Case(("SENS:AVER:TCON NONE",), (-224,), after=(("SENS:AVER:TCON?", "MOV"),)),
    Case(("UNIT A",), (-224,), after=(("UNIT?", "V"),)),
    Case(("UNIT:POW MEAN",), (-224,), after=(("UNIT:POW?", "AVER"),)),
    Case(("CALC:FORM MEAN",), (-224,)),
    Case(("CALC:KMAT:MMF 1e21",), (-222,), after=(("CALC:KMAT:MMF?", "1.000000E+00"),)),
    Case(("CALC2:FORM MEDIAN",), (-224,), after=(("CALC2:FORM?", "MEAN"),)),
    Case(("CALC2:DATA?",), (-230,), "unsure"),
    Case(("CALC2:IMM?",), (-230,), "unsure"),
    Case(("CALC3:LIM:SOUR2 16",), (-222,), after=(("CALC3:LIM:SOUR2?", "15"),)),
    Case(("CALC3:FORC:PATT 16",), (-222,), after=(("CALC3:FORC:PATT?", "15"),)),
)

_BUFFER = (
    Case(("TRAC:POIN 0",), (-222,), after=(("TRAC:POIN?", "100"),)),
    Case(("TRAC:POIN 1e6",), (-222,), "wild", (("TRAC:POIN?", "100"),)),
    Case(("TRAC:NOT 100",), (-222,), after=(("TRAC:NOT?", "50"),)),
    Case(("TRAC:FEED CALC3",), (-224,), after=(("TRAC:FEED?", "CALC1"),)),
    Case(("TRAC:FEED:CONT ALW",), (-224,), after=(("TRAC:FEED:CONT?", "NEV"),)),
    Case(("TRAC:DATA?",), (-230,), "unsure"),
    Case(("TRAC:DATA:SEL? 0,10",), (-230,), "unsure"),
    Case(("TRAC:DATA:SEL? 0",), (-109,)),
    Case(("TRAC:DATA:SEL? 65536,1",), (-222,)),
    Case(("TRACE:ACTUAL?",), (-113,), "wild"),
    Case(("TRACE:TYPE?",), (-113,), "wild"),
    Case(("TRAC:TST:FORM REL",), (-224,), after=(("TRAC:TST:FORM?", "ABS"),)),
    Case(("FORM INT",), (-224,), after=(("FORM?", "ASC"),)),
    Case(("FORM REAL,16",), (-222,), after=(("FORM?", "ASC"),)),
    Case(("FORM:ELEM READ,TIME",), (-224,), after=(("FORM:ELEM?", "READ,TST"),)),
    Case(("ESE?",), (-113,), "pymeasure"),
    Case(("SYST:BEEP 440,1",), (-108,), "unsure"),
)

CASES = (*_DELTA, *_PULSES, *_CONDUCTANCE, *_WIRING, *_READINGS, *_BUFFER)
