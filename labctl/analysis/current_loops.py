"""Loops of current pulses: at which currents a film switches, how wide that is, and how many states lie between.

A branch begins in the state that the largest pulse of the other sign made, and ends in that of the largest pulse of its
own. Currents at which a part of that way is gone are told from the branch itself: no branch is mirrored or averaged
with another before. Pulses follow one another here without the state being made anew, so that a current of half
switching depends on their step and width, which are told beside it: finer steps give smaller currents.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from labctl.analysis.states import State

Array = NDArray[np.float64]

PARTS = (0.05, 0.5, 0.95)
"""Parts of a branch's way whose currents are told."""
ENDS = 0.1
"""Part of the largest current within which the pulses at either end tell the states there."""
SETTLED = 3.0
"""Standard errors by which the last pulses of a branch may still differ where the film is switched fully."""
SWITCHES = 5.0
"""Standard errors of the reading that a branch's way has to be."""
FEWEST = 4
"""Pulses of a branch."""
APART = 5.0
"""Standard deviations from cycle to cycle by which states have to differ to be counted."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A current in A at which a part of a branch's way is gone, and the standard uncertainty of this loop's."""

    current: float
    uncertainty: float


@dataclass(frozen=True)
class Branch:
    """States along a row of pulses of one direction.

    Attributes:
        name: "up" where the pulses rise.
        currents: A, in the order of the pulses.
        hall: Hall resistance in ohm after each.
        noise: Standard error of each in ohm.
    """

    name: str
    currents: Array
    hall: Array
    noise: float

    @cached_property
    def ends(self) -> tuple[float, float]:
        """Hall resistance in ohm at its beginning and at its end."""
        reach = (1.0 - ENDS) * float(np.max(np.abs(self.currents)))
        first = self.currents * self.currents[0] >= reach * abs(self.currents[0]) * (1.0 - 1e-9)
        last = self.currents * self.currents[-1] >= reach * abs(self.currents[-1]) * (1.0 - 1e-9)
        return float(np.mean(self.hall[first])), float(np.mean(self.hall[last]))

    @property
    def swing(self) -> float:
        """Signed way in ohm, from the beginning to the end."""
        return self.ends[1] - self.ends[0]

    @property
    def switches(self) -> bool:
        """Whether there is a way beyond the noise of reading."""
        return abs(self.swing) > SWITCHES * self.noise

    @property
    def complete(self) -> bool:
        """Whether the last two pulses left the same state, so that a larger one would switch no more."""
        return abs(self.hall[-1] - self.hall[-2]) <= SETTLED * math.sqrt(2.0) * self.noise

    def crossing(self, part: float) -> Crossing | None:
        """Return the current at which a part of the way is gone, between two pulses; None without a way.

        The course between the pulses is a cubic that rises where they do. Where one pulse goes most of the way the
        current is known no better than to the step; elsewhere by the noise, and by how far the course is no line.
        """
        if not self.switches:
            return None
        gone = (self.hall - self.ends[0]) / self.swing
        beyond = np.flatnonzero((gone[1:] >= part) & (gone[:-1] < part))
        if not beyond.size:
            return None
        place = int(beyond[0])
        low, high = float(gone[place]), float(gone[place + 1])
        step = float(self.currents[place + 1] - self.currents[place])
        straight = (part - low) / (high - low)
        curved = _on_cubic(gone, place, part)
        by_noise = self.noise / abs(self.swing) / (high - low)
        error = math.hypot(min(1.0, high - low) / math.sqrt(12.0), by_noise, curved - straight)
        return Crossing(float(self.currents[place]) + step * curved, abs(step) * error)


def _on_cubic(values: Array, place: int, wanted: float) -> float:
    """Return where a cubic through neighbouring values takes a value, from 0 at `place` to 1 at the next one."""
    first = max(place - 1, 0)
    near = values[first : place + 3]
    cubic = PchipInterpolator(np.arange(first - place, first - place + len(near), dtype=float), near - wanted)
    roots = cubic.roots(extrapolate=False)
    return float(next(root for root in roots if -1e-9 <= root <= 1.0 + 1e-9))


