"""The Model 6000's table and syntax."""

from __future__ import annotations

import pytest

from instruments import scpi
from instruments.tables.model6000 import (
    MODEL6000,
    PER_CHANNEL,
    parse_unit,
    read_arguments,
    read_query,
    split_message,
)


@pytest.mark.parametrize(
    ("text", "header", "query", "arguments"),
    [
        ("TEMP 300 10 0", "TEMP", False, ("300", "10", "0")),
        ("TEMP 300,10, 0", "TEMP", False, ("300", "10", "0")),
        ("GETDAT? 7", "GETDAT", True, ("7",)),
        ("GetDat?7", "GetDat", True, ("7",)),
        ("$MOVE?", "$MOVE", True, ()),
        ("*IDN?", "*IDN", True, ()),
        ("SHUTDOWN", "SHUTDOWN", False, ()),
        ("BRIDGE 1,999.023,100.000,0,0,9.0", "BRIDGE", False, ("1", "999.023", "100.000", "0", "0", "9.0")),
    ],
)
def test_messages_are_taken_apart(text: str, header: str, query: bool, arguments: tuple[str, ...]) -> None:
    assert parse_unit(text) == scpi.Unit(header, query, arguments)


@pytest.mark.parametrize("text", ["", "?", "7", "TEMP300", "TEMP??", "TEMP 1,,2", "TEMP 1,", ":TEMP 1"])
def test_malformed_messages_raise(text: str) -> None:
    with pytest.raises(scpi.ScpiError):
        parse_unit(text)


def test_messages_end_with_semicolon_line_feed_or_carriage_return() -> None:
    assert split_message("TEMP?;FIELD?\r\n\n ;CHAMBER?\r") == ["TEMP?", "FIELD?", "CHAMBER?"]


def test_headers_are_flat() -> None:
    """MOVECFG would shorten to MOVE, BRIDGE to BRID, and DIGIN and DIGSET to one and the same."""
    assert MODEL6000["move"].header == "MOVE"
    assert MODEL6000["MOVECFG"].header == "MOVECFG"
    assert MODEL6000["$Move"].header == "$MOVE"
    assert MODEL6000.find((), "digin")[0] is not MODEL6000.find((), "DIGSET")[0]
    for unknown in ("BRID", "DIG", "LSTATUS", ""):
        with pytest.raises(scpi.ScpiError):
            MODEL6000.find((), unknown)
        with pytest.raises(KeyError):
            MODEL6000[unknown]
    headers = [row.header for row in MODEL6000]
    assert len(headers) == len(set(headers)) == len(MODEL6000)


def test_missing_parameters_at_the_end_stay_missing() -> None:
    assert read_arguments(MODEL6000["FIELD"], ("1000", "50")) == (1000.0, 50.0)
    assert read_arguments(MODEL6000["SHUTDOWN"], ()) == ()


@pytest.mark.parametrize(
    ("header", "arguments", "code"),
    [
        ("TEMP", (), scpi.MISSING_PARAMETER),
        ("TEMP", ("500",), scpi.DATA_OUT_OF_RANGE),
        ("TEMP", ("MIN",), scpi.DATA_TYPE_ERROR),
        ("TEMP", ("nan",), scpi.DATA_TYPE_ERROR),
        ("TEMP", ("300", "10", "2"), scpi.DATA_OUT_OF_RANGE),
        ("FIELD", ("0", "50", "0", "1", "1"), scpi.PARAMETER_NOT_ALLOWED),
        ("BRIDGE", ("5",), scpi.DATA_OUT_OF_RANGE),
    ],
)
def test_wrong_parameters_raise(header: str, arguments: tuple[str, ...], code: int) -> None:
    with pytest.raises(scpi.ScpiError) as caught:
        read_arguments(MODEL6000[header], arguments)
    assert caught.value.code == code


def test_queries_take_a_channel_where_there_are_channels() -> None:
    assert read_query(MODEL6000["BRIDGE"], ("3",)) == (3,)
    assert read_query(MODEL6000["GETDAT"], ("7", "1")) == (7, 1.0)
    for header, arguments in (("BRIDGE", ()), ("BRIDGE", ("3", "1")), ("TEMP", ("1",)), ("LEVEL", ("1",))):
        with pytest.raises(scpi.ScpiError):
            read_query(MODEL6000[header], arguments)


@pytest.mark.parametrize(
    ("header", "arguments"),
    [
        ("GETDAT", ("1.5",)),
        ("GETDAT", ("7", "0.5")),
        ("CHAMBER", ("0.6",)),
        ("LEVELON", ("1.4",)),
        ("MOVE", ("1", "0.4")),
    ],
)
def test_a_code_is_a_whole_number_everywhere(header: str, arguments: tuple[str, ...]) -> None:
    row = MODEL6000[header]
    with pytest.raises(scpi.ScpiError) as caught:
        read_arguments(row, arguments)
    assert caught.value.code == scpi.DATA_OUT_OF_RANGE
    assert read_arguments(row, tuple("1.0" for _ in arguments)) == tuple(1 for _ in arguments)


def test_what_can_put_current_or_voltage_on_a_sample_is_marked() -> None:
    assert {row.header for row in MODEL6000 if row.energises} == {"BRIDGE", "DRVOUT", "SIGOUT", "LINK"}


def test_replies_fit_what_is_kept() -> None:
    """The reply of a row prints its initial values, after the channel where there is one."""
    for row in MODEL6000:
        if row.initial is None:
            continue
        kept = row.initial if isinstance(row.initial, tuple) else (row.initial,)
        values = (1, *kept) if row.header in PER_CHANNEL else kept
        assert len((row.reply % values).split(",")) == len(values)
        if row.header not in {"DIGSET", "EXTSET"}:  # their second parameter is a mask, and not kept
            assert len(values) == len(row.parameters)
