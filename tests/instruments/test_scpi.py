"""Message syntax of IEEE 488.2: nothing is lost between what was sent and what is understood."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments import scpi

QUICK = settings(deadline=None, max_examples=120)
WHITE = st.text(" \t", min_size=1, max_size=3)
POWERS = {"EX": 18, "PE": 15, "T": 12, "G": 9, "MA": 6, "K": 3, "M": -3, "U": -6, "N": -9, "P": -12, "F": -15, "A": -18}
STRINGS = st.text(st.characters(codec="latin-1"), max_size=12)


def quoted(text: str, quote: str) -> str:
    return quote + text.replace(quote, quote * 2) + quote


def refused(text: str, unit: str = "") -> int:
    with pytest.raises(scpi.ScpiError) as error:
        scpi.parse_number(text, unit)
    return error.value.code


@QUICK
@given(st.lists(st.tuples(STRINGS, st.sampled_from("'\"")), min_size=1, max_size=4))
def test_separators_inside_strings_do_not_separate(strings: list[tuple[str, str]]) -> None:
    texts = [quoted(text, quote) for text, quote in strings]
    units = scpi.split_message("; ".join(f":SYST:COMM:SER:SEND {text}" for text in texts))
    assert [scpi.parse_unit(unit).arguments for unit in units] == [(text,) for text in texts]
    together = scpi.parse_unit("SEND " + " , ".join(texts))
    assert [scpi.parse_string(text) for text in together.arguments] == [text for text, _ in strings]


@QUICK
@given(st.from_regex(r"[A-Za-z]{1,8}(:[A-Za-z]{1,8}[1-4]?){0,3}", fullmatch=True), st.booleans(), WHITE, WHITE)
def test_a_unit_comes_apart_into_what_it_was_made_of(header: str, query: bool, before: str, after: str) -> None:
    text = f"{before}:{header}{'?' if query else ''}{before}1e-3{after},{after}MIN{before}"
    assert scpi.parse_unit(text) == scpi.Unit(f":{header}", query, ("1e-3", "MIN"))


def test_empty_units_are_dropped() -> None:
    assert scpi.split_message(";; *rst ;status:preset;\t; *cls;") == ["*rst", "status:preset", "*cls"]
    assert scpi.split_message(" \r\n") == []


def test_a_semicolon_ends_a_unit_even_inside_parentheses() -> None:
    """Expressions cannot hold one (IEEE 488.2, 7.7.7), so an unclosed list hides nothing that comes after it."""
    assert scpi.split_message("ROUT:SCAN (@1,2;SOUR:CURR 1") == ["ROUT:SCAN (@1,2", "SOUR:CURR 1"]
    assert scpi.parse_unit("STAT:QUE:ENAB (-440:-100, 101), 3").arguments == ("(-440:-100, 101)", "3")


def test_an_open_string_spoils_only_its_own_unit() -> None:
    first, second = scpi.split_message("SOUR:CURR 1e-3;DISP:TEXT:DATA 'never closed; *RST")
    assert scpi.parse_unit(first).arguments == ("1e-3",)
    with pytest.raises(scpi.ScpiError) as error:
        scpi.parse_unit(second)
    assert error.value.code == scpi.INVALID_STRING_DATA


@pytest.mark.parametrize(
    ("text", "code"),
    [("?", -110), ("'text'", -110), ("", -110), ("SOUR:CURR=1", -111), ("SOUR:CURR?1", -111), ("OUTP\xa01", -111),
     ("CURR 1,", -109), ("CURR ,", -109), ("CURR 1,,2", -109)],
)  # fmt: skip
def test_a_unit_that_cannot_be_read(text: str, code: int) -> None:
    with pytest.raises(scpi.ScpiError) as error:
        scpi.parse_unit(text)
    assert error.value.code == code


@QUICK
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_arrive_exactly(value: float) -> None:
    for text in (repr(value), f"{value:.17E}", f"{value:+.17e}"):
        assert scpi.parse_number(text) == value


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [("1.5 MA", "A", 1.5e-3), ("1.5ma", "A", 1.5e-3), ("100 UA", "A", 1e-4), ("-2 nA", "A", -2e-9), ("3 A", "A", 3.0),
     ("1 MAA", "A", 1e6), ("2 AA", "A", 2e-18), ("5 MHZ", "HZ", 5e6), ("5 mHz", "HZ", 5e6), ("3 MOHM", "OHM", 3e6),
     ("7 KOHM", "OHM", 7e3), ("20 US", "S", 2e-5), ("20 MS", "S", 0.02), ("10 KV", "V", 1e4), ("1E3 UV", "V", 1e-3),
     (".5", "", 0.5), ("5.", "", 5.0), ("+5 E -1", "", 0.5), ("00012", "", 12.0), ("1e-400", "", 0.0)],
)  # fmt: skip
def test_numbers_with_units(text: str, unit: str, value: float) -> None:
    assert scpi.parse_number(text, unit) == value


@QUICK
@given(st.integers(-(10**15), 10**15), st.sampled_from(list(POWERS)))
def test_a_multiplier_is_a_power_of_ten_to_the_last_bit(mantissa: int, multiplier: str) -> None:
    """The powers are those of table 7-2 of IEEE 488.2."""
    assert scpi.parse_number(f"{mantissa} {multiplier}V", "V") == float(f"{mantissa}e{POWERS[multiplier]}")


@pytest.mark.parametrize(
    ("text", "unit", "code"),
    [("nan", "A", -104), ("inf", "A", -104), ("-inf", "", -104), ("INFinity", "", -104), ("", "", -104),
     ("1_0", "", -104),
     ("0x10", "", -104), ("--1", "", -104), ("1,5", "", -104), ("٣", "", -104), ("1 V", "A", -121), ("1 A", "", -121),
     ("1 XA", "A", -121), ("1 M", "A", -121), ("1e400", "", -222), ("9e307 KV", "V", -222), ("1e32001", "", -123),
     ("1e" + "9" * 5000, "", -123), ("1" * 256, "", -124), ("1\n", "", -104)],
)  # fmt: skip
def test_what_is_no_number_is_refused(text: str, unit: str, code: int) -> None:
    assert refused(text, unit) == code


@QUICK
@given(st.text(max_size=20), st.sampled_from(["", "A", "HZ"]))
def test_every_text_is_a_finite_number_or_refused(text: str, unit: str) -> None:
    try:
        value = scpi.parse_number(text, unit)
    except scpi.ScpiError:
        return
    assert math.isfinite(value)
    assert re.match(r"[+-]?\.?[0-9]", text)


def test_a_long_number_costs_no_time() -> None:
    """Read in one pass; a pattern that goes back over its digits would take minutes over this one."""
    assert refused("9" * 60000 + "x!") == scpi.DATA_TYPE_ERROR


def test_booleans() -> None:
    assert [scpi.parse_boolean(text) for text in ("0", "1", "ON", "off", "On", "1.0", "+1", "0.0")] == [
        False, True, True, False, True, True, True, False,
    ]  # fmt: skip
    for text in ("2", "-1", "TRUE", "yes", "0.5", "nan", "", "OFFN"):
        with pytest.raises(scpi.ScpiError) as error:
            scpi.parse_boolean(text)
        assert error.value.code == scpi.ILLEGAL_PARAMETER_VALUE


@QUICK
@given(STRINGS, st.sampled_from("'\""))
def test_strings_round_trip(text: str, quote: str) -> None:
    assert scpi.parse_string(quoted(text, quote)) == text


@pytest.mark.parametrize(
    ("text", "code"),
    [("x", -104), ("", -104), ("'", -151), ("'a", -151), ("'a'b", -151), ("'a'b'", -151), ("\"a'", -151)],
)
def test_what_is_no_string_is_refused(text: str, code: int) -> None:
    with pytest.raises(scpi.ScpiError) as error:
        scpi.parse_string(text)
    assert error.value.code == code


@QUICK
@given(st.integers(0, 65535))
def test_registers_round_trip(value: int) -> None:
    for text in (f"{value}", f"#B{value:b}", f"#Q{value:o}", f"#H{value:X}", f"#h{value:x}", f"#b{value:016b}"):
        assert scpi.parse_register(text) == value


@pytest.mark.parametrize(
    ("text", "code"),
    [("#", -104), ("#B", -121), ("#B12", -121), ("#H1_0", -121), ("#H 1", -121), ("#H-1", -121), ("#H0x1", -121),
     ("#X1", -104), ("#B" + "1" * 99, -124), ("one", -104), ("1e999", -222)],
)  # fmt: skip
def test_what_is_no_register_is_refused(text: str, code: int) -> None:
    with pytest.raises(scpi.ScpiError) as error:
        scpi.parse_register(text)
    assert error.value.code == code


@pytest.mark.parametrize(
    ("mnemonic", "short"),
    [("AUTO", "AUTO"), ("SIZE", "SIZE"), ("DELay", "DEL"), ("RANGe", "RANG"), ("SWEep", "SWE"), ("DELTa", "DELT"),
     ("WIDTh", "WIDT"), ("COMPliance", "COMP"), ("SIMulated", "SIM"), ("INF", "INF")],
)  # fmt: skip
def test_the_short_form_rule(mnemonic: str, short: str) -> None:
    assert scpi.short_form(mnemonic) == scpi.printed_short_form(mnemonic) == short


def test_words_match_in_short_and_long_form_and_nothing_between() -> None:
    taken = [
        text
        for text in ("IMM", "imm", "IMMEDIATE", "Immediate", "IMME", "IM", "IMMEDIAT")
        if scpi.matches_word(text, "IMMediate")
    ]
    assert taken == ["IMM", "imm", "IMMEDIATE", "Immediate"]
    assert [scpi.matches_word(text, "OLOW") for text in ("OLOW", "olow", "OLO")] == [True, True, False]
    assert all(scpi.matches_word(text, "SENSe[1]") for text in ("SENS", "SENS1", "sense", "SENSE1"))
    assert not any(scpi.matches_word(text, "SENSe[1]") for text in ("SENS2", "SENSE[1]", "S1"))
    assert all(scpi.matches_word(text, "VOLTage[:DC]") for text in ("volt", "VOLT:DC", "VOLTAGE", "VOLTAGE:DC"))
    assert scpi.printed_short_form("VOLTage[:DC]") == "VOLT:DC"


def test_headers_expand() -> None:
    paths = {
        ":".join(node for node, _ in path) for path in scpi.expand_header("[SOURce[1]:]CURRent[:LEVel[:IMMediate]]")
    }
    assert paths == {
        root + rest for root in ("", "SOURce:") for rest in ("CURRent", "CURRent:LEVel", "CURRent:LEVel:IMMediate")
    }
    assert list(scpi.expand_header("TRACe|DATA:LIMit2")) == [(("TRACe", 1), ("LIMit", 2)), (("DATA", 1), ("LIMit", 2))]
    for broken in ("A[B", "A]B", "A[:B]]", "A:B-C"):
        with pytest.raises(ValueError, match=r"bracket|node"):
            list(scpi.expand_header(broken))


@pytest.fixture(scope="module")
def tree() -> scpi.HeaderTree[str]:
    tree: scpi.HeaderTree[str] = scpi.HeaderTree()
    for header in (
        "[SOURce[1]:]CURRent[:LEVel]",
        "[SOURce[1]:]CURRent:RANGe:AUTO",
        "*RST",
        "CALCulate2:FORMat",
        "TCouple",
    ):
        tree.add(header, header)
    return tree


def test_the_path_stays_where_the_last_unit_left_it(tree: scpi.HeaderTree[str]) -> None:
    row, path = tree.find((), "SOUR:CURR:LEV")
    assert tree.find(path, "RANG:AUTO")[0] == "[SOURce[1]:]CURRent:RANGe:AUTO"
    assert tree.find(path, "*RST") == ("*RST", path)
    assert tree.find(path, ":*RST") == ("*RST", path)
    assert tree.find(path, ":curr") == (row, ())
    with pytest.raises(scpi.ScpiError):
        tree.find(path, "CURR")


@pytest.mark.parametrize(
    ("header", "code"),
    [("CURRE", -113), ("SOUR", -113), ("SOUR:", -113), ("::CURR", -113), (":", -113), ("", -113), ("CURR:LEVE", -113),
     ("RST", -113), ("*RST1", -113), ("*", -113), ("::*RST", -113), ("SOUR2:CURR", -114), ("CALC:FORM", -114),
     ("CALC3:FORM", -114), ("SOUR0:CURR", -114), ("CURR" + "1" * 5000, -114), ("TCO", -113), ("curr٢", -113),
     ("CURR²", -113)],
)  # fmt: skip
def test_headers_that_are_not_there(tree: scpi.HeaderTree[str], header: str, code: int) -> None:
    with pytest.raises(scpi.ScpiError) as error:
        tree.find((), header)
    assert error.value.code == code


@pytest.mark.parametrize("header", ["CURR", "curr", "Current", "SOURCE1:CURRENT:LEVEL", ":SOUR:CURR", "CURR1"])
def test_headers_that_are_there(tree: scpi.HeaderTree[str], header: str) -> None:
    assert tree.find((), header)[0] == "[SOURce[1]:]CURRent[:LEVel]"
    assert tree.find((), "tc")[0] == tree.find((), "TCOUPLE")[0]
