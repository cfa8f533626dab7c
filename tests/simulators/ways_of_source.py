"""What the 6221 does in its own way, beyond its command table: ranges, conflicts, what hangs together.

From the 6221 reference manual; nothing here asks the simulated instrument how it does it.
"""

from __future__ import annotations

import math
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
_OUTPUT_KEY, _AUTO_KEY, _RANGE_KEYS = 24, 9, (1, 17)
_INTERLOCK = 0x02
_COMPLIANCE = 0x08
_IDLE = 0x400
_SWEEPING, _STARTED, _STOPPED = 0x08, 0x10, 0x80
_WAITING_TRIGGER, _WAITING_ARM = 0x20, 0x40


def _source_level(device: ScpiDevice, values: tuple[Value, ...]) -> Value:
    """Rounded to what the range resolves."""
    full = cast("float", device.value("SOUR:CURR:RANG"))
    divisor = _RESOLUTIONS[_RANGES.index(full)]
    return round(cast("float", values[0]) * divisor) / divisor


def _source_range(_device: ScpiDevice, values: tuple[Value, ...]) -> Value:
    wanted = abs(cast("float", values[0]))
    return min((full for full in _RANGES if 1.05 * full * (1 + 1e-12) >= wanted), default=0.1)


def _compliance(_device: ScpiDevice, values: tuple[Value, ...]) -> Value:
    return round(cast("float", values[0]) * 100.0) / 100.0


def _conflict(when: bool, code: int = -221) -> frozenset[int]:
    return frozenset({code}) if when else DONE


def running(device: ScpiDevice) -> bool:
    """Whether a program has the output."""
    armed = cast("Keithley6221", device).armed
    return armed is not None and armed.running()


def _wave_armed(device: ScpiDevice) -> bool:
    armed = cast("Keithley6221", device).armed
    return armed is not None and armed.name == "WAVE"


def _level_refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
    """A fixed range goes 5 % beyond its name."""
    if running(device):
        return frozenset({-221})
    fixed = not device.flag("SOUR:CURR:RANG:AUTO")
    limit = 1.05 * device.number("SOUR:CURR:RANG") * (1 + 1e-9)
    return _conflict(fixed and abs(cast("float", values[0])) > limit, -222)


def _range_refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
    full = cast("float", _source_range(device, values))
    return _conflict(running(device) or abs(device.number("SOUR:CURR")) > 1.05 * full)


def _automatic_refused(device: ScpiDevice, _values: tuple[Value, ...]) -> frozenset[int]:
    return _conflict(running(device))


def _init_refused(device: ScpiDevice, _values: tuple[Value, ...]) -> frozenset[int]:
    source = cast("Keithley6221", device)
    if not device.status.operation.condition & _IDLE:
        return frozenset({-213})
    return _conflict(source.armed is not None and not source.interlock_closed)


def _wave_init_refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
    return _init_refused(device, values) if _wave_armed(device) else frozenset({-221})


def _wave_waits(device: ScpiDevice) -> bool:
    """A wave that was initiated waits for its external trigger."""
    return _wave_armed(device) and running(device) and not device.status.operation.condition & _STARTED


def _trigger_refused(device: ScpiDevice, _values: tuple[Value, ...]) -> frozenset[int]:
    bus = bool(device.status.operation.condition & _WAITING_ARM) and device.value("ARM:SOUR") == "BUS"
    return _conflict(not bus and not _wave_waits(device), -211)


def _signal_refused(bit: int, code: int) -> Callable[[ScpiDevice, tuple[Value, ...]], frozenset[int]]:
    return lambda device, _values: _conflict(not device.status.operation.condition & bit, code)


