"""The commands of the SR830 lock-in amplifier as data, and the syntax of its messages.

It is not a SCPI instrument: a header is four letters, or a star and three, in any case; a question mark belongs to the
header; commas separate the parameters, and the blank before the first may be missing (`SENS17`, `OUTP?1`). Semicolons
separate the commands of a message, and each question is answered by itself, with an end of its own.

Source: SR830 manual, chapter 5, as far as its pages could be read; the standard settings of page 4-4 and the rounding
of values are what public drivers agree on (tag `wild`).
"""

from __future__ import annotations

import re

from instruments import scpi
from instruments.tables.model6000 import FlatTable
from instruments.tables.table import Parameter, Row, Value
from instruments.tables.table import read_arguments as read_all

SENSITIVITIES = (
    2e-9, 5e-9, 10e-9, 20e-9, 50e-9, 100e-9, 200e-9, 500e-9, 1e-6, 2e-6, 5e-6, 10e-6, 20e-6, 50e-6, 100e-6, 200e-6,
    500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 50e-3, 100e-3, 200e-3, 500e-3, 1.0,
)  # fmt: skip
"""V rms at full scale, by the code of `SENS`."""

TIME_CONSTANTS = (
    10e-6, 30e-6, 100e-6, 300e-6, 1e-3, 3e-3, 10e-3, 30e-3, 100e-3, 300e-3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1e3,
    3e3, 10e3, 30e3,
)  # fmt: skip
"""s, by the code of `OFLT`."""

HIGHEST_FREQUENCY = 102_000.0
"""Hz, of what is detected: harmonic times reference."""

LONGEST_QUEUE = 256
"""Characters of commands that the instrument holds."""

_UNIT = re.compile(r"(\*?[A-Za-z]+)\s*(\?)?(?!\?)\s*(.*)", re.DOTALL)
_SPLIT = re.compile(r"\s*,\s*")


def parse_unit(text: str) -> scpi.Unit:
    """Take one command apart, e.g. `PHAS 12.5`, `SENS17` or `OUTP? 1`.

    Raises:
        ScpiError: There is no header (-110), or an empty parameter (-109).
    """
    match = _UNIT.fullmatch(text.strip())
    if match is None:
        raise scpi.ScpiError(scpi.HEADER_ERROR, f"no header in {text!r}")
    rest = match[3].strip()
    arguments = tuple(_SPLIT.split(rest)) if rest else ()
    if "" in arguments:
        raise scpi.ScpiError(scpi.MISSING_PARAMETER, f"an empty parameter in {text!r}")
    return scpi.Unit(match[1], match[2] is not None, arguments)


def split_message(message: str) -> list[str]:
    """Split a message, without its end, into its commands."""
    return [part for part in (piece.strip() for piece in message.split(";")) if part]


def read_arguments(row: Row, arguments: tuple[str, ...]) -> tuple[float, ...]:
    """Turn the text of a command's parameters into numbers, and check them.

    Raises:
        ScpiError: Too few (-109) or too many (-108), not a number (-104), out of range or not whole (-222).
    """
    for text in arguments:
        if scpi.NUMBER.fullmatch(text) is None:
            raise scpi.ScpiError(scpi.DATA_TYPE_ERROR, f"{text!r} where {row.header} takes a number")
    for parameter, text in zip(row.parameters, arguments, strict=False):
        if parameter.kind == "integer" and not float(text).is_integer():
            raise scpi.ScpiError(scpi.DATA_OUT_OF_RANGE, f"{text} for {row.header}, which takes whole numbers there")
    return tuple(_number(value) for value in read_all(row, arguments))


def read_query(row: Row, arguments: tuple[str, ...]) -> tuple[float, ...]:
    """Turn the text of a query's parameters into numbers, and check them.

    A row that can only be asked takes what it lists; of the others, those of `PER_CHANNEL` take the channel.

    Raises:
        ScpiError: As for `read_arguments`.
    """
    if not row.command:
        return read_arguments(row, arguments)
    taken = row.parameters[:1] if row.header in PER_CHANNEL else ()
    return read_arguments(Row(row.header, taken), arguments)


