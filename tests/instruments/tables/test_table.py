"""Command tables: what every row of every instrument has to fulfil, and how parameters are read."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments import scpi
from instruments.tables import keithley2182a, keithley6221
from instruments.tables.table import (
    CommandTable,
    Parameter,
    Row,
    Value,
    limit,
    print_value,
    read_arguments,
    value_when_new,
)
from tests.instruments.tables.reading import code

TABLES = (keithley6221.TABLE, keithley2182a.TABLE)
ROWS = [pytest.param(row, id=f"{table.instrument} {row.header}") for table in TABLES for row in table]
DEVICE_FORMS = {"identity", "error", "readings", "register"}
BREAK_THE_RULE = {"TCouple"}  # its short form is printed as TC


def values_of(row: Row) -> list[Value]:
    return [value for value in (row.reset, row.preset, row.initial) if value is not None]


def as_sent(parameter: Parameter, value: Value) -> tuple[str, ...]:
    """Write a value as a client would send it."""
    if isinstance(value, tuple):
        return tuple(text for item in value for text in as_sent(parameter, item))
    if parameter.kind == "string":
        return (f"'{value}'",)
    return ("ON" if value is True else "OFF" if value is False else str(value),)


@pytest.mark.parametrize("row", ROWS)
def test_a_header_follows_the_rule_of_short_forms(row: Row) -> None:
    paths = list(scpi.expand_header(row.header))
    assert paths
    for mnemonic, suffix in (node for path in paths for node in path):
        assert 1 <= suffix <= 5
        if mnemonic not in BREAK_THE_RULE and not mnemonic.startswith("*"):
            assert scpi.printed_short_form(mnemonic) == scpi.short_form(mnemonic)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.instrument)
def test_every_spelling_of_a_header_finds_its_row(table: CommandTable) -> None:
    for row in table:
        for path in scpi.expand_header(row.header):
            for spell in (str.upper, str.lower, scpi.printed_short_form):
                header = ":".join(spell(mnemonic) + (str(suffix) if suffix > 1 else "") for mnemonic, suffix in path)
                assert table.find((), header)[0] is row
                assert table.find((), f":{header}")[0] is row


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.instrument)
def test_no_two_rows_share_a_path(table: CommandTable) -> None:
    owners: dict[tuple[tuple[str, int], ...], str] = {}
    for row in table:
        for path in scpi.expand_header(row.header):
            spelled = tuple((mnemonic.upper(), suffix) for mnemonic, suffix in path)
            assert owners.setdefault(spelled, row.header) == row.header


@pytest.mark.parametrize("row", ROWS)
def test_a_row_is_complete(row: Row) -> None:
    assert row.command or row.query
    assert bool(row.reply) == row.query
    assert row.reply in DEVICE_FORMS | {"", "range"} or row.reply.count("%") == 1
    if row.command and row.query and row.parameters:
        assert row.reset is not None or row.initial is not None
    if not (row.command and row.parameters):
        assert not values_of(row)
    assert row.reset is None or row.initial is None


@pytest.mark.parametrize("row", ROWS)
def test_its_own_values_are_among_those_it_takes(row: Row) -> None:
    for value in values_of(row):
        if value == ():  # a list with nothing in it yet, which cannot be sent
            continue
        sent = as_sent(row.parameters[0], value)
        assert read_arguments(row, sent) == (value,)


@pytest.mark.parametrize("row", ROWS)
def test_limits_belong_to_the_range_and_nothing_beyond_does(row: Row) -> None:
    for parameter in row.parameters:
        if parameter.kind not in {"number", "integer", "numbers"}:
            continue
        alone = Row(row.header, (parameter,))
        bounds = parameter.values or (parameter.minimum, parameter.maximum)
        low, high = bounds[0], bounds[-1]
        assert low is not None
        assert high is not None
        assert low <= high
        for bound in (low, high):
            assert read_arguments(alone, (repr(bound),)) in ((bound,), ((bound,),))
        for beyond in (low - max(1e-9, abs(low) * 1e-9), high + max(1e-9, abs(high) * 1e-9)):
            with pytest.raises(scpi.ScpiError) as refused:
                read_arguments(alone, (repr(beyond),))
            assert refused.value.code == scpi.DATA_OUT_OF_RANGE


@pytest.mark.parametrize("row", ROWS)
def test_a_printed_value_reads_back(row: Row) -> None:
    """Each row's format holds the row's own values; only quotes around a string are more than what was meant."""
    if row.reply in DEVICE_FORMS:
        return
    for value in values_of(row):
        for item in value if isinstance(value, tuple) else (value,):
            reply = print_value(row, item)
            if item == "INF":
                assert float(reply) == scpi.INFINITY
            elif isinstance(item, str):
                assert reply in {item, f'"{item}"'}
            else:
                assert not isinstance(item, tuple)
                assert float(reply) == pytest.approx(float(item), rel=1e-3)


def test_two_rows_of_one_header_are_refused() -> None:
    rows = (Row("[SOURce:]CURRent[:LEVel]"), Row("SOURce:CURRent"))
    with pytest.raises(ValueError, match="two rows"):
        CommandTable("x", rows)


def test_a_header_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        keithley6221.TABLE["SOUR:VOLT"]


def test_minimum_maximum_and_default() -> None:
    compliance = keithley6221.TABLE["SOUR:CURR:COMP"]
    assert [limit(compliance, word) for word in ("MIN", "maximum", "Def", "MINI", "UP")] == [
        0.1,
        105.0,
        10.0,
        None,
        None,
    ]
    assert [limit(keithley6221.TABLE["SOUR:PDEL:LME"], word) for word in ("MIN", "MAX")] == [1, 2]
    assert limit(keithley6221.TABLE["SOUR:DELT:COUN"], "DEF") == "INF"
    for header in ("OUTP", "SOUR:SWE:SPAC", "INIT", "SYST:ERR", "SOUR:LIST:CURR"):
        assert limit(keithley6221.TABLE[header], "MIN") is None
    assert read_arguments(compliance, ("MAXimum",)) == (105.0,)


def test_words_beside_numbers() -> None:
    count = keithley6221.TABLE["SOUR:DELT:COUN"]
    assert [read_arguments(count, (text,)) for text in ("INF", "infinite", "9.9E37", "+9.9e+37")] == [("INF",)] * 4
    assert read_arguments(count, ("100",)) == (100,)
    with pytest.raises(scpi.ScpiError) as refused:
        read_arguments(count, ("INFIN",))
    assert refused.value.code == scpi.DATA_TYPE_ERROR


def test_optional_parameters_and_lists() -> None:
    row = keithley6221.TABLE["FORM"]
    assert read_arguments(row, ("REAL", "64")) == ("REAL", 64)
    assert read_arguments(row, ("asc",)) == ("ASC",)
    assert read_arguments(keithley6221.TABLE["FORM:ELEM"], ("reading", "TST")) == (("READ", "TST"),)
    assert read_arguments(keithley6221.TABLE["SOUR:LIST:CURR"], ("1e-3", "2 MA", "MIN")) == ((1e-3, 2e-3, -0.105),)


def test_registers_take_every_base_of_ieee_488() -> None:
    row = keithley6221.TABLE["STAT:MEAS:ENAB"]
    for text in ("512", "#B1000000000", "#Q1000", "#H200", "#h200", "5.12e2"):
        assert read_arguments(row, (text,)) == (512,)
    for text, number in (("65536", -222), ("-1", -222), ("#H10000", -222), ("#B12", -121), ("#X1", -104), ("ON", -104)):
        with pytest.raises(scpi.ScpiError) as refused:
            read_arguments(row, (text,))
        assert refused.value.code == number


def test_a_range_is_printed_as_captured_and_never_as_nothing() -> None:
    row = keithley6221.TABLE["SOUR:CURR:RANG"]
    assert print_value(row, 0.1) == "0.100000"
    assert print_value(row, 2e-3) == "0.002000"
    assert [float(print_value(row, value)) for value in keithley6221.RANGES] == list(keithley6221.RANGES)


def test_printed_values() -> None:
    assert print_value(keithley6221.TABLE["SOUR:CURR:COMP"], 10.0) == "10.0000"
    assert print_value(keithley6221.TABLE["SOUR:CURR"], -0.0) == "0.000000E+00"
    assert print_value(keithley6221.TABLE["OUTP"], True) == "1"
    assert print_value(keithley6221.TABLE["SOUR:LIST:CURR"], (1e-3, -2e-3)) == "1.000000E-03,-2.000000E-03"
    assert print_value(keithley6221.TABLE["FORM:ELEM"], ("READ", "TST")) == "READ,TST"
    assert print_value(keithley2182a.TABLE["TRIG:COUN"], "INF", keithley2182a.TABLE.infinity) == "+9.9e37"
    with pytest.raises(ValueError, match="only the instrument"):
        print_value(keithley6221.TABLE["SENS:DATA"], 1.0)


def test_a_quote_inside_a_string_is_doubled() -> None:
    row = keithley6221.TABLE["DISP:TEXT:DATA"]
    for text in ("'it''s \"\"here\"\"'", '"it\'s """"here"""""'):
        (value,) = read_arguments(row, (text,))
        assert read_arguments(row, (print_value(row, value),)) == (value,)


def test_what_a_new_instrument_holds() -> None:
    table = keithley6221.TABLE
    headers = ("SOUR:CURR:COMP", "TRAC:POIN", "SYST:POS", "SOUR:WAVE:ARB:DATA", "SYST:PASS:NEW", "*SAV")
    assert [value_when_new(table[header]) for header in headers] == [10.0, 100, "RST", (), "", 0]
    assert value_when_new(Row("X", (Parameter("word", words=("LINear", "LOG")),))) == "LIN"
    assert value_when_new(Row("X", (Parameter("words", words=("LINear", "LOG")),))) == ("LIN",)
    assert value_when_new(Row("X", (Parameter("channels"),))) == "()"
    assert value_when_new(Row("X", (Parameter("boolean"),))) is False
    assert value_when_new(Row("X", (Parameter("integer", values=(3, 5)),))) == 3
    assert value_when_new(Row("X", (Parameter("number", 0.5, 2.0),))) == 0.5


@settings(deadline=None, max_examples=150)
@given(st.floats(-0.105, 0.105))
def test_a_level_arrives_exactly(level: float) -> None:
    assert read_arguments(keithley6221.TABLE["SOUR:CURR"], (repr(level),)) == (level,)


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=60))
def test_no_text_raises_anything_but_a_scpi_error(text: str) -> None:
    assert code(keithley6221.TABLE, text) <= 0
    assert code(keithley2182a.TABLE, text) <= 0


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.instrument)
def test_no_damaged_message_raises_anything_but_a_scpi_error(table: CommandTable) -> None:
    """Valid messages with characters exchanged, dropped and doubled reach deeper than free text does."""
    dice = random.Random(7)
    values = (
        "1",
        "ON",
        "MIN",
        "'VOLT'",
        '"a""b"',
        "1e999",
        "-1E-99999",
        "#H1F",
        "#B2",
        "(@1,2)",
        "9" * 5000,
        "1 MA",
        "nan",
    )
    headers = [":".join(mnemonic for mnemonic, _ in path) for row in table for path in scpi.expand_header(row.header)]
    outcomes: set[int] = set()
    for _ in range(6000):
        letters = list(
            f"{dice.choice(headers)}{dice.choice(('', '?'))} {','.join(dice.choices(values, k=dice.randint(0, 3)))}"
        )
        for _ in range(dice.randint(0, 3)):
            place = dice.randrange(len(letters))
            letters[place : place + dice.randint(0, 2)] = dice.choices(":;,'\"()?*# \t1Aé\x00²٣", k=dice.randint(0, 2))
        outcomes.add(code(table, "".join(letters)))
    assert {0, -104, -108, -109, -113, -151, -222, -224} <= outcomes
