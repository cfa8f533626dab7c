"""The commands of the Keithley 2400 SourceMeter.

Source: 2400 series user's manual, sections 16 to 18 (common, signal-oriented and SCPI commands), appendix A; the form
of replies from public drivers. The contact check (an option), calibration, the cache of the autozero and the pulses of
the 2430 are left out.

Numbers are in V, A, ohm, s and power line cycles. Ranges are named by what they hold, 5 % more than their name: 0.21 V
is the 200 mV range.
"""

from __future__ import annotations

from collections.abc import Iterator

from instruments.tables import common
from instruments.tables.common import action, choice, count, flag, number, question, span, word
from instruments.tables.table import CommandTable, Parameter, Row

VOLTAGE_RANGES = (0.21, 2.1, 21.0, 210.0)
CURRENT_RANGES = (1.05e-6, 1.05e-5, 1.05e-4, 1.05e-3, 1.05e-2, 0.105, 1.05)
RESISTANCE_RANGES = (21.0, 210.0, 2.1e3, 2.1e4, 2.1e5, 2.1e6, 2.1e7, 2.1e8)

PROTECTIONS = (20.0, 40.0, 60.0, 80.0, 100.0, 120.0, 160.0, 210.0)
"""Levels of the over-voltage protection in V; the last is none."""

LONGEST_LIST = 2500
LIMITS = (2, 3, *range(5, 13))
"""Numbers of the limit tests with an upper and a lower limit; 1 is that of compliance, 4 an option."""

LOCATIONS = 100
"""Set-ups that the source memory holds, numbered from 1."""

BUILT_IN = ("POWER", "OFFCOMPOHM", "VOLTCOEF", "VARALPHA", "%DEV")
"""Expressions that are there from the factory; the last is for the front panel alone."""

LONGEST_EXPRESSION = 256
"""Characters, with the parentheses and blanks."""

_RANGES = {"CURRent": CURRENT_RANGES, "VOLTage": VOLTAGE_RANGES}
_MOST = {"CURRent": 1.05, "VOLTage": 210.0}
_UNITS = {"CURRent": "A", "VOLTage": "V"}
_UNSURE = "format of the reply"
_NUMBER = "%.6E"
_LIMIT = span(-9.999999e20, 9.999999e20)
_QUANTITIES = ("VOLTage[:DC]", "CURRent[:DC]", "RESistance")
_WINDOWS = ((1, "[:WINDow[1]]", 20), (2, ":WINDow2", 32))


def _signal_oriented() -> Iterator[Row]:
    note = "The function's settings as after *RST, one reading, math and buffer off, autozero and output on."
    yield question("CONFigure", reply="functions", note="What is measured.")
    yield question("MEASure", reply="readings", energises=True, note="CONFigure of what is measured, and READ?.")
    for quantity in _QUANTITIES:
        yield action(f"CONFigure:{quantity}", energises=True, note=note)
        yield question(f"MEASure:{quantity}", reply="readings", energises=True, note="CONFigure and READ?.")
    yield question("FETCh", reply="readings", note="The readings of the last run, again and again.")
    yield question("READ", reply="readings", energises=True, note="INITiate and FETCh?; +803 with the output off.",
                   unsure="whether it is refused where the run waits for *TRG")  # fmt: skip
    yield question("[SENSe[1]:]DATA[:LATest]", reply="readings", note="The last reading alone.")


