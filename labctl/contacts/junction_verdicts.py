"""What the rows of a contact check say of a junction: of each of its leads, and of the barrier between them."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from labctl.contacts import junction_leak
from labctl.contacts.check import HARMLESS, HIGH, INSULATED, INTERMITTENT, SHARE, Barrier, Check, LeadState
from labctl.contacts.junction import JunctionExchange, JunctionSolution, Map, crosses, exchanged, exchanged_map, solved
from labctl.contacts.junction import map_of as electrodes_of
from labctl.contacts.loose import loose_leads
from labctl.contacts.pairs import (
    BOLTZMANN,
    OPEN,
    STRAIGHT,
    asymmetry_of,
    bend_of,
    culprits,
    curved,
    noisy,
    over_johnson,
    to_the_shield,
    two_wire,
)  # fmt: skip
from labctl.contacts.solve import MISFIT, Row
from labctl.contacts.table import PAIR, Plugged
from labctl.contacts.uses import JUNCTION_USES, currents, uses_of

if TYPE_CHECKING:
    from labctl.sample import SampleRecord
    from labctl.station import Station

SHORTED = 0.1
"""A barrier with less than this part of the record's low state has a pinhole, or is broken (assumed)."""
FACTOR = 3.0
"""By which a junction may be below its record's low state or above its high one; temperature does less (assumed)."""
OPEN_ABOVE = 30.0
"""A pair with so many times the record's highest resistance is open, if it is above 1 Mohm as well (assumed)."""
LOUD = 5.0
"""From so many times the noise of a resistor of its size on, without the meter's own, a barrier is noisy (assumed)."""
QUIET = 1e-3
"""Part of a resistance within an electrode by which readings may scatter: a current source has so much noise where it
drives a tenth of its range, which a record's limit may be (assumed)."""
NOT_TOLD = 0.25
"""Part of a lead's resistance from which on its uncertainty is said to be that of a sum (assumed)."""


def judged(plugged: Sequence[Plugged], record: SampleRecord, station: Station, *, temperature: float) -> Check:
    """Judge what was measured of a junction.

    Args:
        plugged: It, by plugging.
        record: The sample's record, which says on which electrode each pad is.
        station: Where it was measured.
        temperature: K of the contacts.
    """
    places = electrodes_of(record) or {}
    names = [name for name in record.leads if name in places and any(name in each.leads for each in plugged)]
    places = {name: places[name] for name in names}
    open_above = max(OPEN, OPEN_ABOVE * record.highest_resistance())
    pairs = {each.leads: each for each in plugged if each.kind == PAIR and set(each.leads) <= set(names)}
    ohms = {row: two_wire(each, open_above) for row, each in pairs.items()}
    opened, at_times = _loose(pairs, ohms, places, open_above)
    conducting = [name for name in names if name not in {*opened, *at_times}]
    within = {row: each for row, each in pairs.items() if not crosses(places, row)}
    noise, curvature = noisy(within, conducting, QUIET), curved(within, conducting)
    solution, exchange = _network(pairs, ohms, places, conducting, noise)
    true_places = places if exchange is None else exchanged_map(places, exchange.one, exchange.other)
    barrier = _barrier(pairs, ohms, true_places, conducting, solution, exchange, record, temperature)
    leak, bound, leaking, lost = _leak(plugged, ohms, true_places, conducting, solution)
    broken = dict.fromkeys(opened, "open") | dict.fromkeys(at_times, INTERMITTENT)
    states = _states(names, broken, solution, exchange, leaking, noise, curvature)
    whole = "" if not barrier.faults else f"the junction is {barrier.verdict}"
    (compliance, largest) = currents(ohms, record, station)
    return Check(
        leads=states, pairs=ohms, plugged=tuple(plugged), solution=None,
        exchange=None if exchange is None else (exchange.one, exchange.other),
        linearity=max((abs(bend_of(each)) for each in pairs.values()), default=0.0),
        asymmetry=max((asymmetry_of(each) for each in pairs.values()), default=0.0),
        leak=leak, insulated_above=bound, johnson=_across(over_johnson(pairs, temperature, open_above), true_places),
        uses=uses_of(states, station, JUNCTION_USES, whole), compliance=compliance,
        compliance_current=record.read_current_limit(), largest_current=largest,
        alike=_alike(places), told=barrier.fits and not lost, notes=_notes(barrier, lost),
        barrier=barrier, hints=_hints(solution, exchange),
    )  # fmt: skip


def _across(values: Mapping[Row, float], places: Map) -> dict[Row, float]:
    return {row: value for row, value in values.items() if crosses(places, row)}


