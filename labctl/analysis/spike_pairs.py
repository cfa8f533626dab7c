"""Spikes of two neurons in a synapse's current, and what a pair of them leaves against their delay.

Each neuron sends a spike s(t): `height` for a time `rise`, and then a tail of the other sign that falls to nothing. The
synapse sees the earlier one's less the later one's, I(t) = s(t) - s(t - delay), where the delay is that of the
postsynaptic neuron's spike after the presynaptic one's. A tail and a spike of opposite contributions add up to more
than either, so that a pair writes what neither writes alone, and the more the nearer they are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import curve_fit
from scipy.special import fdtrc, stdtrit

Array = NDArray[np.float64]

LINEAR, EXPONENTIAL = "linear", "exponential"
CUT = 5.0
"""Time constants after which an exponential tail is cut off: less than a hundredth of it is left."""
RARE = 0.0027
"""Probability with which scatter alone makes a change that is taken for seen: that of three standard deviations."""
COUNTS = 0.02
"""Part of the largest change of a pair from which on another one counts: spikes far apart and a single one write a
little of the film, which is seen with enough repeats, and is no reason to send smaller ones."""
ENOUGH = 10
"""Degrees of freedom from which on changes tell how they go with the state that they began from."""
FEWEST = 3
"""Delays of one sign that two parameters of a decay are told from."""


@dataclass(frozen=True, slots=True)
class Spike:
    """A spike.

    Attributes:
        height: A.
        rise: s for which it has this height.
        tail: s until the tail is over.
        depth: Height of the tail's beginning over that of the spike, of the opposite sign.
        shape: "linear" or "exponential"; then the time constant is a fifth of `tail`.
    """

    height: float
    rise: float
    tail: float
    depth: float
    shape: str = LINEAR

    @property
    def lasts(self) -> float:
        """How long it lasts in s."""
        return self.rise + self.tail

    def at(self, time: Array) -> Array:
        """Return the current in A at times in s after its beginning."""
        late = (time - self.rise) / self.tail
        fall = np.exp(-CUT * late) if self.shape == EXPONENTIAL else 1.0 - late
        inside = (time >= self.rise - 1e-12) & (time < self.lasts - 1e-12)
        tail = np.where(inside, -self.height * self.depth * fall, 0.0)
        return np.where((time >= -1e-12) & (time < self.rise - 1e-12), self.height, tail)


def pair(pre: Spike | None, post: Spike | None, delay: float, step: float) -> Array:
    """Return the current in A that the synapse sees, in steps of so many s, with 0 A at either end.

    Args:
        pre: Of the presynaptic neuron; None where only the other one fires.
        post: Of the postsynaptic one, which counts negative.
        delay: s by which that one comes later; below zero it comes first.
        step: s of a level, which is the current in its middle.
    """
    first = min(0.0, delay) if post is not None else 0.0
    begins = [(pre, 0.0, 1.0), (post, delay, -1.0)]
    last = max(begin + spike.lasts for spike, begin, _ in begins if spike is not None)
    count = math.ceil((last - first) / step - 1e-9)
    times = np.asarray(first + (np.arange(count) + 0.5) * step, dtype=np.float64)
    total = np.zeros(count)
    for spike, begin, sign in begins:
        if spike is not None:
            total += sign * spike.at(np.asarray(times - begin, dtype=np.float64))
    return np.concatenate([[0.0], total, [0.0]])


@dataclass(frozen=True, slots=True)
class Change:
    """What pairs of one delay, or single spikes of one neuron, have left.

    Attributes:
        delay: s.
        mean: Of the change of the weight, on the scale from 0 to 1 between both saturated states.
        error: Its standard error, from the scatter of changes of its size; NaN where nothing was sent twice.
        count: How many.
        freedom: Degrees of freedom of that scatter.
    """

    delay: float
    mean: float
    error: float
    count: int
    freedom: int

    @property
    def seen(self) -> bool:
        """Whether it is beyond what scatter makes, as rarely as three standard deviations of what is normal."""
        return self.freedom > 0 and abs(self.mean) > -float(stdtrit(self.freedom, 0.5 * RARE)) * self.error

    def below(self) -> float:
        """Return what its magnitude is below with 95 %, by Student's t; infinite where nobody knows the scatter."""
        if not self.freedom:
            return math.inf
        return abs(self.mean) - float(stdtrit(self.freedom, 0.025)) * self.error


