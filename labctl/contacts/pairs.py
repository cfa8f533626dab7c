"""What the rows of single pairs of leads say, and which leads the bad ones among them have in common."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from labctl.contacts.solve import Row
from labctl.contacts.table import DOUBLE, DROP, SHIELD, TEST, Plugged

BOLTZMANN = 1.380649e-23
OPEN = 1e6
"""ohm; a pair with more is open."""
QUIET = 1e-4
"""Part of a pair's resistance by which readings may scatter; a lead most of whose pairs do more is noisy (assumed)."""
ABOVE_REST = 5.0
"""So many times the scatter without current a noisy pair has at least."""
MOSTLY = 0.5
"""More than this part of a lead's pairs has to be bad, if the lead is what is bad about them."""
STRAIGHT = 5e-3
"""Part by which a pair's resistance may differ between a current and its double; more is not ohmic (assumed)."""


def two_wire(each: Plugged, open_above: float = OPEN) -> float:
    """Two-wire resistance in ohm at the largest current that flowed; infinite where none did, or above what is open."""
    best = each.best()
    return math.inf if best is None or best.resistance > open_above else best.resistance


def bend_of(each: Plugged) -> float:
    """Part by which the resistance is larger at the single current than at the double; 0 where that is not known."""
    single, double = each.steps.get(TEST), each.steps.get(DOUBLE)
    if single is None or double is None or not double.resistance > 0.0 or math.isnan(single.resistance):
        return 0.0
    bend = single.resistance / double.resistance - 1.0
    noise = math.hypot(single.uncertainty, double.uncertainty) / double.resistance
    return bend if abs(bend) > 3.0 * noise else 0.0


def asymmetry_of(each: Plugged) -> float:
    """Part of the voltage that keeps its sign when the current is reversed, without what is there without current."""
    best = each.best()
    if best is None or not best.resistance > 0.0 or math.isnan(each.rest_voltage):
        return 0.0
    return abs(best.even - each.rest_voltage) / (best.current * best.resistance)


def over_johnson(pairs: Mapping[Row, Plugged], temperature: float, open_above: float = OPEN) -> dict[Row, float]:
    """Noise without current over sqrt(4 k T R), by pair."""
    found: dict[Row, float] = {}
    for row, each in pairs.items():
        ohm = two_wire(each, open_above)
        if math.isfinite(ohm) and ohm > 0.0 and math.isfinite(each.rest_noise):
            found[row] = each.rest_noise / math.sqrt(4.0 * BOLTZMANN * temperature * ohm)
    return found


def noisy(pairs: Mapping[Row, Plugged], names: Sequence[str], quiet: float = QUIET) -> dict[str, float]:
    """Ohm rms between readings, by lead that is noisy; a lead is, if most of the pairs that it is in are.

    Args:
        pairs: What was measured, by pair.
        names: The leads that conduct.
        quiet: Part of a pair's resistance by which readings may scatter.
    """
    scatter: dict[Row, float] = {}
    loud: set[Row] = set()
    for row, each in pairs.items():
        best = each.best()
        if best is not None and set(row) <= set(names) and math.isfinite(best.scatter):
            scatter[row] = best.scatter
            meter = 0.0 if math.isnan(each.rest_scatter) else each.rest_scatter / best.current
            if best.scatter > max(quiet * best.resistance, ABOVE_REST * meter):
                loud.add(row)
    found: dict[str, float] = {}
    for name in culprits(loud, list(scatter), names):
        others = [value for row, value in scatter.items() if name in row and not set(row) & set(found)]
        found[name] = float(np.median(others)) if others else 0.0
    return found


def culprits(bad: Collection[Row], looked_at: Collection[Row], names: Sequence[str]) -> list[str]:
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


def curved(pairs: Mapping[Row, Plugged], names: Sequence[str]) -> dict[str, float]:
    """Part of a pair's resistance by which it bends, by lead of which most pairs do."""
    bends = {row: bend_of(each) for row, each in pairs.items() if set(row) <= set(names)}
    bent = [row for row, bend in bends.items() if bend > STRAIGHT]
    return {
        name: float(np.median([bend for row, bend in bends.items() if name in row]))
        for name in culprits(bent, list(bends), names)
    }


def to_the_shield(plugged: Sequence[Plugged]) -> tuple[dict[str, float], dict[tuple[str, str], float], list[float]]:
    """Return what was measured to the shield, in ohm.

    Returns:
        From each lead that conducts to it; of the drops beside it, from one lead to another, those that were seen; and
        where nothing conducted, the resistances that there are at least.
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
    return seen, drops, bounds
