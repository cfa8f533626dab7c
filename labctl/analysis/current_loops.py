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

from labctl.analysis.combine import freedom_of
from labctl.analysis.graininess import lump_of
from labctl.analysis.states import State

Array = NDArray[np.float64]

PARTS = (0.05, 0.5, 0.95)
"""Parts of a branch's way whose currents are told."""
ENDS = 0.1
"""Part of the largest current within which the pulses at either end tell the states there."""
SETTLED = 3.0
"""Standard errors by which the last pulses of a branch may still differ where the film is switched fully."""
STILL = 0.005
"""Part of its way that the last step of a branch may still go where the film is switched fully: a few of its grains."""
COARSE = 0.5
"""Part of its way that one step of a branch may go at most if its last step is to tell whether it is complete."""
SWITCHES = 5.0
"""Standard errors of the reading that a branch's way has to be."""
ANEW = 2.0 / 3.0
"""Part of the variance of independent jumps by which a film is taken to scatter from loop to loop.

One loop does not tell it: 0 where every grain has its own current, 1 where all jump at random.
"""
FEWEST = 4
"""Pulses of a branch."""
APART = 5.0
"""Standard deviations from cycle to cycle by which states have to differ to be counted."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A current at which a part of a branch's way is gone.

    Attributes:
        current: A.
        uncertainty: Standard uncertainty in A, with what the film may differ by from loop to loop.
        shared: The part of it that all loops with these pulses have: what lies between two pulses, and the noise.
    """

    current: float
    uncertainty: float
    shared: float


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
    def gone(self) -> Array:
        """Part of the way that is gone after each pulse."""
        return (self.hall - self.ends[0]) / self.swing

    @property
    def complete(self) -> bool | None:
        """Whether the last two pulses left the same state, so that a larger one would switch no more.

        None where they did not, but so few pulses lie on the way that one more may have been all that was missing.
        """
        last = abs(self.hall[-1] - self.hall[-2])
        if last <= max(SETTLED * math.sqrt(2.0) * self.noise, STILL * abs(self.swing)):
            return True
        largest = float(np.max(np.abs(np.diff(self.hall))))
        return None if largest > COARSE * abs(self.swing) else False

    def crossing(self, part: float, lump: float | None = None) -> Crossing | None:
        """Return the current at which a part of the way is gone, between two pulses; None without a way.

        The course between the pulses is a cubic that rises where they do. How well the current is known between them
        follows from how many jumps the film makes there, at currents that nobody knows; from how far the course is no
        line; and from the noise. Where the lump is not known, a single jump may be all that lies between two pulses.

        Args:
            part: From 0 to 1.
            lump: Part of the film that jumps at once; see `labctl.analysis.graininess`.
        """
        if not self.switches:
            return None
        gone = self.gone
        beyond = np.flatnonzero((gone[1:] >= part) & (gone[:-1] < part))
        if not beyond.size:
            return None
        place = int(beyond[0])
        low, high = float(gone[place]), float(gone[place + 1])
        step = float(self.currents[place + 1] - self.currents[place])
        straight = (part - low) / (high - low)
        curved, slope = _on_cubic(gone, place, part)
        further = math.hypot((curved - straight) / math.sqrt(12.0), self.noise / abs(self.swing) / (high - low))
        between = _unknown(straight, high - low, lump)
        scatter = 0.0 if lump is None else math.sqrt(ANEW * part * (1.0 - part) * lump) / slope
        current = float(self.currents[place]) + step * curved
        # jumps between two pulses are some of those by which loops scatter: they do not count twice
        one, shared = (abs(step) * math.hypot(further, jumps) for jumps in (max(between, scatter), between))
        return Crossing(current, one, shared)


def _unknown(straight: float, way: float, lump: float | None) -> float:
    """Return by which part of a step the place is unknown at which a straight part of its way is gone.

    So many jumps at random places of the step have a beta distribution there; a single one in its middle a twelfth.
    """
    if lump is None or lump >= way:
        return 1.0 / math.sqrt(12.0)
    return math.sqrt(straight * (1.0 - straight) / (2.0 + way / max(lump, 1e-12)))


def _on_cubic(values: Array, place: int, wanted: float) -> tuple[float, float]:
    """Return where a cubic through neighbouring values takes a value, from 0 at `place` to 1 at the next one.

    Its slope there is the second number, at least half of that of the straight line.
    """
    first = max(place - 1, 0)
    near = values[first : place + 3]
    cubic = PchipInterpolator(np.arange(first - place, first - place + len(near), dtype=float), near - wanted)
    roots = cubic.roots(extrapolate=False)
    root = float(next(root for root in roots if -1e-9 <= root <= 1.0 + 1e-9))
    return root, max(float(cubic(root, 1)), 0.5 * float(values[place + 1] - values[place]))


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
        freedom: Degrees of freedom of the uncertainty; None of a single loop, whose uncertainty no scatter tells.
    """

    value: float
    uncertainty: float
    scatter: float
    count: int
    freedom: int | None


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


def lump(loops: Sequence[Loop]) -> float | None:
    """Return which part of the film jumps at once, told from how uneven all branches are; None of too few pulses."""
    branches = [branch for loop in loops for branch in loop.branches if branch.switches]
    return lump_of([(branch.gone, branch.noise / abs(branch.swing)) for branch in branches])


def crossings(loops: Sequence[Loop], name: str, part: float) -> Mean | None:
    """Return where one branch of all loops has gone a part of its way; None where it does in none.

    Of a single loop the uncertainty has what the film may scatter by from loop to loop, as far as its lump tells.
    """
    size = lump(loops)
    found = [crossing for loop in loops if (crossing := getattr(loop, name).crossing(part, size)) is not None]
    if not found:
        return None
    shared = max(crossing.uncertainty if len(found) == 1 else crossing.shared for crossing in found)
    return mean([crossing.current for crossing in found], shared)


def windows(loops: Sequence[Loop]) -> Mean | None:
    """Return the width in A between the first and the last of `PARTS`, over all branches."""
    size, single = lump(loops), len(loops) == 1
    found: list[float] = []
    shared = 0.0
    for loop in loops:
        for branch in loop.branches:
            first, last = (branch.crossing(part, size) for part in (PARTS[0], PARTS[-1]))
            if first is not None and last is not None:
                found.append(abs(last.current - first.current))
                shared = max(shared, _apart(first, last, scatters=single))
    if not found:
        return None
    # both branches of a single loop differ by chance, and what is open between pulses is open in either
    return mean(found, shared / math.sqrt(len(found)) if single else shared)


def _apart(first: Crossing, last: Crossing, *, scatters: bool) -> float:
    """Return the uncertainty in A of the difference of two currents of one branch."""
    if scatters:
        return math.hypot(first.uncertainty, last.uncertainty)
    return math.hypot(first.shared, last.shared)


def swings(loops: Sequence[Loop]) -> Mean:
    """Return the signed way of the rising branch in ohm; both branches count, the falling one reversed."""
    found = [0.5 * (loop.up.swing - loop.down.swing) for loop in loops]
    return mean(found, loops[0].up.noise / math.sqrt(len(found)))


def mean(values: Sequence[float], shared: float) -> Mean:
    """Return a mean whose uncertainty counts the scatter, and what all values share."""
    count = len(values)
    centre = math.fsum(values) / count
    if count == 1:
        return Mean(centre, shared, math.nan, 1, None)
    scatter = float(np.std(values, ddof=1))
    drawn = scatter / math.sqrt(count)
    error = math.hypot(drawn, shared)
    return Mean(centre, error, scatter, count, freedom_of(count, drawn, error))


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