@dataclass(frozen=True, slots=True)
class Loop:
    """A rising and a falling branch; the falling one begins with the rising one's last state."""

    up: Branch
    down: Branch

    @property
    def branches(self) -> tuple[Branch, Branch]:
        """Both, in the order in which they were measured."""
        return self.up, self.down


@dataclass(frozen=True, slots=True)
class Mean:
    """Mean of a quantity over loops.

    Attributes:
        value: The mean.
        uncertainty: Of the mean: from the scatter of the loops, and from what all of them share.
        scatter: Standard deviation from loop to loop; NaN of a single one.
        count: Of the loops.
    """

    value: float
    uncertainty: float
    scatter: float
    count: int


def loop_of(states: Sequence[State], noise: float) -> Loop | None:
    """Return a loop of its states; None where it is not whole: the last pulse is to be that of the beginning.

    Args:
        states: In the order of the pulses, with the column `Branch`.
        noise: Standard error of a state, ohm.
    """
    rising = [state for state in states if state.more["Branch"] == "up"]
    falling = [state for state in states if state.more["Branch"] == "down"]
    if len(rising) < FEWEST or len(falling) < FEWEST - 1 or falling[-1].current > rising[0].current:
        return None  # a branch that was cut has no state at its end
    return Loop(_branch("up", rising, noise), _branch("down", [rising[-1], *falling], noise))


def _branch(name: str, states: Sequence[State], noise: float) -> Branch:
    return Branch(name, np.array([state.current for state in states]), np.array([s.hall for s in states]), noise)


def crossings(loops: Sequence[Loop], name: str, part: float) -> Mean | None:
    """Return where one branch of all loops has gone a part of its way; None where it does in none."""
    found = [crossing for loop in loops if (crossing := getattr(loop, name).crossing(part)) is not None]
    if not found:
        return None
    shared = max(crossing.uncertainty for crossing in found)
    return mean([crossing.current for crossing in found], shared)


def windows(loops: Sequence[Loop]) -> Mean | None:
    """Return the width in A between the first and the last of `PARTS`, over all branches."""
    found: list[float] = []
    shared = 0.0
    for loop in loops:
        for branch in loop.branches:
            ends = [branch.crossing(part) for part in (PARTS[0], PARTS[-1])]
            if ends[0] is not None and ends[1] is not None:
                found.append(abs(ends[1].current - ends[0].current))
                shared = max(shared, math.hypot(ends[0].uncertainty, ends[1].uncertainty))
    return mean(found, shared) if found else None


def swings(loops: Sequence[Loop]) -> Mean:
    """Return the signed way of the rising branch in ohm; both branches count, the falling one reversed."""
    found = [0.5 * (loop.up.swing - loop.down.swing) for loop in loops]
    return mean(found, loops[0].up.noise / math.sqrt(len(found)))


def mean(values: Sequence[float], shared: float) -> Mean:
    """Return a mean whose uncertainty counts the scatter, and what all values share."""
    count = len(values)
    centre = math.fsum(values) / count
    if count == 1:
        return Mean(centre, shared, math.nan, 1)
    scatter = float(np.std(values, ddof=1))
    return Mean(centre, math.hypot(scatter / math.sqrt(count), shared), scatter, count)


def levels(loops: Sequence[Loop], name: str) -> int | None:
    """Count the states of one branch that differ by more than five standard deviations from cycle to cycle.

    The deviation is that of the loops at this very pulse, and at least the branch's median one: of few loops some agree
    by chance. None of a single loop, which does not tell what comes back.
    """
    return count_levels(np.array([getattr(loop, name).hall for loop in loops]))


def count_levels(table: Array) -> int | None:
    """Count the states along a row of pulses that differ by more than five standard deviations from cycle to cycle.

    Args:
        table: Hall resistance in ohm, cycles by pulses; `levels` says which deviation counts. None of a single cycle.
    """
    if len(table) < 2:
        return None
    means, spread = table.mean(axis=0), table.std(axis=0, ddof=1)
    spread = np.maximum(spread, max(float(np.median(spread)), 1e-300))
    count, last = 1, 0
    for place in range(1, len(means)):
        if abs(means[place] - means[last]) > APART * max(spread[place], spread[last]):
            count, last = count + 1, place
    return count