def _number(value: Value) -> float:
    assert isinstance(value, int | float)
    return value


def _code(highest: int, lowest: int = 0, *, required: bool = True) -> Parameter:
    values = tuple(float(code) for code in range(lowest, highest + 1))
    return Parameter("integer", lowest, highest, values=values, required=required)


def _span(low: float, high: float) -> Parameter:
    return Parameter("number", low, high)


PER_CHANNEL = frozenset({"DDEF", "FPOP", "OEXP", "AUXV"})
"""Headers whose first parameter is a channel, each with settings of its own; `reset` leaves the channel out."""

_REFERENCE = (
    Row("PHAS", (_span(-360.0, 729.99),), 0.0, reply="%.2f", note="reference phase in degrees, rounded to 0.01 and"
        " brought between -180 and 180; of a harmonic it is that at the harmonic"),
    Row("FMOD", (_code(1),), 1, reply="%d", note="reference: 0 external, 1 internal"),
    Row("FREQ", (_span(0.001, HIGHEST_FREQUENCY),), 1000.0, reply="%.6g", note="Hz, of the internal reference, rounded"
        " to 5 digits or 0.0001 Hz, harmonic times frequency at most 102 kHz; the query gives that of the reference in"
        " use", unsure="which error a frequency makes that is set while the reference is external; here -221, which"
        " counts as an execution error"),
    Row("RSLP", (_code(2),), 0, reply="%d", note="trigger of the external reference: 0 zero crossing of a sine, 1"
        " rising edge, 2 falling edge"),
    Row("HARM", (_code(19999, 1),), 1, reply="%d", note="harmonic that is detected; the largest that stays within"
        " 102 kHz where more is asked for"),
    Row("SLVL", (_span(0.004, 5.0),), 1.0, reply="%.3f", note="V rms of the sine output, in steps of"
        " 2 mV; it is on a connector of its own, which is cabled to nothing here"),
)  # fmt: skip

_INPUT = (
    Row("ISRC", (_code(3),), 0, reply="%d", note="0 A, 1 A-B, 2 and 3 current through 1 and 100 megaohm"),
    Row("IGND", (_code(1),), 0, reply="%d", note="shields: 0 float, 1 at ground"),
    Row("ICPL", (_code(1),), 0, reply="%d", note="0 AC, 1 DC"),
    Row("ILIN", (_code(3),), 0, reply="%d", note="notches: 0 none, 1 line, 2 twice the line, 3 both"),
    Row("SENS", (_code(26),), 26, reply="%d", note="full scale, 0 for 2 nV to 26 for 1 V, in steps of 1, 2, 5"),
    Row("RMOD", (_code(2),), 2, reply="%d", note="0 high reserve, 1 normal, 2 low noise"),
    Row("OFLT", (_code(19),), 8, reply="%d", note="time constant, 0 for 10 us to 19 for 30 ks, in steps of 1, 3; at"
        " most 30 s where more than 200 Hz are detected"),
    Row("OFSL", (_code(3),), 1, reply="%d", note="slope, 0 for 6 dB per octave to 3 for 24"),
    Row("SYNC", (_code(1),), 0, reply="%d", note="synchronous filter, which works below 200 Hz"),
)  # fmt: skip

