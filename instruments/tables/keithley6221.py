"""The commands of the Keithley 6221 current source.

Sources: 6220/6221 reference manual, chapters on output, sweeps, waves, Delta, Pulse Delta and Differential
Conductance, averaging, math, buffer, triggering and status; where only excerpts of it were at hand, rows follow
drivers that were written from it (tag `slave`) and captures from instruments (tag `wild`). The root `SOURce[1]` may be
left out throughout: clients send `CURRent:RANGe` and `PDELta:ARM?`, and instruments answer.

Numbers are in A, V, s and Hz. Levels are answered in seven digits, more than the source resolves on any range.
"""

from __future__ import annotations

from collections.abc import Iterator

from instruments.tables import common
from instruments.tables.common import action, choice, count, flag, number, question, span, word
from instruments.tables.table import CommandTable, Parameter, Row

LARGEST = 105e-3
"""Largest current in A: 5 % above the highest range."""

RANGES = (2e-9, 20e-9, 200e-9, 2e-6, 20e-6, 200e-6, 2e-3, 20e-3, 100e-3)
"""Source ranges in A."""

_LEVEL = "%.6E"
_LONG = "%.8E"  # as many digits as it takes to print the limits as they are
_CURRENT = span(-LARGEST, LARGEST, "A")
_MAGNITUDE = span(0.0, LARGEST, "A")
_COMPLIANCE = span(0.1, 105.0, "V")
_DELAY = span(1e-3, 999999.999, "S")
_CYCLE_DELAY = span(1e-3, 9999.999, "S", "INFinite")
_RUNS = count(1, 65536, "INFinite")
_LINE = count(1, 6)
_PATTERN = count(0, 15)
_BOUNDLESS = span(-9.99999e20, 9.99999e20)
_FORMAT_UNSURE = "format of the reply"


def _current() -> Iterator[Row]:
    source = "[SOURce[1]:]"
    level = f"{source}CURRent"
    yield action(f"{source}CLEar[:IMMediate]", tag="slave", note="Sets 0 A and turns the output off.")
    yield number(
        f"{level}[:LEVel][:IMMediate][:AMPLitude]", _CURRENT, 0.0, _LEVEL, energises=True, unsure=_FORMAT_UNSURE,
        note="On a fixed range limited to 105 % of it.",
    )  # fmt: skip
    yield number(
        f"{level}:RANGe", _CURRENT, 0.1, "range", tag="slave",
        unsure="whether the 5 % beyond a range count when it is looked for; MIN is the lower end of the span, not the "
        "2 nA range",
        note="Selects the smallest range that holds the magnitude, 5 % over-range included, and turns automatic "
        "ranging off.",
    )  # fmt: skip
    yield flag(f"{level}:RANGe:AUTO", True, tag="slave")
    yield number(
        f"{level}:COMPliance", _COMPLIANCE, 10.0, "%.4f", energises=True,
        note="In steps of 10 mV. Raising it raises the current of a source that is in compliance.",
    )  # fmt: skip
    yield flag(f"{level}:FILTer[:STATe]", False, tag="slave", note="The analog output filter.")
    unsure = "value after *RST, and whether start and stop follow center and span, and the other way round"
    for end in ("STARt", "STOP", "CENTer"):
        yield number(f"{level}:{end}", _CURRENT, 0.0, _LEVEL, energises=True, tag="slave", unsure=unsure)
    yield number(
        f"{level}:STEP", span(1e-13, LARGEST, "A"), 1e-3, _LEVEL, energises=True, tag="slave",
        unsure="value after *RST, and whether negative steps are taken",
    )  # fmt: skip
    yield number(
        f"{level}:SPAN", span(2e-13, 2 * LARGEST, "A"), 2e-13, _LEVEL, energises=True, tag="slave", unsure=unsure
    )
    yield number(f"{source}DELay", _DELAY, 1.0, "%.5f", tag="slave", unsure=_FORMAT_UNSURE)


