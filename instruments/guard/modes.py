"""What the armed modes of a 6221 would drive: sweeps, lists, waves, Delta, Pulse Delta, Differential Conductance.

What flows for at most the station's longest pulse may reach the limit for pulses; everything else must stay within the
limit for a steady current. What can be told from the wire alone is the current, how long it flows, and the compliance,
but not the sample's resistance. Energy and power are therefore counted as current times compliance, the most that the
source can give.

Sources: 6220/6221 reference manual, chapters on sweeps, waves, Delta, Pulse Delta and Differential Conductance.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from instruments.guard import settings as setting
from instruments.guard.state import State

REFIT = 100
"""Points over which a step of Differential Conductance is spread that is larger than the span."""


class NotKnown(Exception):
    """A setting on which a course depends is not known; its text names the setting."""


@dataclass(frozen=True, slots=True)
class Course:
    """What a mode drives at most.

    Attributes:
        what: What it is, with its article.
        peak: Largest magnitude in A.
        width: How long it flows at a time, in s; infinite where nothing ends it.
    """

    what: str
    peak: Decimal
    width: float = math.inf


def courses(mode: str, state: State, steady: Decimal) -> Iterator[Course]:
    """List what a mode would drive with the settings that are known.

    Args:
        mode: What is armed.
        state: The settings.
        steady: The limit for a steady current in A: what stays below it is no pulse.

    Raises:
        NotKnown: A setting is not known.
    """
    match mode:
        case "sweep":
            yield from _sweep(state, steady)
        case "wave":
            yield from _wave(state, steady)
        case "delta":
            yield Course("the current of Delta", _largest(state, setting.DELTA_HIGH, setting.DELTA_LOW))
        case "pulse delta":
            yield from _pulse_delta(state)
        case _:
            yield _conductance(state)


def _numbers(state: State, header: str) -> tuple[float, ...]:
    found = state.numbers(header)
    if found is None:
        raise NotKnown(header)
    return found


def exact(value: float) -> Decimal:
    """Return the decimal number that a float was read from."""
    return Decimal(repr(value))


def _largest(state: State, *headers: str) -> Decimal:
    return max(abs(exact(value)) for header in headers for value in _numbers(state, header))


def _spacings(state: State) -> tuple[object, ...]:
    found = state.values.get(setting.SPACING)
    if found is None:
        raise NotKnown(setting.SPACING)
    return found


def _sweep_peak(state: State) -> Decimal:
    ends = state.sweep_ends()
    if ends is None:
        raise NotKnown("SOURce:CURRent:STARt and STOP")
    return max(abs(exact(end)) for end in ends)


def _sweep(state: State, steady: Decimal) -> Iterator[Course]:
    """A linear or logarithmic sweep ends at one of its ends and stays there; a list can hold pulses."""
    spacings = _spacings(state)
    if any(spacing != "LIST" for spacing in spacings):
        yield Course("the sweep's current", _sweep_peak(state))
    if "LIST" in spacings:
        for currents in _lists(state, setting.LIST_CURRENT):
            if state.values.get(setting.TRIGGER) != ("IMM",):
                yield _list_on_triggers(currents, state, steady)
            for delays in _lists(state, setting.LIST_DELAY):
                yield from _list(currents, delays, steady)


def _lists(state: State, header: str) -> list[Sequence[float]]:
    found = state.values.get(header)
    if found is None:
        raise NotKnown(header)
    return [cast("Sequence[float]", values) for values in found]


def _list_on_triggers(currents: Sequence[float], state: State, steady: Decimal) -> Course:
    """A list of which each point lasts until a trigger comes, from whom and when does not show on the wire."""
    peak = max((abs(exact(current)) for current in currents), default=Decimal(0))
    if peak > steady and setting.TRIGGER not in state.values:
        raise NotKnown(setting.TRIGGER)
    return Course("the current of the list, whose points wait for triggers,", peak)


def _list(currents: Sequence[float], delays: Sequence[float], steady: Decimal) -> Iterator[Course]:
    """Stretches of a list that lie above the steady limit; the source waits at the first level and stays at the last.

    Where the lists differ in length, every point counts with the longest delay.
    """
    if not currents:
        return
    longest = max(delays, default=math.inf)
    times = delays if len(delays) == len(currents) else [longest] * len(currents)
    ends = max(abs(exact(currents[0])), abs(exact(currents[-1])))
    yield Course("the current at an end of the list", ends)
    peak, width = Decimal(0), 0.0
    for current, time in zip(currents, times, strict=True):
        magnitude = abs(exact(current))
        if magnitude > steady:
            peak, width = max(peak, magnitude), width + time
        elif width:
            yield Course("the current of a pulse in the list", peak, width)
            peak, width = Decimal(0), 0.0


def _wave(state: State, steady: Decimal) -> Iterator[Course]:
    """A wave swings its amplitude about its offset; before an external trigger it waits at a part of the amplitude."""
    amplitude, offset = _largest(state, setting.AMPLITUDE), _largest(state, setting.OFFSET)
    what = "the wave's current, amplitude and offset together,"
    if amplitude + offset <= steady:  # then it does not matter for how long
        yield Course(what, amplitude + offset)
        return
    frequency = min(_numbers(state, setting.FREQUENCY))
    found = state.values.get(setting.DURATION)
    if found is None:
        raise NotKnown(setting.DURATION)
    durations = [cast("tuple[str, float]", duration) for duration in found]
    width = max(value if unit == "s" else value / frequency for unit, value in durations)
    yield Course(what, amplitude + offset, width)
    if state.values.get(setting.EXTERNAL) != (False,):
        part = max(abs(exact(value)) for value in state.numbers(setting.WAITING) or (1.0,))
        yield Course("the current while the wave waits for its trigger", amplitude * part + offset)


def _pulse_delta(state: State) -> Iterator[Course]:
    """The low level lasts for the rest of the interval; the high one may follow the sweep or the list."""
    width = max(_numbers(state, setting.PULSE_WIDTH))
    yield Course("the low level of Pulse Delta", _largest(state, setting.PULSE_LOW))
    switch = state.values.get(setting.PULSE_SWEEP)
    if switch != (True,):
        yield Course("the pulse of Pulse Delta", _largest(state, setting.PULSE_HIGH), width)
    if switch == (False,):
        return
    spacings = _spacings(state)
    if any(spacing != "LIST" for spacing in spacings):
        yield Course("the pulse of Pulse Delta, which follows the sweep,", _sweep_peak(state), width)
    if "LIST" in spacings:
        highest = max(abs(exact(value)) for values in _lists(state, setting.LIST_CURRENT) for value in (*values, 0.0))
        yield Course("the pulse of Pulse Delta, which follows the list,", highest, width)


def _conductance(state: State) -> Course:
    """Levels go one step beyond start and stop, and the modulation comes on top."""
    starts, stops = _numbers(state, setting.CONDUCTANCE_START), _numbers(state, setting.CONDUCTANCE_STOP)
    span = max(abs(exact(stop) - exact(start)) for start in starts for stop in stops)
    steps = [exact(step) for step in _numbers(state, setting.CONDUCTANCE_STEP)]
    further = max(step if step <= span else span / REFIT for step in steps)
    peak = (
        _largest(state, setting.CONDUCTANCE_START, setting.CONDUCTANCE_STOP)
        + further
        + _largest(state, setting.CONDUCTANCE_DELTA)
    )
    return Course("the current of Differential Conductance, with its modulation,", peak)
