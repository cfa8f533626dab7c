"""Names and numbers of columns as a plot shows them: `Field (mT)`, `-68.56 mT`, `245.4 mΩ`."""

from __future__ import annotations

import math

from labctl.analysis.result import prefix_for
from labctl.frame import shown
from labctl.gui.words import NOTHING
from labctl.plain_figure import PREFIXED, unit_of

SMALL_ONLY = {"T", "s"}
"""Units that take milli and micro and never kilo."""


def bare_name(column: str) -> str:
    """Return a column's name without its unit."""
    unit = unit_of(column)
    return column[: column.rindex("(")].strip() if unit else column


def unit_sign(unit: str) -> str:
    """Return a unit with the signs of print: `Ω`, `µA`."""
    return shown(f"1 {unit}")[2:] if unit else ""


def prefixes(unit: str) -> tuple[tuple[float, float], ...]:
    """Return in which ranges of sizes a unit takes a prefix on an axis; of others the power of ten would be wrong."""
    if unit in SMALL_ONLY:
        return ((0.0, 0.9999),)
    return ((0.0, math.inf),) if unit in PREFIXED else ()


def value_text(column: str, value: float | str, digits: int = 6) -> str:
    """Return a value of a column for people."""
    if isinstance(value, str):
        return value or NOTHING
    if not math.isfinite(value):
        return NOTHING
    unit = unit_of(column)
    factor, written = prefix_for(value, unit) if unit in PREFIXED | SMALL_ONLY and value else (1.0, unit)
    return shown(f"{value * factor + 0.0:.{digits}g} {written}".rstrip())  # + 0.0: no "-0"


def title_of(result: str) -> str:
    """Return a result's name for people: `coercive_field_up` as `coercive field up`."""
    return result.replace("_", " ")
