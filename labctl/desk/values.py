"""How the value of a parameter is written in a window."""

from __future__ import annotations

from typing import Any

from instruments import units
from labctl.desk.derived import listed
from labctl.desk.spelling import spoken
from labctl.setting import Setting


def shown(parameter: Setting[Any], value: Any, *, digits: int = 6, in_oersted: bool = False) -> str:
    """Return a value as people write it: `20 mT`, `100 µA`, of a long list how many there are and its ends.

    Args:
        parameter: Whose value it is.
        value: In SI units where it has one.
        digits: As many as it has at most.
        in_oersted: Whether a field is said in Oe, too.
    """
    unit = getattr(parameter, "si_unit", None)
    if isinstance(value, tuple) and unit is not None:
        numbers = [float(each) for each in value if isinstance(each, float | int)]  # pyright: ignore[reportUnknownVariableType] - of a parameter, which are numbers
        return spoken(listed(numbers, unit))
    if unit is None or not isinstance(value, float):
        return spoken(value if isinstance(value, str) else parameter.show(value))
    text = units.format_quantity(value, unit, shown=units.SPOKEN.get(unit, ""), digits=digits)
    if in_oersted and unit == "T" and value:
        text += f" = {units.format_quantity(value, unit, shown='kOe' if abs(value) >= 0.1 else 'Oe', digits=digits)}"
    return spoken(text)
