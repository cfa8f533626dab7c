"""The terminals of a voltmeter on the sample: what each of its channels sees."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from simulators.cables import OPEN, SHIELD, Cables, EmfSettings, Lead, pair
from simulators.circuit import Circuit, Pair
from simulators.physics.noise import ThermalEmf, johnson_rms
from simulators.randomness import Gaussian, Streams
from simulators.source_wiring import SourceSide

NOISE_BAND = 10.0
"""Hz; upper end of the band in which a source's noise is specified."""

_ROOT_OF_BAND = math.sqrt(NOISE_BAND)
_SLOW = 0.1  # s; what a meter's bias current flows through is not looked up again within this time of an aperture
_FAR_BELOW = 10.0  # a voltage that the last reading lets expect this far below a level need not be worked out


class MeterSide:
    """The voltmeter's terminals; see `MeterTerminals`."""

    def __init__(
        self, circuit: Circuit, source: SourceSide, leads: Mapping[str, Lead], cables: Cables,
        streams: Streams, emf: EmfSettings, bridged: Sequence[Lead],
    ) -> None:  # fmt: skip
        self._circuit = circuit
        self._source = source
        self._channels = _channels(leads, cables)
        self._emf = {
            channel: ThermalEmf(streams.noise(f"thermal emf {channel}"), emf.offset, emf.wander, emf.drift)
            for channel in self._channels
        }
        self._johnson = {channel: Gaussian(streams.noise(f"Johnson noise {channel}")) for channel in self._channels}
        self._source_noise = Gaussian(streams.noise("current source"))
        self._bridged = bridged
        self._transfer: dict[int, float] = {}
        self._looked_into: dict[int, tuple[float, float]] = {}
        self._beside_source: dict[int, float] = {}
        self.plug(leads, cables)

    def plug(self, leads: Mapping[str, Lead], cables: Cables) -> None:
        """Be at other leads from now on."""
        self._channels = _channels(leads, cables)
        driven = {id(lead) for both in (cables.source, cables.smu) for lead in pair(leads, both) or ()}
        driven.update(map(id, self._bridged))
        drops = self._circuit.network is not None
        self._on_driven = {
            channel for channel, both in self._channels.items()
            if drops or any(id(lead) in driven for lead in both or ())
        }  # fmt: skip
        self._transfer.clear()
        self._looked_into.clear()
        self._beside_source = _beside_source(self._channels, leads, cables, self._circuit)

    def mean_voltage(self, channel: int, start: float, end: float) -> float:
        """Return a channel's mean voltage in V between two lab times in s; see `MeterTerminals.mean_voltage`."""
        if channel in self._beside_source and self._source.in_compliance():
            return self._beside_source[channel] * self._source.voltage() + self._emf[channel](0.5 * (start + end))
        leads, circuit = self._channels.get(channel), self._circuit
        if leads is None or not (circuit.network is None or circuit.network.connects(leads)):
            return math.nan
        aperture = end - start
        voltage = self._emf[channel](0.5 * (start + end))
        on_driven = channel in self._on_driven
        if on_driven or leads[0].pad != leads[1].pad:  # leads that share a pad have drops, too
            for begin, finish, change in circuit.steps(start, end):
                weight = (finish - begin) / aperture
                part = self._sample_voltage(leads, begin, finish, change.source)
                if on_driven:  # two wires: the drop along a lead that carries current is seen as well
                    part += circuit.drop(leads, source=change.source, smu=change.smu, start=begin, end=finish)
                    if change.bridges is not None:
                        part += change.bridges.drop(leads, begin, finish)
                if change.source:
                    self._transfer[channel] = part / change.source
                if change.settling:  # the sample itself takes the new current from its first moment on
                    part += change.mean_excess(begin, finish) * self._transfer.get(channel, 0.0)
                voltage += weight * part
        temperature, resistance = circuit.sample.temperature(end), circuit.resistance(leads, end)
        self._looked_into[channel] = (end, resistance)
        return voltage + self._johnson[channel]() * johnson_rms(resistance, temperature, aperture)

    def thermal_emf(self, channel: int, time: float) -> float:
        """Thermal voltage in V of a channel's leads at a lab time in s: the truth, which no instrument shows alone."""
        return self._emf[channel](time)

    def source_resistance(self, channel: int) -> float:
        """Resistance in ohm that a channel looks into; none of a source that keeps its compliance voltage."""
        if channel in self._beside_source and self._source.in_compliance():
            return 0.0
        leads, circuit = self._channels.get(channel), self._circuit
        if leads is None or not (circuit.network is None or circuit.network.connects(leads)):
            return math.inf
        now = circuit.timeline.now
        looked = self._looked_into.get(channel)
        if looked is None or now - looked[0] >= _SLOW:
            looked = self._looked_into[channel] = (now, circuit.resistance(leads, now))
        return looked[1]

    def _sample_voltage(self, leads: Pair, start: float, end: float, current: float) -> float:
        """Mean voltage in V that the sample makes of a constant current, with the source's noise on it."""
        voltage = self._circuit.difference(leads, start, end)
        if not (self._source.noise and current):
            return voltage
        density = self._source.noise / _ROOT_OF_BAND
        fluctuation = self._source_noise() * density / math.sqrt(2.0 * (end - start))
        return voltage * (1.0 + fluctuation / current)

    def overload(self, channel: int, level: float, start: float, end: float) -> tuple[float, float] | None:
        """Return when a channel's voltage last was beyond a level in V, and what it was; None where it was not.

        Args:
            channel: 1 or 2.
            level: V, either way.
            start: Lab time in s from which on it is looked at.
            end: Lab time in s, now or earlier.
        """
        transfer = abs(self._transfer.get(channel, math.inf))
        if self._circuit.strongest_source() * transfer * _FAR_BELOW < level:
            return None  # whatever flowed from `start` to `end`, it was not more than that
        leads = self._channels.get(channel)
        largest = self._circuit.largest_source(start, end)
        network = self._circuit.network
        if leads is None or largest is None or not (network is None or network.connects(leads)):
            return None  # what does not change shows in the reading itself
        if largest * transfer * _FAR_BELOW < level:
            return None
        for begin, finish, change in reversed(self._circuit.steps(start, end)):
            voltage = (
                self._circuit.difference(leads, begin, finish) if change.source or change.smu or change.bridges else 0.0
            )
            if abs(voltage) > level:
                return finish, voltage
        return None


