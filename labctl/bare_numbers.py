"""Numbers that were given without a unit, and what they are taken for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from labctl.setting import Setting

_BARE = re.compile(r"[-+0-9.eE,:;\s]*[0-9][-+0-9.eE,:;\s]*")
"""Numbers, lists and ranges without any unit."""


def taken_for(given: Any, of_text: str, of_number: str) -> str:
    """Return a number without a unit with the one that is put to it; nothing of what is none, or zero.

    Args:
        given: What somebody wrote: a text, a number, or several numbers.
        of_text: Unit in which a text without one is taken.
        of_number: Unit in which a number is taken.
    """
    if isinstance(given, str):
        bare = _BARE.fullmatch(given) and any(digit in given for digit in "123456789")
        return f"{given.strip()} {of_text}" if bare and of_text else ""
    items = list(cast("Iterable[Any]", given)) if isinstance(given, Iterable) else [given]
    numbers = [item for item in items if isinstance(item, Real) and item]
    return f"{', '.join(map(str, items))} {of_number}" if numbers and of_number else ""


def bare_numbers(parameters: Mapping[str, Setting[Any]], given: Mapping[str, Any]) -> dict[str, str]:
    """Return what each number that came without a unit was taken for, by the parameter's name."""
    taken = {name: parameters[name].taken(value) for name, value in given.items() if name in parameters}
    return {name: text for name, text in taken.items() if text}
