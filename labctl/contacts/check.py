"""A contact check that has been judged: its leads, what is between them, and what the sample can be used for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labctl.contacts.solve import Row, Solution
from labctl.contacts.table import Plugged
from labctl.contacts.uses import Use
from labctl.journal import quantity

HIGH = 3.0
"""A lead with so many times the median of all is called high, if it is also above `HARMLESS`."""
HARMLESS = 250.0
"""ohm; long thin lines of a cryostat have up to this, and nothing suffers from it (assumed)."""
INSULATED = 10e6
"""ohm to the shield; a lead with less leaks."""
SHARE = 0.2
"""Part of the leak current from which on it is ascribed to a lead."""
INTERMITTENT = "intermittent"
"""What a lead is called that conducts at times."""


@dataclass(frozen=True, slots=True)
class LeadState:
    """What is known of one lead.

    Attributes:
        name: Its name at the breakout.
        resistance: ohm, None where it is open or the record lacks the geometry.
        uncertainty: ohm, standard.
        by_geometry: ohm, what of the uncertainty comes from the record's figures.
        leak: ohm to the shield, None where none was seen.
        noise: ohm rms between readings, as far as it is this lead's.
        curvature: Part by which its pairs' resistance is larger at the single current than at the double.
        faults: What is wrong, in words; none for a good one.
    """

    name: str
    resistance: float | None
    uncertainty: float | None
    by_geometry: float | None
    leak: float | None
    noise: float
    curvature: float
    faults: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """`ok`, or what is wrong."""
        return ", ".join(self.faults) or "ok"


@dataclass(frozen=True, slots=True)
class Barrier:
    """What is known of a junction without its leads.

    Attributes:
        resistance: ohm at the probe's voltage, None where it is open or nobody knows.
        uncertainty: ohm, standard.
        low: ohm, the record's low state.
        high: ohm, the record's high state; the low one where it says nothing of it.
        faults: What is wrong, in words; none for a good one.
        noise: Noise without current over that of a resistor of its size; None where the meter's own hides it.
        fits: Whether the readings fit the record's electrodes, by themselves or with an exchange.
    """

    resistance: float | None
    uncertainty: float | None
    low: float
    high: float
    faults: tuple[str, ...]
    noise: float | None
    fits: bool

    @property
    def verdict(self) -> str:
        """`ok`, or what is wrong."""
        return ", ".join(self.faults) or "ok"


@dataclass(frozen=True, slots=True)
class Check:
    """All that a contact check found.

    Attributes:
        leads: In the record's order.
        pairs: Two-wire resistance in ohm by pair; infinite where it is open, the first lead's name first.
        plugged: What was measured, by plugging.
        solution: The network; None without the record's geometry.
        exchange: Two leads that are exchanged, by name.
        linearity: Largest relative difference between single and double current.
        asymmetry: Largest part of a voltage that does not change its sign with the current.
        leak: ohm from the sample to the shield, None where none was seen.
        insulated_above: ohm, what a leak would have had to be below to be seen.
        johnson: By pair, noise without current over what a resistor of its size makes at the temperature.
        uses: What the sample can be used for.
        compliance: V to set, None where the current leads do not conduct.
        compliance_current: A that it is for.
        largest_current: A.
        alike: Groups of leads whose exchange among each other no resistance shows.
        told: Whether the readings fit the record's map of leads, by itself or with the exchange, and every leak is one
            lead's.
        notes: Why something is not told.
        barrier: Of a junction, what is between its electrodes.
        hints: Of a junction, what the figures of its leads rest on.
    """

    leads: tuple[LeadState, ...]
    pairs: Mapping[Row, float]
    plugged: tuple[Plugged, ...]
    solution: Solution | None
    exchange: tuple[str, str] | None
    linearity: float
    asymmetry: float
    leak: float | None
    insulated_above: float
    johnson: Mapping[Row, float]
    uses: tuple[Use, ...]
    compliance: float | None
    compliance_current: float
    largest_current: float | None
    alike: tuple[tuple[str, ...], ...] = ()
    told: bool = True
    notes: tuple[str, ...] = field(default_factory=tuple[str, ...])
    barrier: Barrier | None = None
    hints: tuple[str, ...] = field(default_factory=tuple[str, ...])

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong with any lead, or with the barrier."""
        broken = self.barrier is not None and bool(self.barrier.faults)
        return self.told and not broken and not any(lead.faults for lead in self.leads)

    @property
    def failure(self) -> str:
        """One sentence for a check that has not passed: what is wrong, and what the sample can be used for as it is."""
        wrong = [f"lead {lead.name} is {lead.verdict}" for lead in self.leads if lead.faults]
        if self.barrier is not None and self.barrier.faults:
            wrong.append(f"the junction is {self.barrier.verdict}")
        wrong = wrong or list(self.notes)
        fit = [use.name for use in self.uses if not use.why]
        only = f"as it is, the sample is fit for {', '.join(fit)} only" if fit else "as it is, it is fit for nothing"
        still = "what the station's cables go to is good" if fit and len(fit) == len(self.uses) else only
        return (
            f"THE CONTACTS DID NOT PASS: {'; '.join(wrong)}; {still}: mend what is wrong, and run contact-check again"
        )

    @property
    def contacts(self) -> dict[str, Any]:
        """What a journal of the sample keeps; see `labctl.journal.Entry`."""
        told = self.solution if self.solution is not None and self.solution.told else None
        return {
            "passed": self.passed,
            "leads": {
                lead.name: {
                    "verdict": lead.verdict, "resistance": _kept(lead.resistance, "ohm", lead.uncertainty),
                    "leak": _kept(lead.leak, "ohm"),
                }
                for lead in self.leads
            },
            "sheet_resistance": None if told is None else _kept(told.sheet_resistance, "ohm", told.sheet_uncertainty),
            **({} if self.barrier is None else {"junction": _barrier(self.barrier)}),
            "two_wire": {"/".join(row): _kept(ohm, "ohm") for row, ohm in self.pairs.items()},
            "leak": _kept(self.leak, "ohm"),
            "insulated_above": _kept(self.insulated_above, "ohm"),
            "compliance": _kept(self.compliance, "V"),
            "largest_current": _kept(self.largest_current, "A"),
            "good_for": {use.name: use.why or "pass" for use in self.uses},
        }  # fmt: skip


def _kept(value: float | None, unit: str, uncertainty: float | None = None) -> dict[str, Any] | None:
    return None if value is None or not math.isfinite(value) else quantity(value, unit, uncertainty)


def _barrier(barrier: Barrier) -> dict[str, Any]:
    return {
        "verdict": barrier.verdict, "resistance": _kept(barrier.resistance, "ohm", barrier.uncertainty),
    }  # fmt: skip
