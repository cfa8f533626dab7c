"""What the 2400 does in its own way, beyond its command table: ranges, conflicts, runs, what hangs together.

From the 2400 series user's manual; nothing here asks the simulated instrument how it does it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import cast

from instruments.tables import keithley2400
from instruments.tables.table import Value
from simulators.devices.keithley2400 import Keithley2400
from simulators.exchange import ScpiDevice
from tests.simulators.scpi_model import DONE, Ways, changes, named, only

_T = keithley2400.TABLE
_RANGES = {"VOLT": (0.21, 2.1, 21.0, 210.0), "CURR": (1.05e-6, 1.05e-5, 1.05e-4, 1.05e-3, 1.05e-2, 0.105, 1.05)}
_DIVISORS = {"VOLT": (2e5, 2e4, 2e3, 200.0), "CURR": (2e10, 2e9, 2e8, 2e7, 2e6, 2e5, 2e4)}
_OTHER = {"VOLT": "CURR", "CURR": "VOLT"}
_BEYOND = {"VOLT": (21.0, 0.105), "CURR": (0.105, 21.0)}
_ORDER = ("VOLT:DC", "CURR:DC", "RES")

_NUMBER = r"[+-][0-9]\.[0-9]{6}E[+-][0-9]{2}"
_READINGS = re.compile(rf"{_NUMBER}(?:,{_NUMBER})*|#0[\x00-\xff]+")
_IDLE, _STATES = 0x400, 0x468

Refusal = Callable[[ScpiDevice, tuple[Value, ...]], frozenset[int]]
Kept = Callable[[ScpiDevice, tuple[Value, ...]], Value]


def _smu(device: ScpiDevice) -> Keithley2400:
    return cast("Keithley2400", device)


def _first(values: tuple[Value, ...]) -> float:
    return cast("float", values[0])


def _holding(value: float, ranges: tuple[float, ...]) -> float:
    return min((full for full in ranges if full * (1.0 + 1e-9) >= abs(value)), default=ranges[-1])


def _auto_ohms(device: ScpiDevice) -> bool:
    return "RES" in cast("tuple[str, ...]", device.value("SENS:FUNC")) and device.value("SENS:RES:MODE") == "AUTO"


def _sourced(device: ScpiDevice, kind: str) -> bool:
    return device.value("SOUR:FUNC") == kind


def _too_much(device: ScpiDevice, kind: str, full: float, limit: float) -> frozenset[int]:
    beyond, most = _BEYOND[kind]
    return frozenset({826}) if full > beyond and limit > most * (1 + 1e-9) and _sourced(device, kind) else DONE


def _widest(device: ScpiDevice, kind: str) -> float:
    """The range as it is, or as it will be after the next trigger."""
    return max(device.number(f"SOUR:{kind}:RANG"), _holding(device.number(f"SOUR:{kind}:TRIG"), _RANGES[kind]))


def _level_refused(kind: str) -> Refusal:
    def refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
        if _sourced(device, kind) and _auto_ohms(device):
            return frozenset({825})
        full = device.number(f"SOUR:{kind}:RANG")
        if device.flag(f"SOUR:{kind}:RANG:AUTO"):
            full = _holding(_first(values), _RANGES[kind])
        elif abs(_first(values)) > full * (1 + 1e-9):
            return frozenset({-222})
        return _too_much(device, kind, full, abs(device.number(f"SENS:{_OTHER[kind]}:PROT")))

    return refused


def _range_refused(kind: str) -> Refusal:
    def refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
        if _sourced(device, kind) and _auto_ohms(device):
            return frozenset({825})
        full = _holding(_first(values), _RANGES[kind])
        if max(abs(device.number(f"SOUR:{kind}{node}")) for node in ("", ":TRIG")) > full * (1 + 1e-9):
            return frozenset({-221})
        return _too_much(device, kind, full, abs(device.number(f"SENS:{_OTHER[kind]}:PROT")))

    return refused


def _auto_refused(kind: str) -> Refusal:
    def refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
        return frozenset({825}) if values[0] and _sourced(device, kind) and _auto_ohms(device) else DONE

    return refused


def _function_refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
    kind = str(values[0])
    if kind == "MEM":
        return DONE if _smu(device).memory_allowed else frozenset({-221})  # type: ignore[attr-defined]  # of the test
    if _sourced(device, kind):
        return DONE
    if _auto_ohms(device):
        return frozenset({825})
    beyond, most = _BEYOND[kind]
    high = _widest(device, kind) > beyond
    return frozenset({826}) if high and abs(device.number(f"SENS:{_OTHER[kind]}:PROT")) > most * (1 + 1e-9) else DONE


def _limit_refused(kind: str) -> Refusal:
    """At least 0.1 % of the measuring range, which an automatic one makes easier; at most what the source allows."""

    def refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
        value, present = abs(_first(values)), device.number(f"SENS:{kind}:RANG")
        best = _holding(value, _RANGES[kind])
        if device.flag(f"SENS:{kind}:RANG:AUTO"):
            present = min(present, best)
        elif device.flag(f"SENS:{kind}:PROT:RSYN"):
            present = best
        if value < 1e-3 * present / 1.05 * (1 - 1e-6):
            return frozenset({822})
        source = _OTHER[kind]
        return _too_much(device, source, _widest(device, source), value)

    return refused


def _sense_refused(kind: str, *, automatic: bool) -> Refusal:
    def refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
        if automatic and not values[0]:
            return DONE
        if _sourced(device, kind):
            return frozenset({823})
        if _auto_ohms(device):
            return frozenset({825})
        if automatic:
            return DONE
        beyond = _holding(_first(values), _RANGES[kind]) > _holding(device.number(f"SENS:{kind}:PROT"), _RANGES[kind])
        return frozenset({824}) if beyond else DONE

    return refused


def _start_refused(device: ScpiDevice, _values: tuple[Value, ...]) -> frozenset[int]:
    """Output off; a sweep may be one that cannot be, as well."""
    automatic = device.flag("SOUR:CLE:AUTO")
    zero = device.value("OUTP:SMOD") == "ZERO"
    if automatic:
        blocked = _blocked(device)
        if blocked != DONE:
            return blocked
    elif not device.flag("OUTP") and not zero:
        return frozenset({803})
    fixed = device.value(f"SOUR:{device.value('SOUR:FUNC')}:MODE") == "FIX"
    return DONE if fixed or _auto_ohms(device) else frozenset({0, -221, 826})


def _read_refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
    if device.value("ARM:COUN") == "INF":
        return frozenset({830})
    outcome = _start_refused(device, values)
    return outcome | {-230} if outcome != frozenset({803}) else outcome


def _output_refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
    return DONE if not values[0] or device.flag("OUTP") else _blocked(device)


def _blocked(device: ScpiDevice) -> frozenset[int]:
    if device.flag("OUTP:ENAB") and not _smu(device).enable_line:
        return frozenset({802})
    return frozenset({810}) if _smu(device).too_hot else DONE


def _measure_refused(device: ScpiDevice, _values: tuple[Value, ...]) -> frozenset[int]:
    """A CONFigure turns the output on, on a sweep perhaps that cannot be."""
    blocked = _blocked(device)
    return blocked if blocked != DONE else frozenset({0, -221, 826, -230})


def _configure_refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
    outcome = _measure_refused(device, values)
    return DONE if 0 in outcome else outcome


def _counts_refused(device: ScpiDevice, values: tuple[Value, ...], other: str) -> frozenset[int]:
    if "INF" in {values[0], device.value(other)}:
        return DONE
    return frozenset({-222}) if _first(values) * device.number(other) > 2500 else DONE


def _step_refused(kind: str) -> Refusal:
    def refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
        span = abs(device.number(f"SOUR:{kind}:STOP") - device.number(f"SOUR:{kind}:STAR"))
        step = abs(_first(values))
        return frozenset({0, -221}) if span and step and not 2 <= span / step + 1 <= 2499 else DONE

    return refused


def _storing_refused(device: ScpiDevice, _values: tuple[Value, ...]) -> frozenset[int]:
    return frozenset({800}) if device.value("TRAC:FEED:CONT") == "NEXT" else DONE


def _trigger_refused(device: ScpiDevice, _values: tuple[Value, ...]) -> frozenset[int]:
    waiting = device.status.operation.condition & 0x40 and device.value("ARM:SOUR") == "BUS"
    return DONE if waiting else frozenset({-211})


def _refuses() -> dict[tuple[str, bool], Refusal]:
    stale = only(0, -230)
    refuses: dict[tuple[str, bool], Refusal] = {
        ("OUTP", False): _output_refused,
        ("SOUR:FUNC", False): _function_refused,
        ("SENS:RES:RANG", False): lambda device, _: (
            frozenset({-221}) if device.value("SENS:RES:MODE") == "MAN" else DONE
        ),
        ("INIT", False): _start_refused,
        ("READ", True): _read_refused,
        ("*TRG", False): _trigger_refused,
        ("TRIG:COUN", False): lambda device, values: _counts_refused(device, values, "ARM:COUN"),
        ("ARM:COUN", False): lambda device, values: _counts_refused(device, values, "TRIG:COUN"),
        ("TRAC:POIN", False): _storing_refused,
        ("TRAC:FEED", False): _storing_refused,
        ("MEAS", True): _measure_refused,
    }
    for kind in ("VOLT", "CURR"):
        refuses |= {
            (f"SOUR:{kind}", False): _level_refused(kind),
            (f"SOUR:{kind}:TRIG", False): _level_refused(kind),
            (f"SOUR:{kind}:RANG", False): _range_refused(kind),
            (f"SOUR:{kind}:RANG:AUTO", False): _auto_refused(kind),
            (f"SENS:{kind}:PROT", False): _limit_refused(kind),
            (f"SENS:{kind}:RANG", False): _sense_refused(kind, automatic=False),
            (f"SENS:{kind}:RANG:AUTO", False): _sense_refused(kind, automatic=True),
            (f"SOUR:{kind}:STEP", False): _step_refused(kind),
            (f"SOUR:{kind}:CENT", False): only(0, -221),
            (f"SOUR:{kind}:SPAN", False): only(0, -221),
            (f"SOUR:LIST:{kind}:APP", False): only(0, -223),
        }
    for kind in ("VOLT", "CURR", "RES"):
        refuses |= {(f"CONF:{kind}", False): _configure_refused, (f"MEAS:{kind}", True): _measure_refused}
    for header in ("FETC", "SENS:DATA", "TRAC:DATA", "CALC:DATA", "CALC:DATA:LAT", "CALC2:DATA", "CALC2:DATA:LAT",
                   "CALC3:DATA"):  # fmt: skip
        refuses[header, True] = stale
    return {(_T[header].header, asked): outcome for (header, asked), outcome in refuses.items()}


# ---- what becomes of values


def _rounded(kind: str) -> Kept:
    """Rounded to the steps of the range, which is the one that the command has selected."""

    def kept(device: ScpiDevice, values: tuple[Value, ...]) -> Value:
        full = device.number(f"SOUR:{kind}:RANG")
        divisor = _DIVISORS[kind][_RANGES[kind].index(full)]
        return round(_first(values) * divisor) / divisor

    return kept


def _triggered(kind: str) -> Kept:
    """On the range that it will take."""

    def kept(device: ScpiDevice, values: tuple[Value, ...]) -> Value:
        if not device.flag(f"SOUR:{kind}:RANG:AUTO"):
            return _rounded(kind)(device, values)
        full = _holding(_first(values), _RANGES[kind])
        divisor = _DIVISORS[kind][_RANGES[kind].index(full)]
        return round(_first(values) * divisor) / divisor

    return kept


def _ranged(ranges: tuple[float, ...]) -> Kept:
    return lambda _device, values: _holding(_first(values), ranges)


def _functions(device: ScpiDevice, values: tuple[Value, ...]) -> Value:
    """What is named is measured; with concurrent measurements what was measured before may stay."""
    wanted, found = cast("tuple[str, ...]", values[0]), cast("tuple[str, ...]", device.value("SENS:FUNC"))
    if not device.flag("SENS:FUNC:CONC"):
        return wanted[-1:]
    return found if set(wanted) <= set(found) else tuple(one for one in _ORDER if one in wanted)


def _off_functions(device: ScpiDevice, values: tuple[Value, ...]) -> Value:
    found = cast("tuple[str, ...]", device.value("SENS:FUNC:OFF"))
    wanted = cast("tuple[str, ...]", values[0])
    return found if set(wanted) <= set(found) else tuple(one for one in _ORDER if one in wanted)


def _ordered(*order: str) -> Kept:
    def kept(_device: ScpiDevice, values: tuple[Value, ...]) -> Value:
        words = cast("tuple[str, ...]", values[0])
        return tuple(word for word in order if word in words) or ("NONE",)

    return kept


def _protection(_device: ScpiDevice, values: tuple[Value, ...]) -> Value:
    steps = (20.0, 40.0, 60.0, 80.0, 100.0, 120.0, 160.0, 210.0)
    return next(step for step in steps if abs(_first(values)) <= step)


def _kept_as() -> dict[str, Kept]:
    kept: dict[str, Kept] = {
        "SOUR:VOLT:PROT": _protection,
        "SENS:RES:RANG": _ranged((21.0, 210.0, 2.1e3, 2.1e4, 2.1e5, 2.1e6, 2.1e7, 2.1e8)),
        "SENS:FUNC": _functions,
        "SENS:FUNC:OFF": _off_functions,
        "SYST:AZER": lambda _device, values: "ON" if values[0] in {"ON", "1"} else "OFF",
        "FORM": lambda _device, values: values[0],
        "FORM:ELEM": _ordered("VOLT", "CURR", "RES", "TIME", "STAT"),
        "FORM:ELEM:CALC": _ordered("CALC", "TIME", "STAT"),
        "ARM:OUTP": _ordered("TENT", "TEX"),
        "TRIG:OUTP": _ordered("SOUR", "DEL", "SENS"),
        "TRIG:INP": _ordered("SOUR", "DEL", "SENS"),
    }
    for kind in ("VOLT", "CURR"):
        kept |= {
            f"SOUR:{kind}": _rounded(kind),
            f"SOUR:{kind}:TRIG": _triggered(kind),
            f"SOUR:{kind}:RANG": _ranged(_RANGES[kind]),
            f"SENS:{kind}:RANG": _ranged(_RANGES[kind]),
        }
    return {_T[header].header: value for header, value in kept.items()}


def _follows() -> dict[str, Callable[[ScpiDevice, tuple[Value, ...]], Mapping[str, Value]]]:
    follows: dict[str, Callable[[ScpiDevice, tuple[Value, ...]], Mapping[str, Value]]] = {
        "SOUR:DEL": lambda _device, _values: {"SOUR:DEL:AUTO": False},
        "SOUR:CLE": lambda _device, _values: {"OUTP": False},
        "SYST:LFR": lambda _device, _values: {"SYST:LFR:AUTO": False},
    }
    for kind in ("VOLT", "CURR"):
        follows[f"SOUR:{kind}:RANG"] = lambda _device, _values, kind=kind: {f"SOUR:{kind}:RANG:AUTO": False}
        follows[f"SENS:{kind}:RANG"] = lambda _device, _values, kind=kind: {f"SENS:{kind}:RANG:AUTO": False}
    for one in ("VOLT", "CURR", "RES"):
        follows[f"SENS:{one}:NPLC"] = lambda _device, values: {f"SENS:{each}:NPLC": values[0] for each in
                                                                ("VOLT", "CURR", "RES")}  # fmt: skip
        follows[f"CONF:{one}"] = lambda _device, _values, one=one: {
            "OUTP": True, "TRIG:COUN": 1, "ARM:COUN": 1, "ARM:SOUR": "IMM", "TRAC:FEED:CONT": "NEV", "SYST:AZER": "ON",
            "SENS:FUNC": ("RES",) if one == "RES" else (f"{one}:DC",),
        }  # fmt: skip
    return {_T[header].header: values for header, values in follows.items()}


def _answers() -> dict[str, Callable[[ScpiDevice], str | re.Pattern[str]]]:
    readings = ("READ", "MEAS", "MEAS:VOLT", "MEAS:CURR", "MEAS:RES", "FETC", "SENS:DATA", "TRAC:DATA", "CALC:DATA",
                "CALC:DATA:LAT", "CALC2:DATA", "CALC2:DATA:LAT", "CALC3:DATA")  # fmt: skip
    answers: dict[str, Callable[[ScpiDevice], str | re.Pattern[str]]] = dict.fromkeys(
        readings, lambda _device: _READINGS
    )
    answers |= {
        "SYST:AZER": lambda device: "1" if device.value("SYST:AZER") == "ON" else "0",
        "FORM": lambda device: "ASC" if device.value("FORM") == "ASC" else "REAL,32",
        "SENS:FUNC": lambda device: _quoted(device, "SENS:FUNC"),
        "SENS:FUNC:OFF": lambda device: _quoted(device, "SENS:FUNC:OFF"),
        "CONF": lambda device: _quoted(device, "SENS:FUNC"),
    }
    return {_T[header].header: value for header, value in answers.items()}


def _quoted(device: ScpiDevice, header: str) -> str:
    return ",".join(f'"{one}"' for one in cast("tuple[str, ...]", device.value(header))) or '""'


def _conditions(device: ScpiDevice, name: str, value: int) -> bool:
    """Idle or not, and waiting for one thing at a time; the buffer's bits come one after the other."""
    if name == "OPERation":
        waiting = (value & 0x20 != 0) + (value & 0x40 != 0)
        return not value & ~_STATES and waiting <= 1 and (value == _IDLE or not value & _IDLE)
    stored, points = len(_smu(device)._buffer), device.number("TRAC:POIN")
    right = bool(value & 0x100) == (stored >= 2) and bool(value & 0x200) == (stored >= points)
    return right and not value & ~0x7BFF


