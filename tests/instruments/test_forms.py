from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments import scpi
from instruments.errors import BadValue, LimitExceeded
from instruments.forms import (
    COUNT,
    INTEGER,
    NUMBER,
    REGISTER,
    bound,
    exact,
    flag,
    known_options,
    one_of,
    reverse,
    whole,
    within,
)


@given(st.floats(allow_nan=False, allow_infinity=False))
@settings(deadline=None, max_examples=500)
def test_every_double_survives_the_wire(value: float):
    text = exact(value)
    assert float(text).hex() == value.hex()
    assert scpi.parse_number(text) == value
    assert NUMBER.matches(text)
    assert NUMBER.read(text) == value


@pytest.mark.parametrize("value", [1, True, np.float64(1.0), np.int64(1), Fraction(1), np.float32(1.0)])
def test_numbers_of_other_kinds_are_sent_as_floats(value: object):
    if value is True:
        with pytest.raises(BadValue):
            within("level", 0.0, 2.0)(value)
    else:
        assert within("level", 0.0, 2.0)(value) == "1.0"


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, "1", None, [1.0], 1j, Decimal("nan"), np.float64("nan")]
)
def test_what_is_no_finite_number_is_refused(value: object):
    with pytest.raises(BadValue, match=r"level takes a (finite )?number in V"):
        within("level", 0.0, 2.0, "V")(value)


@pytest.mark.parametrize(
    "text", ["", " 1", "1 ", "1,2", "nan", "inf", "1.0E-3", "1.0E-", "1.0E", "--1", ".", "E05", "1_0", "١"]
)
def test_texts_that_are_no_number(text: str):
    assert NUMBER.matches(text) is None


@pytest.mark.parametrize("text", ["1", "-1.5", "+1.000000E-04", ".5", "5.", "+9.9e37", "1E+02", "0.100000"])
def test_texts_that_are_a_number(text: str):
    assert NUMBER.matches(text)
    assert NUMBER.read(text) == float(text)


def test_counts_and_registers():
    assert COUNT.read("+9.9e37") == math.inf
    assert COUNT.read("12") == 12
    assert COUNT.matches("1.5") is None
    assert REGISTER.matches("-1") is None
    assert INTEGER.matches("1.0") is None


def test_whole_numbers():
    check = whole("count", 1, 10, infinite=True)
    assert [check(1), check(10.0), check(np.int64(3)), check(math.inf)] == ["1", "10", "3", "INF"]
    for value in (0, 11):
        with pytest.raises(LimitExceeded, match="count cannot be"):
            check(value)
    with pytest.raises(BadValue, match="whole number"):
        check(1.5)
    with pytest.raises(BadValue):
        whole("count", 1, 10)(math.inf)


def test_flags_and_words():
    assert [flag("state")(value) for value in (True, False, 1, 0, np.True_)] == ["1", "0", "1", "0", "1"]
    for value in ("1", 2, None, math.nan):
        with pytest.raises(BadValue, match="state is True or False"):
            flag("state")(value)
    spelling = {"fast": "FAST", "slow": "SLOW"}
    assert one_of("response", spelling)("fast") == "FAST"
    with pytest.raises(BadValue, match="response cannot be 'quick'; choose one of 'fast', 'slow'"):
        one_of("response", spelling)("quick")
    assert reverse(spelling).read("SLOW") == "slow"
    assert reverse(spelling).matches("slow") is None


@given(st.floats(allow_nan=False, allow_infinity=False))
@settings(deadline=None, max_examples=300)
def test_a_limit_is_written_with_all_its_digits(value: float):
    assert float(bound(value)) == value


def test_a_limit_is_written_as_people_do():
    assert [bound(value) for value in (0.001, 9999.999, 400.0, 999999.999)] == [
        "0.001",
        "9999.999",
        "400",
        "999999.999",
    ]
    with pytest.raises(LimitExceeded, match=r"takes 0.001 s to 9999.999 s;"):
        within("delay", 1e-3, 9999.999, "s")(1e4)


def test_an_unknown_option_is_named_with_the_near_one():
    known_options("delta", ["delay"], {"delay", "meter"})
    with pytest.raises(BadValue, match="delta has no option dealy; did you mean delay"):
        known_options("delta", ["dealy"], {"delay", "meter"})
    with pytest.raises(BadValue, match="delta has no option x; choose from delay, meter"):
        known_options("delta", ["x"], {"delay", "meter"})
