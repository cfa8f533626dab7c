"""What the armed modes of a 6221 would drive on average, since pulses that are short enough can be too many.

A mean is the largest that any stretch of time as long as the window can have, from before the start to after the end.
What is known only as its largest current counts with that. Each start counts by itself: how long a program waits
before it starts something again does not show on the wire.

Sources: 6220/6221 reference manual, chapters on sweeps, waves, Delta and Pulse Delta; means of the wave forms by
integration.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, product
from typing import cast

from instruments.guard import settings as setting
from instruments.guard.modes import NotKnown, courses, exact
from instruments.guard.state import STEPS, State, rounded

FASTEST_LINE = 60.0
"""Hz; Pulse Delta counts its interval in cycles of the power line, and this is the shortest that one can be."""

_SQUARES = {"SIN": 1.0 / 2.0, "RAMP": 1.0 / 3.0}
"""Mean square of a wave form whose amplitude is 1; that of a sequence of one's own is not known, and counts as 1."""

Mean = Callable[[float, int], float]
"""The largest mean over so many s of the current's magnitude in A, to the power of 1 or 2."""


def means(mode: str, state: State) -> Iterator[tuple[str, Mean]]:
    """List what a mode would drive on average, with what it is.

    Raises:
        NotKnown: A setting is not known.
    """
    match mode:
        case setting.SWEEP:
            yield from _sweep(state)
        case setting.WAVE:
            yield from _wave(state)
        case setting.PULSE_DELTA:
            yield from _pulse_delta(state)
        case _:
            for course in courses(mode, state, exact(0.0)):
                yield course.what, steady(taken(state, float(course.peak)))


def steady(current: float) -> Mean:
    """Return the mean of a current in A that never changes."""
    return lambda _window, power: current**power


def train(base: float, peak: float, width: float, period: float, count: float = math.inf) -> Mean:
    """Return the mean of pulses on a base, both in A, that last a width in s and come after a period or later."""

    def mean(window: float, power: int) -> float:
        whole, rest = divmod(window, period)
        on = min(whole * width + min(rest, width), count * width, window)
        return base**power + max(0.0, peak**power - base**power) * on / window

    return mean


