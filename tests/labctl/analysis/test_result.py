from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.errors import BadValue, DataDamaged, UnknownName
from labctl.analysis.result import (
    HALL_LOOP_UNITS,
    Result,
    Results,
    missing,
    prefix_for,
    quantity_text,
    short_text,
    spread_text,
)

finite = st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None, max_examples=100)
@given(
    value=st.none() | st.booleans() | finite, uncertainty=st.none() | st.floats(0, 1e300), few=st.none() | st.just(2)
)
def test_json_gives_back_exactly_what_went_in(
    value: float | bool | None, uncertainty: float | None, few: int | None
) -> None:
    result = Result(value, uncertainty, "ohm", "this loop", "it is so", "noted", few)
    read = Results.from_json(Results({"closure": result}).to_json())
    assert read["closure"] == result
    assert type(read["closure"].value) is type(result.value)


def test_json_holds_value_uncertainty_unit_and_of_also_of_what_is_missing() -> None:
    results = Results({"loop_shift": missing("T", "no switch within the field")})
    assert json.loads(results.to_json()) == {
        "loop_shift": {
            "value": None,
            "uncertainty": None,
            "unit": "T",
            "of": "this loop",
            "why": "no switch within the field",
        }
    }


def test_numpy_scalars_become_plain_numbers() -> None:
    result = Result(np.float64(1.5), np.float64(0.1), "ohm", "this loop")  # type: ignore[arg-type]  # what numpy hands over
    assert type(result.value) is float
    assert type(result.uncertainty) is float
    assert Result(np.True_, None, "1", "this loop").value is True  # type: ignore[arg-type]  # what numpy hands over


@pytest.mark.parametrize(
    ("value", "uncertainty", "why"),
    [(None, None, None), (math.nan, 1.0, None), (math.inf, 1.0, None), (1.0, -1.0, None), (1.0, math.nan, None)],
)
def test_what_is_no_result_is_refused(value: float | None, uncertainty: float | None, why: str | None) -> None:
    with pytest.raises(BadValue):
        Result(value, uncertainty, "T", "this loop", why)


def test_a_fixed_name_has_its_fixed_unit_and_other_names_are_words() -> None:
    with pytest.raises(BadValue, match="always given in T, not in Oe"):
        Results({"coercive_field_up": Result(700.0, 1.0, "Oe", "this loop")})
    with pytest.raises(UnknownName, match="lower_case_words"):
        Results({"Coercive field": Result(0.07, 1e-4, "T", "this loop")})
    own = Results({"planar_hall_resistance": Result(0.01, 1e-4, "ohm", "this loop")})
    assert own.number("planar_hall_resistance") == 0.01
    assert own.number("absent") is None


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"closure": 3}',
        '{"closure": {"value": 1}}',
        '{"closure": {"value": "1", "uncertainty": null, "unit": "ohm", "of": "x"}}',
    ],
)
def test_damaged_results_are_said_to_be_damaged(text: str) -> None:
    with pytest.raises(DataDamaged):
        Results.from_json(text)


def test_intervals_are_normal_or_students() -> None:
    normal = Result(10.0, 1.0, "T", "this loop")
    low, high = normal.interval(0.95)
    assert (low, high) == (pytest.approx(10 - 1.959964), pytest.approx(10 + 1.959964))
    three_loops = Result(10.0, 1.0, "T", "mean of 3 loops", degrees_of_freedom=2)
    assert three_loops.interval(0.95)[1] == pytest.approx(10 + 4.302653)
    with pytest.raises(BadValue, match="no interval"):
        missing("T", "no switch").interval()
    with pytest.raises(BadValue, match="outside 0"):
        normal.interval(95)


