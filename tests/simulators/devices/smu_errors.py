"""Wrong commands, orders and values sent to a 2400: what is queued, and what else happens.

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
        messages: What is sent, one after the other, after *RST.
        codes: What the error queue then holds, oldest first.
        tag: Where that is known from.
        after: Questions, and what they answer afterwards: the side effect, or that there is none.
        enable: Whether the enable line is asserted.
        hot: Whether the box is over its temperature.
    """

    messages: tuple[str, ...]
    codes: tuple[int, ...]
    tag: Tag = "manual"
    after: tuple[tuple[str, str], ...] = ()
    enable: bool = False
    hot: bool = False


def _kept(message: str, code: int, reset: str, tag: Tag = "manual") -> Case:
    """A value that is refused and leaves the setting as it was."""
    return Case((message,), (code,), tag, ((f"{message.split(' ', maxsplit=1)[0]}?", reset),))


_OFF = ("OUTP?", "0")

_SYNTAX = (
    Case(("SOURC:VOLT 1",), (-113,), after=(("SOUR:VOLT?", "0.000000E+00"),)),
    Case(("SOUR:VOLTA 1",), (-113,), after=(("SOUR:VOLT?", "0.000000E+00"),)),
    Case(("SOUR:VOLT 1;FOO 3;LEV 2",), (-113,), after=(("SOUR:VOLT?", "1.000000E+00"),)),
    Case(("NOSUCH?",), (-113,)),
    Case(("SENS2:VOLT:NPLC 1",), (-114,)),
    Case(("SOUR:VOLT",), (-109,), after=(("SOUR:VOLT?", "0.000000E+00"),)),
    Case(("SOUR:VOLT 1,2",), (-108,), after=(("SOUR:VOLT?", "0.000000E+00"),)),
    Case(("OUTP 1,1",), (-108,), after=(_OFF,)),
    Case(("SOUR:VOLT '1'",), (-104,), after=(("SOUR:VOLT?", "0.000000E+00"),)),
    Case(("OUTP MAYBE",), (-224,), after=(_OFF,)),
    Case(("SENS:FUNC CURR",), (-104,), after=(("SENS:FUNC?", '"CURR:DC"'),)),
    Case(("SENS:FUNC 'CHARGE'",), (-224,), after=(("SENS:FUNC?", '"CURR:DC"'),)),
    Case(("SENS:FUNC 'VOLT",), (-151,), after=(("SENS:FUNC?", '"CURR:DC"'),)),
    Case(("INIT 1",), (-108,), after=(("STAT:OPER:COND?", "1024"),)),
    Case(("*RCL 5",), (-222,)),
    Case(("*SAV -1",), (-222,)),
    Case(("DISP:TEXT:DATA 'one character more than 20'",), (-154,)),
    Case((":SENS:VOLT:MED 1",), (-113,), "wild"),
    Case((":ESE 1",), (-113,), "pymeasure"),
)

