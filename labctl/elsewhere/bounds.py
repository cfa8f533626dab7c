"""Values that nobody could have meant: refused where others are divided by them, said where they are only unusual."""

from __future__ import annotations

import re

import numpy as np

from instruments.errors import BadValue
from instruments.units import format_quantity, parse
from labctl.analysis.readings import FloatArray
from labctl.elsewhere.wanted import Bounds, Wanted

_BARE = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_VALUE = re.compile(r"[+-]?(?:\.?\d.*|(?:nan|inf|infinity)\s*[a-z\u00b5\u03bc]{0,3})", re.IGNORECASE)
_USUAL_PART = 95
"""Per cent of the readings that are looked at for what a column reaches; single wild ones say nothing of its unit."""


def is_value(text: str) -> bool:
    """Whether a text is meant as a value, and not as the name of a column."""
    return _VALUE.fullmatch(text) is not None


def constant_value(name: str, wanted: Wanted, bounds: Bounds, text: str) -> float:
    """The value of an entry that is the same in all rows, in the SI unit.

    Raises:
        BadValue: It has no unit, one of another kind, or is nothing that the quantity can be.
    """
    said = f"--column {name}={text}"
    example = f"--column {name}={bounds.example}"
    if not bounds.bare and _BARE.fullmatch(text):
        raise BadValue(f"{said}: no column is called so, and as a value it has no unit; write one, e.g. {example}")
    try:
        value = parse(text, wanted.unit)
    except BadValue as error:
        raise BadValue(f"{said}: no column is called so, and {error}") from None
    if not _fits(bounds, value):
        raise BadValue(f"{said}: {_must(wanted, bounds, value)}; write e.g. {example}")
    return value


def check_divisor(called: str, wanted: Wanted, values: FloatArray) -> str | None:
    """Look at what others are divided by; return what there is to say of its sign.

    Args:
        called: Where the values come from, e.g. `column 'Current (mA)'`.
        wanted: What they are.
        values: One a row, in the SI unit; a few zeros and nan only cost their rows.

    Raises:
        BadValue: They are zero throughout, there are none, or they are nothing that the quantity can be.
    """
    bounds = wanted.constant
    known = values[np.isfinite(values)]
    driven = known[known != 0]
    if bounds is None:
        return None
    if not len(driven):
        what = "is 0 in all rows" if len(known) else "has no number in these rows"
        raise BadValue(f"{called} {what}, so nothing can be divided by it; give the {wanted.title} otherwise")
    usual = float(np.median(np.abs(driven)))
    wrong = -usual if not bounds.signed and np.any(driven < 0) else usual
    if not _fits(bounds, wrong):
        hint = "is the unit of the column another one? Its true one goes behind a colon"
        raise BadValue(f"{called}: {_must(wanted, bounds, wrong)}; {hint}")
    negative = int(np.sum(driven < 0))
    if not negative:
        return None
    where = "is negative" if negative == len(driven) else f"is negative in {negative} of {len(values)} rows"
    return f"the {wanted.title} {where}, which turns the sign of what is divided by it"


def unusual(wanted: Wanted, values: FloatArray) -> str | None:
    """Say of a column that reaches much more, or much less, than usual that its unit is probably another one."""
    known = np.abs(values[np.isfinite(values)])
    if wanted.likely is None or not len(known):
        return None
    smallest, largest = wanted.likely
    reached = float(np.percentile(known, _USUAL_PART))
    if reached == 0 or smallest <= reached <= largest:
        return None
    most = float(np.max(known))
    how = "reaches" if reached > largest else "reaches only"
    limit = f"more than {_text(largest, wanted)}" if reached > largest else f"less than {_text(smallest, wanted)}"
    return (
        f"the {wanted.title} {how} {_text(most, wanted)}, {limit}: the unit of the column is probably another one; "
        "give its true one behind a colon"
    )


def _fits(bounds: Bounds, value: float) -> bool:
    size = abs(value) if bounds.signed else value
    return size > 0 and bounds.smallest <= size <= bounds.largest


def _must(wanted: Wanted, bounds: Bounds, value: float) -> str:
    above = f"at least {_text(bounds.smallest, wanted)}" if bounds.smallest else "above zero"
    between = f"{above} and at most {_text(bounds.largest, wanted)}"
    size = " in either direction" if bounds.signed else ""
    return f"the {wanted.title} is {_text(value, wanted)}, but must be {between}{size}"


def _text(value: float, wanted: Wanted) -> str:
    return format_quantity(value, wanted.unit)
