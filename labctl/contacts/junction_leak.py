"""Which lead of a junction leaks to the shield.

With a current from lead x to the shield and a voltmeter from x to y, what leaves on the electrode of y makes the
barrier's resistance where x is on the other one, which tells the electrode; what leaves by a lead of x's own electrode
makes what that lead and y share of the way, and what leaves on the other electrode makes r_x (physics).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from labctl.contacts.junction import JunctionSolution, Map, crosses

Drops = Mapping[tuple[str, str], float]
"""ohm: voltage from x to y over the current from x to the shield, by (x, y)."""


def shares_of(
    drops: Drops, ohms: Mapping[frozenset[str], float], places: Map, solution: JunctionSolution
) -> dict[str, float]:
    """Return which part of a leak current leaves by each lead; empty where that cannot be told.

    Args:
        drops: What was read.
        ohms: Two-wire resistances by pair, finite ones.
        places: Where each lead ends.
        solution: Leads and barrier.
    """
    electrodes = list(dict.fromkeys(place.electrode for place in places.values()))
    by_electrode = _by_electrode(drops, places, solution, electrodes)
    found: dict[str, float] = {}
    for electrode, share in by_electrode.items():
        own = [name for name, place in places.items() if place.electrode == electrode]
        found |= _within(own, share, drops, ohms, solution)
    return found


def _by_electrode(drops: Drops, places: Map, solution: JunctionSolution, electrodes: Sequence[str]) -> dict[str, float]:
    """Return the part that leaves by all leads of each electrode."""
    if solution.junction is None or solution.junction <= 0.0 or len(electrodes) != 2:
        return {}
    parts: list[float] = []
    for (x, y), drop in drops.items():
        if crosses(places, (x, y)):
            beyond = (drop - solution.leads.get(x, 0.0)) / solution.junction  # that leaves on the electrode of y
            parts.append(beyond if places[y].electrode == electrodes[1] else 1.0 - beyond)
    if not parts:
        return {}
    second = min(max(float(np.mean(parts)), 0.0), 1.0)
    return {electrodes[0]: 1.0 - second, electrodes[1]: second}


def _within(
    own: Sequence[str], share: float, drops: Drops, ohms: Mapping[frozenset[str], float], solution: JunctionSolution
) -> dict[str, float]:
    """Return by which leads of one electrode leaves what leaves by all of them."""
    from scipy.optimize import nnls

    if len(own) == 1:
        return {own[0]: share}
    rows = [(x, y) for x, y in drops if {x, y} <= set(own)]
    if not rows or not all(frozenset((a, b)) in ohms for a, b in rows):
        return {}

    def made(x: str, y: str, lead: str) -> float:
        if lead == x:
            return 0.0
        both = ohms[frozenset((x, y))]
        if lead == y:
            return both
        return 0.5 * (both + ohms.get(frozenset((x, lead)), both) - ohms.get(frozenset((y, lead)), both))

    design = np.array([[made(x, y, lead) for lead in own] for x, y in rows])
    elsewhere = np.array([(1.0 - share) * solution.leads.get(x, 0.0) for x, _ in rows])
    sizes = np.array([ohms[frozenset(row)] for row in rows])  # each row in parts of what it can be at most
    read = np.array([drops[row] for row in rows])
    design, read = design / sizes[:, None], (read - elsewhere) / sizes
    design = np.vstack([design, np.full(len(own), 10.0)])  # all of it leaves somewhere
    found = nnls(design, np.array([*read, 10.0 * share]))[0]
    return dict(zip(own, found.tolist(), strict=True))


def conducting_only(drops: Drops, names: Collection[str]) -> dict[tuple[str, str], float]:
    """Leave out what was read at leads that do not conduct."""
    return {row: drop for row, drop in drops.items() if set(row) <= set(names)}
