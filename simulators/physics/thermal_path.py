"""The straight stretches along which a temperature controller moves its internal set point."""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulators.machines import ThermalData

Leg = tuple[float, float]
"""A straight stretch: its duration in s and the set point in K at its end."""


@dataclass(frozen=True, slots=True)
class Journey:
    """A way from one temperature to another.

    Attributes:
        data: The temperature control.
        here: Set point in K at which it begins.
        target: K.
        rate: K/s; the hardware may be slower.
        slowness: Factor on all rates, 1 for a healthy machine.
    """

    data: ThermalData
    here: float
    target: float
    rate: float
    slowness: float = 1.0

    def legs(self, control_lag: float, *, gently: bool) -> tuple[list[Leg], list[Leg]]:
        """Return the stretches until the target is reached, and those after it.

        Args:
            control_lag: Lag in s of the block behind the set point at the target.
            gently: Whether to arrive without overshoot.
        """
        data, target = self.data, self.target
        ramp, rate_at_end = self.ramp()
        if not ramp:
            return [], []
        step = target - self.here
        slope = math.copysign(rate_at_end, step)
        if gently:
            return _tapered(ramp, target, slope, min(2 * control_lag, abs(step) / rate_at_end / 2))
        # with this excess of the set point, the block overshoots by the rate times `overshoot_time` after a long ramp
        excess = data.overshoot_time * (target / 2.0) ** data.overshoot_exponent + control_lag * math.log(2)
        excess = min(excess, 0.1 * abs(step) / rate_at_end)
        return ramp, [(excess, target + slope * excess), (excess, target)]

    def ramp(self) -> tuple[list[Leg], float]:
        """Return the stretches to the target at the rates that the hardware manages, and the last rate in K/s."""
        ramp: list[Leg] = []
        place, rate_at_end = self.here, self.rate
        for edge, hardware in self._rates():
            rate_at_end = min(self.rate, hardware) * self.slowness
            ramp.append((abs(edge - place) / rate_at_end, edge))
            place = edge
        return ramp, rate_at_end

    def _rates(self) -> list[tuple[float, float]]:
        """What the hardware manages on the way: (set point in K up to which, rate in K/s)."""
        here, target = self.here, self.target
        if target == here:
            return []
        table = self.data.warming_rates if target > here else self.data.cooling_rates
        low, high = min(here, target), max(here, target)
        steps: list[tuple[float, float]] = []
        bottom = 0.0
        for top, rate in table:
            if bottom < high and top > low:
                steps.append((min(top, high) if target > here else max(bottom, low), rate))
            bottom = top
        return steps if target > here else steps[::-1]


def _tapered(ramp: list[Leg], target: float, slope: float, taper: float) -> tuple[list[Leg], list[Leg]]:
    """Replace the end of a ramp by an exponential approach in straight stretches, halving rate and distance.

    Args:
        ramp: (duration in s, set point in K at its end).
        target: K.
        slope: Signed rate at the ramp's end, in K/s.
        taper: Time in s that the ramp would still have taken.
    """
    duration, _ = ramp[-1]
    taper = min(taper, duration)
    distance = slope * taper
    final = [(taper, target - distance / 2**halving) for halving in range(1, 9)]
    return [*ramp[:-1], (duration - taper, target - distance)], [*final, (taper, target)]