@dataclass(frozen=True, slots=True)
class Begun:
    """A change, and the state that it began from.

    Attributes:
        change: Of the weight, on the scale from 0 to 1.
        magnetisation: m of that state, which a train leaves near zero and not at it.
    """

    change: float
    magnetisation: float


def from_balance(groups: Sequence[tuple[float, Sequence[Begun]]]) -> list[tuple[float, list[float]]]:
    """Return the changes of each group as they are from zero magnetisation.

    A film with more of its parts up than down has less left to turn up: a pair that changes it by c changes it by
    c - k |c| m from a state of m. The one k of all groups follows from how changes go with m within them. What trains
    leave to one side on the mean of a run then favours neither sign of the delay.

    Args:
        groups: Delay in s and changes, of pairs alike.
    """
    moves: list[float] = []
    beside: list[float] = []
    for _, begun in groups:
        mean, middle = _mean_of(begun)
        moves += [abs(mean) * (each.magnetisation - middle) for each in begun]
        beside += [each.change - mean for each in begun]
    weight = math.fsum(move**2 for move in moves)
    known = len(moves) - len(groups) >= ENOUGH and weight > 0.0
    slope = -math.fsum(move * off for move, off in zip(moves, beside, strict=True)) / weight if known else 0.0
    return [
        (delay, [each.change + slope * abs(_mean_of(begun)[0]) * each.magnetisation for each in begun])
        for delay, begun in groups
    ]


def _mean_of(begun: Sequence[Begun]) -> tuple[float, float]:
    """Mean change, and mean magnetisation before."""
    count = len(begun)
    return math.fsum(each.change for each in begun) / count, math.fsum(each.magnetisation for each in begun) / count


def changes_of(groups: Sequence[tuple[float, Sequence[float]]], floor: float) -> list[Change]:
    """Return mean and standard error of each group of like pairs or spikes, the scatter from all of them together.

    Few repeats tell nothing of their own scatter: it is that within all groups, and never below what reading makes. Two
    scatters are told apart. Where spikes change the film it scatters with the state that the train before has left, and
    where they hardly do, by far less; changes below 2 % of the largest are those.

    Args:
        groups: Delay in s and changes of the weight, of all delays and of single spikes.
        floor: Standard deviation of a change by the noise of reading alone.
    """
    means = [math.fsum(values) / len(values) for _, values in groups]
    least = COUNTS * max(map(abs, means), default=0.0)
    every = [values for _, values in groups]
    sorts = [abs(mean) < least for mean in means]
    pools = {
        sort: _pooled([values for values, its in zip(every, sorts, strict=True) if its is sort], floor)
        for sort in (True, False)
    }
    found: list[Change] = []
    for (delay, values), mean, sort in zip(groups, means, sorts, strict=True):
        scatter, freedom = pools[sort]
        if not freedom:
            scatter, freedom = _pooled(every, floor)
        found.append(Change(delay, mean, scatter / math.sqrt(len(values)), len(values), freedom))
    return found


def _pooled(groups: Sequence[Sequence[float]], floor: float) -> tuple[float, int]:
    """Return the standard deviation within groups, and its degrees of freedom; NaN and 0 where none has two values."""
    freedom = sum(len(group) - 1 for group in groups)
    if not freedom:
        return math.nan, 0
    squares = sum(float(np.sum((np.asarray(group) - np.mean(group)) ** 2)) for group in groups)
    return max(math.sqrt(squares / freedom), floor), freedom


