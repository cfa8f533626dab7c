"""Cables between the instruments and the sample, with what they really do.

The station says which instrument's terminal goes to which lead, the sample record says which lead goes to which pad
and through how many ohms. What is connected wrongly has its consequence: a swapped pair changes the sign, an open lead
leaves a meter with its own noise and a source at its compliance.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from simulators.physics.noise import ThermalEmf, johnson_rms
from simulators.randomness import Gaussian, Streams
from simulators.samples.sample import Sample
from simulators.timeline import Timeline

OPEN = "open"
"""Name of the lead that goes nowhere."""

SOURCE_NOISE_BAND = 10.0
"""Hz; upper end of the band in which a source's noise is specified."""

_SLOW = 0.1  # s; what a meter's bias current flows through is not looked up again within this time of an aperture
_MEMORY = 30.0  # s; how long changes of the current are remembered, for apertures that lie in the past


@dataclass(frozen=True, slots=True)
class Lead:
    """One line from the breakout box to the sample.

    Attributes:
        pad: Name of the sample's pad.
        resistance: ohm, of line and contact.
    """

    pad: str
    resistance: float


@dataclass(frozen=True, slots=True)
class Cables:
    """Which lead each instrument terminal is plugged into; `open` where it hangs free.

    Attributes:
        source: Leads at the current source's high and low.
        voltmeter: Leads at high and low of each of the voltmeter's channels.
    """

    source: tuple[str, str] = (OPEN, OPEN)
    voltmeter: Mapping[int, tuple[str, str]] = field(default_factory=dict[int, tuple[str, str]])


@dataclass(frozen=True, slots=True)
class EmfSettings:
    """How large thermal electromotive forces are (assumed; see `ThermalEmf`).

    Attributes:
        offset: V, standard deviation of the constant part.
        wander: V, standard deviation of the slow part.
        drift: V/s, straight drift.
    """

    offset: float = 0.5e-6
    wander: float = 0.1e-6
    drift: float = 0.0


