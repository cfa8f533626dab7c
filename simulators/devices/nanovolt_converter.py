"""The analog half of a 2182A: how long a conversion takes, how much it fluctuates, and the digital filter.

Source: specification sheet SPEC-2182A rev. A, tables of reading rates and of noise against response time; 2182A user's
manual, section 3 (digital filter). What is read between or beyond the printed points is an assumption, and says so.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

OVERRANGE = 1.2
"""A range reads 20 % more than its name; that is also where automatic ranging goes up."""

DOWNRANGE = 0.1
"""Automatic ranging goes down below this part of the range."""

RANGE_CHANGE = 40e-3
"""Time in s that a change of range takes (the specified upper limit)."""

ANALOG_FILTER = 125e-3
"""Time in s by which the analog filter's settling lengthens a conversion."""

LOW_CHARGE_NOISE = 8.0
"""Factor of the noise in low-charge-injection mode on channel 2."""

SLOW_NOISE = 0.04
"""Noise in a decade of frequencies below 0.1 Hz, as a part of that of a conversion at 5 PLC.

1/f noise: on 10 mV 0.3 nV rms in a decade. More would exceed the printed 6 nV peak to peak of 75 conversions at 5 PLC,
of which white noise alone makes 5.5 nV; so the knee where both are alike lies at some 4 mHz, and 0.1 Hz would be too
much.
"""

PEAK_TO_PEAK = 6.0
"""Peak-to-peak over rms of Gaussian noise, as the manual counts it."""

INCLUDED_DELAY = 1e-3
"""Trigger delay in s that is part of the printed reading rates (assumed: the automatic delay of 1 ms)."""

_RATE_NPLC = (0.01, 0.1, 1.0, 5.0)
_RATE_CYCLES = (60 / 115, 60 / 80, 60 / 45, 60 / 6)
"""Time of a reading in power line cycles with an autozero off: 115, 80, 45 and 6 readings a second at 60 Hz."""

_PAIR_ZEROED_NPLC = (1.0, 5.0)
_PAIR_ZEROED_CYCLES = (60 / 8.5, 60 / 1.5)
_PAIR_CYCLES = (60 / 41, 60 / 30, 60 / 20, 60 / 2.3)
"""Time of two conversions that belong together (ratio, Delta, a scan of both channels), with both autozeros and without
one of them: 8.5 and 1.5, and 41, 30, 20 and 2.3 readings a second at 60 Hz."""

_PRINTED_NOISE: dict[int, dict[float, dict[float, tuple[tuple[int, float], ...]]]] = {
    1: {
        10e-3: {1.0: ((1, 70e-9), (10, 35e-9), (18, 25e-9)), 5.0: ((2, 35e-9), (10, 15e-9), (75, 6e-9))},
        100e-3: {1.0: ((1, 300e-9), (10, 250e-9), (18, 175e-9)), 5.0: ((2, 250e-9), (10, 50e-9), (75, 20e-9))},
        1.0: {1.0: ((1, 700e-9), (10, 650e-9), (18, 600e-9)), 5.0: ((2, 650e-9), (10, 150e-9), (75, 75e-9))},
        10.0: {1.0: ((1, 6.6e-6), (10, 3.3e-6), (18, 2.5e-6)), 5.0: ((2, 3.3e-6), (10, 1.5e-6), (75, 750e-9))},
        100.0: {1.0: ((1, 300e-6), (10, 150e-6), (18, 100e-6)), 5.0: ((2, 150e-6), (10, 75e-6), (75, 75e-6))},
    },
    2: {
        100e-3: {1.0: ((1, 425e-9), (10, 175e-9)), 5.0: ((2, 175e-9), (10, 150e-9), (75, 150e-9))},
        1.0: {1.0: ((1, 1e-6), (10, 400e-9)), 5.0: ((2, 400e-9), (10, 200e-9), (75, 200e-9))},
        10.0: {1.0: ((1, 9.5e-6), (10, 2.5e-6)), 5.0: ((2, 2.5e-6), (10, 1.5e-6), (75, 750e-9))},
    },
}
"""Channel, range in V, NPLC: (digital filter count, noise in V peak to peak) as printed."""


def _conversion_noise(points: tuple[tuple[int, float], ...]) -> float:
    """The white noise (V rms) of one conversion that exceeds no printed figure of any filter count."""
    return min(noise * math.sqrt(count) for count, noise in points) / PEAK_TO_PEAK


_NOISE = {
    channel: {full: (_conversion_noise(rows[1.0]), _conversion_noise(rows[5.0])) for full, rows in ranges.items()}
    for channel, ranges in _PRINTED_NOISE.items()
}