_RANGES = (
    _kept("SOUR:VOLT 211", -222, "0.000000E+00"),
    _kept("SOUR:VOLT -211", -222, "0.000000E+00"),
    _kept("SOUR:CURR 1.06", -222, "0.000000E+00"),
    _kept("SOUR:VOLT:RANG 250", -222, "2.100000E+01"),
    _kept("SOUR:CURR:RANG 2", -222, "1.050000E-04"),
    _kept("SOUR:VOLT:STAR 300", -222, "0.000000E+00"),
    _kept("SOUR:CURR:STOP -1.2", -222, "0.000000E+00"),
    _kept("SOUR:SWE:POIN 1", -222, "2500"),
    _kept("SOUR:SWE:POIN 2501", -222, "2500"),
    _kept("SOUR:DEL -1", -222, "0.00000"),
    _kept("SOUR:DEL 10000", -222, "0.00000"),
    _kept("SENS:CURR:PROT 1.06", -222, "1.050000E-04"),
    _kept("SENS:VOLT:PROT 211", -222, "2.100000E+01"),
    _kept("SENS:VOLT:NPLC 0.009", -222, "1.00"),
    _kept("SENS:CURR:NPLC 11", -222, "1.00"),
    _kept("SENS:AVER:COUN 101", -222, "10"),
    _kept("SENS:RES:RANG 2.2e8", -222, "2.100000E+05"),
    _kept("TRIG:COUN 0", -222, "1"),
    _kept("TRIG:COUN 2501", -222, "1"),
    _kept("TRIG:DEL 1000", -222, "0.00000"),
    _kept("ARM:COUN 2501", -222, "1"),
    _kept("ARM:TIM 0.0005", -222, "0.10000"),
    _kept("TRAC:POIN 2501", -222, "100"),
    _kept("TRIG:ILIN 5", -222, "1"),
    _kept("DISP:DIG 8", -222, "6"),
    Case(("SYST:BEEP 50,1",), (-222,)),
    Case(("SYST:BEEP 1000,8",), (-222,)),
    Case(("SOUR:LIST:VOLT 1,211",), (-222,), after=(("SOUR:LIST:VOLT:POIN?", "1"),)),
    Case(("SOUR:LIST:VOLT " + ",".join(["1"] * 101),), (-223,), after=(("SOUR:LIST:VOLT:POIN?", "1"),)),
    _kept("TRIG:SOUR BUS", -224, "IMM", "pymeasure"),
    _kept("SOUR:FUNC RES", -224, "VOLT"),
    _kept("SOUR:VOLT:MODE STEP", -224, "FIX"),
    _kept("OUTP:SMOD OPEN", -224, "NORM"),
    _kept("ROUT:TERM BACK", -224, "FRON"),
    Case(("TRIG:COUN 100", "ARM:COUN 26"), (-222,), "unsure", (("ARM:COUN?", "1"),)),
    Case(("SOUR:VOLT:RANG 2", "SOUR:VOLT 3"), (-222,), after=(("SOUR:VOLT?", "0.000000E+00"),)),
    Case(("SOUR:FUNC CURR", "SOUR:CURR:RANG 1e-6", "SOUR:CURR 1e-5"), (-222,), after=(
        ("SOUR:CURR?", "0.000000E+00"),)),
)  # fmt: skip