def listed(levels: Sequence[float], times: Sequence[float], repeats: float) -> Mean:
    """Return the mean of a list of currents in A for times in s; its ends last for any time before and after it."""
    period = sum(times)

    def mean(window: float, power: int) -> float:
        rounds = int(min(repeats, window // period + 2))
        heights = [level**power for level in levels]
        steps = [(heights[0], window), *(list(zip(heights, times, strict=True)) * rounds), (heights[-1], window)]
        ends = [0.0, *accumulate(time for _, time in steps)]
        filled = [0.0, *accumulate(height * time for height, time in steps)]

        def until(time: float) -> float:
            place = min(max(bisect_right(ends, time) - 1, 0), len(steps) - 1)
            return filled[place] + steps[place][0] * (time - ends[place])

        starts = {min(max(at, 0.0), ends[-1] - window) for end in ends for at in (end, end - window)}
        return max(until(start + window) - until(start) for start in starts) / window

    return mean


def periodic(square: float, magnitude: float, peak: float, period: float, duration: float) -> Mean:
    """Return the mean of a wave with these means over a period (of the square in A^2, of the magnitude in A)."""

    def mean(window: float, power: int) -> float:
        lasting = min(window, duration)
        cycle = (magnitude, square)[power - 1] * period
        return min(peak**power * lasting, math.ceil(lasting / period * (1.0 - 1e-12)) * cycle) / window

    return mean


def _values(state: State, header: str) -> tuple[float, ...]:
    found = state.numbers(header)
    if found is None:
        raise NotKnown(header)
    return found


def taken(state: State, current: float) -> float:
    """Return the largest magnitude that a current can be rounded to on the ranges on which the source may stand."""
    return max(abs(current), *(float(rounded(current, index)) for index in state.candidates(current)))


def _sweep(state: State) -> Iterator[tuple[str, Mean]]:
    spacings = state.values.get(setting.SPACING)
    if spacings is None:
        raise NotKnown(setting.SPACING)
    if any(spacing != "LIST" for spacing in spacings):
        ends = state.sweep_ends()
        if ends is None:
            raise NotKnown("SOURce:CURRent:STARt and STOP")
        yield "the sweep's current", steady(max(taken(state, end) for end in ends))
    if "LIST" not in spacings:
        return
    repeats = max(state.numbers(setting.SWEEP_COUNT) or (math.inf,))
    for currents, times in product(_lists(state, setting.LIST_CURRENT), _lists(state, setting.LIST_DELAY)):
        known = {current: taken(state, current) for current in set(currents)}
        levels = [known[current] for current in currents]
        if levels and state.values.get(setting.TRIGGER) != ("IMM",):  # each point lasts until a trigger comes
            yield "the current of the list", steady(max(levels))
        elif levels and len(times) == len(levels):
            yield "the current of the list", listed(levels, times, repeats)
        elif levels:  # which time belongs to which current is not known
            yield "the current of the list", steady(max(levels))


def _lists(state: State, header: str) -> list[Sequence[float]]:
    found = state.values.get(header)
    if found is None:
        raise NotKnown(header)
    return [cast("Sequence[float]", values) for values in found]


def _wave(state: State) -> Iterator[tuple[str, Mean]]:
    forms = state.values.get(setting.WAVE_FORM, ("ARB0",))
    duties = [duty / 100.0 for duty in state.numbers(setting.DUTY) or (0.0, 100.0)]
    offsets, amplitudes = _values(state, setting.OFFSET), _values(state, setting.AMPLITUDE)
    if setting.DURATION not in state.values:
        raise NotKnown(setting.DURATION)
    durations = cast("tuple[tuple[str, float], ...]", state.values[setting.DURATION])
    frequencies = _values(state, setting.FREQUENCY)
    triggered = state.values.get(setting.EXTERNAL) != (False,)  # by whom and how often does not show
    for form, duty, offset, amplitude, (unit, duration), frequency in product(
        forms, duties, offsets, amplitudes, durations, frequencies
    ):
        lasts = math.inf if triggered else duration if unit == "s" else duration / frequency
        high, low = taken(state, offset + amplitude), taken(state, offset - amplitude)
        if form == "SQU":
            square, magnitude = (duty * high**power + (1.0 - duty) * low**power for power in (2, 1))
        else:
            finest = STEPS[max(state.candidates(abs(offset) + amplitude))] / 2.0
            root = math.sqrt(offset**2 + _SQUARES.get(str(form), 1.0) * amplitude**2) + finest
            if form not in _SQUARES:
                root = max(high, low)
            square, magnitude = root**2, root  # the mean magnitude is at most the root of the mean square
        yield "the wave's current", periodic(square, magnitude, max(high, low), 1.0 / frequency, lasts)
    if triggered:
        part = max(abs(value) for value in state.numbers(setting.WAITING) or (1.0,))
        waiting = max(taken(state, part * amplitude + abs(offset)) for amplitude in amplitudes for offset in offsets)
        yield "the current while the wave waits for its trigger", steady(waiting)


def _pulse_delta(state: State) -> Iterator[tuple[str, Mean]]:
    width = max(_values(state, setting.PULSE_WIDTH))
    low = max(taken(state, level) for level in _values(state, setting.PULSE_LOW))
    for course in courses(setting.PULSE_DELTA, state, exact(0.0)):
        if course.width == math.inf:
            continue  # the low level, which lasts between the pulses
        peak = taken(state, float(course.peak))
        for period in _periods(state, course.what):
            count = max(state.numbers(setting.PULSE_COUNT) or (math.inf,)) if "follows" not in course.what else math.inf
            yield course.what, train(low, peak, width, max(period, width), count)


def _periods(state: State, what: str) -> list[float]:
    """Return how far pulses can follow one another at the closest, in s."""
    if "list" in what:
        times = [min(delays, default=0.0) for delays in _lists(state, setting.LIST_DELAY)]
        return [min(times)]
    if "sweep" in what:
        return [min(_values(state, setting.DELAY))]
    return [min(_values(state, setting.PULSE_INTERVAL)) / FASTEST_LINE]
