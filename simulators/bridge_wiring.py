"""The leads of a cryostat controller's resistance bridges on the sample."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from instruments.errors import UsageError
from simulators.bridge_currents import BridgeCurrents
from simulators.cables import BridgeCables, EmfSettings, Lead, pair
from simulators.circuit import Circuit, Pair
from simulators.controller_leads import limited
from simulators.physics.noise import ThermalEmf, johnson_rms
from simulators.randomness import Gaussian, Streams
from simulators.samples.sample import Sample

RENEWED = 0.01
"""A limit that would let another current flow, by more than this part of it, is held after the reading (assumed)."""


MOST_HALVES = 64
"""Half periods of a stretch that are looked at, the last ones: more there are only beside a fast wave of the source."""


@dataclass(slots=True)
class _Bridge:
    """One bridge: its leads, what it was told, and what flows (A)."""

    driven: Pair | None
    sensed: Pair | None
    current: float = 0.0
    power: float = math.inf
    voltage: float = math.inf
    frequency: float = 0.0
    flows: float = 0.0


class BridgeSide:
    """See `BridgeTerminals`. A sample is taken as linear at each moment; lines and contacts take what current they get.

    What a limit of power or voltage lets flow is worked out when a bridge is set, and again after each reading. A
    source-measure unit that keeps a voltage looks at its load now and then, and not at each change of a bridge's sign.

    Args:
        circuit: The sample and its currents.
        leads: The sample's leads by name.
        cables: Where the bridges are plugged in, by number.
        streams: Random streams.
        emf: Size of thermal electromotive forces.

    Raises:
        UsageError: The sample's family knows no alternating currents.
    """

    def __init__(
        self, circuit: Circuit, leads: Mapping[str, Lead], cables: Mapping[int, BridgeCables], streams: Streams,
        emf: EmfSettings,
    ) -> None:  # fmt: skip
        self._circuit = circuit
        self._bridges = {
            number: _Bridge(pair(leads, cable.current), pair(leads, cable.voltage)) for number, cable in cables.items()
        }
        if cables and type(circuit.sample).set_cycle is Sample.set_cycle:
            raise UsageError(
                f"the sample family {type(circuit.sample).__name__} knows no alternating currents, so that a "
                "resistance bridge cannot be on it; take its cables out of the station file, or take another sample"
            )
        self._emf = {
            number: ThermalEmf(streams.noise(f"thermal emf bridge {number}"), emf.offset, emf.wander, emf.drift)
            for number in cables
        }
        self._johnson = {number: Gaussian(streams.noise(f"Johnson noise bridge {number}")) for number in cables}
        self._start = 0.0  # lab s at which the first alternating current was positive first
        self._half = math.inf

    @property
    def driven(self) -> list[Lead]:
        """The leads that currents of bridges come and go by."""
        return [lead for bridge in self._bridges.values() for lead in bridge.driven or ()]

    def excite(self, bridge: int, current: float, power: float, voltage: float, frequency: float) -> None:
        """Drive a current in A; see `BridgeTerminals.excite`."""
        told = self._bridges.get(bridge)
        if told is None or told.driven is None:
            return
        told.current, told.power, told.voltage = current, power, voltage
        told.flows = 0.0
        self._renew()
        told.frequency = frequency
        if not current:
            return
        before = self._present(told)
        told.flows = current
        self._renew()
        allowed = limited(current, power, voltage, abs(self._present(told) - before) / current)
        if allowed != current:
            told.flows = allowed
            self._renew()

    def current(self, bridge: int) -> float:
        """Amplitude in A of what flows now."""
        told = self._bridges.get(bridge)
        return 0.0 if told is None else told.flows

    def mean_voltage(self, bridge: int, start: float, end: float) -> float:
        """V between the voltage leads, for what flows now; see `BridgeTerminals.mean_voltage`."""
        told = self._bridges.get(bridge)
        if told is None or told.driven is None or told.sensed is None:
            return math.nan
        if not told.flows:
            return 0.0
        voltage = self._demodulated(told, start, end) if told.frequency else self._direct(bridge, told, start, end)
        resistance = abs(voltage) / told.flows
        temperature = self._circuit.sample.temperature(end)
        noise = johnson_rms(self._circuit.resistance(told.sensed, end), temperature, end - start)
        flowed = told.flows
        allowed = limited(told.current, told.power, told.voltage, resistance)
        if abs(allowed - flowed) > RENEWED * flowed:
            told.flows = allowed
            self._renew()
        return voltage * told.flows / flowed + self._johnson[bridge]() * noise

    def _direct(self, number: int, told: _Bridge, start: float, end: float) -> float:
        """Mean voltage in V with everything in it."""
        assert told.sensed is not None
        total = 0.0
        for begin, finish, _ in self._circuit.steps(start, end):
            total += (finish - begin) * self._between(told.sensed, begin, finish)
        return total / (end - start) + self._emf[number](0.5 * (start + end))

    def _demodulated(self, told: _Bridge, start: float, end: float) -> float:
        """Half the difference in V between the two polarities of an alternating current."""
        assert told.sensed is not None
        totals, times = {1.0: 0.0, -1.0: 0.0}, {1.0: 0.0, -1.0: 0.0}
        for begin, finish, change in self._circuit.steps(start, end):
            if change.bridges is None:
                continue
            since = max(begin, finish - MOST_HALVES * change.bridges.half)
            for first, last, sign in change.bridges.halves(since, finish):
                totals[sign] += (last - first) * self._between(told.sensed, first, last)
                times[sign] += last - first
        if not (times[1.0] and times[-1.0]):
            return math.nan
        return 0.5 * (totals[1.0] / times[1.0] - totals[-1.0] / times[-1.0])

    def _between(self, leads: Pair, start: float, end: float) -> float:
        """Mean voltage in V between two leads over a time without a change of the currents (lab s)."""
        circuit = self._circuit
        change = next(change for _, _, change in circuit.steps(start, end))
        drop = circuit.drop(leads, source=change.source, smu=change.smu, start=start, end=end)
        if change.bridges is not None:
            drop += change.bridges.drop(leads, start, end)
        return drop if leads[0].pad == leads[1].pad else drop + circuit.difference(leads, start, end)

    def _present(self, told: _Bridge) -> float:
        """Voltage in V between the voltage leads now; without both of them nothing is seen."""
        now = self._circuit.timeline.now
        return 0.0 if told.sensed is None else self._between(told.sensed, now, now)

    def _renew(self) -> None:
        """Have flow what is to flow."""
        direct: list[tuple[Pair, float]] = []
        alternating: list[tuple[Pair, float]] = []
        half = math.inf
        for told in self._bridges.values():
            if told.driven is None or not told.flows:
                continue
            (alternating if told.frequency else direct).append((told.driven, told.flows))
            if told.frequency:
                half = 0.5 / told.frequency
        if alternating and self._half == math.inf:
            self._start = self._circuit.timeline.now
        self._half = half
        currents = BridgeCurrents(tuple(direct), tuple(alternating), self._start, half)
        self._circuit.set_bridges(currents if direct or alternating else None)
