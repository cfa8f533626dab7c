"""What the 6221 does in its own way, beyond its command table: ranges, conflicts, what hangs together.

From the 6221 reference manual; nothing here asks the simulated instrument how it does it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import cast

from instruments.tables import keithley6221
from instruments.tables.table import Value
from simulators.devices.keithley6221 import Keithley6221
from simulators.exchange import ScpiDevice
from tests.simulators.scpi_model import DONE, Ways, changes, in_order, named, only

_RESOLUTIONS = (1e13, 1e12, 1e11, 1e10, 1e9, 1e8, 1e7, 1e6, 1e5)
"""One over the programming resolution in A, from 100 fA on the 2 nA range to 10 uA on the 100 mA range."""

_RANGES = (2e-9, 20e-9, 200e-9, 2e-6, 20e-6, 200e-6, 2e-3, 20e-3, 0.1)
_INTERLOCK = 0x02
_COMPLIANCE = 0x08
_IDLE = 0x400


def _source_level(device: ScpiDevice, values: tuple[Value, ...]) -> Value:
    """Rounded to what the range resolves."""
    full = cast("float", device.value("SOUR:CURR:RANG"))
    divisor = _RESOLUTIONS[_RANGES.index(full)]
    return round(cast("float", values[0]) * divisor) / divisor


def _source_range(_device: ScpiDevice, values: tuple[Value, ...]) -> Value:
    wanted = abs(cast("float", values[0]))
    return min((full for full in _RANGES if full >= wanted), default=0.1)


def _compliance(_device: ScpiDevice, values: tuple[Value, ...]) -> Value:
    return round(cast("float", values[0]) * 100.0) / 100.0


def _conflict(when: bool, code: int = -221) -> frozenset[int]:
    return frozenset({code}) if when else DONE


def _level_refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
    """A fixed range goes 5 % beyond its name."""
    fixed = not device.flag("SOUR:CURR:RANG:AUTO")
    limit = 1.05 * device.number("SOUR:CURR:RANG") * (1 + 1e-9)
    return _conflict(fixed and abs(cast("float", values[0])) > limit, -222)


def _range_refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
    full = cast("float", _source_range(device, values))
    return _conflict(abs(device.number("SOUR:CURR")) > 1.05 * full)


def _output_refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
    return _conflict(bool(values[0]) and not cast("Keithley6221", device).interlock_closed)


_LINES = ("TRIG:ILIN", "TRIG:OLIN", "SOUR:WAVE:PMAR:OLIN")


def _line_refused(own: str) -> Callable[[ScpiDevice, tuple[Value, ...]], frozenset[int]]:
    """No two of trigger input, trigger output and phase marker on one line."""

    def refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
        return _conflict(any(device.value(other) == values[0] for other in _LINES if other != own))

    return refused


def _notify_refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
    return _conflict(cast("int", values[0]) >= device.number("TRAC:POIN"), -222)


def _refuses() -> dict[tuple[str, bool], Callable[[ScpiDevice, tuple[Value, ...]], frozenset[int]]]:
    table = keithley6221.TABLE
    conflict, stale, no_meter = only(-221), only(-230), only(-241)
    refuses: dict[tuple[str, bool], Callable[[ScpiDevice, tuple[Value, ...]], frozenset[int]]] = {
        ("SOUR:CURR", False): _level_refused,
        ("SOUR:CURR:RANG", False): _range_refused,
        ("OUTP", False): _output_refused,
        ("TRAC:NOT", False): _notify_refused,
        ("SOUR:WAVE:EXTR", False): lambda _device, values: _conflict(bool(values[0])),
        ("*TRG", False): only(-211),
    }
    refuses |= {(line, False): _line_refused(line) for line in _LINES}
    refuses |= {(f"SOUR:{mode}:ARM", False): no_meter for mode in ("DELT", "PDEL", "DCON")}
    refuses |= {(header, False): conflict for header in ("SOUR:SWE:ARM", "SOUR:WAVE:ARM", "SOUR:WAVE:INIT")}
    refuses |= {(f"{part}:DATA{kind}", True): conflict for part in ("SENS", "CALC") for kind in ("", ":FRES")}
    refuses |= {(header, True): stale for header in ("TRAC:DATA", "TRAC:DATA:SEL", "CALC2:DATA", "CALC2:IMM")}
    return {(table[header].header, asked): outcome for (header, asked), outcome in refuses.items()}


def _after_level(device: ScpiDevice, values: tuple[Value, ...]) -> Mapping[str, Value]:
    """Automatic ranging goes by the level that was sent, before it is rounded to what the range resolves."""
    automatic = device.flag("SOUR:CURR:RANG:AUTO")
    return {"SOUR:CURR:RANG": _source_range(device, values)} if automatic else {}


def _after_automatic(device: ScpiDevice, _values: tuple[Value, ...]) -> Mapping[str, Value]:
    return _after_level(device, (device.value("SOUR:CURR"),))


def _follows() -> dict[str, Callable[[ScpiDevice, tuple[Value, ...]], Mapping[str, Value]]]:
    table = keithley6221.TABLE
    follows: dict[str, Callable[[ScpiDevice, tuple[Value, ...]], Mapping[str, Value]]] = {
        "SOUR:CURR": _after_level,
        "SOUR:CURR:RANG:AUTO": _after_automatic,
        "SOUR:CURR:RANG": lambda _device, _values: {"SOUR:CURR:RANG:AUTO": False},
        "SOUR:CLE": lambda _device, _values: {"SOUR:CURR": 0.0, "OUTP": False},
        "SOUR:DELT:HIGH": lambda device, _values: {"SOUR:DELT:LOW": -device.number("SOUR:DELT:HIGH")},
    }
    return {table[header].header: values for header, values in follows.items()}


def _count(header: str) -> Callable[[ScpiDevice], str]:
    return lambda device: str(len(cast("tuple[Value, ...]", device.value(header))))


def _answers() -> dict[str, Callable[[ScpiDevice], str | re.Pattern[str]]]:
    table = keithley6221.TABLE
    answers: dict[str, Callable[[ScpiDevice], str | re.Pattern[str]]] = {
        "OUTP:INT:TRIP": lambda device: str(int(cast("Keithley6221", device).interlock_closed)),
        "SYST:LFR": lambda _device: re.compile("50|60"),
        "SYST:COMM:SER:ENT": lambda _device: "",
        "TRAC:FREE": lambda _device: re.compile("[0-9]+,0"),
        "TRAC:DATA:TYPE": lambda _device: "NONE",
        "TRAC:POIN:ACT": lambda _device: "0",
    }
    answers |= {f"SOUR:{mode}:{asked}": lambda _device: "0" for mode in ("DELT", "PDEL", "DCON") for asked in
                ("NVPR", "ARM")}  # fmt: skip
    lists = ("SOUR:LIST:CURR", "SOUR:LIST:DEL", "SOUR:LIST:COMP")
    answers |= {f"{header}:POIN": _count(header) for header in lists}
    answers["SOUR:WAVE:ARB:POIN"] = _count("SOUR:WAVE:ARB:DATA")
    return {table[header].header: value for header, value in answers.items()}


def _conditions(device: ScpiDevice, name: str, value: int) -> bool:
    """Idle, since nothing can be armed; interlock and compliance as they are at the terminals."""
    if name == "OPERation":
        return value == _IDLE
    source = cast("Keithley6221", device)
    limited = device.flag("OUTP") and source._terminals.in_compliance()
    return value == (_COMPLIANCE if limited else 0) | (0 if source.interlock_closed else _INTERLOCK)


_S = keithley6221.TABLE
SOURCE_WAYS = Ways(
    changes=changes(
        _S,
        {
            "SOUR:CURR": "SOUR:CURR:RANG",
            "SOUR:CURR:RANG": "SOUR:CURR SOUR:CURR:RANG:AUTO",
            "SOUR:CURR:RANG:AUTO": "SOUR:CURR SOUR:CURR:RANG",
            "SOUR:CLE": "SOUR:CURR OUTP",
            "SOUR:DELT:HIGH": "SOUR:DELT:LOW",
            "SOUR:LIST:CURR:APP": "SOUR:LIST:CURR",
            "SOUR:LIST:DEL:APP": "SOUR:LIST:DEL",
            "SOUR:LIST:COMP:APP": "SOUR:LIST:COMP",
            "SOUR:WAVE:ARB:APP": "SOUR:WAVE:ARB:DATA",
        },
        "*RST *RCL SYST:PRES",
    ),
    by_itself=frozenset(),
    kept_as={
        _S["SOUR:CURR"].header: _source_level,
        _S["SOUR:CURR:RANG"].header: _source_range,
        _S["SOUR:CURR:COMP"].header: _compliance,
        _S["FORM:ELEM"].header: in_order("READ", "TST", "UNIT", "RNUM", "SOUR", "COMP", "AVOL"),
    },
    after_reset=frozenset(),
    restored=named(_S, "OUTP"),
    refuses=_refuses(),
    notes={},
    follows=_follows(),
    answers=_answers(),
    conditions=_conditions,
    complete=lambda _device: True,
    mishaps=(-330, -362, 101, 408, 900),
)