def _sweep() -> Iterator[Row]:
    sweep = "[SOURce[1]:]SWEep"
    yield word(f"{sweep}:SPACing", ("LINear", "LOGarithmic", "LIST"), "LIN", tag="slave")
    yield number(
        f"{sweep}:POINts", count(1, 65535), 11, "%d", tag="slave", unsure="value after *RST",
        note="For logarithmic sweeps; follows from the step in linear ones.",
    )  # fmt: skip
    yield word(f"{sweep}:RANGing", ("BEST", "AUTO", "FIXed"), "BEST", tag="slave")
    yield number(f"{sweep}:COUNt", count(1, 9999, "INFinite"), 1, "%d", tag="slave")
    yield flag(f"{sweep}:CABort[:STATe]", False, tag="slave", note="Stop when in compliance.")
    yield action(
        f"{sweep}:ARM", energises=True, tag="slave", unsure="numbers of what it refuses; whether lists may be short",
        note="INITiate then runs the sweep.",
    )  # fmt: skip
    yield action(f"{sweep}:ABORt", note="Also stops and disarms Delta, Pulse Delta and Differential Conductance.")
    yield from _list("CURRent", Parameter("numbers", -LARGEST, LARGEST, "A", most=100), (0.0,), _LEVEL)
    yield from _list("DELay", Parameter("numbers", 1e-3, 999999.999, "S", most=100), (1.0,), "%.5f")
    yield from _list("COMPliance", Parameter("numbers", 0.1, 105.0, "V", most=100), (10.0,), "%.4f")


def _list(what: str, values: Parameter, reset: tuple[float, ...], reply: str) -> Iterator[Row]:
    header, energises = f"[SOURce[1]:]LIST:{what}", what != "DELay"
    unsure = f"content after *RST, {_FORMAT_UNSURE}"
    yield Row(header, (values,), reset, reply=reply, energises=energises, tag="slave", unsure=unsure)
    yield action(f"{header}:APPend", values, energises=energises, tag="slave")
    yield question(f"{header}:POINts", reply="%d", tag="slave")


def _wave() -> Iterator[Row]:
    wave = "[SOURce[1]:]WAVE"
    shapes = ("SINusoid", "SQUare", "RAMP", *(f"ARBitrary{memory}" for memory in range(5)))
    yield word(f"{wave}:FUNCtion", shapes, "SIN", tag="slave")
    yield number(f"{wave}:DCYCle", span(0.0, 100.0), 50.0, "%.4f", tag="slave", unsure=_FORMAT_UNSURE, note="In %.")
    yield number(
        f"{wave}:AMPLitude", span(2e-12, LARGEST, "A"), 1e-3, _LEVEL, energises=True, tag="slave",
        unsure="value after *RST", note="Peak, not peak to peak.",
    )  # fmt: skip
    yield number(f"{wave}:FREQuency", span(1e-3, 1e5, "HZ"), 1000.0, _LEVEL, tag="slave", unsure=_FORMAT_UNSURE)
    yield number(f"{wave}:OFFSet", _CURRENT, 0.0, _LEVEL, energises=True, tag="slave")
    yield from _phase_marker(f"{wave}:PMARk")
    points = Parameter("numbers", -1.0, 1.0, most=100)
    shape = f"{wave}:ARBitrary"
    yield Row(
        f"{shape}:DATA", (points,), reply=_LEVEL, initial=(), energises=True, tag="wild",
        unsure=f"{_FORMAT_UNSURE}, and what an empty shape answers",
        note="In units of the amplitude; 65535 points in all.",
    )  # fmt: skip
    yield action(f"{shape}:APPend", points, energises=True, tag="slave")
    yield question(f"{shape}:POINts", reply="%d", tag="slave")
    yield action(f"{shape}:COPY", count(1, 4), tag="slave", note="Into one of four non-volatile memories.")
    yield word(f"{wave}:RANGing", ("BEST", "FIXed"), "BEST", tag="slave")
    other = "whether it makes the other duration infinite"
    time, cycles = span(100e-9, 999999.999, "S", "INFinite"), span(1e-3, 99999999900.0, "", "INFinite")
    yield number(f"{wave}:DURation:TIME", time, "INF", _LONG, tag="slave", unsure=other)
    yield number(f"{wave}:DURation:CYCLes", cycles, "INF", _LONG, tag="slave", unsure=other)
    yield action(
        f"{wave}:ARM", energises=True, tag="slave", unsure="numbers of what it refuses",
        note="Checks the settings and loads the wave.",
    )  # fmt: skip
    yield action(
        f"{wave}:INITiate", energises=True, tag="slave", note="Turns the output on, and off when the duration is over."
    )
    yield action(f"{wave}:ABORt", tag="slave")
    yield from _wave_trigger(f"{wave}:EXTRigger")


