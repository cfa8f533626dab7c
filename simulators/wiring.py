"""Cables between the instruments and the sample, with what they really do.

The station says which instrument's terminal goes to which lead, the sample record says which lead goes to which pad
and through how many ohms. What is connected wrongly has its consequence: a swapped pair changes the sign, an open lead
lets a meter float out of its range and a source go to its compliance.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import numpy as np

from simulators.bouncing import bounce
from simulators.bridge_wiring import BridgeSide
from simulators.cables import OPEN, SHIELD, Cables, EmfSettings, Lead, pair
from simulators.circuit import Circuit, Pair
from simulators.contact_network import ContactNetwork
from simulators.contacts import ContactFault, damaged
from simulators.lockin_wiring import LockinSide
from simulators.physics.noise import ThermalEmf, johnson_rms
from simulators.randomness import Gaussian, Streams
from simulators.samples.sample import Sample
from simulators.smu_wiring import SmuSide
from simulators.source_cable import Charge, SourceCable
from simulators.timeline import Timeline

NOISE_BAND = 10.0
"""Hz; upper end of the band in which a source's noise is specified."""

_ROOT_OF_BAND = math.sqrt(NOISE_BAND)
_SLOW = 0.1  # s; what a meter's bias current flows through is not looked up again within this time of an aperture
_FAR_BELOW = 10.0  # a voltage that the last reading lets expect this far below a level need not be worked out
_VERDICTS = 4096  # how many changes of being clamped are remembered


class Wiring:
    """The network of one lab.

    Attributes:
        source: What the current source's terminals are connected to.
        smu: The same for the source-measure unit.
        meter: The same for the voltmeter.
        bridges: The same for the resistance bridges of the cryostat's controller.
        lockin: The same for the lock-in amplifier.
        circuit: The currents in the sample, now and before.
    """

    def __init__(
        self, timeline: Timeline, sample: Sample, leads: Mapping[str, Lead], cables: Cables,
        streams: Streams, emf: EmfSettings,
    ) -> None:  # fmt: skip
        source, smu = pair(leads, cables.source), pair(leads, cables.smu)
        self.circuit = Circuit(timeline, sample, source, smu)
        self.source = SourceSide(self.circuit, source, SourceCable(cables.triax))
        self.smu = SmuSide(self.circuit, smu, pair(leads, cables.smu_sense))
        self.bridges = BridgeSide(self.circuit, leads, cables.bridges, streams, emf)
        self.meter = MeterSide(self.circuit, self.source, leads, cables, streams, emf, self.bridges.driven)
        self.lockin = LockinSide(self.circuit, leads, cables)
        self.source_earthed: Callable[[], bool] = _floats
        self.circuit.after_break = self._after_break
        self.cables = cables
        self._leads = dict(leads)
        self._streams = streams
        self._loose: set[str] = set()

    def damage(self, faults: Sequence[ContactFault]) -> None:
        """Let contacts and lines go bad, from now on; what the bridges are plugged into stays as it was (assumed)."""
        self._leads = damaged(self._leads, faults, self._noise_of_contact, self.circuit.timeline.now)
        for fault in faults:
            if fault.what == "bouncing" and not self._streams.quiet:
                bounce(self.circuit.timeline, self._streams.noise(f"bouncing {fault.lead}"), fault, self.let_go)
        self.plug(self.cables)

    def let_go(self, lead: str, loose: bool) -> None:
        """Have a lead lose its contact, or find it again, from now on."""
        (self._loose.add if loose else self._loose.discard)(lead)
        self.plug(self.cables)

    def _after_break(self) -> None:
        """Have the instruments drive what they can through a sample that has broken."""
        self.source.renew()
        self.smu.renew(self.circuit.now)

    def _noise_of_contact(self, lead: str) -> np.random.Generator | None:
        return None if self._streams.quiet else self._streams.noise(f"contact {lead}")

    def plug(self, cables: Cables) -> None:
        """Plug the cables of source, voltmeter and source-measure unit in elsewhere, whatever flows meanwhile."""
        leads = {name: lead for name, lead in self._leads.items() if name not in self._loose}
        self.source.before_plugging()
        self.cables = cables
        source, smu, sense = pair(leads, cables.source), pair(leads, cables.smu), pair(leads, cables.smu_sense)
        ends = {
            *cables.source,
            *cables.smu,
            *cables.smu_sense,
            *cables.lockin,
            *(end for both in cables.voltmeter.values() for end in both),
        }
        network = None
        if SHIELD in ends or not all(lead.sound for lead in leads.values()):
            leaking = [lead for lead in leads.values() if lead.leakage < math.inf]
            network = ContactNetwork(self.circuit.sample, leaking, self._earthed)
            source, smu, sense = (
                both if both is None or network.connects(both) else None for both in (source, smu, sense)
            )
        self.circuit.plug(source, smu, network)
        self.source.plug(source)
        self.smu.plug(smu, sense)
        self.meter.plug(leads, cables)
        self.lockin.plug(leads, cables)

    def _earthed(self) -> Lead | None:
        """The line that the current source joins to earth, which is where the shield is."""
        low = self.cables.source[1]
        return self._leads.get(low) if low != SHIELD and self.source_earthed() else None


