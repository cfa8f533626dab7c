"""The resistance bridges of a BRT module, read and set through MultiVu as objects of its CAN bus (SDO).

Node 21 has bridge n at index 0x6000 + n; sub-index 1 is the resistance in ohm, 2 the current in uA, 3 whether the
bridge is on, 4 whether the current is constant, 5 the current set in uA, 6 to 8 the limits of current in uA, power in
uW and voltage in mV (MultiPyVu 3.8.0, BRT.py).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

NODE = 21
BRIDGES = (1, 2, 3)
RESISTANCE, CURRENT, ON, CONSTANT, SET_CURRENT, CURRENT_LIMIT, POWER_LIMIT, VOLTAGE_LIMIT = range(1, 9)

_RANGES = {
    ON: (0.0, 1.0),
    CONSTANT: (0.0, 1.0),
    SET_CURRENT: (0.01, 8000.0),
    CURRENT_LIMIT: (0.01, 8000.0),
    POWER_LIMIT: (0.001, 1000.0),
    VOLTAGE_LIMIT: (1.0, 4000.0),
}
_INITIAL = {ON: 0.0, CONSTANT: 0.0, SET_CURRENT: 0.01, CURRENT_LIMIT: 0.01, POWER_LIMIT: 0.001, VOLTAGE_LIMIT: 1.0}
"""Settings after switching on: the smallest. Assumed."""

_OBJECT = re.compile(
    r"node: ([0-9]{1,2})  index: (0x[0-9a-fA-F]{1,4})  sub_index: (0x[0-9a-fA-F]{1,4})  type: ([_a-zA-Z]+)"
)
_TYPES = {"short_t", "int_t", "single_t", "double_t", "string_t", "ushort_t", "uint_t", "long_t", "ulong_t"}
_FLAGS = (ON, CONSTANT)


class BusError(Exception):
    """The CAN bus's answer to a request that it cannot carry out; `str` is MultiPyVu's text for it.

    Attributes:
        code: The number that MultiPyVu gives with it.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Bridges:
    """Three bridges, each with a resistor of its own or with nothing connected to it.

    Args:
        resistors: Ohm by the number of the bridge; none by default.
    """

    OPEN = 0.0
    """Ohm and uA that a bridge shows with no current through it. Unsure: no source says what the module shows."""

    def __init__(self, resistors: Mapping[int, float] | None = None) -> None:
        self._resistors = dict(resistors or {})
        self._settings = {bridge: dict(_INITIAL) for bridge in BRIDGES}

    def read(self, text: str) -> float | int:
        """Return an object's value.

        Args:
            text: The object as MultiPyVu writes it.

        Raises:
            ValueError: This names no object.
            BusError: There is no such object.
        """
        bridge, what = self._find(text)
        if what == RESISTANCE:
            return self._resistors[bridge] if self._current(bridge) else self.OPEN
        if what == CURRENT:
            return self._current(bridge) or self.OPEN
        value = self._settings[bridge][what]
        return int(value) if what in _FLAGS else value

    def write(self, text: str, value: str) -> None:
        """Set an object's value.

        Raises:
            ValueError: This names no object, or the value is no number.
            BusError: There is no such object, it can only be read, or does not take the value.
        """
        bridge, what = self._find(text)
        number = float(int(value)) if what in _FLAGS else float(value)
        if what not in _RANGES:
            raise BusError(4, "CAN Error: attempt to write a read only object")
        low, high = _RANGES[what]
        if not low <= number <= high:
            raise BusError(4, "CAN Error: value range of parameter exceeded")
        self._settings[bridge][what] = number

    def _find(self, text: str) -> tuple[int, int]:
        found = _OBJECT.fullmatch(text.strip())
        if found is None or found[4] not in _TYPES:
            raise ValueError(f"{text!r} names no object")
        bridge, what = int(found[2], 16) - 0x6000, int(found[3], 16)
        if int(found[1]) != NODE:
            raise BusError(5, "CAN Error: Node was not found")
        if bridge not in BRIDGES or not RESISTANCE <= what <= VOLTAGE_LIMIT:
            raise BusError(4, "CAN Error: object does not exist in object directory")
        return bridge, what

    def _current(self, bridge: int) -> float:
        """Return the current in uA: as much as the limits of power and voltage allow, and none through nothing."""
        settings, ohm = self._settings[bridge], self._resistors.get(bridge)
        if ohm is None or not settings[ON]:
            return 0.0
        wanted = settings[SET_CURRENT] if settings[CONSTANT] else settings[CURRENT_LIMIT]
        if not ohm:
            return wanted
        by_power = math.sqrt(settings[POWER_LIMIT] * 1e-6 / ohm) * 1e6
        by_voltage = settings[VOLTAGE_LIMIT] * 1e-3 / ohm * 1e6
        return min(wanted, by_power, by_voltage)