def _channels(leads: Mapping[str, Lead], cables: Cables) -> dict[int, Pair | None]:
    return _with_one_low({channel: pair(leads, names) for channel, names in cables.voltmeter.items()})


def _beside_source(
    channels: Mapping[int, Pair | None], leads: Mapping[str, Lead], cables: Cables, circuit: Circuit
) -> dict[int, float]:
    """Return the channels that see the current source's own terminals where it drives nothing, with their sign.

    A channel on the very ends that the source is at does, whatever hangs at them. So does one from the sample to the
    shield that the source is plugged into: without a way back the whole sample is at the source's other end.
    """
    high, low = cables.source
    path = circuit.network is None or (both := pair(leads, cables.source)) is None or circuit.network.connects(both)
    found: dict[int, float] = {}
    first_low = cables.voltmeter.get(1, (OPEN, OPEN))[1]
    for channel, names in cables.voltmeter.items():
        plus, minus = names[0], first_low if first_low != OPEN else names[1]
        if OPEN in (plus, minus, high, low):
            continue
        if {plus, minus} == {high, low}:
            found[channel] = 1.0 if plus == high else -1.0
        elif not path and channels.get(channel) is not None and SHIELD in (plus, minus) and SHIELD in (high, low):
            found[channel] = 1.0 if (plus == SHIELD) == (high == SHIELD) else -1.0
    return found


def _with_one_low(channels: Mapping[int, Pair | None]) -> dict[int, Pair | None]:
    """Let all channels be read against the low of channel 1: a 2182A's lows are one conductor."""
    first = channels.get(1)
    if first is None:
        return dict(channels)
    return {channel: None if leads is None else (leads[0], first[1]) for channel, leads in channels.items()}
