"""The field of a superconducting magnet in time: what its supply reports, and what is really there.

Both are piecewise linear in time, so that they are known in closed form between break points. The supply reports the
field of its current; the flux trapped in the windings adds to it (Quantum Design application note 1070-207). The
windings are described as in Bean's critical state, by stop operators: each part k of them follows a reversal of the
current elastically until it has moved by r_k and then slips,

    error = sign * A * sum_k w_k s_k / r_k,    ds_k = dH while |s_k| < r_k, else 0,

so that the error depends on the history, vanishes for short excursions and is A at most.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

from simulators.machine_parts import FaultData
from simulators.machines import MagnetData


class MagnetState(IntEnum):
    """What the magnet does, with the codes of the Model 6000's status word."""

    UNKNOWN = 0
    PERSISTENT = 1
    SWITCH_WARMING = 2
    SWITCH_COOLING = 3
    DRIVEN = 4
    FINAL_APPROACH = 5
    CHARGING = 6
    DISCHARGING = 7
    CURRENT_ERROR = 8
    QUENCH = 11
    FAILURE = 15


class FieldApproach(IntEnum):
    """How a field is approached, with the codes of the FIELD command."""

    LINEAR = 0
    NO_OVERSHOOT = 1
    OSCILLATE = 2


BROKEN = frozenset({MagnetState.CURRENT_ERROR, MagnetState.QUENCH, MagnetState.FAILURE})
"""States that end with a reset only."""

_NEEDS_LEADS = frozenset({MagnetState.PERSISTENT})
_NEEDS_HEATING = frozenset({MagnetState.PERSISTENT, MagnetState.SWITCH_WARMING, MagnetState.SWITCH_COOLING})


@dataclass(frozen=True, slots=True)
class _Phase:
    """A stretch of a command's execution: until when (s), what is shown, and what really goes on."""

    end: float
    shown: MagnetState
    really: MagnetState


Leg = tuple[float, float]
"""A straight stretch of a path: its duration in s and the reported field in T at its end."""