def test_text_is_rounded_to_its_uncertainty_with_a_prefix() -> None:
    assert quantity_text(0.0749812, 0.0000213, "ohm") == "74.981 ± 0.021 mohm"
    assert quantity_text(-0.07, 0.0005, "T") == "-70.0 ± 0.5 mT"
    assert quantity_text(0.9991, 0.0021, "1") == "0.9991 ± 0.0021"
    assert quantity_text(72056.0, 32376.0, "K/A^2") == "72000 ± 32000 K/A^2"
    assert quantity_text(3.7e-7, 4.61e-7, "T") == "400 ± 500 nT"
    # No zeros to be counted: a power of ten, or a prefix for a small difference of temperature.
    assert quantity_text(1.1e-6, 5e-7, "1") == "(1.1 ± 0.5)e-6"
    assert quantity_text(0.0015002, 3e-6, "1/K") == "(1.5002 ± 0.0030)e-3 1/K"
    assert quantity_text(5.2e-4, 1.7e-4, "1") == "0.00052 ± 0.00017"
    assert quantity_text(7.2e-4, 3.2e-4, "K") == "720 ± 320 uK"
    assert quantity_text(-0.05, 0.12, "K/h") == "-0.05 ± 0.12 K/h"
    assert quantity_text(1158.2, None, "s") == "1158 s"
    assert quantity_text(4.31111e11, None, "A/m^2") == "4.311e11 A/m^2"
    assert quantity_text(-2.5e-8, 5.8e-5, "T") == "0 ± 60 uT"
    # Without an uncertainty four digits, but all of a whole number.
    assert quantity_text(0.0133336, None, "A") == "13.33 mA"
    assert quantity_text(864.502, None, "s") == "864.5 s"
    assert quantity_text(1008530.0, None, "ohm") == "1009 kohm"
    assert quantity_text(12345.67, None, "K") == "12346 K"
    assert quantity_text(6.61853e-05, None, "1") == "6.619e-05"
    assert quantity_text(0.013, 0.0, "A") == "13 mA"
    assert quantity_text(54321.0, None, "1") == "54321"
    assert quantity_text(75e-3, 2e-16, "ohm") == "75 ± 2e-13 mohm"
    assert short_text(2.9e-4, "T") == "290 uT"
    assert Result(False, None, "1", "this loop").text() == "no"
    assert missing("T", "no loop").text() == "- (no loop)"


def test_prefixes_stay_with_what_people_write() -> None:
    assert prefix_for(1500.0, "ohm") == (pytest.approx(1e-3), "kohm")
    assert prefix_for(9e3, "T") == (1.0, "T")
    assert prefix_for(0.0, "T") == (1.0, "T")
    assert prefix_for(275.0, "K") == (1.0, "K")


def test_every_name_of_a_hall_loop_has_a_unit() -> None:
    assert set(HALL_LOOP_UNITS.values()) <= {"ohm", "T", "1", "ohm/T", "T/s"}
    assert len(HALL_LOOP_UNITS) == 17


def test_scatter_is_written_only_where_there_is_one_and_read_back() -> None:
    plain = Result(0.07, 1e-4, "T", "this loop")
    scattered = Result(0.07, 1e-4, "T", "this loop", scatter=4e-4)
    assert "scatter" not in plain.as_dict()
    assert scattered.as_dict()["scatter"] == 4e-4
    results = Results({"coercive_field_up": scattered, "coercive_field_down": plain})
    assert Results.from_json(results.to_json()) == dict(results)
    for wrong in (-1e-4, float("nan"), float("inf")):
        with pytest.raises(BadValue, match="scatter"):
            Result(0.07, 1e-4, "T", "this loop", scatter=wrong)


def test_a_shared_part_is_read_back_and_is_no_more_than_the_whole() -> None:
    shared = Result(0.07, 1e-4, "T", "mean of 3 loops", shared=3e-5)
    assert shared.as_dict()["shared"] == 3e-5
    assert Results.from_json(Results({"coercive_field_up": shared}).to_json())["coercive_field_up"] == shared
    assert "shared" not in Result(0.07, 1e-4, "T", "this loop").as_dict()
    for wrong in (-1e-5, 2e-4, float("nan")):
        with pytest.raises(BadValue, match="shared"):
            Result(0.07, 1e-4, "T", "this loop", shared=wrong)


@pytest.mark.parametrize(
    ("size", "result", "text"),
    [
        (4.3e-4, Result(0.07, 1e-4, "T", "this loop"), "0.43 mT"),
        (4.3e-4, Result(7e-4, 1e-4, "T", "this loop"), "430 uT"),
        (4.3e-9, Result(0.07, 1e-4, "T", "this loop"), "4.3 nT"),
    ],
)
def test_a_spread_is_written_with_the_prefix_of_its_result(size: float, result: Result, text: str) -> None:
    assert spread_text(size, result) == text
