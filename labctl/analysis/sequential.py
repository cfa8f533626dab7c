"""Trials one after the other, each where it tells most: the belief about I50 and K of a switching curve.

The belief is a table of probabilities over I50 and K, even over I50 and over the logarithm of K to begin with. After
each trial it is multiplied by the likelihood of what came out. The next current is the one whose outcome is expected to
tell most of I50: the entropy of the outcome, less what of it is left once I50 is known, while K is what the belief
says. K itself is told by the tenth of the trials whose current is drawn at random. Where the belief has become narrow
against the table's spacing, the table is made anew from all trials, with more places around it; those far from it stay,
since what K may be leaves it long tails.

Source: D. V. Lindley, Ann. Math. Stat. 27, 986 (1956); for psychometric curves L. L. Kontsevich and C. W. Tyler,
Vision Research 39, 2729 (1999).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import logit

from labctl.analysis.switching_probability import Array, Link, Trial, log_likelihood, probability

HALVES, CLOSE, WIDTHS, CURRENTS = 61, 101, 25, 41
"""Places of the table in I50, over all of the range and close to each other, and in K; currents among which the next is
chosen, likewise twice."""
NARROWEST, WIDEST = 0.001, 0.2
"""K as part of the middle of the range, smallest and largest."""
FINE = 8.0
"""Spacings of the table that the standard deviation of I50 has to be, where the belief is."""
REACH = 5.0
"""Standard deviations around the mean in which a table has its places close to each other."""
MOST_TABLES = 12
"""How often a table is made anew at a time, each about a tenth as coarse as the one before."""
LEAST = 1e-4
"""Part of the range below which nobody sets currents closer to each other."""
OFF = 0.1
"""Part of the trials whose current is drawn at random: they tell K, and whether the curve has its form."""
CHANCES = 0.02, 0.98
"""Chances of switching of these."""


@dataclass(frozen=True)
class Belief:
    """What is known of I50 and K after some trials.

    Attributes:
        low: Smallest I50 in A that is thought of.
        high: Largest.
        trials: So far.
        link: Form of the curve.
        window: Part of the range of I50 in which the table's places are close to each other.
    """

    low: float
    high: float
    trials: tuple[Trial, ...] = ()
    link: Link = "logistic"
    window: tuple[float, float] | None = None

    @cached_property
    def halves(self) -> Array:
        """I50 in A, rising."""
        whole = np.linspace(self.low, self.high, HALVES)
        return whole if self.window is None else np.union1d(whole, np.linspace(*self.window, CLOSE))

    @cached_property
    def edges(self) -> Array:
        """Where the stretches of I50 end that each place stands for, A."""
        middles = 0.5 * (self.halves[1:] + self.halves[:-1])
        return np.concatenate([[self.low], middles, [self.high]])

    @cached_property
    def widths(self) -> Array:
        """K in A, rising."""
        middle = 0.5 * (self.low + self.high)
        return np.geomspace(NARROWEST * middle, WIDEST * middle, WIDTHS)

    @cached_property
    def currents(self) -> Array:
        """Currents in A that may come next: from the range's begin to its end, and closer together in the window."""
        whole = np.linspace(self.low, self.high, CURRENTS)
        return whole if self.window is None else np.union1d(whole, np.linspace(*self.window, CURRENTS))

    @cached_property
    def weights(self) -> Array:
        """Probability of each I50 (rows) and K (columns); the sum is 1."""
        logarithm = log_likelihood(self.trials, self.halves[:, None], self.widths[None, :], self.link)
        found = np.exp(logarithm - logarithm.max()) * np.diff(self.edges)[:, None]
        return found / found.sum()

    @cached_property
    def _table(self) -> Array:
        grid = probability(self.currents[:, None, None], self.halves[:, None], self.widths, self.link)
        return grid.reshape(len(self.currents), -1)

    def with_trial(self, trial: Trial) -> Belief:
        """Return the belief after one more trial; the table is made anew where it has become too coarse."""
        after = Belief(self.low, self.high, (*self.trials, trial), self.link, self.window)
        vars(after).update({name: vars(self)[name] for name in _SHARED if name in vars(self)})
        if "weights" in vars(self):
            chances = probability(np.array(trial.current), self.halves[:, None], self.widths[None, :], self.link)
            found = self.weights * (chances if trial.switched else 1.0 - chances)
            if found.sum() > 0.0:
                vars(after)["weights"] = found / found.sum()
        return after.refined()

    def refined(self) -> Belief:
        """Return the same belief on a table that is fine enough where it is."""
        belief = self
        for _ in range(MOST_TABLES):
            (centre, sigma), spacing = belief.half, belief._spacing()
            reach = REACH * max(sigma, 0.5 * spacing)
            window = max(belief.low, centre - reach), min(belief.high, centre + reach)
            closest = (window[1] - window[0]) / CLOSE
            if sigma >= FINE * spacing or closest > 0.8 * spacing or closest < LEAST * (belief.high - belief.low):
                break
            belief = Belief(belief.low, belief.high, belief.trials, belief.link, window)
        return belief

    def _spacing(self) -> float:
        """Distance of the places of I50 in A where the belief has its median."""
        summed = np.cumsum(self.weights.sum(axis=1))
        place = min(int(np.searchsorted(summed, 0.5)), len(self.halves) - 1)
        return float(self.edges[place + 1] - self.edges[place])

    # ---- what is believed

    @property
    def half(self) -> tuple[float, float]:
        """I50 in A, mean and standard deviation."""
        return _moments(self.halves, self.weights.sum(axis=1))

    @property
    def width(self) -> tuple[float, float]:
        """K in A, mean and standard deviation."""
        return _moments(self.widths, self.weights.sum(axis=0))

    @property
    def correlation(self) -> float:
        """Of I50 and K."""
        (half, half_sigma), (width, width_sigma) = self.half, self.width
        both = float((self.halves - half) @ self.weights @ (self.widths - width))
        return both / (half_sigma * width_sigma) if half_sigma * width_sigma > 0.0 else 0.0

    def half_interval(self, confidence: float) -> tuple[float, float]:
        """Return the central interval of I50 in A that holds it with this probability."""
        return _interval(self.edges, self.weights.sum(axis=1), confidence)

    def width_interval(self, confidence: float) -> tuple[float, float]:
        """Return the central interval of K in A that holds it with this probability."""
        places = np.log(self.widths)
        edges = np.concatenate([places[:1], 0.5 * (places[1:] + places[:-1]), places[-1:]])
        low, high = _interval(edges, self.weights.sum(axis=0), confidence)
        return math.exp(low), math.exp(high)

    # ---- where to go

    def gains(self) -> Array:
        """Return what a trial at each of `currents` is expected to tell of I50, in nats.

        K is not known either: for each I50 the outcome's chance is a mean over what K may be.
        """
        flat = self.weights.ravel()
        rows = self.weights.sum(axis=1)
        of_half = (self._table * flat).reshape(len(self.currents), len(self.halves), WIDTHS).sum(axis=2)
        left = _entropy(of_half / np.maximum(rows, 1e-300)) @ rows
        return _entropy(self._table @ flat) - left

    def best(self) -> float:
        """Return the current in A whose trial is expected to tell most."""
        return float(self.currents[int(np.argmax(self.gains()))])

    def next_current(self, rng: np.random.Generator) -> float:
        """Return the next current in A: the best, or in a tenth of all trials one at random.

        That one is where a pulse switches with a chance which is drawn evenly, for one I50 and K drawn from the belief.
        """
        if rng.random() >= OFF:
            return self.best()
        drawn = int(rng.choice(self.weights.size, p=self.weights.ravel()))
        row, column = divmod(drawn, WIDTHS)
        current = self.halves[row] + self.widths[column] * logit(rng.uniform(*CHANCES))
        return float(min(max(current, self.low), self.high))