def _source() -> Iterator[Row]:
    source = "SOURce[1]"
    yield action(f"{source}:CLEar[:IMMediate]", note="Output off.")
    yield flag(f"{source}:CLEar:AUTO", False, energises=True, note="Output on for each cycle only.")
    yield word(f"{source}:CLEar:AUTO:MODE", ("ALWays", "TCOunt"), "ALW")
    yield word(f"{source}:FUNCtion[:MODE]", ("VOLTage", "CURRent", "MEMory"), "VOLT", energises=True,
               note="MEMory: each trigger takes the set-up of the next memory location.")  # fmt: skip
    yield number(f"{source}:DELay", span(0.0, 9999.999, "S"), 0.0, "%.5f", unsure="upper limit, format of the reply")
    yield flag(f"{source}:DELay:AUTO", True, note="1 ms to 3 ms, longer on small current ranges.")
    for kind in ("VOLTage", "CURRent"):
        yield from _levels(f"{source}:{kind}", kind)
        yield from _list(f"{source}:LIST:{kind}", kind)
    protection = Parameter("number", -210.0, 210.0, "V", ("NONE",))
    yield number(f"{source}:VOLTage:PROTection[:LEVel]", protection, 210.0, _NUMBER, preset=40.0,
                 unsure="steps of 20 V, reply for NONE", note="Over-voltage protection; 210 V is none.")  # fmt: skip
    yield question(f"{source}:VOLTage:PROTection:TRIPped", reply="%d")
    yield word(f"{source}:SWEep:SPACing", ("LINear", "LOGarithmic"), "LIN")
    yield number(f"{source}:SWEep:POINts", count(2, 2500), 2500, "%d", note="STEP and POINts follow each other.")
    yield word(f"{source}:SWEep:DIRection", ("UP", "DOWN"), "UP")
    yield word(f"{source}:SWEep:RANGing", ("BEST", "AUTO", "FIXed"), "BEST")
    yield word(f"{source}:SWEep:CABort", ("NEVer", "EARLy", "LATE"), "NEV", note="Abort on compliance.")
    yield from _memory(f"{source}:MEMory")
    yield number(f"{source}:SOAK", span(0.0, 9999.999, "S"), 0.0, "%.5f",
                 unsure="value after *RST, format of the reply",
                 note="Time after the first point for ranges to settle, with SYSTem:RCMode MULTiple.")  # fmt: skip


def _memory(header: str) -> Iterator[Row]:
    location = count(1, LOCATIONS)
    yield action(f"{header}:SAVE", location, note="The present set-up of source, measurement, limits and math.")
    yield action(f"{header}:RECall", location, energises=True, note="Its source is then selected, not the memory.")
    yield number(f"{header}:POINts", location, 1, "%d", unsure="value after *RST", note="Points of a memory sweep.")
    yield number(f"{header}:STARt", location, 1, "%d", note="Location with which a memory sweep begins.")


def _digital() -> Iterator[Row]:
    """The port that a handler of components is wired to."""
    port = "SOURce2"
    yield number(f"{port}:BSIZe", choice(3, 4), 4, "%d", unsure="value after *RST", note="Bits of the port.")
    yield _pattern(f"{port}:TTL[:LEVel][:DEFault]", "What the lines show while no limit test does.")
    yield question(f"{port}:TTL[:LEVel]:ACTual", reply="register", note="What the lines show now.")
    yield word(f"{port}:TTL4:MODE", ("EOTest", "BUSY"), "EOT", unsure="value after *RST")
    yield flag(f"{port}:TTL4:BSTate", False, unsure="value after *RST", note="Level of line 4 that says so.")
    yield action(f"{port}:CLEar[:IMMediate]")
    yield flag(f"{port}:CLEar:AUTO", True, unsure="value after *RST", note="It is on after power-on.")
    yield number(f"{port}:CLEar:AUTO:DELay", span(0.0, 60.0, "S"), 1e-4, "%.5f", unsure=_UNSURE)


def _pattern(header: str, note: str = "") -> Row:
    return Row(header, (Parameter("register", 0, 15),), 15, reply="register", note=note or "At most 7 with 3 bits.")


