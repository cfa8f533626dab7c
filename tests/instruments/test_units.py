from __future__ import annotations

import math
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments import unit_table
from instruments.errors import BadValue, UsageError
from instruments.unit_table import KINDS, resolve
from instruments.units import format_quantity, in_unit, parse, parse_list, si_unit

FINITE = st.floats(
    allow_nan=False, allow_infinity=False, min_value=-1e250, max_value=1e250, allow_subnormal=False
).filter(lambda value: value == 0 or abs(value) > 1e-250)
SHOWN = [
    ("A", "uA"),
    ("T", "Oe"),
    ("T/s", "Oe/s"),
    ("K/s", "K/min"),
    ("rad", "deg"),
    ("A/m^2", "A/cm^2"),
    ("s", "h"),
    ("", ""),
]


@pytest.mark.parametrize(
    ("unit", "si", "power"), [("uA", "A", -6), ("mT", "T", -3), ("Oe", "T", -4), ("nV", "V", -9), ("kOe", "T", -1)]
)
def test_every_whole_number_is_the_nearest_double(unit: str, si: str, power: int) -> None:
    for number in range(1, 1000):
        assert parse(f"{number} {unit}", si) == float(f"{number}e{power}")
        assert parse(number, unit) == float(f"{number}e{power}")


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("100 uA", "A", 1e-4),
        ("100uA", "A", 1e-4),
        ("100 µA", "A", 1e-4),
        ("100 μA", "A", 1e-4),
        ("5 kOe", "T", 0.5),
        ("500 mT", "T", 0.5),
        ("5000 G", "T", 0.5),
        ("5G", "T", 5e-4),
        ("0.5", "T", 0.5),
        (".5e0", "T", 0.5),
        ("5n", "A", 5e-9),
        ("-2m", "A", -2e-3),
        ("−2 mA", "A", -2e-3),
        ("5k", "Oe", 0.5),
        ("5m", "m", 5.0),
        ("5m", "s", 5e-3),
        ("50", "Oe/s", 5e-3),
        ("100 Oe/s", "T/s", 0.01),
        ("2 K/min", "K/s", 2 / 60),
        ("2", "K/min", 2 / 60),
        ("295 K", "K", 295.0),
        ("5 min", "s", 300.0),
        ("4.4e7 A/cm2", "A/m^2", 4.4e11),
        ("4.4e7 A/cm²", "A/m^2", 4.4e11),
        ("1.5e-3 /K", "1/K", 1.5e-3),
        ("1.5e-3 1/K", "1/K", 1.5e-3),
        ("7e28 m^-3", "1/m^3", 7e28),
        ("180 deg", "rad", math.pi),
        ("1 kΩ", "ohm", 1000.0),
        ("5 PLC", "", 5.0),
        ("0.5 %", "", 0.005),
        ("9 nanometers", "m", 9e-9),
        ("-0 A", "A", 0.0),
    ],
)
def test_texts_that_people_type(text: str, unit: str, value: float) -> None:
    assert parse(text, unit) == value
    assert math.copysign(1, parse(text, unit)) == (math.copysign(1, value) if value else 1)


@pytest.mark.parametrize("number", [3, 3.0, np.float64(3), np.float32(3), np.int64(3), Decimal(3), Fraction(3)])
def test_numbers_of_any_kind_are_in_the_declared_unit(number: object) -> None:
    assert parse(number, "mT") == 3e-3
    assert type(parse(number, "T")) is float


