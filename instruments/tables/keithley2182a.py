"""The commands of the Keithley 2182A nanovoltmeter.

Source: 2182/2182A user's manual, sections 12 (signal-oriented commands), 13 to 15 (SCPI reference tables), which are
complete; reply formats from captures of instruments. The meter puts nothing on the sample: no row energises.

Numbers are in V, s, degrees Celsius and power line cycles. What depends on the line is that of 60 Hz;
`rows_of_the_line` has it for another one, which the instrument itself knows (`SYSTem:LFRequency?`).
"""

from __future__ import annotations

from collections.abc import Iterator

from instruments.tables import common
from instruments.tables.common import action, choice, count, flag, number, question, span, word
from instruments.tables.table import CommandTable, Parameter, Row

RANGES = {1: (10e-3, 100e-3, 1.0, 10.0, 100.0), 2: (100e-3, 1.0, 10.0)}
"""Measuring ranges of the two channels in V."""

_LIMITS = {1: 120.0, 2: 12.0}
_CHANNELS = {1: "[:CHANnel[1]]", 2: ":CHANnel2"}
_MATH = span(-100e6, 100e6)
_FORMAT_UNSURE = "format of the reply"
_LEVEL = "%.6f"
_LINE = 60.0  # Hz
_SENSE = "[SENSe[1]:]"  # public drivers send the 622x's meter VOLT:RANG and VOLT:NPLC, without the root
_VOLTAGE, _TEMPERATURE = f"{_SENSE}VOLTage[:DC]", f"{_SENSE}TEMPerature"
_SCIENTIFIC = "%+.8E"


def _signal_oriented() -> Iterator[Row]:
    yield question("FETCh", reply="readings", note="The latest processed reading; -230 where it has become invalid.")
    yield question("READ", reply="readings", note="ABORt, INITiate, FETCh?.")
    for function in ("[:VOLTage[:DC]]", ":TEMPerature"):
        yield action(f"CONFigure{function}", note="Back to the function's defaults; INITiate:CONTinuous off.")
        yield question(f"MEASure{function}", reply="readings", note="CONFigure and READ?: discards the user's NPLC.")


def _sense() -> Iterator[Row]:
    sense = _SENSE
    functions = Parameter("string", words=("VOLTage[:DC]", "TEMPerature"))
    yield Row(f"{sense}FUNCtion", (functions,), "VOLT:DC", reply='"%s"')
    yield number(f"{sense}CHANnel", choice(0, 1, 2), 1, "%d", note="0 is the internal temperature sensor.")
    yield question("SENSe[1]:DATA[:LATest]", reply="readings", note="The last reading, of any age.")
    yield question("SENSe[1]:DATA:FRESh", reply="readings", note="Waits for a reading; does not trigger one.")
    hold = f"{sense}HOLD"
    yield number(f"{hold}:WINDow", span(0.01, 20.0), 1.0, "%.2f", unsure=_FORMAT_UNSURE, note="In %.")
    yield number(f"{hold}:COUNt", count(2, 100), 5, "%d")
    yield flag(f"{hold}:STATe", False)
    yield from _voltage(_VOLTAGE)
    yield from _temperature(_TEMPERATURE)


def rows_of_the_line(frequency: float) -> Iterator[Row]:
    """Return the rows whose limits and value after *RST depend on the line's frequency in Hz: the integration times.

    They go from 0.01 power line cycles to a second, whatever the line; after *RST they are 5 cycles.
    """
    for function in (_VOLTAGE, _TEMPERATURE):
        yield from _integration(function, frequency)


def _integration(function: str, frequency: float) -> Iterator[Row]:
    cycles, seconds = span(0.01, frequency), span(0.01 / frequency, 1.0, "S")
    yield number(f"{function}:NPLCycles", cycles, 5.0, "%.2f", note="At most 50 where the line has 50 Hz.")
    note = "NPLCycles in seconds; from 200 us, default 100 ms where the line has 50 Hz."
    unsure, tag = (_FORMAT_UNSURE, "manual") if function == _VOLTAGE else ("the row", "unsure")
    yield number(f"{function}:APERture", seconds, 5.0 / frequency, _LEVEL, tag=tag, unsure=unsure, note=note)


def _voltage(voltage: str) -> Iterator[Row]:
    yield from _integration(voltage, _LINE)
    yield number(f"{voltage}:DIGits", count(4, 8), 8, "%d", note="Display only.")
    yield flag(f"{voltage}:RATio", False, note="Channel 1 over channel 2.")
    yield flag(f"{voltage}:DELTa", False, note="Reading by current reversal over the trigger link.")
    for channel in (1, 2):
        yield from _voltage_channel(f"{voltage}{_CHANNELS[channel]}", _LIMITS[channel])
    yield flag(f"{voltage}:CHANnel2:LQMode", False, note="Low charge injection; eight times the noise.")


