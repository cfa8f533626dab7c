"""The reading buffer of a 6221: what is kept of 65,536 readings, what it says about itself, how it is printed.

Source: 6220/6221 reference manual, chapters on the buffer, on statistics and on data format.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import numpy as np

from instruments import scpi
from instruments.scpi import DATA_OUT_OF_RANGE, ScpiError
from instruments.tables.keithley6221 import TABLE
from instruments.tables.table import Row
from simulators.devices.buffer_commands import FEED_CONTROL, BufferCommands
from simulators.devices.source_arithmetic import OVERFLOW
from simulators.devices.source_output import SourceOutput
from simulators.exchange import command, query
from simulators.program_message import Effect, Step

CAPACITY = 65536
"""Readings."""

BYTES_A_READING = 32
"""2,097,152 bytes, which an empty buffer answers as free, hold 65,536 readings."""

DATA_STALE = -230

NOTIFY = 0x40
BUFFER_FULL = 0x200
_ALL_BITS = NOTIFY | 0x80 | 0x100 | BUFFER_FULL | 0x1000 | 0x2000

_ELEMENTS = ("READ", "TST", "UNIT", "SOUR", "AVOL", "COMP", "RNUM")
"""In the order in which they are answered, whatever the order in which they were asked for."""

_NOTIFY = TABLE["TRAC:NOT"].header
_LIMITS = ("MINimum", "MAXimum", "DEFault")

_UNIT_LETTERS = {"V": "VDC", "OHMS": "OHM", "W": "W", "SIEM": "S"}  # unsure but for VDC


class Reading(NamedTuple):
    """One reading with everything that can be asked about it.

    Attributes:
        value: In the unit that is selected; `OVERFLOW` where there is none.
        stamp: Time stamp in s.
        source: Current in A.
        average: Average voltage in V.
        clamped: Whether the source was in compliance.
        number: Reading number.
    """

    value: float
    stamp: float
    source: float
    average: float
    clamped: bool
    number: int


class Columns:
    """Readings, column by column: adding one costs the same however many there are."""

    def __init__(self) -> None:
        self.values = array("d")
        self.stamps = array("d")
        self.sources = array("d")
        self.averages = array("d")
        self.clamped = bytearray()
        self.numbers = array("q")

    def __len__(self) -> int:
        return len(self.values)

    def append(self, reading: Reading) -> None:
        """Add a reading at the end."""
        value, stamp, source, average, clamped, number = reading
        self.values.append(value)
        self.stamps.append(stamp)
        self.sources.append(source)
        self.averages.append(average)
        self.clamped.append(clamped)
        self.numbers.append(number)

    def part(self, start: int, stop: int) -> Columns:
        """Return a copy of some readings."""
        part = Columns()
        for name, column in vars(self).items():
            setattr(part, name, column[start:stop])
        return part


def _limit_word(row: Row, unit: scpi.Unit) -> str | None:
    """Which limit a unit names, of the row whose limits go with the size of the buffer."""
    if row.header != _NOTIFY or len(unit.arguments) != 1:
        return None
    return next((word for word in _LIMITS if scpi.matches_word(unit.arguments[0], word)), None)


class SourceBuffer(BufferCommands, SourceOutput):
    """Where readings are kept, and how they are printed."""

    empty_buffer_error: ClassVar[int | None] = DATA_STALE
    """What asking an empty buffer, or beyond what it holds, queues; None for an empty line (unsure)."""
    arming_stores: ClassVar[bool] = True
    """Whether arming sets TRACe:FEED:CONTrol to NEXT (unsure; the vendor's scripts never set it themselves)."""
    compliance_letters: ClassVar[bool] = False
    """Whether the element COMPliance is `T` or `F` instead of 1 or 0 (unsure)."""
    reading_form: ClassVar[str] = "%+.6E"
    """How readings, currents and voltages are printed (unsure: how many digits)."""
    stamp_form: ClassVar[str] = "%+.3E"
    """How time stamps are printed: `+5.248E+01`, as captured from an instrument."""
    buffer_type = "NONE"

    # initialised here, since everything that makes a source of these parts does so with its own arguments
    _stored: Columns | None = None
    _buffer_unit = "V"
    _thresholds: dict[int, int] | None = None
    _statistic: float | None = None

    @property
    def stored(self) -> Columns:
        """What the buffer holds."""
        if self._stored is None:
            self._stored = Columns()
        return self._stored

    # ---- filling it

    def prepare_buffer(self, points: float) -> None:
        """Make room for a test that is armed, for as many readings as it will have; inf takes all there is."""
        self._size_buffer(round(min(points, CAPACITY)))
        if self.arming_stores:
            self.set_value("TRAC:FEED:CONT", "NEXT")

    def restart_buffer(self, kind: str) -> None:
        """A test begins: what the one before it has left is overwritten."""
        if len(self.stored) >= self.number("TRAC:POIN") and self.arming_stores:
            self.set_value("TRAC:FEED:CONT", "NEXT")
        if self.storing():
            self.empty_buffer()
            self.buffer_type = kind
        self._buffer_unit = str(self.value("UNIT"))

    def empty_buffer(self) -> None:
        """Forget what is stored."""
        self._stored = Columns()
        self._statistic = None
        self.buffer_type = "NONE"
        self.status.measurement.set(_ALL_BITS, on=False)
        self._lay_out()

    def _lay_out(self) -> None:
        """Work out at how many readings which bits of the measurement register are set."""
        points, notify = round(self.number("TRAC:POIN")), round(self.number("TRAC:NOT"))
        self._thresholds = {}
        for stored, bit in (
            (min(2, points), 0x80), (max(1, points // 4), 0x1000), (max(1, points // 2), 0x100),
            (max(1, 3 * points // 4), 0x2000), (points, BUFFER_FULL), (notify, NOTIFY),
        ):  # fmt: skip
            self._thresholds[stored] = self._thresholds.get(stored, 0) | bit

    def store_reading(self, reading: Reading) -> None:
        """Put a reading into the buffer; a full buffer ends the storing, and the test goes on."""
        columns = self.stored
        columns.append(reading)
        if self._thresholds is None:
            self._lay_out()
            assert self._thresholds is not None
        bits = self._thresholds.get(len(columns))
        if bits is not None:
            self.status.measurement.set(bits)
            if bits & BUFFER_FULL:
                self.settings[FEED_CONTROL] = "NEV"

    def power_cycle(self) -> None:
        """Switch off and on: the buffer is empty."""
        super().power_cycle()
        self.empty_buffer()

    # ---- TRACe

    @command("TRAC:POIN")
    def _size_buffer(self, points: int) -> None:
        """Another size empties the buffer (assumed), and brings TRACe:NOTify to half of it (unsure: always)."""
        self.set_value("TRAC:POIN", points)
        self.set_value("TRAC:NOT", self._notify_limit("DEFault"))
        self.empty_buffer()

    @command("TRAC:NOT")
    def _set_notify(self, value: int) -> None:
        if value >= self.number("TRAC:POIN"):
            raise ScpiError(DATA_OUT_OF_RANGE, f"notify at {value} of {self.value('TRAC:POIN')} points")
        self.set_value("TRAC:NOT", value)
        self._lay_out()

    def _notify_limit(self, word: str) -> int:
        """What MINimum, MAXimum or DEFault stands for: the limit goes with the size of the buffer (manual, 6-17)."""
        points = round(self.number("TRAC:POIN"))
        return max(1, {"MINimum": 1, "MAXimum": points - 1, "DEFault": points // 2}[word])

    def _step(self, row: Row, unit: scpi.Unit) -> Step:
        """Limits of TRACe:NOTify are worked out when it is set to them."""
        word = _limit_word(row, unit)
        if word is None or unit.query:
            return super()._step(row, unit)
        effect = self._effects[row.header, False]
        return lambda: effect(self._notify_limit(word)), (), False

    def _limit_step(self, row: Row, unit: scpi.Unit) -> Effect:
        word = _limit_word(row, unit)
        if word is None:
            return super()._limit_step(row, unit)
        return lambda: str(self._notify_limit(word))

    @query("TRAC:POIN:ACT")
    def _ask_stored(self) -> str:
        return str(len(self.stored))

    @query("TRAC:DATA:TYPE")
    def _ask_stored_type(self) -> str:
        return self.buffer_type if len(self.stored) else "NONE"

    @query("TRAC:FREE")
    def _ask_free(self) -> str:
        used = len(self.stored) * BYTES_A_READING
        return f"{CAPACITY * BYTES_A_READING - used},{used}"

    @query("TRAC:DATA")
    def _ask_buffer(self) -> str:
        return self._part(0, CAPACITY)

    @query("TRAC:DATA:SEL")
    def _ask_part_of_buffer(self, start: int, count: int) -> str:
        """As many of them as there are."""
        return self._part(start, start + count)

    def _part(self, start: int, stop: int) -> str:
        """Print a part of the buffer, with the time between readings instead of the time where that is selected."""
        if start >= len(self.stored):
            if self.empty_buffer_error is None:
                return ""
            raise ScpiError(self.empty_buffer_error, "no readings there")
        if start == 0 and stop >= len(self.stored) and self.value("TRAC:TST:FORM") == "ABS":
            return self.formatted(self.stored)
        part = self.stored.part(start, stop)
        if self.value("TRAC:TST:FORM") == "DELT":
            before = self.stored.stamps[start - 1] if start else part.stamps[0]
            part.stamps = array("d", np.diff(np.array(part.stamps), prepend=before).tolist())
        return self.formatted(part)

    # ---- statistics

    def compute_statistic(self) -> None:
        """Work out the statistic of what is stored; overflows are left out. There may be nothing to work out."""
        values = np.array(self.stored.values)
        values = values[values != OVERFLOW]
        self._statistic = None
        if not len(values) or not self.flag("CALC2:STAT"):
            return
        form = self.value("CALC2:FORM")
        if form == "SDEV":
            self._statistic = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
        elif form == "MEAN":
            self._statistic = float(np.mean(values))
        else:
            low, high = float(np.min(values)), float(np.max(values))
            self._statistic = {"MIN": low, "MAX": high, "PKPK": high - low}[str(form)]

    def statistic_text(self) -> str:
        """Return the statistic that was worked out last, in the form of a reading."""
        if self._statistic is None:
            raise ScpiError(DATA_STALE, "no statistics")
        return self.reading_form % (self._statistic + 0.0)

    # ---- how readings are printed

    @command("FORM:ELEM")
    def _set_elements(self, words: tuple[str, ...]) -> None:
        """Keep them in the instrument's own order."""
        if "ALL" in words:
            words = _ELEMENTS
        elif "DEF" in words:
            words = ("READ", "TST")
        self.set_value("FORM:ELEM", tuple(word for word in _ELEMENTS if word in words))

    def formatted(self, columns: Columns) -> str:
        """Print readings with the elements that are selected, in the coding that is selected."""
        elements = self.value("FORM:ELEM")
        assert isinstance(elements, tuple)
        coding = self.value("FORM")
        if coding != "ASC":
            return self._binary(columns, elements, coding)
        fields = [self._field(columns, str(element)) for element in elements if element != "UNIT"]
        letters = _UNIT_LETTERS[self._buffer_unit]
        if not fields:  # units alone, with no reading that they could stand behind (unsure)
            fields = [[letters] * len(columns)]
        elif "UNIT" in elements and "READ" in elements:
            values = zip(fields[0], columns.values, strict=True)
            fields[0] = [text if value == OVERFLOW else text + letters for text, value in values]
        return ",".join(",".join(row) for row in zip(*fields, strict=True))

    def _field(self, columns: Columns, element: str) -> list[str]:
        form = self.reading_form
        if element == "TST":
            form = self.stamp_form
            return [form % stamp for stamp in columns.stamps]
        if element == "COMP":
            letters = "FT" if self.compliance_letters else "01"
            return [letters[clamped] for clamped in columns.clamped]
        if element == "RNUM":
            return [f"{number:+d}" for number in columns.numbers]
        column = {"READ": columns.values, "SOUR": columns.sources, "AVOL": columns.averages}[element]
        return ["+9.9E37" if value == OVERFLOW else form % (value + 0.0) for value in column]

    def _binary(self, columns: Columns, elements: Sequence[object], coding: object) -> str:
        """IEEE 488.2 block of indefinite length: `#0` and the numbers' bytes (unsure: that of the 2182A and 2400)."""
        columns_of: dict[str, Sequence[float]] = {
            "READ": columns.values, "TST": columns.stamps, "SOUR": columns.sources,
            "AVOL": columns.averages, "COMP": columns.clamped, "RNUM": columns.numbers,
        }  # fmt: skip
        chosen = [columns_of[str(element)] for element in elements if element != "UNIT"]
        values = [float(value) for row in zip(*chosen, strict=True) for value in row]
        double = coding == "DRE" or (isinstance(coding, tuple) and coding[1:] == (64,))
        order = ">" if self.value("FORM:BORD") == "NORM" else "<"
        return "#0" + struct.pack(f"{order}{len(values)}{'d' if double else 'f'}", *values).decode("latin-1")
