"""What the 2182A does in its own way, beyond its command table: triggers, ranges, what hangs together.

From the 2182A user's manual; nothing here asks the simulated instrument how it does it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import cast

from instruments.tables import keithley2182a
from instruments.tables.table import Value
from simulators.devices.keithley2182a import Keithley2182A
from simulators.exchange import ScpiDevice
from tests.simulators.scpi_model import DONE, Ways, changes, in_order, named, only

_M = keithley2182a.TABLE
_RANGES = {1: (0.01, 0.1, 1.0, 10.0, 100.0), 2: (0.1, 1.0, 10.0)}
_WAITING = 0x20
_STATES = (0x10, _WAITING, 0x400)  # measuring, waiting for a trigger, idle
_CALIBRATING = 0x401
"""It calibrates itself while idle."""

_UNIT = "(?:VDC|[CFK])"
_NUMBER = rf"(?:\+9\.9E37|[+-][0-9]\.[0-9]{{8}}E[+-][0-9]{{2}}{_UNIT}?|{_UNIT})"
_CHANNEL = r"(?:[012]INT|\d{1,3}EXT)CHAN"
_ITEM = rf"(?:{_NUMBER}(?:,{_CHANNEL})?|{_CHANNEL}|)"
_READINGS = re.compile(rf"{_ITEM}(?:,{_ITEM})*|#0[\x00-\xff]+")
_RESULT = re.compile(r"[+-][0-9]\.[0-9]{8}E[+-][0-9]{2}")

Refusal = Callable[[ScpiDevice, tuple[Value, ...]], frozenset[int]]


def _when(refused: bool, code: int) -> frozenset[int]:
    return frozenset({code}) if refused else DONE


def _state(device: ScpiDevice) -> int:
    return device.status.operation.condition


def _read_refused(device: ScpiDevice, _values: tuple[Value, ...]) -> frozenset[int]:
    """READ? waits for no trigger from outside, and several readings want an empty buffer."""
    if device.value("TRIG:SOUR") in {"BUS", "EXT"}:
        return frozenset({-214})
    stored = bool(cast("Keithley2182A", device)._buffer)
    return _when(stored and device.number("SAMP:COUN") > 1, -225)


def _buffer_refused(device: ScpiDevice, _values: tuple[Value, ...]) -> frozenset[int]:
    return _when(not cast("Keithley2182A", device)._buffer, -230)


def _start_refused(device: ScpiDevice, _values: tuple[Value, ...]) -> frozenset[int]:
    return _when(_state(device) != 0x400, -213)


def _trigger_refused(device: ScpiDevice, _values: tuple[Value, ...]) -> frozenset[int]:
    return _when(_state(device) != _WAITING or device.value("TRIG:SOUR") != "BUS", -211)


def _signal_refused(device: ScpiDevice, _values: tuple[Value, ...]) -> frozenset[int]:
    if _state(device) == _WAITING and device.value("TRIG:SOUR") == "TIM":
        return frozenset({0, -211})  # the manual does not say whether it cuts a timer short
    return _when(_state(device) != _WAITING, -211)


def _mode_refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
    """Ratio and Delta are of voltages, and not of a scan."""
    elsewhere = device.value("SENS:FUNC") != "VOLT:DC" or device.number("SENS:CHAN") == 0
    return _when(bool(values[0]) and (elsewhere or device.value("ROUT:SCAN:LSEL") != "NONE"), -221)


def _scan_refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
    return _when(values[0] != "NONE" and (device.flag("SENS:VOLT:RAT") or device.flag("SENS:VOLT:DELT")), -221)


def _filter_refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
    """A Delta has a moving filter only."""
    return _when(values[0] == "REP" and device.flag("SENS:VOLT:DELT"), -221)


def _list_refused(highest: int) -> Refusal:
    """A scan list names channels that there are."""

    def refused(_device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
        text = str(values[0]).replace(" ", "")
        if not re.fullmatch(r"\(@[0-9]+(:[0-9]+)?(,[0-9]+(:[0-9]+)?)*\)", text):
            return frozenset({-104})
        numbers = [int(number) for number in re.findall("[0-9]+", text)]
        if all(1 <= number <= highest for number in numbers):
            return only(0, -222)(_device, values) if ":" in text or len(numbers) > highest else DONE
        return frozenset({-222})

    return refused


def _refuses() -> dict[tuple[str, bool], Refusal]:
    stale = only(0, -230)
    refuses: dict[tuple[str, bool], Refusal] = {
        ("READ", True): _read_refused,
        ("TRAC:DATA", True): _buffer_refused,
        ("INIT", False): _start_refused,
        ("*TRG", False): _trigger_refused,
        ("TRIG:SIGN", False): _signal_refused,
        ("ROUT:SCAN:LSEL", False): _scan_refused,
        ("ROUT:SCAN", False): _list_refused(2),
        ("ROUT:SCAN:EXT", False): _list_refused(800),
        ("SENS:VOLT:CHAN1:DFIL:TCON", False): _filter_refused,
        ("CALC:KMAT:PERC:ACQ", False): only(0, -221, -230),
        ("CALC2:IMM", False): stale,
    }
    for header in ("FETC", "SENS:DATA", "CALC:DATA", "CALC2:DATA", "CALC2:IMM"):
        refuses[header, True] = stale
    for function in ("VOLT", "TEMP"):
        for channel in (1, 2):
            refuses[f"SENS:{function}:CHAN{channel}:REF:ACQ", False] = only(0, -221, -230)
    for mode in ("SENS:VOLT:RAT", "SENS:VOLT:DELT"):
        refuses[mode, False] = _mode_refused
    return {(_M[header].header, asked): outcome for (header, asked), outcome in refuses.items()}


def _init_ignored(device: ScpiDevice) -> tuple[int, ...]:
    """READ? of a meter that measures anyway does not start it again, and says so."""
    return (-213,) if device.flag("INIT:CONT") else ()


def _linked(function: str) -> Callable[[ScpiDevice, tuple[Value, ...]], Mapping[str, Value]]:
    """The aperture is the number of line cycles in seconds."""

    def values(device: ScpiDevice, _values: tuple[Value, ...]) -> Mapping[str, Value]:
        cycles = device.number(f"SENS:{function}:NPLC")
        return {f"SENS:{function}:APER": cycles / cast("Keithley2182A", device).line_frequency}

    return values


_CONFIGURED: dict[str, Value] = {
    "INIT:CONT": False, "TRIG:COUN": 1, "SAMP:COUN": 1, "TRIG:DEL": 0.0, "CALC:STAT": False, "SENS:VOLT:NPLC": 5.0,
    "SENS:VOLT:CHAN1:RANG:AUTO": True, "TRAC:FEED:CONT": "NEV",
}  # fmt: skip


def _single(alone: bool) -> Mapping[str, Value]:
    """What measures no voltage ends ratio and Delta."""
    return {"SENS:VOLT:RAT": False, "SENS:VOLT:DELT": False} if alone else {}


def _follows() -> dict[str, Callable[[ScpiDevice, tuple[Value, ...]], Mapping[str, Value]]]:
    follows: dict[str, Callable[[ScpiDevice, tuple[Value, ...]], Mapping[str, Value]]] = {
        "TRIG:DEL": lambda _device, _values: {"TRIG:DEL:AUTO": False},
        "SENS:VOLT:RAT": lambda _device, values: {"SENS:VOLT:DELT": False} if values[0] else {},
        "SENS:VOLT:DELT": lambda _device, values: (
            {"SENS:VOLT:RAT": False, "SENS:VOLT:CHAN1:DFIL:TCON": "MOV"} if values[0] else {}
        ),
        "SENS:FUNC": lambda _device, values: _single(values[0] == "TEMP"),
        "SENS:CHAN": lambda _device, values: _single(values[0] == 0),
        "CONF": lambda _device, _values: {**_CONFIGURED, "SENS:FUNC": "VOLT:DC"},
        "CONF:TEMP": lambda _device, _values: {**_CONFIGURED, "SENS:FUNC": "TEMP"},
        "SENS:VOLT:CHAN1:RANG": lambda _device, _values: {"SENS:VOLT:CHAN1:RANG:AUTO": False},
        "SENS:VOLT:CHAN2:RANG": lambda _device, _values: {"SENS:VOLT:CHAN2:RANG:AUTO": False},
    }
    follows |= {f"SENS:{function}:{one}": _linked(function) for function in ("VOLT", "TEMP") for one in
                ("NPLC", "APER")}  # fmt: skip
    return {_M[header].header: values for header, values in follows.items()}


def _read_answer(device: ScpiDevice) -> re.Pattern[str]:
    """READ? answers when a reading has become available, and that shows in bit 5."""
    device.refresh()
    assert device.status.measurement.condition & 0x20
    return _READINGS


def _answers() -> dict[str, Callable[[ScpiDevice], str | re.Pattern[str]]]:
    answers: dict[str, Callable[[ScpiDevice], str | re.Pattern[str]]] = {
        "SYST:LFR": lambda device: f"{cast('Keithley2182A', device).line_frequency:.0f}",
    }
    readings = ("READ", "MEAS", "MEAS:TEMP", "FETC", "SENS:DATA", "SENS:DATA:FRES", "CALC:DATA", "CALC:DATA:FRES",
                "TRAC:DATA")  # fmt: skip
    answers |= dict.fromkeys(readings, lambda _device: _READINGS)
    answers |= {"READ": _read_answer, "CALC2:DATA": lambda _device: _RESULT, "CALC2:IMM": lambda _device: _RESULT}
    return {_M[header].header: value for header, value in answers.items()}


def _conditions(device: ScpiDevice, name: str, value: int) -> bool:
    """In one state of the trigger model; the buffer's bits come one after the other."""
    if name == "OPERation":
        return value in {*_STATES, _CALIBRATING}
    some, half, full = value & 0x80, value & 0x100, value & 0x200
    stored, points = len(cast("Keithley2182A", device)._buffer), device.number("TRAC:POIN")
    buffer = bool(some) == (stored >= 2) and bool(full) == (stored >= points) and bool(half) >= bool(full)
    return buffer and value & ~0x3BF == 0