def _voltage_channel(channel: str, limit: float) -> Iterator[Row]:
    yield number(
        f"{channel}:RANGe[:UPPer]", span(0.0, limit, "V"), limit, _LEVEL, note="The smallest range that holds it."
    )
    yield flag(f"{channel}:RANGe:AUTO", True)
    yield from _reference(channel, span(-limit, limit, "V"))
    yield from _filters(channel)


def _temperature(temperature: str) -> Iterator[Row]:
    yield word(f"{temperature}:TRANsducer", ("TCouple", "INTernal"), "TC")
    yield word(f"{temperature}:TCouple[:TYPE]", "JKTERSBN", "J", unsure="node TYPE")
    junction = f"{temperature}:RJUNction"
    yield word(f"{junction}:RSELect", ("INTernal", "SIMulated"), "INT")
    yield number(f"{junction}:SIMulated", span(0.0, 60.0), 23.0, "%.2f", unsure=_FORMAT_UNSURE, note="In deg C.")
    yield question(f"{temperature}[:RJUNction]:RTEMperature", reply="%.2f", unsure=f"node RJUNction, {_FORMAT_UNSURE}")
    yield from _integration(temperature, _LINE)
    yield number(f"{temperature}:DIGits", count(4, 7), 6, "%d", note="Display only.")
    for channel in (1, 2):
        header = f"{temperature}{_CHANNELS[channel]}"
        yield from _reference(header, span(-328.0, 3310.0))
        yield from _filters(header)


def _reference(channel: str, value: Parameter) -> Iterator[Row]:
    yield number(f"{channel}:REFerence", value, 0.0, _SCIENTIFIC, unsure=_FORMAT_UNSURE, note="Taken off the reading.")
    yield flag(f"{channel}:REFerence:STATe", False)
    yield action(f"{channel}:REFerence:ACQuire", note="The present reading becomes the reference.")


def _filters(channel: str) -> Iterator[Row]:
    yield flag(f"{channel}:LPASs[:STATe]", False, note="The analog filter; settles in about 125 ms.")
    digital = f"{channel}:DFILter"
    window = Parameter("number", 0.01, 10.0, besides=0.0)
    unsure = f"what MIN stands for, {_FORMAT_UNSURE}"
    yield number(f"{digital}:WINDow", window, 0.01, "%.2f", unsure=unsure, note="In %; 0 is none.")
    yield number(f"{digital}:COUNt", count(1, 100), 10, "%d")
    yield word(f"{digital}:TCONtrol", ("MOVing", "REPeat"), "MOV")
    yield flag(f"{digital}[:STATe]", True)


def _calculate() -> Iterator[Row]:
    math = "CALCulate[1]"
    yield word(f"{math}:FORMat", ("NONE", "MXB", "PERCent"), "PERC", unsure="value after *RST")
    yield number(f"{math}:KMATh:MMFactor", _MATH, 1.0, _SCIENTIFIC, unsure=_FORMAT_UNSURE)
    yield number(f"{math}:KMATh:MBFactor", _MATH, 0.0, _SCIENTIFIC, unsure=_FORMAT_UNSURE)
    yield number(f"{math}:KMATh:PERCent", _MATH, 1.0, _SCIENTIFIC, unsure=_FORMAT_UNSURE)
    yield action(f"{math}:KMATh:PERCent:ACQuire", note="The present reading becomes 100 %.")
    yield flag(f"{math}:STATe", False)
    yield question(f"{math}:DATA[:LATest]", reply="readings", note="After math.")
    yield question(f"{math}:DATA:FRESh", reply="readings", note="After math.")
    statistics = "CALCulate2"
    yield word(f"{statistics}:FORMat", ("MEAN", "SDEViation", "MAXimum", "MINimum", "NONE"), "NONE")
    yield flag(f"{statistics}:STATe", False)
    nothing = "number where there is no statistic"
    note = "The query computes and answers; there is none of a buffer that holds an overflow."
    yield Row(f"{statistics}:IMMediate", reply=_SCIENTIFIC, unsure=nothing, note=note)
    yield question(f"{statistics}:DATA", reply=_SCIENTIFIC, unsure=nothing)
    for pair, suffix in ((1, "[1]"), (2, "2")):
        limit = f"CALCulate3:LIMit{suffix}"
        for side, sign in (("UPPer", 1.0), ("LOWer", -1.0)):
            yield number(f"{limit}:{side}[:DATA]", _MATH, sign * pair, _SCIENTIFIC, unsure=_FORMAT_UNSURE)
        yield flag(f"{limit}:STATe", False)
        yield question(f"{limit}:FAIL", reply="%d")
        yield action(f"{limit}:CLEar[:IMMediate]", unsure="node IMMediate")
    yield action("CALCulate3:IMMediate")


