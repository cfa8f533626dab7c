"""The part of a magnetic junction's conductance that depends on its state, and how it bends dI/dV.

Of two states at one voltage, the mean of their currents is that of the barrier by itself (Julliere's picture: one has
as much more as the other has less). In a state between them, or in one of them, the current is

    I(V) = i(V) (1 + q L(V)),    L(V) = 1/(1 + (V/w)^2),

with i(V) that of the barrier. TMR(V) = TMR_0/(1 + (V/V_half)^2) makes exactly this L of the part by which both states
differ, (I_P - I_AP)/(I_P + I_AP) = TMR/(2 + TMR), with w = V_half sqrt(1 + TMR_0/2). The fall with the voltage bends
dI/dV as a barrier does: left in, it passes for a part of the barrier's own bend.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from labctl.analysis.bias_dependence import Fall
from labctl.analysis.readings import FloatArray

STEP = 1e-3
"""Part of the largest voltage over which second differences are taken."""


@dataclass(frozen=True, slots=True)
class SpinPart:
    """What a state adds to the barrier's current.

    Attributes:
        part: q, of the barrier's own current at zero bias.
        width: w in V.
        part_error: Standard uncertainty of q.
        width_error: Standard uncertainty of w in V.
    """

    part: float
    width: float
    part_error: float = 0.0
    width_error: float = 0.0

    def moved(self) -> tuple[SpinPart, SpinPart]:
        """Return it with each of both larger by its uncertainty."""
        return (
            replace(self, part=self.part + self.part_error),
            replace(self, width=self.width + self.width_error),
        )

    def columns(self, voltage: FloatArray, broadening: FloatArray | float) -> FloatArray:
        """Return dI/dV of a barrier's 1, V and V^2, each with what the state adds.

        Args:
            voltage: (points,) V.
            broadening: V2; what a bend c V^2 is measured as is c (V^2 + broadening).

        Returns:
            (points, 3); without a state's part 1, V and V^2 + broadening.
        """
        step = STEP * float(np.max(np.abs(voltage)))
        below, here, above = (self._sharp(voltage + away) for away in (-step, 0.0, step))
        bend = (above - 2.0 * here + below) / step**2
        wide = np.broadcast_to(np.asarray(broadening, dtype=np.float64), voltage.shape)
        return np.asarray(here + 0.5 * wide[:, None] * bend, dtype=np.float64)

    def _sharp(self, voltage: FloatArray) -> FloatArray:
        fall = 1.0 / (1.0 + (voltage / self.width) ** 2)
        factor, slope = 1.0 + self.part * fall, -2.0 * self.part * voltage / self.width**2 * fall**2
        powers = [voltage**power for power in range(4)]
        return np.stack([powers[n] * factor + powers[n + 1] / (n + 1) * slope for n in range(3)], axis=1)


def spin_part(fall: Fall, parallel: float, antiparallel: float, found: tuple[float, float], scale: float) -> SpinPart:
    """Return the part that a state of some conductance has.

    Args:
        fall: How TMR falls with the voltage.
        parallel: S, of the parallel state near zero bias.
        antiparallel: S, of the other one.
        found: S of the state that it is about, and its standard uncertainty.
        scale: Part by which its conductance may be off against the other two, e.g. as another instrument read it.
    """
    mean = 0.5 * (parallel + antiparallel)
    zero, half = fall.zero[0], fall.half[0]
    root = math.sqrt(1.0 + 0.5 * zero)
    width_error = math.hypot(fall.half[1] * root, 0.25 * half * fall.zero[1] / root)
    return SpinPart(
        found[0] / mean - 1.0, half * root, math.hypot(found[1] / mean, scale * found[0] / mean), width_error
    )
