"""Cables between the instruments and the sample, with what they really do.

The station says which instrument's terminal goes to which lead, the sample record says which lead goes to which pad
and through how many ohms. What is connected wrongly has its consequence: a swapped pair changes the sign, an open lead
lets a meter float out of its range and a source go to its compliance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from simulators.bouncing import bounce
from simulators.bridge_wiring import BridgeSide
from simulators.cables import SHIELD, Cables, EmfSettings, Lead, pair
from simulators.circuit import Circuit
from simulators.contact_network import ContactNetwork
from simulators.contacts import ContactFault, damaged
from simulators.lockin_wiring import LockinSide
from simulators.meter_wiring import MeterSide
from simulators.randomness import Streams
from simulators.samples.sample import Sample
from simulators.smu_wiring import SmuSide
from simulators.source_cable import SourceCable
from simulators.source_wiring import SourceSide
from simulators.timeline import Timeline


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
