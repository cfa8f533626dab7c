"""Lists that are written from their ends, as the parameters read them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments import units
from instruments.errors import BadValue
from labctl.gui.form.lists import Spacing, list_text


@pytest.mark.parametrize(
    ("first", "last", "spacing", "text"),
    [
        ("300", "200", Spacing("10"), "300:200:-10 K"),
        ("300", "200", Spacing("-10"), "300:200:-10 K"),
        ("300", "200", Spacing("10", back=True), "300:200:-10, 210:300:10 K"),
        ("0", "1", Spacing("5", count=True), "0:1:0.25 K"),
        ("0", "1", Spacing("4", count=True), "0, 0.33333, 0.66667, 1 K"),
        ("0", "1", Spacing("0.3", back=True), "0:1:0.3, 0.6:0:-0.3 K"),
        ("0", "1", Spacing("2", count=True, back=True), "0:1:1, 0 K"),
        ("0.1", "10", Spacing("3", count=True, log=True), "0.1, 1, 10 K"),
        ("-1", "-100", Spacing("3", count=True, log=True, back=True), "-1, -10, -100, -10, -1 K"),
    ],
)
def test_a_list_is_written_as_over_takes_it(first: str, last: str, spacing: Spacing, text: str) -> None:
    assert list_text(first, last, spacing, "K") == text


numbers = st.integers(-900, 900).map(lambda whole: f"{whole / 4:g}")


@given(numbers, numbers, st.integers(2, 40), st.booleans())
def test_a_list_has_its_ends_and_as_many_values_as_were_asked_for(
    first: str, last: str, count: int, back: bool
) -> None:
    if float(first) == float(last):
        return
    text = list_text(first, last, Spacing(str(count), count=True, back=back), "K")
    values = units.parse_list(text, "K")
    there = values[:count]
    assert len(values) == (2 * count - 1 if back else count)
    assert (there[0], there[-1]) == (pytest.approx(float(first)), pytest.approx(float(last), rel=1e-4))
    steps = [b - a for a, b in itertools.pairwise(there)]
    assert steps == pytest.approx([steps[0]] * len(steps), abs=2e-4 * max(abs(value) for value in there))
    assert not back or values == [*there, *there[-2::-1]]


@pytest.mark.parametrize(
    ("first", "last", "spacing", "why"),
    [
        ("", "1", Spacing("1"), "from: '' is no number"),
        ("0", "1 T", Spacing("1"), "the unit stands in its own field"),
        ("0", "inf", Spacing("1"), "no finite number"), ("1", "1.0", Spacing("1"), "from and to are both 1"),
        ("0", "1", Spacing("0"), "the step is 0"), ("0", "1", Spacing("2"), "the step 2 is longer than the way"),
        ("0", "1", Spacing("0.0001"), "has 10001 values, more than 1000"),
        ("0", "1", Spacing("1", count=True), "a whole number from 2 to 1000"),
        ("0", "1", Spacing("2.5", count=True), "a whole number from 2 to 1000"),
        ("0", "1", Spacing("3", count=True, log=True), "all above zero, or all below"),
        ("1", "10", Spacing("3", log=True), "by how many they are"),
    ],
)  # fmt: skip
def test_what_is_no_list_is_refused_in_a_sentence(first: str, last: str, spacing: Spacing, why: str) -> None:
    with pytest.raises(BadValue, match=why):
        list_text(first, last, spacing)
