"""The Model 6000's electrical side: resistance bridges, heater drivers, analogue outputs, digital lines.

A bridge reads one resistance after the other for as long as it is on, each over an aperture of its mode, and gives the
latest that is complete.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np

from simulators.controller_leads import Connections, limited
from simulators.randomness import TimedGaussian
from simulators.terminals import BridgeTerminals
from simulators.timeline import Timeline

FULL_SCALE = 10.0
"""V that an analogue output gives at most, either way."""

Item = Callable[[int], float | None]
"""Value of an item of GETDAT? by its bit, None where it is not available."""


class Bridge:
    """One resistance bridge.

    Args:
        timeline: The lab's time.
        number: 1 to 4.
        terminals: What is connected.
        noise: Its noise, or None.
    """

    FREQUENCY: ClassVar[float] = 7.5
    """Hz of the alternating excitation, a square wave."""

    APERTURES: ClassVar[tuple[float, float, float]] = (0.5, 0.1, 2.0)
    """s of a reading in standard, fast and high-resolution mode. Unsure."""

    NOISE: ClassVar[float] = 2e-8
    """V rms in a reading of 1 s. Unsure."""

    LARGEST_POWER: ClassVar[float] = 1e-3
    """W; also where no limit was ever given. Unsure."""

    LARGEST_VOLTAGE: ClassVar[float] = 0.1
    """V; also where no limit was ever given. Unsure."""

    def __init__(
        self, timeline: Timeline, number: int, terminals: BridgeTerminals, noise: np.random.Generator | None
    ) -> None:
        self._timeline, self._number, self._terminals = timeline, number, terminals
        self._noise = None if noise is None else TimedGaussian(noise, min(self.APERTURES))
        self._since: float | None = None  # lab s from which on it is on
        self._aperture = self.APERTURES[0]
        self._latest: tuple[float, tuple[float, float] | None] = (-math.inf, None)

    def set(self, settings: Sequence[float]) -> None:
        """Take the settings of BRIDGE: uA, uW, DC flag, mode, mV."""
        excitation, power, direct, mode, voltage = settings
        self._terminals.excite(
            self._number,
            excitation * 1e-6,
            power * 1e-6 or self.LARGEST_POWER,
            voltage * 1e-3 or self.LARGEST_VOLTAGE,
            0.0 if direct else self.FREQUENCY,
        )
        self._aperture = self.APERTURES[int(mode)]
        self._since = self._timeline.now if excitation else None
        self._latest = (-math.inf, None)

    def off(self) -> None:
        """Drive nothing any more."""
        if self._since is not None:
            self.set((0.0, 0.0, 0, 0, 0.0))

    def reading(self) -> tuple[float, float] | None:
        """Return resistance in ohm and current in uA of the latest complete reading.

        None before there is one, and where the bridge is off or its leads hang open.
        """
        if self._since is None:
            return None
        number = math.floor((self._timeline.now - self._since) / self._aperture)
        if number < 1:
            return None
        end = self._since + number * self._aperture
        if self._latest[0] != end:
            self._latest = end, self._read(end)
        return self._latest[1]

    def _read(self, end: float) -> tuple[float, float] | None:
        current = self._terminals.current(self._number)
        voltage = self._terminals.mean_voltage(self._number, end - self._aperture, end)
        if math.isnan(voltage) or not current:
            return None
        if self._noise is not None:
            voltage += self._noise.at(end) * self.NOISE / math.sqrt(self._aperture)
        return voltage / current, current * 1e6


class ControllerOutputs:
    """Everything electrical of a Model 6000.

    Args:
        timeline: The lab's time.
        item: Gives the values that analogue outputs can follow.
        connections: What is connected.
    """

    def __init__(self, timeline: Timeline, item: Item, connections: Connections) -> None:
        self._bridges = {
            number: Bridge(timeline, number, connections.bridges, connections.noise) for number in (1, 2, 3, 4)
        }
        self._item = item
        self._connectors = connections.connectors
        self._voltages: dict[int, float] = {}
        self._links: dict[int, tuple[int, float, float]] = {}
        self._drivers: dict[int, tuple[float, float]] = {}
        self._lines = {"DIGSET": 0, "EXTSET": 0}

    def take(self, header: str, channel: int, settings: Sequence[float]) -> None:
        """Have a setting of BRIDGE, DRVOUT, SIGOUT, LINK, DIGSET or EXTSET come true, all of its parameters given."""
        if header == "BRIDGE":
            self._bridges[channel].set(settings)
        elif header == "DRVOUT":
            self._drivers[channel] = settings[0] * 1e-3, settings[1]
            self._connectors.drive(channel, self._flows(channel))
        elif header == "SIGOUT":
            self._voltages[channel] = settings[0]
            self._links.pop(channel, None)
        elif header == "LINK":
            self._links[channel] = int(settings[0]), settings[1], settings[2]
        elif header in self._lines:
            self._lines[header] = int(settings[0])
            self._connectors.set_lines(self._lines["DIGSET"], self._lines["EXTSET"])

    def off(self) -> None:
        """Everything off, as after switching on."""
        for bridge in self._bridges.values():
            bridge.off()
        for driver in self._drivers:
            self._connectors.drive(driver, 0.0)
        if any(self._lines.values()):
            self._connectors.set_lines(0, 0)
        self._voltages.clear()
        self._links.clear()
        self._drivers.clear()
        self._lines = {"DIGSET": 0, "EXTSET": 0}

    def bridge(self, number: int) -> tuple[float, float] | None:
        """Return resistance in ohm and current in uA of bridge 1 to 4; see `Bridge.reading`."""
        return self._bridges[number].reading()

    def driver(self, number: int) -> tuple[float, float]:
        """Return current in mA and power in W of driver 1 or 2."""
        current = self._flows(number)
        return current * 1e3, current**2 * self._connectors.load(number) if current else 0.0

    def signal_in(self, number: int) -> float:
        """Voltage in V at analogue input 1 or 2."""
        return self._connectors.signal(number)

    def signal_out(self, channel: int) -> float:
        """Voltage in V at analogue output 1 to 4: what SIGOUT set, or what LINK makes of its item now.

        An item that is not available gives 0 V, and so does a link with no span. Unsure.
        """
        number, full, middle = self._links.get(channel, (0, 0.0, 0.0))
        if not number:
            return self._voltages.get(channel, 0.0)
        value = self._item(number)
        if value is None or full == middle:
            return 0.0
        return max(-FULL_SCALE, min(FULL_SCALE, FULL_SCALE * (value - middle) / (full - middle)))

    def sense(self) -> int:
        """Digital inputs of the connectors; see `ControllerTerminals.sense`."""
        return self._connectors.sense()

    def _flows(self, driver: int) -> float:
        current, power = self._drivers.get(driver, (0.0, 0.0))
        return limited(current, power, math.inf, self._connectors.load(driver))