def _sweep_refused(device: ScpiDevice, _values: tuple[Value, ...]) -> frozenset[int]:
    """Lists of one length, ends that a logarithm has, no more points than fit, and a fixed range that holds all."""
    start, stop, step = (device.number(f"SOUR:CURR:{one}") for one in ("STAR", "STOP", "STEP"))
    spacing = device.value("SOUR:SWE:SPAC")
    ends = [start, stop]
    if spacing == "LIST":
        currents, delays = (cast("tuple[float, ...]", device.value(f"SOUR:LIST:{one}")) for one in ("CURR", "DEL"))
        if not len(currents) == len(delays) > 0:
            return frozenset({-221})
        ends = list(currents)
    elif spacing == "LOG":
        if start * stop <= 0:
            return frozenset({-221})
        ends = ends if device.number("SOUR:SWE:POIN") > 1 else [start]
    else:
        points = math.floor(abs(stop - start) / step + 1e-9) + 1
        if points > 65535:
            return frozenset({-221})
        ends = [start, start + math.copysign(step, stop - start) * (points - 1)]
    largest = max(abs(end) for end in ends)
    best = _source_range(device, (largest,)) if device.value("SOUR:SWE:RANG") == "BEST" else None
    full = cast("float", best or device.value("SOUR:CURR:RANG"))
    return _conflict(device.value("SOUR:SWE:RANG") != "AUTO" and largest > 1.05 * full * (1 + 1e-9))


def _wave_refused(device: ScpiDevice, _values: tuple[Value, ...]) -> frozenset[int]:
    """A peak that neither range nor source holds, or an arbitrary wave without points."""
    peak = device.number("SOUR:WAVE:AMPL") + abs(device.number("SOUR:WAVE:OFFS"))
    shape = str(device.value("SOUR:WAVE:FUNC"))
    if shape not in {"SIN", "SQU", "RAMP", "ARB0"}:
        return frozenset({0, -221})  # what is in the non-volatile memories cannot be asked
    full = 0.1 if device.value("SOUR:WAVE:RANG") == "BEST" else device.number("SOUR:CURR:RANG")
    empty = shape == "ARB0" and not device.value("SOUR:WAVE:ARB:DATA")
    return _conflict(empty or peak > 1.05 * full * (1 + 1e-12))


def _change_refused(device: ScpiDevice, _values: tuple[Value, ...]) -> frozenset[int]:
    """A wave that is armed keeps its range."""
    return frozenset({0, -221}) if _wave_armed(device) else DONE


def _middle_refused(own: str) -> Callable[[ScpiDevice, tuple[Value, ...]], frozenset[int]]:
    def refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
        both = {"CENT": device.number("SOUR:CURR:CENT"), "SPAN": device.number("SOUR:CURR:SPAN")}
        both[own] = cast("float", values[0])
        return _conflict(abs(both["CENT"]) + both["SPAN"] / 2 > 0.105)

    return refused


def _nothing_to_copy(device: ScpiDevice, _values: tuple[Value, ...]) -> frozenset[int]:
    return _conflict(not device.value("SOUR:WAVE:ARB:DATA"))


def _port_taken(device: ScpiDevice, _values: tuple[Value, ...]) -> frozenset[int]:
    """The port for the meter can be the computer's instead."""
    return _conflict(device.value("SYST:COMM:SEL") == "SER")


def _output_refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
    """An open interlock, or the program that took the output away on its way."""
    taken = running(device) and not device.flag("OUTP")
    return _conflict(bool(values[0]) and (taken or not cast("Keithley6221", device).interlock_closed))


_LINES = ("TRIG:ILIN", "TRIG:OLIN", "SOUR:WAVE:PMAR:OLIN")


def _line_refused(own: str) -> Callable[[ScpiDevice, tuple[Value, ...]], frozenset[int]]:
    """No two of trigger input, trigger output and phase marker on one line."""

    def refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
        return _conflict(any(device.value(other) == values[0] for other in _LINES if other != own))

    return refused


def _notify_refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
    return _conflict(cast("int", values[0]) >= device.number("TRAC:POIN"), -222)


