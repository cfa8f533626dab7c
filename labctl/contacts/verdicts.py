"""What the rows of a contact check say of each lead, and of what the sample can be used for."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from labctl.contacts import solve
from labctl.contacts.geometry import Geometry, expected_sheet_resistance, geometry_of
from labctl.contacts.loose import loose_leads
from labctl.contacts.solve import Row, Solution
from labctl.contacts.table import DOUBLE, DROP, PAIR, SHIELD, TEST, TRANSFER, Plugged, summed_up
from labctl.contacts.uses import Use, currents, uses_of
from labctl.journal import quantity

if TYPE_CHECKING:
    import pandas as pd

    from labctl.sample import SampleRecord
    from labctl.station import Station

BOLTZMANN = 1.380649e-23
OPEN = 1e6
"""ohm; a pair with more is open."""
INTERMITTENT = "intermittent"
"""What a lead is called that conducts at times."""
HIGH = 3.0
"""A lead with so many times the median of all is called high, if it is also above `HARMLESS`."""
HARMLESS = 250.0
"""ohm; long thin lines of a cryostat have up to this, and nothing suffers from it (assumed)."""
INSULATED = 10e6
"""ohm to the shield; a lead with less leaks."""
QUIET = 1e-4
"""Part of a pair's resistance by which readings may scatter; a lead most of whose pairs do more is noisy (assumed)."""
ABOVE_REST = 5.0
"""So many times the scatter without current a noisy pair has at least."""
MOSTLY = 0.5
"""More than this part of a lead's pairs has to be bad, if the lead is what is bad about them."""
STRAIGHT = 5e-3
"""Part by which a pair's resistance may differ between a current and its double; more is not ohmic (assumed)."""
SHARE = 0.2
"""Part of the leak current from which on it is ascribed to a lead."""


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
        told: Whether the readings fit the record's map of leads, by itself or with the exchange.
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

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong with any lead."""
        return self.told and not any(lead.faults for lead in self.leads)

    @property
    def failure(self) -> str:
        """One sentence for a check that has not passed: what is wrong, and what the sample can be used for as it is."""
        wrong = [f"lead {lead.name} is {lead.verdict}" for lead in self.leads if lead.faults] or list(self.notes)
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
            "two_wire": {"/".join(row): _kept(ohm, "ohm") for row, ohm in self.pairs.items()},
            "leak": _kept(self.leak, "ohm"),
            "insulated_above": _kept(self.insulated_above, "ohm"),
            "compliance": _kept(self.compliance, "V"),
            "largest_current": _kept(self.largest_current, "A"),
            "good_for": {use.name: use.why or "pass" for use in self.uses},
        }  # fmt: skip


def _kept(value: float | None, unit: str, uncertainty: float | None = None) -> dict[str, Any] | None:
    return None if value is None or not math.isfinite(value) else quantity(value, unit, uncertainty)


def judged(data: pd.DataFrame, record: SampleRecord, station: Station, *, temperature: float) -> Check:
    """Judge the rows of a check.

    Args:
        data: The rows.
        record: The sample's record.
        station: Where it was measured.
        temperature: K of the contacts.

    Raises:
        DataDamaged: A column is missing.
    """
    plugged = summed_up(data)
    names = [name for name in record.leads if any(name in each.leads for each in plugged)]
    pairs = {each.leads: each for each in plugged if each.kind == PAIR}
    ohms = {row: _ohms(each) for row, each in pairs.items()}
    torn = [row for row, each in pairs.items() if each.intermittent]
    opened, at_times = loose_leads(ohms, torn, names, OPEN, _culprits)
    conducting = [name for name in names if name not in {*opened, *at_times}]
    noise = _noise(pairs, conducting)
    solution, exchange, geometry = _network(plugged, ohms, conducting, noise, record)
    curvature = _curvature(pairs, conducting)
    leak, bound, leaking = _leak(plugged, ohms, conducting, curvature)
    broken = dict.fromkeys(opened, "open") | dict.fromkeys(at_times, INTERMITTENT)
    states = _states(names, broken, solution, exchange, leaking, noise, curvature)
    fits = solution is None or solution.residual < solve.MISFIT or exchange is not None
    uses, (compliance, largest) = uses_of(states, station), currents(ohms, record, station)
    return Check(
        leads=states, pairs=ohms, plugged=tuple(plugged), solution=solution, exchange=exchange,
        linearity=max((abs(_bend(each)) for each in pairs.values()), default=0.0),
        asymmetry=max((_asymmetry(each) for each in pairs.values()), default=0.0),
        leak=leak, insulated_above=bound, johnson=_johnson(pairs, temperature), uses=uses, compliance=compliance,
        compliance_current=record.read_current_limit(), largest_current=largest,
        alike=() if geometry is None else _alike(geometry), told=fits, notes=_notes(solution, fits, record),
    )  # fmt: skip


# ---- what single pairs say


def _ohms(each: Plugged) -> float:
    """Two-wire resistance in ohm at the largest current that flowed; infinite where none did, or above 1 Mohm."""
    best = each.best()
    return math.inf if best is None or best.resistance > OPEN else best.resistance


def _bend(each: Plugged) -> float:
    """Part by which the resistance is larger at the single current than at the double; 0 where that is not known."""
    single, double = each.steps.get(TEST), each.steps.get(DOUBLE)
    if single is None or double is None or not double.resistance > 0.0 or math.isnan(single.resistance):
        return 0.0
    bend = single.resistance / double.resistance - 1.0
    noise = math.hypot(single.uncertainty, double.uncertainty) / double.resistance
    return bend if abs(bend) > 3.0 * noise else 0.0


def _asymmetry(each: Plugged) -> float:
    """Part of the voltage that keeps its sign when the current is reversed, without what is there without current."""
    best = each.best()
    if best is None or not best.resistance > 0.0 or math.isnan(each.rest_voltage):
        return 0.0
    return abs(best.even - each.rest_voltage) / (best.current * best.resistance)


def _johnson(pairs: Mapping[Row, Plugged], temperature: float) -> dict[Row, float]:
    """Noise without current over sqrt(4 k T R), by pair."""
    found: dict[Row, float] = {}
    for row, each in pairs.items():
        ohm = _ohms(each)
        if math.isfinite(ohm) and ohm > 0.0 and math.isfinite(each.rest_noise):
            found[row] = each.rest_noise / math.sqrt(4.0 * BOLTZMANN * temperature * ohm)
    return found


# ---- what they say together


def _noise(pairs: Mapping[Row, Plugged], names: Sequence[str]) -> dict[str, float]:
    """Ohm rms between readings, by lead that is noisy; a lead is, if most of the pairs that it is in are."""
    scatter: dict[Row, float] = {}
    noisy: set[Row] = set()
    for row, each in pairs.items():
        best = each.best()
        if best is not None and set(row) <= set(names) and math.isfinite(best.scatter):
            scatter[row] = best.scatter
            meter = 0.0 if math.isnan(each.rest_scatter) else each.rest_scatter / best.current
            if best.scatter > max(QUIET * best.resistance, ABOVE_REST * meter):
                noisy.add(row)
    found: dict[str, float] = {}
    for name in _culprits(noisy, list(scatter), names):
        others = [value for row, value in scatter.items() if name in row and not set(row) & set(found)]
        found[name] = float(np.median(others)) if others else 0.0
    return found


def _culprits(bad: Collection[Row], looked_at: Collection[Row], names: Sequence[str]) -> list[str]:
    """Return the leads whose pairs are mostly bad, the worst first, each without the pairs of those before."""
    found: list[str] = []
    while True:
        left = [row for row in looked_at if not set(row) & set(found)]
        share = {
            name: sum(row in bad for row in own) / len(own)
            for name in names
            if (own := [row for row in left if name in row])
        }
        worst = max(share, key=lambda name: share[name], default=None)
        if worst is None or share[worst] <= MOSTLY:
            return found
        found.append(worst)


def _curvature(pairs: Mapping[Row, Plugged], names: Sequence[str]) -> dict[str, float]:
    """Part of a pair's resistance by which it bends, by lead of which most pairs do."""
    bends = {row: _bend(each) for row, each in pairs.items() if set(row) <= set(names)}
    bent = [row for row, bend in bends.items() if bend > STRAIGHT]
    return {
        name: float(np.median([bend for row, bend in bends.items() if name in row]))
        for name in _culprits(bent, list(bends), names)
    }


