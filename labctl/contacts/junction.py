"""Leads and barrier of a junction from two-wire resistances: least squares, every reading with its own uncertainty.

Leads that end on one electrode conduct to each other through metal, leads on different ones through the barrier.
Between two wires one measures

    R_ab = r_a + r_b + s_a + s_b + R_J

with R_J where the electrodes differ, and s, the strip from a pad to the junction, of a pad on which several leads end
where the pads differ (physics). Of a lead that has a pad to itself the strip is in series in whatever is measured: it
counts as the lead's. Of two leads on one electrode what lies within it tells the sum only, and of one alone nothing;
across the barrier a lead of some ohm is in series with one of some hundred kilohm, which tells little of it. What is
left open so is as uncertain as it can be.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from labctl.contacts.solve import MISFIT, REPAIRED, Row
from labctl.sample import SampleRecord

SCALE = 4e-3
"""Relative standard uncertainty that all resistances share: 0.3 % and 10 pA of a 6221 at some nA (specification)."""
CONSISTENT = 1e-3
"""Part of a resistance within an electrode by which readings at different pairs may contradict each other."""
STEADY = 3e-4
"""The same of a pair across the barrier, whose resistance changes by less than that in 0.1 K (assumed)."""
HIDDEN = 0.5
"""Ohm by which a pair may be off anyhow: plugs, and what the strips of one electrode share (assumed)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a lead ends.

    Attributes:
        electrode: `top` or `bottom`.
        pad: The pad's name.
    """

    electrode: str
    pad: str


Map = Mapping[str, Place]
"""Where each lead ends, by its name."""


@dataclass(frozen=True, slots=True)
class JunctionSolution:
    """What a junction and its leads are made of.

    Attributes:
        leads: ohm, by lead; one that is alone on its electrode is left out.
        uncertainty: ohm, standard, of each.
        junction: ohm across the barrier, None where no pair across it conducts; with the leads `lumped` in it.
        junction_uncertainty: ohm, standard.
        residual: Root of the mean square residual over its standard uncertainty, per degree of freedom.
        lumped: Leads whose resistance is part of `junction`, since nothing tells it apart.
        only_sums: Pairs of leads of which the sum is known to far better than either.
        strips: ohm, by pad on which several leads end.
    """

    leads: Mapping[str, float]
    uncertainty: Mapping[str, float]
    junction: float | None
    junction_uncertainty: float
    residual: float
    lumped: tuple[str, ...] = ()
    only_sums: tuple[Row, ...] = field(default_factory=tuple[Row, ...])
    strips: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def plausible(self) -> bool:
        """Whether the barrier is what resists most, as it does unless it is broken."""
        return self.junction is not None and self.junction > max(
            [*self.leads.values(), *self.strips.values()], default=0.0
        )


def map_of(record: SampleRecord) -> dict[str, Place] | None:
    """Return where a junction's leads end; None unless its record says it of the pads of all of them."""
    places: dict[str, Place] = {}
    for name, lead in record.leads.items():
        electrode = record.pads[lead.pad].electrode
        if electrode is None:
            return None
        places[name] = Place(electrode, lead.pad)
    return places


def crosses(places: Map, row: Row) -> bool:
    """Whether a pair is joined through the barrier only."""
    return places[row[0]].electrode != places[row[1]].electrode


def in_order(places: Map) -> list[str]:
    """Return the leads electrode by electrode: in a round of them two steps lead across the barrier."""
    return sorted(places, key=lambda name: places[name].electrode != "top")


def exchanged_map(places: Map, one: str, other: str) -> dict[str, Place]:
    """Return a map with two leads exchanged."""
    return {**places, one: places[other], other: places[one]}


def solved(readings: Mapping[Row, tuple[float, float]], places: Map, names: Sequence[str]) -> JunctionSolution:
    """Find leads and barrier.

    Args:
        readings: ohm and its standard uncertainty, by pair of leads that conduct.
        places: Where all leads end.
        names: The leads that conduct.
    """
    groups = _groups(places, names)
    held = {name for row in readings if not crosses(places, row) for name in row}
    lone = set(names) - held
    across = any(crosses(places, row) for row in readings)
    leads = [name for name in names if name not in lone]
    strips = _strips(places, groups)
    unknown = [*leads, *strips, *([_BARRIER] if across else [])]
    rows = [
        (_terms(places, row, unknown), ohm, _spread(places, row, ohm, error)) for row, (ohm, error) in readings.items()
    ]
    rows += _priors(places, groups, readings, unknown)
    if not unknown or not rows:
        return JunctionSolution({}, {}, None, math.nan, 0.0, tuple(name for name in names if name in lone))
    weights = np.array([1.0 / spread for _, _, spread in rows])
    design = np.array([terms for terms, _, _ in rows]) * weights[:, None]
    values = np.array([ohm for _, ohm, _ in rows]) * weights
    gain = np.linalg.pinv(design, rcond=1e-13)
    found = gain @ values
    total = np.sqrt(np.diag(gain @ gain.T) + (SCALE * found) ** 2)
    left = values - design @ found
    residual = math.sqrt(float(left @ left) / max(1, len(rows) - len(unknown)))
    count = len(leads)
    return JunctionSolution(
        dict(zip(leads, found[:count].tolist(), strict=True)),
        dict(zip(leads, total[:count].tolist(), strict=True)),
        float(found[-1]) if across else None, float(total[-1]) if across else math.nan, residual,
        tuple(name for name in names if name in lone),
        tuple((group[0], group[1]) for group in groups if len(group) == 2 and set(group) <= held),
        dict(zip(strips, found[count : count + len(strips)].tolist(), strict=True)),
    )  # fmt: skip


