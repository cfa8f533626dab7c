"""MINimum, MAXimum and DEFault of every number that a simulated SCPI instrument keeps: what is answered can be set."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from instruments.clock import VirtualClock
from instruments.tables.table import Row
from simulators.coverage.bench import Load, OpenLeads, Talk, plain
from simulators.devices.keithley2182a import Keithley2182A
from simulators.devices.keithley2400 import Keithley2400
from simulators.devices.keithley6221 import Keithley6221
from simulators.exchange import ScpiDevice
from simulators.timeline import Timeline

WORDS = ("MIN", "MAX", "DEF")
LEAST_ROWS = 40


def source(line: float) -> Keithley6221:
    return Keithley6221(Timeline(VirtualClock()), OpenLeads(), line_frequency=line)


def meter(line: float) -> Keithley2182A:
    return Keithley2182A(Timeline(VirtualClock()), OpenLeads(), np.random.default_rng(0), line)


def sourcemeter(line: float) -> Keithley2400:
    return Keithley2400(Timeline(VirtualClock()), Load(), np.random.default_rng(0), line_frequency=line)


MAKERS = {"6221": source, "2182A": meter, "2400": sourcemeter}

ROOM = {
    "6221": {
        "SOUR:WAVE:PMAR:OLIN": "TRIG:ILIN 4;OLIN 5",
        "TRIG:OLIN": "TRIG:ILIN 4;:SOUR:WAVE:PMAR:OLIN 5",
        "TRAC:NOT": "TRAC:POIN 65536",
    },
    "2182A": {},
    "2400": {
        "SENS:CURR:RANG": "SENS:CURR:PROT 1.05",
        "SENS:VOLT:RANG": "SOUR:FUNC CURR;:SENS:VOLT:PROT 210",
        "SYST:KEY": "SENS:CURR:PROT 1.05",
    },
}
"""What has to be sent so that no other setting stands in the way of a row's limits."""

CHOSEN = {
    "6221": ("SOUR:CURR:RANG",),
    "2182A": ("SENS:VOLT:CHAN1:RANG", "SENS:VOLT:CHAN2:RANG"),
    "2400": ("SOUR:VOLT:RANG", "SOUR:CURR:RANG", "SOUR:VOLT:PROT", "SENS:VOLT:RANG", "SENS:CURR:RANG", "SENS:RES:RANG"),
}
"""Rows that do not keep a number but the step, of a few, that holds it."""

IN_CONFLICT = {("6221", "CURRent:CENTer", "MIN"), ("6221", "CURRent:CENTer", "MAX")}
"""Limits that another setting always stands in the way of: the narrowest sweep has a width, too, so that none can be
centred on the largest current."""

OVERRANGE = 1.2
"""The most that a range holds, in parts of its name."""


def numbers(device: ScpiDevice) -> list[Row]:
    """Rows that keep a number and show it."""
    kinds = {"number", "integer"}
    return [row for row in device.table if row.command and row.query and row.parameters and
            row.parameters[0].kind in kinds]  # fmt: skip


def wrong(make: Callable[[], ScpiDevice], row: Row, word: str) -> str:
    """What is wrong with one limit of a row; nothing where it cannot be asked or all is well."""
    talk, header = Talk(make()), plain(row.header)
    table = talk.device.table
    rooms = {table[key].header: text for key, text in ROOM[table.instrument].items()}
    assert talk.send(rooms.get(row.header, "*CLS")) == []
    limit = talk.ask(f"{header}? {word}")
    if not limit:
        return ""
    found: list[object] = []
    for text in (word, limit):
        found += [talk.send(f"{header} {text}"), talk.ask(f"{header}?")]
    errors, kept, *again = found
    if (table.instrument, header, word) in IN_CONFLICT:
        return "" if errors == again[0] == [-221] else f"{header}? {word}: no conflict, {found}"
    chosen = row.header in {table[key].header for key in CHOSEN[table.instrument]}
    fits = abs(float(limit)) <= OVERRANGE * float(str(kept)) if chosen else kept == limit
    return "" if fits and errors == [] and again == [errors, kept] else f"{header}? {word}: {limit}, {found}"


@pytest.mark.parametrize("line", [50.0, 60.0])
@pytest.mark.parametrize("instrument", MAKERS)
def test_every_limit_that_can_be_asked_can_be_set(instrument: str, line: float) -> None:
    def make() -> ScpiDevice:
        return MAKERS[instrument](line)

    rows = numbers(make())
    assert len(rows) >= LEAST_ROWS
    assert [complaint for row in rows for word in WORDS if (complaint := wrong(make, row, word))] == []


@pytest.mark.parametrize(("line", "most", "least", "usual"), [(50.0, 50, 200e-6, 0.1), (60.0, 60, 166.67e-6, 83.33e-3)])
@pytest.mark.parametrize("function", ["VOLT", "TEMP"])
def test_integration_times_of_the_2182a_are_those_of_the_line(
    function: str, line: float, most: int, least: float, usual: float
) -> None:
    """2182A user's manual, section 15: 0.01 to 60 cycles or 50, 166.67 us or 200 us to 1 s, 83.33 ms or 100 ms."""
    talk = Talk(meter(line))
    cycles, aperture = f"SENS:{function}:NPLC", f"SENS:{function}:APER"
    assert [float(talk.ask(f"{cycles}? {word}")) for word in WORDS] == [0.01, most, 5.0]
    limits = [float(talk.ask(f"{aperture}? {word}")) for word in WORDS]
    assert limits == [pytest.approx(least, abs=0.5e-6), 1.0, pytest.approx(usual, rel=1e-4)]
    for refused in (f"{cycles} {most + 0.1}", f"{cycles} 0.0099", f"{aperture} {0.999 * least}", f"{aperture} 1.001"):
        assert talk.send(refused) == [-222]
    for sent, kept in ((f"{aperture} MAX", most), (f"{cycles} MIN", 0.01), (f"{aperture} DEF", 5.0)):
        talk.send(sent)
        assert float(talk.ask(f"{cycles}?")) == kept
        assert float(talk.ask(f"{aperture}?")) == pytest.approx(kept / line, abs=0.5e-6)
    talk.send(f"{cycles} 1;:*RST")
    assert float(talk.ask(f"{aperture}?")) == pytest.approx(usual, rel=1e-4)