def _network(
    plugged: Sequence[Plugged], ohms: Mapping[Row, float], names: Sequence[str], noise: Mapping[str, float],
    record: SampleRecord,
) -> tuple[Solution | None, tuple[str, str] | None, Geometry | None]:  # fmt: skip
    """Solve for leads and sheet resistance, as the record maps the leads or with two of them exchanged."""
    geometry = geometry_of(record)
    readings: dict[Row, tuple[float, float]] = {}
    for each in plugged:
        best = each.best()
        known = each.kind in {PAIR, TRANSFER} and set(each.leads) <= set(names)
        if best is not None and known and math.isfinite(ohms.get(each.leads, 0.0)):
            unsteady = math.hypot(*(noise.get(name, 0.0) for name in each.leads)) if each.kind == PAIR else 0.0
            readings[each.leads] = best.resistance, math.hypot(best.uncertainty, unsteady)
    if geometry is None or len(readings) < len(names):
        return None, None, geometry
    expected = expected_sheet_resistance(record)
    solution = solve.solved(readings, geometry, expected, names)
    exchange = solve.exchanged(readings, geometry, expected, names, solution)
    if exchange is None:
        return solution, None, geometry
    return exchange.solution, (exchange.one, exchange.other), geometry


def _leak(
    plugged: Sequence[Plugged], ohms: Mapping[Row, float], names: Sequence[str], bent: Collection[str]
) -> tuple[float | None, float, dict[str, float]]:
    """Return the ohm to the shield of all leads together, the bound where there is none, and that of each that leaks.

    All leads that conduct reach a leak through the sample, whichever line it is of; an open one only its own. What a
    contact that is not ohmic makes of the small current is not known from what it made of the large one.
    """
    seen: dict[str, float] = {}
    drops: dict[tuple[str, str], float] = {}
    bounds: list[float] = []
    for each in (each for each in plugged if each.kind == SHIELD and TEST in each.steps):
        lead, beside = each.leads
        step, drop = each.steps[TEST], each.steps.get(DROP)
        if math.isfinite(step.resistance):
            seen[lead] = abs(step.resistance)
            if drop is not None and math.isfinite(drop.resistance):
                drops[lead, beside] = drop.resistance
        elif step.clamped:
            bounds.append(step.largest / step.current)
    total = min((ohm for lead, ohm in seen.items() if lead in names), default=None)
    leaking = {lead: ohm for lead, ohm in seen.items() if lead not in names}
    if total is not None:
        between = {frozenset(row): ohm for row, ohm in ohms.items() if math.isfinite(ohm)}
        known = {row: drop for row, drop in drops.items() if set(row) <= set(names) - set(bent)}
        shares = solve.leaks(known, between, names)
        leaking |= {lead: total / share for lead, share in shares.items() if share > SHARE}
    return min(seen.values(), default=None), min(bounds, default=0.0), leaking


