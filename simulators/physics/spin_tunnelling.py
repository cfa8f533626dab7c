"""How much better a junction conducts when its layers point one way than when they point the other (Julliere).

The conductance through the barrier is G [1 + P1 P2 c/(1 + (V/V_h)^2)], with c the cosine between the two directions for
which the polarisations are given, and G its mean over both (M. Julliere, Phys. Lett. A 54, 225 (1975); Slonczewski's
cosine, Phys. Rev. B 39, 6995 (1989)). The fall with bias is a shape that fits most junctions, without a theory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Polarisations:
    """Of the electrons that tunnel.

    Attributes:
        lower: Of the lower electrode, along its net moment.
        upper: Of the upper one at high temperatures, along the direction of its sublattice.
        upper_gain: By how much more that is at the temperature `cold`.
        cold: K.
        decay: K over which the gain falls by e.
        half_bias: V at which half of the effect is left.
    """

    lower: float
    upper: float
    upper_gain: float
    cold: float
    decay: float
    half_bias: float

    def upper_at(self, temperature: float) -> float:
        """Polarisation of the upper electrode at a temperature in K."""
        return self.upper + self.upper_gain * math.exp(-(temperature - self.cold) / self.decay)

    def product(self, temperature: float) -> float:
        """P1 P2 at a temperature in K, at small bias."""
        return self.lower * self.upper_at(temperature)

    def fading(self, voltage: float) -> float:
        """Part of the effect that is left at a bias in V."""
        return 1.0 / (1.0 + (voltage / self.half_bias) ** 2)
