"""The formulas of a 2400's math, against arithmetic and against the errors that the manual names."""

import math
import random

import pytest

from instruments.scpi import ScpiError
from simulators.devices.smu_formula import NOT_THERE, OVERFLOW, parse

READING = (2.0, 0.5, 4.0, 7.0)
OTHER = (3.0, 0.25, 12.0, 8.0)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(VOLT * CURR)", 1.0),
        ("(voltage*Current)", 1.0),
        ("(((RES - 10) / 10) * 100)", -60.0),
        ("(TIME)", 7.0),
        ("(2 + 3 * 4)", 14.0),
        ("((2 + 3) * 4)", 20.0),
        ("(10 - 4 - 3)", 3.0),
        ("(64 / 4 / 2)", 8.0),
        ("(2 ^ 3 ^ 2)", 64.0),
        ("(-2 ^ 2)", 4.0),
        ("(2 ^ -1)", 0.5),
        ("(2 * -3)", -6.0),
        ("(- - 3)", 3.0),
        ("(1.5e1 + .5 + 2.)", 17.5),
        ("(log(100))", 2.0),
        ("(log(-100))", 2.0),
        ("(ln(exp(3)))", 3.0),
        ("(LN exp 3 * 2)", 6.0),
        ("(sin(1)^2 + cos(1)^2)", 1.0),
        ("(tan(1))", math.tan(1.0)),
        ("(1)+(2)", 3.0),
    ],
)
def test_a_formula_is_what_arithmetic_says(text: str, value: float) -> None:
    """Signs bind before `^`, and equal operators go from left to right: the manual's rules, not those of Python."""
    assert parse(text)([READING]) == pytest.approx(value)
    assert parse(text).size == 0


def test_vectors_take_their_readings() -> None:
    formula = parse("( (volt[1] - volt[0]) / (curr[1] - curr[0]) )")
    assert formula.size == 2
    assert formula([READING, OTHER]) == pytest.approx((3.0 - 2.0) / (0.25 - 0.5))
    assert parse("(VOLT [9])").size == 10
    assert parse("(VOLT - VOLT[0])")([READING, OTHER]) == 1.0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(1 / 0)", OVERFLOW),
        ("(ln(0))", OVERFLOW),
        ("(exp(1000))", OVERFLOW),
        ("(1e30 * 1e30)", OVERFLOW),
        ("(-1e30 * 1e30)", -OVERFLOW),
        ("(0 ^ -1)", OVERFLOW),
        ("((-8) ^ 0.5)", NOT_THERE),
        ("(1e37*1e37*1e37*1e37*1e37*1e37*1e37*1e37*1e37 - 1e37*1e37*1e37*1e37*1e37*1e37*1e37*1e37*1e37)", NOT_THERE),
    ],
)
def test_what_is_no_number(text: str, value: float) -> None:
    assert parse(text)([READING]) == value


def test_what_was_not_measured_gives_nothing() -> None:
    assert parse("(0 * CURR)")([(1.0, NOT_THERE, 1.0, 1.0)]) == NOT_THERE
    assert parse("(1 / CURR)")([(1.0, OVERFLOW, 1.0, 1.0)]) == OVERFLOW


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("()", 811), ("(*)", 811), ("(", 811), ("((VOLT * CURR)", 812), ("(VOLT * )", 813), ("(VOLT + * 2)", 813),
        ("(VOLT[0*CURR[0])", 814), ("(VOLT[0*CURR)", 814), ("([1])", 814), ("(2[1])", 814), ("(VOLT))", 815),
        ("(VOLT CURR)", 816), ("(2 3)", 816), ("(VOLT) ln", 816), ("(FOO)", 817), ("(VOLTA)", 817), ("(2 $ 3)", 817),
        ("(__import__)", 817), ("(1.2.3)", 818), ("(.)", 818), ("(1e)", 819), ("(1e1.5)", 819), ("(1e9999999999)", 819),
        ("(1e38)", 820), ("(VOLT[2500])", 821), ("(VOLT[-1])", 821), ("(VOLT[])", 821), ("(VOLT[1.5])", 821),
    ],
)  # fmt: skip
def test_nonsense_has_its_number(text: str, code: int) -> None:
    with pytest.raises(ScpiError) as caught:
        parse(text)
    assert caught.value.code == code


def test_as_deep_as_it_can_be() -> None:
    assert parse("(" * 127 + "1" + ")" * 127)([READING]) == 1.0
    assert parse("(" + "-" * 250 + "1)")([READING]) == 1.0


def test_anything_at_all_is_a_formula_or_an_error_of_its_own() -> None:
    dice = random.Random(1)
    pieces = ["(", ")", "[", "]", "+", "-", "*", "/", "^", "VOLT", "curr", "ln", "exp", "2", "1e3", ".", "e", " ", "$"]
    read = 0
    for _ in range(5000):
        text = "(" + "".join(dice.choices(pieces, k=dice.randint(1, 7)))
        text += ")" * (text.count("(") - text.count(")"))
        try:
            formula = parse(text)
        except ScpiError as error:
            assert 811 <= error.code <= 821
        else:
            read += 1
            assert math.isfinite(formula([READING] * max(1, formula.size)))
    assert read > 100