def _meter_range(limits: tuple[float, ...]) -> Callable[[ScpiDevice, tuple[Value, ...]], Value]:
    def kept(_device: ScpiDevice, values: tuple[Value, ...]) -> Value:
        wanted = cast("float", values[0])
        return min((full for full in limits if 1.2 * full >= wanted), default=limits[-1])

    return kept


def _from_aperture(device: ScpiDevice, values: tuple[Value, ...]) -> Value:
    """An aperture is kept as the number of line cycles that it is."""
    frequency = cast("Keithley2182A", device).line_frequency
    return cast("float", values[0]) * frequency / frequency


METER_WAYS = Ways(
    changes=changes(
        _M,
        {
            "SENS:VOLT:NPLC": "SENS:VOLT:APER",
            "SENS:VOLT:APER": "SENS:VOLT:NPLC",
            "SENS:TEMP:NPLC": "SENS:TEMP:APER",
            "SENS:TEMP:APER": "SENS:TEMP:NPLC",
            "SENS:VOLT:CHAN1:RANG": "SENS:VOLT:CHAN1:RANG:AUTO",
            "SENS:VOLT:CHAN2:RANG": "SENS:VOLT:CHAN2:RANG:AUTO",
            "TRIG:DEL": "TRIG:DEL:AUTO",
            "SENS:VOLT:RAT": "SENS:VOLT:DELT",
            "SENS:VOLT:DELT": "SENS:VOLT:RAT SENS:VOLT:CHAN1:DFIL:TCON",
            "SENS:FUNC": "SENS:VOLT:RAT SENS:VOLT:DELT",
            "SENS:CHAN": "SENS:VOLT:RAT SENS:VOLT:DELT",
            "SENS:VOLT:CHAN1:REF:ACQ": "SENS:VOLT:CHAN1:REF",
            "SENS:VOLT:CHAN2:REF:ACQ": "SENS:VOLT:CHAN2:REF",
            "SENS:TEMP:CHAN1:REF:ACQ": "SENS:TEMP:CHAN1:REF",
            "SENS:TEMP:CHAN2:REF:ACQ": "SENS:TEMP:CHAN2:REF",
            "CALC:KMAT:PERC:ACQ": "CALC:KMAT:PERC",
        },
        "*RST *RCL SYST:PRES CONF CONF:TEMP MEAS MEAS:TEMP",
    ),
    by_itself=named(_M, "SENS:VOLT:CHAN1:RANG", "SENS:VOLT:CHAN2:RANG", "TRAC:FEED:CONT"),
    kept_as={
        _M["SENS:VOLT:CHAN1:RANG"].header: _meter_range(_RANGES[1]),
        _M["SENS:VOLT:CHAN2:RANG"].header: _meter_range(_RANGES[2]),
        _M["SENS:VOLT:APER"].header: _from_aperture,
        _M["SENS:TEMP:APER"].header: _from_aperture,
        _M["FORM:ELEM"].header: in_order("READ", "CHAN", "UNIT"),
    },
    after_reset=named(_M, "SENS:VOLT:CHAN1:RANG", "SENS:VOLT:CHAN2:RANG"),
    restored=frozenset(),
    refuses=_refuses(),
    notes={"READ": _init_ignored},
    follows=_follows(),
    answers=_answers(),
    conditions=_conditions,
    complete=lambda device: _state(device) == _STATES[-1],
    mishaps=(-330, -315, -361, 500),
)
