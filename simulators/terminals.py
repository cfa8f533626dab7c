"""Where a simulated instrument ends and the lab begins: the screws on its back.

An instrument knows nothing of cables and samples; it drives and measures at its terminals. The wiring answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from simulators.periodic import PeriodicVoltage


class SourceTerminals(Protocol):
    """High and low of a current source."""

    def drive(self, current: float, compliance: float, noise: float = 0.0, settling: float = 0.0) -> None:
        """Drive this current in A from now on, with at most this voltage in V between the terminals.

        What really flows is less when the compliance is reached. `noise` is the current's fluctuation, rms in A in
        the band from 0.1 Hz to 10 Hz. `settling` is the time constant in s of the exponential approach from what
        flowed before; zero changes it at once.
        """
        ...

    def drive_cycle(self, steps: Sequence[tuple[float, float]], compliance: float, noise: float = 0.0) -> None:
        """Drive a periodic current from now on, until the next call of anything here.

        Args:
            steps: One period, as (duration in s, current in A); the steps follow each other and begin anew.
            compliance: As for `drive`.
            noise: As for `drive`.
        """
        ...

    def release(self) -> None:
        """Let go from now on: no current, terminals float."""
        ...

    def in_compliance(self) -> bool:
        """Whether the present current is limited by the compliance voltage (of a cycle: any of its steps)."""
        ...

    def clamped_since(self, time: float) -> bool:
        """Whether the current was limited by the compliance voltage at any moment from a lab time in s until now."""
        ...

    def voltage(self) -> float:
        """Voltage in V between the terminals now."""
        ...


class SmuTerminals(Protocol):
    """Output and sense terminals of a source-measure unit."""

    def source_voltage(self, voltage: float, limit: float, noise: float = 0.0) -> None:
        """Keep this voltage in V from now on, with at most this current in A, either way.

        It is kept between the output terminals, or between the sense terminals where sensing is remote. `noise` is
        rms in V in the band from 0.1 Hz to 10 Hz.
        """
        ...

    def source_current(self, current: float, limit: float, noise: float = 0.0) -> None:
        """Drive this current in A from now on, with at most this voltage in V, either way; noise rms in A."""
        ...

    def release(self) -> None:
        """Open the output relay from now on."""
        ...

    def sense_remotely(self, remote: bool) -> None:
        """Sense at the sense terminals instead of at the output terminals."""
        ...

    def limited(self) -> bool:
        """Whether it is the limit that holds now, not what was set."""
        ...

    def mean_voltage(self, start: float, end: float) -> float:
        """Voltage in V at the terminals that sense, averaged between two lab times in s, the end now or earlier.

        NaN where they hang open and nothing defines it.
        """
        ...

    def mean_current(self, start: float, end: float) -> float:
        """Current in A out of the high terminal, averaged between two lab times in s, the end now or earlier."""
        ...


class MeterTerminals(Protocol):
    """High and low of a voltmeter's channels."""

    def mean_voltage(self, channel: int, start: float, end: float) -> float:
        """Return what lies between a channel's high and low, in V, averaged from `start` to `end` (lab times in s).

        Everything outside the meter is in it: the sample, thermal electromotive forces, Johnson noise, noise of the
        source. `end` is now or earlier, by at most ten seconds. A channel whose leads hang open gives NaN: what a
        meter then shows is its own affair. The lows of both channels are one conductor: channel 2 is measured
        against the low of channel 1 where that is connected.
        """
        ...

    def source_resistance(self, channel: int) -> float:
        """Resistance in ohm that the channel looks into, infinite for an open lead."""
        ...


class Marker(NamedTuple):
    """Pulses that come once in every period of a wave.

    Attributes:
        frequency: Hz.
        time: Lab time in s of one of them.
    """

    frequency: float
    time: float


class LockinTerminals(Protocol):
    """Signal and reference inputs of a lock-in amplifier."""

    def heard(self, start: float, end: float, *, single: bool = False) -> PeriodicVoltage | None:
        """Return what the running wave makes of voltage at the inputs, None without a wave or with an open lead.

        Args:
            start: Lab time in s, at most ten seconds ago.
            end: Lab time in s, now or earlier; from `start` on nothing was announced to `watch`.
            single: Whether only input A is used.
        """
        ...

    def swings(self) -> bool:
        """Whether there is a wave now."""
        ...

    def noise(self, time: float, *, single: bool = False) -> float:
        """Return the Johnson noise of what the inputs look into at a lab time in s, in V/sqrt(Hz)."""
        ...

    def marker(self) -> Marker | None:
        """Return the pulses at the reference input now, None where there are none."""
        ...

    def watch(self, before: Callable[[float], None]) -> None:
        """Have somebody called with the lab time in s at which what is heard changes, before it does."""
        ...


class BridgeTerminals(Protocol):
    """The leads of a cryostat controller's resistance bridges: four to each, current and voltage."""

    def excite(self, bridge: int, current: float, power: float, voltage: float, frequency: float) -> None:
        """Drive a current in A through a bridge's current leads from now on, zero for none.

        It is as much less as keeps what lies between the voltage leads within a power in W and a voltage in V.

        Args:
            bridge: 1 to 4.
            current: Amplitude in A.
            power: W.
            voltage: V.
            frequency: Hz of the square wave; zero for direct current.
        """
        ...

    def current(self, bridge: int) -> float:
        """Amplitude in A of what flows now; zero where the leads hang open."""
        ...

    def mean_voltage(self, bridge: int, start: float, end: float) -> float:
        """Return what lies between a bridge's voltage leads, in V, averaged from `start` to `end` (lab times in s).

        Of an alternating excitation it is half the difference between its two polarities, so that a steady voltage is
        not in it; of a direct one it is the mean with everything in it. `end` is now or earlier, by at most ten
        seconds. NaN where the leads hang open.
        """
        ...


class ControllerTerminals(Protocol):
    """A cryostat controller's auxiliary connectors: drivers, analogue inputs, digital lines."""

    def load(self, driver: int) -> float:
        """Resistance in ohm that driver 1 or 2 works into, infinite for an open connector."""
        ...

    def drive(self, driver: int, current: float) -> None:
        """Drive this current in A from now on; it is what flows, with the load and the power limit in it."""
        ...

    def signal(self, number: int) -> float:
        """Voltage in V at analogue input 1 or 2 now."""
        ...

    def sense(self) -> int:
        """Digital inputs: bits 0 and 1 auxiliary sense, bit 2 external busy, bit 3 external user."""
        ...

    def set_lines(self, drive: int, select: int) -> None:
        """Switch the drive lines (bits 0 to 2), the actuator (bit 3) and the external select lines (bits 0 to 2)."""
        ...
