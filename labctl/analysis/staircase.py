"""What is left open where a field moves in steps, and where a film has so few grains that its curve is a staircase."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from labctl.analysis.branches import Branch, Loop
from labctl.analysis.rates import effective_rate, reading_rate
from labctl.analysis.result import short_text
from labctl.analysis.switching import LOWER_68, UPPER_68, Crossing

STILL = 0.5
"""Part of the rate from reading to reading below which the field stood still while a reading was taken; all or none."""


def stepped(loop: Loop, both: tuple[Crossing, Crossing], said: dict[str, str]) -> tuple[Crossing, Crossing]:
    """The crossings of a loop whose field stood still for each reading; others as they are.

    A film waits at a point much longer than it travels to it, so that what switches between two readings switches at
    the later one's field. The reported field of the switch is then that of the point after the straight line's
    crossing, which lies anywhere within the step before it: half a step further on, give or take half a step.

    The same follows from the hazard that the grains have suffered. Waiting for t at each of the fields H_j sums up
    t rate(H_j), which is, by the midpoint rule, the integral of a ramp by one step a wait, taken to half a step beyond
    the last H_j. So a stepped loop agrees with one that is swept at its `effective_field_rate`.

    Args:
        loop: The raw branches.
        both: Their crossings by straight lines between the readings.
        said: Notes by branch, to which is added what was done.
    """
    found: list[Crossing] = []
    for branch, crossing in zip((loop.down, loop.up), both, strict=True):
        if not _stands_still(branch, crossing):
            found.append(crossing)
            continue
        onwards = crossing.spacing / 2 * (1 if branch.direction == "up" else -1)
        step = crossing.spacing * (UPPER_68 - LOWER_68) / 2
        error = float(np.hypot(crossing.uncertainty, step))
        found.append(replace(crossing, field=crossing.field + onwards, uncertainty=error, step=step))
        note = (
            f"the field moved in steps of {short_text(crossing.spacing, 'T')} and the film switched while it waited: "
            "half a step was added"
        )
        said[branch.direction] = "; ".join(filter(None, [said.get(branch.direction), note]))
    return found[0], found[1]


def _stands_still(branch: Branch, crossing: Crossing) -> bool:
    reading, between = reading_rate(branch, crossing.row), effective_rate(branch, crossing.row)
    if isinstance(reading, str) or isinstance(between, str):
        return False
    return reading[0] < STILL * between[0]


def few_grains(crossing: Crossing) -> Crossing:
    """The crossing with what a staircase of few grains adds to its uncertainty.

    A film of an even number of grains stands half way from one grain's switch to the next, and the crossing is the
    middle of that. The distance L of the two is drawn from an exponential distribution whose mean is l = 1/(n f) where
    n f grains reverse in a tesla. Where a reading lies in between, noise decides where on the stretch the curve passes,
    with a variance of L^2/12. Kriging counts what happens between two readings; so the mean is taken over the
    stretches on which a reading lies wherever they begin, those longer than twice the distance d of two readings:
    l^2/12 (k^2 + 2 k + 2) exp(-k) with k = 2 d/l. It is nothing for the thousand grains of a usual film.
    """
    if crossing.grains is None or crossing.sharp:
        return crossing
    length = 2 / (crossing.grains * crossing.steepness)
    k = 2 * crossing.spacing / length
    added = length * float(np.sqrt((k**2 + 2 * k + 2) * np.exp(-k) / 12))
    return replace(crossing, uncertainty=float(np.hypot(crossing.uncertainty, added)))
