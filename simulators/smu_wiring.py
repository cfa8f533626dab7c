"""The terminals of a source-measure unit on the sample: what flows follows from what else is connected there."""

from __future__ import annotations

import math
from collections import deque
from enum import Enum

from simulators.circuit import Circuit, Pair
from simulators.current_changes import REMEMBERED

_ROUNDS = 2  # a linear sample is solved by the first; the second leaves nothing of rounding
_ROUNDS_OF_CONTACTS = 12  # of contacts that are not ohmic, by the secant rule

_ROUNDS_BETWEEN = 60  # by false position, through a sample that is not linear; some four are needed
_CLOSE = 1e-13  # part of a voltage to which it is then kept
_LARGEST = 10.0  # A, more than any unit drives

FIRST_LOOK = 1e-3
SLOWEST_LOOK = 0.25
"""s; after something was set the load is looked at again after the first, then at twice the time, up to the second."""

TOLERATED = 1e-4
"""Change of the load, relative, from which on the current follows it; half of what is specified for the source."""


class _Mode(Enum):
    OFF = "off"
    VOLTAGE = "voltage"
    CURRENT = "current"


class SmuSide:
    """See `SmuTerminals`. A sample is taken as linear at each moment.

    What flows is worked out when something is set, when the other source's current changes, and when the load has
    changed: as the real unit's loop would do without end, this one looks at the load from time to time (`FIRST_LOOK`,
    `SLOWEST_LOOK`), at moments that follow from when it was set and not from who asks what. The looks that are due are
    taken before anybody sees the sample again, each at its own moment. A reading of the current is that of the
    resistance in the middle of its aperture.

    Args:
        circuit: The sample and its currents.
        output: Leads at the output terminals, None where either hangs open.
        sense: Leads at the sense terminals; where either hangs open, the unit senses at its output (assumed).
    """

    def __init__(self, circuit: Circuit, output: Pair | None, sense: Pair | None) -> None:
        self._circuit = circuit
        self._output = output
        self._sense = sense
        self._mode = _Mode.OFF
        self._value = 0.0
        self._limit = math.inf
        self._remote = False
        self._limited = False
        self._solved: deque[tuple[float, float]] = deque([(-math.inf, math.inf)], maxlen=REMEMBERED)
        self._since = -math.inf
        self._due = math.inf
        self._pause = FIRST_LOOK
        self.noise = 0.0

    def plug(self, output: Pair | None, sense: Pair | None) -> None:
        """Be at other leads from now on, and drive on what was set."""
        self._output, self._sense = output, sense
        self._renew(self._circuit.timeline.now)

    def source_voltage(self, voltage: float, limit: float, noise: float = 0.0) -> None:
        """Keep this voltage in V with at most this current in A; see `SmuTerminals`."""
        self._set(_Mode.VOLTAGE, voltage, limit, noise)

    def source_current(self, current: float, limit: float, noise: float = 0.0) -> None:
        """Drive this current in A with at most this voltage in V; see `SmuTerminals`."""
        self._set(_Mode.CURRENT, current, limit, noise)

    def release(self) -> None:
        """Open the output relay."""
        self._set(_Mode.OFF, 0.0, math.inf, 0.0)

    def sense_remotely(self, remote: bool) -> None:
        """Sense at the sense terminals, or at the output."""
        self._circuit.catch_up()
        self._remote = remote
        self._renew(self._circuit.timeline.now)

    def limited(self) -> bool:
        """Whether the limit holds now."""
        self._look(self._circuit.timeline.now)
        return self._limited

    def _set(self, mode: _Mode, value: float, limit: float, noise: float) -> None:
        self._circuit.catch_up()
        self._mode, self._value, self._limit, self.noise = mode, value, limit, noise
        self._since = self._circuit.timeline.now
        self._renew(self._since)

    # ---- following the load

    def renew(self, time: float) -> None:
        """Drive on what was set, through what is there from a lab time in s on."""
        self._renew(time)

    def _renew(self, time: float) -> None:
        """Work out what flows, and look at the load again soon, where it makes a difference."""
        self._solve(time)
        driven = self._output is not None and self._mode is not _Mode.OFF
        self._circuit.follower = self if driven else None
        concerned = driven and (self._value or self._circuit.latest.smu)
        self._pause, self._due = FIRST_LOOK, time + FIRST_LOOK if concerned else math.inf

    def due(self) -> float:
        """Return when the load is looked at next; see `Follower`."""
        return self._due

    def follow(self, time: float) -> None:
        """Look at the load; see `Follower`."""
        if time < self._due:  # the other source's current has changed
            self._renew(time)
            return
        self._pause = min(2.0 * self._pause, SLOWEST_LOOK)
        self._due = time + self._pause
        self._look(time)

    def _look(self, time: float) -> None:
        """Work out what flows at a lab time in s where the load is not what it was."""
        if self._mode is _Mode.OFF or self._output is None:
            return
        before = self._solved[-1][1]
        changed = abs(self._circuit.resistance(self._output, time) - before) > TOLERATED * before
        if changed or self._off_at_the_sense(time):
            self._solve(time)

    def _off_at_the_sense(self, time: float) -> bool:
        """Whether the voltage where it is sensed is not what it should be, though the resistance is what it was."""
        if not self._remote or self._sense is None:
            return False
        sensed = self._sensed(time)
        if self._mode is _Mode.CURRENT and not self._limited:
            return abs(sensed) > self._limit
        if self._mode is _Mode.VOLTAGE and self._limited:
            return abs(sensed) > abs(self._value)
        wanted = self._value if self._mode is _Mode.VOLTAGE else math.copysign(self._limit, sensed)
        return abs(sensed - wanted) > TOLERATED * abs(wanted)

    # ---- what follows for the current

    def _solve(self, time: float) -> None:
        """Work out what flows from a lab time in s on."""
        self._limited = False
        if self._mode is _Mode.OFF:
            self._circuit.set_smu(0.0, time)
        elif self._output is None:
            self._limited = self._mode is _Mode.CURRENT and self._value != 0.0
            self._circuit.set_smu(0.0, time)
        else:
            resistance = self._circuit.resistance(self._output, time)
            self._solved.append((time, resistance))
            wanted = self._value if self._mode is _Mode.CURRENT else self._current_for(self._value, time)
            self._circuit.set_smu(self._within_limit(wanted, time), time)
            if not self._circuit.sample.linear:
                self._solved[-1] = time, self._circuit.resistance(self._output, time)

    def _within_limit(self, wanted: float, time: float) -> float:
        """What flows in A of what was set, by the limit."""
        if self._mode is _Mode.VOLTAGE:
            self._limited = abs(wanted) > self._limit
            return math.copysign(self._limit, wanted) if self._limited else wanted
        self._circuit.set_smu(wanted, time)
        voltage = self._sensed(time)
        self._limited = abs(voltage) > self._limit
        return self._current_for(math.copysign(self._limit, voltage), time) if self._limited else wanted

    def _current_for(self, voltage: float, time: float) -> float:
        """The current in A at which the terminals that sense show a voltage in V, by the secant through two tries."""
        if not self._circuit.sample.linear:
            return self._current_between(voltage, time)
        current = self._circuit.latest.smu
        slope = self._solved[-1][1]
        for _ in range(_ROUNDS if self._circuit.network is None else _ROUNDS_OF_CONTACTS):
            before = self._sensed(time)
            missing = voltage - before
            if missing == 0.0:
                break
            tried = current + missing / slope
            self._circuit.set_smu(tried, time)
            found = (self._sensed(time) - before) / (tried - current) if tried != current else slope
            if (self._circuit.network is None and (not self._remote or self._sense is None)) or found <= 0.0:
                found = slope
            current, slope = current + missing / found, found
            self._circuit.set_smu(current, time)
        return current

    def _current_between(self, voltage: float, time: float) -> float:
        """The same for a sample that is not linear: between two tries, of which one gives less and one more."""

        def missing(current: float) -> float:
            self._circuit.set_smu(current, time)
            return voltage - self._sensed(time)

        below = missing(0.0)
        low, high = 0.0, below / self._solved[-1][1]
        if not high:
            return 0.0
        close, sign = _CLOSE * max(abs(voltage), abs(below)), math.copysign(1.0, high)
        above = missing(high)
        while sign * above > close and abs(high) < _LARGEST:
            low, below, high = high, above, 2.0 * high
            above = missing(high)
        tried, found, moved = high, above, 0
        for _ in range(_ROUNDS_BETWEEN):
            if abs(found) <= close or below == above:
                break
            tried = high - above * (high - low) / (above - below)
            found = missing(tried)
            # False position in the Illinois form: an end that stays twice counts half, so that it moves as well.
            if sign * found > 0.0:
                low, below, above, moved = tried, found, 0.5 * above if moved > 0 else above, 1
            else:
                high, above, below, moved = tried, found, 0.5 * below if moved < 0 else below, -1
        return tried

    def _sensed(self, time: float) -> float:
        """Voltage in V at the terminals that sense, at a lab time in s."""
        leads = self._sense if self._remote and self._sense is not None else self._output
        assert leads is not None
        latest = self._circuit.latest
        drop = self._circuit.drop(leads, source=latest.source, smu=latest.smu)
        if latest.bridges is not None:
            drop += latest.bridges.drop(leads, time, time)
        return drop + self._circuit.present_difference(leads, time)

    # ---- what is measured

    def mean_voltage(self, start: float, end: float) -> float:
        """Mean voltage in V at the terminals that sense; see `SmuTerminals.mean_voltage`."""
        leads = self._sense if self._remote and self._sense is not None else self._output
        if leads is None:
            return self._unloaded()
        total = 0.0
        holds = self._mode is _Mode.VOLTAGE and self._output is not None and not self._limited
        for begin, finish, change in self._circuit.steps(start, end):
            if holds and begin >= self._since:
                total += self._value * (finish - begin)
                continue
            part = 0.0 if leads[0].pad == leads[1].pad else self._circuit.difference(leads, begin, finish)
            part += self._circuit.drop(leads, source=change.source, smu=change.smu, start=begin, end=finish)
            if change.bridges is not None:
                part += change.bridges.drop(leads, begin, finish)
            total += part * (finish - begin)
        return total / (end - start)

    def _unloaded(self) -> float:
        """Voltage in V at an output with nothing on it."""
        if self._mode is _Mode.OFF:
            return math.nan
        if self._mode is _Mode.VOLTAGE:
            return self._value
        return math.copysign(self._limit, self._value) if self._value else 0.0

    def mean_current(self, start: float, end: float) -> float:
        """Mean current in A out of the high terminal; see `SmuTerminals.mean_current`."""
        total = 0.0
        for begin, finish, change in self._circuit.steps(start, end):
            if change.smu:
                total += (finish - begin) * change.smu * self._followed(begin, finish)
        return total / (end - start)

    def _followed(self, begin: float, finish: float) -> float:
        """By what part the current is another than was worked out last, where a voltage is kept: by the resistance."""
        if self._mode is not _Mode.VOLTAGE or self._output is None or self._limited:
            return 1.0
        solved = next(resistance for time, resistance in reversed(self._solved) if time <= begin)
        return solved / self._circuit.resistance(self._output, 0.5 * (begin + finish))
