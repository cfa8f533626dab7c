"""What goes wrong with the contacts of a sample and with the lines to them.

A contact may be open, too resistive, resistive in a way that depends on the current, or jump between two resistances; a
line may leak to the shield, and two lines of the breakout may be exchanged. Each of these changes a lead, and what
follows from it for whoever measures follows through the circuit (`simulators.contact_network`).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from simulators.cables import Lead

ContactTrouble = Literal["open", "high", "leaking", "swapped", "noisy", "bouncing"]

TROUBLES: tuple[ContactTrouble, ...] = get_args(ContactTrouble)
"""All that can go wrong with a contact."""

_DRAWN = 256  # jumps that are drawn at once


@dataclass(frozen=True, slots=True)
class ContactFault:
    """What is wrong with a lead.

    Attributes:
        lead: Its name at the breakout.
        what: `open`: nothing is connected. `high`: its contact has so many ohm more. `leaking`: there are so many ohm
            from its line to the shield. `swapped`: at the breakout it is exchanged with another. `noisy`: its
            resistance jumps. `bouncing`: it loses its contact again and again (`simulators.bouncing`).
        resistance: ohm, of a high or a leaking one.
        knee: Of a high one, V at which it conducts twice as well as at small voltages, as a tunnelling contact does;
            infinite for an ohmic one.
        other: Of a swapped one, the lead that it is exchanged with.
        change: Of a noisy one, the part by which its resistance is larger in one of two states.
        dwell: Of a noisy or bouncing one, the mean time in s that it stays in either of two states.
    """

    lead: str
    what: ContactTrouble
    resistance: float = 0.0
    knee: float = math.inf
    other: str = ""
    change: float = 0.0
    dwell: float = 0.02


class Telegraph:
    """Random telegraph noise: a function of time that is 0 or 1, and jumps at any moment with equal probability.

    Args:
        generator: Random numbers of this noise.
        dwell: Mean time in s between two jumps.
        start: Lab time in s from which on it jumps; 0 before.
    """

    def __init__(self, generator: np.random.Generator, dwell: float, start: float) -> None:
        self._generator = generator
        self._dwell = dwell
        self._jumps = [start]
        self._ones = [0.0]
        """s that it was 1 until each jump; it is 1 after jumps with odd numbers."""

    def _draw_until(self, time: float) -> None:
        while self._jumps[-1] <= time:
            for wait in (self._dwell * self._generator.standard_exponential(_DRAWN)).tolist():
                stayed = wait if len(self._jumps) % 2 == 0 else 0.0
                self._ones.append(self._ones[-1] + stayed)
                self._jumps.append(self._jumps[-1] + wait)

    def _one_until(self, time: float) -> float:
        """S for which it was 1 until a lab time in s."""
        before = bisect_right(self._jumps, time) - 1
        if before < 0:
            return 0.0
        return self._ones[before] + (time - self._jumps[before] if before % 2 else 0.0)

    def __call__(self, start: float, end: float) -> float:
        """Return its mean from `start` to `end` (lab s), or its value at a moment."""
        self._draw_until(end)
        if end <= start:
            return float((bisect_right(self._jumps, start) - 1) % 2 == 1)
        return (self._one_until(end) - self._one_until(start)) / (end - start)


def tunnelling_voltage(current: float, resistance: float, knee: float) -> float:
    """Return the V at which I = V/R (1 + (V/V0)^2) flows: Simmons' law for small voltages, odd in the voltage.

    The one real root of the cubic: V = 2 V0/sqrt(3) sinh(asinh(3 sqrt(3)/2 I R/V0)/3).

    Args:
        current: A.
        resistance: R in ohm, at small voltages.
        knee: V0 in V.
    """
    if knee == math.inf:
        return current * resistance
    root = math.sqrt(3.0)
    return 2.0 * knee / root * math.sinh(math.asinh(1.5 * root * current * resistance / knee) / 3.0)


def damaged(
    leads: Mapping[str, Lead],
    faults: Sequence[ContactFault],
    stream: Callable[[str], np.random.Generator | None],
    start: float,
) -> dict[str, Lead]:
    """Return leads with what is wrong with them, by the name that they have at the breakout.

    An open one is missing: whatever is plugged into it hangs free. Several faults of one lead add up, in their order.

    Args:
        leads: The leads as they should be.
        faults: What is wrong.
        stream: Gives the random numbers of a lead that is noisy, by its name; None for silence.
        start: Lab time in s at which this begins.
    """
    found = dict(leads)
    for fault in faults:
        lead = found.get(fault.lead)
        if fault.what == "open":
            found.pop(fault.lead, None)
        elif fault.what == "swapped":
            _exchange(found, fault.lead, fault.other)
        elif lead is not None and fault.what == "high":
            found[fault.lead] = replace(lead, barrier=lead.barrier + fault.resistance, knee=fault.knee)
        elif lead is not None and fault.what == "leaking":
            found[fault.lead] = replace(lead, leakage=fault.resistance)
        elif lead is not None and fault.what == "noisy" and (generator := stream(fault.lead)) is not None:
            flicker = Telegraph(generator, fault.dwell, start)
            found[fault.lead] = replace(lead, flicker=flicker, change=fault.change)
    return found


def _exchange(leads: dict[str, Lead], one: str, other: str) -> None:
    """Exchange what two names stand for; either may be open."""
    first, second = leads.pop(one, None), leads.pop(other, None)
    if second is not None:
        leads[one] = second
    if first is not None:
        leads[other] = first