class Wiring:
    """The network of one lab: implements the terminals that instruments see."""

    def __init__(
        self, timeline: Timeline, sample: Sample, leads: Mapping[str, Lead], cables: Cables,
        streams: Streams, emf: EmfSettings,
    ) -> None:  # fmt: skip
        self._timeline = timeline
        self._sample = sample
        self._leads = dict(leads)
        high, low = (self._leads.get(name) for name in cables.source)
        self._source = (high, low) if high is not None and low is not None and high.pad != low.pad else None
        self._channels = {
            channel: (self._leads.get(names[0]), self._leads.get(names[1]))
            for channel, names in cables.voltmeter.items()
        }
        self._emf = {
            channel: ThermalEmf(streams.noise(f"thermal emf {channel}"), emf.offset, emf.wander, emf.drift)
            for channel in self._channels
        }
        self._johnson = {channel: Gaussian(streams.noise(f"Johnson noise {channel}")) for channel in self._channels}
        self._source_noise = Gaussian(streams.noise("current source"))
        self._commanded = 0.0
        self._compliance = math.inf
        self._noise = 0.0
        self._looked_at, self._clamped = -math.inf, False
        self._looked_into: dict[int, tuple[float, float]] = {}
        self._changes: deque[tuple[float, float]] = deque([(-math.inf, 0.0)])

    # ---- the source's side

    def drive(self, current: float, compliance: float, noise: float = 0.0) -> None:
        """Drive this current in A, limited to this voltage in V; see `SourceTerminals.drive`.

        What a clamped source drives is decided here, by the resistance at this moment, and not again at every look.
        """
        self._commanded, self._compliance, self._noise = current, compliance, noise
        limited = self._limited_current()
        self._looked_at, self._clamped = self._timeline.now, limited != current
        self._set_current(limited)

    def release(self) -> None:
        """Let go: no current."""
        self._commanded, self._compliance, self._noise = 0.0, math.inf, 0.0
        self._looked_at, self._clamped = self._timeline.now, False
        self._set_current(0.0)

    def in_compliance(self) -> bool:
        """Whether less flows now than was commanded, because the compliance voltage is reached."""
        now = self._timeline.now
        if now != self._looked_at:
            self._looked_at, self._clamped = now, self._limited_current() != self._commanded
        return self._clamped

    def voltage(self) -> float:
        """Voltage in V between the source's terminals."""
        if self._source is None:
            return math.copysign(self._compliance, self._commanded) if self._commanded else 0.0
        return self._changes[-1][1] * self._loop_resistance()

    def _loop_resistance(self) -> float:
        assert self._source is not None
        high, low = self._source
        between = self._sample.resistance(high.pad, low.pad, self._timeline.now)
        return high.resistance + low.resistance + between

    def _limited_current(self) -> float:
        """What flows of the commanded current: none into an open lead, and never more than the compliance allows."""
        if self._commanded == 0.0:
            return 0.0
        if self._source is None:
            return 0.0
        largest = self._compliance / self._loop_resistance()
        return self._commanded if abs(self._commanded) <= largest else math.copysign(largest, self._commanded)

    def _set_current(self, current: float) -> None:
        now = self._timeline.now
        if current == self._changes[-1][1]:
            return
        while len(self._changes) > 1 and self._changes[1][0] < now - _MEMORY:
            self._changes.popleft()
        self._changes.append((now, current))
        if self._source is not None:
            high, low = self._source
            self._sample.set_currents(now, {high.pad: current, low.pad: -current})

    # ---- the voltmeter's side

    def mean_voltage(self, channel: int, start: float, end: float) -> float:
        """Return a channel's mean voltage in V between two lab times in s; see `MeterTerminals.mean_voltage`."""
        high, low = self._channels.get(channel, (None, None))
        if high is None or low is None:
            return math.nan
        aperture = end - start
        voltage = self._emf[channel](0.5 * (start + end))
        if high.pad != low.pad:
            for begin, finish, current in self._currents(start, end):
                weight = (finish - begin) / aperture
                voltage += weight * self._sample_voltage(high.pad, low.pad, begin, finish, current)
        temperature = self._sample.temperature(end)
        return voltage + self._johnson[channel]() * johnson_rms(
            self._resistance(channel, high, low, end), temperature, aperture
        )

    def source_resistance(self, channel: int) -> float:
        """Resistance in ohm that a channel looks into."""
        high, low = self._channels.get(channel, (None, None))
        if high is None or low is None:
            return math.inf
        time, resistance = self._looked_into.get(channel, (-math.inf, 0.0))
        now = self._timeline.now
        return resistance if now - time < _SLOW else self._resistance(channel, high, low, now)

    def _resistance(self, channel: int, high: Lead, low: Lead, time: float) -> float:
        """Resistance in ohm between two leads."""
        between = 0.0 if high.pad == low.pad else self._sample.resistance(high.pad, low.pad, time)
        resistance = high.resistance + low.resistance + between
        self._looked_into[channel] = (time, resistance)
        return resistance

    def _currents(self, start: float, end: float) -> list[tuple[float, float, float]]:
        """Cut a window at the changes of the current: start, end, current in A."""
        changes = self._changes
        if changes[-1][0] <= start:
            return [(start, end, changes[-1][1])]
        parts: list[tuple[float, float, float]] = []
        finish = end
        for time, current in reversed(changes):
            if time < finish:
                parts.append((max(time, start), finish, current))
                finish = time
            if time <= start:
                break
        return parts[::-1]

    def _sample_voltage(self, high: str, low: str, start: float, end: float, current: float) -> float:
        """Mean voltage in V that the sample makes of a constant current, with the source's noise on it."""
        potentials = self._sample.mean_potentials(start, end)
        voltage = potentials[high] - potentials[low]
        if not (self._noise and current):
            return voltage
        density = self._noise / math.sqrt(SOURCE_NOISE_BAND)
        fluctuation = self._source_noise() * density / math.sqrt(2.0 * (end - start))
        return voltage * (1.0 + fluctuation / current)