def _levels(header: str, kind: str) -> Iterator[Row]:
    most, unit = _MOST[kind], _UNITS[kind]
    reset = 21.0 if kind == "VOLTage" else 1.05e-4
    level = span(-most, most, unit)
    wide = span(-2.0 * most, 2.0 * most, unit)
    yield word(f"{header}:MODE", ("FIXed", "SWEep", "LIST"), "FIX", energises=True)
    yield number(f"{header}:RANGe", _range(kind, _RANGES[kind][0]), reset, _NUMBER, unsure=_UNSURE,
                 note="The smallest range that holds it; MIN is the lowest range.")  # fmt: skip
    yield flag(f"{header}:RANGe:AUTO", True)
    yield number(f"{header}[:LEVel][:IMMediate][:AMPLitude]", level, 0.0, _NUMBER, energises=True, unsure=_UNSURE)
    yield number(f"{header}[:LEVel]:TRIGgered[:AMPLitude]", level, 0.0, _NUMBER, energises=True,
                 unsure=_UNSURE, note="The level from the next trigger on.")  # fmt: skip
    yield number(f"{header}[:LEVel]:TRIGgered:SFACtor", span(-999.9999e18, 999.9999e18), 1.0, _NUMBER, energises=True,
                 unsure=_UNSURE, note="In a memory sweep: the level, in parts of the reading before.")  # fmt: skip
    yield flag(f"{header}[:LEVel]:TRIGgered:SFACtor:STATe", False, energises=True)
    yield number(f"{header}:STARt", level, 0.0, _NUMBER, energises=True, unsure=_UNSURE)
    yield number(f"{header}:STOP", level, 0.0, _NUMBER, energises=True, unsure=_UNSURE)
    yield number(f"{header}:STEP", wide, 0.0, _NUMBER, unsure=_UNSURE, note="Sign is of no concern.")
    yield number(f"{header}:SPAN", wide, 0.0, _NUMBER, energises=True, unsure="range, format of the reply")
    yield number(f"{header}:CENTer", level, 0.0, _NUMBER, energises=True, unsure=_UNSURE)


def _range(kind: str, least: float) -> Parameter:
    """A range, chosen by a value that it holds, of either sign; MIN is the least in magnitude.

    Of measuring ranges the manual prints two things: that MIN is the largest negative value, and that it is answered
    as 0, which selects the lowest range like MIN of a source.
    """
    most = _MOST[kind]
    return Parameter("number", -most, most, _UNITS[kind], ("UP", "DOWN"), least=least)


def _list(header: str, kind: str) -> Iterator[Row]:
    values = Parameter("numbers", -_MOST[kind], _MOST[kind], _UNITS[kind], most=100)
    yield Row(header, (values,), None, reply=_NUMBER, energises=True, initial=(0.0,), unsure="value when new")
    yield action(f"{header}:APPend", values, energises=True, note="At most 2500 in all.")
    yield question(f"{header}:POINts", reply="%d")
    yield number(f"{header}:STARt", count(1, LONGEST_LIST), 1, "%d", note="Point with which a list sweep begins.")


def _sense() -> Iterator[Row]:
    sense = "[SENSe[1]:]"
    functions = Parameter("strings", words=_QUANTITIES)
    yield Row(f"{sense}FUNCtion[:ON]", (functions,), ("CURR:DC",), reply='"%s"',
              unsure="whether several are refused while concurrent measurements are off",
              note="Adds to what is measured, as long as concurrent measurements are on; without them the last one that"
              " is named is measured.")  # fmt: skip
    yield action(f"{sense}FUNCtion[:ON]:ALL")
    yield question(f"{sense}FUNCtion[:ON]:COUNt", reply="%d")
    yield Row(f"{sense}FUNCtion:OFF", (functions,), None, reply='"%s"', initial=("VOLT:DC", "RES"))
    yield action(f"{sense}FUNCtion:OFF:ALL")
    yield question(f"{sense}FUNCtion:OFF:COUNt", reply="%d")
    yield question(f"{sense}FUNCtion:STATe", Parameter("string", words=_QUANTITIES), reply="%d")
    yield flag(f"{sense}FUNCtion:CONCurrent", True, unsure="which function remains when it is switched off")
    for kind in ("CURRent", "VOLTage"):
        yield from _measured(f"{sense}{kind}[:DC]", kind)
    yield from _resistance(f"{sense}RESistance")
    yield word(f"{sense}AVERage:TCONtrol", ("REPeat", "MOVing"), "REP")
    yield number(f"{sense}AVERage:COUNt", count(1, 100), 10, "%d")
    yield flag(f"{sense}AVERage[:STATe]", False)