_OUTPUT = (
    Row("DDEF", (_code(2, 1), _code(4), _code(2)), (0, 0), reply="%d,%d", note="display 1 or 2: 0 X or Y, 1 R or phase,"
        " 2 to 4 noise and auxiliary inputs; ratio"),
    Row("FPOP", (_code(2, 1), _code(1)), (1,), reply="%d", tag="wild", note="output 1 or 2: 0 the display, 1 X or Y",
        unsure="the standard setting"),
    Row("OEXP", (_code(3, 1), _span(-105.0, 105.0), _code(2)), (0.0, 0), reply="%.2f,%d", note="of X, Y or R: offset in"
        " percent of full scale, and expansion 0, 1, 2 for 1, 10, 100 (of the analog output only)"),
    Row("AOFF", (_code(3, 1),), query=False, note="offset X, Y or R to zero"),
    Row("AUXV", (_code(4, 1), _span(-10.5, 10.5)), (0.0,), reply="%.3f", note="V at auxiliary output 1 to 4, which is"
        " cabled to nothing here"),
    Row("OAUX", (_code(4, 1),), command=False, reply="%.4g", note="V at auxiliary input 1 to 4"),
    Row("OUTP", (_code(4, 1),), command=False, reply="readings", note="1 X, 2 Y, 3 R in V, 4 phase in degrees"),
    Row("OUTR", (_code(2, 1),), command=False, reply="readings", note="what a display shows"),
    Row("SNAP", (_code(11, 1), _code(11, 1), *(_code(11, 1, required=False),) * 4), command=False, reply="readings",
        note="two to six at one instant: 1 X, 2 Y, 3 R, 4 phase, 5 to 8 auxiliary inputs, 9 reference frequency, 10 and"
        " 11 the displays"),
    Row("AGAN", query=False, note="choose the sensitivity; nothing where the time constant is above 1 s"),
    Row("ARSV", query=False, note="choose the reserve"),
    Row("APHS", query=False, note="add the present phase to the reference phase; nothing where it is not stable"),
)  # fmt: skip

_INTERFACE = (
    Row("OUTX", (_code(1),), 1, reply="%d", note="interface that answers: 0 RS-232, 1 GPIB",
        unsure="that both doors of the lab answer whatever it says"),
    Row("OVRM", (_code(1),), 1, reply="%d", tag="wild", note="whether keys work while it is remote"),
    Row("KCLK", (_code(1),), 1, reply="%d", tag="wild", note="sound of the keys"),
    Row("ALRM", (_code(1),), 1, reply="%d", tag="wild", note="sound of the alarm"),
    Row("LOCL", (_code(2),), 0, reply="%d", tag="wild", note="0 local, 1 remote, 2 local lockout",
        unsure="what the bus itself makes of it"),
    Row("SSET", (_code(9, 1),), query=False, note="keep the settings in memory 1 to 9"),
    Row("RSET", (_code(9, 1),), query=False, note="take the settings of memory 1 to 9",
        unsure="that a memory in which nothing was kept is an execution error"),
)  # fmt: skip

_STATUS = (
    Row("*IDN", command=False, reply="identity"),
    Row("*RST", query=False, note="standard settings"),
    Row("*CLS", query=False, note="clears all status bytes; what they enable stays"),
    Row("*ESE", (_code(255),), initial=0, reply="register"),
    Row("*ESR", (_code(7, required=False),), command=False, reply="register", note="the byte, or one of its bits; what"
        " was read is cleared"),
    Row("*SRE", (_code(255),), initial=0, reply="register"),
    Row("*STB", (_code(7, required=False),), command=False, reply="register", note="the byte, or one of its bits"),
    Row("*PSC", (_code(1),), initial=1, reply="%d", note="whether power-on clears what the status bytes enable"),
    Row("ERRE", (_code(255),), initial=0, reply="register"),
    Row("ERRS", (_code(7, required=False),), command=False, reply="register", note="hardware errors; as `*ESR`"),
    Row("LIAE", (_code(255),), initial=0, reply="register"),
    Row("LIAS", (_code(7, required=False),), command=False, reply="register", note="bits 0 input or reserve overload,"
        " 1 filter overload, 2 output overload, 3 reference unlocked, 4 frequency range changed, 5 time constant"
        " changed by something else, 6 triggered; as `*ESR`"),
)  # fmt: skip

TABLE = FlatTable("SR830", (*_REFERENCE, *_INPUT, *_OUTPUT, *_INTERFACE, *_STATUS))
"""The SR830, without its data storage (`SRAT`, `TRCA` and what belongs to them)."""
