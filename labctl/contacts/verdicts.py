"""What the rows of a contact check say of each lead, and of what the sample can be used for."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from labctl.contacts import junction_verdicts, solve
from labctl.contacts.check import HARMLESS, HIGH, INSULATED, INTERMITTENT, SHARE, Check, LeadState
from labctl.contacts.geometry import Geometry, expected_sheet_resistance, geometry_of
from labctl.contacts.loose import loose_leads
from labctl.contacts.pairs import (
    OPEN,
    asymmetry_of,
    bend_of,
    culprits,
    curved,
    noisy,
    over_johnson,
    to_the_shield,
    two_wire,
)
from labctl.contacts.solve import Row, Solution
from labctl.contacts.table import PAIR, TRANSFER, Plugged, summed_up
from labctl.contacts.uses import currents, uses_of

if TYPE_CHECKING:
    import pandas as pd

    from labctl.sample import SampleRecord
    from labctl.station import Station


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
    if record.is_junction:
        return junction_verdicts.judged(plugged, record, station, temperature=temperature)
    names = [name for name in record.leads if any(name in each.leads for each in plugged)]
    pairs = {each.leads: each for each in plugged if each.kind == PAIR}
    ohms = {row: two_wire(each) for row, each in pairs.items()}
    torn = [row for row, each in pairs.items() if each.intermittent]
    opened, at_times = loose_leads(ohms, torn, names, OPEN, culprits)
    conducting = [name for name in names if name not in {*opened, *at_times}]
    noise = noisy(pairs, conducting)
    solution, exchange, geometry = _network(plugged, ohms, conducting, noise, record)
    curvature = curved(pairs, conducting)
    leak, bound, leaking = _leak(plugged, ohms, conducting, curvature)
    broken = dict.fromkeys(opened, "open") | dict.fromkeys(at_times, INTERMITTENT)
    states = _states(names, broken, solution, exchange, leaking, noise, curvature)
    fits = solution is None or solution.residual < solve.MISFIT or exchange is not None
    uses, (compliance, largest) = uses_of(states, station), currents(ohms, record, station)
    return Check(
        leads=states, pairs=ohms, plugged=tuple(plugged), solution=solution, exchange=exchange,
        linearity=max((abs(bend_of(each)) for each in pairs.values()), default=0.0),
        asymmetry=max((asymmetry_of(each) for each in pairs.values()), default=0.0),
        leak=leak, insulated_above=bound, johnson=over_johnson(pairs, temperature), uses=uses, compliance=compliance,
        compliance_current=record.read_current_limit(), largest_current=largest,
        alike=() if geometry is None else _alike(geometry), told=fits, notes=_notes(solution, fits, record),
    )  # fmt: skip


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
    seen, drops, bounds = to_the_shield(plugged)
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
