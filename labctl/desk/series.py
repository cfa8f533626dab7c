"""What a series would be: which values, how many runs, and which ones are the first and the last."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

from instruments.errors import LabError
from labctl.desk.spelling import spoken
from labctl.desk.values import shown
from labctl.parametrised import check_names
from labctl.procedures import load_procedure
from labctl.series_axes import Axis, parse_over
from labctl.setting import Setting

FIRST, LAST = 3, 2
"""Runs at the beginning and at the end that are told."""
VALUES = 6
"""Values of a list that are told; of a longer one those at its ends."""


def series(procedure: str, over: Sequence[str], given: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Look at a series row by row and as a whole, as `labctl run --over` does.

    Args:
        procedure: A name, or `mine.py:MyLoop`.
        over: Texts such as "temperature=300:200:-10 K", outermost first.
        given: Parameters that have a single value.

    Returns:
        `rows`, one for each of `over`: `count`, `values` (a text), `taken` (what values without a unit are taken for),
        `error`; `runs`, how many, and `factors`, the counts of which that is the product; `first` and `last`: runs as
        `number` and `text`; `error`: what is wrong with the whole, "" if nothing. Without an error only is there a
        `runs` above 0.

    Raises:
        LabError: There is no such experiment.
    """
    kind = load_procedure(procedure)
    declared: dict[str, Setting[Any]] = kind.declared_parameters()
    rows = [_row(procedure, text, declared) for text in over]
    said: dict[str, Any] = {"rows": rows, "runs": 0, "factors": [], "first": [], "last": [], "error": ""}
    if any(row["error"] for row in rows):
        return said
    try:
        axes = parse_over(over, procedure, kind, dict(given or {}))
    except LabError as error:
        return said | {"error": spoken(str(error))}
    if not axes:
        return said
    counts = [len(axis.values) for axis in axes]
    runs = math.prod(counts)
    numbers = list(range(1, runs + 1))
    last = numbers[max(FIRST, runs - LAST) :]
    told = {number: _run(axes, number) for number in (*numbers[:FIRST], *last)}
    return said | {
        "runs": runs, "factors": counts, "first": [{"number": n, "text": told[n]} for n in numbers[:FIRST]],
        "last": [{"number": n, "text": told[n]} for n in last],
    }  # fmt: skip


def _row(procedure: str, text: str, declared: Mapping[str, Setting[Any]]) -> dict[str, Any]:
    """Return what there is to say of one parameter and its list."""
    said: dict[str, Any] = {"count": 0, "values": "", "taken": "", "error": ""}
    name, _, values = (part.strip() for part in text.partition("="))
    if not name:
        return said | {"error": "no parameter is chosen; choose the one that is varied"}
    try:
        check_names(procedure, [name], declared)
        if not values:
            return said | {"error": f"{name} has no values; write e.g. {example(declared[name])}"}
        parameter = declared[name]
        found = parameter.convert_list(values)
        return said | {"count": len(found), "values": listed(parameter, found), "taken": parameter.taken(values)}
    except LabError as error:
        return said | {"error": spoken(str(error))}


def example(parameter: Setting[Any]) -> str:
    """Return a list that could be written for a parameter."""
    options = getattr(parameter, "options", None)
    if options:
        return ", ".join(str(each) for each in options)
    unit = str(getattr(parameter, "units", ""))
    return f"1, 2, 5 {unit} or 0:10:2 {unit}".rstrip() if hasattr(parameter, "si_unit") else "a, b"


def _run(axes: Sequence[Axis], number: int) -> str:
    """Return the values of one run, the outermost loop's first; by its number from 1."""
    values = next(itertools.islice(itertools.product(*(axis.values for axis in axes)), number - 1, None))
    return ", ".join(shown(axis.parameter, value) for axis, value in zip(axes, values, strict=True))


def listed(parameter: Setting[Any], values: Sequence[Any]) -> str:
    """Return a list as people write it, of a long one its ends."""
    texts = [shown(parameter, value) for value in values]
    if len(texts) > VALUES:
        texts = [*texts[: VALUES // 2], "…", texts[-1]]
    sign = "; " if values and isinstance(values[0], tuple) else ", "
    return sign.join(texts)