# ---- which leads conduct


def _loose(
    pairs: Mapping[Row, Plugged], ohms: Mapping[Row, float], places: Map, open_above: float
) -> tuple[list[str], list[str]]:
    """Return open leads, and those that are so at times; a barrier that lets nothing pass is no lead's fault.

    Where no pair across it conducts, the leads of each electrode are looked at by themselves.
    """
    torn = [row for row, each in pairs.items() if each.intermittent]
    across = any(crosses(places, row) and (row in torn or math.isfinite(ohms[row])) for row in ohms)
    if across:
        return loose_leads(ohms, torn, list(places), open_above, culprits)
    opened: list[str] = []
    at_times: list[str] = []
    for electrode in dict.fromkeys(place.electrode for place in places.values()):
        own = [name for name, place in places.items() if place.electrode == electrode]
        inside = {row: ohm for row, ohm in ohms.items() if set(row) <= set(own)}
        gone, sometimes = loose_leads(inside, [row for row in torn if row in inside], own, open_above, culprits)
        dead = [name for name in own if all(math.isinf(ohm) for row, ohm in inside.items() if name in row)]
        opened += [name for name in own if name in gone or (inside and name in dead)]
        at_times += [name for name in sometimes if name not in dead]
    return opened, at_times


def _network(
    pairs: Mapping[Row, Plugged], ohms: Mapping[Row, float], places: Map, names: Sequence[str],
    noise: Mapping[str, float],
) -> tuple[JunctionSolution, JunctionExchange | None]:  # fmt: skip
    """Solve for leads and barrier, as the record maps the leads or with two of them exchanged across it."""
    readings: dict[Row, tuple[float, float]] = {}
    for row, each in pairs.items():
        best = each.best()
        if best is not None and set(row) <= set(names) and math.isfinite(ohms[row]):
            unsteady = math.hypot(*(noise.get(name, 0.0) for name in row))
            readings[row] = best.resistance, math.hypot(best.uncertainty, unsteady)
    solution = solved(readings, places, names)
    exchange = exchanged(readings, places, names, solution)
    return (solution if exchange is None else exchange.solution), exchange


# ---- the barrier


def _barrier(
    pairs: Mapping[Row, Plugged], ohms: Mapping[Row, float], places: Map, names: Sequence[str],
    solution: JunctionSolution, exchange: JunctionExchange | None, record: SampleRecord, temperature: float,
) -> Barrier:  # fmt: skip
    """Judge what is between the electrodes."""
    low, high = record.sample_resistance(), record.highest_resistance()
    across = {row: each for row, each in pairs.items() if crosses(places, row) and set(row) <= set(names)}
    fits = exchange is not None or solution.residual < MISFIT
    noise = _noise(pairs, ohms, places, temperature)
    faults: list[str] = []
    ohm = solution.junction
    if across and not any(math.isfinite(ohms[row]) for row in across):
        faults.append("open: no pair across the barrier conducts, though the leads do within their electrodes")
        if solution.lumped:
            faults[-1] = f"open, or {' and '.join(solution.lumped)} is: no pair across the barrier conducts"
    elif ohm is not None and fits:
        faults += _off(ohm, solution.junction_uncertainty, low, high)
        if any(abs(bend_of(each)) > STRAIGHT for each in across.values()):
            faults.append("not linear at the probe's voltage")
        if noise is not None and noise > LOUD:
            faults.append(f"noisy, {noise:.2g} times a resistor of its size")
    known = ohm if fits else None
    return Barrier(
        known, solution.junction_uncertainty if known is not None else None, low, high, tuple(faults), noise, fits
    )


def _off(ohm: float, uncertainty: float, low: float, high: float) -> list[str]:
    """Say how a junction is off its record's states, where it certainly is."""
    room = 2.0 * uncertainty
    if ohm + room < SHORTED * low:
        return ["shorted: a pinhole, or a barrier that broke"]
    if ohm + room < low / FACTOR:
        return [f"below a {FACTOR:g}rd of its low state in the record".replace("3rd", "third")]
    if ohm - room > FACTOR * high:
        return [f"above {FACTOR:g} times its high state in the record"]
    return []


