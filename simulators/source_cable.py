"""What of the current source's current gets through its cable to the sample: the rest charges or leaks.

Between high and the inner shield of a triaxial cable lie a capacitance C and a leakage resistance L. With the shield at
low they are across the sample's R: of a current I flows I L/(L + R) in the sample, and it comes with a time constant
R C, or that of R and L in parallel. With the shield at the guard, which is off high by its error e, no capacitance is
to be charged and e/L leaks (physics; 6220/6221 reference manual, chapter on output connections).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from simulators.cables import TriaxialCable

Steps = Sequence[tuple[float, float]]
"""A cycle: duration in s and current in A of each step."""


class Passage(NamedTuple):
    """What becomes of a current on its way.

    Attributes:
        share: Part of it that reaches the sample.
        leak: A that leak besides.
        settling: Time constant in s with which it gets there.
    """

    share: float = 1.0
    leak: float = 0.0
    settling: float = 0.0

    def of(self, current: float) -> float:
        """What reaches the sample, in A, of a current in A that has settled."""
        return current * self.share - self.leak

    def cycle(self, steps: Steps) -> list[tuple[float, float]]:
        """What reaches the sample of a cycle that has gone on for long: in each step the mean of what flows in it."""
        through = [(duration, self.of(current)) for duration, current in steps]
        return smoothed(through, self.settling) if self.settling else through


class SourceCable:
    """The cable of a current source.

    Args:
        cable: What lies between its conductors.

    Attributes:
        guard: Gives the voltage in V by which the inner shield is off high, where it is at the guard; None where it is
            at low.
    """

    def __init__(self, cable: TriaxialCable) -> None:
        self.ideal = cable.ideal
        self.guard: Callable[[], float | None] = _at_low
        self._cable = cable

    def passage(self, resistance: float) -> Passage:
        """Return what becomes of a current now, with a resistance in ohm between high and low."""
        cable = self._cable
        error = self.guard() if cable.through else None
        if error is not None:
            return Passage(leak=error / cable.leakage)
        if cable.leakage == math.inf:
            return Passage(settling=resistance * cable.capacitance)
        share = cable.leakage / (cable.leakage + resistance)
        return Passage(share, 0.0, resistance * share * cable.capacitance)


def smoothed(steps: Steps, settling: float) -> list[tuple[float, float]]:
    """Return the mean of each step of a cycle behind a low pass, once the cycle has gone on for long.

    Args:
        steps: One cycle.
        settling: The low pass's time constant in s.
    """
    gone = [-math.expm1(-duration / settling) for duration, _ in steps]
    charged = 0.0
    for (_, current), part in zip(steps, gone, strict=True):
        charged += (current - charged) * part
    level = charged / -math.expm1(-sum(duration for duration, _ in steps) / settling)  # as at the end, so at the start
    means: list[tuple[float, float]] = []
    for (duration, current), part in zip(steps, gone, strict=True):
        means.append((duration, current + (level - current) * part * settling / duration))
        level += (current - level) * part
    return means


def _at_low() -> None:
    return None
