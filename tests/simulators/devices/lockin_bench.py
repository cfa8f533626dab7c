"""A wave of known harmonics at the inputs of a lock-in amplifier, with pulses at its reference input."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from simulators.periodic import Period, PeriodicVoltage
from simulators.terminals import Marker
from simulators.timeline import Timeline

STEPS = 256


class Wave:
    """Terminals of a lock-in.

    Args:
        timeline: The lab's time.
        frequency: Hz.
        harmonics: V peak by number: Im[c exp(i n w t)], so that a real one is a sine.
        marked: Degrees of the wave at which the pulses come; None for no pulses.

    Attributes:
        resistance: ohm, of which there is Johnson noise at 300 K.
    """

    def __init__(
        self, timeline: Timeline, frequency: float, harmonics: Mapping[int, complex], marked: float | None = 0.0
    ) -> None:
        self._timeline = timeline
        self._listeners: list[Callable[[float], None]] = []
        self.resistance = 0.0
        self.start = timeline.now
        self.on = True
        self._make(frequency, harmonics, marked)

    def _make(self, frequency: float, harmonics: Mapping[int, complex], marked: float | None) -> None:
        self._frequency, self._harmonics, self._marked = frequency, dict(harmonics), marked
        period = Period(self.start, [1.0 / (frequency * STEPS)] * STEPS)
        phases = 2.0 * math.pi * (np.arange(STEPS) + 0.5) / STEPS
        voltages = np.zeros(STEPS)
        for number, value in self._harmonics.items():
            voltages += value.real if number == 0 else (value * np.exp(1j * number * phases)).imag
        self._voltage = PeriodicVoltage(period, voltages)

    def change(
        self, frequency: float, harmonics: Mapping[int, complex], marked: float | None = 0.0, *, on: bool = True
    ) -> None:
        """Make another wave from now on, or none."""
        for listener in self._listeners:
            listener(self._timeline.now)
        self.start, self.on = self._timeline.now, on
        self._make(frequency, harmonics, marked)

    def scale(self, factor: float) -> None:
        """Make the wave so many times larger from now on; it goes on at its phase."""
        for listener in self._listeners:
            listener(self._timeline.now)
        scaled = {number: factor * value for number, value in self._harmonics.items()}
        self._make(self._frequency, scaled, self._marked)

    # what a lock-in sees

    def watch(self, before: Callable[[float], None]) -> None:
        self._listeners.append(before)

    def swings(self) -> bool:
        return self.on

    def marker(self) -> Marker | None:
        if not self.on or self._marked is None:
            return None
        return Marker(self._frequency, self.start + self._marked / 360.0 / self._frequency)

    def heard(self, start: float, end: float, *, single: bool = False) -> PeriodicVoltage | None:
        del start, end, single
        return self._voltage if self.on else None

    def noise(self, time: float, *, single: bool = False) -> float:
        del time, single
        return math.sqrt(4.0 * 1.380649e-23 * 300.0 * self.resistance)
