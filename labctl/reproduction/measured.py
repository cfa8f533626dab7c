"""How a claim is told from finished runs: numbers with their uncertainty, orders and signs with their significance."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from labctl.reproduction.planned import Evidence, FloatArray, Runs
from labctl.reproduction.values import NO, YES, Value

OERSTED, MILLI, MICRO = 1e4, 1e3, 1e6
"""By which tesla, and other units of SI, become Oe (as a field), mA or ms, and uA or uV."""
SURE = 3.0
"""Standard deviations from which on an order or a sign is one."""
NEVER = 1e-9
"""Probability below which noise is not said to turn anything around: no noise is so well known."""
SAME = 1e-9
"""Of a setting, below which its readings are the same: this is what arithmetic leaves."""
MOST = 1e6
"""Standard deviations that are told of what has no noise."""


@dataclass(frozen=True, slots=True)
class Point:
    """One number of a row of them: where it stands, what it is, and its standard uncertainty."""

    at: float
    value: float
    uncertainty: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Numbers that a claim compares, for its figure; labels with their units."""

    across: str
    upwards: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured for a claim.

    Attributes:
        value: In the claim's unit; of an order 1 if it is as claimed.
        uncertainty: Standard uncertainty; of an order or a sign the standard deviation of its 0 and 1, or -1 and 1,
            by the noise alone.
        why: What was compared, how significant that is, and what else a reader has to know.
        also: Further numbers, by the names under which a claim bounds them.
        curve: What it follows from, where that is a row of numbers.
    """

    value: Value
    uncertainty: float
    why: str
    also: Mapping[str, float] = field(default_factory=dict[str, float])
    curve: Curve | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """How a claim is measured: from which runs, and how it follows from them. The first run is the one to look at."""

    needs: Sequence[str]
    how: Callable[[Runs], Measured]


# ---- orders and signs


def flip_probability(sigmas: float) -> float:
    """Return how probably noise alone turns a difference of so many standard deviations around."""
    return 0.5 * math.erfc(abs(sigmas) / math.sqrt(2.0))


def spread_of(sigmas: float, apart: float = 1.0) -> float:
    """Return the standard deviation of a yes or no, `apart` from each other, that noise turns around now and then."""
    wrong = flip_probability(sigmas)
    if wrong < NEVER:
        return 0.0
    return apart * math.sqrt(wrong * (1.0 - wrong))


def significance(difference: float, uncertainty: float) -> float:
    """Return a difference in its standard deviations; at most a million, also where it has none."""
    if uncertainty == 0.0:
        return math.copysign(MOST, difference) if difference else 0.0
    return max(-MOST, min(MOST, difference / uncertainty))


def sigmas_text(sigmas: float) -> str:
    """`4.2 sigma`; nobody needs more than "more than 100 sigma"."""
    return f"{'more than 100' if sigmas >= 100.0 else f'{sigmas:.2g}'} sigma"


def in_order(curve: Curve, unit: str, *, rising: bool = True, ratio: str = "") -> Measured:
    """Tell whether a row of numbers rises (or falls) from its first to its last one.

    It does where the ends are three standard deviations apart in that direction, and no step goes three standard
    deviations the other way.

    Args:
        curve: The row.
        unit: Of its numbers.
        rising: Whether it is claimed to rise.
        ratio: What the last number over the first is called, where a claim bounds it.
    """
    points, direction = curve.points, 1.0 if rising else -1.0

    def step(low: Point, high: Point) -> float:
        return significance(direction * (high.value - low.value), math.hypot(low.uncertainty, high.uncertainty))

    whole = step(points[0], points[-1])
    steps = [step(low, high) for low, high in itertools.pairwise(points)]
    as_said = whole > SURE and min(steps) > -SURE
    row = ", ".join(number_text(point.value, point.uncertainty) for point in points)
    places = ", ".join(f"{point.at:.4g}" for point in points)
    said = f"{' '.join(filter(None, [row, unit]))} at {curve.across} = {places}; "
    said += f"the ends differ by {sigmas_text(whole)}, the smallest step is {sigmas_text(min(steps))}"
    also = {ratio: points[-1].value / points[0].value} if ratio else {}
    return Measured(YES if as_said else NO, spread_of(whole), said, also, curve)


def sign_of(value: float, sigmas: float, why: str) -> Measured:
    """Return a sign, or a product of signs, that is known by so many standard deviations; 0 where it is not known."""
    known = abs(sigmas) > SURE
    return Measured(math.copysign(1.0, value) if known else 0.0, spread_of(sigmas, 2.0), why)


def yes_or_no(holds: bool, sigmas: float, why: str, also: Mapping[str, float] | None = None) -> Measured:
    """Return an order that a run has told by itself, with its significance."""
    return Measured(YES if holds else NO, spread_of(sigmas), why, also or {})


# ---- settings


def set_to(values: FloatArray, factor: float, why: str) -> Measured:
    """Return a setting as it was read back: its mean, and the standard deviation of one reading."""
    mean, spread = rounded(factor * float(values.mean())), abs(factor) * float(values.std())
    return Measured(mean, spread if spread > SAME * abs(mean) else 0.0, why)


def rounded(value: float) -> float:
    """Return a number without the last digits, which a factor between units has made."""
    return float(f"{value:.9g}")


def width_of_channel(run: Evidence) -> Measured:
    """Return the width of the bar in um, to which the run's current densities refer."""
    width = float(run.asked["sample"]["geometry"]["width"])
    why = "as the run's sample record has it, to which its current densities refer; lithography is not measured here"
    return Measured(rounded(1e6 * width), 0.0, why)


def number_text(value: float, uncertainty: float) -> str:
    """`5.20 ± 0.26`, without a unit."""
    if uncertainty == 0.0:
        return f"{value:.4g}"
    decimals = max(0, -math.floor(math.log10(uncertainty)) + (1 if uncertainty < 0.995 else 0))
    return f"{value:.{decimals}f} ± {uncertainty:.{decimals}f}"
