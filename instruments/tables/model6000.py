"""The commands of the PPMS Model 6000 controller as data, and the syntax of its messages.

It is not a SCPI instrument: headers are flat and cannot be shortened, blanks or commas separate the parameters, and
parameters that are left out at the end keep their previous value. Fields are in Oe, rates in Oe/s and K/min.

The body of the "PPMS GPIB Commands Manual" could not be read, only its table of contents (tag `manual`); the other rows
are what independent public drivers agree on (tag `wild`), or one of them alone, the Python library slave, says (tag
`slave`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from instruments import scpi
from instruments.tables.table import CommandTable, Parameter, Row, Value
from instruments.tables.table import read_arguments as read_all

_UNIT = re.compile(r"([*$]?[A-Za-z]+)(?:(\?)(?!\?)[\s,]*|[\s,]+|$)(.*)", re.DOTALL)
_GAP = re.compile(r"\s*,\s*|\s+")


def parse_unit(text: str) -> scpi.Unit:
    """Take one message apart, e.g. `FIELD 1000, 50` or `GETDAT? 7`; its terminator must have been removed.

    Raises:
        ScpiError: There is no header (-110), or an empty parameter (-109).
    """
    match = _UNIT.fullmatch(text.strip())
    if match is None:
        raise scpi.ScpiError(scpi.HEADER_ERROR, f"no header in {text!r}")
    rest = match[3].strip()
    arguments = tuple(_GAP.split(rest)) if rest else ()
    if "" in arguments:
        raise scpi.ScpiError(scpi.MISSING_PARAMETER, f"an empty parameter in {text!r}")
    return scpi.Unit(match[1], match[2] is not None, arguments)


def split_message(message: str) -> list[str]:
    """Split what was received into messages: they end with a semicolon, a line feed or a carriage return."""
    return [part for part in (piece.strip() for piece in re.split(r"[;\r\n]", message)) if part]


def read_arguments(row: Row, arguments: tuple[str, ...]) -> tuple[Value, ...]:
    """Turn the text of a command's parameters into values, and check them; missing ones at the end stay missing.

    Raises:
        ScpiError: Too few (-109) or too many (-108), not a number (-104), out of range (-222).
    """
    if row.parameters and row.parameters[0].kind == "string":
        return (" ".join(arguments),)
    for text in arguments:
        if scpi.NUMBER.fullmatch(text) is None:
            raise scpi.ScpiError(scpi.DATA_TYPE_ERROR, f"{text!r} where {row.header} takes a number")
    for parameter, text in zip(row.parameters, arguments, strict=False):
        if parameter.kind == "integer" and not float(text).is_integer():
            raise scpi.ScpiError(scpi.DATA_OUT_OF_RANGE, f"{text} for {row.header}, which takes whole numbers there")
    return read_all(row, arguments)


def read_query(row: Row, arguments: tuple[str, ...]) -> tuple[Value, ...]:
    """Turn the text of a query's parameters into values, and check them.

    Where a row stands for several channels (`BRIDGE`, `DRVOUT`, `SIGOUT`, `LINK`) the query takes the channel; a row
    that can only be asked takes what it lists; all other queries take nothing.

    Raises:
        ScpiError: As for `read_arguments`.
    """
    if not row.command:
        return read_arguments(row, arguments)
    taken = row.parameters[:1] if row.header in PER_CHANNEL else ()
    return read_arguments(Row(row.header, taken), arguments)


class FlatTable(CommandTable):
    """A command table without tree: every header is one word, written in full, in any case."""

    def __init__(self, instrument: str, rows: Iterable[Row]) -> None:
        super().__init__(instrument, ())
        self._rows = tuple(rows)
        self._flat = {row.header.upper(): row for row in self._rows}

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def find(self, path: tuple[str, ...], header: str) -> tuple[Row, tuple[str, ...]]:
        """Find the row of a typed header; there are no paths, so that the path comes back as it was.

        Raises:
            ScpiError: Unknown header (-113).
        """
        row = self._flat.get(header.upper())
        if row is None:
            raise scpi.ScpiError(scpi.UNDEFINED_HEADER, header)
        return row, path

    def __getitem__(self, header: str) -> Row:
        """Return the row of a header, in any case.

        Raises:
            KeyError: The instrument has no such header.
        """
        return self._flat[header.upper()]


def _number(minimum: float | None, maximum: float | None, *, required: bool = False) -> Parameter:
    return Parameter("number", minimum, maximum, required=required)


def _or_zero(minimum: float, maximum: float) -> Parameter:
    return Parameter("number", minimum, maximum, besides=0.0, required=False)


def _code(highest: int, lowest: int = 0, *, required: bool = False) -> Parameter:
    values = tuple(float(code) for code in range(lowest, highest + 1))
    return Parameter("integer", lowest, highest, values=values, required=required)


def _channel(highest: int) -> Parameter:
    return _code(highest, 1, required=True)


PER_CHANNEL = frozenset({"BRIDGE", "DRVOUT", "SIGOUT", "LINK"})
"""Headers whose first parameter is a channel, each with settings of its own; `initial` leaves the channel out."""

_CONTROL = (
    Row(
        "TEMP",
        (_number(1.7, 402.0, required=True), _number(0.01, 20.0), _code(1)),
        initial=(300.0, 20.0, 0),
        reply="%g,%g,%d",
        tag="wild",
        note="set point in K, rate in K/min, approach: 0 fast settle, 1 no overshoot; the query gives what was"
        " commanded last; the range is the widest in use, the machine's own is narrower",
    ),
    Row(
        "FIELD",
        (_number(-160000.0, 160000.0, required=True), _number(0.0, None), _code(2), _code(1)),
        initial=(0.0, 190.0, 0, 1),
        reply="%g,%g,%d,%d",
        tag="wild",
        unsure="limits of the rate, which depend on the magnet",
        note="set point in Oe (step 0.01), rate in Oe/s (step 0.1), approach: 0 linear, 1 no overshoot, 2 oscillate;"
        " end: 0 persistent, 1 driven; the query gives what was commanded last",
    ),
    Row(
        "CHAMBER",
        (_code(5, required=True),),
        initial=0,
        reply="%d",
        tag="wild",
        note="0 seal, 1 purge and seal, 2 vent and seal, 3 pump continuously, 4 vent continuously, 5 high vacuum",
    ),
    Row(
        "MOVE",
        (_number(None, None, required=True), _code(2), _code(14)),
        initial=(0.0, 0, 0),
        reply="%g,%d,%d",
        tag="wild",
        note="position in the unit of MOVECFG, mode: 0 go there, 1 go to the limit switch and call it so, 2 call the"
        " present position so; slow-down code 0 (12 deg/s) to 14",
    ),
    Row(
        "MOVECFG",
        (_code(6, required=True), _number(1e-6, 1e3), _number(0.0, 1e6), _code(1)),
        initial=(1, 0.05, 370.0, 0),
        reply="%d,%g,%g,%d",
        tag="slave",
        unsure="whether index flag or not; the units per step of a rotator",
        note="unit: 0 steps, 1 deg, 2 rad, 3 mm, 4 cm, 5 mil, 6 inch; units per step; range; index flag",
    ),
    Row(
        "$MOVE",
        command=False,
        reply="%d,%d,%d,%d",
        tag="wild",
        note="step count, final step count, index switch, backlash; asked by MultiPyVu",
    ),
    Row(
        "USERTEMP",
        (
            _code(29, required=True),
            _number(-1e9, 1e9), _number(-1e9, 1e9), _number(-1e9, 1e9), _number(-1e9, 1e9),
        ),
        initial=(0, 0.0, 0.0, 0.0, 0.0),
        reply="%d,%g,%g,%g,%g",
        tag="wild",
        unsure="what fields 2 to 5 mean; whether the item is controlled, or only reported as the temperature",
        note="item of GETDAT? that the temperature controller uses, 0 for its own thermometer",
    ),
    Row("SHUTDOWN", query=False, tag="wild", note="temperature control to standby, heaters off"),
)  # fmt: skip

_READINGS = (
    Row("*IDN", command=False, reply="identity", tag="wild", unsure="its text, but for QUANTUM DESIGN"),
    Row(
        "GETDAT",
        (Parameter("integer", 0, 2**30 - 1), _code(1)),
        command=False,
        reply="readings",
        tag="wild",
        unsure="what a mask that is no whole number does; here it is refused, as other codes are",
        note="mask, time stamp in s, then one value for each bit of the mask from the lowest up; the mask that comes"
        " back lacks the bits that are not available; 1 as second parameter takes no new reading",
    ),
    Row(
        "LEVEL",
        command=False,
        reply="%.2f,%d",
        tag="slave",
        note="helium level in %, its age: 0 older than an hour, 1 younger, 2 continuous",
    ),
    Row("LEVELON", (_code(3, required=True),), query=False, tag="slave", unsure="what 3 does",
        note="level meter: 0 one reading, 1 continuous, 2 hourly, 3 no more hourly readings"),
    Row(
        "MAGCNF",
        command=False,
        reply="%.1f,%.3f,%.3f,%.2f,%.2f,%d,%d",
        tag="slave",
        note="largest field in Oe, Oe/A, inductance in H, charging voltage in V at low and at high field, switch"
        " heating and cooling time in s",
    ),
    Row("ADVNUM", command=False, reply="%d", tag="manual", note="number of the latest advisory, 0 to 999"),
    Row("REV", command=False, reply="%s,%s", tag="slave"),
)  # fmt: skip

_ELECTRICAL = (
    Row(
        "BRIDGE",
        (_channel(4), _or_zero(0.01, 5000.0), _or_zero(0.001, 1000.0), _code(1), _code(2), _or_zero(1e-4, 100.0)),
        initial=(0.0, 0.0, 0, 0, 0.0),
        reply="%d,%g,%g,%d,%d,%g",
        energises=True,
        tag="wild",
        note="channel, excitation in uA (0 is off), power limit in uW, 0 AC or 1 DC, mode: 0 standard, 1 fast, 2 high"
        " resolution; voltage limit in mV; one that is off says 0 everywhere",
    ),
    Row(
        "DRVOUT",
        (_channel(2), _number(0.0, 1000.0), _number(0.0, 20.0)),
        initial=(0.0, 0.0),
        reply="%d,%g,%g",
        energises=True,
        tag="wild",
        note="channel, current in mA, power limit in W",
    ),
    Row(
        "SIGOUT",
        (_channel(4), _number(-10.0, 10.0)),
        initial=(0.0,),
        reply="%d,%g",
        energises=True,
        tag="slave",
        note="channel, voltage in V; it ends the channel's LINK",
    ),
    Row(
        "LINK",
        (_channel(4), _code(29), _number(-1e9, 1e9), _number(-1e9, 1e9)),
        initial=(0, 0.0, 0.0),
        reply="%d,%d,%g,%g",
        energises=True,
        tag="slave",
        note="analogue output, item of GETDAT? (0 for none), its value at +10 V, its value at 0 V",
    ),
)

_DIGITAL = (
    Row(
        "DIGIN",
        command=False,
        reply="%d",
        tag="slave",
        note="bits: limit switches 1 and 2, auxiliary sense 1 and 2, external busy, external user",
    ),
    Row(
        "DIGSET",
        (_code(15, required=True), _code(15)),
        initial=0,
        reply="%d",
        tag="slave",
        note="bits 0 to 2 drive lines (-24 V), bit 3 the actuator; a bit set in the second parameter stays as it is;"
        " the lines are on the auxiliary connector, not on the sample's",
    ),
    Row(
        "EXTSET",
        (_code(7, required=True), _code(7)),
        initial=0,
        reply="%d",
        tag="slave",
        note="bits 0 to 2 external select lines; a bit set in the second parameter stays as it is",
    ),
    Row(
        "BEEP",
        (_number(0.1, 5.0, required=True), _number(500.0, 5000.0, required=True)),
        query=False,
        tag="manual",
        note="duration in s, frequency in Hz",
    ),
    Row(
        "DATE",
        (_code(12, 1, required=True), _code(31, 1, required=True), _code(99, required=True)),
        reply="%d,%d,%d",
        tag="manual",
        note="month, day, year of the century",
    ),
    Row(
        "TIME",
        (_code(23, required=True), _code(59, required=True), _code(59, required=True)),
        reply="%d,%d,%d",
        tag="manual",
        note="hour, minute, second",
    ),
)

SEQUENCE = ("APPEND", "COMMENT", "DATA", "DATSIZE")
"""Headers that belong to sequences and data files; the manual's contents name them, no known client sends them."""

MODEL6000 = FlatTable(
    "6000",
    (
        *_CONTROL,
        *_READINGS,
        *_ELECTRICAL,
        *_DIGITAL,
        *(
            Row(
                header,
                (Parameter("string", required=False),),
                tag="manual",
                unsure="everything but the name",
                note="sequences and data files",
            )
            for header in SEQUENCE
        ),
    ),
)
"""The Model 6000."""
