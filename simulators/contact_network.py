"""What flows through contacts that are not just resistances, and through lines that leak to the shield.

The sample with its lines is a linear network, but for contacts that depend on the current. A current that is driven
into a line divides: part of it leaks to the shield, the rest goes through the contact into the pad. From the shield it
comes back by another line that leaks, or by an end that is plugged into the shield or earthed there. Nothing else joins
the instruments to the shield (assumed): a current source floats unless its low is switched to earth, and so do
voltmeter and source-measure unit. So a single leak carries no current at all as long as all instruments float, two
leaks are a resistor across the two lines, and a leak of the line at high loads a source whose low is earthed.

How a current divides is worked out with the resistances at small currents and without the Hall effect, whose part in it
is of the order of the Hall resistance over that of the leak. The currents that follow have their whole effect.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from simulators.cables import EARTH, Lead
from simulators.contacts import tunnelling_voltage
from simulators.samples.sample import Sample

Pair = tuple[Lead, Lead]
Drive = tuple[float, Pair | None]
"""A current in A and the lines that it is driven through, from the first to the second."""

_HALVINGS = 80  # of the interval in which a current is sought: more than a float can tell apart


@dataclass(frozen=True, slots=True)
class Flows:
    """What flows in the lines.

    Attributes:
        contacts: Current in A from each line through its contact into its pad; lines that carry none are left out.
        anchor: A line that leaks, and the current in A by which it does; None where nothing joins sample and shield.
    """

    contacts: tuple[tuple[Lead, float], ...]
    anchor: tuple[Lead, float] | None

    def into_pads(self) -> dict[str, float]:
        """Return the current in A into each pad; they add up to zero."""
        injected: dict[str, float] = {}
        for lead, current in self.contacts:
            injected[lead.pad] = injected.get(lead.pad, 0.0) + current
        if injected:
            last = next(reversed(injected))
            injected[last] = -math.fsum(current for pad, current in injected.items() if pad != last)
        return injected

    def through(self, lead: Lead) -> float:
        """Return the current in A through a line's contact."""
        return next((current for one, current in self.contacts if one is lead), 0.0)