_OHMS = "SOUR:FUNC SOUR:CURR SOUR:CURR:RANG SOUR:CURR:TRIG"
_LINKS = {
    "SOUR:DEL": "SOUR:DEL:AUTO", "SYST:LFR": "SYST:LFR:AUTO", "ROUT:TERM": "OUTP", "SYST:RSEN": "OUTP",
    "SYST:GUAR": "OUTP", "OUTP:ENAB": "OUTP", "SOUR:CLE": "OUTP", "CALC2:NULL:ACQ": "CALC2:NULL:OFFS",
    "SENS:FUNC": f"SENS:FUNC:OFF {_OHMS}", "SENS:FUNC:ALL": f"SENS:FUNC SENS:FUNC:OFF {_OHMS}",
    "SENS:FUNC:OFF": "SENS:FUNC", "SENS:FUNC:OFF:ALL": "SENS:FUNC SENS:FUNC:OFF",
    "SENS:FUNC:CONC": f"SENS:FUNC SENS:FUNC:OFF {_OHMS}", "SENS:RES:MODE": _OHMS,
    "SENS:RES:RANG": f"SENS:RES:RANG:AUTO {_OHMS}", "SOUR:SWE:POIN": "SOUR:VOLT:STEP SOUR:CURR:STEP",
    "SENS:VOLT:PROT:RSYN": "SENS:CURR:PROT:RSYN SENS:VOLT:RANG SENS:CURR:RANG",
    "SENS:CURR:PROT:RSYN": "SENS:VOLT:PROT:RSYN SENS:VOLT:RANG SENS:CURR:RANG",
    **{f"SENS:{one}:NPLC": "SENS:VOLT:NPLC SENS:CURR:NPLC SENS:RES:NPLC" for one in ("VOLT", "CURR", "RES")},
    **{f"SOUR:{one}": f"SOUR:{one}:RANG SOUR:{one}:TRIG" for one in ("VOLT", "CURR")},
    **{f"SOUR:{one}:RANG": f"SOUR:{one}:RANG:AUTO SOUR:{one} SOUR:{one}:TRIG" for one in ("VOLT", "CURR")},
    **{f"SOUR:{one}:RANG:AUTO": f"SOUR:{one}:RANG SOUR:{one} SOUR:{one}:TRIG" for one in ("VOLT", "CURR")},
    **{f"SOUR:{one}:MODE": f"SOUR:{one}:RANG" for one in ("VOLT", "CURR")},
    **{f"SENS:{one}:RANG": f"SENS:{one}:RANG:AUTO" for one in ("VOLT", "CURR")},
    **{f"SENS:{one}:PROT": f"SENS:{one}:RANG" for one in ("VOLT", "CURR")},
    **{f"SOUR:LIST:{one}:APP": f"SOUR:LIST:{one}" for one in ("VOLT", "CURR")},
    **{f"SOUR:{one}:{end}": " ".join([*(f"SOUR:{one}:{other}" for other in ("STAR", "STOP", "CENT", "SPAN", "STEP")),
                                      "SOUR:SWE:POIN"])
       for one in ("VOLT", "CURR") for end in ("STAR", "STOP", "CENT", "SPAN", "STEP")},
}  # fmt: skip