class MagnetTrajectory:
    """Reported and true field of one magnet, from its first moment on; both are linear between break points.

    Args:
        data: The magnet.
        start: Lab time in s.
        flash: Time in s for which code 0 is shown after a command, at the end of the dead time.
    """

    def __init__(self, data: MagnetData, start: float, flash: float = 0.0) -> None:
        self._data = self._healthy = data
        self._slowness = 1.0
        self._flash = flash
        self._times = [start]
        self._reported = [0.0]
        self._reported_slopes = [0.0]
        self._true = [0.0]
        self._slopes = [0.0]
        self._stops: list[tuple[float, ...]] = [(0.0,) * len(data.flux_thresholds)]
        self._gains = tuple(
            data.remanence_sign * data.remanence * weight / threshold
            for weight, threshold in zip(data.flux_weights, data.flux_thresholds, strict=True)
        )
        self._phases = [_Phase(math.inf, MagnetState.DRIVEN, MagnetState.DRIVEN)]
        self._past: list[_Phase] = []  # of former commands
        self._past_ends: list[float] = []

    def stand(self, field: float, *, persistent: bool = False) -> None:
        """Have come straight from zero to a reported field in T before the first moment; for use before any command."""
        stops = self._moved(self._stops[0], field)
        self._reported, self._stops = [field], [stops]
        self._true = [field + sum(gain * stop for gain, stop in zip(self._gains, stops, strict=True))]
        rest = MagnetState.PERSISTENT if persistent else MagnetState.DRIVEN
        self._phases = [_Phase(math.inf, rest, rest)]

    def extremes(self, start: float, end: float) -> tuple[float, float]:
        """Return the lowest and the highest reported field in T between two lab times in s."""
        between = self._reported[bisect_left(self._times, start) : bisect_right(self._times, end)]
        known = [self.reported(start), *between, self.reported(end)]
        return min(known), max(known)

    def field(self, time: float) -> float:
        """True field in T at a lab time in s."""
        times = self._times
        index = bisect_right(times, time) - 1
        if index < 0:
            return self._true[0]
        return self._true[index] + (time - times[index]) * self._slopes[index]

    def reported(self, time: float) -> float:
        """Field of the supply's current in T at a lab time in s, without the noise of its reading."""
        times = self._times
        index = bisect_right(times, time) - 1
        if index < 0:
            return self._reported[0]
        return self._reported[index] + (time - times[index]) * self._reported_slopes[index]

    def stretch(self, time: float) -> tuple[float, float, float]:
        """Straight stretch of the true field at a lab time in s: its start and end (s) and rate (T/s)."""
        index = max(0, bisect_right(self._times, time) - 1)
        end = self._times[index + 1] if index + 1 < len(self._times) else math.inf
        return self._times[index], end, self._slopes[index]

    def state(self, time: float) -> MagnetState:
        """State that is shown at a lab time in s, not before the latest command."""
        state = self._phase(time).shown
        return self._direction(time) if state is MagnetState.CHARGING else state

    @property
    def settled_at(self) -> float:
        """Lab time in s at which the latest command is carried out."""
        return self._phases[-2].end if len(self._phases) > 1 else self._times[0]

    def command(self, time: float, target: float, rate: float, approach: FieldApproach, persistent: bool) -> None:
        """Go to a field, starting from where the magnet is; whatever it was doing ends here.

        Args:
            time: Lab time in s, not before the latest command.
            target: Reported field in T to go to.
            rate: T/s, above zero.
            approach: How to arrive.
            persistent: Whether to close the persistent switch in the end.
        """
        data = self._data
        shown, really = self.state(time), self._phase(time).really
        here = self.reported(time)
        self._cut(time)
        phases = self._phases = [_Phase(self._wait(data.dead_time), shown, really)]
        if self._flash:
            begin = phases[0].end - min(self._flash, data.dead_time)
            phases.insert(0, _Phase(begin, shown, really))
            phases[1] = _Phase(phases[1].end, MagnetState.UNKNOWN, really)
        if really in _NEEDS_LEADS:
            leads = data.leads_time + abs(here) / data.leads_rate
            phases.append(_Phase(self._wait(leads), MagnetState.PERSISTENT, MagnetState.PERSISTENT))
        if really in _NEEDS_HEATING:
            warming = MagnetState.SWITCH_WARMING
            phases.append(_Phase(self._wait(data.switch_heating), warming, warming))
        ramp, final = path(data, here, target, rate * self._slowness, approach)
        for legs, state in ((ramp, MagnetState.CHARGING), (final, MagnetState.FINAL_APPROACH)):
            for duration, field in legs:
                self._move(duration, field)
            phases.append(_Phase(self._times[-1], state, state))
        rest = MagnetState.DRIVEN
        if persistent:
            cooling, rest = MagnetState.SWITCH_COOLING, MagnetState.PERSISTENT
            phases.append(_Phase(self._wait(data.switch_cooling), cooling, cooling))
        phases.append(_Phase(math.inf, rest, rest))

    # what goes wrong

    @property
    def broken(self) -> bool:
        """Whether it has quenched or its supply has failed, and nobody has reset it."""
        return self._phases[-1].really in BROKEN

    def hinder(self, slowness: float, sluggishness: float) -> None:
        """Have the next commands ramp at a fraction of their rate, and settle so many times longer."""
        self._slowness = slowness
        self._data = replace(self._healthy, settle_time=self._healthy.settle_time * sluggishness)

    def quench(self, time: float, data: FaultData) -> None:
        """Turn normal: the field is gone within seconds, halving again and again, and the trapped flux with it."""
        self._cut(time)
        none = (0.0,) * len(self._data.flux_thresholds)
        here, true = self._reported[-1], self._true[-1]
        for halving in range(1, 9):
            left = 0.5**halving if halving < 8 else 0.0
            self._append(self._times[-1] + data.quench_time, left * here + 0.0, left * true + 0.0, none)
        quench, failure = MagnetState.QUENCH, MagnetState.FAILURE
        end = max(self._times[-1], time + data.quench_shown)
        self._phases = [_Phase(end, quench, quench), _Phase(math.inf, failure, failure)]

    def fail(self, time: float) -> None:
        """Lose the supply's control of its current: it stays as it is, and a current error is shown."""
        self._cut(time)
        self._phases = [_Phase(math.inf, MagnetState.CURRENT_ERROR, MagnetState.CURRENT_ERROR)]

    def reset(self, time: float) -> None:
        """Be in order again, driven where it is now."""
        self.hinder(1.0, 1.0)
        if self.broken:
            self._cut(time)
            self._phases = [_Phase(math.inf, MagnetState.DRIVEN, MagnetState.DRIVEN)]

    # what it costs

    def use(self, start: float, end: float) -> tuple[float, float]:
        """Return what the leads and the ramps did between two lab times in s.

        Returns:
            The integral of |H| over the time in which the leads carried the magnet's current, in T s; and the way
            that the field went, in T.
        """
        carried = gone = 0.0
        bends = self._times[bisect_right(self._times, start) : bisect_left(self._times, end)]
        ends = self._past_ends[bisect_right(self._past_ends, start) : bisect_left(self._past_ends, end)]
        ends += [phase.end for phase in self._phases if start < phase.end < end]
        for begin, until in itertools.pairwise(sorted({start, end, *bends, *ends})):
            here, there = self.reported(begin), self.reported(until)
            gone += abs(there - here)
            place = bisect_right(self._past_ends, begin)
            phase = self._past[place] if place < len(self._past) else self._phase(begin)
            if phase.really is not MagnetState.PERSISTENT:
                carried += (until - begin) * _mean_size(here, there)
        return carried, gone

    def reaches(self, field: float, time: float) -> float | None:
        """Return when (lab s) |H| is first beyond a field in T, from a lab time in s on; None where it stays below."""
        for (begin, here), (end, there) in itertools.pairwise(zip(self._times, self._reported, strict=True)):
            if end <= time or max(abs(here), abs(there)) < field:
                continue
            if abs(here) >= field:
                return max(begin, time)
            crossing = begin + (end - begin) * (math.copysign(field, there) - here) / (there - here)
            if crossing > time:
                return crossing
        return time if abs(self._reported[-1]) >= field else None

    def _phase(self, time: float) -> _Phase:
        for phase in self._phases:
            if time < phase.end:
                return phase
        return self._phases[-1]

    def _begun(self, time: float) -> list[_Phase]:
        """Phases of the latest command that have begun before a lab time in s."""
        for count, phase in enumerate(self._phases, 1):
            if time <= phase.end:
                return self._phases[:count]
        return self._phases

    def _direction(self, time: float) -> MagnetState:
        """Charging where the current grows, discharging where it shrinks."""
        slope = self._reported_slopes[bisect_right(self._times, time) - 1]
        return MagnetState.CHARGING if slope * self.reported(time) >= 0 else MagnetState.DISCHARGING

    def _cut(self, time: float) -> None:
        """Forget the future; what is past stays, whoever has asked for it or not."""
        begun = [replace(phase, end=min(phase.end, time)) for phase in self._begun(time)]
        self._past += begun
        self._past_ends += [phase.end for phase in begun]
        index = bisect_right(self._times, time) - 1
        reported, true = self.reported(time), self.field(time)
        stops = self._moved(self._stops[index], reported - self._reported[index])
        for column in (self._times, self._reported, self._reported_slopes, self._true, self._slopes, self._stops):
            del column[index + 1 :]
        if time == self._times[index]:
            self._reported_slopes[index] = self._slopes[index] = 0.0
        else:  # the slopes of what is past are kept to the last bit
            self._rest(time, reported, true, stops)

    def _rest(self, time: float, reported: float, true: float, stops: tuple[float, ...]) -> None:
        """Set a new break point, from which on both fields stand still."""
        self._times.append(time)
        self._reported.append(reported)
        self._reported_slopes.append(0.0)
        self._true.append(true)
        self._slopes.append(0.0)
        self._stops.append(stops)

    def _append(self, time: float, reported: float, true: float, stops: tuple[float, ...]) -> None:
        """Go on in a straight line to a new break point."""
        span = time - self._times[-1]
        self._reported_slopes[-1] = (reported - self._reported[-1]) / span
        self._slopes[-1] = (true - self._true[-1]) / span
        self._rest(time, reported, true, stops)

    def _wait(self, duration: float) -> float:
        """Stand still; return when that ends."""
        self._move(duration, self._reported[-1])
        return self._times[-1]

    def _move(self, duration: float, field: float) -> None:
        """Ramp to a reported field; a new break point stands wherever a part of the windings begins to slip."""
        start, here, stops = self._times[-1], self._reported[-1], self._stops[-1]
        step = field - here
        slips = {1.0}
        if step:
            ends = (
                (math.copysign(threshold, step) - stop) / step
                for stop, threshold in zip(stops, self._data.flux_thresholds, strict=True)
            )
            slips.update(fraction for fraction in ends if 0 < fraction < 1)
        for fraction in sorted(slips):
            time = start + fraction * duration
            if time <= self._times[-1]:
                continue  # closer together than lab time can tell
            reported = field if fraction == 1 else here + fraction * step
            moved = self._moved(stops, reported - here)
            error = sum(gain * stop for gain, stop in zip(self._gains, moved, strict=True))
            self._append(time, reported, reported + error, moved)

    def _moved(self, stops: tuple[float, ...], step: float) -> tuple[float, ...]:
        """The stop operators after the reported field has moved one way by `step` T."""
        thresholds = self._data.flux_thresholds
        return tuple(max(-r, min(r, stop + step)) for stop, r in zip(stops, thresholds, strict=True))


