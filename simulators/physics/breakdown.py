"""When a thin oxide breaks: the E model, and Weibull's scatter from device to device.

Under a voltage V a barrier collects damage at the rate

    dD/dt = exp(g (|V| - V_0))/(t_0 c)    less what that is at V = 0,

so that a typical one lasts t_0 at V_0 and e times longer for each 1/g less (thermochemical model, McPherson and Mogul,
J. Appl. Phys. 84, 1513 (1998)); it breaks when D reaches 1. The device's own c makes times to breakdown follow the
distribution of Weibull with the shape b: c = e^(1/b), with e from an exponential distribution of mean 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

STEEPEST = 600.0
"""Largest exponent; nothing tells apart what breaks at once and what breaks even faster."""

_FINEST = 8  # points to a change of the rate by a factor of e
_OVER = 0.01  # of the first voltage: what a discharge does below it is left out


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The law for one barrier.

    Attributes:
        voltage: V_0 in V.
        time: t_0 c in s, of this very barrier.
        acceleration: g in 1/V.
    """

    voltage: float
    time: float
    acceleration: float

    def rate(self, voltage: float) -> float:
        """Return dD/dt in 1/s at a voltage in V, of either sign."""
        above = min(self.acceleration * abs(voltage), STEEPEST)
        return math.expm1(above) * math.exp(-self.acceleration * self.voltage) / self.time

    def discharge(self, current: Callable[[float], float], voltage: float, capacitance: float, series: float) -> float:
        """Return the damage of a charged cable that discharges through the barrier.

        With C du/dt = -I(v) and u = v + R_s I(v), the time in which v falls by dv is C (1 + R_s dI/dv) dv/I(v).

        Args:
            current: Current in A at a voltage in V across the barrier, odd or not, growing with it.
            voltage: V to which the cable is charged.
            capacitance: C in F.
            series: R_s in ohm, of lines and contacts.
        """
        first = _divided(current, voltage, series)
        if not first or not capacitance:
            return 0.0
        count = 2 * max(32, math.ceil(_FINEST * self.acceleration * abs(first))) + 1
        steps = np.linspace(first * _OVER, first, count)
        flows = np.array([current(v) for v in steps.tolist()])
        rates = np.array([self.rate(v) for v in steps.tolist()])
        charges = capacitance * (steps + series * flows)  # C u
        means = 0.5 * (rates[1:] / flows[1:] + rates[:-1] / flows[:-1])
        return float(means @ np.diff(charges))


def _divided(current: Callable[[float], float], voltage: float, series: float) -> float:
    """Return the part in V of a voltage that lies across the barrier, the rest across a resistance in ohm."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        part = middle * voltage
        if abs(part + series * current(part)) < abs(voltage):
            low = middle
        else:
            high = middle
    return high * voltage
