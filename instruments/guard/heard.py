"""What an instrument was told last, from the messages that went out to it: nothing is asked for it.

Whether a source's output is on is also taken from what it answers when its driver asks: a program that is stopped may
leave it on or off.

Messages are only kept as they go by; they are read when somebody wants to know. A setting is known once it was set, or
reset; after a write that failed nothing is. What an instrument refuses it is taken to have done, unless its driver
raises; drivers read each error queue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from instruments import scpi
from instruments.guard.messages import Command, MessageReader
from instruments.guard.state import range_index
from instruments.tables import keithley2182a, keithley2400, keithley6221, sr830
from instruments.tables.keithley6221 import RANGES
from instruments.tables.table import CommandTable

Setting = float | bool | str | None

MOST_KEPT = 512
"""Messages that are kept unread."""

_OF_6221 = {
    "level_A": "SOUR:CURR", "range_A": "SOUR:CURR:RANG", "auto_range": "SOUR:CURR:RANG:AUTO",
    "compliance_V": "SOUR:CURR:COMP", "output": "OUTP",
}  # fmt: skip
_OF_2182A = {
    "channel": "SENS:CHAN", "nplc": "SENS:VOLT:NPLC", "auto_zero": "SYST:AZER",
    **{
        f"{name}.{channel}": f"SENS:VOLT:CHAN{channel}:{header}" for channel in (1, 2)
        for name, header in (
            ("range_V", "RANG"), ("auto_range", "RANG:AUTO"), ("filter", "DFIL"), ("analog_filter", "LPAS"),
        )
    },
}  # fmt: skip
_OF_2400 = {
    "function": "SOUR:FUNC", "level_V": "SOUR:VOLT", "level_A": "SOUR:CURR", "range_V": "SOUR:VOLT:RANG",
    "range_A": "SOUR:CURR:RANG", "compliance_A": "SENS:CURR:PROT", "compliance_V": "SENS:VOLT:PROT",
    "nplc": "SENS:VOLT:NPLC", "output": "OUTP",
}  # fmt: skip

_TABLES: Mapping[str, tuple[CommandTable, Mapping[str, str]]] = {
    "keithley6221": (keithley6221.TABLE, _OF_6221),
    "keithley2182a": (keithley2182a.TABLE, _OF_2182A),
    "keithley2400": (keithley2400.TABLE, _OF_2400),
}

_ARMS = {
    "SOUR:SWE:ARM": "sweep", "SOUR:WAVE:ARM": "wave", "SOUR:DELT:ARM": "delta", "SOUR:PDEL:ARM": "pulse delta",
    "SOUR:DCON:ARM": "differential conductance",
}  # fmt: skip
_HEIGHTS = {
    "SOUR:PDEL:HIGH": "pulse delta", "SOUR:DELT:HIGH": "delta", "SOUR:WAVE:AMPL": "wave",
}  # fmt: skip
_LIST, _LIST_MORE, _DELAYS, _DELAYS_MORE = (
    "SOUR:LIST:CURR", "SOUR:LIST:CURR:APP", "SOUR:LIST:DEL", "SOUR:LIST:DEL:APP",
)  # fmt: skip
_SPACING = "SOUR:SWE:SPAC"
_STARTS, _ENDS = ("INIT", "SOUR:WAVE:INIT"), ("SOUR:SWE:ABOR", "SOUR:WAVE:ABOR")

_LOCKIN: Mapping[str, tuple[str, Callable[[float], Setting]]] = {
    "sensitivity_V": ("SENS", lambda code: sr830.SENSITIVITIES[int(code)]),
    "time_constant_s": ("OFLT", lambda code: sr830.TIME_CONSTANTS[int(code)]),
    "slope_dB": ("OFSL", lambda code: (6, 12, 18, 24)[int(code)]),
    "harmonic": ("HARM", int),
    "phase_deg": ("PHAS", float),
    "reference": ("FMOD", lambda code: ("external", "internal")[int(code)]),
    "input": ("ISRC", lambda code: ("A", "A-B", "current 1 MOhm", "current 100 MOhm")[int(code)]),
    "reserve": ("RMOD", lambda code: ("high", "normal", "low noise")[int(code)]),
    "synchronous_filter": ("SYNC", bool),
}


@dataclass(frozen=True, slots=True)
class Program:
    """What a source was last started to run by itself.

    Attributes:
        mode: E.g. `list`.
        peak_A: Its largest current in A, without sign; None where nobody knows.
        peak_s: For how long in s it is at that without a break; None where nobody knows.
    """

    mode: str
    peak_A: float | None = None  # noqa: N815 - a unit
    peak_s: float | None = None


class Heard:
    """What one instrument was told, and how often it answered.

    Args:
        driver: Name of its driver.

    Attributes:
        replies: How many replies came.
        unanswered: How many did not, or were cut off.
    """

    def __init__(self, driver: str) -> None:
        self.replies = 0
        self.unanswered = 0
        self._driver = driver
        self._unread: dict[bytes, None] = {}
        self._known: dict[str, Any] = {}
        self._runs: str | None = None
        self._started: Program | None = None
        self._heights: dict[str, float | None] = {}
        self._lists: dict[str, list[float]] = {_LIST: [], _DELAYS: []}
        self._listed = False
        self._asked: int | None = None
        table = _TABLES.get(driver)
        self._names = {} if table is None else {name: table[0][header].header for name, header in table[1].items()}
        self._table = None if table is None else table[0]
        self._reader = None if table is None else MessageReader(table[0])

    def sent(self, data: bytes) -> None:
        """Take note of what goes out."""
        unread = self._unread
        unread.pop(data, None)  # of a message that was sent twice the later one counts
        unread[data] = None
        if len(unread) > MOST_KEPT:
            self._read()
        if b"?" in data:
            self._asked = _place_of_output(data) if b"OUTP?" in data and "output" in self._names else None

    def replied(self, data: bytes) -> None:
        """Take note of what comes back: an output that was asked for is what it is said to be."""
        self.replies += 1
        place, self._asked = self._asked, None
        if place is None:
            return
        answers = data.strip().split(b";")
        said = answers[place].strip() if place < len(answers) else b""
        if said in {b"0", b"1"}:
            self.sent(b":OUTP " + said + b"\n")

    def lose(self) -> None:
        """Something could not be sent: nobody knows what the instrument has got."""
        self._unread.clear()
        self._known.clear()
        self._runs = self._started = self._asked = None

    @property
    def program(self) -> Program | None:
        """What a source has run by itself last, also when that is over; None where nothing since its reset."""
        self._read()
        return self._started

    @property
    def runs(self) -> str | None:
        """What a source is armed with or runs by itself, so that its level is not what flows; None where nothing."""
        self._read()
        return self._runs

    def settings(self) -> dict[str, Setting]:
        """Return the settings that matter, by name with unit; None where nobody knows one."""
        self._read()
        if self._driver == "sr830":
            return {name: self._lockin(*entry) for name, entry in _LOCKIN.items()}
        found = {name: self._known.get(header) for name, header in self._names.items()}
        if self._driver == "keithley2182a":
            return _of_channel(found)
        if self._driver == "keithley6221":
            asked = found["level_A"] if found["auto_range"] else found["range_A"]
            found["range_A"] = RANGES[range_index(asked)] if isinstance(asked, float) else None
        if self._driver == "keithley2400":
            found["function"] = {"VOLT": "voltage", "CURR": "current"}.get(str(found["function"]))
        return found

    def _lockin(self, header: str, read: Callable[[float], Setting]) -> Setting:
        code = self._known.get(header)
        return None if code is None else read(code)

    def _read(self) -> None:
        """Read what was sent since the last time."""
        unread, self._unread = list(self._unread), {}
        for data in unread:
            for message in data.decode("latin-1").splitlines():
                if self._reader is not None:
                    for command in self._reader.read(message)[0]:
                        self._take(command)
                elif self._driver == "sr830":
                    self._take_of_lockin(message)

    def _take(self, command: Command) -> None:
        if command.query or command.fault or command.row is None or self._table is None:
            return
        header, table = command.row.header, self._table
        if header in {table["*RST"].header, table["SYST:PRES"].header}:
            self._known = {row.header: _plain(row.reset) for row in table if row.reset is not None}
            self._runs = self._started = None
            self._listed = False
        elif header in self._names.values() and command.values:
            self._known[header] = _plain(command.values[0])
            if header == self._names.get("range_A") and self._driver == "keithley6221":
                self._known[self._names["auto_range"]] = False
            for channel in (1, 2):
                if header == self._names.get(f"range_V.{channel}"):
                    self._known[self._names[f"auto_range.{channel}"]] = False
        elif "output" in self._names:
            self._take_of_source(header, command.values)

    def _take_of_source(self, header: str, values: tuple[Any, ...]) -> None:
        assert self._table is not None
        if header == self._table["SOUR:CLE"].header:
            self._known[self._names["output"]] = False
            if self._driver == "keithley6221":
                self._known[self._names["level_A"]] = 0.0
        if self._driver != "keithley6221":
            return
        self._take_setup(header, values)
        for arms, mode in _ARMS.items():
            if header == self._table[arms].header:
                self._runs = mode
        if header in {self._table[each].header for each in _STARTS} and self._runs is not None:
            self._known[self._names["output"]] = True
            self._started = self._program(self._runs)
        if header in {self._table[each].header for each in _ENDS} and self._runs is not None:
            self._runs = None
            self._known.pop(self._names["output"], None)  # it may be left on or off

    def _take_setup(self, header: str, values: tuple[Any, ...]) -> None:
        """Take note of how high a program goes that is being set up."""
        table = self._table
        assert table is not None
        for name, mode in _HEIGHTS.items():
            if header == table[name].header:
                height = _plain(values[0]) if values else None
                self._heights[mode] = abs(height) if isinstance(height, float) else None
        for first, more in ((_LIST, _LIST_MORE), (_DELAYS, _DELAYS_MORE)):
            if header in {table[first].header, table[more].header} and values:
                kept = self._lists[first] if header == table[more].header else []
                self._lists[first] = [*kept, *(float(each) for each in values[0] if isinstance(each, int | float))]
        if header == table[_SPACING].header and values:
            self._listed = str(values[0]).upper().startswith("LIST")

    def _program(self, mode: str) -> Program:
        if mode == "sweep" and self._listed:
            return Program("list", *_highest(self._lists[_LIST], self._lists[_DELAYS]))
        return Program(mode, self._heights.get(mode))

    def _take_of_lockin(self, message: str) -> None:
        for text in sr830.split_message(message):
            try:
                unit = sr830.parse_unit(text)
                if unit.header.upper() == "*RST":
                    self._known.clear()
                elif not unit.query and len(unit.arguments) == 1:
                    self._known[unit.header.upper()] = float(unit.arguments[0])
            except (scpi.ScpiError, ValueError):
                continue


def _place_of_output(data: bytes) -> int | None:
    """Return which of the answers to a message says whether the output is on."""
    questions = [unit for unit in data.upper().split(b";") if b"?" in unit]
    places = [place for place, unit in enumerate(questions) if unit.strip().lstrip(b":") == b"OUTP?"]
    return places[-1] if places else None


def _highest(currents: Sequence[float], delays: Sequence[float]) -> tuple[float | None, float | None]:
    """Return the largest current of a list in A, and for how long in s it lasts without a break."""
    if not currents:
        return None, None
    peak = max(map(abs, currents))
    if len(delays) != len(currents):
        return peak, None
    longest = here = 0.0
    for current, delay in zip(currents, delays, strict=True):
        here = here + delay if abs(current) == peak else 0.0
        longest = max(longest, here)
    return peak, longest


def _plain(value: object) -> Setting:
    """Return a setting's value; a word such as MAX in the place of a number is none that is known."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return float(value)
    return value if isinstance(value, str) else None


def _of_channel(found: Mapping[str, Setting]) -> dict[str, Setting]:
    """Return a nanovoltmeter's settings as they are for the channel that it reads."""
    channel = found["channel"]
    number = int(channel) if isinstance(channel, float) else 0
    own = {name: found.get(f"{name}.{number}") for name in ("range_V", "auto_range", "filter", "analog_filter")}
    asked = own["range_V"]
    if own["auto_range"] or not isinstance(asked, float):  # it chooses for itself
        own["range_V"] = None
    else:
        ranges = keithley2182a.RANGES[number]
        own["range_V"] = next((full for full in ranges if abs(asked) <= full), ranges[-1])
    return {
        "channel": None if channel is None else number,
        "nplc": found["nplc"],
        "auto_zero": found["auto_zero"],
        **own,
    }