def _states(
    names: Sequence[str], broken: Mapping[str, str], solution: Solution | None, exchange: tuple[str, str] | None,
    leaking: Mapping[str, float], noise: Mapping[str, float], curvature: Mapping[str, float],
) -> tuple[LeadState, ...]:  # fmt: skip
    leads = {} if solution is None else solution.leads
    middle = float(np.median(list(leads.values()))) if leads else math.nan
    found: list[LeadState] = []
    for name in names:
        faults: list[str] = []
        ohm = leads.get(name)
        if name in broken:
            faults.append(broken[name])
        if name in noise:
            faults.append("noisy")
        if ohm is not None and ohm > HIGH * middle and ohm > HARMLESS:
            faults.append("high")
        if leaking.get(name, math.inf) < INSULATED:
            faults.append("leaky")
        if name in curvature and name not in noise:
            faults.append("not ohmic")
        if exchange is not None and name in exchange:
            faults.append(f"swapped with {exchange[1 - exchange.index(name)]}")
        uncertainty = None if solution is None else solution.uncertainty.get(name)
        by_geometry = None if solution is None else solution.by_geometry.get(name)
        rest = (leaking.get(name), noise.get(name, 0.0), curvature.get(name, 0.0))
        found.append(LeadState(name, ohm, uncertainty, by_geometry, *rest, tuple(faults)))
    return tuple(found)


def _alike(geometry: Geometry) -> tuple[tuple[str, ...], ...]:
    """Group the leads whose exchange cannot be seen."""
    groups: list[list[str]] = []
    for name in geometry.places:
        group = next((group for group in groups if solve.alike(geometry, name, group[0])), None)
        if group is None:
            groups.append([name])
        else:
            group.append(name)
    return tuple(tuple(group) for group in groups if len(group) > 1)


def _notes(solution: Solution | None, fits: bool, record: SampleRecord) -> tuple[str, ...]:
    notes: list[str] = []
    if solution is None:
        notes.append(
            f"the record {record.name!r} does not give position and arm of every pad, or too few pairs conduct, so "
            "that leads cannot be told from the film; complete its [pads]"
        )
    elif not fits:
        notes.append("the resistances fit neither the record's map of leads nor one with two of them exchanged")
    elif not solution.told:
        notes.append("no pair tells the sheet resistance: the record's is taken")
    return tuple(notes)