def _phase_marker(marker: str) -> Iterator[Row]:
    yield number(
        f"{marker}[:LEVel]", span(0.0, 360.0), 180.0, "%.4f", tag="slave",
        unsure="value after *RST, whether negative phases are taken", note="Phase in degrees.",
    )  # fmt: skip
    yield number(
        f"{marker}:OLINe", _LINE, 3, "%d", tag="slave", unsure="value after *RST",
        note="Must differ from the trigger lines (-221).",
    )  # fmt: skip
    yield flag(f"{marker}:STATe", False, tag="slave")


def _wave_trigger(trigger: str) -> Iterator[Row]:
    since = "Firmware A03 or later."
    unsure = "value after *RST"
    yield flag(f"{trigger}[:ENABle]", False, energises=True, tag="slave", note=since)
    yield number(f"{trigger}:ILINe", count(0, 6), 0, "%d", tag="slave", unsure=unsure, note=since)
    yield flag(f"{trigger}:IGNore", False, tag="slave", unsure=unsure, note=since)
    yield number(
        f"{trigger}:IVALue", span(-1.0, 1.0), 0.0, "%.6f", energises=True, tag="slave", unsure=unsure,
        note=f"{since} Where the output waits, in units of the amplitude.",
    )  # fmt: skip


def _delta() -> Iterator[Row]:
    delta = "[SOURce[1]:]DELTa"
    unsure = f"value after *RST, {_FORMAT_UNSURE}"
    yield _present(delta, "Whether a 2182 or 2182A answers on the RS-232 link.")
    yield number(
        f"{delta}:HIGH", _MAGNITUDE, 1e-3, _LEVEL, energises=True, unsure=unsure, note="Also sets LOW to -HIGH."
    )
    yield number(f"{delta}:LOW", span(-LARGEST, 0.0, "A"), -1e-3, _LEVEL, energises=True, unsure=unsure)
    yield number(f"{delta}:DELay", _CYCLE_DELAY, 2e-3, "%.5f", unsure=unsure)
    yield number(f"{delta}:COUNt", _RUNS, "INF", "%d")
    yield flag(f"{delta}:CABort[:STATe]", False, note="Stop when in compliance.")
    yield flag(f"{delta}:CSWitch[:STATe]", False, note="Go through 0 A between the polarities.")
    yield _arm(delta)


def _pulse_delta() -> Iterator[Row]:
    pulse = "[SOURce[1]:]PDELta"
    yield _present(pulse, "Whether a 2182A answers on the RS-232 link.")
    yield number(f"{pulse}:HIGH", _CURRENT, 1e-3, _LEVEL, energises=True, unsure=_FORMAT_UNSURE)
    yield number(f"{pulse}:LOW", _CURRENT, 0.0, _LEVEL, energises=True, unsure=_FORMAT_UNSURE)
    yield number(f"{pulse}:WIDTh", span(50e-6, 12e-3, "S"), 110e-6, _LEVEL, unsure=_FORMAT_UNSURE)
    yield number(
        f"{pulse}:SDELay", span(16e-6, 11.966e-3, "S"), 16e-6, _LEVEL, unsure=_FORMAT_UNSURE,
        note="From the pulse's edge to the reading; must leave about 34 us of the pulse.",
    )  # fmt: skip
    yield number(f"{pulse}:COUNt", _RUNS, "INF", "%d", unsure="one table of the manual prints 65636 as the maximum")
    yield word(f"{pulse}:RANGing", ("BEST", "FIXed"), "BEST", note="For pulses of fixed height.")
    yield number(f"{pulse}:INTerval", count(5, 999999), 5, "%d", note="In power line cycles.")
    yield flag(f"{pulse}:SWEep[:STATe]", False, note="The high level then follows the sweep or list.")
    yield number(f"{pulse}:LMEasure", choice(1, 2), 2, "%d", note="Low measurements around a pulse.")
    yield _arm(pulse)


