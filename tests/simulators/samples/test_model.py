"""The `[model]` section: what is wrong is said, and nothing is converted."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import Field

from instruments.errors import BadValue, UnknownName
from simulators.samples.model import Parameters, parameters


class Film(Parameters):
    thickness: float = Field(description="m", gt=0)
    layers: int = Field(description="number of layers", ge=1)


GOOD: dict[str, Any] = {"family": "film", "thickness": {"value": 6e-9, "mark": "S", "note": "TEM"}, "layers": 2}


def test_values_come_with_or_without_marks() -> None:
    film = parameters(GOOD, Film)
    assert (film.thickness, film.layers) == (6e-9, 2)


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        ({"thicknes": 1.0}, UnknownName, "'thicknes'.*perhaps 'thickness' is meant"),
        ({"xyz": 1.0}, UnknownName, "'xyz'.*it knows thickness, layers"),
        ({"thickness": -1.0}, BadValue, r"thickness \(m\) is -1.0, but must be greater than 0"),
        ({"thickness": "6 nm"}, BadValue, r"thickness \(m\) is '6 nm', but must be a valid number"),
        ({"thickness": True}, BadValue, "thickness"),
        ({"thickness": float("nan")}, BadValue, "thickness.*finite"),
        ({"layers": 1.5}, BadValue, r"layers \(number of layers\) is 1.5"),
        ({"thickness": {"value": 1.0, "mark": "X"}}, BadValue, r"mark 'X'; a mark is one of S \(stated"),
        ({"thickness": {"valu": 1.0}}, BadValue, "right is { value, mark, note, date }"),
        ({"thickness": {"value": 1.0, "unit": "nm"}}, BadValue, "right is { value, mark, note, date }"),
    ],
)
def test_wrong_entries_are_refused_in_one_sentence(
    change: dict[str, Any], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence) as caught:
        parameters({**GOOD, **change}, Film)
    assert "\n" not in str(caught.value)


def test_what_is_missing_is_named_with_its_meaning() -> None:
    with pytest.raises(BadValue, match=re.escape("lacks layers (number of layers)")):
        parameters({"thickness": 1.0}, Film)
