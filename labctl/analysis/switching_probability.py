"""How probably a current pulse switches a film: intervals of counted parts, and a curve through single trials.

A trial is one pulse from a state that was seen to be the full one, and it switches or does not. The curve is logistic,
p = 1 / (1 + exp(-(I - I50) / K)), or that of a normal distribution of thresholds with the standard deviation K. Both
are fitted by maximum likelihood to single trials, not to the parts at each current, so that currents with one trial
count as they should.

Trials of which all above a current switch and none below tell where the step is and that it is narrow, and no more:
such data have a largest likelihood at an infinite slope, which is not claimed.

An interval of two sides is Wilson's, which is nearest to 95 % on average. A bound of one side is the exact one, which
holds with 95 % or more whatever the chance: Wilson's own lies a tenth to a fifth too low where nothing was counted.

Sources: E. B. Wilson, J. Am. Stat. Assoc. 22, 209 (1927); C. J. Clopper and E. S. Pearson, Biometrika 26, 404 (1934);
R. G. Newcombe, Statistics in Medicine 17, 873 (1998), method 10; A. Albert and J. A. Anderson, Biometrika 71, 1 (1984),
on separated data.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, expit, log_expit, log_ndtr, ndtr

Array = NDArray[np.float64]
Link = Literal["logistic", "probit"]

CONFIDENCE = 1.959964
"""Standard deviations of the 95 % intervals."""
ONE_SIDED = 1.644854
"""Standard deviations of a bound that holds with 95 %, of what is normal: the likelihood of a width."""
HOLDS = 0.95
"""Probability with which a bound of one side holds, at least."""
PASSES = 200
"""Steps of the fit."""
LARGEST_ETA = 30.0
"""Widths from the half beyond which a trial has no further say."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One pulse from a full state.

    Attributes:
        current: Its height in A, as a magnitude.
        switched: Whether more than half of the film went.
    """

    current: float
    switched: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A part that was counted, with its 95 % interval of two sides by Wilson.

    Attributes:
        count: Of the trials that switched.
        trials: Of all.
        low: Lower end.
        high: Upper end.
    """

    count: int
    trials: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The part itself."""
        return self.count / self.trials

    @property
    def above(self) -> float:
        """Upper bound that holds with 95 %, the exact one: 0 of n bound 1 - 0.05^(1/n)."""
        if self.count == self.trials:
            return 1.0
        return float(betaincinv(self.count + 1.0, self.trials - self.count, HOLDS))

    @property
    def below(self) -> float:
        """Lower bound that holds with 95 %, the exact one."""
        if self.count == 0:
            return 0.0
        return float(betaincinv(self.count, self.trials - self.count + 1.0, 1.0 - HOLDS))

    @property
    def drawn(self) -> tuple[float, float]:
        """Ends of the bar in a figure: Wilson's interval, and the exact bound where none or all were counted."""
        if self.count == 0:
            return 0.0, self.above
        return (self.below, 1.0) if self.count == self.trials else (self.low, self.high)


def wilson(count: int, trials: int) -> Part:
    """Return a counted part with Wilson's 95 % interval, which is no point even where none or all were counted.

    Args:
        count: Of those that switched.
        trials: Of all, at least 1.
    """
    part, square = count / trials, CONFIDENCE**2 / trials
    middle = (part + 0.5 * square) / (1.0 + square)
    half = math.sqrt(part * (1.0 - part) * square + 0.25 * square**2) / (1.0 + square)
    low = 0.0 if count == 0 else middle - half
    high = 1.0 if count == trials else middle + half
    return Part(count, trials, low, high)


def parts(trials: Sequence[Trial]) -> dict[float, Part]:
    """Return the part that switched at each current in A, rising."""
    currents = sorted({trial.current for trial in trials})
    found: dict[float, Part] = {}
    for current in currents:
        there = [trial.switched for trial in trials if trial.current == current]
        found[current] = wilson(sum(there), len(there))
    return found