_BARRIER = "the barrier"


def _groups(places: Map, names: Collection[str]) -> list[list[str]]:
    """Group leads by electrode."""
    electrodes = dict.fromkeys(places[name].electrode for name in names)
    return [[name for name in names if places[name].electrode == electrode] for electrode in electrodes]


def _strips(places: Map, groups: Sequence[Sequence[str]]) -> list[str]:
    """Return the pads on which several leads end, while others of their electrode end elsewhere."""
    found: list[str] = []
    for group in groups:
        counts = {pad: sum(places[name].pad == pad for name in group) for pad in (places[name].pad for name in group)}
        if len(counts) > 1:
            found += [pad for pad, count in counts.items() if count > 1]
    return [_strip(pad) for pad in found]


def _strip(pad: str) -> str:
    return f"the strip of {pad}"


def _terms(places: Map, row: Row, unknown: Sequence[str]) -> np.ndarray:
    """Return of what a pair is made."""
    terms = np.zeros(len(unknown))
    one, other = (places[name] for name in row)
    made = [*row]
    if one.pad != other.pad:
        made += [_strip(one.pad), _strip(other.pad)]
    if one.electrode != other.electrode:
        made.append(_BARRIER)
    for name in made:
        if name in unknown:
            terms[unknown.index(name)] += 1.0
    return terms


def _spread(places: Map, row: Row, ohm: float, error: float) -> float:
    """Return the standard uncertainty in ohm with which a pair counts."""
    return math.hypot(error, (STEADY if crosses(places, row) else CONSISTENT) * ohm, HIDDEN)


def _priors(
    places: Map, groups: Sequence[Sequence[str]], readings: Mapping[Row, tuple[float, float]], unknown: Sequence[str]
) -> list[tuple[np.ndarray, float, float]]:
    """Return what is known beforehand: nothing is below zero, so that what shares a sum is anywhere in it.

    Of two leads whose sum is S the difference is somewhere from -S to S, standard deviation S/sqrt(3). The strip of a
    pad is somewhere from 0 to what lies between that pad and the nearest lead that does not end on it.
    """
    known = {frozenset(row): ohm for row, (ohm, _) in readings.items()}
    found: list[tuple[np.ndarray, float, float]] = []
    for group in groups:
        if len(group) == 2 and (total := known.get(frozenset(group))) is not None:
            terms = np.zeros(len(unknown))
            terms[unknown.index(group[0])], terms[unknown.index(group[1])] = 1.0, -1.0
            found.append((terms, 0.0, max(abs(total), HIDDEN) / math.sqrt(3.0)))
        for pad in dict.fromkeys(places[name].pad for name in group):
            if _strip(pad) not in unknown:
                continue
            own = [name for name in group if places[name].pad == pad]
            rest = [name for name in group if places[name].pad != pad]
            branches = [
                0.5 * (known[frozenset((a, x))] + known[frozenset((b, x))] - known[frozenset((a, b))])
                for a, b in itertools.combinations(own, 2) for x in rest
                if {frozenset((a, x)), frozenset((b, x)), frozenset((a, b))} <= known.keys()
            ]  # fmt: skip
            most = max(min(branches, default=HIDDEN), HIDDEN)
            terms = np.zeros(len(unknown))
            terms[unknown.index(_strip(pad))] = 1.0
            found.append((terms, 0.5 * most, most / math.sqrt(12.0)))
    return found


@dataclass(frozen=True, slots=True)
class JunctionExchange:
    """Two leads that end where the other should.

    Attributes:
        one: A lead.
        other: The other.
        solution: What the junction is then made of.
        alternatives: Further exchanges that explain the readings as well.
    """

    one: str
    other: str
    solution: JunctionSolution
    alternatives: tuple[Row, ...]


def exchanged(
    readings: Mapping[Row, tuple[float, float]], places: Map, names: Sequence[str], as_mapped: JunctionSolution
) -> JunctionExchange | None:
    """Return the leads whose exchange across the barrier explains readings that do not fit the map; None otherwise.

    An exchange within an electrode changes no reading by more than what is left open anyhow. Of a broken barrier none
    is told: everything conducts to everything.
    """
    if as_mapped.residual < MISFIT:
        return None
    found: list[tuple[float, str, str, JunctionSolution]] = []
    for one, other in itertools.combinations(places, 2):
        if crosses(places, (one, other)):
            solution = solved(readings, exchanged_map(places, one, other), names)
            if not solution.plausible:
                continue  # or a strip that is no metal would do for the barrier
            found.append((solution.residual, one, other, solution))
    limit = max(REPAIRED * as_mapped.residual, 1.0)
    fit = sorted((each for each in found if each[0] <= limit), key=lambda each: each[0])
    if not fit:
        return None
    residual, one, other, solution = fit[0]
    same = tuple((a, b) for size, a, b, _ in fit[1:] if size <= max(2.0 * residual, 1.0))
    return JunctionExchange(one, other, solution, same)