def _mean_size(here: float, there: float) -> float:
    """Mean of |H| along a straight way from one field to another, in T."""
    if here * there >= 0.0:
        return abs(here + there) / 2
    return (here * here + there * there) / (2 * abs(there - here))


def path(
    data: MagnetData, here: float, target: float, rate: float, approach: FieldApproach
) -> tuple[list[Leg], list[Leg]]:
    """Straight stretches from one reported field in T to another: the ramp, and its final approach.

    Args:
        data: The magnet.
        here: Where it begins, in T.
        target: Where it ends, in T.
        rate: T/s.
        approach: How it arrives.
    """
    step = target - here
    if approach is FieldApproach.NO_OVERSHOOT:
        ramp, final = _no_overshoot(data, target, step, rate)
    elif approach is FieldApproach.OSCILLATE:
        ramp, final = list(_oscillation(data, here, target, rate)), []
    else:
        over = math.copysign(min(data.overshoot * abs(step), data.overshoot_maximum), step)
        ramp = [(abs(step) / rate, target)]
        final = [(abs(over) / rate, target + over), (4 * abs(over) / rate, target)]
    remaining = data.settle_time - sum(duration for duration, _ in final)
    if remaining > 0:
        final.append((remaining, target))
    return _long_enough(ramp), _long_enough(final)


def _long_enough(legs: list[Leg]) -> list[Leg]:
    return [leg for leg in legs if leg[0] > 0]


def _no_overshoot(data: MagnetData, target: float, step: float, rate: float) -> tuple[list[Leg], list[Leg]]:
    """Halve the rate with every half of what remains, eight times: an exponential approach in straight stretches."""
    remaining = data.taper * step
    ramp = [((abs(step) - abs(remaining)) / rate, target - remaining)]
    final = [(abs(remaining) / rate, target - remaining / 2**halving) for halving in range(1, 9)]
    return ramp, [*final, (abs(remaining) / rate, target)]


def _oscillation(data: MagnetData, here: float, target: float, rate: float) -> Iterator[Leg]:
    """Swing about the target, each time less far, never beyond the magnet's largest field."""
    swing = (here - target) * -data.oscillation
    while abs(swing) > data.oscillation_end:
        turn = max(-data.maximum, min(data.maximum, target + swing))
        yield abs(turn - here) / rate, turn
        here = turn
        swing *= -data.oscillation
    yield abs(target - here) / rate, target
