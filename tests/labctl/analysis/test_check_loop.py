"""When two measurements of one block say that the sample is another one."""

from __future__ import annotations

import math

import pytest

from labctl.analysis.check_loop import comparable, compared
from labctl.analysis.result import Result, Results, missing


def told(value: float, uncertainty: float | None, scatter: float | None = None) -> Results:
    return Results({"swing": Result(value, uncertainty, "ohm", "this loop", scatter=scatter, why="as it is")})


def only(before: Results, now: Results, **least: float):
    (one,) = compared(comparable(before), now, **least)
    return one


@pytest.mark.parametrize(
    ("uncertainties", "scatter", "limit"),
    [
        ((0.0, 0.0), None, 0.02),  # 1 % of 2 ohm
        ((0.003, 0.004), None, 0.02),  # three times 0.005 is less than that
        ((0.03, 0.04), None, 0.15),
        ((0.0, 0.0), 0.1, 0.3 * math.sqrt(2)),  # what differs from loop to loop, twice
        ((0.01, None), None, 0.03 * math.sqrt(2)),  # without an uncertainty it is as uncertain as before
    ],
)
def test_the_bound_is_the_larger_one_of_noise_and_one_percent(
    uncertainties: tuple[float, float | None], scatter: float | None, limit: float
) -> None:
    before, now = (told(value, error, scatter) for value, error in zip((2.0, 2.0), uncertainties, strict=True))
    assert only(before, now).limit == pytest.approx(limit)
    for sign in (1, -1):
        assert not only(before, told(2.0 + sign * 0.99 * limit, uncertainties[1], scatter)).changed
        assert only(before, told(2.0 + sign * 1.01 * limit, uncertainties[1], scatter)).changed


def test_another_part_may_be_permitted() -> None:
    before, now = told(2.0, 0.01), told(2.5, 0.01)
    assert only(before, now).changed
    assert only(before, now).part == pytest.approx(0.25)
    assert not only(before, now, least=0.3).changed


def test_a_result_that_is_gone_has_changed_and_one_that_is_new_has_not() -> None:
    before = told(2.0, 0.01)
    for now in (Results({}), Results({"swing": missing("ohm", "it is not saturated", "this loop")})):
        assert only(before, now).changed
        assert only(before, now, least=5.0).changed
    more = Results({**before, "other": Result(1.0, 0.1, "1", "this loop")})
    assert [one.name for one in compared(comparable(before), more)] == ["swing"]


def test_what_is_near_zero_is_held_to_its_uncertainty() -> None:
    """As the shift of a loop is: 1 % of nothing is nothing."""
    assert not only(told(0.0, 0.01), told(0.03, 0.01)).changed
    assert only(told(0.0, 0.01), told(0.05, 0.01)).changed
    assert only(told(0.0, 0.01), told(0.05, 0.01)).part == math.inf


def test_words_yes_and_no_and_numbers_without_uncertainty_are_not_compared() -> None:
    one = Result(1.0, 0.1, "1", "this loop")
    others = {"saturated": Result(True, 0.0, "1", "this loop"), "set": Result(2.0, None, "1", "this loop", why="set"),
              "gone": missing("1", "none", "this loop")}  # fmt: skip
    assert comparable(Results({"one": one, **others})) == {"one": one}
