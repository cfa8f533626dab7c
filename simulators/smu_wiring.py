"""The terminals of a source-measure unit on the sample: what flows follows from what else is connected there."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum

from simulators.circuit import Circuit, Pair

_ROUNDS = 2  # a linear sample is solved by the first; the second leaves nothing of rounding


class _Mode(Enum):
    OFF = "off"
    VOLTAGE = "voltage"
    CURRENT = "current"


class SmuSide:
    """See `SmuTerminals`. A sample is taken as linear at each moment.

    What flows is worked out when something is set, and again after each measurement of the current: a change of the
    sample's resistance in between is in the reading (by the resistance in the middle of its aperture), and moves the
    current in the sample one reading later.

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
        self._resistance = math.inf
        self.noise = 0.0

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
        self._remote = remote
        self._solve()

    def limited(self) -> bool:
        """Whether the limit holds now."""
        self._solve()
        return self._limited

    def _set(self, mode: _Mode, value: float, limit: float, noise: float) -> None:
        self._mode, self._value, self._limit, self.noise = mode, value, limit, noise
        self._solve()

    # ---- what follows for the current

    def _solve(self) -> None:
        """Work out what flows now."""
        self._limited = False
        if self._mode is _Mode.OFF:
            self._circuit.set_smu(0.0)
        elif self._output is None:
            self._limited = self._mode is _Mode.CURRENT and self._value != 0.0
            self._circuit.set_smu(0.0)
        else:
            self._resistance = self._circuit.resistance(self._output, self._circuit.timeline.now)
            wanted = self._value if self._mode is _Mode.CURRENT else self._current_for(self._value, self._sensed)
            self._circuit.set_smu(self._within_limit(wanted))

    def _within_limit(self, wanted: float) -> float:
        """What flows in A of what was set, by the limit."""
        if self._mode is _Mode.VOLTAGE:
            self._limited = abs(wanted) > self._limit
            return math.copysign(self._limit, wanted) if self._limited else wanted
        self._circuit.set_smu(wanted)
        voltage = self._sensed()
        self._limited = abs(voltage) > self._limit
        return self._current_for(math.copysign(self._limit, voltage), self._sensed) if self._limited else wanted

    def _current_for(self, voltage: float, sensed: Callable[[], float]) -> float:
        """The current in A at which the terminals that sense show a voltage in V, by the secant through two tries."""
        current = self._circuit.latest.smu
        slope = self._resistance
        for _ in range(_ROUNDS):
            before = sensed()
            missing = voltage - before
            if missing == 0.0:
                break
            tried = current + missing / slope
            self._circuit.set_smu(tried)
            found = (sensed() - before) / (tried - current) if tried != current else slope
            if not self._remote or self._sense is None or found <= 0.0:
                found = slope
            current, slope = current + missing / found, found
            self._circuit.set_smu(current)
        return current

    def _sensed(self) -> float:
        """Voltage in V at the terminals that sense, now."""
        leads = self._sense if self._remote and self._sense is not None else self._output
        assert leads is not None
        latest = self._circuit.latest
        drop = self._circuit.drop(leads, source=latest.source, smu=latest.smu)
        return drop + self._circuit.present_difference(leads)

    # ---- what is measured

    def mean_voltage(self, start: float, end: float) -> float:
        """Mean voltage in V at the terminals that sense; see `SmuTerminals.mean_voltage`."""
        leads = self._sense if self._remote and self._sense is not None else self._output
        if leads is None:
            return self._unloaded()
        total = 0.0
        for begin, finish, change in self._circuit.steps(start, end):
            part = 0.0 if leads[0].pad == leads[1].pad else self._circuit.difference(leads, begin, finish)
            part += self._circuit.drop(leads, source=change.source, smu=change.smu)
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
        steps = self._circuit.steps(start, end)
        mean = sum((finish - begin) * change.smu for begin, finish, change in steps) / (end - start)
        if self._mode is _Mode.VOLTAGE and self._output is not None and not self._limited:
            solved = self._resistance
            mean *= solved / self._circuit.resistance(self._output, 0.5 * (start + end))
            self._solve()
        return mean