def _changes() -> dict[str, frozenset[str]]:
    resetting = "*RST *RCL SYST:PRES CONF:VOLT CONF:CURR CONF:RES MEAS MEAS:VOLT MEAS:CURR MEAS:RES"
    found = changes(_T, _LINKS, resetting)
    extra = named(_T, "SENS:FUNC:OFF")
    return {header: (others | extra if header in named(_T, *resetting.split()) else others)
            for header, others in found.items()}  # fmt: skip


_RUNNING = (
    "OUTP", "SENS:VOLT:RANG", "SENS:CURR:RANG", "SENS:RES:RANG", "SOUR:CURR", "SOUR:CURR:TRIG", "SOUR:CURR:RANG",
    "SOUR:VOLT", "SOUR:VOLT:TRIG", "SOUR:VOLT:RANG", "TRAC:FEED:CONT", "CALC2:NULL:OFFS",
)  # fmt: skip
"""Settings that change while readings are taken."""

SOURCEMETER_WAYS = Ways(
    changes=_changes(),
    by_itself=named(_T, *_RUNNING, "SYST:KEY"),  # a key was pressed, whatever came of it
    kept_as=_kept_as(),
    after_reset=frozenset(),
    restored=named(_T, "OUTP"),
    refuses=_refuses(),
    notes={},
    follows=_follows(),
    answers=_answers(),
    conditions=_conditions,
    complete=lambda device: device.status.operation.condition == _IDLE,
    mishaps=(-330, -315, -361, 500, 601, 900),
)
