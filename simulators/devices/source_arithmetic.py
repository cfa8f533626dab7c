"""How a 6221 turns samples of the voltmeter into readings: plain numbers in, plain numbers out.

Sources: 6220/6221 reference manual, appendix on measurement theory of Delta, Pulse Delta and Differential Conductance
(pages I-7 to I-15), chapters on those modes (units, power) and on averaging (filters).
"""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

OVERFLOW = 9.9e37
"""What stands for a reading that is beyond the range, or does not exist."""

RESTEPPED_POINTS = 100
"""Points of a Differential Conductance sweep whose step is larger than its span."""

PULSE_WINDOW_STEP = 33e-6
"""s; the A/D window of a pulse measurement is a whole number of these."""


def delta_voltage(before: float, middle: float, after: float, index: int) -> float:
    """Return half the difference between high and low from three successive samples, in V (manual, I-7 and I-14).

    (X[k-1] - 2 X[k] + X[k+1]) / 4 * (-1)^(k-1): whatever is constant or changes linearly in time drops out.

    Args:
        before: Sample k - 1 in V.
        middle: Sample k in V.
        after: Sample k + 1 in V.
        index: k, from 1; the first sample of all (0) is taken at the high level.
    """
    if OVERFLOW in {before, middle, after}:
        return OVERFLOW
    volts = (before - 2.0 * middle + after) / 4.0
    return volts if index % 2 else -volts


def average_voltage(before: float, middle: float, after: float) -> float:
    """Return (X + 2 Y + Z) / 4 of three successive samples: the modulation drops out (manual, I-15)."""
    if OVERFLOW in {before, middle, after}:
        return OVERFLOW
    return (before + 2.0 * middle + after) / 4.0


def pulse_voltage(low: float, high: float, low_after: float | None) -> float:
    """Return the whole difference between pulse and base in V (manual, I-9).

    (2 Y - X - Z) / 2 from three samples, (2 Y - 2 X) / 2 where the second low one is not measured.
    """
    if OVERFLOW in {low, high, low_after}:
        return OVERFLOW
    return (2.0 * high - low - (low if low_after is None else low_after)) / 2.0


def conductance_level(start: float, step: float, delta: float, index: int) -> float:
    """Return the level in A of conversion `index` (from 0): start + (k - 1) step + (-1)^k delta (manual, I-14)."""
    return start + (index - 1) * step + (delta if index % 2 == 0 else -delta)


class ConductanceSweep(NamedTuple):
    """A Differential Conductance sweep as it is run.

    Attributes:
        points: Readings.
        step: From one middle current to the next, in A, with its sign.
    """

    points: int
    step: float


def conductance_sweep(start: float, stop: float, step: float) -> ConductanceSweep:
    """Return points and signed step; a step larger than the span makes a sweep of 100 points (manual, DCON set-up).

    Args:
        start: Middle current of the first reading in A.
        stop: Middle current of the last one in A.
        step: Magnitude in A; not zero unless start and stop are the same.
    """
    span = stop - start
    if span == 0.0:
        return ConductanceSweep(1, 0.0)
    if step > abs(span) * (1.0 + 1e-9):
        return ConductanceSweep(RESTEPPED_POINTS, span / (RESTEPPED_POINTS - 1))
    points = math.floor(abs(span) / step * (1.0 + 1e-9)) + 1
    return ConductanceSweep(points, math.copysign(step, span))


def filtered_sweep(start: float, stop: float, step: float, size: int) -> ConductanceSweep:
    """Return points and signed step of a Differential Conductance sweep with a repeating filter.

    Its step is the programmed one over the filter's count (manual, 5-57), and the stop is the middle of its last cycle
    (manual, configuration settings); each so many cycles make a reading. What is left at the end makes none.

    Args:
        start: See `conductance_sweep`.
        stop: See `conductance_sweep`.
        step: See `conductance_sweep`.
        size: The filter's count.
    """
    plain = conductance_sweep(start, stop, step)
    if start == stop:
        return plain
    finer = conductance_sweep(start, stop, abs(plain.step) / size)
    return ConductanceSweep(finer.points // size, finer.step)


def pulse_window(width: float, delay: float) -> int:
    """Return how many steps of 33 us of a pulse are measured: what is left behind the source delay, rounded down."""
    return math.floor((width - delay) / PULSE_WINDOW_STEP * (1.0 + 1e-9))


def in_unit(unit: str, volts: float, current: float, power_current: float, power_volts: float) -> float:
    """Return a reading in the unit that UNIT selects.

    Args:
        unit: `V`, `OHMS`, `SIEM` or `W`.
        volts: The differential voltage in V.
        current: The differential current in A, by which resistance and conductance are worked out.
        power_current: Current in A by which power is worked out.
        power_volts: Voltage in V by which power is worked out.
    """
    if unit == "V" or volts == OVERFLOW:
        return volts
    if unit == "W":
        return power_current * power_volts
    over, under = (volts, current) if unit == "OHMS" else (current, volts)
    return over / under if under else OVERFLOW


class Sample(NamedTuple):
    """One reading of a measuring mode, before units.

    Attributes:
        volts: Differential voltage in V.
        average: Average voltage in V.
        source: Current in A that belongs to it.
    """

    volts: float
    average: float
    source: float


class ReadingFilter:
    """The averaging filter of the 6221 (manual, chapter on averaging).

    A reading outside the window around the mean of the stack empties it, and filling begins anew. The moving filter
    fills first and then gives one reading for each that comes: 25 readings behind a filter of 10 take 35. The
    repeating filter gives the mean of each stack.

    Args:
        count: Readings in the stack.
        window: Half width in V; inf for none.
        moving: Whether the stack slides on.
    """

    def __init__(self, count: int, window: float, *, moving: bool) -> None:
        self._count = count
        self._window = window
        self._moving = moving
        self._stack: deque[Sample] = deque()

    def add(self, sample: Sample) -> Sample | None:
        """Take a reading; return the filtered one, None where there is none yet."""
        if sample.volts == OVERFLOW:
            self._stack.clear()
            return sample
        stack = self._stack
        if stack and self._window < math.inf and abs(sample.volts - self._mean().volts) > self._window:
            stack.clear()
        stack.append(sample)
        if self._moving:
            if len(stack) <= self._count:
                return None
            stack.popleft()
            return self._mean()
        if len(stack) < self._count:
            return None
        mean = self._mean()
        stack.clear()
        return mean

    def _mean(self) -> Sample:
        stack = self._stack
        return Sample(*(sum(column) / len(stack) for column in zip(*stack, strict=True)))