@pytest.mark.parametrize(
    ("value", "unit", "sentence"),
    [
        ("5 parsec", "T", "5 parsec is not a magnetic field; give e.g. 0.5 T or 5 kOe"),
        ("5 V", "A", "5 V is not a current; give e.g. 100 uA"),
        ("1 A/m", "T", "1 A/m is not a magnetic field; give e.g. 0.5 T or 5 kOe"),
        ("5 mAs", "A", "5 mAs is not a current; give e.g. 100 uA"),
        ("5 n", "A", "5 n is not a current; give e.g. 100 uA"),
        ("5 A^0", "A", "5 A^0 is not a current; give e.g. 100 uA"),
        ("5 A**99", "A", "5 A**99 is not a current; give e.g. 100 uA"),
        ("9**9**9", "A", "9**9**9 is not a current; give e.g. 100 uA"),
        ("0,5 T", "T", "0,5 T is not a magnetic field; give e.g. 0.5 T or 5 kOe"),
        ("banana", "A", "banana is not a current; give e.g. 100 uA"),
        ("", "A", "'' is not a current; give e.g. 100 uA"),
        ("nan", "T", "nan is not a magnetic field, because it is not finite; give e.g. 0.5 T or 5 kOe"),
        ("-inf A", "A", "-inf A is not a current, because it is not finite; give e.g. 100 uA"),
        (math.nan, "T", "nan is not a magnetic field, because it is not finite; give e.g. 0.5 T or 5 kOe"),
        (np.inf, "mT", "inf is not a magnetic field, because it is not finite; give e.g. 0.5 T or 5 kOe"),
        (10**400, "A", "inf is not a current, because it is not finite; give e.g. 100 uA"),
        (True, "", "True is not a plain number; give e.g. 5"),
        (np.True_, "", "True is not a plain number; give e.g. 5"),
        (None, "K", "None is not a temperature; give e.g. 300 K"),
        ([1], "A", "[1] is not a current; give e.g. 100 uA"),
        ("1e999999999", "A", "1e999999999 is not a current of any likely size; give e.g. 100 uA"),
        ("1e330 A", "A", "1e330 A is not a current of any likely size; give e.g. 100 uA"),
        ("1e-350 A", "A", "1e-350 A is not a current of any likely size; give e.g. 100 uA"),
        ("27 degC", "K", "27 degC is in degrees Celsius, but temperatures are in kelvin; write 300.15 K"),
        ("27°C", "K", "27°C is in degrees Celsius, but temperatures are in kelvin; write 300.15 K"),
    ],
)
def test_what_is_wrong_is_refused_in_one_sentence(value: object, unit: str, sentence: str) -> None:
    with pytest.raises(BadValue) as caught:
        parse(value, unit)
    assert str(caught.value) == sentence
    with pytest.raises(UsageError) as named:
        parse(value, unit, "maximum_field")
    assert str(named.value) == f"maximum_field: {sentence}"


def test_an_unknown_declared_unit_says_so() -> None:
    with pytest.raises(BadValue, match="'parsec' is not a unit that labctl knows"):
        parse(1, "parsec")


@pytest.mark.parametrize(
    ("text", "unit", "values"),
    [
        ("0:2:0.5 mA", "A", [0.0, 5e-4, 1e-3, 1.5e-3, 2e-3]),
        ("0:10m:5m", "A", [0.0, 5e-3, 1e-2]),
        ("0:0.3:0.1", "T", [0.0, 0.1, 0.2, 0.3]),
        ("0:1:0.4", "T", [0.0, 0.4, 0.8]),
        ("300:240:-10", "K", [300.0, 290.0, 280.0, 270.0, 260.0, 250.0, 240.0]),
        ("300:280:-10, 235", "K", [300.0, 290.0, 280.0, 235.0]),
        ("1, 2, 5 mA", "A", [1e-3, 2e-3, 5e-3]),
        ("0, 1 mA, 2 A", "A", [0.0, 1e-3, 2.0]),
        ("-1:1:1 kOe", "T", [-0.1, 0.0, 0.1]),
        ("5 kOe", "T", [0.5]),
        ("5:5:1", "T", [5.0]),
    ],
)
def test_lists(text: str, unit: str, values: list[float]) -> None:
    assert parse_list(text, unit) == values


def test_lists_from_python() -> None:
    assert parse_list([1, "2 mT", np.float64(3)], "T") == [1.0, 2e-3, 3.0]
    assert parse_list(np.array([1.0, 2.0]), "mT") == [1e-3, 2e-3]
    assert parse_list(4, "mT") == [4e-3]


def test_a_long_range_stays_on_the_nearest_doubles() -> None:
    values = parse_list("0:100:0.1 mA", "A")
    assert values == [float(f"{tenths}e-4") for tenths in range(1001)]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("0:10", "start:stop:step"),
        ("0:10:-1", "never reaches its stop"),
        ("0:10:0", "never reaches its stop"),
        ("0:1:1e-9", "more than 100000 values"),
        (",".join(["0:99999:1"] * 2), "more than 100000 values"),
        ("1 mA, 2", "which unit its bare numbers have"),
        ("1, 2 A, 3 mA", "which unit its bare numbers have"),
        ("0 mA:10:1", "which unit its bare numbers have"),
        ("1,,2", "'' is not a current"),
        ("", "has no value in it"),
        ([], "has no value in it"),
        ([1.0, math.nan], "nan is not a current"),
        (None, "None is not a current"),
        ("1:nan:1", "nan is not a current"),
    ],
)
def test_bad_lists(value: object, words: str) -> None:
    with pytest.raises(BadValue, match=words) as caught:
        parse_list(value, "A", "levels")
    assert str(caught.value).startswith("levels")


@given(value=FINITE, units=st.sampled_from(SHOWN))
@settings(deadline=None, max_examples=300)
def test_exact_text_comes_back_as_the_same_double(value: float, units: tuple[str, str]) -> None:
    si, shown = units
    assert parse(format_quantity(value, si, shown=shown, exact=True), si) == value
    assert parse(format_quantity(value, si, exact=True), si) == value