def _differential_conductance() -> Iterator[Row]:
    conductance = "[SOURce[1]:]DCONductance"
    unsure = f"value after *RST, {_FORMAT_UNSURE}"
    yield _present(conductance, "Whether a 2182 or 2182A answers on the RS-232 link.")
    yield question(f"{conductance}:NVZero", reply=_LEVEL, note="The zero last acquired, in V.")
    yield number(f"{conductance}:STARt", _CURRENT, -10e-6, _LEVEL, energises=True, unsure=_FORMAT_UNSURE)
    yield number(f"{conductance}:STOP", _CURRENT, 10e-6, _LEVEL, energises=True, unsure=_FORMAT_UNSURE)
    yield number(
        f"{conductance}:STEP", _MAGNITUDE, 1e-6, _LEVEL, energises=True, unsure=_FORMAT_UNSURE,
        note="A magnitude; larger than the span it becomes a hundredth of it.",
    )  # fmt: skip
    yield number(f"{conductance}:DELTa", _MAGNITUDE, 1e-6, _LEVEL, energises=True, unsure=unsure)
    yield number(f"{conductance}:DELay", span(1e-3, 9999.999, "S"), 2e-3, "%.5f", unsure=unsure)
    yield flag(f"{conductance}:CABort[:STATe]", False)
    yield _arm(conductance)


def _present(mode: str, note: str) -> Row:
    return question(f"{mode}:NVPResent", reply="%d", note=f"{note} The query itself talks to the meter.")


def _arm(mode: str) -> Row:
    return Row(
        f"{mode}:ARM", reply="%d", energises=True, note="Sets the meter up; INITiate then runs. ARM? asks if armed."
    )


def _output() -> Iterator[Row]:
    yield flag("OUTPut[:STATe]", False, energises=True)
    yield flag("OUTPut:LTEarth", False, note="Connects output low to earth, which can make a second one.")
    yield word("OUTPut:ISHield", ("OLOW", "GUARd"), "OLOW", note="Inner shield of the cable.")
    yield word("OUTPut:RESPonse", ("FAST", "SLOW"), "FAST")
    yield question("OUTPut:INTerlock[:STATe]:TRIPped", reply="%d", tag="wild", note="1: closed, 0: open.")


def _readings() -> Iterator[Row]:
    yield question(
        "SENSe[1]:DATA[:LATest]", reply="readings", note="Before math. -221 where no measuring mode is running."
    )
    yield question("SENSe[1]:DATA:FRESh", reply="readings", note="Each reading once; -230 if there is none.")
    average = "SENSe[1]:AVERage"
    yield flag(f"{average}[:STATe]", False)
    yield word(f"{average}:TCONtrol", ("MOVing", "REPeat"), "MOV")
    yield number(f"{average}:WINDow", span(0.0, 10.0), 0.0, "%.2f", unsure=_FORMAT_UNSURE, note="In %; 0 is none.")
    yield number(f"{average}:COUNt", count(2, 300), 10, "%d")
    yield word("UNIT[:VOLTage[:DC]]", ("V", "OHMS", "W", "SIEMens"), "V")
    yield word("UNIT:POWer[:TYPE]", ("PEAK", "AVERage"), "AVER", unsure="value after *RST")


def _calculate() -> Iterator[Row]:
    math = "CALCulate[1]"
    yield word(f"{math}:FORMat", ("NONE", "MXB", "RECiprocal"), "MXB", unsure="value after *RST: NONE or MXB")
    yield number(f"{math}:KMATh:MMFactor", _BOUNDLESS, 1.0, _LEVEL)
    yield number(f"{math}:KMATh:MBFactor", _BOUNDLESS, 0.0, _LEVEL)
    yield flag(f"{math}:STATe", False)
    yield question(f"{math}:DATA[:LATest]", reply="readings", note="After math.")
    yield question(f"{math}:DATA:FRESh", reply="readings", note="After math.")
    statistics = "CALCulate2"
    yield word(f"{statistics}:FORMat", ("MEAN", "SDEViation", "MAXimum", "MINimum", "PKPK"), "MEAN")
    yield flag(f"{statistics}:STATe", False)
    yield Row(f"{statistics}:IMMediate", reply="%+.6E", unsure=f"the query; {_FORMAT_UNSURE}")
    yield question(f"{statistics}:DATA", reply="%+.6E", unsure=_FORMAT_UNSURE)
    limit = "CALCulate3:LIMit[1]"
    yield flag(f"{limit}:STATe", False, note="Tests each reading for compliance.")
    yield number(f"{limit}:SOURce2", _PATTERN, 15, "%d", unsure="value after *RST", note="Digital lines on failure.")
    yield question(f"{limit}:FAIL", reply="%d", note="1: in compliance.")
    yield flag("CALCulate3:FORCe:STATe", False)
    yield number("CALCulate3:FORCe:PATTern", _PATTERN, 15, "%d")


