"""Ranges, choices and values after *RST in the command tables, against what the manuals print of them.

The lists beside this file are typed from the manuals' pages, not from the tables.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from instruments.tables import keithley2182a, keithley6221
from instruments.tables.errors import BY_INSTRUMENT
from instruments.tables.model6000 import MODEL6000
from instruments.tables.table import CommandTable, Parameter, Row, Value, short_word

TABLES = {"6221": keithley6221.TABLE, "2182A": keithley2182a.TABLE}
FOLDER = Path(__file__).parent
LEFT_ALONE = "-:"

UNLISTED = {
    "6221": {
        "SOURce:LIST:CURRent", "SOURce:LIST:DELay", "SOURce:LIST:COMPliance", "SOURce:WAVE:ARBitrary:DATA",
        "SOURce:WAVE:EXTRigger",
        "SOURce:WAVE:EXTRigger:IGNore", "FORMat:DATA", "SYSTem:KCLick", "SYSTem:BEEPer", "SYSTem:PASSword:ENABle",
        "SYSTem:COMMunicate:SERial:BAUD", "SYSTem:COMMunicate:ETHernet:ADDRess", "SYSTem:COMMunicate:ETHernet:MASK",
        "SYSTem:COMMunicate:ETHernet:GATeway", "SYSTem:COMMunicate:ETHernet:DHCP", "DISPlay:ENABle",
        "DISPlay:TEXT:DATA", "DISPlay:TEXT:STATe", "DISPlay:WINDow2:TEXT:DATA", "DISPlay:WINDow2:TEXT:STATe",
    },
    "2182A": {
        "DISPlay:TEXT:DATA", "DISPlay:TEXT:STATe", "ROUTe:SCAN", "ROUTe:SCAN:EXTernal", "ROUTe:SCAN:INTernal",
        "ROUTe:SCAN:INTernal:CCOunt", "ROUTe:SCAN:LSELect", "SENSe:TEMPerature:APERture",
        "SENSe:TEMPerature:CHANnel1:REFerence:STATe", "SENSe:TEMPerature:CHANnel2:DFILter",
        "SENSe:TEMPerature:CHANnel2:DFILter:COUNt", "SENSe:TEMPerature:CHANnel2:DFILter:TCONtrol",
        "SENSe:TEMPerature:CHANnel2:DFILter:WINDow", "SENSe:TEMPerature:CHANnel2:LPASs",
        "SENSe:TEMPerature:CHANnel2:REFerence:STATe", "SYSTem:BEEPer", "SYSTem:KCLick", "SYSTem:KEY",
    },
}  # fmt: skip
"""Settings without a range and a value of their own on a page at hand: switches, texts, and what the tables mark."""


def listed(name: str) -> list[list[str]]:
    """The lines of a list, taken apart."""
    text = (FOLDER / f"manual_{name}.txt").read_text(encoding="utf-8")
    return [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def agrees(parameter: Parameter, printed: str) -> bool:
    """Whether a parameter takes what a list says, and nothing else."""
    if printed == "bool":
        return parameter.kind == "boolean"
    choices = [part for part in printed.split("|") if ".." not in part]
    span = next((part for part in printed.split("|") if ".." in part), None)
    words = [short_word(word) for word in parameter.words]
    if parameter.besides is not None:
        words.append(f"{parameter.besides:g}")
    if span is not None:
        low, high = map(float, span.split(".."))
        ends = (
            (parameter.values[0], parameter.values[-1]) if parameter.values else (parameter.minimum, parameter.maximum)
        )
        return ends == (pytest.approx(low, rel=1e-4), pytest.approx(high, rel=1e-9)) and sorted(words) == sorted(
            choices
        )
    if parameter.values:
        return [float(choice) for choice in choices] == list(parameter.values)
    return sorted(words) == sorted(choices) and parameter.minimum is None


def _is(value: Value | None, printed: str) -> bool:
    if isinstance(value, tuple):
        return printed.split(",") == list(value)
    if isinstance(value, bool):
        return printed == str(int(value))
    if isinstance(value, int | float):
        return float(printed) == pytest.approx(value, rel=1e-4, abs=0.0)
    return value == printed


def resets(row: Row, printed: str) -> bool:
    """Whether a row has the value that a list says; what no page confirms has to be marked."""
    if printed.startswith(LEFT_ALONE):
        initial = printed.removeprefix(LEFT_ALONE)
        known = initial != "?"
        return row.reset is None and (_is(row.initial, initial) if known else bool(row.unsure))
    if printed == "?":
        return row.reset is not None and bool(row.unsure)
    after, _, preset = printed.partition("/")
    return _is(row.reset, after) and (_is(row.preset, preset) if preset else row.preset in {None, "SWAP"})


def wrong(table: CommandTable, lines: list[list[str]]) -> list[str]:
    """Headers whose row differs from a list."""
    return [
        header
        for header, values, after in lines
        if not agrees(table[header].parameters[0], values) or not resets(table[header], after)
    ]


@pytest.mark.parametrize("instrument", TABLES)
def test_settings_are_those_of_the_manual(instrument: str) -> None:
    assert wrong(TABLES[instrument], listed(f"settings_{instrument}")) == []


@pytest.mark.parametrize("instrument", TABLES)
def test_every_setting_is_on_the_list_or_named(instrument: str) -> None:
    table = TABLES[instrument]
    known = {table[header].header for header, _, _ in listed(f"settings_{instrument}")}
    rows = {row.header for row in table if row.command and row.query and row.parameters}
    registers = {row.header for row in table if row.header.startswith(("*", "STATus"))}
    assert rows - known - registers == {table[header].header for header in UNLISTED[instrument]}
    assert known <= rows


def test_parameters_of_the_model_6000_are_those_that_drivers_send() -> None:
    lines = listed("settings_6000")
    for header, *printed in lines:
        parameters = MODEL6000[header].parameters
        assert len(parameters) == len(printed), header
        for parameter, text in zip(parameters, printed, strict=True):
            assert text == "*" or agrees(parameter, text), (header, text)
    named = {header for header, *_ in lines} | {"GETDAT", "USERTEMP", "APPEND", "COMMENT", "DATA", "DATSIZE"}
    assert named == {row.header for row in MODEL6000 if row.parameters}


def test_error_texts_are_those_of_the_manual() -> None:
    lines = [(int(number), " ".join(words)) for number, *words in listed("errors")]
    assert len(lines) == 66
    for texts in BY_INSTRUMENT.values():
        assert [(number, texts.get(number)) for number, _ in lines] == lines


@pytest.mark.parametrize(
    "line",
    [
        ["SOURce:CURRent:COMPliance", "0.1..110", "10"],
        ["SOURce:CURRent:COMPliance", "0.1..105", "12"],
        ["SOURce:DELTa:COUNt", "1..65536", "INF"],
        ["SOURce:WAVE:RANGing", "BEST|AUTO|FIX", "BEST"],
        ["SOURce:PDELta:LMEasure", "1|2|3", "2"],
        ["OUTPut", "bool", "1"],
        ["OUTPut", "bool", "-:0"],
        ["SOURce:PDELta:INTerval", "5..999999", "?"],
        ["TRACe:FEED", "SENS1|CALC1|NONE", "-:SENS1"],
        ["FORMat:ELEMents", "READ|TST|UNIT|RNUM|SOUR|COMP|AVOL|ALL|DEF", "READ"],
    ],
)
def test_a_difference_is_found(line: list[str]) -> None:
    assert wrong(keithley6221.TABLE, [line]) == [line[0]]