_SHARED = ("halves", "edges", "widths", "currents", "_table")


def _entropy(chance: Array) -> Array:
    inside = np.clip(chance, 1e-12, 1.0 - 1e-12)
    return -inside * np.log(inside) - (1.0 - inside) * np.log1p(-inside)


def _moments(places: Array, weights: Array) -> tuple[float, float]:
    mean = float(places @ weights)
    return mean, math.sqrt(max(0.0, float((places - mean) ** 2 @ weights)))


def _interval(edges: Array, weights: Array, confidence: float) -> tuple[float, float]:
    """Ends of a central interval; each weight is spread evenly between its edges."""
    summed = np.concatenate([[0.0], np.cumsum(weights)])
    tail = 0.5 * (1.0 - confidence)
    return float(np.interp(tail, summed, edges)), float(np.interp(1.0 - tail, summed, edges))


def carry_on(
    belief: Belief, attempt: Callable[[int, float], Trial | None], rng: np.random.Generator, numbers: Iterable[int], *,
    goal: float, least: int,
) -> Belief:  # fmt: skip
    """Do trials until I50 is known to a part of itself, and at least so many are done.

    Args:
        belief: To begin with.
        attempt: Given a trial's number and a current in A, sends the pulse and returns the trial that it was, with the
            height that was sent; None ends it.
        rng: For the currents at random.
        numbers: Of the trials; where these end, it ends in any case.
        goal: Standard deviation of I50 over its mean.
        least: Trials that are done in any case.
    """
    for number in numbers:
        trial = attempt(number, belief.next_current(rng))
        if trial is None:
            break
        belief = belief.with_trial(trial)
        if finished(belief, goal=goal, least=least):
            break
    return belief


def finished(belief: Belief, *, goal: float, least: int) -> bool:
    """Whether so many trials are done, and I50 is known to a part of itself."""
    centre, sigma = belief.half
    return len(belief.trials) >= least and sigma < goal * abs(centre)


def halves_of(trials: Sequence[Trial], low: float, high: float, link: Link = "logistic") -> tuple[Belief, Belief]:
    """Return what the first and the second half of the trials tell by themselves."""
    middle = len(trials) // 2
    first, second = (Belief(low, high, tuple(part), link).refined() for part in (trials[:middle], trials[middle:]))
    return first, second
