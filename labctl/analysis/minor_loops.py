"""Minor loops: which part of a film stays switched after pulses of up to some largest current.

Every loop begins in the same saturated state. What is left when its pulses are back at zero is told for each largest
current as the mean over repeats, with the standard deviation from repeat to repeat.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labctl.analysis.states import State

CLEAR = 3.0
"""Standard uncertainties by which a state has to fall back to be none of a rising row."""


@dataclass(frozen=True, slots=True)
class MinorLoop:
    """One loop.

    Attributes:
        maximum: Its largest current, A.
        repeat: Number of the repeat, from 1.
        states: In the order of the pulses, the saturated one first.
        top: Number of the state that the largest pulse left, in `states`.
        held: States while it was held without a pulse, the first one before it.
    """

    maximum: float
    repeat: int
    states: Sequence[State]
    top: int
    held: Sequence[State]

    @property
    def remanent(self) -> State | None:
        """The state that is left when the pulses are back at zero; None where the loop was cut before."""
        back = [state for state in self.states[self.top + 1 :] if state.current > 0.0]
        beyond = any(state.current < 0.0 for state in self.states[self.top + 1 :])
        return (back or [self.states[self.top]])[-1] if beyond else None


@dataclass(frozen=True, slots=True)
class Remanence:
    """What is left of one largest current.

    Attributes:
        maximum: A.
        hall: Mean Hall resistance over the repeats, ohm.
        uncertainty: Standard uncertainty of the mean, ohm.
        scatter: Standard deviation from repeat to repeat, ohm; NaN of a single one.
        at_top: Mean Hall resistance right after the largest pulse, ohm.
        count: Repeats.
    """

    maximum: float
    hall: float
    uncertainty: float
    scatter: float
    at_top: float
    count: int


def remanences(loops: Sequence[MinorLoop], noise: float) -> list[Remanence]:
    """Return what is left of each largest current, rising.

    Args:
        loops: Of all repeats.
        noise: Standard error of a state, ohm.
    """
    found: list[Remanence] = []
    for maximum in sorted({loop.maximum for loop in loops}):
        same = [loop for loop in loops if loop.maximum == maximum and loop.remanent is not None]
        left = np.array([state.hall for loop in same if (state := loop.remanent) is not None])
        if not left.size:
            continue
        scatter = float(left.std(ddof=1)) if left.size > 1 else math.nan
        error = max(noise, 0.0 if math.isnan(scatter) else scatter) / math.sqrt(left.size)
        top = float(np.mean([loop.states[loop.top].hall for loop in same]))
        found.append(Remanence(maximum, float(left.mean()), error, scatter, top, int(left.size)))
    return found


def monotonic(found: Sequence[Remanence], sense: float) -> bool | None:
    """Whether what is left grows with the largest current, beyond three standard uncertainties; None of less than two.

    Args:
        found: In order of the largest current.
        sense: Sign in which positive pulses change the Hall resistance.
    """
    if len(found) < 2:
        return None
    return all(
        sense * (high.hall - low.hall) >= -CLEAR * math.hypot(low.uncertainty, high.uncertainty)
        for low, high in itertools.pairwise(found)
    )
