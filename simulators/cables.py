"""What is plugged in where, and how large the voltages are that nobody ordered."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

OPEN = "open"
"""Name of the lead that goes nowhere."""

SHIELD = "shield"
"""Name of the shield around the lines, which is the cryostat's earth: an end can be plugged into it as into a lead."""


@dataclass(frozen=True, slots=True)
class Lead:
    """One line from the breakout box to the sample.

    Attributes:
        pad: Name of the sample's pad.
        resistance: ohm, of line and contact.
        barrier: ohm at small voltages, of what lies between contact and sample besides.
        knee: V across the barrier at which it conducts twice as well.
        leakage: ohm from the line, before its contact, to the shield.
        flicker: Gives the mean from one lab time in s to another of a noise between 0 and 1, None for a quiet contact.
        change: Part by which the noise at 1 increases all of its resistance.
    """

    pad: str
    resistance: float
    barrier: float = 0.0
    knee: float = math.inf
    leakage: float = math.inf
    flicker: Callable[[float, float], float] | None = None
    change: float = 0.0

    @property
    def sound(self) -> bool:
        """Whether it is a resistance and nothing else."""
        return not self.barrier and self.leakage == math.inf and self.flicker is None


EARTH = Lead("", 0.0)
"""What stands for the shield among the leads; it ends on no pad."""


@dataclass(frozen=True, slots=True)
class TriaxialCable:
    """What lies between high and inner shield of the current source's cable (assumed: of most cables nobody knows it).

    With the inner shield at low, both load the source; at the guard, which follows high, neither does, as long as the
    shield goes on to the sample. Behind an adapter to BNC it does not, and the guard changes nothing (assumed).

    Attributes:
        capacitance: F.
        leakage: ohm.
        through: Whether the inner shield goes on to the sample.
    """

    capacitance: float = 0.0
    leakage: float = math.inf
    through: bool = False

    @property
    def ideal(self) -> bool:
        """Whether nothing lies there."""
        return not self.capacitance and self.leakage == math.inf


@dataclass(frozen=True, slots=True)
class BridgeCables:
    """Leads that a resistance bridge of the cryostat's controller is plugged into: high and low of each.

    Attributes:
        current: Leads that its current comes and goes by.
        voltage: Leads between which it measures.
    """

    current: tuple[str, str] = (OPEN, OPEN)
    voltage: tuple[str, str] = (OPEN, OPEN)


@dataclass(frozen=True, slots=True)
class Cables:
    """Which lead each instrument terminal is plugged into; `open` where it hangs free.

    Attributes:
        source: Leads at the current source's high and low.
        voltmeter: Leads at high and low of each of the voltmeter's channels.
        smu: Leads at the source-measure unit's high and low.
        smu_sense: Leads at its sense high and sense low.
        serial: Whether a null-modem cable joins the RS-232 connectors of current source and voltmeter.
        trigger: Whether a cable joins their trigger links.
        triax: The cable that the current source is plugged in with.
        bridges: Leads at the resistance bridges of the cryostat's controller, by number; the others hang free.
        lockin: Leads at the lock-in amplifier's inputs A and B.
        lockin_reference: Line of the current source's trigger link that goes to its reference input; None for none.
        lockin_delay: s by which what comes to its inputs A and B is late (filters and cables on the way).
    """

    source: tuple[str, str] = (OPEN, OPEN)
    voltmeter: Mapping[int, tuple[str, str]] = field(default_factory=dict[int, tuple[str, str]])
    smu: tuple[str, str] = (OPEN, OPEN)
    smu_sense: tuple[str, str] = (OPEN, OPEN)
    serial: bool = False
    trigger: bool = False
    triax: TriaxialCable = TriaxialCable()
    bridges: Mapping[int, BridgeCables] = field(default_factory=dict[int, BridgeCables])
    lockin: tuple[str, str] = (OPEN, OPEN)
    lockin_reference: int | None = None
    lockin_delay: float = 0.0


@dataclass(frozen=True, slots=True)
class EmfSettings:
    """How large thermal electromotive forces are (assumed; see `ThermalEmf`).

    Attributes:
        offset: V, standard deviation of the constant part.
        wander: V, standard deviation of the slow part.
        drift: V/s, straight drift.
        hum: V rms, line hum between the voltmeter's leads.
        earth_loop: V rms, further hum while the current source's low is at earth, where cryostat or meter are, too.
        unshielded: V rms, further hum while the inner shield of its cable is at the guard and does not go on to the
            sample: then nothing around the leads is at low.
    """

    offset: float = 0.5e-6
    wander: float = 0.1e-6
    drift: float = 0.0
    hum: float = 0.0
    earth_loop: float = 0.0
    unshielded: float = 0.0


def pair(leads: Mapping[str, Lead], names: tuple[str, str]) -> tuple[Lead, Lead] | None:
    """Return the leads at two terminals, `EARTH` for the shield, None where either hangs open."""
    high, low = (EARTH if name == SHIELD else leads.get(name) for name in names)
    return None if high is None or low is None else (high, low)