def _format() -> Iterator[Row]:
    coding = Parameter("word", words=("ASCii", "REAL", "SREal", "DREal"))
    length = Parameter("integer", values=(32, 64), required=False)
    elements = ("READing", "TSTamp", "UNITs", "RNUMber", "SOURce", "COMPliance", "AVOLtage", "ALL", "DEFault")
    yield Row("FORMat[:DATA]", (coding, length), "ASC", reply="%s", note="REAL,32 is SREal, REAL,64 is DREal.")
    yield Row(
        "FORMat:ELEMents", (Parameter("words", words=elements),), ("READ", "TST"), reply="%s",
        unsure="letters of units but VDC, and where units stand without a reading",
        note="Answered readings keep the instrument's own order: READ, TST, SOUR, AVOL, COMP, RNUM.",
    )  # fmt: skip
    yield word("FORMat:BORDer", ("NORMal", "SWAPped"), "NORM", preset="SWAP")
    yield word("FORMat:SREGister", ("ASCii", "HEXadecimal", "OCTal", "BINary"), "ASC")


def _trace() -> Iterator[Row]:
    trace = "TRACe|DATA"
    yield number(
        f"{trace}:POINts", count(1, 65536), None, "%d", initial=100, unsure="factory setting", note="Set by arming."
    )
    yield question(f"{trace}:POINts:ACTual", reply="%d")
    yield question(f"{trace}:DATA", reply="readings", unsure="reply of an empty buffer: nothing, or -230")
    yield question(
        f"{trace}:DATA:SELected", count(0, 65535), count(1, 65536), reply="readings",
        unsure="reply beyond what is stored", note="First reading, from 0, and how many.",
    )  # fmt: skip
    yield question(f"{trace}:DATA:TYPE", reply="%s", note="NONE, DELT, DCON or PULS.")
    yield question(f"{trace}:FREE", reply="%s", note="Two integers: bytes free and bytes in use.")
    yield number(
        f"{trace}:NOTify", count(1, 65535), None, "%d", initial=50,
        unsure="whether every change of POINts brings it back to half of it",
        note="MAX is one below POINts, DEF half of it.",
    )  # fmt: skip
    yield word(f"{trace}:FEED", ("SENSe[1]", "CALCulate[1]", "NONE"), None, initial="CALC1")
    yield word(
        f"{trace}:FEED:CONTrol", ("NEXT", "NEVer"), None, initial="NEV", unsure="whether arming sets NEXT",
        note="Turns NEVer when the buffer is full.",
    )  # fmt: skip
    yield word(f"{trace}:TSTamp:FORMat", ("ABSolute", "DELTa"), None, initial="ABS")
    yield action(f"{trace}:CLEar")


def _trigger() -> Iterator[Row]:
    yield action("INITiate[:IMMediate]", energises=True, note="Leaves idle; runs what is armed.")
    yield action("ABORt", note="Back to idle.")
    arm = "ARM[:SEQuence[1]][:LAYer[1]]"
    trigger = "TRIGger[:SEQuence[1]]"
    sources = ("IMMediate", "TIMer", "BUS", "TLINk", "BSTest", "PSTest", "NSTest", "MANual")
    yield word(f"{arm}:SOURce", sources, "IMM")
    yield number(f"{arm}:TIMer", span(0.0, 99999.99, "S"), 0.1, "%.5f", unsure=f"value after *RST, {_FORMAT_UNSURE}")
    yield word(f"{trigger}:SOURce", ("IMMediate", "TLINk"), "IMM")
    for layer, outputs in ((arm, ("TENTer", "TEXit", "NONE")), (trigger, ("SOURce", "DELay", "NONE"))):
        yield action(f"{layer}:SIGNal", energises=True, note="Jumps past the control source.")
        yield word(f"{layer}[:TCONfigure]:DIRection", ("SOURce", "ACCeptor"), "ACC")
        yield number(f"{layer}[:TCONfigure[:ASYNchronous]]:ILINe", _LINE, 1, "%d")
        yield number(f"{layer}[:TCONfigure[:ASYNchronous]]:OLINe", _LINE, 2, "%d")
        yield word(f"{layer}[:TCONfigure[:ASYNchronous]]:OUTPut", outputs, "NONE")