def _measured(header: str, kind: str) -> Iterator[Row]:
    most, unit = _MOST[kind], _UNITS[kind]
    reset, lowest = (21.0, 0.21) if kind == "VOLTage" else (1.05e-4, 1.05e-6)
    shared = "One setting for all functions."
    yield number(f"{header}:RANGe[:UPPer]", _range(kind, 0.0), reset, _NUMBER, unsure=f"what MIN stands for, {_UNSURE}",
                 note="The smallest range that holds it.")  # fmt: skip
    yield flag(f"{header}:RANGe:AUTO", True)
    yield number(f"{header}:RANGe:AUTO:LLIMit", span(-most, most, unit), lowest, _NUMBER, unsure=_UNSURE)
    yield question(f"{header}:RANGe:AUTO:ULIMit", reply=_NUMBER, note="The range of the compliance.")
    yield number(f"{header}:NPLCycles", span(0.01, 10.0), 1.0, "%.2f", unsure=_UNSURE, note=shared)
    note = "Limit where the other quantity is sourced; at least 0.1 % of the measuring range."
    yield number(f"{header}:PROTection[:LEVel]", span(-most, most, unit), reset, _NUMBER, energises=True, note=note,
                 unsure=_UNSURE)  # fmt: skip
    yield question(f"{header}:PROTection:TRIPped", reply="%d")
    yield flag(f"{header}:PROTection:RSYNchronize", False, note="One switch for both quantities.")
    if kind == "CURRent":
        yield flag(f"{header}:RANGe:HOLDoff", False, note="In a memory sweep: first on the range of the compliance.")
        yield number(f"{header}:RANGe:HOLDoff:DELay", span(0.0, 999.9999, "S"), 0.0, "%.5f",
                     unsure="value after *RST, format of the reply")  # fmt: skip


def _resistance(header: str) -> Iterator[Row]:
    ranges = span(0.0, 2.1e8, "OHM", "UP", "DOWN")
    limits = span(-2.1e8, 2.1e8, "OHM")
    yield word(f"{header}:MODE", ("MANual", "AUTO"), "AUTO", energises=True,
               note="AUTO: test current and voltage range follow from the resistance range.")  # fmt: skip
    yield flag(f"{header}:OCOMpensated", False)
    yield number(f"{header}:RANGe[:UPPer]", ranges, 2.1e5, _NUMBER, energises=True, unsure=_UNSURE)
    yield flag(f"{header}:RANGe:AUTO", True)
    yield number(f"{header}:RANGe:AUTO:LLIMit", limits, 21.0, _NUMBER, unsure="value after *RST, format of the reply")
    yield number(f"{header}:RANGe:AUTO:ULIMit", limits, 2.1e8, _NUMBER, unsure="value after *RST, format of the reply")
    yield number(f"{header}:NPLCycles", span(0.01, 10.0), 1.0, "%.2f", unsure=_UNSURE,
                 note="One setting for all functions.")  # fmt: skip


def _math() -> Iterator[Row]:
    math = "CALCulate[1]:MATH"
    formula = Parameter("expression", maximum=LONGEST_EXPRESSION)
    yield Row(f"{math}[:EXPRession]:NAME", (Parameter("string", maximum=10),), "POWER", reply='"%s"',
              unsure="form of the reply",
              note="Selects an expression, or names one that is defined next. All built-in ones but POWER want two"
              " readings each.")  # fmt: skip
    yield Row(f"{math}[:EXPRession][:DEFine]", (formula,), None, reply="%s",
              unsure="form of the reply, number for too many characters",
              note="Of VOLTage, CURRent, RESistance, TIME (`[n]` behind them: reading n), + - * / ^ log ln sin cos tan"
              " exp.")  # fmt: skip
    yield question(f"{math}[:EXPRession]:CATalog", reply='"%s"', unsure="form of the reply")
    yield action(f"{math}[:EXPRession]:DELete[:SELected]", Parameter("string", maximum=10))
    yield action(f"{math}[:EXPRession]:DELete:ALL", note="All but the built-in ones.")
    yield Row(f"{math}:UNITs", (Parameter("string", maximum=3),), "W", reply='"%s"', unsure="form of the reply")


