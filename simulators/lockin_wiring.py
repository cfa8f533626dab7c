"""What a lock-in amplifier is plugged into: two leads of the sample, and a line of the current source's trigger link.

Of the voltage between its leads it hears what the source's running wave makes: of every step of the cycle the current
is known, and what the sample, warm and turned as it is in that step, makes of it. Left out are what the other
instruments drive alternately (the cryostat's bridges), the source's noise beyond 10 Hz, which no table gives, and
thermal voltages, which do not alternate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from simulators.cables import OPEN, Cables, Lead, pair
from simulators.circuit import Circuit, Pair
from simulators.periodic import Period, PeriodicVoltage
from simulators.physics.constants import BOLTZMANN
from simulators.terminals import Marker

INPUT_RESISTANCE = 10e6
"""ohm from each input to ground (manual, specifications); an open input is taken to look into that alone."""

_ROOM = 295.0  # K of that resistance (assumed)


class LockinSide:
    """The lock-in's terminals; see `LockinTerminals`.

    Attributes:
        pulsed: Gives the phase marker that the source puts out, with the line that it is on; None without.
    """

    def __init__(self, circuit: Circuit, leads: Mapping[str, Lead], cables: Cables) -> None:
        self._circuit = circuit
        self._listeners: list[Callable[[float], None]] = []
        self.pulsed: Callable[[], tuple[int, Marker] | None] = _silent
        circuit.before_cycle = self._tell
        self.plug(leads, cables)

    def plug(self, leads: Mapping[str, Lead], cables: Cables) -> None:
        """Be at other leads from now on."""
        self._leads = pair(leads, cables.lockin)
        high, low = cables.lockin[0], cables.source[1]
        self._against_source = None if high == low or OPEN in (high, low) else pair(leads, (high, low))
        self._line, self._delay = cables.lockin_reference, cables.lockin_delay
        self._shape: tuple[object, Period, tuple[float, ...]] | None = None

    def watch(self, before: Callable[[float], None]) -> None:
        """Have somebody called before what is heard changes; see `LockinTerminals.watch`."""
        self._listeners.append(before)

    def _tell(self, time: float) -> None:
        for listener in self._listeners:
            listener(time)

    def marker(self) -> Marker | None:
        """Return the pulses at the reference input; see `LockinTerminals.marker`."""
        pulsed = self.pulsed()
        return pulsed[1] if pulsed is not None and pulsed[0] == self._line else None

    def swings(self) -> bool:
        """Whether the source drives a wave now."""
        return self._circuit.cycle is not None

    def heard(self, start: float, end: float, *, single: bool = False) -> PeriodicVoltage | None:
        """Return what a wave makes of voltage; see `LockinTerminals.heard`."""
        cycle = self._circuit.cycle
        leads = self._at(single)
        if cycle is None or leads is None:
            return None
        if self._shape is None or self._shape[0] is not cycle:
            period = Period(cycle.start + self._delay, [duration for duration, _ in cycle.steps])
            self._shape = cycle, period, tuple(current for _, current in cycle.steps)
        _, period, currents = self._shape
        return PeriodicVoltage(period, np.array(self._circuit.step_voltages(leads, currents, start, end)))

    def noise(self, time: float, *, single: bool = False) -> float:
        """Return the Johnson noise of what the input looks into, V/sqrt(Hz), at a lab time in s."""
        leads = self._at(single)
        if leads is None:
            return math.sqrt(4.0 * BOLTZMANN * _ROOM * INPUT_RESISTANCE)
        resistance = self._circuit.resistance(leads, time)
        return math.sqrt(4.0 * BOLTZMANN * self._circuit.sample.temperature(time) * resistance)

    def _at(self, single: bool) -> Pair | None:
        """Return the leads that are heard: with input B unused, the source's low stands for the ground (assumed)."""
        leads = self._against_source if single else self._leads
        network = self._circuit.network
        return leads if leads is None or network is None or network.connects(leads) else None


def _silent() -> None:
    return None
