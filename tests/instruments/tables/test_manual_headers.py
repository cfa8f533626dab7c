"""The command tables against the lists of headers that stand in the manuals."""

from __future__ import annotations

from pathlib import Path

import pytest

from instruments.tables import keithley2182a, keithley6221
from instruments.tables.model6000 import MODEL6000
from instruments.tables.table import CommandTable
from simulators.coverage.missing import MISSING

TABLES = {"6221": keithley6221.TABLE, "2182A": keithley2182a.TABLE, "6000": MODEL6000}

BEYOND: dict[str, dict[str, str]] = {
    "6221": {},
    "2182A": {
        "[SENSe[1]:]TEMPerature:APERture": "the voltage function has it, and both have NPLCycles",
        "ROUTe:SCAN:INTernal:CCOunt": "seen in a driver",
        "ROUTe:SCAN:LSELect": "seen in a driver",
    },
    "6000": {},
}
"""Rows of the tables that the lists do not have, and why they are there; each of them says itself that it is unsure."""


def listed(instrument: str) -> list[tuple[str, bool, bool]]:
    """Headers of a list: the header, whether it is a command, whether it can be asked."""
    return [
        (line.removesuffix("(?)").removesuffix("?"), not line.endswith("?"), line.endswith(("?", "?)")))
        for line in _lines(instrument)
    ]


def _lines(instrument: str) -> list[str]:
    text = (Path(__file__).parent / f"manual_headers_{instrument}.txt").read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def absent(table: CommandTable, headers: list[tuple[str, bool, bool]]) -> list[str]:
    """Headers of a list that a table does not have, or not in that form."""
    found: list[str] = []
    for header, command, query in headers:
        try:
            row = table[header]
        except KeyError:
            found.append(header)
            continue
        if (command and not row.command) or (query and not row.query):
            found.append(f"{header} ({'command' if not row.command else 'query'})")
    return found


@pytest.mark.parametrize("instrument", TABLES)
def test_every_header_of_the_manual_is_in_the_table_or_named_with_a_reason(instrument: str) -> None:
    assert absent(TABLES[instrument], listed(instrument)) == list(MISSING[instrument])


@pytest.mark.parametrize("instrument", TABLES)
def test_every_row_of_the_table_is_in_the_manual_or_named_with_a_reason(instrument: str) -> None:
    table = TABLES[instrument]
    covered = {table[header].header for header, _, _ in listed(instrument)}
    beyond = [row for row in table if row.header not in covered]
    assert {row.header for row in beyond} == set(BEYOND[instrument])
    assert all(row.unsure for row in beyond)


def test_the_lists_have_no_header_twice() -> None:
    for instrument in TABLES:
        lines = _lines(instrument)
        assert len(lines) == len(set(lines))


def test_a_header_that_is_missing_is_found() -> None:
    headers = [("SOURce:NONsense", True, True), ("OUTPut:INTerlock:TRIPped", True, False), ("*IDN", False, True)]
    assert absent(keithley6221.TABLE, headers) == ["SOURce:NONsense", "OUTPut:INTerlock:TRIPped (command)"]
