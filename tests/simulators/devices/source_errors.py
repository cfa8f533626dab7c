"""Wrong commands, orders and values of the 6221's output half: what is queued, and what else happens or does not.

Each case says where the knowledge comes from: `manual` (the rule or the limit, and the number that the manual's list of
errors has for it), `wild` (seen in instruments or in programs that run with them), `pymeasure`, `slave` (a limit that
only a driver tells), or `unsure`: then the number is a choice, which a comment or a class attribute of the simulated
instrument marks.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Tag = Literal["manual", "wild", "pymeasure", "slave", "unsure"]
Bench = Literal["fresh", "interlock open", "sweep armed", "sweep running", "wave armed", "wave running"]


class Case(NamedTuple):
    """One mistake.

    Attributes:
        messages: What is sent, one after the other.
        codes: What the error queue then holds, oldest first.
        tag: Where that is known from.
        after: Questions, and what they answer afterwards: the side effect, or that there is none.
        bench: What the source is about.
    """

    messages: tuple[str, ...]
    codes: tuple[int, ...]
    tag: Tag = "manual"
    after: tuple[tuple[str, str], ...] = ()
    bench: Bench = "fresh"


_NO_CURRENT = (("SOUR:CURR?", "0.000000E+00"),)
_IDLE = (("STAT:OPER:COND?", "1024"),)


def _value(message: str, code: int, reset: str, tag: Tag = "manual") -> Case:
    """A value that is refused and leaves the setting as it was."""
    return Case((message,), (code,), tag, ((f"{message.split(' ', maxsplit=1)[0]}?", reset),))


_GRAMMAR = (
    Case(("SOURC:CURR 1e-3",), (-113,), after=_NO_CURRENT),
    Case(("SOUR:CURRE 1e-3",), (-113,), after=_NO_CURRENT),
    Case(("SOUR:CURR:AMPLIT 1e-3",), (-113,), after=_NO_CURRENT),
    Case(("OUTPU ON",), (-113,), after=(("OUTP?", "0"),)),
    Case(("SOUR2:CURR 1e-3",), (-114,), after=_NO_CURRENT),
    Case(("SOUR:CURR",), (-109,), after=_NO_CURRENT),
    Case(("SOUR:CURR 1e-3,2e-3",), (-108,), after=_NO_CURRENT),
    Case(("SOUR:CURR 'much'",), (-104,), after=_NO_CURRENT),
    Case(("OUTP MAYBE",), (-224,), after=(("OUTP?", "0"),)),
    Case(("OUTP",), (-109,), after=(("OUTP?", "0"),)),
    Case(("OUTP ON,ON",), (-108,), after=(("OUTP?", "0"),)),
    Case(("OUTP:INT:TRIP 1",), (-113,), after=(("OUTP:INT:TRIP?", "1"),)),
    Case(("INIT?",), (-113,), after=_IDLE),
    Case(("INIT 1",), (-108,), after=_IDLE),
    Case(("ABOR 1",), (-108,), after=_IDLE),
    Case(("SOUR:CURR:NONSENSE?",), (-113,), after=(("*ESR?", "160"), ("*ESR?", "0"))),
    Case(("SOUR:CURR 1e-3;:SOUR:FOO 1;:SOUR:CURR 2e-3",), (-113,), after=(("SOUR:CURR?", "1.000000E-03"),)),
    Case(("SOUR:CURR:COMP 5;FOO 1;COMP 7",), (-113,), after=(("SOUR:CURR:COMP?", "5.0000"),)),
    Case(("SOUR:CURR:COMP 5;RANG 0.2;COMP 7",), (-222,), after=(("SOUR:CURR:COMP?", "5.0000"),)),
    Case(("FOO",) * 11, (-113,) * 9 + (-350,), after=(("*ESR?", "168"),)),
    Case(("FOO", "*CLS"), (), after=(("*ESR?", "0"),)),
    Case(("FOO", "SYST:CLE"), (), after=(("*ESR?", "160"),)),
)

_OUTPUT = (
    _value("SOUR:CURR 0.106", -222, "0.000000E+00"),
    _value("SOUR:CURR -0.106", -222, "0.000000E+00"),
    _value("SOUR:CURR:RANG 0.106", -222, "0.100000"),
    _value("SOUR:CURR:COMP 0.09", -222, "10.0000"),
    _value("SOUR:CURR:COMP 105.1", -222, "10.0000"),
    _value("SOUR:CURR:COMP -5", -222, "10.0000"),
    _value("OUTP:RESP MEDIUM", -224, "FAST"),
    _value("OUTP:ISH NONE", -224, "OLOW"),
    _value("OUTP:LTE PERHAPS", -224, "0"),
    Case(("SOUR:CURR:RANG 2e-3", "SOUR:CURR 2.2e-3"), (-222,), after=_NO_CURRENT),
    Case(("SOUR:CURR:RANG 2e-9", "OUTP 1;:SOUR:CURR 2.101e-9"), (-222,), after=(*_NO_CURRENT, ("OUTP?", "1"))),
    Case(("OUTP 1",), (-221,), "unsure", (("OUTP?", "0"), ("STAT:MEAS:COND?", "2")), "interlock open"),
    Case(("SOUR:CURR 1e-3", "SOUR:CURR:RANG 2e-6"), (-221,), "unsure", (("SOUR:CURR:RANG?", "0.002000"),)),
    _value("SOUR:DEL 0.9e-3", -222, "1.00000", "slave"),
    _value("SOUR:CURR:STEP 0", -222, "1.000000E-03", "slave"),
)

_TRIGGER = (
    _value("ARM:SOUR EXT", -224, "IMM"),
    _value("TRIG:SOUR TIM", -224, "IMM"),
    _value("ARM:DIR BOTH", -224, "ACC"),
    _value("ARM:OUTP SOUR", -224, "NONE"),
    _value("TRIG:OUTP TENT", -224, "NONE"),
    _value("ARM:TIM -1", -222, "0.10000"),
    _value("ARM:TIM 100000", -222, "0.10000"),
    _value("ARM:ILIN 0", -222, "1"),
    _value("ARM:OLIN 7", -222, "2"),
    _value("TRIG:ILIN 0", -222, "1"),
    _value("TRIG:OLIN 7", -222, "2"),
    _value("TRIG:ILIN 2", -221, "1", "wild"),
    _value("TRIG:ILIN 3", -221, "1", "wild"),
    _value("TRIG:OLIN 1", -221, "2", "wild"),
    _value("TRIG:OLIN 3", -221, "2", "wild"),
    _value("SOUR:WAVE:PMAR:OLIN 1", -221, "3", "wild"),
    _value("SOUR:WAVE:PMAR:OLIN 2", -221, "3", "wild"),
    Case(("*TRG",), (-211,), after=_IDLE),
    Case(("TRIG:SIGN",), (-211,), after=_IDLE),
    Case(("ARM:SIGN",), (-212,), after=_IDLE),
    Case(("ARM:SOUR TLIN", "INIT", "*TRG"), (-211,), after=(("STAT:OPER:COND?", "64"),)),
    Case(("ARM:SOUR BUS", "INIT", "INIT"), (-213,), after=(("STAT:OPER:COND?", "64"),)),
    Case(("INIT",), (-213,), after=(("STAT:OPER:COND?", "8"), ("OUTP?", "1")), bench="sweep running"),
    Case(("TRIG:SIGN",), (-211,), after=(("STAT:OPER:COND?", "8"),), bench="sweep running"),
    Case((":ARM:SOUR BUS;:TRIG:SOUR BUS;",), (-224,), "pymeasure", (("ARM:SOUR?", "BUS"), ("TRIG:SOUR?", "IMM"))),
)

_SWEEP = (
    _value("SOUR:SWE:SPAC CUBIC", -224, "LIN"),
    _value("SOUR:SWE:RANG NONE", -224, "BEST"),
    _value("SOUR:SWE:CAB LATER", -224, "0"),
    _value("SOUR:SWE:POIN 65536", -222, "11", "slave"),
    _value("SOUR:SWE:POIN 0", -222, "11", "slave"),
    _value("SOUR:SWE:COUN 10000", -222, "1", "slave"),
    _value("SOUR:SWE:COUN 0", -222, "1", "slave"),
    _value("SOUR:CURR:STAR 0.106", -222, "0.000000E+00"),
    _value("SOUR:CURR:STOP -0.106", -222, "0.000000E+00"),
    Case(("SOUR:LIST:CURR",), (-109,), after=(("SOUR:LIST:CURR:POIN?", "1"),)),
    Case(("SOUR:LIST:CURR 1e-3,0.106",), (-222,), after=(("SOUR:LIST:CURR:POIN?", "1"),)),
    Case(("SOUR:LIST:COMP 10,106",), (-222,), after=(("SOUR:LIST:COMP:POIN?", "1"),)),
    Case(("SOUR:LIST:CURR 1e-3,'x'",), (-104,), after=(("SOUR:LIST:CURR:POIN?", "1"),)),
    Case(("SOUR:LIST:CURR " + ",".join(["0"] * 101),), (-223,), "slave", (("SOUR:LIST:CURR:POIN?", "1"),)),
    Case(("SOUR:LIST:CURR:APP " + ",".join(["0"] * 101),), (-223,), "slave", (("SOUR:LIST:CURR:POIN?", "1"),)),
    Case(("SOUR:SWE:ARM 1",), (-108,)),
    Case(("SOUR:SWE:ARM?",), (-113,), "slave"),
    Case(
        ("SOUR:SWE:SPAC LIST", "SOUR:LIST:CURR 1e-3,0;DEL 0.1,0.1,0.1", "SOUR:SWE:ARM", "INIT"),
        (-221,),
        "unsure",
        (("OUTP?", "0"), *_IDLE),
    ),
    Case(("SOUR:SWE:SPAC LIST", "SOUR:LIST:CURR 1e-3,0;COMP 1,1", "SOUR:SWE:ARM"), (-221,), "unsure"),
    Case(("SOUR:SWE:SPAC LOG", "SOUR:CURR:STAR -1e-3;STOP 1e-3", "SOUR:SWE:ARM"), (-221,), "unsure"),
    Case(("SOUR:CURR:STAR 0;STOP 0.1;STEP 1e-6", "SOUR:SWE:ARM"), (-221,), "unsure"),
    Case(("SOUR:CURR:RANG 2e-6", "SOUR:SWE:RANG FIX", "SOUR:CURR:STOP 2e-3", "SOUR:SWE:ARM"), (-221,), "unsure"),
    Case(("SOUR:CURR 1e-3",), (-221,), "unsure", (("OUTP?", "1"),), "sweep running"),
    Case(("SENS:DATA?",), (-221,), bench="sweep running"),
    Case(("SENS:DATA:FRES?",), (-221,), bench="sweep armed"),
)

_WAVE = (
    _value("SOUR:WAVE:AMPL 1e-12", -222, "1.000000E-03"),
    _value("SOUR:WAVE:AMPL 0.106", -222, "1.000000E-03"),
    _value("SOUR:WAVE:FREQ 0.9e-3", -222, "1.000000E+03"),
    _value("SOUR:WAVE:FREQ 100.001e3", -222, "1.000000E+03"),
    _value("SOUR:WAVE:OFFS 0.106", -222, "0.000000E+00"),
    _value("SOUR:WAVE:FUNC TRI", -224, "SIN", "slave"),
    _value("SOUR:WAVE:FUNC ARB5", -224, "SIN", "slave"),
    _value("SOUR:WAVE:DCYC 101", -222, "50.0000", "slave"),
    _value("SOUR:WAVE:RANG AUTO", -224, "BEST", "slave"),
    _value("SOUR:WAVE:DUR:TIME 99e-9", -222, "+9.9E37", "slave"),
    _value("SOUR:WAVE:PMAR -10", -222, "180.0000", "unsure"),
    Case(("SOUR:WAVE:ARB:DATA 0,1.1",), (-222,), "slave", (("SOUR:WAVE:ARB:POIN?", "0"),)),
    Case(("SOUR:WAVE:ARB:DATA " + ",".join(["0"] * 101),), (-223,), "slave", (("SOUR:WAVE:ARB:POIN?", "0"),)),
    Case(("SOUR:WAVE:ARB:COPY 5",), (-222,), "slave"),
    Case(("SOUR:WAVE:ARB:COPY 0",), (-222,), "slave"),
    Case(("SOUR:WAVE:ARM 1",), (-108,)),
    Case(("SOUR:WAVE:INIT",), (-221,), "unsure", (("OUTP?", "0"), *_IDLE)),
    Case(("SOUR:WAVE:INIT",), (-221,), "unsure", (("OUTP?", "0"),), "sweep armed"),
    Case(("SOUR:WAVE:INIT",), (-213,), "unsure", (("STAT:OPER:COND?", "16"),), "wave running"),
    Case(("SOUR:WAVE:AMPL 60e-3;OFFS 60e-3;ARM",), (-221,), "unsure", (("OUTP?", "0"),)),
    Case(("SOUR:WAVE:FUNC ARB0;ARM",), (-221,), "unsure"),
    Case(("SOUR:WAVE:AMPL 0.05",), (-221,), "unsure", (("SOUR:WAVE:AMPL?", "1.000000E-03"),), "wave armed"),
)

_COMMON = (
    Case(("*SAV 5",), (-222,)),
    Case(("*RCL 5",), (-222,)),
    Case(("*SRE 256",), (-222,), after=(("*SRE?", "0"),)),
    Case(("*ESE 256",), (-222,), after=(("*ESE?", "0"),)),
    Case(("STAT:OPER:ENAB 65536",), (-222,), after=(("STAT:OPER:ENAB?", "0"),)),
    Case(("*RST 1",), (-108,)),
    Case(("ESE 3",), (-113,), "pymeasure", (("*ESE?", "0"),)),
    Case((":SYST:BEEP 440, 1",), (-108,), "pymeasure"),
)

CASES = (*_GRAMMAR, *_OUTPUT, *_TRIGGER, *_SWEEP, *_WAVE, *_COMMON)
