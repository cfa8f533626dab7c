"""Full states of a film: the plateaus between which a pulse switches, and which side of their middle a state is on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labctl.analysis.states import State, noise_of

MADE = 0.05
"""Part of the swing within which a state has to be the full one."""
SCATTERED = 3.0
"""Standard deviations of the full states from time to time, within which they have to be where that is more."""
SWITCHES = 5.0
"""Standard errors of the difference that a swing has to be."""


@dataclass(frozen=True, slots=True)
class Plateaus:
    """Hall resistance of both full states.

    Attributes:
        minus: ohm, after pulses of negative current, or of the state below.
        plus: ohm, after those of positive current, or of the state above.
        scatter: Standard deviation from one making to the next, ohm.
        count: How often each was made.
    """

    minus: float
    plus: float
    scatter: float
    count: int

    @property
    def swing(self) -> float:
        """From `minus` to `plus`, ohm."""
        return self.plus - self.minus

    @property
    def uncertainty(self) -> float:
        """Standard uncertainty of the swing, ohm."""
        return self.scatter * math.sqrt(2.0 / self.count)

    @property
    def tell(self) -> bool:
        """Whether both differ beyond what scatters."""
        return abs(self.swing) > SWITCHES * math.sqrt(2.0) * self.scatter

    def part(self, hall: float, sign: int) -> float:
        """Return the part of the way to the full state of a sign that a Hall resistance in ohm has gone."""
        begin = self.minus if sign > 0 else self.plus
        return (hall - begin) / (sign * self.swing)

    def is_full(self, hall: float, sign: int) -> bool:
        """Whether a Hall resistance in ohm is that of the full state of a sign."""
        wanted = self.plus if sign > 0 else self.minus
        return abs(hall - wanted) <= max(MADE * abs(self.swing), SCATTERED * self.scatter)


def plateaus_of(minus: Sequence[State], plus: Sequence[State]) -> Plateaus | None:
    """Return the plateaus of states that were made as full ones; None where one of them is missing."""
    if not minus or not plus:
        return None
    groups = [np.array([state.hall for state in states]) for states in (minus, plus)]
    freedom = sum(len(group) - 1 for group in groups)
    square = sum(float(np.sum((group - group.mean()) ** 2)) for group in groups)
    scatter = math.sqrt(square / freedom) if freedom else 0.0
    scatter = max(scatter, noise_of((*minus, *plus)))  # of few states some agree by chance
    return Plateaus(float(groups[0].mean()), float(groups[1].mean()), scatter, min(map(len, groups)))