def _notify_limits(device: ScpiDevice) -> tuple[float, ...]:
    points = int(device.number("TRAC:POIN"))
    return (1, max(1, points - 1), max(1, points // 2))


def _password_refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
    return _conflict(values[0] != cast("Keithley6221", device).password)


def _new_password_refused(_device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
    return _conflict(not values[0], -222)


def _key_refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
    """Keys that do what a command does, and cannot do it now."""
    on, full = device.flag("OUTP"), device.number("SOUR:CURR:RANG")
    if values[0] == _OUTPUT_KEY:
        return frozenset({-221, 0}) if not on else DONE
    if values[0] == _AUTO_KEY:
        return _automatic_refused(device, ())
    if values[0] in _RANGE_KEYS:
        place = _RANGES.index(full) + (1 if values[0] == _RANGE_KEYS[0] else -1)
        return _range_refused(device, (_RANGES[max(0, min(8, place))],))
    return DONE


def _refuses() -> dict[tuple[str, bool], Callable[[ScpiDevice, tuple[Value, ...]], frozenset[int]]]:
    table = keithley6221.TABLE
    conflict, stale, no_meter = only(-221), only(-230), only(-221, -241)
    refuses: dict[tuple[str, bool], Callable[[ScpiDevice, tuple[Value, ...]], frozenset[int]]] = {
        ("SOUR:CURR", False): _level_refused,
        ("SOUR:CURR:RANG", False): _range_refused,
        ("SOUR:CURR:RANG:AUTO", False): _automatic_refused,
        ("OUTP", False): _output_refused,
        ("TRAC:NOT", False): _notify_refused,
        ("*TRG", False): _trigger_refused,
        ("ARM:SIGN", False): _signal_refused(_WAITING_ARM, -212),
        ("TRIG:SIGN", False): _signal_refused(_WAITING_TRIGGER, -211),
        ("INIT", False): _init_refused,
        ("SOUR:SWE:ARM", False): _sweep_refused,
        ("SOUR:WAVE:ARM", False): _wave_refused,
        ("SOUR:WAVE:INIT", False): _wave_init_refused,
        ("SOUR:WAVE:AMPL", False): _change_refused,
        ("SOUR:WAVE:OFFS", False): _change_refused,
        ("SOUR:WAVE:ARB:COPY", False): _nothing_to_copy,
        ("SYST:COMM:SER:SEND", False): _port_taken,
        ("SYST:PASS:CEN", False): _password_refused,
        ("SYST:PASS:CDIS", False): _password_refused,
        ("SYST:PASS:NEW", False): _new_password_refused,
        ("SYST:KEY", False): _key_refused,
        ("SOUR:CURR:CENT", False): _middle_refused("CENT"),
        ("SOUR:CURR:SPAN", False): _middle_refused("SPAN"),
    }
    refuses |= {(line, False): _line_refused(line) for line in _LINES}
    refuses |= {(f"SOUR:{mode}:ARM", False): no_meter for mode in ("DELT", "PDEL", "DCON")}
    refuses |= {(f"{part}:DATA{kind}", True): conflict for part in ("SENS", "CALC") for kind in ("", ":FRES")}
    refuses |= {(header, True): stale for header in ("TRAC:DATA", "TRAC:DATA:SEL", "CALC2:DATA", "CALC2:IMM")}
    return {(table[header].header, asked): outcome for (header, asked), outcome in refuses.items()}


def _after_level(device: ScpiDevice, values: tuple[Value, ...]) -> Mapping[str, Value]:
    """Automatic ranging goes by the level that was sent, before it is rounded to what the range resolves."""
    automatic = device.flag("SOUR:CURR:RANG:AUTO")
    return {"SOUR:CURR:RANG": _source_range(device, values)} if automatic else {}


def _after_automatic(device: ScpiDevice, _values: tuple[Value, ...]) -> Mapping[str, Value]:
    return _after_level(device, (device.value("SOUR:CURR"),))


def _after_end(device: ScpiDevice, _values: tuple[Value, ...]) -> Mapping[str, Value]:
    start, stop = device.number("SOUR:CURR:STAR"), device.number("SOUR:CURR:STOP")
    return {"SOUR:CURR:CENT": (start + stop) / 2, "SOUR:CURR:SPAN": max(2e-13, abs(stop - start))}


def _after_middle(device: ScpiDevice, _values: tuple[Value, ...]) -> Mapping[str, Value]:
    center, width = device.number("SOUR:CURR:CENT"), device.number("SOUR:CURR:SPAN")
    return {"SOUR:CURR:STAR": center - width / 2, "SOUR:CURR:STOP": center + width / 2}


def _follows() -> dict[str, Callable[[ScpiDevice, tuple[Value, ...]], Mapping[str, Value]]]:
    table = keithley6221.TABLE
    follows: dict[str, Callable[[ScpiDevice, tuple[Value, ...]], Mapping[str, Value]]] = {
        "SOUR:CURR": _after_level,
        "SOUR:CURR:RANG:AUTO": _after_automatic,
        "SOUR:CURR:STAR": _after_end,
        "SOUR:CURR:STOP": _after_end,
        "SOUR:CURR:CENT": _after_middle,
        "SOUR:CURR:SPAN": _after_middle,
        "SOUR:WAVE:DUR:TIME": lambda _device, _values: {"SOUR:WAVE:DUR:CYCL": "INF"},
        "SOUR:WAVE:DUR:CYCL": lambda _device, _values: {"SOUR:WAVE:DUR:TIME": "INF"},
        "SOUR:CURR:RANG": lambda _device, _values: {"SOUR:CURR:RANG:AUTO": False},
        "TRAC:POIN": lambda device, _values: {"TRAC:NOT": max(1, int(device.number("TRAC:POIN")) // 2)},
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
        "SYST:PASS:STAT": lambda _device: "1",  # nobody guesses the password
    }
    answers |= {f"SOUR:{mode}:{asked}": lambda _device: "0" for mode in ("DELT", "PDEL", "DCON") for asked in
                ("NVPR", "ARM")}  # fmt: skip
    lists = ("SOUR:LIST:CURR", "SOUR:LIST:DEL", "SOUR:LIST:COMP")
    answers |= {f"{header}:POIN": _count(header) for header in lists}
    answers["SOUR:WAVE:ARB:POIN"] = _count("SOUR:WAVE:ARB:DATA")
    return {table[header].header: value for header, value in answers.items()}


def _conditions(device: ScpiDevice, name: str, value: int) -> bool:
    """What the trigger model can be in; interlock and compliance as they are at the terminals."""
    if name == "OPERation":
        waits = value & (_WAITING_ARM | _WAITING_TRIGGER)
        rest = value & ~(waits | _STOPPED)
        if rest in {_IDLE, _STARTED}:
            return not waits and not (rest == _STARTED and value & _STOPPED)
        return rest == _SWEEPING or (rest == 0 and bool(waits or _wave_waits(device)))
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
            "TRAC:POIN": "TRAC:NOT",
            "SOUR:CURR:STAR": "SOUR:CURR:CENT SOUR:CURR:SPAN SOUR:SWE:POIN",
            "SOUR:CURR:STOP": "SOUR:CURR:CENT SOUR:CURR:SPAN SOUR:SWE:POIN",
            "SOUR:CURR:CENT": "SOUR:CURR:STAR SOUR:CURR:STOP SOUR:SWE:POIN",
            "SOUR:CURR:SPAN": "SOUR:CURR:STAR SOUR:CURR:STOP SOUR:SWE:POIN",
            "SOUR:CURR:STEP": "SOUR:SWE:POIN",
            "SOUR:SWE:POIN": "SOUR:CURR:STEP",
            "SOUR:WAVE:DUR:TIME": "SOUR:WAVE:DUR:CYCL",
            "SOUR:WAVE:DUR:CYCL": "SOUR:WAVE:DUR:TIME",
            "SOUR:LIST:CURR:APP": "SOUR:LIST:CURR",
            "SOUR:LIST:DEL:APP": "SOUR:LIST:DEL",
            "SOUR:LIST:COMP:APP": "SOUR:LIST:COMP",
            "SOUR:WAVE:ARB:APP": "SOUR:WAVE:ARB:DATA",
            "SYST:KEY": "SOUR:CURR SOUR:CURR:RANG SOUR:CURR:RANG:AUTO OUTP DISP:ENAB DISP:TEXT:STAT"
            " DISP:WIND2:TEXT:STAT",
        },
        "*RST *RCL SYST:PRES",
    ),
    by_itself=named(_S, "SOUR:CURR", "SOUR:CURR:RANG", "OUTP", "SYST:KEY"),  # a key was pressed, whatever came of it
    kept_as={
        _S["SOUR:CURR"].header: _source_level,
        _S["SOUR:CURR:RANG"].header: _source_range,
        _S["SOUR:CURR:COMP"].header: _compliance,
        _S["FORM:ELEM"].header: in_order("READ", "TST", "UNIT", "SOUR", "AVOL", "COMP", "RNUM"),
    },
    after_reset=frozenset(),
    restored=named(_S, "OUTP"),
    refuses=_refuses(),
    notes={},
    follows=_follows(),
    answers=_answers(),
    user_requests=frozenset({8}),  # LOCAL
    limits={_S["TRAC:NOT"].header: _notify_limits},
    conditions=_conditions,
    complete=lambda device: bool(device.status.operation.condition & _IDLE) or _wave_armed(device),
    mishaps=(-330, -362, 101, 408, 900),
)
