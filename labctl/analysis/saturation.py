"""Saturation by pulses: the states that large pulses of either sign leave, and other states on the scale between them.

Zero magnetisation is the middle between both saturated states, and not the zero of the meter: the Hall resistance has
an offset from arms that do not lie opposite to one another. How far a saturated state differs from one time to the next
is told by the states themselves, where that is more than the noise of reading.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labctl.analysis.states import State, noise_of

WITHIN = 3.0
"""Standard deviations within which a state is the saturated one."""
LEAST = 3e-4
"""Part of the swing by which a state may differ from the saturated one in any case: the chip is warm for some seconds
after a pulse, which little noise would show."""
APART = 10.0
"""Standard deviations by which both have to differ: within three of one there must be no doubt which it is."""


@dataclass(frozen=True, slots=True)
class Plateau:
    """A saturated state that was made several times.

    Attributes:
        hall: Mean Hall resistance, ohm.
        count: How often it was made.
    """

    hall: float
    count: int


@dataclass(frozen=True, slots=True)
class Plateaus:
    """Both saturated states.

    Attributes:
        minus: Left by pulses of negative current.
        plus: Left by pulses of positive current.
        scatter: Standard deviation of a single state, ohm.
    """

    minus: Plateau
    plus: Plateau
    scatter: float

    @property
    def swing(self) -> float:
        """Signed difference in ohm: what positive pulses leave less what negative ones do."""
        return self.plus.hall - self.minus.hall

    @property
    def swing_uncertainty(self) -> float:
        """Standard uncertainty of `swing`, ohm."""
        return self.scatter * math.sqrt(1.0 / self.plus.count + 1.0 / self.minus.count)

    @property
    def differ(self) -> bool:
        """Whether pulses of either sign leave states that are told apart."""
        return abs(self.swing) > APART * self.scatter

    def part(self, hall: float) -> float:
        """Return a state in ohm on the scale from 0, left by negative pulses, to 1, left by positive ones."""
        return (hall - self.minus.hall) / self.swing

    def way(self, sign: int, hall: float) -> float:
        """Return the part of the way to the state of a sign, from that of the other, that a state in ohm has gone."""
        return self.part(hall) if sign > 0 else 1.0 - self.part(hall)

    def magnetisation(self, hall: float) -> float:
        """Return a state in ohm on the scale from -1 to 1: m = (R - (R+ + R-)/2) / ((R+ - R-)/2)."""
        return 2.0 * self.part(hall) - 1.0

    def part_uncertainty(self, part: float, noise: float) -> float:
        """Return the standard uncertainty of a part whose state is known to `noise` in ohm."""
        plateaus = math.hypot(
            (1.0 - part) * self.scatter / math.sqrt(self.minus.count), part * self.scatter / math.sqrt(self.plus.count)
        )
        return math.hypot(noise, plateaus) / abs(self.swing)

    def is_at(self, sign: int, hall: float, within: float = LEAST) -> bool:
        """Whether a state in ohm is the saturated one that pulses of this sign leave, within three deviations.

        Args:
            sign: Of the pulses.
            hall: Of the state, ohm.
            within: Part of the swing by which it may differ in any case.
        """
        plateau = self.plus if sign > 0 else self.minus
        reach = WITHIN * self.scatter * math.sqrt(1.0 + 1.0 / plateau.count)
        return abs(hall - plateau.hall) <= max(reach, within * abs(self.swing))


def plateaus(minus: Sequence[State], plus: Sequence[State]) -> Plateaus | None:
    """Return both saturated states; None where one was never made.

    Args:
        minus: States right after a large negative pulse.
        plus: The same after positive ones.
    """
    if not minus or not plus:
        return None
    noise = noise_of([*minus, *plus])
    found = [np.array([state.hall for state in states]) for states in (minus, plus)]
    squares, freedom = sum(float(np.sum((each - each.mean()) ** 2)) for each in found), sum(map(len, found)) - 2
    scatter = math.sqrt(squares / freedom) if freedom else 0.0
    low, high = (Plateau(float(each.mean()), len(each)) for each in found)
    return Plateaus(low, high, max(scatter, noise))
