"""Reading the `[model]` section of a sample record.

Each parameter is a number in SI units, or a table `{ value = 0.23, mark = "A", note = "why" }`. The mark says where
the number comes from: S stated in the paper, F read off a figure, D derived from what is stated, L literature,
A assumed, M measured on this sample.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from instruments.errors import BadValue, UnknownName

MARKS = {
    "S": "stated in the paper",
    "F": "read off a figure",
    "D": "derived from what is stated",
    "L": "literature",
    "A": "assumed",
    "M": "measured on this sample",
}
_ENTRY = {"value", "mark", "note", "date"}


class Parameters(BaseModel):
    """Base of a family's parameters: nothing unknown, nothing converted, nothing infinite, nothing changed later."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


P = TypeVar("P", bound=Parameters)


def parameters(section: Mapping[str, Any], kind: type[P]) -> P:
    """Check a `[model]` section and return a family's parameters.

    Args:
        section: The section; the key `family` is passed over.
        kind: The family's parameters.

    Raises:
        UnknownName: A key that the family does not know.
        BadValue: A parameter is missing or does not fit.
    """
    values = {name: _value(name, entry) for name, entry in section.items() if name != "family"}
    for name in values:
        if name not in kind.model_fields:
            raise UnknownName(f"[model] has the key {name!r}, which this family does not know; {_hint(name, kind)}")
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise BadValue(_sentence(error, kind)) from None


def _hint(name: str, kind: type[Parameters]) -> str:
    known = list(kind.model_fields)
    near = difflib.get_close_matches(name, known, n=1)
    return f"perhaps {near[0]!r} is meant" if near else f"it knows {', '.join(known)}"


def _value(name: str, entry: object) -> object:
    """Take the value out of an entry, which may be a table with mark and note."""
    if not isinstance(entry, Mapping):
        return entry
    table = cast("Mapping[str, object]", entry)
    if "value" not in table or not table.keys() <= _ENTRY:
        raise BadValue(
            f"[model] {name} is a table with the keys {', '.join(table)}; right is {{ value, mark, note, date }}, of "
            "which value has to be there"
        )
    if table.get("mark", "A") not in MARKS:
        kinds = ", ".join(f"{mark} ({meaning})" for mark, meaning in MARKS.items())
        raise BadValue(f"[model] {name} has the mark {table['mark']!r}; a mark is one of {kinds}")
    return table["value"]


def _sentence(error: ValidationError, kind: type[Parameters]) -> str:
    """Say in one sentence what the first thing wrong is."""
    first = error.errors()[0]
    if not first["loc"]:
        return f"[model]: {first['msg']}"
    name = str(first["loc"][0])
    meaning = kind.model_fields[name].description
    if first["type"] == "missing":
        return f"[model] lacks {name} ({meaning})"
    wanted = first["msg"].removeprefix("Input should ")
    return f"[model] {name} ({meaning}) is {first['input']!r}, but must {wanted}"
