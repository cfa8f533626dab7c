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
from scipy.stats import chi2, rankdata

Array = NDArray[np.float64]

LINEAR, EXPONENTIAL = "linear", "exponential"
CUT = 5.0
"""Time constants after which an exponential tail is cut off: less than a hundredth of it is left."""
SEEN = 3.0
"""Standard errors of a change from which on it is seen."""
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
    """What pairs of one delay have left.

    Attributes:
        delay: s.
        mean: Of the change of the weight, on the scale from 0 to 1 between both saturated states.
        error: Its standard error, from the scatter of the repeats.
        count: How many pairs.
    """

    delay: float
    mean: float
    error: float
    count: int


def changes_of(delays: Sequence[float], values: Sequence[float]) -> list[Change]:
    """Return mean and standard error of each delay; the scatter is that of all delays together where one has few.

    Args:
        delays: s, one a pair.
        values: Change of the weight by each.
    """
    times, weights = np.asarray(delays, float), np.asarray(values, float)
    groups = [(delay, weights[times == delay]) for delay in np.unique(times).tolist()]
    degrees = sum(len(group) - 1 for _, group in groups)
    pooled = math.sqrt(sum(float(((g - g.mean()) ** 2).sum()) for _, g in groups) / degrees) if degrees else math.nan
    found: list[Change] = []
    for delay, group in groups:
        own = float(group.std(ddof=1)) if len(group) > 1 else pooled
        found.append(Change(delay, float(group.mean()), max(own, 0.5 * pooled) / math.sqrt(len(group)), len(group)))
    return found


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
    mine = [change for change in changes if change.delay * sign > 0.0]
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
    """Return the smallest magnitude of a delay in s from which on no change is seen on either side; None without."""
    sizes = sorted({abs(change.delay) for change in changes})
    unseen: float | None = None
    for size in reversed(sizes):
        if any(abs(c.mean) > SEEN * c.error for c in changes if abs(c.delay) == size):
            break
        unseen = size
    return unseen


def odd(changes: Sequence[Change]) -> tuple[float, int, float] | None:
    """Test that opposite delays leave opposite changes; return chi square, its degrees of freedom, and p."""
    by_delay = {change.delay: change for change in changes}
    sums = [
        (by_delay[d].mean + by_delay[-d].mean, math.hypot(by_delay[d].error, by_delay[-d].error))
        for d in by_delay
        if d > 0.0 and -d in by_delay
    ]
    sums = [(total, error) for total, error in sums if error > 0.0]
    if not sums:
        return None
    square = sum((total / error) ** 2 for total, error in sums)
    return square, len(sums), float(chi2.sf(square, len(sums)))


def falls(changes: Sequence[Change]) -> float | None:
    """Return the rank correlation of the change's magnitude with that of the delay; -1 where it always falls."""
    if len(changes) < FEWEST:
        return None
    ranks = [rankdata(np.abs(values)) for values in ([c.delay for c in changes], [c.mean for c in changes])]
    return float(np.corrcoef(ranks)[0, 1])
