"""Wrong commands, orders and values sent to a 2182A: what is queued, and what else happens.

Each case says where the knowledge comes from: `manual` (the number, or the limit whose violation the manual's table of
messages names), `wild` (seen in other people's programs or instruments), `pymeasure`, or `unsure`: then the number is a
choice.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Tag = Literal["manual", "wild", "pymeasure", "unsure"]


class Case(NamedTuple):
    """One mistake.

    Attributes:
        messages: What is sent, one after the other, after *RST; each is waited for, for half an hour at most.
        codes: What the error queue then holds, oldest first.
        tag: Where that is known from.
        after: Questions, and what they answer afterwards: the side effect, or that there is none.
        reply: What the last message answers; None where nothing comes.
        volts: What is on channel 1.
    """

    messages: tuple[str, ...]
    codes: tuple[int, ...]
    tag: Tag = "manual"
    after: tuple[tuple[str, str], ...] = ()
    reply: str | None = None
    volts: float = 0.0


def _kept(message: str, code: int, reset: str, tag: Tag = "manual") -> Case:
    """A value that is refused and leaves the setting as it was."""
    return Case((message,), (code,), tag, ((f"{message.split(' ', maxsplit=1)[0]}?", reset),))


_IDLE = ("STAT:OPER:COND?", "1024")
_ONE = "+1.00000000E-03"

_VALUES = (
    _kept("SENS:CHAN 3", -222, "1"),
    _kept("SENS:VOLT:NPLC 0.009", -222, "5.00"),
    _kept("SENS:VOLT:NPLC 61", -222, "5.00"),
    _kept("SENS:VOLT:APER 2", -222, "0.083333"),
    _kept("SENS:VOLT:DIG 3", -222, "8"),
    _kept("SENS:VOLT:RANG 121", -222, "100.000000"),
    _kept("SENS:VOLT:RANG -1", -222, "100.000000"),
    _kept("SENS:VOLT:CHAN2:RANG 13", -222, "10.000000"),
    _kept("SENS:VOLT:CHAN1:REF 121", -222, "+0.00000000E+00"),
    _kept("SENS:VOLT:CHAN2:REF -12.5", -222, "+0.00000000E+00"),
    _kept("SENS:VOLT:DFIL:WIND 11", -222, "0.01"),
    _kept("SENS:VOLT:DFIL:WIND 0.001", -222, "0.01"),
    _kept("SENS:VOLT:CHAN2:DFIL:WIND 0.0099", -222, "0.01"),
    _kept("SENS:TEMP:DFIL:WIND 0.005", -222, "0.01"),
    _kept("SENS:VOLT:DFIL:WIND -0.01", -222, "0.01"),
    _kept("SENS:VOLT:DFIL:COUN 0", -222, "10"),
    _kept("SENS:VOLT:DFIL:COUN 101", -222, "10"),
    _kept("SENS:HOLD:WIND 0.001", -222, "1.00"),
    _kept("SENS:HOLD:WIND 21", -222, "1.00"),
    _kept("SENS:HOLD:COUN 1", -222, "5"),
    _kept("SENS:TEMP:RJUN:SIM 61", -222, "23.00"),
    _kept("SENS:TEMP:DIG 8", -222, "6"),
    _kept("TRIG:COUN 0", -222, "1"),
    _kept("TRIG:COUN 10000", -222, "1"),
    _kept("TRIG:DEL -1", -222, "0.000"),
    _kept("TRIG:TIM 1e6", -222, "0.100"),
    _kept("SAMP:COUN 1025", -222, "1"),
    _kept("TRAC:POIN 1", -222, "100"),
    _kept("TRAC:POIN 1025", -222, "100"),
    _kept("OUTP:OFFS 1.3", -222, "+0.00000000E+00"),
    _kept("CALC:KMAT:MMF 1e9", -222, "+1.00000000E+00"),
    _kept("CALC3:LIM1:UPP 2e8", -222, "+1.00000000E+00"),
    Case(("*RCL 1",), (-222,)),
    Case(("*SAV 1",), (-222,)),
    _kept("ROUT:SCAN (@1,3)", -222, "(@1,2)", "unsure"),
    _kept("ROUT:SCAN 1,2", -108, "(@1,2)", "unsure"),
)

_TYPES = (
    _kept("TRIG:SOUR TLIN", -224, "IMM"),
    _kept("SENS:TEMP:TC L", -224, "J"),
    _kept("UNIT:TEMP R", -224, "C"),
    _kept("SENS:VOLT:DFIL:TCON FAST", -224, "MOV"),
    _kept("CALC2:FORM MODE", -224, "NONE"),
    _kept("FORM:ELEM READ,TIME", -224, "READ"),
    _kept("SENS:VOLT:RANG:AUTO MAYBE", -224, "1"),
    _kept("SENS:FUNC 'CURR'", -224, '"VOLT:DC"'),
    _kept("SENS:FUNC VOLT", -104, '"VOLT:DC"'),
    _kept("SENS:VOLT:NPLC 'five'", -104, "5.00"),
    _kept("SENS:VOLT:NPLC 5A", -121, "5.00", "unsure"),
    _kept("DISP:TEXT:DATA 'THIRTEEN CHARS'", -154, '""'),
    _kept("SENS:VOLT:NPLC", -109, "5.00"),
    _kept("SENS:VOLT:NPLC 1,2", -108, "5.00"),
    Case(("INIT 1",), (-108,), after=(_IDLE,)),
    Case(("SENS:VOLT:NPLC? 1",), (-108,)),
    Case(("SYST:BEEP 440, 1",), (-108,), "pymeasure", (("SYST:BEEP?", "1"),)),
)

_HEADERS = (
    Case(("SENSOR:VOLT:NPLC 1",), (-113,), after=(("SENS:VOLT:NPLC?", "5.00"),)),
    Case(("SENS:VOLTA:NPLC 1",), (-113,), after=(("SENS:VOLT:NPLC?", "5.00"),)),
    Case(("SENS:VOLT:NPLC 1;:FOO 1;:SENS:VOLT:NPLC 2",), (-113,), after=(("SENS:VOLT:NPLC?", "1.00"),)),
    Case(("SENS:VOLT:CHAN3:RANG 1",), (-114,)),
    Case(("CALC3:LIM3:STAT 1",), (-114,)),
    Case(("TRIG:COUN:FOO?",), (-113,)),
    Case(("READ",), (-113,), after=(_IDLE,)),
    Case(("CALC2:STAT?X",), (-111,), "unsure"),
    Case(("ESE 1",), (-113,), "pymeasure", (("*ESE?", "0"),)),
    Case(("SENS:CURR:NPLC?",), (-113,), "wild"),
)

_ORDER = (
    Case(("FETC?",), (-230,)),
    Case(("SENS:DATA?",), (-230,), "unsure"),
    Case(("TRAC:DATA?",), (-230,), "unsure"),
    Case(("CALC2:FORM MEAN;STAT 1;IMM?",), (-230,), "unsure"),
    Case(("CALC2:DATA?",), (-230,), "unsure"),
    Case(("INIT;*OPC?", "SENS:VOLT:RANG 1", "FETC?"), (-230,), reply=None),
    Case(("INIT;*OPC?", "SENS:FUNC 'TEMP'", "FETC?"), (-230,), reply=None),
    Case(("INIT;*OPC?", "SENS:CHAN 2", "FETC?"), (-230,), reply=None),
    Case(("INIT;*OPC?", "SENS:VOLT:RANG 1", "SENS:DATA?"), (), reply=_ONE, volts=1e-3),
    Case(("TRIG:SOUR BUS;:READ?",), (-214,), after=(_IDLE,)),
    Case(("TRIG:SOUR EXT;:READ?",), (-214,), after=(_IDLE,)),
    Case(("INIT:CONT 1;:READ?",), (-213,), reply=_ONE, volts=1e-3, after=(("INIT:CONT?", "1"),)),
    Case(("TRIG:SOUR BUS;:INIT;:INIT",), (-213,), after=(("STAT:OPER:COND?", "32"),)),
    Case(("INIT:CONT 1;:INIT",), (-213,), after=(("STAT:OPER:COND?", "16"),)),
    Case(("TRAC:POIN 2;FEED:CONT NEXT;:TRIG:COUN 2;:INIT;*OPC?", "TRIG:COUN 1;:SAMP:COUN 3;:READ?"), (-225,)),
    Case(("TRAC:POIN 2;FEED:CONT NEXT;:TRIG:COUN 2;:INIT;*OPC?", "TRIG:COUN 1;:READ?"), (), reply=_ONE, volts=1e-3),
    Case(("*TRG",), (-211,), after=(_IDLE,)),
    Case(("TRIG:SOUR EXT;:INIT;*TRG",), (-211,), after=(("STAT:OPER:COND?", "32"),)),
    Case(("TRIG:SIGN",), (-211,), "unsure", (_IDLE,)),
    Case(("SENS:DATA:FRES?",), (), "wild", (_IDLE,)),
    Case(("INIT:CONT 1;*OPC?",), (), after=()),
    Case(("SENS:FUNC 'TEMP';:SENS:VOLT:DELT 1",), (-221,), after=(("SENS:VOLT:DELT?", "0"),)),
    Case(("SENS:FUNC 'TEMP';:SENS:VOLT:RAT 1",), (-221,), "unsure", (("SENS:VOLT:RAT?", "0"),)),
    Case(("SENS:VOLT:DELT 1;DFIL:TCON REP",), (-221,), "unsure", (("SENS:VOLT:DFIL:TCON?", "MOV"),)),
    Case(("SENS:VOLT:DFIL:TCON REP;:SENS:VOLT:DELT 1",), (), after=(("SENS:VOLT:DFIL:TCON?", "MOV"),)),
    Case(("SENS:VOLT:RAT 1;DELT 1",), (), after=(("SENS:VOLT:RAT?", "0"),)),
    Case(("SENS:VOLT:CHAN1:REF:ACQ",), (-230,), "unsure", (("SENS:VOLT:CHAN1:REF?", "+0.00000000E+00"),)),
    Case(("READ?", "SENS:VOLT:CHAN2:REF:ACQ"), (-221,), "unsure", (("SENS:VOLT:CHAN2:REF?", "+0.00000000E+00"),)),
    Case(("SENS:VOLT:RANG 0.01;:READ?", "CALC:KMAT:PERC:ACQ"), (-221,), "unsure", volts=1.0),
    Case(("SENS:VOLT:RANG 0.01;:READ?",), (), reply="+9.9E37", volts=1.0, after=(("STAT:MEAS:COND?", "33"),)),
    Case(("SENS:VOLT:RANG 0.01", "MEAS:VOLT?"), (), reply=_ONE, volts=1e-3, after=(("SENS:VOLT:RANG:AUTO?", "1"),)),
    Case(
        ("STAT:QUE:ENAB (301)", "SENS:VOLT:RANG 0.01;:READ?"), (301,), reply="+9.9E37", volts=1.0,
        after=(("*ESR?", "128"),),
    ),
    Case(
        (*["FOO"] * 11,), (*[-113] * 9, -350), after=(("*ESR?", "168"),),
    ),
)  # fmt: skip

CASES = (*_VALUES, *_TYPES, *_HEADERS, *_ORDER)