@given(value=FINITE, si=st.sampled_from(sorted(KINDS)))
@settings(deadline=None, max_examples=200)
def test_text_for_people_is_right_to_its_digits(value: float, si: str) -> None:
    back = parse(format_quantity(value, si, digits=6), si)
    assert abs(back - value) <= abs(value) * 5.0001e-6


@given(value=FINITE.filter(lambda value: abs(value) < 1e200), units=st.sampled_from(SHOWN))
@settings(deadline=None, max_examples=200)
def test_in_unit_is_the_inverse_of_parse(value: float, units: tuple[str, str]) -> None:
    si, shown = units
    assert parse(in_unit(value, shown), shown) == pytest.approx(value, rel=3e-16, abs=0)
    assert in_unit(value, si) == value


def _values_or_none(text: str, unit: str) -> list[float] | None:
    try:
        return [parse(text, unit), *parse_list(text, unit)]
    except BadValue:
        return None


@given(text=st.text(max_size=30))
@settings(deadline=None, max_examples=300)
def test_any_text_gives_finite_numbers_or_a_refusal(text: str) -> None:
    values = _values_or_none(text, "A")
    assert values is None or all(map(math.isfinite, values))


@given(text=st.text(alphabet="0123456789.eE+-:, umkMGnAVTOsK/*^%()", max_size=20))
@settings(deadline=None, max_examples=500)
def test_nearly_right_texts_give_finite_numbers_or_a_refusal(text: str) -> None:
    for unit in ("A", "T/s", ""):
        values = _values_or_none(text, unit)
        assert values is None or all(map(math.isfinite, values))


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1e-4, "A", "100 uA"),
        (0.99996e-3, "A", "1 mA"),
        (-2.5e-3, "A", "-2.5 mA"),
        (0.01, "Oe/s", "10 mT/s"),
        (300, "K", "300 K"),
        (405, "s", "405 s"),
        (1e9, "A/m^2", "1e9 A/m^2"),
        (0, "T", "0 T"),
        (-0.0, "T", "0 T"),
        (1.5e-3, "1/K", "0.0015 /K"),
        (5, "", "5"),
        (1e-20, "A", "1e-5 fA"),
    ],
)
def test_text_for_people(value: float, unit: str, text: str) -> None:
    assert format_quantity(value, unit) == text


def test_text_in_a_chosen_unit() -> None:
    assert format_quantity(0.5, "T", shown="kOe") == "5 kOe"
    assert format_quantity(2 / 60, "K/s", shown="K/min", exact=True) == "2 K/min"
    assert format_quantity(0.1 + 0.2, "T", exact=True, shown="T") == "0.30000000000000004 T"
    with pytest.raises(BadValue, match="mA is not a unit of a magnetic field"):
        format_quantity(0.5, "T", shown="mA")


@pytest.mark.parametrize("value", [math.nan, math.inf, None, True, "5"])
def test_only_finite_numbers_are_written(value: float) -> None:
    with pytest.raises(BadValue):
        format_quantity(value, "T")
    with pytest.raises(BadValue):
        in_unit(value, "Oe")


def test_units_of_one_dimension_share_their_si_unit() -> None:
    assert {si_unit(unit) for unit in ("Oe", "mT", "G", "Wb/m^2".replace("Wb", "V*s"))} == {"T"}
    assert si_unit("Oe/min") == "T/s"
    assert si_unit("1/s") == "Hz"
    assert resolve("K/min").factor == Fraction(1, 60)
    assert in_unit(0.5, "Oe") == 5000.0


@pytest.mark.parametrize("si", sorted(KINDS))
def test_the_examples_in_the_sentences_are_right(si: str) -> None:
    for example in KINDS[si].example.split(" or "):
        parse(example, si)


def test_prefixes_of_si_units_mean_what_pint_makes_of_them() -> None:
    prefixed = unit_table._prefixed()
    assert len(prefixed) > 50
    assert {name: unit_table._by_algebra(name) for name in prefixed} == prefixed
    assert not prefixed.keys() & unit_table.KINDS.keys()


def test_numbers_with_prefixes_of_si_units_do_not_load_pint() -> None:
    code = (
        "import sys; from instruments.units import parse, format_quantity; parse('5n', 'A'); parse('0.5', 'T');"
        "format_quantity(1.0, 'T'); format_quantity(2e-3, 'V'); parse('1 uA', 'A'); assert 'pint' not in sys.modules;"
        "parse('1 Oe', 'T'); assert 'pint' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("text", "unit", "meant"),
    [("10 mt", "T", "10 mT"), ("5 koe", "T", "5 kOe"), ("100 UA", "A", "100 uA"), ("3 OE/S", "Oe/s", "3 Oe/s")],
)
def test_a_unit_in_the_wrong_case_is_refused_with_the_right_one(text: str, unit: str, meant: str) -> None:
    with pytest.raises(BadValue, match=f"{text} is not a .*; did you mean {meant}\\?"):
        parse(text, unit)
