"""Demagnetising by pulses of alternating sign and falling height: how near to zero the film comes, and whether it can.

A film of many parts that switch at different currents is left with as many of them up as down. One that switches as a
whole has no such state: whatever the pulses are, it ends in one of the two saturated ones. A row of rising pulses tells
which it is: it passes through states in between, or it does not. It tells so only in steps that are small against the
current at which half of the film switches: larger ones step over the states of any film.

A small part of the field along the film's normal is enough to leave it magnetised. Each part of the film is left by the
last pulse that was large enough for it; where one sign needs less current than the other by the step of the train, that
is always the same sign. So both currents are measured first, and half their difference is added to every pulse of the
train. An offset that is wrong by e leaves m = 2 e/step of a film whose parts are spread over many steps, so that from
the m that a train leaves the better offset follows. A real film leaves less, and comes there in a few trains.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

ENOUGH = 0.1
"""Largest |m| of a film that counts as demagnetised."""
SATURATED = 0.9
"""|m| from which on a state is one of the two saturated ones, and none in between."""
ONE_SIDED = 2.0
"""Standard deviations of the repeats by which their mean lies beside zero, where all trains err to one side."""
TOLD_APART = 5.0
"""Standard uncertainties of a reading between two levels of a film that has only some."""
COME_BACK = 3
"""Times that each of them is read on average; of a film with more states hardly one is read twice."""
FINE = 0.05
"""Part of the current that switches half of the film which a step may be, for telling that no state lies between."""
REMEMBERED = 3.0
"""Standard uncertainties beyond which m depends on the state from which the trains began."""


def sizes(start: float, step: float) -> list[float]:
    """Return the heights of a train's pulses in A without their sign: start, start - step, ... to the last above zero.

    Args:
        start: The first one, A.
        step: By which each is smaller than the one before, A, above zero.
    """
    count = math.ceil(round(start / step, 6))
    found = [round(start - step * place, 12) for place in range(count)]
    return [size for size in found if size > 0.0]


def heights(start: float, step: float, offset: float = 0.0) -> list[float]:
    """Return the pulses of a train in A: start, -(start - step), start - 2 step, ... with the offset added to each.

    Args:
        start: The first one, A.
        step: By which each is smaller than the one before, A, above zero.
        offset: A.
    """
    return [round(size * (-1) ** place + offset, 12) for place, size in enumerate(sizes(start, step))]


@dataclass(frozen=True, slots=True)
class Staircase:
    """States after rising pulses of one sign, from the saturated state of the other.

    Attributes:
        sign: Of the pulses.
        currents: Their heights in A, without the sign, rising.
        states: Magnetisation m after each.
    """

    sign: int
    currents: Sequence[float]
    states: Sequence[float]

    @property
    def crossing(self) -> tuple[float, float] | None:
        """Height in A at which m is zero, by a straight line between two pulses, and how far these are apart, A.

        None where m never is zero.
        """
        before, low = -float(self.sign), 0.0
        for current, m in zip(self.currents, self.states, strict=True):
            if self.sign * m >= 0.0:
                return low + (current - low) * before / (before - m), current - low
            before, low = m, current
        return None

    @property
    def half(self) -> float | None:
        """Height in A at which m is zero, between two pulses; None where it never is."""
        return None if self.crossing is None else self.crossing[0]

    @property
    def fine(self) -> bool:
        """Whether the pulses are near enough to each other there for telling that no state lies between."""
        return self.crossing is not None and self.crossing[1] <= FINE * self.crossing[0]

    @property
    def inner(self) -> int:
        """How many of its states lie in between, and are neither of the saturated ones."""
        return sum(abs(m) < SATURATED for m in self.states)


def offset_of(stairs: Sequence[Staircase]) -> float | None:
    """Return half of what positive pulses need more than negative ones, A; None where either do not switch."""
    halves = {stair.sign: stair.half for stair in stairs}
    up, down = halves.get(1), halves.get(-1)
    return None if up is None or down is None else 0.5 * (up - down)


def offset_uncertainty(stairs: Sequence[Staircase]) -> float:
    """Return the standard uncertainty of `offset_of` in A: each sign may need any current between its two pulses."""
    apart = [stair.crossing[1] for stair in stairs if stair.crossing is not None]
    return 0.5 * math.hypot(*apart) / math.sqrt(12.0)


def corrected(offset: float, left: Sequence[float], step: float) -> float:
    """Return the offset in A that follows from trains, each with the offset that followed from the ones before.

    Args:
        offset: Of the first one, A.
        left: Magnetisation m after each.
        step: Of the trains, A.
    """
    return offset - 0.5 * step * math.fsum(left)


def is_at_once(stairs: Sequence[Staircase]) -> bool:
    """Whether rising pulses of either sign switch the film, and leave no state in between."""
    return len(stairs) == 2 and all(stair.half is not None and stair.inner == 0 for stair in stairs)


def is_binary(stairs: Sequence[Staircase]) -> bool:
    """Whether the film switches as a whole: at once, by pulses that rise in steps fine enough for telling it."""
    return is_at_once(stairs) and all(stair.fine for stair in stairs)


def too_coarse(stairs: Sequence[Staircase]) -> bool:
    """Whether the film switches at once, but by steps too large for telling that no state lies between."""
    return is_at_once(stairs) and not is_binary(stairs)


def too_small(stairs: Sequence[Staircase]) -> bool:
    """Whether rising pulses of one sign or of both leave more than half of the film, as those of a train do then."""
    return len(stairs) == 2 and any(stair.half is None for stair in stairs)


def coarse_levels(states: Sequence[float], resolution: float) -> list[float] | None:
    """Return the magnetisations between the saturated ones of a film that has only some, as one of few grains has.

    Args:
        states: Magnetisation m of all that was read, after rising pulses and after trains.
        resolution: Standard uncertainty of one.

    Returns:
        Rising; None where the film may have more of them, or has one that counts as demagnetised.
    """
    inner = np.sort([m for m in states if abs(m) < SATURATED])
    apart = TOLD_APART * resolution
    levels = np.split(inner, np.flatnonzero(np.diff(inner) > apart) + 1) if inner.size else []
    many = inner.size < COME_BACK * len(levels) or any(np.ptp(level) > 2.0 * apart for level in levels)
    found = [float(level.mean()) for level in levels]
    return None if many or not found or min(map(abs, found)) < ENOUGH else found


@dataclass(frozen=True, slots=True)
class Repeat:
    """One repeat: from a saturated state, as many trains as it took.

    Attributes:
        begun: Sign of the pulse that saturated the film before.
        tries: Magnetisation m after each train.
        uncertainty: Standard uncertainty of each.
    """

    begun: int
    tries: Sequence[float]
    uncertainty: float

    @property
    def left(self) -> float:
        """Magnetisation after the last train."""
        return self.tries[-1]

    @property
    def reached(self) -> bool:
        """Whether the film was demagnetised."""
        return abs(self.left) < ENOUGH

    @property
    def between(self) -> bool:
        """Whether a train has left a state that is neither of the saturated ones."""
        return any(abs(m) < SATURATED for m in self.tries)


@dataclass(frozen=True, slots=True)
class Summary:
    """All repeats together.

    Attributes:
        mean: Mean m after the last train of each repeat.
        uncertainty: Standard uncertainty of the mean: from the scatter of the repeats and of the reading.
        scatter: Standard deviation from repeat to repeat; NaN of a single one.
        largest: Largest |m|.
        reached: How many repeats ended demagnetised.
        first: How many did with their first train.
        count: Repeats.
        one_sided: Whether all of them err to one side, by more than their scatter.
    """

    mean: float
    uncertainty: float
    scatter: float
    largest: float
    reached: int
    first: int
    count: int
    one_sided: bool


def summary(repeats: Sequence[Repeat]) -> Summary:
    """Return what the repeats tell together."""
    left = np.array([repeat.left for repeat in repeats])
    scatter = float(left.std(ddof=1)) if left.size > 1 else math.nan
    reading = max(repeat.uncertainty for repeat in repeats)
    return Summary(
        mean=float(left.mean()),
        uncertainty=max(reading, 0.0 if math.isnan(scatter) else scatter) / math.sqrt(left.size),
        scatter=scatter,
        largest=float(np.abs(left).max()),
        reached=sum(repeat.reached for repeat in repeats),
        first=sum(abs(repeat.tries[0]) < ENOUGH for repeat in repeats),
        count=len(repeats),
        one_sided=abs(float(left.mean())) > max(ENOUGH, ONE_SIDED * (0.0 if math.isnan(scatter) else scatter)),
    )


def remembers(repeats: Sequence[Repeat]) -> bool:
    """Whether the state from which the trains began, alone, keeps the film from being demagnetised."""
    known = asymmetry(repeats)
    return known is not None and abs(known[0]) > max(2.0 * ENOUGH, REMEMBERED * known[1])


def asymmetry(repeats: Sequence[Repeat]) -> tuple[float, float] | None:
    """Return by how much m is larger where it began from positive pulses, and its uncertainty; None of one way only.

    Trains that are large enough forget where they began.
    """
    sides = [np.array([repeat.left for repeat in repeats if repeat.begun == sign]) for sign in (1, -1)]
    if min(side.size for side in sides) < 2:
        return None
    error = math.sqrt(sum(float(side.var(ddof=1)) / side.size for side in sides))
    reading = max(repeat.uncertainty for repeat in repeats) * math.sqrt(sum(1.0 / side.size for side in sides))
    return float(sides[0].mean() - sides[1].mean()), max(error, reading)