def _noise(pairs: Mapping[Row, Plugged], ohms: Mapping[Row, float], places: Map, temperature: float) -> float | None:
    """Return the noise across the barrier over that of a resistor, without what the meter reads within electrodes."""
    quiet = [each.rest_noise for row, each in pairs.items() if not crosses(places, row) and math.isfinite(ohms[row])]
    quiet = [noise for noise in quiet if math.isfinite(noise)]
    meter = float(np.median(quiet)) if quiet else math.nan
    found: list[float] = []
    for row, each in pairs.items():
        if crosses(places, row) and math.isfinite(ohms[row]) and ohms[row] > 0.0 and math.isfinite(each.rest_noise):
            johnson = math.sqrt(4.0 * BOLTZMANN * temperature * ohms[row])
            if johnson > meter:  # otherwise nothing is told of it
                found.append(math.sqrt(max(each.rest_noise**2 - meter**2, 0.0)) / johnson)
    return float(np.median(found)) if found else None


# ---- the leads


def _leak(
    plugged: Sequence[Plugged], ohms: Mapping[Row, float], places: Map, names: Sequence[str],
    solution: JunctionSolution,
) -> tuple[float | None, float, dict[str, float], bool]:  # fmt: skip
    """Return the ohm to the shield, the bound where there is none, that of each lead, and whether it is nobody's."""
    seen, drops, bounds = to_the_shield(plugged)
    own = {lead: ohm for lead, ohm in seen.items() if lead in names}
    leaking = {lead: ohm for lead, ohm in seen.items() if lead not in names}
    if own:
        between = {frozenset(row): ohm for row, ohm in ohms.items() if math.isfinite(ohm)}
        conducting = {name: places[name] for name in names}
        known = junction_leak.conducting_only(drops, names)
        shares = junction_leak.shares_of(known, between, conducting, solution)
        leaking |= {lead: min(own.values()) / share for lead, share in shares.items() if share > SHARE}
    lost = bool(own) and min(own.values()) < INSULATED and not set(leaking) & set(names)
    return min(seen.values(), default=None), min(bounds, default=0.0), leaking, lost


def _states(
    names: Sequence[str], broken: Mapping[str, str], solution: JunctionSolution, exchange: JunctionExchange | None,
    leaking: Mapping[str, float], noise: Mapping[str, float], curvature: Mapping[str, float],
) -> tuple[LeadState, ...]:  # fmt: skip
    middle = float(np.median(list(solution.leads.values()))) if solution.leads else math.nan
    found: list[LeadState] = []
    for name in names:
        ohm, uncertainty = solution.leads.get(name), solution.uncertainty.get(name)
        high = ohm is not None and ohm > max(HARMLESS, HIGH * middle)
        faults = [broken[name]] if name in broken else []
        faults += ["noisy"] * (name in noise) + ["high"] * high
        faults += ["leaky"] * (leaking.get(name, math.inf) < INSULATED)
        faults += ["not ohmic"] * (name in curvature and name not in noise)
        if exchange is not None and name in (exchange.one, exchange.other):
            faults.append(f"swapped with {exchange.other if name == exchange.one else exchange.one}")
        rest = (leaking.get(name), noise.get(name, 0.0), curvature.get(name, 0.0))
        found.append(LeadState(name, ohm, uncertainty, None, *rest, tuple(faults)))
    return tuple(found)


def _alike(places: Map) -> tuple[tuple[str, ...], ...]:
    """Group the leads whose exchange cannot be seen: those of one electrode."""
    groups: dict[str, list[str]] = {}
    for name, place in places.items():
        groups.setdefault(place.electrode, []).append(name)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def _notes(barrier: Barrier, lost: bool) -> tuple[str, ...]:
    notes: list[str] = []
    if not barrier.fits:
        notes.append("the resistances fit neither the electrodes in the record nor two leads exchanged between them")
    if lost:
        notes.append("some lead leaks to the shield, and it is not told which")
    return tuple(notes)


def _hints(solution: JunctionSolution, exchange: JunctionExchange | None) -> tuple[str, ...]:
    """Say what the figures rest on."""
    hints: list[str] = []
    if solution.lumped:
        hints.append(f"{_and(solution.lumped)} alone on an electrode: the junction's resistance has that lead in it")
    for one, other in solution.only_sums:
        sizes = [(solution.leads[name], solution.uncertainty[name]) for name in (one, other)]
        if all(spread > NOT_TOLD * abs(ohm) for ohm, spread in sizes):
            total = sum(ohm for ohm, _ in sizes)
            hints.append(f"of {one} and {other} only the sum is known, {total:.4g} ohm")
    if exchange is not None and exchange.alternatives:
        others = " or ".join(f"{one} with {other}" for one, other in exchange.alternatives)
        hints.append(f"an exchange of {others} would look the same")
    return tuple(hints)


def _and(names: Collection[str]) -> str:
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'}"