def _floats() -> bool:
    return False


class SourceSide:
    """The current source's terminals; see `SourceTerminals`.

    Attributes:
        cable: What joins them to the leads.
    """

    def __init__(self, circuit: Circuit, leads: Pair | None, cable: SourceCable) -> None:
        self.cable = cable
        self._circuit = circuit
        self._leads = leads
        self._commanded = 0.0
        self._compliance = math.inf
        self._looked_at = -math.inf
        self._verdicts: deque[tuple[float, bool]] = deque([(-math.inf, False)], maxlen=_VERDICTS)
        self._extremes = (0.0, 0.0)
        self._again: Callable[[], None] = self.release
        self._charge = Charge()
        self.noise = 0.0

    def before_plugging(self) -> None:
        """Take note of the voltage that the cable has while its leads are still what they were."""
        if self._leads is not None:
            voltage = self.voltage() if self._commanded or self._extremes != (0.0, 0.0) else 0.0
            self._charge.hold(self._circuit.now, min(max(voltage, -self._compliance), self._compliance))

    def plug(self, leads: Pair | None) -> None:
        """Be at other leads from now on, and drive on what was commanded.

        Where they hung open, what has gathered on the cable meanwhile discharges through the sample.
        """
        before, self._leads = self._leads, leads
        if before is None and leads is not None:
            self._gather()
            if voltage := self._charge.voltage:
                self._circuit.discharge(leads, voltage, self.cable.capacity())
            self._charge.hold(self._circuit.now, 0.0)
        self.renew()

    def renew(self) -> None:
        """Drive on what was commanded, through what is there now."""
        self._again()

    def _gather(self) -> None:
        """Have an open cable charge until now; of a wave, as if its peak flowed all the time."""
        current = self._commanded or max(self._extremes, key=abs)
        self._charge.gather(self._circuit.now, current, self.cable.capacity(), self._compliance)

    def drive(self, current: float, compliance: float, noise: float = 0.0, settling: float = 0.0) -> None:
        """Drive this current in A, limited to this voltage in V; see `SourceTerminals.drive`.

        What a clamped source drives is decided here, by the resistance at this moment, and not again at every look.
        """
        if self._leads is None:
            self._gather()
        self._again = partial(self.drive, current, compliance, noise, settling)
        if not self.cable.ideal and self._leads is not None:
            passage = self.cable.passage(self._resistance())
            current, settling = passage.of(current), settling + passage.settling  # two poles, by the charge they hold
        self._commanded, self._compliance, self.noise = current, compliance, noise
        self._extremes = (current, current)
        limited = self._limited(current)
        self._judge(limited != current, self._circuit.now)
        self._circuit.set_source(limited, settling)

    def drive_cycle(self, steps: Sequence[tuple[float, float]], compliance: float, noise: float = 0.0) -> None:
        """Drive a periodic current; see `SourceTerminals.drive_cycle`."""
        if self._leads is None:
            self._gather()
        self._again = partial(self.drive_cycle, steps, compliance, noise)
        if not self.cable.ideal and self._leads is not None:
            steps = self.cable.passage(self._resistance()).cycle(steps)
        self._commanded, self._compliance, self.noise = 0.0, compliance, noise
        lowest, highest = self._extremes = _extremes(current for _, current in steps)
        bottom, top = self._limited(lowest), self._limited(highest)
        clamped = (bottom, top) != (lowest, highest)
        self._judge(clamped, self._circuit.now)
        limited = [(duration, min(max(current, bottom), top)) for duration, current in steps] if clamped else steps
        self._circuit.set_cycle(limited)

    def release(self) -> None:
        """Let go: no current."""
        if self._leads is None:
            self._gather()
        self._again = self.release
        self._commanded, self._compliance, self.noise = 0.0, math.inf, 0.0
        self._extremes = (0.0, 0.0)
        self._judge(False, self._circuit.now)
        self._circuit.set_source(0.0)

    def in_compliance(self) -> bool:
        """Whether less flows now than was commanded, because the compliance voltage is reached."""
        now = self._circuit.now
        if now != self._looked_at:
            lowest, highest = self._extremes
            clamped = self._limited(highest) != highest or (lowest != highest and self._limited(lowest) != lowest)
            self._judge(clamped, now)
        return self._verdicts[-1][1]

    def clamped_since(self, time: float) -> bool:
        """Whether the current was limited at any moment since a lab time in s; see `SourceTerminals`."""
        if self.in_compliance():
            return True
        for since, clamped in reversed(self._verdicts):
            if clamped:
                return True
            if since <= time:
                break
        return False

    def _judge(self, clamped: bool, now: float) -> None:
        self._looked_at = now
        if clamped != self._verdicts[-1][1]:
            self._verdicts.append((now, clamped))

    def voltage(self) -> float:
        """Voltage in V between the source's terminals."""
        if self._leads is None:
            return math.copysign(self._compliance, self._commanded) if self._commanded else 0.0
        return self._circuit.latest.source * self._resistance() + self._foreign()

    def _resistance(self) -> float:
        assert self._leads is not None
        return self._circuit.resistance(self._leads, self._circuit.now)

    def _foreign(self) -> float:
        """Voltage in V between the terminals that other instruments make: on the sample and in shared leads."""
        latest = self._circuit.latest
        if self._leads is None or not self._circuit.shared():
            return 0.0
        high, low = self._leads
        own = latest.source * (self._resistance() - high.resistance - low.resistance)
        drop = self._circuit.drop(self._leads, source=0.0, smu=latest.smu)
        if latest.bridges is not None:
            drop += latest.bridges.drop(self._leads, self._circuit.now, self._circuit.now)
        return self._circuit.present_difference(self._leads) - own + drop

    def _limited(self, current: float) -> float:
        """What flows of a commanded current: none into an open lead, and never more than the compliance allows."""
        if current == 0.0 or self._leads is None:
            return 0.0
        circuit, room = self._circuit, self._compliance
        latest = circuit.latest
        if latest.smu or latest.bridges is not None:
            room = max(0.0, room - math.copysign(self._foreign(), current))
        if not circuit.sample.linear and circuit.within(self._leads, current, room):
            return current
        largest = circuit.largest(self._leads, room, math.copysign(1.0, current))
        return current if abs(current) <= largest else math.copysign(largest, current)


def _extremes(currents: Iterable[float]) -> tuple[float, float]:
    """Smallest and largest of a cycle's currents in A, zero among them: where these flow, all of them do."""
    values = [0.0, *currents]
    return min(values), max(values)


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