def _calculate() -> Iterator[Row]:
    yield from _math()
    yield flag("CALCulate[1]:STATe", False)
    yield question("CALCulate[1]:DATA", reply="readings")
    yield question("CALCulate[1]:DATA:LATest", reply="readings")
    feeds = ("CALCulate[1]", "CURRent", "VOLTage", "RESistance")
    yield word("CALCulate2:FEED", feeds, "VOLT", unsure="whether replies carry the suffix")
    yield number("CALCulate2:NULL:OFFSet", _LIMIT, 0.0, _NUMBER, unsure=_UNSURE)
    yield flag("CALCulate2:NULL:STATe", False)
    yield action("CALCulate2:NULL:ACQuire", note="The last reading of the feed, or the next where there is none.")
    yield question("CALCulate2:DATA", reply="readings", note="Wants a limit test or the null to be on.")
    yield question("CALCulate2:DATA:LATest", reply="readings")
    yield from _limits()
    yield word("CALCulate3:FORMat", ("MEAN", "SDEViation", "MAXimum", "MINimum", "PKPK"), "MEAN")
    yield question("CALCulate3:DATA", reply=_NUMBER, note="One number for each quantity that was measured.")


def _limits() -> Iterator[Row]:
    limits = "CALCulate2:CLIMits"
    yield word("CALCulate2:LIMit[1]:COMPliance:FAIL", ("IN", "OUT"), "IN")
    yield _pattern("CALCulate2:LIMit[1]:COMPliance:SOURce2")
    yield flag("CALCulate2:LIMit[1]:STATe", False)
    yield question("CALCulate2:LIMit[1]:FAIL", reply="%d")
    for test in LIMITS:
        limit = f"CALCulate2:LIMit{test}"
        for end, value in (("UPPer", 1.0), ("LOWer", -1.0)):
            yield number(f"{limit}:{end}[:DATA]", _LIMIT, value, _NUMBER, unsure=_UNSURE)
            yield _pattern(f"{limit}:{end}:SOURce2")
        yield _pattern(f"{limit}:PASS:SOURce2", "While sorting; at most 7 with 3 bits.")
        yield flag(f"{limit}:STATe", False)
        yield question(f"{limit}:FAIL", reply="%d")
    for result in ("PASS", "FAIL"):
        yield _pattern(f"{limits}:{result}:SOURce2")
        yield number(f"{limits}:{result}:SMLocation", count(1, LOCATIONS, "NEXT"), "NEXT", "%s",
                     note="Where a memory sweep goes on.")  # fmt: skip
    yield word(f"{limits}:BCONtrol", ("IMMediate", "END"), "IMM", note="When the result is put on the digital port.")
    yield word(f"{limits}:MODE", ("GRADing", "SORTing"), "GRAD", note="SORTing: one of the limit tests has to pass.")
    yield action(f"{limits}:CLEar[:IMMediate]")
    yield flag(f"{limits}:CLEar:AUTO", True, note="Clears the results when a run begins.")


def _output() -> Iterator[Row]:
    yield flag("OUTPut[1][:STATe]", False, energises=True)
    yield flag("OUTPut[1]:ENABle[:STATe]", False, note="Whether the output wants the enable line.")
    yield question("OUTPut[1]:ENABle:TRIPped", reply="%d", note="1: the enable line is asserted.")
    states = ("HIMPedance", "NORMal", "ZERO", "GUARd")
    yield word("OUTPut[1]:SMODe", states, "NORM", note="What the output does when it is off.")
    yield word("ROUTe:TERMinals", ("FRONt", "REAR"), "FRON", note="A change turns the output off.")