def _analog_output() -> Iterator[Row]:
    yield number("OUTPut:GAIN", _MATH, 1.0, _SCIENTIFIC, unsure=_FORMAT_UNSURE)
    yield number("OUTPut:OFFSet", span(-1.2, 1.2, "V"), 0.0, _SCIENTIFIC, unsure=_FORMAT_UNSURE)
    yield flag("OUTPut[:STATe]", True, note="The analog output on the rear panel.")
    yield flag("OUTPut:RELative", False)


def _route() -> Iterator[Row]:
    """Scanning, of which only the two scan lists are confirmed."""
    scan = "ROUTe:SCAN"
    channels = Parameter("channels")
    yield Row(f"{scan}[:INTernal]", (channels,), "(@1,2)", reply="%s", unsure="value after *RST")
    yield Row(f"{scan}:EXTernal", (channels,), "(@1:10)", reply="%s", unsure="value after *RST")
    yield number(
        f"{scan}:INTernal:CCOunt", count(1, 1023), 1, "%d", tag="unsure", unsure="the row, its limit and default"
    )
    yield word(f"{scan}:LSELect", ("INTernal", "EXTernal", "NONE"), "NONE", tag="unsure", unsure="the row")


def _format() -> Iterator[Row]:
    yield word("FORMat[:DATA]", ("ASCii", "SREal", "DREal"), "ASC")
    yield word("FORMat:BORDer", ("NORMal", "SWAPped"), "SWAP")
    elements = Parameter("words", words=("READing", "CHANnel", "UNITs"))
    yield Row("FORMat:ELEMents", (elements,), ("READ",), reply="%s")


def _trace() -> Iterator[Row]:
    trace = "TRACe|DATA"
    yield question(f"{trace}:DATA", reply="readings")
    yield action(f"{trace}:CLEar")
    yield question(f"{trace}:FREE", reply="%s", note="Two integers: bytes free and bytes in use.")
    yield number(f"{trace}:POINts", count(2, 1024), None, "%d", initial=100, unsure="factory setting")
    yield word(
        f"{trace}:FEED", ("SENSe[1]", "CALCulate[1]", "NONE"), None, initial="SENS1",
        unsure="whether replies carry the suffix",
    )  # fmt: skip
    yield word(
        f"{trace}:FEED:CONTrol", ("NEXT", "NEVer"), None, initial="NEV", note="NEXT fills it once, then it is NEVer."
    )


def _trigger() -> Iterator[Row]:
    yield action("INITiate[:IMMediate]", note="-213 where not idle.")
    yield flag("INITiate:CONTinuous", False, preset=True)
    yield action("ABORt")
    yield word("TRIGger:SOURce", ("IMMediate", "TIMer", "MANual", "BUS", "EXTernal"), "IMM")
    yield number("TRIGger:COUNt", count(1, 9999, "INFinite"), 1, "%d", preset="INF")
    yield number("TRIGger:DELay", span(0.0, 999999.999, "S"), 0.0, "%.3f")
    yield flag("TRIGger:DELay:AUTO", True, note="1 ms; 5 ms on the 100 V range.")
    yield number("TRIGger:TIMer", span(0.0, 999999.999, "S"), 0.1, "%.3f")
    yield action("TRIGger:SIGNal", note="Jumps past the control source.")
    yield number("SAMPle:COUNt", count(1, 1024), 1, "%d")


def _system() -> Iterator[Row]:
    key = number(
        "SYSTem:KEY", count(1, 31), None, "%d", initial=1, unsure="the codes and the query", note="Presses a key."
    )
    yield from common.system("1991.0", 0, key, setup="PRES")
    for correction, reset in (("AZERo", True), ("FAZero", True), ("LSYNc", False)):
        yield flag(f"SYSTem:{correction}[:STATe]", reset)
    yield word("UNIT:TEMPerature", "CFK", "C")
    yield flag("DISPlay:ENABle", True)
    text = Parameter("string", maximum=12)
    yield Row("DISPlay[:WINDow[1]]:TEXT:DATA", (text,), "", reply='"%s"', unsure=f"node WINDow, {_FORMAT_UNSURE}")
    yield flag("DISPlay[:WINDow[1]]:TEXT:STATe", False)
    calibration = "CALibration:UNPRotected:ACALibration"
    unsure = "whether a step is refused without INITiate before it"
    yield action(f"{calibration}:INITiate")
    for step, note in (("STEP1", "Full."), ("STEP2", "Low level.")):
        yield action(f"{calibration}:{step}", unsure=unsure, note=f"{note} Takes five minutes and more.")
    yield action(f"{calibration}:DONE")
    yield question(f"{calibration}:TEMPerature", reply="%.2f", unsure=_FORMAT_UNSURE, note="At the last one, deg C.")


def _rows() -> Iterator[Row]:
    yield from common.common_commands(0, energises=False)
    yield from _signal_oriented()
    yield from _sense()
    yield from _calculate()
    yield from _analog_output()
    yield from _route()
    yield from _format()
    yield from _trace()
    yield from _trigger()
    yield from common.status()
    yield from _system()


TABLE = CommandTable("2182A", _rows(), infinity="+9.9e37")