@lru_cache(maxsize=64)
def noise_rms(channel: int, full_scale: float, nplc: float) -> float:
    """Return the meter's own noise in one conversion, V rms; white from conversion to conversion.

    Being white and nowhere above what is printed, it is below that where the printed figures average worse than the
    root of their number. What is slower than 0.1 Hz comes on top, see `SLOW_NOISE`.

    Between 1 and 5 power line cycles a power law through the two printed points. Beyond 5 and below 1 as the root of
    the integration time, which is assumed: nothing is printed there. On 10 mV at 1 PLC it is 11.7 nV, which makes
    2.6 nV in 1 Hz of bandwidth of a Delta measurement, where 3 nV is specified.

    Args:
        channel: 1 or 2.
        full_scale: The range in V.
        nplc: Integration time in power line cycles.
    """
    one, five = _NOISE[channel][full_scale]
    if nplc <= 1.0:
        return one / math.sqrt(nplc)
    if nplc >= 5.0:
        return five * math.sqrt(5.0 / nplc)
    return one * nplc ** (math.log(five / one) / math.log(5.0))


@lru_cache(maxsize=64)
def conversion_time(nplc: float, line_frequency: float, autozero: bool, front_autozero: bool) -> float:
    """Return the time in s from the beginning of an aperture until the reading is there.

    The printed rates (with autozeros 18 readings a second at 1 PLC and 3 at 5 PLC, with one of them off 45 and 6) say
    that the two autozeros together cost two more integrations, and that one of them alone costs nothing (assumed to be
    what "and/or" means). All of it is taken to scale with the line's period; between the points linearly, beyond 5 PLC
    proportionally.
    """
    if nplc >= _RATE_NPLC[-1]:
        cycles = nplc * _RATE_CYCLES[-1] / _RATE_NPLC[-1]
    else:
        cycles = float(np.interp(nplc, _RATE_NPLC, _RATE_CYCLES))
    if autozero and front_autozero:
        cycles += 2.0 * nplc
    return max(cycles / line_frequency - INCLUDED_DELAY, nplc / line_frequency)


@lru_cache(maxsize=64)
def paired_conversion_time(nplc: float, line_frequency: float, autozero: bool, front_autozero: bool) -> float:
    """Return the same for conversions of which two belong together: half of what a pair takes.

    Their printed rates are lower than half of the single ones, since the meter has to switch between the two.
    """
    known, cycles = _RATE_NPLC, _PAIR_CYCLES
    if autozero and front_autozero:
        known, cycles = _PAIR_ZEROED_NPLC, _PAIR_ZEROED_CYCLES
    if nplc < known[0]:  # not printed with autozeros: what is beyond the integrations stays
        both = cycles[0] - 6.0 * (known[0] - nplc)
    elif nplc >= known[-1]:
        both = nplc * cycles[-1] / known[-1]
    else:
        both = float(np.interp(nplc, known, cycles))
    return max(0.5 * both / line_frequency - INCLUDED_DELAY, nplc / line_frequency)


def line_zero_crossing(time: float, line_frequency: float) -> float:
    """Return the next positive zero crossing of the power line at or after a lab time in s (phase assumed zero)."""
    crossing = math.ceil(time * line_frequency - 1e-9) / line_frequency
    return max(crossing, time)


@dataclass(frozen=True, slots=True)
class FilterSettings:
    """How conversions are averaged.

    Attributes:
        count: Conversions in the stack.
        window: Half width in V outside of which a conversion empties the stack; inf for none.
        moving: Whether the stack slides on by one conversion a reading, or is filled anew.
    """

    count: int
    window: float
    moving: bool


class DigitalFilter:
    """The stack of conversions behind a reading.

    A conversion outside the window around the stack's mean empties it. So that a signal which never settles gives
    readings all the same, the stack is taken as it is after ten times its size of conversions (assumed).
    """

    def __init__(self) -> None:
        self._stack: deque[float] = deque()
        self._taken = 0

    def clear(self) -> None:
        """Forget all conversions."""
        self._stack.clear()
        self._taken = 0

    def add(self, value: float, settings: FilterSettings) -> float | None:
        """Take a conversion in V; return the reading, or None while the stack is not full."""
        stack = self._stack
        if stack and abs(value - sum(stack) / len(stack)) > settings.window:
            stack.clear()
        stack.append(value)
        while len(stack) > settings.count:
            stack.popleft()
        self._taken += 1
        if len(stack) < settings.count and self._taken < 10 * settings.count:
            return None
        return self._reading(settings.moving)

    def latest(self) -> float:
        """Return the mean of the stack as it is, in V."""
        return sum(self._stack) / len(self._stack)

    def _reading(self, moving: bool) -> float:
        mean = self.latest()
        self._taken = 0
        if not moving:
            self._stack.clear()
        return mean