def _format() -> Iterator[Row]:
    yield Row("FORMat[:DATA]", (Parameter("word", words=("ASCii", "REAL", "SREal")), Parameter(
        "integer", values=(32,), required=False)), "ASC", reply="%s", unsure="reply for binary numbers")  # fmt: skip
    yield word("FORMat:BORDer", ("NORMal", "SWAPped"), "NORM", preset="SWAP")
    yield word("FORMat:SREGister", ("ASCii", "HEXadecimal", "OCTal", "BINary"), "ASC")
    yield word("FORMat:SOURce2", ("ASCii", "HEXadecimal", "OCTal", "BINary"), "ASC", note="Of the digital port.")
    elements = Parameter("words", words=("VOLTage", "CURRent", "RESistance", "TIME", "STATus"))
    yield Row("FORMat:ELEMents[:SENSe[1]]", (elements,), ("VOLT", "CURR", "RES", "TIME", "STAT"), reply="%s",
              note="In this order, whatever the order sent.")  # fmt: skip
    elements = Parameter("words", words=("CALC", "TIME", "STATus"))
    yield Row("FORMat:ELEMents:CALCulate", (elements,), ("CALC",), reply="%s")


def _trace() -> Iterator[Row]:
    trace = "TRACe|DATA"
    yield question(f"{trace}:DATA", reply="readings")
    yield action(f"{trace}:CLEar")
    yield question(f"{trace}:FREE", reply="%s", note="Bytes free and bytes in use.")
    yield number(f"{trace}:POINts", count(1, 2500), None, "%d", initial=100, unsure="factory setting")
    yield question(f"{trace}:POINts:ACTual", reply="%d")
    feeds = ("SENSe[1]", "CALCulate[1]", "CALCulate2")
    yield word(f"{trace}:FEED", feeds, None, initial="SENS1", unsure="factory setting, suffix in replies")
    yield word(f"{trace}:FEED:CONTrol", ("NEXT", "NEVer"), None, initial="NEV", unsure="factory setting")
    yield word(f"{trace}:TSTamp:FORMat", ("ABSolute", "DELTa"), None, initial="ABS", unsure="factory setting")


def _trigger() -> Iterator[Row]:
    yield action("INITiate[:IMMediate]", energises=True,
                 note="+803 with the output off; during a run it waits for the end.")  # fmt: skip
    yield action("ABORt")
    arm, trigger = "ARM[:SEQuence[1]][:LAYer[1]]", "TRIGger[:SEQuence[1]]"
    product = "Both counts together: at most 2500."
    yield number(f"{arm}:COUNt", count(1, 2500, "INFinite"), 1, "%d", note=product)
    sources = ("IMMediate", "TIMer", "MANual", "BUS", "TLINk", "NSTest", "PSTest", "BSTest")
    yield word(f"{arm}:SOURce", sources, "IMM")
    yield number(f"{arm}:TIMer", span(1e-3, 99999.99, "S"), 0.1, "%.5f", unsure=_UNSURE)
    yield number(f"{trigger}:COUNt", count(1, 2500), 1, "%d", note=product)
    yield word(f"{trigger}:SOURce", ("IMMediate", "TLINk"), "IMM")
    yield number(f"{trigger}:DELay", span(0.0, 999.9999, "S"), 0.0, "%.5f", unsure=_UNSURE)
    stages = ("SOURce", "DELay", "SENSe", "NONE")
    for layer, line, events in ((arm, 2, ("TENTer", "TEXit", "NONE")), (trigger, 2, stages)):
        common, each = f"{layer}[:TCONfigure]", f"{layer}[:TCONfigure][:ASYNchronous]"
        yield word(f"{common}:DIRection", ("ACCeptor", "SOURce"), "ACC", note="SOURce passes the detector once.")
        yield number(f"{each}:ILINe", choice(1, 2, 3, 4), 1, "%d", note="Line of the trigger link.")
        yield number(f"{each}:OLINe", choice(1, 2, 3, 4), line, "%d", note="Line of the trigger link.")
        yield Row(f"{each}:OUTPut", (Parameter("words", words=events),), ("NONE",), reply="%s")
    yield Row(
        f"{trigger}[:TCONfigure][:ASYNchronous]:INPut", (Parameter("words", words=stages),), ("SOUR",), reply="%s"
    )
    yield action("TRIGger:CLEar", note="Forgets triggers that came and were not used.")


