"""How values and results are written into files of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def cell(value: Any) -> str:
    """Write a value exactly; nothing for what is not known."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int | float):
        return repr(value) if value == value else ""  # noqa: PLR0124 - nan
    return "" if value is None else str(value)


def written(result: Mapping[str, Any]) -> str:
    """Write a result with all its digits: `0.06844 +- 4e-05 T`."""
    value, error, unit = result["value"], result["uncertainty"], result["unit"]
    if value is None:
        return f"not known: {result.get('why')}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value!r}{'' if error is None else f' +- {error!r}'}{'' if unit == '1' else f' {unit}'}"
