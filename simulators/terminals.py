"""Where a simulated instrument ends and the lab begins: the screws on its back.

An instrument knows nothing of cables and samples; it drives and measures at its terminals. The wiring answers.
"""

from __future__ import annotations

from typing import Protocol


class SourceTerminals(Protocol):
    """High and low of a current source."""

    def drive(self, current: float, compliance: float, noise: float = 0.0) -> None:
        """Drive this current in A from now on, with at most this voltage in V between the terminals.

        What really flows is less when the compliance is reached. `noise` is the current's fluctuation, rms in A in
        the band from 0.1 Hz to 10 Hz.
        """
        ...

    def release(self) -> None:
        """Let go from now on: no current, terminals float."""
        ...

    def in_compliance(self) -> bool:
        """Whether the present current is limited by the compliance voltage."""
        ...

    def voltage(self) -> float:
        """Voltage in V between the terminals now."""
        ...


class MeterTerminals(Protocol):
    """High and low of a voltmeter's channels."""

    def mean_voltage(self, channel: int, start: float, end: float) -> float:
        """Return what lies between a channel's high and low, in V, averaged from `start` to `end` (lab times in s).

        Everything outside the meter is in it: the sample, thermal electromotive forces, Johnson noise, noise of the
        source. `end` is now or earlier, by at most ten seconds. A channel whose leads hang open gives NaN: what a
        meter then shows is its own affair.
        """
        ...

    def source_resistance(self, channel: int) -> float:
        """Resistance in ohm that the channel looks into, infinite for an open lead."""
        ...
