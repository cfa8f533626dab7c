"""A list of probe currents, as parts of the record's or as currents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from instruments import units
from instruments.errors import BadValue
from labctl.setting import Setting


class ProbeCurrents(Setting[tuple[str, ...]]):
    """Probe currents: "0.5, 1, 2" are parts of the probe current, "50, 100, 200 uA" are currents.

    The value is a tuple of texts, each a plain number or a current in A.
    """

    def convert(self, value: Any) -> tuple[str, ...]:
        """Return the list's items; see the class.

        Raises:
            BadValue: It is neither, an item is zero or below, two are equal, or there are fewer than two.
        """
        text = value if isinstance(value, str) else ", ".join(map(str, _items_of(value)))
        try:
            numbers, unit = units.parse_list(text, "", self.called), ""
        except BadValue:
            numbers, unit = units.parse_list(text, "A", self.called), " A"
        for number in numbers:
            if number <= 0.0:
                raise BadValue(f"{self.called} holds {number:g}{unit}, but currents must be above zero")
        if len(set(numbers)) < max(2, len(numbers)):
            raise BadValue(f"{self.called} is {text!r}, but needs two different currents or more, each once")
        return tuple(f"{number!r}{unit}" for number in numbers)

    def convert_list(self, text: str) -> list[Any]:
        """Return several lists, which are separated by semicolons.

        Raises:
            BadValue: As for one list.
        """
        return [self.convert(item) for item in self._items(text, ";")]

    def show(self, value: Any) -> str:
        """Write the items exactly."""
        return ", ".join(value)

    def choices(self) -> str:
        """Say what may be entered."""
        return "parts of the probe current, e.g. 0.5, 1, 2, or currents, e.g. 50, 100, 200 uA"


def _items_of(value: Any) -> list[Any]:
    return list(cast("Iterable[Any]", value)) if isinstance(value, Iterable) else [value]


def in_amperes(items: Iterable[str], probe_current: float) -> tuple[float, ...]:
    """Return the currents in A, where the probe current in A is what plain numbers are parts of."""
    return tuple(
        units.parse(item, "A") if item.endswith("A") else float(f"{float(item) * probe_current:.12g}") for item in items
    )