def difference(one: Part, other: Part) -> tuple[float, float, float]:
    """Return a part less another one, with the ends of its 95 % interval by Newcombe's hybrid score."""
    apart = one.value - other.value
    low = apart - math.hypot(one.value - one.low, other.high - other.value)
    high = apart + math.hypot(one.high - one.value, other.value - other.low)
    return apart, low, high


def rate(part: float, width: float) -> float:
    """Return the rate in 1/s of a process that in a pulse of some s switches with this probability."""
    return math.inf if part >= 1.0 else -math.log1p(-part) / width


# ---- the curve


def probability(current: Array, half: Array | float, width: Array | float, link: Link = "logistic") -> Array:
    """Return the probability of switching at each current, for I50 and K in the same unit."""
    eta = (current - half) / width
    return np.asarray(expit(eta) if link == "logistic" else ndtr(eta), dtype=np.float64)


def log_likelihood(
    trials: Sequence[Trial], half: Array | float, width: Array | float, link: Link = "logistic"
) -> Array:
    """Return the logarithm of the likelihood for each I50 and K in A; they are broadcast against each other."""
    total = np.zeros(np.broadcast(np.asarray(half), np.asarray(width)).shape)
    for current, (switched, stayed) in _counted(trials).items():
        eta = (current - half) / width
        rises, falls = _logarithms(np.asarray(eta, dtype=np.float64), link)
        total = total + switched * rises + stayed * falls
    return total


def _logarithms(eta: Array, link: Link) -> tuple[Array, Array]:
    """Logarithms of the probability and of what it lacks to 1."""
    function = log_expit if link == "logistic" else log_ndtr
    return np.asarray(function(eta), dtype=np.float64), np.asarray(function(-eta), dtype=np.float64)


def _counted(trials: Sequence[Trial]) -> dict[float, tuple[int, int]]:
    found: dict[float, tuple[int, int]] = {}
    for trial in trials:
        switched, stayed = found.get(trial.current, (0, 0))
        found[trial.current] = (switched + trial.switched, stayed + (not trial.switched))
    return found


@dataclass(frozen=True, slots=True)
class Curve:
    """A fitted curve.

    Attributes:
        link: Which.
        half: I50 in A.
        width: K in A: 73 % minus 50 % of a logistic curve, the standard deviation of a normal one.
        covariance: Of both, A2.
        likelihood: Logarithm of the largest likelihood.
    """

    link: Link
    half: float
    width: float
    covariance: Array
    likelihood: float

    @property
    def half_uncertainty(self) -> float:
        """Standard uncertainty of I50, A."""
        return math.sqrt(float(self.covariance[0, 0]))

    @property
    def width_uncertainty(self) -> float:
        """Standard uncertainty of K, A."""
        return math.sqrt(float(self.covariance[1, 1]))

    @property
    def correlation(self) -> float:
        """Of I50 and K."""
        return float(self.covariance[0, 1]) / (self.half_uncertainty * self.width_uncertainty)


@dataclass(frozen=True, slots=True)
class Separated:
    """Trials that a single step explains: none below it switched, all above it did.

    Attributes:
        low: Largest current in A that did not switch; I50 is above it but for the width of the step.
        high: Smallest current in A that did.
        widest: Upper bound on K in A that holds with 95 %, from the profile of the likelihood.
    """

    low: float
    high: float
    widest: float

    @property
    def half(self) -> float:
        """Middle of the step, A."""
        return 0.5 * (self.low + self.high)


def fit(trials: Sequence[Trial], link: Link = "logistic") -> Curve | Separated | str:
    """Fit a curve to single trials by maximum likelihood.

    Returns:
        The curve; the step, where a single one explains all trials; a sentence where nothing can be told.
    """
    switched = [trial.current for trial in trials if trial.switched]
    stayed = [trial.current for trial in trials if not trial.switched]
    if not switched:
        return "no pulse has switched"
    if not stayed:
        return "every pulse has switched"
    if max(stayed) <= min(switched):
        return Separated(max(stayed), min(switched), _widest(trials, max(stayed), min(switched), link))
    return _newton(trials, link)


