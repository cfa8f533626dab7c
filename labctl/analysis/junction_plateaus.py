"""Which readings of a branch lie on plateaus: before the soft layer's step, between the steps, after the hard one's."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import norm

from labctl.analysis.fits import LinearFit
from labctl.analysis.junction_steps import Steps
from labctl.analysis.noisy import buried_switch
from labctl.analysis.plateaus import BranchLine
from labctl.analysis.readings import BoolArray
from labctl.analysis.result import short_text

FEWEST = 3
"""Readings that a plateau of one branch needs."""
TAIL = 0.1
"""Part of a reading's noise that a switch may still contribute where a plateau begins."""
TAILS = (1e-5, 0.02)
"""Least and greatest part of a step so allowed."""
LOOSER = (3e-3, 1e-2, 2e-2)
"""Parts of a step that may reach into the antiparallel stretch where it is too short for less; they are counted."""
LOGISTIC = float(np.sqrt(3) / np.pi)
"""Scale of a logistic distribution over its standard deviation."""
ENOUGH = 8
"""Readings on each plateau from which the longer tail of a logistic step is left out, too."""
NEAR = 2.0
"""Lengths of the antiparallel stretch around a step that its width is told from, or so many readings."""
READINGS = 15
"""Fewest readings that it is told from."""


@dataclass(frozen=True, slots=True)
class Course:
    """One whole branch: its steps, their widths, and which rows lie on its plateaus.

    Attributes:
        steps: Two of them.
        places: Rough places of both in the field along the branch, T.
        widths: As standard deviations, T.
        error: Standard uncertainty of their middle, T.
        before: Rows before the soft layer switches.
        between: Rows between the two.
        after: Rows after the hard one.
        tail: Part of a step that either may still contribute between them.
    """

    steps: Steps
    places: tuple[float, float]
    widths: tuple[float, float]
    error: float
    before: BoolArray
    between: BoolArray
    after: BoolArray
    tail: float = 0.0

    @property
    def middle(self) -> float:
        """Middle of the antiparallel stretch, in the field along the branch, T."""
        return (self.places[0] + self.places[1]) / 2


def course_of(steps: Steps) -> Course | str:
    """The plateaus of a branch with two steps, or why there is none between them."""
    (first, first_width, first_error), (last, last_width, last_error) = (rough_step(steps, k) for k in (0, 1))
    along = steps.along
    before, between, after = (np.zeros_like(along, dtype=np.bool_) for _ in range(3))
    for reach in tails_of(steps):
        before = along < first - reach * first_width
        between = (along > first + reach * first_width) & (along < last - reach * last_width)
        after = along > last + reach * last_width
        if min(int(np.sum(rows)) for rows in (before, between, after)) >= ENOUGH:
            break
    tail = 0.0
    for part in LOOSER:
        if np.sum(between) >= FEWEST:
            break
        tail, reach = part, LOGISTIC * float(np.log(1 / part - 1))
        between = (along > first + reach * first_width) & (along < last - reach * last_width)
    name = "falling" if steps.sense < 0 else "rising"
    counts = [int(np.sum(rows)) for rows in (before, between, after)]
    if counts[1] < FEWEST:
        apart = short_text(abs(steps.edges[1] - steps.edges[0]), "T")
        return (
            f"no antiparallel plateau: on the {name} branch {counted(counts[1])} clear of both steps, which are "
            f"{apart} apart; the layers switch too near to each other, or the readings are too few"
        )
    if min(counts) < FEWEST:
        return (
            f"not saturated: on the {name} branch {counted(counts[0])} clear before the first step and {counts[2]} "
            "after the last; take a larger field"
        )
    error = float(np.hypot(first_error, last_error)) / 2
    return Course(steps, (first, last), (first_width, last_width), error, before, between, after, tail)


def counted(readings: int) -> str:
    """So many readings, with their verb."""
    return "1 reading lies" if readings == 1 else f"{readings} readings lie"


def tails_of(steps: Steps) -> tuple[float, float]:
    """How many standard deviations from a step its tail is lost in the noise: of a logistic and of a normal one."""
    part = TAIL * steps.noise / max(abs(steps.heights[0]), 1e-300)
    part = min(max(part, TAILS[0]), TAILS[1])
    return LOGISTIC * float(np.log(1 / part - 1)), float(norm.isf(part))


def rough_step(steps: Steps, number: int) -> tuple[float, float, float]:
    """Place along the branch, width (standard deviation) and uncertainty of the place of a step, T.

    From the readings around it up to half way to the other step, if there is one.
    """
    along = steps.along
    ends = [steps.sense * edge for edge in steps.edges]
    here = ends[number]
    half = (ends[0] + ends[-1]) / 2
    inner = np.ones_like(along, dtype=np.bool_)
    reach = float(np.ptp(along)) / 4
    if steps.whole:
        inner, reach = (along >= half if number else along <= half), NEAR * (ends[1] - ends[0])
    rows = np.flatnonzero(inner & (np.abs(along - here) <= reach))
    if len(rows) < READINGS:
        rows = np.sort(np.flatnonzero(inner)[np.argsort(np.abs(along[inner] - here))[:READINGS]])
    branch = replace(steps.branch, direction="up", rows=replace(steps.branch.rows.select(rows), field=along[rows]))
    height = steps.heights[number]
    line = BranchLine(LinearFit(np.array([0.0, height / 2, 0.0]), np.zeros((3, 3)), np.zeros(0)))
    found = buried_switch(branch, line, max(steps.noise, 1e-4 * abs(height)))
    spacing = float(np.median(np.abs(np.diff(along[rows]))))
    if found is None:  # too near to an end of these readings
        return here, spacing, spacing
    return found.field, found.width, max(found.uncertainty, spacing / float(np.sqrt(12)))
