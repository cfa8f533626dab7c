"""Voltages that no current makes: Johnson noise and thermal electromotive forces."""

from __future__ import annotations

import math

import numpy as np

from simulators.physics.constants import BOLTZMANN

SHORTEST_PERIOD = 60.0
LONGEST_PERIOD = 40_000.0
_COMPONENTS = 8


def johnson_rms(resistance: float, temperature: float, aperture: float) -> float:
    """Return the rms voltage in V of Johnson noise, averaged over an aperture.

    sqrt(4 k T R df) with the noise bandwidth of an average over `aperture`, df = 1/(2 aperture).

    Args:
        resistance: ohm.
        temperature: K.
        aperture: s.
    """
    return math.sqrt(2.0 * BOLTZMANN * temperature * resistance / aperture)


class ThermalEmf:
    """The thermal electromotive force of one pair of leads, drifting with the room's temperature.

    A constant, a straight drift, and a wander made of sines with log-spaced periods from a minute to half a day and
    random phases: equal power per decade, which is what slow drifts look like. It is a function of time alone, so that
    looking more often cannot change it. Size and periods are assumptions; 0.1 uV to 2 uV is common on copper wiring.

    Args:
        generator: Random numbers of this pair of leads.
        offset: Standard deviation in V of the constant part.
        wander: Standard deviation in V of the slow part.
        drift: Straight drift in V/s.
    """

    def __init__(self, generator: np.random.Generator, offset: float, wander: float, drift: float) -> None:
        self._offset = offset * float(generator.standard_normal())
        self._drift = drift
        periods = np.geomspace(SHORTEST_PERIOD, LONGEST_PERIOD, _COMPONENTS)
        phases = generator.uniform(0.0, 2 * np.pi, _COMPONENTS)
        self._amplitude = wander * math.sqrt(2.0 / _COMPONENTS)
        self._waves = [
            (2 * math.pi / period, phase) for period, phase in zip(periods.tolist(), phases.tolist(), strict=True)
        ]

    def __call__(self, time: float) -> float:
        """Return the voltage in V at a lab time in s."""
        wander, sine, amplitude = 0.0, math.sin, self._amplitude
        for rate, phase in self._waves:
            wander += amplitude * sine(rate * time + phase)
        return self._offset + self._drift * time + wander