class ContactNetwork:
    """The lines of a sample, some of which leak or have a contact that is not ohmic.

    Args:
        sample: What they lead to.
        leaking: Lines that leak to the shield.
        earthed: Returns the line that is joined to the shield by the instrument that is plugged into it, if any.
    """

    def __init__(self, sample: Sample, leaking: Sequence[Lead], earthed: Callable[[], Lead | None]) -> None:
        self._sample = sample
        self._leaking = tuple(leaking)
        self._earthed = earthed

    def connects(self, leads: Pair) -> bool:
        """Whether a current can flow from one end to the other."""
        return EARTH not in leads or bool(self._leaks())

    def _leaks(self) -> list[tuple[Lead, float]]:
        """Return the lines that are joined to the shield, each with the ohm in between."""
        earthed = self._earthed()
        found = [(lead, lead.leakage) for lead in self._leaking if lead is not earthed]
        return found if earthed is None or earthed is EARTH else [(earthed, 0.0), *found]

    # ---- how currents divide

    def flows(self, drives: Sequence[Drive], time: float) -> Flows:
        """Return what flows in the lines at a lab time in s.

        An end at the shield gives and takes what the leaks let through; without one, such a drive carries no current.
        """
        leaks = self._leaks()
        driven: list[tuple[Lead, float]] = []
        for current, pair in drives:
            if pair is not None and current and (EARTH not in pair or leaks):
                driven += [(lead, sign * current) for sign, lead in zip((1.0, -1.0), pair, strict=True)]
        lines = _distinct([lead for lead, _ in (*driven, *leaks) if lead is not EARTH])
        into = np.array([sum(current for lead, current in driven if lead is line) for line in lines])
        if not driven or not leaks:
            return Flows(tuple(zip(lines, into.tolist(), strict=True)), (leaks[0][0], 0.0) if leaks else None)
        leaked = self._divide(lines, into, leaks, time)
        for (lead, _), current in zip(leaks, leaked, strict=True):
            into[_place(lines, lead)] -= current
        return Flows(tuple(zip(lines, into.tolist(), strict=True)), (leaks[0][0], leaked[0]))

    def _divide(
        self, lines: Sequence[Lead], into: np.ndarray, leaks: Sequence[tuple[Lead, float]], time: float
    ) -> list[float]:
        """Return the current in A of each leak: V(line) - V(shield) = r i, and all of them bring back what is owed."""
        transfer = self._transfer(lines, time)
        places = [_place(lines, lead) for lead, _ in leaks]
        count = len(leaks)
        matrix, right = np.zeros((count + 1, count + 1)), np.zeros(count + 1)
        scale = max(float(np.max(np.abs(transfer))), 1.0)  # so that the last row and column are of the others' size
        matrix[:count, :count] = transfer[np.ix_(places, places)] + np.diag([ohm for _, ohm in leaks])
        matrix[:count, count] = matrix[count, :count] = scale
        right[:count], right[count] = (transfer @ into)[places], scale * float(into.sum())
        return np.linalg.solve(matrix, right)[:count].tolist()

    def _transfer(self, lines: Sequence[Lead], time: float) -> np.ndarray:
        """Return the volts at each line per ampere into each, against the pad of the first: the symmetric part."""
        pads = [line.pad for line in lines]
        to_first = [self._between(pad, pads[0], time) for pad in pads]
        transfer = np.array([
            [0.5 * (to_first[i] + to_first[j] - self._between(one, other, time)) for j, other in enumerate(pads)]
            for i, one in enumerate(pads)
        ])  # fmt: skip
        return transfer + np.diag([self.contact_resistance(line, 0.0, time) for line in lines])

    def _between(self, one: str, other: str, time: float) -> float:
        return 0.0 if one == other else self._sample.resistance(one, other, time)

    def _at(self, current: float, one: str, other: str, time: float) -> float:
        """Return the ohm between two pads at a current in A from one to the other; of a linear sample, at any."""
        return 0.0 if one == other else self._sample.resistance_at(one, other, current, time)

    # ---- what follows for voltages

    def contact_resistance(self, lead: Lead, current: float, start: float, end: float | None = None) -> float:
        """Return the ohm of a line and its contact at a current in A, at a lab time in s or averaged until another."""
        barrier = lead.barrier
        if barrier and current:
            barrier = tunnelling_voltage(current, barrier, lead.knee) / current
        flicker = 0.0 if lead.flicker is None else lead.flicker(start, start if end is None else end)
        return (lead.resistance + barrier) * (1.0 + lead.change * flicker)

    def drop(self, leads: Pair, drives: Sequence[Drive], start: float, end: float) -> float:
        """Mean voltage in V between two ends that lines and contacts add to that between their pads; see `pads`."""
        flows = self.flows(drives, start)
        total = 0.0
        for sign, lead in zip((1.0, -1.0), leads, strict=True):
            if lead is not EARTH:
                current = flows.through(lead)
                total += sign * current * self.contact_resistance(lead, current, start, end)
            elif flows.anchor is not None:
                line, leaked = flows.anchor
                current = flows.through(line)
                ohm = 0.0 if line is self._earthed() else line.leakage
                total += sign * (current * self.contact_resistance(line, current, start, end) - ohm * leaked)
        return total

    def pads(self, leads: Pair) -> tuple[str, str]:
        """Return the pads between which the sample's part of a voltage lies; for the shield, that of a leaking line."""
        leaks = self._leaks()
        high, low = (leaks[0][0].pad if lead is EARTH and leaks else lead.pad for lead in leads)
        return high, low

    def resistance(self, leads: Pair, current: float, time: float) -> float:
        """Return the ohm that a source sees between two ends when it drives a current in A; infinite without a way."""
        if not self.connects(leads):
            return math.inf
        unit = self.flows([(1.0, leads)], time)
        pads, currents = [lead.pad for lead, _ in unit.contacts], [share for _, share in unit.contacts]
        high, low = self.pads(leads)
        total = 0.0
        for pad, share in zip(pads, currents, strict=True):  # superposition of what goes in by each contact
            own = share * current
            total += 0.5 * share * (self._at(own, pad, low, time) - self._at(own, pad, high, time))
        total += self._unit_drop(leads, unit, current, time)
        return total

    def _unit_drop(self, leads: Pair, unit: Flows, current: float, time: float) -> float:
        """Return the ohm of lines and contacts in what a source sees."""
        total = 0.0
        for sign, lead in zip((1.0, -1.0), leads, strict=True):
            line, leaked = (lead, 0.0) if lead is not EARTH or unit.anchor is None else unit.anchor
            share = unit.through(line)
            ohm = line.leakage if leaked and line is not self._earthed() else 0.0
            total += sign * (share * self.contact_resistance(line, share * current, time) - leaked * ohm)
        return total

    def largest(self, leads: Pair, voltage: float, time: float, sign: float = 1.0) -> float:
        """Return the current in A, without its sign, at which a voltage in V lies between two ends."""
        return largest_current(lambda current: self.resistance(leads, sign * current, time), voltage)


def largest_current(resistance: Callable[[float], float], voltage: float) -> float:
    """Return the current in A, not below zero, at which a voltage in V lies across a resistance that depends on it.

    Args:
        resistance: ohm at a current in A; the voltage grows with the current.
        voltage: V; nothing flows below zero.
    """
    slope = resistance(0.0)
    if slope == math.inf or voltage <= 0.0:
        return 0.0
    low = voltage / slope
    found = resistance(low) * low
    if abs(found - voltage) <= 1e-12 * voltage:
        return low
    low, high = (0.0, low) if found > voltage else (low, 2.0 * low)
    while resistance(high) * high < voltage:
        low, high = high, 2.0 * high
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if resistance(middle) * middle < voltage:
            low = middle
        else:
            high = middle
    return low


def _distinct(leads: Sequence[Lead]) -> list[Lead]:
    """Return each line once; two that are equal are two."""
    found: list[Lead] = []
    for lead in leads:
        if not any(lead is one for one in found):
            found.append(lead)
    return found


def _place(lines: Sequence[Lead], lead: Lead) -> int:
    return next(place for place, line in enumerate(lines) if line is lead)
