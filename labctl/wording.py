"""What pydantic finds wrong with a value, in the words of everything else that labctl says.

A sentence of ours reads "limits.field is -9.0, but must be above 0"; this gives what follows "must".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DEMANDS = {
    "greater_than": "be above {gt}",
    "greater_than_equal": "be at least {ge}",
    "less_than": "be below {lt}",
    "less_than_equal": "be at most {le}",
    "finite_number": "be a finite number",
    "float_type": "be a number",
    "float_parsing": "be a number",
    "int_type": "be a whole number",
    "int_parsing": "be a whole number",
    "int_from_float": "be a whole number",
    "bool_type": "be true or false",
    "bool_parsing": "be true or false",
    "string_type": 'be a text in quotes, "..."',
    "string_too_short": "not be empty",
    "tuple_type": "be a list, [..., ...]",
    "list_type": "be a list, [..., ...]",
    "model_type": "be a table with keys of its own",
    "model_attributes_type": "be a table with keys of its own",
    "dict_type": "be a table with keys of its own",
    "date_type": "be a date, e.g. 2026-03-01",
    "date_parsing": "be a date, e.g. 2026-03-01",
    "date_from_datetime_parsing": "be a date, e.g. 2026-03-01",
    "date_from_datetime_inexact": "be a date without a time, e.g. 2026-03-01",
    "literal_error": "be {expected}",
}


def demand(fault: Mapping[str, Any]) -> str:
    """Return what a value must do to fit, e.g. "be above 0".

    Args:
        fault: One of the `errors()` of a pydantic ValidationError.
    """
    limits: Mapping[str, Any] = fault.get("ctx") or {}
    context = {name: f"{limit:g}" if isinstance(limit, float) else limit for name, limit in limits.items()}
    match fault["type"]:
        case "too_short":
            least = context["min_length"]
            return "not be empty" if least == 1 else f"have at least {least} entries"
        case "too_long":
            return f"have at most {context['max_length']} entries"
        case kind if kind in _DEMANDS:
            return _DEMANDS[kind].format_map(context)
        case _:
            return str(fault["msg"]).removeprefix("Input should ").removesuffix(" instance")