def counts(change: Change, largest: float) -> bool:
    """Whether a change is seen, and more than 2 % of the largest one of a pair."""
    return change.seen and abs(change.mean) >= COUNTS * abs(largest)


def largest_of(changes: Sequence[Change]) -> Change | None:
    """Return the largest change of pairs; None without any."""
    return max(changes, key=lambda change: abs(change.mean), default=None)


@dataclass(frozen=True, slots=True)
class Decay:
    """An exponential decay of the change with the delay's magnitude, on one side.

    Attributes:
        amplitude: Change at no delay.
        constant: Time constant, s.
        covariance: Of both.
    """

    amplitude: float
    constant: float
    covariance: Array


def decay(changes: Sequence[Change], sign: int) -> Decay | None:
    """Fit a decay to the delays of one sign; None where these are too few or do not decay."""
    mine = [change for change in changes if change.delay * sign > 0.0 and change.freedom]
    if len(mine) < FEWEST:
        return None
    times = np.abs([change.delay for change in mine])
    means, errors = np.array([c.mean for c in mine]), np.array([max(c.error, 1e-9) for c in mine])
    start = (float(means[np.argmin(times)]), float(np.median(times)))

    def law(time: Array, amplitude: float, constant: float) -> Array:
        return amplitude * np.exp(-time / constant)

    try:
        best, covariance = curve_fit(law, times, means, p0=start, sigma=errors, absolute_sigma=True, maxfev=5000)
    except RuntimeError:
        return None
    if not best[1] > 0.0 or not np.all(np.isfinite(covariance)):
        return None
    misfit = float(np.sum(((means - law(times, *best)) / errors) ** 2)) / max(len(mine) - 2, 1)
    return Decay(float(best[0]), float(best[1]), covariance * max(misfit, 1.0))


def window(changes: Sequence[Change]) -> float | None:
    """Return the smallest magnitude of a delay in s from which on no change counts on either side; None without."""
    largest = largest_of(changes)
    sizes = sorted({abs(change.delay) for change in changes})
    unseen: float | None = None
    for size in reversed(sizes):
        if largest is None or any(counts(c, largest.mean) for c in changes if abs(c.delay) == size):
            break
        unseen = size
    return unseen


@dataclass(frozen=True, slots=True)
class Odd:
    """A test that opposite delays leave opposite changes.

    Attributes:
        square: Sum of squares of the sums of both changes, each over its standard error.
        count: Of these sums.
        freedom: Degrees of freedom of the scatter.
        chance: p, of a larger square where they are opposite: by F, since the scatter was estimated.
        largest: Magnitude of the largest of the sums.
    """

    square: float
    count: int
    freedom: int
    chance: float
    largest: float


def odd(changes: Sequence[Change]) -> Odd | None:
    """Test that opposite delays leave opposite changes; None without any, or without a known scatter."""
    by_delay = {change.delay: change for change in changes}
    both = [(by_delay[d], by_delay[-d]) for d in by_delay if d > 0.0 and -d in by_delay]
    freedom = min((change.freedom for two in both for change in two), default=0)
    sums = [(one.mean + other.mean, math.hypot(one.error, other.error)) for one, other in both]
    if not freedom or not all(error > 0.0 for _, error in sums):
        return None
    square = sum((total / error) ** 2 for total, error in sums)
    chance = float(fdtrc(len(sums), freedom, square / len(sums)))
    return Odd(square, len(sums), freedom, chance, max(abs(total) for total, _ in sums))


def falls(changes: Sequence[Change]) -> float | None:
    """Return the rank correlation of the change's magnitude with that of the delay; -1 where it always falls."""
    from scipy.stats import rankdata  # late: half a second

    if len(changes) < FEWEST:
        return None
    ranks = [rankdata(np.abs(values)) for values in ([c.delay for c in changes], [c.mean for c in changes])]
    return float(np.corrcoef(ranks)[0, 1])
