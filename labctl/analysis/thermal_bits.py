"""Bits of a junction that temperature writes in a standing field: states against the two references at their own K.

A junction with a ferrimagnet has a low and a high resistance at each temperature. A state read there is a bit,

    b = (R - R_low(T)) / (R_high(T) - R_low(T)),

0 in the low state and 1 in the high one, with what the references themselves are uncertain by and have drifted. Which
of both a field makes is the parallel state of the net moments: the low one below compensation, the high one above. An
excursion leaves the temperature at which bits are kept (the first of the list) and comes back to it; where it was last,
the field is meant to make its state, and on the way back that state is meant to stay.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from labctl.analysis.readings import FloatArray

ZERO, ONE = 0.2, 0.8
"""A bit below the one is a 0, above the other a 1, and else in between."""
BEYOND = 0.2
"""By how much a bit may lie outside of both references; what is further off has others than these."""
UNTOLD = 0.1
"""Standard uncertainty from which a bit is not told at all."""
APART = 5.0
"""Standard deviations by which levels of resistance differ that count as two."""
SAME = 0.5
"""K within which two temperatures are one."""
MEDIAN_STEP = 0.9539
"""Median size of the difference of two draws from one normal distribution, over its standard deviation."""


@dataclass(frozen=True, slots=True)
class Number:
    """A value and its standard uncertainty, in the same unit."""

    value: float
    uncertainty: float = 0.0


@dataclass(frozen=True, slots=True)
class Reference:
    """Both states of a junction at a temperature, from a saturated loop there.

    Attributes:
        temperature: K.
        parallel: Resistance with both net moments along the field, ohm.
        antiparallel: Resistance with one of them against it, ohm.
        soft: Magnitude of the field at which the first layer switches, T; None where the loop does not tell.
        hard: That of the other layer, T.
        width: Field between a tenth and nine tenths of that layer, T; 0 where it is not known.
        rate: Of the field where it switches, T/s; 0 where it is not known.
    """

    temperature: float
    parallel: Number
    antiparallel: Number
    soft: Number | None = None
    hard: Number | None = None
    width: float = 0.0
    rate: float = 0.0

    @property
    def made(self) -> int:
        """Bit of the state that a large field makes: 0 where the parallel state is the low one, else 1."""
        return 0 if self.parallel.value < self.antiparallel.value else 1

    @property
    def low(self) -> Number:
        """Resistance of the low state, ohm."""
        return self.antiparallel if self.made else self.parallel

    @property
    def high(self) -> Number:
        """Resistance of the high state, ohm."""
        return self.parallel if self.made else self.antiparallel

    def bit(self, state: Number) -> Number:
        """Return a state's resistance in ohm as a bit.

        The uncertainties of both levels count as independent of each other: too large for a drift that both share.
        """
        low, high = self.low, self.high
        step = high.value - low.value
        value = (state.value - low.value) / step
        parts = (state.uncertainty, (1.0 - value) * low.uncertainty, value * high.uncertainty)
        return Number(value, math.hypot(*parts) / step)


@dataclass(frozen=True, slots=True)
class Visit:
    """A state that was read at a temperature.

    Attributes:
        cycle: From 1.
        temperature: Set point, K.
        state: Mean resistance and its standard uncertainty, ohm.
        bit: Of it; None where there are no references at its temperature.
        made: Bit that a large field makes there; None likewise.
    """

    cycle: int
    temperature: float
    state: Number
    bit: Number | None = None
    made: int | None = None

    @property
    def verdict(self) -> int | None:
        """0 or 1; None of a state in between, or of one that is not known well enough."""
        return None if self.bit is None else verdict(self.bit)


@dataclass(frozen=True, slots=True)
class Excursion:
    """A way out of the temperature at which bits are kept, and back.

    Attributes:
        before: Visit from which it began.
        away: Visits elsewhere, at least one.
        after: Visit with which it ended.
    """

    before: Visit
    away: tuple[Visit, ...]
    after: Visit

    @property
    def meant(self) -> int | None:
        """Bit that it is meant to leave: what the field makes where it was last."""
        return self.away[-1].made

    @property
    def came_true(self) -> bool:
        """Whether it left that bit."""
        return self.meant is not None and self.after.verdict == self.meant

    @property
    def turns(self) -> bool:
        """Whether it began from the other bit, so that something had to happen; a state in between is neither."""
        return self.before.verdict is not None and self.before.verdict != self.meant


def verdict(bit: Number) -> int | None:
    """Return 0 or 1.

    None of a bit in between, of one beyond either reference by more than `BEYOND`, or uncertain by more than a tenth.
    """
    if bit.uncertainty > UNTOLD or not -BEYOND <= bit.value <= 1.0 + BEYOND:
        return None
    return 0 if bit.value < ZERO else 1 if bit.value > ONE else None


def joined(references: Sequence[Reference], temperature: float) -> Reference | None:
    """Return the references at a temperature in K as one; None where there are none.

    Of several (before and after) each level is their mean. Half of what they differ by counts as its uncertainty: the
    states were read at some time in between.
    """
    here = [each for each in references if abs(each.temperature - temperature) <= SAME]
    if not here:
        return None
    hard = [each.hard for each in here if each.hard is not None]
    soft = [each.soft for each in here if each.soft is not None]
    return Reference(
        temperature,
        _middle([each.parallel for each in here]),
        _middle([each.antiparallel for each in here]),
        _middle(soft) if soft else None,
        _middle(hard) if hard else None,
        max(each.width for each in here),
        max(each.rate for each in here),
    )


def _middle(numbers: Sequence[Number]) -> Number:
    values = [number.value for number in numbers]
    own = math.hypot(*(number.uncertainty for number in numbers)) / len(numbers)
    return Number(math.fsum(values) / len(values), math.hypot(own, 0.5 * (max(values) - min(values))))


def drift(references: Sequence[Reference], temperatures: Sequence[float]) -> Number | None:
    """Return by what part of the step between both states a level differs most from one set of references to the other.

    Args:
        references: Of all sets.
        temperatures: K.

    Returns:
        That part, and its standard uncertainty; None where no temperature has two references.
    """
    found: list[Number] = []
    for temperature in temperatures:
        here = [each for each in references if abs(each.temperature - temperature) <= SAME]
        for name in ("low", "high") if len(here) > 1 else ():
            one, other = (getattr(each, name) for each in (here[0], here[-1]))
            step = here[0].high.value - here[0].low.value
            error = math.hypot(one.uncertainty, other.uncertainty)
            found.append(Number((other.value - one.value) / step, error / step))
    return max(found, key=lambda each: abs(each.value), default=None)


def with_bits(visits: Sequence[Visit], references: Sequence[Reference]) -> list[Visit]:
    """Return visits with their bits, as far as there are references at their temperatures."""
    found: list[Visit] = []
    for visit in visits:
        reference = joined(references, visit.temperature)
        given = reference is not None
        bit, made = (reference.bit(visit.state), reference.made) if given else (None, None)
        found.append(replace(visit, bit=bit, made=made))
    return found


def excursions(visits: Sequence[Visit]) -> list[Excursion]:
    """Return the ways out of the temperature of the first visit and back, in their order."""
    found: list[Excursion] = []
    before: Visit | None = None
    away: list[Visit] = []
    for visit in visits:
        if abs(visit.temperature - visits[0].temperature) > SAME:
            away.append(visit)
            continue
        if before is not None and away:
            found.append(Excursion(before, tuple(away), visit))
        before, away = visit, []
    return found


def right_cycles(found: Sequence[Excursion]) -> tuple[int, int]:
    """Return how many cycles left the bits they were meant to, at each of their returns, and how many there were."""
    cycles = dict.fromkeys(each.after.cycle for each in found)
    right = [all(each.came_true for each in found if each.after.cycle == cycle) for cycle in cycles]
    return sum(right), len(right)


def levels(visits: Sequence[Visit]) -> tuple[int, float] | None:
    """Count the levels of resistance that differ by more than five standard deviations, over all visits.

    Visits at one temperature with one verdict are one level. It scatters as its visits do, and at least as the median
    level does, so that few which agree by chance do not make a sharp one.

    Returns:
        How many, and the median standard deviation from visit to visit in ohm; None where no level was visited twice,
        so that nothing tells what comes back.
    """
    groups: dict[tuple[int, int | None], list[float]] = {}
    for visit in visits:
        groups.setdefault((round(visit.temperature / SAME), visit.verdict), []).append(visit.state.value)
    again = [float(np.std(values, ddof=1)) for values in groups.values() if len(values) > 1]
    if not again:
        return None
    common = max(float(np.median(again)), *(visit.state.uncertainty for visit in visits))
    known = sorted((float(np.mean(values)), _scatter(values, common)) for values in groups.values())
    count, last = 1, known[0]
    for mean, scatter in known[1:]:
        if mean - last[0] > APART * max(scatter, last[1]):
            count, last = count + 1, (mean, scatter)
    return count, common


def _scatter(values: Sequence[float], least: float) -> float:
    return max(least, float(np.std(values, ddof=1))) if len(values) > 1 else least


def reading_noise(readings: Sequence[FloatArray]) -> float:
    """Return the standard deviation of a reading in ohm, from how those that follow each other differ.

    By the median, which neither a drift nor a jump of the state between few of them changes; 0 of less than two.

    Args:
        readings: Of each visit, in ohm and in their order.
    """
    steps = [np.abs(np.diff(each)) for each in readings if len(each) > 1]
    return float(np.median(np.concatenate(steps))) / MEDIAN_STEP if steps else 0.0


def slope_per_minute(times: Sequence[float], values: Sequence[float]) -> Number:
    """Return the drift of readings by a straight line, as a part of their mean per minute, with its uncertainty.

    Args:
        times: s, three or more.
        values: ohm, as many.
    """
    minutes, value = np.asarray(times, dtype=np.float64) / 60.0, np.asarray(values, dtype=np.float64)
    away: FloatArray = minutes - minutes.mean()
    square = float(np.sum(away**2))
    slope = float(np.sum(away * value)) / square
    rest = value - value.mean() - slope * away
    error = math.sqrt(float(np.sum(rest**2)) / (len(value) - 2) / square)
    return Number(slope / float(value.mean()), error / abs(float(value.mean())))


def beyond(temperatures: Sequence[float], begin: float, end: float) -> float:
    """Return by how many K temperatures on the way from one to the other lay outside of both; 0 where none did.

    Below the range it is negative.
    """
    low, high = min(begin, end), max(begin, end)
    over, under = max(temperatures) - high, min(temperatures) - low
    return max(over, 0.0) if over >= -under else min(under, 0.0)
