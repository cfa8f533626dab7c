"""What can be connected to a cryostat controller without a lab around it: nothing, or resistors."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from simulators.terminals import BridgeTerminals, ControllerTerminals


def limited(current: float, power: float, voltage: float, resistance: float) -> float:
    """Return the largest current in A, up to `current`, with which a resistor stays within a power and a voltage.

    Args:
        current: A.
        power: W.
        voltage: V.
        resistance: Ohm; nothing flows through an infinite one.
    """
    if math.isinf(resistance):
        return 0.0
    if resistance <= 0.0:
        return current
    return min(current, math.sqrt(power / resistance), voltage / resistance)


class ResistorBridges:
    """Resistors at the bridges of a controller; see `BridgeTerminals`.

    Args:
        resistors: Ohm by number of the bridge; the other bridges' leads hang open.
        offset: Steady voltage in V in series with each resistor.
    """

    def __init__(self, resistors: Mapping[int, float] | None = None, offset: float = 0.0) -> None:
        self._resistors = dict(resistors or {})
        self._offset = offset
        self._flows: dict[int, tuple[float, float]] = {}

    def excite(self, bridge: int, current: float, power: float, voltage: float, frequency: float) -> None:
        """Drive a current in A; see `BridgeTerminals.excite`."""
        resistance = self._resistors.get(bridge, math.inf)
        self._flows[bridge] = limited(current, power, voltage, resistance), frequency

    def current(self, bridge: int) -> float:
        """Amplitude in A of what flows now."""
        return self._flows.get(bridge, (0.0, 0.0))[0]

    def mean_voltage(self, bridge: int, start: float, end: float) -> float:
        """V between the voltage leads; see `BridgeTerminals.mean_voltage`."""
        del start, end
        if bridge not in self._resistors:
            return math.nan
        current, frequency = self._flows.get(bridge, (0.0, 0.0))
        return current * self._resistors[bridge] + (0.0 if frequency else self._offset)


class OpenConnectors:
    """Auxiliary connectors with nothing in them; see `ControllerTerminals`."""

    def load(self, driver: int) -> float:
        """Ohm: none."""
        del driver
        return math.inf

    def drive(self, driver: int, current: float) -> None:
        """Drive nothing."""

    def signal(self, number: int) -> float:
        """V at an open input."""
        del number
        return 0.0

    def sense(self) -> int:
        """No line is pulled."""
        return 0

    def set_lines(self, drive: int, select: int) -> None:
        """Switch nothing."""


@dataclass(frozen=True, slots=True)
class Connections:
    """What is connected to a cryostat controller; nothing by default.

    Attributes:
        bridges: At the resistance bridges.
        connectors: At drivers, analogue inputs and digital lines.
        mapped: Items 20 to 29 of GETDAT? that the user has mapped: value by number. The others are not available.
        noise: Random numbers of the bridges; without them they are silent.
    """

    bridges: BridgeTerminals = field(default_factory=ResistorBridges)
    connectors: ControllerTerminals = field(default_factory=OpenConnectors)
    mapped: Mapping[int, Callable[[], float]] = field(default_factory=dict[int, Callable[[], float]])
    noise: np.random.Generator | None = None