def _system() -> Iterator[Row]:
    yield question("SYSTem:ERRor[:NEXT]", reply="error", note="The oldest entry of the queue of ten.")
    yield question("SYSTem:ERRor:ALL", reply="error")
    yield question("SYSTem:ERRor:COUNt", reply="%d")
    yield question("SYSTem:ERRor:CODE[:NEXT]", reply="%d")
    yield question("SYSTem:ERRor:CODE:ALL", reply="%d")
    yield action("SYSTem:CLEar", note="Empties the error queue.")
    yield question("SYSTem:VERSion", reply="%s", note="1996.0")
    yield action("SYSTem:PRESet")
    setups = ("RST", "PRESet", *(f"SAV{memory}" for memory in range(5)))
    yield word("SYSTem:POSetup", setups, None, initial="RST", unsure="factory setting",
               note="What the instrument starts with at power-on.")  # fmt: skip
    yield word("SYSTem:AZERo[:STATe]", ("ON", "OFF", "ONCE", "1", "0"), "ON", note="Answered as 0 or 1.")
    yield number("SYSTem:LFRequency", choice(50, 60), None, "%d", initial=60, unsure="factory setting")
    yield flag("SYSTem:LFRequency:AUTO", None, initial=True, unsure="factory setting")
    yield flag("SYSTem:RSENse", False, note="Four wires; a change turns the output off.")
    yield word("SYSTem:GUARd", ("OHMS", "CABLe"), "CABL", note="A change turns the output off.")
    yield word("SYSTem:RCMode", ("SINGle", "MULTiple"), "SING", note="When automatic ranging changes the range.")
    yield question("SYSTem:TIME", reply="%.6f", unsure=_UNSURE, note="Seconds since power-on.")
    yield action("SYSTem:TIME:RESet")
    yield action("SYSTem:MEMory:INITialize", note="Empties the buffer, the source memory and the list of expressions.")
    yield question("SYSTem:MEP[:STATe]", reply="%d", note="1: the protocol is that of SCPI.")
    yield flag("SYSTem:TIME:RESet:AUTO", False)
    yield action("SYSTem:BEEPer[:IMMediate]", span(65.0, 2e6, "HZ"), span(0.0, 7.9, "S"))
    yield flag("SYSTem:BEEPer:STATe", True)
    yield number("SYSTem:KEY", count(1, 32), None, "%d", initial=1, energises=True,
                 note="Presses a key.", unsure="the reply before one was pressed")  # fmt: skip
    yield flag("SYSTem:RWLock", None, initial=False, unsure="factory setting")
    for lock in ("LOCal", "REMote"):
        yield action(f"SYSTem:{lock}", note="For the RS-232 interface.")


def _display() -> Iterator[Row]:
    yield flag("DISPlay:ENABle", True)
    yield number("DISPlay:DIGits", count(4, 7), 6, "%d", note="Display only.")
    yield action("DISPlay:CNDisplay")
    for _, window, most in _WINDOWS:
        text = Parameter("string", maximum=most)
        yield Row(f"DISPlay{window}:TEXT:DATA", (text,), "", reply='"%s"', unsure="form of the reply")
        yield flag(f"DISPlay{window}:TEXT:STATe", False)


def _rows() -> Iterator[Row]:
    yield from common.common_commands(4, energises=True)
    yield from _signal_oriented()
    yield from _source()
    yield from _digital()
    yield from _sense()
    yield from _calculate()
    yield from _output()
    yield from _format()
    yield from _trace()
    yield from _trigger()
    yield from common.status()
    yield from _system()
    yield from _display()


TABLE = CommandTable("2400", _rows(), infinity="+9.900000E+37")