_CONFLICTS = (
    Case(("READ?",), (803,), after=(_OFF,)),
    Case(("INIT",), (803,), after=(("STAT:OPER:COND?", "1024"),)),
    Case(("INIT", "FETC?"), (803, -230)),
    Case(("FETC?",), (-230,)),
    Case(("SENS:DATA:LAT?",), (-230,)),
    Case(("TRAC:DATA?",), (-230,)),
    Case(("CALC3:DATA?",), (-230,)),
    Case(("CALC:DATA?",), (-230,)),
    Case(("*TRG",), (-211,), after=(("STAT:OPER:COND?", "1024"),)),
    Case(("OUTP:ENAB 1", "OUTP 1"), (802,), after=(_OFF,)),
    Case(("OUTP:ENAB 1", "OUTP 1"), (), after=(("OUTP?", "1"),), enable=True),
    Case(("OUTP:ENAB 1", "MEAS:CURR?"), (802,), after=(_OFF,)),
    Case(("OUTP 1",), (810,), after=(_OFF,), hot=True),
    Case(("SENS:VOLT:RANG 2",), (823,), "wild", (("SENS:VOLT:RANG?", "2.100000E+01"),)),
    Case(("SENS:VOLT:RANG:AUTO 1",), (823,)),
    Case(("SOUR:FUNC CURR", "SENS:CURR:RANG 1"), (823,), after=(("SENS:CURR:RANG?", "1.050000E-04"),)),
    Case(("SENS:CURR:RANG 1",), (824,), after=(("SENS:CURR:RANG?", "1.050000E-04"),)),
    Case(("SENS:CURR:PROT 1e-3", "SENS:CURR:RANG 2e-3"), (824,), after=(("SENS:CURR:RANG?", "1.050000E-04"),)),
    Case(("SENS:CURR:RANG 1e-4", "SENS:CURR:PROT 5e-8"), (822,), after=(("SENS:CURR:PROT?", "1.050000E-04"),)),
    Case(("SENS:CURR:PROT 0",), (822,), after=(("SENS:CURR:PROT?", "1.050000E-04"),)),
    Case(("SENS:VOLT:PROT 1e-5",), (822,), after=(("SENS:VOLT:PROT?", "2.100000E+01"),)),
    Case(("SENS:CURR:PROT 0.5", "SOUR:VOLT 100"), (826,), "unsure", (("SOUR:VOLT?", "0.000000E+00"),)),
    Case(("SOUR:VOLT 100", "SENS:CURR:PROT 0.5"), (826,), "unsure", (("SENS:CURR:PROT?", "1.050000E-04"),)),
    Case(("SOUR:FUNC CURR", "SENS:VOLT:PROT 100", "SOUR:CURR 0.5"), (826,), "unsure", (
        ("SOUR:CURR?", "0.000000E+00"),)),
    Case(("SENS:FUNC 'RES'", "SOUR:CURR 1e-3"), (825,), after=(("SOUR:CURR?", "1.000000E-05"),)),
    Case(("SENS:FUNC 'RES'", "SOUR:CURR:TRIG 1e-3"), (825,), "unsure", (("SOUR:CURR:TRIG?", "1.000000E-05"),)),
    Case(("SENS:FUNC 'RES'", "SOUR:CURR:RANG 1"), (825,), after=(("SOUR:CURR:RANG?", "1.050000E-05"),)),
    Case(("SENS:FUNC 'RES'", "SENS:VOLT:RANG 2"), (825,)),
    Case(("SENS:RES:MODE MAN", "SENS:RES:RANG 1e3"), (-221,), "unsure", (("SENS:RES:RANG?", "2.100000E+05"),)),
    Case(("ARM:COUN INF", "OUTP 1", "READ?"), (830,), after=(("STAT:OPER:COND?", "1024"),)),
    Case(("TRAC:FEED:CONT NEXT", "TRAC:POIN 10"), (800,), "unsure", (("TRAC:POIN?", "100"),)),
    Case(("TRAC:FEED:CONT NEXT", "TRAC:FEED CALC"), (800,), "unsure"),
    Case(("SOUR:VOLT:STAR 0;STOP 1;STEP 2",), (-221,), after=(("SOUR:VOLT:STEP?", "4.001601E-04"),)),
    Case(("SOUR:SWE:SPAC LOG", "SOUR:VOLT:STAR -1;STOP 1;MODE SWE", "OUTP 1", "INIT"), (-221,), "unsure", (
        ("STAT:OPER:COND?", "1024"),)),
    Case(("CALC:MATH (VOLT)",), (807,), after=(("CALC:MATH?", "(VOLT * CURR)"),)),
    Case(("CALC:MATH:NAME 'MINE'", "CALC:MATH:NAME 'OTHER'"), (805,), after=(("CALC:MATH:NAME?", '"MINE"'),)),
    Case(("CALC:MATH:DEL 'NONE'",), (806,)),
    Case(("CALC:MATH:DEL 'POWER'",), (808,)),
    Case(("CALC:MATH:DEL:SEL 'varalpha'",), (808,), "unsure"),
    Case(("CALC:MATH:NAME '%DEV'",), (-221,), "unsure", (("CALC:MATH:NAME?", '"POWER"'),)),
    Case(("CALC:MATH:NAME 'MINE'", "CALC:MATH ((VOLT * CURR)"), (812,), after=(("CALC:MATH?", "()"),)),
    Case(("CALC:MATH:NAME 'MINE'", "CALC:MATH (VOLT[0*CURR[0])"), (814,)),
    Case(("CALC:MATH:NAME 'MINE'", "CALC:MATH (VOLT))"), (815,)),
    Case(("CALC:MATH:NAME 'MINE'", "CALC:MATH (FOO)"), (817,)),
    Case(("CALC:MATH:NAME 'MINE'", "CALC:MATH (VOLT[2500])"), (821,)),
    Case(("CALC:MATH:NAME 'MINE'", "CALC:MATH VOLT"), (-104,), "unsure"),
    Case(("CALC:MATH:NAME 'ELEVENCHARS'",), (-154,)),
    Case(("SOUR:MEM:SAVE 0",), (-222,)),
    Case(("SOUR:MEM:REC 101",), (-222,)),
    Case(("SOUR:MEM:POIN 101",), (-222,), after=(("SOUR:MEM:POIN?", "1"),)),
    Case(("SOUR:FUNC MEM", "READ?"), (803,), after=(("SOUR:FUNC?", "MEM"), _OFF)),
    Case(("SOUR2:TTL 16",), (-222,), after=(("SOUR2:TTL?", "15"),)),
    Case(("SOUR2:BSIZ 3", "SOUR2:TTL 8"), (-222,), after=(("SOUR2:TTL?", "7"),)),
    Case(("SOUR2:BSIZ 5",), (-222,), after=(("SOUR2:BSIZ?", "4"),)),
    Case(("CALC2:CLIM:PASS:SML 101",), (-222,), after=(("CALC2:CLIM:PASS:SML?", "NEXT"),)),
    Case(("OUTP 1", "ROUT:TERM REAR"), (), after=(_OFF,)),
    Case(("OUTP 1", "SYST:RSEN 1"), (), after=(_OFF,)),
)  # fmt: skip

CASES = (*_SYNTAX, *_RANGES, *_CONFLICTS)
