"""Which settings something looks at besides their own query: found by using the instrument."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from instruments.tables.table import Value
from simulators.coverage.bench import Talk
from simulators.exchange import ScpiDevice


class _Watched(dict[str, Value]):
    """Settings that remember which of them were looked at."""

    def __init__(self, settings: dict[str, Value]) -> None:
        super().__init__(settings)
        self.seen: set[str] = set()

    def __getitem__(self, header: str) -> Value:
        self.seen.add(header)
        return super().__getitem__(header)

    def get(self, header: str, default: Any = None) -> Any:
        self.seen.add(header)
        return super().get(header, default)


def looked_at(device: ScpiDevice) -> frozenset[str]:
    """Use an instrument in many ways; return the headers of the settings that it looked at.

    No setting is asked for, so that each look is taken by something that depends on the setting.
    """
    settings = device.settings = _Watched(device.settings)
    talk = Talk(device)
    for message in _USES[device.table.instrument]():
        talk.ask(message)
    device.power_cycle()
    return frozenset(settings.seen)


def _source() -> Iterator[str]:
    yield ":SOUR:CURR:RANG 1e-3;:SOUR:CURR 1e-3;COMP 5;:OUTP 1"
    yield ":SOUR:CURR:RANG:AUTO 1;:SOUR:CURR 1e-6;:OUTP 0;*ESE?"


def _meter() -> Iterator[str]:
    """Readings of every kind: function, channel, filter, trigger, math, buffer, format."""
    for function, channel, control, endless in product(("VOLT", "TEMP"), (0, 1, 2), ("MOV", "REP"), (0, 1)):
        yield f"*RST;:SENS:FUNC '{function}';CHAN {channel}"
        for kind, number in product(("VOLT", "TEMP"), (1, 2)):
            node = f":SENS:{kind}:CHAN{number}"
            yield f"{node}:DFIL:COUN 2;TCON {control};STAT 1;{node}:REF:STAT 1;{node}:LPAS 1"
        yield f":TRIG:SOUR TIM;TIM .01;COUN 2;DEL:AUTO {endless};:SAMP:COUN 2;:SENS:TEMP:RJUN:RSEL SIM"
        yield ":CALC:STAT 1;:CALC2:STAT 1;FORM MEAN;:CALC3:LIM1:STAT 1;:CALC3:LIM2:STAT 1"
        yield ":FORM:ELEM READ,UNIT,CHAN;:*ESE?"
        for form in ("MXB", "PERC"):
            yield f":CALC:FORM {form};:INIT:CONT {endless}"
            yield ":TRAC:CLE;:TRAC:FEED:CONT NEXT"
            yield from (":READ?", ":FETC?", ":CALC2:IMM?", ":TRAC:DATA?", ":TRAC:FREE?", ":FORM SRE;:READ?;:FORM ASC")


_USES = {"6221": _source, "2182A": _meter}