def _newton(trials: Sequence[Trial], link: Link) -> Curve | str:
    """Maximise the likelihood of p = F(a + b x) by Fisher's scoring; it is concave in a and b."""
    counted = _counted(trials)
    currents = np.array(list(counted))
    switched = np.array([pair[0] for pair in counted.values()], dtype=float)
    total = switched + np.array([pair[1] for pair in counted.values()], dtype=float)
    centre, spread = float(np.average(currents, weights=total)), float(np.std(np.repeat(currents, total.astype(int))))
    design = np.column_stack([np.ones(len(currents)), (currents - centre) / (spread or 1.0)])
    beta, best = np.zeros(2), -math.inf
    step, information = np.zeros(2), np.eye(2)
    for _ in range(PASSES):
        value = _sum(design @ (beta + step), switched, total, link)
        if value < best:  # the step goes too far
            step = 0.5 * step
            continue
        beta, done = beta + step, value - best < 1e-12
        best = value
        score, information = _score(design, design @ beta, switched, total, link)
        if done:
            break
        step = np.linalg.solve(information, score)
    if beta[1] <= 0.0:
        return "the part that switches does not grow with the current"
    covariance = np.asarray(np.linalg.inv(information), dtype=np.float64)
    return _curve(beta, covariance, centre, spread or 1.0, best, link)


def _sum(eta: Array, switched: Array, total: Array, link: Link) -> float:
    rises, falls = _logarithms(eta, link)
    return float(switched @ rises + (total - switched) @ falls)


def _score(design: Array, eta: Array, switched: Array, total: Array, link: Link) -> tuple[Array, Array]:
    """Gradient of the likelihood and Fisher's information."""
    eta = np.clip(eta, -LARGEST_ETA, LARGEST_ETA)
    if link == "logistic":
        part = np.asarray(expit(eta))
        slope, weight = np.ones_like(part), part * (1.0 - part)
    else:
        part, other = np.asarray(ndtr(eta)), np.asarray(ndtr(-eta))
        density = np.exp(-0.5 * eta**2) / math.sqrt(2.0 * math.pi)
        slope = density / np.maximum(part * other, 1e-300)
        weight = density * slope
    score = design.T @ ((switched - total * part) * slope)
    return score, (design * (total * weight)[:, None]).T @ design


def _curve(beta: Array, covariance: Array, centre: float, spread: float, likelihood: float, link: Link) -> Curve:
    """Turn offset and slope into I50 and K."""
    offset, slope = float(beta[0]), float(beta[1])
    jacobian = np.array([[-1.0 / slope, offset / slope**2], [0.0, -1.0 / slope**2]]) * spread
    return Curve(
        link, centre - spread * offset / slope, spread / slope, jacobian @ covariance @ jacobian.T, likelihood
    )  # fmt: skip


def _widest(trials: Sequence[Trial], low: float, high: float, link: Link) -> float:
    """Return the K in A at which the likelihood, with the best I50, has lost what a one-sided 95 % bound allows."""
    currents = [trial.current for trial in trials]
    reach = max(currents) - min(currents) or abs(high)
    widths = np.geomspace(1e-4 * reach, 10.0 * reach, 400)
    halves = np.linspace(low - reach, high + reach, 801)
    best = np.max(log_likelihood(trials, halves[:, None], widths[None, :], link), axis=0)
    allowed = best >= -0.5 * ONE_SIDED**2  # a step of no width explains all: its likelihood is 1
    return float(widths[allowed][-1]) if np.any(allowed) else float(high - low)


def coarseness(found: Separated) -> float:
    """Return the standard uncertainty in A of the middle of a step: I50 lies anywhere in it."""
    return (found.high - found.low) / math.sqrt(12.0)
