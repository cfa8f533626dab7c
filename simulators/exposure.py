"""What a sample goes through: the currents that flow in it, and how long, without asking anybody.

Who looks stands beside the lab and changes nothing in it: a lab that is watched does the same to the last bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulators.circuit import Pair
from simulators.current_changes import Change
from simulators.lab import Lab

LONGEST_PULSE = 10.0
"""s; a current that flows longer is none that has an energy of its own."""

MOST_BINS = 2000
"""Stretches of time of which an envelope keeps the lowest and the highest value."""


_NOTHING = math.inf, -math.inf


class Envelope:
    """Lowest and highest value of a quantity in stretches of time, which grow as time goes on.

    Args:
        most: Stretches that are kept at most.
        width: s of a stretch in the beginning.
    """

    def __init__(self, most: int = MOST_BINS, width: float = 0.1) -> None:
        self._most = most
        self._width = width
        self._bins: dict[int, tuple[float, float]] = {}

    def add(self, time: float, value: float) -> None:
        """Take in a value at a time in s, not below zero."""
        number = int(time / self._width)
        low, high = self._bins.get(number, _NOTHING)
        if low <= value <= high:
            return
        self._bins[number] = (min(low, value)), (max(high, value))
        if len(self._bins) > self._most:
            self._coarsen()

    def _coarsen(self) -> None:
        """Make one stretch of each two."""
        self._width *= 2.0
        finer, self._bins = self._bins, {}
        for number, (low, high) in finer.items():
            known = self._bins.get(number // 2, (low, high))
            self._bins[number // 2] = min(low, known[0]), max(high, known[1])

    @property
    def extremes(self) -> tuple[float, float] | None:
        """Lowest and highest value of all; None where there is none."""
        if not self._bins:
            return None
        return min(low for low, _ in self._bins.values()), max(high for _, high in self._bins.values())

    def columns(self) -> dict[str, list[float]]:
        """Return the begin of each stretch that has values, in s, and its lowest and highest value."""
        ordered = sorted(self._bins.items())
        return {
            "time_s": [number * self._width for number, _ in ordered],
            "lowest": [low for _, (low, _) in ordered],
            "highest": [high for _, (_, high) in ordered],
        }


@dataclass(slots=True)
class _Drive:
    """What one instrument has driven: its latest current in A and since when (lab s), and what was most.

    `strongest` is its largest current, with the sample's resistance in ohm then; `action` the largest I^2 t of a
    current that flowed no longer than a pulse may.
    """

    current: float = 0.0
    since: float = -math.inf
    strongest: float = 0.0
    resistance: float = 0.0
    action: float = 0.0

    def end(self, time: float) -> None:
        """Take in that the latest current flowed until a lab time in s."""
        if self.current and time - self.since <= LONGEST_PULSE:
            self.action = max(self.action, self.current**2 * (time - self.since))


class Exposure:
    """Sees the currents through a lab's sample.

    Args:
        lab: The lab.
        since: Lab time in s from which on times are counted.

    Attributes:
        currents: What the instruments drove together, in A against time.
    """

    def __init__(self, lab: Lab, since: float = 0.0) -> None:
        self.currents = Envelope()
        self._since = since
        self._circuit = lab.wiring.circuit
        self._drives = _Drive(), _Drive()
        self._circuit.on_change = self._see

    def _see(self, change: Change) -> None:
        source, smu = self._drives
        if change.source != source.current:
            self._drive(source, change.source, self._circuit.source_leads, change.time)
        if change.smu != smu.current:
            self._drive(smu, change.smu, self._circuit.smu_leads, change.time)
        if math.isfinite(change.time):
            self.currents.add(max(0.0, change.time - self._since), change.source + change.smu)

    def _drive(self, drive: _Drive, current: float, leads: Pair | None, time: float) -> None:
        """Take in that another current in A flows from one of the instruments."""
        drive.end(time)
        drive.current, drive.since = current, time
        if abs(current) > drive.strongest * (1.0 + 1e-6):
            drive.strongest, drive.resistance = abs(current), self._resistance(leads, current, time)

    def _resistance(self, leads: Pair | None, current: float, time: float) -> float:
        """Resistance in ohm of the sample between the pads that a current in A is driven through; 0 of a broken one."""
        if leads is None or leads[0].pad == leads[1].pad:
            return 0.0
        found = self._circuit.sample.resistance_at(leads[0].pad, leads[1].pad, current, time)
        return found if math.isfinite(found) else 0.0

    @property
    def largest_power(self) -> float:
        """W in the sample at the largest current."""
        return max(each.strongest**2 * each.resistance for each in self._drives)

    @property
    def largest_energy(self) -> float:
        """J in the sample of the strongest current that flowed no longer than a pulse may."""
        return max(each.action * each.resistance for each in self._drives)
