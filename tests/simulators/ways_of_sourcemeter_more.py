"""What the 2400 does in its own way with expressions, limit tests, digital output, source memory and keys.

From the 2400 series user's manual, sections 8, 10, 12 and 18.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import cast

from instruments.tables.keithley2400 import LIMITS, TABLE
from instruments.tables.table import Value
from simulators.devices.keithley2400 import Keithley2400
from simulators.exchange import ScpiDevice
from tests.simulators.scpi_model import DONE, Ways, named, only
from tests.simulators.ways_of_sourcemeter import SOURCEMETER_WAYS

_BASES = {"ASC": "{:d}", "HEX": "#H{:X}", "OCT": "#Q{:o}", "BIN": "#B{:b}"}
_PATTERNS = (
    "SOUR2:TTL", "CALC2:LIM1:COMP:SOUR2", "CALC2:CLIM:PASS:SOUR2", "CALC2:CLIM:FAIL:SOUR2",
    *(f"CALC2:LIM{test}:{part}:SOUR2" for test in LIMITS for part in ("UPP", "LOW", "PASS")),
)  # fmt: skip
_OF_A_LOCATION = frozenset(
    row.header
    for row in TABLE
    if row.header.startswith(("SOURce[1]", "[SENSe", "CALCulate[1]", "CALCulate2", "ROUTe", "TRIGger"))
    or row.header in named(TABLE, "SYST:AZER", "SYST:RSEN", "SYST:GUAR", "OUTP")
)
_KEYS = (
    "OUTP", "SOUR:FUNC", "ROUT:TERM", "SENS:FUNC", "SENS:FUNC:OFF", "SENS:VOLT:RANG", "SENS:CURR:RANG",
    "SENS:VOLT:RANG:AUTO", "SENS:CURR:RANG:AUTO", "SENS:RES:RANG", "SENS:RES:RANG:AUTO", "SENS:AVER",
    "CALC2:NULL:STAT", "CALC2:NULL:OFFS", "DISP:DIG", "SOUR:CURR", "SOUR:CURR:RANG", "SOUR:CURR:TRIG",
)  # fmt: skip


def _pattern_refused(device: ScpiDevice, values: tuple[Value, ...]) -> frozenset[int]:
    return frozenset({-222}) if device.number("SOUR2:BSIZ") == 3 and cast("int", values[0]) > 7 else DONE


def _printed(header: str) -> Callable[[ScpiDevice], str]:
    return lambda device: _BASES[str(device.value("FORM:SOUR2"))].format(device.value(header))


def _lines(device: ScpiDevice) -> str:
    return _BASES[str(device.value("FORM:SOUR2"))].format(cast("Keithley2400", device).digital_output)


def _with_more(ways: Ways) -> Ways:
    refuses = {
        ("CALC:MATH:NAME", False): only(0, -151, -221, 804, 805),
        ("CALC:MATH", False): only(0, 807, *range(811, 822)),
        ("CALC:MATH:DEL", False): only(0, 806, 808),
        ("SYST:KEY", False): only(0, -211, -221, 802, 810, 823, 824, 825, 826),
        **{(header, False): _pattern_refused for header in _PATTERNS},
    }
    links = {
        "CALC:MATH:DEL": ("CALC:MATH:NAME",), "CALC:MATH:DEL:ALL": ("CALC:MATH:NAME",), "SOUR2:BSIZ": _PATTERNS,
        "SYST:KEY": _KEYS, "SYST:MEM:INIT": ("TRAC:POIN", "TRAC:FEED:CONT", "CALC:MATH:NAME", "CALC:STAT"),
    }  # fmt: skip
    answers = {
        "CALC:MATH": lambda _device: re.compile(r"\(.*"), "CALC:MATH:CAT": lambda _device: re.compile(r'".*"'),
        "SYST:MEP": lambda _device: "1", "SOUR2:TTL:ACT": _lines,
        "SOUR:FUNC": lambda device: "MEM" if cast("Keithley2400", device)._memory else str(device.value("SOUR:FUNC")),
        **{header: _printed(header) for header in _PATTERNS},
    }  # fmt: skip
    own = TABLE["CALC:MATH"].header
    name = TABLE["CALC:MATH:NAME"].header
    kept = {
        own: lambda device, _values: device.settings[own],
        name: lambda device, values: (
            device.settings[name] if str(device.settings[name]).upper() == str(values[0]).upper() else values[0]
        ),
        TABLE["SOUR:FUNC"].header: lambda device, values: (
            device.value("SOUR:FUNC") if values[0] == "MEM" else values[0]
        ),
    }
    return replace(
        ways,
        refuses={
            **ways.refuses,
            **{(TABLE[header].header, asked): codes for (header, asked), codes in refuses.items()},
        },
        changes={
            **ways.changes,
            **{TABLE[header].header: named(TABLE, *others) for header, others in links.items()},
            TABLE["SOUR:MEM:REC"].header: _OF_A_LOCATION,
        },
        answers={**ways.answers, **{TABLE[header].header: answer for header, answer in answers.items()}},
        kept_as={**ways.kept_as, **kept},
        restored=ways.restored | {name},
        of_runs=frozenset({801, 809}),
    )


SOURCEMETER_WAYS_ALL = _with_more(SOURCEMETER_WAYS)
"""Without sweeps through the source memory, in which nearly every setting changes by itself."""

SOURCEMETER_WAYS_IN_MEMORY = replace(SOURCEMETER_WAYS_ALL, by_itself=SOURCEMETER_WAYS_ALL.by_itself | _OF_A_LOCATION)