def _system() -> Iterator[Row]:
    key = number(
        "SYSTem:KEY", count(1, 45), None, "%d", initial=1, energises=True, tag="wild", unsure="the query when new",
        note="Presses a key; OUTPUT is one of them (24). Codes as in pyacquisition.",
    )  # fmt: skip
    version = "The year of the SCPI standard, a point and a revision; unsure."
    yield from common.system(version, 4, key, locks="SYSTem[:COMMunicate]")
    yield action("SYSTem:TSTamp:RESet", tag="slave")
    yield action("SYSTem:RNUMber:RESet", tag="slave")
    for board in ("ABOard", "DBOard"):
        yield question(f"SYSTem:{board}:SNUMber", reply="%s", tag="slave")
        yield question(f"SYSTem:{board}:REVision", reply="%s", tag="slave")
    yield from _communication("SYSTem:COMMunicate")
    password = Parameter("string")
    number_unsure = "number of what it refuses"
    yield action("SYSTem:PASSword:CENable", password, unsure=number_unsure, note="Enables protected commands.")
    yield action(
        "SYSTem:PASSword:CDISable", password, unsure=number_unsure, note="Disables all but table 10-3 of the manual."
    )
    yield action("SYSTem:PASSword:NEW", password, unsure="the password when new")
    yield question("SYSTem:PASSword[:CENable]:STATe", reply="%d", note="1: protected commands are enabled.")
    yield flag("SYSTem:PASSword:ENABle", None, initial=False, tag="slave")


def _communication(link: str) -> Iterator[Row]:
    unsure = "factory setting"
    yield action(f"{link}:SERial:SEND", Parameter("string"), note="Passes text on to the meter.")
    yield question(
        f"{link}:SERial:ENTer", reply="%s", unsure="reply when the meter has said nothing",
        note="What the meter has sent since the last call, with its own terminator.",
    )  # fmt: skip
    baud = choice(300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
    yield number(f"{link}:SERial:BAUD", baud, None, "%d", initial=19200, tag="slave", unsure=unsure)
    yield word(f"{link}:SERial:PACE", ("XON", "XOFF"), None, initial="XOFF", tag="slave", unsure=unsure)
    yield word(
        f"{link}:SERial:TERMinator", ("CR", "LF", "CRLF", "LFCR"), None, initial="LF", tag="slave", unsure=unsure
    )
    yield word(f"{link}:SERial:CONTrol:RTS", ("IBFull", "RFR", "OFF"), None, initial="OFF", tag="slave", unsure=unsure)
    yield number(f"{link}:GPIB:ADDRess", count(0, 30), None, "%d", initial=12, tag="slave", unsure=unsure)
    for address, initial in (("ADDRess", "192.168.0.2"), ("MASK", "255.255.255.0"), ("GATeway", "192.168.0.1")):
        text = Parameter("string")
        yield Row(
            f"{link}:ETHernet:{address}", (text,), reply='"%s"', initial=initial, tag="slave",
            unsure=f"{unsure}, {_FORMAT_UNSURE}",
        )  # fmt: skip
    yield flag(f"{link}:ETHernet:DHCP", None, initial=False, tag="slave", unsure=unsure)
    yield action(f"{link}:ETHernet:SAVE", tag="slave", note="Only now the Ethernet settings apply.")
    yield word(f"{link}:SELect", ("GPIB", "SERial", "ETHernet"), None, initial="GPIB", tag="slave", unsure=unsure)


def _display() -> Iterator[Row]:
    yield flag("DISPlay:ENABle", True)
    for window, length in (("[:WINDow[1]]", 20), (":WINDow2", 32)):
        text = Parameter("string", maximum=length)
        yield Row(f"DISPlay{window}:TEXT:DATA", (text,), "", reply='"%s"', unsure=_FORMAT_UNSURE)
        yield flag(f"DISPlay{window}:TEXT:STATe", False)
        yield question(f"DISPlay{window}:ATTRibutes", reply="%s")


def _rows() -> Iterator[Row]:
    yield from common.common_commands(4, energises=True)
    yield question("*OPT", reply="%s")
    yield from _current()
    yield from _sweep()
    yield from _wave()
    yield from _delta()
    yield from _pulse_delta()
    yield from _differential_conductance()
    yield from _output()
    yield from _readings()
    yield from _calculate()
    yield from _format()
    yield from _trace()
    yield from _trigger()
    yield from common.status()
    yield from _system()
    yield from _display()


TABLE = CommandTable("6221", _rows())
